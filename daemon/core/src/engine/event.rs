//! What becomes of stops when people know better than the signals: one is split, several are one,
//! one reason held up several machines, and what went on while nobody could see.
//!
//! Only what is over: a part of a stop that lasts would have to end with it.

use super::{
    Engine, Event, Words,
    commands::{bad, unknown},
    stop::Asker,
};
use crate::{
    command::{Accepted, Refusal, Was},
    fact::{
        Body,
        replay::Carried,
        stop::{EventTakenBack, EventTold, Told},
    },
    id::{EquipmentId, ReasonId, RecordId},
    machine::MachineState,
    plant::Stop,
    reference::Reference,
    time::{Micros, Moment},
};

/// A run that is longer than this parts two stops, microseconds.
const APART_US: i64 = 10 * 60 * 1_000_000;

/// Stops that become one at most.
const MOST: usize = 50;

/// A stop that is over, with its bounds by the wall clock.
type Over<'p> = (RecordId, &'p Stop, Micros, Micros);

impl Engine {
    /// The stops of these names, the first first.
    fn over(&self, asked: &[RecordId]) -> Result<Vec<Over<'_>>, Refusal> {
        let mut stops = Vec::new();
        for id in asked {
            let stop = self.plant.stops.get(id).filter(|stop| stop.stands());
            let stop = stop.ok_or(Refusal::NoSuchStop)?;
            let until = stop.until.as_ref().ok_or(Refusal::StopLasts)?;
            stops.push((*id, stop, stop.from.at.wall_us, until.wall_after(&stop.from)));
        }
        stops.sort_by_key(|(id, _, from, _)| (*from, *id));
        stops.dedup_by_key(|(id, ..)| *id);
        Ok(stops)
    }

    pub(super) fn station(
        reference: &Reference,
        machine: EquipmentId,
    ) -> Option<crate::id::StationId> {
        reference.station_of(machine).map(|station| station.id)
    }

    pub(super) fn split_stop(
        &mut self,
        reference: &Reference,
        key: &str,
        asker: Asker<'_>,
        (id, at): (RecordId, Micros),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let over = self.over(&[id])?;
        let (_, stop, from, until) = *over.first().ok_or(Refusal::NoSuchStop)?;
        asker.may_change(reference, stop, true, now)?;
        if !stop.with.is_empty() {
            return Err(Refusal::NotNeighbours);
        }
        if at <= from || at >= until {
            return Err(bad("at", "must lie inside the stop"));
        }
        let part = |from, until, explained| {
            Body::EventTold(EventTold {
                told: Told::Part,
                equipment: vec![stop.equipment],
                station: Self::station(reference, stop.equipment),
                state: stop.state,
                from,
                until: Some(until),
                batches: stop.batch.into_iter().collect(),
                of: vec![id],
                explained,
            })
        };
        // The second part is the one that was otherwise.
        let parts = [part(from, at, carried(id, stop)), part(at, until, None)];
        let [first, second] = parts.map(|part| Event::new(part).by(asker.by));
        let accepted = self.accept(now, first.key(key));
        self.draft(now, second);
        Ok(accepted)
    }

    pub(super) fn merge_stops(
        &mut self,
        reference: &Reference,
        key: &str,
        asker: Asker<'_>,
        stops: &[RecordId],
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let over = self.over(stops)?;
        let [(_, first, from, _), .., (_, _, last, until)] = over.as_slice() else {
            return Err(Refusal::NotNeighbours);
        };
        let machine = first.equipment;
        let alone = |stop: &Stop| stop.equipment == machine && stop.with.is_empty();
        let apart = over.windows(2).any(|pair| match pair {
            [(.., until), (_, _, from, _)] => from.0.saturating_sub(until.0) > APART_US,
            _ => false,
        });
        let between = |(id, stop): (&RecordId, &Stop)| {
            let at = stop.from.at.wall_us;
            stop.equipment == machine
                && stop.stands()
                && at > *from
                && at < *last
                && !over.iter().any(|(known, ..)| known == id)
        };
        if apart
            || over.len() > MOST
            || !over.iter().all(|(_, stop, ..)| alone(stop))
            || self.plant.stops.iter().any(between)
        {
            return Err(Refusal::NotNeighbours);
        }
        for (_, stop, ..) in &over {
            asker.may_change(reference, stop, true, now)?;
        }
        let longest = |of: &&Over<'_>| of.3.0.saturating_sub(of.2.0);
        let state = over.iter().max_by_key(longest).map_or(first.state, |(_, stop, ..)| stop.state);
        let explained = over.iter().filter(|(_, stop, ..)| stop.holds().is_some());
        let explained = explained.max_by_key(longest).and_then(|(id, stop, ..)| carried(*id, stop));
        let merged = Body::EventTold(EventTold {
            told: Told::Merged,
            equipment: vec![machine],
            station: Self::station(reference, machine),
            state,
            from: *from,
            until: Some(*until),
            batches: batches(&over),
            of: over.iter().map(|(id, ..)| *id).collect(),
            explained,
        });
        Ok(self.accept(now, Event::new(merged).by(asker.by).key(key)))
    }

    pub(super) fn share_stops(
        &mut self,
        reference: &Reference,
        key: &str,
        asker: Asker<'_>,
        (stops, reason): (&[RecordId], ReasonId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let over = self.over(stops)?;
        let mut equipment: Vec<EquipmentId> = Vec::new();
        for (_, stop, ..) in &over {
            if !equipment.contains(&stop.equipment) && stop.with.is_empty() {
                equipment.push(stop.equipment);
            }
        }
        let starts = || over.iter().map(|(_, _, from, _)| *from);
        let ends = || over.iter().map(|(.., until)| *until);
        let (Some(from), Some(until)) = (starts().min(), ends().max()) else {
            return Err(Refusal::NotNeighbours);
        };
        let at_once = starts().max() < ends().min();
        if equipment.len() < 2 || equipment.len() != over.len() || over.len() > MOST || !at_once {
            return Err(Refusal::NotNeighbours);
        }
        for (_, stop, ..) in &over {
            asker.may_change(reference, stop, true, now)?;
        }
        let (group, _) = reference.downtime_reason(reason).ok_or_else(|| unknown("reason"))?;
        let stations = equipment.iter().map(|machine| Self::station(reference, *machine));
        let mut stations: Vec<_> = stations.collect();
        stations.dedup();
        let shared = Body::EventTold(EventTold {
            told: Told::Shared,
            station: match stations.as_slice() {
                [one] => *one,
                _ => None,
            },
            equipment,
            state: MachineState::of_group(&group.group_type),
            from,
            until: Some(until),
            batches: batches(&over),
            of: over.iter().map(|(id, ..)| *id).collect(),
            explained: None,
        });
        let accepted = self.accept(now, Event::new(shared).by(asker.by).key(key));
        let body =
            self.explained(reference, asker, (accepted.record, reason), &Words::default())?;
        self.draft(now, Event::new(body).by(asker.by));
        Ok(accepted)
    }

    pub(super) fn take_back_event(
        &mut self,
        reference: &Reference,
        key: &str,
        asker: Asker<'_>,
        (event, why): (RecordId, Words),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let told = self.plant.stops.get(&event).filter(|stop| stop.told.is_some());
        let of = told.map(|stop| stop.of.clone());
        let blind = self.plant.blinds.values().any(|blind| blind.told == Some(event));
        if of.is_none() && !blind {
            return Err(Refusal::NothingToUndo);
        }
        if let Some(stop) = told {
            if !stop.stands() {
                return Err(Refusal::NothingToUndo);
            }
            asker.may_change(reference, stop, !why.is_empty(), now)?;
        }
        // All parts of a stop, or none.
        let together = |(_, stop): &(&RecordId, &Stop)| {
            of.as_ref().is_some_and(|of| !of.is_empty() && stop.told.is_some() && stop.of == *of)
        };
        let mut events: Vec<RecordId> = Vec::new();
        for (id, stop) in self.plant.stops.iter().filter(together) {
            if !stop.stands() {
                return Err(Refusal::NothingToUndo);
            }
            asker.may_change(reference, stop, !why.is_empty(), now)?;
            events.push(*id);
        }
        // Also those that are known here no more: they would stand beside what they stood for.
        let known = of.iter().flatten().filter_map(|id| self.plant.stops.get(id));
        for part in known.flat_map(|stop| &stop.replaced) {
            if self.plant.stops.values().any(|stop| stop.of.contains(part)) {
                return Err(Refusal::NothingToUndo);
            }
            if !events.contains(part) {
                events.push(*part);
            }
        }
        let of = of.filter(|_| !blind).unwrap_or_default();
        // The command is known again by the first.
        events.retain(|other| *other != event);
        let back = |event, why| EventTakenBack { event, of: of.clone(), why };
        let first = Body::EventTakenBack(back(event, why.commitment()));
        let first = Event::new(first).by(asker.by).key(key);
        let accepted = self.accept(now, first.words(why));
        for other in events {
            let back = Body::EventTakenBack(back(other, None));
            self.draft(now, Event::new(back).by(asker.by));
        }
        Ok(accepted)
    }

    pub(super) fn tell_blind(
        &mut self,
        reference: &Reference,
        key: &str,
        asker: Asker<'_>,
        (id, was): (RecordId, Was),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let blind = self.plant.blinds.get(&id).filter(|blind| blind.told.is_none());
        let blind = blind.ok_or(Refusal::NoSuchStop)?;
        let equipment = blind.equipment;
        let (from, until) = (blind.from.at.wall_us, blind.until.wall_after(&blind.from));
        let state = match was {
            Was::Running => MachineState::Running,
            Was::Unknown => MachineState::Unknown,
            Was::Down(reason) => {
                let (group, _) =
                    reference.downtime_reason(reason).ok_or_else(|| unknown("reason"))?;
                MachineState::of_group(&group.group_type)
            },
        };
        let batch = self.plant.machines.get(&equipment).and_then(|machine| machine.batch);
        let ran = |batch: &RecordId| {
            let batch = self.plant.batches.get(batch);
            batch.is_some_and(|batch| batch.from.at.wall_us <= from)
        };
        let event = Body::EventTold(EventTold {
            told: Told::Blind,
            equipment: vec![equipment],
            station: Self::station(reference, equipment),
            state,
            from,
            until: Some(until),
            batches: batch.into_iter().filter(ran).collect(),
            of: vec![id],
            explained: None,
        });
        let accepted = self.accept(now, Event::new(event).by(asker.by).key(key));
        if let Was::Down(reason) = was {
            let body =
                self.explained(reference, asker, (accepted.record, reason), &Words::default())?;
            self.draft(now, Event::new(body).by(asker.by));
        }
        Ok(accepted)
    }
}

/// What was said of a stop, for an event in its place.
fn carried(id: RecordId, stop: &Stop) -> Option<Carried> {
    let said = stop.holds()?;
    Some(Carried {
        stop: id,
        seq: said.seq,
        at: said.at,
        by: said.by,
        reason: said.reason,
        label: said.label.clone(),
        group_type: said.group_type.clone(),
        rank: said.rank,
    })
}

/// The batches of stops, each once.
fn batches(over: &[Over<'_>]) -> Vec<RecordId> {
    let mut batches: Vec<RecordId> = Vec::new();
    for batch in over.iter().filter_map(|(_, stop, ..)| stop.batch) {
        if !batches.contains(&batch) {
            batches.push(batch);
        }
    }
    batches
}
