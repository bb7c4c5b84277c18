//! The world: headquarters, terminals and what lies between, in one thread and on one clock that
//! jumps to whatever is due next.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use kart_core::number::Prefix;
use kart_core::reference::Reference;
use kart_sync::NewLife;
use kart_wire::Pushed;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

use super::centre::Centre;
use super::disk::Image;
use super::floor;
use super::profile::Profile;
use super::station::Station;
use super::trace::Trace;
use super::truth::Truth;

/// A terminal in its place: the station, and what its session waits for.
pub(super) struct Post {
    pub(super) station: Mutex<Station>,
    pub(super) grown: Notify,
    /// No way to headquarters.
    pub(super) cut: AtomicBool,
    /// The session, while the daemon runs.
    pub(super) session: Mutex<Option<JoinHandle<()>>>,
    /// A life that headquarters has granted and that has not begun.
    pub(super) granted: Mutex<Option<NewLife>>,
    /// Copies of its disk.
    pub(super) images: Mutex<Vec<Image>>,
    /// What headquarters refused it for, where a person must act.
    pub(super) refused: Mutex<Option<String>>,
}

/// A push as it went over the wire.
#[derive(Clone)]
pub(super) struct Recorded {
    pub(super) terminal: Uuid,
    pub(super) body: Arc<Vec<u8>>,
}

/// No history has so much in it.
const MOST: u64 = 20_000;

/// A commit of headquarters, and what a mirror is there.
#[derive(Clone, Copy)]
pub(super) struct Boundary {
    pub(super) rows: u64,
    /// State of headquarters' database, raised with every restore, and transaction.
    pub(super) commit: (u32, u64),
}

pub(super) struct World {
    start: Instant,
    pub(super) profile: Profile,
    /// Nothing goes wrong any more.
    pub(super) healed: AtomicBool,
    pub(super) terminals: usize,
    trace: Mutex<Trace>,
    truth: Mutex<Truth>,
    centre: Mutex<Centre>,
    dice: Mutex<StdRng>,
    pub(super) posts: Mutex<Vec<Arc<Post>>>,
    /// A terminal has to begin a new life.
    pub(super) born: Notify,
    /// Headquarters has committed something.
    pub(super) committed: Notify,
    /// Every push that reached headquarters.
    pub(super) recorded: Mutex<Vec<Recorded>>,
    /// Pushes that still lie in the network.
    pub(super) late: Mutex<Vec<Recorded>>,
    /// Answers to pushes, by terminal.
    pub(super) answers: Mutex<BTreeMap<Uuid, Vec<Pushed>>>,
    /// What a mirror must be once it has taken over the answer with this cursor.
    pub(super) boundaries: Mutex<BTreeMap<String, Boundary>>,
    references: Mutex<BTreeMap<i64, Arc<Reference>>>,
}

impl World {
    pub(super) fn new(seed: u64, told: bool) -> Arc<Self> {
        let profile = Profile::of(seed);
        let mut dice = StdRng::seed_from_u64(seed);
        let terminals = dice.random_range(3..=8);
        Arc::new(Self {
            start: Instant::now(),
            profile,
            healed: AtomicBool::new(true),
            terminals,
            trace: Mutex::new(Trace::new(told)),
            truth: Mutex::default(),
            centre: Mutex::new(Centre::new(site(terminals, 0))),
            dice: Mutex::new(dice),
            posts: Mutex::default(),
            born: Notify::new(),
            committed: Notify::new(),
            recorded: Mutex::default(),
            late: Mutex::default(),
            answers: Mutex::default(),
            boundaries: Mutex::default(),
            references: Mutex::default(),
        })
    }

    pub(super) fn now_us(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_micros()).unwrap()
    }

    pub(super) fn trace(&self) -> MutexGuard<'_, Trace> {
        self.trace.lock().unwrap()
    }

    pub(super) fn truth(&self) -> MutexGuard<'_, Truth> {
        self.truth.lock().unwrap()
    }

    pub(super) fn centre(&self) -> MutexGuard<'_, Centre> {
        self.centre.lock().unwrap()
    }

    /// The dice of everything that is not a terminal's own.
    pub(super) fn dice(&self) -> MutexGuard<'_, StdRng> {
        self.dice.lock().unwrap()
    }

    pub(super) fn posts(&self) -> Vec<Arc<Post>> {
        self.posts.lock().unwrap().clone()
    }

    pub(super) fn note(&self, kind: &'static str, detail: std::fmt::Arguments<'_>) {
        self.trace().note(self.now_us(), kind, detail);
        if self.is_over() {
            self.fault("I24 nothing runs in circles", format!("{kind} for ever"));
            self.born.notify_one();
        }
    }

    /// Whether so much has happened that the history cannot come to an end.
    pub(super) fn is_over(&self) -> bool {
        self.trace().noted > MOST
    }

    pub(super) fn fault(&self, check: &'static str, what: String) {
        self.trace().fault(self.now_us(), check, what);
    }

    /// Whether something goes wrong now that does so `often` times in a thousand at its worst.
    pub(super) fn wrong(&self, often: u32) -> bool {
        if self.healed.load(Ordering::Relaxed) {
            return false;
        }
        self.dice().random_range(0..1_000) < often
    }

    /// The site in one of its versions.
    pub(super) fn reference(&self, version: i64) -> Arc<Reference> {
        let mut known = self.references.lock().unwrap();
        let parsed = known.entry(version).or_insert_with(|| self.reference_of(version));
        Arc::clone(parsed)
    }

    /// The newest version of the site that there ever was.
    pub(super) fn newest_reference(&self) -> Arc<Reference> {
        let known = self.references.lock().unwrap();
        known
            .last_key_value()
            .map_or_else(|| self.reference_of(0), |(_, newest)| Arc::clone(newest))
    }

    /// A mirror with this cursor must be these rows.
    pub(super) fn bound(&self, cursor: &str, rows: u64, commit: (u32, u64)) {
        let boundary = Boundary { rows, commit };
        self.boundaries.lock().unwrap().insert(cursor.to_owned(), boundary);
    }

    fn reference_of(&self, version: i64) -> Arc<Reference> {
        Arc::new(site(self.terminals, version))
    }
}

/// The site file, read as the products read it.
fn site(terminals: usize, version: i64) -> Reference {
    let text = floor::site_file(terminals, version);
    let reference = kart_core::site::parse("site.toml", &text).unwrap();
    let prefix = Prefix { entity_type: "batch".to_owned(), prefix: "CH".to_owned(), padding: 4 };
    Reference { version, prefixes: vec![prefix], ..reference }
}

impl Post {
    pub(super) fn new(station: Station) -> Arc<Self> {
        Arc::new(Self {
            station: Mutex::new(station),
            grown: Notify::new(),
            cut: AtomicBool::new(false),
            session: Mutex::new(None),
            granted: Mutex::new(None),
            images: Mutex::default(),
            refused: Mutex::new(None),
        })
    }

    /// A copy that headquarters keeps out.
    pub(super) fn fenced(&self) -> bool {
        self.station().copy
    }

    pub(super) fn station(&self) -> MutexGuard<'_, Station> {
        self.station.lock().unwrap()
    }
}
