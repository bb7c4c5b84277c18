//! What the rows at headquarters add up to, against what truly happened.

use std::collections::{BTreeMap, BTreeSet};

use kart_core::id::RecordId;
use kart_core::record::tables;
use kart_core::row::{Cell, Table};
use uuid::Uuid;

use super::super::centre::State;
use super::super::disk::RowKey;
use super::super::floor;
use super::super::station::Station;
use super::super::truth::Truth;
use super::super::world::World;
use super::end::uncorrected;

const SECOND_US: i64 = 1_000_000;

pub(in super::super) fn column<'c>(table: &Table, cells: &'c [Cell], name: &str) -> &'c Cell {
    let place = table.columns.iter().position(|column| *column == name);
    place.and_then(|place| cells.get(place)).unwrap_or(&Cell::Null)
}

fn whole(cell: &Cell) -> i64 {
    match cell {
        Cell::Int(number) => *number,
        _ => 0,
    }
}

fn time(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Time(micros) => Some(micros.0),
        _ => None,
    }
}

/// The rows of a table at headquarters.
fn each(world: &World, table: &Table, mut look: impl FnMut(&RowKey, &[Cell])) {
    let centre = world.centre();
    for (key, cells) in centre.state.rows.iter().filter(|(key, _)| key.0 == table.name) {
        look(key, cells);
    }
}

/// Parts at headquarters are the parts that were made.
pub(super) fn parts(world: &World, station: &Station) {
    let table = &tables::PRODUCTION_COUNTS;
    for press in &station.presses {
        let (mut booked, mut negative, mut resets) = (0, false, 0);
        each(world, table, |_, cells| {
            let column = |name| column(table, cells, name);
            if *column("equipment_id") != Cell::Uuid(press.equipment.0) {
                return;
            }
            let quantity = whole(column("quantity"));
            negative |= quantity < 0;
            resets += u32::from(*column("verdict") == Cell::Word("reset"));
            booked += quantity;
        });
        if negative {
            world.fault("I19 no negative count", format!("{}", station.number));
        }
        // Of a log that was put back nobody can tell how often a narrow counter went round since; nor,
        // where the wall clock was set as well and no clock reaches back over the boot, whether a wide
        // one went round or was set to something else.
        let disturbed = world.truth().disturbed.contains(&station.id);
        let untold = press.width < 32 || press.resets > 0;
        if disturbed && (untold || station.clock.set && press.went_round()) {
            continue;
        }
        if booked != press.made {
            let what = format!(
                "{}: {booked} booked, {} made; {resets} resets, {} true",
                station.number, press.made, press.resets
            );
            world.fault("I19 parts are the parts made", what);
        }
    }
}

/// Labor is the time that truly passed, and no time runs backwards.
pub(super) fn shifts(world: &World) {
    let table = &tables::LABOR_ENTRIES;
    let truth = world.truth().shifts.clone();
    let mut seen = 0;
    each(world, table, |(_, id), cells| {
        let (from, until) =
            (time(column(table, cells, "start_ts")), time(column(table, cells, "end_ts")));
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            world.fault("I21 no negative duration", format!("labor entry {id}"));
        }
        let Some(shift) = truth.get(&RecordId(*id)) else { return };
        seen += 1;
        let Some(truly) = shift.until_us.map(|until| until - shift.from_us) else { return };
        let Some(length) = from.zip(until).map(|(from, until)| until - from) else {
            world.fault("I4 who left has left", format!("labor entry {id}"));
            return;
        };
        if shift.boots.0 == shift.boots.1 && (length - truly).abs() > SECOND_US {
            let what = format!("labor entry {id}: {length} for {truly}");
            world.fault("I21 durations are true", what);
        }
    });
    if seen != truth.len() {
        world.fault("I4 each shift is one entry", format!("{seen} of {}", truth.len()));
    }
}

