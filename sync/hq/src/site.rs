//! A site file becomes rows: what is new is added, what differs is changed, what the file no longer
//! names is switched off, and deleted only when that was asked for and no event names it.
//!
//! What a file says is written in one transaction, so that a feed delivers it whole, and compared
//! with what stood there before. A comparison alone does the same and takes everything back.

use std::sync::OnceLock;

use anyhow::Context as _;
use deadpool_postgres::Transaction;
use kart_core::{id::reference_id, reference::Reference};
use tokio_postgres::{error::SqlState, types::Json};
use uuid::Uuid;

use crate::database::{Database, Role, begin, enter};

pub(crate) mod command;
mod dump;
mod people;
mod rows;
mod settle;

pub(crate) use dump::Change;
use rows::{Absent, Rows};
use settle::Settled;

/// A site as people name it.
pub(crate) struct Place<'a> {
    pub(crate) organization: &'a str,
    pub(crate) code: &'a str,
    known: OnceLock<Uuid>,
}

impl<'a> Place<'a> {
    pub(crate) fn new(organization: &'a str, code: &'a str) -> Self {
        Self { organization, code, known: OnceLock::new() }
    }

    /// What terminals and site files call it.
    pub(crate) fn name(&self) -> Uuid {
        reference_id(self.organization, self.code, "oee_sites", self.code)
    }

    /// Its key: the one that it had before, once it was entered.
    pub(crate) fn id(&self) -> Uuid {
        self.known.get().copied().unwrap_or_else(|| self.name())
    }

    /// From now on the transaction sees its rows.
    pub(crate) async fn enter(&self, tx: &Transaction<'_>) -> Result<(), tokio_postgres::Error> {
        enter(tx, self.organization, self.name()).await?;
        let called = "SELECT coalesce(edge.site_called($1), $2)";
        let id = tx.query_one(called, &[&self.code, &self.name()]).await?.try_get(0)?;
        enter(tx, self.organization, *self.known.get_or_init(|| id)).await
    }

    /// Fails in words when there is no such site.
    pub(crate) async fn require(&self, tx: &Transaction<'_>) -> anyhow::Result<()> {
        let found =
            tx.query_opt("SELECT FROM edge.sites WHERE site_id = $1", &[&self.id()]).await?;
        let Self { organization, code, .. } = self;
        found.map(drop).with_context(|| {
            format!("the organisation {organization} has no site {code}; apply its site file first")
        })
    }
}

impl Place<'_> {
    /// Fails in words when Kartorium has no such site either.
    async fn require_row(&self, tx: &Transaction<'_>) -> anyhow::Result<()> {
        let found = tx.query_opt("SELECT FROM oee_sites WHERE id = $1", &[&self.id()]).await?;
        match found {
            Some(_) => Ok(()),
            None => self.require(tx).await,
        }
    }
}

/// What applying a site file did, or would do.
pub(crate) struct Applied {
    pub(crate) version: i64,
    pub(crate) changes: Vec<Change>,
}

/// How a file is applied.
#[derive(Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Rows that the file does not name and no event names go.
    pub(crate) delete: bool,
    /// Nothing stays of it.
    pub(crate) only_compare: bool,
}

/// Writes the reference data of a site, all or nothing.
pub(crate) async fn apply(
    database: &Database,
    reference: &Reference,
    manner: Manner,
) -> anyhow::Result<Applied> {
    let place = Place::new(&reference.organization, &reference.site.code);
    let mut client = database.client().await.context("cannot reach the database")?;
    let mut tx = begin(&mut client, Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    lock(&tx, &place).await?;
    let before = dump::dump(&tx).await?;
    let mut settled = Settled::at(&place);
    let reference = &settled.people(&tx, reference).await?;
    let everybody = people::wanted(&tx, reference).await?;
    let mut all = rows::of(reference, &everybody);
    for rows in &mut all {
        settled.settle(&tx, rows).await.with_context(|| format!("table {}", rows.table))?;
        write(&tx, rows).await.with_context(|| format!("table {}", rows.table))?;
    }
    settled.keep(&tx, &place, &all).await?;
    one_prefix(&tx, reference).await?;
    people::file(&tx, &everybody).await?;
    for rows in all.iter().rev().filter(|rows| manner.delete && rows.deletable()) {
        delete(&mut tx, rows).await.with_context(|| format!("table {}", rows.table))?;
    }
    let changes = dump::changes(&before, &dump::dump(&tx).await?);
    if manner.only_compare {
        tx.rollback().await?;
        return Ok(Applied { version: 0, changes });
    }
    let version = publish(&tx, &place, !changes.is_empty()).await?;
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, 'kart-hq site', 'site applied',
                 jsonb_build_object('site_id', $2::uuid, 'version', $3::bigint))",
        &[&reference.organization, &place.id(), &version],
    )
    .await?;
    tx.commit().await?;
    Ok(Applied { version, changes })
}

