//! A terminal of the first protocol: it speaks with the old types and knows none of today's words.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use kart_core::fact::{Body, Draft, Hash};
use kart_core::id::{Incarnation, TerminalId};
use kart_core::time::{Boot, Micros, Stamp};
use kart_wire_v1::{
    AUDIENCE, Assertion, Claims, Enroll, Enrolled, Hello, Problem, Pull, Pulled, PushEnvelope,
    Pushed, Status, Token, Welcome,
};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

pub(super) struct OldTerminal {
    http: reqwest::Client,
    url: String,
    pub(super) id: Uuid,
    pub(super) incarnation: Incarnation,
    pub(super) nonce: String,
    pair: Ed25519KeyPair,
    token: String,
    session: Uuid,
    pub(super) lines: Vec<String>,
}

impl OldTerminal {
    pub(super) fn new(url: &str) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let fresh = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let (id, incarnation) = (Uuid::new_v4(), Incarnation(rand::random()));
        let mut terminal = Self {
            http: reqwest::Client::builder()
                .timeout(std::time::Duration::from_secs(30))
                .build()
                .unwrap(),
            url: url.to_owned(),
            id,
            incarnation,
            nonce: Uuid::new_v4().simple().to_string(),
            pair: Ed25519KeyPair::from_pkcs8(fresh.as_ref()).unwrap(),
            token: String::new(),
            session: Uuid::nil(),
            lines: Vec::new(),
        };
        terminal.append(Body::Genesis { format: 1, terminal: TerminalId(id), incarnation });
        terminal
    }

    /// A fact at the end of its log.
    pub(super) fn append(&mut self, body: Body) {
        let seq = self.lines.len() as u64 + 1;
        let micros = i64::try_from(seq).unwrap() * 1_000_000;
        let at = Stamp { wall_us: Micros(1_780_293_600_000_000 + micros), mono_us: micros };
        let boot = Boot("aabbccdd".into());
        let draft = Draft { at, boot, by: None, key: None, body, texts: vec![] };
        self.lines.push(draft.prepare().unwrap().seal(seq).1);
    }

    fn hash(&self, seq: usize) -> Hash {
        self.lines[..seq].iter().fold(Hash::ZERO, |hash, line| hash.after(line.as_bytes()))
    }

    pub(super) async fn enroll(&self, code: &str) -> Enrolled {
        let request = Enroll {
            code: code.to_owned(),
            terminal: self.id,
            incarnation: self.incarnation.to_string(),
            public_key: BASE64_URL_SAFE_NO_PAD.encode(self.pair.public_key()),
            nonce: self.nonce.clone(),
        };
        self.post("enroll", &request).await.unwrap()
    }

    pub(super) async fn sign_in(&mut self) {
        let iat = jiff::Timestamp::now().as_second();
        let claims = Claims { iss: self.id, aud: AUDIENCE.to_owned(), iat, jti: Uuid::new_v4() };
        let parts = [br#"{"alg":"EdDSA"}"#.to_vec(), serde_json::to_vec(&claims).unwrap()];
        let signed = parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        let assertion = Assertion { assertion: format!("{signed}.{signature}") };
        self.token = self.post::<Token>("token", &assertion).await.unwrap().token;
    }

    pub(super) fn greeting(&self, acked: usize) -> Hello {
        Hello {
            protocol: kart_wire_v1::PROTOCOL,
            version: "0.1.0".to_owned(),
            incarnation: self.incarnation.to_string(),
            nonce: self.nonce.clone(),
            last_seq: self.lines.len() as u64,
            head_hash: self.hash(self.lines.len()).to_string(),
            acked_seq: acked as u64,
            acked_hash: self.hash(acked).to_string(),
            sessions: vec![],
            wall_us: 0,
        }
    }

    pub(super) async fn hello(&mut self, acked: usize) -> Result<Welcome, Problem> {
        let welcome: Welcome = self.post("hello", &self.greeting(acked)).await?;
        self.session = welcome.session;
        Ok(welcome)
    }

    pub(super) async fn push(&self, from: usize) -> Result<Pushed, Problem> {
        let envelope = PushEnvelope {
            session: self.session,
            terminal: self.id,
            incarnation: self.incarnation.to_string(),
            from: from as u64,
            facts: self.lines.len() + 1 - from,
            texts: 0,
            prev_hash: self.hash(from - 1).to_string(),
        };
        let mut body = serde_json::to_string(&envelope).unwrap() + "\n";
        self.lines[from - 1..].iter().for_each(|line| body += &format!("{line}\n"));
        let body = zstd::bulk::compress(body.as_bytes(), 3).unwrap();
        self.answer(self.request("push").header("content-encoding", "zstd").body(body)).await
    }

    pub(super) async fn pull(&self) -> Result<Pulled, Problem> {
        let pull =
            Pull { session: self.session, scope: "site".to_owned(), cursor: None, wait_ms: 0 };
        self.post("pull", &pull).await
    }

    pub(super) async fn status(&self) -> Result<(), Problem> {
        let status = Status { at_us: 0, backlog: 0, machines: serde_json::json!({}) };
        self.answer(self.request("status").json(&status)).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        self.answer(self.request(path).json(body)).await
    }

    fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}/v1/{path}", self.url)).bearer_auth(&self.token)
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, Problem> {
        let answer = request.send().await.unwrap();
        let good = answer.status().is_success();
        let body = answer.bytes().await.unwrap();
        let body = if body.is_empty() { b"null".as_slice() } else { &body };
        if good {
            return Ok(serde_json::from_slice(body).unwrap());
        }
        Err(serde_json::from_slice(body).expect("a problem of the first protocol"))
    }
}
