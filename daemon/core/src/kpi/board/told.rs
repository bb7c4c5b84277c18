//! What a board says.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::super::{
    evidence::Evidence,
    figure::Figure,
    input::{Class, Mode, Status, instant},
    name::Kpi,
    percent, to_f64,
};
use crate::{
    counter::CounterKind,
    id::{EquipmentId, ProductId, ReasonId, RecordId},
    machine::MachineState,
    time::Micros,
};

/// Fewer parts due than this say nothing of a pace.
const LEAST_DUE: f64 = 5.0;

/// A machine's board.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Board {
    /// Which machine.
    pub equipment: EquipmentId,
    /// The site's mode, without which availability says nothing.
    pub mode: Mode,
    /// The effectiveness that is aimed at, percent.
    pub aim: f64,
    /// By the clock on the wall, the first and the last cut off.
    pub hours: Vec<Hour>,
    /// What it did, without gaps.
    pub line: Vec<Stretch>,
    /// What its stops cost, the dearest first.
    pub costs: Vec<Cost>,
    /// Its batches, by when they began.
    pub batches: Vec<Progress>,
    /// Figures of all of it.
    pub figures: BTreeMap<Kpi, Figure>,
    /// What is behind it; readings stand with their hours.
    pub evidence: Vec<Evidence>,
}

/// One hour.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Hour {
    /// When it begins …
    #[serde(with = "instant")]
    pub from: Micros,
    /// … and ends.
    #[serde(with = "instant")]
    pub until: Micros,
    /// Planned time in it, microseconds; what is still to come included.
    pub meant_us: i64,
    /// Parts to be made in it, as far as somebody saw it or it is still to come; `None` where nobody says
    /// how long a part should take, or nobody saw any of it.
    pub target: Option<i64>,
    /// Of those, the ones that are due by now.
    pub due: Option<i64>,
    /// Good parts; `None` where nothing says how many.
    pub good: Option<i64>,
    /// Scrapped parts, likewise.
    pub scrap: Option<i64>,
    /// Of the good ones, those that appeared while nobody watched.
    pub gap: i64,
    /// How its planned time was spent by now, microseconds.
    pub run_us: i64,
    /// Stopped, and nobody had planned it.
    pub unplanned_us: i64,
    /// Stopped as planned.
    pub planned_us: i64,
    /// Without work.
    pub idle_us: i64,
    /// Not seen.
    pub unknown_us: i64,
    /// Of the stops, those that wait for a reason.
    pub unexplained_us: i64,
    /// Failures that began in it.
    pub failures: i64,
    /// Micro-stops that began in it.
    pub micro_stops: i64,
    /// What counters showed.
    pub readings: Vec<Reading>,
}

/// What one counter showed in an hour.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Reading {
    /// Its name in the map.
    pub source: String,
    /// What it counts.
    pub counter: CounterKind,
    /// How often it was read with a change.
    pub readings: i64,
    /// The first reading before …
    pub raw_from: i64,
    /// … and the last one.
    pub raw_to: i64,
    /// Parts that it was the first to show.
    pub parts: i64,
}

/// A stretch of the line of time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Stretch {
    /// When it begins …
    #[serde(with = "instant")]
    pub from: Micros,
    /// … and ends.
    #[serde(with = "instant")]
    pub until: Micros,
    /// What it counts as.
    pub class: Class,
    /// What the machine did; `unknown` where nothing was recorded.
    pub state: MachineState,
    /// The record; `None` where nothing was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordId>,
    /// A stop that waits for a reason.
    #[serde(default)]
    pub unexplained: bool,
}

/// What stops have in common.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Somebody said why.
    Reason(ReasonId),
    /// The machine said so, and nobody is asked.
    State(MachineState),
    /// Too short to ask.
    Micro,
    /// Nobody said why.
    Unexplained,
}

/// What one reason cost.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Cost {
    /// Which one.
    pub why: Why,
    /// The reason's name when it was chosen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What such stops count as.
    pub class: Class,
    /// How many stops.
    pub stops: i64,
    /// How much planned time, microseconds.
    pub us: i64,
    /// Their records.
    pub records: Vec<RecordId>,
}

/// How a batch comes along.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Progress {
    /// The record.
    pub record: RecordId,
    /// Its number.
    pub number: String,
    /// What is made.
    pub product: ProductId,
    /// When it began.
    #[serde(with = "instant")]
    pub from: Micros,
    /// When it ended.
    #[serde(with = "instant::option", default)]
    pub until: Option<Micros>,
    /// Its status.
    pub status: Status,
    /// Parts to make.
    pub target: Option<i64>,
    /// Good and scrapped parts as confirmed.
    pub confirmed: Option<(i64, i64)>,
    /// Good parts counted for it in the time of the board.
    pub made: Option<i64>,
    /// Parts that were due for it in that time by now.
    pub due: Option<f64>,
    /// Hours of people on it; `None` where nobody was.
    pub touch_hours: Option<f64>,
    /// Hours since it came.
    pub dwell_hours: f64,
    /// Hours of people that it is worth.
    pub standard_hours: Option<f64>,
}

/// How parts made compare with parts due.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// As many as were due.
    Well,
    /// At least nine in ten.
    Near,
    /// Fewer.
    Behind,
}

impl Pace {
    /// The pace of so many parts where so many were due, with its percent; `None` while too few were due
    /// to say.
    pub fn of(made: i64, due: f64) -> Option<(Self, f64)> {
        let share = percent(Some(to_f64(made)), Some(due).filter(|due| *due >= LEAST_DUE))?;
        let pace = match share {
            share if share >= 100.0 => Self::Well,
            share if share >= 90.0 => Self::Near,
            _ => Self::Behind,
        };
        Some((pace, share))
    }
}

impl Progress {
    /// How it comes along.
    pub fn pace(&self) -> Option<(Pace, f64)> {
        Pace::of(self.made?, self.due?)
    }

    /// How often the hours that it is worth went into it.
    pub fn of_standard(&self) -> Option<f64> {
        let worth = self.standard_hours.filter(|hours| *hours > 0.0)?;
        Some(self.touch_hours? / worth)
    }
}
