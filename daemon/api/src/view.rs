//! What the daemon shows: a [`View`], kept up to date by numbered [`Delta`]s.

use kart_core::{
    calendar::ShiftInstance,
    id::{EquipmentId, ReasonId, RecordId, StationId, UserId},
    machine::MachineState,
    reference::Reference,
    signal::{Quality, Value},
    time::Micros,
};
use serde::{Deserialize, Serialize};

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
    /// Stops that are open or wait for an explanation, newest first.
    pub stops: Vec<Stop>,
    /// Batches that other terminals have open at these stations, on machines that are not shown here.
    #[serde(default)]
    pub elsewhere: Vec<Elsewhere>,
    /// What contradicts itself and nobody at headquarters has settled yet, oldest first.
    #[serde(default)]
    pub conflicts: Vec<Conflict>,
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
    /// See [`View::stops`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stops: Option<Vec<Stop>>,
    /// See [`View::elsewhere`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Vec<Elsewhere>>,
    /// See [`View::conflicts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Vec<Conflict>>,
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
    /// It is headquarters' time: the computer's clock is fast by so much, or slow where negative,
    /// microseconds.
    Corrected(i64),
}

/// One machine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Its row.
    pub id: EquipmentId,
    /// Code, for example `EQ-211`.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// What it is doing.
    pub state: MachineState,
    /// Since when.
    pub state_since_us: Micros,
    /// Good parts counted on the current batch, or since the last one ended.
    pub good: i64,
    /// Scrapped parts likewise.
    pub scrap: i64,
    /// The batch on it.
    pub batch: Option<Batch>,
    /// Its signals as last read.
    pub signals: Vec<Signal>,
    /// When a value was last read; `None` means never. Ages of `good` and `state` count from it.
    pub seen_us: Option<Micros>,
    /// A value older than this, in microseconds, must not be taken for the present.
    pub stale_us: i64,
    /// Whether the device answers, and if not since when and why.
    pub link: DeviceLink,
    /// Readings of counters that cannot be, and wait for somebody's word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
}

/// A reading of a counter that is held: nothing is booked of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// The counter's name in the map.
    pub source: String,
    /// The last reading that was believed.
    pub before: i64,
    /// The lowest that is not.
    pub now: i64,
    /// When it was read.
    pub at_us: Micros,
}

/// The connection to a device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceLink {
    /// Not tried yet.
    Starting,
    /// It answers.
    Up,
    /// It answers, and some of its values are none.
    Partly {
        /// Since when.
        since_us: Micros,
        /// In words, for the person who can act.
        reason: String,
    },
    /// It does not.
    Down {
        /// Since when.
        since_us: Micros,
        /// In words, for the person who can act.
        reason: String,
    },
}

/// A signal as last read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Signal {
    /// Name in the map.
    pub name: String,
    /// Unit, may be empty.
    pub unit: String,
    /// The value; `None` means never read.
    pub value: Option<Value>,
    /// When it was read.
    pub at_us: Option<Micros>,
    /// How far it can be trusted.
    pub quality: Quality,
    /// When it was read is when it arrived: it told no time of its own that counts.
    pub arrival: bool,
}

/// A running batch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// Its record.
    pub id: RecordId,
    /// Batch number.
    pub number: String,
    /// Code of the product.
    pub product_code: String,
    /// Name of the product.
    pub product_name: String,
    /// External work order.
    pub work_order: Option<String>,
    /// Parts to make.
    pub target: Option<i64>,
    /// When it began.
    pub started_us: Micros,
    /// People on it, those at other terminals included.
    pub operators: Vec<UserId>,
    /// Another terminal where it began, and which alone completes it; empty when it began at none.
    #[serde(default)]
    pub terminal: Option<String>,
}

/// A batch on a machine that is not shown here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Code of the machine.
    pub machine: String,
    /// The batch.
    pub batch: Batch,
}

/// Something that cannot all be true.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Conflict {
    /// Its key at headquarters.
    pub id: String,
    /// Stable word, see `kart_core::record::conflict::Kind`.
    pub kind: String,
    /// The number of the batch, job or entry, or the name of the person; may be empty.
    pub about: String,
    /// The machines concerned.
    pub machines: Vec<EquipmentId>,
}

