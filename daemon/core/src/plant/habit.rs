//! What people gave as reasons on a machine until now: what is suggested is made of it.

use serde::{Deserialize, Serialize};

use super::{Plant, Stop};
use crate::{
    fact::machine::is_zero,
    id::{EquipmentId, ProductId, ReasonId, RecordId},
    machine::MachineState,
    signal::Value,
    time::Micros,
};

/// Reasons remembered of one machine; the oldest go first.
const REMEMBERED: usize = 60;

const HOUR_US: i64 = 3_600_000_000;

/// A reason that was given, and of what kind of stop.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Given {
    /// Of which stop.
    pub stop: RecordId,
    /// The reason.
    pub reason: ReasonId,
    /// The circumstances.
    #[serde(flatten)]
    pub when: Circumstances,
}

/// What is known of a stop before anybody says why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Circumstances {
    /// What kind of stop.
    pub state: MachineState,
    /// The fault that the machine named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Value>,
    /// What the machine did before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<MachineState>,
    /// What was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
    /// The hour of the day in UTC: it is only compared.
    pub hour: u8,
}

/// How often people took what was suggested.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Offered {
    /// Explanations for which reasons were offered.
    pub given: u64,
    /// Of these, the reason that stood first.
    pub first: u64,
    /// Of these, a reason of the first page.
    pub page: u64,
}

/// Reasons that digits reach at once.
const PAGE: u16 = 9;

impl Offered {
    /// A reason was chosen at this place.
    pub(super) fn count(&mut self, place: Option<u16>) {
        let Some(place) = place else { return };
        self.given += 1;
        self.first += u64::from(place == 1);
        self.page += u64::from(place <= PAGE);
    }

    /// Whether nothing was counted.
    pub fn is_none(&self) -> bool {
        is_zero(self)
    }
}

impl Circumstances {
    /// Those of a stop.
    pub fn of(stop: &Stop) -> Self {
        let Micros(began) = stop.from.at.wall_us;
        Self {
            state: stop.state,
            fault: stop.detail.fault.clone(),
            before: stop.before,
            product: stop.product,
            hour: u8::try_from(began.div_euclid(HOUR_US).rem_euclid(24)).unwrap_or_default(),
        }
    }
}

impl Plant {
    /// Remembers the reason that holds for a stop, and forgets the one that did.
    pub(super) fn learn(&mut self, record: RecordId) {
        self.forget_learned(record);
        let Some(stop) = self.stops.get(&record).filter(|stop| stop.stands()) else { return };
        let Some(reason) = stop.holds().map(|said| said.reason) else { return };
        let given = Given { stop: record, reason, when: Circumstances::of(stop) };
        let machines: Vec<EquipmentId> =
            std::iter::once(stop.equipment).chain(stop.with.iter().copied()).collect();
        for equipment in machines {
            let habits = &mut self.machines.entry(equipment).or_default().given;
            habits.push(given.clone());
            let more = habits.len().saturating_sub(REMEMBERED);
            habits.drain(..more);
        }
    }

    /// What was given for a stop counts no more.
    pub(super) fn forget_learned(&mut self, record: RecordId) {
        for machine in self.machines.values_mut() {
            machine.given.retain(|given| given.stop != record);
        }
    }
}
