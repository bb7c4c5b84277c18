//! Servers that we did not write at both ends: Debian's python3-pymodbus and mosquitto, through the terminal and the
//! gateway, into Postgres. The test itself is the plant; what it has set is the truth, and SQL is the witness.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use kart_api::{Client, Machine};
use kart_core::id::reference_id;
use kart_core::signal::Value;
use kart_tests::broker::Broker;
use kart_tests::modbus::ModbusServer;
use kart_tests::programs::repository;
use kart_tests::wait::wait_for;
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::terminal::Terminal;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use uuid::Uuid;

use crate::turn::{seed, turn};

const LIMIT: Duration = Duration::from_secs(30);
const TERMINAL: &str = "T-07";
const PRESS: &str = "EQ-211";
const OLD_PRESS: &str = "EQ-212";
const PACKER: &str = "EQ-311";
const COUNTS: &str = "hall/EQ-311/counts";
const STATE: &str = "hall/EQ-311/state";
/// Holding registers, from 20 on: status word, good (16 bits), scrap (high word first), good of the other press (low
/// word first).
const BASE: u16 = 20;

/// What the device's registers stand for.
struct Registers {
    automatic: bool,
    fault: bool,
    good: u16,
    scrap: u32,
    other_good: u32,
}

impl Registers {
    fn words(&self) -> [u16; 6] {
        let status = u16::from(self.automatic) | u16::from(self.fault) << 5;
        let (high, low) = halves(self.scrap);
        let (other_high, other_low) = halves(self.other_good);
        [status, self.good, high, low, other_low, other_high]
    }
}

fn halves(number: u32) -> (u16, u16) {
    (u16::try_from(number >> 16).unwrap(), u16::try_from(number & 0xffff).unwrap())
}

/// Two presses behind one device and a packer behind a broker, mapped from this list of registers.
fn configuration(data: &str, device: &str, broker: &str, headquarters: &str) -> String {
    format!(
        r#"
[terminal]
code = "{TERMINAL}"
data_dir = "{data}"
[site]
organization = "cedar-works"
code = "cedar"
[headquarters]
url = "{headquarters}"
[[device]]
name = "plc"
address = "{device}"
timeout_ms = 500
[[broker]]
name = "hall"
address = "{broker}"

[[machine]]
code = "{PRESS}"
otherwise = "stopped"
stale_after_ms = 1500
signal = [
    {{ name = "automatic", device = "plc", address = 20, type = "bit", bit = 0, interval_ms = 100 }},
    {{ name = "fault", device = "plc", address = 20, type = "bit", bit = 5, interval_ms = 100 }},
    {{ name = "good", device = "plc", address = 21, type = "u16", interval_ms = 100 }},
    {{ name = "scrap", device = "plc", address = 22, type = "u32", interval_ms = 100 }},
]
counter = [
    {{ signal = "good", kind = "good", max_per_s = 200.0 }},
    {{ signal = "scrap", kind = "scrap", max_per_s = 200.0 }},
]
rule = [
    {{ name = "fault", when = [{{ signal = "fault", is = true }}], state = "stopped" }},
    {{ name = "automatic", when = [{{ signal = "automatic", is = true }}], state = "running" }},
]

[[machine]]
code = "{OLD_PRESS}"
otherwise = "planned_stop"
stale_after_ms = 1500
signal = [
    {{ name = "good", device = "plc", address = 24, type = "u32", order = "CDAB", interval_ms = 100 }},
    {{ name = "speed", device = "plc", table = "input", address = 7, type = "f32", order = "CDAB", interval_ms = 100 }},
]
counter = [{{ signal = "good", kind = "good", max_per_s = 200.0 }}]
rule = [{{ name = "fast", when = [{{ signal = "speed", at_least = 12.5 }}], state = "running" }}]

[[machine]]
code = "{PACKER}"
otherwise = "stopped"
stale_after_ms = 600000
signal = [
    {{ name = "state", broker = "hall", topic = "{STATE}", pointer = "/state" }},
    {{ name = "good", broker = "hall", topic = "{COUNTS}", pointer = "/good" }},
    {{ name = "scrap", broker = "hall", topic = "{COUNTS}", pointer = "/scrap" }},
]
counter = [
    {{ signal = "good", kind = "good", max_per_s = 200.0 }},
    {{ signal = "scrap", kind = "scrap", max_per_s = 200.0 }},
]
rule = [{{ name = "running", when = [{{ signal = "state", is = "running" }}], state = "running" }}]
"#
    )
}

