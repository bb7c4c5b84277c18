//! Corrections that came down from headquarters become facts of this terminal, once each.

use super::{Engine, Event};
use crate::{
    fact::{
        Body,
        correction::{Correctable, Corrected, Correction, CorrectionSeen},
    },
    id::{RecordId, UserId},
    time::Moment,
};

impl Engine {
    /// Takes over what headquarters corrected and this terminal has not seen yet. Answers how much
    /// that was.
    pub fn on_corrections(&mut self, now: &Moment) -> usize {
        let Some(reference) = self.reference.clone() else { return 0 };
        let mut taken = 0;
        for Correction { seen, .. } in &reference.corrections {
            if self.plant.corrections.contains(&(seen.made, seen.correction)) {
                continue;
            }
            self.leave_batches(&seen.corrected, now);
            // Where two terminals began one batch, headquarters corrects it by the name of the first, which
            // after a restore may be another one than when it was corrected.
            let runs = |batch: &RecordId| self.plant.batches.contains_key(batch);
            let (terminal, corrected) = (self.plant.origin.terminal, seen.corrected.record);
            let floor = &reference.work.floor;
            let stands = floor.canonical(corrected);
            let here = floor.name_at(terminal, stands, runs).unwrap_or(stands);
            let here = Some(here).filter(|here| *here != corrected);
            let seen = CorrectionSeen { here, ..seen.clone() };
            let event = Event::new(Body::CorrectionSeen(seen.clone())).by(seen.by);
            self.draft(now, event.key(&format!("correction/{}", seen.correction)));
            let corrected = seen.corrects();
            if corrected.kind == Correctable::Stop && corrected.after.void != Some(true) {
                self.parts_follow(corrected.record, seen.by, now);
            }
            taken += 1;
        }
        taken
    }

    /// Whoever is clocked out by a correction works on nothing any more.
    fn leave_batches(&mut self, corrected: &Corrected, now: &Moment) {
        if corrected.kind != Correctable::Labor || !corrected.ends() {
            return;
        }
        let here = self.plant.labor.iter().find(|(_, here)| here.entry == corrected.record);
        let Some(user): Option<UserId> = here.map(|(user, _)| *user) else { return };
        self.leave_jobs(user, corrected.after.until, now);
        for batch in self.plant.works_on(user) {
            self.draft(now, Event::new(Body::BatchLeft { batch, user, at: None }));
        }
    }
}
