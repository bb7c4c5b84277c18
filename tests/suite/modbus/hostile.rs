//! Fifty machines that answer wrongly one time in ten, in every way that the plant knows. Each word that they give
//! tells whose it is and in answer to which question, so that a value in the wrong place cannot hide.
//!
//! `KART_POLLS` says how many questions are to be asked; a million is the long form.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use kart_sim::{Fault, Framing, Kind as Wrong, Request, Step};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::*;
use crate::turn::seed;

const USUAL_POLLS: u64 = 100_000;
const MACHINES: usize = 50;
/// The last machines are units behind one gateway, those before them lines without transaction numbers.
const BEHIND_THE_GATEWAY: usize = 10;
const WITHOUT_NUMBERS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(1200);
const TIMEOUT: Duration = Duration::from_millis(60);
const HURRIED: Pace = Pace {
    first_delay: Duration::from_millis(2),
    most_delay: Duration::from_millis(40),
    settled: Duration::from_millis(4),
    refused: Duration::from_millis(40),
    first_rest: Duration::from_millis(10),
};

/// One block of registers of one machine; the word of its second register.
fn mark(machine: usize, table: Table, block: u16) -> u16 {
    let input = u16::from(table == Table::Input);
    u16::try_from(machine).unwrap() << 8 | input << 4 | block
}

/// Blocks lie so far apart that each has its own request.
const BLOCKS: [(Table, u16); 4] =
    [(Table::Holding, 1), (Table::Holding, 2), (Table::Input, 1), (Table::Input, 2)];

/// What the machines did.
#[derive(Default)]
struct Truth {
    functions: BTreeMap<u8, u64>,
    polls: u64,
    wrong: BTreeMap<String, u64>,
    /// The numbers of the questions of each machine that may be believed.
    answered: Vec<BTreeSet<u16>>,
    asked: Vec<u16>,
    at_peace: bool,
    dice: Option<StdRng>,
}

impl Truth {
    /// The steps of the answer of `machine`, which is wrong one time in ten; and its number, where it may be believed
    /// only if it still finds somebody who waits.
    fn answer(&mut self, machine: usize, request: &Request) -> (Vec<Step>, Option<u16>) {
        self.polls += 1;
        *self.functions.entry(request.function).or_default() += 1;
        self.asked[machine] = self.asked[machine].wrapping_add(1);
        let number = self.asked[machine];
        let pdu = registers(machine, request, number);
        let fault = self.fault();
        let kind = fault.as_ref().map_or(Wrong::Ok, |fault| fault.kind);
        if kind != Wrong::Ok {
            *self.wrong.entry(format!("{kind:?}")).or_default() += 1;
        }
        // A number comes round again; what it said then is long past.
        self.answered[machine].remove(&number);
        if matches!(kind, Wrong::Ok | Wrong::Torn | Wrong::Glued | Wrong::Noise) {
            self.answered[machine].insert(number);
        }
        let steps = match fault {
            Some(fault) => fault.distort(request, &pdu),
            None => vec![Step::Send(request.wrap(&pdu))],
        };
        (steps, (kind == Wrong::Late).then_some(number))
    }

    fn fault(&mut self) -> Option<Fault> {
        const KINDS: [Wrong; 14] = [
            Wrong::Silent,
            Wrong::Late,
            Wrong::Exception,
            Wrong::Exception,
            Wrong::Garbage,
            Wrong::WrongTid,
            Wrong::WrongUnit,
            Wrong::WrongFunction,
            Wrong::WrongLength,
            Wrong::HugeLength,
            Wrong::Torn,
            Wrong::Glued,
            Wrong::Noise,
            Wrong::Half,
        ];
        let dice = self.dice.as_mut().filter(|_| !self.at_peace)?;
        if dice.random_range(0..9) > 0 {
            return None;
        }
        let kind = KINDS[dice.random_range(0..KINDS.len())];
        let millis = if kind == Wrong::Torn { 0 } else { 90 };
        Some(Fault { kind, millis: Some(millis), code: Some(dice.random_range(1..=12)) })
    }
}

