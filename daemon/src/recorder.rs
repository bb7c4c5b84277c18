//! The shell around the engine: takes readings and commands, has them decided, makes the facts
//! durable and only then shows, answers and acknowledges.
//!
//! What arrives during a commit is decided together in the next one. When the disk refuses, the
//! decisions are thrown away: nothing is shown or answered that is not on disk.

use kart_api::{Answer, DeviceLink, Recording, Request};
use kart_core::{
    command::{Accepted, Command, JobAsk, Refusal},
    engine::{Engine, commands::Asked},
    id::EquipmentId,
    map::Map,
    reference::Reference,
    room::Room,
    signal::{Quality, Sample},
    time::Moment,
};
use kart_store::{
    Append, Signal, Store, StoreError,
    raw::{Labels, Raw, Taken as Kept},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    ingest::{LinkChange, Reading},
    readers::Readers,
    trace::Traces,
};

mod clock;
pub mod messages;
pub mod refusals;

use messages::{Messages, Taken};
use refusals::Refusals;

/// Inputs that are decided together at most.
const BATCH: usize = 512;

/// How often a sign of life is written.
const ALIVE_EVERY: Duration = Duration::from_secs(5);

/// Facts after which the plant is saved, so that a start replays no more than this.
const PLANT_EVERY: u64 = 2_000;

/// At the end, raw readings may take this long to get to their disk.
const RAW_PATIENCE: Duration = Duration::from_secs(1);

/// A command on its way, with the place for its answer.
pub struct Call {
    /// What is asked.
    pub request: Request,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Answer>,
}

/// What may be shown: all of it is on disk or was just read.
#[derive(Clone)]
pub struct Shown {
    /// The engine after the last commit.
    pub engine: Arc<Engine>,
    /// Codes of the machines, in the order of the engine's map.
    pub codes: Arc<Vec<String>>,
    /// Links by device, with the machines read through each.
    pub links: Arc<BTreeMap<String, (Vec<usize>, DeviceLink)>>,
    /// Whether the disk takes facts.
    pub recording: Recording,
    /// How much room the disk has left.
    pub room: Room,
    /// Raised with every command and every correction that was saved.
    pub commands: u64,
}

/// Where the recorder's inputs come from.
pub struct Inputs {
    /// Readings of all sources.
    pub readings: mpsc::Receiver<Reading>,
    /// Commands of all screens.
    pub calls: mpsc::Receiver<Call>,
    /// The reference data in force.
    pub reference: watch::Receiver<Option<Arc<Reference>>>,
}

/// The recorder.
pub struct Recorder {
    /// Where facts go.
    pub store: Store,
    /// Where answered commands are looked up.
    pub readers: Readers,
    /// The time.
    pub clock: Clock,
    /// Where the state is shown.
    pub shown: watch::Sender<Shown>,
    /// The last values of each signal, for the eye.
    pub traces: Arc<Traces>,
    /// Fact that the plant was last saved as of, or was to be.
    pub plant_saved: u64,
    /// Where raw readings go; nothing waits for it.
    pub raw: Option<Raw>,
    /// How much room the disk has left.
    pub room: watch::Receiver<Room>,
    /// Messages of brokers that were taken.
    pub messages: Messages,
    /// What the disk has refused since it took facts.
    pub refusals: Refusals,
}

/// One round of inputs and what is owed for them.
#[derive(Default)]
struct Round {
    readings: Vec<Reading>,
    calls: Vec<Call>,
    alive: bool,
}

/// What became of the readings of a round.
struct Heard {
    links: Arc<BTreeMap<String, (Vec<usize>, DeviceLink)>>,
    codes: Arc<Vec<String>>,
    signals: BTreeMap<(EquipmentId, String), Signal>,
    saved: Vec<oneshot::Sender<()>>,
    messages: Taken,
    /// How another map reads its signals.
    as_read: Option<String>,
    /// What raw readings meant before the round.
    labels: Option<Arc<Labels>>,
}

