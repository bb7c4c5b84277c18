//! Many terminals on one gateway. Each makes facts by the clock and sends what has gathered as soon as the last push is answered,
//! as the daemon does; the client's side is the product's own, without SQLite.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kart_core::counter::{CounterKind, Verdict};
use kart_core::fact::{Body, Counted, Draft, FORMAT, Hash};
use kart_core::id::{EquipmentId, Incarnation, TerminalId, reference_id};
use kart_core::time::{Boot, Micros, Stamp};
use kart_sync::{Device, Gateway as _, Headquarters as Client, Page, Remote, enroll};
use kart_wire::{Enrolled, Hello, PROTOCOL, PushEnvelope};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use crate::programs::repository;
use crate::world::headquarters::Headquarters;

const ORGANIZATION: &str = "cedar-works";
const SITE: &str = "cedar";
const LIMIT: Duration = Duration::from_secs(60);

/// What so many terminals were answered.
#[derive(Debug, Serialize)]
pub struct Many {
    pub terminals: usize,
    pub facts: u64,
    pub pushes: usize,
    /// Pushes that were sent away and sent again.
    pub refused: usize,
    pub seconds: f64,
    /// Of answered pushes, in milliseconds.
    pub median_ms: f64,
    pub p99_ms: f64,
    /// The most that the gateway kept in memory, in KiB.
    pub gateway_kib: u64,
    /// The most connections of the gateway to its database.
    pub connections: i64,
}

struct Load {
    pushes: Vec<Duration>,
    refused: usize,
    facts: u64,
}

