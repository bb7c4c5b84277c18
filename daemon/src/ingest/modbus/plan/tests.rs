use super::*;
use proptest::prelude::*;

fn point(table: Table, address: u16, kind: Kind) -> Point {
    let order = WordOrder::HighFirst;
    Point { machine: 0, signal: format!("s{address}"), table, address, kind, order, scale: None }
}

#[test]
fn neighbours_share_a_read_and_tables_do_not() {
    use Table::{Holding, Input};
    let points = [
        point(Holding, 100, Kind::U32),
        point(Holding, 104, Kind::U16),
        point(Input, 105, Kind::U16),
        point(Holding, 120, Kind::Bit(3)),
        point(Holding, 120, Kind::Bit(4)),
    ];
    let shape =
        |gap| -> Vec<String> { reads(&points, gap, 125).iter().map(ToString::to_string).collect() };
    let apart = ["holding registers 100 to 104", "holding register 120", "input register 105"];
    assert_eq!(shape(8), apart);
    assert_eq!(shape(15), ["holding registers 100 to 120", "input register 105"]);
}

#[test]
fn the_last_register_can_be_read() {
    let read = reads(&[point(Table::Input, 65_534, Kind::F32)], 8, 125).remove(0);
    assert_eq!((read.start, read.count), (65_534, 2));
    assert_eq!(read.to_string(), "input registers 65534 to 65535");
}

/// Whether one read may serve these points.
fn allowed(points: &[&Point], gap: u16, most: u16) -> bool {
    let mut sorted = points.to_vec();
    sorted.sort_by_key(|p| p.address);
    let start = u32::from(sorted[0].address);
    let mut end = start;
    for p in sorted {
        if p.table != points[0].table || u32::from(p.address) > end + u32::from(gap) {
            return false;
        }
        end = end.max(p.end());
    }
    end - start <= u32::from(most)
}

/// The fewest reads over every way to divide the points among reads.
fn fewest<'p>(rest: &[&'p Point], parts: &mut Vec<Vec<&'p Point>>, gap: u16, most: u16) -> usize {
    let Some((first, rest)) = rest.split_first() else {
        let valid = parts.iter().all(|part| allowed(part, gap, most));
        return if valid { parts.len() } else { usize::MAX };
    };
    let mut best = usize::MAX;
    for n in 0..=parts.len() {
        if n == parts.len() {
            parts.push(vec![first]);
        } else {
            parts[n].push(first);
        }
        best = best.min(fewest(rest, parts, gap, most));
        parts[n].pop();
        parts.retain(|part| !part.is_empty());
    }
    best
}

proptest! {
    #[test]
    fn no_division_needs_fewer_reads(
        places in prop::collection::vec((any::<bool>(), 0_u16..24, any::<bool>()), 1..6),
        gap in 0_u16..4,
        most in 2_u16..10,
    ) {
        let points: Vec<Point> = places
            .iter()
            .map(|(input, address, wide)| {
                let table = if *input { Table::Input } else { Table::Holding };
                point(table, *address, if *wide { Kind::U32 } else { Kind::U16 })
            })
            .collect();
        let all = reads(&points, gap, most);
        let borrowed: Vec<&Point> = points.iter().collect();
        prop_assert_eq!(all.len(), fewest(&borrowed, &mut Vec::new(), gap, most));
        prop_assert_eq!(all.iter().map(|read| read.points.len()).sum::<usize>(), points.len());
        for read in &all {
            prop_assert!(allowed(&read.points.iter().collect::<Vec<_>>(), gap, most));
            for served in &read.points {
                let end = u32::from(read.start) + u32::from(read.count);
                prop_assert!(served.address >= read.start && served.end() <= end);
                prop_assert_eq!(served.table, read.table);
            }
            if let Some((left, right)) = read.split() {
                prop_assert_eq!(left.points.len() + right.points.len(), read.points.len());
                prop_assert!(left.points.len() < read.points.len());
            }
        }
    }
}
