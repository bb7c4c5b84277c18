//! A downtime of everything here at once, told of while it lasts: no power, no compressed air.
//!
//! The machines' own stops are recorded as ever. Those that nobody explained meanwhile belong to it, and
//! when it is over it stands in their place.

use super::{
    Engine, Event, Words,
    commands::{bad, unknown},
    stop::Asker,
};
use crate::{
    command::{Accepted, Refusal},
    fact::{
        Body,
        stop::{EventEnded, EventTakenBack, EventTold, Told},
    },
    id::{EquipmentId, ReasonId, RecordId},
    machine::MachineState,
    plant::Stop,
    reference::Reference,
    time::{Micros, Moment},
};

/// A stop that began so long before somebody says why everything stands may have begun with it,
/// microseconds.
const BEFORE_US: i64 = 10 * 60 * 1_000_000;

impl Engine {
    pub(super) fn begin_downtime(
        &mut self,
        reference: &Reference,
        key: &str,
        asker: Asker<'_>,
        (machines, reason): (&[EquipmentId], ReasonId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let (group, _) = reference.downtime_reason(reason).ok_or_else(|| unknown("reason"))?;
        let own: Vec<EquipmentId> = self.map.machines.iter().map(|it| it.equipment).collect();
        if machines.iter().any(|machine| !own.contains(machine)) {
            return Err(unknown("machine"));
        }
        let covered = |id: &EquipmentId| machines.is_empty() || machines.contains(id);
        let equipment: Vec<EquipmentId> = own.into_iter().filter(covered).collect();
        if equipment.is_empty() {
            return Err(unknown("machine"));
        }
        let lasts = |stop: &&Stop| stop.lasts_everywhere() && shares(stop, &equipment);
        if self.plant.stops.values().find(lasts).is_some() {
            return Err(bad("machines", "a downtime of theirs lasts already"));
        }
        let mut stations: Vec<_> =
            equipment.iter().map(|machine| Self::station(reference, *machine)).collect();
        stations.dedup();
        let running = equipment.iter().filter_map(|it| self.plant.machines.get(it)?.batch);
        let mut batches: Vec<RecordId> = running.collect();
        batches.sort_unstable();
        batches.dedup();
        let event = EventTold {
            told: Told::Site,
            station: match stations.as_slice() {
                [one] => *one,
                _ => None,
            },
            from: self.began(&equipment, now),
            until: None,
            equipment,
            state: MachineState::of_group(&group.group_type),
            batches,
            of: Vec::new(),
            explained: None,
        };
        let event = Event::new(Body::EventTold(event)).by(asker.by).key(key);
        let accepted = self.accept(now, event);
        let record = accepted.record;
        let body = self.explained(reference, asker, (record, reason), &Words::default())?;
        self.draft(now, Event::new(body).by(asker.by));
        Ok(accepted)
    }

    /// It began with the first of the stops that last, that nobody explained and that are not old.
    fn began(&self, equipment: &[EquipmentId], now: &Moment) -> Micros {
        let floor = now.at.wall_us.0.saturating_sub(BEFORE_US);
        let fits = |stop: &&Stop| {
            equipment.contains(&stop.equipment)
                && stop.until.is_none()
                && stop.told.is_none()
                && stop.holds().is_none()
                && stop.from.at.wall_us.0 >= floor
        };
        let stops = self.plant.stops.values().filter(fits);
        stops.map(|stop| stop.from.at.wall_us).min().unwrap_or(now.at.wall_us)
    }

    pub(super) fn end_downtime(
        &mut self,
        reference: &Reference,
        key: &str,
        asker: Asker<'_>,
        event: RecordId,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let known = self.plant.stops.get(&event).filter(|stop| stop.lasts_everywhere());
        let known = known.ok_or(Refusal::NoSuchStop)?;
        let reason = known.holds().map(|said| said.reason);
        let until = now.at.wall_us.max(known.from.at.wall_us);
        // What still stands goes on by itself, for the same reason.
        let open = self.covered(event).filter(|(_, stop)| stop.until.is_none());
        let open: Vec<RecordId> = open.map(|(id, _)| id).collect();
        let ran = self.ran_on(known);
        // Nothing stood: there was no downtime.
        let over = match ran.len() == machines(known).count() {
            true => Body::EventTakenBack(EventTakenBack { event, of: Vec::new(), why: None }),
            false => {
                let of = self.replaced_by(event);
                Body::EventEnded(EventEnded { event, until, of, ran })
            },
        };
        let accepted = self.accept(now, Event::new(over).by(asker.by).key(key));
        for stop in open {
            let Some(reason) = reason else { continue };
            // The reason may have gone from the site's list meanwhile: then somebody is asked.
            let words = Words::default();
            if let Ok(body) = self.explained(reference, asker, (stop, reason), &words) {
                self.draft(now, Event::new(body).by(asker.by));
            }
        }
        Ok(accepted)
    }

    /// A machine runs again: with the last one of them the downtime is over.
    pub(super) fn ran_again(&mut self, machine: EquipmentId, now: &Moment) {
        let runs = |id: &EquipmentId| {
            let interval = self.plant.interval(*id);
            interval.is_none_or(|interval| interval.state == MachineState::Running)
        };
        let over = |(_, event): &(&RecordId, &Stop)| {
            event.lasts_everywhere()
                && shares(event, &[machine])
                && machines(event).all(|id| runs(&id))
        };
        let Some((event, known)) = self.plant.stops.iter().find(over) else { return };
        let Some(interval) = self.plant.interval(machine) else { return };
        let (event, from) = (*event, known.from.at.wall_us);
        let until = interval.from.at.wall_us;
        if until > from {
            let (of, ran) = (self.replaced_by(event), self.ran_on(known));
            let ended = EventEnded { event, until, of, ran };
            self.draft(now, Event::new(Body::EventEnded(ended)));
        }
    }

    /// The machines' own stops that belong to a downtime that lasts.
    fn covered(&self, event: RecordId) -> impl Iterator<Item = (RecordId, &Stop)> {
        let all = self.plant.stops.iter().map(|(id, stop)| (*id, stop));
        all.filter(move |(_, stop)| self.plant.covering(stop) == Some(event))
    }

    /// Machines that have run since before it began.
    fn ran_on(&self, event: &Stop) -> Vec<EquipmentId> {
        let ran = |id: &EquipmentId| {
            let interval = self.plant.interval(*id);
            interval.is_some_and(|interval| {
                interval.state == MachineState::Running
                    && interval.from.at.wall_us <= event.from.at.wall_us
            })
        };
        machines(event).filter(ran).collect()
    }

    fn replaced_by(&self, event: RecordId) -> Vec<RecordId> {
        let over = self.covered(event).filter(|(_, stop)| stop.until.is_some());
        over.map(|(id, _)| id).take(MOST).collect()
    }
}

/// Stops that one event stands in the place of at most; a line is of limited length.
const MOST: usize = 100;

fn machines(event: &Stop) -> impl Iterator<Item = EquipmentId> {
    std::iter::once(event.equipment).chain(event.with.iter().copied())
}

fn shares(event: &Stop, equipment: &[EquipmentId]) -> bool {
    machines(event).any(|machine| equipment.contains(&machine))
}
