//! A terminal that can also misbehave: it speaks the contract by itself, so that headquarters is not judged by our own
//! client.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use kart_core::fact::{Body, Draft, Hash};
use kart_core::id::{EquipmentId, Incarnation, Origin, TerminalId, UserId, reference_id};
use kart_core::time::{Boot, Micros, Stamp};
use kart_wire::{
    AUDIENCE, Assertion, Claims, Enroll, Hello, Problem, Pull, Pulled, PushEnvelope, Pushed,
    TextLine, Token, Welcome,
};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// 2026-06-01 06:00 UTC.
const SHIFT_BEGINS: i64 = 1_780_293_600_000_000;

/// Keys as headquarters derives them from the demo's site file.
pub(crate) fn key(table: &str, code: &str) -> Uuid {
    reference_id("cedar-works", "cedar", table, code)
}

pub(crate) fn machine(code: &str) -> EquipmentId {
    EquipmentId(key("oee_equipment", code))
}

pub(crate) fn user(number: &str) -> UserId {
    UserId(key("users", number))
}

pub(crate) struct Device {
    http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) id: Uuid,
    pub(crate) incarnation: Incarnation,
    pub(crate) nonce: String,
    pair: Ed25519KeyPair,
    pub(crate) token: String,
    pub(crate) session: Uuid,
    /// Every fact of its log.
    pub(crate) lines: Vec<String>,
}

/// A refusal: HTTP status and problem.
pub(crate) type Refused = (u16, Problem);

