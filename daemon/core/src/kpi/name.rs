//! Names of figures and their units, and the reasons why there is none.

use serde::{Deserialize, Serialize};

/// What can be asked for. The names of Kartorium's charts where it has one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kpi {
    /// Share of the time meant that something is known of.
    Coverage,
    /// Stops that wait for a reason.
    Unexplained,
    /// Run against what counts as available.
    Availability,
    /// What parts should have taken against what they took; may exceed 100.
    Performance,
    /// Of machines with positions: the speed of the positions in use.
    RateEfficiency,
    /// Of machines with positions: the share of them in use.
    OperationalEfficiency,
    /// Good against all parts of batches completed in the window.
    Quality,
    /// Availability times performance times quality.
    Oee,
    /// The same against all time of the calendar.
    Teep,
    /// All stops.
    Downtime,
    /// Run between failures.
    Mtbf,
    /// From a failure to its end.
    Mttr,
    /// Scrapped against all parts.
    ScrapRate,
    /// Earned against actual labor.
    LaborEfficiency,
    /// Big loss 1: stops that nobody had planned and that somebody is asked about.
    BreakdownLoss,
    /// Big loss 2: setup and adjustment.
    SetupLoss,
    /// Big loss 3: micro-stops.
    SmallStopLoss,
    /// How many of those began in the window.
    MicroStops,
    /// Big loss 4: the run beyond what its parts should have taken; below 0 it was faster.
    SpeedLoss,
    /// Big loss 5: what scrapped parts of completed batches should have taken.
    DefectLoss,
    /// Big loss 6: what parts scrapped during setup should have taken.
    StartupLoss,
}

/// What a figure is measured in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Of a whole.
    Percent,
    /// Of time.
    Hours,
    /// Of time.
    Minutes,
    /// How many.
    Number,
}

impl Kpi {
    /// Every one.
    pub const ALL: [Self; 21] = [
        Self::Coverage,
        Self::Unexplained,
        Self::Availability,
        Self::Performance,
        Self::RateEfficiency,
        Self::OperationalEfficiency,
        Self::Quality,
        Self::Oee,
        Self::Teep,
        Self::Downtime,
        Self::Mtbf,
        Self::Mttr,
        Self::ScrapRate,
        Self::LaborEfficiency,
        Self::BreakdownLoss,
        Self::SetupLoss,
        Self::SmallStopLoss,
        Self::MicroStops,
        Self::SpeedLoss,
        Self::DefectLoss,
        Self::StartupLoss,
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Coverage => "coverage",
            Self::Unexplained => "unexplained",
            Self::Availability => "availability",
            Self::Performance => "performance",
            Self::RateEfficiency => "rate_efficiency",
            Self::OperationalEfficiency => "operational_efficiency",
            Self::Quality => "quality",
            Self::Oee => "oee",
            Self::Teep => "teep",
            Self::Downtime => "downtime",
            Self::Mtbf => "mtbf",
            Self::Mttr => "mttr",
            Self::ScrapRate => "scrap_rate",
            Self::LaborEfficiency => "labor_efficiency",
            Self::BreakdownLoss => "breakdown_loss",
            Self::SetupLoss => "setup_loss",
            Self::SmallStopLoss => "small_stop_loss",
            Self::MicroStops => "micro_stops",
            Self::SpeedLoss => "speed_loss",
            Self::DefectLoss => "defect_loss",
            Self::StartupLoss => "startup_loss",
        }
    }

    /// The figure of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kpi| kpi.word() == word)
    }

    /// What it is measured in: charts have failures in hours and repairs in minutes.
    pub fn unit(self) -> Unit {
        match self {
            Self::Unexplained | Self::Downtime | Self::Mttr => Unit::Minutes,
            Self::MicroStops => Unit::Number,
            Self::Mtbf
            | Self::BreakdownLoss
            | Self::SetupLoss
            | Self::SmallStopLoss
            | Self::SpeedLoss
            | Self::DefectLoss
            | Self::StartupLoss => Unit::Hours,
            Self::Coverage
            | Self::Availability
            | Self::Performance
            | Self::RateEfficiency
            | Self::OperationalEfficiency
            | Self::Quality
            | Self::Oee
            | Self::Teep
            | Self::ScrapRate
            | Self::LaborEfficiency => Unit::Percent,
        }
    }

    /// What ISO 22400-2 calls it, where it has the same.
    pub fn iso22400(self) -> Option<&'static str> {
        match self {
            Self::Availability => Some("availability"),
            Self::Performance => Some("effectiveness"),
            Self::Quality => Some("quality ratio"),
            Self::Oee => Some("overall equipment effectiveness index"),
            Self::Mtbf => Some("mean operating time between failures"),
            Self::Mttr => Some("mean time to restoration"),
            Self::ScrapRate => Some("scrap ratio"),
            _ => None,
        }
    }
}

/// Why there is no figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Nothing was planned in the window.
    NotPlanned,
    /// Nothing of it is known.
    NotSeen,
    /// It neither ran nor stood still unplanned.
    NoTime,
    /// It did not run.
    NoRun,
    /// Nobody says how long a part should take.
    NoRate,
    /// Neither a counter nor a completed batch says what was made.
    NoParts,
    /// No batch was completed.
    NoBatch,
    /// A completed batch made nothing.
    NothingMade,
    /// It has no positions side by side.
    NoPositions,
    /// It did not fail.
    NoFailure,
    /// It fails still.
    NotRepaired,
    /// No standard, or nobody clocked in.
    NoStandard,
    /// There is no counter of scrap.
    NoCounter,
    /// One of its factors is missing.
    NoFactor,
}

impl Missing {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotPlanned => "not_planned",
            Self::NotSeen => "not_seen",
            Self::NoTime => "no_time",
            Self::NoRun => "no_run",
            Self::NoRate => "no_rate",
            Self::NoParts => "no_parts",
            Self::NoBatch => "no_batch",
            Self::NothingMade => "nothing_made",
            Self::NoPositions => "no_positions",
            Self::NoFailure => "no_failure",
            Self::NotRepaired => "not_repaired",
            Self::NoStandard => "no_standard",
            Self::NoCounter => "no_counter",
            Self::NoFactor => "no_factor",
        }
    }
}
