//! The same map over the same readings changes nothing; a corrected one changes what it decides.

use super::*;
use crate::{
    counter::CounterShape,
    fact::{Fact, replay::Carried},
    id::{ReasonId, RecordId},
    map::{CounterMap, Habits, MachineMap},
    rule::{Condition, Rule, Test},
    signal::{Quality, Value},
    time::Boot,
};
use proptest::prelude::*;

const EQUIPMENT: EquipmentId = EquipmentId(Uuid::from_u128(1));
const WALL: i64 = 1_700_000_000_000_000;
const SECOND: i64 = 1_000_000;

/// A machine that is told by a bit, which must hold for so long before it counts.
fn map(name: &str, hold_us: i64) -> Arc<Map> {
    let when = vec![Condition::new("runs", Test::Is(Value::Bit(true)))];
    let rule = Rule { name: "runs".into(), when, state: MachineState::Running, hold_us };
    let machine = MachineMap {
        equipment: EQUIPMENT,
        station: None,
        signals: vec![],
        counters: vec![CounterMap {
            signal: "good".into(),
            kind: CounterKind::Good,
            shape: CounterShape { wraps_at: None, max_per_s: 10.0 },
        }],
        rules: vec![rule],
        otherwise: MachineState::Stopped,
        stale_us: 5 * SECOND,
        habits: Habits { minimum_stop_us: hold_us, ..Habits::default() },
    };
    Arc::new(Map { fingerprint: name.into(), machines: vec![machine] })
}

fn moment(micros: i64) -> Moment {
    let at = Stamp { wall_us: Micros(WALL + micros), mono_us: micros };
    Moment { at, boot: Boot("b".into()) }
}

/// What the machine says second by second: whether it runs; `None` where it does not answer.
type Story = Vec<Option<bool>>;

fn samples(story: &Story) -> Vec<(i64, Vec<Sample>)> {
    let mut parts = 100;
    let mut all = Vec::new();
    for (second, runs) in (1_i64..).zip(story) {
        let Some(runs) = *runs else { continue };
        parts += i64::from(runs);
        let at = second * SECOND;
        let sample = |signal: &str, value| Sample {
            machine: 0,
            signal: signal.into(),
            value,
            quality: Quality::Good,
            at: moment(at).at,
            again: false,
        };
        let both = vec![sample("runs", Value::Bit(runs)), sample("good", Value::Whole(parts))];
        all.push((at, both));
    }
    all
}

/// What a terminal records of it that lives with `map`.
fn live(map: &Arc<Map>, story: &Story) -> Vec<Fact> {
    let origin = Origin { terminal: TerminalId(Uuid::nil()), incarnation: Incarnation(7) };
    let mut engine = Engine::new(Plant::new(origin), Arc::clone(map), "T".into());
    engine.begin_log(&moment(0));
    engine.start("0", None, &moment(0));
    let samples = samples(story);
    let mut next = samples.iter().peekable();
    let end = i64::try_from(story.len()).unwrap() * SECOND + SECOND / 2;
    let mut now = 0;
    while now < end {
        now += SECOND / 5;
        while let Some((at, both)) = next.next_if(|(at, _)| *at <= now) {
            engine.on_samples(both, &moment(*at + 1_000));
        }
        engine.on_time(&moment(now + 2_000));
    }
    (1..).zip(engine.take_drafts()).map(|(seq, draft)| draft.seal(seq)).collect()
}

fn origin() -> Origin {
    Origin { terminal: TerminalId(Uuid::nil()), incarnation: Incarnation(7) }
}

fn written(facts: &[Fact]) -> Written {
    let mut written = Written::default();
    for fact in facts {
        let id = origin().record(fact.seq);
        match &fact.fact {
            Body::StateChanged { state, from, rule, map, detail, .. } => {
                if let Some(last) = written.intervals.last_mut() {
                    last.until = Some(from.wall_us);
                }
                written.intervals.push(Recorded {
                    id,
                    station: None,
                    state: *state,
                    from: from.wall_us,
                    until: None,
                    rule: rule.clone(),
                    map: map.clone(),
                    detail: detail.clone(),
                    explained: None,
                });
            },
            Body::Counted(counted) => {
                written.counts.push(Count::from(counted));
            },
            _ => {},
        }
    }
    written
}

