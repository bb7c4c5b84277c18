//! Appending: facts, chain, source cursors and projections in one transaction.

use kart_core::{
    fact::{Body, Draft, Fact, FactText, Hash, LINE_LIMIT, Prepared},
    id::{EquipmentId, Origin, RecordId},
    record::{FOLD_VERSION, Record, Tenant, Touch, touches},
    row::Row,
    signal::Value,
    time::Moment,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension};
use std::{collections::BTreeMap, sync::Arc};

use crate::{Head, StoreError, clock, rows::RowWriter};

/// What is to be made durable together.
#[derive(Clone, Debug, Default)]
pub struct Append {
    /// Facts, in order. May be empty.
    pub drafts: Vec<Draft>,
    /// The sequence number that the first draft was decided to get; checked when present.
    pub expected: Option<u64>,
    /// Source cursors: values whose senders wait to hear "saved".
    pub signals: Vec<Signal>,
    /// Messages that the values came in.
    pub messages: Vec<Message>,
    /// Brokers that have begun a new session before these messages: their numbers mean others.
    pub anew: Vec<Arc<str>>,
    /// Numbers under which brokers deliver nothing of before these messages.
    pub free: Vec<(Arc<str>, u16)>,
    /// How the map that comes into force with this reads its signals, in the daemon's words.
    pub as_read: Option<String>,
    /// A sign of life.
    pub alive: Option<Moment>,
    /// That is by a time which headquarters has confirmed.
    pub confirmed: bool,
}

/// A message of a broker that was taken: delivered once more, it is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The broker.
    pub broker: Arc<str>,
    /// The number under which it delivers the message until it hears "saved".
    pub packet: u16,
    /// Of topic and payload: numbers are used again.
    pub digest: i64,
}

impl Message {
    /// The message under its number.
    pub fn new(broker: Arc<str>, packet: u16, topic: &str, payload: &[u8]) -> Self {
        let Hash(hash) = Hash::ZERO.after(topic.as_bytes()).after(payload);
        let digest = hash.iter().take(8).fold(0, |sum, byte| sum << 8 | i64::from(*byte));
        Self { broker, packet, digest }
    }
}

/// An append whose lines are made, as far as they can be before their places are known.
pub(crate) struct Ready {
    pub(crate) facts: Vec<Prepared>,
    pub(crate) expected: Option<u64>,
    signals: Vec<Signal>,
    messages: Vec<Message>,
    anew: Vec<Arc<str>>,
    free: Vec<(Arc<str>, u16)>,
    as_read: Option<String>,
    alive: Option<Moment>,
    confirmed: bool,
}

impl Append {
    /// Makes the lines, on the caller's thread: the writer has enough to do.
    pub(crate) fn ready(mut self) -> Result<Ready, StoreError> {
        let drafts = std::mem::take(&mut self.drafts);
        let facts: Result<_, _> = drafts.into_iter().map(Draft::prepare).collect();
        let Self { expected, signals, messages, anew, free, as_read, alive, confirmed, .. } = self;
        let facts = facts?;
        Ok(Ready { facts, expected, signals, messages, anew, free, as_read, alive, confirmed })
    }
}

impl Ready {
    /// Facts alone.
    pub(crate) fn of(facts: Vec<Prepared>) -> Self {
        let (expected, as_read, alive, confirmed) = (None, None, None, false);
        let (signals, messages, anew, free) = (vec![], vec![], vec![], vec![]);
        Self { facts, expected, signals, messages, anew, free, as_read, alive, confirmed }
    }
}

/// The last value of a signal.
#[derive(Clone, PartialEq, Debug)]
pub struct Signal {
    /// Which machine.
    pub equipment: EquipmentId,
    /// Which signal.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// When it was read.
    pub at: Moment,
}

/// The writing half of one transaction.
pub(crate) struct Transaction<'c> {
    connection: &'c Connection,
    origin: Origin,
    tenant: &'c Tenant,
    head: Head,
    records: BTreeMap<RecordId, Record>,
    insert: CachedStatement<'c>,
    rows: RowWriter<'c>,
}

impl<'c> Transaction<'c> {
    pub(crate) fn new(
        connection: &'c Connection,
        origin: Origin,
        tenant: &'c Tenant,
        head: Head,
    ) -> Result<Self, StoreError> {
        let insert = "INSERT INTO facts (seq, line, hash, key) VALUES (?1, ?2, ?3, ?4)";
        Ok(Self {
            connection,
            origin,
            tenant,
            head,
            records: BTreeMap::new(),
            insert: connection.prepare_cached(insert)?,
            rows: RowWriter::new(connection, origin),
        })
    }

