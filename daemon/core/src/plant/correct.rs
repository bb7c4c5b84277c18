//! Corrections of headquarters, as far as they are about what goes on now.

use super::{Plant, Said};
use crate::{
    fact::correction::{Correctable, Corrected, CorrectionSeen},
    time::Moment,
};

/// How long a correction that was taken over is remembered. Headquarters sends it for 35 days.
const CORRECTIONS_KEPT_US: i64 = 70 * 24 * 3_600 * 1_000_000;

impl Plant {
    /// Remembers a correction for longer than headquarters, by whose clock it goes, sends it down.
    pub(crate) fn see(&mut self, seen: &CorrectionSeen) {
        self.corrections.insert((seen.made, seen.correction));
        let newest = self.corrections.last().map_or(seen.made, |(made, _)| *made);
        let floor = newest.0.saturating_sub(CORRECTIONS_KEPT_US);
        while self.corrections.first().is_some_and(|(made, _)| made.0 < floor) {
            self.corrections.pop_first();
        }
        self.correct(seen, &seen.corrects());
    }

    /// Takes over what headquarters corrected, as far as it is about what goes on now.
    pub(super) fn correct(&mut self, seen: &CorrectionSeen, corrected: &Corrected) {
        let after = &corrected.after;
        match corrected.kind {
            Correctable::Labor => self.correct_labor(corrected),
            Correctable::Batch if corrected.ends() => self.complete(corrected.record),
            Correctable::Batch => {
                if let Some(batch) = self.batches.get_mut(&corrected.record) {
                    batch.product = after.product.unwrap_or(batch.product);
                    batch.station = after.station.or(batch.station);
                    batch.from = after.from.map_or_else(|| batch.from.clone(), Moment::by_wall);
                }
            },
            Correctable::Stop => {
                if after.void == Some(true) {
                    self.stops.remove(&corrected.record);
                }
                let Some(stop) = self.stops.get_mut(&corrected.record) else { return };
                if let Some(downtime) = &after.downtime {
                    let said = Said {
                        origin: self.origin,
                        seq: self.head,
                        at: seen.made,
                        by: seen.by,
                        reason: downtime.reason,
                        label: downtime.label.clone(),
                        group_type: downtime.group_type.clone(),
                        rank: corrected.rank,
                        corrected: true,
                    };
                    stop.say(said, self.head);
                }
                stop.from = after.from.map_or_else(|| stop.from.clone(), Moment::by_wall);
                // A stop that goes on does so on the screen too.
                stop.until =
                    stop.until.take().map(|until| after.until.map_or(until, Moment::by_wall));
            },
        }
    }

    pub(super) fn correct_labor(&mut self, corrected: &Corrected) {
        let after = &corrected.after;
        if corrected.ends() {
            self.unended.remove(&corrected.record);
            for presence in self.labor.values_mut() {
                presence.away.take_if(|away| away.entry == corrected.record);
            }
        }
        let present = self.labor.iter().find(|(_, presence)| presence.entry == corrected.record);
        let Some(user) = present.map(|(user, _)| *user) else { return };
        let Some(mut presence) = self.labor.remove(&user) else { return };
        if corrected.ends() {
            return;
        }
        presence.missed = None;
        presence.station = after.station.unwrap_or(presence.station);
        if let Some(from) = after.from {
            presence.since = Moment::by_wall(from);
        }
        self.labor.insert(after.user.unwrap_or(user), presence);
    }
}
