//! Signals that claim the same bits of a register: most likely one of them is mapped wrongly.
//!
//! That is no fault: a register may be read as a whole and by its bits, and only a person knows
//! whether two machines share a lamp. So it is told and nothing is refused.

use std::cmp::Reverse;

use super::{Check, raw};
use crate::ingest::modbus::{
    order::Order,
    plan::{DevicePlan, Kind, LinePlan, Point},
};

impl Check<'_, '_> {
    /// Tells of each signal that shares bits with one before it.
    pub(super) fn overlaps(&mut self, file: &raw::File, lines: &[LinePlan]) {
        let shared = lines.iter().flat_map(|line| &line.devices).flat_map(overlaps);
        for (point, other) in shared.collect::<Vec<_>>() {
            let code = |point: &Point| {
                let code = file.machine.get(point.machine).map(|machine| machine.code.as_str());
                format!("{} {}", code.unwrap_or_default(), point.signal)
            };
            let (named, other, what) = (code(point), code(other), shared_by(point, other));
            let of = file.machine.get(point.machine).map(|machine| &machine.signal);
            let place = of.and_then(|all| all.iter().position(|s| *s.name == *point.signal));
            let path = format!("machine[{}].signal[{}].address", point.machine, place.unwrap_or(0));
            let message = format!("{named} and {other} both claim {what}");
            self.warnings.push(self.document.fault(&path, message));
        }
    }
}

/// Each point that claims bits of another, with the first such one before it.
fn overlaps(device: &DevicePlan) -> Vec<(&Point, &Point)> {
    let mut all: Vec<&Point> =
        device.groups.iter().flat_map(|group| &group.points).map(AsRef::as_ref).collect();
    all.sort_by_key(|point| (point.table, point.address, Reverse(point.kind.width())));
    let widest = all.iter().map(|point| point.kind.width()).max().unwrap_or(0);
    let mut found = Vec::new();
    for (n, point) in all.iter().enumerate() {
        let before = all.iter().take(n).rev().take_while(|other| {
            other.table == point.table && point.address - other.address < widest
        });
        if let Some(other) = before.copied().find(|other| claims(point, other)) {
            found.push((*point, other));
        }
    }
    found
}

/// Whether two points have bits in common, and neither is a whole that has the other within it.
fn claims(point: &Point, other: &Point) -> bool {
    let ends = |point: &Point| (u32::from(point.address), end(point));
    let ((from, to), (other_from, other_to)) = (ends(point), ends(other));
    if from >= other_to || other_from >= to {
        return false;
    }
    let same = (from, to) == (other_from, other_to);
    match (is_part(point), is_part(other)) {
        (true, true) => mask(point) & mask(other) != 0,
        (true, false) | (false, true) => false,
        (false, false) => {
            let within =
                (from <= other_from && other_to <= to) || (other_from <= from && to <= other_to);
            same || !within
        },
    }
}

/// Whether it is less than a register.
fn is_part(point: &Point) -> bool {
    matches!(point.kind, Kind::Bit(_) | Kind::Field { .. } | Kind::Byte { .. })
}

/// The bits of its register that a part claims, as they stand on the wire.
fn mask(point: &Point) -> u16 {
    let mask = match point.kind {
        Kind::Bit(bit) => 1 << bit.min(15),
        Kind::Field { low, bits } => u16::MAX >> 16_u8.saturating_sub(bits).min(15) << low.min(15),
        Kind::Byte { high: true, .. } => 0xff00,
        Kind::Byte { high: false, .. } => 0x00ff,
        _ => u16::MAX,
    };
    if point.order == Order::standard(2) { mask } else { mask.swap_bytes() }
}

fn end(point: &Point) -> u32 {
    u32::from(point.address) + u32::from(point.kind.width())
}

/// What two points have in common, in words.
fn shared_by(point: &Point, other: &Point) -> String {
    let last = end(point).min(end(other)).saturating_sub(1);
    let place = point.table.places(point.address.max(other.address), last);
    if !is_part(point) || point.table.is_bits() {
        return place;
    }
    let bits = mask(point) & mask(other);
    match (bits.trailing_zeros(), 15 - bits.leading_zeros()) {
        (low, high) if low == high => format!("bit {low} of {place}"),
        (low, high) => format!("bits {low} to {high} of {place}"),
    }
}
