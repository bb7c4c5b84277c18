//! Jobs: what people do to them at a station. Headquarters decides where a job stands; here is refused
//! what makes no sense with what is known, and told what was done.

use super::{
    Engine, Event, Words,
    batch::quantities,
    commands::{Asked, bad, unknown},
};
use crate::{
    command::{Accepted, JobAsk, Refusal},
    fact::{
        Body,
        job::{JobCompleted, JobJoined, JobLeft, JobMoved, JobScrapped, JobStarted},
    },
    id::{ReasonId, RecordId, StationId, UserId},
    job::State,
    plant::JobHere,
    reference::Reference,
    time::{Micros, Moment},
};

impl Engine {
    /// Decides what is about jobs.
    pub(super) fn on_job(
        &mut self,
        reference: &Reference,
        asked: &Asked<'_>,
        (by, job, ask): (UserId, RecordId, &JobAsk),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let key = asked.key;
        match ask {
            JobAsk::Start => self.start_job(reference, key, (by, job), now),
            JobAsk::Join => self.join_job(reference, key, (by, job), now),
            JobAsk::Leave { user } => self.leave_job(reference, key, by, (job, *user), now),
            JobAsk::Complete { good, scrap, next } => {
                self.complete_job(reference, key, (by, job), ((*good, *scrap), *next), now)
            },
            JobAsk::Move { to, why } => {
                let why = Words::of("why", asked.salt, why.as_deref())?;
                self.move_job(reference, key, (by, job), (*to, why), now)
            },
            JobAsk::Scrap { scrap, reason } => {
                self.scrap_job(reference, key, (by, job), (*scrap, *reason), now)
            },
        }
    }

    fn start_job(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, job): (UserId, RecordId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let who = self.present(reference, by)?;
        let here = self.job_that(reference, job, State::InProgress)?;
        let station = here.job.station;
        let place = reference.station(station).ok_or_else(|| unknown("station"))?;
        if !place.concurrent_jobs
            && let Some(other) = self.job_on(reference, station)
        {
            return Err(Refusal::JobRunning { number: other, station: place.code.clone() });
        }
        let people = !place.machine_only;
        self.leave_jobs(who, None, now);
        let started = JobStarted { job, station, from: now.at };
        let event = Event::new(Body::JobStarted(started)).by(Some(who)).key(key);
        let accepted = self.accept(now, event);
        if people {
            let joined = Body::JobJoined(JobJoined { job, station, user: who });
            self.draft(now, Event::new(joined).by(Some(who)));
        }
        Ok(accepted)
    }

    /// Nobody works on two jobs at a time: whoever joins one leaves the other.
    fn join_job(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, job): (UserId, RecordId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let who = self.present(reference, by)?;
        let here = self.plant.job(reference, job).ok_or(Refusal::NoSuchJob)?;
        if here.state != State::InProgress {
            return Err(is(&here));
        }
        let station = here.job.station;
        let place = reference.station(station).ok_or_else(|| unknown("station"))?;
        if place.machine_only {
            return Err(Refusal::MachineOnly { station: place.code.clone() });
        }
        if self.plant.jobs.of(who).is_some_and(|(_, stint)| stint.job == job) {
            return Err(Refusal::AlreadyOnJob { name: name(reference, who) });
        }
        self.leave_jobs(who, None, now);
        let joined = Body::JobJoined(JobJoined { job, station, user: who });
        Ok(self.accept(now, Event::new(joined).by(Some(who)).key(key)))
    }

    fn leave_job(
        &mut self,
        reference: &Reference,
        key: &str,
        by: UserId,
        (job, user): (RecordId, UserId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let who = self.present(reference, by)?;
        let stint = self.plant.jobs.of(user).filter(|(_, stint)| stint.job == job);
        let Some((entry, _)) = stint else {
            return Err(Refusal::NotOnJob { name: name(reference, user) });
        };
        let left = Body::JobLeft(JobLeft { job, user, entry, until: None });
        Ok(self.accept(now, Event::new(left).by(Some(who)).key(key)))
    }

    fn complete_job(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, job): (UserId, RecordId),
        ((good, scrap), next): ((i64, i64), Option<StationId>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let who = self.present(reference, by)?;
        quantities(&[("good", good), ("scrap", scrap)])?;
        let here = self.job_that(reference, job, State::Completed)?;
        let station = here.job.station;
        if next.is_some_and(|next| !reference.onward(station).contains(&next)) {
            return Err(bad("station", "is none that the flow leads to"));
        }
        self.leave_it(job, who, now);
        let completed = JobCompleted { job, station, good, scrap, next };
        Ok(self.accept(now, Event::new(Body::JobCompleted(completed)).by(Some(who)).key(key)))
    }

    /// Whoever sends a job where the flow does not lead says why.
    fn move_job(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, job): (UserId, RecordId),
        (to, words): (StationId, Words),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let who = self.present(reference, by)?;
        let here = self.job_that(reference, job, State::Pending)?;
        let from = here.job.station;
        reference.station(to).ok_or_else(|| unknown("station"))?;
        if to == from {
            return Err(bad("station", "is where the job stands"));
        }
        let chosen = here.state == State::Queued && reference.onward(from).contains(&to);
        if !chosen && words.is_empty() {
            return Err(Refusal::WhyNeeded);
        }
        self.leave_it(job, who, now);
        let why = words.commitment();
        let moved = Body::JobMoved(JobMoved { job, from: Some(from), to, why });
        let event = Event::new(moved).words(words);
        Ok(self.accept(now, event.by(Some(who)).key(key)))
    }

