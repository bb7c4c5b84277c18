//! What is otherwise: the states of one machine as recorded, beside those that were derived again.
//!
//! Both are cut into one line of time: derived where readings are left, recorded everywhere else.
//! An event that is the same within the jitter of two clocks is kept. One of the same state that
//! overlaps most keeps its name and gets other bounds; what has no counterpart never was, or is new.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::{Count, Derived, Piece, Recorded, Written};
use crate::{
    counter::{CounterKind, Verdict},
    fact::replay::{Carried, Event},
    id::{EquipmentId, RecordId},
    machine::MachineState,
    time::Micros,
};

/// Bounds that differ by less are the same, and a shorter piece is none, microseconds.
const JITTER_US: i64 = 50_000;

/// One event that is otherwise.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which machine.
    pub equipment: EquipmentId,
    /// The event as recorded; `None` for one that is new.
    pub record: Option<RecordId>,
    /// How it was recorded.
    pub before: Option<(MachineState, Micros, Micros)>,
    /// How it is; `None` where it never was.
    pub now: Option<Event>,
    /// What stands in its place.
    pub instead: Option<Place>,
    /// The explanation of another stop that holds for it now.
    pub explained: Option<Carried>,
}

/// An event in the new line of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// One that was recorded.
    Record(RecordId),
    /// The change with this place in the list.
    Change(usize),
}

/// An explanation that holds for no stop any more. It stays with the stop that never was.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NotCarried {
    /// What a person said.
    pub explained: Carried,
    /// The stop that it was said of.
    pub from: Micros,
    /// Until when that lasted.
    pub until: Micros,
    /// Why it holds no more, in words.
    pub because: String,
}

/// How often and how long a machine was in one state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Share {
    /// How often.
    pub times: u32,
    /// How long in all, microseconds.
    pub micros: i64,
}

/// A stretch of what is counted: as recorded, as derived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Part {
    /// Parts as recorded.
    pub before: i64,
    /// Parts as derived.
    pub now: i64,
}

/// What is otherwise with one machine.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Difference {
    /// Events that are as they were recorded.
    pub kept: u32,
    /// Events that are otherwise.
    pub changes: Vec<Change>,
    /// Explanations that hold no more.
    pub not_carried: Vec<NotCarried>,
    /// Each state as recorded and as derived.
    pub states: BTreeMap<MachineState, (Share, Share)>,
    /// Parts in the time that readings are left of.
    pub parts: BTreeMap<CounterKind, Part>,
}

/// Compares what was `written` about a machine with what was `derived` again for the time from
/// `from` to `until` by the map with the fingerprint `map`. What lasts still is left to the map in
/// force.
pub fn difference(
    (equipment, map): (EquipmentId, &str),
    written: &Written,
    derived: &Derived,
    (from, until): (Micros, Micros),
) -> Difference {
    let lasting = written.intervals.iter().find(|interval| interval.until.is_none());
    let until = lasting.map_or(until, |lasting| until.min(lasting.from));
    let closed: Vec<(&Recorded, Micros)> = written
        .intervals
        .iter()
        .filter_map(|interval| Some((interval, interval.until?)))
        .filter(|(interval, end)| *end > interval.from)
        .collect();
    let known = closed.first().map_or(until, |(first, _)| first.from);
    let covered: Vec<Piece> = derived
        .pieces
        .iter()
        .map(|piece| Piece {
            from: piece.from.max(from).max(known),
            until: piece.until.min(until),
            ..piece.clone()
        })
        .filter(|piece| piece.until > piece.from)
        .collect();
    let line = Line::of(&closed, &covered);
    let mut matched = line.matched(&closed);
    let mut difference = Difference { kept: matched.kept, ..Difference::default() };
    difference.parts = parts(written, &derived.counts, &covered);
    difference.states = states(&closed, &line, (from, until));
    matched.explain(&closed, &line, &mut difference.not_carried);
    difference.changes = matched.changes((equipment, map), written, &closed, &line);
    difference
}

/// Where a stretch of the new line comes from.
#[derive(Clone, PartialEq, Debug)]
enum Source {
    /// The recorded interval with this place.
    Recorded(usize),
    /// What was derived.
    Derived(Piece),
}

/// A stretch of the new line of time.
#[derive(Clone, PartialEq, Debug)]
struct Stretch {
    state: MachineState,
    from: Micros,
    until: Micros,
    source: Source,
}

impl Stretch {
    fn overlap(&self, from: Micros, until: Micros) -> i64 {
        (self.until.min(until).0 - self.from.max(from).0).max(0)
    }
}

/// The new line of time.
struct Line(Vec<Stretch>);

