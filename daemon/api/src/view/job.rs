//! Jobs at the stations of the terminal.

use kart_core::{
    id::{RecordId, StationId, UserId},
    job::State,
    time::Micros,
};
use serde::{Deserialize, Serialize};

/// A job: as headquarters told it, with what was done here since.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Its key.
    pub id: RecordId,
    /// Its number.
    pub number: String,
    /// Its state; `None` for one that is not at these stations any more.
    pub state: Option<State>,
    /// Where it stands.
    pub station: Option<StationId>,
    /// Code of the product.
    pub product_code: String,
    /// Name of the product.
    pub product_name: String,
    /// External work order.
    pub work_order: Option<String>,
    /// Parts to make.
    pub target: Option<i64>,
    /// Good output of the latest station.
    pub good: i64,
    /// Scrapped parts of all stations.
    pub scrap: i64,
    /// When it came to its station.
    pub posted_us: Option<Micros>,
    /// When work on it began there.
    pub started_us: Option<Micros>,
    /// When it is to be done.
    pub due_us: Option<Micros>,
    /// How often it has been at its station; above 1 is rework.
    pub entry: u32,
    /// Who works on it at this terminal.
    pub people: Vec<OnJob>,
    /// Time of people here on this visit that is over.
    pub worked_us: i64,
    /// Time of people that the product stands for, where it is known.
    pub standard_us: Option<i64>,
    /// Numbers of open batches that belong to it.
    pub batches: Vec<String>,
    /// Where it has been, in time.
    pub visits: Vec<Visit>,
    /// Headquarters has not yet told what it makes of something that was done here.
    pub asked: bool,
    /// What headquarters found wrong with something that was told of it: the word of a conflict.
    pub refused: Option<String>,
}

/// A person on a job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OnJob {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Since when.
    pub since_us: Micros,
}

/// A job's visit to a station.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Visit {
    /// Code of the station.
    pub station: String,
    /// How often it has been there by then.
    pub entry: u32,
    /// Good parts made there.
    pub good: i64,
    /// Parts scrapped there.
    pub scrap: i64,
    /// When it came.
    pub posted_us: Option<Micros>,
    /// When work began.
    pub started_us: Option<Micros>,
    /// Who began it.
    pub started_by: Option<String>,
    /// When it was done.
    pub completed_us: Option<Micros>,
    /// Who said so.
    pub completed_by: Option<String>,
    /// Time of people on it, once it is done.
    pub touch_us: Option<i64>,
}
