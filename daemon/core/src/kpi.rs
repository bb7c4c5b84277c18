//! Key figures: of labor on batches, and overall equipment effectiveness. A figure that cannot be
//! known is `None`, never 0. The functions that Kartorium's documents name say the same in SQL; a
//! test compares them.

use crate::time::Micros;

const HOUR_US: f64 = 3_600_000_000.0;

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
        let by_the_clock = hours(self.from, self.until.unwrap_or(now));
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
    /// Labor so far; `None` where nobody ever clocked in.
    pub fn touch(&self, now: Micros) -> Option<f64> {
        let all = self.people.iter().map(|entry| entry.hours(now));
        (!self.people.is_empty()).then(|| all.sum())
    }

    /// Hours since it came, whether or not anybody worked on it.
    pub fn dwell(&self, now: Micros) -> f64 {
        hours(self.from, self.until.unwrap_or(now))
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
#[derive(Clone, Copy, PartialEq, Debug, Default)]
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

/// Figures of a station's jobs by `now`.
pub fn efficiency(jobs: &[Job], now: Micros) -> Efficiency {
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

/// Which losses count against availability.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Unplanned stops.
    Standard,
    /// Unplanned and planned stops.
    Strict,
    /// All time of the calendar.
    Teep,
}

impl Mode {
    /// The mode of a word of `oee_sites.availability_mode`.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "standard" => Some(Self::Standard),
            "strict" => Some(Self::Strict),
            "teep" => Some(Self::Teep),
            _ => None,
        }
    }
}

/// What a machine did in a window, in hours, and what came out.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Production {
    /// Running.
    pub run: f64,
    /// Stopped, and nobody had planned it.
    pub unplanned: f64,
    /// Stopped as planned.
    pub planned: f64,
    /// The window.
    pub calendar: f64,
    /// Good parts of batches that were not given up.
    pub good: i64,
    /// All parts of them.
    pub total: i64,
    /// Hours that one part takes at the machine's target; unknown for many.
    pub ideal_hours: Option<f64>,
}

/// Overall equipment effectiveness and its factors, in percent.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Oee {
    /// Run against what counts as available.
    pub availability: Option<f64>,
    /// Speed against the target; may exceed 100.
    pub performance: Option<f64>,
    /// Good against all parts.
    pub quality: Option<f64>,
    /// The product of the three; unknown when one of them is.
    pub oee: Option<f64>,
}

impl Production {
    /// The figures in a mode.
    pub fn oee(&self, mode: Mode) -> Oee {
        let available = match mode {
            Mode::Standard => self.run + self.unplanned,
            Mode::Strict => self.run + self.unplanned + self.planned,
            Mode::Teep => self.calendar,
        };
        let availability = percent(Some(self.run), Some(available));
        let worth = self.ideal_hours.filter(|hours| *hours > 0.0);
        let performance = percent(worth.map(|hours| hours * to_f64(self.total)), Some(self.run));
        let quality = percent(Some(to_f64(self.good)), Some(to_f64(self.total)));
        let factor = |percent: Option<f64>| percent.map(|percent| percent / 100.0);
        let oee = (|| {
            let factors = [factor(availability)?, factor(performance)?, factor(quality)?];
            Some(factors.into_iter().product::<f64>() * 100.0)
        })();
        Oee { availability, performance, quality, oee }
    }
}

fn hours(from: Micros, until: Micros) -> f64 {
    to_f64(until.0.saturating_sub(from.0)) / HOUR_US
}

/// Percent of a whole that is something.
fn percent(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    let whole = whole.filter(|whole| *whole > 0.0)?;
    Some(part? / whole * 100.0)
}

fn sum(all: impl Iterator<Item = f64>) -> Option<f64> {
    all.reduce(|a, b| a + b)
}

#[expect(clippy::cast_precision_loss, reason = "figures are shown with two digits")]
fn to_f64(n: i64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_cannot_be_known_is_not_zero() {
        let nobody = job(vec![]);
        assert_eq!(nobody.touch(at(9.0)), None);
        let without = Job { standard_hours: Some(0.0), ..job(vec![entry(0.0, Some(1.0))]) };
        let all = efficiency(&[without], at(9.0));
        assert_eq!((all.earned_hours, all.effectiveness_pct), (None, None));
        assert_eq!(efficiency(&[], at(9.0)), Efficiency::default());
        assert_eq!(Production::default().oee(Mode::Standard), Oee::default());
    }

    #[test]
    fn modes_differ_in_what_counts_as_available() {
        let day = Production {
            run: 6.0,
            unplanned: 2.0,
            planned: 2.0,
            calendar: 24.0,
            good: 90,
            total: 100,
            ideal_hours: Some(0.05),
        };
        let availability = |mode| day.oee(mode).availability;
        assert!(close(availability(Mode::Standard), 75.0));
        assert!(close(availability(Mode::Strict), 60.0));
        assert!(close(availability(Mode::Teep), 25.0));
        let standard = day.oee(Mode::Standard);
        assert!(close(standard.quality, 90.0) && close(standard.performance, 500.0 / 6.0));
        assert!(close(standard.oee, 75.0 * 5.0 / 6.0 * 0.9));
        assert_eq!(Production { ideal_hours: None, ..day }.oee(Mode::Teep).oee, None);
    }
}
