//! A small plant for tests: station ST-21 with two presses and a packer, on a Sunday at noon.

use crossterm::event::{KeyCode, KeyEvent};
use kart_api::{
    Batch, DeviceLink, HqLink, LiveEvent, Machine, Present, Receipt, Recording, Signal, Stage,
    Stop, Sync, Terminal, View,
};
use kart_core::{
    fact::queue::Queue,
    id::{EquipmentId, ProductId, ReasonId, RecordId, SiteId, StationId, UserId},
    machine::MachineState,
    reference::{
        self, Family, Floor, Job, Person, Product, Queued, Reason, ReasonGroup, Reference, Role,
        Site, Station, Targets, Work,
    },
    screen::Settings,
    signal::{Quality, Value},
    time::Micros,
};
use uuid::Uuid;

use crate::{
    clock::Now,
    effect::Effect,
    model::{Mint, Model},
    msg::Msg,
    update::update,
};

/// 2026-11-22 11:10:23 UTC, 12:10:23 in Berlin.
pub(crate) const NOON: i64 = 1_795_345_823_000_000;

const SECOND: i64 = 1_000_000;

pub(crate) const PRESS: EquipmentId = EquipmentId(Uuid::from_u128(211));
pub(crate) const STOPPED: EquipmentId = EquipmentId(Uuid::from_u128(212));
pub(crate) const PACKER: EquipmentId = EquipmentId(Uuid::from_u128(31));
pub(crate) const STATION: StationId = StationId(Uuid::from_u128(21));
pub(crate) const ANNA: UserId = UserId(Uuid::from_u128(1001));
pub(crate) const BEN: UserId = UserId(Uuid::from_u128(1002));
pub(crate) const HOUSING: ProductId = ProductId(Uuid::from_u128(501));
pub(crate) const BATCH: RecordId = RecordId(Uuid::from_u128(1042));
pub(crate) const STOP: RecordId = RecordId(Uuid::from_u128(7001));
pub(crate) const LABOR: RecordId = RecordId(Uuid::from_u128(21));
pub(crate) const JAM: ReasonId = ReasonId(Uuid::from_u128(301));
pub(crate) const BURR: ReasonId = ReasonId(Uuid::from_u128(401));

/// So many seconds before noon.
pub(crate) fn ago(seconds: i64) -> Micros {
    Micros(NOON - seconds * SECOND)
}

/// The time so many milliseconds after the screen was opened at noon.
pub(crate) fn at(millis: i64) -> Now {
    Now { wall_us: Micros(NOON + millis * 1000), mono_us: 10 * SECOND + millis * 1000 }
}

fn terminal() -> Terminal {
    Terminal {
        contract: kart_api::VERSION,
        code: "T-07".into(),
        version: "0.1.0".into(),
        station: Some(STATION),
        now_us: Micros(NOON),
        shift: None,
        time: kart_api::Time::Believed,
        habits: kart_api::Habits { idle_s: 600, badge_prefix: String::new() },
    }
}

/// Anna, since before seven.
fn here() -> Vec<Present> {
    vec![Present {
        user: ANNA,
        name: "Anna Fischer".into(),
        station: STATION,
        since_us: ago(5 * 3600 + 12 * 60),
        entry: LABOR,
        away: None,
        missed: None,
        shares: vec![],
    }]
}

pub(crate) fn view() -> View {
    View {
        number: 1,
        terminal: terminal(),
        machines: vec![
            machine(PRESS, "EQ-211", "Press 211", MachineState::Running),
            machine(STOPPED, "EQ-212", "Press 212", MachineState::Stopped),
            Machine {
                batch: None,
                good: 0,
                scrap: 0,
                ..machine(PACKER, "PK-31", "Packer", MachineState::Setup)
            },
        ],
        people: here(),
        unended: vec![],
        undoable: vec![],
        stops: vec![Stop {
            id: STOP,
            machine: STOPPED,
            state: MachineState::Stopped,
            from_us: ago(761),
            until_us: None,
            reason: None,
            proposed: None,
            rule: String::new(),
            map: String::new(),
            offers: vec![],
            by: None,
            told: None,
            with: vec![],
        }],
        review: kart_api::Review::default(),
        elsewhere: vec![],
        orders: orders(),
        jobs: vec![],
        conflicts: vec![],
        open: kart_api::Open::default(),
        sync: Sync {
            recording: Recording::Yes,
            link: HqLink::Up,
            saved: 1_204,
            acked: 1_200,
            oldest_waiting_us: Some(ago(3)),
            sending: 0,
            quarantined: 0,
            refused: 0,
            reference_us: Some(ago(120)),
            room: Default::default(),
            damage: None,
        },
        receipts: vec![
            receipt(1203, "batch_started", "B-1042", Stage::Saved),
            receipt(1201, "batch_joined", "B-1042", Stage::Sending),
            receipt(1190, "stop_explained", "EQ-212 Infeed jam", Stage::AtHeadquarters),
            receipt(
                1100,
                "clocked_in",
                "ST-21",
                Stage::Waiting { code: "unresolved_ref".into(), detail: "user 4711".into() },
            ),
            receipt(
                1090,
                "stop_explained",
                "EQ-211",
                Stage::Refused { code: "bad_text".into(), detail: "another commitment".into() },
            ),
        ],
        reference: Some(site()),
    }
}

