//! When headquarters' time takes the place of the computer's.

use super::{Engine, Event};
use crate::{
    clock::News,
    fact::{Body, clock::Retimed},
    time::Moment,
};

impl Engine {
    /// Writes down what became of the computer's clock.
    pub fn on_clock(&mut self, news: &News, now: &Moment) {
        if let Some(stepped) = &news.stepped {
            self.draft(now, Event::new(Body::ClockStepped(stepped.clone())));
        }
        if let Some(corrected) = &news.corrected {
            self.draft(now, Event::new(Body::ClockCorrected(corrected.clone())));
        }
    }

    /// Writes down that records which were told by a wrong clock go by the right one.
    pub fn retime(&mut self, retimed: Retimed, now: &Moment) {
        for retimed in retimed.parts() {
            self.draft(now, Event::new(Body::Retimed(retimed)));
        }
    }

    /// What was seen before the clock was corrected is told by the right time, too.
    pub(super) fn by_the_right_time(&self, body: &mut Body, now: &Moment) {
        let Some((_, zero)) = self.plant.clock.as_ref().filter(|(boot, _)| *boot == now.boot)
        else {
            return;
        };
        match body {
            Body::StateChanged { equipment, from, .. } => {
                *from = self.not_before(*equipment, from.by(*zero), now);
            },
            Body::ProductSeen(seen) => seen.from = seen.from.by(*zero),
            Body::BatchStarted(started) => started.from = started.from.by(*zero),
            Body::Counted(counted) => {
                *counted = counted.clone().by(*zero);
            },
            _ => {},
        }
    }
}
