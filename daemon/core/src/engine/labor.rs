//! People clock in and out, go to another station, and are away for a while.

use super::{
    Engine, Event,
    commands::{Asked, unknown},
};
use crate::{
    command::{Accepted, Command, Refusal},
    fact::{
        Body,
        labor::{Inside, LaborBegan, LaborEnded, LaborSplit, PinSet, Share},
    },
    id::{RecordId, StationId, UserId},
    plant::{Away, Batch, Presence},
    reference::{Person, Reference},
    time::{Micros, Moment},
};

mod forgotten;
mod others;
mod undo;

use forgotten::LaborWish;
pub use undo::UNDO_US;

impl Engine {
    /// Decides what is about people's own time.
    pub(super) fn on_labor(
        &mut self,
        reference: &Reference,
        asked: &Asked<'_>,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let key = asked.key;
        match asked.command {
            Command::ClockIn { badge, station } => {
                self.clock_in(reference, key, badge, *station, now)
            },
            Command::ClockOut { badge } => self.clock_out(reference, key, badge, now),
            Command::BeginLabor { badge, kind } => {
                self.begin_labor(reference, key, (badge, *kind), now)
            },
            Command::EndLabor { badge } => self.end_labor(reference, key, badge, now),
            Command::MoveTo { badge, station } => {
                self.move_to(reference, key, (badge, *station), now)
            },
            Command::UndoPunch { by, user, entry } => {
                self.undo_punch(reference, key, (*by, *user, *entry), now)
            },
            Command::TellOut { badge, entry, until, reason } => {
                let told = (badge.as_str(), *entry, *until);
                self.tell_out(reference, (key, asked.salt), told, reason.as_deref(), now)
            },
            Command::ConfirmLabor { badge, entries } => {
                self.confirm_labor(reference, key, (badge, entries), now)
            },
            Command::AskLabor { badge, entry, from, until, void, reason } => {
                let wish = LaborWish {
                    entry: *entry,
                    from: *from,
                    until: *until,
                    void: *void,
                    reason: reason.as_deref(),
                };
                self.ask_labor(reference, (key, asked.salt), (badge, wish), now)
            },
            Command::AmendLabor(amend) => {
                self.amend_labor(reference, (key, asked.salt), amend, now)
            },
            Command::AddLabor(add) => self.add_labor(reference, (key, asked.salt), add, now),
            Command::DeclineLabor { badge, user, entry, reason } => {
                let declined = (badge.as_str(), *user, *entry, reason.as_deref());
                self.decline_labor(reference, (key, asked.salt), declined, now)
            },
            Command::SplitLabor { badge, shares } => {
                self.split_labor(reference, key, (badge, shares), now)
            },
            Command::SetPin { badge, .. } => self.set_pin(reference, key, badge, now),
            _ => Err(unknown("command")),
        }
    }

    fn clock_in(
        &mut self,
        reference: &Reference,
        key: &str,
        badge: &str,
        station: StationId,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let person = by_badge(reference, badge)?;
        if !person.active {
            return Err(Refusal::Inactive { name: person.name.clone() });
        }
        place(reference, station)?;
        let user = person.id;
        match self.plant.labor.get(&user) {
            // Whoever forgot to clock out is not held up: the entry stays open until somebody
            // says when it ended.
            Some(Presence { missed: Some(_), .. }) => {},
            Some(_) => return Err(Refusal::AlreadyClockedIn { name: person.name.clone() }),
            None => {},
        }
        let left = self.plant.works_on(user);
        let body = Body::ClockedIn { user, station };
        let accepted = self.accept(now, Event::new(body).by(Some(user)).key(key));
        self.leave(user, &left, now);
        self.join_running(user, station, now);
        Ok(accepted)
    }

    fn clock_out(
        &mut self,
        reference: &Reference,
        key: &str,
        badge: &str,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let (person, presence) = self.by_badge_here(reference, badge)?;
        let (user, left) = self.back_first(person.id, &presence, now);
        let out = Event::new(Body::ClockedOut { user, entry: presence.entry }).by(Some(user));
        let accepted = self.accept(now, out.key(key));
        self.leave(user, &left, now);
        Ok(accepted)
    }

    /// Whoever is away works on nothing meanwhile.
    fn begin_labor(
        &mut self,
        reference: &Reference,
        key: &str,
        (badge, kind): (&str, Inside),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let (person, presence) = self.by_badge_here(reference, badge)?;
        let user = person.id;
        if presence.away.is_some() {
            return Err(Refusal::AlreadyAway { name: person.name.clone() });
        }
        let (station, shift) = (presence.station, presence.entry);
        let left = self.plant.works_on(user);
        let began = Body::LaborBegan(LaborBegan { user, station, kind, shift });
        let accepted = self.accept(now, Event::new(began).by(Some(user)).key(key));
        self.leave(user, &left, now);
        Ok(accepted)
    }

    /// Back from it, and on the same batches as before as far as they still run.
    fn end_labor(
        &mut self,
        reference: &Reference,
        key: &str,
        badge: &str,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let (person, presence) = self.by_badge_here(reference, badge)?;
        let user = person.id;
        let Some(Away { entry, left, .. }) = presence.away else {
            return Err(Refusal::NotAway { name: person.name.clone() });
        };
        let ended = Body::LaborEnded(LaborEnded { user, entry });
        let accepted = self.accept(now, Event::new(ended).by(Some(user)).key(key));
        self.join_again(reference, user, &left, now);
        Ok(accepted)
    }

