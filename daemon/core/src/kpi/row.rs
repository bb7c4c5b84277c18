//! From rows of tables and reference data to what figures are made of: the same at a terminal and
//! at headquarters. How rows are selected is not decided here.

use std::collections::BTreeMap;

use super::{
    input::{
        Batch, Count, GroupType, Interval, Machine, Mode, Person, Reason, Reasons, Span, Window,
    },
    labor::standard_hours,
    rate::{ProductCycle, Rate},
    spent::without,
};
use crate::{
    counter::CounterKind,
    id::{EquipmentId, ProductId, ReasonId, RecordId, StationId, UserId},
    machine::MachineState,
    reference::{self, Product, Reference},
    time::Micros,
};

/// A row of `edge.machine_states`.
#[derive(Clone, PartialEq, Debug)]
pub struct StateRow {
    /// Which machine.
    pub equipment: EquipmentId,
    /// The row, without a reason.
    pub interval: Interval,
}

/// A downtime row of `oee_machine_events`, corrections applied.
#[derive(Clone, PartialEq, Debug)]
pub struct StopRow {
    /// Which machine.
    pub equipment: EquipmentId,
    /// `id`.
    pub record: RecordId,
    /// `start_ts`.
    pub from: Micros,
    /// `end_ts`.
    pub until: Option<Micros>,
    /// `downtime_reason_id`.
    pub reason: Option<ReasonId>,
    /// `reason_label`.
    pub label: Option<String>,
    /// `reason_group_type`.
    pub group_type: Option<GroupType>,
    /// `created_by`.
    pub by: Option<UserId>,
    /// `is_archived`.
    pub void: bool,
    /// It covers several machines: each stood as long as its own stop says, where it has one.
    pub shared: bool,
}

/// A batch row of `oee_machine_events` with its details.
#[derive(Clone, PartialEq, Debug)]
pub struct BatchRow {
    /// Which machine.
    pub equipment: EquipmentId,
    /// At which station.
    pub station: Option<StationId>,
    /// The row, without standard hours and people.
    pub batch: Batch,
}

/// Everything that was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rows {
    /// What machines did.
    pub states: Vec<StateRow>,
    /// Their downtimes.
    pub stops: Vec<StopRow>,
    /// Their batches.
    pub batches: Vec<BatchRow>,
    /// Time of people on batches.
    pub people: Vec<(RecordId, Person)>,
    /// Time of the machines that batches began on: from when until when each ran.
    pub runs: Vec<(RecordId, Micros, Option<Micros>)>,
    /// Readings of counters.
    pub counts: Vec<(EquipmentId, Count)>,
    /// Which counters had been read by the end of the window, and when first.
    pub counters: Vec<(EquipmentId, CounterKind, Micros)>,
    /// The last sign of life of whoever reads a machine, where that is somebody else.
    pub seen_until: BTreeMap<EquipmentId, Micros>,
}

/// When a site means to produce in `span`: all the time, where it has no calendar.
pub fn planned(reference: &Reference, span: Span) -> Vec<Span> {
    match reference.calendar() {
        Some(calendar) => {
            let planned = calendar.planned(span.from, span.until).into_iter();
            planned.map(|shift| Span { from: shift.from, until: shift.until }).collect()
        },
        None => vec![span],
    }
}

/// A question in a site's own mode and calendar.
pub fn asked(reference: &Reference, span: Span, now: Micros, reasons: Reasons) -> Window {
    let shifts = reference.calendar().map(|calendar| calendar.instances(span.from, span.until));
    let lengths: Vec<i64> = shifts
        .into_iter()
        .flatten()
        .map(|shift| Span { from: shift.at.from, until: shift.at.until }.us())
        .collect();
    let count = i64::try_from(lengths.len()).unwrap_or(i64::MAX);
    let hours = super::to_f64(lengths.iter().sum()) / super::HOUR_US / super::to_f64(count.max(1));
    Window {
        from: span.from,
        until: span.until,
        now,
        mode: Mode::of(&reference.site.availability_mode).unwrap_or_default(),
        reasons,
        planned: planned(reference, span),
        shift_hours: (count > 0).then_some(hours),
    }
}

