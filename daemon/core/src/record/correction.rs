//! Corrections of one record: for each field the one of the highest rank that sets it, among equal
//! ranks the newest. A set, so that they may arrive in any order and more than once.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::Assertion;
use crate::{
    fact::{
        Body, Fact,
        correction::{Amendment, Correctable, CorrectionSeen, Downtime},
    },
    id::{Origin, ProductId, StationId, UserId},
    time::Micros,
};

/// A higher role beats a lower one, equal roles the newer decision.
pub(super) type Rank = (u8, Assertion);

/// All corrections of one record.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Corrections(BTreeSet<(u8, Assertion, Amendment, Option<UserId>)>);

/// A correction as its facts tell it: that of headquarters, the terminal's that has seen it, or one that
/// was made at a terminal.
fn told(origin: Origin, fact: &Fact) -> Option<(u8, Assertion, &Amendment, Option<UserId>)> {
    let own = || Assertion::of(origin, fact);
    match &fact.fact {
        Body::Corrected(corrected) => Some((corrected.rank, own(), &corrected.after, fact.by)),
        Body::LaborAmended(amended) => Some((amended.rank, own(), &amended.after, fact.by)),
        Body::CorrectionSeen(CorrectionSeen { origin, seq, made, by, corrected, .. }) => {
            let assertion = Assertion { wall_us: made.0, origin: *origin, seq: *seq };
            Some((corrected.rank, assertion, &corrected.after, *by))
        },
        _ => None,
    }
}

impl Corrections {
    /// Takes a correction in; `false` when `fact` is none.
    pub(super) fn add(&mut self, origin: Origin, fact: &Fact) -> bool {
        let Some((rank, assertion, after, by)) = told(origin, fact) else { return false };
        self.0.insert((rank, assertion, after.clone(), by));
        true
    }

    /// For the states of records: most have none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The winner of one field.
    fn last<T>(&self, field: impl Fn(&Amendment) -> Option<T>) -> Option<T> {
        self.0.iter().rev().find_map(|(.., after, _)| field(after))
    }

    pub(super) fn from(&self) -> Option<Micros> {
        self.last(|after| after.from)
    }

    pub(super) fn until(&self) -> Option<Micros> {
        self.last(|after| after.until)
    }

    pub(super) fn station(&self) -> Option<StationId> {
        self.last(|after| after.station)
    }

    pub(super) fn user(&self) -> Option<UserId> {
        self.last(|after| after.user)
    }

    pub(super) fn good(&self) -> Option<i64> {
        self.last(|after| after.good)
    }

    pub(super) fn scrap(&self) -> Option<i64> {
        self.last(|after| after.scrap)
    }

    pub(super) fn product(&self) -> Option<ProductId> {
        self.last(|after| after.product)
    }

    pub(super) fn is_void(&self) -> bool {
        self.void() == Some(true)
    }

    /// Whether it never happened, where a correction says so or that it did.
    pub(super) fn void(&self) -> Option<bool> {
        self.last(|after| after.void)
    }

    /// All of them: which fact says it, what, and who.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Assertion, &Amendment, Option<UserId>)> {
        self.0.iter().map(|(_, assertion, after, by)| (assertion, after, *by))
    }

    /// The downtime reason with its rank and author, to be weighed against explanations.
    pub(super) fn downtime(&self) -> Option<(Rank, &Downtime, Option<UserId>)> {
        self.0.iter().rev().find_map(|(rank, assertion, after, by)| {
            Some(((*rank, assertion.clone()), after.downtime.as_ref()?, *by))
        })
    }
}

/// A record as it stands before a correction.
#[derive(Clone, PartialEq, Debug)]
pub struct Standing {
    /// What kind of record it is.
    pub kind: Correctable,
    /// Whose log began it.
    pub owner: Origin,
    /// Further logs that began the same batch, unseen.
    pub others: Vec<Origin>,
    /// The fields that can be corrected.
    pub fields: Amendment,
    /// Whether somebody has corrected it.
    pub corrected: bool,
}

impl Standing {
    /// The fields that `after` speaks of, as they stand.
    pub fn before(&self, after: &Amendment) -> Amendment {
        let of = &self.fields;
        Amendment {
            from: after.from.and(of.from),
            until: after.until.and(of.until),
            station: after.station.and(of.station),
            user: after.user.and(of.user),
            downtime: after.downtime.as_ref().and(of.downtime.clone()),
            good: after.good.and(of.good),
            scrap: after.scrap.and(of.scrap),
            product: after.product.and(of.product),
            void: after.void.and(of.void),
        }
    }

    /// What is wrong with a correction, in words for whoever asked for it.
    pub fn check(&self, after: &Amendment, now: Micros) -> Result<(), String> {
        let kind = self.kind.word();
        if after.is_empty() {
            return Err("the correction changes nothing".to_owned());
        }
        if self.before(after) == *after {
            return Err(format!("the {kind} stands like that already"));
        }
        let (labor, stop, batch) = match self.kind {
            Correctable::Labor => (true, false, false),
            Correctable::Stop => (false, true, false),
            Correctable::Batch => (false, false, true),
        };
        let fields = [
            (after.user.is_some(), labor, "person"),
            (after.downtime.is_some(), stop, "downtime reason"),
            (after.good.is_some() || after.scrap.is_some(), batch, "number of parts"),
            (after.product.is_some(), batch, "product"),
        ];
        if let Some((.., field)) = fields.iter().find(|(told, has, _)| *told && !has) {
            return Err(format!("a {kind} has no {field}"));
        }
        let from = after.from.or(self.fields.from);
        let until = after.until.or(self.fields.until);
        if until.is_some_and(|until| from.is_some_and(|from| until < from)) {
            return Err(format!("the {kind} would end before it begins"));
        }
        if after.from.into_iter().chain(after.until).any(|time| time > now) {
            return Err("a correction is about what has been, not about what will be".to_owned());
        }
        if [after.good, after.scrap]
            .iter()
            .flatten()
            .any(|parts| !(0..=i64::from(i32::MAX)).contains(parts))
        {
            return Err("parts are counted from 0 to 2,147,483,647".to_owned());
        }
        Ok(())
    }
}

/// `from` and `until` as corrections leave them: never an end before the beginning. Says how long
/// it took where a correction moved either of them; otherwise the clock of the terminal knows better.
pub(super) struct Span {
    pub(super) from: Micros,
    pub(super) until: Option<Micros>,
    pub(super) moved_us: Option<i64>,
}

impl Span {
    pub(super) fn of(corrections: &Corrections, from: Micros, until: Option<Micros>) -> Self {
        let told = (corrections.from(), corrections.until());
        let from = told.0.unwrap_or(from);
        let until = told.1.or(until).map(|until| until.max(from));
        let moved = told.0.is_some() || told.1.is_some();
        let moved_us = until.filter(|_| moved).map(|until| until.0.saturating_sub(from.0));
        Self { from, until, moved_us }
    }
}

#[cfg(test)]
mod tests;
