//! Simulated headquarters: the gateway's own decisions over tables in memory. A transaction is a
//! list of changes that is applied whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kart_core::fact::correction::Correction;
use kart_core::fact::life::Former;
use kart_core::fact::{Fact, Hash};
use kart_core::id::{RecordId, SiteId};
use kart_core::number::Lease;
use kart_core::plant::Plant;
use kart_core::record::Record;
use kart_core::reference::{Alias, Reference};
use kart_core::row::Cell;
use kart_hq::decisions::{
    Head, Held, Known, Push, Said, Terminal, Writer, check, check_sender, check_session, judge,
    sort,
};
use kart_planted::{Bug, planted};
use kart_wire::{Hello, Point, Problem, Pushed, Quarantined, TextLine, Welcome, code};
use uuid::Uuid;

use super::disk::RowKey;
use super::floor;
use super::truth::Name;

mod alias;
mod correct;
mod feed;
mod fold;
mod life;
mod number;
mod office;

pub(super) use feed::sums;
pub(super) use office::Office;

/// Names a fact at headquarters: terminal, life, number.
pub(super) type Place = (Uuid, String, u64);

/// A line of the inbox.
pub(super) struct Stored {
    pub(super) line: Vec<u8>,
    pub(super) hash: Hash,
}

/// A session as headquarters remembers it.
#[derive(Clone)]
pub(super) struct Past {
    id: Uuid,
    /// Its last cursor.
    cursor: Option<(u64, Uuid)>,
}

/// A row of `edge.terminals` with its sessions, newest last.
#[derive(Clone)]
pub(super) struct Registered {
    pub(super) code: String,
    pub(super) incarnation: String,
    pub(super) nonce: String,
    pub(super) watermark: u64,
    pub(super) hash: Hash,
    pub(super) safe_seq: u64,
    pub(super) sessions: Vec<Past>,
}

/// A life of a log that has ended.
pub(super) struct Life {
    end: Point,
    plant: Plant,
    successor: String,
}

/// All tables.
#[derive(Clone)]
pub(super) struct State {
    pub(super) terminals: BTreeMap<Uuid, Registered>,
    pub(super) inbox: BTreeMap<Place, Arc<Stored>>,
    pub(super) texts: BTreeMap<(Place, String), TextLine>,
    pub(super) records: BTreeMap<Uuid, Arc<Record>>,
    pub(super) rows: BTreeMap<RowKey, Arc<Vec<Cell>>>,
    pub(super) quarantine: BTreeMap<Place, Arc<Held>>,
    /// Former lives, by terminal and incarnation.
    lives: BTreeMap<(Uuid, String), Arc<Life>>,
    /// Facts of former lives that came again: terminal, life, number, hash.
    pub(super) reissued: BTreeSet<(Uuid, String, u64, [u8; 32])>,
    pub(super) reference: Arc<Reference>,
    /// Keys of the reference data: what a foreign key finds.
    pub(super) known: Arc<BTreeSet<Uuid>>,
    /// Blocks of numbers, and whose they are.
    pub(super) leases: Vec<(Uuid, Lease)>,
    next_number: i64,
    /// The highest number that each life has used.
    used: BTreeMap<(Uuid, String), i64>,
    /// Corrections, and the terminals that they go down to.
    pub(super) corrections: BTreeMap<Uuid, Aimed>,
    /// Records that turned out to be one with another.
    pub(super) aliases: BTreeMap<RecordId, Alias>,
    pub(super) office: Office,
    /// The end of headquarters' own log.
    log: (u64, Hash),
    /// Number of the last transaction, and which rows each one changed.
    tx: u64,
    changed: Vec<(u64, RowKey)>,
    /// The history that numbers of transactions belong to, as cursors name it.
    history: Uuid,
}

/// A correction, and the records that it is about.
type Aimed = (Vec<Uuid>, Arc<Correction>);

/// What a transaction writes.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) inbox: Vec<(Place, Arc<Stored>)>,
    pub(super) texts: Vec<((Place, String), TextLine)>,
    pub(super) records: BTreeMap<Uuid, Arc<Record>>,
    pub(super) rows: BTreeMap<RowKey, Arc<Vec<Cell>>>,
    pub(super) held: Vec<(Place, Arc<Held>)>,
    pub(super) resolved: Vec<Place>,
    pub(super) head: Option<(Uuid, u64, Hash)>,
    reissued: Vec<(Uuid, String, u64, [u8; 32])>,
    used: Vec<((Uuid, String), i64)>,
    corrections: Vec<(Uuid, Aimed)>,
    aliases: BTreeMap<RecordId, Alias>,
    /// Rows that are no longer.
    gone: BTreeSet<RowKey>,
    office: Option<Office>,
}

