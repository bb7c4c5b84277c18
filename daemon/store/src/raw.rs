//! The ring of raw readings: what machines said before anything was made of it, for as long as there
//! is room.
//!
//! A file of its own, `raw.db`, and a thread of its own. Nobody waits for it: when it is behind or
//! its disk refuses, readings are left out and what is left out is counted. It is the first to go
//! when the disk is short, and may be deleted at any time; facts do not need it.

use kart_core::{
    id::EquipmentId,
    signal::{Quality, Sample, SignalName},
    time::{Moment, Stamp},
};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

mod chunk;
mod file;
mod read;

pub use chunk::{Heard, Said};
pub use read::{Chunk, Extent, RawReader, Source};

use chunk::Writing;
use file::RingFile;

/// Rounds that may wait …
const ROUNDS: usize = 256;

/// … with so many readings in all.
const READINGS: u64 = 20_000;

/// About what a sample takes in memory.
const SAMPLE_BYTES: u64 = 128;

/// A chunk ends after so long, microseconds …
const CHUNK_US: i64 = 60_000_000;

/// … or with so many bytes …
const CHUNK_BYTES: usize = 64 * 1024;

/// … or readings, repetitions included.
const CHUNK_READINGS: u64 = 200_000;

/// The wall clock may be so far from where a chunk takes it to be, microseconds.
const DRIFT_US: i64 = 5_000;

/// Where the ring lives and how much it may take.
#[derive(Clone, Debug)]
pub struct RawOptions {
    /// The data folder.
    pub folder: PathBuf,
    /// Readings that are older than this many microseconds leave.
    pub keep_us: i64,
    /// The file may have about so many bytes.
    pub most_bytes: u64,
    /// So many bytes of the disk are left to others.
    pub free_bytes: u64,
    /// Whether stamps go by a time that somebody has confirmed. Until then nothing leaves for being
    /// of another boot and old.
    pub confirmed: Arc<AtomicBool>,
}

/// What signals mean, by the map in force.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Labels {
    /// Fingerprint of the map.
    pub map: String,
    /// For each machine of the map, how each of its signals comes to its value, in words that
    /// change when that does.
    pub machines: Vec<(EquipmentId, BTreeMap<SignalName, String>)>,
}

/// What a source really gave, before anything was made of it: the registers of one answer, or the
/// bytes of one message.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// What it is of, in words that a later map can be held against.
    pub of: Arc<str>,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// When, by both clocks.
    pub at: Stamp,
    /// How far it could be trusted.
    pub quality: Quality,
    /// Delivered once more.
    pub again: bool,
}

/// What the recorder took in.
#[derive(Debug)]
pub enum Taken {
    /// What values were read from, and until when it waited with somebody.
    Blocks(Vec<Block>, Option<Stamp>),
    /// Values of which nothing else is kept, and until when they waited with somebody.
    Samples(Vec<Sample>, Option<Stamp>),
    /// Signals of machines that have no value any more.
    Stale(Vec<(usize, SignalName)>),
}

impl Taken {
    /// How much it is, in samples.
    fn count(&self) -> u64 {
        match self {
            // Beside a sample, a block is as much as its bytes.
            Self::Blocks(blocks, _) => {
                blocks.iter().map(|block| 1 + block.bytes.len() as u64 / SAMPLE_BYTES).sum()
            },
            Self::Samples(samples, _) => samples.len() as u64,
            Self::Stale(signals) => signals.len() as u64,
        }
    }
}

enum Work {
    Round { now: Moment, confirmed: bool, taken: Vec<Taken>, lost: u64 },
    Labels(Arc<Labels>),
    Stop(oneshot::Sender<()>),
}

/// The recorder's end of the ring.
#[derive(Debug)]
pub struct Raw {
    work: mpsc::Sender<Work>,
    waiting: Arc<AtomicU64>,
    confirmed: Arc<AtomicBool>,
    /// The labels that the next round needs.
    labels: Option<Arc<Labels>>,
    /// Those that were given last.
    given: Arc<Labels>,
    lost: u64,
}

