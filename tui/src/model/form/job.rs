//! Jobs at the stations of the terminal, and what is done to one.

use kart_api::{Job, View};
use kart_core::{
    id::{ReasonId, RecordId, StationId},
    job::State,
    reference::Reference,
};

use super::{Sending, Who, reasons};
use crate::{
    keys::{Cmd, JobDeed},
    model::{Choice, Entry, TextField},
};

/// The jobs, narrowed down to what was typed or scanned.
#[derive(Clone, Debug, Default)]
pub struct JobsScreen {
    /// What narrows them down.
    pub find: TextField,
    /// The one in focus.
    pub chosen: Option<RecordId>,
}

impl JobsScreen {
    /// Those that are shown: worked on, waiting, to be sent on; then what is over or has left.
    pub fn lines<'v>(&self, view: &'v View) -> Vec<&'v Job> {
        let wanted = self.find.text().to_lowercase();
        let found = |job: &&Job| {
            let work_order = job.work_order.as_deref().unwrap_or_default();
            let parts = [&job.number, work_order, &job.product_code, &job.product_name];
            parts.iter().any(|part| part.to_lowercase().contains(&wanted))
        };
        let mut lines: Vec<&Job> = view.jobs.iter().filter(found).collect();
        lines.sort_by_key(|job| {
            let rank = match job.state {
                Some(State::InProgress) => 0,
                Some(State::Pending) => 1,
                Some(State::Queued) => 2,
                Some(_) => 3,
                None => 4,
            };
            (rank, job.due_us.is_none(), job.due_us, job.posted_us)
        });
        lines
    }

    /// The one that Enter opens: the one whose number was scanned, the chosen one, else the first.
    pub fn opens<'v>(&self, view: &'v View) -> Option<&'v Job> {
        let lines = self.lines(view);
        let scanned = lines.iter().find(|job| job.number.eq_ignore_ascii_case(self.find.text()));
        let chosen = lines.iter().find(|job| Some(job.id) == self.chosen);
        scanned.or(chosen).or(lines.first()).copied()
    }

    /// Moves by `step` and stops at the ends.
    pub fn step(&mut self, view: &View, step: isize) {
        let lines = self.lines(view);
        let Some(last) = lines.len().checked_sub(1) else { return };
        let at = lines.iter().position(|job| Some(job.id) == self.chosen).unwrap_or(0);
        self.chosen = lines.get(at.saturating_add_signed(step).min(last)).map(|job| job.id);
    }
}

/// One job, and what is done to it.
#[derive(Clone, Debug)]
pub struct JobForm {
    /// Which.
    pub job: RecordId,
    /// Who.
    pub who: Who,
    /// What is being done.
    pub doing: JobDoing,
    /// Good parts.
    pub good: TextField,
    /// Scrapped parts.
    pub scrap: TextField,
    /// Why it goes where the flow does not lead.
    pub why: TextField,
    /// Where it could go.
    pub stations: Choice<StationId>,
    /// What it is scrapped for.
    pub reasons: Choice<ReasonId>,
    /// The field in focus.
    pub focus: JobField,
    /// Lines of its history scrolled.
    pub scroll: u16,
    /// How far the command is.
    pub sending: Sending,
}

/// What is being done to a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JobDoing {
    /// It is looked at.
    Card,
    Complete,
    Move,
    Rework,
    Scrap,
    /// Where it has been is looked at.
    History,
}

/// The fields of [`JobForm`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JobField {
    Good,
    Scrap,
    List,
    Why,
}

impl JobForm {
    /// A job that is looked at.
    pub fn new(job: RecordId, who: Who) -> Self {
        Self {
            job,
            who,
            doing: JobDoing::Card,
            good: TextField::whole(),
            scrap: TextField::whole(),
            why: TextField::long(),
            stations: Choice::new(Vec::new()),
            reasons: Choice::new(Vec::new()),
            focus: JobField::List,
            scroll: 0,
            sending: Sending::No,
        }
    }

