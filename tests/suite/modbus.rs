//! The Modbus source by itself, against servers that we did not write and against ones that misbehave.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use kart_core::signal::Value;
use kart_tests::modbus::ModbusServer;
use kart_tests::modbus::libmodbus::{Libmodbus, SerialLine, holding, input};
use kart_tests::programs::program;
use kart_tests::world::plant::Plant;
use kartd::clock::Clock;
use kartd::ingest::Reading;
use kartd::ingest::modbus::plan::{
    Address, DevicePlan, GroupPlan, Kind, Limits, LinePlan, Parity, Point, Rate, SerialPlan, Table,
};
use kartd::ingest::modbus::{PACE, Pace, order::Order, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::turn::turn;

mod hostile;

const LIMIT: Duration = Duration::from_secs(30);

fn point(signal: &str, table: Table, address: u16, kind: Kind) -> Point {
    let order = Order::standard(kind.bytes());
    let signal = signal.to_owned();
    Point { machine: 0, signal, table, address, kind, order, scale: None, offset: None }
}

fn ordered(order: &str, point: Point) -> Point {
    Point { order: order.to_owned().try_into().unwrap(), ..point }
}

fn device(unit: u8, points: Vec<Point>) -> DevicePlan {
    let interval = Duration::from_millis(20);
    DevicePlan {
        name: format!("u{unit}"),
        unit,
        timeout: Duration::from_secs(1),
        retry: Duration::from_secs(1),
        limits: Limits { max_gap: 8, max_registers: 125, merge: true, holes: Vec::new() },
        groups: vec![GroupPlan {
            interval,
            phase: Duration::ZERO,
            points: points.into_iter().map(Arc::new).collect(),
        }],
    }
}

fn line(address: Address, devices: Vec<DevicePlan>) -> LinePlan {
    let (connect_pause, request_pause) = (Duration::ZERO, Duration::ZERO);
    LinePlan { address, second: None, connect_pause, request_pause, devices }
}

/// Reads `plan` until every signal of `wanted` has been seen at its value.
async fn read_until(plan: LinePlan, wanted: &BTreeMap<&str, Value>) {
    let (intake, mut readings) = mpsc::channel(64);
    let (stop, clock) = (CancellationToken::new(), Clock::open().unwrap());
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    let watch = async {
        while !wanted.iter().all(|(signal, value)| seen.get(*signal) == Some(value)) {
            if let Some(Reading::Samples { samples, .. }) = readings.recv().await {
                seen.extend(samples.into_iter().map(|sample| (sample.signal, sample.value)));
            }
        }
    };
    tokio::select! {
        end = run(plan, intake, clock, PACE, stop) => panic!("the source ended: {end:?}"),
        late = timeout(LIMIT, watch) => late.unwrap_or_else(|_| panic!("wanted {wanted:?}, saw {seen:?}")),
    }
}

/// Every table of the libmodbus server, and its values as several types.
fn libmodbus_points() -> Vec<Point> {
    use Table::{Coil, Discrete, Holding, Input};
    vec![
        point("word", Holding, 3, Kind::U16),
        point("double", Holding, 100, Kind::U32),
        ordered("CDAB", point("swapped", Holding, 102, Kind::U32)),
        ordered("GHEFCDAB", point("long", Holding, 10, Kind::I64)),
        point("byte", Holding, 7, Kind::Byte { high: true, signed: false }),
        point("field", Holding, 9, Kind::Field { low: 8, bits: 4 }),
        Point { scale: Some(0.5), offset: Some(10.0), ..point("scaled", Input, 40, Kind::U16) },
        point("coil", Coil, 30, Kind::Bit(0)),
        point("no_coil", Coil, 31, Kind::Bit(0)),
        point("contact", Discrete, 31, Kind::Bit(0)),
    ]
}

fn libmodbus_values() -> BTreeMap<&'static str, Value> {
    let whole = |high: u16, low: u16| Value::Whole(i64::from(high) << 16 | i64::from(low));
    let long = [13, 12, 11, 10].map(holding);
    let long = long.into_iter().fold(0_u64, |sum, word| sum << 16 | u64::from(word));
    [
        ("word", Value::Whole(holding(3).into())),
        ("double", whole(holding(100), holding(101))),
        ("swapped", whole(holding(103), holding(102))),
        ("long", Value::Whole(long.cast_signed())),
        ("byte", Value::Whole(7)),
        ("field", Value::Whole(9)),
        ("scaled", Value::Measured(f64::from(input(40)) * 0.5 + 10.0)),
        ("coil", Value::Bit(true)),
        ("no_coil", Value::Bit(false)),
        ("contact", Value::Bit(true)),
    ]
    .into()
}