/// Two words in each block: the number of the question, and whose it is.
fn registers(machine: usize, request: &Request, number: u16) -> Vec<u8> {
    let &[a0, a1, c0, c1] = request.data.as_slice() else { panic!("{request:?}") };
    let (start, count) = (u16::from_be_bytes([a0, a1]), u16::from_be_bytes([c0, c1]));
    let table = if request.function == 4 { Table::Input } else { Table::Holding };
    let words = (start..start + count).flat_map(|address| {
        let own = mark(machine, table, address / 1000);
        if address % 2 == 0 { number } else { own }.to_be_bytes()
    });
    let bytes = u8::try_from(count * 2).unwrap();
    [request.function, bytes].into_iter().chain(words).collect()
}

async fn serve(
    listener: TcpListener,
    framing: Framing,
    machine: impl Fn(u8) -> usize + Clone + Send + 'static,
    truth: Arc<Mutex<Truth>>,
) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        while connections.try_join_next().is_some() {}
        connections.spawn(converse(stream, framing, machine.clone(), Arc::clone(&truth)));
    }
}

/// Whether the client has neither gone nor asked for something else.
fn still_waits(stream: &TcpStream, bytes: &mut Vec<u8>) -> bool {
    let mut more = [0; 64];
    match stream.try_read(&mut more) {
        Ok(count) => {
            bytes.extend_from_slice(&more[..count]);
            false
        },
        Err(fault) => fault.kind() == std::io::ErrorKind::WouldBlock,
    }
}

/// One connection, to its end.
async fn converse(
    mut stream: TcpStream,
    framing: Framing,
    machine: impl Fn(u8) -> usize,
    truth: Arc<Mutex<Truth>>,
) {
    stream.set_nodelay(true).unwrap();
    let mut bytes = Vec::new();
    loop {
        let request = match framing.take_request(&mut bytes) {
            Ok(Some(request)) => request,
            Ok(None) => match stream.read_buf(&mut bytes).await {
                Ok(1..) => continue,
                Ok(0) | Err(_) => return,
            },
            Err(fault) => panic!("the client sent what is no question: {fault}"),
        };
        let machine = machine(request.unit);
        let (steps, late) = truth.lock().unwrap().answer(machine, &request);
        for step in steps {
            // On a busy computer a late answer may still find the one who asked, and nobody else.
            if let (Step::Send(_), Some(number)) = (&step, late)
                && still_waits(&stream, &mut bytes)
            {
                truth.lock().unwrap().answered[machine].insert(number);
            }
            if !step.take(&mut stream).await.unwrap_or(false) {
                return;
            }
        }
    }
}

fn plan_of(machine: usize, unit: u8) -> DevicePlan {
    let points = BLOCKS.iter().flat_map(|&(table, block)| {
        let name = |what: &str| format!("{what} {}", mark(machine, table, block));
        let number = point(&name("number"), table, block * 1000, Kind::U16);
        let mark = point(&name("mark"), table, block * 1000 + 1, Kind::U16);
        [number, mark].map(|point| Point { machine, ..point })
    });
    let points = points.collect();
    let interval = Duration::from_millis(1);
    let retry = Duration::from_millis(40);
    let groups = vec![GroupPlan { interval, phase: Duration::ZERO, points }];
    let name = format!("m{machine}");
    DevicePlan { name, timeout: TIMEOUT, retry, groups, ..device(unit, Vec::new()) }
}

/// What the source said of the machines.
struct Witness {
    truth: Arc<Mutex<Truth>>,
    values: u64,
    /// The newest number of each block.
    newest: BTreeMap<String, u16>,
    misattributed: Vec<String>,
}

