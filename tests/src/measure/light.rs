//! A terminal without a disk, for sessions of the product's own: its log and its rows lie in memory. It makes nothing of
//! what comes down but the sums that both ends compare.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kart_core::fact::{Body, Draft, FORMAT, Hash};
use kart_core::id::{EquipmentId, Incarnation, TerminalId};
use kart_core::time::{Boot, Micros, Stamp};
use kart_sync::{Device, Fault, Fed, Link, Page, Position, Terminal, Told};
use kart_wire::{PastSession, Quarantined, Scope, ScopeSum, Status};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use uuid::Uuid;

use super::part;

/// 2026-06-01 06:00 UTC.
const SHIFT_BEGINS: i64 = 1_780_293_600_000_000;

#[derive(Default)]
struct Log {
    /// What headquarters has is empty.
    lines: Vec<String>,
    made: Vec<Instant>,
    hashes: Vec<Hash>,
    sessions: Vec<PastSession>,
    cursor: Option<String>,
    rows: BTreeMap<(Scope, String, String), u64>,
    /// From the making of a fact to the answer that headquarters has it.
    ages: Vec<Duration>,
}

/// See the module.
pub struct Light {
    log: Mutex<Log>,
    head: watch::Sender<u64>,
    acked: watch::Sender<u64>,
    links: watch::Sender<Option<Link>>,
}

impl Light {
    /// The terminal of an enrolled device. Its log begins.
    pub fn begin(device: &Device) -> anyhow::Result<Self> {
        let incarnation: Incarnation =
            device.incarnation.parse().map_err(|_| anyhow::anyhow!("an incarnation"))?;
        let light = Self {
            log: Mutex::default(),
            head: watch::Sender::new(0),
            acked: watch::Sender::new(0),
            links: watch::Sender::new(None),
        };
        let terminal = TerminalId(device.terminal);
        light.make(Body::Genesis { format: FORMAT, terminal, incarnation })?;
        Ok(light)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a fact.
    pub fn make(&self, body: Body) -> anyhow::Result<()> {
        let mut log = self.log();
        let seq = log.lines.len() as u64 + 1;
        let n = i64::try_from(seq)?;
        let at = Stamp { wall_us: Micros(SHIFT_BEGINS + n * 600_000), mono_us: n * 600_000 };
        let boot = Boot("0a1b2c3d".to_owned());
        let draft = Draft { at, boot, by: None, key: None, body, texts: Vec::new() };
        let (_, line, _) = draft.prepare()?.seal(seq);
        let hash = log.hashes.last().copied().unwrap_or(Hash::ZERO).after(line.as_bytes());
        log.lines.push(line);
        log.hashes.push(hash);
        log.made.push(Instant::now());
        drop(log);
        self.head.send_replace(seq);
        Ok(())
    }

    /// One part more at that machine.
    pub fn count(&self, equipment: EquipmentId) -> anyhow::Result<()> {
        let n = i64::try_from(*self.head.borrow())?;
        let at = Stamp { wall_us: Micros(SHIFT_BEGINS + n * 600_000), mono_us: n * 600_000 };
        self.make(part(equipment, n, at))
    }

    /// Facts made.
    pub fn made(&self) -> u64 {
        *self.head.borrow()
    }

    /// Facts that headquarters has.
    pub fn acked(&self) -> u64 {
        *self.acked.borrow()
    }

    /// Returns once headquarters has all facts that are made by then.
    pub async fn all_acked(&self) {
        let mut acked = self.acked.subscribe();
        // The sender lives as long as this.
        acked.wait_for(|acked| *acked >= self.made()).await.ok();
    }

    /// How old facts were when headquarters had them, since this was asked last.
    pub fn take_ages(&self) -> Vec<Duration> {
        std::mem::take(&mut self.log().ages)
    }

    /// Returns once headquarters has answered.
    pub async fn connected(&self) -> anyhow::Result<()> {
        let mut links = self.links.subscribe();
        let up = |link: &Option<Link>| matches!(link, Some(Link::Up | Link::ReferenceConfirmed));
        Ok(links.wait_for(up).await.map(drop)?)
    }
}

impl Terminal for Light {
    async fn position(&self) -> Result<Position, Fault> {
        let log = self.log();
        let acked = self.acked();
        let hash = |seq: usize| seq.checked_sub(1).and_then(|place| log.hashes.get(place).copied());
        Ok(Position {
            last: log.lines.len() as u64,
            head_hash: hash(log.lines.len()).unwrap_or(Hash::ZERO).to_string(),
            acked,
            acked_hash: hash(usize::try_from(acked).unwrap_or(usize::MAX))
                .unwrap_or(Hash::ZERO)
                .to_string(),
            sessions: log.sessions.clone(),
            wall_us: jiff::Timestamp::now().as_microsecond(),
            oldest: 1,
        })
    }

