//! A session with headquarters: token, hello, then three lanes until one of them fails.
//!
//! The push lane carries facts in order, one request at a time. The pull lane ([`crate::feed`], or
//! [`crate::pull`] with an older gateway) waits at headquarters for changes. The status lane keeps
//! the present visible while a backlog drains.

use backon::{BackoffBuilder, ExponentialBuilder};
use kart_planted::{Bug, planted};
use kart_wire::{FEED_PROTOCOL, Hello, PROTOCOL, PushEnvelope, Pushed, Token, Welcome};
use std::{convert::Infallible, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Device, Failure, Gateway, Link, Page, Position, Remedy, Terminal, Told, life,
    pace::{patiently, rest},
};

/// A push's lines take about this many bytes; zstd brings them well under the wire's limit.
const PAGE_BYTES: usize = 3 * 1024 * 1024;

/// How patient a terminal is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tuning {
    /// First pause after a failure; doubled with jitter at each further one.
    pub first_pause: Duration,
    /// Longest pause.
    pub longest_pause: Duration,
    /// How long a pull waits at headquarters.
    pub pull_wait: Duration,
    /// How often the live lane reports.
    pub status_every: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            pull_wait: Duration::from_secs(20),
            status_every: Duration::from_secs(3),
        }
    }
}

/// Keeps `terminal` reconciled until `stop`. Never gives up; says through [`Terminal::link`] how
/// it stands.
pub async fn run<T: Terminal, G: Gateway>(
    terminal: &T,
    device: &Device,
    headquarters: &G,
    tuning: Tuning,
    stop: CancellationToken,
) {
    let pauses = || {
        ExponentialBuilder::default()
            .with_min_delay(tuning.first_pause)
            .with_max_delay(tuning.longest_pause)
            .with_jitter()
            .without_max_times()
            .build()
    };
    let mut backoff = pauses();
    terminal.link(Link::Connecting);
    loop {
        let mut worked = false;
        let session = converse(terminal, device, headquarters, tuning, &mut worked);
        let failure = tokio::select! {
            () = stop.cancelled() => return,
            Err(failure) = session => failure,
        };
        tracing::warn!(%failure, "session with headquarters ended");
        terminal.sending(0);
        if worked {
            backoff = pauses();
        }
        let pause = backoff.next().unwrap_or(tuning.longest_pause);
        let pause = pause.max(failure.after().unwrap_or_default());
        match failure.remedy() {
            // A session that worked and only ran out is no outage.
            Remedy::Hello if worked => {},
            Remedy::Hello | Remedy::Later => terminal.link(Link::Down(failure.to_string())),
            Remedy::Person => terminal.link(Link::Refused(failure.to_string())),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(pause) => {},
        }
    }
}

/// One session. Ends only with a failure.
async fn converse<T: Terminal, G: Gateway>(
    terminal: &T,
    device: &Device,
    headquarters: &G,
    tuning: Tuning,
    worked: &mut bool,
) -> Result<Infallible, Failure> {
    let position = terminal.position().await?;
    let token = token(terminal, device, headquarters, &position).await?.token;
    let begun = begin(terminal, device, headquarters, &token, &position).await;
    let unknown = begun.as_ref().is_err_and(life::is_unknown);
    let begun = match begun {
        Err(refusal) if unknown => {
            match life::remind(terminal, device, headquarters, &token, refusal).await {
                Ok(()) => begin(terminal, device, headquarters, &token, &position).await,
                Err(failure) => Err(failure),
            }
        },
        begun => begun,
    };
    let welcome = match begun {
        Err(failure) if life::is_over(&failure) => {
            tracing::warn!(%failure, "the life of this log is over");
            let place = (position.last, unknown);
            let renewed = life::renew(terminal, device, headquarters, &token, place).await;
            return Err(life::outcome(failure, renewed));
        },
        Err(failure) if life::is_fenced(&failure) => {
            let last = position.last;
            let handed = life::hand_over(terminal, device, headquarters, &token, last).await;
            if let Err(fault) = handed {
                tracing::warn!(%fault, "what this installation recorded stays here alone");
            }
            return Err(failure);
        },
        begun => begun?,
    };
    *worked = true;
    terminal.link(Link::Up);
    let talk = Talk { terminal, device, headquarters, token: &token, session: welcome.session };
    let from = if planted(Bug::RestoreUnnoticed) {
        welcome.watermark.max(position.acked)
    } else {
        welcome.watermark
    };
    talk.acknowledge(from, welcome.safe_seq).await?;
    let lanes = async {
        tokio::try_join!(
            talk.push(from, welcome.most_facts),
            talk.know(welcome.protocol, tuning.pull_wait),
            talk.report(tuning.status_every),
        )
    };
    lanes.await.map(|(never, _, _)| never)
}

/// A token, for a proof signed at the best time that the terminal knows. Where that is too far out for
/// headquarters, it says what time it is: then once more.
async fn token<T: Terminal, G: Gateway>(
    terminal: &T,
    device: &Device,
    headquarters: &G,
    position: &Position,
) -> Result<Token, Failure> {
    let ask = || async {
        let now_s = terminal.best_us(position).div_euclid(1_000_000);
        let assertion = device.assertion(now_s).map_err(|e| crate::Fault(e.to_string()))?;
        let asked = Instant::now();
        let answer = patiently(|| headquarters.token(&assertion)).await;
        if let Some(right_us) = answer.as_ref().err().and_then(Failure::server_us) {
            terminal.told_time(right_us, asked.elapsed());
        }
        answer
    };
    match ask().await {
        Err(failure) if failure.server_us().is_some() => ask().await,
        answer => answer,
    }
}

