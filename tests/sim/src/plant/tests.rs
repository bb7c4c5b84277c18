use super::*;
use crate::mbap;
use crate::registers::FIRST;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(20);

fn fast() -> PlantConfig {
    let mut config = PlantConfig::small(2, 0, None);
    config.rhythm.compression = 20.0;
    config
}

async fn ask(addr: SocketAddr, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(&mbap::wrap(1, unit, pdu)).await.unwrap();
    let mut head = [0; 6];
    stream.read_exact(&mut head).await.unwrap();
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[4], head[5]]))];
    stream.read_exact(&mut body).await.unwrap();
    body.split_off(1)
}

fn read_all() -> [u8; 5] {
    let [high, low] = FIRST.to_be_bytes();
    [3, high, low, 0, 8]
}

#[tokio::test]
async fn the_truth_the_totals_and_the_registers_agree() {
    let file = std::env::temp_dir().join(format!("kart-sim-truth-{}.jsonl", std::process::id()));
    let plant = Plant::start(PlantConfig { truth: Some(file.clone()), ..fast() }).await.unwrap();
    let rolled = |plant: &Plant| plant.totals().values().all(|m| m.rollovers.good == 1);
    plant.until(PATIENCE, rolled).await.unwrap();
    let totals = plant.quiesce(PATIENCE).await.unwrap();
    let shown = ask(plant.modbus_addr, 2, &read_all()).await;
    let word = |at: usize| u64::from(u16::from_be_bytes([shown[2 + 2 * at], shown[3 + 2 * at]]));
    let second = &totals["EQ-212"];
    assert_eq!((word(0), word(2), word(3)), (1, 0, (65_490 + second.good) % 65_536));
    assert_eq!(word(4), second.raw.scrap);
    plant.stop().await.unwrap();

    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut counted: BTreeMap<&str, (u64, u64, usize)> = BTreeMap::new();
    for line in &lines[1..lines.len() - 1] {
        let entry = counted.entry(line["machine"].as_str().unwrap()).or_default();
        match (line["event"].as_str().unwrap(), line["good"].as_bool()) {
            ("part", Some(true)) => entry.0 += 1,
            ("part", Some(false)) => entry.1 += 1,
            ("stop_begin", _) => entry.2 += 1,
            _ => {},
        }
    }
    for (code, machine) in &totals {
        let told = counted[code.as_str()];
        assert_eq!(told, (machine.good, machine.scrap, machine.stops.len()), "{code}");
        assert!(machine.stops.iter().all(|stop| stop.to.is_some()));
    }
    assert_eq!(lines[0]["event"], "start");
    let last = &lines[lines.len() - 1];
    assert_eq!(last["event"], "totals");
    assert_eq!(last["machines"]["EQ-211"]["good"], totals["EQ-211"].good);
}

#[tokio::test]
async fn an_attempt_to_write_is_refused_and_seen() {
    let plant = Plant::start(PlantConfig { hold: true, ..fast() }).await.unwrap();
    assert_eq!(ask(plant.modbus_addr, 1, &[6, 0, 102, 0, 9]).await, [0x86, 1]);
    assert_eq!(ask(plant.modbus_addr, 9, &read_all()).await, [0x83, 11]);
    let Address::Press { own, .. } = plant.machines[0] else { panic!("no press") };
    assert_eq!(ask(own, 1, &read_all()).await[..2], [3, 16]);
    assert_eq!(ask(own, 2, &read_all()).await, [0x83, 11]);
    let traffic = plant.functions();
    assert_eq!(traffic.functions, BTreeMap::from([(3, 3), (6, 1)]));
    assert_eq!(traffic.not_reads, 1);
    assert_eq!(traffic.connections, BTreeMap::from([(0, 2), (1, 2)]));
}

#[tokio::test]
async fn a_dead_press_closes_its_connections_and_comes_back() {
    let plant = Plant::start(PlantConfig { hold: true, ..fast() }).await.unwrap();
    let Address::Press { own, .. } = plant.machines[0] else { panic!("no press") };
    let mut open = TcpStream::connect(own).await.unwrap();
    open.write_all(&mbap::wrap(1, 1, &read_all())).await.unwrap();
    open.read_exact(&mut [0; 25]).await.unwrap();
    let fault = |kind| Fault { kind, millis: None, code: None };
    plant.misbehave("EQ-211", fault(Kind::Dead)).unwrap();
    assert_eq!(open.read(&mut [0]).await.unwrap(), 0);
    let mut again = TcpStream::connect(own).await.unwrap();
    assert_eq!(again.read(&mut [0]).await.unwrap_or(0), 0);
    assert_eq!(ask(plant.modbus_addr, 2, &read_all()).await[..2], [3, 16]);
    plant.misbehave("EQ-211", fault(Kind::Ok)).unwrap();
    assert_eq!(ask(own, 1, &read_all()).await[..2], [3, 16]);
}

#[tokio::test]
async fn a_held_plant_makes_nothing_until_told() {
    let plant = Plant::start(PlantConfig { hold: true, ..fast() }).await.unwrap();
    let made = |plant: &Plant| plant.totals().values().map(|m| m.good + m.scrap).sum::<u64>();
    let beats = *plant.pulse.borrow();
    plant.until(PATIENCE, |p| *p.pulse.borrow() > beats + 50_000).await.unwrap();
    assert_eq!(made(&plant), 0);
    plant.go();
    plant.until(PATIENCE, |plant| made(plant) > 0).await.unwrap();
}

#[tokio::test]
async fn commands_and_their_faults_are_answered_in_words() {
    let plant = Plant::start(PlantConfig { hold: true, ..fast() }).await.unwrap();
    let say = async |line: &str| crate::control::answer(&plant, line).await;
    let stop = r#"{"cmd":"stop","machine":"EQ-211","cause":"fault","code":17}"#;
    assert_eq!(say(stop).await, serde_json::json!({ "ok": true }));
    let totals = say(r#"{"cmd":"totals"}"#).await;
    let stops = &totals["machines"]["EQ-211"]["stops"];
    assert_eq!((&stops[0]["cause"], &stops[0]["code"]), (&"fault".into(), &17.into()));
    assert!(stops[0]["to"].is_null());
    let shown = ask(plant.modbus_addr, 1, &read_all()).await;
    assert_eq!(shown[2..6], [0, 0b0010, 0, 17]);
    for (line, complaint) in [
        (r#"{"cmd":"run","machine":"EQ-999"}"#, "there is no machine"),
        (r#"{"cmd":"explode"}"#, "not a command"),
        ("", "not a command"),
    ] {
        let answer = say(line).await;
        assert_eq!(answer["ok"], false);
        assert!(answer["error"].as_str().unwrap().contains(complaint), "{answer}");
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused() {
    assert!(Plant::start(PlantConfig::small(0, 1, None)).await.is_err());
    let mut config = fast();
    config.rhythm.compression = 0.0;
    assert!(Plant::start(config).await.is_err());
    let mut config = fast();
    config.presses[1].code = "EQ-211".to_owned();
    assert!(Plant::start(config).await.is_err());
}
