//! Which facts about corrections count: headquarters' own, and a terminal's only where it repeats
//! what headquarters has made. Nobody becomes a supervisor by writing so into a log.
//!
//! A headquarters that was put back to an older state has lost corrections that terminals keep. They
//! come back with the facts that repeat them, known by their seal; only the words of the reason, which
//! no fact holds, do not.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::Transaction;
use kart_core::{
    fact::{
        Body, Draft, Fact,
        correction::{Corrected, CorrectionSeen},
    },
    id::RecordId,
    record::fold::Aliases,
    time::{Boot, Stamp},
};
use tokio_postgres::Error;
use uuid::Uuid;

use super::{authority, seal::CorrectionSeal, shown};
use crate::{
    database::to_bigint,
    names::Names,
    project::{Writer, records},
    quarantine::Held,
};

/// What headquarters knows about the corrections that facts claim.
pub struct Backing<'b> {
    /// Whether the facts stand in headquarters' own log.
    pub own: bool,
    /// What headquarters' own log says.
    pub made: &'b BTreeMap<Uuid, Corrected>,
    /// What other names of records stand for.
    pub names: &'b Aliases,
    /// Which facts, by number, bear a seal that headquarters made for what they say.
    pub sealed: &'b BTreeSet<u64>,
}

impl Backing<'_> {
    /// Why a fact does not count, if it does not: code and words.
    pub fn objection(&self, fact: &Fact) -> Option<(&'static str, &'static str)> {
        let Body::CorrectionSeen(seen) = &fact.fact else {
            return (!self.own).then_some(("refused", "headquarters made no such correction"));
        };
        if !self.has(seen) && self.has_lost(fact).is_none() {
            return Some(("refused", "headquarters made no such correction"));
        }
        let canonical = |id: RecordId| self.names.get(&id).copied().unwrap_or(id);
        let same = |here| canonical(here) == canonical(seen.corrected.record);
        // The fact that makes two records one may come later from the other terminal.
        (!seen.here.is_none_or(same))
            .then_some(("unresolved_ref", "what it corrects does not go by this name here"))
    }

    fn has(&self, seen: &CorrectionSeen) -> bool {
        self.made.get(&seen.correction) == Some(&seen.corrected)
    }

    /// What the fact repeats, if headquarters made it and was put back to before.
    pub fn has_lost<'f>(&self, fact: &'f Fact) -> Option<&'f CorrectionSeen> {
        let Body::CorrectionSeen(seen) = &fact.fact else { return None };
        let lost = self.sealed.contains(&fact.seq) && !self.made.contains_key(&seen.correction);
        lost.then_some(seen)
    }
}

/// Those of `facts`, as they came, that claim a correction which headquarters did not make. What it made
/// and has lost is written down again.
pub(crate) async fn unbacked(
    tx: &Transaction<'_>,
    writer: &Writer,
    facts: &[Fact],
    names: &Names,
) -> Result<Vec<Held>, Error> {
    let told: Vec<Fact> = facts
        .iter()
        .filter(|fact| matches!(fact.fact, Body::Corrected(_) | Body::CorrectionSeen(_)))
        .cloned()
        .collect();
    let edited = authority::unfounded(tx, writer, facts, names).await?;
    if told.is_empty() {
        return Ok(edited);
    }
    let sealed = sealed(&told, names, &CorrectionSeal::read(tx).await?);
    let claims: Vec<Fact> = told.into_iter().map(|fact| names.fact(fact)).collect();
    let seen: Vec<&CorrectionSeen> = claims
        .iter()
        .filter_map(|fact| match &fact.fact {
            Body::CorrectionSeen(seen) => Some(seen),
            _ => None,
        })
        .collect();
    let backing = Backing {
        own: is_headquarters(tx, writer).await?,
        made: &made(tx, &seen, names).await?,
        names: &aliases(tx, &seen).await?,
        sealed: &sealed,
    };
    for seen in claims.iter().filter_map(|fact| backing.has_lost(fact)) {
        regain(tx, writer, seen, names).await?;
    }
    let objected = claims.iter().filter_map(|fact| {
        let (code, detail) = backing.objection(fact)?;
        Some(writer.hold(fact, code, detail))
    });
    Ok(edited.into_iter().chain(objected).collect())
}

