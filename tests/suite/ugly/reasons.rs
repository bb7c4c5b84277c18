//! Case 10: headquarters renames, retires, merges, regroups or deletes a reason while a terminal cannot hear of
//! it. The key decides, never the label; what was read when it was given stays; nothing is lost.

use kart_core::fact::{Body, machine::Detail};
use kart_core::id::{ReasonId, RecordId};
use kart_core::machine::MachineState;
use kart_tests::programs::repository;
use kart_tests::world::headquarters::Headquarters;
use uuid::Uuid;

use crate::headquarters::device::{Device, key, machine};
use crate::headquarters::{administer, enrolled};

const PLACE: [&str; 4] = ["--organization", "cedar-works", "--site", "cedar"];
const OPEN: &str = "SELECT count(*) FROM edge.quarantine WHERE resolved_at IS NULL";

fn reason(code: &str) -> Uuid {
    key("oee_downtime_reasons", code)
}

/// A stop that somebody explained, by the label and the type that the terminal knows.
fn stopped(device: &mut Device, (reason, label): (Uuid, &str)) -> RecordId {
    let equipment = machine("EQ-211");
    let seq = device.append(Body::StateChanged {
        equipment,
        station: None,
        state: MachineState::Stopped,
        from: Device::stamp(device.lines.len() as u64),
        ends: None,
        rule: "r".into(),
        map: "m".into(),
        batch: None,
        detail: Detail::default(),
    });
    let stop = device.origin().record(seq);
    device.append(Body::StopExplained {
        stop,
        reason: ReasonId(reason),
        label: label.into(),
        group_type: "unplanned".into(),
        rank: 1,
        comment: None,
        choice: None,
    });
    stop
}

/// What headquarters reports of a stop: reason, label, type.
async fn told(headquarters: &Headquarters, stop: RecordId) -> (Uuid, String, String) {
    let select =
        "SELECT downtime_reason_id, reason_label, reason_group_type FROM oee_machine_events
                  WHERE id = $1";
    let rows = headquarters.sql(select, &[&stop.0]).await.unwrap();
    (rows[0].get(0), rows[0].get(1), rows[0].get(2))
}

/// Applies the demo's site file with other words in it.
async fn site(headquarters: &Headquarters, changes: &[(&str, &str)], delete: bool) {
    let mut text = std::fs::read_to_string(repository().join("config/demo/site.toml")).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let mut arguments = vec!["site", "apply", &file];
    arguments.extend(delete.then_some("--delete"));
    administer(headquarters, &arguments).await;
}

fn entry(code: &str, name: &str) -> String {
    format!("[[downtime_group.reason]]\ncode = \"{code}\"\nname = \"{name}\"\n\n")
}

#[tokio::test]
async fn case_10_renamed_retired_merged_and_regrouped_while_a_terminal_was_away() {
    let (headquarters, mut away) = enrolled().await;
    let [f01, f02, f03] =
        ["F01", "F02", "F03"].map(|code| reason(&format!("Machine fault/{code}")));
    let before = stopped(&mut away, (f03, "Light curtain interrupted"));
    away.push(1).await.unwrap();
    // Renamed: F01. Retired: F02.
    let jammed = "name = \"Part jammed in the die\"";
    let low = entry("F02", "Hydraulic pressure too low");
    let changes = [(jammed, "name = \"Jam\""), (low.as_str(), "")];
    site(&headquarters, &changes, false).await;
    let renamed = stopped(&mut away, (f01, "Part jammed in the die"));
    let retired = stopped(&mut away, (f02, "Hydraulic pressure too low"));
    let later = away.lines.len() + 1;
    assert_eq!(away.push(4).await.unwrap().quarantined, [], "nobody's explanation is refused");
    let label = |text: &str, id| (id, text.to_owned(), "unplanned".to_owned());
    assert_eq!(told(&headquarters, renamed).await, label("Part jammed in the die", f01));
    assert_eq!(told(&headquarters, retired).await, label("Hydraulic pressure too low", f02));
    let marked = "SELECT record_id FROM edge.conflicts
                  WHERE kind = 'retired_reason' AND detail = 'retired at entry: Hydraulic pressure too low'";
    let marked = headquarters.sql(marked, &[]).await.unwrap();
    assert_eq!(marked.iter().map(|row| row.get(0)).collect::<Vec<Uuid>>(), [retired.0]);

    // Merged: F03 counts as F01, before and from now on, by the label that was read.
    let merge = ["--from", "F03", "--into", "Machine fault/F01", "--by", "1005"];
    let said =
        administer(&headquarters, &[&["reason", "merge"], &PLACE[..], &merge].concat()).await;
    assert!(said.starts_with("1 stops count as the other reason now"), "{said}");
    let merged = stopped(&mut away, (f03, "Light curtain interrupted"));
    assert_eq!(away.push(later).await.unwrap().quarantined, []);
    for stop in [before, merged] {
        assert_eq!(told(&headquarters, stop).await, label("Light curtain interrupted", f01));
    }
    // Regrouped from one day on: what was given before keeps the type it had.
    let moved = "UPDATE oee_downtime_reasons SET group_id = (SELECT id FROM oee_downtime_groups
                     WHERE type = 'planned' ORDER BY name LIMIT 1) WHERE id = $1";
    headquarters.sql(moved, &[&f01]).await.unwrap();
    assert_eq!(told(&headquarters, merged).await.2, "unplanned");
    let folded = administer(&headquarters, &[&["refold"], &PLACE[..], &["--check"]].concat()).await;
    assert!(folded.contains("0 states, 0 rows and 0 rows too many differ"), "{folded}");
}

