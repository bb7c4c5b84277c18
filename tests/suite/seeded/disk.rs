//! A simulated disk with the two files of a terminal: what is written is seen at once and stays
//! only once a sync has returned. A crash takes back what no sync covered, all of it or its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use kart_core::fact::life::Continued;
use kart_core::fact::{Body, Fact, FactText, Hash};
use kart_core::id::{Incarnation, Origin, RecordId};
use kart_core::life::{Again, Behind};
use kart_core::plant::Plant;
use kart_core::record::Record;
use kart_core::row::Cell;
use kart_sync::Fed;
use kart_wire::{PastSession, Quarantined, Scope};
use rand::Rng;
use rand::rngs::StdRng;
use uuid::Uuid;

/// One fact as it lies on the disk.
pub(super) struct Kept {
    pub(super) line: String,
    pub(super) hash: Hash,
    pub(super) fact: Fact,
    pub(super) texts: Vec<FactText>,
}

/// A row's table and key.
pub(super) type RowKey = (&'static str, Uuid);

/// The mirror: rows as the feed brought them.
pub(super) type Rows = BTreeMap<(Scope, String, String), String>;

/// A file of facts that another one took the place of.
#[derive(Clone)]
pub(super) struct Aside {
    pub(super) of: Origin,
    pub(super) facts: Vec<Arc<Kept>>,
}

/// What the files hold.
#[derive(Clone, Default)]
pub(super) struct Image {
    /// Beside the file in force, oldest first.
    pub(super) aside: Vec<Arc<Aside>>,
    /// The life that this log is, once it has begun.
    pub(super) incarnation: Option<Incarnation>,
    /// What it went on with.
    pub(super) inherited: Option<Plant>,
    /// The grant that it begins with.
    pub(super) continued: Option<Continued>,
    /// The last fact that has left, and its hash.
    pub(super) purged: Option<(u64, Hash)>,
    /// The plant as it was saved then.
    pub(super) plant: Option<Plant>,
    pub(super) facts: Vec<Arc<Kept>>,
    pub(super) records: BTreeMap<RecordId, Record>,
    pub(super) rows: BTreeMap<RowKey, Vec<Cell>>,
    pub(super) acked: u64,
    pub(super) safe: u64,
    pub(super) sessions: Vec<PastSession>,
    pub(super) quarantine: BTreeMap<u64, String>,
    pub(super) mirror: Rows,
    pub(super) cursor: Option<(Uuid, String)>,
}

/// What one transaction writes.
#[derive(Clone)]
pub(super) enum Write {
    Facts {
        facts: Vec<Arc<Kept>>,
        records: BTreeMap<RecordId, Record>,
        rows: BTreeMap<RowKey, Vec<Cell>>,
        gone: Vec<RowKey>,
    },
    Told {
        session: Uuid,
        acked: u64,
        safe: u64,
        quarantined: Vec<Quarantined>,
    },
    Quarantine(Vec<Quarantined>),
    Fed(Uuid, Arc<Fed>),
    /// Facts up to here have left; the plant contains them.
    Purged(u64, Box<Plant>),
}

/// The sync did not work; what it should have made stay is gone.
pub(super) struct Refused;

#[derive(Default)]
pub(super) struct Disk {
    /// What readers see.
    pub(super) seen: Image,
    /// What a crash leaves.
    durable: Image,
    written: Vec<Write>,
    /// So many syncs will fail.
    pub(super) failing: u32,
}

impl Image {
    /// Where the log begins on this disk: behind what has left.
    pub(super) fn base(&self) -> (u64, Hash) {
        self.purged.unwrap_or((0, Hash::ZERO))
    }

    /// Where the log stands.
    pub(super) fn head(&self) -> (u64, Hash) {
        self.facts.last().map_or(self.base(), |kept| (kept.fact.seq, kept.hash))
    }

    /// The hash at a place in the log.
    pub(super) fn hash_at(&self, seq: u64) -> Option<Hash> {
        match seq {
            0 => Some(Hash::ZERO),
            seq if seq == self.base().0 => Some(self.base().1),
            seq if seq < self.base().0 => None,
            seq => self.after(seq - 1).first().map(|kept| kept.hash),
        }
    }

    /// The facts behind a place in the log, as far as they are here.
    pub(super) fn after(&self, seq: u64) -> &[Arc<Kept>] {
        let place = usize::try_from(seq.saturating_sub(self.base().0)).unwrap();
        self.facts.get(place..).unwrap_or_default()
    }

    /// The file in force as it is when it is set aside.
    pub(super) fn as_aside(&self, of: Origin) -> Aside {
        Aside { of, facts: self.facts.clone() }
    }

    fn apply(&mut self, write: &Write) {
        match write {
            Write::Facts { facts, records, rows, gone } => {
                gone.iter().for_each(|key| drop(self.rows.remove(key)));
                self.facts.extend(facts.iter().cloned());
                self.records.extend(records.iter().map(|(id, record)| (*id, record.clone())));
                self.rows.extend(rows.iter().map(|(key, cells)| (*key, cells.clone())));
            },
            Write::Told { session, acked, safe, quarantined } => {
                (self.acked, self.safe) = (*acked, *safe);
                self.sessions.retain(|past| past.session != *session);
                let past = PastSession { session: *session, watermark: *acked, cursor: None };
                self.sessions.insert(0, past);
                self.sessions.truncate(32);
                let told = quarantined.iter().map(|fact| (fact.seq, fact.code.clone()));
                self.quarantine.extend(told);
            },
            Write::Quarantine(all) => {
                self.quarantine = all.iter().map(|fact| (fact.seq, fact.code.clone())).collect();
            },
            Write::Fed(session, fed) => self.feed(*session, fed),
            Write::Purged(seq, plant) => {
                let Some(hash) = self.hash_at(*seq) else { return };
                self.facts.retain(|kept| kept.fact.seq > *seq);
                self.quarantine.retain(|waiting, _| waiting > seq);
                (self.purged, self.plant) = (Some((*seq, hash)), Some((**plant).clone()));
            },
        }
    }

    fn feed(&mut self, session: Uuid, fed: &Fed) {
        self.mirror.retain(|(scope, ..), _| !fed.head.whole.contains(scope));
        for row in &fed.rows {
            let key = (row.scope, row.table.clone(), row.key.clone());
            match &row.row {
                Some(text) => drop(self.mirror.insert(key, text.clone())),
                None => drop(self.mirror.remove(&key)),
            }
        }
        self.cursor = Some((session, fed.head.cursor.clone()));
        let all = fed.head.quarantined.iter();
        self.quarantine = all.map(|fact| (fact.seq, fact.code.clone())).collect();
    }
}

impl Aside {
    /// What this life went on from.
    pub(super) fn began(&self) -> Option<Continued> {
        let second = self.facts.iter().find(|kept| kept.fact.seq == 2)?;
        match &second.fact.fact {
            Body::Continued(continued) => Some(continued.clone()),
            _ => None,
        }
    }

    /// Whether the log has the fact where headquarters stands.
    fn stands(&self, end: &Continued) -> bool {
        let there = self.facts.iter().find(|kept| kept.fact.seq == end.seq);
        end.seq == 0 || there.is_some_and(|kept| kept.hash == end.hash)
    }

    /// What follows in the file of a life for as long as its chain holds.
    pub(super) fn rest<'l>(life: &'l Behind<Arc<Self>>, again: &Again) -> Vec<&'l Arc<Kept>> {
        let (mut last, mut hash) = life.after;
        let mut rest = vec![];
        let facts = life.file.facts.iter();
        for kept in facts.filter(|kept| (life.after.0 + 1..=life.until).contains(&kept.fact.seq)) {
            hash = hash.after(kept.line.as_bytes());
            if kept.fact.seq != last + 1 || kept.hash != hash {
                break;
            }
            last = kept.fact.seq;
            if !again.has(life.of, kept.fact.seq, hash) {
                rest.push(kept);
            }
        }
        rest
    }

    /// The file of the life that was left there, whose log is the one that headquarters stands in.
    pub(super) fn find(
        all: &[Arc<Self>],
        left: &Continued,
        end: &Continued,
    ) -> Option<(Arc<Self>, Option<Continued>)> {
        let of = |of: &Continued| Origin { terminal: of.terminal, incarnation: of.incarnation };
        let held = of(left) == of(end);
        let fits = |file: &&Arc<Self>| file.of == of(left) && (!held || file.stands(end));
        let file = all.iter().rev().find(fits)?;
        Some((Arc::clone(file), file.began()))
    }
}

