//! Readings as bytes: only what changed, how often it was said again in between, and differences
//! instead of numbers. Pure; a chunk is understood without those before it.

use kart_core::{
    signal::{Quality, Value},
    time::Stamp,
};
use std::{collections::BTreeMap, sync::Arc};

/// Repetitions are taken for evenly spread when their distances differ by no more than this share.
const UNEVEN: i64 = 2;

/// … or by no more than this, microseconds.
const JITTER_US: i64 = 50_000;

/// More repetitions than a chunk can hold; what claims to have them is damaged.
const MOST_REPEATS: u64 = 1_000_000;

/// The flags beside the place of a signal, in the lowest bits.
const OLD: u64 = 1;
const AGAIN: u64 = 2;
const STALE: u64 = 4;
const FLAGS: u32 = 3;

/// A stretch of bytes that are the same costs two more; shorter ones are written again.
const SAME: usize = 3;

/// What a reading is.
#[derive(Clone, PartialEq, Debug)]
pub enum Said {
    /// A value, where nothing but that is kept of its source.
    Value(Value),
    /// The bytes that values are read from.
    Bytes(Arc<[u8]>),
}

/// What was heard of one signal, or of one source of bytes.
#[derive(Clone, PartialEq, Debug)]
pub struct Heard {
    /// Its place among the signals of its chunk.
    pub signal: usize,
    /// When, by both clocks.
    pub at: Stamp,
    /// What it said; `None` when the source says that there is no value any more.
    pub said: Option<Said>,
    /// How far it could be trusted.
    pub quality: Quality,
    /// Delivered once more.
    pub again: bool,
    /// It waited with somebody until then at least.
    pub kept: Option<Stamp>,
}

/// A chunk while it is being written.
#[derive(Debug, Default)]
pub(super) struct Writing {
    pub(super) bytes: Vec<u8>,
    /// Readings in it, repetitions included.
    pub(super) readings: u64,
    last_us: i64,
    slots: Vec<Slot>,
    places: BTreeMap<i64, usize>,
}

/// What is remembered of one signal within a chunk.
#[derive(Debug)]
struct Slot {
    /// Its row in the table of signals.
    row: i64,
    /// The last reading that stands in the bytes.
    written: Option<Heard>,
    /// The last repetition of it that does not.
    pending: Option<Stamp>,
    repeats: u64,
    /// The distance of the first repetition.
    step_us: i64,
    whole: i64,
}

impl Writing {
    /// The place of the signal that has `row`.
    pub(super) fn slot(&mut self, row: i64) -> usize {
        *self.places.entry(row).or_insert_with(|| {
            let (written, pending) = (None, None);
            self.slots.push(Slot { row, written, pending, repeats: 0, step_us: 0, whole: 0 });
            self.slots.len() - 1
        })
    }

    /// Takes one reading in.
    pub(super) fn add(&mut self, heard: Heard) {
        self.readings += 1;
        let Some(slot) = self.slots.get_mut(heard.signal) else { return };
        let last = slot.pending.or(slot.written.as_ref().map(|written| written.at));
        let distance = last.map_or(0, |last| heard.at.mono_us - last.mono_us);
        let off = (distance - slot.step_us).abs();
        let even = slot.repeats == 0 || off <= (slot.step_us / UNEVEN).max(JITTER_US);
        let same = heard.kept.is_none()
            && distance >= 0
            && slot.written.as_ref().is_some_and(|written| {
                let Heard { said, quality, again, kept, .. } = written;
                said.is_some()
                    && kept.is_none()
                    && (said, *quality, *again) == (&heard.said, heard.quality, heard.again)
            });
        if same && even {
            if slot.repeats == 0 {
                slot.step_us = distance;
            }
            slot.repeats += 1;
            slot.pending = Some(heard.at);
            return;
        }
        if !even || heard.said.is_none() {
            self.catch_up(heard.signal);
        }
        self.write(heard);
    }

