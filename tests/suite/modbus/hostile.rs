//! Fifty machines that answer wrongly one time in ten, in every way that the plant knows. Each word that they give
//! tells whose it is and in answer to which question, so that a value in the wrong place cannot hide. They make parts
//! meanwhile: the engine's sum equals theirs at each reading, but for what was made between the last reading before and
//! a reset, which is flagged.
//!
//! `KART_POLLS` says how many questions are to be asked; a million is the long form.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use kart_sim::{Fault, Framing, Kind as Wrong, Request, Step};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::*;
use crate::turn::seed;
use kart_core::{
    counter::{CounterKind, CounterShape, Verdict},
    engine::Engine,
    fact::{Body, Draft},
    id::{EquipmentId, Incarnation, Origin, TerminalId},
    machine::MachineState,
    map::{CounterMap, Habits, MachineMap, Map},
    plant::Plant,
    signal::Sample,
    time::{Boot, Moment},
};
use uuid::Uuid;

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
    whole: Duration::from_hours(1),
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
    made: Vec<Made>,
    /// What had been made at each question, of each machine.
    shown: Vec<Vec<Made>>,
    at_peace: bool,
    dice: Option<StdRng>,
}

/// The parts of one machine.
#[derive(Clone, Copy, Default)]
struct Made {
    /// Since the test began.
    total: i64,
    /// Its counter, which begins close to where a register ends.
    counter: i64,
    /// How often the counter began anew at zero.
    resets: u32,
}

impl Made {
    fn some(&mut self, dice: &mut StdRng, calm: bool) {
        // Far from both ends of the register, so that a reset can be told from a round.
        if !calm
            && (400..50_000).contains(&(self.counter & 0xFFFF))
            && dice.random_range(0..200) == 0
        {
            (self.counter, self.resets) = (0, self.resets + 1);
        }
        let parts = dice.random_range(0..=3);
        self.counter += parts;
        self.total += parts;
    }

    fn register(&self) -> u16 {
        u16::try_from(self.counter & 0xFFFF).unwrap()
    }
}

