//! Forgotten clock-outs: what tells when somebody left is proposed, and nothing is closed by it.

use crate::{
    calendar::Calendar,
    command::{Accepted, Refusal},
    engine::{Engine, Event, Words, commands::bad},
    fact::{
        Body,
        labor::{Evidence, LaborAsked, LaborConfirmed, OutMissed, OutTold, Stood},
    },
    hours,
    id::{RecordId, UserId},
    plant::{Missed, Presence},
    reference::Reference,
    time::{Micros, Moment},
};

/// How often people who are still clocked in are looked at.
const EVERY_US: i64 = 60_000_000;

/// Nobody works for longer where there is no calendar that says when a shift ends.
const LONGEST_US: i64 = 12 * 3_600_000_000;

/// What somebody asks of their own record.
pub(in crate::engine) struct LaborWish<'a> {
    pub entry: RecordId,
    pub from: Option<Micros>,
    pub until: Option<Micros>,
    pub void: bool,
    pub reason: Option<&'a str>,
}

impl Engine {
    /// Notes who seems to have gone without clocking out, so long after the end of their shift.
    pub(in crate::engine) fn miss_outs(&mut self, now: &Moment) {
        if now.at.mono_us < self.outs_us {
            return;
        }
        self.outs_us = now.at.mono_us.saturating_add(EVERY_US);
        let Some(reference) = self.reference.clone() else { return };
        let calendar = reference.calendar();
        let due: Vec<(UserId, OutMissed)> = self
            .plant
            .labor
            .iter()
            .filter(|(_, presence)| presence.missed.is_none())
            .filter_map(|(user, presence)| {
                let end = shift_end(calendar.as_ref(), presence);
                let last = presence.seen.as_ref().map_or(Micros(0), |seen| seen.at.wall_us);
                let due = end.0.max(last.0).saturating_add(self.forgotten_us);
                let Missed { proposed, evidence } = proposal(presence, calendar.is_some(), end);
                let (user, entry) = (*user, presence.entry);
                let missed = OutMissed { user, entry, proposed, evidence };
                (now.at.wall_us.0 >= due).then_some((user, missed))
            })
            .collect();
        for (_, missed) in due {
            self.draft(now, Event::new(Body::OutMissed(missed)));
        }
    }

    /// The person says when they left.
    pub(in crate::engine) fn tell_out(
        &mut self,
        reference: &Reference,
        (key, salt): (&str, &str),
        (badge, entry, until): (&str, RecordId, Micros),
        reason: Option<&str>,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let user = super::by_badge(reference, badge)?.id;
        let unended = self.plant.unended.get(&entry).filter(|unended| unended.user == user);
        let open = self.plant.labor.get(&user).filter(|presence| presence.entry == entry);
        let (presence, latest, batches) = match (unended, open) {
            (Some(it), _) => (it.presence.clone(), it.until, it.batches.clone()),
            (None, Some(presence)) => (presence.clone(), now.at.wall_us, self.plant.works_on(user)),
            (None, None) => return Err(Refusal::NoSuchEntry),
        };
        let from_us = presence.since.at.wall_us;
        if until < from_us || until > latest {
            return Err(Refusal::OutOutside { from_us, until_us: latest });
        }
        let is_open = unended.is_none();
        let proposed = presence.missed.as_ref().and_then(|missed| missed.proposed);
        let words = Words::of("reason", salt, reason)?;
        if proposed != Some(until) && words.is_empty() {
            return Err(Refusal::ReasonNeeded);
        }
        if let Some(away) = &presence.away {
            let until = until.max(away.since.at.wall_us);
            let told = OutTold { user, entry: away.entry, until, proposed: None, reason: None };
            self.draft(now, Event::new(Body::OutTold(told)).by(Some(user)));
        }
        let reason = words.commitment();
        let told = OutTold { user, entry, until, proposed, reason };
        let event = Event::new(Body::OutTold(told)).words(words);
        let accepted = self.accept(now, event.by(Some(user)).key(key));
        for batch in &batches {
            self.left_then(user, *batch, (Some(user), until), now);
        }
        // Whoever has come anew since then is on their batches by that.
        if is_open {
            self.leave_jobs(user, Some(until), now);
            self.leave(user, &batches, now);
        }
        Ok(accepted)
    }

    /// The person has read their record.
    pub(in crate::engine) fn confirm_labor(
        &mut self,
        reference: &Reference,
        key: &str,
        (badge, entries): (&str, &[Stood]),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let user = super::by_badge(reference, badge)?.id;
        if entries.is_empty() || entries.len() > MOST_STOOD {
            return Err(bad("entries", "must be 1 to 100"));
        }
        let confirmed = LaborConfirmed { user, entries: entries.to_vec() };
        let event = Event::new(Body::LaborConfirmed(confirmed)).by(Some(user)).key(key);
        Ok(self.accept(now, event))
    }

    /// The person asks headquarters for something.
    pub(in crate::engine) fn ask_labor(
        &mut self,
        reference: &Reference,
        (key, salt): (&str, &str),
        (badge, wish): (&str, LaborWish<'_>),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let user = super::by_badge(reference, badge)?.id;
        let LaborWish { entry, from, until, void, reason } = wish;
        let reversed = from.zip(until).is_some_and(|(from, until)| until < from);
        let late = from.max(until).is_some_and(|at| at > now.at.wall_us);
        if reversed || late {
            let from_us = from.unwrap_or_default();
            return Err(Refusal::OutOutside { from_us, until_us: now.at.wall_us });
        }
        let words = Words::of("reason", salt, reason)?;
        if words.is_empty() {
            return Err(Refusal::ReasonNeeded);
        }
        let reason = words.commitment();
        let asked = LaborAsked { user, entry, from, until, void, reason };
        let event = Event::new(Body::LaborAsked(asked)).words(words);
        Ok(self.accept(now, event.by(Some(user)).key(key)))
    }
}

/// A line of the log has room for so many.
const MOST_STOOD: usize = 100;

/// When the shift ends that somebody is clocked in for.
fn shift_end(calendar: Option<&Calendar>, presence: &Presence) -> Micros {
    let since = presence.since.at.wall_us;
    let shift = calendar.and_then(|calendar| hours::came_for(calendar, since));
    shift.map_or(Micros(since.0.saturating_add(LONGEST_US)), |shift| shift.at.until)
}

/// What tells when they left.
fn proposal(presence: &Presence, is_shift: bool, end: Micros) -> Missed {
    match &presence.seen {
        Some(seen) => Missed {
            proposed: Some(seen.at.wall_us),
            evidence: match presence.taken_over {
                Some(_) => Evidence::TakenOver,
                None => Evidence::LastKey,
            },
        },
        None if is_shift => Missed { proposed: Some(end), evidence: Evidence::ShiftEnd },
        None => Missed { proposed: None, evidence: Evidence::Nothing },
    }
}
