//! The simulated site: its file, and presses whose controllers count what is truly made.

use std::fmt::Write as _;
use std::sync::Arc;

use kart_core::counter::{CounterKind, CounterShape};
use kart_core::id::{EquipmentId, StationId, reference_id};
use kart_core::machine::MachineState;
use kart_core::map::{CounterMap, MachineMap, Map};
use kart_core::rule::{Condition, Rule, Test};
use kart_core::signal::{Quality, Sample, Value};
use kart_core::time::Stamp;
use rand::Rng;
use rand::rngs::StdRng;
use uuid::Uuid;

pub(super) const ORGANIZATION: &str = "cedar-works";
const SITE: &str = "cedar";
/// What a press makes at most.
const PER_SECOND: f64 = 1.0;
pub(super) const CREW: usize = 3;
/// How numbers begin that people type.
pub(super) const TYPED: &str = "ORDER-";

/// Which station feeds which: one has one to go on to, one has a choice, and at two the flow ends.
pub(super) const FLOW: [(usize, usize); 3] = [(0, 1), (1, 2), (1, 3)];

pub(super) fn key(table: &str, code: &str) -> Uuid {
    reference_id(ORGANIZATION, SITE, table, code)
}

pub(super) fn terminal_code(terminal: usize) -> String {
    format!("T-{terminal:02}")
}

pub(super) fn badge(terminal: usize, person: usize) -> String {
    format!("{}", 1_000 + terminal * 10 + person)
}

/// A number that people type.
pub(super) fn typed(order: usize) -> String {
    format!("{TYPED}{order}")
}

/// What a person writes.
pub(super) fn comment(terminal: usize, key: u64) -> String {
    format!("comment {terminal}/{key}")
}

fn press_code(terminal: usize, press: usize) -> String {
    format!("EQ-{terminal}{press}")
}

/// Two terminals stand at each station.
pub(super) fn station_code(terminal: usize) -> String {
    format!("ST-{}", terminal / 2)
}

/// The site file for so many terminals, in its `version`: each one adds a product.
pub(super) fn site_file(terminals: usize, version: i64) -> String {
    let mut file = format!(
        "[site]\norganization = '{ORGANIZATION}'\ncode = '{SITE}'\nname = 'Cedar'\n\
         time_zone = 'Europe/Berlin'\n[[system]]\ncode = 'L1'\nname = 'Line'\n"
    );
    for first in (0..terminals).step_by(2) {
        let machines: Vec<String> = (first..terminals.min(first + 2))
            .flat_map(|terminal| [0, 1].map(|press| format!("'{}'", press_code(terminal, press))))
            .collect();
        let (code, machines) = (station_code(first), machines.join(", "));
        write!(
            file,
            "[[station]]\ncode = '{code}'\nname = 'Presses'\nsystem = 'L1'\nmachines = [{machines}]\n"
        )
        .unwrap();
    }
    let stations = terminals.div_ceil(2);
    for (from, to) in FLOW.into_iter().filter(|(_, to)| *to < stations) {
        let [from, to] = [from, to].map(|station| station_code(2 * station));
        write!(file, "[[station_connection]]\nfrom = '{from}'\nto = '{to}'\n").unwrap();
    }
    for terminal in 0..terminals {
        let [a, b] = [0, 1].map(|press| press_code(terminal, press));
        let own = terminal_code(terminal);
        for code in [a, b] {
            write!(file, "[[machine]]\ncode = '{code}'\nname = 'Press'\nterminal = '{own}'\n")
                .unwrap();
        }
        for person in 0..CREW {
            let number = badge(terminal, person);
            write!(
                file,
                "[[person]]\nnumber = '{number}'\nname = 'Person {number}'\nbadge = '{number}'\nrole = '{}'\n",
                ["operator", "lead", "supervisor"][person % 3]
            )
            .unwrap();
        }
    }
    file.push_str(
        "[[downtime_group]]\nname = 'Fault'\ntype = 'unplanned'\n\
         [[downtime_group.reason]]\ncode = 'F01'\nname = 'Jam'\n\
         [[downtime_group.reason]]\ncode = 'F02'\nname = 'Sensor'\n\
         [[scrap_group]]\nname = 'Form'\n[[scrap_group.reason]]\ncode = 'Q01'\nname = 'Burr'\n\
         [[product_family]]\ncode = 'F'\nname = 'Family'\n",
    );
    for product in 0..=version {
        write!(
            file,
            "[[product_family.product]]\ncode = 'P{product}'\nname = 'Product {product}'\n"
        )
        .unwrap();
    }
    file
}

