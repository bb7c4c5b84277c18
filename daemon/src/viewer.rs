//! Turns what is known into what a screen shows: one [`View`] after each change, ten a second at
//! most.

use kart_api::{
    Batch, Damage, DeviceLink, Held, HqLink, Machine, Present, Receipt, Signal, Stage, Stop, Sync,
    Terminal, Time, View,
};
use kart_core::{
    engine::Watch,
    fact::{Body, Fact, correction::CorrectionSeen},
    machine::MachineState,
    map::MachineMap,
    plant::{self, Plant},
    reference::Reference,
    signal::Quality,
    time::{Micros, Moment},
};
use kart_store::{Head, QuarantinedFact, Reader, StoreError};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, readers::Readers, recorder::Shown, uplink::HqState};

mod floor;

/// Least time between two views.
const REST: Duration = Duration::from_millis(100);

/// A view at least this often, so that a screen can tell a quiet plant from a dead daemon.
const PULSE: Duration = Duration::from_secs(2);

/// Receipts shown at least, however old …
const RECEIPTS: usize = 30;

/// … at most …
const MOST_RECEIPTS: u32 = 200;

/// … and otherwise those of so long, in microseconds: a shift and its handover.
const SHIFT_US: i64 = 10 * 3_600 * 1_000_000;

/// Facts shown beside them because headquarters holds them back.
const MOST_HELD: usize = 50;

/// Makes views.
pub struct Viewer {
    /// Code of the terminal.
    pub code: String,
    /// The station it stands at.
    pub station: Option<kart_core::id::StationId>,
    /// The time.
    pub clock: Clock,
    /// For receipts.
    pub readers: Readers,
    /// What the recorder shows.
    pub shown: watch::Receiver<Shown>,
    /// What is known of headquarters.
    pub hq: watch::Receiver<HqState>,
    /// Where the log stands.
    pub head: watch::Receiver<Head>,
    /// Where views go.
    pub view: watch::Sender<Arc<View>>,
}

impl Viewer {
    /// Runs until `stop`.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut lately = (None, Vec::new());
        let mut oldest = (0, None);
        let mut damage = self.readers.ask(Reader::damage).await?;
        loop {
            let shown = self.shown.borrow_and_update().clone();
            let hq = self.hq.borrow_and_update().clone();
            let head = self.head.borrow_and_update().seq;
            let held: Vec<u64> = hq.quarantined.iter().map(|held| held.seq).collect();
            let asked = Some((shown.commands, held.clone()));
            if lately.0 != asked {
                let since = self.clock.stamp().wall_us.0 - SHIFT_US;
                let look = move |reader: &Reader| receipts(reader, since, &held);
                lately = (asked, self.readers.ask(look).await?);
            }
            let waiting = hq.acked + 1;
            if head < waiting || hq.link == HqLink::Alone {
                oldest = (0, None);
            } else if oldest.0 != waiting {
                let at = self.readers.ask(move |reader| reader.recorded_at(waiting)).await?;
                oldest = (waiting, at);
            }
            if damage.is_some() {
                let acked = hq.acked;
                let look = move |reader: &Reader| Ok(reader.damage()?.filter(|it| it.seq > acked));
                damage = self.readers.ask(look).await?;
            }
            let mut view = self.look(&shown, &hq, &lately.1);
            view.sync.saved = head;
            view.sync.oldest_waiting_us = oldest.1;
            view.sync.damage = damage.as_ref().map(|found| Damage {
                at_us: found.at,
                problem: found.problem.clone(),
                file: found.file.clone(),
            });
            view.number = self.view.borrow().number + 1;
            self.view.send_replace(Arc::new(view));
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = sleep(REST) => {},
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Ok(()) = self.shown.changed() => {},
                Ok(()) = self.hq.changed() => {},
                Ok(()) = self.head.changed() => {},
                () = sleep(PULSE) => {},
            }
        }
    }

    fn look(&self, shown: &Shown, hq: &HqState, lately: &[Fact]) -> View {
        let plant = &shown.engine.plant;
        let reference = shown.engine.reference().map(|reference| (**reference).clone());
        let refused = hq.quarantined.iter().filter(|held| !waits(&held.code));
        let floor = floor::Floor::of(reference.as_ref(), plant, &self.code);
        let map = shown.engine.map();
        let machines = map.machines.iter().zip(shown.engine.watches()).enumerate();
        let now_us = self.clock.stamp().wall_us;
        let calendar = reference.as_ref().and_then(Reference::calendar);
        View {
            number: 0,
            terminal: Terminal {
                contract: kart_api::VERSION,
                code: self.code.clone(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                station: self.station,
                now_us,
                shift: calendar.and_then(|calendar| calendar.shift_at(now_us)),
                time: self.time(hq),
            },
            machines: machines
                .map(|(index, (map, seen))| {
                    let link = link_of(index, &shown.links);
                    let code = shown.codes.get(index).cloned().unwrap_or_default();
                    let mut shown = machine(map, seen, plant, reference.as_ref(), link);
                    shown.batch = floor.batch(map.equipment, shown.batch);
                    Machine { code, ..shown }
                })
                .collect(),
            people: people(plant, reference.as_ref()),
            stops: stops(plant, reference.as_ref(), &self.clock.moment()),
            elsewhere: floor.elsewhere(map),
            conflicts: floor.conflicts(),
            sync: Sync {
                recording: shown.recording.clone(),
                link: hq.link.clone(),
                saved: plant.head,
                acked: hq.acked,
                oldest_waiting_us: None,
                sending: hq.sending.saturating_sub(hq.acked),
                quarantined: u64::try_from(hq.quarantined.len()).unwrap_or_default(),
                refused: u64::try_from(refused.count()).unwrap_or_default(),
                reference_us: hq.reference_us,
                damage: None,
            },
            receipts: lately.iter().map(|fact| receipt(fact, reference.as_ref(), hq)).collect(),
            reference,
        }
    }
}

