//! From readings of counters to parts, and what a person says of a reading that is held.

use std::sync::Arc;

use super::{
    Engine, Event, Watch,
    commands::{bad, unknown},
    people, stamp_of,
};
use crate::{
    command::{Accepted, Refusal},
    counter::{self, Base, Judgement, Readings, Verdict},
    fact::{Body, Counted},
    id::{EquipmentId, UserId},
    map::{CounterMap, MachineMap},
    reference::Reference,
    rule::Stroke,
    signal::{Quality, Sample},
    time::{Moment, Stamp},
};

/// Who settles which counter, the epoch and the readings that they saw, and whether the parts were
/// made.
type Settled<'s> = (UserId, (EquipmentId, &'s str), (u32, Readings), bool);

impl Engine {
    /// Books what one reading says.
    pub(super) fn count(
        &mut self,
        sample: &Sample,
        counter: &CounterMap,
        watched: bool,
        now: &Moment,
    ) {
        let Some(machine) = self.map.machines.get(sample.machine) else { return };
        let Some(raw) = sample.value.count() else { return };
        let known = self.plant.machines.get(&machine.equipment);
        let base = known.and_then(|known| known.counters.get(&counter.signal));
        let mut at = Moment { at: self.counted_at(sample), boot: now.boot.clone() };
        let moved = known.is_some_and(|known| known.moved.contains(&counter.signal));
        let judge = |at: &Moment| match moved {
            true => Some(counter::begin_anew(base, raw)),
            false => counter::judge(counter.shape, base, raw, at),
        };
        let mut judged = judge(&at);
        // What was taken for kept may have been said just now.
        if judged.as_ref().is_some_and(|judged| judged.verdict == Verdict::Held) {
            at.at = sample.at;
            judged = judge(&at);
        }
        let rushes = self.rushes(sample);
        let Some(watch) = self.watches.get_mut(sample.machine).map(Arc::make_mut) else { return };
        let held = judged.as_ref().is_some_and(|judged| judged.verdict == Verdict::Held);
        let last = if held { watch.held.get(&counter.signal).copied() } else { None };
        // One that goes on from a reading that is held makes parts, however many they are.
        let rose = judged.as_ref().is_some_and(|judged| judged.quantity > 0);
        watch.stroke(sample, watched && !rushes, rose || last.is_some_and(|last| raw > last));
        let Some(mut judged) = judged else { return };
        if judged.verdict == Verdict::Increase && !watched {
            judged.verdict = Verdict::Gap;
        }
        // A retained or repeated reading may be older than what is booked: only a rise can be
        // believed.
        let first = judged.verdict == Verdict::Base && (base.is_none() || moved);
        let believed = first || matches!(judged.verdict, Verdict::Increase | Verdict::Gap);
        if (sample.quality == Quality::Old || sample.again) && !believed {
            return;
        }
        if held {
            watch.held.insert(counter.signal.clone(), raw);
            if is_told(base, &judged, last.is_some()) {
                return;
            }
        } else {
            watch.held.remove(&counter.signal);
        }
        let counted = self.counted(machine, counter, (base, judged), &at);
        self.draft(now, Event::new(Body::Counted(counted)));
    }

    fn counted(
        &self,
        machine: &MachineMap,
        counter: &CounterMap,
        (base, judged): (Option<&Base>, Judgement),
        at: &Moment,
    ) -> Counted {
        let known = self.plant.machines.get(&machine.equipment);
        let since = base.filter(|base| base.at.boot == at.boot).map_or(at.at, |base| base.at.at);
        Counted {
            equipment: machine.equipment,
            source: counter.signal.clone(),
            counter: counter.kind,
            epoch: judged.epoch,
            raw_from: judged.raw_from,
            raw_to: judged.raw_to,
            quantity: judged.quantity,
            verdict: judged.verdict,
            since: base.map_or(since, |base| Stamp { wall_us: base.at.at.wall_us, ..since }),
            until: at.at,
            batch: known.and_then(|known| known.batch),
            map: self.map.fingerprint.clone(),
            raw: judged.raw,
        }
    }

    /// Books what somebody says of a reading that is held: its parts were made, or never were.
    pub(super) fn settle_count(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, (equipment, source), seen, accept): Settled<'_>,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        people::supervisor(reference, by)?;
        let map = Arc::clone(&self.map);
        let machine = map.machines.iter().find(|machine| machine.equipment == equipment);
        let machine = machine.ok_or_else(|| unknown("machine"))?;
        let counter = machine.counters.iter().find(|counter| counter.signal == source);
        let counter = counter.ok_or_else(|| bad("source", "is no counter of this machine"))?;
        let known = self.plant.machines.get(&equipment);
        let base = known.and_then(|known| known.counters.get(source)).cloned();
        let held = base.as_ref().and_then(|base| Some((base, base.held.as_ref()?)));
        let (base, held) = held.ok_or_else(|| bad("source", "no reading is held"))?;
        let span = counter.shape.wraps_at;
        let shown = base.shown(span).map(|raw| (base.epoch, raw));
        if shown != Some(seen) {
            return Err(Refusal::OtherReading { counter: source.to_owned() });
        }
        if span.is_some_and(|span| seen.1.now >= span) {
            return Err(bad("source", "it shows more than it can; put its wraps_at right"));
        }
        let judged = counter::settle(base, accept);
        let judged = judged.ok_or_else(|| bad("source", "no reading is held"))?;
        let at = Moment { at: stamp_of(&held.at, now), boot: now.boot.clone() };
        let mut counted = self.counted(machine, counter, (Some(base), judged), &at);
        // Parts belong to the batch that ran when they were read.
        let ran = counted.batch.and_then(|batch| self.plant.batches.get(&batch));
        let ran = ran.is_some_and(|batch| batch.from.at.wall_us <= at.at.wall_us);
        counted.batch = counted.batch.filter(|_| ran);
        let event = Event::new(Body::Counted(counted)).by(Some(by)).key(key);
        Ok(self.accept(now, event))
    }
}

/// Whether the log holds that this reading waits.
fn is_told(base: Option<&Base>, judged: &Judgement, seen: bool) -> bool {
    let rise = judged.raw.map_or(0, |raw| raw.now - raw.before);
    match base.filter(|_| rise > 0) {
        Some(base) => {
            let held = base.held.as_ref();
            held.is_some_and(|held| base.unwrapped + rise >= held.unwrapped)
        },
        None => seen,
    }
}

impl Watch {
    /// Remembers whether `sample` showed a part: only a reading before that was watched tells when.
    fn stroke(&mut self, sample: &Sample, watched: bool, rose: bool) {
        if sample.quality != Quality::Good || sample.again {
            return;
        }
        match self.strokes.get_mut(&sample.signal) {
            Some(stroke) if watched && rose => *stroke = Stroke::Part(sample.at),
            Some(_) if watched => {},
            _ => {
                self.strokes.insert(sample.signal.clone(), Stroke::Watched(sample.at));
            },
        }
    }
}
