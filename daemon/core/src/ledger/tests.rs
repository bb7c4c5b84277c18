use super::*;
use crate::id::ReasonId;
use crate::kpi::{GroupType, Interval, Reason};
use uuid::Uuid;

const SITE: &str = include_str!("../../../../config/site.toml");
const MINUTE: i64 = 60_000_000;

fn at(minute: i64) -> Micros {
    Micros(minute * MINUTE)
}

fn record(number: u128) -> RecordId {
    RecordId(Uuid::from_u128(number))
}

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn interval(number: u128, state: MachineState, minutes: (i64, Option<i64>)) -> Interval {
    Interval {
        record: record(number),
        state,
        from: at(minutes.0),
        until: minutes.1.map(at),
        reason: None,
        micro_stop_s: 60.0,
        void: false,
        rule: None,
        map: None,
    }
}

/// The demo's site with one of its machines, which did as told.
struct Plant {
    site: Reference,
    machine: EquipmentId,
    station: StationId,
    intervals: Vec<Interval>,
    rows: Rows,
}

impl Plant {
    fn new(intervals: Vec<Interval>) -> Self {
        let site = crate::site::parse("site.toml", SITE).unwrap();
        let machine = site.machines[0].id;
        let station = site.station_of(machine).unwrap().id;
        Self { site, machine, station, intervals, rows: Rows::default() }
    }

    fn labor(mut self, who: u128, kind: &str, minutes: (i64, Option<i64>)) -> Self {
        self.rows.labor.push(LaborRow {
            record: record(1_000 + self.rows.labor.len() as u128),
            user: user(who),
            station: Some(self.station),
            entry_type: kind.to_owned(),
            from: at(minutes.0),
            until: minutes.1.map(at),
        });
        self
    }

    fn on(mut self, batch: u128, who: Option<u128>, minutes: (i64, Option<i64>)) -> Self {
        self.rows.times.push(TimeRow {
            batch: record(batch),
            number: format!("B-{batch}"),
            equipment: self.machine,
            user: who.map(user),
            from: at(minutes.0),
            until: minutes.1.map(at),
        });
        self
    }

    fn told(&self) -> Vec<Entry> {
        let machine = Machine {
            equipment: self.machine,
            intervals: self.intervals.clone(),
            counters: Vec::new(),
            total_since: None,
            counts: Vec::new(),
            batches: Vec::new(),
            rate: crate::kpi::Rate::default(),
            positions: None,
            seen_until: None,
        };
        entries(&self.rows, &[machine], &self.site, Span { from: at(0), until: at(480) })
    }

    fn lines(&self) -> Vec<(Kind, i64, i64, bool)> {
        let minute = |at: Micros| at.0 / MINUTE;
        let told = self.told();
        told.iter().map(|it| (it.kind, minute(it.from), minute(it.until), it.goes_on)).collect()
    }
}

fn runs() -> Vec<Interval> {
    vec![
        interval(1, MachineState::Running, (0, Some(200))),
        interval(2, MachineState::Running, (200, None)),
    ]
}

#[test]
fn a_run_without_anybody_is_told_without_the_time_that_somebody_was_there() {
    let plant = Plant::new(runs()).labor(7, "shift", (30, Some(300)));
    assert_eq!(plant.lines(), [(Kind::RanAlone, 0, 30, false), (Kind::RanAlone, 300, 480, true)]);
    let nobody = Plant::new(runs());
    assert_eq!(
        nobody.lines(),
        [(Kind::RanAlone, 0, 480, true)],
        "two records of one run are one line"
    );
    assert_eq!(nobody.told()[0].records, [record(1), record(2)]);
}

