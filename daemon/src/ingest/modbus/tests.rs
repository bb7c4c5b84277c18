//! A scripted device on a socket: whatever it does, no wrong value reaches the engine.

use super::*;
use crate::ingest::{LinkChange, Reading};
use kart_core::signal::Value;
use order::Order;
use plan::{DevicePlan, GroupPlan, Kind, Limits, Point, Table};
use std::collections::VecDeque;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{interval, timeout},
};

const FAST: Pace = Pace {
    first_delay: Duration::from_millis(5),
    most_delay: Duration::from_millis(20),
    settled: Duration::from_millis(30),
    refused: Duration::from_millis(40),
    first_rest: Duration::from_millis(300),
    whole: Duration::from_hours(1),
};
/// A test that waits longer waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the device answers once its script has ended.
const LAST: u16 = 7777;

mod line;
mod rhythm;
mod silence;

/// A device takes until `moment` to answer.
async fn has_come(moment: Instant) {
    let mut looks = interval(Duration::from_millis(1));
    while Instant::now() < moment {
        looks.tick().await;
    }
}

type Answer = fn(&Request) -> Vec<u8>;

/// How the device treats one request.
enum Reply {
    /// This in every register.
    Good(u16),
    /// As `Good`, one byte at a time.
    Torn(u16),
    /// As `Good`, and once more the same.
    Twice(u16),
    /// As `Good`, but only after the client has given up on the connection.
    Late(u16),
    Exception(u8),
    /// These bytes, after which the client must give up on the connection.
    Wrong(Answer),
    Close,
}

struct Request {
    transaction: [u8; 2],
    unit: u8,
    function: u8,
    start: u16,
    count: u16,
}

impl Request {
    async fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut bytes = [0; 12];
        stream.read_exact(&mut bytes).await.ok()?;
        let [t0, t1, 0, 0, 0, 6, unit, function, s0, s1, c0, c1] = bytes else {
            panic!("not a request to read: {bytes:?}");
        };
        assert!([3, 4].contains(&function), "function {function}");
        let (start, count) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([c0, c1]));
        Some(Self { transaction: [t0, t1], unit, function, start, count })
    }

    fn frame(&self, pdu: &[u8]) -> Vec<u8> {
        let length = u16::try_from(pdu.len() + 1).unwrap().to_be_bytes();
        [&self.transaction[..], &[0, 0], &length, &[self.unit], pdu].concat()
    }

    fn words(&self, word: u16) -> Vec<u8> {
        let bytes = u8::try_from(self.count * 2).unwrap();
        let words = word.to_be_bytes().repeat(usize::from(self.count));
        self.frame(&[&[self.function, bytes], &words[..]].concat())
    }
}

fn point(signal: &str, address: u16, kind: Kind) -> Point {
    Point {
        machine: 0,
        signal: signal.into(),
        table: Table::Holding,
        address,
        kind,
        order: Order::standard(kind.bytes()),
        scale: None,
        offset: None,
    }
}

