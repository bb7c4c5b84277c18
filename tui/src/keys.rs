//! Which key does what. Footer and help are printed from this table, so that they cannot lie.
//!
//! A text field in focus takes what can be typed before this table is asked.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use kart_core::screen::Screen as Part;

mod batch;
mod board;
mod commissioning;
mod every;
mod floor;
mod job;
mod key;
mod labor;
mod stop;
mod talk;

pub use job::JobDeed;
pub use key::Key;

/// What a key asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cmd {
    Help,
    Quit,
    Back,
    Badge,
    Start,
    Complete,
    Explain,
    Receipts,
    Open,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Next,
    Previous,
    Confirm,
    Person,
    Commission,
    Figures,
    Held,
    Orders,
    Batch,
    New,
    Remove,
    Board,
    Ledger,
    Large,
    Language,
    Earlier,
    Later,
    Undo,
    Record,
    Agree,
    Reasons,
    Mark,
    Go,
    Device,
    Table,
    Twin,
    Sweep,
    Split,
    Join,
    /// A downtime of everything here begins, or ends.
    Site,
    Withdraw,
    Yes,
    Notes,
    Hand,
    Incident,
    Call,
    Resolve,
    Jobs,
    /// What is done to a job.
    Job(JobDeed),
    /// The n-th of what is shown, counted from 1.
    Pick(usize),
}

impl Cmd {
    /// The screen that this leads to, where an organisation may hide it.
    pub fn part(self, place: Place) -> Option<Part> {
        match self {
            Self::Badge | Self::Undo | Self::Record => Some(Part::Labor),
            Self::Start | Self::Complete | Self::Orders | Self::Batch => Some(Part::Batches),
            Self::Jobs => Some(Part::Jobs),
            Self::Explain => Some(Part::Stops),
            Self::Receipts => Some(Part::Receipts),
            Self::Commission => Some(Part::Commissioning),
            Self::Figures | Self::Board | Self::Ledger => Some(Part::Machine),
            Self::Open if place == Place::Overview => Some(Part::Machine),
            _ => None,
        }
    }
}

/// Where keys have their own meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Overview,
    Machine,
    Receipts,
    Help,
    Badge,
    Punch,
    Undo,
    Told,
    Pin,
    Record,
    Amend,
    Crew,
    Shares,
    Start,
    Complete,
    Orders,
    Batch,
    Jobs,
    Job,
    JobForm,
    JobHistory,
    Stops,
    Explain,
    Split,
    Sweep,
    Commissioning,
    Figures,
    Held,
    Board,
    Ledger,
    Large,
    Log,
    Note,
    Give,
    Take,
    Incidents,
    Incident,
    Follow,
    Call,
}

/// One line of the table.
#[derive(Debug)]
pub struct Binding {
    /// The keys, the one to print in the footer first.
    pub keys: &'static [Key],
    /// What they ask for.
    pub cmd: Cmd,
    /// The words for it in the Fluent files.
    pub label: &'static str,
    /// Whether the footer names it; the help names all.
    pub footer: bool,
}

/// The keys of a place.
pub fn table(place: Place) -> &'static [Binding] {
    match place {
        Place::Overview => floor::OVERVIEW,
        Place::Machine => floor::MACHINE,
        Place::Receipts => floor::RECEIPT_KEYS,
        Place::Help => floor::HELP_KEYS,
        Place::Badge => labor::BADGE_KEYS,
        Place::Punch => labor::PUNCH,
        Place::Undo => labor::UNDO_KEYS,
        Place::Told => labor::TOLD_KEYS,
        Place::Pin => labor::PIN_KEYS,
        Place::Record => labor::RECORD_KEYS,
        Place::Amend => labor::AMEND_KEYS,
        Place::Crew => labor::CREW_KEYS,
        Place::Shares => labor::SHARES_KEYS,
        Place::Start => batch::START_KEYS,
        Place::Complete => batch::COMPLETE_KEYS,
        Place::Orders => batch::ORDERS_KEYS,
        Place::Batch => batch::BATCH_KEYS,
        Place::Jobs => job::JOBS_KEYS,
        Place::Job => job::JOB_KEYS,
        Place::JobForm => job::JOB_FORM_KEYS,
        Place::JobHistory => job::JOB_HISTORY_KEYS,
        Place::Stops => stop::STOPS,
        Place::Explain => stop::EXPLAIN_KEYS,
        Place::Split => stop::SPLIT_KEYS,
        Place::Sweep => stop::SWEEP_KEYS,
        Place::Commissioning => commissioning::COMMISSIONING,
        Place::Figures => floor::FIGURE_KEYS,
        Place::Held => floor::HELD_KEYS,
        Place::Board => board::BOARD_KEYS,
        Place::Ledger => board::LEDGER_KEYS,
        Place::Large => board::LARGE_KEYS,
        Place::Log => talk::LOG_KEYS,
        Place::Note => talk::NOTE_KEYS,
        Place::Give | Place::Take => talk::GIVE_KEYS,
        Place::Incidents => talk::INCIDENTS_KEYS,
        Place::Incident => talk::INCIDENT_KEYS,
        Place::Follow => talk::FOLLOW_KEYS,
        Place::Call => talk::CALL_KEYS,
    }
}