impl Recorder {
    /// Runs until `stop`, then decides and writes what has arrived.
    pub async fn run(
        mut self,
        mut inputs: Inputs,
        stop: CancellationToken,
    ) -> Result<(), StoreError> {
        let mut alive = interval(ALIVE_EVERY);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let deadline = self.deadline();
            let mut round = Round::default();
            let stopping = tokio::select! {
                biased;
                () = stop.cancelled() => true,
                _ = alive.tick() => { round.alive = true; false },
                Some(call) = inputs.calls.recv() => { round.calls.push(call); false },
                Some(reading) = inputs.readings.recv() => { round.readings.push(reading); false },
                Ok(()) = inputs.reference.changed() => false,
                Ok(()) = self.room.changed() => false,
                () = sleep_until(deadline) => false,
            };
            round.drain(&mut inputs);
            round.alive |= stopping;
            let reference = inputs.reference.borrow_and_update().clone();
            self.round(round, reference).await?;
            if stopping {
                self.save_plant().await;
                if let Some(raw) = &self.raw {
                    // What does not get to its disk in time is a gap.
                    drop(timeout(RAW_PATIENCE, raw.close()).await);
                }
                return Ok(());
            }
            let head = self.shown.borrow().engine.plant.head;
            if head >= self.plant_saved + PLANT_EVERY {
                self.save_plant().await;
            }
        }
    }

    /// When the engine wants to be asked again without any input.
    fn deadline(&self) -> Instant {
        let shown = self.shown.borrow();
        let due = shown.engine.next_deadline();
        let wait = due.map_or(1_000_000, |due| due.saturating_sub(self.clock.stamp().mono_us));
        // A disk that refuses is not asked more often than this for time's sake alone.
        let least = if shown.recording == Recording::Yes { 20_000 } else { 1_000_000 };
        let micros = u64::try_from(wait.clamp(least, 60_000_000)).unwrap_or(1_000_000);
        Instant::now() + Duration::from_micros(micros)
    }

    /// One round. Fails only when the store is gone, which nothing here can mend.
    async fn round(
        &mut self,
        round: Round,
        reference: Option<Arc<Reference>>,
    ) -> Result<(), StoreError> {
        let minded = self.mind_the_clock().await?;
        let now = self.clock.moment();
        let before = self.shown.borrow().clone();
        let mut engine = (*before.engine).clone();
        if let Some(reference) = reference {
            engine.set_reference(reference);
        }
        let corrected = engine.on_corrections(&now);
        let mut heard = Heard {
            links: before.links,
            codes: before.codes,
            signals: BTreeMap::new(),
            messages: Taken::default(),
            saved: Vec::new(),
            as_read: None,
            labels: None,
        };
        self.hear(&mut engine, round.readings, &mut heard, &now);
        let Heard { links, codes, signals, messages, saved, as_read, labels } = heard;
        let room = *self.room.borrow_and_update();
        let answers = self.decide(&mut engine, round.calls, &now).await;
        engine.on_time(&now);
        let append = Append {
            expected: Some(before.engine.plant.head + 1),
            drafts: engine.take_drafts(),
            signals: signals.into_values().collect(),
            as_read,
            // While the disk refuses, only a real write can tell that it takes facts again.
            alive: (round.alive || before.recording != Recording::Yes).then(|| now.clone()),
            confirmed: self.clock.is_confirmed(),
            ..Append::default()
        };
        match self.write(self.messages.told(&messages, append)).await {
            Ok(()) => {
                self.messages.keep(messages);
                if minded {
                    self.refusals.over(self.clock.stamp().mono_us);
                }
                let saved_now = |decided: &&Decided| matches!(decided.answer, Answer::Saved(_));
                let accepted = answers.iter().filter(saved_now).count() + corrected;
                let commands = before.commands + u64::try_from(accepted).unwrap_or_default();
                let recording = Recording::Yes;
                let engine = Arc::new(engine);
                let shown = Shown { engine, codes, links, recording, room, commands };
                self.shown.send_replace(shown);
                // A sender or screen that has gone away does not need its answer.
                for waiting in saved {
                    waiting.send(()).unwrap_or_default();
                }
                answers.into_iter().for_each(|decided| drop(decided.reply.send(decided.answer)));
                Ok(())
            },
            Err(StoreError::Stopped) => Err(StoreError::Stopped),
            Err(error) => {
                if let (Some(raw), Some(labels)) = (&mut self.raw, labels) {
                    // The map before stays in force.
                    raw.relabel(labels);
                }
                self.refusals.refused(&error, self.clock.stamp().mono_us);
                self.not_recorded(&error, answers, links, &now);
                Ok(())
            },
        }
    }

    /// Has the engine take readings in, and the ring after it.
    fn hear(
        &mut self,
        engine: &mut Engine,
        readings: Vec<Reading>,
        heard: &mut Heard,
        now: &Moment,
    ) {
        let mut taken = Vec::new();
        for reading in readings {
            match reading {
                Reading::Samples { samples, blocks, saved, kept, message } => {
                    if self.messages.have(message.as_ref(), &heard.messages) {
                        heard.saved.extend(saved);
                        continue;
                    }
                    self.traces.record(engine.map(), &samples);
                    match kept {
                        Some(kept) => engine.on_kept(&samples, kept, now),
                        None => engine.on_samples(&samples, now),
                    }
                    if let Some(waiting) = saved {
                        heard.saved.push(waiting);
                        cursors(engine.map(), &samples, now, &mut heard.signals);
                        if let Some(message) = message {
                            heard.messages.take(message);
                        }
                    }
                    taken.push(match blocks.is_empty() {
                        true => Kept::Samples(samples, kept),
                        false => Kept::Blocks(blocks, kept),
                    });
                },
                Reading::Stale(signals) => {
                    engine.on_stale(&signals, now);
                    taken.push(Kept::Stale(signals));
                },
                Reading::Owed { broker, numbers } => self.messages.only(&broker, &numbers),
                Reading::Map(remap) => {
                    let moved = &remap.moves.signals;
                    self.traces.forget(|id, name| moved.contains(&(id, name.clone())));
                    self.keep_raw(now, std::mem::take(&mut taken));
                    if let Some(raw) = &mut self.raw {
                        let before = raw.relabel(remap.labels);
                        heard.labels.get_or_insert(before);
                    }
                    engine.on_map(&remap.map, &remap.moves, remap.who.as_ref(), now);
                    let links = Arc::make_mut(&mut heard.links);
                    links.retain(|device, _| remap.devices.contains(device));
                    heard.codes = remap.codes;
                    heard.as_read = Some(remap.as_read);
                    heard.saved.push(remap.saved);
                },
                Reading::Link { device, machines, change, at } => {
                    let since_us = at.wall_us;
                    let link = match change {
                        LinkChange::Up => DeviceLink::Up,
                        LinkChange::Partly { reason } => DeviceLink::Partly { since_us, reason },
                        LinkChange::Down { reason } => DeviceLink::Down { since_us, reason },
                    };
                    Arc::make_mut(&mut heard.links).insert(device, (machines, link));
                },
            }
        }
        self.keep_raw(now, taken);
    }

    /// Also when nothing came: then it is known that nothing did.
    fn keep_raw(&mut self, now: &Moment, taken: Vec<Kept>) {
        if let Some(raw) = &mut self.raw {
            raw.take(now, taken);
        }
    }

    async fn write(&self, append: Append) -> Result<(), StoreError> {
        let nothing_new =
            append.messages.is_empty() && append.anew.is_empty() && append.free.is_empty();
        let nothing_new = nothing_new && append.as_read.is_none() && append.alive.is_none();
        let empty = nothing_new && append.drafts.is_empty() && append.signals.is_empty();
        // With nothing to write, an earlier failure is not over.
        if empty && self.shown.borrow().recording == Recording::Yes {
            return Ok(());
        }
        metrics::counter!("kart_facts_total").increment(append.drafts.len() as u64);
        self.store.append(append).await.map(drop)
    }

    fn not_recorded(
        &self,
        error: &StoreError,
        answers: Vec<Decided>,
        links: Arc<BTreeMap<String, (Vec<usize>, DeviceLink)>>,
        now: &Moment,
    ) {
        let reason = error.to_string();
        self.shown.send_modify(|shown| {
            shown.links = links;
            if shown.recording == Recording::Yes {
                let since_us = now.at.wall_us;
                shown.recording = Recording::No { reason: reason.clone(), since_us };
            }
        });
        for decided in answers {
            // Whatever was decided in this round may rest on what was not saved.
            let answer = match decided.on_disk {
                true => decided.answer,
                false => Answer::Refused(Refusal::NotRecording { reason: reason.clone() }),
            };
            drop(decided.reply.send(answer));
        }
    }

    /// Decides commands. One that was answered before gets the same answer.
    async fn decide(&self, engine: &mut Engine, calls: Vec<Call>, now: &Moment) -> Vec<Decided> {
        let mut answered: BTreeMap<String, Answer> = BTreeMap::new();
        let mut answers = Vec::with_capacity(calls.len());
        for Call { request, reply } in calls {
            let earlier = match answered.get(&request.key) {
                Some(answer) => Ok(Some((answer.clone(), false))),
                None => self.earlier(&request.key).await.map(|found| found.map(|a| (a, true))),
            };
            let (answer, on_disk) = match earlier {
                Ok(Some(known)) => known,
                Ok(None) if begins(&request) && *self.room.borrow() == Room::Last => {
                    (Answer::Refused(Refusal::DiskFull), false)
                },
                Ok(None) => (decide(engine, &request, now), false),
                Err(error) => {
                    let reason = error.to_string();
                    (Answer::Refused(Refusal::NotRecording { reason }), false)
                },
            };
            answered.insert(request.key, answer.clone());
            answers.push(Decided { reply, answer, on_disk });
        }
        answers
    }

    async fn earlier(&self, key: &str) -> Result<Option<Answer>, StoreError> {
        let key = key.to_owned();
        let fact = self.readers.ask(move |reader| reader.by_key(&key)).await?;
        let origin = self.store.origin();
        Ok(fact.and_then(|fact| Accepted::of(&fact, origin)).map(Answer::Saved))
    }

    async fn save_plant(&mut self) {
        let engine = Arc::clone(&self.shown.borrow().engine);
        let saved = match serde_json::to_string(&engine.plant) {
            Ok(state) => self.store.save_plant(engine.plant.head, state).await,
            Err(error) => Err(error.into()),
        };
        // The log is what counts: after a failure the next start only replays more of it.
        self.plant_saved = engine.plant.head;
        if let Err(error) = saved {
            tracing::warn!(%error, "the plant was not saved");
        }
    }
}