#[tokio::test]
async fn libmodbus_is_read_over_tcp_and_on_a_serial_line() {
    let _turn = turn().await;
    let libmodbus = Libmodbus::compile().unwrap();
    let (_server, address) = libmodbus.serve_tcp().await.unwrap();
    let plan = line(Address::Tcp(address.to_string()), vec![device(1, libmodbus_points())]);
    read_until(plan, &libmodbus_values()).await;

    let wire = SerialLine::lay().await.unwrap();
    let _server = libmodbus.serve_rtu(&wire.far(), 17).await.unwrap();
    let near = serial(&wire.near());
    let plan = line(near, vec![device(17, libmodbus_points())]);
    read_until(plan, &libmodbus_values()).await;

    let found = probe(&[
        wire.near().to_str().unwrap(),
        "--baud",
        "115200",
        "--parity",
        "none",
        "--from",
        "16",
        "--to",
        "18",
    ]);
    assert!(found.starts_with("unit 17: answers; holding register 0 is 0\n"), "{found}");
    assert!(found.ends_with(": 1 of units 16 to 18 answer\n"), "{found}");
    let found = probe(&[&address.to_string(), "--to", "2"]);
    assert!(found.ends_with(": 2 of units 1 to 2 answer\n"), "{found}");
}

fn serial(path: &Path) -> Address {
    let path = path.to_str().unwrap().to_owned();
    let rate = Rate { baud: 115_200, parity: Parity::None, stop_bits: 1 };
    Address::Serial(SerialPlan { path, rate })
}

fn probe(words: &[&str]) -> String {
    let mut command = Command::new(program("kartd").unwrap());
    let output = command.args(["probe", "modbus", "--timeout-ms", "200"]).args(words).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_request_that_is_no_read_fails_the_run_that_made_it() {
    let _turn = turn().await;
    for (function, fails) in [(3, false), (6, true)] {
        let plant = Plant::start(&["--hold".to_owned()]).await.unwrap();
        let mut stream = TcpStream::connect(plant.modbus).await.unwrap();
        stream.write_all(&[0, 1, 0, 0, 0, 6, 1, function, 0, 100, 0, 1]).await.unwrap();
        assert!(stream.read(&mut [0; 64]).await.unwrap() > 0);
        let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(plant)));
        assert_eq!(end.is_err(), fails, "function {function}");
    }
}

#[tokio::test]
async fn pymodbus_holds_every_type_as_it_was_set() {
    let _turn = turn().await;
    let mut server = ModbusServer::start().await.unwrap();
    let text = u16::from_be_bytes(*b"TO");
    let [high, low] = [u16::from_be_bytes(*b"OL"), u16::from_be_bytes(*b" 7")];
    server.set_holding(10, &[0x1234, 0x5678, 0x9abc, 0xdef0, text, high, low, 0]).await.unwrap();
    server.set_input(10, &[0x4009, 0x21fb, 0x5444, 0x2d18, 0x4248, 0x0000, 0x3c00]).await.unwrap();
    let points = vec![
        point("u64", Table::Holding, 10, Kind::U64),
        point("bcd", Table::Holding, 10, Kind::Bcd { bytes: 4 }),
        point("text", Table::Holding, 14, Kind::Text { registers: 4 }),
        point("i8", Table::Holding, 12, Kind::Byte { high: true, signed: true }),
        point("f64", Table::Input, 10, Kind::Float { bytes: 8 }),
        point("f32", Table::Input, 14, Kind::F32),
        point("f16", Table::Input, 16, Kind::Float { bytes: 2 }),
    ];
    let wanted = [
        ("u64", Value::Whole(0x1234_5678_9abc_def0)),
        ("bcd", Value::Whole(12_345_678)),
        ("text", Value::Word("TOOL 7".to_owned())),
        ("i8", Value::Whole(-102)),
        ("f64", Value::Measured(std::f64::consts::PI)),
        ("f32", Value::Measured(50.0)),
        ("f16", Value::Measured(1.0)),
    ];
    let plan = line(Address::Tcp(server.address().to_string()), vec![device(1, points)]);
    read_until(plan, &wanted.into()).await;
}