impl Rows {
    /// What these machines did.
    pub fn machines(&self, reference: &Reference, of: &[EquipmentId]) -> Vec<Machine> {
        let mut people: BTreeMap<RecordId, Vec<Person>> = BTreeMap::new();
        for (batch, person) in &self.people {
            people.entry(*batch).or_default().push(person.clone());
        }
        of.iter().map(|equipment| self.machine(reference, *equipment, &people)).collect()
    }

    fn machine(
        &self,
        reference: &Reference,
        equipment: EquipmentId,
        people: &BTreeMap<RecordId, Vec<Person>>,
    ) -> Machine {
        let named = reference.machine(equipment);
        let batches = self.batches.iter().filter(|row| row.equipment == equipment).map(|row| {
            let product = reference.product(row.batch.product);
            let standard_hours = product.and_then(|it| standard(it, equipment, row.station));
            let people = people.get(&row.batch.record).cloned().unwrap_or_default();
            let rests = self.rests(&row.batch);
            Batch { standard_hours, people, rests, ..row.batch.clone() }
        });
        let counters = || self.counters.iter().filter(|(of, ..)| *of == equipment);
        let total = counters().find(|(_, kind, _)| *kind == CounterKind::Total);
        let counts = self.counts.iter().filter(|(of, _)| *of == equipment);
        Machine {
            equipment,
            intervals: self.intervals(reference, equipment),
            counters: counters().map(|(_, kind, _)| *kind).collect(),
            total_since: total.map(|(_, _, since)| *since),
            counts: counts.map(|(_, count)| count.clone()).collect(),
            batches: batches.collect(),
            rate: named.map(|it| rate(reference, it)).unwrap_or_default(),
            positions: named.and_then(|it| it.positions),
            seen_until: self.seen_until.get(&equipment).copied(),
        }
    }

    /// What lies between the runs of a batch: a batch without any did not rest.
    fn rests(&self, batch: &Batch) -> Vec<Span> {
        let runs = self.runs.iter().filter(|(of, ..)| *of == batch.record);
        let end = Micros(i64::MAX);
        let runs: Vec<Span> = runs
            .map(|(_, from, until)| Span { from: *from, until: until.unwrap_or(end) })
            .collect();
        let whole = Span { from: batch.from, until: batch.until.unwrap_or(end) };
        if runs.is_empty() { Vec::new() } else { without(whole, &runs) }
    }

    /// States, each with its downtime where it has one; downtimes that people entered by themselves.
    fn intervals(&self, reference: &Reference, equipment: EquipmentId) -> Vec<Interval> {
        let stops = self.stops.iter().filter(|row| row.equipment == equipment);
        let mut stops: BTreeMap<RecordId, &StopRow> = stops.map(|row| (row.record, row)).collect();
        let own: Vec<&StopRow> =
            stops.values().copied().filter(|row| row.void && !row.shared).collect();
        let states = self.states.iter().filter(|row| row.equipment == equipment);
        let states: Vec<&StateRow> = states.collect();
        let mut all: Vec<Interval> = states
            .iter()
            .map(|row| match stops.remove(&row.interval.record) {
                Some(stop) => stop.told(reference, &row.interval),
                None => row.interval.clone(),
            })
            .collect();
        let told = |stop: &StopRow| {
            // Until it is over, what each of its machines did says itself.
            if stop.shared && stop.until.is_none() {
                return Vec::new();
            }
            let seen = states.iter().map(|row| &row.interval);
            let void = seen.filter(|seen| own.iter().any(|own| own.record == seen.record));
            let whole = stop.told(reference, &stop.alone(void));
            if stop.shared { clipped(&whole, &own) } else { vec![whole] }
        };
        all.extend(stops.into_values().flat_map(told));
        all
    }
}

/// What is left of an event of several machines on one of them: the time of the stops in whose place
/// it stands there. The whole, where there are none.
fn clipped(whole: &Interval, own: &[&StopRow]) -> Vec<Interval> {
    let end = |until: Option<Micros>| until.unwrap_or(Micros(i64::MAX));
    let parts = own.iter().filter_map(|stop| {
        let from = stop.from.max(whole.from);
        let until = end(stop.until).min(end(whole.until));
        (from < until).then(|| Interval { from, until: Some(until), ..whole.clone() })
    });
    let parts: Vec<Interval> = parts.collect();
    if parts.is_empty() { vec![whole.clone()] } else { parts }
}