/// What a push came to: the changes still have to be committed.
pub(super) struct Decided {
    pub(super) changes: Changes,
    pub(super) answer: Pushed,
}

pub(super) struct Centre {
    pub(super) state: State,
    /// Raised with every restore.
    pub(super) epoch: u32,
    pub(super) backups: Vec<State>,
    /// Sessions minted so far, ever.
    minted: u64,
    /// Histories begun so far, ever.
    histories: u128,
    /// Questions to the feed so far, ever.
    lines: u128,
    /// Every block that was ever lent: to which life, its first and its last number.
    pub(super) lent: BTreeSet<(String, i64, i64)>,
    /// Every life that was ever granted, with the one that it follows.
    granted: BTreeMap<String, String>,
    /// What was ever said to be lost.
    losses: Vec<life::Loss>,
    /// What terminals are to know, and after which commit that was so.
    mirrors: BTreeMap<Uuid, ((u32, u64), Arc<feed::Mirror>)>,
}

impl Registered {
    /// The newest session.
    pub(super) fn session(&self) -> Option<Uuid> {
        self.sessions.last().map(|past| past.id)
    }
}

impl State {
    pub(super) fn terminal(&self, id: Uuid) -> Result<Terminal, Problem> {
        let known = self.terminals.get(&id).ok_or_else(|| problem(code::UNAUTHORIZED))?;
        Ok(Terminal {
            organization: floor::ORGANIZATION.to_owned(),
            site: self.reference.site.id.0,
            id,
            incarnation: known.incarnation.clone(),
        })
    }

    fn head(&self, id: Uuid) -> Head {
        let known = &self.terminals[&id];
        Head { watermark: known.watermark, hash: known.hash, safe_seq: known.safe_seq }
    }

    pub(super) fn apply(&mut self, changes: Changes) {
        self.tx += 1;
        self.inbox.extend(changes.inbox);
        self.texts.extend(changes.texts);
        self.records.extend(changes.records);
        for (key, cells) in changes.rows {
            if self.rows.get(&key) != Some(&cells) {
                self.changed.push((self.tx, key));
                self.rows.insert(key, cells);
            }
        }
        changes.gone.iter().for_each(|key| drop(self.rows.remove(key)));
        if let Some(office) = changes.office {
            let differs = office.differs(&self.office);
            self.changed.extend(differs.into_iter().map(|key| (self.tx, key)));
            self.office = office;
        }
        for place in &changes.resolved {
            self.quarantine.remove(place);
        }
        self.quarantine.extend(changes.held);
        self.reissued.extend(changes.reissued);
        for (life, number) in changes.used {
            let used = self.used.entry(life).or_default();
            *used = number.max(*used);
        }
        for (name, alias) in changes.aliases {
            self.changed.push((self.tx, ("edge.record_aliases", name.0)));
            self.aliases.insert(name, alias);
        }
        for (id, row) in changes.corrections {
            self.changed.push((self.tx, ("edge.corrections", id)));
            self.corrections.insert(id, row);
        }
        if let Some((terminal, watermark, hash)) = changes.head {
            let known = self.terminals.get_mut(&terminal).unwrap();
            (known.watermark, known.hash) = (watermark, hash);
        }
    }

    /// Whether a terminal has had more than one life.
    pub(super) fn renewed(&self, terminal: Uuid) -> bool {
        self.lives.keys().any(|(of, _)| *of == terminal)
    }

    /// The number of the last transaction.
    pub(super) fn last(&self) -> u64 {
        self.tx
    }

    /// Whether a fact is here, or came again.
    pub(super) fn has(&self, (origin, seq): Name, hash: Hash) -> bool {
        let place = (origin.terminal.0, origin.incarnation.to_string(), seq);
        let again = (place.0, place.1.clone(), seq, hash.0);
        self.inbox.get(&place).is_some_and(|stored| stored.hash == hash)
            || self.reissued.contains(&again)
    }

    /// What waits of a terminal's present log.
    pub(super) fn waiting(&self, id: Uuid, from: u64, to: u64) -> Vec<Quarantined> {
        let life = &self.terminals[&id].incarnation;
        let range = (id, life.clone(), from)..=(id, life.clone(), to);
        let held = self.quarantine.range(range).map(|((.., seq), held)| Quarantined {
            seq: *seq,
            code: held.code.clone(),
            detail: held.detail.clone(),
        });
        held.collect()
    }
}