fn machine(id: EquipmentId, code: &str, name: &str, state: MachineState) -> Machine {
    let signal = |name: &str, value, unit: &str| Signal {
        name: name.into(),
        unit: unit.into(),
        value: Some(value),
        at_us: Some(ago(1)),
        quality: Quality::Good,
        arrival: false,
    };
    Machine {
        id,
        code: code.into(),
        name: name.into(),
        state,
        state_since_us: ago(761),
        good: 412,
        scrap: 3,
        batch: Some(Batch {
            id: BATCH,
            number: "B-1042".into(),
            product_code: "HL-2".into(),
            product_name: "Housing left".into(),
            work_order: None,
            target: Some(500),
            started_us: ago(3600),
            operators: vec![ANNA],
            terminal: None,
            counted: (412, 3),
            told: kart_api::Told::default(),
            further: vec![],
            paused_us: None,
            rests: vec![],
            provisional: false,
        }),
        signals: vec![
            signal("good", Value::Whole(61_210), ""),
            signal("speed", Value::Measured(31.5), "1/min"),
            signal("mode", Value::Word("auto".into()), ""),
        ],
        seen_us: Some(ago(1)),
        stale_us: 15_000_000,
        link: DeviceLink::Up,
        held: vec![],
        others: vec![],
    }
}

fn receipt(seq: u64, kind: &str, about: &str, stage: Stage) -> Receipt {
    let name = Some("Anna Fischer".into());
    Receipt { seq, at_us: ago(3600), kind: kind.into(), name, about: about.into(), stage }
}

fn queued(n: u128, number: &str) -> Queued {
    Queued {
        entry: RecordId(Uuid::from_u128(90 + n)),
        queue: Queue::Equipment(STOPPED),
        product: None,
        number: Some(number.into()),
        work_order: Some("4711".into()),
        target: Some(500),
        batch: None,
    }
}

fn orders() -> Vec<kart_api::Order> {
    work().queued.into_iter().map(|queued| kart_api::Order { queued, asked: false }).collect()
}

fn work() -> Work {
    Work {
        queued: vec![queued(1, "B-1043"), queued(2, "B-1044")],
        jobs: vec![Job {
            id: RecordId(Uuid::from_u128(93)),
            number: "J-17".into(),
            state: "pending".into(),
            product: None,
            station: STATION,
            work_order: None,
            target: None,
            good: 0,
            scrap: 0,
            posted: None,
            started: None,
            due: None,
            visits: vec![],
        }],
        floor: Floor::default(),
    }
}

fn site() -> Reference {
    let group = |number: u128, name: &str, group_type: &str, reasons: Vec<Reason>| ReasonGroup {
        id: Uuid::from_u128(number),
        name: name.into(),
        group_type: group_type.into(),
        reasons,
    };
    let reason = |id: ReasonId, name: &str| Reason { id, code: name.into(), name: name.into() };
    let more = |number: u128, name: &str| reason(ReasonId(Uuid::from_u128(number)), name);
    let equipment = |id, code: &str| reference::Machine {
        id,
        code: code.into(),
        name: code.into(),
        ideal_cycle_s: Some(2.0),
        default_target: Some(250),
        terminal: None,
        targets: Targets::default(),
        concurrent_batches: false,
        compatible: Vec::new(),
        fields: Vec::new(),
        rate: kart_core::kpi::Rate::default(),
        positions: None,
    };
    Reference {
        version: 3,
        organization: "cedar".into(),
        site: Site {
            id: SiteId(Uuid::from_u128(1)),
            code: "CEDAR".into(),
            name: "Cedar".into(),
            time_zone: "Europe/Berlin".into(),
            availability_mode: "standard".into(),
            targets: Targets::default(),
        },
        systems: Vec::new(),
        stations: vec![cell()],
        machines: vec![
            equipment(PRESS, "EQ-211"),
            equipment(STOPPED, "EQ-212"),
            equipment(PACKER, "PK-31"),
        ],
        downtime_groups: vec![
            group(11, "Planned", "planned", vec![more(303, "Break"), more(304, "Maintenance")]),
            group(
                12,
                "Technical",
                "unplanned",
                vec![reason(JAM, "Infeed jam"), more(302, "Tool broken")],
            ),
        ],
        scrap_groups: vec![group(13, "Quality", "", vec![reason(BURR, "Burr")])],
        families: families(),
        people: people(),
        settings: Settings::default(),
        prefixes: Vec::new(),
        leases: Vec::new(),
        corrections: Vec::new(),
        work: work(),
        incident_groups: Vec::new(),
        station_incident_groups: Vec::new(),
        machine_connections: Vec::new(),
        station_connections: Vec::new(),
        roster: Default::default(),
        hours: Default::default(),
    }
}

