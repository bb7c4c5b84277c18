//! A site file becomes rows: what is new is added, what differs is changed, what the file no longer
//! names is switched off. Nothing that an event may name is ever deleted.

use anyhow::Context as _;
use deadpool_postgres::Transaction;
use kart_core::{id::reference_id, reference::Reference};
use serde_json::Value;
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::database::{Database, Role, begin, enter};

mod rows;

use rows::{Absent, Rows};

/// A site as people name it.
pub(crate) struct Place<'a> {
    pub(crate) organization: &'a str,
    pub(crate) code: &'a str,
}

impl Place<'_> {
    /// Derived as in the site file.
    pub(crate) fn id(&self) -> Uuid {
        reference_id(self.organization, self.code, "oee_sites", self.code)
    }

    /// Fails in words when there is no such site.
    pub(crate) async fn require(&self, tx: &Transaction<'_>) -> anyhow::Result<()> {
        let found =
            tx.query_opt("SELECT FROM edge.sites WHERE site_id = $1", &[&self.id()]).await?;
        let Self { organization, code } = self;
        found.map(drop).with_context(|| {
            format!("the organisation {organization} has no site {code}; apply its site file first")
        })
    }
}

/// What applying a site file did.
#[derive(Default)]
pub(crate) struct Applied {
    pub(crate) version: i64,
    pub(crate) added: usize,
    pub(crate) changed: usize,
    pub(crate) switched_off: u64,
}

/// Writes the reference data of a site, all or nothing.
pub(crate) async fn apply(database: &Database, reference: &Reference) -> anyhow::Result<Applied> {
    let mut client = database.client().await.context("cannot reach the database")?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    enter(&tx, &reference.organization, reference.site.id.0).await?;
    // Two files of one site come one after the other.
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    tx.execute(lock, &[&reference.site.id.to_string()]).await?;
    let mut applied = Applied::default();
    free_badges(&tx, reference).await?;
    for rows in rows::of(reference) {
        write(&tx, &rows, &mut applied).await.with_context(|| format!("table {}", rows.table))?;
    }
    applied.switched_off += people_left(&tx, reference).await?;
    applied.version = publish(&tx, reference).await?;
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, 'kart-hq site', 'site applied',
                 jsonb_build_object('site_id', $2::uuid, 'version', $3::bigint))",
        &[&reference.organization, &reference.site.id.0, &applied.version],
    )
    .await?;
    tx.commit().await?;
    Ok(applied)
}

/// Writes the rows of one table, then deals with those that the file does not name.
async fn write(
    tx: &Transaction<'_>,
    rows: &Rows,
    applied: &mut Applied,
) -> Result<(), tokio_postgres::Error> {
    let written = tx.query(&rows.upsert(), &[&Json(&rows.rows)]).await?;
    for row in written {
        if row.try_get(0)? {
            applied.added += 1;
        } else {
            applied.changed += 1;
        }
    }
    // Row-level security keeps this to the rows of the site.
    let table = rows.table;
    let statement = match rows.absent {
        Absent::Stays => return Ok(()),
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
    applied.switched_off += tx.execute(&statement, &[&rows.named()]).await?;
    Ok(())
}

/// A badge that passes from one person to another is nobody's for a moment.
async fn free_badges(tx: &Transaction<'_>, reference: &Reference) -> anyhow::Result<()> {
    let ids: Vec<Uuid> = reference.people.iter().map(|person| person.id.0).collect();
    let badges: Vec<&str> = reference.people.iter().map(|person| person.badge.as_str()).collect();
    tx.execute(
        "UPDATE edge.people p SET badge = NULL
         FROM unnest($1::uuid[], $2::text[]) AS f(id, badge)
         WHERE p.badge = f.badge AND p.user_id <> f.id",
        &[&ids, &badges],
    )
    .await?;
    Ok(())
}

/// People of this site that the file no longer names. Their account is the organisation's, but its
/// key is made of the site's code, so no other site uses it.
async fn people_left(tx: &Transaction<'_>, reference: &Reference) -> anyhow::Result<u64> {
    let named: Vec<Uuid> = reference.people.iter().map(|person| person.id.0).collect();
    let left = tx
        .execute(
            "WITH gone AS (
                 UPDATE edge.people SET is_active = false, updated_at = now()
                 WHERE is_active AND user_id <> ALL($1) RETURNING user_id)
             UPDATE public.users SET is_active = false, updated_at = now()
             WHERE id IN (SELECT user_id FROM gone)",
            &[&named],
        )
        .await?;
    Ok(left)
}

/// Raises the version when the content is another one, and wakes whoever listens.
async fn publish(tx: &Transaction<'_>, reference: &Reference) -> anyhow::Result<i64> {
    let site = &reference.site;
    let stored = tx
        .query_opt(
            "SELECT version, snapshot FROM edge.sites WHERE site_id = $1 FOR UPDATE",
            &[&site.id.0],
        )
        .await?;
    let (version, snapshot): (i64, Option<Value>) = match &stored {
        Some(row) => (row.try_get(0)?, row.try_get(1)?),
        None => (0, None),
    };
    let same = Reference { version, ..reference.clone() };
    let known: Option<Reference> = snapshot.and_then(|json| serde_json::from_value(json).ok());
    if known.as_ref() == Some(&same) {
        return Ok(version);
    }
    let next = Reference { version: version + 1, ..same };
    tx.execute(
        "INSERT INTO edge.sites AS s
             (organization_id, site_id, code, time_zone, version, snapshot)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (organization_id, site_id) DO UPDATE
         SET time_zone = excluded.time_zone, version = excluded.version,
             snapshot = excluded.snapshot, updated_at = clock_timestamp()",
        &[&next.organization, &site.id.0, &site.code, &site.time_zone, &next.version, &Json(&next)],
    )
    .await?;
    tx.execute("SELECT pg_notify('kart_site', $1)", &[&site.id.to_string()]).await?;
    Ok(next.version)
}
