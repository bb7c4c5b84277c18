//! What people say of stops, and what becomes of the stops themselves.

use super::*;
use crate::{
    command::Was,
    fact::{
        correction::{Amendment, Correctable, Corrected, CorrectionSeen, Downtime},
        stop::{Because, Told},
    },
    id::{ReasonId, UserId},
    plant::Stop,
};
use MachineState as S;

const HOUR: i64 = 3_600_000;

/// Anna is an operator, Ben a supervisor; both are clocked in.
pub(super) struct Floor {
    pub(super) bench: Bench,
    pub(super) now: i64,
}

impl Floor {
    pub(super) fn open() -> Self {
        let mut bench = Bench::new();
        let station = bench.reference.stations[0].id;
        for badge in ["1001", "1002"] {
            let command = Command::ClockIn { badge: badge.into(), station };
            bench.command(1, &command).unwrap();
        }
        Self { bench, now: 100 }
    }

    pub(super) fn person(&self, n: usize) -> UserId {
        self.bench.reference.people[n].id
    }

    pub(super) fn reason(&self) -> ReasonId {
        self.bench.reference.downtime_groups[0].reasons[0].id
    }

    /// The machine runs for a second and stands for so many seconds; the stop.
    pub(super) fn stops(&mut self, machine: usize, seconds: i64) -> RecordId {
        for status in [true, false] {
            for _ in 0..2 {
                self.bench.sample(self.now, machine, "status", Value::Bit(status));
                self.now += 600;
            }
        }
        let equipment = self.bench.equipment(machine);
        let stop = self.bench.engine.plant.interval(equipment).unwrap().record;
        for _ in 0..seconds {
            self.bench.sample(self.now, machine, "status", Value::Bit(false));
            self.now += 1_000;
        }
        stop
    }

    pub(super) fn runs(&mut self, machine: usize) {
        for _ in 0..2 {
            self.bench.sample(self.now, machine, "status", Value::Bit(true));
            self.now += 600;
        }
    }

    pub(super) fn ask(&mut self, command: &Command) -> Result<RecordId, Refusal> {
        self.now += 1;
        self.bench.command(self.now, command)
    }

    pub(super) fn explain(
        &mut self,
        by: Option<UserId>,
        stop: RecordId,
    ) -> Result<RecordId, Refusal> {
        let reason = self.reason();
        self.ask(&Command::ExplainStop { by, stop, reason, comment: None })
    }

    pub(super) fn stop(&self, id: RecordId) -> &Stop {
        &self.bench.engine.plant.stops[&id]
    }

    /// Stops that stand, with their lengths in seconds.
    fn standing(&self) -> Vec<(Option<Told>, i64)> {
        let plant = &self.bench.engine.plant;
        let standing = plant.stops.values().filter(|stop| stop.stands());
        let mut all: Vec<_> = standing
            .map(|stop| (stop.from.at.wall_us, stop.told, stop.lasts(&plant.head_at) / 1_000_000))
            .collect();
        all.sort_by_key(|(from, ..)| *from);
        all.into_iter().map(|(_, told, seconds)| (told, seconds)).collect()
    }
}

#[test]
fn nobody_overrules_a_higher_role_and_nobody_but_a_supervisor_the_last_shift() {
    let mut floor = Floor::open();
    let stop = floor.stops(0, 3);
    let (anna, ben) = (Some(floor.person(0)), Some(floor.person(1)));
    floor.explain(None, stop).unwrap();
    floor.explain(anna, stop).unwrap();
    // Her own, as often as she likes.
    floor.explain(anna, stop).unwrap();
    assert!(matches!(floor.explain(None, stop), Err(Refusal::HigherRank { .. })));
    floor.explain(ben, stop).unwrap();
    let refused = Refusal::HigherRank { label: "Infeed jam".into() };
    assert_eq!(floor.explain(anna, stop), Err(refused));

    let second = floor.stops(0, 3);
    floor.explain(anna, second).unwrap();
    floor.now += 13 * HOUR;
    assert_eq!(floor.explain(anna, second), Err(Refusal::SupervisorNeeded));
    assert_eq!(floor.explain(ben, second), Err(Refusal::WhyNeeded));
    let reason = floor.reason();
    let comment = Some("seen on the film".to_owned());
    floor.ask(&Command::ExplainStop { by: ben, stop: second, reason, comment }).unwrap();
    assert_eq!(floor.stop(second).said.len(), 2, "both are kept");
    // What nobody explained can be explained whenever somebody knows.
    let third = floor.stops(1, 3);
    floor.now += 13 * HOUR;
    floor.explain(anna, third).unwrap();
    assert_eq!(floor.bench.replayed(), floor.bench.engine.plant);
}