    async fn hash_at(&self, seq: u64) -> Result<Option<String>, Fault> {
        let place = usize::try_from(seq).unwrap_or(usize::MAX);
        let log = self.log();
        Ok(match place.checked_sub(1) {
            None => Some(Hash::ZERO.to_string()),
            Some(place) => log.hashes.get(place).map(ToString::to_string),
        })
    }

    async fn page(&self, after: u64, facts: usize, _: usize) -> Result<Option<Page>, Fault> {
        let Some(prev_hash) = self.hash_at(after).await? else { return Ok(None) };
        let log = self.log();
        let from = usize::try_from(after).unwrap_or(usize::MAX);
        let lines: Vec<String> = log.lines.iter().skip(from).take(facts).cloned().collect();
        let page = Page { from: after + 1, prev_hash, lines, texts: vec![] };
        Ok((!page.lines.is_empty()).then_some(page))
    }

    async fn acknowledged(&self, told: Told) -> Result<(), Fault> {
        let mut log = self.log();
        let log = &mut *log;
        let range = usize::try_from(self.acked()).unwrap_or(usize::MAX)
            ..usize::try_from(told.watermark).unwrap_or(usize::MAX);
        log.ages
            .extend(log.made.get(range.clone()).unwrap_or_default().iter().map(Instant::elapsed));
        for line in log.lines.get_mut(range).unwrap_or_default() {
            *line = String::new();
        }
        self.acked.send_replace(told.watermark);
        log.sessions.retain(|past| past.session != told.session);
        let past = PastSession { session: told.session, watermark: told.watermark, cursor: None };
        log.sessions.insert(0, past);
        log.sessions.truncate(32);
        Ok(())
    }

    async fn quarantined(&self, all: Vec<Quarantined>) -> Result<(), Fault> {
        if all.is_empty() { Ok(()) } else { Err(Fault(format!("{all:?}"))) }
    }

    async fn feed_cursor(&self) -> Result<Option<String>, Fault> {
        Ok(self.log().cursor.clone())
    }

    async fn feed(&self, _: Uuid, _: Option<String>, fed: Fed) -> Result<(), Fault> {
        let mut log = self.log();
        log.rows.retain(|(scope, _, _), _| !fed.head.whole.contains(scope));
        for row in fed.rows {
            let place = (row.scope, row.table, row.key);
            match row.row {
                Some(text) => {
                    let share = share(&place.1, &place.2, &text);
                    log.rows.insert(place, share);
                },
                None => drop(log.rows.remove(&place)),
            }
        }
        log.cursor = Some(fed.head.cursor);
        Ok(())
    }

    async fn sums(&self) -> Result<Vec<ScopeSum>, Fault> {
        let log = self.log();
        let sum = |scope| {
            let shares = log.rows.iter().filter(|((of, _, _), _)| *of == scope);
            let (rows, sum) = shares
                .fold((0, 0_u64), |(rows, sum), (_, share)| (rows + 1, sum.wrapping_add(*share)));
            ScopeSum { scope, rows, sum: format!("{sum:016x}") }
        };
        Ok([Scope::Org, Scope::Site, Scope::Terminal].map(sum).to_vec())
    }

    async fn cursor(&self) -> Result<Option<String>, Fault> {
        Ok(None)
    }

    async fn reference(&self, _: serde_json::Value, _: String) -> Result<(), Fault> {
        Ok(())
    }

    async fn status(&self) -> Status {
        let log = self.log();
        let backlog = log.lines.len() as u64 - self.acked();
        let machines = serde_json::json!({ "recording": true, "states": {} });
        Status { at_us: jiff::Timestamp::now().as_microsecond(), backlog, machines }
    }

    fn link(&self, link: Link) {
        self.links.send_replace(Some(link));
    }

    fn sending(&self, _: u64) {}

    async fn grown(&self, seq: u64) -> Result<(), Fault> {
        let mut head = self.head.subscribe();
        let grown = head.wait_for(|head| *head > seq).await.map(drop);
        grown.map_err(|_| Fault("the log is closed".to_owned()))
    }
}

/// What a row adds to its scope's sum.
fn share(table: &str, key: &str, row: &str) -> u64 {
    let hash = Sha256::digest([table, key, row].join("\0"));
    hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
