//! A batch as rows.

use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

use super::{
    super::{
        Assertion, Tenant, commented, correction::Span, decimal, link, stretch::Stretch, tables,
    },
    Answer, Batch,
    part::{Began, Part},
};
use crate::{
    fact::{BatchStarted, batch::Field},
    id::{EquipmentId, ReasonId, RecordId, UserId},
    row::{Cell, Row, Told},
    time::Micros,
};

/// When one part of a batch began and ended, corrections applied.
struct Extent {
    from: Micros,
    until: Option<Micros>,
    /// Nothing of it lasts longer, where a correction says so.
    limit: Option<Micros>,
}

impl Batch {
    /// All rows, parents first; `None` until the record's own start is known.
    pub(super) fn table_rows(&self, id: RecordId, tenant: &Tenant) -> Option<Vec<Row>> {
        let (_, began) = self.own.started.as_ref()?;
        let (span, took_us) = self.span()?;
        let started = &self.amended(&began.started);
        let event = self.event_row(id, (began, started), (&span, took_us), tenant);
        let comment = self.comment().map(|comment| commented(&event, comment));
        let mut rows = vec![event, self.details_row(id, started, span.until.is_some())];
        rows.extend(comment);
        rows.extend(self.equipment_rows(id, started.equipment));
        rows.extend(self.main_machine_rows(id, started.equipment, &span));
        let mut machines = Vec::new();
        let mut seen = BTreeSet::new();
        for (alias, part, began) in self.parts() {
            let extent = self.extent(alias, part, &span);
            let name =
                |what: &str| alias.map_or(what.to_owned(), |alias| format!("{what}/{alias}"));
            for (n, person) in part.people(extent.from, extent.until).iter().enumerate() {
                let person = extent.clip(person);
                // One person can begin two parts in one moment, and be there only once.
                if seen.insert((person.of, person.from)) {
                    rows.extend(person_rows(id, &name("operator"), &name("person"), n, &person));
                }
            }
            if alias.is_some() && began.started.equipment != started.equipment {
                let of = began.started.equipment;
                machines.push(Stretch { of, from: extent.from, until: extent.until });
            }
            let further = part.machines(extent.from, extent.until);
            machines.extend(further.iter().map(|stretch| extent.clip(stretch)));
        }
        rows.extend(machine_rows(id, machines));
        rows.extend(self.answer_rows(id));
        rows.extend(self.quantity_rows(id, tenant));
        rows.extend(self.start_rows(id, tenant));
        Some(rows)
    }

    fn extent(&self, alias: Option<RecordId>, part: &Part, span: &Span) -> Extent {
        let (from, until) = part.span().unwrap_or((span.from, span.until));
        let limit = self.corrections.until().map(|until| until.max(span.from));
        let from = if alias.is_none() { self.corrections.from().unwrap_or(from) } else { from };
        let until = limit.map_or(until, |limit| Some(until.unwrap_or(limit).min(limit)));
        // With one part the whole and the part are the same.
        let until = if self.others.is_empty() { span.until } else { until };
        Extent { from, until, limit }
    }

    fn event_row(
        &self,
        id: RecordId,
        (began, started): (&Began, &BatchStarted),
        (span, took_us): (&Span, Option<i64>),
        tenant: &Tenant,
    ) -> Row {
        let took_us = took_us.filter(|_| span.until.is_some());
        let minutes = took_us.map(|us| Cell::Decimal(decimal(us, 60_000_000)));
        Row {
            table: &tables::MACHINE_EVENTS,
            cells: vec![
                id.0.into(),
                tenant.site.0.into(),
                started.equipment.0.into(),
                started.station.map(|station| station.0).into(),
                "batch".into(),
                span.from.into(),
                span.until.into(),
                minutes.unwrap_or(Cell::Null),
                Cell::Null,
                Cell::Null,
                Cell::Null,
                "operator".into(),
                began.by.map(|user| user.0).into(),
                self.corrections.is_void().into(),
            ],
        }
    }

    /// What was written when it was given up.
    fn comment(&self) -> Option<Cell> {
        let mut ends = self.parts().flat_map(|(_, part, _)| &part.ends);
        let (fact, _) = ends.find(|(_, end)| end.commented)?;
        Some(fact.told("comment", true))
    }