#[test]
fn an_explanation_that_is_withdrawn_leaves_the_one_before() {
    let mut floor = Floor::open();
    let stop = floor.stops(0, 3);
    let (anna, ben) = (Some(floor.person(0)), Some(floor.person(1)));
    floor.explain(anna, stop).unwrap();
    floor.explain(ben, stop).unwrap();
    let withdraw = |by| Command::WithdrawExplanation { by, stop, comment: None };
    assert!(matches!(floor.ask(&withdraw(anna)), Err(Refusal::HigherRank { .. })));
    floor.ask(&withdraw(ben)).unwrap();
    assert_eq!(floor.stop(stop).holds().map(|said| said.rank), Some(1));
    floor.ask(&withdraw(anna)).unwrap();
    assert_eq!(floor.stop(stop).label(), None);
    assert_eq!(floor.ask(&withdraw(anna)), Err(Refusal::NothingToUndo));
    let given = floor.bench.equipment(0);
    assert!(floor.bench.engine.plant.machines[&given].given.is_empty(), "and nothing is learnt");
    assert_eq!(floor.bench.replayed(), floor.bench.engine.plant);
}

#[test]
fn a_stop_is_split_and_whole_again() {
    let mut floor = Floor::open();
    let stop = floor.stops(0, 10);
    let anna = floor.person(0);
    floor.explain(Some(anna), stop).unwrap();
    let from = floor.stop(stop).from.at.wall_us;
    let at = Micros(from.0 + 4_000_000);
    let split = Command::SplitStop { by: anna, stop, at };
    assert_eq!(floor.ask(&split), Err(Refusal::StopLasts));
    floor.runs(0);
    let outside = Command::SplitStop { by: anna, stop, at: Micros(from.0) };
    assert!(matches!(floor.ask(&outside), Err(Refusal::BadValue { .. })));
    let part = floor.ask(&split).unwrap();
    let whole = floor.stop(stop).lasts(&moment(0)) / 1_000_000;
    assert_eq!(floor.standing(), [(Some(Told::Part), 4), (Some(Told::Part), whole - 4)]);
    assert_eq!(floor.ask(&split), Err(Refusal::NoSuchStop), "it is split already");
    // The first part keeps the reason, the second waits for one, and can be split again.
    let plant = &floor.bench.engine.plant;
    let second = *plant.stops.iter().find(|(id, it)| it.of == [stop] && **id != part).unwrap().0;
    assert_eq!(floor.stop(part).label(), Some("Infeed jam"));
    assert_eq!(floor.stop(second).label(), None);
    floor.explain(Some(anna), second).unwrap();
    let again = Command::SplitStop { by: anna, stop: second, at: Micros(at.0 + 1_000_000) };
    let third = floor.ask(&again).unwrap();
    assert_eq!(floor.standing().len(), 3);
    let back = |event| Command::TakeBackEvent { by: Some(anna), event, comment: None };
    assert_eq!(floor.ask(&back(part)), Err(Refusal::NothingToUndo), "the last first");
    floor.ask(&back(third)).unwrap();
    floor.ask(&back(second)).unwrap();
    assert_eq!(floor.standing(), [(None, whole)]);
    assert_eq!(floor.stop(stop).label(), Some("Infeed jam"));
    assert_eq!(floor.bench.replayed(), floor.bench.engine.plant);
}

#[test]
fn what_headquarters_said_is_not_withdrawn_here_and_goes_with_a_part() {
    let mut floor = Floor::open();
    let stop = floor.stops(0, 10);
    floor.runs(0);
    let (anna, ben) = (floor.person(0), floor.person(1));
    floor.explain(Some(anna), stop).unwrap();
    let said = floor.stop(stop).said[0].clone();
    let downtime = Downtime {
        reason: said.reason,
        label: "No film".into(),
        group_type: said.group_type.clone(),
    };
    let corrected = Corrected {
        record: stop,
        kind: Correctable::Stop,
        rank: said.rank + 1,
        reason: None,
        before: Amendment::default(),
        after: Amendment { downtime: Some(downtime), ..Amendment::default() },
    };
    let seen = CorrectionSeen {
        correction: Uuid::from_u128(1),
        origin: floor.bench.engine.plant.origin,
        seq: 1,
        made: said.at,
        by: Some(ben),
        corrected,
        here: None,
        seal: None,
    };
    let seen = super::super::Event::new(Body::CorrectionSeen(seen));
    floor.bench.engine.draft(&moment(floor.now), seen);
    floor.bench.collect();
    let withdraw = Command::WithdrawExplanation { by: Some(ben), stop, comment: None };
    assert_eq!(floor.ask(&withdraw), Err(Refusal::NothingToUndo));
    assert_eq!(floor.stop(stop).label(), Some("No film"));
    let at = Micros(floor.stop(stop).from.at.wall_us.0 + 4_000_000);
    let part = floor.ask(&Command::SplitStop { by: ben, stop, at }).unwrap();
    assert_eq!(floor.stop(part).label(), Some("No film"));
}

