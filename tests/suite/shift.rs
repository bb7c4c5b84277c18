//! A small shift at the terminal, through a real pseudo-terminal, up to the rows in Postgres.

use std::time::Duration;

use kart_api::View;
use kart_tests::screen::{ENTER, ESCAPE, Screen, TAB};
use kart_tests::wait::wait_for;
use kart_tests::world::{World, WorldOptions};

use crate::turn::{seed, turn};

const LIMIT: Duration = Duration::from_secs(30);
const MACHINE: &str = "EQ-211";

/// Waits until the daemon's view is as wanted and gives what was found in it.
async fn view<T>(world: &World, what: &str, wanted: impl Fn(&View) -> Option<T>) -> T {
    let client = world.client().unwrap();
    wait_for(what, LIMIT, async || {
        let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
        wanted(&view).ok_or_else(|| format!("{:?} {:?}", view.machines, view.stops))
    })
    .await
}

async fn start(test: &str) -> (World, Screen) {
    let options = WorldOptions {
        presses: 1,
        packers: 0,
        stops: false,
        seed: seed(test, 5),
        ..WorldOptions::default()
    };
    let world = World::start(&options).await.unwrap();
    let screen = Screen::open(&world.terminal.socket()).unwrap();
    // Without site data nobody is known; with them it is said who is here.
    let ready = ["Recording", "Headquarters connected", MACHINE, "RUNNING", "Nobody is clocked in"];
    screen.shows(&ready).await.unwrap();
    (world, screen)
}

/// What this query finds, as text.
async fn rows(world: &World, statement: &str) -> Vec<String> {
    let headquarters = world.headquarters.as_ref().unwrap();
    let rows = headquarters.sql(statement, &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()).collect()
}

/// A badge that nobody has, a person who clocks in, a batch of 60.
async fn begun(screen: &mut Screen) {
    screen.press("9999\r").unwrap();
    screen.shows(&["Nobody here has badge 9999."]).await.unwrap();
    screen.press("1001").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Ada Brandt — clock in to ST-21?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Here: Ada Brandt"]).await.unwrap();

    screen.press("s").unwrap();
    screen.shows(&["Start a batch on EQ-211"]).await.unwrap();
    screen.press("BR-40").unwrap();
    screen.shows(&["Bracket 40 mm"]).await.unwrap();
    screen.lacks(&["Hinge leaf"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.press("60").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "good of 60"]).await.unwrap();
}

#[tokio::test]
async fn a_small_shift_arrives_in_postgres() {
    let _turn = turn().await;
    let (mut world, mut screen) = start("shift::a_small_shift").await;
    begun(&mut screen).await;
    world.go().await.unwrap();
    view(&world, "ten parts", |view| (view.machines[0].good >= 10).then_some(())).await;

    world.plant.stop(MACHINE, "fault").await.unwrap();
    // The card comes by itself.
    screen.shows(&["Why did it stop?", "Part jammed in the die"]).await.unwrap();
    screen.press("1").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "explained: Part jammed in the die"]).await.unwrap();
    world.plant.run(MACHINE).await.unwrap();
    screen.shows(&["RUNNING"]).await.unwrap();
    let totals = world.rest().await.unwrap();

    // What is recorded while headquarters is away is saved here, and says so.
    world.headquarters.as_mut().unwrap().stop().await.unwrap();
    let made = &totals[MACHINE];
    screen.press("c").unwrap();
    let good = format!("the machine counted {}", made.good);
    screen.shows(&["Complete ", "on EQ-211", &good]).await.unwrap();
    screen.press(TAB).unwrap();
    screen.press("2").unwrap();
    let difference = i64::try_from(made.scrap).unwrap() - 2;
    screen
        .becomes("a difference or none", |text| {
            text.contains("Why scrap?") && (difference == 0 || text.contains("difference"))
        })
        .await
        .unwrap();
    screen.press(ENTER).unwrap();
    screen.press("1").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "No batch."]).await.unwrap();
    screen.press("1001").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Ada Brandt — clock out?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Nobody is clocked in"]).await.unwrap();
    screen.press("r").unwrap();
    screen.shows(&["Recorded here", "Clocked out", "saved here"]).await.unwrap();
    world.headquarters.as_mut().unwrap().start_again().await.unwrap();
    let receipts = screen
        .becomes("every receipt at headquarters", |text| {
            text.matches("at headquarters ║").count() == 5
        })
        .await
        .unwrap();
    for kind in ["Clocked in", "Batch started", "Stop explained", "Batch completed", "Clocked out"]
    {
        assert!(receipts.contains(kind), "{kind}\n{receipts}");
    }
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["Recorded here"]).await.unwrap();
    screen.press("q").unwrap();
    assert!(screen.end().await.unwrap().success());

    world.settled().await.unwrap();
    in_postgres(&world, made.good).await;
}

