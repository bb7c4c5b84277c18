//! People who are clocked in, who is away for a while, and what can still be taken back.

use serde::{Deserialize, Serialize};

use super::Plant;
use crate::{
    fact::{
        Body, Fact,
        batch::{BatchAborted, BatchProduced},
        labor::{
            Evidence, Inside, LaborAdded, LaborBegan, LaborEnded, LaborSplit, OutMissed, OutTold,
            PunchUndone, Punched, Share,
        },
    },
    id::{RecordId, StationId, UserId},
    time::{Micros, Moment},
};

/// A person who is clocked in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Presence {
    /// The labor entry.
    pub entry: RecordId,
    /// Where.
    pub station: StationId,
    /// Since when.
    pub since: Moment,
    /// What they are away for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
    /// The last thing that they recorded here since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Moment>,
    /// When somebody else went on with a batch of theirs after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_over: Option<Moment>,
    /// They seem to have gone without clocking out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<Missed>,
    /// How their time is divided among batches, where that was said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<Share>,
}

/// A break, a meal or an activity.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Away {
    /// Its entry.
    pub entry: RecordId,
    /// What it is.
    pub kind: Inside,
    /// Since when.
    pub since: Moment,
    /// Batches that they were on.
    pub left: Vec<RecordId>,
}

/// When somebody who did not clock out probably left.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Missed {
    /// The time; `None` where nothing tells.
    pub proposed: Option<Micros>,
    /// What it is taken from.
    pub evidence: Evidence,
}

/// An entry without an end whose person has clocked in anew since.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Unended {
    /// Whose.
    pub user: UserId,
    /// How it stood.
    pub presence: Presence,
    /// When they clocked in anew.
    pub until: Micros,
    /// Batches that they were on.
    pub batches: Vec<RecordId>,
}

/// A punch that could still be taken back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Punch {
    /// When.
    pub at: Moment,
    /// Whose.
    pub user: UserId,
    /// The entry that it began or ended.
    pub entry: RecordId,
    /// Which of the two.
    pub punched: Punched,
    /// What it was, where it lies inside a shift.
    pub inside: Option<Inside>,
    /// How the person stood before; `None` for somebody who was not here.
    pub before: Option<Presence>,
    /// Batches that they were on before.
    pub on: Vec<RecordId>,
}

/// So many punches are remembered.
const PUNCHES: usize = 12;

impl Presence {
    pub(super) fn new(entry: RecordId, station: StationId, since: Moment) -> Self {
        Self {
            entry,
            station,
            since,
            away: None,
            seen: None,
            taken_over: None,
            missed: None,
            shares: Vec::new(),
        }
    }
}

impl Plant {
    /// Batches that a person works on here, those of other terminals included.
    pub fn works_on(&self, user: UserId) -> Vec<RecordId> {
        let own = self.batches.iter().filter(|(_, batch)| batch.operators.contains(&user));
        let joined = self.joined.iter().filter(|(_, users)| users.contains(&user));
        own.map(|(id, _)| *id).chain(joined.map(|(id, _)| *id)).collect()
    }

    /// What a fact tells of where people are, beside what it is about.
    pub(super) fn notice(&mut self, fact: &Fact) {
        let Some(by) = fact.by.filter(|_| !matches!(fact.fact, Body::CorrectionSeen(_))) else {
            return;
        };
        let at = fact.moment(fact.at);
        // What follows from clocking in by itself is no sign of life later.
        let asked = fact.key.is_some();
        if let Some(presence) = self.labor.get_mut(&by).filter(|_| asked) {
            presence.seen = Some(at.clone());
            presence.taken_over = None;
        }
        let Some(batch) = about(&fact.fact).and_then(|batch| self.batches.get(&batch)) else {
            return;
        };
        for user in batch.operators.iter().filter(|user| **user != by) {
            if let Some(presence) = self.labor.get_mut(user)
                && presence.seen.is_some()
            {
                presence.taken_over.get_or_insert_with(|| at.clone());
            }
        }
    }

    /// Folds in what is about people's own time.
    pub(super) fn apply_labor(&mut self, fact: &Fact, record: RecordId) {
        match &fact.fact {
            Body::ClockedIn { user, station } => {
                self.jobs.resting.remove(user);
                self.clock_in(fact, *user, *station);
            },
            Body::ClockedOut { user, entry } => self.clock_out(fact, *user, *entry),
            Body::LaborBegan(began) => {
                self.jobs.resting.remove(&began.user);
                self.begin_inside(fact, began);
            },
            Body::LaborEnded(ended) => self.end_inside(fact, ended),
            Body::PunchUndone(undone) => self.undo(undone),
            Body::OutMissed(missed) => self.miss(missed),
            Body::OutTold(told) => self.tell_out(told),
            Body::LaborSplit(split) => self.divide(split),
            Body::LaborAmended(amended) => self.correct_labor(&amended.corrected()),
            Body::LaborAdded(added) => self.add_labor(record, added),
            _ => {},
        }
    }

