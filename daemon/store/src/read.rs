//! Reading: connections that cannot write.

use kart_core::{
    fact::{Fact, FactText, Hash},
    id::{EquipmentId, Origin},
    time::{Boot, Micros, Moment, Stamp},
};
use rusqlite::{Connection, OptionalExtension, Row};
use std::path::{Path, PathBuf};
use uuid::Uuid;

use crate::{Message, QuarantinedFact, Signal, StoreError, open};

/// A connection that only reads, for one thread at a time.
pub struct Reader {
    connection: Connection,
    origin: Origin,
    folder: PathBuf,
}

/// A damage of the log that was found at a start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// When.
    pub at: Micros,
    /// Facts from here on were recorded after it.
    pub seq: u64,
    /// What was damaged.
    pub problem: String,
    /// The file that was set aside, in the data folder.
    pub file: String,
}

/// A page of the log on its way to headquarters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outgoing {
    /// First sequence number.
    pub from: u64,
    /// Hash before it.
    pub prev_hash: Hash,
    /// The lines, in order.
    pub lines: Vec<String>,
    /// Texts that the lines commit to, with their facts.
    pub texts: Vec<(u64, FactText)>,
}

impl Reader {
    pub(crate) fn open(folder: &Path, origin: Origin) -> Result<Self, StoreError> {
        Ok(Self { connection: open::reading(folder)?, origin, folder: folder.into() })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Whose log this is.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// What the former life of the log added up to, where this one goes on with it.
    pub fn inherited(&self) -> Result<Option<String>, StoreError> {
        let select = "SELECT plant FROM inherited";
        Ok(self.connection.query_row(select, [], |row| row.get(0)).optional()?)
    }

    /// Whether facts were purged: the log alone does not tell the whole state any more.
    pub fn is_purged(&self) -> Result<bool, StoreError> {
        Ok(self.connection.query_row("SELECT count(*) > 0 FROM purged", [], |row| row.get(0))?)
    }

    /// The last damage that was found, until a person has taken the file away.
    pub fn damage(&self) -> Result<Option<Damage>, StoreError> {
        let select = "SELECT at_us, seq, problem, file FROM damages ORDER BY at_us DESC LIMIT 1";
        let damage = |row: &Row<'_>| {
            Ok(Damage {
                at: Micros(row.get(0)?),
                seq: seq(row, 1)?,
                problem: row.get(2)?,
                file: row.get(3)?,
            })
        };
        let found = self.connection.query_row(select, [], damage).optional()?;
        Ok(found.filter(|damage| self.folder.join(&damage.file).exists()))
    }

    /// The saved plant, with the fact it is as of.
    pub fn plant(&self) -> Result<Option<(u64, String)>, StoreError> {
        let select = "SELECT seq, state FROM plant";
        Ok(self
            .connection
            .query_row(select, [], |row| Ok((seq(row, 0)?, row.get(1)?)))
            .optional()?)
    }

    /// Calls `each` with every fact after `after`, in order.
    pub fn facts_after(&self, after: u64, mut each: impl FnMut(&Fact)) -> Result<(), StoreError> {
        let mut select =
            self.connection.prepare("SELECT line FROM facts WHERE seq > ?1 ORDER BY seq")?;
        let mut rows = select.query([signed(after)])?;
        while let Some(row) = rows.next()? {
            each(&Fact::parse(row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?)?);
        }
        Ok(())
    }

    /// The fact that a command with this key became.
    pub fn by_key(&self, key: &str) -> Result<Option<Fact>, StoreError> {
        let mut select = self.connection.prepare_cached("SELECT line FROM facts WHERE key = ?1")?;
        let line: Option<String> = select.query_row([key], |row| row.get(0)).optional()?;
        Ok(line.map(|line| Fact::parse(line.as_bytes())).transpose()?)
    }

    /// The last `most` facts that people caused, newest first.
    pub fn lately(&self, most: u32) -> Result<Vec<Fact>, StoreError> {
        let mut select = self.connection.prepare_cached(
            "SELECT line FROM facts INDEXED BY facts_of_people
             WHERE key IS NOT NULL ORDER BY seq DESC LIMIT ?1",
        )?;
        let lines = select.query_map([most], |row| row.get::<_, String>(0))?;
        lines.map(|line| Ok(Fact::parse(line?.as_bytes())?)).collect()
    }

    /// Fact `number`; `None` when it is not here.
    pub fn fact(&self, number: u64) -> Result<Option<Fact>, StoreError> {
        let mut select = self.connection.prepare_cached("SELECT line FROM facts WHERE seq = ?1")?;
        let line: Option<String> =
            select.query_row([signed(number)], |row| row.get(0)).optional()?;
        Ok(line.map(|line| Fact::parse(line.as_bytes())).transpose()?)
    }

    /// When fact `number` was recorded.
    pub fn recorded_at(&self, number: u64) -> Result<Option<Micros>, StoreError> {
        Ok(self.fact(number)?.map(|fact| fact.at.wall_us))
    }

    /// The first fact that is still here; 0 when there is none.
    pub fn oldest(&self) -> Result<u64, StoreError> {
        let select = "SELECT coalesce(min(seq), 0) FROM facts";
        Ok(self.connection.query_row(select, [], |row| seq(row, 0))?)
    }

