//! What people tell each other: notes, incidents, calls for help and handovers arrive in the tables at both ends, their
//! words leave them again with whoever wrote them, and all of it is at hand on the screen.

use std::time::Duration;

use kart_api::{Answer, View};
use kart_core::command::Command;
use kart_core::fact::call::Help;
use kart_core::fact::incident::Severity;
use kart_core::fact::note::Category;
use kart_core::id::{RecordId, StationId};
use kart_tests::screen::{ENTER, ESCAPE, Screen, TAB};
use kart_tests::wait::{lasts, wait_for};
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::{World, WorldOptions};

use crate::corrections::administer;
use crate::headquarters::device::{key, machine, user};
use crate::office::{Office, ask, seen};
use crate::turn::turn;

const LIMIT: Duration = Duration::from_secs(30);
const PRESS: &str = "EQ-211";

fn station(code: &str) -> StationId {
    StationId(key("ops_stations", code))
}

async fn world() -> World {
    let options = WorldOptions { presses: 1, packers: 0, stops: false, ..WorldOptions::default() };
    World::start(&options).await.unwrap()
}

/// Asks, and gives the record where it was saved.
async fn saved(world: &World, command: Command) -> RecordId {
    match ask(&world.terminal, command, None).await {
        Answer::Saved(accepted) => accepted.record,
        Answer::Refused(refusal) => panic!("{refusal}"),
    }
}

async fn clock_in(world: &World, badge: &str) {
    let command = Command::ClockIn { badge: badge.into(), station: station("ST-21") };
    saved(world, command).await;
}

fn note(by: Option<&str>, text: &str) -> Command {
    let (by, equipment) = (by.map(user), Some(machine(PRESS)));
    let (station, batch, category) = (None, None, Category::Maintenance);
    Command::WriteNote { by, station, equipment, batch, category, text: text.to_owned() }
}

fn incident(by: Option<&str>, comment: &str) -> Command {
    Command::OpenIncident {
        by: by.map(user),
        station: None,
        machines: vec![machine(PRESS)],
        batches: vec![],
        reason: None,
        severity: Severity::Major,
        comment: Some(comment.to_owned()),
    }
}

