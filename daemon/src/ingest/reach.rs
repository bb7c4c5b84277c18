//! Whether something is within reach: delays between attempts, and when a link counts as down.

use kart_core::time::Stamp;
use rand::Rng as _;
use std::time::Duration;
use tracing::{info, warn};

use super::{LinkChange, Reading};

/// Attempts without success after which a link is said to be down.
pub(crate) const MISSES: u32 = 3;

/// Delays between attempts: doubled from one to the next, each between half of itself and itself.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    attempts: u32,
}

impl Backoff {
    pub(crate) fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, attempts: 0 }
    }

    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// How many there were since it was reset.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn next(&mut self) -> Duration {
        let full = self.first.saturating_mul(1 << self.attempts.min(16)).min(self.most);
        self.attempts = self.attempts.saturating_add(1);
        full.mul_f64(rand::rng().random_range(0.5..=1.0))
    }
}

/// What is known of a link, told on each change.
#[derive(Debug)]
pub(crate) struct Reach {
    device: String,
    machines: Vec<usize>,
    misses: u32,
    /// What was last said.
    told: Option<LinkChange>,
}

impl Reach {
    pub(crate) fn new(device: &str, machines: Vec<usize>) -> Self {
        Self { device: device.to_owned(), machines, misses: 0, told: None }
    }

    /// It answered.
    pub(crate) fn reached(&mut self, at: Stamp) -> Option<Reading> {
        self.misses = 0;
        self.tell(LinkChange::Up, at)
    }

    /// It answered, and keeps back some of what it was asked for.
    pub(crate) fn partly(&mut self, reason: &str, at: Stamp) -> Option<Reading> {
        self.misses = 0;
        self.tell(LinkChange::Partly { reason: reason.to_owned() }, at)
    }

    /// Whether it is said to be down.
    pub(crate) fn is_down(&self) -> bool {
        matches!(self.told, Some(LinkChange::Down { .. }))
    }

    /// An attempt failed.
    pub(crate) fn missed(&mut self, reason: &str, at: Stamp) -> Option<Reading> {
        self.misses = self.misses.saturating_add(1);
        let name = self.device.clone();
        metrics::counter!("kart_source_faults_total", "device" => name).increment(1);
        if self.misses < MISSES || self.is_down() {
            return None;
        }
        self.tell(LinkChange::Down { reason: reason.to_owned() }, at)
    }

    /// It is down, and no further attempt is needed to know.
    pub(crate) fn down(&mut self, reason: &str, at: Stamp) -> Option<Reading> {
        self.misses = self.misses.max(MISSES);
        self.missed(reason, at).or_else(|| self.changed(reason, at))
    }

    /// It is still down, for another reason than was said.
    pub(crate) fn changed(&mut self, reason: &str, at: Stamp) -> Option<Reading> {
        let down = LinkChange::Down { reason: reason.to_owned() };
        self.is_down().then(|| self.tell(down, at)).flatten()
    }

    /// Tells what was not told before.
    fn tell(&mut self, change: LinkChange, at: Stamp) -> Option<Reading> {
        if self.told.as_ref() == Some(&change) {
            return None;
        }
        let device = self.device.clone();
        match &change {
            LinkChange::Up => info!(device, "link up"),
            LinkChange::Partly { reason } => warn!(device, reason, "link partly up"),
            LinkChange::Down { reason } => warn!(device, reason, "link down"),
        }
        self.told = Some(change.clone());
        Some(Reading::Link { device, machines: self.machines.clone(), change, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_their_limit() {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
        let delays: Vec<Duration> = (0..20).map(|_| backoff.next()).collect();
        assert!(delays[0] <= Duration::from_millis(200));
        assert!(delays[19] >= Duration::from_secs(15) && delays[19] <= Duration::from_secs(30));
    }

    #[test]
    fn a_link_is_told_only_when_it_changes() {
        let mut reach = Reach::new("plc", vec![1]);
        let at = Stamp::default();
        let told = [
            reach.missed("a", at).is_some(),
            reach.missed("b", at).is_some(),
            reach.missed("c", at).is_some(),
            reach.missed("d", at).is_some(),
            reach.reached(at).is_some(),
            reach.reached(at).is_some(),
            reach.missed("e", at).is_some(),
        ];
        assert_eq!(told, [false, false, true, false, true, false, false]);
        let partly = ["f", "f", "g"].map(|reason| reach.partly(reason, at).is_some());
        assert_eq!((partly, reach.reached(at).is_some()), ([true, false, true], true));
    }
}
