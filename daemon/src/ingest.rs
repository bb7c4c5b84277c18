//! What a source owes the engine: readings, and word of its link. One device is one future, which
//! the supervisor runs; a source never spawns and never decides a state.

use kart_core::{
    signal::{Sample, SignalName},
    time::{Micros, Stamp},
};
use kart_store::{Message, raw::Block};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};
use tokio::sync::{mpsc, oneshot};

use crate::{clock::Clock, sources::Remap};

pub mod block;
pub(crate) mod reach;
pub mod modbus;
pub mod mqtt;
pub mod sparkplug;

/// When something came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// Its stamp.
    pub at: Stamp,
    /// The best that was known of the time then, be it on disk or not: the times that others tell are
    /// judged by it.
    pub right: Micros,
}

impl Arrival {
    /// Now.
    pub(crate) fn now(clock: &Clock) -> Self {
        let (at, best) = clock.stamp_and_best();
        Self { at, right: best.wall_us }
    }

    /// The stamp of what was taken at `time` by the right clock; nothing is taken after it has come.
    pub(crate) fn dated(self, time: Option<Micros>) -> Stamp {
        let age = time.map_or(0, |time| self.right.0.saturating_sub(time.0).max(0));
        self.at.plus(age.saturating_neg())
    }
}

/// Nothing better was known than its stamp says.
impl From<Stamp> for Arrival {
    fn from(at: Stamp) -> Self {
        Self { at, right: at.wall_us }
    }
}

/// What a source tells the engine.
#[derive(Debug)]
pub enum Reading {
    /// Values, with their stamps.
    Samples {
        /// In the order they were read.
        samples: Vec<Sample>,
        /// What they were read from; empty where nothing is kept but themselves.
        blocks: Vec<Block>,
        /// Fired once what follows from the samples is durable; dropped when it could not be.
        saved: Option<oneshot::Sender<()>>,
        /// They waited with somebody until this stamp at least: what they count is older.
        kept: Option<Stamp>,
        /// The message that they came in, where its broker delivers it until it hears "saved".
        message: Option<Delivered>,
    },
    /// These signals of machines have no value any more.
    Stale(Vec<(usize, SignalName)>),
    /// A broker may deliver once more what it has delivered under these numbers, and under no other.
    Owed {
        /// Its name in the configuration.
        broker: Arc<str>,
        /// The numbers.
        numbers: BTreeSet<u16>,
    },
    /// What follows was read by another map.
    Map(Box<Remap>),
    /// The link to a device or broker changed.
    Link {
        /// Its name in the configuration.
        device: String,
        /// The machines that are read through it.
        machines: Vec<usize>,
        /// What happened.
        change: LinkChange,
        /// When.
        at: Stamp,
    },
}

/// A message that a broker delivers until it hears "saved".
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivered {
    /// Under its number.
    pub message: Message,
    /// The broker says that it delivers it once more.
    pub again: bool,
    /// The first of a session: what was delivered under other numbers was so in another one.
    pub first: bool,
}

/// What happened to a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkChange {
    /// The first good answer.
    Up,
    /// It answers, and some of its values are none.
    Partly {
        /// In words, for people.
        reason: String,
    },
    /// No good answer for several attempts.
    Down {
        /// In words, for people.
        reason: String,
    },
}

/// Where readings go; bounded.
pub type Intake = mpsc::Sender<Reading>;

/// Why a source ended although nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum SourceFault {
    /// The engine takes no readings any more.
    #[error("the engine takes no readings any more")]
    Closed,
}

/// The way of a polled source to the engine. While the engine does not take readings, only the
/// newest sample of each signal waits, so that polling goes on and memory stays bounded.
#[derive(Debug)]
pub(crate) struct Outlet {
    device: String,
    intake: Intake,
    samples: Vec<Sample>,
    blocks: Vec<Block>,
    links: VecDeque<Reading>,
}

impl Outlet {
    pub(crate) fn new(device: &str, intake: Intake) -> Self {
        let device = device.to_owned();
        let (samples, blocks, links) = (Vec::new(), Vec::new(), VecDeque::new());
        Self { device, intake, samples, blocks, links }
    }

    pub(crate) fn samples(
        &mut self,
        fresh: Vec<Sample>,
        read: Vec<Block>,
    ) -> Result<(), SourceFault> {
        for block in read {
            match self.blocks.iter_mut().find(|old| old.of == block.of) {
                None => self.blocks.push(block),
                Some(old) => *old = block,
            }
        }
        for sample in fresh {
            let waiting = self
                .samples
                .iter_mut()
                .find(|old| old.machine == sample.machine && old.signal == sample.signal);
            match waiting {
                None => self.samples.push(sample),
                Some(old) => {
                    *old = sample;
                    metrics::counter!("kart_samples_replaced_total", "device" => self.device.clone())
                        .increment(1);
                },
            }
        }
        self.flush()
    }

    pub(crate) fn link(&mut self, reading: Reading) -> Result<(), SourceFault> {
        // Of what nobody has seen yet, the last word counts.
        if let Reading::Link { device: name, .. } = &reading {
            self.links.retain(|old| !matches!(old, Reading::Link { device, .. } if device == name));
        }
        self.links.push_back(reading);
        self.flush()
    }

    /// Hands over what waits, as far as there is room.
    pub(crate) fn flush(&mut self) -> Result<(), SourceFault> {
        while !(self.samples.is_empty() && self.blocks.is_empty() && self.links.is_empty()) {
            let permit = match self.intake.try_reserve() {
                Ok(permit) => permit,
                Err(mpsc::error::TrySendError::Full(())) => return Ok(()),
                Err(mpsc::error::TrySendError::Closed(())) => return Err(SourceFault::Closed),
            };
            match self.links.pop_front() {
                Some(link) => permit.send(link),
                None => {
                    let samples = std::mem::take(&mut self.samples);
                    let blocks = std::mem::take(&mut self.blocks);
                    permit.send(Reading::Samples {
                        samples,
                        blocks,
                        saved: None,
                        kept: None,
                        message: None,
                    });
                },
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::signal::{Quality, Value};

    fn sample(n: i64) -> Sample {
        Sample {
            machine: 0,
            signal: "good".into(),
            value: Value::Whole(n),
            quality: Quality::Good,
            at: Stamp::default(),
            again: false,
        }
    }

    #[tokio::test]
    async fn a_full_intake_keeps_the_newest_sample_of_a_signal() {
        let (intake, mut readings) = mpsc::channel(1);
        let mut outlet = Outlet::new("plc", intake);
        for n in 1..=4 {
            outlet.samples(vec![sample(n)], vec![]).unwrap();
        }
        for expect in [1, 4] {
            let Some(Reading::Samples { samples, .. }) = readings.recv().await else { panic!() };
            assert_eq!(samples, [sample(expect)]);
            outlet.flush().unwrap();
        }
        drop(readings);
        assert!(outlet.samples(vec![sample(5)], vec![]).is_err());
    }
}
