//! From commands to facts, or to a refusal.

use super::{
    Engine,
    batch::{Counts, Wish},
};
use crate::{
    command::{Accepted, Command, Refusal},
    fact::FactText,
    time::Moment,
};

/// A command with its key and the random salt for what a person wrote.
pub struct Asked<'a> {
    /// The idempotency key.
    pub key: &'a str,
    /// What is asked for.
    pub command: &'a Command,
    /// 32 random hexadecimal digits.
    pub salt: &'a str,
}

/// Longest free text, in characters.
const TEXT_LIMIT: usize = 500;

impl Engine {
    /// Decides a command. On `Ok` the facts are drafted; they count once they are on disk.
    pub fn on_command(&mut self, asked: &Asked<'_>, now: &Moment) -> Result<Accepted, Refusal> {
        let reference = self.reference.clone().ok_or(Refusal::NoSite)?;
        let key = asked.key;
        match asked.command {
            Command::ClockIn { badge, station } => {
                self.clock_in(&reference, key, badge, *station, now)
            },
            Command::ClockOut { badge } => self.clock_out(&reference, key, badge, now),
            Command::StartBatch { by, equipment, product, target, number, work_order } => {
                let who = self.present(&reference, *by)?;
                let wish = Wish {
                    equipment: *equipment,
                    product: *product,
                    target: *target,
                    number: typed("number", number.as_deref())?,
                    work_order: typed("work_order", work_order.as_deref())?,
                };
                self.start_batch(&reference, key, who, wish, now)
            },
            Command::JoinBatch { by, batch } => {
                let who = self.present(&reference, *by)?;
                self.join_batch(&reference, key, (who, *batch), now)
            },
            Command::CompleteBatch { by, batch, good, scrap, scrap_reason } => {
                let who = self.present(&reference, *by)?;
                let counted = Counts { good: *good, scrap: *scrap, reason: *scrap_reason };
                self.complete_batch(&reference, key, who, (*batch, counted), now)
            },
            Command::AcceptReplay(acceptance) => {
                self.accept_replay(&reference, key, (acceptance, asked.salt), now)
            },
            Command::SettleCount { by, equipment, source, accept } => {
                let asked = (*by, *equipment, source.as_str(), *accept);
                self.settle_count(&reference, key, asked, now)
            },
            Command::ExplainStop { by, stop, reason, comment } => {
                let texts = text("comment", asked.salt, comment.as_deref())?;
                let explanation = (*stop, *reason, texts);
                self.explain_stop(&reference, key, *by, explanation, now)
            },
        }
    }
}

pub(super) fn unknown(what: &str) -> Refusal {
    Refusal::Unknown { what: what.to_owned() }
}

pub(super) fn bad(field: &str, problem: &str) -> Refusal {
    Refusal::BadValue { field: field.to_owned(), problem: problem.to_owned() }
}

/// A typed code: trimmed, absent when empty, short and printable.
pub(super) fn typed(field: &str, text: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > 50 || text.chars().any(char::is_control) {
        return Err(bad(field, "must have at most 50 printable characters"));
    }
    Ok(Some(text.to_owned()))
}

/// What a person wrote, as it stands beside a fact under `field`.
pub(super) fn text(field: &str, salt: &str, said: Option<&str>) -> Result<Vec<FactText>, Refusal> {
    let Some(text) = said.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(vec![]);
    };
    if text.chars().count() > TEXT_LIMIT {
        return Err(bad(field, "must have at most 500 characters"));
    }
    let field = field.to_owned();
    Ok(vec![FactText { field, salt: salt.to_owned(), text: Some(text.to_owned()) }])
}