impl Viewer {
    /// How far the time can be believed. By whole seconds, so that nothing changes in between.
    fn time(&self, hq: &HqState) -> Time {
        match self.clock.fast_us() {
            _ if hq.link != HqLink::Alone && !self.clock.is_confirmed() => Time::Unconfirmed,
            Some(fast_us) => Time::Corrected((fast_us + 500_000).div_euclid(1_000_000) * 1_000_000),
            None => Time::Believed,
        }
    }
}

/// What people recorded in the last shift, and what is held back, newest first.
fn receipts(reader: &Reader, since_us: i64, held: &[u64]) -> Result<Vec<Fact>, StoreError> {
    let mut facts = BTreeMap::new();
    for (place, fact) in reader.lately(MOST_RECEIPTS)?.into_iter().enumerate() {
        if place < RECEIPTS || fact.at.wall_us.0 >= since_us {
            facts.insert(fact.seq, fact);
        }
    }
    for seq in held.iter().rev().take(MOST_HELD) {
        if let Some(fact) = reader.fact(*seq)? {
            facts.insert(*seq, fact);
        }
    }
    Ok(facts.into_values().rev().collect())
}

/// A machine read through several devices is as well linked as the worst of them.
fn link_of(index: usize, links: &BTreeMap<String, (Vec<usize>, DeviceLink)>) -> DeviceLink {
    let mine = || links.values().filter(|(machines, _)| machines.contains(&index)).map(|(_, l)| l);
    let down = mine().find(|link| matches!(link, DeviceLink::Down { .. }));
    let partly = || mine().find(|link| matches!(link, DeviceLink::Partly { .. }));
    down.or_else(partly).or_else(|| mine().next()).cloned().unwrap_or(DeviceLink::Starting)
}

