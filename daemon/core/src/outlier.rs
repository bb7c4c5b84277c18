//! Which jobs took unusually long, or were done unusually fast, at a station.
//!
//! A robust z-score: how many spreads a time lies from the median of its peers. The spread is
//! 1.4826 times the median absolute deviation, which for normally distributed times equals the
//! standard deviation, but which the outliers themselves cannot widen. Beyond 3.5 spreads, in
//! either direction, a job is flagged (Iglewicz and Hoaglin, 1993): a job that took a tenth of the
//! usual time is as worth a look as one that took ten times as long.
//!
//! Peers are the other completed jobs of the same product at the station when there are at least
//! 20 of them, else all other completed jobs at the station when there are at least 20; with fewer
//! nothing is usual yet. Only a flag for people to look at follows from it, never a decision.

use std::collections::BTreeMap;

use uuid::Uuid;

/// Beyond this many spreads a time is unusual.
pub const THRESHOLD: f64 = 3.5;

/// With fewer peers nothing is usual.
pub const ENOUGH: usize = 20;

/// From a median absolute deviation to a standard deviation.
const SPREAD_OF_MAD: f64 = 1.4826;

/// Times that are more alike than this part of their median are of clockwork, where half of the
/// times are the same the deviation is even zero: the spread is never taken for less.
const LEAST_OF_MEDIAN: f64 = 0.05;

/// Nor for less than this, in minutes.
const LEAST_MINUTES: f64 = 0.1;

/// What a metric is called in `job_outlier_flags`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Metric {
    /// Time of people on the job at the station.
    Touch,
    /// Time of the job at the station, by the wall clock.
    Dwell,
}

impl Metric {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Touch => "touch_time",
            Self::Dwell => "dwell_time",
        }
    }

    fn of(self, visit: &Visit) -> Option<f64> {
        match self {
            Self::Touch => visit.touch,
            Self::Dwell => visit.dwell,
        }
    }
}

/// One visit of a job to a station that is over.
#[derive(Clone, PartialEq, Debug)]
pub struct Visit {
    /// The job.
    pub job: Uuid,
    /// The station.
    pub station: Uuid,
    /// What the job makes.
    pub product: Option<Uuid>,
    /// Minutes of people; `None` when nobody booked any.
    pub touch: Option<f64>,
    /// Minutes by the wall clock.
    pub dwell: Option<f64>,
}

/// An unusual job.
#[derive(Clone, PartialEq, Debug)]
pub struct Flag {
    /// The job.
    pub job: Uuid,
    /// What is unusual.
    pub metric: Metric,
    /// Minutes.
    pub observed: f64,
    /// Median of the peers, minutes.
    pub expected: f64,
    /// In spreads; negative when it was faster.
    pub deviation: f64,
}

/// All unusual jobs. Of a job's visits the most unusual one counts.
pub fn flags(visits: &[Visit]) -> Vec<Flag> {
    let mut stations: BTreeMap<Uuid, Vec<&Visit>> = BTreeMap::new();
    for visit in visits {
        stations.entry(visit.station).or_default().push(visit);
    }
    let mut worst: BTreeMap<(Uuid, Metric), Flag> = BTreeMap::new();
    for visits in stations.values() {
        for flag in of_station(visits) {
            let standing = worst.entry((flag.job, flag.metric)).or_insert_with(|| flag.clone());
            if flag.deviation.abs() > standing.deviation.abs() {
                *standing = flag;
            }
        }
    }
    worst.into_values().collect()
}

fn of_station(visits: &[&Visit]) -> Vec<Flag> {
    let mut flags = Vec::new();
    for metric in [Metric::Touch, Metric::Dwell] {
        let times: Vec<(&Visit, f64)> =
            visits.iter().filter_map(|visit| Some((*visit, metric.of(visit)?))).collect();
        for (index, (visit, observed)) in times.iter().enumerate() {
            let others = times.iter().enumerate().filter(|(other, _)| *other != index);
            let others = others.map(|(_, other)| other);
            let same = |other: &&(&Visit, f64)| {
                visit.product.is_some() && other.0.product == visit.product
            };
            let mut peers: Vec<f64> = others.clone().filter(same).map(|(_, time)| *time).collect();
            if peers.len() < ENOUGH {
                peers = others.map(|(_, time)| *time).collect();
            }
            let Some((expected, deviation)) = score(*observed, &mut peers) else { continue };
            if deviation.abs() > THRESHOLD {
                let (job, observed) = (visit.job, *observed);
                flags.push(Flag { job, metric, observed, expected, deviation });
            }
        }
    }
    flags
}

