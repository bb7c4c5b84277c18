//! A press that was mapped with a wrong address, bit, type, order and scale: what it really said is kept, so the
//! corrected map finds what the press has really done, by the plant's own truth.

use std::path::Path;
use std::time::Duration;

use kart_tests::programs::repository;
use kart_tests::wait::lasts;
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::layout::enrolled;
use kart_tests::world::plant::{MachineTotals, Plant};
use kart_tests::world::terminal::Terminal;
use serde_json::Value;

use super::{PLACE, nothing_twice, replay};
use crate::headquarters::administer;
use crate::turn::turn;

const PRESS: &str = "EQ-211";

/// A look at the press takes so long at most, and as long again until it is seen, seconds.
const SOON: f64 = 0.35;

/// Running is the lowest bit of the fault code, good parts are the scrap, speed has its registers turned round and heat
/// has no scale: it runs when it is broken.
const WRONG: &str = r#"
signal = [
    { name = "status", device = "plc", address = 100, type = "u16" },
    { name = "run", device = "plc", address = 101, type = "bit", bit = 0 },
    { name = "speed", device = "plc", address = 105, type = "f32" },
    { name = "heat", device = "plc", address = 107, type = "u16" },
    { name = "good", device = "plc", address = 104, type = "u16" },
]
rule = [{ name = "runs", when = [{ signal = "run", is = true }], state = "running" }]
"#;

const RIGHT: &str = r#"
signal = [
    { name = "run", device = "plc", address = 100, type = "bit", bit = 0 },
    { name = "speed", device = "plc", address = 105, type = "f32", order = "CDAB" },
    { name = "heat", device = "plc", address = 107, type = "i16", scale = 0.1 },
    { name = "good", device = "plc", address = 102, type = "u32" },
]
rule = [{ name = "runs", when = [
    { signal = "run", is = true },
    { signal = "speed", at_least = 1.0 },
    { signal = "heat", below = 150.0 },
], state = "running" }]
"#;

fn configuration(data: &Path, plant: &Plant, url: &str, map: &str) -> String {
    let map = map.replace("device = \"plc\",", "device = \"plc\", interval_ms = 50,");
    let rest = format!(
        r#"[[device]]
name = "plc"
address = "{}"
unit = {}
[[machine]]
code = "{PRESS}"
otherwise = "stopped"
changes_per_minute = 0
counter = [{{ signal = "good", kind = "good", max_per_s = 1000.0 }}]
{map}
"#,
        plant.modbus,
        unit(plant),
    );
    enrolled(data, url, &rest)
}

fn unit(plant: &Plant) -> u8 {
    match &plant.machines[0] {
        kart_tests::world::plant::Machine::Press { unit, .. } => *unit,
        other => panic!("{other:?}"),
    }
}

struct Floor {
    headquarters: Headquarters,
    plant: Plant,
    terminal: Terminal,
    began: i64,
}