#[test]
fn all_parts_are_taken_back_known_or_not() {
    let mut floor = Floor::open();
    let stop = floor.stops(0, 10);
    floor.runs(0);
    let anna = floor.person(0);
    let at = Micros(floor.stop(stop).from.at.wall_us.0 + 4_000_000);
    let part = floor.ask(&Command::SplitStop { by: anna, stop, at }).unwrap();
    let parts = floor.stop(stop).replaced.clone();
    // Headquarters took it out.
    floor.bench.engine.plant.stops.remove(&part);
    let event = *parts.iter().find(|id| **id != part).unwrap();
    floor.ask(&Command::TakeBackEvent { by: Some(anna), event, comment: None }).unwrap();
    assert!(floor.stop(stop).stands());
    let back = floor.bench.facts.iter().filter_map(|fact| match &fact.fact {
        Body::EventTakenBack(back) => Some(back.event),
        _ => None,
    });
    assert_eq!(back.collect::<std::collections::BTreeSet<_>>(), parts);
}

#[test]
fn what_was_split_is_forgotten_together() {
    let mut floor = Floor::open();
    let stop = floor.stops(0, 10);
    floor.runs(0);
    let anna = floor.person(0);
    let at = Micros(floor.stop(stop).from.at.wall_us.0 + 4_000_000);
    floor.ask(&Command::SplitStop { by: anna, stop, at }).unwrap();
    for _ in 0..98 {
        floor.stops(0, 1);
    }
    assert_eq!(floor.bench.engine.plant.stops.len(), 101, "what was split counts as its parts");
    floor.stops(0, 1);
    let plant = &floor.bench.engine.plant;
    assert_eq!(plant.stops.len(), 99);
    assert!(plant.stops.values().all(|stop| stop.told.is_none() && stop.stands()));
}

#[test]
fn neighbours_become_one_and_others_do_not() {
    let mut floor = Floor::open();
    let anna = floor.person(0);
    let first = floor.stops(0, 5);
    let second = floor.stops(0, 20);
    let other = floor.stops(1, 5);
    let third = floor.stops(0, 5);
    floor.runs(0);
    floor.runs(1);
    let merge = |stops: &[RecordId]| Command::MergeStops { by: anna, stops: stops.to_vec() };
    for wrong in [&[first][..], &[first, other], &[first, third]] {
        assert_eq!(floor.ask(&merge(wrong)), Err(Refusal::NotNeighbours), "{wrong:?}");
    }
    floor.explain(Some(anna), second).unwrap();
    let one = floor.ask(&merge(&[second, first])).unwrap();
    let merged = floor.stop(one);
    assert_eq!((merged.told, merged.label()), (Some(Told::Merged), Some("Infeed jam")));
    assert_eq!(merged.from, Moment::by_wall(floor.stop(first).from.at.wall_us));
    assert_eq!(floor.standing().len(), 3);
    // What two became is explained, and only what stands beside it waits.
    let now = moment(floor.now);
    assert_eq!(floor.bench.engine.card(0, &now).stops, 2);
    let back = Command::TakeBackEvent { by: Some(anna), event: one, comment: None };
    floor.ask(&back).unwrap();
    assert_eq!(floor.standing().len(), 4);
    assert_eq!(floor.ask(&back), Err(Refusal::NothingToUndo));
    assert_eq!(floor.bench.replayed(), floor.bench.engine.plant);
}

#[test]
fn one_reason_holds_up_several_machines() {
    let mut floor = Floor::open();
    let (anna, reason) = (floor.person(0), floor.reason());
    let early = floor.stops(0, 5);
    let one = floor.stops(0, 5);
    let other = floor.stops(1, 5);
    floor.bench.sample(floor.now, 0, "status", Value::Bit(false));
    floor.runs(0);
    floor.runs(1);
    let share =
        |stops: &[RecordId]| Command::ShareStops { by: anna, stops: stops.to_vec(), reason };
    assert_eq!(floor.ask(&share(&[early, other])), Err(Refusal::NotNeighbours), "not at once");
    let event = floor.ask(&share(&[one, other])).unwrap();
    let shared = floor.stop(event);
    assert_eq!(
        (shared.equipment, &*shared.with),
        (floor.bench.equipment(0), &[floor.bench.equipment(1)][..],)
    );
    assert_eq!(shared.label(), Some("Infeed jam"));
    assert_eq!(floor.standing().len(), 2);
    assert_eq!(floor.bench.replayed(), floor.bench.engine.plant);
}

