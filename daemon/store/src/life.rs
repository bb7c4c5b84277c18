//! A file of facts takes the place of another one: at the beginning of a new life, or when the end
//! of the log is damaged. The old file is kept beside it.
//!
//! The new file is made under another name; one rename decides. What is left to do after it can be
//! done again at any later start, so a power cut at any point leaves the old file or the new one.

use kart_core::{
    fact::{Fact, FactText, Hash, Prepared, life::Continued},
    id::Origin,
    life::Succession,
    plant::Plant,
    record::Tenant,
    time::Moment,
};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

mod aside;

use aside::set_aside;

use crate::{
    Head, Mirror, StoreError,
    append::{Ready, Transaction},
    open,
    writer::origin,
};

/// Facts that are written into a new file at once.
const PAGE: usize = 1_000;

/// A new life of a log.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// Whose log the new file is.
    pub origin: Origin,
    /// Where the former log ended, at headquarters.
    pub continued: Continued,
    /// What it added up to there.
    pub plant: Plant,
    /// Up to here headquarters has what stands in the old file; what follows is issued again.
    pub common: u64,
    /// When the new life begins.
    pub at: Moment,
}

/// A damaged log that was put back to where it is in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Salvaged {
    /// Last fact that is in order.
    pub kept: u64,
    /// The damaged file.
    pub aside: PathBuf,
}

/// Whose log lies in `folder`; `None` when there is none yet.
pub fn resident(folder: &Path) -> Result<Option<Origin>, StoreError> {
    match open::facts_path(folder).exists() {
        true => origin(&open::reading(folder)?),
        false => Ok(None),
    }
}

/// Makes the new life's file from the old one and decides for it; [`install`] puts it in place.
/// Gives how many facts were issued again.
pub fn renew(folder: &Path, tenant: &Tenant, renewal: Renewal) -> Result<u64, StoreError> {
    let _lock = open::lock(folder)?;
    let mut new = Draft::begin(folder)?;
    let old = open::facts_path(folder);
    // Opened for writing: what waits in its WAL belongs into the file before that is set aside.
    let old = match old.exists() {
        true => Some(open::connect(&old)?),
        false => None,
    };
    let former = match &old {
        Some(old) => origin(old)?.unwrap_or(renewal.origin),
        None => renewal.origin,
    };
    let inherited = serde_json::to_string(&renewal.plant)?;
    new.connection.execute("INSERT INTO inherited VALUES (1, ?1)", [inherited])?;
    let Renewal { origin, continued, plant, common, at } = renewal;
    let end = continued.clone();
    let (mut life, begins) = Succession::begin(plant, origin, former, continued, &at);
    let mut page: Vec<Prepared> = Vec::new();
    for fact in begins {
        page.push(Prepared::new(fact, vec![])?);
    }
    let mut again = 0;
    for (before, facts) in set_aside(folder, old.as_ref(), &end) {
        life.go_on_with(before);
        for (fact, hash, mut texts) in facts {
            for new in life.reissue(&fact, hash)? {
                let texts = if new.former.is_some() { std::mem::take(&mut texts) } else { vec![] };
                page.push(Prepared::new(new, texts)?);
            }
            again += 1;
        }
        new.write(origin, tenant, std::mem::take(&mut page))?;
    }
    life.go_on_with(former);
    if let Some(old) = &old {
        let mut select =
            old.prepare("SELECT seq, line, hash FROM facts WHERE seq > ?1 ORDER BY seq")?;
        let mut rows = select.query([i64::try_from(common).unwrap_or(i64::MAX)])?;
        while let Some(row) = rows.next()? {
            let fact = Fact::parse(row.get::<_, String>(1)?.as_bytes())?;
            let mut texts = texts(old, row.get(0)?)?;
            for new in life.reissue(&fact, Hash(row.get(2)?))? {
                let texts = if new.former.is_some() { std::mem::take(&mut texts) } else { vec![] };
                page.push(Prepared::new(new, texts)?);
            }
            again += 1;
            if page.len() >= PAGE {
                new.write(origin, tenant, std::mem::take(&mut page))?;
            }
        }
        carry_signals(old, &new.connection)?;
        carry_damages(old, &new.connection)?;
    }
    new.write(origin, tenant, page)?;
    let state = serde_json::to_string(life.plant())?;
    let seq = i64::try_from(life.plant().head).unwrap_or(i64::MAX);
    new.connection.execute("INSERT INTO plant VALUES (1, ?1, ?2)", params![seq, state])?;
    Mirror::open(folder)?.begin_life()?;
    new.decide()?;
    Ok(again)
}

