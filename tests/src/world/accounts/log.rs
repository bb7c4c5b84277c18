//! Every fact, byte for byte, and the chain of hashes computed anew from the lines.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Books, Difference};

#[derive(Debug, Serialize)]
pub struct Facts {
    pub sqlite: usize,
    pub postgres: Option<usize>,
    /// Facts whose hash does not follow from the lines up to them, or whose number is not the next.
    pub broken: u64,
    /// Facts that both hold and that differ in a byte.
    pub altered: u64,
}

struct Entry {
    seq: i64,
    line: Vec<u8>,
    hash: Vec<u8>,
}

pub(super) async fn compare(books: &Books<'_>) -> anyhow::Result<(Facts, Difference)> {
    let edge = at_edge(books)?;
    let mut facts = Facts { sqlite: edge.len(), postgres: None, broken: broken(&edge), altered: 0 };
    let Some(headquarters) = books.headquarters else {
        return Ok((facts, Difference::default()));
    };
    let rows = headquarters
        .sql("SELECT seq, line, hash FROM edge.inbox ORDER BY terminal_id, incarnation, seq", &[])
        .await?;
    let inbox: Vec<Entry> = rows
        .iter()
        .map(|row| Entry { seq: row.get(0), line: row.get(1), hash: row.get(2) })
        .collect();
    facts.postgres = Some(inbox.len());
    facts.broken += broken(&inbox);
    let pairs = edge.iter().zip(&inbox);
    let altered = pairs.filter(|(here, there)| {
        (here.seq, &here.line, &here.hash) != (there.seq, &there.line, &there.hash)
    });
    facts.altered = count(altered.count());
    let difference = Difference {
        lost: count(edge.len().saturating_sub(inbox.len())) + facts.altered,
        doubled: count(inbox.len().saturating_sub(edge.len())),
    };
    Ok((facts, difference))
}

fn at_edge(books: &Books<'_>) -> anyhow::Result<Vec<Entry>> {
    let mut select = books.edge.prepare("SELECT seq, line, hash FROM facts ORDER BY seq")?;
    let entries = select.query_map([], |row| {
        let line: String = row.get(1)?;
        Ok(Entry { seq: row.get(0)?, line: line.into_bytes(), hash: row.get(2)? })
    })?;
    Ok(entries.collect::<Result<_, _>>()?)
}

fn broken(entries: &[Entry]) -> u64 {
    let mut before = vec![0; 32];
    let wrong = entries.iter().zip(1..).filter(|(entry, number)| {
        let hash = Sha256::new().chain_update(&before).chain_update(&entry.line).finalize();
        let follows = entry.hash.as_slice() == hash.as_slice() && entry.seq == *number;
        before.clone_from(&entry.hash);
        !follows
    });
    count(wrong.count())
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