/// Everything that the test drives and asks. Fields end in this order.
struct Floor {
    terminal: Terminal,
    client: Client,
    device: ModbusServer,
    broker: Broker,
    headquarters: Headquarters,
    registers: Registers,
    /// Good and scrap of the packer.
    counts: (i64, i64),
    /// Parts made since the terminal's first reading.
    made: BTreeMap<(&'static str, &'static str), i64>,
    dice: StdRng,
}

impl Floor {
    async fn start(seed: u64) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let headquarters =
            Headquarters::start(&repository().join("config/demo/site.toml")).await.unwrap();
        let mut device = ModbusServer::start().await.unwrap();
        let broker = Broker::start().await.unwrap();
        // The old press is at a place where the two orders of words differ by far.
        let registers = Registers {
            automatic: true,
            fault: false,
            good: 65_500,
            scrap: 0x0001_fff0,
            other_good: 0x0002_fffa,
        };
        device.set_holding(BASE, &registers.words()).await.unwrap();
        broker.publish(STATE, r#"{"state":"stopped"}"#, true).await.unwrap();
        broker.publish(COUNTS, r#"{"good":1000,"scrap":7}"#, true).await.unwrap();
        let mut terminal = Terminal::prepare(|data| {
            let (device, broker) = (device.address().to_string(), broker.address().to_string());
            let data = data.display().to_string();
            Ok(configuration(&data, &device, &broker, &headquarters.url()))
        })
        .unwrap();
        let code = headquarters.enrollment_code(TERMINAL).await.unwrap();
        terminal.enroll(&code).await.unwrap();
        terminal.start().await.unwrap();
        let client = terminal.client().unwrap();
        let (counts, dice) = ((1000, 7), StdRng::seed_from_u64(seed));
        let made = BTreeMap::new();
        Self { terminal, client, device, broker, headquarters, registers, counts, made, dice }
    }

    /// Waits until a machine is shown as wanted.
    async fn shown<T>(&self, code: &str, what: &str, wanted: impl Fn(&Machine) -> Option<T>) -> T {
        wait_for(&format!("{code} with {what}"), LIMIT, async || {
            let view = self.client.snapshot().await.map_err(|fault| fault.to_string())?;
            let machine = view.machines.iter().find(|machine| machine.code == code);
            let machine = machine.ok_or("no such machine")?;
            wanted(machine).ok_or_else(|| format!("{machine:?}"))
        })
        .await
    }

    async fn state(&self, code: &str, state: &str) {
        let found = |machine: &Machine| (machine.state.word() == state).then_some(());
        self.shown(code, state, found).await;
    }

    async fn value(&self, code: &str, signal: &str, wanted: Value) {
        let found = |machine: &Machine| {
            let mut signals = machine.signals.iter();
            let shown = signals.find(|shown| shown.name == signal)?.value.clone()?;
            (shown == wanted).then_some(())
        };
        self.shown(code, &format!("{signal} at {wanted:?}"), found).await;
    }

    async fn counters_shown(&self) {
        let Registers { good, scrap, other_good, .. } = self.registers;
        self.value(PRESS, "good", Value::Whole(good.into())).await;
        self.value(PRESS, "scrap", Value::Whole(scrap.into())).await;
        self.value(OLD_PRESS, "good", Value::Whole(other_good.into())).await;
        self.value(PACKER, "good", Value::Whole(self.counts.0)).await;
        self.value(PACKER, "scrap", Value::Whole(self.counts.1)).await;
    }

    async fn registers(&mut self) {
        self.device.set_holding(BASE, &self.registers.words()).await.unwrap();
    }

    /// Some parts at each press; the 16-bit counter passes its end when it comes there.
    fn make(&mut self) {
        let parts: [u16; 3] = std::array::from_fn(|_| self.dice.random_range(5..=18));
        self.registers.good = self.registers.good.wrapping_add(parts[0]);
        self.registers.scrap += u32::from(parts[1]);
        self.registers.other_good += u32::from(parts[2]);
        let counters = [(PRESS, "good"), (PRESS, "scrap"), (OLD_PRESS, "good")];
        for (counter, parts) in counters.into_iter().zip(parts) {
            *self.made.entry(counter).or_default() += i64::from(parts);
        }
    }

    async fn pack(&mut self) {
        let (good, scrap) = (self.dice.random_range(1..=9), self.dice.random_range(0..=2));
        self.counts = (self.counts.0 + good, self.counts.1 + scrap);
        for (counter, parts) in [("good", good), ("scrap", scrap)] {
            *self.made.entry((PACKER, counter)).or_default() += parts;
        }
        let counts = json!({ "good": self.counts.0, "scrap": self.counts.1 }).to_string();
        self.broker.publish(COUNTS, &counts, false).await.unwrap();
    }

    async fn texts(&self, machine: &str, statement: &str) -> Vec<String> {
        let rows = self.headquarters.sql(statement, &[&equipment(machine)]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The states of a machine in order, as Postgres has them.
    async fn states(&self, machine: &str) -> Vec<String> {
        let statement =
            "SELECT state::text FROM edge.machine_states WHERE equipment_id = $1 ORDER BY start_ts";
        self.texts(machine, statement).await
    }

    /// Postgres holds what was made, by both ways to add it up.
    async fn same_sums(&self) {
        self.terminal.confirmed().await.unwrap();
        for ((machine, counter), made) in &self.made {
            let statement = "SELECT
                (SELECT coalesce(sum(quantity), 0)::bigint FROM edge.production_counts
                 WHERE equipment_id = $1 AND counter = $2),
                (SELECT coalesce(sum(quantity), 0)::bigint
                 FROM edge.counted($1, '-infinity', 'infinity') WHERE counter = $2)";
            let rows = self.headquarters.sql(statement, &[&equipment(machine), counter]).await;
            let row = rows.unwrap().remove(0);
            let sums: (i64, i64) = (row.get(0), row.get(1));
            if sums != (*made, *made) {
                let counts = "SELECT concat_ws(' ', from_ts, counter, verdict, epoch, raw_from, raw_to, quantity)
                    FROM edge.production_counts WHERE equipment_id = $1 ORDER BY until_ts";
                let counts = self.texts(machine, counts).await.join("\n");
                panic!("{machine} {counter}: {made} made, {sums:?} in Postgres\n{counts}");
            }
        }
    }
}

fn equipment(code: &str) -> Uuid {
    reference_id("cedar-works", "cedar", "oee_equipment", code)
}

fn now_us() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_micros()).unwrap()
}

#[tokio::test]
async fn pymodbus_and_mosquitto_arrive_in_postgres_as_they_were_set() {
    let _turn = turn().await;
    let mut floor = Floor::start(seed("foreign::", 11)).await;
    floor.counters_shown().await;
    retained_is_no_event(&floor).await;
    counters_count(&mut floor).await;
    a_stop_bit_is_a_downtime(&mut floor).await;
    a_float_decides(&mut floor).await;
    malformed_changes_nothing(&mut floor).await;
    an_outage_is_unknown(&mut floor).await;
    a_broker_comes_back(&mut floor).await;
    a_power_cut_is_a_reset(&mut floor).await;
    floor.same_sums().await;
    let downtimes = "SELECT q.code || ' ' || e.event_type || ' ' || (e.end_ts IS NOT NULL)::text
        FROM oee_machine_events e JOIN oee_equipment q ON q.id = e.equipment_id
        WHERE e.equipment_id = $1 ORDER BY e.start_ts";
    // The fault, and the moment after the power cut in which the device was not yet automatic.
    assert_eq!(floor.texts(PRESS, downtimes).await, ["EQ-211 downtime true"; 2]);
    assert_eq!(floor.texts(PACKER, downtimes).await, ["EQ-311 downtime true"]);
}

async fn retained_is_no_event(floor: &Floor) {
    floor.state(PRESS, "running").await;
    floor.state(PACKER, "unknown").await;
    floor.terminal.confirmed().await.unwrap();
    let states = floor.states(PACKER).await;
    assert!(states.iter().all(|state| state == "unknown"), "{states:?}");
    let events = floor.headquarters.number(
        "SELECT count(*) FROM oee_machine_events
        WHERE equipment_id IN (SELECT id FROM oee_equipment WHERE code = 'EQ-311')",
    );
    assert_eq!(events.await.unwrap(), 0);
}

async fn counters_count(floor: &mut Floor) {
    for _ in 0..8 {
        floor.make();
        floor.registers().await;
        floor.pack().await;
        floor.counters_shown().await;
    }
    assert!(floor.registers.good < 65_500, "the counter has passed its end");
    assert!(floor.registers.scrap > 0x0001_ffff && floor.registers.other_good > 0x0002_ffff);
    floor.same_sums().await;
    let wraps = "SELECT verdict::text FROM edge.production_counts
        WHERE equipment_id = $1 AND verdict = 'wrap'";
    assert_eq!(floor.texts(PRESS, wraps).await, ["wrap"]);
    let verdicts = "SELECT DISTINCT verdict::text FROM edge.production_counts
        WHERE equipment_id = $1 ORDER BY 1";
    assert_eq!(floor.texts(OLD_PRESS, verdicts).await, ["base", "increase"]);
}

async fn a_stop_bit_is_a_downtime(floor: &mut Floor) {
    floor.broker.publish(STATE, r#"{"state":"running"}"#, false).await.unwrap();
    floor.state(PACKER, "running").await;
    floor.broker.publish(STATE, r#"{"state":"stopped"}"#, false).await.unwrap();
    floor.state(PACKER, "stopped").await;
    floor.broker.publish(STATE, r#"{"state":"running"}"#, false).await.unwrap();
    floor.state(PACKER, "running").await;

    let before = now_us();
    floor.registers.fault = true;
    floor.registers().await;
    floor.state(PRESS, "stopped").await;
    let seen = now_us();
    floor.registers.fault = false;
    floor.registers().await;
    floor.state(PRESS, "running").await;
    let after = now_us();
    floor.terminal.confirmed().await.unwrap();
    let statement = "SELECT (extract(epoch FROM start_ts) * 1000000)::bigint,
            (extract(epoch FROM end_ts) * 1000000)::bigint, reason_group_type
        FROM oee_machine_events WHERE equipment_id = $1 AND event_type = 'downtime'";
    let rows = floor.headquarters.sql(statement, &[&equipment(PRESS)]).await.unwrap();
    assert_eq!(rows.len(), 1);
    let (from, to): (i64, i64) = (rows[0].get(0), rows[0].get(1));
    assert!((before..=seen).contains(&from), "{before} {from} {seen}");
    assert!((seen..=after).contains(&to), "{seen} {to} {after}");
    assert_eq!(rows[0].get::<_, String>(2), "unplanned");
}

async fn a_float_decides(floor: &mut Floor) {
    for (speed, state) in [(12.5_f32, "running"), (12.25, "planned_stop"), (96.125, "running")] {
        let (high, low) = halves(speed.to_bits());
        floor.device.set_input(7, &[low, high]).await.unwrap();
        floor.value(OLD_PRESS, "speed", Value::Measured(speed.into())).await;
        floor.state(OLD_PRESS, state).await;
    }
    floor.terminal.confirmed().await.unwrap();
    let states = floor.states(OLD_PRESS).await;
    assert!(
        states.ends_with(&["running", "planned_stop", "running"].map(String::from)),
        "{states:?}"
    );
}

async fn malformed_changes_nothing(floor: &mut Floor) {
    floor.counters_shown().await;
    let before = floor.client.health().await.unwrap().head;
    let (good, scrap) = floor.counts;
    let words = format!(r#"{{"good":"many","scrap":{scrap}}}"#);
    for payload in [
        words.as_str(),
        "{",
        "",
        "null",
        r#"{"good":1e300,"scrap":null}"#,
        r#"{"good":[5],"scrap":{}}"#,
        r#"{"goods":77}"#,
    ] {
        floor.broker.publish(COUNTS, payload, false).await.unwrap();
        floor.broker.publish(STATE, payload, false).await.unwrap();
    }
    floor.broker.publish(STATE, r#"{"state":"running"}"#, false).await.unwrap();
    floor.counts = (good + 3, scrap);
    *floor.made.entry((PACKER, "good")).or_default() += 3;
    let counts = json!({ "good": good + 3, "scrap": scrap }).to_string();
    floor.broker.publish(COUNTS, &counts, false).await.unwrap();
    floor.counters_shown().await;
    let health = floor.client.health().await.unwrap();
    assert_eq!(health.head, before + 1, "one fact, for the message that is in order");
    floor.same_sums().await;
}

async fn an_outage_is_unknown(floor: &mut Floor) {
    let seen = floor.shown(PRESS, "a reading", |machine| machine.seen_us).await.0;
    floor.device.stop().unwrap();
    let gone = now_us();
    floor.state(PRESS, "unknown").await;
    floor.state(OLD_PRESS, "unknown").await;
    floor.make();
    let words = floor.registers.words();
    let (high, low) = halves(96.125_f32.to_bits());
    let kept = json!({ "set": [BASE, words], "set_input": [7, [low, high]] });
    floor.device.start_showing(&kept).await.unwrap();
    floor.counters_shown().await;
    floor.state(PRESS, "running").await;
    floor.make();
    floor.registers().await;
    floor.counters_shown().await;
    floor.same_sums().await;
    let statement =
        "SELECT (extract(epoch FROM start_ts) * 1000000)::bigint FROM edge.machine_states
        WHERE equipment_id = $1 AND state = 'unknown' ORDER BY start_ts DESC LIMIT 1";
    let rows = floor.headquarters.sql(statement, &[&equipment(PRESS)]).await.unwrap();
    let from: i64 = rows[0].get(0);
    // Wall clock and boot clock are not read in the same microsecond.
    let last_good = seen - 1_000..=gone;
    assert!(last_good.contains(&from), "from the last good value: {seen} {from} {gone}");
}

async fn a_broker_comes_back(floor: &mut Floor) {
    floor.broker.stop().await.unwrap();
    floor.broker.start_again().await.unwrap();
    // The terminal may not be back yet; the broker keeps what comes for the session and delivers it all at once.
    for _ in 0..4 {
        floor.pack().await;
    }
    floor.counters_shown().await;
    floor.same_sums().await;
}

/// A device that begins again at zero: what it shows then is new, and nothing of the old is lost.
async fn a_power_cut_is_a_reset(floor: &mut Floor) {
    floor.device.stop().unwrap();
    floor.state(PRESS, "unknown").await;
    floor.device.start_again().await.unwrap();
    let (good, scrap, other_good) = (0, 0, 0);
    floor.registers = Registers { automatic: true, fault: false, good, scrap, other_good };
    floor.counters_shown().await;
    floor.state(PRESS, "stopped").await;
    floor.registers().await;
    floor.state(PRESS, "running").await;
    floor.make();
    floor.registers().await;
    floor.counters_shown().await;
}
