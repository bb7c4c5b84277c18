//! The one writing thread. It takes everything that is queued when the last commit returns and
//! commits it together; nobody waits for more to arrive.

use kart_core::{
    fact::{Body, Fact, Hash},
    id::Origin,
    record::Tenant,
    time::Moment,
};
use rusqlite::{Connection, TransactionBehavior};
use std::{fs::File, thread};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use crate::{
    Append, Mirror, Reader, StoreError,
    append::{Ready, Transaction, head},
    erase::{self, Erasure},
    open::{self, StoreOptions},
    purge::{self, Purged},
    refold::refold,
};

/// Appends that may wait; more callers than this wait for a place.
const QUEUE: usize = 1_024;

/// A commit holds at most this many facts …
const GROUP_FACTS: usize = 1_000;

/// … or about this many bytes of drafts.
const GROUP_BYTES: usize = 1024 * 1024;

/// How often the writer looks whether callers are still coming back.
const RETURNS: usize = 64;

/// … and how often without seeing one before it goes on.
const QUIET: usize = 2;

/// Roughly what one draft takes as a line.
const DRAFT_BYTES: usize = 512;

/// Where a log stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Last sequence number; 0 before the first fact.
    pub seq: u64,
    /// Hash there.
    pub hash: Hash,
}

/// What headquarters said it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acknowledged {
    /// The session that said so.
    pub session: Uuid,
    /// Up to where headquarters holds the log.
    pub acked: u64,
    /// Up to where it is backed up.
    pub safe: u64,
    /// Further facts that it holds but could not apply.
    pub quarantined: Vec<QuarantinedFact>,
}

/// A fact that headquarters could not apply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QuarantinedFact {
    /// Which fact.
    pub seq: u64,
    /// Stable word.
    pub code: String,
    /// For people.
    pub detail: String,
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

enum Work {
    Append(Ready, Reply<Head>),
    Acknowledge(Acknowledged, Reply<()>),
    Quarantine(Vec<QuarantinedFact>, Reply<()>),
    Snapshot(u64, String, Reply<()>),
    Purge(Moment, i64, Reply<Purged>),
    Erase(Vec<Erasure>, Reply<()>),
    Stop(Reply<()>),
}

/// A handle on the writing thread. Clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    work: mpsc::Sender<Work>,
    head: watch::Receiver<Head>,
    origin: Origin,
    mirror: Mirror,
    options: StoreOptions,
}

impl Store {
    /// Opens or makes the files and starts the writing thread. Blocks; call it before serving.
    pub fn open(options: StoreOptions) -> Result<Self, StoreError> {
        let lock = open::lock(&options.folder)?;
        let mut connection = open::writing(&options.folder)?;
        let origin = origin(&connection)?.unwrap_or(options.new_origin);
        refold(&mut connection, origin, &options.tenant)?;
        let start = head(&connection)?;
        let (work, queue) = mpsc::channel(QUEUE);
        let (publish, watched) = watch::channel(start);
        let mirror = Mirror::open(&options.folder)?;
        let tenant = options.tenant.clone();
        let writer = Writer { connection, origin, tenant, head: start, publish, _lock: lock };
        thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer.run(queue))
            .map_err(|source| StoreError::Folder { path: options.folder.clone(), source })?;
        Ok(Self { work, head: watched, origin, mirror, options })
    }

    /// Whose log this is.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Where the log stands, as committed.
    pub fn head(&self) -> watch::Receiver<Head> {
        self.head.clone()
    }

    /// A connection that only reads.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open(&self.options.folder, self.origin)
    }

    /// The mirror of headquarters' rows. It has a file and a lock of its own: facts never wait for it.
    pub fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    /// Makes `append` durable; the answer comes after the commit and names the head as it was
    /// right after this append. An error means that nothing of it is on disk.
    pub async fn append(&self, append: Append) -> Result<Head, StoreError> {
        let ready = append.ready()?;
        self.ask(|reply| Work::Append(ready, reply)).await
    }

    /// Remembers what headquarters holds.
    pub async fn acknowledge(&self, acknowledged: Acknowledged) -> Result<(), StoreError> {
        self.ask(|reply| Work::Acknowledge(acknowledged, reply)).await
    }

    /// Remembers all facts that headquarters holds but could not apply.
    pub async fn quarantine(&self, all: Vec<QuarantinedFact>) -> Result<(), StoreError> {
        self.ask(|reply| Work::Quarantine(all, reply)).await
    }

    /// Keeps the plant as of fact `seq`, so that the next start replays only what follows.
    pub async fn save_plant(&self, seq: u64, state: String) -> Result<(), StoreError> {
        self.ask(|reply| Work::Snapshot(seq, state, reply)).await
    }

    /// One step of purging facts that are older `now` than `keep_us`, microseconds, and backed up at
    /// headquarters. `now` is a time that somebody has confirmed.
    pub async fn purge(&self, now: Moment, keep_us: i64) -> Result<Purged, StoreError> {
        self.ask(|reply| Work::Purge(now, keep_us, reply)).await
    }

    /// Erases texts beside facts; those that are not here, or not any more, are passed over.
    pub async fn erase(&self, all: Vec<Erasure>) -> Result<(), StoreError> {
        self.ask(|reply| Work::Erase(all, reply)).await
    }

    /// Finishes what is queued, empties the WAL and ends the thread.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.ask(Work::Stop).await
    }

    async fn ask<T>(&self, work: impl FnOnce(Reply<T>) -> Work) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.work.send(work(reply)).await.map_err(|_| StoreError::Stopped)?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }
}

