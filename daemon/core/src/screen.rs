//! Which screens an organisation shows, and which opens first.
//!
//! Kartorium's flags and the words of `ui_visibility` are for all of its programs; those that mean
//! nothing to a terminal are passed over, and what nobody switched off is shown.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an organisation chose.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Settings {
    /// The screen that opens first, by its word.
    pub default_home_page: Option<String>,
    /// Screens by their words: `false` hides one.
    pub ui_visibility: BTreeMap<String, bool>,
    /// Switches by name: off hides the screens that belong to it.
    pub flags: BTreeMap<String, bool>,
}

/// A screen that can be hidden. The overview of all machines cannot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Screen {
    /// One machine with its signals.
    Machine,
    /// Badges: clocking in and out.
    Labor,
    /// Starting and completing batches.
    Batches,
    /// Jobs that travel from station to station.
    Jobs,
    /// Stops that wait for a reason.
    Stops,
    /// What was recorded here lately.
    Receipts,
    /// Registers, topics and rules, for whoever maps a machine.
    Commissioning,
}

impl Screen {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Machine,
        Self::Labor,
        Self::Batches,
        Self::Jobs,
        Self::Stops,
        Self::Receipts,
        Self::Commissioning,
    ];

    /// Its word in `ui_visibility` and `default_home_page`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Labor => "labor",
            Self::Batches => "batches",
            Self::Jobs => "jobs",
            Self::Stops => "stops",
            Self::Receipts => "receipts",
            Self::Commissioning => "commissioning",
        }
    }

    /// The organisation's flag that it belongs to.
    fn flag(self) -> Option<&'static str> {
        match self {
            Self::Labor | Self::Batches => Some("stations"),
            Self::Machine => Some("analytics"),
            Self::Jobs => Some("jobs"),
            Self::Stops | Self::Receipts | Self::Commissioning => None,
        }
    }
}

impl Settings {
    /// Whether a terminal shows this screen.
    pub fn shows(&self, screen: Screen) -> bool {
        let on = |switches: &BTreeMap<String, bool>, word| *switches.get(word).unwrap_or(&true);
        on(&self.ui_visibility, screen.word())
            && screen.flag().is_none_or(|flag| on(&self.flags, flag))
    }

    /// The screen that opens first; `None` is the overview.
    pub fn home(&self) -> Option<Screen> {
        let word = self.default_home_page.as_deref()?;
        Screen::ALL.into_iter().find(|screen| screen.word() == word && self.shows(*screen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_switched_off_is_shown_and_unknown_words_are_passed_over() {
        let mut settings = Settings::default();
        assert!(Screen::ALL.into_iter().all(|screen| settings.shows(screen)));
        settings.flags = [("stations".to_owned(), false), ("twin".to_owned(), false)].into();
        settings.ui_visibility = [("receipts".to_owned(), false), ("maps".to_owned(), true)].into();
        let shown = Screen::ALL.into_iter().filter(|screen| settings.shows(*screen));
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [Screen::Machine, Screen::Jobs, Screen::Stops, Screen::Commissioning]
        );
    }

    #[test]
    fn a_hidden_or_unknown_home_is_the_overview() {
        let mut settings =
            Settings { default_home_page: Some("stops".to_owned()), ..Settings::default() };
        assert_eq!(settings.home(), Some(Screen::Stops));
        settings.ui_visibility.insert("stops".to_owned(), false);
        assert_eq!(settings.home(), None);
        settings.default_home_page = Some("/oee/dashboard".to_owned());
        assert_eq!(settings.home(), None);
    }
}
