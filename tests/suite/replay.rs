//! The past derived again: a map that took every flicker for a stop is corrected, what is otherwise is accepted, and
//! afterwards headquarters holds what a terminal with the right map would have recorded.

use std::path::Path;
use std::time::{Duration, Instant};

use kart_api::{Answer, Machine, Request};
use kart_core::command::Command;
use kart_core::id::RecordId;
use kart_tests::broker::Broker;
use kart_tests::child::Child;
use kart_tests::programs::repository;
use kart_tests::wait::lasts;
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::layout::enrolled;
use kart_tests::world::terminal::Terminal;
use serde_json::Value;

use crate::headquarters::administer;
use crate::turn::turn;

mod remapped;

const LIMIT: Duration = Duration::from_secs(60);
const PLACE: [&str; 4] = ["--organization", "cedar-works", "--site", "cedar"];

/// The machine of the test; `hold` is how long a state must hold.
fn configuration(data: &Path, address: &str, url: &str, hold_ms: u32) -> String {
    let rest = format!(
        r#"[raw]
keep_days = 3
[[broker]]
name = "hall"
address = "{address}"
[[machine]]
code = "EQ-211"
changes_per_minute = 0
otherwise = "stopped"
signal = [
    {{ name = "good", broker = "hall", topic = "press/good", format = "plain" }},
    {{ name = "state", broker = "hall", topic = "press/state", format = "plain" }},
]
counter = [{{ signal = "good", kind = "good", max_per_s = 100000.0 }}]
rule = [{{ name = "runs", when = [{{ signal = "state", is = "run" }}], state = "running", hold_ms = {hold_ms} }}]
"#
    );
    enrolled(data, url, &rest)
}

/// `kartd replay` with the map in this file of the terminal's folder, of the time since `from`; what it says, and whether
/// it went well.
async fn replay(terminal: &Terminal, map: &str, from: i64, arguments: &[&str]) -> (String, bool) {
    let mut command = terminal.kartd("replay").unwrap();
    let from = jiff::Timestamp::from_microsecond(from).unwrap().to_string();
    command.arg("--map").arg(terminal.data().join(map)).args(["--from", &from]).args(arguments);
    let mut child = Child::spawn(&mut command).unwrap();
    let status = child.end(LIMIT).await.unwrap();
    let told = if status.success() { child.stdout() } else { child.tail() };
    (told, status.success())
}

struct Floor {
    headquarters: Headquarters,
    broker: Broker,
    terminal: Terminal,
    parts: i64,
}

impl Floor {
    async fn start() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let headquarters =
            Headquarters::start(&repository().join("config/demo/site.toml")).await.unwrap();
        let broker = Broker::start().await.unwrap();
        let address = format!("localhost:{}", broker.address().port());
        let url = headquarters.url();
        let mut terminal =
            Terminal::prepare(|data| Ok(configuration(data, &address, &url, 0))).unwrap();
        let right = configuration(&terminal.data(), &address, &url, 400);
        std::fs::write(terminal.data().join("right.toml"), right).unwrap();
        let code = headquarters.enrollment_code("T-07").await.unwrap();
        terminal.enroll(&code).await.unwrap();
        terminal.start().await.unwrap();
        Self { headquarters, broker, terminal, parts: 0 }
    }

    /// The machine says what it does and goes on so for a while.
    async fn does(&mut self, state: &str, millis: u64) {
        let began = Instant::now();
        self.broker.publish("press/state", state, false).await.unwrap();
        if state == "run" {
            self.parts += 1;
            self.broker.publish("press/good", &self.parts.to_string(), false).await.unwrap();
        }
        let word = if state == "run" { "running" } else { "stopped" };
        let is = |machine: &Machine| (machine.state.word() == word).then_some(());
        if millis >= 600 {
            self.terminal.shown(word, is).await.unwrap();
        }
        lasts(Duration::from_millis(millis).saturating_sub(began.elapsed())).await;
    }

    /// `kartd replay` with the right map; what it says, and whether it went well.
    async fn replay(&self, from: i64, arguments: &[&str]) -> (String, bool) {
        replay(&self.terminal, "right.toml", from, arguments).await
    }

    async fn explain(&self, stop: RecordId, code: &str) {
        let client = self.terminal.client().unwrap();
        let reference = client.snapshot().await.unwrap().reference.unwrap();
        let reason = reference.downtime_reason_of(code).unwrap();
        let comment = Some("the feeder".to_owned());
        let command = Command::ExplainStop { by: None, stop, reason, comment };
        let request = Request { key: format!("explain/{stop}"), command, pin: None };
        assert!(matches!(client.command(&request).await.unwrap(), Answer::Saved(_)));
    }

    /// Stops as headquarters holds them, those that never were not among them: record, seconds, reason.
    async fn stops(&self) -> Vec<(uuid::Uuid, f64, Option<String>)> {
        let stops = "SELECT e.id, s.duration_seconds::float8, e.reason_label
             FROM oee_machine_events e JOIN edge.machine_states s ON s.id = e.id
             WHERE e.event_type = 'downtime' AND NOT e.is_archived ORDER BY e.start_ts";
        let rows = self.headquarters.sql(stops, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }

    async fn seconds(&self, which: &str) -> f64 {
        let select = format!(
            "SELECT coalesce(sum(duration_seconds), 0)::float8 FROM edge.machine_states WHERE {which}"
        );
        self.headquarters.sql(&select, &[]).await.unwrap()[0].get(0)
    }

    async fn agrees(&self) {
        self.terminal.confirmed().await.unwrap();
        administer(&self.headquarters, &[&["refold", "--check"], &PLACE[..]].concat()).await;
    }
}