fn replayed(map: &Arc<Map>, story: &Story, from: usize) -> Derived {
    let mut replay = Replay::new(Arc::clone(map), Bases::new());
    replay.begin(moment(0));
    for (_, both) in samples(story).iter().skip(from) {
        replay.samples(both, None);
    }
    replay.pass(moment(i64::try_from(story.len()).unwrap() * SECOND + SECOND / 2).at);
    replay.finish().remove(&EQUIPMENT).unwrap_or_default()
}

fn always() -> (Micros, Micros) {
    (Micros(WALL), Micros(WALL + 1_000_000 * SECOND))
}

fn story() -> impl Strategy<Value = Story> {
    let stretch = (
        prop_oneof![
        4 => Just(Some(true)), 4 => Just(Some(false)), 1 => Just(None)],
        1..12_usize,
    );
    prop::collection::vec(stretch, 1..30).prop_map(|all| {
        all.into_iter().flat_map(|(runs, seconds)| std::iter::repeat_n(runs, seconds)).collect()
    })
}

/// The line of time that is left when the changes are made.
fn changed(written: &Written, difference: &Difference) -> Vec<(MachineState, i64, i64)> {
    let gone = |id: RecordId| difference.changes.iter().any(|change| change.record == Some(id));
    let kept = written.intervals.iter().filter(|interval| !gone(interval.id));
    let kept = kept.filter_map(|it| Some((it.state, it.from.0, it.until?.0)));
    let now = difference.changes.iter().filter_map(|change| change.now.as_ref());
    let now = now.map(|event| (event.state, event.from.0, event.until.0));
    let mut line: Vec<_> = kept.chain(now).filter(|(_, from, until)| from < until).collect();
    line.sort_by_key(|(_, from, _)| *from);
    line
}

proptest! {
    #[test]
    fn the_same_map_over_the_same_readings_changes_nothing(story in story(), hold in 0..4_i64) {
        let map = map("a", hold * SECOND);
        let written = written(&live(&map, &story));
        let derived = replayed(&map, &story, 0);
        let difference = difference((EQUIPMENT, "a"), &written, &derived, always());
        prop_assert_eq!(&difference.changes, &vec![]);
        for (state, (before, now)) in &difference.states {
            prop_assert_eq!(before.times, now.times, "{:?}", state);
        }
        for part in difference.parts.values() {
            prop_assert_eq!(part.before, part.now);
        }
    }

    #[test]
    fn what_is_accepted_is_what_the_other_map_would_have_recorded(
        story in story(), wrong in 0..3_i64, right in 0..6_i64,
    ) {
        let (wrong, right) = (map("wrong", wrong * SECOND), map("right", right * SECOND));
        let recorded = written(&live(&wrong, &story));
        let wanted = written(&live(&right, &story));
        let derived = replayed(&right, &story, 0);
        let difference = difference((EQUIPMENT, "right"), &recorded, &derived, always());
        let line = changed(&recorded, &difference);
        // What lasts at the end is left as it is, so the lines are compared up to there.
        let end = line.last().map_or(0, |(.., until)| *until);
        let wanted = wanted.intervals.iter();
        let wanted: Vec<_> = wanted
            .map(|it| (it.state, it.from.0, it.until.map_or(i64::MAX, |until| until.0).min(end)))
            .filter(|(_, from, until)| until - from > 50_000)
            .collect();
        let near = |a: i64, b: i64| (a - b).abs() <= 50_000;
        prop_assert!(
            line.len() == wanted.len()
                && line.iter().zip(&wanted).all(|(a, b)| {
                    a.0 == b.0 && near(a.1, b.1) && near(a.2, b.2)
                }),
            "{line:?}\n{wanted:?}"
        );
    }

    #[test]
    fn where_no_readings_are_left_nothing_is_said(story in story(), from in 0..60_usize) {
        let (wrong, right) = (map("wrong", 0), map("right", 3 * SECOND));
        let recorded = written(&live(&wrong, &story));
        let derived = replayed(&right, &story, from);
        let until = derived.pieces.first().map_or(i64::MAX, |piece| piece.from.0);
        let difference = difference((EQUIPMENT, "right"), &recorded, &derived, always());
        let line = changed(&recorded, &difference);
        for interval in recorded.intervals.iter().filter(|it| it.from != it.until.unwrap_or(it.from)) {
            let Some(end) = interval.until.filter(|end| end.0 + 50_000 <= until) else { continue };
            prop_assert!(line.contains(&(interval.state, interval.from.0, end.0)));
        }
    }
}