/// The reference data of a site as its rows say it.
pub(crate) async fn read(database: &Database, place: &Place<'_>) -> anyhow::Result<Reference> {
    let mut client = database.client().await.context("cannot reach the database")?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    // One moment for all tables.
    lock(&tx, place).await?;
    let mut dump = dump::dump(&tx).await?;
    if dump::is_new(&dump) {
        place.require_row(&tx).await?;
        dump::begin(&mut dump, place.id());
    }
    dump::reference(&dump)
}

/// Who changes a site's reference data comes one after the other.
pub(crate) async fn lock(
    tx: &Transaction<'_>,
    place: &Place<'_>,
) -> Result<(), tokio_postgres::Error> {
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    tx.execute(lock, &[&place.id().to_string()]).await.map(drop)
}

/// Writes the rows of one table, then deals with those that the file does not name.
async fn write(tx: &Transaction<'_>, rows: &Rows) -> Result<(), tokio_postgres::Error> {
    tx.execute(&rows.upsert(), &[&Json(&rows.rows)]).await?;
    // Row-level security keeps this to the rows of the site.
    let table = rows.table;
    let statement = match rows.absent {
        Absent::Stays | Absent::Shared => return Ok(()),
        Absent::Inactive => format!(
            "UPDATE {table} SET is_active = false, updated_at = now()
             WHERE is_active AND id <> ALL($1)"
        ),
        Absent::Archived => format!(
            "UPDATE {table} SET is_archived = true, updated_at = now()
             WHERE NOT is_archived AND id <> ALL($1)"
        ),
        Absent::Removed(key) => format!("DELETE FROM {table} WHERE {key} <> ALL($1)"),
    };
    tx.execute(&statement, &[&rows.named()]).await.map(drop)
}

/// Batches and jobs have one prefix each: another one than the file's is not used any more.
async fn one_prefix(
    tx: &Transaction<'_>,
    reference: &Reference,
) -> Result<(), tokio_postgres::Error> {
    for prefix in &reference.prefixes {
        tx.execute(
            "UPDATE organization_prefixes SET is_active = false, updated_at = now()
             WHERE is_active AND entity_type = $1 AND prefix <> $2",
            &[&prefix.entity_type, &prefix.prefix],
        )
        .await?;
    }
    Ok(())
}

/// Deletes what the file does not name, row by row: one that an event names stays switched off.
async fn delete(tx: &mut Transaction<'_>, rows: &Rows) -> Result<(), tokio_postgres::Error> {
    let table = rows.table;
    let left = format!("SELECT id FROM {table} WHERE id <> ALL($1) ORDER BY id");
    let unused = match table {
        "oee_equipment" => {
            " AND NOT EXISTS (SELECT FROM edge.machine_states WHERE equipment_id = $1)"
        },
        _ => "",
    };
    for row in tx.query(&left, &[&rows.named()]).await? {
        let id: Uuid = row.try_get(0)?;
        let savepoint = tx.savepoint("row").await?;
        let gone = format!("DELETE FROM {table} WHERE id = $1{unused}");
        match savepoint.execute(&gone, &[&id]).await {
            Ok(_) => savepoint.commit().await?,
            Err(fault) if fault.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) => {
                savepoint.rollback().await?;
            },
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

/// Raises the version when something changed, and keeps the whole for terminals that pull it in one
/// piece.
pub(crate) async fn publish(
    tx: &Transaction<'_>,
    place: &Place<'_>,
    changed: bool,
) -> anyhow::Result<i64> {
    let row = tx
        .query_one(
            "SELECT version, snapshot IS NULL FROM edge.sites WHERE site_id = $1 FOR UPDATE",
            &[&place.id()],
        )
        .await?;
    let (version, new): (i64, bool) = (row.try_get(0)?, row.try_get(1)?);
    if !changed && !new {
        return Ok(version);
    }
    let reference = dump::reference(&dump::dump(tx).await?)?;
    let mut next = Reference { version: version + 1, ..reference };
    for person in &mut next.people {
        // Terminals are not told.
        person.email.clear();
    }
    tx.execute(
        "UPDATE edge.sites SET version = $2, snapshot = $3, updated_at = clock_timestamp()
         WHERE site_id = $1",
        &[&place.id(), &next.version, &Json(&next)],
    )
    .await?;
    tx.execute("SELECT pg_notify('kart_site', $1)", &[&place.id().to_string()]).await?;
    Ok(next.version)
}
