//! What was done to jobs here, and who works on them. Headquarters decides where a job stands; until it
//! has, a screen shows what was done here on top of what headquarters told last.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::Plant;
use crate::{
    fact::{
        Body, Fact,
        job::{JobJoined, JobLeft},
    },
    id::{RecordId, StationId, UserId},
    job::{Advance, State, advance},
    reference::{Job, Reference, Visit},
    time::{Micros, Moment},
};

/// Steps, and jobs with time of people, that are remembered.
const MOST: usize = 200;

/// What is known here of jobs.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Jobs {
    /// The last steps, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Who works on which, by the labor entry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stints: BTreeMap<RecordId, Stint>,
    /// Time of people that is over, of each job at the station where it is; microseconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub worked: BTreeMap<RecordId, i64>,
    /// What people who are away were on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resting: BTreeMap<UserId, RecordId>,
}

/// A step of a job, and the fact that it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// The fact; 0 when it was another life's.
    pub seq: u64,
    /// Which job.
    pub job: RecordId,
    /// When.
    pub at: Micros,
    /// Who.
    pub by: Option<UserId>,
    /// The fact itself.
    pub body: Body,
}

/// A person works on a job.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Stint {
    /// Which job.
    pub job: RecordId,
    /// Where.
    pub station: StationId,
    /// Who.
    pub user: UserId,
    /// Since when.
    pub from: Moment,
}

/// A job as it is to be shown.
#[derive(Clone, PartialEq, Debug)]
pub struct JobHere {
    /// The job as headquarters told it, with what was done here since.
    pub job: Job,
    /// Its state.
    pub state: State,
    /// Headquarters has not yet told what it makes of something that was done here.
    pub asked: bool,
}

impl Jobs {
    /// Whether there is nothing to remember.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Forgets what another life's numbers mean.
    pub(super) fn inherit(&mut self) {
        self.steps.iter_mut().for_each(|step| step.seq = 0);
    }

    /// The job that a person works on, with their labor entry.
    pub fn of(&self, user: UserId) -> Option<(RecordId, &Stint)> {
        let mine = |(_, stint): &(&RecordId, &Stint)| stint.user == user;
        self.stints.iter().find(mine).map(|(entry, stint)| (*entry, stint))
    }
}

impl Plant {
    /// Takes a step in that a job did.
    pub(super) fn step(&mut self, fact: &Fact, job: RecordId) {
        let (seq, at, by) = (fact.seq, fact.at.wall_us, fact.by);
        let step = Step { seq, job, at, by, body: fact.fact.clone() };
        if !matches!(step.body, Body::JobStarted(_)) {
            self.jobs.worked.remove(&job);
        }
        self.jobs.steps.push(step);
        let over = self.jobs.steps.len().saturating_sub(MOST);
        self.jobs.steps.drain(..over);
    }

    pub(super) fn join_job(&mut self, fact: &Fact, entry: RecordId, joined: &JobJoined) {
        let JobJoined { job, station, user } = *joined;
        let stint = Stint { job, station, user, from: fact.moment(fact.at) };
        self.jobs.stints.insert(entry, stint);
        self.jobs.resting.remove(&user);
    }

    pub(super) fn leave_job(&mut self, fact: &Fact, left: &JobLeft) {
        let Some(stint) = self.jobs.stints.remove(&left.entry) else { return };
        let from = stint.from.at.wall_us;
        let us = match left.until {
            Some(until) => until.0.saturating_sub(from.0).max(0),
            None => fact.moment(fact.at).since(&stint.from).max(0),
        };
        let worked = self.jobs.worked.entry(stint.job).or_default();
        *worked = worked.saturating_add(us);
        while self.jobs.worked.len() > MOST {
            self.jobs.worked.pop_first();
        }
        // Whoever is away comes back to it.
        if self.labor.get(&left.user).is_some_and(|presence| presence.away.is_some()) {
            self.jobs.resting.insert(left.user, left.job);
        }
    }