/// Numbers come out of blocks that were lent to the life that took them, and no two batches have the
/// same one unless a side was put back.
pub(super) fn numbers(world: &World) {
    let lent = world.centre().lent.clone();
    let truth = world.truth().numbers.clone();
    let own = |(life, number): &&(String, i64)| {
        !lent.iter().any(|(to, first, last)| to == life && (first..=last).contains(&number))
    };
    if let Some((life, number)) = truth.iter().find(own) {
        world.fault("I18 numbers are lent", format!("{number} in {life}"));
    }
    if world.centre().epoch > 0 || !world.truth().disturbed.is_empty() {
        return;
    }
    let table = &tables::BATCH_DETAILS;
    let mut seen = BTreeSet::new();
    each(world, table, |_, cells| {
        let number = format!("{:?}", column(table, cells, "batch_number"));
        if !number.contains(floor::TYPED) && !seen.insert(number.clone()) {
            world.fault("I18 a number is one batch's", format!("{number:?}"));
        }
    });
}

/// What people confirmed stands in the batches.
pub(super) fn batches(world: &World) {
    let table = &tables::BATCH_DETAILS;
    let mut told = world.truth().confirmed.clone();
    let unbegun = unbegun(&world.centre().state, &world.truth());
    told.retain(|id, _| !unbegun.contains(id));
    let disturbed = world.truth().disturbed.clone();
    let mut confirmed: BTreeMap<RecordId, (BTreeSet<Uuid>, i64)> = BTreeMap::new();
    let centre = world.centre();
    for (id, (at, good)) in told {
        let of = confirmed.entry(centre.state.canonical(id)).or_default();
        of.0.insert(at);
        of.1 += good;
    }
    for (id, (_, good)) in &mut confirmed {
        *good = centre.state.corrected(*id).unwrap_or(*good);
    }
    let uncorrected = uncorrected(world, &centre.state);
    // What people said at the other terminal is not told any more where its disk was put back.
    let joined = if disturbed.is_empty() { BTreeSet::new() } else { centre.state.joined() };
    drop(centre);
    let mut seen = 0;
    each(world, table, |(_, id), cells| {
        let Some((at, good)) = confirmed.get(&RecordId(*id)) else { return };
        seen += 1;
        let booked = whole(column(table, cells, "good_parts"));
        if booked != *good && uncorrected.is_disjoint(at) && !joined.contains(id) {
            world.fault("I4 batches are conserved", format!("{id}: {booked} for {good}"));
        }
    });
    if seen != confirmed.len() {
        world.fault("I4 each batch is one", format!("{seen} of {}", confirmed.len()));
    }
}

/// However many terminals began it, a station has one open batch of a number.
pub(super) fn one_batch(world: &World) {
    let (events, details) = (&tables::MACHINE_EVENTS, &tables::BATCH_DETAILS);
    let mut open = BTreeSet::new();
    each(world, events, |(_, id), cells| {
        let batch = *column(events, cells, "event_type") == Cell::from("batch");
        if batch && *column(events, cells, "end_ts") == Cell::Null {
            open.insert(*id);
        }
    });
    let mut seen = BTreeSet::new();
    each(world, details, |(_, id), cells| {
        let of = ["station_id", "batch_number"]
            .map(|name| format!("{:?}", column(details, cells, name)));
        if open.contains(id) && !seen.insert(of.clone()) {
            world.fault("I4 a station has one open batch of a number", of.join(" "));
        }
    });
}

/// Records whose first fact was taken off both ends: how one ended does not make a row of it.
pub(super) fn unbegun(state: &State, truth: &Truth) -> BTreeSet<RecordId> {
    let gone = truth.taken.iter().filter(|name| {
        let known = truth.accepted.get(*name).or(truth.acked.get(*name));
        let hash = known.or(truth.kept.get(*name));
        !hash.is_some_and(|hash| state.has(**name, *hash))
    });
    gone.map(|(origin, seq)| origin.record(*seq)).collect()
}