fn explained(label: &str) -> Option<Carried> {
    Some(Carried {
        stop: RecordId(Uuid::nil()),
        seq: 1,
        at: Micros(WALL),
        by: None,
        reason: ReasonId(Uuid::nil()),
        label: label.into(),
        group_type: "unplanned".into(),
        rank: 0,
    })
}

/// Runs 10 s, then stops for 3, 2 and 6 s with seconds of running in between, then runs.
fn flutter() -> Story {
    let runs = |runs, seconds| std::iter::repeat_n(Some(runs), seconds);
    [(true, 10), (false, 3), (true, 1), (false, 2), (true, 1), (false, 6), (true, 20), (false, 9)]
        .into_iter()
        .flat_map(|(on, seconds)| runs(on, seconds))
        .collect()
}

#[test]
fn stops_that_become_one_hand_their_explanations_on_by_overlap() {
    let (wrong, right) = (map("wrong", 0), map("right", 2 * SECOND));
    let mut recorded = written(&live(&wrong, &flutter()));
    let stops: Vec<usize> = (0..recorded.intervals.len())
        .filter(|n| recorded.intervals[*n].state == MachineState::Stopped)
        .collect();
    assert_eq!(stops.len(), 4);
    recorded.intervals[stops[0]].explained = explained("jam");
    recorded.intervals[stops[1]].explained = explained("tool");
    let derived = replayed(&right, &flutter(), 0);
    let difference = difference((EQUIPMENT, "right"), &recorded, &derived, always());
    let (before, now) = difference.states[&MachineState::Stopped];
    assert_eq!((before.times, now.times), (3, 1), "the last one lasts: {difference:#?}");
    let one = difference.changes.iter().find(|change| change.explained.is_some()).unwrap();
    assert_eq!(one.explained.as_ref().unwrap().label, "jam", "three of its seconds, not two");
    assert_eq!(one.record, Some(recorded.intervals[stops[2]].id), "six of its seconds");
    let lost: Vec<&str> =
        difference.not_carried.iter().map(|lost| lost.explained.label.as_str()).collect();
    assert_eq!(lost, ["tool"]);
    let gone = difference.changes.iter().filter(|change| change.now.is_none());
    assert!(gone.clone().all(|change| change.instead.is_some()));
    assert_eq!(gone.count(), 4, "two stops and the seconds of running between them");
}

#[test]
fn a_stop_in_the_middle_of_what_is_gone_splits_what_was_recorded() {
    // The map took everything for running; the right one sees a stop.
    let story = flutter();
    let wrong = map("wrong", 100 * SECOND);
    let recorded = written(&live(&wrong, &story));
    let derived = replayed(&map("right", 0), &story, 0);
    let until = Micros(WALL + 30 * SECOND);
    let difference = difference((EQUIPMENT, "right"), &recorded, &derived, (always().0, until));
    // The only interval lasts, so it is left to the map in force.
    assert_eq!(difference.changes, []);
}
