//! Key figures of labor on batches: what people's time was worth.
//!
//! The functions that Kartorium's documents name say the same in SQL; a test compares them. The
//! denominator is people's time only, as the newest page has it.

use serde::{Deserialize, Serialize};

use super::{hours, percent, sum, to_f64};
use crate::time::Micros;

/// Somebody's time on a batch.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Entry {
    /// When it began.
    pub from: Micros,
    /// When it ended; `None` goes on.
    pub until: Option<Micros>,
    /// Minutes that a person entered; they win over the clock.
    pub override_minutes: Option<f64>,
}

impl Entry {
    /// Hours of it by `now`.
    pub fn hours(&self, now: Micros) -> f64 {
        let by_the_clock =
            hours(self.from, self.until.map_or(now, |until| until.min(now))).max(0.0);
        self.override_minutes.map_or(by_the_clock, |minutes| minutes / 60.0)
    }
}

/// A batch at a station, as far as figures go.
#[derive(Clone, PartialEq, Debug)]
pub struct Job {
    /// When it came to the station.
    pub from: Micros,
    /// When it ended there.
    pub until: Option<Micros>,
    /// Good parts, where they are known.
    pub good: Option<i64>,
    /// Parts to make.
    pub target: Option<i64>,
    /// Standard labor hours of one part; 0 is as good as none.
    pub standard_hours: Option<f64>,
    /// Time of people on it.
    pub people: Vec<Entry>,
}

/// How a standard is looked up: of the product on the machine, at the station, by itself.
pub fn standard_hours(candidates: [Option<f64>; 3]) -> Option<f64> {
    candidates.into_iter().flatten().next().filter(|hours| *hours > 0.0)
}

impl Job {
    /// As it was at `now`, where it had begun: what ended later went on then, and its parts were
    /// not confirmed yet.
    fn known(&self, now: Micros) -> Option<Self> {
        let ended = |at: Option<Micros>| at.filter(|at| *at <= now);
        let entry = |entry: &Entry| Entry { until: ended(entry.until), ..*entry };
        let until = ended(self.until);
        (self.from < now).then(|| Self {
            until,
            good: self.good.filter(|_| until == self.until),
            people: self.people.iter().filter(|it| it.from < now).map(entry).collect(),
            ..*self
        })
    }

    /// Labor by `now`; `None` where nobody had clocked in.
    pub fn touch(&self, now: Micros) -> Option<f64> {
        sum(self.people.iter().filter(|entry| entry.from < now).map(|entry| entry.hours(now)))
    }

    /// Hours since it came, whether or not anybody worked on it.
    pub fn dwell(&self, now: Micros) -> f64 {
        hours(self.from, self.until.map_or(now, |until| until.min(now))).max(0.0)
    }

    /// Labor that the parts made were worth.
    pub fn earned(&self) -> Option<f64> {
        Some(self.standard()? * to_f64(self.good?))
    }

    /// Labor that the whole of it is worth: of the parts made once it is over, before that of those
    /// to be made.
    pub fn expected(&self) -> Option<f64> {
        let parts = match self.until {
            Some(_) => self.good.or(self.target),
            None => self.target.or(self.good),
        };
        Some(self.standard()? * to_f64(parts?)).filter(|hours| *hours > 0.0)
    }

    fn standard(&self) -> Option<f64> {
        self.standard_hours.filter(|hours| *hours > 0.0)
    }
}

/// What `get_station_efficiency_kpis` answers about labor.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Efficiency {
    /// Open jobs that somebody works on.
    pub active_jobs: i64,
    /// Jobs whose touch or dwell has reached what they are worth.
    pub jobs_over_std: i64,
    /// Sum of what parts were worth.
    pub earned_hours: Option<f64>,
    /// Sum of labor.
    pub actual_hours: Option<f64>,
    /// Earned by actual, in percent.
    pub effectiveness_pct: Option<f64>,
    /// How far labor is from what jobs are worth, on average, in percent.
    pub avg_variance_pct: Option<f64>,
}

