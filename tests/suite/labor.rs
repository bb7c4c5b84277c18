//! People's own time at the terminal: breaks, wrong badges, a PIN of one's own, one's own record; up to
//! the rows at headquarters.

use kart_api::Answer;
use kart_api::labor::{Open, Opened};
use kart_core::command::{AmendLabor, Command, Refusal};
use kart_core::fact::correction::Amendment;
use kart_core::id::{StationId, reference_id};
use kart_core::pin::Chosen;
use kart_tests::screen::{ENTER, ESCAPE, Screen};
use kart_tests::wait::wait_for;
use kart_tests::world::terminal::Terminal;

use crate::office::{LIMIT, Office, ask, refusal, seen};
use crate::turn::turn;

fn clock_in(badge: &str) -> Command {
    let station = StationId(reference_id("cedar-works", "cedar", "ops_stations", "ST-21"));
    Command::ClockIn { badge: badge.into(), station }
}

fn scan(screen: &mut Screen, badge: &str) {
    screen.press(badge).unwrap();
    screen.press(ENTER).unwrap();
}

/// Waits until a query at headquarters gives these lines.
async fn rows(office: &Office, statement: &str, wanted: &[&str]) {
    wait_for(statement, LIMIT, async || {
        let rows = office.headquarters.sql(statement, &[]).await.map_err(|e| e.to_string())?;
        let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        if rows == wanted { Ok(()) } else { Err(format!("{rows:?}")) }
    })
    .await;
}

const ENTRIES: &str = "SELECT concat_ws(' ', u.display_name, l.entry_type, l.source,
        CASE WHEN l.end_ts IS NULL THEN 'open' WHEN l.end_ts > l.start_ts THEN 'took time'
             ELSE 'took none' END)
    FROM ops_labor_entries l JOIN users u ON u.id = l.user_id ORDER BY l.start_ts";

const PUNCHES: &str = "SELECT concat_ws(' ', u.display_name, p.kind)
    FROM edge.punches p JOIN users u ON u.id = p.user_id ORDER BY p.seq, p.kind";

