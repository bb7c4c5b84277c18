//! What screens read from the daemon again and again while they are shown, and what it answers. State
//! that every screen needs comes by itself and does not stand here.

use kart_api::{
    Pin,
    commissioning::{
        BlockAnswer, BlockQuery, MapAnswer, Sources, TopicAnswer, TopicQuery, Trace, TraceQuery,
    },
    labor::{Open, Opened},
};
use kart_core::engine::explain::Explanation;

use super::{Model, Screen, Talk};

/// What is to be asked again and again while the screen shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Watch {
    /// What is read, and where.
    Sources,
    /// A block of registers.
    Registers(BlockQuery),
    /// What is said at a broker.
    Topics(TopicQuery),
    /// The signals of a machine.
    Signals(TraceQuery),
    /// The rules of a machine.
    Rules(String),
    /// What the map in this file would change.
    Map(String),
    /// Key figures of this shift.
    Figures(kart_core::kpi::Reasons),
    /// The board of the shift so many before this one.
    Board(u8),
    /// What cannot all be right of that shift.
    Ledger(u8),
    /// The shift log: what has these words in it.
    Notes(String),
    /// Whether a record may be seen.
    OpenRecord(Open),
    /// Somebody's record of the pay period so many before this one.
    Record(kart_core::id::UserId, u8, Pin),
}

/// What was answered.
#[derive(Clone, PartialEq, Debug)]
pub enum Seen {
    /// What is read, and where.
    Sources(Sources),
    /// A block of registers.
    Registers(BlockAnswer),
    /// What is said at a broker.
    Topics(TopicAnswer),
    /// The signals of a machine.
    Signals(Vec<Trace>),
    /// The rules of a machine.
    Rules(Box<Explanation>),
    /// What another map would change.
    Map(MapAnswer),
    /// Key figures of this shift.
    Figures(Box<kart_api::figures::Shift>),
    /// The board of a shift.
    Board(Box<kart_api::board::Shift>),
    /// What cannot all be right of a shift.
    Ledger(Box<kart_api::ledger::Shift>),
    /// Whether a record may be seen.
    Opened(Opened),
    /// Somebody's record.
    Record(Box<kart_api::labor::Record>),
    /// The shift log.
    Notes(Vec<kart_api::notes::Note>),
    /// Nothing, and why.
    Lost(String),
}

impl Screen {
    /// What must be asked for to show it.
    pub fn watch(&self) -> Option<Watch> {
        match self {
            Self::Commissioning(shown) => Some(shown.watch()),
            Self::Figures(shown) => Some(Watch::Figures(shown.reasons)),
            Self::Board(shown) => Some(Watch::Board(shown.back)),
            Self::Ledger(shown) => Some(Watch::Ledger(shown.back)),
            Self::Record(shown) => shown.watch(),
            Self::Talk(talk) => match &**talk {
                Talk::Log(shown) => Some(Watch::Notes(shown.words.text().to_owned())),
                _ => None,
            },
            _ => None,
        }
    }

    /// Takes in what was answered.
    fn take(&mut self, seen: Seen) {
        match self {
            Self::Commissioning(shown) => shown.take(seen),
            Self::Figures(shown) => shown.take(seen),
            Self::Board(shown) => shown.take(seen),
            Self::Ledger(shown) => shown.take(seen),
            Self::Record(shown) => shown.take(seen),
            Self::Talk(talk) => {
                if let Talk::Log(shown) = &mut **talk {
                    shown.take(seen);
                }
            },
            _ => {},
        }
    }
}

impl Model {
    /// What must be asked for: what the topmost screen wants that wants anything.
    pub fn wanted(&self) -> Option<Watch> {
        self.screens.iter().rev().find_map(Screen::watch)
    }

    /// The daemon answered whoever is asked for; the others ask anew once they are on top.
    pub fn told(&mut self, seen: Seen) {
        let asking = self.screens.iter_mut().rev().find(|screen| screen.watch().is_some());
        if let Some(screen) = asking {
            screen.take(seen);
        }
    }
}