/// `terminals` make `per_minute` facts each for `time`.
pub async fn many(terminals: usize, per_minute: u32, time: Duration) -> anyhow::Result<Many> {
    let site = repository().join("config/demo/site.toml");
    let mut headquarters = Headquarters::start(&site).await?;
    let folder = tempfile::Builder::new().prefix("kart-many-").tempdir()?;
    let codes: Vec<String> = (0..terminals).map(|n| format!("MANY{n:016}")).collect();
    invite(&headquarters, &codes).await?;
    let remote = Remote { url: headquarters.url(), ca_pem: None };
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for (n, code) in codes.into_iter().enumerate() {
        let device = Device::open(&folder.path().join(n.to_string()))?;
        // Each has connections of its own, as each would be another computer.
        let client = Client::new(&remote)?;
        let every = Duration::from_secs(60) / per_minute;
        tasks.spawn(async move {
            let wanted = wanted(&code);
            enroll(&device, &client, &code, &wanted).await?;
            Sender::begin(device, client, every).await?.run(time).await
        });
    }
    let (mut pushes, mut refused, mut facts) = (Vec::new(), 0, 0);
    let (mut gateway_kib, mut connections) = (0, 0);
    loop {
        tokio::select! {
            ended = tasks.join_next() => {
                let Some(load) = ended else { break };
                let load = load??;
                pushes.extend(load.pushes);
                refused += load.refused;
                facts += load.facts;
            },
            () = sleep(Duration::from_secs(1)) => {
                gateway_kib = gateway_kib.max(headquarters.gateway()?.resident_kib()?);
                connections = connections.max(headquarters.number(CONNECTIONS).await?);
            },
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    pushes.sort();
    let at = |hundredth: usize| {
        let place = (pushes.len() * hundredth / 100).min(pushes.len().saturating_sub(1));
        pushes.get(place).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
    };
    let (median_ms, p99_ms) = (at(50), at(99));
    let held = headquarters.number("SELECT count(*) FROM edge.inbox").await?;
    anyhow::ensure!(u64::try_from(held)? == facts, "{held} facts arrived of {facts}");
    let pushes = pushes.len();
    Ok(Many {
        terminals,
        facts,
        pushes,
        refused,
        seconds,
        median_ms,
        p99_ms,
        gateway_kib,
        connections,
    })
}

const CONNECTIONS: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kart-hq'";

fn wanted(code: &str) -> Enrolled {
    Enrolled {
        organization: ORGANIZATION.to_owned(),
        site: SITE.to_owned(),
        terminal_code: code.to_owned(),
    }
}

/// Enrollment codes by SQL: a thousand runs of a program would take longer than what is measured.
async fn invite(headquarters: &Headquarters, codes: &[String]) -> anyhow::Result<()> {
    let site = reference_id(ORGANIZATION, SITE, "oee_sites", SITE);
    // As a person could have typed it: O is 0, I and L are 1.
    let hashes: Vec<Vec<u8>> = codes
        .iter()
        .map(|code| {
            let normal: String = code
                .chars()
                .map(|letter| match letter {
                    'O' => '0',
                    'I' | 'L' => '1',
                    letter => letter,
                })
                .collect();
            Sha256::digest(normal).to_vec()
        })
        .collect();
    headquarters
        .sql(
            "INSERT INTO edge.enrollment_codes
                 (organization_id, code_hash, site_id, terminal_code, expires_at)
             SELECT $1, c.hash, $2, c.code, now() + interval '1 day'
             FROM unnest($3::bytea[], $4::text[]) AS c(hash, code)",
            &[&ORGANIZATION, &site, &hashes, &codes],
        )
        .await
        .map(drop)
}

/// A terminal without a disk.
struct Sender {
    device: Device,
    client: Client,
    token: String,
    session: uuid::Uuid,
    every: Duration,
    /// Lines that are not acknowledged.
    waiting: VecDeque<String>,
    acked: u64,
    hash: Hash,
    made: u64,
}

impl Sender {
    async fn begin(device: Device, client: Client, every: Duration) -> anyhow::Result<Self> {
        let now_s = jiff::Timestamp::now().as_second();
        let token = client.token(&device.assertion(now_s)?).await?.token;
        let hello: Hello = serde_json::from_value(serde_json::json!({
            "protocol": PROTOCOL, "version": "bench", "incarnation": device.incarnation,
            "nonce": device.nonce, "last_seq": 0, "head_hash": Hash::ZERO.to_string(),
            "acked_seq": 0, "acked_hash": Hash::ZERO.to_string(), "sessions": [],
            "wall_us": now_s * 1_000_000,
        }))?;
        let session = client.hello(&token, &hello).await?.session;
        let mut sender = Self {
            device,
            client,
            token,
            session,
            every,
            waiting: VecDeque::new(),
            acked: 0,
            hash: Hash::ZERO,
            made: 0,
        };
        let incarnation: Incarnation =
            sender.device.incarnation.parse().map_err(|_| anyhow::anyhow!("an incarnation"))?;
        let terminal = TerminalId(sender.device.terminal);
        sender.make(Body::Genesis { format: FORMAT, terminal, incarnation })?;
        Ok(sender)
    }

    fn make(&mut self, body: Body) -> anyhow::Result<()> {
        let n = i64::try_from(self.made)?;
        let at =
            Stamp { wall_us: Micros(1_790_000_000_000_000 + n * 600_000), mono_us: n * 600_000 };
        let boot = Boot("0a1b2c3d".to_owned());
        let draft = Draft { at, boot, by: None, key: None, body, texts: Vec::new() };
        self.made += 1;
        let (_fact, line, _texts) = draft.prepare()?.seal(self.made);
        self.waiting.push_back(line);
        Ok(())
    }

    fn count(&mut self) -> anyhow::Result<()> {
        let n = i64::try_from(self.made)?;
        let at =
            Stamp { wall_us: Micros(1_790_000_000_000_000 + n * 600_000), mono_us: n * 600_000 };
        self.make(Body::Counted(Counted {
            equipment: EquipmentId(reference_id(ORGANIZATION, SITE, "oee_equipment", "EQ-211")),
            source: self.device.terminal.to_string(),
            counter: CounterKind::Good,
            epoch: 0,
            raw_from: n,
            raw_to: n + 1,
            quantity: 1,
            verdict: Verdict::Increase,
            since: at,
            until: at.plus(1),
            batch: None,
        }))
    }

    async fn run(mut self, time: Duration) -> anyhow::Result<Load> {
        let mut load = Load { pushes: Vec::new(), refused: 0, facts: 0 };
        let began = tokio::time::Instant::now();
        let mut next = began;
        while began.elapsed() < time || !self.waiting.is_empty() {
            while began.elapsed() < time && next.elapsed() > Duration::ZERO {
                self.count()?;
                next += self.every;
            }
            if self.waiting.is_empty() {
                sleep_until(next).await;
                continue;
            }
            anyhow::ensure!(began.elapsed() < time + LIMIT, "facts are left over");
            self.push(&mut load).await?;
        }
        load.facts = self.made;
        Ok(load)
    }

    async fn push(&mut self, load: &mut Load) -> anyhow::Result<()> {
        let lines: Vec<String> = self.waiting.iter().take(kart_wire::MOST_FACTS).cloned().collect();
        let envelope = PushEnvelope {
            session: self.session,
            terminal: self.device.terminal,
            incarnation: self.device.incarnation.clone(),
            from: self.acked + 1,
            facts: lines.len(),
            texts: 0,
            prev_hash: self.hash.to_string(),
        };
        let prev_hash = self.hash.to_string();
        let page = Page { from: self.acked + 1, prev_hash, lines, texts: Vec::new() };
        let asked = Instant::now();
        match self.client.push(&self.token, &envelope, &page).await {
            Ok(pushed) => {
                load.pushes.push(asked.elapsed());
                for line in &page.lines {
                    self.hash = self.hash.after(line.as_bytes());
                }
                self.acked += page.lines.len() as u64;
                anyhow::ensure!(pushed.watermark == self.acked, "{pushed:?}");
                self.waiting.drain(..page.lines.len());
            },
            Err(fault) if fault.remedy() == kart_sync::Remedy::Later => {
                load.refused += 1;
                sleep(Duration::from_millis(500 + self.made % 500)).await;
            },
            Err(fault) => return Err(fault).context("a push"),
        }
        Ok(())
    }
}