#[tokio::test]
async fn a_shift_with_a_meal_a_wrong_badge_and_a_look_at_ones_record() {
    let _turn = turn().await;
    let office = Office::demo().await;
    let terminal = office.terminal("T-07", |config| config).await;
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["Nobody is clocked in", "Headquarters connected"]).await.unwrap();

    scan(&mut screen, "1001");
    screen.shows(&["Ada Brandt — clock in to ST-21?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Here: Ada Brandt"]).await.unwrap();

    scan(&mut screen, "1001");
    screen.shows(&["Ada Brandt — clock out?", "2 Break", "3 Meal", "My record"]).await.unwrap();
    screen.press("3").unwrap();
    screen.shows(&["Ada Brandt — go to a meal?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Ada Brandt: meal", "Here: Ada Brandt (Meal"]).await.unwrap();
    scan(&mut screen, "1001");
    screen.shows(&["Ada Brandt — back from Meal?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Ada Brandt is back"]).await.unwrap();

    // Ugly case 7: the wrong badge, seen seconds later.
    scan(&mut screen, "1003");
    screen.shows(&["Mei-Lin Özdemir — clock in"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Mei-Lin Özdemir clocked in", "undo badge"]).await.unwrap();
    screen.press("u").unwrap();
    screen.shows(&["Take back a wrong badge", "1 Mei-Lin Özdemir clocked in at"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Taken back: badge of Mei-Lin Özdemir"]).await.unwrap();
    scan(&mut screen, "1002");
    screen.shows(&["Jurij Nowak — clock in"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Jurij Nowak clocked in"]).await.unwrap();

    scan(&mut screen, "1001");
    screen.shows(&["Ada Brandt — clock out?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Ada Brandt clocked out"]).await.unwrap();
    screen.press("y").unwrap();
    screen.shows(&["My record: whose badge?"]).await.unwrap();
    scan(&mut screen, "1001");
    let record =
        ["Record of Ada Brandt", "2 entries not confirmed", "Shift", "Meal", "clocked out"];
    screen.shows(&record).await.unwrap();
    screen.press("c").unwrap();
    screen.shows(&["SAVED", "Ada Brandt confirmed 2 entries", "all confirmed"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["Record of Ada Brandt"]).await.unwrap();

    let entries = [
        "Ada Brandt shift terminal took time",
        "Ada Brandt meal terminal took time",
        "Mei-Lin Özdemir shift void took none",
        "Jurij Nowak shift terminal open",
    ];
    rows(&office, ENTRIES, &entries).await;
    let punches = [
        "Ada Brandt in",
        "Ada Brandt meal",
        "Ada Brandt back",
        "Mei-Lin Özdemir in",
        "Mei-Lin Özdemir undone",
        "Jurij Nowak in",
        "Ada Brandt out",
        "Ada Brandt confirmed",
        "Ada Brandt confirmed",
    ];
    rows(&office, PUNCHES, &punches).await;
    rows(&office, "SELECT count(*)::text FROM edge.conflicts", &["0"]).await;
}

async fn set(terminal: &Terminal, badge: &str, pin: &str, old: Option<&str>) -> Answer {
    let command = Command::SetPin { badge: badge.into(), chosen: Chosen(pin.into()) };
    ask(terminal, command, old).await
}

#[tokio::test]
async fn a_pin_of_ones_own_holds_here_until_headquarters_gives_another() {
    let _turn = turn().await;
    let office = Office::demo().await;
    let mut terminal = office.terminal("T-07", |config| config).await;
    let bad = refusal(set(&terminal, "1001", "12", None).await);
    assert!(matches!(bad, Refusal::BadPin), "{bad:?}");
    let chosen = set(&terminal, "1001", "731944", None).await;
    assert!(matches!(chosen, Answer::Saved(_)), "{chosen:?}");
    let needed = refusal(ask(&terminal, clock_in("1001"), None).await);
    assert!(matches!(needed, Refusal::PinNeeded { .. }), "{needed:?}");

    terminal.kill().unwrap();
    terminal.start().await.unwrap();
    seen(&terminal, "the site", |view| view.reference.as_ref().map(drop)).await;
    let wrong = refusal(ask(&terminal, clock_in("1001"), Some("731945")).await);
    assert!(matches!(wrong, Refusal::PinWrong { left: 4, .. }), "{wrong:?}");
    // Another PIN needs the one before.
    let other = refusal(set(&terminal, "1001", "1111", None).await);
    assert!(matches!(other, Refusal::PinNeeded { .. }), "{other:?}");
    let right = ask(&terminal, clock_in("1001"), Some("731944")).await;
    assert!(matches!(right, Answer::Saved(_)), "{right:?}");
    ask(&terminal, Command::ClockOut { badge: "1001".into() }, None).await;
    for file in std::fs::read_dir(terminal.data()).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            let bytes = std::fs::read(file.path()).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("731944"), "{:?} holds the PIN", file.path());
        }
    }

    office.set_pin("1001", "482913").await;
    let given = |view: &kart_api::View| {
        view.reference.as_ref()?.person_by_badge("1001")?.has_pin.then_some(())
    };
    seen(&terminal, "the PIN of headquarters", given).await;
    let before = refusal(ask(&terminal, clock_in("1001"), Some("731944")).await);
    assert!(matches!(before, Refusal::PinWrong { .. }), "{before:?}");
    let right = ask(&terminal, clock_in("1001"), Some("482913")).await;
    assert!(matches!(right, Answer::Saved(_)), "{right:?}");
}

/// The demo's site with a view of hours, and pay periods of two weeks.
fn with_views(folder: &std::path::Path) -> std::path::PathBuf {
    let demo = kart_tests::programs::repository().join("config/demo/site.toml");
    let hours = "\n[hours]\nperiod = \"two_weeks\"\nperiod_from = \"2026-01-05\"\n\n\
        [[hours.view]]\nname = \"agreement\"\nround_minutes = 15\n\
        meal = { minutes = 30, after_minutes = 360 }\n";
    let file = folder.join("site.toml");
    std::fs::write(&file, std::fs::read_to_string(demo).unwrap() + hours).unwrap();
    file
}

fn user(view: &kart_api::View, badge: &str) -> Option<kart_core::id::UserId> {
    Some(view.reference.as_ref()?.person_by_badge(badge)?.id)
}

/// What stands in the person's last entry, as it would be shown.
fn amend(view: &kart_api::View, by: &str, of: &str, after: Amendment) -> Option<AmendLabor> {
    let present = view.people.iter().find(|it| Some(it.user) == user(view, of))?;
    let before = Amendment { from: after.from.and(Some(present.since_us)), ..Amendment::default() };
    Some(AmendLabor {
        badge: by.into(),
        user: present.user,
        entry: present.entry,
        before,
        after,
        reason: Some("came by the side door".into()),
    })
}

/// Ugly case 7, later than two minutes: a wish of the person, decided by a supervisor.
#[tokio::test]
async fn a_supervisor_decides_what_somebody_asks_of_their_record() {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(&with_views(folder.path())).await;
    office.set_pin("1005", "135790").await;
    let terminal = office.terminal("T-07", |config| config).await;
    let has_pin = |view: &kart_api::View| {
        view.reference.as_ref()?.person_by_badge("1005")?.has_pin.then_some(())
    };
    seen(&terminal, "the PIN", has_pin).await;
    for badge in ["1001", "1002"] {
        let answer = ask(&terminal, clock_in(badge), None).await;
        assert!(matches!(answer, Answer::Saved(_)), "{answer:?}");
    }
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["Here:", "Ada Brandt"]).await.unwrap();
    screen.press("y").unwrap();
    screen.shows(&["My record: whose badge?"]).await.unwrap();
    scan(&mut screen, "1001");
    let record = ["Record of Ada Brandt", "View “agreement”", " – 20", "Shift"];
    screen.shows(&record).await.unwrap();
    screen.press("x").unwrap();
    screen.shows(&["it was not me"]).await.unwrap();
    screen.press("badges were mixed up").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "asks for a correction", "correction asked for"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["Record of Ada Brandt"]).await.unwrap();

    // The supervisor shows badge and PIN once.
    screen.press("y").unwrap();
    screen.shows(&["My record: whose badge?"]).await.unwrap();
    scan(&mut screen, "1005");
    screen.shows(&["Record of Sabine Köhler", "PIN"]).await.unwrap();
    screen.press("135790").unwrap();
    let shown = screen.shows(&["******"]).await.unwrap();
    assert!(!shown.contains("135790"), "{shown}");
    screen.press(ENTER).unwrap();
    screen.shows(&["Nothing is recorded here"]).await.unwrap();
    screen.press("o").unwrap();
    screen.shows(&["Whose record?", "1 Ada Brandt"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Record of Ada Brandt", "says: it was not me", "badges were"]).await.unwrap();
    screen.press("a").unwrap();
    screen.shows(&["Do what Ada Brandt asked for", "it was somebody else"]).await.unwrap();
    screen.press("Jurij says so too").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "put right", "counts nothing", "never to have been"]).await.unwrap();

    edits_by_others(&terminal).await;
    let entries = ["Ada Brandt shift void took none", "Jurij Nowak shift terminal open"];
    let of_two = format!("SELECT * FROM ({ENTRIES}) x(it) ORDER BY it");
    rows(&office, &of_two, &entries).await;
    let edited =
        "SELECT concat_ws(' ', u.display_name, p.kind, p.evidence, p.reason, b.display_name,
            p.before_from_ts > p.from_ts)
        FROM edge.punches p JOIN users u ON u.id = p.user_id JOIN users b ON b.id = p.by_user_id
        WHERE p.kind IN ('asked', 'amended') ORDER BY p.seq";
    let edits = [
        "Ada Brandt asked void badges were mixed up Ada Brandt",
        "Ada Brandt amended void Jurij says so too Sabine Köhler",
        "Jurij Nowak amended came by the side door Sabine Köhler t",
    ];
    rows(&office, edited, &edits).await;
    let held = "SELECT count(*)::text FROM edge.quarantine";
    rows(&office, held, &["0"]).await;
    exported(&terminal);
}

