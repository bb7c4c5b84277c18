//! The HTTP client of headquarters.

use kart_wire::{
    Aside, Assertion, Common, Enroll, Enrolled, Feed, FeedHead, FeedRow, Found, Hello, Kept,
    MOST_FEED_BYTES, MOST_WIRE_BYTES, Problem, Pull, Pulled, PushEnvelope, Pushed, Renew, Renewed,
    Rotate, Status, Token, Welcome, code,
};
use reqwest::{StatusCode, header::RETRY_AFTER};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{Failure, Fed, Gateway, Page, Time, tls};

/// A feed may wait, and a whole site may come.
const FEED_LIMIT: Duration = Duration::from_secs(120);

/// Nobody is sent away for longer than this.
const LONGEST_AFTER: Duration = Duration::from_secs(300);

/// Where headquarters is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remote {
    /// Base address, for example `https://hq.example:8443`.
    pub url: String,
    /// PEM certificates of a private authority; only these are trusted then.
    pub ca_pem: Option<Vec<u8>>,
}

/// A client of one headquarters. Clones share connections.
#[derive(Clone, Debug)]
pub struct Headquarters {
    http: reqwest::Client,
    base: String,
    /// The last token. It shows that whoever asks for the next one is no stranger.
    former: Arc<Mutex<Option<String>>>,
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30))
        .pool_idle_timeout(Duration::from_secs(60))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("kartd/", env!("CARGO_PKG_VERSION")))
}

impl Headquarters {
    /// A client. Nothing is connected yet. The caller has installed a rustls provider.
    pub fn new(remote: &Remote) -> Result<Self, Failure> {
        let mut builder = builder();
        if let Some(pem) = &remote.ca_pem {
            let authority = reqwest::Certificate::from_pem_bundle(pem);
            builder = builder.tls_certs_only(authority.map_err(Failure::Unreachable)?);
        }
        Self::of(remote, builder)
    }

    /// The same, which judges certificates by what is known of the time.
    pub fn by(remote: &Remote, time: Arc<dyn Time>) -> Result<Self, rustls::Error> {
        let mut builder = builder();
        if remote.url.starts_with("https:") {
            let config = tls::config(remote.ca_pem.as_deref(), time)?;
            builder = builder.tls_backend_preconfigured(config);
        }
        Self::of(remote, builder).map_err(|fault| rustls::Error::General(fault.to_string()))
    }

    fn of(remote: &Remote, builder: reqwest::ClientBuilder) -> Result<Self, Failure> {
        let http = builder.build().map_err(Failure::Unreachable)?;
        let base = remote.url.trim_end_matches('/').to_owned();
        Ok(Self { http, base, former: Arc::default() })
    }

    pub(crate) async fn enroll(&self, request: &Enroll) -> Result<Enrolled, Failure> {
        self.post("enroll", None, request).await
    }

    pub(crate) async fn rotate(&self, request: &Rotate) -> Result<(), Failure> {
        self.answer(self.request("rotate", None).json(request)).await.map(drop)
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&str>,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        parse(&self.answer(self.request(path, token).json(body)).await?)
    }

    fn request(&self, path: &str, token: Option<&str>) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}/v1/{path}", self.base));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Vec<u8>, Failure> {
        let answer = request.send().await.map_err(Failure::Unreachable)?;
        let status = answer.status();
        let after = after(&answer);
        let body = answer.bytes().await.map_err(Failure::Unreachable)?;
        if status.is_success() {
            return Ok(body.to_vec());
        }
        let problem = serde_json::from_slice(&body).unwrap_or_else(|_| {
            // What stands before headquarters and says when to come again is only busy.
            let code = after.map_or(code::UNAVAILABLE, |_| code::BUSY);
            Problem::new(code, format!("HTTP {status}"))
        });
        Err(match after {
            Some(after) => Failure::Wait { problem, after },
            None => Failure::Problem(problem),
        })
    }
}

