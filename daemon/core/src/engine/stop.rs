//! Stops are explained, and explained otherwise. What becomes of the stops themselves is decided
//! beside it.

use super::{
    Engine, Event, Words,
    commands::{Asked, unknown},
    people,
};
use crate::{
    command::{Accepted, Command, Refusal},
    fact::{
        Body,
        stop::{Choice, ExplanationWithdrawn},
    },
    id::{ReasonId, RecordId, UserId},
    plant::Stop,
    reference::{Person, Reference, Role},
    suggest,
    time::{Micros, Moment},
};

/// Where nobody knows of shifts, so long is one's own explanation one's own, microseconds.
const OWN_US: i64 = 12 * 3_600 * 1_000_000;

/// Stops that are explained at once at most.
const MOST: usize = 100;

/// Who asks, as far as that is known.
#[derive(Clone, Copy)]
pub(super) struct Asker<'r> {
    pub(super) by: Option<UserId>,
    person: Option<&'r Person>,
}

impl<'r> Asker<'r> {
    pub(super) fn of(reference: &'r Reference, by: Option<UserId>) -> Result<Self, Refusal> {
        Ok(Self { by, person: people::known(reference, by)? })
    }

    pub(super) fn rank(self) -> u8 {
        self.person.map_or(0, |person| person.role.rank())
    }

    /// Whether this person may say something else of a stop than is said, with or without a why.
    pub(super) fn may_change(
        self,
        reference: &Reference,
        stop: &Stop,
        why: bool,
        now: &Moment,
    ) -> Result<(), Refusal> {
        let Some(said) = stop.holds() else { return Ok(()) };
        if self.rank() < said.rank {
            return Err(Refusal::HigherRank { label: said.label.clone() });
        }
        let over = shift_over(reference, said.at, now);
        let supervisor = self.person.is_some_and(|person| person.role == Role::Supervisor);
        match over {
            true if !supervisor => Err(Refusal::SupervisorNeeded),
            true if !why => Err(Refusal::WhyNeeded),
            _ => Ok(()),
        }
    }
}

/// Whether the shift of what was said at `at` is over.
fn shift_over(reference: &Reference, at: Micros, now: &Moment) -> bool {
    let shift = reference.calendar().and_then(|calendar| calendar.shift_at(at));
    let own = Micros(at.0.saturating_add(OWN_US));
    now.at.wall_us >= shift.map_or(own, |shift| shift.at.until)
}

impl Engine {
    /// Decides whatever people ask of stops.
    pub(super) fn on_stops(
        &mut self,
        reference: &Reference,
        asked: &Asked<'_>,
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let key = asked.key;
        match asked.command {
            Command::ExplainStop { by, stop, reason, comment } => {
                let asker = Asker::of(reference, *by)?;
                let words = Words::of("comment", asked.salt, comment.as_deref())?;
                self.explain_stop(reference, key, asker, (*stop, *reason, words), now)
            },
            Command::ExplainStops { by, stops, reason } => {
                let asker = Asker::of(reference, *by)?;
                self.explain_stops(reference, key, asker, (stops, *reason), now)
            },
            Command::WithdrawExplanation { by, stop, comment } => {
                let asker = Asker::of(reference, *by)?;
                let why = Words::of("why", asked.salt, comment.as_deref())?;
                self.withdraw_explanation(reference, key, asker, (*stop, why), now)
            },
            Command::SplitStop { by, stop, at } => {
                let asker = Asker::of(reference, Some(self.present(reference, *by)?))?;
                self.split_stop(reference, key, asker, (*stop, *at), now)
            },
            Command::MergeStops { by, stops } => {
                let asker = Asker::of(reference, Some(self.present(reference, *by)?))?;
                self.merge_stops(reference, key, asker, stops, now)
            },
            Command::ShareStops { by, stops, reason } => {
                let asker = Asker::of(reference, Some(self.present(reference, *by)?))?;
                self.share_stops(reference, key, asker, (stops, *reason), now)
            },
            Command::TakeBackEvent { by, event, comment } => {
                let asker = Asker::of(reference, *by)?;
                let why = Words::of("why", asked.salt, comment.as_deref())?;
                self.take_back_event(reference, key, asker, (*event, why), now)
            },
            Command::BeginDowntime { by, machines, reason } => {
                let asker = Asker::of(reference, *by)?;
                self.begin_downtime(reference, key, asker, (machines, *reason), now)
            },
            Command::EndDowntime { by, event } => {
                let asker = Asker::of(reference, *by)?;
                self.end_downtime(reference, key, asker, *event, now)
            },
            Command::TellBlind { by, blind, was } => {
                let asker = Asker::of(reference, *by)?;
                self.tell_blind(reference, key, asker, (*blind, *was), now)
            },
            _ => Err(unknown("command")),
        }
    }