async fn begin<T: Terminal, G: Gateway>(
    terminal: &T,
    device: &Device,
    headquarters: &G,
    token: &str,
    position: &Position,
) -> Result<Welcome, Failure> {
    let hello = hello(device, position);
    let (welcome, took) = patiently(|| async {
        let asked = Instant::now();
        headquarters.hello(token, &hello).await.map(|welcome| (welcome, asked.elapsed()))
    })
    .await?;
    terminal.told_time(welcome.server_us, took);
    check_welcome(terminal, position, &welcome).await?;
    Ok(welcome)
}

fn hello(device: &Device, position: &Position) -> Hello {
    Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        incarnation: device.incarnation.clone(),
        nonce: device.nonce.clone(),
        last_seq: position.last,
        head_hash: position.head_hash.clone(),
        acked_seq: position.acked,
        acked_hash: position.acked_hash.clone(),
        sessions: position.sessions.clone(),
        wall_us: position.wall_us,
        oldest_seq: position.oldest,
    }
}

/// Both sides must hold the same log as far as headquarters has it.
async fn check_welcome<T: Terminal>(
    terminal: &T,
    position: &Position,
    welcome: &Welcome,
) -> Result<(), Failure> {
    if welcome.watermark < position.acked {
        let (had, has) = (position.acked, welcome.watermark);
        tracing::warn!(had, has, "headquarters was restored; sending again what it lost");
    }
    match terminal.hash_at(welcome.watermark).await? {
        Some(hash) if hash == welcome.watermark_hash => Ok(()),
        Some(_) => Err(Failure::Forked(format!(
            "headquarters holds another fact {} than this terminal",
            welcome.watermark
        ))),
        None => Err(Failure::Forked(format!(
            "this terminal's log ends at {} but headquarters holds {}: its file was put back to \
             an older state",
            position.last, welcome.watermark
        ))),
    }
}

/// A session that has begun.
pub(crate) struct Talk<'t, T, G> {
    pub(crate) terminal: &'t T,
    pub(crate) device: &'t Device,
    pub(crate) headquarters: &'t G,
    pub(crate) token: &'t str,
    pub(crate) session: Uuid,
}

impl<T: Terminal, G: Gateway> Talk<'_, T, G> {
    async fn acknowledge(&self, watermark: u64, safe: u64) -> Result<(), Failure> {
        let session = self.session;
        let told = Told { session, watermark, safe, quarantined: vec![] };
        Ok(self.terminal.acknowledged(told).await?)
    }

    async fn push(&self, mut acked: u64, most_facts: usize) -> Result<Infallible, Failure> {
        let mut bytes = PAGE_BYTES;
        let mut rested = Instant::now();
        let mut following = None;
        loop {
            let page = match following.take() {
                Some(page) => page,
                None => {
                    self.terminal.grown(acked).await?;
                    sleep_until(rested).await;
                    match self.terminal.page(acked, most_facts, bytes).await? {
                        Some(page) => page,
                        None => continue,
                    }
                },
            };
            let last = page.from + u64::try_from(page.lines.len()).unwrap_or_default() - 1;
            self.terminal.sending(last);
            let begun = Instant::now();
            let is_full = page.lines.len() >= most_facts || page.size() >= bytes / 2;
            let next = async {
                if is_full { self.terminal.page(last, most_facts, bytes).await } else { Ok(None) }
            };
            let (pushed, next) = tokio::join!(self.send(&page), next);
            if pushed.as_ref().is_err_and(Failure::is_too_large) && page.lines.len() > 1 {
                bytes /= 2;
                continue;
            }
            let pushed = pushed?;
            self.check_pushed(&pushed, acked, last).await?;
            if is_full && pushed.watermark == last && bytes == PAGE_BYTES {
                following = next?;
            }
            bytes = PAGE_BYTES;
            acked = pushed.watermark;
            if !is_full {
                rested = Instant::now() + rest(begun.elapsed());
            }
            let told = Told {
                session: self.session,
                watermark: acked,
                safe: pushed.safe_seq,
                quarantined: pushed.quarantined,
            };
            self.terminal.acknowledged(told).await?;
        }
    }

    async fn send(&self, page: &Page) -> Result<Pushed, Failure> {
        let envelope = self.envelope(page);
        patiently(|| self.headquarters.push(self.token, &envelope, page)).await
    }

    fn envelope(&self, page: &Page) -> PushEnvelope {
        PushEnvelope {
            session: self.session,
            terminal: self.device.terminal,
            incarnation: self.device.incarnation.clone(),
            from: page.from,
            facts: page.lines.len(),
            texts: page.texts.len(),
            prev_hash: page.prev_hash.clone(),
        }
    }

    /// An answer counts only when it fits what was sent.
    async fn check_pushed(&self, pushed: &Pushed, acked: u64, last: u64) -> Result<(), Failure> {
        let fits = (pushed.session == self.session || planted(Bug::OtherSessionAccepted))
            && (acked..=last).contains(&pushed.watermark)
            && pushed.watermark > acked;
        let hash = self.terminal.hash_at(pushed.watermark).await?;
        let same = hash.as_deref() == Some(pushed.watermark_hash.as_str());
        if fits && (same || planted(Bug::AckHashUnchecked)) {
            return Ok(());
        }
        let watermark = pushed.watermark;
        Err(Failure::Nonsense(format!("watermark {watermark} after sending {acked} to {last}")))
    }

    /// Takes over what headquarters knows, in the way that this gateway has.
    async fn know(&self, protocol: u32, wait: Duration) -> Result<Infallible, Failure> {
        if protocol >= FEED_PROTOCOL { self.feed(wait).await } else { self.pull(wait).await }
    }

    async fn report(&self, every: Duration) -> Result<Infallible, Failure> {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let status = self.terminal.status().await;
            patiently(|| self.headquarters.status(self.token, &status)).await?;
        }
    }
}