/// A press with its controller.
pub(super) struct Press {
    pub(super) equipment: EquipmentId,
    /// Width of the counter in bits.
    pub(super) width: u32,
    /// What it has truly made since the world began.
    pub(super) made: i64,
    /// Of that, what a kept reading has told.
    pub(super) told: i64,
    /// What its counter shows is this much more, modulo its width.
    pub(super) offset: i64,
    pub(super) running: bool,
    /// Until when it has worked, by the world's clock.
    pub(super) until_us: i64,
    /// How often its counter was set back.
    pub(super) resets: u32,
}

impl Press {
    pub(super) fn new(terminal: usize, press: usize, dice: &mut StdRng) -> Self {
        // Terminals with even numbers have clocks that step, and wide counters: across a boot only
        // the wall clock tells how much can have been made, and how often a narrow one went round.
        let width = if terminal.is_multiple_of(2) { 32 } else { 16 };
        Self {
            equipment: EquipmentId(key("oee_equipment", &press_code(terminal, press))),
            width,
            made: 0,
            told: 0,
            offset: (1 << width) - dice.random_range(1..4_000_i64),
            running: true,
            until_us: 0,
            resets: 0,
        }
    }

    /// Works until `now_us`.
    pub(super) fn work(&mut self, now_us: i64, dice: &mut StdRng) {
        let seconds = (now_us - self.until_us) / 1_000_000;
        if self.running && seconds > 0 {
            // Nobody can tell how often a counter went round unread.
            let unread = self.made - self.told;
            let room = (1 << self.width) - 1_000 - unread;
            self.made += dice.random_range(0..=seconds.min(20_000)).min(room.max(0));
        }
        self.until_us = now_us;
        if dice.random_bool(0.4) {
            self.running = !self.running;
        }
    }

    pub(super) fn shows(&self) -> i64 {
        (self.made + self.offset).rem_euclid(1 << self.width)
    }

    /// Whether its counter has begun again at zero by itself.
    pub(super) fn went_round(&self) -> bool {
        self.made + self.offset >= 1 << self.width
    }

    /// Its controller lost its memory.
    pub(super) fn reset(&mut self) {
        self.offset = -self.made;
        self.resets += 1;
    }

    pub(super) fn samples(&self, machine: usize, count: i64, at: Stamp) -> [Sample; 2] {
        let sample = |signal: &str, value| Sample {
            machine,
            signal: signal.to_owned(),
            value,
            quality: Quality::Good,
            at,
            again: false,
        };
        [sample("run", Value::Bit(self.running)), sample("good", Value::Whole(count))]
    }
}

/// What a terminal reads.
pub(super) fn map(terminal: usize, presses: &[Press]) -> Arc<Map> {
    let machine = |press: &Press| MachineMap {
        equipment: press.equipment,
        station: Some(StationId(key("ops_stations", &station_code(terminal)))),
        signals: ["run", "good"].map(|name| (name.to_owned(), String::new())).into(),
        counters: vec![CounterMap {
            signal: "good".to_owned(),
            kind: CounterKind::Good,
            shape: CounterShape { wraps_at: Some(1 << press.width), max_per_s: PER_SECOND },
        }],
        rules: vec![Rule {
            name: "runs".to_owned(),
            when: vec![Condition::new("run", Test::Is(Value::Bit(true)))],
            state: MachineState::Running,
            hold_us: 0,
        }],
        otherwise: MachineState::Stopped,
        stale_us: 6 * 3_600 * 1_000_000,
        habits: kart_core::map::Habits::default(),
    };
    let machines = presses.iter().map(machine).collect();
    Arc::new(Map { fingerprint: "seeded".to_owned(), machines })
}
