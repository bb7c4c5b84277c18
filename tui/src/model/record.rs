//! One person's own record: what they punched, what became of it, and whether they say so too.

use kart_api::labor::Record;
use kart_core::{fact::labor::Stood, id::UserId};

use super::Seen;

/// The screen.
#[derive(Clone, Debug)]
pub struct RecordScreen {
    /// Whose.
    pub user: UserId,
    /// What the reader read.
    pub badge: String,
    /// Their name; not safe to draw.
    pub name: String,
    /// So many months before this one.
    pub back: u8,
    /// What the daemon told last.
    pub record: Option<Box<Record>>,
    /// Why it did not answer, since its last answer.
    pub lost: Option<String>,
    /// Lines scrolled.
    pub scroll: u16,
}

impl RecordScreen {
    /// The record of this month.
    pub fn new(user: UserId, badge: &str, name: &str) -> Self {
        Self {
            user,
            badge: badge.to_owned(),
            name: name.to_owned(),
            back: 0,
            record: None,
            lost: None,
            scroll: 0,
        }
    }

    /// Takes in what was answered.
    pub fn take(&mut self, seen: Seen) {
        match seen {
            Seen::Record(record) if record.user == self.user && record.back == self.back => {
                self.lost = None;
                self.record = Some(record);
            },
            Seen::Lost(why) => self.lost = Some(why),
            _ => {},
        }
    }

    /// Entries that are over and that they have not confirmed as they stand.
    pub fn unconfirmed(&self) -> Vec<Stood> {
        let entries = self.record.iter().flat_map(|record| &record.entries);
        let open = entries.filter(|entry| entry.until.is_some() && !entry.confirmed);
        open.map(|entry| Stood { entry: entry.id, from: entry.from, until: entry.until }).collect()
    }

    /// How far it can be scrolled.
    pub fn lines(&self) -> u16 {
        let entries = self.record.iter().flat_map(|record| &record.entries);
        let lines: usize = entries.map(|entry| 1 + entry.lines.len()).sum();
        u16::try_from(lines.saturating_sub(1)).unwrap_or(u16::MAX)
    }
}
