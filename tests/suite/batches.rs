//! Batches from the queue to the end, at the terminal and in Postgres: claimed, asked about, let rest, scrapped for
//! several reasons, and continued on another machine.

use std::time::Duration;

use kart_api::View;
use kart_tests::screen::{ENTER, ESCAPE, Screen};
use kart_tests::wait::wait_for;
use kart_tests::world::{World, WorldOptions};

use crate::turn::{seed, turn};

const LIMIT: Duration = Duration::from_secs(30);

async fn view<T>(world: &World, what: &str, wanted: impl Fn(&View) -> Option<T>) -> T {
    let client = world.client().unwrap();
    wait_for(what, LIMIT, async || {
        let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
        wanted(&view).ok_or_else(|| format!("{:?} {:?}", view.machines, view.orders))
    })
    .await
}

async fn rows(world: &World, statement: &str) -> Vec<String> {
    let headquarters = world.headquarters.as_ref().unwrap();
    let rows = headquarters.sql(statement, &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()).collect()
}

/// A world whose first press has two batches queued, and whose station asks for a die.
async fn start(test: &str) -> (World, Screen) {
    let options = WorldOptions {
        presses: 2,
        packers: 0,
        stops: false,
        seed: seed(test, 11),
        ..WorldOptions::default()
    };
    let world = World::start(&options).await.unwrap();
    rows(
        &world,
        "INSERT INTO oee_station_custom_fields (station_id, code, label, asked_at, is_required)
         SELECT id, 'die', 'Die no.', 'start', true FROM ops_stations WHERE code = 'ST-21'
         RETURNING label",
    )
    .await;
    rows(
        &world,
        "INSERT INTO oee_batch_queue (site_id, equipment_id, product_id, batch_number, target_quantity, queue_position)
         SELECT q.site_id, q.id, p.id, 'B-' || n, 60, n
         FROM oee_equipment q, ops_products p, generate_series(1043, 1044) n
         WHERE q.code = 'EQ-211' AND p.product_code = 'BR-40' RETURNING batch_number",
    )
    .await;
    let mut screen = Screen::open(&world.terminal.socket()).unwrap();
    view(&world, "two orders", |view| (view.orders.len() == 2).then_some(())).await;
    let asked = |view: &View| {
        let stations = &view.reference.as_ref()?.stations;
        stations.iter().any(|station| !station.fields.is_empty()).then_some(())
    };
    view(&world, "the field", asked).await;
    screen.shows(&["EQ-211", "RUNNING", "Nobody is clocked in"]).await.unwrap();
    screen.press("1001").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Ada Brandt"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Here: Ada Brandt"]).await.unwrap();
    (world, screen)
}

/// Starts the first of the queue: two keys, and the answer to what the station asks.
async fn first_of_the_queue(screen: &mut Screen) {
    screen.press("s").unwrap();
    screen.shows(&["Next in the queue", "B-1043"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Die no.*"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Die no. has to be answered."]).await.unwrap();
    screen.press("D-7/2").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "good of 60"]).await.unwrap();
}

#[tokio::test]
async fn a_batch_from_the_queue_rests_goes_on_and_ends_with_scrap_for_two_reasons() {
    let _turn = turn().await;
    let (mut world, mut screen) = start("batches::from_the_queue").await;
    screen.press("o").unwrap();
    screen.shows(&["Next on EQ-211", "1 B-1043 Bracket 40 mm", "2 B-1044"]).await.unwrap();
    screen.press("2").unwrap();
    screen.press("+").unwrap();
    screen.shows(&["SAVED", "1 B-1044"]).await.unwrap();
    view(&world, "headquarters' order", |view| {
        let first = view.orders.first()?;
        (first.queued.number.as_deref() == Some("B-1044") && !first.asked).then_some(())
    })
    .await;
    screen.press("-").unwrap();
    screen.shows(&["1 B-1043"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["Next on EQ-211"]).await.unwrap();
    first_of_the_queue(&mut screen).await;

    world.go().await.unwrap();
    view(&world, "parts", |view| (view.machines[0].good >= 5).then_some(())).await;
    screen.press("x").unwrap();
    screen.shows(&["Batch B-1043 on EQ-211", "2 let it rest"]).await.unwrap();
    screen.press("2").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Resting: B-1043"]).await.unwrap();
    screen.press("x").unwrap();
    screen.shows(&["rests since", "2 go on with it"]).await.unwrap();
    screen.press("2").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "goes on", "good of 60"]).await.unwrap();
    world.rest().await.unwrap();

    screen.press("x").unwrap();
    screen.shows(&["3 tell of parts"]).await.unwrap();
    screen.press("3").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["To be reworked"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.press("2").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Why scrap?", "Burr too high"]).await.unwrap();
    screen.press("1").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "2 scrap"]).await.unwrap();

    screen.press("c").unwrap();
    screen.shows(&["Complete B-1043 on EQ-211"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.press("3").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Why scrap?  1 without a reason"]).await.unwrap();
    screen.press("2").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "completed"]).await.unwrap();
    world.settled().await.unwrap();
    in_postgres(&world).await;
}