fn cell() -> Station {
    Station {
        id: STATION,
        code: "ST-21".into(),
        name: "Press cell".into(),
        system: Uuid::from_u128(2),
        machine_only: false,
        machines: vec![PRESS, STOPPED, PACKER],
        concurrent_jobs: false,
        fields: Vec::new(),
    }
}

fn families() -> Vec<Family> {
    let product = |id, code: &str, name: &str, quantity| Product {
        id,
        code: code.into(),
        name: name.into(),
        standard_hours: None,
        default_quantity: quantity,
        target_scrap_rate: None,
        machines: Vec::new(),
        stations: Vec::new(),
    };
    vec![Family {
        id: Uuid::from_u128(3),
        code: "H".into(),
        name: "Housings".into(),
        products: vec![
            product(HOUSING, "HL-2", "Housing left", Some(500)),
            product(ProductId(Uuid::from_u128(502)), "HR-2", "Housing right", None),
            product(ProductId(Uuid::from_u128(503)), "LID-1", "Lid", Some(1000)),
        ],
    }]
}

fn people() -> Vec<Person> {
    let person = |id, name: &str, badge: &str, active| Person {
        id,
        name: name.into(),
        number: String::new(),
        email: String::new(),
        badge: badge.into(),
        role: Role::Operator,
        active,
        has_pin: false,
        pin: None,
    };
    vec![
        person(ANNA, "Anna Fischer", "1001", true),
        person(BEN, "Ben Okafor", "1002", true),
        person(UserId(Uuid::from_u128(1009)), "Zoe Gone", "1009", false),
    ]
}

/// A screen that shows `view` since noon.
pub(crate) fn screen(view: View) -> Model {
    let mut model = Model::new(at(0), Mint::Counting(0));
    update(&mut model, Msg::Live(LiveEvent::Snapshot(Box::new(view))), at(0));
    model
}

/// Presses keys as a person does, a second apart: `s`, `<enter>`, `<f2>`.
pub(crate) fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    keys.split(' ')
        .flat_map(|key| {
            let mono_us = model.now.mono_us + SECOND;
            let wall_us = Micros(model.now.wall_us.0 + SECOND);
            update(model, Msg::Key(key_event(key)), Now { wall_us, mono_us })
        })
        .collect()
}

/// Hands off the keys for three seconds.
pub(crate) fn rest(model: &mut Model) {
    let now = at(model.now.mono_us / 1000 - 10_000 + 3_000);
    update(model, Msg::Tick, now);
}

/// Types digits and Enter as a badge reader does, a millisecond apart.
pub(crate) fn scan(model: &mut Model, badge: &str) -> Vec<Effect> {
    model.now.mono_us += SECOND;
    let keys = badge.chars().map(KeyCode::Char).chain([KeyCode::Enter]);
    keys.flat_map(|code| {
        let now = Now { mono_us: model.now.mono_us + 1000, ..model.now };
        update(model, Msg::Key(KeyEvent::from(code)), now)
    })
    .collect()
}

fn key_event(name: &str) -> KeyEvent {
    let code = match name {
        "<enter>" => KeyCode::Enter,
        "<esc>" => KeyCode::Esc,
        "<tab>" => KeyCode::Tab,
        "<up>" => KeyCode::Up,
        "<down>" => KeyCode::Down,
        "<left>" => KeyCode::Left,
        "<right>" => KeyCode::Right,
        "<back>" => KeyCode::Backspace,
        "<f1>" => KeyCode::F(1),
        "<f2>" => KeyCode::F(2),
        "<f3>" => KeyCode::F(3),
        "<f8>" => KeyCode::F(8),
        letter => KeyCode::Char(letter.chars().next().unwrap()),
    };
    KeyEvent::from(code)
}
