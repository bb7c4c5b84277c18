//! Case 17: terminals and headquarters of different releases.
//!
//! What a newer terminal says and nobody here knows is kept as it came, byte for byte, and hinders nothing. What a newer headquarters
//! sends and an older terminal cannot make sense of pauses that download, with words at headquarters that name the
//! row; the terminal goes on with what it had, and uploads as ever. Beside this: `tests/suite/skew.rs` for the
//! first protocol from either side, and the store's own test of the copy that is made before a file is migrated.

use kart_api::View;
use kart_core::fact::Body;
use kart_tests::wait::wait_for;

use super::floor::{SITE, clock_in, saved, station};
use super::{LIMIT, cryptography};
use crate::headquarters::{administer, device::user, enroll};
use crate::office::{Office, seen};
use crate::turn::turn;

/// A fact with more in it than this release knows.
async fn newer_terminal(office: &Office) {
    let mut newer = enroll(&office.headquarters, "T-22").await;
    newer.append(Body::ClockedIn { user: user("1004"), station: station("ST-21") });
    let line = newer.lines.last_mut().unwrap();
    *line = line.replacen("\"clocked_in\":{", "\"clocked_in\":{\"gate\":\"north\",", 1);
    let line = line.clone();
    assert!(line.contains("north"), "{line}");
    let pushed = newer.push(1).await.unwrap();
    assert_eq!((pushed.watermark, pushed.quarantined.len()), (2, 0));
    let kept = "SELECT convert_from(line, 'UTF8') FROM edge.inbox WHERE kind = 'clocked_in'
        AND position('north'::bytea IN line) > 0";
    let kept = office.headquarters.sql(kept, &[]).await.unwrap();
    assert_eq!(kept[0].get::<_, String>(0), line);
    let row = "SELECT count(*) FROM ops_labor_entries";
    assert_eq!(office.headquarters.number(row).await.unwrap(), 1);
}

#[tokio::test]
async fn ugly_case_17_new_terminal_old_headquarters_or_the_reverse() {
    let _turn = turn().await;
    cryptography();
    let office = Office::demo().await;
    newer_terminal(&office).await;

    // A role that this terminal has never heard of.
    let terminal = office.terminal("T-07", |config| config).await;
    let lead =
        |view: &View| view.reference.as_ref()?.person(user("1003")).map(|person| person.role);
    let before = seen(&terminal, "a lead", lead).await;
    for change in [
        "ALTER TABLE edge.people DROP CONSTRAINT people_role_check",
        "UPDATE edge.people SET role = 'pilot' WHERE badge = '1003'",
        "UPDATE ops_stations SET name = 'Presses, hall 2' WHERE code = 'ST-21'",
    ] {
        office.headquarters.sql(change, &[]).await.unwrap();
    }
    let alarms = [&["alarms"], &SITE[..]].concat();
    wait_for("what pauses, in words", LIMIT, async || {
        let said = administer(&office.headquarters, &alarms).await;
        let named =
            said.starts_with("site_data_refused\tT-07\t") && said.contains("role is not known");
        if named { Ok(()) } else { Err(said) }
    })
    .await;
    // It uploads meanwhile, and goes by what it had.
    saved(&terminal, clock_in("1003")).await;
    terminal.confirmed().await.unwrap();
    let row = "SELECT count(*) FROM ops_labor_entries";
    assert_eq!(office.headquarters.number(row).await.unwrap(), 2);
    assert_eq!(seen(&terminal, "the lead as before", lead).await, before);
    let name = |view: &View| Some(view.reference.as_ref()?.station(station("ST-21"))?.name.clone());
    assert_eq!(seen(&terminal, "the name as before", name).await, "Presses");

    let known = "UPDATE edge.people SET role = 'lead' WHERE badge = '1003'";
    office.headquarters.sql(known, &[]).await.unwrap();
    let goes_on = |view: &View| (name(view)? == "Presses, hall 2").then_some(());
    seen(&terminal, "what was paused", goes_on).await;
}