    /// Writes one append; the records it touches are written by [`Self::finish`].
    pub(crate) fn append(&mut self, append: Ready) -> Result<Head, StoreError> {
        for fact in append.facts {
            self.fact(fact)?;
        }
        for signal in &append.signals {
            self.signal(signal)?;
        }
        for broker in &append.anew {
            self.connection.execute("DELETE FROM messages WHERE broker = ?1", [broker])?;
        }
        for number in &append.free {
            self.connection
                .prepare_cached("DELETE FROM messages WHERE broker = ?1 AND packet = ?2")?
                .execute((&number.0, number.1))?;
        }
        for message in &append.messages {
            self.connection
                .prepare_cached("INSERT OR REPLACE INTO messages VALUES (?1, ?2, ?3)")?
                .execute((&message.broker, message.packet, message.digest))?;
        }
        if let Some(state) = &append.as_read {
            self.connection
                .prepare_cached("INSERT OR REPLACE INTO as_read VALUES (1, ?1)")?
                .execute([state])?;
        }
        if let Some(alive) = &append.alive {
            self.connection
                .prepare_cached("INSERT OR REPLACE INTO alive VALUES (1, ?1, ?2, ?3)")?
                .execute((alive.at.wall_us.0, alive.at.mono_us, &alive.boot.0))?;
            if append.confirmed {
                self.connection
                    .prepare_cached("INSERT OR REPLACE INTO confirmed_time VALUES (1, ?1)")?
                    .execute([alive.at.wall_us.0])?;
            }
        }
        Ok(self.head)
    }

    /// Writes the rows of all touched records, each once. Returns the head to commit.
    pub(crate) fn finish(mut self) -> Result<Head, StoreError> {
        for (id, record) in std::mem::take(&mut self.records) {
            let state = serde_json::to_string(&record)?;
            self.connection
                .prepare_cached("INSERT OR REPLACE INTO records VALUES (?1, ?2, ?3, ?4)")?
                .execute((id.0, record.kind(), FOLD_VERSION, state))?;
            self.rows(&record.rows(id, self.tenant))?;
        }
        Ok(self.head)
    }

    fn fact(&mut self, prepared: Prepared) -> Result<(), StoreError> {
        let (fact, line, texts) = prepared.seal(self.head.seq + 1);
        self.copy(&fact, &line, &texts)
    }

    /// Where the log stands within this transaction.
    pub(crate) fn head(&self) -> Head {
        self.head
    }

    /// Writes the next fact with the line that it has.
    pub(crate) fn copy(
        &mut self,
        fact: &Fact,
        line: &str,
        texts: &[FactText],
    ) -> Result<(), StoreError> {
        if line.len() > LINE_LIMIT {
            return Err(StoreError::TooLarge { bytes: line.len() });
        }
        let hash = self.head.hash.after(line.as_bytes());
        let seq = i64::try_from(fact.seq).unwrap_or(i64::MAX);
        self.insert.execute((seq, line, hash.0, &fact.key))?;
        for text in texts {
            self.connection
                .prepare_cached("INSERT INTO fact_texts VALUES (?1, ?2, ?3, ?4)")?
                .execute((seq, &text.field, &text.salt, &text.text))?;
        }
        self.head = Head { seq: fact.seq, hash };
        self.project(fact)
    }

    fn project(&mut self, fact: &Fact) -> Result<(), StoreError> {
        if let Body::Retimed(retimed) = &fact.fact {
            clock::retime(self.connection, (self.origin, self.tenant), retimed)?;
        }
        for touch in touches(self.origin, fact, self.tenant) {
            match touch {
                Touch::Rows(rows) => self.rows(&rows)?,
                Touch::Record(id) => {
                    let loaded = match self.records.remove(&id) {
                        Some(record) => Some(record),
                        None => self.load(id, fact)?,
                    };
                    if let Some(mut record) = loaded.or_else(|| Record::empty_for(fact)) {
                        if !record.apply(id, self.origin, fact) {
                            tracing::error!(seq = fact.seq, record = %id, "fact of another kind");
                        }
                        self.records.insert(id, record);
                    }
                },
            }
        }
        Ok(())
    }

    /// The stored state of a record. A record that `fact` itself opens cannot have one.
    fn load(&self, id: RecordId, fact: &Fact) -> Result<Option<Record>, StoreError> {
        if fact.opens(self.origin) == Some(id) {
            return Ok(None);
        }
        let mut select =
            self.connection.prepare_cached("SELECT state FROM records WHERE record_id = ?1")?;
        let state: Option<String> = select.query_row([id.0], |row| row.get(0)).optional()?;
        Ok(state.map(|state| serde_json::from_str(&state)).transpose()?)
    }

    fn rows(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        for row in rows {
            self.rows.write(row)?;
        }
        Ok(())
    }

    fn signal(&self, signal: &Signal) -> Result<(), StoreError> {
        let value = serde_json::to_string(&signal.value)?;
        let (at, boot) = (signal.at.at, &signal.at.boot.0);
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO signals VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute((signal.equipment.0, &signal.name, value, at.wall_us.0, at.mono_us, boot))?;
        Ok(())
    }
}

/// The last fact's place and hash.
pub(crate) fn head(connection: &Connection) -> Result<Head, StoreError> {
    let select = "SELECT seq, hash FROM facts ORDER BY seq DESC LIMIT 1";
    match end(connection, select)? {
        Some(head) => Ok(head),
        None => Head::after_purge(connection),
    }
}

impl Head {
    /// Where the log begins on this disk: behind what was purged.
    pub(crate) fn after_purge(connection: &Connection) -> Result<Self, StoreError> {
        let purged = end(connection, "SELECT seq, hash FROM purged")?;
        Ok(purged.unwrap_or(Self { seq: 0, hash: Hash::ZERO }))
    }
}

fn end(connection: &Connection, select: &str) -> Result<Option<Head>, StoreError> {
    let row = connection
        .query_row(select, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?)))
        .optional()?;
    Ok(row
        .map(|(seq, hash)| Head { seq: u64::try_from(seq).unwrap_or_default(), hash: Hash(hash) }))
}