/// What a key asks for at a place.
pub fn command(place: Place, event: &KeyEvent) -> Option<Cmd> {
    let key = Key::of(event)?;
    table(place).iter().find_map(|binding| {
        if binding.keys.contains(&key) {
            return Some(binding.cmd);
        }
        let number = digit(event)?;
        (number > 0 && binding.keys.contains(&Key::Digit)).then_some(Cmd::Pick(number))
    })
}

/// Whether a text field wants this key for itself.
pub fn is_typing(event: &KeyEvent) -> bool {
    let plain = !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    match event.code {
        KeyCode::Char(_) => plain,
        KeyCode::Backspace
        | KeyCode::Delete
        | KeyCode::Left
        | KeyCode::Right
        | KeyCode::Home
        | KeyCode::End => true,
        _ => false,
    }
}

/// The digit that was typed.
pub fn digit(event: &KeyEvent) -> Option<usize> {
    match event.code {
        KeyCode::Char(letter) if !event.modifiers.contains(KeyModifiers::CONTROL) => {
            letter.to_digit(10).and_then(|digit| usize::try_from(digit).ok())
        },
        _ => None,
    }
}

/// Every place, for those who print or test the whole table.
pub const PLACES: [Place; 35] = [
    Place::Overview,
    Place::Machine,
    Place::Receipts,
    Place::Help,
    Place::Badge,
    Place::Punch,
    Place::Undo,
    Place::Told,
    Place::Pin,
    Place::Record,
    Place::Amend,
    Place::Crew,
    Place::Shares,
    Place::Start,
    Place::Complete,
    Place::Orders,
    Place::Batch,
    Place::Stops,
    Place::Explain,
    Place::Split,
    Place::Sweep,
    Place::Commissioning,
    Place::Figures,
    Place::Held,
    Place::Board,
    Place::Ledger,
    Place::Large,
    Place::Log,
    Place::Note,
    Place::Give,
    Place::Take,
    Place::Incidents,
    Place::Incident,
    Place::Follow,
    Place::Call,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_at_one_place() {
        for place in PLACES {
            let keys: Vec<Key> = table(place).iter().flat_map(|b| b.keys.iter().copied()).collect();
            for (at, key) in keys.iter().enumerate() {
                assert!(!keys[..at].contains(key), "{place:?}: {key:?} twice");
            }
        }
    }

    #[test]
    fn a_form_binds_no_letters() {
        for place in PLACES {
            let mut keys = table(place).iter().flat_map(|binding| binding.keys);
            let asks = table(place).iter().any(|binding| binding.keys.contains(&Key::Char('?')));
            // Where even the question mark is typed, every letter is.
            assert!(asks || !keys.any(|key| matches!(key, Key::Char(_))), "{place:?}");
        }
    }

    #[test]
    fn escape_goes_back_from_everywhere_but_the_overview() {
        let escape = KeyEvent::from(KeyCode::Esc);
        for place in PLACES.into_iter().filter(|place| *place != Place::Overview) {
            assert_eq!(command(place, &escape), Some(Cmd::Back), "{place:?}");
        }
    }

    #[test]
    fn digits_pick() {
        assert_eq!(
            command(Place::Overview, &KeyEvent::from(KeyCode::Char('3'))),
            Some(Cmd::Pick(3))
        );
        assert_eq!(command(Place::Overview, &KeyEvent::from(KeyCode::Char('0'))), None);
    }
}
