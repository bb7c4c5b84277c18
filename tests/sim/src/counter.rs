//! A part counter as a PLC keeps it: it knows how far it has counted, not how often it began again.

use serde::Serialize;

/// Where a counter begins again at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "u32")]
pub enum Width {
    Bits16,
    Bits32,
    /// Never rolls over in our lifetime; devices on MQTT send such.
    Bits64,
}

impl Width {
    pub fn largest(self) -> u64 {
        match self {
            Self::Bits16 => u64::from(u16::MAX),
            Self::Bits32 => u64::from(u32::MAX),
            Self::Bits64 => u64::MAX,
        }
    }
}

impl From<Width> for u32 {
    fn from(width: Width) -> Self {
        match width {
            Width::Bits16 => 16,
            Width::Bits32 => 32,
            Width::Bits64 => 64,
        }
    }
}

impl std::str::FromStr for Width {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "16" => Ok(Self::Bits16),
            "32" => Ok(Self::Bits32),
            _ => Err(format!("a counter is 16 or 32 bits wide, not {text:?}")),
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Counter {
    pub width: Width,
    pub start: u64,
    /// What the device shows.
    pub raw: u64,
    /// What was really made since the start.
    pub made: u64,
    pub rollovers: u64,
    pub resets: u64,
}

impl Counter {
    pub(crate) fn new(width: Width, start: u64) -> Self {
        let start = start.min(width.largest());
        Self { width, start, raw: start, made: 0, rollovers: 0, resets: 0 }
    }

    /// Counts one part; true when that made the counter begin again.
    pub(crate) fn count(&mut self) -> bool {
        self.made += 1;
        let rolls_over = self.raw == self.width.largest();
        self.raw = if rolls_over { 0 } else { self.raw + 1 };
        self.rollovers += u64::from(rolls_over);
        rolls_over
    }

    pub(crate) fn reset(&mut self) {
        self.raw = 0;
        self.resets += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_16_bit_counter_begins_again_at_65536() {
        let mut counter = Counter::new(Width::Bits16, 65_534);
        assert!(!counter.count());
        assert_eq!(counter.raw, 65_535);
        assert!(counter.count());
        assert_eq!((counter.raw, counter.made, counter.rollovers), (0, 2, 1));
    }

    #[test]
    fn a_32_bit_counter_begins_again_at_its_own_end() {
        let mut counter = Counter::new(Width::Bits32, 65_535);
        assert!(!counter.count());
        assert_eq!(counter.raw, 65_536);
        let mut counter = Counter::new(Width::Bits32, u64::from(u32::MAX));
        assert!(counter.count());
        assert_eq!(counter.raw, 0);
    }

    #[test]
    fn a_reset_forgets_nothing_that_was_made() {
        let mut counter = Counter::new(Width::Bits16, 10);
        counter.count();
        counter.reset();
        counter.count();
        assert_eq!((counter.raw, counter.made, counter.resets), (1, 2, 1));
    }
}
