//! A mirror as anybody could write it from the protocol's description.

use std::collections::{BTreeMap, BTreeSet};

use kart_wire::{Feed, FeedHead, FeedRow, Problem, Scope};
use sha2::{Digest as _, Sha256};

use crate::headquarters::device::Device;

/// Scope, table, key.
type Name = (Scope, String, String);

#[derive(Clone, Default)]
pub(super) struct Mirror {
    pub(super) cursor: Option<String>,
    pub(super) rows: BTreeMap<Name, String>,
}

/// An answer as it came.
pub(super) type Fed = (FeedHead, Vec<FeedRow>);

/// Asks, whatever it is.
pub(super) async fn ask(device: &Device, feed: &Feed) -> Result<Fed, (u16, Problem)> {
    let answer = device.request("feed").json(feed).send().await.expect("headquarters answers");
    let status = answer.status();
    let packed = answer.bytes().await.expect("a whole answer");
    if !status.is_success() {
        return Err((status.as_u16(), serde_json::from_slice(&packed).expect("a problem")));
    }
    let plain = zstd::bulk::decompress(&packed, kart_wire::MOST_FEED_BYTES).expect("zstd");
    let mut lines = plain.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let head: FeedHead = serde_json::from_slice(lines.next().expect("a head")).unwrap();
    let rows: Vec<FeedRow> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
    assert_eq!(head.rows, rows.len());
    Ok((head, rows))
}

impl Mirror {
    pub(super) fn request(&self, device: &Device, wait_ms: u64) -> Feed {
        let cursor = self.cursor.clone();
        Feed { session: device.session, cursor, whole: vec![], wait_ms, sums: false }
    }

    /// Asks and applies; with sums if nothing is waited for.
    pub(super) async fn follow(&mut self, device: &Device, wait_ms: u64) -> Fed {
        let feed = Feed { sums: wait_ms == 0, ..self.request(device, wait_ms) };
        let fed = ask(device, &feed).await.expect("a feed");
        self.apply(&fed);
        fed
    }

    pub(super) fn apply(&mut self, (head, rows): &Fed) {
        self.rows.retain(|(scope, ..), _| !head.whole.contains(scope));
        for row in rows {
            let name = (row.scope, row.table.clone(), row.key.clone());
            match &row.row {
                Some(text) => self.rows.insert(name, text.clone()),
                None => self.rows.remove(&name),
            };
        }
        self.cursor = Some(head.cursor.clone());
        for theirs in &head.sums {
            let mut of_scope: Vec<_> =
                self.rows.iter().filter(|((scope, ..), _)| *scope == theirs.scope).collect();
            of_scope.reverse();
            let mut sum = 0_u64;
            for ((_, table, key), text) in &of_scope {
                let hash = Sha256::digest(format!("{table}\0{key}\0{text}").as_bytes());
                sum = sum.wrapping_add(u64::from_be_bytes(hash[..8].try_into().unwrap()));
            }
            assert_eq!(theirs.rows, of_scope.len() as u64, "{:?}", theirs.scope);
            assert_eq!(theirs.sum, format!("{sum:016x}"), "{:?}", theirs.scope);
        }
    }

    /// A column of the row of a table that has this in another column.
    pub(super) fn find(&self, table: &str, by: (&str, &str), column: &str) -> Option<String> {
        let texts = self.rows.iter().filter(|((_, name, _), _)| name == table);
        texts
            .map(|(_, text)| serde_json::from_str::<serde_json::Value>(text).unwrap())
            .find(|row| row[by.0].as_str() == Some(by.1))
            .and_then(|row| row[column].as_str().map(str::to_owned))
    }

    pub(super) fn keys(&self, table: &str) -> BTreeSet<&str> {
        let names = self.rows.keys().filter(|(_, name, _)| name == table);
        names.map(|(_, _, key)| key.as_str()).collect()
    }
}

/// What there is now, without any history.
pub(super) async fn fresh(device: &Device) -> Mirror {
    let mut mirror = Mirror::default();
    mirror.follow(device, 0).await;
    mirror
}
