//! One batch, two records: terminals of one station that could not see each other began a batch of
//! the same number. Whoever comes later goes by the name of whoever came first.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::Transaction;
use kart_core::{
    fact::{BatchStarted, Body, Fact, batch::BatchAborted},
    id::{RecordId, StationId},
    time::Micros,
};
use tokio_postgres::Error;
use uuid::Uuid;

use super::lock;
use crate::project::Writer;

/// A batch that begins at a station.
struct Start<'f> {
    record: RecordId,
    station: StationId,
    number: &'f str,
    from: Micros,
    /// When it ended, where that is among the same facts.
    until: Option<Micros>,
}

fn start(fact: &Fact) -> Option<(&BatchStarted, StationId)> {
    match &fact.fact {
        // What goes on on another machine is another batch, of the same number.
        Body::BatchStarted(started) if started.special.continues.is_some() => None,
        Body::BatchStarted(started) => Some((started, started.station?)),
        _ => None,
    }
}

/// Facts in stretches that begin no batch twice: whether two of them are one can be seen only when
/// the first one stands.
pub(crate) fn apart(facts: &[Fact]) -> Vec<&[Fact]> {
    let mut parts = Vec::new();
    let mut seen = BTreeSet::new();
    let mut from = 0;
    for (n, fact) in facts.iter().enumerate() {
        let Some((started, station)) = start(fact) else { continue };
        if !seen.insert((station, started.number.as_str())) {
            parts.extend(facts.get(from..n));
            seen.clear();
            seen.insert((station, started.number.as_str()));
            from = n;
        }
    }
    parts.extend(facts.get(from..));
    parts
}

/// Writes down which batches of `facts` are batches that stand already.
pub(crate) async fn decide(
    tx: &Transaction<'_>,
    writer: &Writer,
    facts: &[Fact],
) -> Result<(), Error> {
    let starts = starts(writer, facts);
    if starts.is_empty() {
        return Ok(());
    }
    let site = writer.tenant.site;
    let names: Vec<String> =
        starts.iter().map(|s| format!("batch/{site}/{}/{}", s.station, s.number)).collect();
    lock(tx, &names).await?;
    let records: Vec<Uuid> = starts.iter().map(|start| start.record.0).collect();
    let stations: Vec<Uuid> = starts.iter().map(|start| start.station.0).collect();
    let numbers: Vec<&str> = starts.iter().map(|start| start.number).collect();
    let from: Vec<String> = starts.iter().map(|start| start.from.rfc3339()).collect();
    let until: Vec<Option<String>> =
        starts.iter().map(|start| start.until.map(Micros::rfc3339)).collect();
    let statement = tx
        .prepare_cached(
            "INSERT INTO edge.record_aliases
                 (organization_id, record_id, canonical_id, site_id, station_id, terminal_id)
             SELECT DISTINCT ON (s.record) $1, s.record, e.id, $2, s.station, $8
             FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[])
                  AS s(record, station, number, began, ended)
             JOIN oee_batch_details d ON d.station_id = s.station AND d.batch_number = s.number
             JOIN oee_machine_events e ON e.id = d.event_id
                  AND e.event_type = 'batch' AND NOT e.is_archived AND e.id <> s.record
             WHERE e.site_id = $2
               AND (e.end_ts IS NULL OR e.end_ts > s.began::timestamptz)
               AND (s.ended IS NULL OR e.start_ts < s.ended::timestamptz)
             ORDER BY s.record, e.end_ts DESC NULLS FIRST, e.start_ts, e.id
             ON CONFLICT DO NOTHING RETURNING record_id, canonical_id",
        )
        .await?;
    let organization = &writer.tenant.organization;
    let rows = tx
        .query(
            &statement,
            &[
                organization,
                &site.0,
                &records,
                &stations,
                &numbers,
                &from,
                &until,
                &writer.origin.terminal.0,
            ],
        )
        .await?;
    for row in rows {
        let (record, canonical): (Uuid, Uuid) = (row.try_get(0)?, row.try_get(1)?);
        tracing::info!(%record, %canonical, "two terminals began one batch");
        // Counts may have come while the start was waiting.
        tx.execute(
            "UPDATE edge.production_counts SET batch_event_id = $2, updated_at = now()
             WHERE batch_event_id = $1",
            &[&record, &canonical],
        )
        .await?;
    }
    Ok(())
}

fn starts<'f>(writer: &Writer, facts: &'f [Fact]) -> Vec<Start<'f>> {
    let ends: BTreeMap<RecordId, Micros> = facts
        .iter()
        .filter_map(|fact| match &fact.fact {
            Body::BatchCompleted { batch, .. } | Body::BatchAborted(BatchAborted { batch, .. }) => {
                Some((*batch, fact.at.wall_us))
            },
            _ => None,
        })
        .collect();
    let start = |fact: &'f Fact| {
        let (started, station) = start(fact)?;
        let record = writer.origin.record(fact.seq);
        let until = ends.get(&record).copied();
        Some(Start { record, station, number: &started.number, from: started.from.wall_us, until })
    };
    facts.iter().filter_map(start).collect()
}
