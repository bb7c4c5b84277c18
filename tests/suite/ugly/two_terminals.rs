//! Case 4: two terminals of one station begin the same batch twenty seconds apart, first while they know of each other,
//! then while nothing connects them.
//!
//! With a link the second one offers to join, and one batch has two people. Without it each begins, and headquarters makes
//! one batch of both: it began when the first one began, and people, notes and answers of both are kept. Of what both
//! confirm of the machine the first stands, and a supervisor is asked about the second. One terminal reads the machine,
//! so nothing that it did is told twice. Whoever goes home ends nobody else's time.

use std::time::Duration;

use kart_api::View;
use kart_core::{
    command::{Answered, Command},
    fact::{batch::Field, note::Category},
    id::FieldId,
};
use kart_tests::{
    modbus::ModbusServer,
    screen::{ENTER, Screen},
    world::terminal::Terminal,
};

use super::floor::{Floor, PRESS, clock_in, clock_out, complete, day, map, saved, start, station};
use super::shows;
use crate::headquarters::device::user;
use crate::office::seen;
use crate::turn::turn;

const TWENTY_SECONDS: Duration = Duration::from_secs(20);

/// What the controller says, once both terminals have read it.
async fn tells(plc: &mut ModbusServer, terminals: [&Terminal; 2], automatic: u16, good: u16) {
    plc.set_holding(20, &[automatic, good]).await.unwrap();
    for terminal in terminals {
        shows(&terminal.client().unwrap(), PRESS, "good", good.into()).await;
    }
}

/// With a link: the second screen says where it was begun and how long ago, and joins.
async fn joined(floor: &mut Floor, [one, two]: [&Terminal; 2]) {
    let ada = user("1001");
    let begun = saved(one, start(ada, PRESS, Some("B-1042"))).await;
    let known = |view: &View| {
        let batch = super::machine(view, PRESS)?.batch.as_ref()?;
        (batch.terminal.as_deref() == Some("T-07")).then_some(())
    };
    seen(two, "the batch of the other terminal", known).await;
    floor.clock.pass(TWENTY_SECONDS).unwrap();
    let mut screen = Screen::open(&two.socket()).unwrap();
    screen.shows(&["Headquarters connected", "Here: Jurij Nowak"]).await.unwrap();
    screen.shows(&["started at T-07 2", "s ago"]).await.unwrap();
    screen.press("s").unwrap();
    let offer = ["Open at another terminal: B-1042. Enter joins it."];
    screen.shows(&offer).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Joined batch B-1042"]).await.unwrap();
    floor.clock.pass(TWENTY_SECONDS).unwrap();
    // She goes on when he goes home.
    saved(two, clock_out("1002")).await;
    two.confirmed().await.unwrap();
    one.confirmed().await.unwrap();
    floor.rows(OPERATORS, &["B-1042 Ada Brandt open", "B-1042 Jurij Nowak over"]).await;
    saved(one, complete(ada, begun, 40)).await;
    one.confirmed().await.unwrap();
    floor.rows(BATCHES, &["B-1042 completed 40 2"]).await;
    saved(two, clock_in("1002")).await;
    two.confirmed().await.unwrap();
}

const OPERATORS: &str = "SELECT concat_ws(' ', d.batch_number, u.display_name,
        CASE WHEN o.ended_at IS NULL THEN 'open' ELSE 'over' END)
    FROM oee_batch_operators o JOIN users u ON u.id = o.user_id
    JOIN oee_batch_details d ON d.id = o.batch_id
    WHERE d.batch_number = (SELECT max(batch_number) FROM oee_batch_details) ORDER BY 1";

const BATCHES: &str = "SELECT concat_ws(' ', d.batch_number, d.status, d.good_parts,
        (SELECT count(DISTINCT o.user_id) FROM oee_batch_operators o WHERE o.batch_id = d.id))
    FROM oee_batch_details d ORDER BY d.batch_number";

/// Without one: both begin it, each with a note; each completes it, with other figures.
async fn apart(floor: &mut Floor, [one, two]: [&Terminal; 2], field: FieldId) {
    let (ada, jurij) = (user("1001"), user("1002"));
    let mine = saved(one, start(ada, PRESS, Some("B-1043"))).await;
    floor.clock.pass(TWENTY_SECONDS).unwrap();
    let mut theirs = start(jurij, PRESS, Some("B-1043"));
    if let Command::StartBatch { detail, .. } = &mut theirs {
        let field = Field::Station { station: station("ST-21"), field };
        detail.answers.push(Answered { field, value: Some("D-7".into()) });
    }
    let theirs = saved(two, theirs).await;
    for (terminal, by, batch, text) in
        [(one, ada, mine, "die polished"), (two, jurij, theirs, "coil changed")]
    {
        let (by, batch, text) = (Some(by), Some(batch), text.to_owned());
        let (station, equipment, category) = (None, None, Category::General);
        let note = Command::WriteNote { by, station, equipment, batch, category, text };
        saved(terminal, note).await;
    }
    floor.clock.pass(TWENTY_SECONDS).unwrap();
    // He goes home: his time ends, and nothing of hers.
    saved(two, complete(jurij, theirs, 38)).await;
    saved(two, clock_out("1002")).await;
    floor.clock.pass(TWENTY_SECONDS).unwrap();
    saved(one, complete(ada, mine, 40)).await;
}

