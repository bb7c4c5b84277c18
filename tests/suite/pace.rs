//! The pace of a terminal's session: when it pushes, when it asks again after it was sent away, and that the present stays
//! visible meanwhile. The session is the product's own; time is simulated wherever nothing real takes part.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::{Router, body::Bytes, extract::State, http::StatusCode, response::IntoResponse};
use kart_core::fact::Hash;
use kart_sync::{Device, Failure, Fed, Gateway, Headquarters as Client, Page, Remote, Tuning};
use kart_tests::measure::light::Light;
use kart_wire::{
    Assertion, Common, Feed, FeedHead, Found, Hello, Problem, Pull, Pulled, PushEnvelope, Pushed,
    Renew, Renewed, Scope, ScopeSum, Status, Token, Welcome, code,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::headquarters::device::machine;

mod simulated;

const LIMIT: Duration = Duration::from_secs(20);

fn welcome(most_facts: usize) -> serde_json::Value {
    serde_json::json!({
        "protocol": 2, "session": Uuid::nil(), "watermark": 0, "safe_seq": 0,
        "watermark_hash": Hash::ZERO.to_string(), "most_facts": most_facts, "server_us": 0,
        "quarantined": [],
    })
}

fn pushed<'l>(asked: &PushEnvelope, lines: impl Iterator<Item = &'l [u8]>) -> Pushed {
    let prev: Hash = asked.prev_hash.parse().unwrap();
    Pushed {
        session: asked.session,
        watermark: asked.from + asked.facts as u64 - 1,
        watermark_hash: lines.fold(prev, Hash::after).to_string(),
        safe_seq: 0,
        quarantined: vec![],
    }
}

/// An answer of the feed without rows.
fn nothing_new(feed: &Feed) -> FeedHead {
    let scopes = [Scope::Org, Scope::Site, Scope::Terminal];
    let sum = |scope| ScopeSum { scope, rows: 0, sum: format!("{:016x}", 0) };
    FeedHead {
        cursor: "c".into(),
        whole: if feed.cursor.is_none() { scopes.to_vec() } else { feed.whole.clone() },
        rows: 0,
        // It forgets nothing.
        applied_through: u64::MAX,
        server_us: 0,
        quarantined: vec![],
        sums: if feed.sums { scopes.map(sum).to_vec() } else { vec![] },
    }
}

fn terminal() -> (tempfile::TempDir, Device, Light) {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::open(folder.path()).unwrap();
    let light = Light::begin(&device).unwrap();
    (folder, device, light)
}

/// What happens while the terminal's session runs.
async fn during<G: Gateway>(
    light: &Light,
    device: &Device,
    gateway: &G,
    what: impl Future<Output = ()>,
) {
    let session =
        kart_sync::run(light, device, gateway, Tuning::default(), CancellationToken::new());
    tokio::select! {
        () = session => panic!("the session ended"),
        () = what => {},
    }
}

fn make(light: &Light, facts: usize) {
    (0..facts).for_each(|_| light.count(machine("EQ-211")).unwrap());
}

/// When a real server was asked for what.
#[derive(Clone, Default)]
struct Times(Arc<Mutex<Vec<(String, std::time::Instant)>>>);

impl Times {
    fn of(&self, path: &str) -> Vec<std::time::Instant> {
        let all = self.0.lock().unwrap();
        all.iter().filter(|(asked, _)| asked == path).map(|(_, at)| *at).collect()
    }
}

/// Answers as headquarters would, but sends everything away once, and says until when.
async fn answer(
    State(times): State<Times>,
    uri: axum::http::Uri,
    body: Bytes,
) -> axum::response::Response {
    times.0.lock().unwrap().push((uri.path().to_owned(), std::time::Instant::now()));
    if times.of(uri.path()).len() == 1 {
        let status = match uri.path() {
            "/v1/push" => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        // What stands before headquarters need not speak the contract.
        return (status, [("retry-after", "1")], "later").into_response();
    }
    match uri.path() {
        "/v1/token" => serde_json::json!({ "token": "t", "expires_in_s": 600 }).to_string(),
        "/v1/hello" => welcome(1_000).to_string(),
        "/v1/push" => {
            let plain = zstd::decode_all(&body[..]).unwrap();
            let mut lines = plain.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let asked: PushEnvelope = serde_json::from_slice(lines.next().unwrap()).unwrap();
            serde_json::to_string(&pushed(&asked, lines)).unwrap()
        },
        "/v1/feed" => {
            let feed: Feed = serde_json::from_slice(&body).unwrap();
            if feed.wait_ms > 0 {
                // Nothing changes here.
                return std::future::pending().await;
            }
            let head = serde_json::to_vec(&nothing_new(&feed)).unwrap();
            return zstd::bulk::compress(&head, 3).unwrap().into_response();
        },
        _ => String::new(),
    }
    .into_response()
}

#[tokio::test]
async fn the_header_of_a_real_answer_is_heeded() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let times = Times::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(times.clone());
    let (_folder, device, light) = terminal();
    let client = Client::new(&Remote { url, ca_pem: None }).unwrap();
    let sent = during(&light, &device, &client, light.all_acked());
    tokio::select! {
        () = async { tokio::time::timeout(LIMIT, sent).await.unwrap() } => {},
        ended = async { axum::serve(listener, router).await } => panic!("{ended:?}"),
    }
    for path in ["/v1/token", "/v1/hello", "/v1/push"] {
        let [first, second] = times.of(path)[..] else { panic!("{path} was not asked twice") };
        assert!(second - first >= Duration::from_secs(1), "{path}: {:?}", second - first);
    }
}

#[tokio::test]
async fn terminals_that_keep_to_the_protocol_are_never_sent_away() {
    let _turn = crate::turn::turn().await;
    rustls::crypto::ring::default_provider().install_default().ok();
    // As much as one small server bears: forty of them make as many facts as four hundred do.
    let asked = kart_tests::measure::many::many(40, 1_000, Duration::from_secs(5)).await.unwrap();
    assert!(asked.facts > 3_000, "{asked:?}");
    assert_eq!((asked.refused_at_first, asked.refused, asked.sessions), (0, 0, 0), "{asked:?}");
    let each = asked.pushes / asked.terminals;
    assert!(each <= 30, "{each} pushes of each terminal for {} facts: {asked:?}", asked.facts);
}
