//! The minute ledger of a shift: what cannot all be right, and which line is chosen.

use kart_api::ledger::Shift;
use kart_core::ledger::Entry;

use super::{Seen, board::stepped};
use crate::keys::Cmd;

/// The earliest shift that can be looked back to.
const MOST_BACK: u8 = 30;

/// The screen.
#[derive(Clone, Debug, Default)]
pub struct LedgerScreen {
    /// What the daemon told last.
    pub shift: Option<Box<Shift>>,
    /// Why it did not answer, since its last answer.
    pub lost: Option<String>,
    /// So many shifts before this one.
    pub back: u8,
    /// The line that is chosen.
    pub row: usize,
}

impl LedgerScreen {
    /// Takes in what was answered.
    pub fn take(&mut self, seen: Seen) {
        match seen {
            Seen::Ledger(shift) if shift.back != self.back => {},
            Seen::Ledger(shift) => {
                self.lost = None;
                self.row = self.row.min(shift.entries.len().saturating_sub(1));
                self.shift = Some(shift);
            },
            Seen::Lost(why) => self.lost = Some(why),
            _ => {},
        }
    }

    /// Its lines.
    pub fn entries(&self) -> &[Entry] {
        self.shift.as_ref().map_or(&[], |shift| &shift.entries)
    }

    /// The line that is chosen.
    pub fn chosen(&self) -> Option<&Entry> {
        self.entries().get(self.row)
    }

    /// Obeys a key that moves.
    pub fn obey(&mut self, cmd: Cmd) {
        match cmd {
            Cmd::Earlier if self.back < MOST_BACK => self.look_back(self.back + 1),
            Cmd::Later => self.look_back(self.back.saturating_sub(1)),
            Cmd::Pick(number) if number <= self.entries().len() => self.row = number - 1,
            _ => self.row = stepped(self.row, self.entries().len().saturating_sub(1), cmd),
        }
    }

    fn look_back(&mut self, back: u8) {
        if back != self.back {
            (self.back, self.row, self.shift) = (back, 0, None);
        }
    }
}
