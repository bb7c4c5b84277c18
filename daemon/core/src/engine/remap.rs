//! Another map is put in force while the machines go on.
//!
//! What is known of a signal that is read as before stays known, open intervals stay open, and
//! counters keep their base. What is read elsewhere or otherwise is a stranger until its first
//! reading; until then nothing is decided about its machine, for as long as a value may be old.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Engine, Event, Watch, Words};
use crate::{
    counter::CounterKind,
    fact::{
        Body, FactText,
        machine::{CounterMoved, MapApplied},
    },
    id::EquipmentId,
    map::{MachineMap, Map},
    rule::Memory,
    signal::SignalName,
    time::{Moment, Stamp},
};

/// Counters that one fact tells of, so that its line has room for them.
const MOVED_IN_ONE: usize = 60;

/// A signal of a machine.
pub type Place = (EquipmentId, SignalName);

/// What changes with a map beside the map itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Moves {
    /// Signals that are read elsewhere or otherwise than before, and new ones.
    pub signals: BTreeSet<Place>,
    /// Counters that begin anew: their signal has moved, or they begin again elsewhere.
    pub counters: BTreeSet<Place>,
}

/// What a counter counted by the map before, where that knew it.
type KindOf<'m> = dyn Fn(&Place) -> Option<CounterKind> + 'm;

impl Engine {
    /// The map in force.
    pub fn map(&self) -> &Arc<Map> {
        &self.map
    }

    /// Goes on by `map`. `who` is the text of the field `who`: by whom it was applied.
    pub fn on_map(&mut self, map: &Arc<Map>, moves: &Moves, who: Option<&FactText>, now: &Moment) {
        let old = std::mem::replace(&mut self.map, Arc::clone(map));
        let watches = std::mem::take(&mut self.watches);
        let mut known: BTreeMap<EquipmentId, (&MachineMap, Arc<Watch>)> = BTreeMap::new();
        for (machine, watch) in old.machines.iter().zip(watches) {
            known.insert(machine.equipment, (machine, watch));
        }
        let watch = |machine: &MachineMap| match known.remove(&machine.equipment) {
            Some((before, watch)) => {
                let watch = Arc::unwrap_or_clone(watch);
                let watch = watch.remapped(before, machine, &moves.signals, now.at);
                Arc::new(Watch { unasked: true, ..watch })
            },
            None => Arc::new(Watch { unasked: true, ..Watch::default() }),
        };
        self.watches = map.machines.iter().map(watch).collect();
        let kind = |(equipment, source): &Place| {
            let machine = old.machines.iter().find(|machine| machine.equipment == *equipment);
            let mut counters = machine.into_iter().flat_map(|machine| &machine.counters);
            counters.find(|counter| counter.signal == *source).map(|counter| counter.kind)
        };
        self.say_map((&old.fingerprint, &kind), moves, who, now);
        self.close_unmapped(now.at, now);
    }

    /// The map of this start reads signals elsewhere or otherwise than the one with the fingerprint
    /// `from`, which was in force before: says so, and has those counters begin anew. `kind` is what
    /// they counted until then.
    pub fn moved_between(&mut self, from: &str, kind: &KindOf<'_>, moves: &Moves, now: &Moment) {
        if !moves.counters.is_empty() {
            self.say_map((from, kind), moves, None, now);
        }
    }

    fn say_map(
        &mut self,
        (from, kind): (&str, &KindOf<'_>),
        moves: &Moves,
        who: Option<&FactText>,
        now: &Moment,
    ) {
        let moved: Vec<CounterMoved> = moves
            .counters
            .iter()
            .map(|place| {
                let known = self.plant.machines.get(&place.0);
                let base = known.and_then(|known| known.counters.get(&place.1));
                CounterMoved {
                    equipment: place.0,
                    source: place.1.clone(),
                    last: base.map(|base| base.unwrapped),
                    epoch: base.map(|base| base.epoch),
                    counter: base.and_then(|_| kind(place)),
                }
            })
            .collect();
        let to = self.map.fingerprint.clone();
        let mut parts = moved.chunks(MOVED_IN_ONE);
        let mut part = parts.next().unwrap_or_default();
        loop {
            let applied = MapApplied {
                from: from.to_owned(),
                to: to.clone(),
                moved: part.to_vec(),
                who: who.and_then(FactText::commitment),
            };
            self.draft(now, Event::new(Body::MapApplied(applied)).words(Words(who.cloned())));
            match parts.next() {
                Some(next) => part = next,
                None => return,
            }
        }
    }

    /// Whether a machine's signals have moved and may still bring their first reading.
    pub(super) fn settles(&self, index: usize, now: &Moment) -> bool {
        let machine = self.map.machines.get(index).zip(self.watches.get(index));
        machine.is_some_and(|(machine, watch)| {
            watch.settling.is_some_and(|since| now.at.since(since) <= machine.stale_us)
        })
    }
}

impl Watch {
    /// What stays known of a machine that is read by another map from `at` on.
    fn remapped(
        mut self,
        before: &MachineMap,
        machine: &MachineMap,
        moved: &BTreeSet<Place>,
        at: Stamp,
    ) -> Self {
        let stays = |name: &SignalName| {
            machine.signals.iter().any(|(signal, _)| signal == name)
                && !moved.contains(&(machine.equipment, name.clone()))
        };
        self.observed.retain(|name, _| stays(name));
        self.strokes.retain(|name, _| stays(name));
        self.held.retain(|name, _| stays(name));
        self.said.retain(|name, _| stays(name));
        let heartbeat =
            |map: &MachineMap| map.habits.heartbeat.as_ref().map(|(name, _)| name.clone());
        let beats = heartbeat(before) == heartbeat(machine);
        if !beats || heartbeat(machine).is_some_and(|name| !stays(&name)) {
            (self.beat, self.trusted) = (None, None);
        }
        let mut needed = machine.rules.iter().flat_map(|rule| &rule.when);
        let same = before.rules == machine.rules && before.otherwise == machine.otherwise;
        if !same || needed.any(|condition| !stays(&condition.signal)) {
            self.memory = Memory::default();
            (self.candidate, self.turns_us) = (None, None);
        }
        self.settling = Some(at);
        self
    }
}
