//! The hours of others: a lead or a supervisor puts an entry right, tells of one that nobody punched, or
//! declines what somebody asked for.
//!
//! What was punched stays; beside it stands who says otherwise, since when, and why. Nobody does it to
//! their own record. How an old entry stood is not known here: whoever asks says what was shown, and the
//! daemon compares that with its rows before the command comes this far.

use crate::{
    command::{Accepted, AddLabor, AmendLabor, Refusal},
    engine::{
        Engine, Event, Words,
        commands::{bad, unknown},
    },
    fact::{
        Body,
        correction::Amendment,
        labor::{LaborAdded, LaborAmended, LaborDeclined},
    },
    id::{RecordId, UserId},
    reference::{Person, Reference},
    time::{Micros, Moment},
};

impl Engine {
    pub(in crate::engine) fn amend_labor(
        &mut self,
        reference: &Reference,
        (key, salt): (&str, &str),
        asked: &AmendLabor,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let AmendLabor { user, entry, before, after, .. } = asked;
        let by = editor(reference, &asked.badge, *user)?;
        let known = Amendment {
            from: after.from,
            until: after.until,
            station: after.station,
            void: after.void,
            ..Amendment::default()
        };
        if known != *after {
            return Err(bad("after", "speaks of times, the station and void only"));
        }
        if after.is_empty() || before == after {
            return Err(Refusal::NothingChanged);
        }
        possible(after.from.or(before.from), after.until.or(before.until), now)?;
        if let Some(station) = after.station {
            super::place(reference, station)?;
        }
        let (words, reason) = why(salt, asked.reason.as_deref())?;
        let (rank, user, entry) = (by.role.rank(), *user, *entry);
        let here = |presence: &crate::plant::Presence| presence.entry == entry;
        let is_open = self.plant.labor.get(&user).is_some_and(here);
        let batches = match self.plant.unended.get(&entry) {
            Some(unended) => unended.batches.clone(),
            None if is_open => self.plant.works_on(user),
            None => Vec::new(),
        };
        let (before, after) = (before.clone(), after.clone());
        let presence = match self.plant.unended.get(&entry) {
            Some(unended) => Some(&unended.presence),
            None => self.plant.labor.get(&user).filter(|presence| here(presence)),
        };
        let since = presence.map(|presence| presence.since.at.wall_us);
        // What never was took no time.
        let until = match after.void {
            Some(true) => since.or(Some(now.at.wall_us)),
            _ => after.until,
        };
        let amended = LaborAmended { entry, user, rank, reason, before, after };
        let event = Event::new(Body::LaborAmended(amended)).words(words);
        let accepted = self.accept(now, event.by(Some(by.id)).key(key));
        if let Some(until) = until {
            for batch in &batches {
                self.left_then(user, *batch, (Some(by.id), until), now);
            }
            // Whoever has come anew since then is on their batches by that.
            if is_open {
                self.leave_jobs(user, Some(until), now);
                self.leave(user, &batches, now);
            }
        }
        Ok(accepted)
    }

    pub(in crate::engine) fn add_labor(
        &mut self,
        reference: &Reference,
        (key, salt): (&str, &str),
        asked: &AddLabor,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let AddLabor { user, station, kind, from, until, .. } = *asked;
        let by = editor(reference, &asked.badge, user)?;
        let whose = reference.person(user).ok_or_else(|| unknown("person"))?;
        super::place(reference, station)?;
        possible(Some(from), until, now)?;
        if until.is_none() && kind.is_some() {
            return Err(bad("until", "a break, a meal or an activity has an end"));
        }
        if until.is_none() && self.plant.labor.contains_key(&user) {
            return Err(Refusal::AlreadyClockedIn { name: whose.name.clone() });
        }
        let (words, reason) = why(salt, asked.reason.as_deref())?;
        let rank = by.role.rank();
        let added = LaborAdded { user, station, kind, from, until, rank, reason };
        let event = Event::new(Body::LaborAdded(added)).words(words);
        Ok(self.accept(now, event.by(Some(by.id)).key(key)))
    }

    pub(in crate::engine) fn decline_labor(
        &mut self,
        reference: &Reference,
        (key, salt): (&str, &str),
        (badge, user, entry, reason): (&str, UserId, RecordId, Option<&str>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let by = editor(reference, badge, user)?;
        let (words, reason) = why(salt, reason)?;
        let declined = LaborDeclined { entry, user, reason };
        let event = Event::new(Body::LaborDeclined(declined)).words(words);
        Ok(self.accept(now, event.by(Some(by.id)).key(key)))
    }
}

/// Whoever may put the record of `user` right: a lead or a supervisor, and never their own.
fn editor<'r>(reference: &'r Reference, badge: &str, user: UserId) -> Result<&'r Person, Refusal> {
    let person = super::by_badge(reference, badge)?;
    let name = || person.name.clone();
    match () {
        () if !person.active => Err(Refusal::Inactive { name: name() }),
        () if !person.role.leads() => Err(Refusal::MayNotAgree { name: name() }),
        () if person.id == user => Err(Refusal::OwnRecord { name: name() }),
        () => Ok(person),
    }
}

/// Nothing ends before it begins, and nothing is told of what has not been yet.
fn possible(from: Option<Micros>, until: Option<Micros>, now: &Moment) -> Result<(), Refusal> {
    let now = now.at.wall_us;
    let reversed = from.zip(until).is_some_and(|(from, until)| until < from);
    match reversed || from.max(until).is_some_and(|at| at > now) {
        true => Err(Refusal::OutOutside { from_us: from.unwrap_or_default(), until_us: now }),
        false => Ok(()),
    }
}

fn why(
    salt: &str,
    reason: Option<&str>,
) -> Result<(Words, Option<crate::fact::Commitment>), Refusal> {
    let words = Words::of("reason", salt, reason)?;
    let reason = words.commitment();
    if reason.is_some() { Ok((words, reason)) } else { Err(Refusal::WhyNeeded) }
}
