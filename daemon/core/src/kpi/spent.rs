//! Which interval each moment belongs to, and how much of it lies within spans.

use std::collections::BTreeSet;

use super::input::{Class, Interval, Span, Window};
use crate::{id::RecordId, time::Micros};

/// A stretch of the window that one interval has, by its place in the list; `None` where nothing
/// was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slice {
    pub(super) of: Option<usize>,
    pub(super) span: Span,
}

impl Span {
    /// Its length in microseconds.
    pub fn us(self) -> i64 {
        self.until.0.saturating_sub(self.from.0).max(0)
    }

    /// What it has in common with another one.
    pub fn and(self, other: Self) -> Self {
        let from = self.from.max(other.from);
        Self { from, until: self.until.min(other.until).max(from) }
    }
}

/// The same spans in order, without overlaps, within `limit`.
pub(super) fn within(spans: &[Span], limit: Span) -> Vec<Span> {
    let mut all: Vec<Span> =
        spans.iter().map(|span| span.and(limit)).filter(|span| span.us() > 0).collect();
    all.sort();
    let mut merged: Vec<Span> = Vec::with_capacity(all.len());
    for span in all {
        match merged.last_mut() {
            Some(last) if span.from <= last.until => last.until = last.until.max(span.until),
            _ => merged.push(span),
        }
    }
    merged
}

/// What is left of `whole` outside of `gone`, in order.
pub fn without(whole: Span, gone: &[Span]) -> Vec<Span> {
    let mut left = vec![whole];
    for gone in gone {
        let cut = |part: Span| {
            let before = Span { from: part.from, until: part.until.min(gone.from) };
            let after = Span { from: part.from.max(gone.until), until: part.until };
            match part.and(*gone).us() {
                0 => vec![part],
                _ => vec![before, after],
            }
        };
        left = left.into_iter().flat_map(cut).filter(|part| part.us() > 0).collect();
    }
    left.sort_unstable();
    left
}

/// How much of `span` lies within ordered `spans`.
pub(super) fn overlap(spans: &[Span], span: Span) -> i64 {
    let first = spans.partition_point(|known| known.until <= span.from);
    let touched = spans.iter().skip(first).take_while(|known| known.from < span.until);
    touched.map(|known| known.and(span).us()).sum()
}

/// Whether ordered `spans` hold a moment.
pub(super) fn holds(spans: &[Span], at: Micros) -> bool {
    overlap(spans, Span { from: at, until: Micros(at.0.saturating_add(1)) }) > 0
}

/// Which interval has a moment: the greatest one.
type Rank = (u8, Micros, RecordId, usize);

/// A person's word about a stop beats a run, and whatever was seen beats what was not.
fn weight(interval: &Interval, window: &Window) -> u8 {
    match interval.class(window.reasons) {
        Class::Unknown => 0,
        Class::Run => 1,
        Class::Unplanned | Class::Planned | Class::Idle => 2,
    }
}

/// Cuts the window into slices: of intervals that meet, the weightier one has the moment, then the
/// one that began later. What is open goes on until `open`.
pub(super) fn slices(
    intervals: &[Interval],
    window: &Window,
    (limit, open): (Span, Micros),
) -> Vec<Slice> {
    let mut edges = vec![(limit.from, None), (limit.until, None)];
    for (of, interval) in intervals.iter().enumerate() {
        let until = interval.until.unwrap_or(open);
        let span = Span { from: interval.from, until }.and(limit);
        if span.us() > 0 {
            let rank = (weight(interval, window), interval.from, interval.record, of);
            edges.push((span.from, Some((true, rank))));
            edges.push((span.until, Some((false, rank))));
        }
    }
    edges.sort();
    let mut slices: Vec<Slice> = Vec::new();
    let mut active: BTreeSet<Rank> = BTreeSet::new();
    let mut last = limit.from;
    for (at, edge) in edges {
        let span = Span { from: last, until: at };
        if span.us() > 0 {
            let of = active.last().map(|(.., of)| *of);
            match slices.last_mut() {
                Some(slice) if slice.of == of => slice.span.until = at,
                _ => slices.push(Slice { of, span }),
            }
        }
        last = at.max(last);
        match edge {
            Some((true, rank)) => drop(active.insert(rank)),
            Some((false, rank)) => drop(active.remove(&rank)),
            None => {},
        }
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, until: i64) -> Span {
        Span { from: Micros(from), until: Micros(until) }
    }

    #[test]
    fn spans_that_overlap_count_once() {
        let all = within(&[span(5, 9), span(0, 6), span(20, 30), span(9, 10)], span(2, 25));
        assert_eq!(all, [span(2, 10), span(20, 25)]);
        assert_eq!(overlap(&all, span(0, 100)), 13);
        assert_eq!(overlap(&all, span(8, 21)), 3);
        assert_eq!(overlap(&all, span(12, 18)), 0);
        assert!(holds(&all, Micros(9)) && !holds(&all, Micros(10)) && holds(&all, Micros(20)));
    }
}