fn machine(
    map: &MachineMap,
    seen: &Watch,
    plant: &Plant,
    reference: Option<&Reference>,
    link: DeviceLink,
) -> Machine {
    let known = plant.machines.get(&map.equipment);
    let interval = known.and_then(|known| known.interval.as_ref());
    let named = reference.and_then(|reference| reference.machine(map.equipment));
    let running = known.and_then(|known| known.batch);
    Machine {
        id: map.equipment,
        code: String::new(),
        name: named.map_or_else(String::new, |named| named.name.clone()),
        state: interval.map_or(MachineState::Unknown, |interval| interval.state),
        state_since_us: interval.map_or(Micros(0), |interval| interval.from.at.wall_us),
        good: known.map_or(0, |known| known.good),
        scrap: known.map_or(0, |known| known.scrap),
        batch: running
            .and_then(|id| plant.batches.get(&id).map(|running| batch(id, running, reference))),
        signals: signals(map, seen),
        seen_us: seen.last_good.map(|stamp| stamp.wall_us),
        stale_us: map.stale_us,
        link,
        held: held(map, known),
    }
}

/// Readings that are held, as the counter shows them.
fn held(map: &MachineMap, known: Option<&plant::Machine>) -> Vec<Held> {
    let counters = map.counters.iter();
    let held = counters.filter_map(|counter| {
        let base = known?.counters.get(&counter.signal)?;
        let held = base.held.as_ref()?;
        let span = counter.shape.wraps_at;
        let before = span.map_or(base.unwrapped, |span| base.unwrapped.rem_euclid(span));
        let now = before + held.unwrapped - base.unwrapped;
        Some(Held { source: counter.signal.clone(), before, now, at_us: held.at.at.wall_us })
    });
    held.collect()
}

fn signals(map: &MachineMap, seen: &Watch) -> Vec<Signal> {
    let named = map.signals.iter();
    named
        .map(|(name, unit)| {
            let observed = seen.observed.get(name);
            Signal {
                name: name.clone(),
                unit: unit.clone(),
                value: observed.map(|observed| observed.value.clone()),
                at_us: observed.map(|observed| observed.at.wall_us),
                quality: observed.map_or(Quality::Old, |observed| observed.quality),
                arrival: map.habits.arrival.contains(name),
            }
        })
        .collect()
}

fn batch(
    id: kart_core::id::RecordId,
    batch: &plant::Batch,
    reference: Option<&Reference>,
) -> Batch {
    let product = reference.and_then(|reference| reference.product(batch.product));
    Batch {
        id,
        number: batch.number.clone(),
        product_code: product.map(|product| product.code.clone()).unwrap_or_default(),
        product_name: product.map(|product| product.name.clone()).unwrap_or_default(),
        work_order: batch.work_order.clone(),
        target: batch.target,
        started_us: batch.from.at.wall_us,
        operators: batch.operators.clone(),
        terminal: None,
    }
}

fn people(plant: &Plant, reference: Option<&Reference>) -> Vec<Present> {
    let mut people: Vec<Present> = plant
        .labor
        .iter()
        .map(|(user, presence)| Present {
            user: *user,
            name: name_of(*user, reference),
            station: presence.station,
            since_us: presence.since.at.wall_us,
        })
        .collect();
    people.sort_by_key(|present| present.since_us);
    people
}

fn name_of(user: kart_core::id::UserId, reference: Option<&Reference>) -> String {
    let person = reference.and_then(|reference| reference.person(user));
    person.map_or_else(|| user.to_string(), |person| person.name.clone())
}

/// Open downtimes, and stops that nobody explained yet.
fn stops(plant: &Plant, reference: Option<&Reference>, now: &Moment) -> Vec<Stop> {
    let asked = |stop: &plant::Stop| {
        let open =
            stop.until.is_none() || (stop.label.is_none() && stop.state == MachineState::Stopped);
        open && !stop.is_micro(now)
    };
    let mut stops: Vec<Stop> = plant
        .stops
        .iter()
        .filter(|(_, stop)| asked(stop))
        .map(|(id, stop)| Stop {
            id: *id,
            machine: stop.equipment,
            state: stop.state,
            from_us: stop.from.at.wall_us,
            until_us: stop.until.as_ref().map(|until| until.at.wall_us),
            reason: stop.label.clone(),
            rule: stop.rule.clone(),
            map: stop.map.clone(),
            proposed: reference
                .zip(stop.detail.reason.as_deref())
                .and_then(|(reference, code)| reference.downtime_reason_of(code)),
        })
        .collect();
    stops.sort_by_key(|stop| std::cmp::Reverse(stop.from_us));
    stops
}

