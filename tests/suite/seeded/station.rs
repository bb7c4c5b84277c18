//! A simulated terminal: the real engine, the shell around it as in the daemon's recorder, a
//! simulated disk and a simulated clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use kart_core::command::{Accepted, Command};
use kart_core::engine::Engine;
use kart_core::engine::commands::Asked;
use kart_core::fact::{Body, Draft, Fact};
use kart_core::id::{EquipmentId, Incarnation, Origin, RecordId, TerminalId, UserId};
use kart_core::map::Map;
use kart_core::plant::Plant;
use kart_core::record::fold::withdrawn;
use kart_core::record::{Record, Tenant, Touch, touches};
use kart_core::reference::Reference;
use kart_core::row::Row;
use kart_core::signal::Sample;
use kart_core::time::{Boot, Micros, Moment, Stamp};
use kart_planted::{Bug, planted};
use kart_store::Needed;
use kart_wire::Scope;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::disk::{Disk, Kept, RowKey, Write};
use super::floor::{self, Press};
use super::truth::Truth;

mod life;

/// Facts stay so long at least.
const KEPT_US: i64 = 2 * 86_400 * 1_000_000;
/// 2026-06-01 06:00 UTC.
pub(super) const EPOCH_US: i64 = 1_780_293_600_000_000;

/// The two clocks of a terminal.
pub(super) struct Clock {
    /// How far the wall clock is off.
    pub(super) off_us: i64,
    /// Whether it was ever set.
    pub(super) set: bool,
    /// Number of the boot, and when it was.
    pub(super) boot: u32,
    pub(super) booted_us: i64,
}

impl Clock {
    pub(super) fn moment(&self, now_us: i64) -> Moment {
        Moment { at: self.stamp(now_us), boot: Boot(format!("{:08x}", self.boot)) }
    }

    pub(super) fn stamp(&self, now_us: i64) -> Stamp {
        let wall_us = Micros(EPOCH_US + now_us + self.off_us);
        Stamp { wall_us, mono_us: now_us - self.booted_us + 1_000_000 }
    }
}

/// How a round ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Well,
    /// Power goes before anything is written.
    CutBefore,
    /// Power goes between writing and the sync's return.
    CutWithin,
    /// Power goes after the commit, before anybody hears of it.
    CutAfter,
}

/// What a person wants.
pub(super) enum Wish {
    Command(Command),
    /// A fact that the contract knows and that no screen makes yet.
    Told(Option<UserId>, Box<Body>),
}

/// What became of a command.
#[derive(Debug)]
pub(super) enum Answer {
    Saved(Accepted),
    Refused(String),
}

pub(super) struct Station {
    pub(super) number: usize,
    pub(super) id: Uuid,
    pub(super) incarnation: Incarnation,
    pub(super) nonce: String,
    /// A copy of another terminal: nothing of it counts.
    pub(super) copy: bool,
    pub(super) tenant: Tenant,
    pub(super) disk: Disk,
    /// Absent while the daemon is down.
    pub(super) engine: Option<Engine>,
    pub(super) clock: Clock,
    pub(super) map: Arc<Map>,
    pub(super) presses: Vec<Press>,
    /// Keys of commands given out.
    pub(super) keys: u64,
    /// A command whose answer nobody heard, or that is sent again by mistake.
    pub(super) last_asked: Option<(String, serde_json::Value)>,
}

impl Station {
    pub(super) fn origin(&self) -> Origin {
        Origin { terminal: TerminalId(self.id), incarnation: self.incarnation }
    }

    /// The daemon starts: the plant is replayed from the disk.
    pub(super) fn start(
        &mut self,
        now_us: i64,
        reference: Option<Arc<Reference>>,
        truth: &mut Truth,
    ) {
        self.incarnation = self.disk.seen.incarnation.unwrap_or(self.incarnation);
        let image = &self.disk.seen;
        let (origin, saved, inherited) = (self.origin(), &image.plant, &image.inherited);
        let inherited = || inherited.clone().map(|plant| plant.inherit(origin));
        let saved = saved.clone().or_else(inherited);
        let mut plant = saved.unwrap_or_else(|| Plant::new(origin));
        for kept in image.after(plant.head) {
            plant.apply(&kept.fact);
        }
        let alive = (plant.head > 0).then(|| plant.head_at.clone());
        let mut engine =
            Engine::new(plant, Arc::clone(&self.map), floor::terminal_code(self.number));
        if let Some(reference) = reference {
            engine.set_reference(reference);
        }
        let now = self.clock.moment(now_us);
        if engine.plant.head == 0 {
            engine.begin_log(&now);
        }
        engine.start("seeded", alive.as_ref(), &now);
        engine.on_corrections(&now);
        let drafts = engine.take_drafts();
        self.engine = Some(engine);
        let facts = self.seal(drafts);
        self.attempt(&facts, truth);
        let write = self.projected(facts.clone());
        self.disk.write(write);
        self.disk.born(self.incarnation);
        // A daemon that cannot write at its start ends again.
        if self.disk.sync().is_err() {
            self.disk.roll_back();
            self.engine = None;
            return;
        }
        self.accept(&facts, truth);
    }

