//! Events that people told of, and times that nobody saw and somebody may yet tell of.

use serde::{Deserialize, Serialize};

use super::{Interval, Plant, Stop, stop::Said};
use crate::{
    fact::stop::{EventTakenBack, EventTold, Told},
    id::{EquipmentId, RecordId},
    machine::MachineState,
    time::Moment,
};

/// Blind times kept to be asked about; the oldest go first.
const BLINDS_KEPT: usize = 20;

/// A machine that had been seen was not, for a while.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Blind {
    /// Which machine.
    pub equipment: EquipmentId,
    /// Since when.
    pub from: Moment,
    /// Until when.
    pub until: Moment,
    /// The event that a person told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<RecordId>,
}

impl Plant {
    /// The interval of a machine ends at `until`: nobody may have seen it.
    pub(super) fn ended(&mut self, equipment: EquipmentId, ends: RecordId, until: &Moment) {
        let blind = |interval: &&Interval| {
            let seen = interval.before.is_some_and(|before| before != MachineState::Unknown);
            interval.record == ends && interval.state == MachineState::Unknown && seen
        };
        if let Some(interval) = self.interval(equipment).filter(blind) {
            let (from, until) = (interval.from.clone(), until.clone());
            self.blinds.insert(ends, Blind { equipment, from, until, told: None });
        }
        while self.blinds.len() > BLINDS_KEPT {
            let oldest = self.blinds.iter().min_by_key(|(id, it)| (it.from.at.wall_us, **id));
            let Some(oldest) = oldest.map(|(id, _)| *id) else { break };
            self.blinds.remove(&oldest);
        }
    }

    /// A person told of an event.
    pub(super) fn tell(&mut self, record: RecordId, event: &EventTold) {
        for of in &event.of {
            if let Some(stop) = self.stops.get_mut(of).filter(|_| event.replaces()) {
                stop.replaced.insert(record);
                self.forget_learned(*of);
            }
            if let Some(blind) = self.blinds.get_mut(of).filter(|_| event.told == Told::Blind) {
                blind.told = Some(record);
            }
        }
        let mut machines = event.equipment.iter().copied();
        let Some(first) = machines.next().filter(|_| event.state.is_downtime()) else { return };
        let like = event.of.first().and_then(|of| self.stops.get(of));
        let batch = event.batches.first().copied();
        let product = batch.and_then(|batch| self.batches.get(&batch)).map(|batch| batch.product);
        let mut stop = Stop {
            until: Some(Moment::by_wall(event.until)),
            before: like.and_then(|stop| stop.before),
            detail: like.map(|stop| stop.detail.clone()).unwrap_or_default(),
            batch,
            product: like.and_then(|stop| stop.product).or(product),
            told: Some(event.told),
            of: event.of.clone(),
            with: machines.collect(),
            ..Stop::new(first, event.state, Moment::by_wall(event.from))
        };
        // A person told of it, however short it is.
        stop.detail.micro_stop_us = 0;
        if let Some(carried) = &event.explained {
            stop.explain(&carried.label, carried.rank, self.head);
            stop.said.push(Said {
                origin: self.origin,
                seq: carried.seq,
                at: carried.at,
                by: carried.by,
                reason: carried.reason,
                label: carried.label.clone(),
                group_type: carried.group_type.clone(),
                rank: carried.rank,
                corrected: false,
            });
        }
        self.stops.insert(record, stop);
        self.learn(record);
        self.forget_stops();
    }

    /// What a person told of was none after all: what it stood for stands again.
    pub(super) fn take_back(&mut self, back: &EventTakenBack) {
        self.forget_learned(back.event);
        self.stops.remove(&back.event);
        for stop in self.stops.values_mut() {
            stop.replaced.remove(&back.event);
        }
        for blind in self.blinds.values_mut() {
            blind.told.take_if(|told| *told == back.event);
        }
        for of in &back.of {
            self.learn(*of);
        }
    }
}
