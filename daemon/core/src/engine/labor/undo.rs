//! Taking back a punch that was made with the wrong badge. Nothing is deleted: the punch stays, and
//! beside it stands that it was none.

use crate::{
    command::{Accepted, Refusal},
    engine::{Engine, Event},
    fact::{
        Body,
        labor::{PunchUndone, Punched},
    },
    id::{RecordId, UserId},
    plant::Punch,
    reference::Reference,
    time::Moment,
};

/// For so long anybody may take a punch back, microseconds. Later headquarters corrects it.
pub const UNDO_US: i64 = 120_000_000;

impl Engine {
    pub(in crate::engine) fn undo_punch(
        &mut self,
        reference: &Reference,
        key: &str,
        (by, user, entry): (Option<UserId>, UserId, RecordId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let last = self.plant.punches.iter().rev().find(|punch| punch.user == user);
        let undoable = |punch: &&Punch| punch.entry == entry && now.passed(&punch.at) <= UNDO_US;
        let Some(punch) = last.filter(undoable).cloned() else { return Err(Refusal::CannotUndo) };
        let on = self.plant.works_on(user);
        let undone = PunchUndone { user, entry, punch: punch.punched };
        let event = Event::new(Body::PunchUndone(undone)).by(by).key(key);
        let accepted = self.accept(now, event);
        match (punch.punched, punch.inside) {
            // What was joined with the wrong badge took no time.
            (Punched::Began, None) => {
                let since = punch.at.at.wall_us;
                self.leave_jobs(user, Some(since), now);
                for batch in on.into_iter().filter(|batch| !punch.on.contains(batch)) {
                    self.left_then(user, batch, (by, since), now);
                    let left = Body::BatchLeft { batch, user, at: None };
                    self.draft(now, Event::new(left).by(by));
                }
                self.join_again(reference, user, &punch.on, now);
            },
            (Punched::Ended, Some(_)) => self.leave(user, &on, now),
            (Punched::Ended, None) | (Punched::Began, Some(_)) => {
                self.join_again(reference, user, &punch.on, now);
            },
        }
        Ok(accepted)
    }
}