/// Figures of a station's jobs by `now`; what came later is not looked at.
pub fn efficiency(jobs: &[Job], now: Micros) -> Efficiency {
    let jobs: Vec<Job> = jobs.iter().filter_map(|job| job.known(now)).collect();
    let open = |job: &&Job| job.until.is_none() && job.people.iter().any(|e| e.until.is_none());
    let over = |job: &&Job| {
        job.expected().is_some_and(|worth| {
            job.touch(now).is_some_and(|touch| touch >= worth) || job.dwell(now) >= worth
        })
    };
    let earned_hours = sum(jobs.iter().filter_map(Job::earned));
    let actual_hours = sum(jobs.iter().filter_map(|job| job.touch(now)));
    let variances: Vec<f64> = jobs
        .iter()
        .filter_map(|job| {
            let worth = job.expected()?;
            Some((job.touch(now)? - worth) / worth * 100.0)
        })
        .collect();
    let count = to_f64(i64::try_from(variances.len()).unwrap_or(i64::MAX));
    Efficiency {
        active_jobs: i64::try_from(jobs.iter().filter(open).count()).unwrap_or(i64::MAX),
        jobs_over_std: i64::try_from(jobs.iter().filter(over).count()).unwrap_or(i64::MAX),
        earned_hours,
        actual_hours,
        effectiveness_pct: percent(earned_hours, actual_hours),
        avg_variance_pct: sum(variances.into_iter()).map(|sum| sum / count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::HOUR_US;

    fn at(hour: f64) -> Micros {
        #[expect(clippy::cast_possible_truncation, reason = "whole minutes of a few days")]
        Micros((hour * HOUR_US) as i64)
    }

    fn entry(from: f64, until: Option<f64>) -> Entry {
        Entry { from: at(from), until: until.map(at), override_minutes: None }
    }

    fn job(people: Vec<Entry>) -> Job {
        let (from, until) = (at(0.0), Some(at(4.0)));
        Job { from, until, good: Some(10), target: None, standard_hours: Some(0.5), people }
    }

    fn close(a: Option<f64>, b: f64) -> bool {
        a.is_some_and(|a| (a - b).abs() < 1e-9)
    }

    #[test]
    fn three_people_for_two_hours_are_six() {
        let three = job(vec![entry(0.0, Some(2.0)); 3]);
        assert!(close(three.touch(at(9.0)), 6.0));
        let all = efficiency(&[three], at(9.0));
        assert!(close(all.earned_hours, 5.0) && close(all.effectiveness_pct, 500.0 / 6.0));
        assert!(close(all.avg_variance_pct, 20.0));
        assert_eq!(all.jobs_over_std, 1);
    }

    #[test]
    fn what_a_person_entered_wins_over_the_clock() {
        let told = Entry { override_minutes: Some(90.0), ..entry(0.0, None) };
        assert!(close(job(vec![told]).touch(at(9.0)), 1.5));
    }

    #[test]
    fn what_came_later_is_not_looked_at() {
        let two = job(vec![entry(1.0, Some(3.0)), entry(3.0, Some(4.0)), entry(3.5, None)]);
        assert!(close(two.touch(at(2.0)), 1.0), "as far as it had come");
        assert_eq!((two.touch(at(1.0)), two.dwell(at(-1.0))), (None, 0.0));
        let told = efficiency(std::slice::from_ref(&two), at(2.0));
        assert!(close(told.actual_hours, 1.0));
        assert_eq!((told.active_jobs, told.earned_hours), (1, None), "not confirmed yet");
        assert_eq!(efficiency(&[two], at(0.0)), Efficiency::default());
    }

    #[test]
    fn what_cannot_be_known_is_not_zero() {
        let nobody = job(vec![]);
        assert_eq!(nobody.touch(at(9.0)), None);
        let without = Job { standard_hours: Some(0.0), ..job(vec![entry(0.0, Some(1.0))]) };
        let all = efficiency(&[without], at(9.0));
        assert_eq!((all.earned_hours, all.effectiveness_pct), (None, None));
        assert_eq!(efficiency(&[], at(9.0)), Efficiency::default());
    }
}