    /// The daemon is gone; what was not synced may be.
    pub(super) fn stop(&mut self, dice: &mut StdRng) {
        self.engine = None;
        self.disk.crash(dice);
    }

    /// One round of the recorder: decide, append, and only then keep and answer.
    pub(super) fn round(
        &mut self,
        now_us: i64,
        (samples, asked): (&[Sample], Option<(&str, &Wish)>),
        fate: Fate,
        (dice, truth): (&mut StdRng, &mut Truth),
    ) -> Option<Answer> {
        let now = self.clock.moment(now_us);
        let mut engine = self.engine.clone()?;
        engine.on_corrections(&now);
        engine.on_samples(samples, &now);
        let mut answer = asked.and_then(|asked| self.decide(&mut engine, asked, &now));
        engine.on_time(&now);
        let mut drafts = engine.take_drafts();
        if let (Some((key, Wish::Told(by, body))), None) = (asked, &answer) {
            let draft = tell(&mut engine, key, (*by, body), &now);
            drafts.push(draft.0);
            answer = Some(draft.1);
        }
        if fate == Fate::CutBefore {
            self.stop(dice);
            return None;
        }
        let facts = self.seal(drafts);
        if planted(Bug::SavedBeforeCommit) {
            self.accept(&facts, truth);
        }
        self.attempt(&facts, truth);
        // The store refuses what does not follow its head.
        let follows = self.disk.seen.head().0 + facts.len() as u64 == engine.plant.head;
        let write = self.projected(facts.clone());
        self.disk.write(write);
        if fate == Fate::CutWithin {
            self.stop(dice);
            return None;
        }
        let mut synced = self.disk.sync();
        if planted(Bug::FailedSyncTriedAgain) && synced.is_err() {
            synced = self.disk.sync();
        }
        if synced.is_err() || !follows {
            self.disk.roll_back();
            if planted(Bug::BaseMovedBeforeCommit) {
                self.engine = Some(engine);
            }
            return asked.map(|_| Answer::Refused("not recording".to_owned()));
        }
        if fate == Fate::CutAfter {
            self.stop(dice);
            return None;
        }
        self.engine = Some(engine);
        self.accept(&facts, truth);
        answer
    }

    fn decide(
        &self,
        engine: &mut Engine,
        (key, wish): (&str, &Wish),
        now: &Moment,
    ) -> Option<Answer> {
        let known = self.disk.seen.facts.iter().find(|kept| kept.fact.key.as_deref() == Some(key));
        let earlier = known.and_then(|kept| Accepted::of(&kept.fact, self.origin()));
        if let Some(accepted) = earlier.filter(|_| !planted(Bug::KeyNotLookedUp)) {
            return Some(Answer::Saved(accepted));
        }
        let Wish::Command(command) = wish else { return None };
        let salt = format!("{:032x}", u128::from(self.keys) << 64 | u128::from(self.incarnation.0));
        Some(match engine.on_command(&Asked { key, command, salt: &salt }, now) {
            Ok(accepted) => Answer::Saved(accepted),
            Err(refusal) => Answer::Refused(refusal.to_string()),
        })
    }

    /// Lines and chain, as the store makes them.
    fn seal(&self, drafts: Vec<Draft>) -> Vec<Arc<Kept>> {
        let (mut seq, mut hash) = self.disk.seen.head();
        let kept = drafts.into_iter().map(|draft| {
            seq += 1;
            let (fact, line, texts) = draft.prepare().unwrap().seal(seq);
            hash = hash.after(line.as_bytes());
            Arc::new(Kept { line, hash, fact, texts })
        });
        kept.collect()
    }

    /// The transaction of a round: facts with the rows they become.
    fn projected(&self, facts: Vec<Arc<Kept>>) -> Write {
        let mut records: BTreeMap<_, Record> = BTreeMap::new();
        let mut own: Vec<Row> = Vec::new();
        for kept in &facts {
            for touch in touches(self.origin(), &kept.fact, &self.tenant) {
                match touch {
                    Touch::Rows(rows) => own.extend(rows),
                    Touch::Record(id) => {
                        let stored = || self.disk.seen.records.get(&id).cloned();
                        let known = records.remove(&id).or_else(stored);
                        if let Some(mut record) = known.or_else(|| Record::empty_for(&kept.fact)) {
                            record.apply(id, self.origin(), &kept.fact);
                            records.insert(id, record);
                        }
                    },
                }
            }
        }
        let rows = |id: &RecordId, record: &Record| record.rows(*id, &self.tenant);
        let before = records.keys().filter_map(|id| Some((id, self.disk.seen.records.get(id)?)));
        let before: Vec<Row> = before.flat_map(|(id, record)| rows(id, record)).collect();
        let now: Vec<Row> = records.iter().flat_map(|(id, record)| rows(id, record)).collect();
        let gone = withdrawn(&before, &now);
        let gone = gone.into_iter().map(|(table, id)| (table.name, id)).collect();
        let rows = own.into_iter().chain(now).map(|row| (row_key(&row), row.cells)).collect();
        Write::Facts { facts, records, rows, gone }
    }

