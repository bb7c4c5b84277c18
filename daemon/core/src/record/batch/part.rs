//! What one terminal's record of a batch says. Two terminals of one station that began the same
//! batch while they could not see each other wrote two of them; at headquarters they are the parts
//! of one batch.

use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    Assertion,
    conflict::{Conflict, Kind},
    keep_first,
    stretch::{InTime, Move, Stretch, in_order, stretches},
};
use crate::{
    batch::{State, Step},
    fact::{
        BatchStarted, Body, Fact,
        batch::{BatchAborted, Scrapped},
        machine::is_zero,
    },
    id::{EquipmentId, Origin, ReasonId, RecordId, TerminalId, UserId},
    time::{Micros, Moment},
};

/// Folded facts that name one record.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) started: Option<(Assertion, Began)>,
    /// Ends, by whom and when: one is the rule.
    #[serde(default, rename = "completed", deserialize_with = "ends")]
    pub(super) ends: Vec<(Assertion, Ended)>,
    /// Comings and goings of people.
    #[serde(default)]
    people: BTreeSet<Move<UserId>>,
    /// When people left who did not say so then.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    left: BTreeSet<(Assertion, UserId, Micros)>,
    /// Comings and goings of further machines.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    machines: BTreeSet<Move<EquipmentId>>,
    /// When the batch rested, and when it went on.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    rests: BTreeSet<Move<()>>,
    /// Parts told between start and end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    produced: Vec<(Assertion, Count)>,
}

/// How it began.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Began {
    pub(super) started: BatchStarted,
    pub(super) from: Moment,
    pub(super) by: Option<UserId>,
}

/// How it ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) at: Moment,
    #[serde(flatten)]
    pub(super) count: Count,
    /// Why it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) aborted: Option<ReasonId>,
    /// And somebody wrote something, too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) commented: bool,
}

/// Parts.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Count {
    pub(super) good: i64,
    pub(super) scrap: i64,
    pub(super) scrap_reason: Option<ReasonId>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) rework: i64,
    /// The scrapped parts by reason, with the reason's name where a person read it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) scrapped: BTreeMap<ReasonId, (Option<String>, i64)>,
}

impl Count {
    /// Parts that a person told of, with the one reason or with several.
    fn told(
        (good, scrap, rework): (i64, i64, i64),
        scrap_reason: Option<ReasonId>,
        split: &[Scrapped],
    ) -> Self {
        let named = split.iter().map(|s| (s.reason, (Some(s.label.clone()), s.quantity)));
        let only = scrap_reason.filter(|_| split.is_empty() && scrap != 0);
        let scrapped = named.chain(only.map(|reason| (reason, (None, scrap)))).collect();
        Self { good, scrap, scrap_reason, rework, scrapped }
    }

    pub(super) fn and(self, other: Self) -> Self {
        let mut scrapped = self.scrapped;
        for (reason, (label, quantity)) in other.scrapped {
            let sum = scrapped.entry(reason).or_default();
            *sum = (sum.0.take().or(label), sum.1.saturating_add(quantity));
        }
        Self {
            good: self.good.saturating_add(other.good),
            scrap: self.scrap.saturating_add(other.scrap),
            scrap_reason: self.scrap_reason.or(other.scrap_reason),
            rework: self.rework.saturating_add(other.rework),
            scrapped,
        }
    }
}

/// Ends as they are kept now, or the only one as it was kept at first.
fn ends<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(Assertion, Ended)>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        All(Vec<(Assertion, Ended)>),
        One(Option<(Assertion, Ended)>),
    }
    Ok(match Kept::deserialize(from)? {
        Kept::All(all) => all,
        Kept::One(one) => one.into_iter().collect(),
    })
}

/// Keeps what an assertion says, sorted, once.
pub(super) fn keep_all<T>(all: &mut Vec<(Assertion, T)>, assertion: Assertion, value: T) {
    if let Err(place) = all.binary_search_by(|(kept, _)| kept.cmp(&assertion)) {
        all.insert(place, (assertion, value));
    }
}