impl Centre {
    pub(super) fn new(reference: Reference) -> Self {
        let known = keys(&reference);
        let state = State {
            terminals: BTreeMap::new(),
            inbox: BTreeMap::new(),
            texts: BTreeMap::new(),
            records: BTreeMap::new(),
            rows: BTreeMap::new(),
            quarantine: BTreeMap::new(),
            lives: BTreeMap::new(),
            reissued: BTreeSet::new(),
            reference: Arc::new(reference),
            known: Arc::new(known),
            leases: vec![],
            next_number: 1,
            used: BTreeMap::new(),
            corrections: BTreeMap::new(),
            aliases: BTreeMap::new(),
            office: Office::default(),
            log: (0, Hash::ZERO),
            tx: 0,
            changed: Vec::new(),
            history: Uuid::nil(),
        };
        Self {
            state,
            epoch: 0,
            backups: Vec::new(),
            minted: 0,
            histories: 0,
            lines: 0,
            lent: BTreeSet::new(),
            granted: BTreeMap::new(),
            losses: vec![],
            mirrors: BTreeMap::new(),
        }
    }

    pub(super) fn enroll(&mut self, id: Uuid, code: String, incarnation: String, nonce: String) {
        let registered = Registered {
            code,
            incarnation,
            nonce,
            watermark: 0,
            hash: Hash::ZERO,
            safe_seq: 0,
            sessions: Vec::new(),
        };
        self.state.terminals.insert(id, registered);
    }

    /// `kart-hq site apply`, and what waited for it.
    pub(super) fn apply_site(&mut self, reference: Reference) {
        let known = Arc::new(keys(&reference));
        self.state.tx += 1;
        let gone = self.state.known.difference(&known);
        let gone = gone.map(|id| (self.state.tx, ("ops_products", *id)));
        self.state.changed.extend(gone);
        self.state.known = known;
        self.state.reference = Arc::new(reference);
        self.state.changed.push((self.state.tx, ("edge.sites", Uuid::nil())));
        self.retry_all();
    }

    /// Compares the logs and begins a session.
    pub(super) fn hello(
        &mut self,
        id: Uuid,
        hello: &Hello,
        now_us: i64,
    ) -> Result<Welcome, Problem> {
        let terminal = self.state.terminal(id)?;
        let head = self.state.head(id);
        self.judge(&terminal, &head, hello)?;
        self.minted += 1;
        let session = Uuid::from_u128(u128::from(self.minted) << 32 | u128::from(self.epoch));
        let known = self.state.terminals.get_mut(&id).unwrap();
        known.sessions.push(Past { id: session, cursor: None });
        if known.sessions.len() > 32 {
            known.sessions.remove(0);
        }
        self.retry(id);
        self.lend(id);
        Ok(Welcome {
            session,
            watermark: head.watermark,
            watermark_hash: head.hash.to_string(),
            safe_seq: head.safe_seq,
            server_us: now_us,
            most_facts: kart_wire::MOST_FACTS,
            protocol: kart_wire::PROTOCOL,
        })
    }

    fn judge(&self, terminal: &Terminal, head: &Head, hello: &Hello) -> Result<(), Problem> {
        let known = &self.state.terminals[&terminal.id];
        let parse = |hash: &str| hash.parse().map_err(|_| problem(code::MALFORMED));
        let said = Said {
            protocol: hello.protocol,
            incarnation: &hello.incarnation,
            nonce: &hello.nonce,
            last: (hello.last_seq, parse(&hello.head_hash)?),
            acked: (hello.acked_seq, parse(&hello.acked_hash)?),
            oldest: hello.oldest_seq,
        };
        let at = |seq: u64| match seq {
            0 => Some(Hash::ZERO),
            seq if seq > head.watermark => None,
            seq => {
                let place = (terminal.id, terminal.incarnation.clone(), seq);
                self.state.inbox.get(&place).map(|stored| stored.hash)
            },
        };
        let verdict = judge(
            &said,
            &Known {
                incarnation: &known.incarnation,
                nonce: Some(&known.nonce),
                watermark: head.watermark,
                at_last: at(hello.last_seq),
                at_acked: at(hello.acked_seq),
                ended: self.state.lives.contains_key(&(terminal.id, hello.incarnation.clone())),
                takes_over: false,
                lives: 0,
            },
        );
        verdict.refusal().map_or(Ok(()), |(code, _)| Err(problem(code)))
    }