    fn details_row(&self, id: RecordId, started: &BatchStarted, is_over: bool) -> Row {
        let (good, scrap) = self.quantities();
        let total = (good.is_some() || scrap.is_some())
            .then(|| good.unwrap_or_default().saturating_add(scrap.unwrap_or_default()));
        // Where one part was completed, something was made; given up is what all parts were.
        let ends: Vec<_> = self.parts().filter_map(|(_, part, _)| part.end()).collect();
        let all_aborted = !ends.is_empty() && ends.iter().all(|end| end.aborted.is_some());
        let status = match (is_over, all_aborted) {
            (false, _) => "running",
            (true, false) => "completed",
            (true, true) => "aborted",
        };
        let abort_reason = ends.iter().find_map(|end| end.aborted).filter(|_| all_aborted);
        Row {
            table: &tables::BATCH_DETAILS,
            cells: vec![
                id.0.into(),
                id.0.into(),
                started.product.0.into(),
                started.station.map(|station| station.0).into(),
                started.number.as_str().into(),
                started.work_order.as_deref().into(),
                started.target.into(),
                good.into(),
                scrap.into(),
                total.into(),
                status.into(),
                abort_reason.filter(|_| is_over).map(|reason| reason.0).into(),
                self.count().and_then(|count| count.scrap_reason).map(|reason| reason.0).into(),
            ],
        }
    }

    /// Each machine of the batch once.
    fn equipment_rows(&self, id: RecordId, main: EquipmentId) -> Vec<Row> {
        let mut machines: BTreeMap<EquipmentId, String> = BTreeMap::new();
        for (_, part, began) in self.parts() {
            let further = part.machines(Micros(0), None).into_iter().map(|stretch| stretch.of);
            for machine in further.chain([began.started.equipment]) {
                machines.entry(machine).or_insert_with(|| format!("equipment/{machine}"));
            }
        }
        machines.insert(main, "equipment".to_owned());
        machines.into_iter().map(|(machine, name)| link::machine(id, &name, machine)).collect()
    }

    /// The time of the machine that the batch runs on: of all parts that run there, less what all
    /// of them rested.
    fn main_machine_rows(&self, id: RecordId, main: EquipmentId, span: &Span) -> Vec<Row> {
        let mut there = self.parts().filter(|(.., began)| began.started.equipment == main);
        if !there.any(|(_, part, _)| part.rested()) {
            return vec![self.main_machine_row(id, main, span)];
        }
        let there = self.parts().filter(|(.., began)| began.started.equipment == main);
        let mut runs: Vec<Stretch<()>> = Vec::new();
        for (alias, part, _) in there {
            let extent = self.extent(alias, part, span);
            runs.extend(part.runs(extent.from, extent.until).iter().map(|run| extent.clip(run)));
        }
        let name = |n| if n == 0 { "machine".to_owned() } else { format!("machine/{n}") };
        let all = together(runs).into_iter().enumerate();
        all.map(|(n, run)| machine_time(id, &name(n), main, run.from, run.until)).collect()
    }

    fn main_machine_row(&self, id: RecordId, main: EquipmentId, span: &Span) -> Row {
        let mut there = self.parts().filter(|(.., began)| began.started.equipment == main);
        let alone = self.others.is_empty();
        let until: Option<Vec<Micros>> =
            there.by_ref().map(|(alias, part, _)| self.extent(alias, part, span).until).collect();
        let until = until.and_then(|all| all.into_iter().max());
        machine_time(id, "machine", main, span.from, if alone { span.until } else { until })
    }

    /// Scrapped parts by reason, and parts to be worked on again.
    fn quantity_rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let Some(count) = self.count() else { return vec![] };
        let row =
            |name: String, kind: &'static str, reason: Option<ReasonId>, label, quantity| Row {
                table: &tables::BATCH_QUANTITIES,
                cells: vec![
                    id.part(&name).into(),
                    tenant.site.0.into(),
                    id.0.into(),
                    Cell::Word(kind),
                    reason.map(|reason| reason.0).into(),
                    Cell::from(label),
                    Cell::Int(quantity),
                ],
            };
        let scrapped = count.scrapped.into_iter().filter(|(_, (_, quantity))| *quantity > 0);
        let scrapped = scrapped.map(|(reason, (label, quantity))| {
            row(format!("scrap/{reason}"), "scrap", Some(reason), label, quantity)
        });
        let rework = (count.rework > 0)
            .then(|| row("rework".to_owned(), "rework", None, None, count.rework));
        scrapped.chain(rework).collect()
    }

    /// Starts that were not as usual.
    fn start_rows(&self, id: RecordId, tenant: &Tenant) -> Vec<Row> {
        let special = self.parts().filter(|(.., began)| !began.started.special.is_none());
        let row = |(alias, _, began): (Option<RecordId>, &Part, &Began)| {
            let special = &began.started.special;
            let name = alias.map_or("start".to_owned(), |alias| format!("start/{alias}"));
            Row {
                table: &tables::BATCH_STARTS,
                cells: vec![
                    id.part(&name).into(),
                    tenant.site.0.into(),
                    id.0.into(),
                    special.provisional.into(),
                    special.continues.map(|before| before.0).into(),
                    special.approved_by.map(|user| user.0).into(),
                ],
            }
        };
        special.map(row).collect()
    }

    /// The newest answer to each field.
    fn answer_rows(&self, id: RecordId) -> Vec<Row> {
        let newest: BTreeMap<Field, _> =
            self.answers.iter().map(|told| (told.1.field, told)).collect();
        newest.into_values().map(|(by, answer)| answer_row(id, by, answer)).collect()
    }
}

