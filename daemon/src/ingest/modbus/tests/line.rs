//! Lines without transaction numbers, over TCP and on a pair of pseudo-terminals; and many units on
//! one line.

use super::*;
use crate::ingest::modbus::{
    plan::{Parity, Rate, SerialPlan},
    probe::{Found, probe},
};
use pty::Pty;
use std::collections::BTreeMap;
use tokio::io::{AsyncRead, AsyncWrite};

mod pty;

const LIMIT: Duration = Duration::from_millis(150);

/// What a device on a line does with one question.
#[derive(Clone, Copy, Debug)]
enum Act {
    Good(u16),
    /// One byte at a time.
    Torn(u16),
    /// Noise first, of these many bytes.
    AfterNoise(u16, usize),
    Twice,
    /// After the client has given up, and before it asks again.
    Late,
    Silent,
    WrongUnit,
    WrongFunction,
    WrongCount,
    WrongSum,
    Half,
    Noise,
    Exception(u8),
}

/// Values that nobody may ever see.
const POISON: u16 = 666;

fn frame(unit: u8, function: u8, values: &[u16]) -> Vec<u8> {
    let bytes = u8::try_from(values.len() * 2).unwrap();
    let values = values.iter().flat_map(|word| word.to_be_bytes());
    rtu::sealed([unit, function, bytes].into_iter().chain(values).collect())
}

/// A question on the line.
struct Question {
    unit: u8,
    function: u8,
    count: usize,
}

async fn question<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Question> {
    let mut bytes = [0; 8];
    stream.read_exact(&mut bytes).await.ok()?;
    let [unit, function, _, _, high, low, ..] = bytes;
    assert_eq!(rtu::sealed(bytes[..6].to_vec()), bytes, "the client's own check sum");
    assert!((1..=4).contains(&function), "function {function}");
    Some(Question { unit, function, count: usize::from(u16::from_be_bytes([high, low])) })
}

async fn perform<S: AsyncWrite + Unpin>(stream: &mut S, asked: &Question, act: Act) {
    let Question { unit, function, count } = *asked;
    let right = |word| frame(unit, function, &vec![word; count]);
    let bytes = match act {
        Act::Good(word) => right(word),
        Act::Torn(word) => {
            for byte in right(word) {
                stream.write_all(&[byte]).await.unwrap();
                stream.flush().await.unwrap();
                tokio::task::yield_now().await;
            }
            return;
        },
        Act::AfterNoise(word, bytes) => [vec![0xff; bytes], right(word)].concat(),
        Act::Twice => right(POISON).repeat(2),
        Act::Late => {
            has_come(Instant::now() + LIMIT + LIMIT / 3).await;
            right(POISON)
        },
        Act::Silent => return,
        Act::WrongUnit => frame(unit + 1, function, &vec![POISON; count]),
        Act::WrongFunction => frame(unit, 7 - function, &vec![POISON; count]),
        Act::WrongCount => frame(unit, function, &vec![POISON; count + 1]),
        Act::WrongSum => {
            let mut bytes = right(POISON);
            *bytes.last_mut().unwrap() ^= 0x10;
            bytes
        },
        Act::Half => right(POISON)[..4].to_vec(),
        Act::Noise => vec![0xa5; 400],
        Act::Exception(code) => rtu::sealed(vec![unit, function | 0x80, code]),
    };
    stream.write_all(&bytes).await.unwrap();
    stream.flush().await.unwrap();
}

/// Answers by its script, and rightly after that.
async fn act_out<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, script: &mut VecDeque<Act>) {
    while let Some(asked) = question(stream).await {
        let act = script.pop_front().unwrap_or(Act::Good(LAST));
        perform(stream, &asked, act).await;
    }
}

fn script() -> VecDeque<Act> {
    use Act::{
        AfterNoise, Exception, Good, Half, Late, Noise, Silent, Torn, Twice, WrongCount,
        WrongFunction, WrongSum, WrongUnit,
    };
    let wrong =
        [Late, Twice, Silent, WrongUnit, WrongFunction, WrongCount, WrongSum, Half, Noise, Late];
    let mut all: VecDeque<Act> = [Torn(1), AfterNoise(2, 3), Exception(6), Good(3)].into();
    for (act, word) in wrong.into_iter().zip(4..) {
        all.extend([act, Good(word)]);
    }
    all
}

/// What arrived is what was given, in order; a busy computer may have lost an answer, never made
/// one up.
fn only_good(seen: &Seen) {
    let good: Vec<i64> = (1..=13).collect();
    let values: Vec<i64> = seen.values.iter().filter_map(|(_, value)| value.count()).collect();
    let values: Vec<i64> = values.into_iter().filter(|v| *v != i64::from(LAST)).collect();
    assert!(values.is_sorted_by(|a, b| a < b), "{values:?}");
    assert!(values.iter().all(|value| good.contains(value)), "{values:?}");
    assert!(values.len() >= 10, "{values:?}");
}

fn one_signal() -> DevicePlan {
    let mut plc = device("plc", 9, vec![point("good", 10, Kind::U16)]);
    plc.timeout = LIMIT;
    plc
}

#[tokio::test]
async fn rtu_over_tcp_takes_only_what_was_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::RtuOverTcp(listener.local_addr().unwrap().to_string(), None);
    let mut script = script();
    let server = async {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            act_out(&mut stream, &mut script).await;
        }
    };
    only_good(&watch(line(address, vec![one_signal()]), server, says_last).await);
}

