//! Saying why: of one stop, of several alike, of one that held up several machines, and what went
//! on while nobody could see.

use kart_api::{Blind, Offer, Stop};
use kart_core::{
    command::{Command, Was},
    fact::stop::Because,
    id::{EquipmentId, ReasonId, RecordId},
    machine::MachineState,
    reference::{Reason, ReasonGroup, Reference},
    suggest::twins,
    time::Micros,
};
use std::collections::{BTreeMap, BTreeSet};

use super::{Sending, Who};
use crate::model::{Choice, Entry, PAGE, TextField};

/// Say why.
#[derive(Clone, Debug)]
pub struct ExplainForm {
    /// What it is about.
    pub about: Subject,
    /// Of which machine.
    pub machine: EquipmentId,
    /// What the machine did.
    pub state: MachineState,
    /// When it began.
    pub from_us: Micros,
    /// Who, where known.
    pub who: Who,
    /// Why: what is left of all reasons by what was typed.
    pub reasons: Choice<Why>,
    /// What was typed to find a reason.
    pub filter: String,
    /// Free text.
    pub comment: TextField,
    /// The comment is in focus, not the reasons.
    pub commenting: bool,
    /// It came by itself, and nobody touched it.
    pub raised: bool,
    /// How far the command is.
    pub sending: Sending,
    all: Vec<Entry<Why>>,
    because: BTreeMap<ReasonId, Because>,
    twins: BTreeMap<ReasonId, Vec<Twin>>,
}

/// What a form is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// One stop.
    Stop(RecordId),
    /// Stops that are alike, each by itself.
    Stops(Vec<RecordId>),
    /// Stops of several machines that had one reason.
    Shared(Vec<RecordId>),
    /// A downtime of everything here that lasts.
    Site,
    /// A time that nobody saw.
    Blind(RecordId),
}

/// What can be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// This reason.
    Reason(ReasonId),
    /// It was no stop: the machine ran.
    Ran,
    /// Nobody can say.
    Nobody,
}

/// A reason as it stands in one of several groups.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Twin {
    reason: ReasonId,
    group: String,
    group_type: String,
}

impl Subject {
    /// The stop or blind time, where it is one.
    pub fn one(&self) -> Option<RecordId> {
        match self {
            Self::Stop(id) | Self::Blind(id) => Some(*id),
            Self::Stops(_) | Self::Shared(_) | Self::Site => None,
        }
    }
}

impl ExplainForm {
    /// For a stop, with the reasons that suit it first.
    pub fn new(stop: &Stop, who: Who, reference: &Reference) -> Self {
        let about = Subject::Stop(stop.id);
        let of = (stop.machine, stop.state, stop.from_us);
        Self::of(about, of, who, (&stop.offers, stop.proposed), reference)
    }

    /// For several stops at once, with the reasons that suit the first.
    pub fn of_several(about: Subject, first: &Stop, who: Who, reference: &Reference) -> Self {
        Self { about, ..Self::new(first, who, reference) }
    }

    /// For a time that nobody saw.
    pub fn blind(blind: &Blind, who: Who, reference: &Reference) -> Self {
        let of = (blind.machine, MachineState::Stopped, blind.from_us);
        let offers = (&*blind.offers, None);
        let mut form = Self::of(Subject::Blind(blind.id), of, who, offers, reference);
        form.all.insert(0, Entry::of(Why::Ran));
        form.all.insert(form.all.len().min(PAGE - 1), Entry::of(Why::Nobody));
        form.narrow();
        form
    }

    fn of(
        about: Subject,
        (machine, state, from_us): (EquipmentId, MachineState, Micros),
        who: Who,
        (offers, proposed): (&[Offer], Option<ReasonId>),
        reference: &Reference,
    ) -> Self {
        let proposed = proposed.map(|reason| Offer { reason, because: Because::Map });
        let offers: Vec<Offer> = offers.iter().copied().chain(proposed).collect();
        let mut seen = BTreeSet::new();
        let offered = offers.iter().filter_map(|offer| reference.downtime_reason(offer.reason));
        let all = offered.chain(in_order(reference, state.group_type()));
        let all: Vec<(&ReasonGroup, &Reason)> =
            all.filter(|(_, it)| seen.insert((it.code.as_str(), it.name.as_str()))).collect();
        let entry = |(group, reason): &(&ReasonGroup, &Reason)| Entry {
            key: Why::Reason(reason.id),
            label: reason.name.clone(),
            detail: group.name.clone(),
        };
        let because = offers.iter().rev().map(|offer| (offer.reason, offer.because));
        let mut form = Self {
            about,
            machine,
            state,
            from_us,
            who,
            reasons: Choice::new(vec![]),
            filter: String::new(),
            comment: TextField::default(),
            commenting: false,
            raised: false,
            sending: Sending::No,
            twins: all.iter().filter_map(|(_, reason)| among(reference, reason.id)).collect(),
            all: all.iter().map(entry).collect(),
            because: because.collect(),
        };
        form.narrow();
        form
    }

