//! Jobs at the stations of this terminal.

use std::{collections::BTreeSet, time::Duration};

use kart_api::{Job, OnJob, Visit};
use kart_core::{
    id::{ProductId, RecordId, StationId},
    plant::{JobHere, Plant},
    record::conflict::Kind,
    reference::{self, Reference},
};

use super::name_of;

/// Those that are here, by number; then those that left while something was told of them here that
/// headquarters did not follow.
pub(super) fn jobs(plant: &Plant, reference: Option<&Reference>) -> Vec<Job> {
    let Some(reference) = reference else { return vec![] };
    let mut all: Vec<Job> =
        plant.jobs(reference).into_iter().map(|here| job(here, plant, reference)).collect();
    let told: BTreeSet<RecordId> = plant.jobs.steps.iter().map(|step| step.job).collect();
    for id in told {
        if all.iter().all(|job| job.id != id) {
            all.extend(gone(id, reference));
        }
    }
    all
}

fn job(here: JobHere, plant: &Plant, reference: &Reference) -> Job {
    let entry = here.entry();
    let JobHere { job, state, asked } = here;
    let product = job.product.and_then(|id| reference.product(id));
    let on_it = plant.jobs.stints.values().filter(|stint| stint.job == job.id);
    let mut people: Vec<OnJob> = on_it
        .map(|stint| OnJob {
            user: stint.user,
            name: name_of(stint.user, Some(reference)),
            since_us: stint.from.at.wall_us,
        })
        .collect();
    people.sort_by_key(|person| person.since_us);
    let open = reference.work.floor.batches.iter().filter(|open| open.job == Some(job.id));
    Job {
        id: job.id,
        state: Some(state),
        station: Some(job.station),
        product_code: product.map(|product| product.code.clone()).unwrap_or_default(),
        product_name: product.map(|product| product.name.clone()).unwrap_or_default(),
        work_order: job.work_order,
        target: job.target,
        good: job.good,
        scrap: job.scrap,
        posted_us: job.posted,
        started_us: job.started,
        due_us: job.due,
        entry,
        people,
        worked_us: plant.jobs.worked.get(&job.id).copied().unwrap_or_default(),
        standard_us: standard(reference, job.product, job.station, job.target),
        batches: open.map(|open| open.number.clone()).collect(),
        visits: job.visits.iter().map(|visit| shown(visit, reference)).collect(),
        asked,
        refused: conflict(job.id, reference).map(|conflict| conflict.kind.clone()),
        number: job.number,
    }
}

fn gone(id: RecordId, reference: &Reference) -> Option<Job> {
    let conflict = conflict(id, reference)?;
    Some(Job {
        id,
        number: conflict.about.clone().unwrap_or_default(),
        state: None,
        station: None,
        product_code: String::new(),
        product_name: String::new(),
        work_order: None,
        target: None,
        good: 0,
        scrap: 0,
        posted_us: None,
        started_us: None,
        due_us: None,
        entry: 1,
        people: vec![],
        worked_us: 0,
        standard_us: None,
        batches: vec![],
        visits: vec![],
        asked: false,
        refused: Some(conflict.kind.clone()),
    })
}

/// The last thing about a job that headquarters could not reconcile.
fn conflict(job: RecordId, reference: &Reference) -> Option<&reference::Conflict> {
    let words = [Kind::IllegalTransition.word(), Kind::MovedFromElsewhere.word()];
    let about =
        |told: &&reference::Conflict| told.record == job && words.contains(&told.kind.as_str());
    reference.work.floor.conflicts.iter().rev().find(about)
}

/// Hours per unit by the station's own standard, else by the product's, for all parts of the job.
fn standard(
    reference: &Reference,
    product: Option<ProductId>,
    station: StationId,
    target: Option<i64>,
) -> Option<i64> {
    let product = reference.product(product?)?;
    let own = product.stations.iter().find(|standard| standard.at == station);
    let hours = own.and_then(|own| own.standard_hours.as_ref()).or(product.standard_hours.as_ref());
    let unit = Duration::try_from_secs_f64(hours?.parse::<f64>().ok()? * 3_600.0).ok()?;
    let unit = i64::try_from(unit.as_micros()).ok()?;
    unit.checked_mul(target?).filter(|us| *us > 0)
}

fn shown(visit: &reference::Visit, reference: &Reference) -> Visit {
    let name = |user| name_of(user, Some(reference));
    let station = reference.station(visit.station);
    Visit {
        station: station.map(|station| station.code.clone()).unwrap_or_default(),
        entry: visit.entry,
        good: visit.good,
        scrap: visit.scrap,
        posted_us: visit.posted,
        started_us: visit.started,
        started_by: visit.started_by.map(name),
        completed_us: visit.completed,
        completed_by: visit.completed_by.map(name),
        touch_us: visit.touch_us,
    }
}