    fn scrap_job(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, job): (UserId, RecordId),
        (scrap, reason): (i64, Option<ReasonId>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let who = self.present(reference, by)?;
        quantities(&[("scrap", scrap)])?;
        if reason.is_some_and(|reason| reference.scrap_reason(reason).is_none()) {
            return Err(unknown("reason"));
        }
        let here = self.job_that(reference, job, State::Scrapped)?;
        let station = here.job.station;
        self.leave_it(job, who, now);
        let scrapped = Body::JobScrapped(JobScrapped { job, station, scrap, reason });
        Ok(self.accept(now, Event::new(scrapped).by(Some(who)).key(key)))
    }

    /// Ends what a person does on jobs, by what else they do.
    pub(super) fn leave_jobs(&mut self, user: UserId, until: Option<Micros>, now: &Moment) {
        let Some((entry, stint)) = self.plant.jobs.of(user) else { return };
        let (job, from) = (stint.job, stint.from.at.wall_us);
        // Whoever comes anew without having clocked out has left before.
        let missed = self.plant.unended.values().rev().find(|unended| {
            unended.user == user
                && unended.presence.since.at.wall_us <= from
                && unended.until > from
        });
        let missed = missed.and_then(|unended| unended.presence.missed.as_ref()?.proposed);
        let until = until.or(missed).map(|until| until.max(from).min(now.at.wall_us));
        let left = Body::JobLeft(JobLeft { job, user, entry, until });
        self.draft(now, Event::new(left).by(Some(user)));
    }

    /// Whoever was on a job before they were away is on it again, as far as it is still worked on here.
    pub(super) fn back_on_job(&mut self, reference: &Reference, user: UserId, now: &Moment) {
        let Some(job) = self.plant.jobs.resting.get(&user).copied() else { return };
        let here = self.plant.job(reference, job);
        let Some(here) = here.filter(|here| here.state == State::InProgress) else { return };
        let joined = JobJoined { job, station: here.job.station, user };
        self.draft(now, Event::new(Body::JobJoined(joined)).by(Some(user)));
    }

    /// Nobody works on a job any more that is done here.
    fn leave_it(&mut self, job: RecordId, by: UserId, now: &Moment) {
        let on_it = self.plant.jobs.stints.iter().filter(|(_, stint)| stint.job == job);
        let on_it: Vec<(RecordId, UserId)> = on_it.map(|(id, stint)| (*id, stint.user)).collect();
        for (entry, user) in on_it {
            let left = Body::JobLeft(JobLeft { job, user, entry, until: None });
            self.draft(now, Event::new(left).by(Some(by)));
        }
    }

    /// A job at these stations that may get into a state.
    fn job_that(
        &self,
        reference: &Reference,
        job: RecordId,
        next: State,
    ) -> Result<JobHere, Refusal> {
        let here = self.plant.job(reference, job).ok_or(Refusal::NoSuchJob)?;
        match here.state.may_become(next) {
            true => Ok(here),
            false => Err(is(&here)),
        }
    }

    /// The job that is worked on at a station.
    fn job_on(&self, reference: &Reference, station: StationId) -> Option<String> {
        let all = self.plant.jobs(reference);
        let mut there = all.into_iter().filter(|here| here.job.station == station);
        there.find(|here| here.state == State::InProgress).map(|here| here.job.number)
    }
}

fn is(here: &JobHere) -> Refusal {
    Refusal::JobIs { number: here.job.number.clone(), state: here.state }
}

fn name(reference: &Reference, user: UserId) -> String {
    reference.person(user).map(|person| person.name.clone()).unwrap_or_default()
}
