//! A gateway of the first protocol: the old types, the chain check, everything in memory. It knows
//! three paths less than today's, and fields that it does not know it passes over.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use kart_core::fact::Hash;
use kart_wire_v1::{
    Assertion, Enroll, Enrolled, Hello, Problem, Pull, Pulled, PushEnvelope, Pushed, Status, Token,
    Welcome, code,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// What it holds.
#[derive(Default)]
pub(super) struct Held {
    pub(super) lines: Vec<Vec<u8>>,
    pub(super) texts: usize,
    pub(super) statuses: usize,
    pub(super) pulls: usize,
    hash: Option<Hash>,
    session: Option<Uuid>,
    /// Paths it was asked for and does not have.
    pub(super) unknown: BTreeMap<String, usize>,
}

impl Held {
    pub(super) fn hash(&self) -> Hash {
        self.hash.unwrap_or(Hash::ZERO)
    }
}

#[derive(Clone)]
struct App {
    held: Arc<Mutex<Held>>,
    site: Arc<Value>,
}

pub(super) struct OldGateway {
    address: SocketAddr,
    held: Arc<Mutex<Held>>,
    server: JoinHandle<()>,
}

impl Drop for OldGateway {
    fn drop(&mut self) {
        self.server.abort();
    }
}

type Refused = (StatusCode, Json<Problem>);

impl OldGateway {
    /// Serves `site` as the site's document.
    pub(super) async fn start(site: Value) -> Self {
        let held = Arc::<Mutex<Held>>::default();
        let app = App { held: Arc::clone(&held), site: Arc::new(site) };
        let router = Router::new()
            .route("/v1/enroll", post(enroll))
            .route("/v1/token", post(token))
            .route("/v1/hello", post(hello))
            .route("/v1/push", post(push))
            .route("/v1/pull", post(pull))
            .route("/v1/status", post(status))
            .fallback(unknown)
            .with_state(app);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, held, server }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }
}

async fn enroll(Json(asked): Json<Enroll>) -> Json<Enrolled> {
    assert_eq!(asked.incarnation.len(), 16);
    Json(Enrolled {
        organization: "cedar-works".to_owned(),
        site: "cedar".to_owned(),
        terminal_code: "T-07".to_owned(),
    })
}

async fn token(Json(_): Json<Assertion>) -> Json<Token> {
    Json(Token { token: "t".to_owned(), expires_in_s: 600 })
}

async fn hello(State(app): State<App>, Json(_): Json<Hello>) -> Json<Welcome> {
    let mut held = app.held.lock().unwrap();
    let session = Uuid::new_v4();
    held.session = Some(session);
    Json(Welcome {
        session,
        watermark: held.lines.len() as u64,
        watermark_hash: held.hash().to_string(),
        safe_seq: 0,
        server_us: jiff::Timestamp::now().as_microsecond(),
        most_facts: kart_wire_v1::MOST_FACTS,
    })
}

async fn push(State(app): State<App>, body: Bytes) -> Result<Json<Pushed>, Refused> {
    let mut held = app.held.lock().unwrap();
    let plain = zstd::bulk::decompress(&body, kart_wire_v1::MOST_BYTES).unwrap();
    let mut lines = plain.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let envelope: PushEnvelope = serde_json::from_slice(lines.next().unwrap()).unwrap();
    let watermark = held.lines.len() as u64;
    if Some(envelope.session) != held.session {
        return Err(refused(code::STALE_SESSION, watermark));
    }
    if envelope.from != watermark + 1 {
        return Err(refused(code::GAP, watermark));
    }
    if envelope.prev_hash != held.hash().to_string() {
        return Err(refused(code::BROKEN_CHAIN, watermark));
    }
    for line in lines.by_ref().take(envelope.facts) {
        held.hash = Some(held.hash().after(line));
        held.lines.push(line.to_vec());
    }
    let texts = lines.map(serde_json::from_slice::<kart_wire_v1::TextLine>);
    held.texts += texts.map(Result::unwrap).count();
    Ok(Json(Pushed {
        session: envelope.session,
        watermark: held.lines.len() as u64,
        watermark_hash: held.hash().to_string(),
        safe_seq: 0,
        quarantined: vec![],
    }))
}

async fn pull(State(app): State<App>, Json(asked): Json<Pull>) -> Json<Pulled> {
    app.held.lock().unwrap().pulls += 1;
    if asked.cursor.as_deref() == Some("1") {
        // A long poll that ends without news.
        let news = std::future::pending::<()>();
        let wait = std::time::Duration::from_millis(asked.wait_ms.min(2_000));
        tokio::time::timeout(wait, news).await.ok();
        return Json(Pulled::Unchanged { quarantined: vec![] });
    }
    let snapshot = (*app.site).clone();
    Json(Pulled::Snapshot { cursor: "1".to_owned(), snapshot, quarantined: vec![] })
}

async fn status(State(app): State<App>, Json(_): Json<Status>) -> StatusCode {
    app.held.lock().unwrap().statuses += 1;
    StatusCode::NO_CONTENT
}

async fn unknown(State(app): State<App>, uri: axum::http::Uri) -> (StatusCode, Json<Value>) {
    *app.held.lock().unwrap().unknown.entry(uri.path().to_owned()).or_default() += 1;
    (StatusCode::NOT_FOUND, Json(json!({})))
}

fn refused(code: &str, watermark: u64) -> Refused {
    let problem =
        Problem { code: code.to_owned(), detail: String::new(), watermark: Some(watermark) };
    (StatusCode::CONFLICT, Json(problem))
}

/// The keys of the site's document in the first protocol, by the path of arrays that leads there.
const DOCUMENT: [(&str, &str); 11] = [
    (
        "",
        "version organization site systems stations machines downtime_groups scrap_groups families people",
    ),
    ("site", "id code name time_zone availability_mode"),
    ("systems", "id code name"),
    ("stations", "id code name system machine_only machines"),
    ("machines", "id code name ideal_cycle_s default_target terminal"),
    ("downtime_groups", "id name group_type reasons"),
    ("scrap_groups", "id name group_type reasons"),
    ("reasons", "id code name"),
    ("families", "id code name products"),
    ("products", "id code name standard_hours default_quantity"),
    ("people", "id name badge role active"),
];

/// The site's document as the first protocol had it: today's, without what was added since.
pub(super) fn document(site: &Value) -> Value {
    fn cut(value: &Value, path: &str) -> Value {
        match value {
            Value::Object(fields) => {
                let known = DOCUMENT.iter().find(|(at, _)| *at == path).map(|(_, keys)| *keys);
                let known: Vec<&str> = known.unwrap_or_default().split(' ').collect();
                let kept = known.iter().map(|key| ((*key).to_owned(), cut(&fields[*key], key)));
                Value::Object(kept.collect())
            },
            Value::Array(entries) => entries.iter().map(|entry| cut(entry, path)).collect(),
            plain => plain.clone(),
        }
    }
    cut(site, "")
}