    fn attempt(&self, facts: &[Arc<Kept>], truth: &mut Truth) {
        if self.copy {
            return;
        }
        for kept in facts {
            truth.try_fact((self.origin(), kept.fact.seq), kept.hash);
        }
    }

    /// Somebody was told that these are kept.
    fn accept(&self, facts: &[Arc<Kept>], truth: &mut Truth) {
        if self.copy {
            return;
        }
        for kept in facts {
            truth.accepted.insert((self.origin(), kept.fact.seq), kept.hash);
            // What was issued again keeps the number that its former life took.
            if let (Body::BatchStarted(started), None) = (&kept.fact.fact, &kept.fact.former)
                && let Some(leased) = &started.lease
            {
                truth.numbers.insert((self.incarnation.to_string(), leased.number));
            }
        }
    }

    /// Facts that nothing needs any more and that are old enough leave the disk. Answers up to where.
    pub(super) fn purge(&mut self, now_us: i64) -> Option<u64> {
        let plant = Box::new(self.engine.as_ref()?.plant.clone());
        let image = &self.disk.seen;
        let signed = |seq| i64::try_from(seq).unwrap();
        let [acked, safe, last] = [image.acked, image.safe, plant.head].map(signed);
        let limit = Needed { acked, safe, plant: last, last }.not_up_to();
        let before = self.clock.stamp(now_us).wall_us.0 - KEPT_US;
        let goes =
            |kept: &&Arc<Kept>| signed(kept.fact.seq) <= limit && kept.fact.at.wall_us.0 < before;
        let seq = image.facts.iter().take_while(goes).last()?.fact.seq;
        self.disk.write(Write::Purged(seq, plant));
        if self.disk.sync().is_err() {
            self.disk.roll_back();
            return None;
        }
        // A screen does not ask again after so long.
        self.last_asked = None;
        Some(seq)
    }

    /// For how long the counter of a press may have moved unseen, in seconds.
    pub(super) fn idle_s(&self, press: &Press, now_us: i64) -> Option<i64> {
        let machine = self.engine.as_ref()?.plant.machines.get(&press.equipment)?;
        let base = machine.counters.get("good")?;
        let before = base.burst.as_ref().map_or(&base.at, |burst| &burst.before.1);
        Some(self.clock.moment(now_us).passed(before) / 1_000_000)
    }

    /// Presses whose counter stands as the plant knows it have been read.
    pub(super) fn read_kept(&mut self) {
        let Some(engine) = &self.engine else { return };
        for press in &mut self.presses {
            let machine = engine.plant.machines.get(&press.equipment);
            let base = machine.and_then(|machine| machine.counters.get("good"));
            if base.is_some_and(|base| base.unwrapped.rem_euclid(1 << press.width) == press.shows())
            {
                press.told = press.made;
            }
        }
    }

    /// The machine in whose queue an entry stands, as the mirror shows it.
    pub(super) fn queue_of(&self, entry: Uuid) -> Option<EquipmentId> {
        let table = "public.oee_batch_queue".to_owned();
        let row = self.disk.seen.mirror.get(&(Scope::Terminal, table, entry.to_string()))?;
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        Some(EquipmentId(row["equipment_id"].as_str()?.parse().unwrap()))
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.disk.seen.facts.iter().map(|kept| &kept.fact)
    }
}

/// A fact as it was told, behind what the round has decided.
fn tell(
    engine: &mut Engine,
    key: &str,
    (by, body): (Option<UserId>, &Body),
    now: &Moment,
) -> (Draft, Answer) {
    let (at, boot, key) = (now.at, now.boot.clone(), Some(key.to_owned()));
    let draft =
        Draft { at, boot: boot.clone(), by, key: key.clone(), body: body.clone(), texts: vec![] };
    let seq = engine.plant.head + 1;
    let fact = Fact { seq, at, boot, by, key, former: None, fact: body.clone() };
    engine.plant.apply(&fact);
    (draft, Answer::Saved(Accepted::of(&fact, engine.plant.origin).unwrap()))
}

/// Table and key of a row; the key is its first cell.
pub(super) fn row_key(row: &Row) -> RowKey {
    let kart_core::row::Cell::Uuid(id) = row.cells[0] else { panic!("a key is a UUID") };
    (row.table.name, id)
}