impl Extent {
    fn clip<K: Copy>(&self, stretch: &Stretch<K>) -> Stretch<K> {
        let limit = |until: Micros| match self.limit {
            Some(limit) => until.min(limit).max(stretch.from),
            None => until,
        };
        Stretch { of: stretch.of, from: stretch.from, until: stretch.until.map(limit) }
    }
}

/// Stretches without overlaps, in order.
fn together(mut all: Vec<Stretch<()>>) -> Vec<Stretch<()>> {
    all.sort_by_key(|stretch| stretch.from);
    let mut apart: Vec<Stretch<()>> = Vec::new();
    for stretch in all {
        let last = apart.last_mut().filter(|last| last.until.is_none_or(|u| u >= stretch.from));
        match last {
            Some(last) => last.until = last.until.zip(stretch.until).map(|(a, b)| a.max(b)),
            None => apart.push(stretch),
        }
    }
    apart
}

fn answer_row(id: RecordId, by: &Assertion, answer: &Answer) -> Row {
    let (equipment, station, of_equipment, of_station): (_, _, Option<Uuid>, Option<Uuid>) =
        match answer.field {
            Field::Equipment { equipment, field } => (Some(equipment.0), None, Some(field.0), None),
            Field::Station { station, field } => (None, Some(station.0), None, Some(field.0)),
        };
    let field = of_equipment.or(of_station).unwrap_or_default();
    let value = match answer.free {
        true => Cell::Told(Told { origin: by.origin, seq: by.seq, field: "value.text" }),
        false => answer.value.as_deref().into(),
    };
    Row {
        table: &tables::BATCH_FIELD_VALUES,
        cells: vec![
            id.part(&format!("field/{field}")).into(),
            id.0.into(),
            equipment.into(),
            station.into(),
            of_equipment.into(),
            of_station.into(),
            answer.label.as_str().into(),
            value,
        ],
    }
}

fn machine_time(
    id: RecordId,
    name: &str,
    equipment: EquipmentId,
    from: Micros,
    until: Option<Micros>,
) -> Row {
    Row {
        table: &tables::BATCH_TIME_ENTRIES,
        cells: vec![
            id.part(name).into(),
            id.0.into(),
            equipment.0.into(),
            Cell::Null,
            "machine".into(),
            from.into(),
            until.into(),
        ],
    }
}

/// Further machines, with the time of each.
fn machine_rows(id: RecordId, mut machines: Vec<Stretch<EquipmentId>>) -> Vec<Row> {
    machines.sort_by_key(|stretch| (stretch.of, stretch.from));
    machines.dedup_by_key(|stretch| (stretch.of, stretch.from));
    let mut nth: BTreeMap<EquipmentId, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for stretch in machines {
        let n = nth.entry(stretch.of).or_default();
        let name = format!("further/{}/{n}", stretch.of);
        *n += 1;
        rows.push(Row {
            table: &tables::BATCH_EQUIPMENT,
            cells: vec![
                id.part(&name).into(),
                id.0.into(),
                stretch.of.0.into(),
                stretch.from.into(),
                stretch.until.into(),
            ],
        });
        let name = format!("machine/{name}");
        rows.push(machine_time(id, &name, stretch.of, stretch.from, stretch.until));
    }
    rows
}

fn person_rows(
    id: RecordId,
    operator: &str,
    person: &str,
    n: usize,
    stretch: &Stretch<UserId>,
) -> [Row; 2] {
    [
        Row {
            table: &tables::BATCH_OPERATORS,
            cells: vec![
                id.part(&format!("{operator}/{n}")).into(),
                id.0.into(),
                stretch.of.0.into(),
                stretch.from.into(),
                stretch.until.into(),
            ],
        },
        Row {
            table: &tables::BATCH_TIME_ENTRIES,
            cells: vec![
                id.part(&format!("{person}/{n}")).into(),
                id.0.into(),
                Cell::Null,
                stretch.of.0.into(),
                "person".into(),
                stretch.from.into(),
                stretch.until.into(),
            ],
        },
    ]
}
