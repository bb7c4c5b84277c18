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
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::headquarters::device::machine;

const LIMIT: Duration = Duration::from_secs(20);

/// A headquarters that remembers when it was asked for what.
#[derive(Default)]
struct Scripted {
    /// How long a push takes.
    takes: Duration,
    /// So often a push is sent away first.
    busy: usize,
    most_facts: usize,
    asked: Mutex<BTreeMap<&'static str, Vec<Instant>>>,
    /// Last fact of each push.
    watermarks: Mutex<Vec<u64>>,
    /// What the live lane said was left.
    backlogs: Mutex<Vec<(Instant, u64)>>,
}

impl Scripted {
    /// Notes a question; the number of those before it.
    fn note(&self, what: &'static str) -> usize {
        let mut asked = self.asked.lock().unwrap();
        let times = asked.entry(what).or_default();
        times.push(Instant::now());
        times.len() - 1
    }

    fn times(&self, what: &str) -> Vec<Instant> {
        self.asked.lock().unwrap().get(what).cloned().unwrap_or_default()
    }
}

impl Gateway for Scripted {
    async fn token(&self, _: &Assertion) -> Result<Token, Failure> {
        self.note("token");
        Ok(Token { token: "t".into(), expires_in_s: 600 })
    }

    async fn hello(&self, _: &str, _: &Hello) -> Result<Welcome, Failure> {
        self.note("hello");
        Ok(serde_json::from_value(welcome(self.most_facts)).unwrap())
    }

    async fn push(&self, _: &str, asked: &PushEnvelope, page: &Page) -> Result<Pushed, Failure> {
        let before = self.note("push");
        sleep(self.takes).await;
        if before < self.busy {
            let problem =
                Problem { code: code::BUSY.into(), detail: String::new(), watermark: None };
            return Err(Failure::Wait { problem, after: Duration::from_secs(7) });
        }
        let pushed = pushed(asked, page.lines.iter().map(String::as_bytes));
        self.watermarks.lock().unwrap().push(pushed.watermark);
        Ok(pushed)
    }

    async fn pull(&self, _: &str, _: &Pull) -> Result<Pulled, Failure> {
        std::future::pending().await
    }

    async fn feed(&self, _: &str, feed: &Feed) -> Result<Fed, Failure> {
        if feed.cursor.is_some() && !feed.sums {
            sleep(Duration::from_millis(feed.wait_ms)).await;
        }
        Ok(Fed { head: nothing_new(feed), rows: vec![] })
    }

    async fn common(&self, _: &str, _: &Common) -> Result<Found, Failure> {
        std::future::pending().await
    }

    async fn renew(&self, _: &str, _: &Renew) -> Result<Renewed, Failure> {
        std::future::pending().await
    }

    async fn status(&self, _: &str, status: &Status) -> Result<(), Failure> {
        self.backlogs.lock().unwrap().push((Instant::now(), status.backlog));
        Ok(())
    }
}

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
        applied_through: 0,
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

async fn sent(light: &Light) {
    while light.acked() < light.made() {
        sleep(Duration::from_millis(1)).await;
    }
}

fn make(light: &Light, facts: usize) {
    (0..facts).for_each(|_| light.count(machine("EQ-211")).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_lone_fact_goes_at_once_and_many_small_commits_become_few_pushes() {
    let (_folder, device, light) = terminal();
    let takes = Duration::from_millis(20);
    let gateway = Scripted { takes, most_facts: 1_000, ..Scripted::default() };
    during(&light, &device, &gateway, async {
        sent(&light).await;
        sleep(Duration::from_secs(60)).await;
        let made = Instant::now();
        make(&light, 1);
        sent(&light).await;
        assert!(made.elapsed() <= takes + Duration::from_millis(2), "{:?}", made.elapsed());
        assert_eq!(gateway.times("push").len(), 2);

        sleep(Duration::from_secs(60)).await;
        light.take_ages();
        let mut oldest = Duration::ZERO;
        for _ in 0..500 {
            make(&light, 1);
            let made = Instant::now();
            sleep(Duration::from_millis(10)).await;
            if light.acked() == light.made() {
                oldest = oldest.max(made.elapsed());
            }
        }
        let last = Instant::now();
        sent(&light).await;
        oldest = oldest.max(last.elapsed());
        assert!(oldest < Duration::from_secs(1), "{oldest:?} until headquarters had all");
        let pushes = gateway.times("push").len() - 2;
        assert!((5..=30).contains(&pushes), "{pushes} pushes in 5 s");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_headquarters_is_asked_less_often_and_a_backlog_waits_for_nothing() {
    let (_folder, device, light) = terminal();
    let takes = Duration::from_millis(400);
    let gateway = Scripted { takes, most_facts: 100, ..Scripted::default() };
    make(&light, 2_999);
    during(&light, &device, &gateway, async {
        let begun = Instant::now();
        sent(&light).await;
        assert_eq!(gateway.times("push").len(), 30);
        assert!(begun.elapsed() < takes * 31, "{:?}", begun.elapsed());
        let before = gateway.times("push").len();
        for _ in 0..400 {
            make(&light, 1);
            sleep(Duration::from_millis(100)).await;
        }
        let pushes = gateway.times("push").len() - before;
        assert!((5..=15).contains(&pushes), "{pushes} pushes in 40 s");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_is_sent_away_comes_when_it_was_told_and_the_session_goes_on() {
    let (_folder, device, light) = terminal();
    let gateway = Scripted { busy: 3, most_facts: 100, ..Scripted::default() };
    during(&light, &device, &gateway, sent(&light)).await;
    let asked = gateway.times("push");
    let gaps: Vec<Duration> = asked.windows(2).map(|two| two[1] - two[0]).collect();
    assert_eq!(gaps.len(), 3);
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_secs(7)), "{gaps:?}");
    assert_eq!((gateway.times("token").len(), gateway.times("hello").len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn who_is_never_served_says_so_in_the_end() {
    let (_folder, device, light) = terminal();
    let gateway = Scripted { busy: usize::MAX, most_facts: 100, ..Scripted::default() };
    during(&light, &device, &gateway, async {
        while gateway.times("hello").len() < 2 {
            sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
    let asked = gateway.times("push").len();
    assert!((4..=8).contains(&asked), "{asked} pushes in one session");
}

#[tokio::test(start_paused = true)]
async fn the_present_stays_visible_while_a_backlog_drains() {
    let (_folder, device, light) = terminal();
    let takes = Duration::from_secs(10);
    let gateway = Scripted { takes, most_facts: 100, ..Scripted::default() };
    make(&light, 999);
    during(&light, &device, &gateway, sent(&light)).await;
    let told = gateway.backlogs.lock().unwrap().clone();
    let gaps = told.windows(2).map(|two| two[1].0 - two[0].0);
    let longest = gaps.max().unwrap();
    assert!(longest <= Duration::from_secs(4), "{longest:?} without a sign of life");
    let left: Vec<u64> = told.iter().map(|told| told.1).collect();
    assert!(left.is_sorted_by(|one, next| one >= next) && left.first() == Some(&1_000), "{left:?}");
    assert!(left.iter().filter(|left| **left > 100).count() > 20, "{left:?}");
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
            sleep(Duration::from_millis(feed.wait_ms)).await;
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
    let sent = during(&light, &device, &client, sent(&light));
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
