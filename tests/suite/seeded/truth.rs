//! What truly happened, as only the world knows it, and what was witnessed: the checks compare with
//! this and with nothing that the product computed.

use std::collections::{BTreeMap, BTreeSet};

use kart_core::fact::{Body, Hash};
use kart_core::id::{Origin, RecordId};
use uuid::Uuid;

use super::disk::Kept;

/// Names a fact for ever.
pub(super) type Name = (Origin, u64);

/// A labor entry as it truly was.
#[derive(Clone)]
pub(super) struct Shift {
    /// At which terminal.
    pub(super) terminal: Uuid,
    pub(super) from_us: i64,
    pub(super) until_us: Option<i64>,
    /// Began and ended in one boot: its length is exact.
    pub(super) boots: (u32, u32),
}

/// Everything witnessed.
#[derive(Default)]
pub(super) struct Truth {
    /// Every fact that was ever handed to a disk, by its hash.
    pub(super) tried: BTreeMap<Name, BTreeSet<[u8; 32]>>,
    /// Facts whose keeping was confirmed to somebody.
    pub(super) accepted: BTreeMap<Name, Hash>,
    /// Facts that lay on a disk when an outside hand came to it, told of to anybody or not.
    pub(super) kept: BTreeMap<Name, Hash>,
    /// Of all these, what an outside hand took off the terminal's disk since.
    pub(super) away: BTreeSet<Name>,
    /// Of those, what an outside hand took off both ends, or a life said of itself.
    pub(super) taken: BTreeSet<Name>,
    /// Facts that a new life left behind, because headquarters had them: from then on nothing that
    /// is sent holds them.
    pub(super) left: Vec<(Name, Hash)>,
    /// Facts that headquarters acknowledged, as the terminal held them.
    pub(super) acked: BTreeMap<Name, Hash>,
    /// Every watermark that headquarters said in a session, after its commit.
    pub(super) said: BTreeSet<(Uuid, u64)>,
    /// Good parts that people confirmed, by batch.
    pub(super) confirmed: BTreeMap<RecordId, (Uuid, i64)>,
    pub(super) shifts: BTreeMap<RecordId, Shift>,
    /// Entries of queues, and jobs, that people asked for, and at which terminal.
    pub(super) posted: BTreeMap<RecordId, Uuid>,
    /// Former names of records that came again.
    pub(super) former: BTreeSet<RecordId>,
    /// The commit of headquarters that each terminal has shown.
    pub(super) commits: BTreeMap<Uuid, (u32, u64)>,
    /// Terminals with corrections that headquarters has lost at some time.
    pub(super) uncorrected: BTreeSet<Uuid>,
    /// Leased numbers that facts took, by life.
    pub(super) numbers: BTreeSet<(String, i64)>,
    /// What each log has shown to people.
    pub(super) shown: BTreeMap<Origin, u64>,
    /// Terminals whose facts left the disk.
    pub(super) purged: BTreeSet<Uuid>,
    /// Terminals whose disk was put back to an older state.
    pub(super) disturbed: BTreeSet<Uuid>,
}

impl Truth {
    pub(super) fn try_fact(&mut self, name: Name, hash: Hash) {
        self.tried.entry(name).or_default().insert(hash.0);
    }

    /// A record came again in a new life of its log.
    pub(super) fn renamed(&mut self, old: RecordId, new: RecordId) {
        if let Some(shift) = self.shifts.remove(&old) {
            self.shifts.insert(new, shift);
        }
        self.former.insert(old);
        if let Some(terminal) = self.posted.remove(&old) {
            self.posted.insert(new, terminal);
        }
        if let Some(confirmed) = self.confirmed.remove(&old) {
            self.confirmed.insert(new, confirmed);
        }
    }

    /// A fact stays behind in the file that a new life sets aside. It is never sent from there
    /// (decision 8), so headquarters' copy is the last one, and a restore may take it.
    pub(super) fn leave(&mut self, name: Name, kept: &Kept) {
        self.away.insert(name);
        // Lives name themselves; what one says of itself never comes again.
        if !matches!(kept.fact.fact, Body::Genesis { .. } | Body::Continued(_)) {
            self.left.push((name, kept.hash));
        }
    }

    /// The disk of a terminal was put back: what people did there since is not told any more.
    pub(super) fn put_back(&mut self, terminal: Uuid) {
        self.disturbed.insert(terminal);
        // The older log does not show what its later lives were granted after.
        self.left.retain(|((origin, _), _)| origin.terminal.0 != terminal);
        self.commits.remove(&terminal);
        self.shown.retain(|origin, _| origin.terminal.0 != terminal);
        self.shifts.retain(|_, shift| shift.terminal != terminal);
        self.posted.retain(|_, at| *at != terminal);
        self.confirmed.retain(|_, (at, _)| *at != terminal);
    }
}
