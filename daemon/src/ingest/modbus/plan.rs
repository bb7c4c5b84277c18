//! From a register map to the fewest reads. Pure.

use kart_core::signal::SignalName;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, time::Duration};

/// One device: what is read from it, how, and how often.
#[derive(Clone, PartialEq, Debug)]
pub struct DevicePlan {
    /// Its name in the configuration.
    pub name: String,
    /// `host:port`.
    pub address: String,
    /// Unit behind the address.
    pub unit: u8,
    /// For connecting, and for each answer.
    pub timeout: Duration,
    /// Registers between two wanted ones that are read along rather than asked around.
    pub max_gap: u16,
    /// Most registers of one read.
    pub max_registers: u16,
    /// Points by interval.
    pub groups: Vec<GroupPlan>,
}

impl DevicePlan {
    /// The machines read from this device.
    pub fn machines(&self) -> Vec<usize> {
        let points = self.groups.iter().flat_map(|group| &group.points);
        points.map(|point| point.machine).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Points that are read at the same times.
#[derive(Clone, PartialEq, Debug)]
pub struct GroupPlan {
    /// From one read to the next.
    pub interval: Duration,
    /// What is read.
    pub points: Vec<Point>,
}

/// Where the registers of a signal lie and what they mean.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// Index of the machine in the map.
    pub machine: usize,
    /// The signal of that machine.
    pub signal: SignalName,
    /// Which registers.
    pub table: Table,
    /// The first, counted from 0 as on the wire.
    pub address: u16,
    /// What they hold.
    pub kind: Kind,
    /// How a value of two registers is put together.
    pub order: WordOrder,
    /// Factor, where the value is a measured one.
    pub scale: Option<f64>,
}

impl Point {
    fn end(&self) -> u32 {
        u32::from(self.address) + u32::from(self.kind.width())
    }
}

/// A table of registers; both are read-only to us.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Function 3.
    Holding,
    /// Function 4.
    Input,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holding => "holding",
            Self::Input => "input",
        })
    }
}

/// What the registers of a point hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// One register, not negative.
    U16,
    /// One register, two's complement.
    I16,
    /// Two registers, not negative.
    U32,
    /// Two registers, two's complement.
    I32,
    /// Two registers, IEEE 754.
    F32,
    /// One bit of one register, counted from the lowest.
    Bit(u8),
}

impl Kind {
    /// Registers that belong together and are read in one request.
    pub fn width(self) -> u16 {
        match self {
            Self::U16 | Self::I16 | Self::Bit(_) => 1,
            Self::U32 | Self::I32 | Self::F32 => 2,
        }
    }
}

/// Which register of two holds the higher half.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WordOrder {
    /// The first.
    #[default]
    HighFirst,
    /// The second.
    LowFirst,
}

/// One request and the points its answer serves.
#[derive(Clone, PartialEq, Debug)]
pub struct Read {
    /// Which registers.
    pub table: Table,
    /// The first.
    pub start: u16,
    /// How many.
    pub count: u16,
    /// By address.
    pub points: Vec<Point>,
}

impl Read {
    /// Two smaller reads of the same points, for a device that refuses this one; `None` when it
    /// cannot be made smaller. Registers that nobody asked for are left out first.
    pub fn split(&self) -> Option<(Self, Self)> {
        let mut end = self.points.first()?.end();
        let mut at = self.points.len().div_ceil(2);
        let mut widest = 0;
        for (n, point) in self.points.iter().enumerate() {
            let gap = u32::from(point.address).saturating_sub(end);
            if gap > widest {
                (widest, at) = (gap, n);
            }
            end = end.max(point.end());
        }
        let (left, right) = self.points.split_at_checked(at)?;
        (!right.is_empty()).then(|| (Self::of(left), Self::of(right)))
    }

    fn of(points: &[Point]) -> Self {
        let start = points.iter().map(|point| point.address).min().unwrap_or(0);
        let end = points.iter().map(Point::end).max().unwrap_or(0);
        let count = u16::try_from(end.saturating_sub(u32::from(start))).unwrap_or(u16::MAX);
        let table = points.first().map_or(Table::Holding, |point| point.table);
        Self { table, start, count, points: points.to_vec() }
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => write!(f, "{} register {}", self.table, self.start),
            n => {
                let last = u32::from(self.start) + u32::from(n) - 1;
                write!(f, "{} registers {} to {last}", self.table, self.start)
            },
        }
    }
}

/// The fewest reads that serve all points. Each read begins at the lowest point not served yet
/// and takes along whatever fits; no other choice can serve more with the same number.
pub fn reads(points: &[Point], max_gap: u16, max_registers: u16) -> Vec<Read> {
    let mut sorted = points.to_vec();
    sorted.sort_by_key(|point| (point.table, point.address, point.end()));
    let mut all: Vec<Read> = Vec::new();
    let mut open: Vec<Point> = Vec::new();
    let mut end = 0;
    for point in sorted {
        let fits = open.first().is_some_and(|first| {
            first.table == point.table
                && u32::from(point.address) <= end + u32::from(max_gap)
                && point.end() - u32::from(first.address) <= u32::from(max_registers)
        });
        if !fits && !open.is_empty() {
            all.push(Read::of(&open));
            open.clear();
        }
        end = if fits { end.max(point.end()) } else { point.end() };
        open.push(point);
    }
    if !open.is_empty() {
        all.push(Read::of(&open));
    }
    all
}

#[cfg(test)]
mod tests;
