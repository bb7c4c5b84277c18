//! Intervals of machines, and the stops that wait for an explanation.

use serde::{Deserialize, Serialize};

use super::{Interval, Plant};
use crate::{
    fact::machine::{Detail, is_zero},
    id::{EquipmentId, RecordId},
    machine::MachineState,
    time::Moment,
};

/// Stops kept for explanation; the oldest that ended go first.
const STOPS_KEPT: usize = 100;

/// A downtime that is open or could still be explained.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Stop {
    /// Which machine.
    pub equipment: EquipmentId,
    /// What kind of downtime.
    pub state: MachineState,
    /// When it began.
    pub from: Moment,
    /// When it ended.
    pub until: Option<Moment>,
    /// The reason's name as given.
    pub label: Option<String>,
    /// Rank of the person who gave it.
    pub rank: u8,
    /// The last fact that explained it here; 0 where none did.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub explained: u64,
    /// What the machine and its map said of it.
    #[serde(default, skip_serializing_if = "Detail::is_none")]
    pub detail: Detail,
    /// The rule that decided.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// Fingerprint of the map that holds it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub map: String,
}

impl Stop {
    /// The fact with this number says why.
    pub(super) fn explain(&mut self, label: &str, rank: u8, seq: u64) {
        self.label = Some(label.to_owned());
        (self.rank, self.explained) = (rank, seq);
    }

    /// How long it lasted by `now`, microseconds.
    pub fn lasts(&self, now: &Moment) -> i64 {
        self.until.as_ref().unwrap_or(now).since(&self.from)
    }

    /// Whether it has been too short by `now` to ask anybody why.
    pub fn is_micro(&self, now: &Moment) -> bool {
        self.lasts(now) < self.detail.micro_stop_us
    }
}

impl Plant {
    pub(super) fn begin(
        &mut self,
        equipment: EquipmentId,
        interval: Interval,
        (rule, map, detail): (&str, &str, &Detail),
    ) {
        if interval.state.is_downtime() {
            let stop = Stop {
                equipment,
                state: interval.state,
                from: interval.from.clone(),
                until: None,
                label: None,
                rank: 0,
                explained: 0,
                detail: detail.clone(),
                rule: rule.to_owned(),
                map: map.to_owned(),
            };
            self.stops.insert(interval.record, stop);
            self.forget_stops();
        }
        let machine = self.machines.entry(equipment).or_default();
        if interval.state == MachineState::Running {
            machine.changeover = None;
        }
        machine.interval = Some(interval);
    }

    pub(super) fn explain(&mut self, stop: RecordId, label: &str, rank: u8) {
        let stop = self.stops.get_mut(&stop).filter(|stop| rank >= stop.rank);
        if let Some(stop) = stop {
            stop.explain(label, rank, self.head);
        }
    }

    pub(super) fn forget_stops(&mut self) {
        while self.stops.len() > STOPS_KEPT {
            let oldest = self
                .stops
                .iter()
                .filter(|(_, stop)| stop.until.is_some())
                .min_by_key(|(id, stop)| (stop.from.at.wall_us, **id))
                .map(|(id, _)| *id);
            match oldest {
                Some(id) => self.stops.remove(&id),
                None => break,
            };
        }
    }
}
