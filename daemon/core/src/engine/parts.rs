//! The parts of a stop that was split go where the stop goes when its own bounds turn out to be others.

use super::{Engine, Event};
use crate::{
    fact::{
        Body,
        replay::{self, Rederived},
        stop::Told,
    },
    id::{RecordId, UserId},
    plant::Stop,
    time::{Micros, Moment},
};

/// From when until when.
type Bounds = (Micros, Micros);

/// Where the parts of a whole lie once that has other bounds: the first begins with it, the last ends
/// with it, and borders between them stay. `None` is a part that lies outside now.
fn moved(parts: &[Bounds], (from, until): Bounds) -> Vec<Option<Bounds>> {
    let last = parts.len().saturating_sub(1);
    let part = |(place, (began, ended)): (usize, &Bounds)| {
        let began = if place == 0 { from } else { from.max(*began) };
        let ended = if place == last { until } else { until.min(*ended) };
        (began < ended).then_some((began, ended))
    };
    parts.iter().enumerate().map(part).collect()
}

impl Engine {
    /// Whether what stands in the place of a stop is its parts.
    pub(super) fn is_split(&self, whole: RecordId, stop: &Stop) -> bool {
        stop.replaced.iter().all(|id| {
            let part = self.plant.stops.get(id);
            part.is_none_or(|part| part.told == Some(Told::Part) && part.of == [whole])
        })
    }

    /// The stop `whole` has other bounds: its parts follow, and theirs.
    pub(super) fn parts_follow(&mut self, whole: RecordId, by: Option<UserId>, now: &Moment) {
        let Some(stop) = self.plant.stops.get(&whole) else { return };
        let Some(lies) = bounds(stop) else { return };
        let part = |(id, stop): (&RecordId, &Stop)| {
            let part = stop.told == Some(Told::Part) && stop.of == [whole];
            Some((*id, bounds(stop)?)).filter(|_| part)
        };
        let mut parts: Vec<(RecordId, Bounds)> = self.plant.stops.iter().filter_map(part).collect();
        parts.sort_by_key(|(id, bounds)| (*bounds, *id));
        let before: Vec<Bounds> = parts.iter().map(|(_, bounds)| *bounds).collect();
        for ((id, before), after) in parts.into_iter().zip(moved(&before, lies)) {
            if after == Some(before) {
                continue;
            }
            let Some(rederived) = self.part(id, after) else { continue };
            self.draft(now, Event::new(Body::Rederived(rederived)).by(by));
            match after {
                Some(_) => self.parts_follow(id, by, now),
                None => self.drop_parts(id, by, now),
            }
        }
    }

    /// A part that lies outside takes its own parts along.
    fn drop_parts(&mut self, whole: RecordId, by: Option<UserId>, now: &Moment) {
        let part =
            |(_, stop): &(&RecordId, &Stop)| stop.told == Some(Told::Part) && stop.of == [whole];
        let parts: Vec<RecordId> =
            self.plant.stops.iter().filter(part).map(|(id, _)| *id).collect();
        for id in parts {
            let Some(rederived) = self.part(id, None) else { continue };
            self.draft(now, Event::new(Body::Rederived(rederived)).by(by));
            self.drop_parts(id, by, now);
        }
    }

    fn part(&self, id: RecordId, bounds: Option<Bounds>) -> Option<Rederived> {
        let stop = self.plant.stops.get(&id)?;
        let reference = self.reference.as_ref();
        let station = reference.and_then(|it| Self::station(it, stop.equipment));
        let event = |(from, until)| replay::Event {
            station,
            state: stop.state,
            from,
            until,
            rule: Told::Part.word().to_owned(),
            map: String::new(),
            batch: stop.batch,
            detail: stop.detail.clone(),
        };
        Some(Rederived {
            equipment: stop.equipment,
            record: Some(id),
            now: bounds.map(event),
            instead: stop.of.first().copied().filter(|_| bounds.is_none()),
            explained: None,
        })
    }
}

fn bounds(stop: &Stop) -> Option<Bounds> {
    let until = stop.until.as_ref()?;
    Some((stop.from.at.wall_us, until.wall_after(&stop.from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(from: i64, until: i64) -> Bounds {
        (Micros(from), Micros(until))
    }

    #[test]
    fn parts_fill_the_whole_and_borders_stay() {
        let parts = [bounds(10, 20), bounds(20, 25), bounds(25, 40)];
        let lie = |from, until| moved(&parts, bounds(from, until));
        let some = |all: &[(i64, i64)]| -> Vec<_> {
            all.iter().map(|(from, until)| Some(bounds(*from, *until))).collect()
        };
        assert_eq!(lie(10, 40), some(&[(10, 20), (20, 25), (25, 40)]));
        assert_eq!(lie(5, 50), some(&[(5, 20), (20, 25), (25, 50)]));
        assert_eq!(lie(12, 30), some(&[(12, 20), (20, 25), (25, 30)]));
        assert_eq!(lie(22, 40), [None, Some(bounds(22, 25)), Some(bounds(25, 40))]);
        assert_eq!(lie(20, 40), [None, Some(bounds(20, 25)), Some(bounds(25, 40))]);
        assert_eq!(lie(10, 23), [Some(bounds(10, 20)), Some(bounds(20, 23)), None]);
        assert_eq!(lie(60, 70), [None, None, Some(bounds(60, 70))]);
    }
}