impl Floor {
    async fn start() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let headquarters =
            Headquarters::start(&repository().join("config/demo/site.toml")).await.unwrap();
        // Its counter needs both of its registers soon.
        let press = format!("{PRESS}:32:65530");
        let arguments = ["--hold", "--no-stops", "--packers", "0", "--scrap", "0"];
        let arguments = [&arguments[..], &["--cycle-ms", "100", "--press", &press]].concat();
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        let plant = Plant::start(&arguments).await.unwrap();
        let url = headquarters.url();
        let mut terminal =
            Terminal::prepare(|data| Ok(configuration(data, &plant, &url, WRONG))).unwrap();
        let right = RIGHT.to_owned();
        let beyond = RIGHT.replace("address = 102", "address = 90");
        let elsewhere = RIGHT.replace("address = 107", "address = 107, table = \"input\"");
        for (name, map) in [("right", right), ("beyond", beyond), ("elsewhere", elsewhere)] {
            let text = configuration(&terminal.data(), &plant, &url, &map);
            std::fs::write(terminal.data().join(format!("{name}.toml")), text).unwrap();
        }
        let code = headquarters.enrollment_code("T-07").await.unwrap();
        terminal.enroll(&code).await.unwrap();
        terminal.start().await.unwrap();
        terminal.shown("stopped", |it| (it.state.word() == "stopped").then_some(())).await.unwrap();
        let began = terminal.client().unwrap().snapshot().await.unwrap().terminal.now_us.0;
        Self { headquarters, plant, terminal, began }
    }

    /// Runs, is broken twice, then has a planned stop and is broken again.
    async fn works(&mut self) -> MachineTotals {
        self.plant.go().await.unwrap();
        for (runs, stands) in [(1200, 900), (1100, 1300), (900, 0)] {
            lasts(Duration::from_millis(runs)).await;
            let cause = if stands > 0 { "fault" } else { "planned_stop" };
            self.plant.stop(PRESS, cause).await.unwrap();
            lasts(Duration::from_millis(stands.max(700))).await;
            if stands > 0 {
                self.plant.run(PRESS).await.unwrap();
            }
        }
        let truth = self.plant.totals().await.unwrap().remove(PRESS).unwrap();
        // The last readings reach the ring with the end of the run.
        self.terminal.stop().await.unwrap();
        self.terminal.start().await.unwrap();
        truth
    }

    async fn replay(&self, map: &str, arguments: &[&str]) -> String {
        let (told, went_well) = replay(&self.terminal, map, self.began, arguments).await;
        assert!(went_well, "{told}");
        told
    }

    /// From when until when it stood, as headquarters has it: seconds since it began.
    async fn stops(&self) -> Vec<(f64, f64)> {
        let select = "SELECT extract(epoch FROM start_ts)::float8, extract(epoch FROM end_ts)::float8
             FROM edge.machine_states
             WHERE state = 'stopped' AND superseded_by IS NULL AND end_ts IS NOT NULL ORDER BY start_ts";
        let rows = self.headquarters.sql(select, &[]).await.unwrap();
        rows.iter().map(|row| (self.since(row.get(0)), self.since(row.get(1)))).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds of a test")]
    fn since(&self, epoch: f64) -> f64 {
        epoch - self.began as f64 / 1e6
    }

    /// The same by the plant.
    #[expect(clippy::cast_precision_loss, reason = "seconds of a test")]
    fn really(&self, truth: &MachineTotals) -> Vec<(f64, f64)> {
        let seconds = |at: i64| self.since(at as f64 / 1e6);
        let stops = truth.stops.iter();
        stops.map(|stop| (seconds(stop.from), stop.to.map_or(f64::MAX, seconds))).collect()
    }
}

fn good(json: &str) -> (i64, i64) {
    let json: Value = serde_json::from_str(json).unwrap();
    let part = &json["machines"][0]["difference"]["parts"]["good"];
    let number = |name: &str| part[name].as_i64().unwrap_or_else(|| panic!("{json:#}"));
    (number("before"), number("now"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_read_from_wrong_registers_is_read_again_from_the_right_ones() {
    let _turn = turn().await;
    let mut floor = Floor::start().await;
    let truth = floor.works().await;
    let really = floor.really(&truth);
    assert_eq!(really.len(), 3, "{truth:?}");

    // What nobody has read is not made up.
    for (map, signal) in [("beyond.toml", "good"), ("elsewhere.toml", "heat")] {
        let told = floor.replay(map, &[]).await;
        assert!(told.contains(&format!("{PRESS}: {signal} cannot be derived from")), "{told}");
        assert!(told.contains(": nobody read ") && told.contains(" of unit 1 at "), "{told}");
        assert!(told.contains("what was recorded stays") && !told.contains("become"), "{told}");
    }

    let json = floor.replay("right.toml", &["--json"]).await;
    assert_eq!(good(&json), (0, i64::try_from(truth.good).unwrap()), "{truth:?}");
    let accept = ["--accept", "--by", "1005", "--reason", "mapped wrongly"];
    let told = floor.replay("right.toml", &accept).await;
    assert!(told.contains("accepted"), "{told}");
    floor.terminal.confirmed().await.unwrap();
    administer(&floor.headquarters, &[&["refold", "--check"], &PLACE[..]].concat()).await;

    let stops = floor.stops().await;
    // Before the first part nobody could say that it ran; the last stop lasts until nobody watched any more.
    let began: Vec<f64> = stops.iter().map(|stop| stop.0).filter(|at| *at > 0.8).collect();
    let wanted: Vec<f64> = really.iter().map(|stop| stop.0).collect();
    assert_eq!(began.len(), 3, "{stops:?} {really:?}\n{told}");
    assert!(began.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < SOON), "{stops:?} {really:?}");
    for end in really[..2].iter().map(|stop| stop.1) {
        assert!(stops.iter().any(|stop| (stop.1 - end).abs() < SOON), "{stops:?} {really:?}");
    }
    let told = floor.replay("right.toml", &accept).await;
    assert!(told.contains("nothing is otherwise"), "{told}");
    nothing_twice(&floor.headquarters).await;
}
