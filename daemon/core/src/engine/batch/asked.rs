//! From commands about batches and queues to decisions.

use super::{Counts, Wish};
use crate::{
    command::{Accepted, Command, Refusal},
    engine::{
        Engine, Words,
        commands::{Asked, bad, typed},
    },
    fact::batch::{BatchAborted, BatchEquipment, BatchProduced},
    reference::Reference,
    time::Moment,
};

impl Engine {
    /// How batches begin and end, and what is next.
    pub(in crate::engine) fn on_batch(
        &mut self,
        reference: &Reference,
        asked: &Asked<'_>,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let key = asked.key;
        match asked.command {
            Command::StartBatch { by, equipment, product, target, number, work_order, detail } => {
                let who = self.present(reference, *by)?;
                let wish = Wish {
                    equipment: *equipment,
                    product: *product,
                    target: *target,
                    number: typed("number", number.as_deref())?,
                    work_order: typed("work_order", work_order.as_deref())?,
                    detail,
                };
                self.start_batch(reference, asked, who, wish, now)
            },
            Command::JoinBatch { by, batch } => {
                let who = self.present(reference, *by)?;
                self.join_batch(reference, key, (who, *batch), now)
            },
            Command::CompleteBatch { by, batch, good, scrap, scrap_reason, detail } => {
                let who = self.present(reference, *by)?;
                let counted = Counts { good: *good, scrap: *scrap, reason: *scrap_reason, detail };
                self.complete_batch(reference, asked, who, (*batch, counted), now)
            },
            Command::AbortBatch { by, batch, reason, good, scrap, comment } => {
                let who = self.present(reference, *by)?;
                let (batch, reason, good, scrap) = (*batch, *reason, *good, *scrap);
                let words = Words::of("comment", asked.salt, comment.as_deref())?;
                let comment = words.commitment();
                let aborted = BatchAborted { batch, reason, good, scrap, comment };
                self.abort_batch(reference, key, who, (aborted, words), now)
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

    /// What happens to a batch between its beginning and its end.
    pub(in crate::engine) fn on_course(
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
            _ => Err(bad("command", "is none about a batch that runs")),
        }
    }
}
