//! Reading the ring, while the daemon writes it or when nobody does.

use kart_core::{
    id::EquipmentId,
    time::{Micros, Stamp},
};
use rusqlite::{Connection, OpenFlags, Row};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use uuid::Uuid;

use super::{Heard, chunk::Body, file};
use crate::StoreError;

/// From so much on, microseconds, a clock was set and has not only drifted.
const STEP_US: i64 = 1_000_000;

/// A chunk on its way into the file.
pub(super) struct Written<'w> {
    pub(super) boot: &'w str,
    pub(super) map: &'w str,
    pub(super) from: Stamp,
    pub(super) until: Stamp,
    /// Whether that is a time that somebody has confirmed.
    pub(super) confirmed: bool,
    pub(super) readings: u64,
    pub(super) lost: u64,
    /// Which file its rows of signals are of.
    pub(super) begun: u64,
    pub(super) bytes: &'w [u8],
}

/// What a reading is of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// A signal by the map as it was.
    Signal {
        /// The machine.
        equipment: EquipmentId,
        /// Its name.
        name: String,
        /// How it came to its value.
        read: String,
    },
    /// Bytes that signals are read from: what they are of.
    Bytes(String),
}

/// Everything that was read in a stretch of time.
#[derive(Clone, PartialEq, Debug)]
pub struct Chunk {
    /// The run of the daemon; time passes without a hole only within one.
    pub run: Uuid,
    /// The boot that `mono_us` counts from.
    pub boot: String,
    /// Fingerprint of the map by which it was read.
    pub map: String,
    /// From when …
    pub from: Stamp,
    /// … until when.
    pub until: Stamp,
    /// Readings that were left out just before.
    pub lost: u64,
    /// Its signals.
    pub signals: Vec<Source>,
    /// What was heard, in the order of time; `signal` is the place in `signals`.
    pub heard: Vec<Heard>,
}

impl Chunk {
    /// Whether nothing is missing between `before` and this chunk, and the wall clock was not set
    /// there: what has lasted since then would not end where the next thing begins.
    pub fn follows(&self, before: &Self) -> bool {
        let set_us = ahead(self.from).saturating_sub(ahead(before.until));
        let one = self.run == before.run && self.from.mono_us == before.until.mono_us;
        self.lost == 0 && one && set_us.abs() < STEP_US
    }
}

/// Wall clock less boot clock.
fn ahead(stamp: Stamp) -> i64 {
    stamp.wall_us.0.saturating_sub(stamp.mono_us)
}

/// Those of the chunks (id, from when, until when; in the order of that) of whose time others tell as
/// well, because the clock was set back: which of them is right nobody knows.
fn told_twice(spans: &[(i64, i64, i64)]) -> BTreeSet<i64> {
    let mut twice = BTreeSet::new();
    let mut latest: Option<(i64, i64)> = None;
    for (id, from, until) in spans {
        if let Some((other, _)) = latest.filter(|(_, latest)| latest - from > STEP_US) {
            twice.extend([*id, other]);
        }
        if latest.is_none_or(|(_, latest)| latest < *until) {
            latest = Some((*id, *until));
        }
    }
    twice
}

/// What the ring holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// The oldest reading.
    pub from: Micros,
    /// The newest.
    pub until: Micros,
    /// Chunks.
    pub chunks: u64,
    /// Readings, repetitions included.
    pub readings: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
}

/// Reads the ring of one terminal.
#[derive(Debug)]
pub struct RawReader {
    connection: Connection,
}

