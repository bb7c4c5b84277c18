//! Jobs: work orders that travel from station to station.

use serde::{Deserialize, Serialize};

use super::Commitment;
use crate::{
    id::{ProductId, ReasonId, RecordId, StationId, UserId},
    time::{Micros, Stamp},
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
    /// Why it does not go where the flow leads, committed to under the field `why`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Commitment>,
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
    /// What it was scrapped for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonId>,
}

/// A person works on a job.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobJoined {
    /// Which job.
    pub job: RecordId,
    /// Where.
    pub station: StationId,
    /// Who.
    pub user: UserId,
}

/// A person works on a job no longer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobLeft {
    /// Which job.
    pub job: RecordId,
    /// Who.
    pub user: UserId,
    /// The labor entry that ends.
    pub entry: RecordId,
    /// When it ended, where that was before the fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Micros>,
}

/// A job was given up.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobAborted {
    /// Which job.
    pub job: RecordId,
    /// Why.
    pub reason: ReasonId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Body;
    use uuid::Uuid;

    const ID: &str = "00000000-0000-0000-0000-000000000001";

    #[test]
    fn the_words_of_these_facts_stay() {
        let id = Uuid::from_u128(1);
        let (job, station, product) = (RecordId(id), StationId(id), ProductId(id));
        let from = Stamp { wall_us: Micros(7), mono_us: 3 };
        let facts = [
            (
                Body::JobPosted(JobPosted {
                    station,
                    product,
                    number: Some("J-1".into()),
                    work_order: None,
                    target: None,
                }),
                r#"{"job_posted":{"station":"ID","product":"ID","number":"J-1","work_order":null,"target":null}}"#,
            ),
            (
                Body::JobStarted(JobStarted { job, station, from }),
                r#"{"job_started":{"job":"ID","station":"ID","from":{"wall_us":7,"mono_us":3}}}"#,
            ),
            (
                Body::JobCompleted(JobCompleted { job, station, good: 5, scrap: 1, next: None }),
                r#"{"job_completed":{"job":"ID","station":"ID","good":5,"scrap":1,"next":null}}"#,
            ),
            (
                Body::JobMoved(JobMoved { job, from: Some(station), to: station, why: None }),
                r#"{"job_moved":{"job":"ID","from":"ID","to":"ID"}}"#,
            ),
            (
                Body::JobScrapped(JobScrapped { job, station, scrap: 1, reason: None }),
                r#"{"job_scrapped":{"job":"ID","station":"ID","scrap":1}}"#,
            ),
            (
                Body::JobJoined(JobJoined { job, station, user: UserId(id) }),
                r#"{"job_joined":{"job":"ID","station":"ID","user":"ID"}}"#,
            ),
            (
                Body::JobLeft(JobLeft { job, user: UserId(id), entry: job, until: None }),
                r#"{"job_left":{"job":"ID","user":"ID","entry":"ID"}}"#,
            ),
            (
                Body::JobAborted(JobAborted { job, reason: ReasonId(id) }),
                r#"{"job_aborted":{"job":"ID","reason":"ID"}}"#,
            ),
        ];
        for (body, line) in facts {
            let line = line.replace("ID", ID);
            assert_eq!(serde_json::to_string(&body).unwrap(), line);
            assert_eq!(serde_json::from_str::<Body>(&line).unwrap(), body);
        }
    }
}
