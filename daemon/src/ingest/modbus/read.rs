//! From points to the fewest requests. Pure.

use std::{fmt, sync::Arc};

use super::plan::{Limits, Point, Table};

/// Most places of a table of bits in one request.
const MOST_BITS: u32 = 2000;

/// One request and the points its answer serves.
#[derive(Clone, PartialEq, Debug)]
pub struct Read {
    /// Which table.
    pub table: Table,
    /// The first place.
    pub start: u16,
    /// How many.
    pub count: u16,
    /// By address.
    pub points: Vec<Arc<Point>>,
}

impl Read {
    /// Two smaller reads of the same points, for a device that refuses this one; `None` when it
    /// cannot be made smaller. What nobody asked for is left out first.
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
        let (left, right) = (Self::of(left), Self::of(right));
        // The same registers twice are no smaller question.
        let smaller = left.count < self.count || right.count < self.count;
        (smaller && !right.points.is_empty()).then_some((left, right))
    }

    /// Bytes of values in the answer.
    pub fn bytes(&self) -> u16 {
        if self.table.is_bits() { self.count.div_ceil(8) } else { self.count.saturating_mul(2) }
    }

    /// Places that are read along although nobody asked for them.
    pub fn read_along(&self) -> u16 {
        let (mut end, mut unasked) = (u32::from(self.start), 0);
        for point in &self.points {
            unasked += u32::from(point.address).saturating_sub(end);
            end = end.max(point.end());
        }
        u16::try_from(unasked).unwrap_or(u16::MAX)
    }

    fn of(points: &[Arc<Point>]) -> Self {
        let start = points.iter().map(|point| point.address).min().unwrap_or(0);
        let end = points.iter().map(|point| point.end()).max().unwrap_or(0);
        let count = u16::try_from(end.saturating_sub(u32::from(start))).unwrap_or(u16::MAX);
        let table = points.first().map_or(Table::Holding, |point| point.table);
        Self { table, start, count, points: points.to_vec() }
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = (u32::from(self.start) + u32::from(self.count)).saturating_sub(1);
        f.write_str(&self.table.places(self.start, last))
    }
}

/// The fewest reads that serve all points. Each read begins at the lowest point not served yet
/// and takes along whatever fits; no other choice can serve more with the same number.
pub fn reads(points: &[Arc<Point>], limits: &Limits) -> Vec<Read> {
    let mut sorted = points.to_vec();
    sorted.sort_by_key(|point| (point.table, point.address, point.end()));
    let mut all: Vec<Read> = Vec::new();
    let mut open: Vec<Arc<Point>> = Vec::new();
    let mut end = 0;
    for point in sorted {
        let fits = open.first().is_some_and(|first| fits(first, end, &point, limits));
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

/// Whether a read from `first` up to `end` may be made longer by `point`.
fn fits(first: &Point, end: u32, point: &Point, limits: &Limits) -> bool {
    if first.table != point.table {
        return false;
    }
    if !limits.merge {
        return (first.address, end) == (point.address, point.end());
    }
    let table = first.table;
    let most = (u32::from(limits.max_registers) * table.density()).min(MOST_BITS);
    let over_a_hole = limits.holes.iter().any(|hole| {
        hole.table == table
            && u32::from(hole.from) < u32::from(point.address)
            && end <= u32::from(hole.to)
    });
    u32::from(point.address) <= end + u32::from(limits.max_gap) * table.density()
        && end.max(point.end()) - u32::from(first.address) <= most
        && !over_a_hole
}

#[cfg(test)]
mod tests;
