//! The feed: what changed between two transactions, as it is now.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use kart_core::id::RecordId;
use kart_core::row::Cell;
use kart_hq::decisions::{Cursor, KnownCursor, Seal, Standing, judge_cursor};
use kart_planted::{Bug, planted};
use kart_sync::Fed;
use kart_wire::{Feed, FeedHead, FeedRow, Problem, Scope, ScopeSum, code};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::checks::digest;
use super::super::disk::Rows;
use super::super::floor;
use super::{Centre, State, number, problem};

const KEY: &[u8] = b"sealed";
/// Tables whose rows go down, beside the site as a whole.
const SENT: [&str; 8] = [
    "oee_batch_queue",
    "ops_station_batch_queue",
    "ops_jobs",
    "oee_machine_events",
    "ops_products",
    "edge.number_leases",
    "edge.corrections",
    "edge.record_aliases",
];
const SCOPES: [Scope; 3] = [Scope::Org, Scope::Site, Scope::Terminal];

impl State {
    /// Everything a terminal is to know.
    pub(in super::super) fn mirror(&self, id: Uuid) -> Rows {
        let mut rows = Rows::new();
        let site = serde_json::json!({ "version": self.reference.version.to_string() });
        rows.insert((Scope::Site, "edge.sites".to_owned(), "cedar".to_owned()), site.to_string());
        for product in self.reference.families.iter().flat_map(|family| &family.products) {
            let row = serde_json::json!({ "code": product.code, "name": product.name });
            let key = (Scope::Site, "public.ops_products".to_owned(), product.id.to_string());
            rows.insert(key, row.to_string());
        }
        let station = self.station(id);
        let from = ("oee_machine_events", Uuid::nil());
        let events = self.rows.range(from..).take_while(|((table, _), _)| *table == from.0);
        for ((table, key), cells) in events {
            let open = matches!(cells.get(6), Some(Cell::Null));
            let batch = cells.get(4) == Some(&Cell::from("batch"));
            if open && batch && cells.get(3) == station.as_ref() {
                let resolved = self.office.resolved.contains_key(&RecordId(*key));
                let from = cells[5].json().to_string();
                let row = serde_json::json!({ "start_ts": from, "resolved": resolved.to_string() });
                let key = (Scope::Terminal, format!("public.{table}"), key.to_string());
                rows.insert(key, row.to_string());
            }
        }
        for (table, key, row) in self.office.rows(&self.reference, station.as_ref()) {
            rows.insert((Scope::Terminal, format!("public.{table}"), key.to_string()), row);
        }
        let mut own = |table: &str, key: Uuid, row| {
            rows.insert((Scope::Terminal, table.to_owned(), key.to_string()), row)
        };
        for (_, lease) in self.leases.iter().filter(|(of, _)| *of == id) {
            own("edge.number_leases", number::key(lease.first), json(lease));
        }
        for (key, (_, row)) in self.corrections.iter().filter(|(_, (of, _))| of.contains(&id)) {
            own("edge.corrections", *key, json(&**row));
        }
        for (name, alias) in &self.aliases {
            own("edge.record_aliases", name.0, json(&(name, alias)));
        }
        rows
    }

    pub(super) fn station(&self, id: Uuid) -> Option<Cell> {
        let number = self.terminals.get(&id)?.code.split_once('-')?.1.parse::<usize>().ok()?;
        let code = floor::station_code(number);
        let station = self.reference.stations.iter().find(|station| station.code == code)?;
        Some(Cell::Uuid(station.id.0))
    }
}

/// Everything a terminal is to know.
pub(super) struct Mirror {
    rows: Rows,
    digest: u64,
    sums: OnceLock<Vec<ScopeSum>>,
}

impl Centre {
    /// Most feeds ask again after nothing has changed.
    fn mirror(&mut self, id: Uuid) -> Arc<Mirror> {
        let commit = (self.epoch, self.state.tx);
        if let Some((_, mirror)) = self.mirrors.get(&id).filter(|(of, _)| *of == commit) {
            return Arc::clone(mirror);
        }
        let rows = self.state.mirror(id);
        let mirror = Arc::new(Mirror { digest: digest(&rows), rows, sums: OnceLock::new() });
        self.mirrors.insert(id, (commit, Arc::clone(&mirror)));
        mirror
    }

    /// What the cursor of a feed is good for, and the transaction it stands for.
    fn standing(&self, id: Uuid, feed: &Feed) -> Option<(Standing, u64)> {
        let cursor = Seal::new(KEY, id).open(feed.cursor.as_deref()?)?;
        let sessions = &self.state.terminals[&id].sessions;
        let past = sessions.iter().find(|past| past.id == cursor.session);
        let minted = past.map(|past| past.cursor.unwrap_or((0, Uuid::nil())));
        let known = KnownCursor { epoch: self.state.history, floor: 0, minted };
        let tx = cursor.snapshot.split(':').next()?.parse::<u64>().ok()?.checked_sub(1)?;
        Some((judge_cursor(&cursor, &known), tx))
    }

    /// The transaction from which on a terminal is told, if its cursor may be used here.
    fn since(&self, id: Uuid, feed: &Feed) -> Option<u64> {
        match self.standing(id, feed)? {
            (Standing::Good, tx) => Some(tx),
            (Standing::Void(_) | Standing::Restored, _) => None,
        }
    }

    /// From where on a feed asks, in this state of headquarters.
    pub(in super::super) fn asked(&self, id: Uuid, feed: &Feed) -> (u32, Option<u64>) {
        (self.epoch, self.since(id, feed))
    }