impl Device {
    pub(crate) fn new(url: &str) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let fresh = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let mut device = Self {
            http: reqwest::Client::builder()
                .timeout(std::time::Duration::from_secs(40))
                .build()
                .unwrap(),
            url: url.to_owned(),
            id: Uuid::new_v4(),
            incarnation: Incarnation(rand::random()),
            nonce: Uuid::new_v4().to_string(),
            pair: Ed25519KeyPair::from_pkcs8(fresh.as_ref()).unwrap(),
            token: String::new(),
            session: Uuid::nil(),
            lines: Vec::new(),
        };
        let origin = device.origin();
        device.append(Body::Genesis {
            format: 1,
            terminal: origin.terminal,
            incarnation: origin.incarnation,
        });
        device
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin { terminal: TerminalId(self.id), incarnation: self.incarnation }
    }

    /// A fact at the end of its log, a second after the one before. Returns its number.
    pub(crate) fn append(&mut self, body: Body) -> u64 {
        let seq = self.lines.len() as u64 + 1;
        let at = Self::stamp(seq);
        let boot = Boot("aabbccdd".into());
        let draft = Draft { at, boot, by: None, key: None, body, texts: vec![] };
        self.lines.push(draft.prepare().unwrap().seal(seq).1);
        seq
    }

    /// When the fact `seq` is recorded.
    pub(crate) fn stamp(seq: u64) -> Stamp {
        let micros = i64::try_from(seq).unwrap() * 1_000_000;
        Stamp { wall_us: Micros(SHIFT_BEGINS + micros), mono_us: micros }
    }

    /// Head of the chain after `seq` facts.
    pub(crate) fn hash(&self, seq: usize) -> Hash {
        self.lines[..seq].iter().fold(Hash::ZERO, |hash, line| hash.after(line.as_bytes()))
    }

    pub(crate) async fn enroll(&self, code: &str) -> Result<kart_wire::Enrolled, Refused> {
        let request = Enroll {
            code: code.to_owned(),
            terminal: self.id,
            incarnation: self.incarnation.to_string(),
            public_key: BASE64_URL_SAFE_NO_PAD.encode(self.pair.public_key()),
            nonce: self.nonce.clone(),
        };
        self.post("enroll", &request).await
    }

    pub(crate) fn assertion(&self, audience: &str, iat: i64) -> Assertion {
        let claims = Claims { iss: self.id, aud: audience.to_owned(), iat, jti: Uuid::new_v4() };
        let parts = [br#"{"alg":"EdDSA"}"#.to_vec(), serde_json::to_vec(&claims).unwrap()];
        let signed = parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        Assertion { assertion: format!("{signed}.{signature}") }
    }

    /// Proves itself and keeps the token.
    pub(crate) async fn sign_in(&mut self) -> Result<(), Refused> {
        let assertion = self.assertion(AUDIENCE, jiff::Timestamp::now().as_second());
        self.token = self.post::<Token>("token", &assertion).await?.token;
        Ok(())
    }

    pub(crate) fn greeting(&self) -> Hello {
        let head = self.hash(self.lines.len()).to_string();
        Hello {
            protocol: 1,
            version: "test".into(),
            incarnation: self.incarnation.to_string(),
            nonce: self.nonce.clone(),
            last_seq: self.lines.len() as u64,
            head_hash: head,
            acked_seq: 0,
            acked_hash: Hash::ZERO.to_string(),
            sessions: vec![],
            wall_us: 0,
            oldest_seq: 0,
        }
    }

    /// Begins a session and keeps it.
    pub(crate) async fn hello(&mut self) -> Result<Welcome, Refused> {
        let welcome: Welcome = self.post("hello", &self.greeting()).await?;
        self.session = welcome.session;
        Ok(welcome)
    }

    pub(crate) fn envelope(&self, from: usize, facts: usize) -> PushEnvelope {
        PushEnvelope {
            session: self.session,
            terminal: self.id,
            incarnation: self.incarnation.to_string(),
            from: from as u64,
            facts,
            texts: 0,
            prev_hash: self.hash(from - 1).to_string(),
        }
    }

    /// Pushes its facts from number `from` on.
    pub(crate) async fn push(&self, from: usize) -> Result<Pushed, Refused> {
        self.push_with(from, &[]).await
    }

    pub(crate) async fn push_with(
        &self,
        from: usize,
        texts: &[TextLine],
    ) -> Result<Pushed, Refused> {
        let lines = &self.lines[from - 1..];
        let envelope = PushEnvelope { texts: texts.len(), ..self.envelope(from, lines.len()) };
        let texts = texts.iter().map(|text| serde_json::to_string(text).unwrap());
        self.push_lines(&envelope, lines.iter().cloned().chain(texts)).await
    }

    /// Pushes whatever it is told to.
    pub(crate) async fn push_lines(
        &self,
        envelope: &PushEnvelope,
        lines: impl Iterator<Item = String>,
    ) -> Result<Pushed, Refused> {
        let envelope = serde_json::to_string(envelope).unwrap();
        let body: String = std::iter::once(envelope).chain(lines).map(|line| line + "\n").collect();
        self.push_body(zstd::bulk::compress(body.as_bytes(), 3).unwrap()).await
    }

    pub(crate) async fn push_body(&self, body: Vec<u8>) -> Result<Pushed, Refused> {
        let request = self.request("push").header("content-encoding", "zstd").body(body);
        answer(request).await
    }

    pub(crate) async fn pull(&self, cursor: Option<&str>, wait_ms: u64) -> Result<Pulled, Refused> {
        let cursor = cursor.map(str::to_owned);
        self.post("pull", &Pull { session: self.session, scope: "site".into(), cursor, wait_ms })
            .await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Refused> {
        answer(self.request(path).json(body)).await
    }

    /// A request of somebody who has no token.
    pub(crate) fn stranger(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}/v1/{path}", self.url))
    }

    pub(crate) fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.stranger(path).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Refused> {
    let answer = request.send().await.expect("headquarters answers");
    let status = answer.status();
    let body = answer.bytes().await.expect("a whole answer");
    let body = if body.is_empty() { b"null".as_slice() } else { &body };
    if status.is_success() {
        return Ok(serde_json::from_slice(body).expect("an answer of the contract"));
    }
    Err((status.as_u16(), serde_json::from_slice(body).expect("a problem of the contract")))
}