/// When to come again, from headquarters or from whatever stands before it. A date is passed over:
/// the clocks may differ.
fn after(answer: &reqwest::Response) -> Option<Duration> {
    let busy = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    busy.contains(&answer.status()).then(|| Duration::from_secs(seconds).min(LONGEST_AFTER))
}

impl Gateway for Headquarters {
    async fn token(&self, assertion: &Assertion) -> Result<Token, Failure> {
        let former = self.former.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let token: Token = self.post("token", former.as_deref(), assertion).await?;
        let mut former = self.former.lock().unwrap_or_else(PoisonError::into_inner);
        *former = Some(token.token.clone());
        drop(former);
        Ok(token)
    }

    async fn hello(&self, token: &str, hello: &Hello) -> Result<Welcome, Failure> {
        self.post("hello", Some(token), hello).await
    }

    async fn pull(&self, token: &str, pull: &Pull) -> Result<Pulled, Failure> {
        self.post("pull", Some(token), pull).await
    }

    async fn status(&self, token: &str, status: &Status) -> Result<(), Failure> {
        let request = self.request("status", Some(token)).json(status);
        self.answer(request).await.map(drop)
    }

    async fn push(
        &self,
        token: &str,
        envelope: &PushEnvelope,
        page: &Page,
    ) -> Result<Pushed, Failure> {
        let body = body(envelope, page)?;
        if body.len() > MOST_WIRE_BYTES {
            let detail = format!("a push of {} bytes", body.len());
            return Err(Failure::Problem(Problem::new(code::TOO_LARGE, detail)));
        }
        let request = self
            .request("push", Some(token))
            .header("content-type", "application/x-ndjson")
            .header("content-encoding", "zstd")
            .body(body);
        parse(&self.answer(request).await?)
    }

    async fn feed(&self, token: &str, feed: &Feed) -> Result<Fed, Failure> {
        let request = self.request("feed", Some(token)).json(feed).timeout(FEED_LIMIT);
        fed(&self.answer(request).await?)
    }

    async fn common(&self, token: &str, common: &Common) -> Result<Found, Failure> {
        self.post("common", Some(token), common).await
    }

    async fn aside(&self, token: &str, aside: &Aside) -> Result<Kept, Failure> {
        self.post("aside", Some(token), aside).await
    }

    async fn renew(&self, token: &str, renew: &Renew) -> Result<Renewed, Failure> {
        self.post("renew", Some(token), renew).await
    }
}

/// A feed's lines, unpacked; as many rows as its head says.
fn fed(body: &[u8]) -> Result<Fed, Failure> {
    let nonsense = |detail: String| Failure::Nonsense(format!("a feed: {detail}"));
    let plain =
        zstd::bulk::decompress(body, MOST_FEED_BYTES).map_err(|e| nonsense(e.to_string()))?;
    let mut lines = plain.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let head: FeedHead = parse(lines.next().unwrap_or_default())?;
    let rows = lines.map(parse).collect::<Result<Vec<FeedRow>, _>>()?;
    if rows.len() != head.rows {
        return Err(nonsense(format!("{} rows instead of {}", rows.len(), head.rows)));
    }
    Ok(Fed { head, rows })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|e| Failure::Nonsense(e.to_string()))
}

/// Envelope, lines, texts: the lines are the bytes that were hashed.
fn body(envelope: &PushEnvelope, page: &Page) -> Result<Vec<u8>, Failure> {
    let nonsense = |e: serde_json::Error| Failure::Nonsense(e.to_string());
    let mut plain = serde_json::to_vec(envelope).map_err(nonsense)?;
    plain.push(b'\n');
    for line in &page.lines {
        plain.extend_from_slice(line.as_bytes());
        plain.push(b'\n');
    }
    for text in &page.texts {
        plain.extend(serde_json::to_vec(text).map_err(nonsense)?);
        plain.push(b'\n');
    }
    packed(&plain).map_err(|e| Failure::Nonsense(e.to_string()))
}

/// With a checksum: what a broken line has changed is refused, and sent again.
fn packed(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(3)?;
    compressor.include_checksum(true)?;
    compressor.compress(plain)
}
