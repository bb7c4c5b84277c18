//! Open batches, other names of records and conflicts, from the rows of their tables.
//!
//! A batch that lacks something is passed over: what a program of the office left half written must
//! not keep a terminal from its site.

use std::{collections::BTreeMap, str::FromStr};
use uuid::Uuid;

use super::{Fault, Line, Rows, lines};
use crate::{
    fact::call::Help,
    id::{EquipmentId, ProductId, RecordId, StationId, TerminalId, UserId},
    reference::{Alias, Conflict, Floor, OpenBatch, OpenCall},
    time::Micros,
};

pub(super) fn floor(rows: &Rows) -> Result<Floor, Fault> {
    let details: BTreeMap<&str, Line<'_>> = lines(rows, "public.oee_batch_details")
        .into_iter()
        .filter_map(|line| Some((line.text("event_id")?, line)))
        .collect();
    let events = lines(rows, "public.oee_machine_events");
    let mut batches: Vec<OpenBatch> = events
        .into_iter()
        .filter_map(|event| open(event, *details.get(event.text("id")?)?))
        .collect();
    batches.sort_by_key(|batch| (batch.from, batch.record));
    let aliases = lines(rows, "edge.record_aliases");
    let aliases = aliases.into_iter().filter_map(|line| {
        let [record, stands] = ["record_id", "canonical_id"].map(|name| read(line, name));
        let terminal = read(line, "terminal_id").map(TerminalId);
        Some((RecordId(record?), Alias { stands: RecordId(stands?), terminal }))
    });
    let mut conflicts = Vec::new();
    for line in lines(rows, "edge.conflicts") {
        let conflict = Conflict {
            id: line.need("id")?,
            kind: line.need("kind")?,
            record: RecordId(line.need("record_id")?),
            other: read(line, "other_id").map(RecordId),
            about: line.read("about")?,
            user: read(line, "user_id").map(UserId),
            machines: keys(line, "machines").into_iter().map(EquipmentId).collect(),
        };
        conflicts.push((line.text("at").unwrap_or_default().to_owned(), conflict));
    }
    conflicts.sort_by(|(a, one), (b, other)| (a, one.id).cmp(&(b, other.id)));
    let conflicts = conflicts.into_iter().map(|(_, conflict)| conflict).collect();
    Ok(Floor { batches, aliases: aliases.collect(), conflicts, calls: calls(rows) })
}

/// Calls that have not ended. One of a kind that this version does not know is passed over.
fn calls(rows: &Rows) -> Vec<OpenCall> {
    let open = |line: Line<'_>| {
        Some(OpenCall {
            record: RecordId(read(line, "id")?),
            station: read(line, "station_id").map(StationId),
            machine: read(line, "equipment_id").map(EquipmentId),
            kind: Help::of(line.text("kind")?)?,
            from: Micros(read(line, "called_us")?),
            acknowledged: read(line, "acknowledged_by").map(UserId),
            terminal: read(line, "terminal_id").map(TerminalId),
        })
    };
    let mut calls: Vec<OpenCall> = lines(rows, "edge.calls").into_iter().filter_map(open).collect();
    calls.sort_by_key(|call| (call.from, call.record));
    calls
}

fn open(event: Line<'_>, details: Line<'_>) -> Option<OpenBatch> {
    if event.text("end_ts").is_some() {
        return None;
    }
    Some(OpenBatch {
        record: RecordId(read(event, "id")?),
        number: read(details, "batch_number")?,
        product: read(details, "product_id").map(ProductId),
        machine: EquipmentId(read(event, "equipment_id")?),
        station: read(event, "station_id").map(StationId),
        terminal: read(event, "terminal"),
        from: Micros(read(event, "began_us")?),
        work_order: read(details, "work_order"),
        target: read(details, "target_quantity"),
        operators: keys(event, "operators").into_iter().map(UserId).collect(),
        job: read(event, "job_id").map(RecordId),
    })
}

fn read<T: FromStr>(line: Line<'_>, column: &str) -> Option<T> {
    line.text(column)?.parse().ok()
}

/// The keys in a list, however Postgres puts it.
fn keys(line: Line<'_>, column: &str) -> Vec<Uuid> {
    let text = line.text(column).unwrap_or_default();
    let between = |c: char| !c.is_ascii_hexdigit() && c != '-';
    text.split(between).filter_map(|key| key.parse().ok()).collect()
}
