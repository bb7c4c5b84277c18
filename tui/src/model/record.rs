//! A record of hours: what somebody punched, what became of it, and whether they say so too. One's own,
//! or for a lead or a supervisor that of somebody else.

use kart_api::{
    Pin,
    labor::{Entry, Open, Opened, Record},
};
use kart_core::{command::Refusal, fact::labor::Stood, id::UserId};

use super::{Seen, TextField, Watch};

/// The screen.
#[derive(Clone, Debug)]
pub struct RecordScreen {
    /// Whose.
    pub user: UserId,
    /// Who looks.
    pub by: UserId,
    /// What the reader read of whoever looks.
    pub badge: String,
    /// Whose name; not safe to draw.
    pub name: String,
    /// What it may be seen with, once it may.
    pub ticket: Option<Pin>,
    /// The same opens the records of others.
    pub others: bool,
    /// The PIN, where it is asked for.
    pub pin: Option<TextField>,
    /// What is asked of the daemon so that it may be seen.
    asking: Option<Open>,
    /// Why it may not be seen.
    pub refused: Option<Refusal>,
    /// So many pay periods before this one.
    pub back: u8,
    /// What the daemon told last.
    pub record: Option<Box<Record>>,
    /// Why it did not answer, since its last answer.
    pub lost: Option<String>,
    /// The chosen entry, the newest being the first.
    pub row: usize,
}

impl RecordScreen {
    /// One's own record of this pay period.
    pub fn new(user: UserId, badge: &str, name: &str) -> Self {
        let asking = Some(Open { badge: badge.to_owned(), pin: None, user: None });
        Self {
            user,
            by: user,
            badge: badge.to_owned(),
            name: name.to_owned(),
            ticket: None,
            others: false,
            pin: None,
            asking,
            refused: None,
            back: 0,
            record: None,
            lost: None,
            row: 0,
        }
    }

    /// The record of somebody else, seen with the same badge.
    pub fn of(&self, user: UserId, name: &str) -> Self {
        let (record, lost, pin) = (None, None, None);
        let (row, back) = (0, 0);
        Self { user, name: name.to_owned(), row, back, record, lost, pin, ..self.clone() }
    }

    /// Whether whoever looks sees their own.
    pub fn is_own(&self) -> bool {
        self.user == self.by
    }

    /// What must be asked for to show it.
    pub fn watch(&self) -> Option<Watch> {
        match (&self.asking, &self.ticket) {
            (Some(open), _) => Some(Watch::OpenRecord(open.clone())),
            (None, Some(ticket)) => Some(Watch::Record(self.user, self.back, ticket.clone())),
            (None, None) => None,
        }
    }

    /// Shows the PIN that was typed.
    pub fn show_pin(&mut self) {
        let Some(typed) = self.pin.as_ref().and_then(TextField::filled) else { return };
        let user = Some(self.user).filter(|_| !self.is_own());
        self.asking = Some(Open { badge: self.badge.clone(), pin: Some(Pin(typed)), user });
        (self.pin, self.refused) = (Some(TextField::secret()), None);
    }

    /// Takes in what was answered.
    pub fn take(&mut self, seen: Seen) {
        match seen {
            Seen::Opened(opened) => {
                self.asking = None;
                self.lost = None;
                match opened {
                    Opened::Ticket { ticket, others } => {
                        (self.ticket, self.others) = (Some(ticket), others);
                        (self.pin, self.refused) = (None, None);
                    },
                    Opened::Refused(why) => {
                        let again =
                            matches!(why, Refusal::PinNeeded { .. } | Refusal::PinWrong { .. });
                        self.pin = again.then(TextField::secret);
                        self.refused = Some(why);
                    },
                }
            },
            Seen::Record(record) if record.user == self.user && record.back == self.back => {
                self.lost = None;
                self.row = self.row.min(record.entries.len().saturating_sub(1));
                self.record = Some(record);
            },
            Seen::Lost(why) => self.lost = Some(why),
            _ => {},
        }
    }

    /// The entry that is chosen.
    pub fn chosen(&self) -> Option<&Entry> {
        self.record.as_ref()?.entries.iter().rev().nth(self.row)
    }

    /// Entries that are over and that they have not confirmed as they stand.
    pub fn unconfirmed(&self) -> Vec<Stood> {
        let entries = self.record.iter().flat_map(|record| &record.entries);
        let open = entries.filter(|entry| entry.until.is_some() && !entry.confirmed);
        open.map(|entry| Stood { entry: entry.id, from: entry.from, until: entry.until }).collect()
    }

    /// Chooses another entry.
    pub fn step(&mut self, by: isize) {
        let last = self.record.as_ref().map_or(0, |record| record.entries.len().saturating_sub(1));
        self.row = self.row.saturating_add_signed(by).min(last);
    }

    /// Another pay period.
    pub fn turn(&mut self, back: u8) {
        (self.back, self.record, self.row) = (back, None, 0);
    }
}