impl Raw {
    /// Starts the thread. A file that cannot be used is begun anew, then or later.
    pub fn start(options: RawOptions, labels: Labels) -> std::io::Result<Self> {
        let (work, queue) = mpsc::channel(ROUNDS);
        let waiting = Arc::new(AtomicU64::new(0));
        let given = Arc::new(labels);
        let confirmed = Arc::clone(&options.confirmed);
        let ring = Ring::new(RingFile::new(options), Arc::clone(&given), Arc::clone(&waiting));
        thread::Builder::new().name("raw".to_owned()).spawn(move || ring.run(queue))?;
        Ok(Self { work, waiting, confirmed, labels: None, given, lost: 0 })
    }

    /// Takes a round of readings, or leaves it out; never waits.
    pub fn take(&mut self, now: &Moment, taken: Vec<Taken>) {
        let count: u64 = taken.iter().map(Taken::count).sum();
        let waiting = self.waiting.fetch_add(count, Ordering::Relaxed);
        let room = waiting.saturating_add(count) <= READINGS;
        let labelled = match self.labels.take() {
            None => true,
            Some(labels) => match self.work.try_send(Work::Labels(labels)) {
                Ok(()) => true,
                Err(TrySendError::Full(Work::Labels(labels))) => {
                    self.labels = Some(labels);
                    false
                },
                Err(_) => false,
            },
        };
        // As it is for these stamps: the thread comes later.
        let confirmed = self.confirmed.load(Ordering::Relaxed);
        let round = Work::Round { now: now.clone(), confirmed, taken, lost: self.lost };
        if room && labelled && self.work.try_send(round).is_ok() {
            self.lost = 0;
        } else {
            self.waiting.fetch_sub(count, Ordering::Relaxed);
            self.lost = self.lost.saturating_add(count.max(1));
        }
    }

    /// Another map is in force from now on. Returns what held before.
    pub fn relabel(&mut self, labels: impl Into<Arc<Labels>>) -> Arc<Labels> {
        let labels = labels.into();
        self.labels = Some(Arc::clone(&labels));
        std::mem::replace(&mut self.given, labels)
    }

    /// Writes what waits and ends the thread.
    pub async fn close(&self) {
        let (reply, done) = oneshot::channel();
        if self.work.send(Work::Stop(reply)).await.is_ok() {
            drop(done.await);
        }
    }
}

/// The chunk that is being written.
struct Open {
    boot: String,
    from: Stamp,
    until: Stamp,
    /// Whether that is a time that somebody has confirmed.
    confirmed: bool,
    /// Which file its rows of signals are of.
    begun: u64,
    writing: Writing,
}

/// The thread's side.
struct Ring {
    file: RingFile,
    labels: Arc<Labels>,
    waiting: Arc<AtomicU64>,
    open: Option<Open>,
    /// Where the next chunk goes on, and in which boot.
    reached: Option<(String, Stamp)>,
    /// Readings that were left out since the last chunk that was written.
    lost: u64,
}

impl Ring {
    fn new(file: RingFile, labels: Arc<Labels>, waiting: Arc<AtomicU64>) -> Self {
        Self { file, labels, waiting, open: None, reached: None, lost: 0 }
    }

    fn run(mut self, mut queue: mpsc::Receiver<Work>) {
        while let Some(work) = queue.blocking_recv() {
            match work {
                Work::Round { now, confirmed, taken, lost } => {
                    let count = taken.iter().map(Taken::count).sum();
                    self.round(&now, confirmed, taken, lost);
                    self.waiting.fetch_sub(count, Ordering::Relaxed);
                },
                Work::Labels(labels) => {
                    self.end();
                    self.labels = labels;
                    self.file.relabel();
                },
                Work::Stop(reply) => {
                    self.end();
                    // Whoever hears the answer may open the file.
                    drop(self);
                    reply.send(()).unwrap_or_default();
                    return;
                },
            }
        }
        self.end();
    }