/// The device's end of a line, and the port at our end.
fn port() -> (SerialPlan, Pty) {
    let (device, path) = Pty::open().unwrap();
    let rate = Rate { baud: 115_200, parity: Parity::None, stop_bits: 1 };
    (SerialPlan { path, rate }, device)
}

#[tokio::test]
async fn a_serial_line_takes_only_what_was_asked_for() {
    let (plan, mut device) = port();
    let mut script = script();
    let server = act_out(&mut device, &mut script);
    only_good(&watch(line(Address::Serial(plan), vec![one_signal()]), server, says_last).await);
}

#[tokio::test]
async fn one_dead_unit_costs_the_others_nothing_but_a_moment_and_comes_back() {
    let (plan, mut device) = port();
    let alive = [1_u8, 2, 3];
    let (back, dead) = (std::cell::Cell::new(false), 4);
    let asked = std::cell::RefCell::new(BTreeMap::<u8, u32>::new());
    let server = async {
        while let Some(question) = question(&mut device).await {
            *asked.borrow_mut().entry(question.unit).or_default() += 1;
            if alive.contains(&question.unit) || back.get() {
                perform(&mut device, &question, Act::Good(u16::from(question.unit))).await;
            }
        }
    };
    let devices = (1..=4).map(|unit| {
        let mut plan = super::device(
            &format!("u{unit}"),
            unit,
            vec![
                point(&format!("a{unit}"), 10, Kind::U16),
                point(&format!("b{unit}"), 500, Kind::U16),
            ],
        );
        plan.timeout = Duration::from_millis(40);
        plan
    });
    let enough = |seen: &Seen| {
        let down = seen.links.iter().any(|link| matches!(link, LinkChange::Down { .. }));
        let of = |name: &str| seen.values.iter().filter(|(signal, _)| signal == name).count();
        let while_down = down && ["b1", "b2", "b3"].iter().all(|name| of(name) > 40);
        back.set(back.get() || while_down);
        of("a4") > 5 && of("b4") > 5
    };
    let seen = watch(line(Address::Serial(plan), devices.collect()), server, enough).await;
    for (signal, value) in &seen.values {
        assert!(signal.ends_with(&value.count().unwrap().to_string()), "{signal} {value:?}");
    }
    let (asked, downs) =
        (asked.borrow(), |link: &&LinkChange| matches!(link, LinkChange::Down { .. }));
    assert_eq!(seen.links.iter().filter(downs).count(), 1, "{:?}", seen.links);
    let [one, two, three] = alive.map(|unit| asked[&unit]);
    assert!(one.abs_diff(two) <= 2 && two.abs_diff(three) <= 2, "turns are fair: {asked:?}");
    assert!(asked[&dead] < one / 2, "{asked:?}");
}

#[tokio::test]
async fn the_second_address_is_taken_when_nobody_is_at_the_first() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (first, second) = (tcp(&gone), TcpListener::bind("127.0.0.1:0").await.unwrap());
    drop(gone);
    let plan = LinePlan { second: Some(tcp(&second)), ..line(first, vec![one_signal()]) };
    let server = serve(&second, |_| Reply::Good(LAST));
    let seen = watch(plan, server, says_last).await;
    assert_eq!(seen.links, [LinkChange::Up]);
}

#[tokio::test]
async fn coils_and_inputs_are_read_as_bits() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = async {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            while let Some(asked) = question(&mut stream).await {
                let bytes: &[u8] = match (asked.function, asked.count) {
                    (1, 12) => &[2, 0b0000_0001, 0b0000_1000],
                    (2, 1) => &[1, 1],
                    other => panic!("{other:?}"),
                };
                let head = [asked.unit, asked.function];
                stream.write_all(&rtu::sealed([&head, bytes].concat())).await.unwrap();
            }
        }
    };
    let bit =
        |signal: &str, table, address| Point { table, ..point(signal, address, Kind::Bit(0)) };
    let points = vec![
        bit("first", Table::Coil, 100),
        bit("second", Table::Coil, 101),
        bit("last", Table::Coil, 111),
        bit("input", Table::Discrete, 7),
    ];
    let address = Address::RtuOverTcp(listener.local_addr().unwrap().to_string(), None);
    let enough = |seen: &Seen| seen.values.len() >= 8;
    let seen = watch(line(address, vec![device("plc", 9, points)]), server, enough).await;
    for (signal, value) in seen.values {
        assert_eq!(value, Value::Bit(signal != "second"), "{signal}");
    }
}

#[tokio::test]
async fn a_probe_finds_who_answers() {
    let (plan, mut device) = port();
    let server = async {
        while let Some(asked) = question(&mut device).await {
            match asked.unit {
                3 => perform(&mut device, &asked, Act::Good(17)).await,
                5 => perform(&mut device, &asked, Act::Exception(2)).await,
                6 => perform(&mut device, &asked, Act::Exception(11)).await,
                7 => perform(&mut device, &asked, Act::Noise).await,
                _ => {},
            }
        }
    };
    let mut found = BTreeMap::new();
    let address = Address::Serial(plan);
    let probing = probe(&address, 1..=9, Duration::from_millis(60), |unit, what| {
        found.insert(unit, what);
    });
    tokio::select! {
        () = server => panic!("the server ended"),
        probed = timeout(PATIENCE, probing) => probed.unwrap().unwrap(),
    }
    assert_eq!(found, [(3, Found::Value(17)), (5, Found::Exception(2))].into());
}
