//! Hashes the inbox again, a slice at a time: what was stored as received must still be what was
//! received. Each time it has come to the end, a part of the records is folded again and compared
//! with what the tables hold. A fault is told and written down; the sweep goes on behind it and mends
//! nothing.

use deadpool_postgres::Transaction;
use kart_core::fact::Hash;
use serde_json::json;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    alarm::{self, Finding},
    kind::{Kind, Where},
};
use crate::{
    database::{Database, Role, begin, enter, from_bigint, to_bigint},
    push::head::hash_from,
    refold::{self, Part},
};

/// Facts in one slice.
const SLICE: i64 = 20_000;
/// Parts that the records are compared in.
const PARTS: u8 = 16;

/// A place in a log.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Place {
    terminal: Uuid,
    incarnation: String,
    seq: u64,
}

/// A stored line and the hash stored with it.
struct Stored {
    place: Place,
    line: Vec<u8>,
    hash: Hash,
}

pub(super) async fn slice(database: &Database, at: &Where) -> anyhow::Result<String> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::Worker).await?;
    enter(&tx, &at.organization, at.site).await?;
    let kind = Kind::ChecksumSweep.word();
    let reached: serde_json::Value = tx
        .query_one(
            "SELECT position FROM edge.work
             WHERE organization_id = $1 AND site_id = $2 AND kind = $3 FOR UPDATE",
            &[&at.organization, &at.site, &kind],
        )
        .await?
        .try_get(0)?;
    let from = Place {
        terminal: reached["terminal"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default(),
        incarnation: reached["incarnation"].as_str().unwrap_or_default().to_owned(),
        seq: reached["seq"].as_u64().unwrap_or_default(),
    };
    let part = u8::try_from(reached["part"].as_u64().unwrap_or_default()).unwrap_or_default();
    let began: String = match reached["began"].as_str() {
        Some(began) if from.seq > 0 => began.to_owned(),
        _ => tx.query_one("SELECT now()::text", &[]).await?.try_get(0)?,
    };
    let stored = read(&tx, at, &from).await?;
    let faults = faults(&from, &stored);
    let whole = i64::try_from(stored.len()).unwrap_or(SLICE) < SLICE;
    let next = match stored.last() {
        Some(last) if !whole => {
            let Place { terminal, incarnation, seq } = &last.place;
            json!({ "terminal": terminal, "incarnation": incarnation, "seq": seq,
                    "began": began, "part": part })
        },
        _ => json!({ "part": (part + 1) % PARTS }),
    };
    tell(&tx, at, &faults).await?;
    if whole {
        alarm::clear(&tx, at, Finding::BrokenChain, (None, Some(&began))).await?;
    }
    tx.execute(
        "UPDATE edge.work SET position = $4, updated_at = now()
         WHERE organization_id = $1 AND site_id = $2 AND kind = $3",
        &[&at.organization, &at.site, &kind, &next],
    )
    .await?;
    tx.commit().await?;
    let hashed = format!("{} facts hashed", stored.len());
    let faults = format!("{} faults", faults.len());
    if !whole {
        return Ok(format!("{hashed}, {faults}"));
    }
    let compared = compare(database, at, Part { number: part % PARTS, of: PARTS }).await?;
    Ok(format!("{hashed}, to the end, {faults}; {compared}"))
}

/// The slice from a place on. The fact before it comes along for its hash.
async fn read(tx: &Transaction<'_>, at: &Where, from: &Place) -> anyhow::Result<Vec<Stored>> {
    let rows = tx
        .query(
            "SELECT i.terminal_id, i.incarnation, i.seq, i.line, i.hash
             FROM edge.inbox i JOIN edge.terminals t USING (organization_id, terminal_id)
             WHERE i.organization_id = $1 AND t.site_id = $2
               AND (i.terminal_id, i.incarnation, i.seq) >= ($3, $4, $5)
             ORDER BY i.terminal_id, i.incarnation, i.seq LIMIT $6",
            &[
                &at.organization,
                &at.site,
                &from.terminal,
                &from.incarnation,
                &to_bigint(from.seq),
                &SLICE,
            ],
        )
        .await?;
    rows.iter().map(stored).collect()
}

