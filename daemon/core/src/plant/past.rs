//! Stops that are otherwise since the past was derived again.

use super::{Plant, Said, Stop};
use crate::{fact::replay::Rederived, id::RecordId, time::Moment};

impl Plant {
    /// Takes over what became of a stop that is over.
    pub(super) fn rederive(&mut self, own: RecordId, rederived: &Rederived) {
        let record = rederived.record.unwrap_or(own);
        let Some(event) = rederived.now.as_ref().filter(|event| event.state.is_downtime()) else {
            self.forget_learned(record);
            self.stops.remove(&record);
            return;
        };
        let known = self.stops.contains_key(&record);
        // One that was forgotten here is not asked about again.
        if !known && rederived.record.is_some() {
            return;
        }
        let begin = || Stop::new(rederived.equipment, event.state, Moment::by_wall(event.from));
        let stop = self.stops.entry(record).or_insert_with(begin);
        stop.state = event.state;
        stop.from = Moment::by_wall(event.from);
        stop.until = Some(Moment::by_wall(event.until));
        stop.detail = event.detail.clone();
        stop.rule.clone_from(&event.rule);
        stop.map.clone_from(&event.map);
        if let Some(carried) = &rederived.explained {
            stop.say(Said::carried(self.origin, carried), self.head);
        }
        self.learn(record);
        self.forget_stops();
    }
}