    /// Whether there is anything to send.
    pub(in super::super) fn news(&self, id: Uuid, feed: &Feed, since: Option<u64>) -> bool {
        let concerns = |since: u64| {
            let after = self.state.changed.partition_point(|(tx, _)| *tx <= since);
            let later = &self.state.changed[after..];
            if later.is_empty() {
                return false;
            }
            let station = self.state.station(id);
            later.iter().any(|(_, key)| match self.state.rows.get(key) {
                Some(cells) => key.0 == "oee_machine_events" && cells.get(3) == station.as_ref(),
                None => true,
            })
        };
        !feed.whole.is_empty() || feed.sums || since.is_none_or(concerns)
    }

    /// Answers a feed; the cursor is remembered before.
    pub(in super::super) fn feed(
        &mut self,
        id: Uuid,
        feed: &Feed,
        server_us: i64,
    ) -> Result<(Fed, u64), Problem> {
        let current = self.state.terminals[&id].sessions.last().map(|past| past.id);
        if current != Some(feed.session) {
            return Err(problem(code::STALE_SESSION));
        }
        if matches!(self.standing(id, feed), Some((Standing::Restored, _))) {
            // No number of the history that is gone counts any more, also once it is reached again.
            self.histories += 1;
            self.state.history = Uuid::from_u128(self.histories);
        }
        let since = self.since(id, feed);
        let line = feed.cursor.as_deref().filter(|_| since.is_some());
        let line = line.and_then(|text| Some(Seal::new(KEY, id).open(text)?.line));
        self.lines += 1;
        let line = line.unwrap_or(Uuid::from_u128(self.lines));
        let mirror = self.mirror(id);
        let now = &mirror.rows;
        let mut whole: BTreeSet<Scope> = feed.whole.iter().copied().collect();
        if since.is_none() {
            whole.extend(SCOPES);
        }
        let whole_rows = now.iter().filter(|((scope, ..), _)| whole.contains(scope));
        let mut rows: Vec<FeedRow> = whole_rows
            .map(|((scope, table, key), row)| FeedRow {
                scope: *scope,
                table: table.clone(),
                key: key.clone(),
                row: Some(row.clone()),
            })
            .collect();
        if let Some(since) = since {
            rows.extend(
                self.changed(since, now).into_iter().filter(|row| !whole.contains(&row.scope)),
            );
        }
        let known = self.state.terminals.get_mut(&id).unwrap();
        let (applied_through, tx) = (known.watermark, self.state.tx);
        let past = known.sessions.last_mut().ok_or_else(|| problem(code::STALE_SESSION))?;
        let number = past.cursor.map_or(0, |(number, _)| number) + 1;
        past.cursor = Some((number, line));
        let next = tx + 1;
        let cursor = Cursor {
            session: feed.session,
            number,
            line,
            epoch: self.state.history,
            place: 0,
            at_us: server_us,
            snapshot: format!("{next}:{next}:"),
        };
        let head = FeedHead {
            cursor: Seal::new(KEY, id).close(&cursor),
            whole: whole.into_iter().collect(),
            rows: rows.len(),
            applied_through,
            server_us,
            quarantined: self.state.waiting(id, 0, u64::MAX),
            sums: if feed.sums { mirror.sums.get_or_init(|| sums(now)).clone() } else { vec![] },
        };
        Ok((Fed { head, rows }, mirror.digest))
    }

    /// Rows that changed, as they are now; gone where they are none of the terminal's.
    fn changed(&self, since: u64, now: &Rows) -> Vec<FeedRow> {
        let after = self.state.changed.partition_point(|(tx, _)| *tx <= since);
        let keys: BTreeSet<_> = self.state.changed[after..].iter().map(|(_, key)| *key).collect();
        let mut rows = Vec::new();
        for (table, id) in keys {
            if table == "edge.sites" {
                let site = now.iter().filter(|((scope, ..), _)| *scope == Scope::Site);
                rows.extend(site.map(|((scope, table, key), row)| FeedRow {
                    scope: *scope,
                    table: table.clone(),
                    key: key.clone(),
                    row: Some(row.clone()),
                }));
            } else if SENT.contains(&table) {
                let scope = if table == "ops_products" { Scope::Site } else { Scope::Terminal };
                let schema = if table.starts_with("edge.") { "" } else { "public." };
                let key = (scope, format!("{schema}{table}"), id.to_string());
                // The site has come whole already.
                if scope == Scope::Site && now.contains_key(&key) {
                    continue;
                }
                let row = now.get(&key).cloned();
                if row.is_some() || !planted(Bug::NoTombstone) {
                    rows.push(FeedRow { scope: key.0, table: key.1, key: key.2, row });
                }
            }
        }
        rows
    }
}

/// A row of one column.
fn json(row: &impl serde::Serialize) -> String {
    serde_json::json!({ "row": serde_json::to_string(row).unwrap() }).to_string()
}

/// The scopes of these rows, each in two numbers.
pub(in super::super) fn sums(rows: &Rows) -> Vec<ScopeSum> {
    let sum = |scope: Scope| {
        let own = rows.iter().filter(|((of, ..), _)| *of == scope);
        let hashes = own.clone().map(|((_, table, key), row)| {
            let digest = Sha256::new()
                .chain_update(table)
                .chain_update([0])
                .chain_update(key)
                .chain_update([0])
                .chain_update(row)
                .finalize();
            u64::from_be_bytes(digest[..8].try_into().unwrap())
        });
        let sum = hashes.fold(0_u64, u64::wrapping_add);
        ScopeSum { scope, rows: own.count() as u64, sum: format!("{sum:016x}") }
    };
    SCOPES.map(sum).into()
}