#[tokio::test]
async fn case_10_one_decision_for_all_that_name_a_deleted_reason() {
    let (headquarters, mut away) = enrolled().await;
    let [f01, f02, f04] =
        ["F01", "F02", "F04"].map(|code| reason(&format!("Machine fault/{code}")));
    let (low, broken) =
        (entry("F02", "Hydraulic pressure too low"), entry("F04", "Sensor or cable defective"));
    site(&headquarters, &[(&low, ""), (&broken, "")], true).await;
    let kept = [0, 1].map(|_| stopped(&mut away, (f02, "Hydraulic pressure too low")));
    let mapped = [0, 1, 2].map(|_| stopped(&mut away, (f04, "Sensor or cable defective")));
    let other = stopped(&mut away, (f01, "Part jammed in the die"));
    let held = away.push(1).await.unwrap().quarantined;
    assert_eq!(held.len(), 5, "{held:?}");
    assert!(
        held.iter()
            .all(|one| one.code == "unresolved_ref" && one.detail.contains("downtime_reason_id"))
    );
    assert_eq!(told(&headquarters, other).await.0, f01, "everything else goes on");

    let decide = async |reason: Uuid, how: &[&str]| {
        let reason = reason.to_string();
        let resolve =
            [&["quarantine", "resolve"], &PLACE[..], &["--reason", &reason, "--by", "1005"], how];
        administer(&headquarters, &resolve.concat()).await
    };
    let said = decide(f02, &["--as", "keep"]).await;
    assert!(said.contains("is kept: 2 facts applied, 3 still wait"), "{said}");
    let said = decide(f04, &["--as", "re-map", "--to", "F01"]).await;
    assert!(said.contains("is re-mapped: 3 facts applied, 0 still wait"), "{said}");
    assert_eq!(headquarters.number(OPEN).await.unwrap(), 0);
    let label = |text: &str, id| (id, text.to_owned(), "unplanned".to_owned());
    for stop in kept {
        assert_eq!(told(&headquarters, stop).await, label("Hydraulic pressure too low", f02));
    }
    for stop in mapped {
        assert_eq!(told(&headquarters, stop).await, label("Sensor or cable defective", f01));
    }
    let offered =
        format!("SELECT count(*) FROM oee_downtime_reasons WHERE id = '{f02}' AND is_active");
    assert_eq!(headquarters.number(&offered).await.unwrap(), 0, "nobody is offered it again");
    let audited =
        "SELECT count(*) FROM edge.audit WHERE action = 'reason of waiting facts decided'";
    assert_eq!(headquarters.number(audited).await.unwrap(), 2);
    // What comes later by that reason counts as decided.
    let from = away.lines.len() + 1;
    let later = stopped(&mut away, (f04, "Sensor or cable defective"));
    assert_eq!(away.push(from).await.unwrap().quarantined, []);
    assert_eq!(told(&headquarters, later).await.0, f01);
}
