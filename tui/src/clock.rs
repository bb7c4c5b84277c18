//! The one place that reads a clock. Everybody else is given the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kart_core::time::Micros;

/// One instant by two clocks: the wall clock for people, the other for measuring.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// Wall clock of this computer.
    pub wall_us: Micros,
    /// Microseconds since this program started; never steps.
    pub mono_us: i64,
}

/// The clocks of this computer.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// A clock whose `mono_us` begins at zero.
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            wall_us: Micros(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX)),
            mono_us: i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX),
        }
    }
}

/// The moment `pause` from now, for a timer.
pub fn after(pause: Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + pause
}
