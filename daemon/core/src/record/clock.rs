//! What became of a terminal's wall clock is a record of one fact; and records that facts tell by a wrong
//! clock go by the right one.
//!
//! Which of contradicting facts stands is not weighed again: their order is that in which they were stamped.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use super::{Record, Tenant, Touch, tables, touches};
use crate::{
    clock::{DRIFT_IN, TOLERANCE_US},
    fact::{
        Body, Fact,
        clock::{ClockCorrected, ClockStepped, Place, Retimed, Told},
    },
    id::{Origin, RecordId, SiteId},
    row::{Cell, Row},
    time::{Boot, Micros},
};

/// The one row of a fact about a clock, if `fact` is one.
pub(super) fn rows(origin: Origin, fact: &Fact, tenant: &Tenant) -> Vec<Row> {
    let (kind, right, by_us, within_us) = match &fact.fact {
        Body::ClockCorrected(ClockCorrected { zero, fast_us, within_us }) => {
            let right = fact.at.by(*zero).wall_us;
            ("corrected", Some(right), fast_us.saturating_neg(), Some(*within_us))
        },
        Body::ClockStepped(ClockStepped { by_us }) => ("stepped", None, *by_us, None),
        _ => return vec![],
    };
    vec![Row {
        table: &tables::CLOCK_RECORDS,
        cells: vec![
            origin.record(fact.seq).0.into(),
            tenant.site.0.into(),
            origin.terminal.0.into(),
            fact.boot.0.as_str().into(),
            Cell::Word(kind),
            fact.at.wall_us.into(),
            right.into(),
            by_us.into(),
            within_us.into(),
        ],
    }]
}

/// Finds what the facts of one boot told of records by a clock that was wrong.
#[derive(Debug)]
pub struct Wrong {
    origin: Origin,
    boot: Boot,
    zero: Micros,
    now_mono_us: i64,
    told: BTreeMap<RecordId, BTreeSet<Place>>,
    counts: BTreeSet<u64>,
}

impl Wrong {
    /// Of the boot whose clock stood at zero at the right time `zero`, as is known at `now_mono_us` of it.
    pub fn new(origin: Origin, boot: Boot, zero: Micros, now_mono_us: i64) -> Self {
        let (told, counts) = (BTreeMap::new(), BTreeSet::new());
        Self { origin, boot, zero, now_mono_us, told, counts }
    }

    /// Looks at a fact of the log; `false` for one of another boot.
    pub fn look(&mut self, fact: &Fact) -> bool {
        if fact.boot != self.boot {
            return false;
        }
        let off = fact.at.wall_us.0.abs_diff(fact.at.by(self.zero).wall_us.0);
        // What was right then and is off by what a clock drifts in so long was not told by a wrong one.
        let age = self.now_mono_us.saturating_sub(fact.at.mono_us).max(0);
        if off <= TOLERANCE_US.saturating_add(age / DRIFT_IN).unsigned_abs() {
            return true;
        }
        if matches!(fact.fact, Body::Counted(_)) {
            self.counts.insert(fact.seq);
            return true;
        }
        // Only which records they are is asked for, not whose.
        let nobody = Tenant { organization: String::new(), site: SiteId(Uuid::nil()) };
        for touch in touches(self.origin, fact, &nobody) {
            if let Touch::Record(record) = touch {
                self.told.entry(record).or_default().insert((fact.seq, fact.at.mono_us));
            }
        }
        true
    }

    /// All of it.
    pub fn told(self) -> Retimed {
        let told = self.told.into_iter();
        let told = told.map(|(record, facts)| Told { record, facts: facts.into_iter().collect() });
        let counts = self.counts.into_iter().collect();
        Retimed { zero: self.zero, records: told.collect(), counts }
    }
}

/// A record that was told by a wrong clock. What the facts say is kept as they say it, and beside it what is
/// known of the clock: so it does not matter which of them comes first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Retold {
    of: Record,
    clocks: Vec<Clock>,
}

/// The clock of one boot of one terminal.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Clock {
    origin: Origin,
    boot: Boot,
    /// The last fact that says when it stood at zero …
    by: u64,
    /// … and when that was.
    zero: Micros,
    /// The facts that were stamped otherwise.
    facts: BTreeSet<Place>,
}

impl Retold {
    pub(super) fn of(record: Record) -> Self {
        match record {
            Record::Retold(retold) => *retold,
            of => Self { of, clocks: vec![] },
        }
    }

    /// As the facts tell it.
    pub(super) fn as_told(&self) -> &Record {
        &self.of
    }

    pub(super) fn as_told_mut(&mut self) -> &mut Record {
        &mut self.of
    }