/// What the floor has become at headquarters.
async fn merged(floor: &Floor) {
    floor.rows(BATCHES, &["B-1042 completed 40 2", "B-1043 completed 38 2"]).await;
    let starts = "SELECT concat_ws(' ', u.display_name, round(extract(epoch FROM o.started_at - e.start_ts) / 10),
            round(extract(epoch FROM e.end_ts - o.ended_at) / 10))
        FROM oee_batch_operators o JOIN users u ON u.id = o.user_id
        JOIN oee_batch_details d ON d.id = o.batch_id
        JOIN oee_machine_events e ON e.id = d.event_id
        WHERE d.batch_number = 'B-1043' ORDER BY 1";
    floor.rows(starts, &["Ada Brandt 0 0", "Jurij Nowak 2 2"]).await;
    floor.rows("SELECT value FROM oee_batch_custom_field_values", &["D-7"]).await;
    let notes = "SELECT concat_ws(' ', n.note_text, d.batch_number) FROM oee_notes_details n
        JOIN oee_event_batch_links l ON l.event_id = n.event_id
        JOIN oee_batch_details d ON d.event_id = l.batch_event_id ORDER BY 1";
    floor.rows(notes, &["coil changed B-1043", "die polished B-1043"]).await;
    floor.rows("SELECT count(*)::text FROM edge.record_aliases", &["1"]).await;
    // What stands was said first; what was said later goes to a person, not into the sum.
    let asked = "SELECT concat_ws(': ', kind, detail) FROM edge.conflicts";
    let told = "ended_again: two terminals ended it on one machine: 38 good and 0 scrapped parts stand, \
                40 and 0 were told later";
    floor.rows(asked, &[told]).await;
    let still_here = "SELECT concat_ws(' ', u.display_name, count(*),
            count(*) FILTER (WHERE l.end_ts IS NULL)) FROM ops_labor_entries l
        JOIN users u ON u.id = l.user_id GROUP BY u.display_name ORDER BY 1";
    floor.rows(still_here, &["Ada Brandt 1 1", "Jurij Nowak 2 0"]).await;
    floor.rows("SELECT code FROM edge.quarantine", &[]).await;
}

/// Parts and stops of the machine that both have in their maps.
async fn once(floor: &Floor) {
    let parts = "SELECT sum(quantity)::text FROM edge.production_counts WHERE verdict <> 'base'";
    floor.rows(parts, &["60"]).await;
    let stops = "SELECT concat_ws(' ', round(duration_minutes * 6), is_archived)
        FROM oee_machine_events WHERE event_type = 'downtime' AND end_ts IS NOT NULL";
    floor.rows(stops, &["12 f"]).await;
}

#[tokio::test]
async fn ugly_case_04_two_terminals_on_one_station() {
    let _turn = turn().await;
    let mut floor = Floor::begin(&format!("{} 08:00", day(1)), str::to_owned).await;
    let mut plc = ModbusServer::start().await.unwrap();
    plc.set_holding(20, &[1, 100]).await.unwrap();
    let field = "INSERT INTO oee_station_custom_fields (station_id, code, label, asked_at)
        SELECT id, 'die', 'Die no.', 'start' FROM ops_stations WHERE code = 'ST-21' RETURNING id";
    let field = FieldId(floor.headquarters.sql(field, &[]).await.unwrap()[0].get(0));
    let one = floor.terminal("T-07", &map(&plc)).await;
    let two = floor.terminal("T-08", &map(&plc)).await;
    let both = [&one, &two];
    tells(&mut plc, both, 1, 101).await;
    saved(&one, clock_in("1001")).await;
    saved(&two, clock_in("1002")).await;
    joined(&mut floor, both).await;
    tells(&mut plc, both, 1, 120).await;

    floor.headquarters.stop().await.unwrap();
    // Both watch the same stop and the same parts.
    tells(&mut plc, both, 0, 130).await;
    seen(&one, "a stop", |view| (view.stops.len() == 1).then_some(())).await;
    floor.clock.pass(TWENTY_SECONDS * 6).unwrap();
    tells(&mut plc, both, 1, 160).await;
    super::state(&one.client().unwrap(), PRESS, "running").await;
    apart(&mut floor, both, field).await;
    floor.headquarters.start_again().await.unwrap();
    for terminal in both {
        terminal.confirmed().await.unwrap();
        let conflict = |view: &View| (view.conflicts.len() == 1).then_some(());
        seen(terminal, "a conflict", conflict).await;
    }
    merged(&floor).await;
    once(&floor).await;
}
