//! Registers that a person wants to see now. They are asked for on the line's own connection, in
//! turn with polling and with the same pauses; nothing is remembered of them, and one that is not
//! asked for again is not read again.

use kart_core::time::Stamp;
use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    exception::{self, Treatment},
    link::Words,
    plan::{DevicePlan, Table},
    read::Read,
};

/// After a question that cost the connection, none is passed on for so long: polling comes first.
const REST: Duration = Duration::from_secs(10);

/// Requests of one line that may wait.
pub const WAITING: usize = 4;

/// Most places of a table of bits that are looked at.
const MOST_BITS: u16 = 512;

/// A request to read a block once.
#[derive(Debug)]
pub struct Look {
    /// Whom to ask.
    pub unit: u8,
    /// What for.
    pub read: Read,
    /// Where the answer goes; when nobody waits there any more, nobody is asked.
    pub reply: oneshot::Sender<Answer>,
}

/// The registers and when they were read, or why there are none.
pub type Answer = Result<(Vec<u16>, Stamp), Unread>;

/// Why there are no registers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unread {
    /// In words.
    pub why: String,
    /// Fewer of them may be read.
    pub fewer: bool,
}

impl From<String> for Unread {
    fn from(why: String) -> Self {
        Self { why, fewer: false }
    }
}

/// The most places that may be looked at at once.
pub fn most(device: &DevicePlan, table: Table) -> u16 {
    if table.is_bits() { MOST_BITS } else { device.limits.max_registers }
}

/// The request for a block, where the device may be asked for it.
pub fn block(device: &DevicePlan, table: Table, start: u16, count: u16) -> Result<Read, String> {
    let most = most(device, table);
    if count == 0 || count > most {
        return Err(format!("1 to {most} {}s can be read at once", table.word()));
    }
    let end = u32::from(start) + u32::from(count);
    if end > 65_536 {
        return Err("a table ends at 65535".to_owned());
    }
    let mut holes = device.limits.holes.iter().filter(|hole| hole.table == table);
    let hole = holes.find(|hole| u32::from(hole.from) < end && hole.to >= start);
    match hole {
        Some(hole) => Err(format!("{} to {} is a hole that is never read", hole.from, hole.to)),
        None => Ok(Read { table, start, count, points: Vec::new() }),
    }
}

/// The requests of one line.
#[derive(Debug)]
pub(super) struct Looks {
    requests: Option<mpsc::Receiver<Look>>,
    waiting: Option<Look>,
    /// Polling has had its turn since the last one.
    turn: bool,
    rest_until: Option<Instant>,
}

impl Looks {
    pub(super) fn new(requests: Option<mpsc::Receiver<Look>>) -> Self {
        Self { requests, waiting: None, turn: true, rest_until: None }
    }

    /// The request whose turn it is.
    pub(super) fn take(&mut self) -> Option<Look> {
        if !std::mem::take(&mut self.turn) {
            return None;
        }
        let waiting = self.waiting.take();
        waiting.or_else(|| self.requests.as_mut()?.try_recv().ok())
    }

    /// Polling had its turn, or needs none.
    pub(super) fn polled(&mut self) {
        self.turn = true;
    }

    /// Ends when a request comes; never where none can.
    pub(super) async fn come(&mut self) {
        if self.waiting.is_some() {
            return;
        }
        self.waiting = match &mut self.requests {
            Some(requests) => requests.recv().await,
            None => None,
        };
        if self.waiting.is_none() {
            self.requests = None;
            std::future::pending::<()>().await;
        }
    }

    /// Whether somebody waits for the answer and may have it; else says why not.
    pub(super) fn admits(&mut self, look: Look, resting: bool) -> Option<Look> {
        let now = Instant::now();
        self.rest_until = self.rest_until.filter(|until| *until > now);
        let refusal = match self.rest_until {
            Some(until) => {
                let left = until.duration_since(now).as_secs() + 1;
                format!("the last such question broke the connection; again in {left} s")
            },
            None if resting => "the unit does not answer; it is asked from time to time".to_owned(),
            None => return Some(look).filter(|look| !look.reply.is_closed()),
        };
        look.reply.send(Err(refusal.into())).unwrap_or_default();
        None
    }

    /// The question broke the connection.
    pub(super) fn broke(&mut self) {
        self.rest_until = Some(Instant::now() + REST);
    }
}

/// What is answered to a look.
pub(super) fn answer(words: Words, at: Stamp) -> Answer {
    let refused = |code| Unread {
        why: format!("{} (exception {code:02X})", exception::meaning(code)),
        fewer: exception::treatment(code) == Treatment::Refused { split: true },
    };
    words.map(|words| (words, at)).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::modbus::plan::{Hole, Limits};

    #[test]
    fn holes_and_ends_are_refused() {
        let holes = vec![Hole { table: Table::Holding, from: 10, to: 12 }];
        let limits = Limits { max_gap: 8, max_registers: 20, merge: true, holes };
        let device = DevicePlan {
            name: "plc".into(),
            unit: 1,
            timeout: Duration::from_secs(1),
            retry: Duration::from_secs(1),
            limits,
            groups: Vec::new(),
        };
        let allowed = |table, start, count| block(&device, table, start, count).is_ok();
        assert!(allowed(Table::Holding, 0, 10) && allowed(Table::Holding, 13, 20));
        assert!(!allowed(Table::Holding, 0, 11) && !allowed(Table::Holding, 12, 1));
        assert!(allowed(Table::Input, 0, 20) && !allowed(Table::Input, 0, 21));
        assert!(allowed(Table::Holding, 65_535, 1) && !allowed(Table::Holding, 65_535, 2));
        assert!(allowed(Table::Coil, 0, 512) && !allowed(Table::Coil, 0, 0));
    }
}
