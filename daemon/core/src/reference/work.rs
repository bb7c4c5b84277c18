//! What is to be made at the stations of a terminal, in the order that headquarters decided.
//!
//! How much of it is made does not stand here: that changes with every part, and what changes with
//! every part is not reference data.

use serde::{Deserialize, Serialize};

use super::{Connection, Floor, Reference, Station};
use crate::{
    fact::queue::Queue,
    id::{EquipmentId, ProductId, RecordId, StationId, UserId},
    time::Micros,
};

/// Queues and jobs, and what goes on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Work {
    /// Next batches, each queue in order (`oee_batch_queue`, `ops_station_batch_queue`).
    pub queued: Vec<Queued>,
    /// Jobs at these stations that are not over (`ops_jobs`), by number.
    pub jobs: Vec<Job>,
    /// What goes on there.
    #[serde(flatten)]
    pub floor: Floor,
}

/// A batch that is to be made next.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Queued {
    /// Key.
    pub entry: RecordId,
    /// Whose queue.
    pub queue: Queue,
    /// What is to be made.
    pub product: Option<ProductId>,
    /// The batch number, where it is known already.
    pub number: Option<String>,
    /// The external work order.
    pub work_order: Option<String>,
    /// Parts to make.
    pub target: Option<i64>,
    /// The batch that comes here from another machine or station.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<RecordId>,
}

/// A row of `ops_jobs`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Key.
    pub id: RecordId,
    /// Number of the job.
    pub number: String,
    /// The word in the table.
    pub state: String,
    /// What is made.
    pub product: Option<ProductId>,
    /// Where it is.
    pub station: StationId,
    /// The external work order.
    pub work_order: Option<String>,
    /// Parts to make.
    pub target: Option<i64>,
    /// Good output of the latest station.
    #[serde(default)]
    pub good: i64,
    /// Scrapped parts of all stations.
    #[serde(default)]
    pub scrap: i64,
    /// When it came to its station; headquarters of before does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted: Option<Micros>,
    /// When work on it began there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Micros>,
    /// When it is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Micros>,
    /// Where it has been, in time (`ops_job_station_history`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visits: Vec<Visit>,
}

/// A row of `ops_job_station_history`, as far as it is told with the job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Visit {
    /// Where.
    pub station: StationId,
    /// How often it has been there by then; above 1 is rework.
    pub entry: u32,
    /// Good parts made there.
    pub good: i64,
    /// Parts scrapped there.
    pub scrap: i64,
    /// When it came.
    pub posted: Option<Micros>,
    /// When work began.
    pub started: Option<Micros>,
    /// Who began it.
    pub started_by: Option<UserId>,
    /// When it was done.
    pub completed: Option<Micros>,
    /// Who said so.
    pub completed_by: Option<UserId>,
    /// Time of people on it, once it is done; microseconds.
    pub touch_us: Option<i64>,
}

impl Reference {
    /// Where the flow leads from a station, in order.
    pub fn onward(&self, station: StationId) -> Vec<StationId> {
        self.leading(station, "feeds_into")
    }

    /// Where what has to be done again goes from a station, in order.
    pub fn rework(&self, station: StationId) -> Vec<StationId> {
        self.leading(station, "rework")
    }

    fn leading(&self, station: StationId, kind: &str) -> Vec<StationId> {
        let leads =
            |edge: &&Connection<StationId>| edge.from == station && edge.connection_type == kind;
        self.station_connections.iter().filter(leads).map(|edge| edge.to).collect()
    }

    /// What is next on a machine: its own queue, then that of its station.
    pub fn next_on(&self, machine: EquipmentId) -> Vec<&Queued> {
        let station = self.station_of(machine).map(|station| Queue::Station(station.id));
        let queues = [Some(Queue::Equipment(machine)), station].into_iter().flatten();
        queues
            .flat_map(|queue| self.work.queued.iter().filter(move |next| next.queue == queue))
            .collect()
    }

    /// Jobs at the station that a machine works for.
    pub fn jobs_at(&self, machine: EquipmentId) -> Vec<&Job> {
        let station = self.station_of(machine).map(|Station { id, .. }| *id);
        self.work.jobs.iter().filter(|job| Some(job.station) == station).collect()
    }
}