/// Each text column with what stands in it at headquarters.
async fn words(headquarters: &Headquarters) -> Vec<String> {
    let told = "SELECT 'note ' || coalesce(note_text, '-') FROM oee_notes_details
        UNION ALL SELECT 'comment ' || coalesce(comment, '-') FROM oee_machine_events
            WHERE event_type = 'incident'
        UNION ALL SELECT 'found ' || coalesce(resolution_notes, '-') FROM oee_machine_events
            WHERE event_type = 'incident'
        UNION ALL SELECT 'station ' || coalesce(comment, '-') FROM ops_station_events
        UNION ALL SELECT 'call ' || coalesce(comment, '-') FROM edge.calls
        UNION ALL SELECT 'stop ' || coalesce(comment, '-') FROM oee_machine_events
            WHERE event_type = 'downtime' AND reason_label IS NOT NULL
        ORDER BY 1";
    let rows = headquarters.sql(told, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The same at the terminal.
fn words_here(world: &World) -> Vec<String> {
    let facts = world.terminal.facts().unwrap();
    let told = "SELECT 'note ' || coalesce(note_text, '-') FROM oee_notes_details
        UNION ALL SELECT 'comment ' || coalesce(comment, '-') FROM oee_machine_events
            WHERE event_type = 'incident'
        UNION ALL SELECT 'found ' || coalesce(resolution_notes, '-') FROM oee_machine_events
            WHERE event_type = 'incident'
        UNION ALL SELECT 'station ' || coalesce(comment, '-') FROM ops_station_events
        UNION ALL SELECT 'call ' || coalesce(comment, '-') FROM edge_calls
        UNION ALL SELECT 'stop ' || coalesce(comment, '-') FROM oee_machine_events
            WHERE event_type = 'downtime' AND reason_label IS NOT NULL
        ORDER BY 1";
    let mut select = facts.prepare(told).unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Nothing of the words is left in the file of facts, in no table and on no free page.
fn is_gone(world: &World, word: &str) -> bool {
    let data = world.terminal.data();
    ["facts.db", "facts.db-wal"].iter().all(|name| {
        let bytes = std::fs::read(data.join(name)).unwrap_or_default();
        !bytes.windows(word.len()).any(|window| window == word.as_bytes())
    })
}

/// Somebody tells everything that there is to tell, and others answer.
async fn told(world: &World) {
    saved(world, note(Some("1001"), "guide worn, told Ben")).await;
    saved(world, note(None, "floor wet")).await;
    let open = saved(world, incident(Some("1001"), "guard rattles")).await;
    let notes = Some("screw was loose".to_owned());
    saved(world, Command::ResolveIncident { by: Some(user("1002")), incident: open, notes }).await;
    let of_station = Command::OpenIncident {
        by: Some(user("1001")),
        station: Some(station("ST-21")),
        machines: vec![],
        batches: vec![],
        reason: None,
        severity: Severity::Critical,
        comment: Some("oil on the floor".to_owned()),
    };
    saved(world, of_station).await;
    let call = Command::CallHelp {
        by: Some(user("1001")),
        station: None,
        equipment: Some(machine(PRESS)),
        kind: Help::Maintenance,
        comment: Some("bring a ladder".to_owned()),
    };
    let call = saved(world, call).await;
    saved(world, Command::AcknowledgeCall { by: user("1005"), call }).await;
}

#[tokio::test]
async fn words_reach_the_tables_at_both_ends_and_leave_them_with_their_author() {
    let _turn = turn().await;
    let mut world = world().await;
    let mut operator = kart_tests::operator::Operator::new(world.client().unwrap(), "1001");
    operator.clock_in("ST-21").await.unwrap();
    operator.start_batch(PRESS, "BR-40").await.unwrap();
    world.go().await.unwrap();
    world.plant.stop(PRESS, "fault").await.unwrap();
    operator.explain_next_stop().await.unwrap();
    world.plant.run(PRESS).await.unwrap();

    told(&world).await;
    world.rest().await.unwrap();

    let headquarters = world.headquarters.as_ref().unwrap();
    let there = words(headquarters).await;
    let wanted = [
        "call bring a ladder",
        "comment guard rattles",
        "found screw was loose",
        "note floor wet",
        "note guide worn, told Ben",
        "station oil on the floor",
        "stop seen by hand: Part jammed in the die",
    ];
    assert_eq!(there, wanted);
    assert_eq!(words_here(&world), there, "both ends tell the same");
    let refold = ["refold", "--check", "--organization", "cedar-works", "--site", "cedar"];
    administer(headquarters, &refold).await;
    let covered = "SELECT count(*) FROM oee_machine_event_equipment x
        JOIN oee_machine_events e ON e.id = x.event_id AND e.event_type IN ('note', 'incident')";
    assert_eq!(headquarters.number(covered).await.unwrap(), 3);
    let answered = "SELECT count(*) FROM edge.calls
        WHERE acknowledged_by IS NOT NULL AND response_seconds >= 0";
    assert_eq!(headquarters.number(answered).await.unwrap(), 1);

    let erase = ["person", "erase", "--organization", "cedar-works", "--person", "1001"];
    let told = administer(headquarters, &erase).await;
    assert!(told.contains("; 5 texts erased"), "{told}");
    let left = [
        "call -",
        "comment -",
        "found screw was loose",
        "note -",
        "note floor wet",
        "station -",
        "stop -",
    ];
    assert_eq!(words(headquarters).await, left);
    wait_for("the terminal to forget", LIMIT, async || {
        let here = words_here(&world);
        let gone = is_gone(&world, "guide worn") && is_gone(&world, "guard rattles");
        if here == left && gone { Ok(()) } else { Err(format!("{here:?} {gone}")) }
    })
    .await;
    administer(headquarters, &refold).await;
}

#[tokio::test]
async fn nobody_badged_reports_an_incident_and_calls_for_help() {
    let _turn = turn().await;
    let mut world = world().await;
    let mut screen = Screen::open(&world.terminal.socket()).unwrap();
    screen.shows(&["Headquarters connected", PRESS, "Nobody is clocked in"]).await.unwrap();

    screen.press("i").unwrap();
    screen.shows(&["Report an incident", "nobody is clocked in", "minor: can wait"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Choose what it is, or write it."]).await.unwrap();
    screen.press(TAB).unwrap();
    screen.press(TAB).unwrap();
    screen.press("guard rattles\u{7}").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "INCIDENT", "EQ-211 · guard rattles"]).await.unwrap();

    screen.press("a").unwrap();
    screen.shows(&["Call maintenance to EQ-211", "Call supervisor to EQ-211"]).await.unwrap();
    screen.press("1").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "HELP", "NOBODY COMES YET"]).await.unwrap();
    // Whoever comes shows a badge, and need not be clocked in.
    screen.press("a").unwrap();
    screen.shows(&["1 EQ-211 · maintenance"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Who are you? Scan your badge"]).await.unwrap();
    screen.press("1005").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Sabine Köhler"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Sabine Köhler comes"]).await.unwrap();
    screen.press("a").unwrap();
    screen.shows(&["Sabine Köhler comes"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Call ended"]).await.unwrap();
    screen.lacks(&["HELP EQ-211"]).await.unwrap();

    screen.press("i").unwrap();
    screen.shows(&["Open incidents", "guard rattles"]).await.unwrap();
    screen.press("1").unwrap();
    screen.shows(&["Nobody looks for the cause yet"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Somebody looks for the cause"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Enter when it is over"]).await.unwrap();
    screen.press("screw was loose").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Incident over"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["INCIDENT EQ-211"]).await.unwrap();

    world.rest().await.unwrap();
    let headquarters = world.headquarters.as_ref().unwrap();
    let over = "SELECT count(*) FROM oee_machine_events e JOIN edge.incidents i ON i.id = e.id
        WHERE e.event_type = 'incident' AND e.resolved AND e.end_ts > e.start_ts
          AND e.troubleshooting_started_at IS NOT NULL AND e.created_by IS NULL
          AND e.resolution_notes = 'screw was loose' AND i.severity = 'minor'";
    assert_eq!(headquarters.number(over).await.unwrap(), 1);
    let ended = "SELECT count(*) FROM edge.calls WHERE ended_at IS NOT NULL";
    assert_eq!(headquarters.number(ended).await.unwrap(), 1);
}

#[tokio::test]
async fn a_shift_is_handed_over_with_two_signatures_and_the_log_is_searched() {
    let _turn = turn().await;
    let mut world = world().await;
    clock_in(&world, "1001").await;
    let mut screen = Screen::open(&world.terminal.socket()).unwrap();
    screen.shows(&["Headquarters connected", PRESS, "Here: Ada Brandt"]).await.unwrap();
    saved(&world, incident(None, "guide worn")).await;

    screen.press("n").unwrap();
    screen.shows(&["Shift log", "Nobody has written anything here yet"]).await.unwrap();
    screen.press("n").unwrap();
    screen.shows(&["Note for the shift log"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Write something first."]).await.unwrap();
    screen.press("tool changed, runs better\r").unwrap();
    screen.shows(&["SAVED", "tool changed, runs better", "Ada Brandt"]).await.unwrap();
    screen.press("h").unwrap();
    screen.shows(&["Hand over to the next crew", "1 open incident", "guide worn"]).await.unwrap();
    screen.press("look at the guide\r").unwrap();
    screen.shows(&["SAVED", "handover", "look at the guide"]).await.unwrap();
    screen.press(TAB).unwrap();
    screen.press("TOOL").unwrap();
    screen.shows(&["tool changed"]).await.unwrap();
    screen.lacks(&["look at the guide"]).await.unwrap();
    screen.press("x").unwrap();
    screen.shows(&["No note has all of these words."]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.press(ESCAPE).unwrap();

    // The next one clocks in and sees the card; the one who gave it could not sign it again.
    screen.press("1002\r").unwrap();
    screen.shows(&["Jurij Nowak", "clock in"]).await.unwrap();
    screen.press(ENTER).unwrap();
    let card = ["Handover of the crew before", "1 open incident", "look at the guide"];
    screen.shows(&card).await.unwrap();
    // An Enter within two seconds signs nothing.
    lasts(Duration::from_millis(2_200)).await;
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Handover taken over"]).await.unwrap();
    seen(&world.terminal, "no handover", |view: &View| {
        view.open.handovers.is_empty().then_some(())
    })
    .await;

    world.rest().await.unwrap();
    let headquarters = world.headquarters.as_ref().unwrap();
    let signed = "SELECT string_agg(s.side || ' ' || u.display_name, ', ' ORDER BY s.signed_at)
        FROM edge.signatures s JOIN users u ON u.id = s.user_id
        JOIN oee_machine_events e ON e.id = s.event_id AND e.event_type = 'note'
        JOIN oee_notes_details n ON n.event_id = e.id AND n.category = 'handover'
            AND n.note_text = 'look at the guide'
        JOIN edge.handovers h ON h.id = e.id AND h.open_incidents = 1";
    let rows = headquarters.sql(signed, &[]).await.unwrap();
    assert_eq!(rows[0].get::<_, Option<&str>>(0), Some("leaving Ada Brandt, coming Jurij Nowak"));
}

#[tokio::test]
async fn a_call_is_heard_at_every_terminal_of_the_station_and_answered_there() {
    let _turn = turn().await;
    let office = Office::demo().await;
    let [one, two] = [office.terminal("T-07", |c| c).await, office.terminal("T-08", |c| c).await];
    let call = Command::CallHelp {
        by: None,
        station: Some(station("ST-21")),
        equipment: None,
        kind: Help::Quality,
        comment: None,
    };
    let Answer::Saved(accepted) = ask(&one, call, None).await else { panic!("refused") };
    let call = accepted.record;
    let heard = |view: &View| {
        let mut calls = view.open.calls.iter();
        calls.find(|open| open.id == call && open.elsewhere && open.place == "ST-21").map(drop)
    };
    seen(&two, "the call at the other terminal", heard).await;
    let come = Command::AcknowledgeCall { by: user("1005"), call };
    assert!(matches!(ask(&two, come.clone(), None).await, Answer::Saved(_)));
    assert!(matches!(ask(&two, come, None).await, Answer::Refused(_)), "once is enough");
    let comes = |view: &View| {
        let own = view.open.calls.iter().find(|open| open.id == call && !open.elsewhere)?;
        (own.acknowledged_by.as_deref() == Some("Sabine Köhler")).then_some(())
    };
    seen(&one, "that somebody comes", comes).await;
    let end = Command::EndCall { by: None, call };
    assert!(matches!(ask(&one, end, None).await, Answer::Saved(_)));
    let quiet = |view: &View| view.open.calls.is_empty().then_some(());
    seen(&one, "no call", quiet).await;
    seen(&two, "no call there either", quiet).await;
    let answered = "SELECT count(*) FROM edge.calls WHERE response_seconds >= 0
        AND ended_at IS NOT NULL AND acknowledged_by IS NOT NULL";
    assert_eq!(office.headquarters.number(answered).await.unwrap(), 1);
}