impl StopRow {
    fn told(&self, reference: &Reference, seen: &Interval) -> Interval {
        let reason = self.reason.map(|id| Reason {
            id,
            label: self.label.clone().unwrap_or_default(),
            group_type: self.group_type.unwrap_or(GroupType::Unplanned),
            now: reference
                .downtime_reason(id)
                .and_then(|(group, _)| GroupType::of(&group.group_type)),
            by: self.by,
        });
        let (from, until, void) = (self.from, self.until, self.void);
        Interval { from, until, void, reason, ..seen.clone() }
    }

    /// A stop that no signal told of. Where it stands in the place of others of its type, the machine
    /// was in the state of the one that it has most of.
    fn alone<'a>(&self, void: impl Iterator<Item = &'a Interval>) -> Interval {
        let span =
            |from, until: Option<Micros>| Span { from, until: until.unwrap_or(Micros(i64::MAX)) };
        let whole = span(self.from, self.until);
        let alike = void.filter(|it| {
            it.state.group_type().and_then(GroupType::of) == self.group_type
                && self.group_type.is_some()
        });
        let shared = alike.map(|it| (whole.and(span(it.from, it.until)).us(), it.state));
        let most = shared.filter(|(us, _)| *us > 0).max_by_key(|(us, _)| *us);
        let state = most.map_or(self.state(), |(_, state)| state);
        Interval {
            record: self.record,
            state,
            from: self.from,
            until: self.until,
            reason: None,
            micro_stop_s: 0.0,
            void: self.void,
            rule: None,
            map: None,
        }
    }

    fn state(&self) -> MachineState {
        match self.group_type {
            Some(GroupType::Planned) => MachineState::PlannedStop,
            Some(GroupType::Idle) => MachineState::Starved,
            Some(GroupType::Unplanned) | None => MachineState::Stopped,
        }
    }
}

/// Labor hours of one part: of the product on the machine, at the station, by itself.
fn standard(product: &Product, equipment: EquipmentId, station: Option<StationId>) -> Option<f64> {
    let read = |text: &Option<String>| text.as_deref()?.parse().ok();
    let machine = product.machines.iter().find(|standard| standard.at == equipment);
    let place = product.stations.iter().find(|standard| Some(standard.at) == station);
    standard_hours([
        machine.and_then(|standard| read(&standard.standard_hours)),
        place.and_then(|standard| read(&standard.standard_hours)),
        read(&product.standard_hours),
    ])
}

