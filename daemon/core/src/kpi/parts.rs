//! Parts from readings: each raw position of a counter counts once, when it was seen first.
//!
//! A union of intervals and not a sum, so that two readers of one counter do not double it and
//! windows that meet add up.

use std::collections::BTreeMap;

use super::input::Count;

/// Positions from … to, in order, without overlaps.
type Positions = Vec<(i64, i64)>;

/// For each reading the positions that no earlier one had shown.
pub(super) fn fresh(counts: &[Count]) -> Vec<i64> {
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|at| counts.get(*at).map(|count| (count.until, count.record)));
    let mut seen: BTreeMap<(&str, &str, i64), Positions> = BTreeMap::new();
    let mut fresh = vec![0; counts.len()];
    for at in order {
        let (Some(count), Some(new)) = (counts.get(at), fresh.get_mut(at)) else { continue };
        let counter = (count.source.as_str(), count.counter.word(), count.epoch);
        *new = add(seen.entry(counter).or_default(), count.raw_from, count.raw_to);
    }
    fresh
}

/// Adds a range, and says how much of it was new.
fn add(seen: &mut Positions, from: i64, to: i64) -> i64 {
    if to <= from {
        return 0;
    }
    let first = seen.partition_point(|known| known.1 < from);
    let touched = seen.iter().skip(first).take_while(|known| known.0 <= to);
    let (count, known) = touched.fold((0, 0), |(count, known), range| {
        (count + 1, known + (range.1.min(to) - range.0.max(from)).max(0))
    });
    let replaced = seen.splice(first..first + count, []);
    let whole =
        replaced.fold((from, to), |whole, range| (whole.0.min(range.0), whole.1.max(range.1)));
    seen.insert(first, whole);
    to - from - known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_new_once() {
        let mut seen = Positions::new();
        assert_eq!(add(&mut seen, 0, 10), 10);
        assert_eq!(add(&mut seen, 20, 30), 10);
        assert_eq!(add(&mut seen, 5, 25), 10);
        assert_eq!(seen, [(0, 30)]);
        assert_eq!(add(&mut seen, 3, 30), 0);
        assert_eq!(add(&mut seen, 7, 7), 0);
        assert_eq!(add(&mut seen, 40, 41), 1);
        assert_eq!(add(&mut seen, 39, 45), 5);
        assert_eq!(seen, [(0, 30), (39, 45)]);
    }
}