/// Who may, and who may not; and a time that is moved.
async fn edits_by_others(terminal: &Terminal) {
    let view = terminal.client().unwrap().snapshot().await.unwrap();
    let earlier = |view: &kart_api::View| {
        let jurij = view.people.iter().find(|it| Some(it.user) == user(view, "1002"))?;
        let from = kart_core::time::Micros(jurij.since_us.0 - 600_000_000);
        Some(Amendment { from: Some(from), ..Amendment::default() })
    };
    let asked = |by: &str| amend(&view, by, "1002", earlier(&view).unwrap()).unwrap();
    let command = |by: &str| Command::AmendLabor(Box::new(asked(by)));
    let answer = refusal(ask(terminal, command("1001"), None).await);
    assert!(matches!(answer, Refusal::MayNotAgree { .. }), "an operator: {answer:?}");
    let answer = refusal(ask(terminal, command("1004"), None).await);
    assert!(matches!(answer, Refusal::MayNotAgree { .. }), "a technician: {answer:?}");
    let answer = refusal(ask(terminal, command("1003"), None).await);
    assert!(matches!(answer, Refusal::PinMissing { .. }), "a lead without a PIN: {answer:?}");
    let answer = refusal(ask(terminal, command("1005"), None).await);
    assert!(matches!(answer, Refusal::PinNeeded { .. }), "{answer:?}");
    let mut other = asked("1005");
    other.before.from = Some(kart_core::time::Micros(0));
    let other = Command::AmendLabor(Box::new(other));
    let answer = refusal(ask(terminal, other, Some("135790")).await);
    assert!(matches!(answer, Refusal::OtherwiseByNow), "not as it was shown: {answer:?}");
    let saved = ask(terminal, command("1005"), Some("135790")).await;
    assert!(matches!(saved, Answer::Saved(_)), "{saved:?}");
    let again = refusal(ask(terminal, command("1005"), Some("135790")).await);
    assert!(matches!(again, Refusal::NothingChanged), "{again:?}");

    // Nobody sees a record without a badge, and nobody that of others who may not.
    let client = terminal.client().unwrap();
    let nobody = client.labor(user(&view, "1001").unwrap(), 0, &kart_api::Pin("t00".into())).await;
    assert!(matches!(nobody, Err(kart_api::ClientError::Status { status: 403, .. })), "{nobody:?}");
    let open = Open { badge: "1002".into(), pin: None, user: user(&view, "1001") };
    let opened = client.open_labor(&open).await.unwrap();
    let refused = Opened::Refused(Refusal::OthersRecord { name: "Jurij Nowak".into() });
    assert_eq!(opened, refused);
}

/// Hours taken out by a badge are one's own, with the view beside them.
fn exported(terminal: &Terminal) {
    let export = |more: &[&str]| {
        let kart = kart_tests::programs::program("kart").unwrap();
        let mut command = std::process::Command::new(kart);
        command.args(["export", "labor", "--from", "2026-01-01"]).args(more);
        command.arg("--socket").arg(terminal.socket()).env("LC_ALL", "C.UTF-8");
        let output = command.output().unwrap();
        let [said, text] = [&output.stderr, &output.stdout].map(|b| String::from_utf8_lossy(b));
        (text.lines().map(str::to_owned).collect::<Vec<_>>(), said.into_owned())
    };
    let (own, said) = export(&["--badge", "1002", "--view", "agreement"]);
    assert_eq!(own.len(), 2, "{own:?} {said}");
    assert!(
        own[0].contains(",id,view,view_start_ts,") && own[1].contains(",agreement,"),
        "{own:?}"
    );
    let (others, said) = export(&["--badge", "1002", "--user", "1001"]);
    assert!(others.is_empty() && said.contains("their own record only"), "{others:?} {said}");
    let (_, said) = export(&["--view", "of nobody"]);
    assert!(said.contains("no such view"), "{said}");
}
