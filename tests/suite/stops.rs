//! What people make of stops at the terminal, up to the rows in Postgres.

use std::time::Duration;

use kart_api::{Answer, Stop, View};
use kart_core::command::{Command, Refusal};
use kart_core::id::{RecordId, UserId};
use kart_core::time::Micros;
use kart_tests::operator::Operator;
use kart_tests::screen::{ENTER, ESCAPE, Screen};
use kart_tests::wait::wait_for;
use kart_tests::world::{World, WorldOptions};

use crate::turn::{seed, turn};

const LIMIT: Duration = Duration::from_secs(30);
const ONE: &str = "EQ-211";
const OTHER: &str = "EQ-212";

/// Waits until the daemon's view is as wanted and gives what was found in it.
async fn view<T>(world: &World, what: &str, wanted: impl Fn(&View) -> Option<T>) -> T {
    let client = world.client().unwrap();
    wait_for(what, LIMIT, async || {
        let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
        wanted(&view).ok_or_else(|| format!("{:?} {:?}", view.stops, view.review))
    })
    .await
}

async fn start(test: &str, presses: u8) -> World {
    let options = WorldOptions {
        presses,
        packers: 0,
        stops: false,
        seed: seed(test, 7),
        ..WorldOptions::default()
    };
    World::start(&options).await.unwrap()
}

/// What this query finds, as text.
async fn rows(world: &World, statement: &str) -> Vec<String> {
    let headquarters = world.headquarters.as_ref().unwrap();
    let rows = headquarters.sql(statement, &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()).collect()
}

/// Badge 1001 clocks in.
async fn ada(world: &World) -> (Operator, UserId) {
    let mut operator = Operator::new(world.client().unwrap(), "1001");
    operator.clock_in("ST-21").await.unwrap();
    let user = view(world, "Ada", |view| Some(view.people.first()?.user)).await;
    (operator, user)
}

/// Machines stand for a moment, all of them at the same time.
async fn stand(world: &mut World, machines: &[&str]) -> Vec<Stop> {
    let before: Vec<RecordId> =
        view(world, "the stops", |view| Some(view.stops.iter().map(|stop| stop.id).collect()))
            .await;
    for machine in machines {
        world.plant.stop(machine, "fault").await.unwrap();
    }
    let fresh = |stop: &&Stop| !before.contains(&stop.id);
    view(world, "a stop of each", |view| {
        (view.stops.iter().filter(fresh).count() == machines.len()).then_some(())
    })
    .await;
    for machine in machines {
        world.plant.run(machine).await.unwrap();
    }
    view(world, "the end of each", |view| {
        let stops = view.stops.iter().filter(fresh).filter(|stop| stop.until_us.is_some());
        let stops: Vec<Stop> = stops.cloned().collect();
        (stops.len() == machines.len()).then_some(stops)
    })
    .await
}

async fn asked(operator: &Operator, command: Command) -> RecordId {
    match operator.ask(command.clone()).await.unwrap() {
        Answer::Saved(accepted) => accepted.record,
        Answer::Refused(why) => panic!("{command:?}: {why}"),
    }
}