impl Witness {
    fn hear(&mut self, sample: &kart_core::signal::Sample) {
        self.values += 1;
        let (what, own) = sample.signal.split_once(' ').unwrap();
        let own: u16 = own.parse().unwrap();
        let Value::Whole(value) = sample.value else { panic!("{sample:?}") };
        let value = u16::try_from(value).unwrap();
        let fits = match what {
            "mark" => value == own && usize::from(own >> 8) == sample.machine,
            _ => {
                let before = self.newest.insert(sample.signal.clone(), value);
                let newer =
                    before.is_none_or(|before| (1..0x8000).contains(&value.wrapping_sub(before)));
                let truth = self.truth.lock().unwrap();
                newer && truth.answered[sample.machine].contains(&value)
            },
        };
        if !fits {
            self.misattributed.push(format!("{sample:?}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_hostile_machines_and_no_value_in_the_wrong_place() {
    let _turn = turn().await;
    let dice = StdRng::seed_from_u64(seed("modbus::hostile", 4));
    let polls = std::env::var("KART_POLLS").ok().and_then(|polls| polls.parse().ok());
    let polls = polls.unwrap_or(USUAL_POLLS);
    let truth = Truth {
        answered: vec![BTreeSet::new(); MACHINES],
        asked: vec![0; MACHINES],
        dice: Some(dice),
        ..Truth::default()
    };
    let truth = Arc::new(Mutex::new(truth));
    let (intake, mut readings) = mpsc::channel(4096);
    let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
    let alone = MACHINES - BEHIND_THE_GATEWAY;
    for first in 0..=alone {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let bare = (alone - WITHOUT_NUMBERS..alone).contains(&first);
        let framing = if bare { Framing::Rtu } else { Framing::Tcp };
        let address = if bare { Address::RtuOverTcp(place) } else { Address::Tcp(place) };
        let machines = if first == alone { first..MACHINES } else { first..first + 1 };
        let units = machines.zip(1..).map(|(machine, unit)| plan_of(machine, unit)).collect();
        let machine = move |unit: u8| first + usize::from(unit) - 1;
        tasks.spawn(serve(listener, framing, machine, Arc::clone(&truth)));
        let (intake, clock) = (intake.clone(), Clock::open().unwrap());
        let reading = run(line(address, units), intake, clock, HURRIED, stop.clone());
        // At the end nobody may listen any more.
        tasks.spawn(async move { drop(reading.await) });
    }
    drop(intake);
    let mut witness = Witness {
        truth: Arc::clone(&truth),
        values: 0,
        newest: BTreeMap::new(),
        misattributed: Vec::new(),
    };
    let watch = async {
        let mut since_peace = BTreeSet::new();
        while since_peace.len() < MACHINES {
            let Some(reading) = readings.recv().await else { panic!("all sources ended") };
            let Reading::Samples { samples, .. } = reading else { continue };
            samples.iter().for_each(|sample| witness.hear(sample));
            let mut truth = truth.lock().unwrap();
            truth.at_peace |= truth.polls >= polls;
            if truth.at_peace {
                since_peace.extend(samples.iter().map(|sample| sample.machine));
            }
        }
    };
    timeout(PATIENCE, watch).await.expect("the machines are read again once they behave");
    stop.cancel();
    let truth = truth.lock().unwrap();
    let wrong: u64 = truth.wrong.values().sum();
    #[expect(clippy::print_stderr, reason = "figures, shown on request")]
    {
        let Truth { polls, wrong: kinds, functions, .. } = &*truth;
        eprintln!(
            "{polls} polls, {} values, {wrong} misbehaviours {kinds:?}, functions {functions:?}",
            witness.values
        );
    }
    assert!(witness.misattributed.is_empty(), "{:#?}", witness.misattributed);
    assert!(wrong >= polls / 11, "{wrong} misbehaviours in {polls} polls");
    assert!(witness.values > polls, "two values in most answers: {}", witness.values);
    let functions: Vec<u8> = truth.functions.keys().copied().collect();
    assert_eq!(functions, [3, 4], "only reads");
}