struct Writer {
    connection: Connection,
    origin: Origin,
    tenant: Tenant,
    head: Head,
    publish: watch::Sender<Head>,
    _lock: File,
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<Work>) {
        let mut next = queue.blocking_recv();
        while let Some(work) = next.take() {
            match work {
                Work::Append(append, reply) => next = self.group(append, reply, &mut queue),
                Work::Acknowledge(acknowledged, reply) => {
                    answer(reply, self.acknowledge(&acknowledged));
                },
                Work::Quarantine(all, reply) => answer(reply, self.quarantine(&all)),
                Work::Purge(now, keep_us, reply) => {
                    answer(reply, purge::step(&mut self.connection, &now, keep_us));
                },
                Work::Erase(all, reply) => {
                    let living = self.origin.incarnation;
                    answer(reply, erase::erase(&mut self.connection, living, &all));
                },
                Work::Snapshot(seq, state, reply) => answer(reply, self.snapshot(seq, &state)),
                Work::Stop(reply) => {
                    let result = self.checkpoint();
                    // Whoever hears the answer may open the files anew.
                    drop(self);
                    answer(reply, result);
                    return;
                },
            }
            if next.is_none() {
                next = queue.blocking_recv();
            }
        }
    }

    /// Commits `first` together with every append that is queued behind it. Returns the first
    /// piece of other work that it met.
    fn group(
        &mut self,
        first: Ready,
        reply: Reply<Head>,
        queue: &mut mpsc::Receiver<Work>,
    ) -> Option<Work> {
        let mut facts = first.facts.len();
        let mut group = vec![(first, reply)];
        let mut other = None;
        while facts < GROUP_FACTS && facts * DRAFT_BYTES < GROUP_BYTES && other.is_none() {
            match queue.try_recv() {
                Ok(Work::Append(append, reply)) => {
                    facts += append.facts.len();
                    group.push((append, reply));
                },
                Ok(work) => other = Some(work),
                Err(_) => break,
            }
        }
        let (appends, replies): (Vec<Ready>, Vec<Reply<Head>>) = group.into_iter().unzip();
        let answered = replies.len();
        match self.commit(appends) {
            Ok((head, heads)) => {
                self.head = head;
                self.publish.send_replace(head);
                for (reply, result) in replies.into_iter().zip(heads) {
                    answer(reply, result);
                }
                let_them_return(queue, answered);
            },
            Err(error) => {
                for reply in replies {
                    answer(reply, Err(StoreError::NotRecorded(error.to_string())));
                }
            },
        }
        other
    }

    /// One transaction. An append that does not follow the head is refused alone; any other
    /// fault takes the whole group back.
    fn commit(
        &mut self,
        appends: Vec<Ready>,
    ) -> Result<(Head, Vec<Result<Head, StoreError>>), StoreError> {
        let sql = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut transaction = Transaction::new(&sql, self.origin, &self.tenant, self.head)?;
        let mut head = self.head;
        let mut heads = Vec::with_capacity(appends.len());
        for append in appends {
            match append.expected.filter(|expected| *expected != head.seq + 1) {
                Some(expected) => heads.push(Err(StoreError::NotNext { expected, head: head.seq })),
                None => {
                    head = transaction.append(append)?;
                    heads.push(Ok(head));
                },
            }
        }
        transaction.finish()?;
        sql.commit()?;
        Ok((head, heads))
    }

    fn acknowledge(&mut self, told: &Acknowledged) -> Result<(), StoreError> {
        let sql = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (acked, safe) = (signed(told.acked), signed(told.safe));
        sql.execute("UPDATE sync SET acked_seq = ?1, safe_seq = ?2", [acked, safe])?;
        sql.execute(
            "INSERT INTO sessions VALUES (?1, (SELECT coalesce(max(began), 0) + 1 FROM sessions), ?2)
             ON CONFLICT (session) DO UPDATE SET watermark = excluded.watermark",
            (told.session, acked),
        )?;
        sql.execute(
            "DELETE FROM sessions WHERE began <= (SELECT max(began) FROM sessions) - 32",
            [],
        )?;
        write_quarantine(&sql, &told.quarantined)?;
        sql.commit()?;
        Ok(())
    }

    fn quarantine(&mut self, all: &[QuarantinedFact]) -> Result<(), StoreError> {
        let sql = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        sql.execute("DELETE FROM quarantine", [])?;
        write_quarantine(&sql, all)?;
        sql.commit()?;
        Ok(())
    }

    fn snapshot(&self, seq: u64, state: &str) -> Result<(), StoreError> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        self.connection.execute("INSERT OR REPLACE INTO plant VALUES (1, ?1, ?2)", (seq, state))?;
        Ok(())
    }

    fn checkpoint(&self) -> Result<(), StoreError> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}