    /// Takes in what is known of a clock.
    pub(super) fn retimed(
        mut self,
        id: RecordId,
        origin: Origin,
        (fact, retimed): (&Fact, &Retimed),
    ) -> Self {
        let told = |all: bool| {
            let of = retimed.records.iter().filter(move |told| all || told.record == id);
            of.flat_map(|told| told.facts.iter().copied())
        };
        // Where it goes by another name now, any of them may have told of it.
        let mut facts: BTreeSet<Place> = told(false).collect();
        if facts.is_empty() {
            facts = told(true).collect();
        }
        let (boot, by, zero) = (fact.boot.clone(), fact.seq, retimed.zero);
        let known =
            self.clocks.iter_mut().find(|clock| clock.origin == origin && clock.boot == boot);
        match known {
            Some(known) => {
                known.facts.extend(facts);
                (known.by, known.zero) = (known.by, known.zero).max((by, zero));
            },
            None => {
                self.clocks.push(Clock { origin, boot, by, zero, facts });
                self.clocks.sort_by(|a, b| (a.origin, &a.boot).cmp(&(b.origin, &b.boot)));
            },
        }
        self
    }

    /// By the right time.
    pub(super) fn right(&self) -> Record {
        let right = || {
            let mut state = serde_json::to_value(&self.of)?;
            self.clocks.iter().for_each(|clock| clock.right(&mut state));
            serde_json::from_value(state)
        };
        right().unwrap_or_else(|_: serde_json::Error| self.of.clone())
    }
}

/// The times that people read from the wrong clock, and what to add to them.
struct Read {
    from: i64,
    until: i64,
    by: i64,
}

/// Nothing below is a time: an hour and twelve minutes of 1970, and more parts than any batch has.
const LEAST_TIME_US: i64 = 1 << 32;

impl Clock {
    /// Puts every time right that stands in a state, whatever kind of record it is.
    fn right(&self, state: &mut Value) {
        match state {
            Value::Array(items) => {
                if let Some(read) = items.iter().find_map(|item| self.read(item)) {
                    items.iter_mut().for_each(|item| self.bare(item, &read));
                }
                items.iter_mut().for_each(|item| self.right(item));
            },
            Value::Object(fields) => {
                if let Some(mono_us) = self.moment(fields) {
                    if let Some(at) = fields.get_mut("at").and_then(Value::as_object_mut) {
                        at.insert("wall_us".to_owned(), self.at(mono_us).into());
                    }
                } else if let Some((_, mono_us)) = self.assertion(fields) {
                    fields.insert("wall_us".to_owned(), self.at(mono_us).into());
                } else {
                    fields.values_mut().for_each(|field| self.right(field));
                }
            },
            _ => {},
        }
    }

    fn at(&self, mono_us: i64) -> i64 {
        self.zero.0.saturating_add(mono_us)
    }

    /// The boot clock of a moment of this boot.
    fn moment(&self, fields: &Map<String, Value>) -> Option<i64> {
        let of_this = fields.get("boot")?.as_str()? == self.boot.0;
        let mono_us = fields.get("at")?.get("mono_us")?.as_i64()?;
        of_this.then_some(mono_us)
    }

    /// The stamp of one of the facts, and the boot clock then.
    fn assertion(&self, fields: &Map<String, Value>) -> Option<(i64, i64)> {
        let wall_us = fields.get("wall_us")?.as_i64()?;
        let seq = fields.get("seq")?.as_u64()?;
        let origin: Origin = serde_json::from_value(fields.get("origin")?.clone()).ok()?;
        let (_, mono_us) = self.facts.range((seq, i64::MIN)..=(seq, i64::MAX)).next()?;
        (origin == self.origin).then_some((wall_us, *mono_us))
    }

    /// What could be read from the clock since it went wrong, where `item` is the stamp of one of the facts.
    fn read(&self, item: &Value) -> Option<Read> {
        let (wall_us, mono_us) = self.assertion(item.as_object()?)?;
        // On a computer that starts in 1970 quantities must not be taken for times.
        let from = wall_us.saturating_sub(mono_us).max(LEAST_TIME_US);
        Some(Read { from, until: wall_us, by: self.at(mono_us).saturating_sub(wall_us) })
    }

    /// Times that were told without a boot. No other number is as large as one of this boot.
    fn bare(&self, value: &mut Value, read: &Read) {
        match value {
            Value::Number(number) => {
                let us = number.as_i64().filter(|us| (read.from..=read.until).contains(us));
                if let Some(us) = us {
                    *value = us.saturating_add(read.by).into();
                }
            },
            Value::Array(items) => items.iter_mut().for_each(|item| self.bare(item, read)),
            Value::Object(fields) => {
                let stamped = self.moment(fields).is_some()
                    || fields.contains_key("wall_us") && fields.contains_key("seq");
                // The end of a shift was told by the calendar.
                let calendar = fields.get("evidence").is_some_and(|word| word == "shift_end");
                if !stamped && !calendar {
                    fields.values_mut().for_each(|field| self.bare(field, read));
                }
            },
            _ => {},
        }
    }
}