/// Puts a file that was decided for in its place; gives where the old one is. Nothing to do is the
/// usual case.
pub fn install(folder: &Path) -> Result<Option<PathBuf>, StoreError> {
    let (next, place) = (open::next_path(folder), open::facts_path(folder));
    if !next.exists() {
        return Ok(None);
    }
    let _lock = open::lock(folder)?;
    let fault = |source| StoreError::Folder { path: folder.into(), source };
    let aside = aside(folder);
    // The WAL first: beside the new file it would be somebody else's.
    for suffix in ["-wal", "-shm", ""] {
        let from = with_suffix(&place, suffix);
        if from.exists() {
            fs::rename(&from, with_suffix(&aside, suffix)).map_err(fault)?;
        }
    }
    sync(folder)?;
    fs::rename(&next, &place).map_err(fault)?;
    sync(folder)?;
    Ok(aside.exists().then_some(aside))
}

/// Puts a log whose end is damaged back to where it is in order. What follows stays in the file
/// that is set aside.
pub fn salvage(
    folder: &Path,
    tenant: &Tenant,
    problem: &str,
    now_us: i64,
) -> Result<Salvaged, StoreError> {
    let kept = {
        let _lock = open::lock(folder)?;
        let mut new = Draft::begin(folder)?;
        // Where not even the beginning can be read, nothing is kept.
        if let Ok(old) = open::reading(folder)
            && let Ok(Some(origin)) = origin(&old)
        {
            carry_base(&old, &new)?;
            new.head = Head::after_purge(&new.connection)?;
            copy(&old, &mut new, origin, tenant)?;
            let kept = i64::try_from(new.head.seq).unwrap_or(i64::MAX);
            carry_sync(&old, &new.connection, kept)?;
            carry_signals(&old, &new.connection).unwrap_or_else(|error| {
                tracing::warn!(%error, "the last values of signals are lost");
            });
        }
        let kept = i64::try_from(new.head.seq).unwrap_or(i64::MAX);
        let file = aside(folder).file_name().map(|name| name.to_string_lossy().into_owned());
        new.connection.execute(
            "INSERT OR REPLACE INTO damages VALUES (?1, ?2, ?3, ?4)",
            params![now_us, kept + 1, problem, file.unwrap_or_default()],
        )?;
        let kept = new.head.seq;
        new.decide()?;
        kept
    };
    let aside = install(folder)?.unwrap_or_else(|| open::facts_path(folder));
    Ok(Salvaged { kept, aside })
}

/// A file that nobody has decided for yet.
struct Draft {
    connection: Connection,
    path: PathBuf,
    folder: PathBuf,
    head: Head,
}

impl Draft {
    fn begin(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("facts-draft.db");
        for suffix in ["", "-wal", "-shm"] {
            let left = with_suffix(&path, suffix);
            if left.exists() {
                let fault = |source| StoreError::Folder { path: left.clone(), source };
                fs::remove_file(&left).map_err(fault)?;
            }
        }
        let connection = open::connect(&path)?;
        let head = Head { seq: 0, hash: Hash::ZERO };
        Ok(Self { connection, path, folder: folder.into(), head })
    }

    fn write(
        &mut self,
        origin: Origin,
        tenant: &Tenant,
        facts: Vec<Prepared>,
    ) -> Result<(), StoreError> {
        let sql = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut transaction = Transaction::new(&sql, origin, tenant, self.head)?;
        transaction.append(Ready::of(facts))?;
        self.head = transaction.finish()?;
        sql.commit()?;
        Ok(())
    }

    fn decide(self) -> Result<(), StoreError> {
        let fault = |source| StoreError::Folder { path: self.path.clone(), source };
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.connection.close().map_err(|(_, error)| error)?;
        File::open(&self.path).and_then(|file| file.sync_all()).map_err(fault)?;
        fs::rename(&self.path, open::next_path(&self.folder)).map_err(fault)?;
        sync(&self.folder)
    }
}

/// Copies facts for as long as they follow from one another, byte for byte.
fn copy(
    old: &Connection,
    new: &mut Draft,
    origin: Origin,
    tenant: &Tenant,
) -> Result<(), StoreError> {
    let mut select =
        old.prepare("SELECT seq, line, hash FROM facts WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    loop {
        let after = i64::try_from(new.head.seq).unwrap_or(i64::MAX);
        let mut rows = select.query(params![after, i64::try_from(PAGE).unwrap_or(i64::MAX)])?;
        let sql = new.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut transaction = Transaction::new(&sql, origin, tenant, new.head)?;
        let mut ended = true;
        // A row that cannot be read is as good as none.
        while let Ok(Some(row)) = rows.next() {
            let read = (row.get::<_, i64>(0), row.get::<_, String>(1), row.get::<_, [u8; 32]>(2));
            let (Ok(seq), Ok(line), Ok(hash)) = read else {
                ended = true;
                break;
            };
            let head = transaction.head();
            let follows = u64::try_from(seq) == Ok(head.seq + 1)
                && head.hash.after(line.as_bytes()) == Hash(hash);
            let fact = Fact::parse(line.as_bytes());
            let (true, Ok(fact)) = (follows, fact) else {
                ended = true;
                break;
            };
            transaction.copy(&fact, &line, &texts(old, seq).unwrap_or_default())?;
            ended = false;
        }
        let before = new.head.seq;
        new.head = transaction.finish()?;
        sql.commit()?;
        if ended || new.head.seq == before {
            return Ok(());
        }
    }
}

