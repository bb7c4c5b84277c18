//! The only place of the daemon that reads the time.

use kart_core::time::{Boot, Micros, Moment, Stamp};
use rustix::time::{ClockId, clock_gettime};
use std::{
    io,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// The wall clock and the boot clock together.
#[derive(Clone, Debug)]
pub struct Clock {
    boot: Arc<Boot>,
}

impl Clock {
    /// Reads which boot this is.
    pub fn open() -> io::Result<Self> {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        Ok(Self { boot: Arc::new(Boot(id.chars().take(8).collect())) })
    }

    /// Now, by both clocks.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    pub fn stamp(&self) -> Stamp {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let boot = clock_gettime(ClockId::Boottime);
        Stamp {
            wall_us: Micros(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX)),
            mono_us: boot.tv_sec.saturating_mul(1_000_000).saturating_add(boot.tv_nsec / 1000),
        }
    }

    /// Now, with the boot it belongs to.
    pub fn moment(&self) -> Moment {
        Moment { at: self.stamp(), boot: (*self.boot).clone() }
    }
}