/// What the next run may go on with.
fn cursors(
    map: &Map,
    samples: &[Sample],
    now: &Moment,
    signals: &mut BTreeMap<(EquipmentId, String), Signal>,
) {
    // A value of unknown age is no value that the next run may go on with.
    for sample in samples.iter().filter(|sample| sample.quality == Quality::Good) {
        let Some(machine) = map.machines.get(sample.machine) else { continue };
        let signal = Signal {
            equipment: machine.equipment,
            name: sample.signal.clone(),
            value: sample.value.clone(),
            at: Moment { at: sample.at, boot: now.boot.clone() },
        };
        signals.insert((machine.equipment, sample.signal.clone()), signal);
    }
}

/// Whether something new begins, for which a full disk may have no room to its end.
fn begins(request: &Request) -> bool {
    matches!(
        request.command,
        Command::StartBatch { .. }
            | Command::ContinueBatch(_)
            | Command::Job { ask: JobAsk::Start, .. }
    )
}

fn decide(engine: &mut Engine, request: &Request, now: &Moment) -> Answer {
    let salt = uuid::Uuid::new_v4().simple().to_string();
    let asked = Asked { key: &request.key, command: &request.command, salt: &salt };
    // What is refused leaves nothing behind.
    let mut decided = engine.clone();
    match decided.on_command(&asked, now) {
        Ok(accepted) => {
            *engine = decided;
            Answer::Saved(accepted)
        },
        Err(refusal) => Answer::Refused(refusal),
    }
}

/// A command's answer on its way.
struct Decided {
    reply: oneshot::Sender<Answer>,
    answer: Answer,
    /// The answer is from disk, whatever becomes of this round.
    on_disk: bool,
}

impl Round {
    /// Takes what else has arrived, up to a bound.
    fn drain(&mut self, inputs: &mut Inputs) {
        while self.calls.len() < BATCH {
            let Ok(call) = inputs.calls.try_recv() else { break };
            self.calls.push(call);
        }
        while self.readings.len() < BATCH {
            let Ok(reading) = inputs.readings.try_recv() else { break };
            self.readings.push(reading);
        }
    }
}
