//! From commands to facts, or to a refusal.

use super::{
    Engine,
    batch::{Counts, Wish},
    labor::LaborWish,
    incident::Report,
    note::About,
};
use crate::{
    command::{Accepted, Command, Refusal},
    fact::{
        FactText,
        batch::{BatchAborted, BatchEquipment, BatchProduced},
    },
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
            Command::BeginLabor { badge, kind } => {
                self.begin_labor(&reference, key, (badge, *kind), now)
            },
            Command::EndLabor { badge } => self.end_labor(&reference, key, badge, now),
            Command::MoveTo { badge, station } => {
                self.move_to(&reference, key, (badge, *station), now)
            },
            Command::UndoPunch { by, user, entry } => {
                self.undo_punch(&reference, key, (*by, *user, *entry), now)
            },
            Command::TellOut { badge, entry, until, reason } => {
                let told = (badge.as_str(), *entry, *until);
                self.tell_out(&reference, (key, asked.salt), told, reason.as_deref(), now)
            },
            Command::ConfirmLabor { badge, entries } => {
                self.confirm_labor(&reference, key, (badge, entries), now)
            },
            Command::AskLabor { badge, entry, from, until, void, reason } => {
                let wish = LaborWish {
                    entry: *entry,
                    from: *from,
                    until: *until,
                    void: *void,
                    reason: reason.as_deref(),
                };
                self.ask_labor(&reference, (key, asked.salt), (badge, wish), now)
            },
            Command::SplitLabor { badge, shares } => {
                self.split_labor(&reference, key, (badge, shares), now)
            },
            Command::SetPin { badge, .. } => self.set_pin(&reference, key, badge, now),
            Command::StartBatch { by, equipment, product, target, number, work_order, detail } => {
                let who = self.present(&reference, *by)?;
                let wish = Wish {
                    equipment: *equipment,
                    product: *product,
                    target: *target,
                    number: typed("number", number.as_deref())?,
                    work_order: typed("work_order", work_order.as_deref())?,
                    detail,
                };
                self.start_batch(&reference, asked, who, wish, now)
            },
            Command::JoinBatch { by, batch } => {
                let who = self.present(&reference, *by)?;
                self.join_batch(&reference, key, (who, *batch), now)
            },
            Command::CompleteBatch { by, batch, good, scrap, scrap_reason, detail } => {
                let who = self.present(&reference, *by)?;
                let counted = Counts { good: *good, scrap: *scrap, reason: *scrap_reason, detail };
                self.complete_batch(&reference, asked, who, (*batch, counted), now)
            },
            Command::PauseBatch { .. }
            | Command::ResumeBatch { .. }
            | Command::AbortBatch { .. }
            | Command::TellParts { .. }
            | Command::LeaveBatch { .. }
            | Command::BatchMachine { .. }
            | Command::ContinueBatch(_)
            | Command::AskQueue { .. } => self.on_batch_command(&reference, asked, now),
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
            | Command::TellBlind { .. } => self.on_stops(&reference, asked, now),
            Command::WriteNote { .. }
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

impl Engine {
    /// Commands about a batch that runs, and about queues.
    fn on_batch_command(
        &mut self,
        reference: &Reference,
        asked: &Asked<'_>,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let key = asked.key;
        match asked.command {
            Command::PauseBatch { by, batch } => {
                let who = self.present(reference, *by)?;
                self.pause_batch(key, (who, *batch), now)
            },
            Command::ResumeBatch { by, batch } => {
                let who = self.present(reference, *by)?;
                self.resume_batch(reference, key, (who, *batch), now)
            },
            Command::AbortBatch { by, batch, reason, good, scrap, comment } => {
                let who = self.present(reference, *by)?;
                let (batch, reason, good, scrap) = (*batch, *reason, *good, *scrap);
                let texts = text("comment", asked.salt, comment.as_deref())?;
                let comment = texts.first().and_then(FactText::commitment);
                let aborted = BatchAborted { batch, reason, good, scrap, comment };
                self.abort_batch(reference, key, who, (aborted, texts), now)
            },
            Command::TellParts { by, batch, good, scrap, reason, rework } => {
                let who = self.present(reference, *by)?;
                let (good, scrap, rework) = (*good, *scrap, *rework);
                let batch = *batch;
                let told = BatchProduced { batch, good, scrap, scrap_reason: *reason, rework };
                self.tell_parts(reference, key, who, told, now)
            },
            Command::LeaveBatch { by, batch, user } => {
                let who = self.present(reference, *by)?;
                self.leave_batch(reference, key, (who, *batch, *user), now)
            },
            Command::BatchMachine { by, batch, equipment, on } => {
                let who = self.present(reference, *by)?;
                let further = BatchEquipment { batch: *batch, equipment: *equipment };
                self.batch_machine(reference, key, (who, further, *on), now)
            },
            Command::ContinueBatch(wish) => {
                let who = self.present(reference, wish.by)?;
                self.continue_batch(reference, asked, (who, wish), now)
            },
            Command::AskQueue { by, queue, ask } => {
                let who = self.present(reference, *by)?;
                self.ask_queue(reference, key, (who, *queue, ask), now)
            },
            _ => Err(bad("command", "is none about a batch")),
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