    fn explain_stop(
        &mut self,
        reference: &Reference,
        key: &str,
        asker: Asker<'_>,
        (stop, reason, words): (RecordId, ReasonId, Words),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let known = self.plant.stops.get(&stop).filter(|known| known.stands());
        let known = known.ok_or(Refusal::NoSuchStop)?;
        asker.may_change(reference, known, !words.is_empty(), now)?;
        let body = self.explained(reference, asker, (stop, reason), &words)?;
        let event = Event::new(body).by(asker.by).key(key).words(words);
        Ok(self.accept(now, event))
    }

    /// One fact for each of the stops that nobody has explained meanwhile.
    fn explain_stops(
        &mut self,
        reference: &Reference,
        key: &str,
        asker: Asker<'_>,
        (stops, reason): (&[RecordId], ReasonId),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let waits = |id: &&RecordId| {
            let stop = self.plant.stops.get(*id);
            stop.is_some_and(|stop| stop.stands() && stop.holds().is_none())
        };
        let waiting: Vec<RecordId> = stops.iter().filter(waits).take(MOST).copied().collect();
        let mut accepted = None;
        for stop in waiting {
            let body = self.explained(reference, asker, (stop, reason), &Words::default())?;
            let event = Event::new(body).by(asker.by);
            // The command is known again by its first fact.
            match accepted {
                None => accepted = Some(self.accept(now, event.key(key))),
                Some(_) => drop(self.draft(now, event)),
            }
        }
        accepted.ok_or(Refusal::NoSuchStop)
    }

    /// The fact that a person gives this reason for a stop.
    pub(super) fn explained(
        &self,
        reference: &Reference,
        asker: Asker<'_>,
        (stop, reason): (RecordId, ReasonId),
        words: &Words,
    ) -> Result<Body, Refusal> {
        let (group, reason) = reference.downtime_reason(reason).ok_or_else(|| unknown("reason"))?;
        Ok(Body::StopExplained {
            stop,
            reason: reason.id,
            label: reason.name.clone(),
            group_type: group.group_type.clone(),
            rank: asker.rank(),
            comment: words.commitment(),
            choice: self.choice(reference, stop, reason.id),
        })
    }

    /// Where the reason stands in what is offered for the stop; a twin stands where the other does.
    fn choice(&self, reference: &Reference, stop: RecordId, reason: ReasonId) -> Option<Choice> {
        let stop = self.plant.stops.get(&stop)?;
        let twins = suggest::twins(reference, reason);
        let offered = suggest::suggested(&self.plant, reference, stop);
        let place = offered
            .iter()
            .position(|offer| twins.iter().any(|(_, twin)| twin.id == offer.reason))?;
        let because = offered.get(place)?.because;
        Some(Choice { place: u16::try_from(place).ok()?.saturating_add(1), because })
    }

    fn withdraw_explanation(
        &mut self,
        reference: &Reference,
        key: &str,
        asker: Asker<'_>,
        (stop, words): (RecordId, Words),
        now: &Moment,
    ) -> Result<Accepted, Refusal> {
        let known = self.plant.stops.get(&stop).filter(|known| known.stands());
        let known = known.ok_or(Refusal::NoSuchStop)?;
        asker.may_change(reference, known, !words.is_empty(), now)?;
        let said = known.holds().filter(|said| !said.corrected).ok_or(Refusal::NothingToUndo)?;
        let withdrawn = Body::ExplanationWithdrawn(ExplanationWithdrawn {
            stop,
            origin: said.origin,
            seq: said.seq,
            why: words.commitment(),
        });
        let event = Event::new(withdrawn).by(asker.by).key(key).words(words);
        Ok(self.accept(now, event))
    }
}
