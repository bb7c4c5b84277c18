//! What the daemon shows: a [`View`], kept up to date by numbered [`Delta`]s.

use kart_core::{calendar::ShiftInstance, id::StationId, reference::Reference, time::Micros};
use serde::{Deserialize, Serialize};

mod batch;
mod job;
mod labor;
mod machine;
mod open;
mod receipt;
mod stop;
mod sync;

pub use batch::{Batch, Conflict, Elsewhere, Order, Told};
pub use job::{Job, OnJob, Visit};
pub use labor::{Away, Missed, Present, Punch, Unended};
pub use machine::{DeviceLink, Held, Machine, Signal};
pub use open::{Call, Handover, Incident, Open};
pub use receipt::{Receipt, Stage};
pub use stop::{Blind, Offer, Review, Stop};
pub use sync::{Damage, HqLink, Recording, Sync};

/// Everything a screen can show, in one consistent state.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct View {
    /// Number of this state; each change adds one. A gap means: ask for a new snapshot.
    pub number: u64,
    /// The terminal itself.
    pub terminal: Terminal,
    /// The machines this terminal reads, in the order of the map.
    pub machines: Vec<Machine>,
    /// People clocked in, first come first.
    pub people: Vec<Present>,
    /// Labor entries without an end, of people who have clocked in anew since, oldest first.
    #[serde(default)]
    pub unended: Vec<Unended>,
    /// Punches that can still be taken back, newest first.
    #[serde(default)]
    pub undoable: Vec<Punch>,
    /// Stops that are open or wait for an explanation, newest first.
    pub stops: Vec<Stop>,
    /// What became of stops lately, and times that nobody saw.
    #[serde(default)]
    pub review: Review,
    /// Batches that other terminals have open at these stations, on machines that are not shown here.
    #[serde(default)]
    pub elsewhere: Vec<Elsewhere>,
    /// Next batches of the machines and stations of this terminal, each queue in order.
    #[serde(default)]
    pub orders: Vec<Order>,
    /// Jobs at these stations, by number; and those of which something was told that headquarters did
    /// not follow.
    #[serde(default)]
    pub jobs: Vec<Job>,
    /// What contradicts itself and nobody at headquarters has settled yet, oldest first.
    #[serde(default)]
    pub conflicts: Vec<Conflict>,
    /// What is open between people.
    #[serde(default)]
    pub open: Open,
    /// Disk and headquarters.
    pub sync: Sync,
    /// What people recorded here lately, newest first.
    pub receipts: Vec<Receipt>,
    /// The site's reference data; `None` until the first load.
    pub reference: Option<Reference>,
}

/// What changed since the state before. A section is replaced whole; absent means unchanged.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Delta {
    /// Number of the state this leads to.
    pub number: u64,
    /// See [`View::terminal`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Terminal>,
    /// Only the machines that changed; see [`View::machines`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub machines: Vec<Machine>,
    /// See [`View::people`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<Vec<Present>>,
    /// See [`View::unended`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unended: Option<Vec<Unended>>,
    /// See [`View::undoable`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoable: Option<Vec<Punch>>,
    /// See [`View::stops`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stops: Option<Vec<Stop>>,
    /// See [`View::review`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// See [`View::elsewhere`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Vec<Elsewhere>>,
    /// See [`View::orders`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<Vec<Order>>,
    /// See [`View::jobs`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<Job>>,
    /// See [`View::conflicts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Vec<Conflict>>,
    /// See [`View::open`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Open>,
    /// See [`View::sync`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<Sync>,
    /// See [`View::receipts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipts: Option<Vec<Receipt>>,
    /// See [`View::reference`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// The terminal itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Terminal {
    /// Contract number, [`crate::VERSION`].
    pub contract: u32,
    /// Code of the terminal, for example `T-07`.
    pub code: String,
    /// Version of the daemon.
    pub version: String,
    /// The station it stands at.
    pub station: Option<StationId>,
    /// Wall clock of the daemon when it made this state; ages count from it.
    pub now_us: Micros,
    /// The shift at that moment by the site's calendar; `None` between shifts and where the site
    /// has no calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<ShiftInstance>,
    /// Whether the time can be believed.
    #[serde(default)]
    pub time: Time,
    /// Habits of a screen here.
    #[serde(default)]
    pub habits: Habits,
}

