use super::*;
use crate::ingest::modbus::{
    order::Order,
    plan::{Hole, Kind},
};
use proptest::prelude::*;

fn point(table: Table, address: u16, kind: Kind) -> Arc<Point> {
    Arc::new(Point {
        machine: 0,
        signal: format!("s{address}"),
        table,
        address,
        kind,
        order: Order::standard(kind.bytes()),
        scale: None,
        offset: None,
    })
}

fn limits(max_gap: u16, max_registers: u16) -> Limits {
    Limits { max_gap, max_registers, merge: true, holes: Vec::new() }
}

fn shape(points: &[Arc<Point>], limits: &Limits) -> Vec<String> {
    reads(points, limits).iter().map(ToString::to_string).collect()
}

#[test]
fn neighbours_share_a_read_and_tables_do_not() {
    use Table::{Coil, Holding, Input};
    let points = [
        point(Holding, 100, Kind::U32),
        point(Holding, 104, Kind::U16),
        point(Input, 105, Kind::U16),
        point(Holding, 120, Kind::Bit(3)),
        point(Holding, 120, Kind::Bit(4)),
        point(Coil, 7, Kind::Bit(0)),
        point(Coil, 130, Kind::Bit(0)),
    ];
    let [coils, input] = ["coils 7 to 130", "input register 105"];
    let apart = [coils, "holding registers 100 to 104", "holding register 120", input];
    assert_eq!(shape(&points, &limits(8, 125)), apart);
    let together = [coils, "holding registers 100 to 120", input];
    assert_eq!(shape(&points, &limits(15, 125)), together);
    let none = shape(&points, &limits(0, 125));
    assert_eq!((none.len(), none[0].as_str()), (6, "coil 7"), "{none:?}");
}

#[test]
fn a_hole_is_never_read_along() {
    let points = [10, 12, 20].map(|address| point(Table::Holding, address, Kind::U16));
    let hole =
        |table, from, to| Limits { holes: vec![Hole { table, from, to }], ..limits(20, 125) };
    let whole = ["holding registers 10 to 20"];
    assert_eq!(shape(&points, &hole(Table::Input, 13, 15)), whole);
    assert_eq!(shape(&points, &hole(Table::Holding, 21, 30)), whole);
    assert_eq!(shape(&points, &hole(Table::Holding, 0, 9)), whole);
    let split = ["holding registers 10 to 12", "holding register 20"];
    assert_eq!(shape(&points, &hole(Table::Holding, 13, 13)), split);
    assert_eq!(shape(&points, &hole(Table::Holding, 19, 19)), split);
}

#[test]
fn a_device_can_be_asked_for_one_value_at_a_time() {
    let points = [
        point(Table::Holding, 10, Kind::U32),
        point(Table::Holding, 12, Kind::Bit(0)),
        point(Table::Holding, 12, Kind::Bit(1)),
        point(Table::Holding, 13, Kind::U16),
    ];
    let single = Limits { merge: false, ..limits(8, 125) };
    let expected = ["holding registers 10 to 11", "holding register 12", "holding register 13"];
    assert_eq!(shape(&points, &single), expected);
}

#[test]
fn the_last_register_can_be_read() {
    let read = reads(&[point(Table::Input, 65_534, Kind::F32)], &limits(8, 125)).remove(0);
    assert_eq!((read.start, read.count), (65_534, 2));
    assert_eq!(read.to_string(), "input registers 65534 to 65535");
}

/// Whether one read may serve these points.
fn allowed(points: &[&Point], limits: &Limits) -> bool {
    let mut sorted = points.to_vec();
    sorted.sort_by_key(|p| p.address);
    let first = sorted[0];
    if !limits.merge {
        let same =
            |p: &&Point| (p.table, p.address, p.end()) == (first.table, first.address, first.end());
        return sorted.iter().all(same);
    }
    let density = if first.table.is_bits() { 16 } else { 1 };
    let start = u32::from(first.address);
    let mut end = start;
    for p in sorted {
        let from = u32::from(p.address);
        let hole = |n: u32| {
            let holes = limits.holes.iter().filter(|hole| hole.table == p.table);
            holes.into_iter().any(|hole| (hole.from.into()..=hole.to.into()).contains(&n))
        };
        let far = from > end + u32::from(limits.max_gap) * density;
        if p.table != first.table || far || (end..from).any(hole) {
            return false;
        }
        end = end.max(p.end());
    }
    end - start <= u32::from(limits.max_registers) * density
}

/// The fewest reads over every way to divide the points among reads.
fn fewest<'p>(rest: &[&'p Point], parts: &mut Vec<Vec<&'p Point>>, limits: &Limits) -> usize {
    let Some((first, rest)) = rest.split_first() else {
        let valid = parts.iter().all(|part| allowed(part, limits));
        return if valid { parts.len() } else { usize::MAX };
    };
    let mut best = usize::MAX;
    for n in 0..=parts.len() {
        if n == parts.len() {
            parts.push(vec![first]);
        } else {
            parts[n].push(first);
        }
        best = best.min(fewest(rest, parts, limits));
        parts[n].pop();
        parts.retain(|part| !part.is_empty());
    }
    best
}

/// Points of every width; those that lie in the hole are left out, as the configuration does.
fn made(places: &[(u8, u16, u8)], holes: &[Hole]) -> Vec<Arc<Point>> {
    let points = places.iter().map(|(table, address, width)| match table {
        0 => point(Table::Input, *address, Kind::U16),
        1 => point(Table::Coil, address * 16, Kind::Bit(0)),
        _ => {
            let kinds =
                [Kind::Bit(1), Kind::U16, Kind::U32, Kind::U64, Kind::Text { registers: 7 }];
            point(Table::Holding, *address, kinds[usize::from(*width)])
        },
    });
    let clear = |point: &Arc<Point>| {
        let (from, end) = (u32::from(point.address), point.end());
        let mut mine = holes.iter().filter(|hole| hole.table == point.table);
        !mine.any(|hole| from <= u32::from(hole.to) && end > u32::from(hole.from))
    };
    points.filter(clear).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_division_needs_fewer_reads(
        places in prop::collection::vec((0_u8..5, 0_u16..24, 0_u8..5), 1..7),
        max_gap in 0_u16..4,
        max_registers in 7_u16..12,
        merge in prop::bool::weighted(0.9),
        (from, long) in (0_u16..24, 0_u16..3),
    ) {
        let holes = vec![Hole { table: Table::Holding, from, to: from + long }];
        let points = made(&places, &holes);
        let limits = Limits { max_gap, max_registers, merge, holes };
        let all = reads(&points, &limits);
        let borrowed: Vec<&Point> = points.iter().map(AsRef::as_ref).collect();
        prop_assert_eq!(all.len(), fewest(&borrowed, &mut Vec::new(), &limits));
        prop_assert_eq!(all.iter().map(|read| read.points.len()).sum::<usize>(), points.len());
        for read in &all {
            prop_assert!(allowed(&read.points.iter().map(AsRef::as_ref).collect::<Vec<_>>(), &limits));
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
