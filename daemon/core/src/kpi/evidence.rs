//! What a figure was made of: records with what each contributed.

use serde::{Deserialize, Serialize};

use super::{
    input::{Batch, Class, Count, Interval, Mode, Span, Status},
    name::Kpi,
    rate::Cycle,
};
use crate::{
    counter::CounterKind,
    id::{EquipmentId, ProductId},
    machine::MachineState,
};

/// Which of the six big losses a stop is; the other three are no stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// An unplanned stop that somebody is asked about: a failure.
    Breakdown,
    /// Setup and adjustment.
    Setup,
    /// A micro-stop.
    SmallStop,
}

/// One thing behind figures.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Evidence {
    /// A machine's state for a while, with rule, map, reason and person.
    Interval {
        /// Of which machine.
        equipment: EquipmentId,
        /// The record.
        #[serde(flatten)]
        interval: Interval,
        /// What it counts as.
        class: Class,
        /// Which loss it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        loss: Option<Loss>,
        /// A stop that waits for a reason.
        unexplained: bool,
        /// A failure that began in the window.
        failure: bool,
        /// What it has of the time that figures are about, in microseconds.
        counted_us: i64,
        /// What it has of the window.
        calendar_us: i64,
    },
    /// Time that nothing was recorded of.
    Hole(Hole),
    /// A reading of a counter.
    Count {
        /// Of which machine.
        equipment: EquipmentId,
        /// The record.
        #[serde(flatten)]
        count: Count,
        /// Parts that it was the first to show.
        parts: i64,
        /// They lie in the time that figures are about, and in one that was watched.
        counted: bool,
        /// They are parts made, and no share of parts that another counter counts as well.
        made: bool,
        /// The machine was being set up.
        in_setup: bool,
        /// What one of these parts should take.
        #[serde(skip_serializing_if = "Option::is_none")]
        cycle: Option<Cycle>,
    },
    /// A batch.
    Batch {
        /// On which machine.
        equipment: EquipmentId,
        /// The record.
        #[serde(flatten)]
        batch: Batch,
        /// It was completed in the window.
        completed: bool,
        /// What it has of the run, in microseconds; of machines with positions.
        used_us: i64,
        /// What one of its parts should take.
        #[serde(skip_serializing_if = "Option::is_none")]
        cycle: Option<Cycle>,
    },
    /// What a part should take.
    Rate {
        /// On which machine.
        equipment: EquipmentId,
        /// Of which product; `None` of any.
        #[serde(skip_serializing_if = "Option::is_none")]
        product: Option<ProductId>,
        /// Seconds and where they are from.
        #[serde(flatten)]
        cycle: Cycle,
    },
}

/// Time that nothing was recorded of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hole {
    /// Of which machine.
    pub equipment: EquipmentId,
    /// From when until when.
    #[serde(flatten)]
    pub span: Span,
    /// What it has of the time that figures are about, in microseconds.
    pub counted_us: i64,
}

impl Evidence {
    /// Whether `kpi` was made of it in a mode.
    pub fn is_behind(&self, kpi: Kpi, mode: Mode) -> bool {
        match self {
            Self::Interval {
                interval,
                class,
                loss,
                unexplained,
                failure,
                counted_us,
                calendar_us,
                ..
            } => {
                let us = if kpi == Kpi::Teep { calendar_us } else { counted_us };
                let stop = matches!(class, Class::Unplanned | Class::Planned | Class::Idle);
                *us > 0
                    && match kpi {
                        Kpi::Coverage => *class == Class::Unknown,
                        Kpi::Unexplained => *unexplained,
                        Kpi::Availability | Kpi::Oee => mode.counts(*class),
                        Kpi::Teep => *class != Class::Unknown,
                        Kpi::Performance
                        | Kpi::RateEfficiency
                        | Kpi::OperationalEfficiency
                        | Kpi::SpeedLoss => *class == Class::Run,
                        Kpi::Mtbf => *class == Class::Run || *failure,
                        Kpi::Mttr => *failure,
                        Kpi::Downtime => stop,
                        Kpi::BreakdownLoss => *loss == Some(Loss::Breakdown),
                        Kpi::SetupLoss => *loss == Some(Loss::Setup),
                        Kpi::SmallStopLoss | Kpi::MicroStops => *loss == Some(Loss::SmallStop),
                        Kpi::StartupLoss => interval.state == MachineState::Setup,
                        Kpi::Quality | Kpi::ScrapRate | Kpi::DefectLoss | Kpi::LaborEfficiency => {
                            false
                        },
                    }
            },
            Self::Hole(hole) => kpi == Kpi::Coverage && hole.counted_us > 0,
            Self::Count { count, parts, counted, made, in_setup, .. } => {
                let startup = *in_setup && count.counter == CounterKind::Scrap;
                match kpi {
                    Kpi::Performance | Kpi::RateEfficiency | Kpi::SpeedLoss | Kpi::Oee => {
                        *counted && *made && *parts > 0
                    },
                    Kpi::Teep => *made && *parts > 0,
                    Kpi::StartupLoss | Kpi::DefectLoss => *counted && startup,
                    _ => false,
                }
            },
            Self::Batch { batch, completed, used_us, .. } => match kpi {
                Kpi::Quality | Kpi::ScrapRate | Kpi::DefectLoss => *completed,
                Kpi::Oee | Kpi::Teep | Kpi::Performance | Kpi::SpeedLoss => {
                    *completed || *used_us > 0
                },
                Kpi::RateEfficiency | Kpi::OperationalEfficiency => *used_us > 0,
                Kpi::LaborEfficiency => batch.status != Status::Aborted,
                _ => false,
            },
            Self::Rate { .. } => {
                let of_speed = [
                    Kpi::Performance,
                    Kpi::RateEfficiency,
                    Kpi::Oee,
                    Kpi::Teep,
                    Kpi::SpeedLoss,
                    Kpi::DefectLoss,
                    Kpi::StartupLoss,
                ];
                of_speed.contains(&kpi)
            },
        }
    }
}

impl Mode {
    /// Whether time of this class is part of what availability is about.
    pub fn counts(self, class: Class) -> bool {
        match class {
            Class::Run | Class::Unplanned => true,
            Class::Planned => self != Self::Standard,
            Class::Idle => self == Self::Teep,
            Class::Unknown => false,
        }
    }
}
