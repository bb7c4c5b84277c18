//! Many terminals on one gateway. Their sessions are the product's own and so are their clients; only the disk below is
//! none. Each makes facts by the clock.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use kart_core::id::{EquipmentId, reference_id};
use kart_sync::{
    Device, Failure, Fed, Gateway, Headquarters as Client, Page, Remote, Tuning, enroll,
};
use kart_wire::{
    Assertion, Common, Enrolled, Feed, Found, Hello, Pull, Pulled, PushEnvelope, Pushed, Renew,
    Renewed, Status, Token, Welcome,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;
use tokio::time::{interval, interval_at, timeout};
use tokio_util::sync::CancellationToken;

use super::light::Light;
use crate::programs::repository;
use crate::world::headquarters::Headquarters;

const ORGANIZATION: &str = "cedar-works";
const SITE: &str = "cedar";
const LIMIT: Duration = Duration::from_secs(120);
/// So many are enrolled at a time.
const ENROLLED_AT_ONCE: usize = 32;

/// What so many terminals were answered.
#[derive(Debug, Serialize)]
pub struct Many {
    pub terminals: usize,
    pub facts: u64,
    /// Until every terminal had its first session, all having come at once.
    pub connected_s: f64,
    pub seconds: f64,
    pub pushes: usize,
    /// Requests of any kind that were sent away, and asked again: while all came at once, and afterwards.
    pub refused_at_first: usize,
    pub refused: usize,
    /// Sessions that began afterwards.
    pub sessions: usize,
    pub statuses: usize,
    pub feeds: usize,
    /// Of answered pushes, in milliseconds.
    pub median_ms: f64,
    pub p99_ms: f64,
    /// From the making of a fact to the answer that headquarters has it, in milliseconds.
    pub age_median_ms: f64,
    pub age_p99_ms: f64,
    /// The most that the gateway kept in memory, in KiB.
    pub gateway_kib: u64,
    /// The most connections of the gateway to its database.
    pub connections: i64,
}

/// What one terminal, or all, asked.
#[derive(Clone, Default)]
pub struct Asked {
    /// How long answered pushes took.
    pub pushes: Vec<Duration>,
    /// Requests that were sent away.
    pub refused: usize,
    pub tokens: usize,
    pub statuses: usize,
    pub feeds: usize,
}

/// A client that counts.
pub struct Counted {
    client: Client,
    asked: Mutex<Asked>,
}

impl Counted {
    pub fn new(client: Client) -> Self {
        Self { client, asked: Mutex::default() }
    }

    /// What was asked since this was called last.
    pub fn take(&self) -> Asked {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn note<A>(
        &self,
        answer: impl Future<Output = Result<A, Failure>>,
        note: impl FnOnce(&mut Asked, Duration),
    ) -> Result<A, Failure> {
        let begun = Instant::now();
        let answer = answer.await;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match &answer {
            Ok(_) => note(&mut asked, begun.elapsed()),
            Err(failure) if failure.after().is_some() => asked.refused += 1,
            Err(_) => {},
        }
        answer
    }
}

impl Gateway for Counted {
    async fn token(&self, assertion: &Assertion) -> Result<Token, Failure> {
        self.note(self.client.token(assertion), |asked, _| asked.tokens += 1).await
    }

    async fn hello(&self, token: &str, hello: &Hello) -> Result<Welcome, Failure> {
        self.note(self.client.hello(token, hello), |_, _| {}).await
    }

    async fn push(
        &self,
        token: &str,
        envelope: &PushEnvelope,
        page: &Page,
    ) -> Result<Pushed, Failure> {
        let pushed = self.client.push(token, envelope, page);
        self.note(pushed, |asked, took| asked.pushes.push(took)).await
    }

    async fn pull(&self, token: &str, pull: &Pull) -> Result<Pulled, Failure> {
        self.client.pull(token, pull).await
    }

    async fn feed(&self, token: &str, feed: &Feed) -> Result<Fed, Failure> {
        self.note(self.client.feed(token, feed), |asked, _| asked.feeds += 1).await
    }

    async fn common(&self, token: &str, common: &Common) -> Result<Found, Failure> {
        self.client.common(token, common).await
    }

    async fn renew(&self, token: &str, renew: &Renew) -> Result<Renewed, Failure> {
        self.client.renew(token, renew).await
    }

    async fn status(&self, token: &str, status: &Status) -> Result<(), Failure> {
        self.note(self.client.status(token, status), |asked, _| asked.statuses += 1).await
    }
}

/// A terminal of the measurement.
struct Member {
    light: Light,
    client: Counted,
    device: Device,
}

/// `terminals` make `per_minute` facts each for `time`.
pub async fn many(terminals: usize, per_minute: u32, time: Duration) -> anyhow::Result<Many> {
    let site = repository().join("config/demo/site.toml");
    let mut headquarters = Headquarters::start(&site).await?;
    let folder = tempfile::Builder::new().prefix("kart-many-").tempdir()?;
    let members = enrolled(&headquarters, folder.path(), terminals).await?;
    let (stop, mut sessions) = (CancellationToken::new(), JoinSet::new());
    let came = Instant::now();
    for member in &members {
        let (member, stop) = (Arc::clone(member), stop.clone());
        sessions.spawn(async move {
            let Member { light, client, device } = &*member;
            kart_sync::run(light, device, client, Tuning::default(), stop).await;
        });
    }
    for member in &members {
        timeout(LIMIT, member.light.connected()).await??;
    }
    settled(&members).await?;
    let connected_s = came.elapsed().as_secs_f64();
    let at_first = collect(&members);
    let began = Instant::now();
    let mut makers = JoinSet::new();
    let every = Duration::from_secs(60) / per_minute;
    for (n, member) in members.iter().enumerate() {
        let member = Arc::clone(member);
        let offset = every.mul_f64(f64::from(u32::try_from(n % 1000)?) / 1000.0);
        makers.spawn(async move { make(&member.light, offset, every, time).await });
    }
    let (mut gateway_kib, mut connections) = (0, 0);
    let mut looks = interval(Duration::from_secs(1));
    while !makers.is_empty() {
        tokio::select! {
            Some(made) = makers.join_next() => made??,
            _ = looks.tick() => {
                gateway_kib = gateway_kib.max(headquarters.gateway()?.resident_kib()?);
                connections = connections.max(headquarters.number(CONNECTIONS).await?);
            },
        }
    }
    settled(&members).await?;
    let seconds = began.elapsed().as_secs_f64();
    let (asked, mut ages) = collect(&members);
    stop.cancel();
    sessions.join_all().await;
    let facts = members.iter().map(|member| member.light.made()).sum();
    let held = headquarters.number("SELECT count(*) FROM edge.inbox").await?;
    anyhow::ensure!(u64::try_from(held)? == facts, "{held} facts arrived of {facts}");
    let mut pushes = asked.pushes;
    Ok(Many {
        terminals,
        facts,
        connected_s,
        seconds,
        refused_at_first: at_first.0.refused,
        refused: asked.refused,
        sessions: asked.tokens,
        statuses: asked.statuses,
        feeds: asked.feeds,
        median_ms: hundredth(&mut pushes, 50),
        p99_ms: hundredth(&mut pushes, 99),
        pushes: pushes.len(),
        age_median_ms: hundredth(&mut ages, 50),
        age_p99_ms: hundredth(&mut ages, 99),
        gateway_kib,
        connections,
    })
}

const CONNECTIONS: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kart-hq'";

/// What so many of a hundred took at most, in milliseconds.
pub(super) fn hundredth(took: &mut [Duration], hundredth: usize) -> f64 {
    took.sort_unstable();
    let place = (took.len() * hundredth / 100).min(took.len().saturating_sub(1));
    took.get(place).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
}

/// Takes what all have counted, and the ages of their facts.
fn collect(members: &[Arc<Member>]) -> (Asked, Vec<Duration>) {
    let (mut all, mut ages) = (Asked::default(), Vec::new());
    for member in members {
        let asked = member.client.take();
        all.pushes.extend(asked.pushes);
        all.refused += asked.refused;
        all.tokens += asked.tokens;
        all.statuses += asked.statuses;
        all.feeds += asked.feeds;
        ages.extend(member.light.take_ages());
    }
    (all, ages)
}

/// Returns once headquarters has all facts.
async fn settled(members: &[Arc<Member>]) -> anyhow::Result<()> {
    let all = async {
        for member in members {
            member.light.all_acked().await;
        }
    };
    timeout(LIMIT, all).await.context("facts are left over")
}

async fn make(
    light: &Light,
    offset: Duration,
    every: Duration,
    time: Duration,
) -> anyhow::Result<()> {
    let machine = EquipmentId(reference_id(ORGANIZATION, SITE, "oee_equipment", "EQ-211"));
    let began = Instant::now() + offset;
    let mut ticks = interval_at(began.into(), every);
    while began.elapsed() < time {
        ticks.tick().await;
        light.count(machine)?;
    }
    Ok(())
}

async fn enrolled(
    headquarters: &Headquarters,
    folder: &Path,
    terminals: usize,
) -> anyhow::Result<Vec<Arc<Member>>> {
    let codes: Vec<String> = (0..terminals).map(|n| format!("MANY{n:016}")).collect();
    invite(headquarters, &codes).await?;
    let remote = Remote { url: headquarters.url(), ca_pem: None };
    let (mut members, mut enrolling) = (Vec::new(), JoinSet::new());
    for (n, code) in codes.into_iter().enumerate() {
        if enrolling.len() >= ENROLLED_AT_ONCE
            && let Some(member) = enrolling.join_next().await
        {
            members.push(member??);
        }
        let device = Device::open(&folder.join(n.to_string()))?;
        // Each has connections of its own, as each would be another computer.
        let client = Client::new(&remote)?;
        enrolling.spawn(async move {
            enroll(&device, &client, &code, &wanted(&code)).await?;
            let light = Light::begin(&device)?;
            anyhow::Ok(Arc::new(Member { light, client: Counted::new(client), device }))
        });
    }
    while let Some(member) = enrolling.join_next().await {
        members.push(member??);
    }
    Ok(members)
}

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