fn device(name: &str, unit: u8, points: Vec<Point>) -> DevicePlan {
    let interval = Duration::from_millis(2);
    DevicePlan {
        name: name.into(),
        unit,
        timeout: Duration::from_millis(400),
        retry: Duration::from_millis(600),
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

fn tcp(listener: &TcpListener) -> Address {
    Address::Tcp(listener.local_addr().unwrap().to_string())
}

/// Serves until the client is dropped; connection by connection, request by request.
async fn serve(listener: &TcpListener, mut answer: impl FnMut(&Request) -> Reply) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        while let Some(request) = Request::read(&mut stream).await {
            let given_up = match answer(&request) {
                Reply::Good(word) => {
                    stream.write_all(&request.words(word)).await.unwrap();
                    None
                },
                Reply::Torn(word) => {
                    stream.set_nodelay(true).unwrap();
                    for byte in request.words(word) {
                        stream.write_all(&[byte]).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                    None
                },
                Reply::Twice(word) => {
                    stream.write_all(&request.words(word).repeat(2)).await.unwrap();
                    None
                },
                Reply::Exception(code) => {
                    let pdu = [request.function | 0x80, code];
                    stream.write_all(&request.frame(&pdu)).await.unwrap();
                    None
                },
                Reply::Late(word) => Some(request.words(word)),
                Reply::Wrong(bytes) => {
                    stream.write_all(&bytes(&request)).await.unwrap();
                    Some(Vec::new())
                },
                Reply::Close => break,
            };
            if let Some(late) = given_up {
                let next = stream.read(&mut [0; 12]).await;
                assert!(!matches!(next, Ok(1..)), "the connection was used again");
                drop(stream.write_all(&late).await);
                break;
            }
        }
    }
}

/// What a device did to the engine.
#[derive(Default, Debug)]
struct Seen {
    values: Vec<(String, Value)>,
    links: Vec<LinkChange>,
}

/// Runs a device over `points` against `answer` until `enough`.
async fn run_against(
    points: Vec<Point>,
    answer: impl FnMut(&Request) -> Reply,
    enough: impl Fn(&Seen) -> bool,
) -> Seen {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let devices = vec![device("plc", 9, points)];
    let plan = line(tcp(&listener), devices);
    watch(plan, serve(&listener, answer), enough).await
}

/// Runs a line until `enough`, beside `server`.
async fn watch(
    plan: LinePlan,
    server: impl Future<Output = ()>,
    enough: impl Fn(&Seen) -> bool,
) -> Seen {
    let (intake, mut readings) = mpsc::channel(16);
    let mut line = Line::new(plan.into(), &intake, &Clock::open().unwrap(), FAST);
    drop(intake);
    let watch = async {
        let mut seen = Seen::default();
        while !enough(&seen) {
            match readings.recv().await.unwrap() {
                Reading::Samples { samples, .. } => {
                    seen.values.extend(samples.into_iter().map(|s| (s.signal, s.value)));
                },
                Reading::Link { change, .. } => seen.links.push(change),
                Reading::Stale(_) | Reading::Owed { .. } | Reading::Map(_) => {},
            }
        }
        seen
    };
    tokio::select! {
        () = server => panic!("the server ended"),
        end = line.read_for_ever() => panic!("the line ended: {end:?}"),
        seen = timeout(PATIENCE, watch) => seen.unwrap(),
    }
}

fn says_last(seen: &Seen) -> bool {
    seen.values.iter().any(|(_, value)| *value == Value::Whole(i64::from(LAST)))
}

/// Runs one 16-bit signal against a script; returns its values up to the last.
async fn values_of(script: Vec<Reply>) -> Vec<i64> {
    let mut script = VecDeque::from(script);
    let answer = move |_: &Request| script.pop_front().unwrap_or(Reply::Good(LAST));
    let seen = run_against(vec![point("good", 10, Kind::U16)], answer, says_last).await;
    let values: Vec<i64> = seen.values.iter().filter_map(|(_, value)| value.count()).collect();
    values.into_iter().filter(|value| *value != i64::from(LAST)).collect()
}

#[tokio::test]
async fn a_late_answer_is_never_taken() {
    let script =
        vec![Reply::Good(1), Reply::Late(666), Reply::Good(2), Reply::Late(666), Reply::Good(3)];
    assert_eq!(values_of(script).await, [1, 2, 3]);
}

#[tokio::test]
async fn torn_and_doubled_frames_are_read() {
    let script = vec![Reply::Torn(1), Reply::Twice(2), Reply::Good(3), Reply::Torn(4)];
    let values = values_of(script).await;
    // A doubled frame may cost the connection, and with it the next answer; never its value.
    assert!(values == [1, 2, 3, 4] || values == [1, 2, 4], "{values:?}");
}

#[tokio::test]
async fn whatever_does_not_fit_is_no_value() {
    let wrong: Vec<(&str, Answer)> = vec![
        ("transaction", |r| {
            let transaction = u16::from_be_bytes(r.transaction).wrapping_sub(1).to_be_bytes();
            Request { transaction, ..*r }.words(666)
        }),
        ("unit", |r| Request { unit: 8, ..*r }.words(666)),
        ("function", |r| Request { function: 4, ..*r }.words(666)),
        ("count above", |r| Request { count: r.count + 1, ..*r }.words(666)),
        ("count below", |r| r.frame(&[r.function, 0])),
        ("byte count above the bytes", |r| r.frame(&[r.function, 4, 2, 154])),
        ("byte count below the bytes", |r| r.frame(&[r.function, 0, 2, 154])),
        ("odd byte count", |r| r.frame(&[r.function, 1, 2])),
        ("nothing in it", |r| r.frame(&[])),
        ("only a function", |r| r.frame(&[r.function])),
        ("exception of another function", |r| r.frame(&[0x84, 2])),
        ("exception without a code", |r| r.frame(&[0x83])),
        ("protocol", |r| {
            let mut bytes = r.words(666);
            bytes[2] = 1;
            bytes
        }),
        ("length zero", |r| {
            let mut bytes = r.words(666);
            bytes[5] = 0;
            bytes
        }),
        ("length 65535", |r| {
            let mut bytes = r.words(666);
            (bytes[4], bytes[5]) = (0xff, 0xff);
            bytes
        }),
        ("cut off", |r| r.words(666)[..10].to_vec()),
        ("text", |_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        ("much of nothing", |_| vec![0; 600]),
        ("much of everything", |_| vec![0xff; 600]),
    ];
    let tried = wrong.into_iter().map(|(what, bytes)| async move {
        let script = vec![Reply::Good(1), Reply::Wrong(bytes), Reply::Good(2)];
        assert_eq!(values_of(script).await, [1, 2], "{what}");
    });
    futures_util::future::join_all(tried).await;
}

#[tokio::test]
async fn exceptions_are_no_values_and_keep_the_connection() {
    let codes = [5, 6, 10, 11, 4, 2, 1, 3, 200];
    let script = codes.into_iter().flat_map(|code| [Reply::Exception(code), Reply::Good(1)]);
    assert_eq!(values_of(script.collect()).await, [1; 9]);
}

#[tokio::test]
async fn a_refused_register_does_not_cost_its_neighbours() {
    let points = vec![
        point("a", 10, Kind::U32),
        point("bad", 12, Kind::U16),
        point("b", 13, Kind::U16),
        point("c", 20, Kind::U16),
    ];
    let answer = |request: &Request| {
        let end = request.start + request.count;
        if (request.start..end).contains(&12) { Reply::Exception(2) } else { Reply::Good(5) }
    };
    let count =
        |seen: &Seen, name: &str| seen.values.iter().filter(|(signal, _)| signal == name).count();
    let enough = |seen: &Seen| ["a", "b", "c"].iter().all(|name| count(seen, name) >= 20);
    let seen = run_against(points, answer, enough).await;
    assert_eq!(count(&seen, "bad"), 0);
    let double_word = Value::Whole(5 << 16 | 5);
    let fits = |(name, value): &(String, Value)| {
        *value == if name == "a" { double_word.clone() } else { Value::Whole(5) }
    };
    assert!(seen.values.iter().all(fits), "{:?}", seen.values);
    let [LinkChange::Up, LinkChange::Partly { reason }] = &seen.links[..] else {
        panic!("{:?}", seen.links)
    };
    let why = "holding register 12: the device has no such address (exception 02)";
    assert_eq!(reason, why);
}

#[tokio::test]
async fn a_link_is_down_after_three_misses_and_up_again_with_a_value() {
    let mut script: VecDeque<Reply> =
        [Reply::Good(1), Reply::Close, Reply::Late(666), Reply::Close, Reply::Close].into();
    let answer = move |_: &Request| script.pop_front().unwrap_or(Reply::Good(LAST));
    let seen = run_against(vec![point("good", 10, Kind::U16)], answer, says_last).await;
    let [LinkChange::Up, LinkChange::Down { reason }, LinkChange::Up] = &seen.links[..] else {
        panic!("{:?}", seen.links)
    };
    assert!(reason.contains("connection broken"), "{reason}");
    assert_eq!(seen.values[0].1, Value::Whole(1));
    assert!(seen.values.iter().all(|(_, value)| *value != Value::Whole(666)));
}

#[tokio::test]
async fn one_that_always_accepts_and_says_nothing_is_down_too() {
    let down = |seen: &Seen| !seen.links.is_empty();
    let answer = |_: &Request| Reply::Late(1);
    let seen = run_against(vec![point("good", 10, Kind::U16)], answer, down).await;
    let reason = "no answer within 400 ms".to_owned();
    assert_eq!(seen.links, [LinkChange::Down { reason }]);
    assert!(seen.values.is_empty());
}

#[tokio::test]
async fn stop_is_heeded_while_nobody_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut silent = device("plc", 1, Vec::new());
    silent.timeout = Duration::from_mins(1);
    let plan = line(tcp(&listener), vec![silent]);
    let (intake, _readings) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let accepted = async {
        let connection = listener.accept().await;
        stop.cancel();
        connection
    };
    let running = run(plan, intake, Clock::open().unwrap(), FAST, stop.clone());
    let (end, _connection) = tokio::join!(running, accepted);
    assert!(end.is_ok());
}
