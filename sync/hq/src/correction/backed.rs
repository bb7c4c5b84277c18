//! Which facts about corrections count: headquarters' own, and a terminal's only where it repeats
//! what headquarters has made. Nobody becomes a supervisor by writing so into a log.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use kart_core::{
    fact::{Body, Fact, correction::Corrected},
    record::fold::Aliases,
};
use tokio_postgres::Error;
use uuid::Uuid;

use crate::{
    project::{Writer, records},
    quarantine::Held,
};

/// Those of `facts` that claim a correction which headquarters did not make.
pub(crate) async fn unbacked(
    tx: &Transaction<'_>,
    writer: &Writer,
    facts: &[Fact],
) -> Result<Vec<Held>, Error> {
    let claims: Vec<&Fact> = facts
        .iter()
        .filter(|fact| matches!(fact.fact, Body::Corrected(_) | Body::CorrectionSeen(_)))
        .collect();
    if claims.is_empty() {
        return Ok(vec![]);
    }
    let own = is_headquarters(tx, writer).await?;
    let made = made(tx, &claims).await?;
    let names = names(tx, &claims).await?;
    let detail = "headquarters made no such correction";
    let unbacked = claims.into_iter().filter(|fact| !is_backed(fact, own, (&made, &names)));
    Ok(unbacked.map(|fact| writer.hold(fact, "refused", detail)).collect())
}

/// Whether a fact about a correction counts: in headquarters' `own` log, or where headquarters has
/// made what it repeats, of a record that goes by the name it uses.
pub fn is_backed(
    fact: &Fact,
    own: bool,
    (made, names): (&BTreeMap<Uuid, Corrected>, &Aliases),
) -> bool {
    match &fact.fact {
        Body::CorrectionSeen(seen) => {
            let stands = |here| names.get(here) == Some(&seen.corrected.record);
            made.get(&seen.correction) == Some(&seen.corrected)
                && seen.here.as_ref().is_none_or(stands)
        },
        _ => own,
    }
}

async fn is_headquarters(tx: &Transaction<'_>, writer: &Writer) -> Result<bool, Error> {
    let statement = tx
        .prepare_cached("SELECT FROM edge.terminals WHERE terminal_id = $1 AND code = 'HQ'")
        .await?;
    Ok(tx.query_opt(&statement, &[&writer.origin.terminal.0]).await?.is_some())
}

/// What headquarters' own log says of the claimed corrections.
async fn made(tx: &Transaction<'_>, claims: &[&Fact]) -> Result<BTreeMap<Uuid, Corrected>, Error> {
    let ids: Vec<Uuid> = claims
        .iter()
        .filter_map(|fact| match &fact.fact {
            Body::CorrectionSeen(seen) => Some(seen.correction),
            _ => None,
        })
        .collect();
    let statement =
        tx.prepare_cached("SELECT id, line FROM edge.corrections WHERE id = ANY($1)").await?;
    let mut made = BTreeMap::new();
    for row in tx.query(&statement, &[&ids]).await? {
        let line: &str = row.try_get(1)?;
        if let Ok(Fact { fact: Body::Corrected(corrected), .. }) = Fact::parse(line.as_bytes()) {
            made.insert(row.try_get(0)?, corrected);
        }
    }
    Ok(made)
}

/// What the other names stand for under which terminals know corrected records.
async fn names(tx: &Transaction<'_>, claims: &[&Fact]) -> Result<Aliases, Error> {
    let here = claims.iter().filter_map(|fact| match &fact.fact {
        Body::CorrectionSeen(seen) => Some(seen.here?.0),
        _ => None,
    });
    records::aliases(tx, &here.collect()).await
}