    /// Decides on a push; nothing is changed yet.
    pub(super) fn push(&self, id: Uuid, body: &[u8]) -> Result<Decided, Problem> {
        let refused = |refusal: kart_hq::decisions::Refusal| refusal.problem().clone();
        let push = Push::parse(body).map_err(refused)?;
        let terminal = self.state.terminal(id)?;
        check_sender(&terminal, &self.state.head(id), &push).map_err(refused)?;
        // The same terminal, now that it was checked.
        let terminal = self.state.terminal(push.envelope.terminal)?;
        let head = self.state.head(terminal.id);
        let newest = self.state.terminals[&terminal.id].sessions.last().map(|past| past.id);
        check_session(newest, push.envelope.session).map_err(refused)?;
        let place = |seq| (terminal.id, terminal.incarnation.clone(), seq);
        let stored = self.state.inbox.range(place(push.envelope.from - 1)..=place(push.to()));
        let stored = stored.map(|((.., seq), stored)| (*seq, stored.hash)).collect();
        let writer = Writer::of(&terminal).map_err(refused)?;
        let links = check(&head, &stored, &push, writer.origin).map_err(refused)?;
        let mut changes = Changes::default();
        let (mut watermark, mut hash) = (head.watermark, head.hash);
        if let Some(last) = links.last() {
            (watermark, hash) = (last.seq, last.hash);
            changes.head = Some((terminal.id, watermark, hash));
            let lines = links.iter().map(|link| {
                (place(link.seq), Arc::new(Stored { line: link.line.to_vec(), hash: link.hash }))
            });
            changes.inbox = lines.collect();
            let (good, bad) = sort(&links, &push.texts);
            let kept =
                good.into_iter().map(|text| ((place(text.seq), text.field.clone()), text.clone()));
            changes.texts = kept.collect();
            changes.held = bad.into_iter().map(|held| (place(held.seq), Arc::new(held))).collect();
            let facts: Vec<Fact> = links.into_iter().filter_map(|link| link.fact).collect();
            let formers = facts.iter().flat_map(|fact| fact.former.iter().flat_map(Former::places));
            let again = formers.map(|former| {
                (terminal.id, former.incarnation.to_string(), former.seq, former.hash.0)
            });
            changes.reissued = again.collect();
            changes.used = number::used(&terminal, &facts);
            fold::project(&self.state, &writer, &facts, false, &mut changes)?;
            if planted(Bug::QuarantineWithoutWatermark)
                && let Some(first) = changes.held.iter().map(|((.., seq), _)| *seq).min()
            {
                let before = changes.inbox.iter().rfind(|((.., seq), _)| *seq < first);
                changes.head = before.map(|((.., seq), stored)| (terminal.id, *seq, stored.hash));
                (watermark, hash) = changes
                    .head
                    .map_or((head.watermark, head.hash), |(_, watermark, hash)| (watermark, hash));
            }
        }
        let waits = changes.held.iter().map(|((.., seq), held)| Quarantined {
            seq: *seq,
            code: held.code.clone(),
            detail: held.detail.clone(),
        });
        let answer = Pushed {
            session: push.envelope.session,
            watermark,
            watermark_hash: hash.to_string(),
            safe_seq: head.safe_seq,
            quarantined: waits.collect(),
        };
        Ok(Decided { changes, answer })
    }

    /// An archived backup: everything in it is safe.
    pub(super) fn back_up(&mut self) {
        for known in self.state.terminals.values_mut() {
            known.safe_seq = known.watermark;
        }
        self.backups.push(self.state.clone());
    }

    /// The newest backups are younger than any promise that something is safe.
    pub(super) fn restore(&mut self) -> bool {
        let Some(backup) = self.backups.last() else { return false };
        self.state = backup.clone();
        self.epoch += 1;
        true
    }

    /// The site's row key space for a tenant.
    pub(super) fn site(&self) -> SiteId {
        self.state.reference.site.id
    }
}

pub(super) fn problem(code: &str) -> Problem {
    Problem::new(code, "")
}

/// Every key of the reference data that a fact can name.
fn keys(reference: &Reference) -> BTreeSet<Uuid> {
    let groups = reference.downtime_groups.iter().chain(&reference.scrap_groups);
    let products = reference.families.iter().flat_map(|family| &family.products);
    let mut keys: BTreeSet<Uuid> = products.map(|product| product.id.0).collect();
    keys.extend(groups.flat_map(|group| &group.reasons).map(|reason| reason.id.0));
    keys.extend(reference.stations.iter().map(|station| station.id.0));
    keys.extend(reference.machines.iter().map(|machine| machine.id.0));
    keys.extend(reference.people.iter().map(|person| person.id.0));
    keys
}
