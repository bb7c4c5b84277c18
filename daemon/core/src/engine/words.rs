//! What a person wrote with a command: it stands beside one fact, which only commits to it.

use super::{Event, commands::bad};
use crate::{
    command::Refusal,
    fact::{Commitment, FactText},
};

/// Longest free text, in characters.
const TEXT_LIMIT: usize = 500;

/// The words beside a fact, where there are any.
#[derive(Clone, Default)]
pub(super) struct Words(pub(super) Option<FactText>);

impl Words {
    /// What a person wrote, as it stands beside a fact under `field`.
    pub(super) fn of(field: &str, salt: &str, said: Option<&str>) -> Result<Self, Refusal> {
        let Some(text) = said.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(Self::default());
        };
        if text.chars().count() > TEXT_LIMIT {
            return Err(bad(field, "must have at most 500 characters"));
        }
        Ok(Self::as_given(field, salt, text.to_owned()))
    }

    /// Words that were looked at already.
    pub(super) fn as_given(field: &str, salt: &str, text: String) -> Self {
        let (field, salt) = (field.to_owned(), salt.to_owned());
        Self(Some(FactText { field, salt, text: Some(text) }))
    }

    /// Nothing was written.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What the fact's line says of them.
    pub(super) fn commitment(&self) -> Option<Commitment> {
        self.0.as_ref().and_then(FactText::commitment)
    }
}

impl Event {
    /// With these words beside it.
    pub(super) fn words(self, words: Words) -> Self {
        Self { words, ..self }
    }
}
