//! A downtime of everything here.

use super::{stops::Floor, *};
use crate::fact::stop::{EventEnded, Told};

fn begin(floor: &mut Floor) -> RecordId {
    let (by, reason) = (Some(floor.person(0)), floor.reason());
    let begin = Command::BeginDowntime { by, machines: vec![], reason };
    let event = floor.ask(&begin).unwrap();
    assert!(matches!(floor.ask(&begin), Err(Refusal::BadValue { .. })), "it lasts already");
    event
}

fn ended(floor: &Floor) -> Vec<EventEnded> {
    let ended = |fact: &crate::fact::Fact| match &fact.fact {
        Body::EventEnded(ended) => Some(ended.clone()),
        _ => None,
    };
    floor.bench.facts.iter().filter_map(ended).collect()
}

#[test]
fn it_ends_when_the_last_machine_runs_again() {
    let mut floor = Floor::open();
    let first = floor.stops(0, 20);
    let event = begin(&mut floor);
    let second = floor.stops(1, 20);
    let everywhere = floor.stop(event);
    assert_eq!((everywhere.told, everywhere.label()), (Some(Told::Site), Some("Infeed jam")));
    assert_eq!(everywhere.from.at.wall_us, floor.stop(first).from.at.wall_us, "it began with it");
    assert_eq!(everywhere.with, [floor.bench.equipment(1)]);
    let plant = &floor.bench.engine.plant;
    assert_eq!(plant.covering(floor.stop(first)), Some(event));
    assert_eq!(plant.covering(floor.stop(second)), Some(event));
    floor.runs(0);
    assert!(floor.stop(event).lasts_everywhere(), "the other one stands");
    floor.runs(1);
    let end = |id| floor.stop(id).until.as_ref().unwrap().at.wall_us;
    assert_eq!(end(event), end(second));
    assert!(!floor.stop(first).stands() && !floor.stop(second).stands());
    assert_eq!(ended(&floor).len(), 1);
    // Taken back, the machines' own stops stand again.
    let by = Some(floor.person(0));
    floor.ask(&Command::TakeBackEvent { by, event, comment: None }).unwrap();
    assert!(floor.stop(first).stands() && floor.stop(second).stands());
    assert_eq!(floor.bench.replayed(), floor.bench.engine.plant);
}

#[test]
fn what_still_stands_when_somebody_ends_it_goes_on_for_the_same_reason() {
    let mut floor = Floor::open();
    let anna = Some(floor.person(0));
    let over = floor.stops(0, 20);
    let event = begin(&mut floor);
    floor.stops(1, 5);
    floor.runs(0);
    let own = floor.stops(0, 5);
    floor.explain(anna, own).unwrap();
    let stands = floor.bench.engine.plant.interval(floor.bench.equipment(1)).unwrap().record;
    floor.ask(&Command::EndDowntime { by: anna, event }).unwrap();
    assert_eq!(ended(&floor)[0].of, [over], "what has a reason of its own keeps it");
    assert!(floor.stop(stands).stands());
    assert_eq!(floor.stop(stands).label(), Some("Infeed jam"));
    let again = floor.ask(&Command::EndDowntime { by: anna, event });
    assert_eq!(again, Err(Refusal::NoSuchStop));
    assert_eq!(floor.bench.replayed(), floor.bench.engine.plant);
}

#[test]
fn what_ran_on_is_none_of_its_machines() {
    let mut floor = Floor::open();
    let anna = Some(floor.person(0));
    floor.runs(1);
    floor.stops(0, 5);
    let event = begin(&mut floor);
    // The other machine runs on, which does not end it.
    floor.bench.sample(floor.now, 1, "status", Value::Bit(true));
    assert!(floor.stop(event).lasts_everywhere());
    floor.runs(0);
    let (first, other) = (floor.bench.equipment(0), floor.bench.equipment(1));
    assert_eq!(ended(&floor)[0].ran, [other]);
    assert_eq!((floor.stop(event).equipment, &*floor.stop(event).with), (first, &[][..]));
    // Where nothing stood at all, there was none.
    let nothing = begin(&mut floor);
    floor.ask(&Command::EndDowntime { by: anna, event: nothing }).unwrap();
    assert!(!floor.bench.engine.plant.stops.contains_key(&nothing));
    assert_eq!(floor.bench.replayed(), floor.bench.engine.plant);
}
