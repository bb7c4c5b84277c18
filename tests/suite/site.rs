//! Site files: what is exported means what was applied, comparing changes nothing, deleting is asked for.

use std::path::PathBuf;

use kart_tests::programs::repository;
use tempfile::TempDir;

use crate::office::Office;

/// A file in a folder of its own.
struct Sheet {
    _folder: TempDir,
    path: PathBuf,
}

impl Sheet {
    fn of(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.toml");
        std::fs::write(&path, text).unwrap();
        Self { _folder: folder, path }
    }

    fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

fn text(name: &str) -> String {
    std::fs::read_to_string(repository().join(name)).unwrap()
}

fn demo() -> String {
    text("config/demo/site.toml")
}

/// The demo's file for another site, many times as large.
fn large() -> String {
    let mut file = demo().replace("code = \"cedar\"", "code = \"large\"");
    for n in 0..200 {
        file += &format!(
            "[[machine]]\ncode = \"M-{n}\"\nname = \"Machine {n}\"\nideal_cycle_s = {}\n\
             compatible = [\"EQ-211\"]\ntarget = {{ quality = {}.25 }}\n\
             [[machine.field]]\ncode = \"f\"\nlabel = \"Field \\\"{n}\\\"\"\n\
             [[person]]\nnumber = \"P{n}\"\nname = \"Person {n}\"\n\
             [[machine_connection]]\nfrom = \"M-{n}\"\nto = \"EQ-311\"\ntype = \"parallel\"\n",
            0.001 + f64::from(n) / 997.0,
            50 + n % 50,
        );
    }
    file
}

const SMALLEST: &str =
    "[site]\norganization = \"solo\"\ncode = \"s\"\nname = \"S\"\ntime_zone = \"UTC\"\n";

async fn version(office: &Office, code: &str) -> i64 {
    let version = format!("SELECT version FROM edge.sites WHERE code = '{code}'");
    office.headquarters.number(&version).await.unwrap()
}

#[tokio::test]
async fn what_is_exported_changes_nothing_when_applied_again() {
    let office = Office::demo().await;
    let shapes = [
        (demo(), "cedar-works", "cedar"),
        (text("config/site.toml"), "acme", "cedar"),
        (large(), "cedar-works", "large"),
        (SMALLEST.to_owned(), "solo", "s"),
    ];
    for (file, organization, site) in shapes {
        let sheet = Sheet::of(&file);
        office.hq(&["site", "apply", sheet.path()]).await;
        let place = ["--organization", organization, "--site", site];
        let exported = office.hq(&[["site", "export"].as_slice(), &place].concat()).await;
        let again = Sheet::of(&exported);
        for same in [&sheet, &again] {
            assert_eq!(office.said(&["site", "diff", same.path()], "").await, (0, String::new()));
        }
        let said = office.hq(&["site", "apply", again.path()]).await;
        assert!(said.contains(": 0 rows added, 0 changed, 0 switched off, 0 gone;"), "{said}");
        let further = office.hq(&[["site", "export"].as_slice(), &place].concat()).await;
        assert_eq!(further, exported, "{organization} {site}");
    }
}

#[tokio::test]
async fn comparing_says_what_applying_does_and_does_nothing() {
    let office = Office::demo().await;
    let changed = demo()
        .replace("Press 80 t", "Press 90 t")
        .replace("time_zone = \"Europe/Berlin\"", "time_zone = \"Europe/Madrid\"")
        .replace(
            "[[downtime_group.reason]]\ncode = \"F04\"\nname = \"Sensor or cable defective\"\n",
            "",
        )
        .replace("analytics = true", "analytics = true\ntwin = false")
        + "[[station_connection]]\nfrom = \"ST-31\"\nto = \"ST-21\"\ntype = \"rework\"\n";
    let sheet = Sheet::of(&changed);
    let before = version(&office, "cedar").await;
    let (status, said) = office.said(&["site", "diff", sheet.path()], "").await;
    assert_eq!(status, 1, "{said}");
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "+ ops_station_connections ST-31 ST-21",
            "+ organization_feature_flags twin",
            "~ edge.sites cedar: time_zone \"Europe/Berlin\" -> \"Europe/Madrid\"",
            "~ oee_downtime_reasons F04: is_active \"true\" -> \"false\" (switched off)",
            "~ oee_equipment EQ-212: name \"Press 80 t\" -> \"Press 90 t\"",
        ]
    );
    assert_eq!(version(&office, "cedar").await, before);
    let said = office.hq(&["site", "apply", sheet.path()]).await;
    assert!(said.contains(": 2 rows added, 2 changed, 1 switched off, 0 gone;"), "{said}");
    assert_eq!(office.said(&["site", "diff", sheet.path()], "").await.0, 0);
    assert_eq!(version(&office, "cedar").await, before + 1);
    assert_eq!(office.said(&["site", "diff", "/nowhere.toml"], "").await.0, 2);
}