#[tokio::test]
async fn a_stop_raises_a_card_and_two_keys_explain_it() {
    let _turn = turn().await;
    let mut world = start("stops::a_card", 1).await;
    let mut screen = Screen::open(&world.terminal.socket()).unwrap();
    screen.shows(&["Headquarters connected", ONE, "RUNNING"]).await.unwrap();
    let (operator, by) = ada(&world).await;
    screen.shows(&["Here: Ada Brandt"]).await.unwrap();
    world.go().await.unwrap();

    world.plant.stop(ONE, "fault").await.unwrap();
    screen.shows(&["Why did it stop?", "Part jammed in the die"]).await.unwrap();
    screen.press("1").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "explained: Part jammed in the die"]).await.unwrap();
    world.plant.run(ONE).await.unwrap();
    screen.shows(&["RUNNING"]).await.unwrap();

    // It was another reason: what was said is taken back, and both are kept.
    screen.press("e").unwrap();
    screen.shows(&["Stops", "Part jammed in the die", "first suggestion"]).await.unwrap();
    screen.press("u").unwrap();
    screen.shows(&["SAVED", "Reason taken back: Part jammed in the die"]).await.unwrap();
    screen.lacks(&["min Part jammed", "s Part jammed"]).await.unwrap();
    screen.press("1").unwrap();
    screen.shows(&["Why did it stop?"]).await.unwrap();
    screen.press("pressure").unwrap();
    screen.shows(&["Hydraulic pressure too low", "Name with “pressure”"]).await.unwrap();
    screen.lacks(&["No coil at the machine"]).await.unwrap();
    screen.press("1").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "explained: Hydraulic pressure too low"]).await.unwrap();

    // Half of it was something else.
    let stop = view(&world, "the stop explained", |view| view.review.explained.first().cloned());
    let stop = stop.await;
    let until = stop.until_us.unwrap();
    let at = Micros(i64::midpoint(stop.from_us.0, until.0));
    asked(&operator, Command::SplitStop { by, stop: stop.id, at }).await;
    // The second part waits for a reason, and says so by itself.
    screen.shows(&["Why did it stop?"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["Why did it stop?"]).await.unwrap();
    screen.press("e").unwrap();
    screen.shows(&["Why did it stop?"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    let list = ["part of a split stop", "Hydraulic pressure too low · part"];
    screen.shows(&list).await.unwrap();
    screen.press(ESCAPE).unwrap();
    world.rest().await.unwrap();
    world.settled().await.unwrap();
    split_in_postgres(&world).await;
}

async fn split_in_postgres(world: &World) {
    let events = "SELECT concat_ws(' ', e.source, e.is_archived, coalesce(e.reason_label, '-'), u.display_name)
        FROM oee_machine_events e LEFT JOIN users u ON u.id = e.created_by
        WHERE e.event_type = 'downtime' ORDER BY e.start_ts, e.source, e.reason_label";
    let expected = [
        "machine t Hydraulic pressure too low Ada Brandt",
        "operator f Hydraulic pressure too low Ada Brandt",
        "operator f - Ada Brandt",
    ];
    assert_eq!(rows(world, events).await, expected);
    let whole = "SELECT (sum(extract(epoch FROM end_ts - start_ts)) FILTER (WHERE is_archived)
            = sum(extract(epoch FROM end_ts - start_ts)) FILTER (WHERE NOT is_archived))::text
        FROM oee_machine_events WHERE event_type = 'downtime'";
    assert_eq!(rows(world, whole).await, ["true"], "no second is lost, none is counted twice");
    let said =
        "SELECT concat_ws(' ', x.reason_label, x.place, x.because, x.withdrawn, x.holds, e.source)
        FROM edge.stop_explanations x JOIN oee_machine_events e ON e.id = x.event_id
        ORDER BY x.explained_at, e.source";
    let said = rows(world, said).await;
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(said[0], "Part jammed in the die 1 listed t f machine");
    assert!(
        said[1].starts_with("Hydraulic pressure too low ") && said[1].ends_with(" f t machine")
    );
    assert_eq!(said[2], "Hydraulic pressure too low f t operator", "it was carried over");
}

#[tokio::test]
async fn stops_become_one_and_several_machines_one_event() {
    let _turn = turn().await;
    let mut world = start("stops::one", 2).await;
    let (operator, by) = ada(&world).await;
    world.go().await.unwrap();
    let first = stand(&mut world, &[ONE]).await.remove(0);
    let second = stand(&mut world, &[ONE]).await.remove(0);
    let both = stand(&mut world, &[ONE, OTHER]).await;
    let [reason, other] = view(&world, "reasons", |view| {
        let groups = &view.reference.as_ref()?.downtime_groups;
        Some([groups[0].reasons[1].id, groups[0].reasons[2].id])
    })
    .await;

    let merged =
        asked(&operator, Command::MergeStops { by, stops: vec![first.id, second.id] }).await;
    let stops = both.iter().map(|stop| stop.id).collect();
    let shared = asked(&operator, Command::ShareStops { by, stops, reason }).await;
    view(&world, "two stops in the place of four", |view| {
        let of = |id| view.stops.iter().chain(&view.review.explained).filter(move |it| it.id == id);
        let gone = [first.id, second.id, both[0].id, both[1].id];
        let left = gone.iter().all(|id| of(*id).next().is_none());
        (left && of(merged).next().is_some() && of(shared).next()?.with.len() == 1).then_some(())
    })
    .await;
    // The merged one is explained, and that is put right by nobody of a lower role.
    asked(
        &operator,
        Command::ExplainStop { by: Some(by), stop: merged, reason: other, comment: None },
    )
    .await;
    let unknown = Command::ExplainStop { by: None, stop: merged, reason, comment: None };
    let refused = operator.ask(unknown).await.unwrap();
    assert!(matches!(refused, Answer::Refused(Refusal::HigherRank { .. })), "{refused:?}");
    // And the event of both machines was none after all.
    let back = Command::TakeBackEvent { by: Some(by), event: shared, comment: None };
    asked(&operator, back).await;
    view(&world, "both stops again", |view| {
        both.iter().all(|stop| view.stops.iter().any(|it| it.id == stop.id)).then_some(())
    })
    .await;
    let stops: Vec<RecordId> = both.iter().map(|stop| stop.id).collect();
    let sweep = Command::ExplainStops { by: Some(by), stops, reason };
    asked(&operator, sweep).await;
    world.rest().await.unwrap();
    world.settled().await.unwrap();

    let events = "SELECT concat_ws(' ', e.source, e.is_archived, coalesce(e.reason_label, '-'),
            (SELECT string_agg(q.code, '+' ORDER BY q.code) FROM oee_machine_event_equipment x
             JOIN oee_equipment q ON q.id = x.equipment_id WHERE x.event_id = e.id))
        FROM oee_machine_events e WHERE e.event_type = 'downtime' ORDER BY 1";
    let pressure = "Hydraulic pressure too low";
    let expected = [
        format!("machine f {pressure} EQ-211"),
        format!("machine f {pressure} EQ-212"),
        "machine t - EQ-211".to_owned(),
        "machine t - EQ-211".to_owned(),
        "operator f Light curtain interrupted EQ-211".to_owned(),
        format!("operator t {pressure} EQ-211+EQ-212"),
    ];
    assert_eq!(rows(&world, events).await, expected);
}