    /// The reasons that have what was typed in their name or that of their group.
    pub fn narrow(&mut self) {
        let wanted = self.filter.to_lowercase();
        let found = |entry: &&Entry<Why>| {
            entry.label.to_lowercase().contains(&wanted)
                || entry.detail.to_lowercase().contains(&wanted)
        };
        let entries = self.all.iter().filter(|entry| wanted.is_empty() || found(entry));
        self.reasons = Choice::new(entries.cloned().collect());
    }

    /// Takes the chosen reason from the other group that has it; `false` where there is none.
    pub fn turn(&mut self) -> bool {
        let Some(Why::Reason(reason)) = self.reasons.key() else { return false };
        let Some(twins) =
            self.twins.values().find(|twins| twins.iter().any(|t| t.reason == reason))
        else {
            return false;
        };
        let at = twins.iter().position(|twin| twin.reason == reason).unwrap_or(0);
        let Some(next) = twins.get((at + 1) % twins.len()).cloned() else { return false };
        for entry in self.all.iter_mut().chain(&mut self.reasons.entries) {
            if entry.key == Why::Reason(reason) {
                entry.key = Why::Reason(next.reason);
                entry.detail.clone_from(&next.group);
            }
        }
        true
    }

    /// The type of the group in which a reason stands now, where it stands in others too.
    pub fn twin(&self, why: Why) -> Option<&str> {
        let Why::Reason(reason) = why else { return None };
        let mut all = self.twins.values().flatten();
        all.find(|twin| twin.reason == reason).map(|twin| twin.group_type.as_str())
    }

    /// Why a reason is offered.
    pub fn because(&self, why: Why) -> Option<Because> {
        let Why::Reason(reason) = why else { return None };
        self.because.get(&reason).copied().filter(|because| *because != Because::Listed)
    }

    /// Whether nobody has touched it since it came by itself.
    pub fn is_untouched(&self) -> bool {
        self.raised
            && self.reasons.chosen.is_none()
            && self.filter.is_empty()
            && self.comment.text().is_empty()
    }

    /// What is to be recorded when this is chosen; `None` where it makes no sense.
    pub fn command(&self, why: Why) -> Option<Command> {
        let by = self.who.key();
        Some(match (&self.about, why) {
            (Subject::Blind(blind), why) => {
                let was = match why {
                    Why::Reason(reason) => Was::Down(reason),
                    Why::Ran => Was::Running,
                    Why::Nobody => Was::Unknown,
                };
                Command::TellBlind { by, blind: *blind, was }
            },
            (Subject::Stop(stop), Why::Reason(reason)) => {
                let comment = self.comment.filled();
                Command::ExplainStop { by, stop: *stop, reason, comment }
            },
            (Subject::Stops(stops), Why::Reason(reason)) => {
                Command::ExplainStops { by, stops: stops.clone(), reason }
            },
            (Subject::Shared(stops), Why::Reason(reason)) => {
                Command::ShareStops { by: by?, stops: stops.clone(), reason }
            },
            (Subject::Site, Why::Reason(reason)) => {
                Command::BeginDowntime { by, machines: vec![], reason }
            },
            (_, Why::Ran | Why::Nobody) => return None,
        })
    }
}

/// A reason with those of the same name in groups of other types, where there are any.
fn among(reference: &Reference, id: ReasonId) -> Option<(ReasonId, Vec<Twin>)> {
    let twins = twins(reference, id);
    let twin = |(group, reason): &(&ReasonGroup, &Reason)| Twin {
        reason: reason.id,
        group: group.name.clone(),
        group_type: group.group_type.clone(),
    };
    (twins.len() > 1).then(|| (id, twins.iter().map(twin).collect()))
}

/// All reasons, groups of type `first` before the others.
fn in_order<'r>(
    reference: &'r Reference,
    first: Option<&str>,
) -> impl Iterator<Item = (&'r ReasonGroup, &'r Reason)> + use<'r> {
    let mut groups: Vec<&ReasonGroup> = reference.downtime_groups.iter().collect();
    groups.sort_by_key(|group| Some(group.group_type.as_str()) != first);
    groups.into_iter().flat_map(|group| group.reasons.iter().map(move |reason| (group, reason)))
}