/// Where a fact is, as far as this terminal was told.
fn stage(seq: u64, hq: &HqState) -> Stage {
    match hq.quarantined.iter().find(|held| held.seq == seq) {
        Some(QuarantinedFact { code, detail, .. }) => {
            let (code, detail) = (code.clone(), detail.clone());
            match waits(&code) {
                true => Stage::Waiting { code, detail },
                false => Stage::Refused { code, detail },
            }
        },
        None if seq <= hq.acked => Stage::AtHeadquarters,
        None if seq <= hq.sending => Stage::Sending,
        None => Stage::Saved,
    }
}

/// Whether headquarters applies such a fact by itself as soon as it can. A word of a later version
/// is taken for one: the fact is there.
fn waits(code: &str) -> bool {
    !matches!(code, "unreadable" | "bad_text" | "refused")
}

/// What headquarters made of a record, and why.
fn corrected(seen: &CorrectionSeen, reference: Option<&Reference>) -> String {
    let after = &seen.corrected.after;
    let counts = [after.good, after.scrap].map(|n| n.map_or("–".to_owned(), |n| n.to_string()));
    let counted = after.good.or(after.scrap).map(|_| counts.join(" / "));
    let of = |r: &Reference| {
        let known = r.corrections.iter().find(|known| known.seen.correction == seen.correction);
        known.and_then(|known| known.reason.clone())
    };
    let downtime = after.downtime.as_ref().map(|downtime| downtime.label.clone());
    let parts = [downtime, counted, reference.and_then(of)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

fn receipt(fact: &Fact, reference: Option<&Reference>, hq: &HqState) -> Receipt {
    let machine = |id| reference.and_then(|r| r.machine(id)).map(|machine| machine.code.clone());
    let about = match &fact.fact {
        Body::BatchStarted(started) => {
            let at = machine(started.equipment).unwrap_or_default();
            format!("{} {at}", started.number)
        },
        Body::BatchCompleted { good, scrap, .. } => format!("{good} / {scrap}"),
        Body::StopExplained { label, .. } => label.clone(),
        Body::CorrectionSeen(seen) => corrected(seen, reference),
        Body::ClockedIn { station, .. } => {
            let station = reference.and_then(|reference| reference.station(*station));
            station.map(|station| station.code.clone()).unwrap_or_default()
        },
        _ => String::new(),
    };
    Receipt {
        seq: fact.seq,
        at_us: fact.at.wall_us,
        kind: fact.fact.kind().to_owned(),
        name: fact.by.map(|user| name_of(user, reference)),
        about,
        stage: stage(fact.seq, hq),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_in_one_of_five_places() {
        let held = |seq, code: &str| QuarantinedFact {
            seq,
            code: code.to_owned(),
            detail: "why".to_owned(),
        };
        let hq = HqState {
            link: HqLink::Up,
            acked: 7,
            quarantined: vec![held(3, "unresolved_ref"), held(4, "bad_text"), held(5, "later")],
            reference_us: None,
            sending: 9,
            applied_through: 7,
        };
        let (code, detail) = ("unresolved_ref".to_owned(), "why".to_owned());
        assert_eq!(stage(3, &hq), Stage::Waiting { code, detail });
        assert!(matches!(stage(4, &hq), Stage::Refused { .. }));
        assert!(matches!(stage(5, &hq), Stage::Waiting { .. }));
        let places = [2, 7, 8, 9, 10].map(|seq| stage(seq, &hq));
        let [there, sent] = [Stage::AtHeadquarters, Stage::Sending];
        assert_eq!(places, [there.clone(), there, sent.clone(), sent, Stage::Saved]);
    }
}