/// A machine's target speed, with those of products at its station.
pub(super) fn rate(reference: &Reference, machine: &reference::Machine) -> Rate {
    let station = reference.station_of(machine.id).map(|station| station.id);
    let products = reference.families.iter().flat_map(|family| &family.products);
    let cycle = |product: &Product| -> Option<(ProductId, f64)> {
        let standard = product.stations.iter().find(|it| Some(it.at) == station)?;
        Some((product.id, standard.cycle_time.as_deref()?.parse().ok()?))
    };
    Rate {
        ideal_cycle_s: machine.ideal_cycle_s,
        products: products
            .filter_map(cycle)
            .map(|(product, cycle_s)| ProductCycle { product, cycle_s })
            .collect(),
        ..machine.rate.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const SITE: &str = include_str!("../../../../config/site.toml");
    const HOUR: i64 = 3_600_000_000;

    fn site() -> Reference {
        let text = SITE.replacen("# positions = 8 ", "positions = 8 #", 1);
        crate::site::parse("site.toml", &text).unwrap()
    }

    fn at(hour: i64) -> Micros {
        Micros(hour * HOUR)
    }

    fn state(number: u128, equipment: EquipmentId, hours: (i64, i64)) -> StateRow {
        let interval = Interval {
            record: RecordId(Uuid::from_u128(number)),
            state: MachineState::Stopped,
            from: at(hours.0),
            until: Some(at(hours.1)),
            reason: None,
            micro_stop_s: 0.0,
            void: false,
            rule: Some("fault".to_owned()),
            map: Some("7c1d".to_owned()),
        };
        StateRow { equipment, interval }
    }

    fn stop(number: u128, equipment: EquipmentId, hours: (i64, i64)) -> StopRow {
        StopRow {
            equipment,
            record: RecordId(Uuid::from_u128(number)),
            from: at(hours.0),
            until: Some(at(hours.1)),
            reason: None,
            label: None,
            group_type: Some(GroupType::Planned),
            by: None,
            void: false,
            shared: false,
        }
    }

    #[test]
    fn a_machine_is_what_the_site_says_of_it() {
        let site = site();
        let machine = &site.machines[0];
        let told = Rows::default().machines(&site, &[machine.id]);
        assert_eq!((told[0].positions, told[0].rate.ideal_cycle_s), (Some(8), Some(2.0)));
        let printed = crate::site::print(&site).unwrap();
        assert_eq!(crate::site::parse("printed", &printed).unwrap().machines, site.machines);
        let span = Span { from: at(0), until: at(24) };
        let alone = Reference { roster: crate::calendar::Roster::default(), ..site };
        let window = asked(&alone, span, at(30), Reasons::Recorded);
        assert_eq!((window.planned, window.shift_hours), (vec![span], None), "no calendar");
    }

    #[test]
    fn an_event_of_several_machines_takes_of_each_what_its_own_stop_took() {
        let site = site();
        let [one, other] = [site.machines[0].id, site.machines[1].id];
        let shared = |equipment| StopRow { shared: true, ..stop(9, equipment, (2, 8)) };
        let void = |number, of, hours| StopRow { void: true, ..stop(number, of, hours) };
        let rows = Rows {
            states: vec![state(1, one, (3, 8))],
            stops: vec![shared(one), void(1, one, (3, 8)), shared(other)],
            ..Rows::default()
        };
        let spans = |equipment| -> Vec<_> {
            let told = rows.machines(&site, &[equipment]);
            let known = told[0].intervals.iter().filter(|interval| !interval.void);
            known.map(|interval| (interval.from, interval.until)).collect()
        };
        assert_eq!(spans(one), [(at(3), Some(at(8)))]);
        assert_eq!(spans(other), [(at(2), Some(at(8)))], "nothing else is known of it");
    }

    #[test]
    fn a_part_of_a_setup_is_a_setup() {
        let site = site();
        let one = site.machines[0].id;
        let mut setup = state(1, one, (1, 5));
        setup.interval.state = MachineState::Setup;
        let unplanned = StopRow { group_type: Some(GroupType::Unplanned), ..stop(9, one, (3, 5)) };
        let rows = Rows {
            states: vec![setup],
            stops: vec![
                StopRow { void: true, ..stop(1, one, (1, 5)) },
                stop(8, one, (1, 3)),
                unplanned,
                stop(10, one, (6, 7)),
            ],
            ..Rows::default()
        };
        let told = rows.machines(&site, &[one]);
        let stands = told[0].intervals.iter().filter(|interval| !interval.void);
        let states: Vec<_> = stands.map(|interval| interval.state).collect();
        let expected = [MachineState::Setup, MachineState::Stopped, MachineState::PlannedStop];
        assert_eq!(states, expected, "what is otherwise is otherwise");
    }

    #[test]
    fn a_stop_is_where_a_correction_put_it_and_keeps_its_rule() {
        let site = site();
        let [one, other] = [site.machines[0].id, site.machines[1].id];
        let reason = site.downtime_groups[0].reasons[0].id;
        let moved = StopRow { reason: Some(reason), ..stop(1, one, (3, 5)) };
        let rows = Rows {
            states: vec![state(1, one, (1, 2)), state(2, one, (6, 7)), state(3, other, (1, 2))],
            stops: vec![
                moved,
                StopRow { void: true, ..stop(2, one, (6, 7)) },
                stop(9, one, (8, 9)),
            ],
            ..Rows::default()
        };
        let told = &rows.machines(&site, &[one])[0].intervals;
        assert_eq!(told.len(), 3, "and none of the other machine");
        assert_eq!((told[0].from, told[0].until), (at(3), Some(at(5))));
        assert_eq!(told[0].rule.as_deref(), Some("fault"));
        let now = GroupType::of(&site.downtime_groups[0].group_type);
        let reason = told[0].reason.as_ref().unwrap();
        assert_eq!((reason.group_type, reason.now), (GroupType::Planned, now));
        assert!(told[1].void);
        let alone = (told[2].state, told[2].rule.as_deref());
        assert_eq!(alone, (MachineState::PlannedStop, None), "one that no signal told of");
    }
}
