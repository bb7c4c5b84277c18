//! Queues and jobs, from the rows of their tables.

use uuid::Uuid;

use super::{Fault, Line, Rows, floor, lines};
use crate::{
    fact::queue::Queue,
    id::{EquipmentId, ProductId, RecordId, StationId},
    reference::{Job, Queued, Visit, Work},
    time::Micros,
};

fn visits(told: &str) -> Option<Vec<Visit>> {
    serde_json::from_str(told).ok()
}

pub(super) fn work(rows: &Rows) -> Result<Work, Fault> {
    let mut queued = Vec::new();
    for line in lines(rows, "public.oee_batch_queue") {
        let queue = Queue::Equipment(EquipmentId(line.need("equipment_id")?));
        queued.push(entry(line, queue)?);
    }
    for line in lines(rows, "public.ops_station_batch_queue") {
        let queue = Queue::Station(StationId(line.need("station_id")?));
        queued.push(entry(line, queue)?);
    }
    queued.sort_by(|(a, one), (b, other)| {
        one.queue.cmp(&other.queue).then(a.total_cmp(b)).then(one.entry.cmp(&other.entry))
    });
    let mut jobs = Vec::new();
    for line in lines(rows, "public.ops_jobs") {
        jobs.push(Job {
            id: RecordId(line.need("id")?),
            number: line.need("job_number")?,
            state: line.need("state")?,
            product: line.read::<Uuid>("product_id")?.map(ProductId),
            station: StationId(line.need("current_station_id")?),
            work_order: line.read("work_order")?,
            target: line.read("target_quantity")?,
            good: line.read("good_parts")?.unwrap_or_default(),
            scrap: line.read("scrap_parts")?.unwrap_or_default(),
            posted: line.read("posted_us")?.map(Micros),
            started: line.read("started_us")?.map(Micros),
            due: line.read("due_us")?.map(Micros),
            // A headquarters of before tells none.
            visits: line.text("visits").and_then(visits).unwrap_or_default(),
        });
    }
    jobs.sort_by(|a, b| (&a.number, a.id).cmp(&(&b.number, b.id)));
    let queued = queued.into_iter().map(|(_, entry)| entry).collect();
    Ok(Work { queued, jobs, floor: floor::floor(rows)? })
}

/// An entry with its place; a new one always fits between two others.
fn entry(line: Line<'_>, queue: Queue) -> Result<(f64, Queued), Fault> {
    let entry = Queued {
        entry: RecordId(line.need("id")?),
        queue,
        product: line.read::<Uuid>("product_id")?.map(ProductId),
        number: line.read("batch_number")?,
        work_order: line.read("work_order")?,
        target: line.read("target_quantity")?,
        batch: line.read::<Uuid>("event_id")?.map(RecordId),
    };
    Ok((line.read("queue_position")?.unwrap_or_default(), entry))
}