#[test]
fn a_batch_that_runs_through_the_meal_is_told() {
    let plant = Plant::new(runs())
        .labor(7, "shift", (0, None))
        .labor(7, "meal", (180, Some(211)))
        .on(42, None, (0, None))
        .on(42, Some(7), (0, None));
    assert_eq!(plant.lines(), [(Kind::RanAlone, 180, 211, false)]);
    assert_eq!(plant.told()[0].batches, ["B-42"]);
    let relieved = plant.labor(8, "shift", (170, Some(220)));
    assert_eq!(relieved.lines(), []);
}

#[test]
fn where_people_may_not_book_time_no_machine_is_alone() {
    let mut plant = Plant::new(runs());
    for station in &mut plant.site.stations {
        station.machine_only = true;
    }
    assert_eq!(plant.lines(), []);
    plant.site.stations.clear();
    assert_eq!(plant.lines(), []);
}

#[test]
fn people_on_a_batch_of_a_machine_that_stands_still_are_told() {
    let stands = |state| {
        vec![
            interval(1, MachineState::Running, (0, Some(100))),
            interval(2, state, (100, Some(131))),
            interval(3, state, (200, Some(209))),
        ]
    };
    let booked = |state| {
        Plant::new(stands(state))
            .labor(7, "shift", (0, None))
            .on(42, Some(7), (0, None))
            .on(42, Some(8), (110, Some(115)))
            .on(43, Some(9), (105, Some(120)))
    };
    let plant = booked(MachineState::Stopped);
    assert_eq!(
        plant.lines(),
        [(Kind::BookedWhileDown, 100, 131, false)],
        "nine minutes are no entry"
    );
    let entry = &plant.told()[0];
    assert_eq!(entry.users, [user(7), user(9)], "nor is whoever looked in for five");
    assert_eq!(entry.batches, ["B-42", "B-43"]);
    assert_eq!(booked(MachineState::Setup).lines(), [], "they set it up");
    assert_eq!(booked(MachineState::Unknown).lines(), [], "nobody knows what it did");
    let mut void = booked(MachineState::Stopped);
    void.intervals[1].void = true;
    assert_eq!(void.lines(), []);
    let mut planned = booked(MachineState::Stopped);
    planned.intervals[1].reason = Some(Reason {
        id: ReasonId(Uuid::from_u128(5)),
        label: "Meal".into(),
        group_type: GroupType::Planned,
        now: None,
        by: None,
    });
    assert_eq!(planned.lines().len(), 1);
}

#[test]
fn two_batches_on_a_machine_with_one_place() {
    let two = || {
        Plant::new(vec![])
            .on(42, None, (0, Some(100)))
            .on(43, None, (90, None))
            .on(43, Some(7), (0, None))
            .on(44, None, (100, Some(101)))
            .on(42, None, (120, Some(130)))
    };
    assert_eq!(
        two().lines(),
        [
            (Kind::SeveralBatches, 90, 100, false),
            (Kind::SeveralBatches, 100, 101, false),
            (Kind::SeveralBatches, 120, 130, false),
        ]
    );
    assert_eq!(two().told()[0].batches, ["B-42", "B-43"]);
    let mut several = two();
    several.site.machines[0].concurrent_batches = true;
    assert_eq!(several.lines(), []);
    let paused = Plant::new(vec![]).on(42, None, (0, Some(90))).on(43, None, (90, Some(120))).on(
        42,
        None,
        (120, None),
    );
    assert_eq!(paused.lines(), [], "a batch that was paused took no place");
}

#[test]
fn a_person_at_two_stations() {
    let mut plant = Plant::new(vec![])
        .labor(7, "shift", (0, Some(100)))
        .labor(7, "shift", (60, None))
        .labor(7, "meal", (70, Some(80)))
        .labor(8, "shift", (60, None));
    assert_eq!(plant.lines(), [], "twice at one station is for headquarters to settle");
    plant.rows.labor[1].station = Some(StationId(Uuid::from_u128(99)));
    assert_eq!(plant.lines(), [(Kind::TwoStations, 60, 100, false)]);
    assert_eq!(plant.told()[0].stations, [plant.station, StationId(Uuid::from_u128(99))]);
}