/// What the configuration says of every screen of this terminal.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Habits {
    /// After so many seconds without a key nobody is taken for the one who acts; 0: never.
    pub idle_s: u32,
    /// What a badge reader types before the badge.
    pub badge_prefix: String,
}

/// How far the time that is shown can be believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Time {
    /// As far as the computer's clock, which nobody contradicts.
    #[default]
    Believed,
    /// Headquarters was not heard since the computer was switched on.
    Unconfirmed,
    /// Headquarters was last heard so long ago that the clock may have drifted further than does not
    /// matter.
    Adrift {
        /// When it was last heard.
        since_us: Micros,
        /// No further than by so much, microseconds.
        within_us: i64,
    },
    /// It is headquarters' time: the computer's clock is fast by so much, or slow where negative,
    /// microseconds.
    Corrected(i64),
}

impl View {
    /// The state after `delta`; `false` when `delta` does not follow this state.
    pub fn apply(&mut self, delta: Delta) -> bool {
        if delta.number != self.number + 1 {
            return false;
        }
        self.number = delta.number;
        for changed in delta.machines {
            match self.machines.iter_mut().find(|machine| machine.id == changed.id) {
                Some(machine) => *machine = changed,
                None => return false,
            }
        }
        replace(&mut self.terminal, delta.terminal);
        replace(&mut self.people, delta.people);
        replace(&mut self.unended, delta.unended);
        replace(&mut self.undoable, delta.undoable);
        replace(&mut self.stops, delta.stops);
        replace(&mut self.review, delta.review);
        replace(&mut self.elsewhere, delta.elsewhere);
        replace(&mut self.orders, delta.orders);
        replace(&mut self.jobs, delta.jobs);
        replace(&mut self.conflicts, delta.conflicts);
        replace(&mut self.open, delta.open);
        replace(&mut self.sync, delta.sync);
        replace(&mut self.receipts, delta.receipts);
        if delta.reference.is_some() {
            self.reference = delta.reference;
        }
        true
    }

    /// What leads from `self` to `next`; `None` when the set of machines changed and only a
    /// snapshot will do. `next.number` is taken as it is.
    pub fn delta(&self, next: &Self) -> Option<Delta> {
        let same = self.machines.len() == next.machines.len()
            && self.machines.iter().zip(&next.machines).all(|(a, b)| a.id == b.id)
            && (next.reference.is_some() || self.reference.is_none());
        same.then(|| Delta {
            number: next.number,
            terminal: changed(&self.terminal, &next.terminal),
            machines: self
                .machines
                .iter()
                .zip(&next.machines)
                .filter_map(|(a, b)| changed(a, b))
                .collect(),
            people: changed(&self.people, &next.people),
            unended: changed(&self.unended, &next.unended),
            undoable: changed(&self.undoable, &next.undoable),
            stops: changed(&self.stops, &next.stops),
            review: changed(&self.review, &next.review),
            elsewhere: changed(&self.elsewhere, &next.elsewhere),
            orders: changed(&self.orders, &next.orders),
            jobs: changed(&self.jobs, &next.jobs),
            conflicts: changed(&self.conflicts, &next.conflicts),
            open: changed(&self.open, &next.open),
            sync: changed(&self.sync, &next.sync),
            receipts: changed(&self.receipts, &next.receipts),
            reference: changed(&self.reference, &next.reference).flatten(),
        })
    }
}

fn replace<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

fn changed<T: PartialEq + Clone>(before: &T, after: &T) -> Option<T> {
    (before != after).then(|| after.clone())
}
