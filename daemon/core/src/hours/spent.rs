//! Attendance and job time held against each other: what of a shift nobody has said anything of.

use serde::{Deserialize, Serialize};

use super::Shift;
use crate::{calendar::Interval, fact::labor::Inside};

/// What a shift was spent on, microseconds. The parts add up to the whole.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Spent {
    /// From clocking in to clocking out.
    pub here_us: i64,
    /// At breaks and meals.
    pub away_us: i64,
    /// At something else than production.
    pub activity_us: i64,
    /// On batches, at least one at a time.
    pub jobs_us: i64,
    /// On nothing that anybody said.
    pub unbooked: Vec<Interval>,
}

impl Spent {
    /// On nothing that anybody said, microseconds.
    pub fn unbooked_us(&self) -> i64 {
        self.unbooked.iter().map(|at| at.length_us()).sum()
    }

    /// All of these together.
    pub fn add(&mut self, more: &Self) {
        self.here_us += more.here_us;
        self.away_us += more.away_us;
        self.activity_us += more.activity_us;
        self.jobs_us += more.jobs_us;
        self.unbooked.extend(&more.unbooked);
    }
}

/// What the time of a shift went to. Whoever is away is on no job, whatever the job's record says; and
/// two jobs at a time are one time.
pub fn spent(shift: &Shift, jobs: &[Interval]) -> Spent {
    let mut left = vec![shift.at];
    let inside = |wanted: fn(Inside) -> bool| {
        let fits = shift.inside.iter().filter(move |(kind, _)| wanted(*kind));
        fits.map(|(_, at)| *at).collect::<Vec<_>>()
    };
    let away = take(&mut left, &inside(|kind| kind != Inside::Activity));
    let activity = take(&mut left, &inside(|kind| kind == Inside::Activity));
    let jobs = take(&mut left, jobs);
    Spent {
        here_us: shift.at.length_us(),
        away_us: away,
        activity_us: activity,
        jobs_us: jobs,
        unbooked: left,
    }
}

/// Takes `gone` out of what is left, and says how much that was.
fn take(left: &mut Vec<Interval>, gone: &[Interval]) -> i64 {
    let length = |parts: &[Interval]| parts.iter().map(|part| part.length_us()).sum::<i64>();
    let before = length(left);
    for gone in gone {
        let cut = |part: Interval| {
            let head = Interval { until: part.until.min(gone.from), ..part };
            let tail = Interval { from: part.from.max(gone.until), ..part };
            match part.common(*gone) {
                Some(_) => vec![head, tail],
                None => vec![part],
            }
        };
        *left = std::mem::take(left).into_iter().flat_map(cut).collect();
        left.retain(|part| part.length_us() > 0);
    }
    before - length(left)
}