async fn in_postgres(world: &World, good: u64) {
    let event = "SELECT concat_ws(' ', e.event_type, q.code, s.code, r.code, e.reason_label, e.reason_group_type,
            e.source, (e.end_ts > e.start_ts)::text, e.duration_minutes > 0)
        FROM oee_machine_events e JOIN oee_equipment q ON q.id = e.equipment_id
        JOIN ops_stations s ON s.id = e.station_id
        LEFT JOIN oee_downtime_reasons r ON r.id = e.downtime_reason_id
        ORDER BY e.start_ts";
    let events = rows(world, event).await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events[0].starts_with("batch EQ-211 ST-21 "), "{events:?}");
    assert!(events[0].ends_with(" true t"), "{events:?}");
    assert!(
        events[1].starts_with("downtime EQ-211 ST-21 F01 Part jammed in the die unplanned "),
        "{events:?}"
    );
    assert!(events[1].ends_with(" true t"), "{events:?}");
    let details =
        "SELECT concat_ws(' ', p.product_code, d.status, d.target_quantity, d.good_parts, d.scrap_parts,
            d.total_parts, r.code, d.batch_number <> '')
        FROM oee_batch_details d JOIN ops_products p ON p.id = d.product_id
        JOIN oee_machine_events e ON e.id = d.event_id AND e.event_type = 'batch'
        LEFT JOIN oee_abort_reasons r ON r.id = d.scrap_reason_id";
    let expected = format!("BR-40 completed 60 {good} 2 {} Q01 t", good + 2);
    assert_eq!(rows(world, details).await, [expected]);
    let labor = "SELECT concat_ws(' ', u.display_name, s.code, l.entry_type, l.source, l.end_ts > l.start_ts)
        FROM ops_labor_entries l JOIN users u ON u.id = l.user_id
        JOIN ops_stations s ON s.id = l.station_id";
    let labor = rows(world, labor).await;
    assert_eq!(labor.len(), 1, "{labor:?}");
    assert!(labor[0].starts_with("Ada Brandt ST-21 ") && labor[0].ends_with(" t"), "{labor:?}");
    let operators =
        "SELECT concat_ws(' ', u.display_name, o.started_at = e.start_ts, o.ended_at = e.end_ts)
        FROM oee_batch_operators o JOIN users u ON u.id = o.user_id
        JOIN oee_machine_events e ON e.event_type = 'batch'";
    assert_eq!(rows(world, operators).await, ["Ada Brandt t t"]);
    let entries = "SELECT concat_ws(' ', t.entry_type, count(*), bool_and(t.end_ts IS NOT NULL))
        FROM oee_batch_time_entries t GROUP BY t.entry_type ORDER BY t.entry_type";
    let entries = rows(world, entries).await;
    assert!(
        !entries.is_empty() && entries.iter().all(|entry| entry.ends_with(" t")),
        "{entries:?}"
    );
    let links = "SELECT concat_ws(' ', d.event_type, b.event_type)
        FROM oee_event_batch_links l JOIN oee_machine_events d ON d.id = l.event_id
        JOIN oee_machine_events b ON b.id = l.batch_event_id";
    assert_eq!(rows(world, links).await, ["downtime batch"]);
    let equipment = "SELECT concat_ws(' ', e.event_type, q.code)
        FROM oee_machine_event_equipment x JOIN oee_machine_events e ON e.id = x.event_id
        JOIN oee_equipment q ON q.id = x.equipment_id ORDER BY 1";
    assert_eq!(rows(world, equipment).await, ["batch EQ-211", "downtime EQ-211"]);
}

#[tokio::test]
async fn the_screen_survives_the_daemon_and_shows_escape_codes_as_text() {
    let _turn = turn().await;
    let (mut world, mut screen) = start("shift::the_screen_survives").await;
    world.go().await.unwrap();
    screen.press("1006").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Eve ␛[31m␇Escape — clock in to ST-21?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Here: Eve ␛[31m␇Escape"]).await.unwrap();
    screen.press("1007").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Paul Weiss"]).await.unwrap();

    world.terminal.kill().unwrap();
    screen
        .shows(&["THE RECORDER DOES NOT ANSWER", "all values below are old", " OLD"])
        .await
        .unwrap();
    // A punch that is made now is repeated until it is saved, and saved once.
    screen.press("1001").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Ada Brandt — clock in"]).await.unwrap();
    screen.press(ENTER).unwrap();
    let waiting = screen.shows(&["Not saved yet: the recorder is away"]).await.unwrap();
    assert!(!waiting.contains("SAVED"), "{waiting}");
    world.terminal.start().await.unwrap();
    screen.lacks(&["DOES NOT ANSWER", " OLD"]).await.unwrap();
    screen.shows(&["Recording", "Ada Brandt", "RUNNING"]).await.unwrap();
    let good = view(&world, "a count", |view| Some(view.machines[0].good)).await;
    view(&world, "a later count", |view| (view.machines[0].good > good).then_some(())).await;

    screen.press("\u{3}").unwrap();
    assert!(screen.end().await.unwrap().success());
    world.rest().await.unwrap();
    let labor = "SELECT u.display_name FROM ops_labor_entries l JOIN users u ON u.id = l.user_id ORDER BY l.start_ts";
    assert_eq!(rows(&world, labor).await, ["Eve \u{1b}[31m\u{7}Escape", "Ada Brandt"]);
}
