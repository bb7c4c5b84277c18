//! From commands to facts, or to a refusal.

use super::{Engine, Words, incident::Report, note::About};
use crate::{
    command::{Accepted, Command, Refusal},
    reference::Reference,
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

impl Engine {
    /// Decides a command. On `Ok` the facts are drafted; they count once they are on disk.
    pub fn on_command(&mut self, asked: &Asked<'_>, now: &Moment) -> Result<Accepted, Refusal> {
        let reference = self.reference.clone().ok_or(Refusal::NoSite)?;
        let key = asked.key;
        match asked.command {
            Command::ClockIn { .. }
            | Command::ClockOut { .. }
            | Command::BeginLabor { .. }
            | Command::EndLabor { .. }
            | Command::MoveTo { .. }
            | Command::UndoPunch { .. }
            | Command::TellOut { .. }
            | Command::ConfirmLabor { .. }
            | Command::AskLabor { .. }
            | Command::AmendLabor(_)
            | Command::AddLabor(_)
            | Command::DeclineLabor { .. }
            | Command::SplitLabor { .. }
            | Command::SetPin { .. } => self.on_labor(&reference, asked, now),
            Command::StartBatch { .. }
            | Command::JoinBatch { .. }
            | Command::CompleteBatch { .. }
            | Command::ContinueBatch(_)
            | Command::AbortBatch { .. }
            | Command::AskQueue { .. } => self.on_batch(&reference, asked, now),
            Command::PauseBatch { .. }
            | Command::ResumeBatch { .. }
            | Command::TellParts { .. }
            | Command::LeaveBatch { .. }
            | Command::BatchMachine { .. } => self.on_course(&reference, asked, now),
            Command::Job { by, job, ask } => self.on_job(&reference, asked, (*by, *job, ask), now),
            Command::AcceptReplay(acceptance) => {
                self.accept_replay(&reference, key, (acceptance, asked.salt), now)
            },
            Command::SettleCount { by, equipment, source, epoch, raw, accept } => {
                let asked = (*by, (*equipment, source.as_str()), (*epoch, *raw), *accept);
                self.settle_count(&reference, key, asked, now)
            },
            Command::ExplainStop { .. }
            | Command::ExplainStops { .. }
            | Command::WithdrawExplanation { .. }
            | Command::SplitStop { .. }
            | Command::MergeStops { .. }
            | Command::ShareStops { .. }
            | Command::TakeBackEvent { .. }
            | Command::BeginDowntime { .. }
            | Command::EndDowntime { .. }
            | Command::TellBlind { .. } => self.on_stops(&reference, asked, now),
            Command::WriteNote { .. }
            | Command::WithdrawNote { .. }
            | Command::GiveHandover { .. }
            | Command::TakeHandover { .. }
            | Command::OpenIncident { .. }
            | Command::StartTroubleshooting { .. }
            | Command::ResolveIncident { .. }
            | Command::CallHelp { .. }
            | Command::AcknowledgeCall { .. }
            | Command::EndCall { .. } => self.on_word(&reference, asked, now),
        }
    }

    /// Decides what people tell each other: notes, incidents, calls.
    fn on_word(
        &mut self,
        reference: &Reference,
        asked: &Asked<'_>,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let (key, salt) = (asked.key, asked.salt);
        match asked.command {
            Command::WriteNote { by, station, equipment, batch, category, text } => {
                let about = About { station: *station, equipment: *equipment, batch: *batch };
                let note = (about, *category, (salt, Some(text.as_str())));
                self.write_note(reference, key, *by, note, now)
            },
            Command::WithdrawNote { by, note, comment } => {
                let why = Words::of("why", salt, comment.as_deref())?;
                self.withdraw_note(reference, key, (*by, *note, why), now)
            },
            Command::GiveHandover { by, station, waiting, text } => {
                let card = (*station, *waiting, (salt, text.as_deref()));
                self.give_handover(reference, key, *by, card, now)
            },
            Command::TakeHandover { by, handover } => {
                self.take_handover(reference, key, (*by, *handover), now)
            },
            Command::OpenIncident { by, station, machines, batches, reason, severity, comment } => {
                let (station, reason, severity) = (*station, *reason, *severity);
                let report = Report { station, machines, batches, reason, severity };
                self.open_incident(reference, key, *by, (report, (salt, comment.as_deref())), now)
            },
            Command::StartTroubleshooting { by, incident, notes } => {
                let step = (*incident, false, (salt, notes.as_deref()));
                self.follow_incident(reference, key, *by, step, now)
            },
            Command::ResolveIncident { by, incident, notes } => {
                let step = (*incident, true, (salt, notes.as_deref()));
                self.follow_incident(reference, key, *by, step, now)
            },
            Command::CallHelp { by, station, equipment, kind, comment } => {
                let call = ((*station, *equipment), *kind, (salt, comment.as_deref()));
                self.call_help(reference, key, *by, call, now)
            },
            Command::AcknowledgeCall { by, call } => {
                self.acknowledge_call(reference, key, (*by, *call), now)
            },
            Command::EndCall { by, call } => self.end_call(reference, key, (*by, *call), now),
            _ => Err(unknown("command")),
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