/// The facts that say what was sealed. A row that was called by its key then may have got another one
/// since, and a row that had a name since may have been called by that.
fn sealed(told: &[Fact], names: &Names, seal: &CorrectionSeal) -> BTreeSet<u64> {
    let sealed = told.iter().filter(|fact| {
        let Body::CorrectionSeen(seen) = &fact.fact else { return false };
        names.readings(seen).iter().any(|seen| seal.holds(seen))
    });
    sealed.map(|fact| fact.seq).collect()
}

async fn is_headquarters(tx: &Transaction<'_>, writer: &Writer) -> Result<bool, Error> {
    let statement = tx
        .prepare_cached("SELECT FROM edge.terminals WHERE terminal_id = $1 AND code = 'HQ'")
        .await?;
    Ok(tx.query_opt(&statement, &[&writer.origin.terminal.0]).await?.is_some())
}

/// What headquarters' own log says of the claimed corrections, as it is folded: a row may have been
/// named since the correction was made.
async fn made(
    tx: &Transaction<'_>,
    seen: &[&CorrectionSeen],
    names: &Names,
) -> Result<BTreeMap<Uuid, Corrected>, Error> {
    let ids: Vec<Uuid> = seen.iter().map(|seen| seen.correction).collect();
    let statement =
        tx.prepare_cached("SELECT id, line FROM edge.corrections WHERE id = ANY($1)").await?;
    let mut made = BTreeMap::new();
    for row in tx.query(&statement, &[&ids]).await? {
        let line: &str = row.try_get(1)?;
        let Ok(fact) = Fact::parse(line.as_bytes()) else { continue };
        if let Body::Corrected(corrected) = names.fact(fact).fact {
            made.insert(row.try_get(0)?, corrected);
        }
    }
    Ok(made)
}

/// What the names stand for under which terminals know corrected records.
async fn aliases(tx: &Transaction<'_>, seen: &[&CorrectionSeen]) -> Result<Aliases, Error> {
    let named = seen.iter().filter_map(|seen| Some([seen.here?.0, seen.corrected.record.0]));
    records::aliases(tx, &named.flatten().collect()).await
}

/// Writes a correction down again that headquarters has lost. Its place in headquarters' log may be
/// another one's by now; then it counts all the same, and is in the terminals' logs only.
async fn regain(
    tx: &Transaction<'_>,
    writer: &Writer,
    seen: &CorrectionSeen,
    names: &Names,
) -> Result<(), Error> {
    let CorrectionSeen { correction, origin, seq, made, by, corrected, .. } = seen;
    let (Some(by), Ok(at)) = (by, jiff::Timestamp::from_microsecond(made.0)) else { return Ok(()) };
    let draft = Draft {
        at: Stamp { wall_us: *made, mono_us: 0 },
        boot: Boot::default(),
        by: Some(names.told(*by)),
        key: None,
        body: names.told(Body::Corrected(corrected.clone())),
        texts: vec![],
    };
    let Ok(prepared) = draft.prepare() else { return Ok(()) };
    let (_, line, _) = prepared.seal(*seq);
    let tenant = &writer.tenant;
    let regained = tx
        .execute(
            "INSERT INTO edge.corrections
                 (organization_id, id, site_id, station_id, terminal_id, record_id, kind, before,
                  after, by_user, at, writer_id, incarnation, seq, line, seal)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             ON CONFLICT DO NOTHING",
            &[
                &tenant.organization,
                correction,
                &tenant.site.0,
                &corrected.after.station.map(|station| station.0),
                &writer.origin.terminal.0,
                &corrected.record.0,
                &corrected.kind.word(),
                &shown(&corrected.before),
                &shown(&corrected.after),
                &by.0,
                &at,
                &origin.terminal.0,
                &origin.incarnation.to_string(),
                &to_bigint(*seq),
                &line,
                &seen.seal,
            ],
        )
        .await?;
    if regained > 0 {
        tracing::warn!(%correction, "a correction that was lost here has come back");
    }
    Ok(())
}