/// Median of `peers` and how many spreads `observed` lies from it; `None` when there are too few.
pub fn score(observed: f64, peers: &mut [f64]) -> Option<(f64, f64)> {
    if peers.len() < ENOUGH {
        return None;
    }
    let expected = median(peers)?;
    let mut deviations: Vec<f64> = peers.iter().map(|peer| (peer - expected).abs()).collect();
    let spread = (SPREAD_OF_MAD * median(&mut deviations)?)
        .max(LEAST_OF_MEDIAN * expected.abs())
        .max(LEAST_MINUTES);
    Some((expected, (observed - expected) / spread))
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = values.len() / 2;
    let high = *values.get(upper)?;
    if values.len() % 2 == 1 {
        return Some(high);
    }
    let low = *values.get(upper.checked_sub(1)?)?;
    Some(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn visit(job: u128, product: u128, dwell: f64) -> Visit {
        let (station, product) = (id(9), Some(id(product)));
        Visit { job: id(job), station, product, touch: None, dwell: Some(dwell) }
    }

    /// Jobs of one product that take 57 to 63 minutes.
    fn usual(from: u128, count: u128, product: u128) -> Vec<Visit> {
        let minutes = |n: u128| 57.0 + f64::from(u8::try_from(n % 7).unwrap());
        (0..count).map(|n| visit(from + n, product, minutes(n))).collect()
    }

    #[test]
    fn both_directions_are_flagged_and_the_usual_is_not() {
        let mut visits = usual(100, 40, 1);
        visits.extend([visit(1, 1, 95.0), visit(2, 1, 20.0), visit(3, 1, 65.0)]);
        let flags = flags(&visits);
        let jobs: Vec<(Uuid, bool)> = flags.iter().map(|f| (f.job, f.deviation > 0.0)).collect();
        assert_eq!(jobs, [(id(1), true), (id(2), false)]);
        assert!(flags.iter().all(|f| (f.expected - 60.0).abs() < 1.0), "{flags:?}");
    }

    #[test]
    fn with_few_peers_nothing_is_unusual() {
        let mut visits = usual(100, 19, 1);
        visits.push(visit(1, 1, 600.0));
        assert_eq!(flags(&visits), []);
        visits.extend(usual(200, 1, 1));
        assert_eq!(flags(&visits).len(), 1);
    }

    #[test]
    fn a_product_is_compared_with_itself_when_it_is_known_well_enough() {
        // Product 2 always takes four hours; at a station that usually takes one that is no news.
        let mut visits = usual(100, 200, 1);
        visits.extend((0..25).map(|n| visit(500 + n, 2, 240.0)));
        assert_eq!(flags(&visits), []);
        // Product 3 was seen twice: the station is the measure.
        visits.extend([visit(700, 3, 240.0), visit(701, 3, 61.0)]);
        let flagged: Vec<Uuid> = flags(&visits).iter().map(|f| f.job).collect();
        assert_eq!(flagged, [id(700)]);
    }

    #[test]
    fn outliers_do_not_hide_each_other() {
        let mut visits = usual(100, 30, 1);
        visits.extend((0..10).map(|n| visit(n + 1, 1, 600.0)));
        assert_eq!(flags(&visits).len(), 10);
    }

    #[test]
    fn equal_times_have_the_least_spread() {
        let mut peers = vec![60.0; 30];
        let (expected, deviation) = score(66.0, &mut peers).unwrap();
        assert!((expected - 60.0).abs() < f64::EPSILON);
        assert!((deviation - 2.0).abs() < 1e-9, "6 minutes are two times 5 % of an hour");
        let mut peers = vec![0.0; 30];
        assert!((score(1.0, &mut peers).unwrap().1 - 10.0).abs() < 1e-9);
    }

    #[test]
    fn of_a_jobs_visits_the_most_unusual_counts() {
        let mut visits = usual(100, 40, 1);
        visits.extend([visit(1, 1, 120.0), visit(1, 1, 300.0)]);
        let flags = flags(&visits);
        assert_eq!(flags.len(), 1);
        assert!((flags[0].observed - 300.0).abs() < f64::EPSILON);
    }
}
