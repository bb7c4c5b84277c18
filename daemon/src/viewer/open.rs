//! What is open between people: incidents, calls for help, handovers.

use kart_api::{Call, Handover, Incident, Open};
use kart_core::{
    fact::note::Card,
    id::{EquipmentId, RecordId, StationId},
    plant::{self, Plant},
    reference::{OpenCall, Reference},
    time::Micros,
};
use kart_store::{Reader, StoreError};
use std::collections::BTreeMap;

use super::name_of;

/// What people wrote beside facts, by record.
pub(super) type Texts = BTreeMap<RecordId, String>;

/// The words of what is open.
pub(super) fn texts(
    reader: &Reader,
    wanted: &[(RecordId, u64, &'static str)],
) -> Result<Texts, StoreError> {
    let mut texts = Texts::new();
    for (record, seq, field) in wanted {
        if let Some(text) = reader.text(*seq, field)? {
            texts.insert(*record, text);
        }
    }
    Ok(texts)
}

/// The facts beside which words of what is open may stand.
pub(super) fn wanted(plant: &Plant) -> Vec<(RecordId, u64, &'static str)> {
    let handovers = plant.handovers.iter().map(|(id, given)| (*id, given.seq, "text"));
    let incidents = plant.incidents.iter().map(|(id, open)| (*id, open.seq, "comment"));
    // Words of a former life are not here.
    handovers.chain(incidents).filter(|(_, seq, _)| *seq != 0).collect()
}

/// All of it.
pub(super) fn open(
    plant: &Plant,
    reference: Option<&Reference>,
    texts: &Texts,
    card: Card,
) -> Open {
    let place = Place(reference);
    let mut incidents: Vec<Incident> = plant
        .incidents
        .iter()
        .map(|(id, incident)| place.incident(*id, incident, texts.get(id)))
        .collect();
    incidents.sort_by_key(|one| (std::cmp::Reverse(one.severity), one.from_us));
    let own = plant.calls.iter().map(|(id, call)| place.call(*id, call));
    let known = reference.map(|reference| &reference.work.floor.calls[..]).unwrap_or_default();
    let elsewhere = known.iter().filter(|call| !call.ours(plant.origin));
    let elsewhere = elsewhere.filter_map(|call| place.foreign(call, plant));
    let mut calls: Vec<Call> = own.chain(elsewhere).collect();
    calls.sort_by_key(|call| call.from_us);
    // What headquarters has heard at another terminal about a call from here.
    for call in &mut calls {
        let heard = known.iter().find(|known| known.record == call.id);
        let heard = heard.and_then(|known| known.acknowledged);
        call.acknowledged_by =
            call.acknowledged_by.take().or_else(|| heard.map(|user| name_of(user, reference)));
    }
    let mut handovers: Vec<Handover> = plant
        .handovers
        .iter()
        .map(|(id, given)| place.handover(*id, given, texts.get(id)))
        .collect();
    handovers.sort_by_key(|given| std::cmp::Reverse(given.at_us));
    Open { incidents, calls, handovers, card }
}

/// Names things by their codes.
struct Place<'r>(Option<&'r Reference>);

impl Place<'_> {
    fn machine(&self, id: EquipmentId) -> Option<String> {
        self.0?.machine(id).map(|machine| machine.code.clone())
    }

    fn station(&self, id: StationId) -> Option<String> {
        self.0?.station(id).map(|station| station.code.clone())
    }

    fn code(&self, machine: Option<EquipmentId>, station: Option<StationId>) -> String {
        let machine = machine.and_then(|id| self.machine(id));
        machine.or_else(|| station.and_then(|id| self.station(id))).unwrap_or_default()
    }

    fn incident(&self, id: RecordId, open: &plant::Incident, comment: Option<&String>) -> Incident {
        let looked = open.troubleshooting.as_ref();
        Incident {
            id,
            station: open.station,
            machines: open.machines.iter().filter_map(|id| self.machine(*id)).collect(),
            label: open.label.clone(),
            severity: open.severity,
            comment: comment.cloned(),
            from_us: open.from.at.wall_us,
            by: open.by.map(|user| name_of(user, self.0)),
            troubleshooting_us: looked.map(|(since, _)| since.at.wall_us),
            troubleshooting_by: looked.and_then(|(_, by)| *by).map(|user| name_of(user, self.0)),
        }
    }

    fn call(&self, id: RecordId, call: &plant::Call) -> Call {
        let comes = call.acknowledged.as_ref().map(|(_, user)| name_of(*user, self.0));
        Call {
            id,
            place: self.code(call.equipment, call.station),
            machine: call.equipment,
            kind: call.kind,
            from_us: call.from.at.wall_us,
            acknowledged_by: comes,
            elsewhere: false,
        }
    }

    /// A call of another terminal, unless it was ended here.
    fn foreign(&self, call: &OpenCall, plant: &Plant) -> Option<Call> {
        let here = plant.answered.get(&call.record).cloned().unwrap_or_default();
        if here.ended {
            return None;
        }
        let comes = here.acknowledged.map(|(_, user)| user).or(call.acknowledged);
        Some(Call {
            id: call.record,
            place: self.code(call.machine, call.station),
            machine: call.machine,
            kind: call.kind,
            from_us: Micros(call.from.0),
            acknowledged_by: comes.map(|user| name_of(user, self.0)),
            elsewhere: true,
        })
    }

    fn handover(&self, id: RecordId, given: &plant::Handover, text: Option<&String>) -> Handover {
        Handover {
            id,
            station: self.code(None, given.station),
            user: given.by,
            by: given.by.map(|user| name_of(user, self.0)),
            at_us: given.at.at.wall_us,
            card: given.card.clone(),
            text: text.cloned(),
        }
    }
}
