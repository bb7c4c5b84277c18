//! Folded records as they are kept: loaded to be changed, and stored again.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::Transaction;
use kart_core::{
    fact::{Body, Fact, clock::Retimed},
    id::RecordId,
    record::{
        FOLD_VERSION, Record, count,
        fold::{Aliases, batch_of, batches_named},
    },
    row::{Cell, Row},
};
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::{Fold, Writer};
use crate::{database::to_bigint, names::Names};

/// What facts find.
pub(crate) struct Standing {
    pub(crate) records: BTreeMap<Uuid, Record>,
    pub(crate) aliases: Aliases,
}

/// What `facts` find. Whoever has loaded a record is the only one to change it.
pub(crate) async fn load(
    tx: &Transaction<'_>,
    writer: &Writer,
    facts: &[Fact],
) -> Result<Standing, tokio_postgres::Error> {
    let touched: BTreeSet<Uuid> = facts.iter().flat_map(|fact| writer.records(fact)).collect();
    let mut named: BTreeSet<Uuid> = touched.clone();
    named.extend(facts.iter().flat_map(|fact| writer.builds_on(fact)));
    named.extend(facts.iter().filter_map(batch_of).map(|batch| batch.0));
    let mut aliases = aliases(tx, &named).await?;
    let canonical = |id: Uuid| aliases.get(&RecordId(id)).map_or(id, |canonical| canonical.0);
    let ids: Vec<Uuid> = touched.into_iter().map(canonical).collect();
    let statement = tx
        .prepare_cached(
            "SELECT record_id, state FROM edge.records WHERE record_id = ANY($1)
             ORDER BY record_id FOR UPDATE",
        )
        .await?;
    let rows = tx.query(&statement, &[&ids]).await?;
    let records: Result<BTreeMap<Uuid, Record>, tokio_postgres::Error> = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get::<_, Json<Record>>(1)?.0)))
        .collect();
    let records = records?;
    // A fact that ends a stop does not always name the batch that the stop began in.
    let further: BTreeSet<Uuid> = records.values().flat_map(batches_named).map(|id| id.0).collect();
    let further: BTreeSet<Uuid> = further.difference(&named).copied().collect();
    if !further.is_empty() {
        aliases.extend(self::aliases(tx, &further).await?);
    }
    Ok(Standing { records, aliases })
}

/// Which of `ids` are other names, and of what.
pub(crate) async fn aliases(
    tx: &Transaction<'_>,
    ids: &BTreeSet<Uuid>,
) -> Result<Aliases, tokio_postgres::Error> {
    if ids.is_empty() {
        return Ok(Aliases::new());
    }
    let statement = tx
        .prepare_cached(
            "SELECT record_id, canonical_id FROM edge.record_aliases WHERE record_id = ANY($1)",
        )
        .await?;
    let ids: Vec<Uuid> = ids.iter().copied().collect();
    let rows = tx.query(&statement, &[&ids]).await?;
    rows.iter().map(|row| Ok((RecordId(row.try_get(0)?), RecordId(row.try_get(1)?)))).collect()
}

/// New records are inserted without a way out for conflicts: one that appeared since it was not
/// found is a fault of data here, and found when the fact is written once more.
pub(crate) async fn store(
    tx: &Transaction<'_>,
    writer: &Writer,
    known: &BTreeMap<Uuid, Record>,
    fold: &Fold<'_>,
) -> Result<(), tokio_postgres::Error> {
    let changed: Vec<(Uuid, &Record)> =
        fold.changed.iter().filter_map(|id| Some((*id, fold.records.get(id)?))).collect();
    let (old, new): (Vec<_>, Vec<_>) =
        changed.into_iter().partition(|(id, _)| known.contains_key(id));
    let insert = "INSERT INTO edge.records (organization_id, record_id, kind, state, fold_version)
         SELECT $1, r.id, r.kind, r.state, $2
         FROM unnest($3::uuid[], $4::text[], $5::jsonb[]) AS r(id, kind, state)";
    let update = "UPDATE edge.records AS t
         SET state = r.state, kind = r.kind, fold_version = $2, updated_at = now()
         FROM unnest($3::uuid[], $4::text[], $5::jsonb[]) AS r(id, kind, state)
         WHERE t.organization_id = $1 AND t.record_id = r.id";
    for (statement, records) in [(insert, new), (update, old)] {
        if records.is_empty() {
            continue;
        }
        let statement = tx.prepare_cached(statement).await?;
        let ids: Vec<Uuid> = records.iter().map(|(id, _)| *id).collect();
        let kinds: Vec<&str> = records.iter().map(|(_, record)| record.kind()).collect();
        let states: Vec<Json<&Record>> = records.iter().map(|(_, record)| Json(*record)).collect();
        let organization = &writer.tenant.organization;
        tx.execute(&statement, &[organization, &FOLD_VERSION, &ids, &kinds, &states]).await?;
    }
    Ok(())
}

/// Readings of counters that were told by a wrong clock, by the right one.
pub(crate) async fn counts(
    tx: &Transaction<'_>,
    writer: &Writer,
    facts: &[Fact],
    own: &mut Vec<Row>,
) -> Result<(), tokio_postgres::Error> {
    let Writer { origin, tenant } = writer;
    let retimed = |fact: &Fact| match &fact.fact {
        Body::Retimed(retimed) if !retimed.counts.is_empty() => Some(retimed.clone()),
        _ => None,
    };
    let all: Vec<Retimed> = facts.iter().filter_map(retimed).collect();
    if all.is_empty() {
        return Ok(());
    }
    let names = Names::read(tx).await?;
    for Retimed { zero, counts, .. } in all {
        let seqs: Vec<i64> = counts.iter().map(|seq| to_bigint(*seq)).collect();
        let ids: Vec<Uuid> = counts.iter().map(|seq| origin.record(*seq).0).collect();
        let known = "SELECT id FROM edge.production_counts WHERE id = ANY($1)";
        let known = tx.query(known, &[&ids]).await?;
        let known: BTreeSet<Uuid> =
            known.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        let select = "SELECT line FROM edge.inbox
                      WHERE terminal_id = $1 AND incarnation = $2 AND seq = ANY($3)";
        let life = origin.incarnation.to_string();
        for row in tx.query(select, &[&origin.terminal.0, &life, &seqs]).await? {
            let Ok(fact) = Fact::parse(row.try_get(0)?) else { continue };
            let fact = names.fact(fact);
            let id = Cell::Uuid(origin.record(fact.seq).0);
            let before = own.len();
            own.retain(|row| row.cells.first() != Some(&id));
            // What waits has no row yet.
            if before > own.len() || known.contains(&origin.record(fact.seq).0) {
                own.extend(count::retimed(*origin, &fact, zero, tenant));
            }
        }
    }
    Ok(())
}