impl Line {
    fn of(closed: &[(&Recorded, Micros)], covered: &[Piece]) -> Self {
        let mut all: Vec<Stretch> = covered
            .iter()
            .map(|piece| Stretch {
                state: piece.state,
                from: piece.from,
                until: piece.until,
                source: Source::Derived(piece.clone()),
            })
            .collect();
        for (place, (interval, end)) in closed.iter().enumerate() {
            let mut from = interval.from;
            let mut rest = |from: Micros, until: Micros| {
                if until > from {
                    let source = Source::Recorded(place);
                    all.push(Stretch { state: interval.state, from, until, source });
                }
            };
            for piece in covered.iter().filter(|p| p.until > interval.from && p.from < *end) {
                rest(from, piece.from);
                from = from.max(piece.until);
            }
            rest(from, *end);
        }
        all.sort_by_key(|stretch| stretch.from);
        Self(joined(all, closed))
    }

    /// Which recorded interval each stretch is.
    fn matched(&self, closed: &[(&Recorded, Micros)]) -> Matched {
        let mut matched = Matched {
            kept: 0,
            of: vec![None; self.0.len()],
            same: BTreeSet::new(),
            explained: vec![None; self.0.len()],
        };
        let mut pairs = Vec::new();
        for (place, stretch) in self.0.iter().enumerate() {
            for (number, (interval, end)) in closed.iter().enumerate() {
                let overlap = stretch.overlap(interval.from, *end);
                if stretch.state != interval.state || overlap == 0 {
                    continue;
                }
                let same = near(stretch.from, interval.from) && near(stretch.until, *end);
                pairs.push((!same, -overlap, place, number));
            }
        }
        pairs.sort_unstable();
        let mut taken = BTreeSet::new();
        for (otherwise, _, place, number) in pairs {
            if matched.of.get(place).is_some_and(Option::is_none) && taken.insert(number) {
                if let Some(of) = matched.of.get_mut(place) {
                    *of = Some(number);
                }
                if !otherwise {
                    matched.same.insert(place);
                    matched.kept += 1;
                }
            }
        }
        matched
    }
}

/// The same instant, as far as two clocks can tell.
fn near(a: Micros, b: Micros) -> bool {
    (a.0 - b.0).abs() <= JITTER_US
}

/// Neighbours of one state become one, and what is shorter than the jitter becomes part of what was
/// before it. Two that were recorded apart stay apart.
fn joined(all: Vec<Stretch>, closed: &[(&Recorded, Micros)]) -> Vec<Stretch> {
    // One interval ended there and another one of the same state began.
    let parted = |state: MachineState, at: Micros| {
        let mut of_state = closed.iter().filter(|(of, _)| of.state == state);
        of_state.clone().any(|(_, end)| near(*end, at)) && of_state.any(|(of, _)| near(of.from, at))
    };
    let mut line: Vec<Stretch> = Vec::new();
    for next in all {
        let Some(last) = line.last_mut() else {
            line.push(next);
            continue;
        };
        let touching = next.from.0 - last.until.0 <= JITTER_US;
        let apart = matches!((&last.source, &next.source),
            (Source::Recorded(a), Source::Recorded(b)) if a != b)
            || (last.state == next.state && parted(next.state, next.from));
        if touching && last.state == next.state && !apart {
            last.until = last.until.max(next.until);
            if matches!(last.source, Source::Recorded(_)) {
                last.source = next.source;
            }
        } else if touching && !apart && next.until.0 - next.from.0 < JITTER_US {
            last.until = last.until.max(next.until);
        } else {
            line.push(next);
        }
    }
    line
}

/// Which stretch is which recorded interval.
struct Matched {
    kept: u32,
    of: Vec<Option<usize>>,
    /// Stretches that are as they were recorded.
    same: BTreeSet<usize>,
    /// Explanations that come from other stops.
    explained: Vec<Option<Carried>>,
}

impl Matched {
    fn is_gone(&self, number: usize) -> bool {
        !self.of.contains(&Some(number))
    }

    /// The stretch that overlaps an interval most; of equals the earlier.
    fn place(line: &Line, (interval, end): &(&Recorded, Micros), stops: bool) -> Option<usize> {
        let all = line.0.iter().enumerate();
        let overlaps = all
            .filter(|(_, stretch)| !stops || stretch.state.is_downtime())
            .map(|(place, stretch)| (stretch.overlap(interval.from, *end), place))
            .filter(|(overlap, _)| *overlap > 0);
        overlaps.max_by_key(|(overlap, place)| (*overlap, std::cmp::Reverse(*place))).map(|it| it.1)
    }