/// Fourteen stops: three flickers, two that a moment of running divides, and seven by themselves.
const SHIFT: [(&str, u64); 14] = [
    ("stop", 150),
    ("run", 700),
    ("stop", 150),
    ("run", 700),
    ("stop", 150),
    ("run", 700),
    ("stop", 700),
    ("run", 150),
    ("stop", 1100),
    ("run", 700),
    ("stop", 700),
    ("run", 150),
    ("stop", 1100),
    ("run", 700),
];

/// A floor on which that shift was worked, and when it began.
async fn worked() -> (Floor, i64) {
    let mut floor = Floor::start().await;
    let from = floor.terminal.client().unwrap().snapshot().await.unwrap().terminal.now_us.0;
    floor.does("run", 700).await;
    for (state, millis) in SHIFT {
        floor.does(state, millis).await;
    }
    // A restart in between: nobody watched, and nothing is said of it.
    floor.terminal.stop().await.unwrap();
    floor.terminal.start().await.unwrap();
    floor.does("run", 700).await;
    for _ in 0..7 {
        floor.does("stop", 700).await;
        floor.does("run", 700).await;
    }
    (floor, from)
}

/// No moment of the machine is told twice, and all that is told names the map that made it.
async fn nothing_twice(headquarters: &Headquarters) {
    let overlaps = "SELECT count(*) FROM edge.machine_states a JOIN edge.machine_states b
         ON a.id < b.id AND a.superseded_by IS NULL AND b.superseded_by IS NULL
         AND a.start_ts < b.end_ts - interval '1 ms' AND b.start_ts < a.end_ts - interval '1 ms'";
    assert_eq!(headquarters.number(overlaps).await.unwrap(), 0);
    let by_map =
        "SELECT count(DISTINCT map_version) FROM edge.machine_states WHERE superseded_by IS NULL";
    assert_eq!(headquarters.number(by_map).await.unwrap(), 2, "each names the map that made it");
    let unnamed = "SELECT count(*) FROM edge.production_counts WHERE map_version IS NULL";
    assert_eq!(headquarters.number(unnamed).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn fourteen_stops_become_nine_and_what_people_said_goes_with_them() {
    let _turn = turn().await;
    let (mut floor, from) = worked().await;
    floor.agrees().await;
    let before = floor.stops().await;
    assert_eq!(before.len(), 14, "{before:?}");
    let flickers: f64 = before[..3].iter().map(|(_, seconds, _)| seconds).sum();
    let (stood, all) =
        (floor.seconds("state = 'stopped'").await, floor.seconds("end_ts IS NOT NULL").await);
    floor.explain(RecordId(before[0].0), "F01").await;
    floor.explain(RecordId(before[3].0), "F02").await;
    floor.explain(RecordId(before[13].0), "M01").await;

    // The last readings reach the ring with the end of the run.
    floor.terminal.stop().await.unwrap();
    floor.terminal.start().await.unwrap();
    floor.does("run", 700).await;
    let facts = floor.terminal.client().unwrap().health().await.unwrap().head;
    let (told, well) = floor.replay(from, &[]).await;
    assert!(well && told.contains("14 stops become 9"), "{told}");
    assert!(told.contains("explained as \"Hydraulic pressure too low\""), "{told}");
    assert!(told.contains("\"Part jammed in the die\""), "{told}");
    assert_eq!(
        floor.terminal.client().unwrap().health().await.unwrap().head,
        facts,
        "it only looks"
    );
    let (json, _) = floor.replay(from, &["--json"]).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json["machines"][0]["difference"]["parts"]["good"]["before"],
        json["machines"][0]["difference"]["parts"]["good"]["now"],
        "{json}"
    );

    let nobody = ["--accept", "--by", "1001", "--reason", "flicker"];
    let (told, well) = floor.replay(from, &nobody).await;
    assert!(!well && told.contains("supervisor"), "{told}");
    let accept = ["--accept", "--by", "1005", "--reason", "the flicker is no stop"];
    let (told, well) = floor.replay(from, &accept).await;
    assert!(well && told.contains("accepted"), "{told}");
    floor.agrees().await;
    let after = floor.stops().await;
    assert_eq!(after.len(), 9, "{after:?}\n{told}");
    // What flickered ran, and what ran for a moment stood.
    let moments: f64 = after[..2].iter().map(|(_, seconds, _)| seconds).sum::<f64>()
        - before[3..7].iter().map(|(_, seconds, _)| seconds).sum::<f64>();
    assert!((0.2..1.0).contains(&moments), "{moments}");
    let stands = floor.seconds("state = 'stopped'").await;
    assert!((stands - (stood - flickers + moments)).abs() < 0.01, "{stands} {stood} {flickers}");
    let now = floor.seconds("end_ts IS NOT NULL AND superseded_by IS NULL").await;
    assert!(now >= all - 0.001, "no time is lost: {now} {all}");
    assert_eq!(after[0].0, before[4].0, "the longer one keeps its name");
    assert_eq!(after[0].2.as_deref(), Some("Hydraulic pressure too low"));
    assert_eq!(after[8].2.as_deref(), Some("No coil at the machine"));
    nothing_twice(&floor.headquarters).await;

    // Accepted twice is accepted once, also after the power went.
    floor.terminal.kill().unwrap();
    floor.terminal.start().await.unwrap();
    let (told, well) = floor.replay(from, &accept).await;
    assert!(well && told.contains("nothing is otherwise"), "{told}");
    floor.agrees().await;
    assert_eq!(floor.stops().await.len(), 9);
    let replayed =
        "SELECT count(*) FROM edge.inbox WHERE convert_from(line, 'UTF8') LIKE '%\"replayed\"%'";
    let replayed = floor.headquarters.number(replayed).await;
    assert_eq!(replayed.unwrap(), 1);
}