    /// Out here and in there, in one moment.
    fn move_to(
        &mut self,
        reference: &Reference,
        key: &str,
        (badge, station): (&str, StationId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let (person, presence) = self.by_badge_here(reference, badge)?;
        place(reference, station)?;
        if presence.station == station {
            return Err(Refusal::AlreadyClockedIn { name: person.name.clone() });
        }
        let (user, left) = self.back_first(person.id, &presence, now);
        let out = Event::new(Body::ClockedOut { user, entry: presence.entry }).by(Some(user));
        self.draft(now, out);
        self.leave(user, &left, now);
        let body = Body::ClockedIn { user, station };
        let accepted = self.accept(now, Event::new(body).by(Some(user)).key(key));
        self.join_running(user, station, now);
        Ok(accepted)
    }

    fn split_labor(
        &mut self,
        reference: &Reference,
        key: &str,
        (badge, shares): (&str, &[Share]),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let (person, presence) = self.by_badge_here(reference, badge)?;
        let (user, entry) = (person.id, presence.entry);
        let on = self.plant.works_on(user);
        let whole: u32 = shares.iter().map(|share| u32::from(share.percent)).sum();
        let fits = |(n, share): (usize, &Share)| {
            let twice = shares.iter().take(n).any(|before| before.batch == share.batch);
            share.percent > 0 && !twice && on.contains(&share.batch)
        };
        if whole != 100 || !shares.iter().enumerate().all(fits) {
            return Err(Refusal::BadShares);
        }
        let split = Body::LaborSplit(LaborSplit { user, entry, shares: shares.to_vec() });
        Ok(self.accept(now, Event::new(split).by(Some(user)).key(key)))
    }

    /// The PIN itself never comes this far.
    fn set_pin(
        &mut self,
        reference: &Reference,
        key: &str,
        badge: &str,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let user = by_badge(reference, badge)?.id;
        let event = Event::new(Body::PinSet(PinSet { user })).by(Some(user)).key(key);
        Ok(self.accept(now, event))
    }

    /// Everybody clocked in at `station` and not away, and `who` wherever they are.
    pub(super) fn at_station(&self, station: Option<StationId>, who: UserId) -> Vec<UserId> {
        let here = |presence: &Presence| {
            Some(presence.station) == station
                && presence.away.is_none()
                && presence.missed.is_none()
        };
        let present = self.plant.labor.iter();
        present.filter(|(user, at)| **user == who || here(at)).map(|(user, _)| *user).collect()
    }

    fn by_badge_here<'r>(
        &self,
        reference: &'r Reference,
        badge: &str,
    ) -> Result<(&'r Person, Presence), Refusal> {
        let person = by_badge(reference, badge)?;
        let presence = self.plant.labor.get(&person.id).cloned();
        let absent = || Refusal::NotClockedIn { name: person.name.clone() };
        Ok((person, presence.ok_or_else(absent)?))
    }

    /// Tells that somebody left a batch earlier than now, though not before it began. It only
    /// shortens their time on it: whoever is still on it has to leave it besides.
    fn left_then(
        &mut self,
        user: UserId,
        batch: RecordId,
        (by, at): (Option<UserId>, Micros),
        now: &Moment,
    ) {
        let began = self.plant.batches.get(&batch).map(|batch| batch.from.at.wall_us);
        let at = Some(at.max(began.unwrap_or(at)));
        self.draft(now, Event::new(Body::BatchLeft { batch, user, at }).by(by));
    }

    /// Whoever is away is back before the shift ends. Gives the batches that they leave with it.
    fn back_first(
        &mut self,
        user: UserId,
        presence: &Presence,
        now: &Moment,
    ) -> (UserId, Vec<RecordId>) {
        if let Some(Away { entry, .. }) = presence.away {
            let ended = LaborEnded { user, entry };
            self.draft(now, Event::new(Body::LaborEnded(ended)).by(Some(user)));
        }
        (user, self.plant.works_on(user))
    }

    fn leave(&mut self, user: UserId, batches: &[RecordId], now: &Moment) {
        self.leave_jobs(user, None, now);
        for batch in batches {
            let left = Body::BatchLeft { batch: *batch, user, at: None };
            self.draft(now, Event::new(left).by(Some(user)));
        }
    }

    /// Whoever comes to a station works on what runs there.
    fn join_running(&mut self, user: UserId, station: StationId, now: &Moment) {
        let runs = |batch: &Batch| batch.station == Some(station) && batch.paused.is_none();
        let here = self.plant.batches.iter().filter(|(_, batch)| runs(batch));
        let running: Vec<RecordId> = here.map(|(id, _)| *id).collect();
        for batch in running {
            self.draft(now, Event::new(Body::BatchJoined { batch, user }).by(Some(user)));
        }
    }

    /// On those of `batches` that still run and that the person is not on.
    fn join_again(
        &mut self,
        reference: &Reference,
        user: UserId,
        batches: &[RecordId],
        now: &Moment,
    ) {
        let on = self.plant.works_on(user);
        for batch in batches.iter().filter(|batch| !on.contains(batch)) {
            let own = self.plant.batches.get(batch).map(|own| own.paused.is_none());
            if own.unwrap_or_else(|| self.elsewhere(reference, *batch).is_some()) {
                let joined = Body::BatchJoined { batch: *batch, user };
                self.draft(now, Event::new(joined).by(Some(user)));
            }
        }
        self.back_on_job(reference, user, now);
    }
}

/// A station that people can work at.
fn place(reference: &Reference, station: StationId) -> Result<(), Refusal> {
    let place = reference.station(station).ok_or_else(|| unknown("station"))?;
    match place.machine_only {
        true => Err(Refusal::MachineOnly { station: place.code.clone() }),
        false => Ok(()),
    }
}

fn by_badge<'r>(reference: &'r Reference, badge: &str) -> Result<&'r Person, Refusal> {
    let shown: String = badge.chars().take(40).collect();
    reference.person_by_badge(badge.trim()).ok_or(Refusal::UnknownBadge { badge: shown })
}
