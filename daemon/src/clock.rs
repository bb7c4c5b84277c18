//! The only place of the daemon that reads the time.
//!
//! The computer's wall clock is believed until headquarters says otherwise; see
//! [`kart_core::clock`].

use kart_core::{
    clock::{Clocks, Doubt, Heard, News},
    time::{Boot, Micros, Moment, Stamp},
};
use kart_planted::clock::ahead_us;
use rustix::time::{ClockId, clock_gettime};
use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The wall clock and the boot clock together. Clones share what is known of them.
#[derive(Clone, Debug)]
pub struct Clock {
    boot: Arc<Boot>,
    known: Arc<Mutex<Clocks>>,
    /// Stamps go by a time that headquarters has confirmed.
    confirmed: Arc<AtomicBool>,
    /// Headquarters' time when it was confirmed last, before the computer was switched on; microseconds.
    earlier: Arc<AtomicI64>,
}

/// No terminal of this release was ever switched on before the 1st of November 2026.
const RELEASED_S: i64 = 1_793_491_200;

impl Clock {
    /// Reads which boot this is.
    pub fn open() -> io::Result<Self> {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        let boot = Arc::new(Boot(id.chars().take(8).collect()));
        let (known, confirmed, earlier) = <_>::default();
        Ok(Self { boot, known, confirmed, earlier })
    }

    /// Now, by the boot clock and by the wall clock as far as it is right.
    pub fn stamp(&self) -> Stamp {
        self.known().right(system())
    }

    /// Now, with the boot it belongs to.
    pub fn moment(&self) -> Moment {
        Moment { at: self.stamp(), boot: (*self.boot).clone() }
    }

    /// Now, as exactly as it is known, be that on disk or not: for what is judged and not recorded.
    pub fn best(&self) -> Moment {
        Moment { at: self.known().best(system()), boot: (*self.boot).clone() }
    }

    /// One reading as a stamp, and by the best that is known.
    pub fn stamp_and_best(&self) -> (Stamp, Stamp) {
        let now = system();
        let known = self.known();
        (known.right(now), known.best(now))
    }

    /// Now, by the computer's own wall clock.
    pub fn of_computer(&self) -> Stamp {
        system()
    }

    /// By how much the computer's wall clock is fast, microseconds, where stamps go by another.
    pub fn fast_us(&self) -> Option<i64> {
        let now = system();
        let right = self.known().zero.map(|zero| now.by(zero))?;
        Some(now.wall_us.0.saturating_sub(right.wall_us.0))
    }

    /// Whether headquarters has told the time since the computer was switched on.
    pub fn is_heard(&self) -> bool {
        self.known().heard.is_some()
    }

    /// It was so late already when headquarters had confirmed the time last.
    pub fn not_before(&self, confirmed: Option<Micros>) {
        self.earlier.store(confirmed.map_or(0, |at| at.0), Ordering::Relaxed);
    }

    /// Whether stamps go by a time that headquarters has confirmed: heard, and on disk.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed.load(Ordering::Relaxed)
    }

    /// As [`Self::is_confirmed`], for whoever asks again and again.
    pub fn confirmed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.confirmed)
    }

    /// Why headquarters does not stand for the time, where it does not.
    pub fn doubt(&self) -> Option<Doubt> {
        self.known().doubt(system())
    }

    /// Goes on by the right time that an earlier run of this boot was told.
    pub fn recall(&self, clock: Option<&(Boot, Micros)>) {
        let of_this = clock.filter(|(boot, _)| *boot == *self.boot);
        self.known().zero = of_this.map(|(_, zero)| *zero);
    }

    /// What to write down at a start: the clock was fast by so much before the computer was switched
    /// off. And when it was looked.
    pub fn assume(&self, fast_us: i64) -> (News, Stamp) {
        let now = system();
        (News { corrected: self.known().assume(fast_us, now), stepped: None }, now)
    }

    /// Headquarters has just said that it is `right`, or was at most `within` ago.
    pub fn hear(&self, right: Micros, within: Duration) {
        let within_us = i64::try_from(within.as_micros()).unwrap_or(i64::MAX);
        self.known().hear(Heard { at: system(), right, within_us });
    }

    /// What has to be written down, and when it was looked.
    pub fn news(&self) -> (News, Stamp) {
        let now = system();
        (self.known().news(now), now)
    }

    /// It is on disk.
    pub fn written(&self, news: &News, looked: Stamp) {
        let mut known = self.known();
        known.written(looked, news);
        let confirmed = known.heard.is_some() && known.news(looked).corrected.is_none();
        self.confirmed.store(confirmed, Ordering::Relaxed);
    }

    fn known(&self) -> MutexGuard<'_, Clocks> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl kart_sync::Time for Clock {
    fn now_s(&self) -> u64 {
        u64::try_from(self.best().at.wall_us.0.div_euclid(1_000_000)).unwrap_or(0)
    }

    fn earliest_s(&self) -> Option<u64> {
        let earlier_s = self.earlier.load(Ordering::Relaxed).div_euclid(1_000_000);
        let earliest_s = u64::try_from(earlier_s.max(RELEASED_S)).unwrap_or(0);
        (!self.is_heard()).then_some(earliest_s)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where time enters")]
fn system() -> Stamp {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let boot = clock_gettime(ClockId::Boottime);
    let read = Stamp {
        wall_us: Micros(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX)),
        mono_us: boot.tv_sec.saturating_mul(1_000_000).saturating_add(boot.tv_nsec / 1000),
    };
    read.plus(ahead_us())
}