    /// Writes what is only remembered yet.
    pub(super) fn finish(&mut self) {
        (0..self.slots.len()).for_each(|place| self.catch_up(place));
    }

    /// Writes the last repetition itself, so that it is known when the signal was read last.
    fn catch_up(&mut self, place: usize) {
        let Some(slot) = self.slots.get_mut(place) else { return };
        let (Some(at), Some(written)) = (slot.pending.take(), slot.written.clone()) else { return };
        slot.repeats -= 1;
        self.write(Heard { at, ..written });
    }

    fn write(&mut self, heard: Heard) {
        let Some(slot) = self.slots.get_mut(heard.signal) else { return };
        let flags = u64::from(heard.quality == Quality::Old) * OLD
            + u64::from(heard.again) * AGAIN
            + u64::from(heard.said.is_none()) * STALE;
        let first = slot.written.is_none();
        let repeats = std::mem::take(&mut slot.repeats);
        let bytes = &mut self.bytes;
        varint(bytes, ((heard.signal as u64) << FLAGS) | flags);
        if first {
            varint(bytes, zigzag(slot.row));
        }
        varint(bytes, zigzag(heard.at.mono_us - self.last_us));
        self.last_us = heard.at.mono_us;
        if let Some(said) = &heard.said {
            varint(bytes, repeats * 2 + u64::from(heard.kept.is_some()));
            if let Some(kept) = heard.kept {
                varint(bytes, zigzag(kept.mono_us - heard.at.mono_us));
            }
            match said {
                Said::Value(value) => put(bytes, value, &mut slot.whole),
                Said::Bytes(now) => {
                    put_bytes(bytes, bytes_of(slot.written.as_ref()), now);
                },
            }
        }
        slot.pending = None;
        slot.written = Some(heard);
    }
}

/// The bytes that what comes next is told against.
fn bytes_of(last: Option<&Heard>) -> &[u8] {
    match last.and_then(|last| last.said.as_ref()) {
        Some(Said::Bytes(bytes)) => bytes,
        _ => &[],
    }
}

/// A chunk as it is read back.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Body {
    /// Rows of its signals, in the order of their places.
    pub(super) signals: Vec<i64>,
    /// What was heard, repetitions included, in the order of time.
    pub(super) heard: Vec<Heard>,
}

impl Body {
    /// Reads `bytes`; `wall_us` is what the wall clock was ahead of the boot clock. `None` when they
    /// are damaged.
    pub(super) fn read(bytes: &[u8], wall_us: i64) -> Option<Self> {
        let mut bytes = Bytes(bytes);
        let mut body = Self::default();
        let mut before: Vec<(Option<Heard>, i64)> = Vec::new();
        let stamp = |mono_us: i64| Stamp {
            wall_us: kart_core::time::Micros(mono_us.saturating_add(wall_us)),
            mono_us,
        };
        let mut last_us = 0_i64;
        while !bytes.0.is_empty() {
            let head = bytes.varint()?;
            let signal = usize::try_from(head >> FLAGS).ok()?;
            if signal == before.len() {
                body.signals.push(bytes.signed()?);
                before.push((None, 0));
            }
            let (known, whole) = before.get_mut(signal)?;
            last_us = last_us.checked_add(bytes.signed()?)?;
            let mut heard = Heard {
                signal,
                at: stamp(last_us),
                said: None,
                quality: if head & OLD == 0 { Quality::Good } else { Quality::Old },
                again: head & AGAIN != 0,
                kept: None,
            };
            if head & STALE == 0 {
                let repeats = bytes.varint().filter(|repeats| *repeats <= MOST_REPEATS)?;
                if repeats & 1 == 1 {
                    heard.kept = Some(stamp(last_us.checked_add(bytes.signed()?)?));
                }
                heard.said = Some(bytes.said(bytes_of(known.as_ref()), whole)?);
                let from = known.as_ref();
                body.heard.extend(from.into_iter().flat_map(|from| {
                    let span = last_us.saturating_sub(from.at.mono_us);
                    let parts = i64::try_from(repeats / 2).unwrap_or(0);
                    let at =
                        move |n: i64| stamp(from.at.mono_us.saturating_add(span / (parts + 1) * n));
                    (1..=parts).map(move |n| Heard { at: at(n), ..from.clone() })
                }));
            }
            *known = Some(heard.clone());
            body.heard.push(heard);
        }
        body.heard.sort_by_key(|heard| heard.at.mono_us);
        Some(body)
    }
}

struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn said(&mut self, before: &[u8], whole: &mut i64) -> Option<Said> {
        let kind = *self.take(1)?.first()?;
        match kind {
            5 => self.changed(before).map(|bytes| Said::Bytes(bytes.into())),
            6 => {
                let (front, back) = (self.length()?, self.length()?);
                let middle = self.length()?;
                let end = before.len().checked_sub(back)?;
                let middle = self.take(middle)?;
                let bytes = [before.get(..front)?, middle, before.get(end..)?].concat();
                Some(Said::Bytes(bytes.into()))
            },
            kind => self.value(kind, whole).map(Said::Value),
        }
    }

    /// As many bytes as before, of which some are others.
    fn changed(&mut self, before: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = before.to_vec();
        let mut at = 0_usize;
        for _ in 0..self.length()? {
            at = at.checked_add(self.length()?)?;
            let others = self.length()?;
            let others = self.take(others)?;
            let end = at.checked_add(others.len())?;
            bytes.get_mut(at..end)?.copy_from_slice(others);
            at = end;
        }
        Some(bytes)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    fn value(&mut self, kind: u8, whole: &mut i64) -> Option<Value> {
        Some(match kind {
            kind @ (0 | 1) => Value::Bit(kind == 1),
            2 => {
                *whole = whole.wrapping_add(self.signed()?);
                Value::Whole(*whole)
            },
            3 => Value::Measured(f64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            4 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Word(String::from_utf8(self.take(length)?.to_vec()).ok()?)
            },
            _ => return None,
        })
    }
}

fn put(bytes: &mut Vec<u8>, value: &Value, whole: &mut i64) {
    match value {
        Value::Bit(bit) => bytes.push(u8::from(*bit)),
        Value::Whole(number) => {
            bytes.push(2);
            varint(bytes, zigzag(number.wrapping_sub(*whole)));
            *whole = *number;
        },
        Value::Measured(number) => {
            bytes.push(3);
            bytes.extend(number.to_le_bytes());
        },
        Value::Word(word) => {
            bytes.push(4);
            varint(bytes, word.len() as u64);
            bytes.extend(word.as_bytes());
        },
    }
}

/// Bytes, as what is otherwise with those before: as many of them, or with others in the middle.
fn put_bytes(bytes: &mut Vec<u8>, before: &[u8], now: &[u8]) {
    if before.len() != now.len() {
        let same = |(a, b): &(&u8, &u8)| a == b;
        let front = before.iter().zip(now).take_while(same).count();
        let most = before.len().min(now.len()) - front;
        let ends = before.iter().rev().zip(now.iter().rev());
        let back = ends.take(most).take_while(same).count();
        let middle = now.get(front..now.len() - back).unwrap_or_default();
        bytes.push(6);
        [front, back, middle.len()].into_iter().for_each(|n| varint(bytes, n as u64));
        bytes.extend(middle);
        return;
    }
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let differs = before.iter().zip(now).enumerate().filter(|(_, (a, b))| a != b);
    for (at, _) in differs {
        match runs.last_mut() {
            Some((_, end)) if at - *end < SAME => *end = at + 1,
            _ => runs.push((at, at + 1)),
        }
    }
    bytes.push(5);
    varint(bytes, runs.len() as u64);
    let mut last = 0;
    for (from, until) in runs {
        varint(bytes, (from - last) as u64);
        varint(bytes, (until - from) as u64);
        bytes.extend(now.get(from..until).unwrap_or_default());
        last = until;
    }
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
fn varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number as u8) | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests;