    /// Explanations of stops that never were go to the stop that overlaps most.
    fn explain(
        &mut self,
        closed: &[(&Recorded, Micros)],
        line: &Line,
        not_carried: &mut Vec<NotCarried>,
    ) {
        let mut given: BTreeMap<usize, Vec<(i64, usize)>> = BTreeMap::new();
        let mut lost = |number: usize, because: &str| {
            let Some((interval, until)) = closed.get(number) else { return };
            not_carried.extend(interval.explained.clone().map(|explained| NotCarried {
                explained,
                from: interval.from,
                until: *until,
                because: because.to_owned(),
            }));
        };
        for (number, entry) in closed.iter().enumerate() {
            if entry.0.explained.is_none() || !self.is_gone(number) {
                continue;
            }
            match Self::place(line, entry, true) {
                Some(place) => {
                    let overlap = line.0.get(place).map(|s| s.overlap(entry.0.from, entry.1));
                    given.entry(place).or_default().push((-overlap.unwrap_or(0), number));
                },
                None => lost(number, "the machine did not stop then"),
            }
        }
        for (place, mut numbers) in given {
            numbers.sort_unstable();
            let own = self.of.get(place).copied().flatten().and_then(|own| closed.get(own));
            let mut taken = own.is_some_and(|(own, _)| own.explained.is_some());
            for (_, number) in numbers {
                if taken {
                    lost(number, "the stop in its place has another explanation");
                    continue;
                }
                taken = true;
                if let Some(explained) = self.explained.get_mut(place) {
                    *explained = closed.get(number).and_then(|(of, _)| of.explained.clone());
                }
            }
        }
        not_carried.sort_by_key(|lost| lost.from);
    }

    fn changes(
        &self,
        (equipment, map): (EquipmentId, &str),
        written: &Written,
        closed: &[(&Recorded, Micros)],
        line: &Line,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut places = BTreeMap::new();
        for (place, stretch) in line.0.iter().enumerate() {
            let own = self.of.get(place).copied().flatten().and_then(|own| closed.get(own));
            let explained = self.explained.get(place).cloned().flatten();
            let where_it_is =
                own.map_or(Place::Change(changes.len()), |(own, _)| Place::Record(own.id));
            places.insert(place, where_it_is);
            if explained.is_none() && self.same.contains(&place) {
                continue;
            }
            changes.push(Change {
                equipment,
                record: own.map(|(own, _)| own.id),
                before: own.map(|(own, end)| (own.state, own.from, *end)),
                now: Some(event(stretch, map, written, closed)),
                instead: None,
                explained,
            });
        }
        for (_, entry) in closed.iter().enumerate().filter(|(number, _)| self.is_gone(*number)) {
            let place = Self::place(line, entry, false);
            changes.push(Change {
                equipment,
                record: Some(entry.0.id),
                before: Some((entry.0.state, entry.0.from, entry.1)),
                now: None,
                instead: place.and_then(|place| places.get(&place).copied()),
                explained: None,
            });
        }
        changes
    }
}

/// A stretch as an event: at the station of what was recorded there, on the batch that ran.
fn event(stretch: &Stretch, map: &str, written: &Written, closed: &[(&Recorded, Micros)]) -> Event {
    let (rule, map, detail) = match &stretch.source {
        Source::Derived(piece) => (piece.rule.as_str(), map, piece.detail.clone()),
        Source::Recorded(place) => match closed.get(*place) {
            Some((of, _)) => (of.rule.as_str(), of.map.as_str(), of.detail.clone()),
            None => ("", map, crate::fact::machine::Detail::default()),
        },
    };
    let there = closed.iter().max_by_key(|(of, end)| stretch.overlap(of.from, *end));
    Event {
        station: there.and_then(|(of, _)| of.station),
        state: stretch.state,
        from: stretch.from,
        until: stretch.until,
        rule: rule.to_owned(),
        map: map.to_owned(),
        batch: written.batch(stretch.from),
        detail,
    }
}

fn states(
    closed: &[(&Recorded, Micros)],
    line: &Line,
    (from, until): (Micros, Micros),
) -> BTreeMap<MachineState, (Share, Share)> {
    let mut states: BTreeMap<MachineState, (Share, Share)> = BTreeMap::new();
    let within = |began: Micros, ended: Micros| {
        let micros = ended.min(until).0 - began.max(from).0;
        (micros > 0).then_some(micros)
    };
    let add = |share: &mut Share, micros: i64| {
        share.times += 1;
        share.micros += micros;
    };
    for (interval, end) in closed {
        if let Some(micros) = within(interval.from, *end) {
            add(&mut states.entry(interval.state).or_default().0, micros);
        }
    }
    for stretch in &line.0 {
        if let Some(micros) = within(stretch.from, stretch.until) {
            add(&mut states.entry(stretch.state).or_default().1, micros);
        }
    }
    states
}

/// Parts by what is counted, in the time that readings are left of. A counter whose base nobody
/// knows is compared from its first reading on.
fn parts(written: &Written, derived: &[Count], covered: &[Piece]) -> BTreeMap<CounterKind, Part> {
    let within = |at: Micros| covered.iter().any(|piece| piece.from <= at && at < piece.until);
    let based = |source: &str| {
        let mut of = derived.iter().filter(|count| count.source == source);
        of.find(|count| count.verdict == Verdict::Base).map(|count| count.at)
    };
    let mut parts: BTreeMap<CounterKind, Part> = BTreeMap::new();
    for count in &written.counts {
        let early = based(&count.source).is_some_and(|base| count.at.0 <= base.0 + JITTER_US);
        if within(count.at) && !early {
            parts.entry(count.kind).or_default().before += count.quantity;
        }
    }
    for count in derived.iter().filter(|count| within(count.at)) {
        parts.entry(count.kind).or_default().now += count.quantity;
    }
    parts
}