impl Disk {
    /// One transaction; nothing of it stays before [`Self::sync`].
    pub(super) fn write(&mut self, write: Write) {
        self.seen.apply(&write);
        self.written.push(write);
    }

    /// Makes what was written stay. When it fails, the pages count as clean all the same: another
    /// sync would say that all is well.
    pub(super) fn sync(&mut self) -> Result<(), Refused> {
        let written = std::mem::take(&mut self.written);
        if self.failing > 0 {
            self.failing -= 1;
            return Err(Refused);
        }
        written.iter().for_each(|write| self.durable.apply(write));
        Ok(())
    }

    /// The transaction is taken back, as SQLite does when its sync fails.
    pub(super) fn roll_back(&mut self) {
        self.written.clear();
        self.seen = self.durable.clone();
    }

    /// Power is gone: a part of what no sync covered may have reached the disk.
    pub(super) fn crash(&mut self, dice: &mut StdRng) {
        let written = std::mem::take(&mut self.written);
        let reached = dice.random_range(0..=written.len());
        written.iter().take(reached).for_each(|write| self.durable.apply(write));
        self.seen = self.durable.clone();
    }

    /// The log has begun.
    pub(super) fn born(&mut self, incarnation: Incarnation) {
        self.seen.incarnation = Some(incarnation);
        self.durable.incarnation = Some(incarnation);
    }

    /// A copy of the files as they are.
    pub(super) fn image(&self) -> Image {
        self.durable.clone()
    }

    /// The files are replaced.
    pub(super) fn put_back(&mut self, image: Image) {
        self.written.clear();
        self.durable = image.clone();
        self.seen = image;
    }
}