    fn round(&mut self, now: &Moment, confirmed: bool, taken: Vec<Taken>, lost: u64) {
        if lost > 0 {
            tracing::warn!(readings = lost, "raw readings were left out");
            self.end();
            self.lost = self.lost.saturating_add(lost);
            // What follows does not go on where the last chunk ended.
            self.reached = None;
        }
        let ahead = |stamp: Stamp| stamp.wall_us.0 - stamp.mono_us;
        let full = self.open.as_ref().is_some_and(|open| {
            open.boot != now.boot.0
                || (ahead(open.from) - ahead(now.at)).abs() > DRIFT_US
                || now.at.since(open.from) >= CHUNK_US
                || open.writing.bytes.len() >= CHUNK_BYTES
                || open.writing.readings >= CHUNK_READINGS
        });
        if full {
            self.end();
        }
        self.begin(now);
        for taken in taken {
            self.add(taken, now.at);
        }
        if let Some(open) = &mut self.open {
            (open.until, open.confirmed) = (now.at, confirmed);
        }
    }

    /// Begins a chunk where the last one ended, by the clocks as they are now.
    fn begin(&mut self, now: &Moment) {
        if self.open.is_some() {
            return;
        }
        let goes_on = self.reached.take().filter(|(boot, _)| *boot == now.boot.0);
        let from = goes_on.map_or(now.at, |(_, reached)| now.at.plus(-now.at.since(reached)));
        let (boot, writing) = (now.boot.0.clone(), Writing::default());
        self.file.announce(&self.labels);
        let begun = self.file.begun();
        let confirmed = false;
        self.open = Some(Open { boot, from, until: now.at, confirmed, begun, writing });
    }

    fn add(&mut self, taken: Taken, now: Stamp) {
        match taken {
            Taken::Blocks(blocks, kept) => {
                for Block { of, bytes, at, quality, again } in blocks {
                    let row = self.file.block(&of);
                    let said = Some(Said::Bytes(bytes.into()));
                    self.put(row, Heard { signal: 0, at, said, quality, again, kept }, now);
                }
            },
            Taken::Samples(samples, kept) => {
                for Sample { machine, signal, value, quality, at, again } in samples {
                    let row = self.file.signal(&self.labels, machine, &signal);
                    let said = Some(Said::Value(value));
                    self.put(row, Heard { signal: 0, at, said, quality, again, kept }, now);
                }
            },
            Taken::Stale(signals) => {
                for (machine, signal) in signals {
                    let row = self.file.signal(&self.labels, machine, &signal);
                    let (quality, again, kept) = (Quality::Good, false, None);
                    let said = None;
                    self.put(row, Heard { signal: 0, at: now, said, quality, again, kept }, now);
                }
            },
        }
    }

    /// Has a reading of what has this `row` written.
    fn put(&mut self, row: Option<i64>, heard: Heard, now: Stamp) {
        self.follow(now);
        match (row, &mut self.open) {
            (Some(row), Some(open)) => {
                let signal = open.writing.slot(row);
                open.writing.add(Heard { signal, ..heard });
            },
            _ => self.lost += 1,
        }
    }

    /// When the file was begun anew, what the open chunk holds is of a file that is gone.
    fn follow(&mut self, now: Stamp) {
        let begun = self.file.begun();
        let Some(open) = self.open.as_mut().filter(|open| open.begun != begun) else { return };
        open.begun = begun;
        if open.writing.readings > 0 {
            self.lost = self.lost.saturating_add(open.writing.readings);
            (open.from, open.writing) = (now, Writing::default());
        }
    }

    /// Writes the open chunk; one that cannot be written is a gap from then on.
    fn end(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        open.writing.finish();
        let (from, until) = (open.from, open.until);
        let written = self.file.write(&read::Written {
            boot: &open.boot,
            map: &self.labels.map,
            from,
            until,
            confirmed: open.confirmed,
            readings: open.writing.readings,
            lost: self.lost,
            begun: open.begun,
            bytes: &open.writing.bytes,
        });
        if written {
            self.lost = 0;
            self.reached = Some((open.boot, until));
        } else {
            self.lost = self.lost.saturating_add(open.writing.readings);
        }
    }
}
