//! When a device is asked: by its own clock, on a script.

use super::*;
use std::cell::RefCell;

const MS: Duration = Duration::from_millis(1);

fn group(interval: Duration, phase: Duration, points: Vec<Point>) -> GroupPlan {
    GroupPlan { interval, phase, points: points.into_iter().map(Arc::new).collect() }
}

#[tokio::test]
async fn a_slow_group_is_interrupted_by_a_fast_one() {
    // Each of twenty slow answers takes until the fast register is due again.
    const BLOCKS: u16 = 20;
    const EVERY: Duration = Duration::from_millis(20);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let slow = (0..BLOCKS).map(|n| point(&format!("s{n}"), 100 * (n + 1), Kind::U16));
    let mut plc = device("plc", 9, Vec::new());
    plc.groups = vec![
        group(40 * EVERY, Duration::ZERO, slow.collect()),
        group(EVERY, Duration::ZERO, vec![point("fast", 10, Kind::U16)]),
    ];
    let in_a_row = RefCell::new(Vec::new());
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut row, mut due) = (0, Instant::now());
        while let Some(asked) = Request::read(&mut stream).await {
            if asked.start >= 100 {
                has_come(due).await;
                row += 1;
            } else {
                due = Instant::now() + EVERY;
                in_a_row.borrow_mut().push(std::mem::take(&mut row));
            }
            stream.write_all(&asked.words(asked.start)).await.unwrap();
        }
    };
    let enough = |seen: &Seen| {
        let of = |name: &str| seen.values.iter().filter(|(signal, _)| signal == name).count();
        of("s19") >= 2 && of("fast") >= 20
    };
    watch(line(tcp(&listener), vec![plc]), server, enough).await;
    let rows = in_a_row.into_inner();
    // Before the first fast one nobody is late.
    let late = rows.iter().skip(1).filter(|row| **row > 1).count();
    assert_eq!(late, 0, "slow ones between two fast ones: {rows:?}");
    assert!(rows.iter().filter(|row| **row == 1).count() >= usize::from(BLOCKS), "{rows:?}");
}

#[tokio::test]
async fn a_phase_is_kept_by_the_device_s_clock() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut plc = device("plc", 9, Vec::new());
    let interval = Duration::from_millis(200);
    plc.groups = vec![
        group(interval, Duration::ZERO, vec![point("first", 10, Kind::U16)]),
        group(interval, 120 * MS, vec![point("second", 500, Kind::U16)]),
    ];
    let asked_at = RefCell::new(Vec::new());
    let answer = |asked: &Request| {
        asked_at.borrow_mut().push((asked.start, Instant::now()));
        Reply::Good(asked.start)
    };
    let began = Instant::now();
    let enough = |seen: &Seen| seen.values.len() >= 6;
    watch(line(tcp(&listener), vec![plc]), serve(&listener, answer), enough).await;
    let asked = asked_at.into_inner();
    let of = |start| asked.iter().filter(move |(at, _)| *at == start).map(|(_, at)| *at);
    // It is never asked before its point, and the points of both are as far apart as was said.
    let first = of(500).next().unwrap();
    assert!(first.duration_since(began) >= 120 * MS, "{:?}", first.duration_since(began));
    for (n, at) in (1..).zip(of(500).skip(1)) {
        let least = began + 120 * MS + interval * n;
        assert!(at >= least, "reading {n} came {:?} too early", least.duration_since(at));
    }
    assert_eq!(asked[0].0, 10, "the one without a phase is first: {asked:?}");
}

#[tokio::test]
async fn both_pauses_are_kept_by_the_device_s_clock() {
    const CONNECT: Duration = Duration::from_millis(120);
    const REQUEST: Duration = Duration::from_millis(45);
    for framing in ["tcp", "rtu"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let address = match framing {
            "tcp" => Address::Tcp(place),
            _ => Address::RtuOverTcp(place, None),
        };
        // From when on nothing may come: since it began to listen, to hang up, or to answer.
        let (mut free, mut asked) = (Instant::now() + CONNECT, 0);
        let server = async {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                for _ in 0..4 {
                    let (bytes, signal) = (RefCell::new(Vec::new()), LAST);
                    match framing {
                        "tcp" => match Request::read(&mut stream).await {
                            Some(request) => bytes.replace(request.words(signal)),
                            None => break,
                        },
                        _ => {
                            let mut question = [0; 8];
                            if stream.read_exact(&mut question).await.is_err() {
                                break;
                            }
                            let word = signal.to_be_bytes();
                            bytes.replace(rtu::sealed([&[9, 3, 2], &word[..]].concat()))
                        },
                    };
                    let early = free.checked_duration_since(Instant::now());
                    assert_eq!(early, None, "{framing}: question {asked} came too early");
                    asked += 1;
                    free = Instant::now() + REQUEST;
                    stream.write_all(&bytes.into_inner()).await.unwrap();
                }
                free = Instant::now() + CONNECT;
            }
        };
        let plan = LinePlan {
            connect_pause: CONNECT,
            request_pause: REQUEST,
            ..line(address, vec![device("plc", 9, vec![point("good", 10, Kind::U16)])])
        };
        let seen = watch(plan, server, |seen| seen.values.len() >= 7).await;
        assert!(says_last(&seen));
    }
}