    /// Begins to do something.
    pub fn begin(&mut self, doing: JobDoing, job: &Job, reference: &Reference) {
        let who = self.who.clone();
        *self = Self { doing, ..Self::new(self.job, who) };
        let onward = job.station.map(|at| reference.onward(at)).unwrap_or_default();
        match doing {
            JobDoing::Complete => {
                let before = job.visits.iter().rev().find(|visit| visit.completed_us.is_some());
                let expected = before.map(|visit| visit.good).or(job.target);
                if let Some(expected) = expected {
                    self.good.offer(&expected.to_string());
                }
                self.scrap.offer("0");
                if onward.len() > 1 {
                    self.stations = stations(reference, onward);
                }
            },
            JobDoing::Move => {
                let all = reference.stations.iter().map(|station| station.id);
                let other = |id: &StationId| Some(*id) != job.station && !onward.contains(id);
                let rest: Vec<StationId> = all.filter(other).collect();
                self.stations = stations(reference, onward.into_iter().chain(rest));
            },
            JobDoing::Rework => {
                let again = job.station.map(|at| reference.rework(at)).unwrap_or_default();
                let code = |code: &str| {
                    let mut all = reference.stations.iter();
                    all.find(|station| station.code == code).map(|station| station.id)
                };
                let been = job.visits.iter().rev().filter_map(|visit| code(&visit.station));
                let mut all: Vec<StationId> = Vec::new();
                for station in again.into_iter().chain(been) {
                    if Some(station) != job.station && !all.contains(&station) {
                        all.push(station);
                    }
                }
                self.stations = stations(reference, all);
            },
            JobDoing::Scrap => {
                self.reasons = Choice::new(reasons(&reference.scrap_groups, None, None));
            },
            JobDoing::Card | JobDoing::History => {},
        }
        if matches!(doing, JobDoing::Move | JobDoing::Rework) {
            self.stations.step(0);
        }
        self.focus = self.fields().first().copied().unwrap_or(JobField::List);
    }

    /// Whether a key does something to the job as it stands.
    pub fn means(&self, cmd: Cmd, view: Option<&View>) -> bool {
        let Cmd::Job(deed) = cmd else { return true };
        let job = view.and_then(|view| view.jobs.iter().find(|job| job.id == self.job));
        let Some(state) = job.and_then(|job| job.state) else { return false };
        match deed {
            JobDeed::Start => state == State::Pending,
            JobDeed::Join | JobDeed::Leave | JobDeed::Complete | JobDeed::Scrap => {
                state == State::InProgress
            },
            JobDeed::Move | JobDeed::Rework => state.may_become(State::Pending),
            JobDeed::History => true,
        }
    }

    /// What is to be filled in, in order.
    pub fn fields(&self) -> Vec<JobField> {
        use JobField::{Good, List, Scrap, Why};
        match self.doing {
            JobDoing::Complete if self.stations.entries.is_empty() => vec![Good, Scrap],
            JobDoing::Complete => vec![Good, Scrap, List],
            JobDoing::Move | JobDoing::Rework => vec![List, Why],
            JobDoing::Scrap => vec![Scrap, List],
            JobDoing::Card | JobDoing::History => vec![],
        }
    }

    /// The field that Enter leads to; `None` at the last one.
    pub fn after(&self) -> Option<JobField> {
        let all = self.fields();
        let at = all.iter().position(|field| *field == self.focus)?;
        all.get(at + 1).copied()
    }

    /// Moves the focus, round.
    pub fn step(&mut self, by: isize) {
        let all = self.fields();
        let Some(at) = all.iter().position(|field| *field == self.focus) else { return };
        let next = (at + all.len()).saturating_add_signed(by) % all.len().max(1);
        self.focus = all.get(next).copied().unwrap_or(self.focus);
    }

    /// The text field in focus.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        if self.fields().is_empty() {
            return None;
        }
        match self.focus {
            JobField::Good => Some(&mut self.good),
            JobField::Scrap => Some(&mut self.scrap),
            JobField::Why => Some(&mut self.why),
            JobField::List => None,
        }
    }
}

fn stations(reference: &Reference, ids: impl IntoIterator<Item = StationId>) -> Choice<StationId> {
    let known = ids.into_iter().filter_map(|id| reference.station(id));
    let entry = |station: &kart_core::reference::Station| Entry {
        key: station.id,
        label: station.code.clone(),
        detail: station.name.clone(),
    };
    Choice::new(known.map(entry).collect())
}