    /// Jobs at the stations of this terminal, with what was done here since headquarters told of them.
    pub fn jobs(&self, reference: &Reference) -> Vec<JobHere> {
        reference.work.jobs.iter().map(|job| self.followed(reference, job)).collect()
    }

    /// One of them.
    pub fn job(&self, reference: &Reference, id: RecordId) -> Option<JobHere> {
        let told = reference.work.jobs.iter().find(|job| job.id == id)?;
        Some(self.followed(reference, told))
    }

    fn followed(&self, reference: &Reference, told: &Job) -> JobHere {
        let state = State::of(&told.state).unwrap_or(State::Pending);
        let mut here = JobHere { job: told.clone(), state, asked: false };
        for step in self.jobs.steps.iter().filter(|step| step.job == told.id) {
            here.asked |= here.follow(step, reference);
        }
        here
    }
}

impl JobHere {
    /// Takes one step in, where headquarters has not done so; it belongs to the station where the job
    /// stands, and to this visit to it.
    fn follow(&mut self, step: &Step, reference: &Reference) -> bool {
        let since = self.job.posted;
        let here = |station: StationId| {
            station == self.job.station && since.is_none_or(|since| step.at > since)
        };
        match &step.body {
            Body::JobStarted(started) if here(started.station) => {
                let may = self.state.may_become(State::InProgress);
                if may {
                    let from = started.from.wall_us;
                    self.state = State::InProgress;
                    self.job.started = Some(from);
                    if let Some(visit) = self.job.visits.last_mut() {
                        (visit.started, visit.started_by) = (Some(from), step.by);
                    }
                }
                may
            },
            Body::JobCompleted(done) if here(done.station) => {
                let may = matches!(self.state, State::Pending | State::InProgress);
                if may {
                    self.leaves((done.good, done.scrap), step);
                    match advance(&reference.onward(done.station), done.next) {
                        Advance::Ends => self.state = State::Completed,
                        Advance::Waits => self.state = State::Queued,
                        Advance::GoesTo(next) => self.goes_to(next, step),
                    }
                }
                may
            },
            Body::JobMoved(moved) if moved.from.is_some_and(here) => {
                let may = self.state.may_become(State::Pending);
                if may {
                    self.goes_to(moved.to, step);
                }
                may
            },
            Body::JobScrapped(scrapped) if here(scrapped.station) => {
                let may = self.state.may_become(State::Scrapped);
                if may {
                    self.leaves((0, scrapped.scrap), step);
                    self.state = State::Scrapped;
                }
                may
            },
            _ => false,
        }
    }

    fn leaves(&mut self, (good, scrap): (i64, i64), step: &Step) {
        self.job.good = good;
        self.job.scrap = self.job.scrap.saturating_add(scrap);
        if let Some(visit) = self.job.visits.last_mut() {
            (visit.good, visit.scrap) = (good, scrap);
            (visit.completed, visit.completed_by) = (Some(step.at), step.by);
        }
    }

    fn goes_to(&mut self, station: StationId, step: &Step) {
        let before = self.job.visits.iter().filter(|visit| visit.station == station);
        let entry = before.map(|visit| visit.entry).max().unwrap_or(0).saturating_add(1);
        self.state = State::Pending;
        self.job.station = station;
        (self.job.posted, self.job.started) = (Some(step.at), None);
        self.job.visits.push(Visit {
            station,
            entry,
            good: 0,
            scrap: 0,
            posted: Some(step.at),
            started: None,
            started_by: None,
            completed: None,
            completed_by: None,
            touch_us: None,
        });
    }

    /// How often it has been where it stands by now; above 1 is rework.
    pub fn entry(&self) -> u32 {
        let here = self.job.visits.iter().filter(|visit| visit.station == self.job.station);
        here.map(|visit| visit.entry).max().unwrap_or(1)
    }
}