impl Part {
    /// Joins what `fact` says; `false` when it says nothing about a batch.
    pub(super) fn apply(&mut self, origin: Origin, fact: &Fact) -> bool {
        let assertion = Assertion::of(origin, fact);
        let at = || fact.moment(fact.at);
        let ended = |count| Ended { at: at(), count, aborted: None, commented: false };
        match &fact.fact {
            Body::BatchStarted(started) => {
                let from = fact.moment(started.from);
                let value = Began { started: started.clone(), from, by: fact.by };
                keep_first(&mut self.started, assertion, value);
            },
            Body::BatchJoined { user, .. } => {
                self.people.insert((assertion, *user, true));
            },
            Body::BatchLeft { user, at: Some(at), .. } => {
                self.left.insert((assertion, *user, *at));
            },
            Body::BatchLeft { user, .. } => {
                self.people.insert((assertion, *user, false));
            },
            Body::BatchEquipmentAdded(further) => {
                self.machines.insert((assertion, further.equipment, true));
            },
            Body::BatchEquipmentRemoved(further) => {
                self.machines.insert((assertion, further.equipment, false));
            },
            Body::BatchProduced(made) => {
                let parts = (made.good, made.scrap, made.rework);
                keep_all(&mut self.produced, assertion, Count::told(parts, made.scrap_reason, &[]));
            },
            Body::BatchPaused { .. } => {
                self.rests.insert((assertion, (), false));
            },
            Body::BatchResumed { .. } => {
                self.rests.insert((assertion, (), true));
            },
            Body::BatchCompleted { good, scrap, scrap_reason, scrapped, rework, .. } => {
                let count = Count::told((*good, *scrap, *rework), *scrap_reason, scrapped);
                keep_all(&mut self.ends, assertion, ended(count));
            },
            Body::BatchAborted(BatchAborted { reason, good, scrap, comment, .. }) => {
                let count = Count { good: *good, scrap: *scrap, ..Count::default() };
                let (aborted, commented) = (Some(*reason), comment.is_some());
                let end = Ended { aborted, commented, ..ended(count) };
                keep_all(&mut self.ends, assertion, end);
            },
            _ => return false,
        }
        true
    }

    /// The end that stands: the first.
    pub(super) fn end(&self) -> Option<&Ended> {
        self.ends.first().map(|(_, ended)| ended)
    }

    /// When it began and ended.
    pub(super) fn span(&self) -> Option<(Micros, Option<Micros>)> {
        let (_, began) = self.started.as_ref()?;
        Some((began.from.at.wall_us, self.end().map(|end| end.at.wall_after(&began.from))))
    }

    /// The first time that a terminal said it was completed or, where none did, given up.
    pub(super) fn first_end(&self) -> Option<(bool, &Assertion, &Count)> {
        let all = self.ends.iter().map(|(by, end)| (end.aborted.is_some(), by, &end.count));
        all.min_by_key(|(aborted, by, _)| (*aborted, *by))
    }

    /// Parts, summed over terminals. Of each terminal counts what its end says, which tells
    /// everything up to then, and what it told beside that. Without the ends only the latter counts.
    pub(super) fn count(&self, with_ends: bool) -> Option<Count> {
        let mut ends: BTreeMap<TerminalId, (&Assertion, Count)> = BTreeMap::new();
        for (assertion, ended) in &self.ends {
            ends.entry(assertion.origin.terminal).or_insert((assertion, ended.count.clone()));
        }
        let beside = self.produced.iter().filter(|(told, _)| {
            ends.get(&told.origin.terminal).is_none_or(|(end, _)| is_after(told, end))
        });
        let beside = beside.map(|(_, count)| count.clone());
        let ends = ends.values().filter(|_| with_ends).map(|(_, count)| count.clone());
        ends.chain(beside).reduce(Count::and)
    }

    /// Everybody's stretches of work.
    pub(super) fn people(&self, from: Micros, until: Option<Micros>) -> Vec<Stretch<UserId>> {
        let first = self.started.iter().flat_map(|(_, began)| began.started.operators.clone());
        let mut all = stretches(first, &self.people, from, until);
        for stretch in &mut all {
            let told = self.left.iter().filter(|(_, user, at)| {
                *user == stretch.of
                    && stretch.from <= *at
                    && stretch.until.is_none_or(|until| *at < until)
            });
            let first = told.map(|(.., at)| *at).min();
            stretch.until = first.or(stretch.until);
        }
        all
    }

    /// Stretches in which the batch did not rest.
    pub(super) fn runs(&self, from: Micros, until: Option<Micros>) -> Vec<Stretch<()>> {
        stretches([()], &self.rests, from, until)
    }

