//! Everything an operator can read, in their language. The sentences stand in `locales/*.ftl`.
//!
//! Every text that is put into a sentence passes [`plain`] on its way.

mod measure;
mod refusal;

pub use measure::{Format, Zone, age, lasting, ticking};
pub use refusal::{refusal, wanted};

use std::fmt;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::plain::plain;

/// The languages this program speaks, the first when nothing else fits.
pub const LANGUAGES: [(&str, &str); 3] = [
    ("en", include_str!("../locales/en.ftl")),
    ("de", include_str!("../locales/de.ftl")),
    ("es", include_str!("../locales/es.ftl")),
];

/// A sentence that is not yet in any language.
#[derive(Clone, PartialEq, Debug)]
pub struct Sentence {
    /// Its name in the Fluent files.
    pub id: &'static str,
    /// What is put into it.
    pub args: Vec<(&'static str, Arg)>,
}

/// What is put into a sentence.
#[derive(Clone, PartialEq, Debug)]
pub enum Arg {
    /// A text, ours or from outside.
    Text(String),
    /// A number that may change the grammar.
    Count(i64),
    /// A sentence within the sentence.
    Inner(Box<Sentence>),
}

impl Sentence {
    /// A sentence with nothing in it.
    pub fn new(id: &'static str) -> Self {
        Self { id, args: Vec::new() }
    }

    /// The sentence with `text` in it.
    #[must_use]
    pub fn with(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.args.push((name, Arg::Text(text.into())));
        self
    }

    /// The sentence with another one in it.
    #[must_use]
    pub fn inner(mut self, name: &'static str, sentence: Self) -> Self {
        self.args.push((name, Arg::Inner(Box::new(sentence))));
        self
    }

    /// The sentence with a number in it.
    #[must_use]
    pub fn count(mut self, name: &'static str, number: i64) -> Self {
        self.args.push((name, Arg::Count(number)));
        self
    }
}

/// One language.
pub struct Words {
    language: &'static str,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({})", self.language)
    }
}

impl Words {
    /// The language that `wanted` names best: `de`, `de_DE.UTF-8` and `de-AT` are all German.
    pub fn new(wanted: &str) -> Self {
        let wanted: String = wanted.chars().take_while(char::is_ascii_alphabetic).collect();
        let wanted = wanted.to_ascii_lowercase();
        let (language, text) = LANGUAGES
            .into_iter()
            .find(|(language, _)| *language == wanted)
            .unwrap_or(("en", LANGUAGES[0].1));
        // A fault in a file costs the sentences that have it, not the screen; a test finds both.
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(rest, _)| rest);
        let id: LanguageIdentifier = language.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new(vec![id]);
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { language, bundle }
    }

    /// The two letters of the language.
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// Numbers, durations and times in the habits of this language.
    pub fn format(&self) -> Format {
        Format::new(self.language)
    }

    /// The words of `id`.
    pub fn say(&self, id: &str) -> String {
        self.fill(id, &[])
    }

    /// The words of a sentence.
    pub fn tell(&self, sentence: &Sentence) -> String {
        self.fill(sentence.id, &sentence.args)
    }

    fn fill(&self, id: &str, args: &[(&'static str, Arg)]) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|message| message.value()) else {
            return id.to_owned();
        };
        let mut filled = FluentArgs::new();
        for (name, arg) in args {
            match arg {
                Arg::Text(text) => filled.set(*name, FluentValue::from(plain(text))),
                Arg::Inner(sentence) => {
                    filled.set(*name, FluentValue::from(self.tell(sentence)));
                },
                Arg::Count(number) => filled.set(*name, FluentValue::from(*number)),
            }
        }
        let mut faults = Vec::new();
        self.bundle.format_pattern(pattern, Some(&filled), &mut faults).into_owned()
    }
}

#[cfg(test)]
mod tests;