fn write_quarantine(sql: &Connection, facts: &[QuarantinedFact]) -> Result<(), StoreError> {
    for fact in facts {
        let row = (signed(fact.seq), &fact.code, &fact.detail);
        sql.execute("INSERT OR REPLACE INTO quarantine VALUES (?1, ?2, ?3)", row)?;
    }
    Ok(())
}

fn signed(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// Gives the callers who were just answered the processor, for as long as they are coming back.
/// Without it they meet in two groups that take turns, each waiting for the other's commit; see
/// the decision about group commit. Nobody waits for callers that are not there.
fn let_them_return(queue: &mpsc::Receiver<Work>, answered: usize) {
    // A single caller is never waited for: it is as quick as its thread.
    if answered < 2 {
        return;
    }
    // Those that came during the commit are there already.
    let all = queue.len() + answered;
    let mut quiet = 0;
    for _ in 0..RETURNS {
        let waiting = queue.len();
        if waiting >= all || quiet > QUIET {
            return;
        }
        thread::yield_now();
        quiet = if queue.len() == waiting { quiet + 1 } else { 0 };
    }
}

/// A caller that has gone away does not need its answer.
fn answer<T>(reply: Reply<T>, result: Result<T, StoreError>) {
    drop(reply.send(result));
}

/// Whose log the file holds, told by its first fact, also when that was purged.
pub(crate) fn origin(connection: &Connection) -> Result<Option<Origin>, StoreError> {
    let mut select = connection.prepare(
        "SELECT line FROM facts WHERE seq = 1 UNION ALL SELECT genesis FROM purged LIMIT 1",
    )?;
    let mut rows = select.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let first = Fact::parse(row.get::<_, String>(0)?.as_bytes())?;
    match first.fact {
        Body::Genesis { format, terminal, incarnation } if format == kart_core::fact::FORMAT => {
            Ok(Some(Origin { terminal, incarnation }))
        },
        Body::Genesis { format, .. } => {
            Err(StoreError::Damaged { seq: 1, problem: format!("format {format} is not known") })
        },
        _ => Err(StoreError::Damaged { seq: 1, problem: "the log has no beginning".to_owned() }),
    }
}
