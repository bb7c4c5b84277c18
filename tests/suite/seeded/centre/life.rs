//! Lives of a log: how far both sides have the same one, and how the next one begins.

use std::sync::Arc;

use kart_core::fact::{Fact, Hash};
use kart_core::id::{Origin, TerminalId};
use kart_core::plant::Plant;
use kart_hq::decisions::{LifeStanding, Shown, shown};
use kart_wire::{Common, Found, Point, Problem, Renew, Renewed, code};
use uuid::Uuid;

use super::super::truth::Name;
use super::{Centre, Life, State, problem};

/// What a restore has cost, as `edge.audit` and `edge.lives` keep it: written down when a terminal
/// shows a life that headquarters knows no more.
pub(super) struct Loss {
    /// The life that stands here instead, and its last fact.
    held: (String, u64),
    /// The life that is shown.
    shown: String,
    /// The range of the held life that is lost, where the shown one follows it at once.
    gap: Option<(u64, u64)>,
}

impl State {
    /// The logs that have ended, with their last facts here.
    pub(super) fn ended(&self) -> impl Iterator<Item = (Origin, u64)> {
        self.lives.iter().map(|((terminal, life), ended)| {
            let incarnation = life.parse().unwrap();
            (Origin { terminal: TerminalId(*terminal), incarnation }, ended.end.seq)
        })
    }
}

impl Centre {
    /// Whether it was said of a fact that it is lost.
    pub(in super::super) fn named(&self, (origin, seq): Name) -> bool {
        let life = origin.incarnation.to_string();
        self.losses.iter().any(|Loss { held: (held, last), shown, gap }| match gap {
            Some((from, to)) => *held == life && (from..=to).contains(&&seq),
            None if *held == life => seq > *last,
            None => self.follows(shown, &life) && self.follows(&life, held),
        })
    }

    /// Whether a life was granted after another one, at once or later.
    fn follows(&self, life: &String, earlier: &String) -> bool {
        let before = std::iter::successors(Some(life), |life| self.granted.get(*life));
        before.skip(1).any(|life| life == earlier)
    }

    /// The last of the places that headquarters has with the same hash, or got again since.
    pub(in super::super) fn common(&self, id: Uuid, common: &Common) -> Result<Found, Problem> {
        let life = &common.incarnation;
        let known = |point: &&Point| {
            let Ok(hash) = point.hash.parse::<Hash>() else { return false };
            let stored = self.state.inbox.get(&(id, life.clone(), point.seq));
            stored.is_some_and(|stored| stored.hash == hash)
                || self.state.reissued.contains(&(id, life.clone(), point.seq, hash.0))
        };
        let seq = common.points.iter().filter(known).map(|point| point.seq).max();
        let watermark = self.state.terminals[&id].watermark;
        Ok(Found { seq: seq.unwrap_or_default(), watermark })
    }

    /// Ends the present life of a log and begins another one.
    pub(in super::super) fn renew(&mut self, id: Uuid, renew: &Renew) -> Result<Renewed, Problem> {
        if let Some(renewed) = self.renewed(id, &renew.incarnation) {
            return Ok(renewed);
        }
        let known = self.state.terminals.get(&id).ok_or_else(|| problem(code::UNAUTHORIZED))?;
        if known.nonce != renew.nonce {
            return Err(problem(code::CLONED));
        }
        let former = (id, renew.former.clone());
        let ends = (id, known.incarnation.clone());
        let end = Point { seq: known.watermark, hash: known.hash.to_string() };
        let here = LifeStanding {
            terminal: id,
            incarnation: &ends.1,
            watermark: end.seq,
            hash: &end.hash,
        };
        let told = shown(renew, &here);
        match told {
            Shown::Unconnected => return Err(problem(code::ROLLED_BACK)),
            Shown::Nothing if renew.former != ends.1 && !self.state.lives.contains_key(&former) => {
                return Err(problem(code::OTHER_INCARNATION));
            },
            _ => {},
        }
        if let (Shown::Ends(gap), Some(granted)) = (told, &renew.granted) {
            let (held, shown) = ((ends.1.clone(), end.seq), granted.incarnation.clone());
            self.losses.push(Loss { held, shown, gap });
        }
        self.granted.insert(renew.incarnation.clone(), ends.1.clone());
        let plant = self.replay(id, &ends.1);
        let life = Life { end, plant, successor: renew.incarnation.clone() };
        self.state.lives.insert(ends, Arc::new(life));
        let known = self.state.terminals.get_mut(&id).unwrap();
        known.incarnation.clone_from(&renew.incarnation);
        (known.watermark, known.hash, known.safe_seq) = (0, Hash::ZERO, 0);
        self.renewed(id, &renew.incarnation).ok_or_else(|| problem(code::UNAVAILABLE))
    }

    fn renewed(&self, id: Uuid, successor: &str) -> Option<Renewed> {
        let mut lives = self.state.lives.iter();
        let ((_, former), life) =
            lives.find(|((of, _), life)| *of == id && life.successor == successor)?;
        Some(Renewed {
            incarnation: successor.to_owned(),
            former_terminal: id,
            former: former.clone(),
            end: life.end.clone(),
            plant: serde_json::to_value(&life.plant).unwrap(),
        })
    }

    /// What the facts of a life add up to, on top of what it inherited.
    fn replay(&self, id: Uuid, life: &str) -> Plant {
        let origin = Origin { terminal: TerminalId(id), incarnation: life.parse().unwrap() };
        let mut lives = self.state.lives.iter();
        let inherited = lives.find(|((of, _), ended)| *of == id && ended.successor == life);
        let mut plant = inherited
            .map_or_else(|| Plant::new(origin), |(_, ended)| ended.plant.clone().inherit(origin));
        let place = |seq| (id, life.to_owned(), seq);
        for (_, stored) in self.state.inbox.range(place(0)..=place(u64::MAX)) {
            if let Ok(fact) = Fact::parse(&stored.line) {
                plant.apply(&fact);
            }
        }
        plant
    }
}
