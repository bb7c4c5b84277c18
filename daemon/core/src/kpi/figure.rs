//! Figures: each with the share of time it knows, or why there is none.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{
    HOUR_US, MINUTE_US, SECOND_US,
    account::{Account, Tally, both},
    evidence::Evidence,
    input::{Machine, Mode, Reasons, Span, Window},
    labor::{Efficiency, Job, efficiency},
    name::{Kpi, Missing},
    percent,
    spent::within,
    to_f64,
};
use crate::time::Micros;

/// A figure, never without what it knows of.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// In its unit; `None` is shown as n/a.
    pub value: Option<f64>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// Percent of the time meant that something is known of.
    pub coverage: Option<f64>,
    /// Minutes of stops that wait for a reason.
    pub unexplained_minutes: f64,
}

/// Times in seconds and quantities, by the names of ISO 22400-2.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Elements {
    /// Planned operation time.
    #[serde(rename = "POT")]
    pub planned_operation: f64,
    /// Actual production time: run.
    #[serde(rename = "APT")]
    pub production: f64,
    /// Actual unit setup time.
    #[serde(rename = "AUST")]
    pub setup: f64,
    /// Actual unit delay time: unplanned stops that are no setup.
    #[serde(rename = "ADET")]
    pub delay: f64,
    /// Actual unit down time: available and without work.
    #[serde(rename = "ADOT")]
    pub down: f64,
    /// Time to restoration, of failures that began in the window and are over.
    #[serde(rename = "TTR")]
    pub restoration: f64,
    /// Failure events.
    #[serde(rename = "FE")]
    pub failures: i64,
    /// Micro-stops that began in the window.
    #[serde(default)]
    pub micro_stops: i64,
    /// Produced quantity, as machines counted or else as people confirmed.
    #[serde(rename = "PQ")]
    pub produced: i64,
    /// Good quantity, as people confirmed.
    #[serde(rename = "GQ")]
    pub good: i64,
    /// Scrap quantity, as people confirmed.
    #[serde(rename = "SQ")]
    pub scrap: i64,
    /// Counted while nobody watched: in no figure of speed.
    pub gap: i64,
}

/// The answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Figures {
    /// From here …
    #[serde(with = "super::instant")]
    pub from: Micros,
    /// … to here: the end that was asked for, or now.
    #[serde(with = "super::instant")]
    pub until: Micros,
    /// The site's mode.
    pub mode: Mode,
    /// As recorded or as now.
    pub reasons: Reasons,
    /// What figures are made from.
    pub elements: Elements,
    /// Every figure.
    pub figures: BTreeMap<Kpi, Figure>,
    /// Labor in detail.
    pub labor: Efficiency,
    /// What they were made of.
    pub evidence: Vec<Evidence>,
}

impl Figures {
    /// A figure's value.
    pub fn value(&self, kpi: Kpi) -> Option<f64> {
        self.figures.get(&kpi)?.value
    }

    /// What a figure was made of.
    pub fn behind(&self, kpi: Kpi) -> impl Iterator<Item = &Evidence> {
        self.evidence.iter().filter(move |evidence| evidence.is_behind(kpi, self.mode))
    }
}

/// What completed batches say, over all machines.
struct Made {
    batches: usize,
    good: i64,
    scrap: i64,
    scrap_standard: Result<f64, Missing>,
}

/// Figures of one machine, or of several together: times and parts add up, and a figure that one of
/// them misses is missing.
pub fn figures(window: &Window, machines: &[Machine]) -> Figures {
    let limit = Span { from: window.from, until: window.until.min(window.now).max(window.from) };
    let spans = match window.mode {
        Mode::Standard | Mode::Strict => within(&window.planned, limit),
        Mode::Teep => within(&[limit], limit),
    };
    let (mut meant, mut calendar) = (Tally::default(), Tally::default());
    let mut made = Made { batches: 0, good: 0, scrap: 0, scrap_standard: Ok(0.0) };
    let (mut jobs, mut evidence): (Vec<Job>, Vec<Evidence>) = (Vec::new(), Vec::new());
    for machine in machines {
        let account = Account::new(window, machine, limit);
        meant.add(&account.tally(&spans));
        calendar.add(&account.tally(&within(&[limit], limit)));
        for (batch, cycle) in account.completed() {
            let scrap = batch.scrap.unwrap_or_default();
            made.batches += 1;
            made.good += batch.good.unwrap_or_default();
            made.scrap += scrap;
            let worth = match cycle {
                Some(cycle) => Ok(to_f64(scrap) * cycle.cycle_s * SECOND_US),
                None => Err(Missing::NoRate),
            };
            made.scrap_standard = both(made.scrap_standard, worth);
        }
        jobs.extend(account.worked().map(super::Batch::job));
        evidence.extend(account.evidence(&spans));
    }
    let labor = efficiency(&jobs, limit.until);
    let all = Sums { mode: window.mode, meant, calendar, made, labor };
    let coverage = percent(Some(to_f64(all.meant.known())), Some(to_f64(all.meant.considered)));
    let unexplained_minutes = to_f64(all.meant.unexplained) / MINUTE_US;
    let figure = |kpi: Kpi| {
        let value = all.value(kpi);
        let missing = value.err();
        (kpi, Figure { value: value.ok(), missing, coverage, unexplained_minutes })
    };
    Figures {
        from: limit.from,
        until: limit.until,
        mode: window.mode,
        reasons: window.reasons,
        elements: all.elements(),
        figures: Kpi::ALL.into_iter().map(figure).collect(),
        labor,
        evidence,
    }
}

struct Sums {
    mode: Mode,
    meant: Tally,
    calendar: Tally,
    made: Made,
    labor: Efficiency,
}