    /// The hash at `number`; zero before the first fact, `None` beyond the last.
    pub fn hash_at(&self, number: u64) -> Result<Option<Hash>, StoreError> {
        if number == 0 {
            return Ok(Some(Hash::ZERO));
        }
        let mut select = self.connection.prepare_cached(
            "SELECT hash FROM facts WHERE seq = ?1
             UNION ALL SELECT hash FROM purged WHERE seq = ?1",
        )?;
        Ok(select.query_row([signed(number)], |row| row.get(0)).optional()?.map(Hash))
    }

    /// The facts after `after`, at most so many facts and about so many bytes; `None` at the end.
    pub fn outgoing(
        &self,
        after: u64,
        facts: usize,
        bytes: usize,
    ) -> Result<Option<Outgoing>, StoreError> {
        let Some(prev_hash) = self.hash_at(after)? else { return Ok(None) };
        let mut select = self
            .connection
            .prepare_cached("SELECT line FROM facts WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
        let most = i64::try_from(facts).unwrap_or(i64::MAX);
        let mut rows = select.query([signed(after), most])?;
        let mut lines: Vec<String> = Vec::new();
        let mut size = 0;
        while let Some(row) = rows.next()? {
            let line: String = row.get(0)?;
            size += line.len() + 1;
            if size > bytes && !lines.is_empty() {
                break;
            }
            lines.push(line);
        }
        if lines.is_empty() {
            return Ok(None);
        }
        let last = after + u64::try_from(lines.len()).unwrap_or_default();
        let texts = self.texts(after, last)?;
        Ok(Some(Outgoing { from: after + 1, prev_hash, lines, texts }))
    }

    fn texts(&self, after: u64, last: u64) -> Result<Vec<(u64, FactText)>, StoreError> {
        let mut select = self.connection.prepare_cached(
            "SELECT seq, field, salt, text FROM fact_texts WHERE seq > ?1 AND seq <= ?2",
        )?;
        let texts = select.query_map([signed(after), signed(last)], |row| {
            let text = FactText { field: row.get(1)?, salt: row.get(2)?, text: row.get(3)? };
            Ok((seq(row, 0)?, text))
        })?;
        Ok(texts.collect::<Result<_, _>>()?)
    }

    /// What headquarters holds: the last acknowledged fact, and the last one that is backed up.
    pub fn acknowledged(&self) -> Result<(u64, u64), StoreError> {
        let select = "SELECT acked_seq, safe_seq FROM sync";
        Ok(self.connection.query_row(select, [], |row| Ok((seq(row, 0)?, seq(row, 1)?)))?)
    }

    /// The sessions with headquarters, newest first, with the watermark of each.
    pub fn sessions(&self) -> Result<Vec<(Uuid, u64)>, StoreError> {
        let mut select = self
            .connection
            .prepare("SELECT session, watermark FROM sessions ORDER BY began DESC")?;
        let sessions = select.query_map([], |row| Ok((row.get(0)?, seq(row, 1)?)))?;
        Ok(sessions.collect::<Result<_, _>>()?)
    }

    /// Facts that headquarters could not apply.
    pub fn quarantine(&self) -> Result<Vec<QuarantinedFact>, StoreError> {
        let mut select =
            self.connection.prepare_cached("SELECT seq, code, detail FROM quarantine")?;
        let facts = select.query_map([], |row| {
            Ok(QuarantinedFact { seq: seq(row, 0)?, code: row.get(1)?, detail: row.get(2)? })
        })?;
        Ok(facts.collect::<Result<_, _>>()?)
    }

    /// How the map that was last in force read its signals, in the daemon's words.
    pub fn as_read(&self) -> Result<Option<String>, StoreError> {
        let select = "SELECT state FROM as_read";
        Ok(self.connection.query_row(select, [], |row| row.get(0)).optional()?)
    }

    /// The last sign of life.
    pub fn alive(&self) -> Result<Option<Moment>, StoreError> {
        let select = "SELECT wall_us, mono_us, boot FROM alive";
        Ok(self.connection.query_row(select, [], |row| moment(row, 0)).optional()?)
    }

    /// The last values whose senders were told "saved".
    pub fn signals(&self) -> Result<Vec<Signal>, StoreError> {
        let mut select = self
            .connection
            .prepare("SELECT equipment_id, signal, value, wall_us, mono_us, boot FROM signals")?;
        let rows = select.query_map([], |row| {
            Ok((EquipmentId(row.get(0)?), row.get(1)?, row.get::<_, String>(2)?, moment(row, 3)?))
        })?;
        rows.map(|row| {
            let (equipment, name, value, at) = row?;
            Ok(Signal { equipment, name, value: serde_json::from_str(&value)?, at })
        })
        .collect()
    }
}

impl Reader {
    /// Messages of brokers that were taken.
    pub fn messages(&self) -> Result<Vec<Message>, StoreError> {
        let mut select = self.connection.prepare("SELECT broker, packet, digest FROM messages")?;
        let rows = select.query_map([], |row| {
            let broker = row.get::<_, String>(0)?.into();
            Ok(Message { broker, packet: row.get(1)?, digest: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn signed(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn seq(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
}

fn moment(row: &Row<'_>, first: usize) -> rusqlite::Result<Moment> {
    let at = Stamp { wall_us: Micros(row.get(first)?), mono_us: row.get(first + 1)? };
    Ok(Moment { at, boot: Boot(row.get(first + 2)?) })
}
