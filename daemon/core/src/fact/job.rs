//! Jobs: work orders that travel from station to station.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ProductId, ReasonId, RecordId, StationId},
    time::Stamp,
};

/// A job was posted to its first station.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobPosted {
    /// Where it begins.
    pub station: StationId,
    /// What is made; the family follows.
    pub product: ProductId,
    /// The job number; headquarters gives one where none is said.
    pub number: Option<String>,
    /// The external work order.
    pub work_order: Option<String>,
    /// Parts to make.
    pub target: Option<i64>,
}

/// Work on a job began at a station.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobStarted {
    /// Which job.
    pub job: RecordId,
    /// Where.
    pub station: StationId,
    /// Since when; may lie before the fact.
    pub from: Stamp,
}

/// Work on a job is done at a station.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobCompleted {
    /// Which job.
    pub job: RecordId,
    /// Where.
    pub station: StationId,
    /// Good parts made there.
    pub good: i64,
    /// Parts scrapped there.
    pub scrap: i64,
    /// Where the person sent it; `None` leaves that to the flow.
    pub next: Option<StationId>,
}

/// A person put a job somewhere else.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobMoved {
    /// Which job.
    pub job: RecordId,
    /// Where the person saw it.
    pub from: Option<StationId>,
    /// Where it went.
    pub to: StationId,
}

/// A job was scrapped.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobScrapped {
    /// Which job.
    pub job: RecordId,
    /// Where.
    pub station: StationId,
    /// Parts scrapped there.
    pub scrap: i64,
}

/// A job was given up.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobAborted {
    /// Which job.
    pub job: RecordId,
    /// Why.
    pub reason: ReasonId,
}