type Value = Result<f64, Missing>;

impl Sums {
    fn value(&self, kpi: Kpi) -> Value {
        let meant = &self.meant;
        match kpi {
            Kpi::Coverage => share(meant.known(), meant.considered, Missing::NotPlanned),
            Kpi::Unexplained => self.seen(to_f64(meant.unexplained) / MINUTE_US),
            Kpi::Downtime => {
                self.seen(to_f64(meant.unplanned + meant.planned + meant.idle) / MINUTE_US)
            },
            Kpi::Availability => availability(meant, self.mode),
            Kpi::Performance => performance(meant),
            Kpi::RateEfficiency => {
                positions(meant)?;
                ratio(meant.standard?, meant.used, Missing::NoBatch)
            },
            Kpi::OperationalEfficiency => {
                positions(meant)?;
                share(meant.used, meant.available, Missing::NoRun)
            },
            Kpi::Quality => self.of_parts(self.made.good),
            Kpi::ScrapRate => self.of_parts(self.made.scrap),
            Kpi::Oee => product(availability(meant, self.mode), performance(meant), self.quality()),
            Kpi::Teep => {
                let available = availability(&self.calendar, Mode::Teep);
                product(available, performance(&self.calendar), self.quality())
            },
            Kpi::Mtbf => {
                self.seen(0.0)?;
                over(to_f64(meant.run) / HOUR_US, meant.failures, Missing::NoFailure)
            },
            Kpi::Mttr => {
                self.seen(0.0)?;
                over(0.0, meant.failures, Missing::NoFailure)?;
                over(to_f64(meant.repair) / MINUTE_US, meant.repaired, Missing::NotRepaired)
            },
            Kpi::LaborEfficiency => self.labor.effectiveness_pct.ok_or(Missing::NoStandard),
            Kpi::BreakdownLoss => self.seen(to_f64(meant.breakdown) / HOUR_US),
            Kpi::SetupLoss => self.seen(to_f64(meant.setup) / HOUR_US),
            Kpi::SmallStopLoss => self.seen(to_f64(meant.small) / HOUR_US),
            Kpi::MicroStops => self.seen(to_f64(meant.micro_stops)),
            Kpi::SpeedLoss => {
                performance(meant)?;
                Ok((to_f64(meant.available) - meant.standard?) / HOUR_US)
            },
            Kpi::DefectLoss => {
                self.quality()?;
                let startup = meant.startup.unwrap_or_default();
                Ok((self.made.scrap_standard? - startup).max(0.0) / HOUR_US)
            },
            Kpi::StartupLoss => {
                self.seen(0.0)?;
                Ok(meant.startup? / HOUR_US)
            },
        }
    }

    /// A sum of times, where any time is known.
    fn seen(&self, value: f64) -> Value {
        known(&self.meant)?;
        Ok(value)
    }

    fn quality(&self) -> Value {
        self.of_parts(self.made.good)
    }

    fn of_parts(&self, parts: i64) -> Value {
        if self.made.batches == 0 {
            return Err(Missing::NoBatch);
        }
        share(parts, self.made.good + self.made.scrap, Missing::NothingMade)
    }

    fn elements(&self) -> Elements {
        let seconds = |us: i64| to_f64(us) / SECOND_US;
        let meant = &self.meant;
        Elements {
            planned_operation: seconds(meant.considered),
            production: seconds(meant.run),
            setup: seconds(meant.setup),
            delay: seconds(meant.breakdown + meant.small),
            down: seconds(meant.idle),
            restoration: seconds(meant.repair),
            failures: meant.failures,
            micro_stops: meant.micro_stops,
            produced: meant.made,
            good: self.made.good,
            scrap: self.made.scrap,
            gap: meant.gap,
        }
    }
}

fn known(tally: &Tally) -> Result<(), Missing> {
    match (tally.considered, tally.known()) {
        (0, _) => Err(Missing::NotPlanned),
        (_, 0) => Err(Missing::NotSeen),
        _ => Ok(()),
    }
}

/// In mode teep against the calendar as far as it is known: what was not seen is no loss.
fn availability(tally: &Tally, mode: Mode) -> Value {
    known(tally)?;
    let lost = match mode {
        Mode::Standard => tally.unplanned,
        Mode::Strict => tally.unplanned + tally.planned,
        Mode::Teep => tally.unplanned + tally.planned + tally.idle,
    };
    share(tally.run, tally.run + lost, Missing::NoTime)
}

fn performance(tally: &Tally) -> Value {
    known(tally)?;
    if tally.run == 0 {
        return Err(Missing::NoRun);
    }
    if tally.has_positions && tally.used == 0 {
        return Err(Missing::NoBatch);
    }
    ratio(tally.standard?, tally.available, Missing::NoRun)
}

fn positions(tally: &Tally) -> Result<(), Missing> {
    if tally.has_positions { known(tally) } else { Err(Missing::NoPositions) }
}

fn product(a: Value, b: Value, c: Value) -> Value {
    match (a, b, c) {
        (Ok(a), Ok(b), Ok(c)) => Ok(a * b * c / 10_000.0),
        _ => Err(Missing::NoFactor),
    }
}

fn share(part: i64, whole: i64, missing: Missing) -> Value {
    ratio(to_f64(part), whole, missing)
}

fn ratio(part: f64, whole: i64, missing: Missing) -> Value {
    percent(Some(part), Some(to_f64(whole))).ok_or(missing)
}

fn over(sum: f64, count: i64, missing: Missing) -> Value {
    if count > 0 { Ok(sum / to_f64(count)) } else { Err(missing) }
}