#[tokio::test]
async fn nothing_is_deleted_unless_somebody_asks_and_no_event_names_it() {
    let office = Office::demo().await;
    office
        .headquarters
        .sql(
            "INSERT INTO oee_machine_events (site_id, organization_id, equipment_id, event_type,
                 start_ts, downtime_reason_id)
             SELECT m.site_id, m.organization_id, m.id, 'downtime', now(), r.id
             FROM oee_equipment m, oee_downtime_reasons r
             WHERE m.code = 'EQ-211' AND r.code = 'F03'",
            &[],
        )
        .await
        .unwrap();
    let mut less = demo();
    for (code, name) in [("F03", "Light curtain interrupted"), ("F04", "Sensor or cable defective")]
    {
        let reason = format!("[[downtime_group.reason]]\ncode = \"{code}\"\nname = \"{name}\"\n");
        assert!(less.contains(&reason));
        less = less.replace(&reason, "");
    }
    let sheet = Sheet::of(&less);
    let reasons = "SELECT count(*) FROM oee_downtime_reasons WHERE code IN ('F03', 'F04')";
    office.hq(&["site", "apply", sheet.path()]).await;
    let active = format!("{reasons} AND is_active");
    assert_eq!(office.headquarters.number(&active).await.unwrap(), 0, "switched off");
    assert_eq!(office.headquarters.number(reasons).await.unwrap(), 2, "and there");
    let (_, said) = office.said(&["site", "diff", "--delete", sheet.path()], "").await;
    assert_eq!(said, "- oee_downtime_reasons F04\n");
    office.hq(&["site", "apply", "--delete", sheet.path()]).await;
    assert_eq!(office.headquarters.number(reasons).await.unwrap(), 1, "an event names F03");
    // The one that is still there comes back with the file.
    let sheet = Sheet::of(&demo());
    office.hq(&["site", "apply", sheet.path()]).await;
    assert_eq!(office.headquarters.number(&active).await.unwrap(), 2);
}

#[tokio::test]
async fn two_files_at_once_come_one_after_the_other() {
    let office = Office::demo().await;
    let sheets = [
        Sheet::of(&demo().replace("Press 80 t", "Press A")),
        Sheet::of(&demo().replace("Press 80 t", "Press B").replace("Case packer", "Packer B")),
    ];
    let before = version(&office, "cedar").await;
    for _ in 0..5 {
        let [a, b] = [&sheets[0], &sheets[1]].map(|sheet| ["site", "apply", sheet.path()]);
        tokio::join!(office.hq(&a), office.hq(&b));
        let mut same = Vec::new();
        for sheet in &sheets {
            same.push(office.said(&["site", "diff", sheet.path()], "").await.0);
        }
        same.sort_unstable();
        assert_eq!(same, [0, 1], "one of the files, and not a mixture");
    }
    assert!(version(&office, "cedar").await > before);
}

#[tokio::test]
async fn a_file_and_commands_live_side_by_side() {
    let office = Office::demo().await;
    let sheet = Sheet::of(&demo());
    office.person(["badge", "set"], "1002", &["9002"]).await;
    office.person(["user", "deactivate"], "1003", &[]).await;
    office.person(["user", "add"], "3001", &["--name", "Own", "--badge", "3001"]).await;
    office.set_pin("1001", "482913").await;
    let people = "SELECT string_agg(concat_ws(' ', number, badge, is_active, pin_hash IS NOT NULL),
                                    ', ' ORDER BY number)
                  FROM edge.people WHERE number IN ('1001', '1002', '1003', '3001')";
    let stand =
        async || -> String { office.headquarters.sql(people, &[]).await.unwrap()[0].get(0) };
    let kept = "1001 1001 t t, 1002 9002 t f, 1003 1003 f f, 3001 3001 t f";
    office.hq(&["site", "apply", sheet.path()]).await;
    assert_eq!(stand().await, kept, "said again, a file undoes nothing");
    let new = demo()
        .replace("badge = \"1002\"", "badge = \"1102\"")
        .replace("number = \"1003\"", "number = \"1303\"");
    office.hq(&["site", "apply", Sheet::of(&new).path()]).await;
    let named = "1001 1001 t t, 1002 1102 t f, 1003 f f, 3001 3001 t f";
    assert_eq!(stand().await, named, "what it says anew counts; 1003's badge is 1303's");
}