    fn clock_in(&mut self, fact: &Fact, user: UserId, station: StationId) {
        let entry = self.origin.record(fact.seq);
        let since = fact.moment(fact.at);
        let on = self.works_on(user);
        if let Some(presence) = self.labor.remove(&user) {
            let (until, batches) = (since.at.wall_us, on.clone());
            self.unended.insert(presence.entry, Unended { user, presence, until, batches });
        }
        self.labor.insert(user, Presence::new(entry, station, since));
        self.remember(fact, user, (entry, Punched::Began, None), (None, on));
    }

    fn clock_out(&mut self, fact: &Fact, user: UserId, entry: RecordId) {
        self.unended.remove(&entry);
        if self.labor.get(&user).is_some_and(|presence| presence.entry == entry) {
            let on = self.works_on(user);
            let before = self.labor.remove(&user);
            self.remember(fact, user, (entry, Punched::Ended, None), (before, on));
        }
    }

    fn begin_inside(&mut self, fact: &Fact, began: &LaborBegan) {
        let entry = self.origin.record(fact.seq);
        let left = self.works_on(began.user);
        let Some(presence) = self.labor.get_mut(&began.user) else { return };
        let before = Some(presence.clone());
        let away =
            Away { entry, kind: began.kind, since: fact.moment(fact.at), left: left.clone() };
        presence.away = Some(away);
        let punched = (entry, Punched::Began, Some(began.kind));
        self.remember(fact, began.user, punched, (before, left));
    }

    fn end_inside(&mut self, fact: &Fact, ended: &LaborEnded) {
        let Some(presence) = self.labor.get_mut(&ended.user) else { return };
        let before = presence.clone();
        let Some(away) = presence.away.take_if(|away| away.entry == ended.entry) else { return };
        let punched = (ended.entry, Punched::Ended, Some(away.kind));
        self.remember(fact, ended.user, punched, (Some(before), vec![]));
    }

    fn undo(&mut self, undone: &PunchUndone) {
        let PunchUndone { user, entry, punch } = undone;
        let place = self.punches.iter().rposition(|known| {
            known.user == *user && known.entry == *entry && known.punched == *punch
        });
        let known = place.map(|place| self.punches.remove(place));
        match (punch, known) {
            (Punched::Ended, Some(Punch { before: Some(before), .. })) => {
                self.labor.insert(*user, before);
            },
            (Punched::Ended, _) => {},
            (Punched::Began, _) => {
                if self.labor.get(user).is_some_and(|presence| presence.entry == *entry) {
                    self.labor.remove(user);
                    self.take_up(*user);
                } else if let Some(presence) = self.labor.get_mut(user) {
                    presence.away.take_if(|away| away.entry == *entry);
                }
            },
        }
    }

    /// Whoever clocked in anew by mistake is where they were.
    fn take_up(&mut self, user: UserId) {
        let before = self.unended.values().filter(|unended| unended.user == user);
        let last = before.max_by_key(|unended| unended.until).map(|it| it.presence.entry);
        if let Some(unended) = last.and_then(|entry| self.unended.remove(&entry)) {
            self.labor.insert(user, unended.presence);
        }
    }

    fn miss(&mut self, missed: &OutMissed) {
        let presence = self.labor.get_mut(&missed.user);
        if let Some(presence) = presence.filter(|presence| presence.entry == missed.entry) {
            let OutMissed { proposed, evidence, .. } = *missed;
            presence.missed = Some(Missed { proposed, evidence });
        }
    }

    fn tell_out(&mut self, told: &OutTold) {
        self.unended.remove(&told.entry);
        if self.labor.get(&told.user).is_some_and(|presence| presence.entry == told.entry) {
            self.labor.remove(&told.user);
        }
    }

    /// Somebody who is still here, and whose beginning nobody punched.
    fn add_labor(&mut self, entry: RecordId, added: &LaborAdded) {
        if added.until.is_none() && added.kind.is_none() {
            let since = Moment::by_wall(added.from);
            let came = Presence::new(entry, added.station, since);
            self.labor.entry(added.user).or_insert(came);
        }
    }

    fn divide(&mut self, split: &LaborSplit) {
        if let Some(presence) = self.labor.get_mut(&split.user) {
            presence.shares.clone_from(&split.shares);
        }
    }

    /// Somebody left a batch earlier than this is told: not where they are on it anew.
    pub(super) fn left_at(&mut self, batch: RecordId, user: UserId, at: Option<Micros>) {
        let since = self.labor.get(&user).map(|presence| presence.since.at.wall_us);
        if at.is_none() || since.is_none_or(|since| Some(since) <= at) {
            self.leave(batch, user);
        }
    }

    fn remember(
        &mut self,
        fact: &Fact,
        user: UserId,
        (entry, punched, inside): (RecordId, Punched, Option<Inside>),
        (before, on): (Option<Presence>, Vec<RecordId>),
    ) {
        let at = fact.moment(fact.at);
        self.punches.push(Punch { at, user, entry, punched, inside, before, on });
        let surplus = self.punches.len().saturating_sub(PUNCHES);
        self.punches.drain(..surplus);
    }
}

/// The batch that somebody goes on with by this fact.
fn about(body: &Body) -> Option<RecordId> {
    match body {
        Body::BatchJoined { batch, .. }
        | Body::BatchCompleted { batch, .. }
        | Body::BatchProduced(BatchProduced { batch, .. })
        | Body::BatchAborted(BatchAborted { batch, .. }) => Some(*batch),
        _ => None,
    }
}