/// Raises an alarm for each fact that is not what was received.
async fn tell(tx: &Transaction<'_>, at: &Where, faults: &[Place]) -> anyhow::Result<()> {
    for Place { terminal, incarnation, seq } in faults {
        tracing::error!(%terminal, incarnation, seq, "ALARM: the inbox is not what was received");
        let detail = json!({ "terminal_id": terminal, "incarnation": incarnation, "seq": seq });
        tx.execute(
            "INSERT INTO edge.audit (organization_id, actor, action, detail)
             VALUES ($1, 'kart-hq work', 'broken chain found', $2)",
            &[&at.organization, &detail],
        )
        .await?;
        let subject = format!("{terminal}/{incarnation}/{seq}");
        let words = "the inbox is not what was received";
        alarm::raise(tx, at, Finding::BrokenChain, (&subject, words)).await?;
    }
    Ok(())
}

/// Folds a part of the records again and says where the tables hold something else.
async fn compare(database: &Database, at: &Where, part: Part) -> anyhow::Result<String> {
    let mut client = database.client().await?;
    let found = refold::check(&mut client, &at.organization, at.site, part).await?;
    let subject = format!("part {} of {} of the records", part.number + 1, part.of);
    let tx = begin(&mut client, Role::Worker).await?;
    enter(&tx, &at.organization, at.site).await?;
    let differences = found.differences();
    match &differences {
        Some(detail) => {
            tracing::error!(site = %at.site, subject, detail, "ALARM: rows are not what the facts say");
            alarm::raise(&tx, at, Finding::RowsDiffer, (&subject, detail)).await?;
        },
        None => alarm::clear(&tx, at, Finding::RowsDiffer, (Some(&subject), None)).await?,
    }
    tx.commit().await?;
    let differ = differences.unwrap_or_else(|| "nothing differs".to_owned());
    Ok(format!("{} records of {subject} compared, {differ}", found.records))
}

fn stored(row: &Row) -> anyhow::Result<Stored> {
    Ok(Stored {
        place: Place {
            terminal: row.try_get(0)?,
            incarnation: row.try_get(1)?,
            seq: from_bigint(row.try_get(2)?),
        },
        line: row.try_get(3)?,
        hash: hash_from(row, 4).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?,
    })
}

/// The facts whose stored hash is not the one that follows from the fact before and their line, or
/// before which one is missing. The first of the slice is only believed when it is where the last
/// slice ended, or when it begins a log.
fn faults(from: &Place, stored: &[Stored]) -> Vec<Place> {
    let mut faults = Vec::new();
    let mut before: Option<&Stored> = None;
    for fact in stored {
        let Place { terminal, incarnation, seq } = &fact.place;
        let follows = before.filter(|before| {
            (before.place.terminal, &before.place.incarnation) == (*terminal, incarnation)
        });
        let expected = match follows {
            Some(before) if before.place.seq + 1 == *seq => Some(before.hash.after(&fact.line)),
            Some(_) => None,
            None if *seq == 1 => Some(Hash::ZERO.after(&fact.line)),
            None if fact.place == *from => Some(fact.hash),
            None => None,
        };
        if expected != Some(fact.hash) {
            faults.push(fact.place.clone());
        }
        before = Some(fact);
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(incarnation: &str, lines: &[&str]) -> Vec<Stored> {
        let mut hash = Hash::ZERO;
        (1..)
            .zip(lines)
            .map(|(seq, line)| {
                hash = hash.after(line.as_bytes());
                let place =
                    Place { terminal: Uuid::nil(), incarnation: incarnation.to_owned(), seq };
                Stored { place, line: line.as_bytes().to_vec(), hash }
            })
            .collect()
    }

    fn nowhere() -> Place {
        Place { terminal: Uuid::nil(), incarnation: String::new(), seq: 0 }
    }

    #[test]
    fn logs_that_are_as_received_have_no_fault() {
        let mut all = log("a", &["1", "2", "3"]);
        all.extend(log("b", &["1"]));
        assert_eq!(faults(&nowhere(), &all), []);
        // A further slice begins with the last fact of the one before.
        let place = all[1].place.clone();
        assert_eq!(faults(&place, &all[1..]), []);
    }

    #[test]
    fn a_changed_line_and_a_missing_one_are_found() {
        let mut all = log("a", &["1", "2", "3", "4"]);
        all[1].line = b"x".to_vec();
        assert_eq!(faults(&nowhere(), &all), [all[1].place.clone()]);

        let mut all = log("a", &["1", "2", "3"]);
        all.remove(1);
        assert_eq!(faults(&nowhere(), &all), [all[1].place.clone()]);
        all.remove(0);
        assert_eq!(faults(&nowhere(), &all), [all[0].place.clone()], "a log begins with 1");
    }
}
