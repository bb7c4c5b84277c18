//! The machines and batches that an event is about, each a row beside it.

use super::tables;
use crate::{
    id::{EquipmentId, RecordId},
    row::Row,
};

/// The event `id` is about this machine; `name` tells the row from others of the event.
pub(super) fn machine(id: RecordId, name: &str, machine: EquipmentId) -> Row {
    let cells = vec![id.part(name).into(), id.0.into(), machine.0.into()];
    Row { table: &tables::MACHINE_EVENT_EQUIPMENT, cells }
}

/// The event `id` is about this batch.
pub(super) fn batch(id: RecordId, name: &str, batch: RecordId) -> Row {
    let cells = vec![id.part(name).into(), id.0.into(), batch.0.into()];
    Row { table: &tables::EVENT_BATCH_LINKS, cells }
}

/// All of these machines and batches.
pub(super) fn all<'l>(
    id: RecordId,
    machines: impl IntoIterator<Item = &'l EquipmentId>,
    batches: impl IntoIterator<Item = &'l RecordId>,
) -> impl Iterator<Item = Row> {
    let machines =
        machines.into_iter().map(move |one| machine(id, &format!("equipment/{one}"), *one));
    let batches = batches.into_iter().map(move |one| batch(id, &format!("batch/{one}"), *one));
    machines.chain(batches)
}