/// A person who is clocked in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Present {
    /// Who.
    pub user: UserId,
    /// Name for people.
    pub name: String,
    /// Where.
    pub station: StationId,
    /// Since when.
    pub since_us: Micros,
}

/// A stop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stop {
    /// Its record.
    pub id: RecordId,
    /// Which machine.
    pub machine: EquipmentId,
    /// `stopped`, `setup` or `planned_stop`.
    pub state: MachineState,
    /// When it began.
    pub from_us: Micros,
    /// When it ended; `None` while it lasts.
    pub until_us: Option<Micros>,
    /// The reason as given; `None` means: waits for one.
    pub reason: Option<String>,
    /// The reason that the machine's fault code stands for.
    #[serde(default)]
    pub proposed: Option<ReasonId>,
    /// The rule that decided; may be empty.
    #[serde(default)]
    pub rule: String,
    /// The version of the map that holds it; may be empty.
    #[serde(default)]
    pub map: String,
}

/// Disk and headquarters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sync {
    /// Whether facts can be written.
    pub recording: Recording,
    /// The connection to headquarters.
    pub link: HqLink,
    /// Last sequence number on disk.
    pub saved: u64,
    /// Last sequence number that headquarters confirmed.
    pub acked: u64,
    /// When the oldest fact that headquarters does not have was recorded.
    pub oldest_waiting_us: Option<Micros>,
    /// Facts after `acked` that are in a request to headquarters now.
    #[serde(default)]
    pub sending: u64,
    /// Facts that headquarters holds but could not apply, those of `refused` included.
    pub quarantined: u64,
    /// Of those, the ones that do not become possible by themselves.
    #[serde(default)]
    pub refused: u64,
    /// When the reference data was last confirmed by headquarters.
    pub reference_us: Option<Micros>,
    /// The log was found damaged, and nobody has said yet that this is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<Damage>,
}

/// A log that was found damaged at a start. It is settled when headquarters holds a fact that was
/// recorded after it, or when a person has taken the file away.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Damage {
    /// When it was found.
    pub at_us: Micros,
    /// What was damaged.
    pub problem: String,
    /// The file that was set aside, in the data folder.
    pub file: String,
}

/// Whether facts can be written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    /// Yes.
    Yes,
    /// No: nothing can be saved.
    No {
        /// What the disk said.
        reason: String,
        /// Since when.
        since_us: Micros,
    },
}

/// The connection to headquarters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HqLink {
    /// None is configured: this terminal works alone.
    Alone,
    /// Configured, no answer yet.
    Connecting,
    /// It answers, and reads the log's former life, so that a new one can begin.
    Preparing {
        /// How far it is, in words.
        progress: String,
    },
    /// It answers.
    Up,
    /// It does not.
    Down {
        /// Since when.
        since_us: Micros,
        /// In words.
        reason: String,
    },
    /// It answered and refused this terminal: a person must act.
    Refused {
        /// In words.
        reason: String,
    },
}

/// What became of something a person recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// The fact.
    pub seq: u64,
    /// When it was recorded.
    pub at_us: Micros,
    /// The fact's kind, for example `clocked_in`.
    pub kind: String,
    /// Whose it is.
    pub name: Option<String>,
    /// What it is about: a batch number, a machine, a reason.
    pub about: String,
    /// Where it is.
    pub stage: Stage,
}

/// Where a fact is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// On this terminal's disk.
    Saved,
    /// In a request to headquarters now.
    Sending,
    /// At headquarters, in its tables.
    AtHeadquarters,
    /// At headquarters, not applied yet; it is as soon as what it waits for is there.
    Waiting {
        /// Stable word, see `kart_wire::Quarantined`.
        code: String,
        /// What headquarters says, for those who can act.
        detail: String,
    },
    /// At headquarters, and its tables do not take it: a person there must act.
    Refused {
        /// Stable word, see `kart_wire::Quarantined`.
        code: String,
        /// What headquarters says, for those who can act.
        detail: String,
    },
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
        replace(&mut self.stops, delta.stops);
        replace(&mut self.elsewhere, delta.elsewhere);
        replace(&mut self.conflicts, delta.conflicts);
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
            stops: changed(&self.stops, &next.stops),
            elsewhere: changed(&self.elsewhere, &next.elsewhere),
            conflicts: changed(&self.conflicts, &next.conflicts),
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
