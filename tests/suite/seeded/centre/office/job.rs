//! Jobs, as `sync/hq/src/operations/job.rs` and the functions of the schema keep them.

use kart_core::fact::job::JobCompleted;
use kart_core::fact::{Body, Fact};
use kart_core::id::{RecordId, StationId};
use kart_core::job::{Advance, Follows, Standing, State, Step, advance, judge};
use kart_hq::decisions::Writer;

use super::{Missing, Office};

/// A row of `ops_jobs` with its entries in `ops_job_station_history`.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Job {
    pub(crate) number: String,
    pub(crate) state: State,
    pub(crate) station: StationId,
    since_us: i64,
    pub(crate) good: i64,
    pub(crate) scrap: i64,
    pub(crate) entries: Vec<Entry>,
}

/// A stay of a job at a station.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Entry {
    pub(crate) station: StationId,
    pub(crate) number: usize,
    pub(crate) over: bool,
    pub(crate) good: Option<i64>,
}

impl Job {
    fn arrives(&mut self, station: StationId) {
        let number = self.entries.iter().filter(|entry| entry.station == station).count() + 1;
        self.entries.push(Entry { station, number, over: false, good: None });
    }

    fn leaves(&mut self, station: StationId, good: i64) {
        let open = |entry: &&mut Entry| entry.station == station && !entry.over;
        if !self.entries.iter_mut().any(|entry| open(&entry)) {
            self.arrives(station);
        }
        if let Some(entry) = self.entries.iter_mut().rfind(open) {
            (entry.over, entry.good) = (true, Some(good));
        }
    }

    fn worked(&mut self, station: StationId) {
        if !self.entries.iter().any(|entry| entry.station == station && !entry.over) {
            self.arrives(station);
        }
    }
}

impl Office {
    pub(super) fn job(
        &mut self,
        feeds: &[(StationId, StationId)],
        writer: &Writer,
        fact: &Fact,
    ) -> Result<(), Missing> {
        let at_us = fact.at.wall_us.0;
        let (id, step) = match &fact.fact {
            Body::JobPosted(posted) => {
                let id = writer.origin.record(fact.seq);
                let mark: String = id.0.simple().to_string().chars().take(6).collect();
                let typed = posted.number.clone().unwrap_or_else(|| format!("JOB-{mark}"));
                let taken = self.jobs.values().any(|job| job.number == typed);
                let number = if taken { format!("{typed}-{mark}") } else { typed };
                let mut job = Job {
                    number,
                    state: State::Pending,
                    station: posted.station,
                    since_us: at_us,
                    good: 0,
                    scrap: 0,
                    entries: vec![],
                };
                job.arrives(posted.station);
                self.jobs.insert(id, job);
                return Ok(());
            },
            Body::JobStarted(started) => (started.job, Step::Start(started.station)),
            Body::JobCompleted(completed) => (completed.job, Step::Complete(completed.station)),
            Body::JobMoved(moved) => (moved.job, Step::Move { from: moved.from, at_us }),
            Body::JobScrapped(scrapped) => (scrapped.job, Step::Scrap(scrapped.station)),
            Body::JobAborted(aborted) => (aborted.job, Step::Abort),
            _ => return Ok(()),
        };
        let job = self.jobs.get(&id).ok_or(Missing::Record(id))?;
        let standing =
            Standing { state: job.state, station: Some(job.station), since_us: job.since_us };
        let follows = judge(standing, step).follows;
        match &fact.fact {
            Body::JobStarted(_) if follows == Follows::Yes => {
                self.becomes(id, State::InProgress);
            },
            Body::JobStarted(started) => {
                self.jobs.entry(id).and_modify(|job| job.worked(started.station));
            },
            Body::JobCompleted(completed) => self.completed(id, completed, follows, (feeds, at_us)),
            Body::JobMoved(moved) if follows == Follows::History => {
                self.jobs.entry(id).and_modify(|job| job.arrives(moved.to));
            },
            Body::JobMoved(moved) => self.goes_to(id, moved.to, at_us),
            Body::JobScrapped(scrapped) => {
                let follows = follows == Follows::Yes;
                if follows {
                    self.becomes(id, State::Scrapped);
                }
                self.jobs.entry(id).and_modify(|job| {
                    let here = if follows { job.station } else { scrapped.station };
                    job.leaves(here, 0);
                    if follows {
                        (job.good, job.scrap) = (0, job.scrap + scrapped.scrap);
                    }
                });
            },
            _ if follows == Follows::Yes => self.becomes(id, State::Aborted),
            _ => {},
        }
        Ok(())
    }

    fn completed(
        &mut self,
        id: RecordId,
        completed: &JobCompleted,
        follows: Follows,
        (feeds, at_us): (&[(StationId, StationId)], i64),
    ) {
        if follows == Follows::AfterStart {
            self.becomes(id, State::InProgress);
        }
        let follows = follows != Follows::History;
        self.jobs.entry(id).and_modify(|job| {
            let here = if follows { job.station } else { completed.station };
            job.leaves(here, completed.good);
            if follows {
                (job.good, job.scrap) = (completed.good, job.scrap + completed.scrap);
            }
        });
        if !follows {
            return;
        }
        let onward = feeds.iter().filter(|(from, _)| *from == completed.station);
        let onward: Vec<StationId> = onward.map(|(_, to)| *to).collect();
        match advance(&onward, completed.next) {
            Advance::Ends => self.becomes(id, State::Completed),
            Advance::Waits => self.becomes(id, State::Queued),
            Advance::GoesTo(station) => self.goes_to(id, station, at_us),
        }
    }

    fn goes_to(&mut self, id: RecordId, station: StationId, at_us: i64) {
        self.becomes(id, State::Pending);
        self.jobs.entry(id).and_modify(|job| {
            (job.station, job.since_us) = (station, at_us);
            job.arrives(station);
        });
    }

    fn becomes(&mut self, id: RecordId, next: State) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if job.state != next && !job.state.may_become(next) {
            let what = format!("{id} from {} to {}", job.state.word(), next.word());
            self.unlawful.push(what);
        }
        job.state = next;
    }
}