async fn in_postgres(world: &World) {
    let details = "SELECT concat_ws(' ', d.batch_number, d.status, d.scrap_parts, r.code)
        FROM oee_batch_details d LEFT JOIN oee_abort_reasons r ON r.id = d.scrap_reason_id";
    assert_eq!(rows(world, details).await, ["B-1043 completed 3 Q01"]);
    let split = "SELECT concat_ws(' ', s.kind, r.code, s.quantity, s.label)
        FROM edge.batch_quantities s JOIN oee_abort_reasons r ON r.id = s.reason_id ORDER BY 1";
    assert_eq!(
        rows(world, split).await,
        ["scrap Q01 2 Burr too high", "scrap Q02 1 Out of tolerance"]
    );
    let queue = "SELECT concat_ws(' ', q.batch_number, q.status, d.batch_number)
        FROM oee_batch_queue q LEFT JOIN oee_batch_details d ON d.event_id = q.event_id ORDER BY 1";
    assert_eq!(rows(world, queue).await, ["B-1043 started B-1043", "B-1044 queued"]);
    let answers = "SELECT concat_ws(' ', v.label, v.value) FROM oee_batch_custom_field_values v";
    assert_eq!(rows(world, answers).await, ["Die no. D-7/2"]);
    let machine = "SELECT concat_ws(' ', t.entry_type, count(*), bool_and(t.end_ts IS NOT NULL))
        FROM oee_batch_time_entries t GROUP BY t.entry_type ORDER BY 1";
    assert_eq!(rows(world, machine).await, ["machine 2 t", "person 2 t"]);
    assert_eq!(rows(world, "SELECT code FROM edge.quarantine").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_batch_goes_on_on_another_machine_with_a_second_badge_and_a_why() {
    let _turn = turn().await;
    let (mut world, mut screen) = start("batches::goes_on").await;
    first_of_the_queue(&mut screen).await;
    world.go().await.unwrap();
    view(&world, "parts", |view| (view.machines[0].good >= 5).then_some(())).await;
    screen.press("x").unwrap();
    screen.shows(&["6 continue on another machine"]).await.unwrap();
    screen.press("6").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["On which machine does it go on?", "EQ-212"]).await.unwrap();
    screen.press("1").unwrap();
    screen.press(ENTER).unwrap();
    screen.press("7").unwrap();
    screen.press(ENTER).unwrap();
    screen.press("1").unwrap();
    screen.press(ENTER).unwrap();
    screen.press("D-8").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["EQ-212 does not stand in for EQ-211", "Second badge"]).await.unwrap();
    screen.press("1002").unwrap();
    screen.press(ENTER).unwrap();
    screen.press("die broken").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Jurij Nowak is neither lead nor supervisor."]).await.unwrap();
    screen.press("\u{7f}\u{7f}\u{7f}\u{7f}1003").unwrap();
    screen.press(ENTER).unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "goes on on EQ-212"]).await.unwrap();
    world.rest().await.unwrap();
    world.settled().await.unwrap();

    let segments =
        "SELECT concat_ws(' ', q.code, d.batch_number, d.status, d.good_parts, d.scrap_parts,
            d.target_quantity)
        FROM oee_batch_details d JOIN oee_machine_events e ON e.id = d.event_id
        JOIN oee_equipment q ON q.id = e.equipment_id ORDER BY e.start_ts";
    let expected = ["EQ-211 B-1043 completed 7 1 60", "EQ-212 B-1043 running 53"];
    assert_eq!(rows(&world, segments).await, expected);
    let linked = "SELECT concat_ws(' ', b.batch_number, u.display_name, s.provisional)
        FROM edge.batch_starts s JOIN oee_batch_details b ON b.event_id = s.continues_event_id
        JOIN users u ON u.id = s.approved_by";
    assert_eq!(rows(&world, linked).await, ["B-1043 Mei-Lin Özdemir f"]);
    let why = "SELECT text FROM edge.fact_texts WHERE field = 'special.why'";
    assert_eq!(rows(&world, why).await, ["die broken"]);
    assert_eq!(rows(&world, "SELECT code FROM edge.quarantine").await, Vec::<String>::new());
}
