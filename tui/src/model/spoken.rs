//! Which language is shown: that of the person who acts at this screen, else the screen's own.
//!
//! What people chose is kept in a file of the login that opened the screen, a line a person; it is no fact
//! and goes nowhere from here.

use kart_core::id::UserId;
use std::collections::BTreeMap;

use super::Model;
use crate::words::LANGUAGES;

/// Languages by people.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spoken {
    /// Who chose which.
    pub by: BTreeMap<UserId, &'static str>,
    /// What is shown where nobody chose.
    pub here: &'static str,
}

impl Spoken {
    /// Nobody chose anything yet at a screen in this language.
    pub fn new(here: &'static str) -> Self {
        Self { by: BTreeMap::new(), here }
    }

    /// With the choices that a file holds. Lines that say nothing are passed over.
    #[must_use]
    pub fn read(mut self, text: &str) -> Self {
        for line in text.lines() {
            let Some((user, language)) = line.split_once(' ') else { continue };
            let known = LANGUAGES.iter().find(|(known, _)| *known == language.trim());
            if let (Ok(user), Some((language, _))) = (user.parse(), known) {
                self.by.insert(UserId(user), language);
            }
        }
        self
    }

    /// The choices as a file holds them.
    pub fn written(&self) -> String {
        self.by.iter().map(|(user, language)| format!("{user} {language}\n")).collect()
    }

    /// The language behind this one.
    pub fn next(language: &str) -> &'static str {
        let at = LANGUAGES.iter().position(|(known, _)| *known == language);
        let next = at.map_or(0, |at| (at + 1) % LANGUAGES.len());
        LANGUAGES.get(next).map_or("en", |(language, _)| language)
    }
}

impl Model {
    /// Who acts at this screen, as far as it is known.
    pub fn speaker(&self) -> Option<UserId> {
        self.who().key()
    }

    /// The language to show.
    pub fn language(&self) -> &'static str {
        let chosen = self.speaker().and_then(|user| self.spoken.by.get(&user));
        chosen.copied().unwrap_or(self.spoken.here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_was_chosen_is_read_as_it_was_written() {
        let (anna, ben) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let chosen = Spoken { by: [(anna, "es"), (ben, "de")].into(), here: "en" };
        let text = format!("what is this\n\n{} fr\n{}", Uuid::from_u128(3), chosen.written());
        assert_eq!(Spoken::new("en").read(&text), chosen);
    }

    #[test]
    fn every_language_has_its_turn() {
        let turns = ["en", "de", "es"].map(Spoken::next);
        assert_eq!(turns, ["de", "es", "en"]);
        assert_eq!(Spoken::next("fr"), "en");
    }
}
