//! What was told by a clock that was wrong, and when the time was known last.

use kart_core::{
    fact::{Fact, clock::Retimed},
    id::Origin,
    record::{Tenant, Wrong, count},
    row::{Cell, Row},
    time::{Boot, Micros},
};
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeMap;
use uuid::Uuid;

use crate::{Reader, StoreError};

impl Reader {
    /// When headquarters had confirmed the time last, by that time.
    pub fn confirmed_time(&self) -> Result<Option<Micros>, StoreError> {
        let select = "SELECT wall_us FROM confirmed_time";
        let read = self.connection().query_row(select, [], |row| row.get(0)).optional()?;
        Ok(read.map(Micros))
    }

    /// What facts of `boot` told, where its clock stood at zero at the right time `zero`
    /// and these facts say otherwise.
    pub fn wrong(
        &self,
        boot: &Boot,
        zero: Micros,
        now_mono_us: i64,
    ) -> Result<Retimed, StoreError> {
        let mut wrong = Wrong::new(self.origin(), boot.clone(), zero, now_mono_us);
        let mut select = self.connection().prepare("SELECT line FROM facts ORDER BY seq DESC")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let line = row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?;
            if !wrong.look(&Fact::parse(line)?) {
                break;
            }
        }
        Ok(wrong.told())
    }
}

/// Puts the rows of readings right that were told by a wrong clock. They carry no index by their key: they are
/// looked for from the last one on, and are among those of this boot.
pub(crate) fn retime(
    connection: &Connection,
    (origin, tenant): (Origin, &Tenant),
    retimed: &Retimed,
) -> Result<(), StoreError> {
    let mut line = connection.prepare_cached("SELECT line FROM facts WHERE seq = ?1")?;
    let mut wanted: BTreeMap<Uuid, Row> = BTreeMap::new();
    for seq in &retimed.counts {
        let seq = i64::try_from(*seq).unwrap_or(i64::MAX);
        let text: Option<String> = line.query_row([seq], |row| row.get(0)).optional()?;
        let Some(text) = text else { continue };
        let rows = count::retimed(origin, &Fact::parse(text.as_bytes())?, retimed.zero, tenant);
        wanted.extend(rows.into_iter().filter_map(|row| match row.cells.first() {
            Some(Cell::Uuid(id)) => Some((*id, row)),
            _ => None,
        }));
    }
    let mut update = connection.prepare_cached(
        "UPDATE edge_production_counts SET from_ts = ?2, until_ts = ?3 WHERE rowid = ?1",
    )?;
    let mut select = connection
        .prepare_cached("SELECT rowid, id FROM edge_production_counts ORDER BY rowid DESC")?;
    let mut rows = select.query([])?;
    let mut right = Vec::new();
    while let (false, Some(row)) = (wanted.is_empty(), rows.next()?) {
        let (rowid, id): (i64, Uuid) = (row.get(0)?, row.get(1)?);
        right.extend(wanted.remove(&id).map(|row| (rowid, row)));
    }
    for (rowid, row) in right {
        let time = |column: &str| match row.cell(column) {
            Some(Cell::Time(at)) => at.0,
            _ => 0,
        };
        update.execute((rowid, time("from_ts"), time("until_ts")))?;
    }
    Ok(())
}