#[test]
fn a_sweep_is_one_fact_for_each_stop_that_still_waits() {
    let mut floor = Floor::open();
    let (anna, reason) = (floor.person(0), floor.reason());
    let stops = [0, 1, 0].map(|machine| floor.stops(machine, 3));
    floor.explain(Some(anna), stops[1]).unwrap();
    let gone = RecordId(Uuid::from_u128(4));
    let facts = floor.bench.facts.len();
    let all = [stops[0], stops[1], stops[2], gone].to_vec();
    let sweep = Command::ExplainStops { by: Some(anna), stops: all, reason };
    floor.ask(&sweep).unwrap();
    let explained = floor.bench.facts[facts..].iter();
    let explained: Vec<_> = explained
        .filter_map(|fact| match &fact.fact {
            Body::StopExplained { stop, choice, .. } => Some((*stop, choice.unwrap().place)),
            _ => None,
        })
        .collect();
    assert_eq!(explained, [(stops[0], 1), (stops[2], 1)]);
    assert_eq!(floor.ask(&sweep), Err(Refusal::NoSuchStop), "nothing waits any more");
    let offered = floor.bench.engine.plant.offered;
    assert_eq!((offered.given, offered.first), (3, 3));
}

/// The terminal is switched off for ten minutes while the first machine runs.
fn power_cut() -> (Floor, RecordId) {
    let mut floor = Floor::open();
    floor.runs(0);
    let plant = floor.bench.engine.plant.clone();
    let map = Arc::clone(&floor.bench.engine.map);
    let alive = moment(floor.now);
    floor.now += 600_000;
    floor.bench.engine = Engine::new(plant, map, "T-07".into());
    floor.bench.engine.set_reference(Arc::clone(&floor.bench.reference));
    floor.bench.engine.start("1", Some(&alive), &moment(floor.now));
    floor.bench.collect();
    floor.runs(0);
    let blinds = &floor.bench.engine.plant.blinds;
    assert_eq!(blinds.len(), 1, "the second machine was never seen: {blinds:?}");
    let blind = *blinds.keys().next().unwrap();
    (floor, blind)
}

#[test]
fn a_blind_time_is_what_somebody_says_it_was_or_stays_unknown() {
    let (mut floor, blind) = power_cut();
    let tell = |was| Command::TellBlind { by: None, blind, was };
    let stops = floor.bench.engine.plant.stops.len();
    let ran = floor.ask(&tell(Was::Running)).unwrap();
    assert_eq!(floor.bench.engine.plant.stops.len(), stops, "a run is no stop");
    assert_eq!(floor.ask(&tell(Was::Unknown)), Err(Refusal::NoSuchStop), "it was told already");
    floor.ask(&Command::TakeBackEvent { by: None, event: ran, comment: None }).unwrap();
    let reason = floor.reason();
    let down = floor.ask(&tell(Was::Down(reason))).unwrap();
    let stop = floor.stop(down);
    assert_eq!((stop.told, stop.label()), (Some(Told::Blind), Some("Infeed jam")));
    assert_eq!(stop.lasts(&moment(0)), 600_000_000);
    floor.ask(&Command::TakeBackEvent { by: None, event: down, comment: None }).unwrap();
    floor.ask(&tell(Was::Unknown)).unwrap();
    assert_eq!(floor.bench.replayed(), floor.bench.engine.plant);
}

#[test]
fn what_was_chosen_says_where_it_stood() {
    let mut floor = Floor::open();
    let stop = floor.stops(0, 3);
    floor.explain(None, stop).unwrap();
    let second = floor.stops(0, 3);
    floor.explain(None, second).unwrap();
    let choices: Vec<_> = floor
        .bench
        .facts
        .iter()
        .filter_map(|fact| match &fact.fact {
            Body::StopExplained { choice, .. } => choice.map(|it| (it.place, it.because)),
            _ => None,
        })
        .collect();
    assert_eq!(choices, [(1, Because::Listed), (1, Because::Favourite)]);
    assert_eq!(floor.bench.states(0).last().unwrap().0, S::Stopped);
}
