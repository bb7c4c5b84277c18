//! What became of the wall clock, written down with what was told by it when it was wrong.

use std::sync::Arc;

use kart_core::time::Moment;
use kart_store::{Append, StoreError};

use super::Recorder;

impl Recorder {
    /// Writes down what became of the wall clock, before anything else is stamped by it; `false` when
    /// the disk refuses it.
    pub(super) async fn mind_the_clock(&mut self) -> Result<bool, StoreError> {
        let (news, looked) = self.clock.news();
        if news.is_none() {
            self.clock.written(&news, looked);
            return Ok(true);
        }
        let mut engine = (*self.shown.borrow().engine).clone();
        let expected = Some(engine.plant.head + 1);
        let now = self.clock.moment();
        engine.on_clock(&news, &now);
        if let Some(corrected) = &news.corrected {
            let (boot, zero, at) = (now.boot.clone(), corrected.zero, now.at);
            // From here on stamps are right.
            let right = Moment { at: at.by(zero), boot: boot.clone() };
            let wrong = self.readers.ask(move |reader| reader.wrong(&boot, zero, at.mono_us));
            match wrong.await {
                Ok(wrong) => engine.retime(wrong, &right),
                Err(StoreError::Stopped) => return Err(StoreError::Stopped),
                // The time matters more than the rows of before.
                Err(error) => tracing::error!(%error, "rows go on by the wrong clock"),
            }
        }
        let drafts = engine.take_drafts();
        match self.write(Append { expected, drafts, ..Append::default() }).await {
            Ok(()) => {
                tracing::warn!(?news, "the wall clock");
                self.clock.written(&news, looked);
                self.shown.send_modify(|shown| shown.engine = Arc::new(engine));
                Ok(true)
            },
            Err(StoreError::Stopped) => Err(StoreError::Stopped),
            // Tried again in the next round; what else the disk refuses is said on the screen.
            Err(error) => {
                self.refusals.refused(&error, self.clock.stamp().mono_us);
                Ok(false)
            },
        }
    }
}