    /// Whether it ever rested.
    pub(super) fn rested(&self) -> bool {
        !self.rests.is_empty()
    }

    /// Stretches of further machines.
    pub(super) fn machines(
        &self,
        from: Micros,
        until: Option<Micros>,
    ) -> Vec<Stretch<EquipmentId>> {
        stretches([], &self.machines, from, until)
    }

    /// The steps that no batch in its state can take.
    pub(super) fn conflicts(&self, record: RecordId) -> Vec<Conflict> {
        let Some((_, began)) = &self.started else { return vec![] };
        let mut state = State::Running;
        let mut present: BTreeSet<UserId> = began.started.operators.iter().copied().collect();
        let mut conflicts = Vec::new();
        for ((wall_us, origin, seq), told) in self.told() {
            let step = told.step(&mut present);
            match state.after(step) {
                Some(next) => state = next,
                None if matches!(state, State::Done | State::Aborted) => {
                    let kind = match step {
                        Step::Complete | Step::Abort => Kind::EndedAgain,
                        _ => Kind::AddedAfterEnd,
                    };
                    let by = Assertion { wall_us, origin, seq };
                    let detail = told.words().to_owned();
                    conflicts.push(Conflict { record, other: None, kind, detail, by });
                },
                None => {},
            }
        }
        conflicts
    }

    /// Everything but the start, in time. Leaving what is over contradicts nothing.
    fn told(&self) -> Vec<(InTime, Told)> {
        let people = self.people.iter().map(|(a, user, came)| {
            (a.clone(), if *came { Told::Joined(*user) } else { Told::Left(*user) })
        });
        let machines = self
            .machines
            .iter()
            .map(|(a, _, came)| (a.clone(), if *came { Told::Machine } else { Told::MachineLeft }));
        let produced = self.produced.iter().map(|(a, _)| (a.clone(), Told::Produced));
        let rests = self.rests.iter().map(|(a, (), goes_on)| {
            (a.clone(), if *goes_on { Told::Resumed } else { Told::Paused })
        });
        let ends = self.ends.iter().map(|(a, ended)| {
            let aborted = ended.aborted.is_some();
            (a.clone(), if aborted { Told::Aborted } else { Told::Completed })
        });
        let mut all = in_order(people.chain(machines).chain(produced).chain(rests).chain(ends));
        let over = all.iter().position(|(_, t)| matches!(t, Told::Completed | Told::Aborted));
        let mut place = 0;
        all.retain(|(_, told)| {
            place += 1;
            let leaves = matches!(told, Told::Left(_) | Told::MachineLeft);
            !(leaves && over.is_some_and(|over| place > over))
        });
        all
    }
}

/// Whether `later` was told after `earlier`, by the log where both stand in one.
fn is_after(later: &Assertion, earlier: &Assertion) -> bool {
    if later.origin == earlier.origin { later.seq > earlier.seq } else { later > earlier }
}

/// One thing told of a batch that had begun.
#[derive(Clone, Copy)]
enum Told {
    Joined(UserId),
    Left(UserId),
    Machine,
    MachineLeft,
    Produced,
    Paused,
    Resumed,
    Completed,
    Aborted,
}

impl Told {
    fn step(self, present: &mut BTreeSet<UserId>) -> Step {
        match self {
            Self::Joined(user) => {
                let alone = present.is_empty();
                present.insert(user);
                if alone { Step::Resume } else { Step::Add }
            },
            Self::Left(user) => {
                present.remove(&user);
                if present.is_empty() { Step::Pause } else { Step::Add }
            },
            Self::Machine | Self::MachineLeft | Self::Produced => Step::Add,
            Self::Paused => Step::Pause,
            Self::Resumed => Step::Resume,
            Self::Completed => Step::Complete,
            Self::Aborted => Step::Abort,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Joined(_) => "a person joined a batch that was over",
            Self::Left(_) => "a person left a batch that was over",
            Self::Machine => "a machine was added to a batch that was over",
            Self::MachineLeft => "a machine was taken from a batch that was over",
            Self::Produced => "parts were told of a batch that was over",
            Self::Paused => "a batch that was over was let rest",
            Self::Resumed => "a batch that was over went on",
            Self::Completed => "a batch that was over was completed once more",
            Self::Aborted => "a batch that was over was given up once more",
        }
    }
}