fn texts(old: &Connection, seq: i64) -> Result<Vec<FactText>, StoreError> {
    let mut select =
        old.prepare_cached("SELECT field, salt, text FROM fact_texts WHERE seq = ?1")?;
    let texts = select.query_map([seq], |row| {
        Ok(FactText { field: row.get(0)?, salt: row.get(1)?, text: row.get(2)? })
    })?;
    Ok(texts.collect::<Result<_, _>>()?)
}

/// What a log rests on that does not begin with its first fact.
fn carry_base(old: &Connection, new: &Draft) -> Result<(), StoreError> {
    let inherited: Option<String> =
        old.query_row("SELECT plant FROM inherited", [], |row| row.get(0)).optional()?;
    if let Some(plant) = inherited {
        new.connection.execute("INSERT INTO inherited VALUES (1, ?1)", [plant])?;
    }
    let purged = old
        .query_row("SELECT seq, hash, genesis FROM purged", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    if let Some((seq, hash, genesis)) = purged {
        new.connection
            .execute("INSERT INTO purged VALUES (1, ?1, ?2, ?3)", params![seq, hash, genesis])?;
        // Without its beginning the log cannot make this again.
        let plant: Option<(i64, String)> = old
            .query_row("SELECT seq, state FROM plant", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((seq, state)) = plant {
            new.connection.execute("INSERT INTO plant VALUES (1, ?1, ?2)", params![seq, state])?;
        }
    }
    Ok(())
}

fn carry_sync(old: &Connection, new: &Connection, kept: i64) -> Result<(), StoreError> {
    // Lost with the damage: headquarters says it again.
    let (acked, safe): (i64, i64) = old
        .query_row("SELECT acked_seq, safe_seq FROM sync", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap_or_default();
    new.execute(
        "UPDATE sync SET acked_seq = ?1, safe_seq = ?2",
        [acked.min(kept), safe.min(kept)],
    )?;
    // A plant from beyond the end is another log's.
    new.execute("DELETE FROM plant WHERE seq > ?1", [kept])?;
    Ok(())
}

/// What was damaged in the former life is settled when headquarters holds a fact of the new one.
fn carry_damages(old: &Connection, new: &Connection) -> Result<(), StoreError> {
    let mut select = old.prepare("SELECT at_us, problem, file FROM damages")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        new.execute(
            "INSERT INTO damages VALUES (?1, 1, ?2, ?3)",
            params![row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?],
        )?;
    }
    Ok(())
}

/// The last values whose senders were told "saved", and the last sign of life.
fn carry_signals(old: &Connection, new: &Connection) -> Result<(), StoreError> {
    let mut select = old.prepare("SELECT * FROM signals")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        new.execute(
            "INSERT OR REPLACE INTO signals VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                row.get::<_, Vec<u8>>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, i64>(3)?,
                row.get::<_, i64>(4)?,
                row.get::<_, String>(5)?
            ],
        )?;
    }
    let mut select = old.prepare("SELECT broker, packet, digest FROM messages")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let message = (row.get::<_, String>(0)?, row.get::<_, u16>(1)?, row.get::<_, i64>(2)?);
        new.execute("INSERT OR REPLACE INTO messages VALUES (?1, ?2, ?3)", message)?;
    }
    let as_read = old.query_row("SELECT state FROM as_read", [], |row| row.get::<_, String>(0));
    if let Some(state) = as_read.optional()? {
        new.execute("INSERT OR REPLACE INTO as_read VALUES (1, ?1)", [state])?;
    }
    let alive = old.query_row("SELECT wall_us, mono_us, boot FROM alive", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
    });
    if let Some(alive) = alive.optional()? {
        new.execute("INSERT OR REPLACE INTO alive VALUES (1, ?1, ?2, ?3)", alive)?;
    }
    Ok(())
}

/// A name for the file that goes: the first that is free.
fn aside(folder: &Path) -> PathBuf {
    let life = resident(folder).ok().flatten();
    let life = life.map_or("damaged".to_owned(), |origin| origin.incarnation.to_string());
    let name = |n: u32| match n {
        0 => folder.join(format!("facts-{life}.db")),
        n => folder.join(format!("facts-{life}-{n}.db")),
    };
    (0..u32::MAX).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(0))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn sync(folder: &Path) -> Result<(), StoreError> {
    let fault = |source| StoreError::Folder { path: folder.into(), source };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)
}
