//! The forms an operator fills in. What was typed stays when the daemon goes away.

use kart_api::Present;
use kart_core::{
    id::{ReasonId, UserId},
    reference::ReasonGroup,
};

mod batch;
mod complete;
mod explain;
mod hours;
mod job;
mod labor;
mod orders;
mod question;
mod start;

pub use batch::{BatchField, BatchForm, Deed, Doing};
pub use complete::{CompleteField, CompleteForm, proposed};
pub use explain::{ExplainForm, Subject, Why};
pub use hours::{AmendField, AmendForm, CrewForm, Mending};
pub use job::{JobDoing, JobField, JobForm, JobsScreen};
pub use labor::{Act, BadgeForm, PinForm, PunchForm, SharesForm, ToldForm, UndoForm};
pub use orders::{OrderLine, OrdersScreen, next_on};
pub use question::{Asks, Question, told};
pub use start::{SecondFields, StartField, StartForm};

use super::field::{Choice, Entry};
use crate::words::Sentence;

/// How far a form's command is.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Sending {
    /// Being filled in.
    #[default]
    No,
    /// On its way under this key.
    Saving(String),
    /// Nothing was recorded, and why.
    Refused(Sentence),
}

/// Who acts.
pub type Who = Choice<UserId>;

impl Who {
    /// The people who are clocked in, with `last` or the only one who is `here` chosen: so many of
    /// the first.
    pub(super) fn among(people: Vec<&Present>, here: usize, last: Option<UserId>) -> Self {
        let entry =
            |present: &Present| Entry { label: present.name.clone(), ..Entry::of(present.user) };
        let mut who = Self { entries: people.into_iter().map(entry).collect(), chosen: None };
        if let Some(last) = last {
            who.choose(last);
        } else if here == 1 {
            who.chosen = Some(0);
        }
        who
    }

    /// The name of the chosen person; not safe to draw.
    pub fn name(&self) -> Option<&str> {
        self.entry().map(|entry| entry.label.as_str())
    }

    /// Follows who is clocked in while the form is open. Whoever was chosen stays: nobody else signs
    /// in their place because the list of people is a moment older or younger.
    pub fn follow(&mut self, now: Self) {
        let chosen = self.entry().cloned();
        *self = now;
        match chosen {
            Some(chosen) if self.has(chosen.key) => self.choose(chosen.key),
            Some(chosen) => self.add(chosen.key, &chosen.label),
            None => {},
        }
    }

    /// Chooses somebody who is not clocked in here.
    pub fn add(&mut self, user: UserId, name: &str) {
        self.entries.push(Entry { label: name.to_owned(), ..Entry::of(user) });
        self.choose(user);
    }

    /// Whether this person could be chosen.
    pub fn has(&self, user: UserId) -> bool {
        self.entries.iter().any(|entry| entry.key == user)
    }
}

/// All reasons in order: the proposed one, then groups of type `first` before the others.
fn reasons(
    groups: &[ReasonGroup],
    first: Option<&str>,
    proposed: Option<ReasonId>,
) -> Vec<Entry<ReasonId>> {
    let mut groups: Vec<&ReasonGroup> = groups.iter().collect();
    groups.sort_by_key(|group| Some(group.group_type.as_str()) != first);
    let entries = groups.into_iter().flat_map(|group| {
        group.reasons.iter().map(|reason| Entry {
            key: reason.id,
            label: reason.name.clone(),
            detail: group.name.clone(),
        })
    });
    let mut entries: Vec<Entry<ReasonId>> = entries.collect();
    entries.sort_by_key(|entry| Some(entry.key) != proposed);
    entries
}
