//! How old a value is, and whether that is too old.

use kart_core::{signal::Quality, time::Micros};

/// The age of a value. Nothing that can age is drawn without one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Age {
    /// Never read.
    Never,
    /// Read so many microseconds ago.
    Fresh(i64),
    /// Too long ago, or cut off from its source.
    Old(i64),
}

impl Age {
    /// The age at `now` of what was read at `at`: old beyond `limit_us` microseconds, and when
    /// `cut_off` from its source.
    pub fn of(at: Option<Micros>, now: Micros, limit_us: i64, cut_off: bool) -> Self {
        match at {
            None => Self::Never,
            Some(at) => {
                let us = now.0.saturating_sub(at.0).max(0);
                if cut_off || us > limit_us { Self::Old(us) } else { Self::Fresh(us) }
            },
        }
    }

    /// The age of something the daemon itself knows: old only when the daemon is away.
    pub fn told(at: Micros, now: Micros, live: bool) -> Self {
        let us = now.0.saturating_sub(at.0).max(0);
        if live { Self::Fresh(us) } else { Self::Old(us) }
    }

    /// The age of a value with a quality of its own.
    #[must_use]
    pub fn with(self, quality: Quality) -> Self {
        match (self, quality) {
            (Self::Fresh(us), Quality::Old) => Self::Old(us),
            _ => self,
        }
    }

    /// Whether the value must not be taken for the present.
    pub fn is_old(self) -> bool {
        !matches!(self, Self::Fresh(_))
    }

    /// Microseconds since the value was read.
    pub fn micros(self) -> Option<i64> {
        match self {
            Self::Never => None,
            Self::Fresh(us) | Self::Old(us) => Some(us),
        }
    }
}