impl RawReader {
    /// Opens the ring in `folder`; `None` when there is none.
    pub fn open(folder: &Path) -> Result<Option<Self>, StoreError> {
        let path = file::path(folder);
        if !path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)
            .map_err(|source| StoreError::Open { path, source })?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        Ok(Some(Self { connection }))
    }

    /// What the ring holds; `None` when it is empty.
    pub fn extent(&self) -> Result<Option<Extent>, StoreError> {
        let select = "SELECT min(from_wall), max(to_wall), count(*), sum(readings),
                             sum(length(body)) FROM chunk";
        let number = |row: &Row<'_>, place| {
            Ok::<_, rusqlite::Error>(u64::try_from(row.get::<_, i64>(place)?).unwrap_or_default())
        };
        let extent = self.connection.query_row(select, [], |row| {
            let Some(from) = row.get::<_, Option<i64>>(0)? else { return Ok(None) };
            Ok(Some(Extent {
                from: Micros(from),
                until: Micros(row.get(1)?),
                chunks: number(row, 2)?,
                readings: number(row, 3)?,
                bytes: number(row, 4)?,
            }))
        });
        Ok(extent?)
    }

    /// Calls `each` with every chunk that has to do with the time from `from` to `until`, in order.
    /// Damaged chunks, and those of a time that is told twice, are passed over: their time is a gap.
    pub fn chunks(
        &self,
        from: Micros,
        until: Micros,
        mut each: impl FnMut(Chunk),
    ) -> Result<(), StoreError> {
        let signals = self.signals()?;
        let twice = self.told_twice()?;
        let mut select = self.connection.prepare(
            "SELECT run, boot, map, from_wall, from_mono, to_wall, to_mono, lost, body, id FROM chunk
             WHERE to_wall >= ?1 AND from_wall <= ?2 ORDER BY from_wall, id",
        )?;
        let mut rows = select.query([from.0, until.0])?;
        while let Some(row) = rows.next()? {
            if twice.contains(&row.get(9)?) {
                continue;
            }
            let stamp = |wall, mono| {
                let wall_us = Micros(row.get(wall)?);
                Ok::<_, rusqlite::Error>(Stamp { wall_us, mono_us: row.get(mono)? })
            };
            let (from, until) = (stamp(3, 4)?, stamp(5, 6)?);
            let bytes = row.get_ref(8)?.as_blob().unwrap_or_default();
            let body = Body::read(bytes, ahead(from));
            let named = |body: &Body| {
                let said = body.signals.iter().map(|row| signals.get(row).cloned());
                said.collect::<Option<Vec<Source>>>()
            };
            let Some((named, body)) = body.and_then(|body| Some((named(&body)?, body))) else {
                tracing::warn!(from = from.wall_us.0, "a chunk of raw readings is damaged");
                continue;
            };
            let lost = u64::try_from(row.get::<_, i64>(7)?).unwrap_or_default();
            let (run, boot, map) = (row.get(0)?, row.get(1)?, row.get(2)?);
            each(Chunk { run, boot, map, from, until, lost, signals: named, heard: body.heard });
        }
        Ok(())
    }

    fn told_twice(&self) -> Result<BTreeSet<i64>, StoreError> {
        let spans = "SELECT id, from_wall, to_wall FROM chunk ORDER BY from_wall, id";
        let mut select = self.connection.prepare(spans)?;
        let spans = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(told_twice(&spans.collect::<Result<Vec<_>, _>>()?))
    }

    /// What was listened to by each map, as far as the file knows.
    pub fn listened(&self) -> Result<BTreeMap<String, Vec<Source>>, StoreError> {
        let mut listened: BTreeMap<String, Vec<Source>> = BTreeMap::new();
        let known = "SELECT 1 FROM sqlite_schema WHERE name = 'listened'";
        if !self.connection.prepare(known)?.exists([])? {
            return Ok(listened);
        }
        let signals = self.signals()?;
        let mut select = self.connection.prepare("SELECT map, signal FROM listened")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let source = signals.get(&row.get(1)?).cloned();
            listened.entry(row.get(0)?).or_default().extend(source);
        }
        Ok(listened)
    }

    fn signals(&self) -> Result<BTreeMap<i64, Source>, StoreError> {
        let mut select =
            self.connection.prepare("SELECT id, equipment, name, source FROM signal")?;
        let rows = select.query_map([], |row| {
            let (equipment, name): (Uuid, String) = (row.get(1)?, row.get(2)?);
            let read = row.get(3)?;
            let source = match equipment.is_nil() && name.is_empty() {
                true => Source::Bytes(read),
                false => Source::Signal { equipment: EquipmentId(equipment), name, read },
            };
            Ok((row.get(0)?, source))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