impl Truth {
    /// The steps of the answer of `machine`, which is wrong one time in ten; and its number, where it may be believed
    /// only if it still finds somebody who waits.
    fn answer(&mut self, machine: usize, request: &Request) -> (Vec<Step>, Option<u16>) {
        self.polls += 1;
        *self.functions.entry(request.function).or_default() += 1;
        self.asked[machine] = self.asked[machine].wrapping_add(1);
        let number = self.asked[machine];
        let made = &mut self.made[machine];
        let calm = self.at_peace;
        made.some(self.dice.as_mut().unwrap(), calm);
        self.shown[machine].push(*made);
        let pdu = registers(machine, request, (number, made.register()));
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

/// The words of a block: the number of the question, whose it is, and the counter.
fn registers(machine: usize, request: &Request, (number, counter): (u16, u16)) -> Vec<u8> {
    let &[a0, a1, c0, c1] = request.data.as_slice() else { panic!("{request:?}") };
    let (start, count) = (u16::from_be_bytes([a0, a1]), u16::from_be_bytes([c0, c1]));
    let table = if request.function == 4 { Table::Input } else { Table::Holding };
    let words = (start..start + count).flat_map(|address| {
        let own = mark(machine, table, address / 1000);
        match address % 1000 {
            0 => number,
            1 => own,
            _ => counter,
        }
        .to_be_bytes()
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
        let counts = (table, block) == BLOCKS[0];
        let parts = counts.then(|| point(&name("parts"), table, block * 1000 + 2, Kind::U16));
        let points = [Some(number), Some(mark), parts].into_iter().flatten();
        points.map(move |point| Arc::new(Point { machine, ..point }))
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
    engine: Engine,
    /// At which question each machine showed what was read last, and what that was.
    shown: Vec<(usize, Made)>,
    /// What each machine had made at its last reading, and what of it the engine must have.
    read: Vec<Option<(Made, i64)>>,
    resets: u64,
    wrong_sums: Vec<String>,
}

fn equipment(machine: usize) -> EquipmentId {
    EquipmentId(Uuid::from_u128(machine as u128 + 1))
}

/// An engine for which the machines count.
fn engine() -> Engine {
    let machines = (0..MACHINES).map(|machine| {
        let (table, block) = BLOCKS[0];
        let signal = format!("parts {}", mark(machine, table, block));
        let shape = CounterShape { wraps_at: Some(65_536), max_per_s: 5_000.0 };
        MachineMap {
            equipment: equipment(machine),
            station: None,
            signals: Vec::new(),
            counters: vec![CounterMap { signal, kind: CounterKind::Good, shape }],
            rules: Vec::new(),
            otherwise: MachineState::Stopped,
            stale_us: 3_600_000_000,
            habits: Habits::default(),
        }
    });
    let map = Map { fingerprint: "hostile".to_owned(), machines: machines.collect() };
    let origin = Origin { terminal: TerminalId(Uuid::nil()), incarnation: Incarnation(0) };
    Engine::new(Plant::new(origin), Arc::new(map), "T".to_owned())
}

impl Witness {
    fn new(truth: Arc<Mutex<Truth>>) -> Self {
        Self {
            truth,
            values: 0,
            newest: BTreeMap::new(),
            misattributed: Vec::new(),
            engine: engine(),
            shown: vec![(0, Made::default()); MACHINES],
            read: vec![None; MACHINES],
            resets: 0,
            wrong_sums: Vec::new(),
        }
    }

    /// What was read together, as the daemon hands it to the engine.
    fn take(&mut self, samples: &[Sample]) {
        samples.iter().for_each(|sample| self.hear(sample));
        let Some(last) = samples.last() else { return };
        let now = Moment { at: last.at, boot: Boot("hostile".to_owned()) };
        self.engine.on_samples(samples, &now);
        let verdict = |draft: Draft| match draft.body {
            Body::Counted(counted) => Some(counted.verdict),
            _ => None,
        };
        let verdicts: Vec<Verdict> =
            self.engine.take_drafts().into_iter().filter_map(verdict).collect();
        for sample in samples.iter().filter(|sample| sample.signal.starts_with("parts ")) {
            self.compare(sample, &verdicts);
        }
    }

    /// Compares what the engine has counted with what the machine had made when it answered.
    fn compare(&mut self, sample: &Sample, verdicts: &[Verdict]) {
        let machine = sample.machine;
        let (_, made) = self.shown[machine];
        let reset = self.read[machine].is_some_and(|(before, _)| before.resets != made.resets);
        let sum = match self.read[machine] {
            None => 0,
            Some((_, sum)) if reset => sum + made.counter,
            Some((before, sum)) => sum + made.total - before.total,
        };
        self.read[machine] = Some((made, sum));
        self.resets += u64::from(reset);
        let counted = self.engine.plant.machines[&equipment(machine)].good;
        let flagged = verdicts.contains(&Verdict::Reset);
        if counted != sum || flagged != reset {
            self.wrong_sums.push(format!("{sample:?}: {counted} counted of {sum}, {verdicts:?}"));
        }
    }

    fn hear(&mut self, sample: &Sample) {
        self.values += 1;
        let (what, own) = sample.signal.split_once(' ').unwrap();
        let own: u16 = own.parse().unwrap();
        let Value::Whole(value) = sample.value else { panic!("{sample:?}") };
        let value = u16::try_from(value).unwrap();
        let fits = match what {
            "mark" => value == own && usize::from(own >> 8) == sample.machine,
            "parts" => {
                // After an exception registers are asked one by one, so no number comes with this one; but it
                // never goes back, and between two resets no value comes twice.
                let truth = self.truth.lock().unwrap();
                let shown = &truth.shown[sample.machine];
                let (from, _) = self.shown[sample.machine];
                let at = (from..shown.len()).find(|at| shown[*at].register() == value);
                at.inspect(|at| self.shown[sample.machine] = (*at, shown[*at])).is_some()
            },
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
    let start = Made { total: 0, counter: 65_000, resets: 0 };
    let truth = Truth {
        made: vec![start; MACHINES],
        shown: vec![Vec::new(); MACHINES],
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
        let address = if bare { Address::RtuOverTcp(place, None) } else { Address::Tcp(place) };
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
    let mut witness = Witness::new(Arc::clone(&truth));
    let watch = async {
        let mut since_peace = BTreeSet::new();
        while since_peace.len() < MACHINES {
            let Some(reading) = readings.recv().await else { panic!("all sources ended") };
            let Reading::Samples { samples, .. } = reading else { continue };
            witness.take(&samples);
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
            "{polls} polls, {} values, {wrong} misbehaviours {kinds:?}, functions {functions:?}, {} parts, {} resets",
            witness.values,
            witness.read.iter().flatten().map(|(_, sum)| sum).sum::<i64>(),
            witness.resets
        );
    }
    assert!(witness.misattributed.is_empty(), "{:#?}", witness.misattributed);
    assert!(witness.wrong_sums.is_empty(), "{:#?}", witness.wrong_sums);
    assert!(witness.resets >= polls / 1_000, "{} resets", witness.resets);
    assert!(wrong >= polls / 11, "{wrong} misbehaviours in {polls} polls");
    assert!(witness.values > polls, "two values in most answers: {}", witness.values);
    let functions: Vec<u8> = truth.functions.keys().copied().collect();
    assert_eq!(functions, [3, 4], "only reads");
}
