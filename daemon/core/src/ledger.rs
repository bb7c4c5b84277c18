//! The minute ledger: minutes that cannot all be right, before payroll and figures see them.
//!
//! A machine ran while nobody was clocked on; people were booked on a batch while its machine stood
//! still; a machine with one place had two batches; a person was at two stations. Computed from rows, the
//! same at a terminal and at headquarters. It settles nothing and says of nobody that they did wrong: a
//! batch that runs through the meal break stands in it, too.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{
    id::{EquipmentId, RecordId, StationId, UserId},
    kpi::{Class, Machine, Reasons, Span, instant, without},
    machine::MachineState,
    reference::Reference,
    time::Micros,
};

/// What takes less is a seam between two records and no contradiction.
const LEAST_US: i64 = 60 * 1_000_000;

/// Whoever is at a machine that stops for less is seeing to it.
const LEAST_DOWN_US: i64 = 10 * 60 * 1_000_000;

/// A row of `ops_labor_entries`.
#[derive(Clone, PartialEq, Debug)]
pub struct LaborRow {
    /// `id`.
    pub record: RecordId,
    /// `user_id`.
    pub user: UserId,
    /// `station_id`.
    pub station: Option<StationId>,
    /// `entry_type`.
    pub entry_type: String,
    /// `start_ts`.
    pub from: Micros,
    /// `end_ts`.
    pub until: Option<Micros>,
}

/// A row of `oee_batch_time_entries`: of a person on a batch, or of the machine that it took.
#[derive(Clone, PartialEq, Debug)]
pub struct TimeRow {
    /// The batch event.
    pub batch: RecordId,
    /// Its number.
    pub number: String,
    /// The machine: the entry's own, else the batch's.
    pub equipment: EquipmentId,
    /// `user_id`; `None` is the machine's time.
    pub user: Option<UserId>,
    /// `start_ts`.
    pub from: Micros,
    /// `end_ts`.
    pub until: Option<Micros>,
}

/// Everything that was read about people and batches.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rows {
    /// Who was clocked in where.
    pub labor: Vec<LaborRow>,
    /// Who and which machine was on which batch.
    pub times: Vec<TimeRow>,
}

/// What cannot all be right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A machine ran while nobody was clocked on.
    RanAlone,
    /// People were booked on a batch while its machine stood still.
    BookedWhileDown,
    /// A machine with one place had several batches.
    SeveralBatches,
    /// A person was at two stations.
    TwoStations,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 4] =
        [Self::RanAlone, Self::BookedWhileDown, Self::SeveralBatches, Self::TwoStations];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::RanAlone => "ran_alone",
            Self::BookedWhileDown => "booked_while_down",
            Self::SeveralBatches => "several_batches",
            Self::TwoStations => "two_stations",
        }
    }
}

/// One line of the ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// What cannot be right.
    pub kind: Kind,
    /// From when …
    #[serde(with = "instant")]
    pub from: Micros,
    /// … until when.
    #[serde(with = "instant")]
    pub until: Micros,
    /// It goes on.
    #[serde(default)]
    pub goes_on: bool,
    /// The machine that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equipment: Option<EquipmentId>,
    /// Stations that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stations: Vec<StationId>,
    /// People that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserId>,
    /// Numbers of batches that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<String>,
    /// The records that contradict each other.
    pub records: Vec<RecordId>,
}

/// What cannot all be right of these machines in `limit`, by when it began. `limit` ends now at the latest.
pub fn entries(
    rows: &Rows,
    machines: &[Machine],
    reference: &Reference,
    limit: Span,
) -> Vec<Entry> {
    let book = Book { rows, reference, limit };
    let mut all: Vec<Entry> = Vec::new();
    for machine in machines {
        all.extend(book.ran_alone(machine));
        all.extend(book.booked_while_down(machine));
        all.extend(book.several_batches(machine.equipment));
    }
    all.extend(book.two_stations());
    all.sort_by_key(|entry| (entry.from, entry.kind, entry.until));
    all
}

struct Book<'a> {
    rows: &'a Rows,
    reference: &'a Reference,
    limit: Span,
}

impl Book<'_> {
    fn span(&self, from: Micros, until: Option<Micros>) -> Span {
        Span { from, until: until.unwrap_or(self.limit.until) }.and(self.limit)
    }

    /// What lasts to the end of what is looked at goes on.
    fn entry(&self, kind: Kind, span: Span) -> Entry {
        Entry {
            kind,
            from: span.from,
            until: span.until,
            goes_on: span.until >= self.limit.until,
            equipment: None,
            stations: Vec::new(),
            users: Vec::new(),
            batches: Vec::new(),
            records: Vec::new(),
        }
    }

    /// When people were at a station: from clock-in to clock-out less what they were away.
    fn present(&self, station: StationId) -> Vec<Span> {
        let mut present: Vec<Span> = Vec::new();
        let here = |row: &&LaborRow| !is_away(row) && row.station == Some(station);
        for row in self.rows.labor.iter().filter(here) {
            present.extend(self.at_work(row.user, self.span(row.from, row.until)));
        }
        present
    }

    /// What is left of a person's time without breaks and meals.
    fn at_work(&self, user: UserId, whole: Span) -> Vec<Span> {
        let away = self.rows.labor.iter().filter(|row| row.user == user && is_away(row));
        let away: Vec<Span> = away.map(|row| self.span(row.from, row.until)).collect();
        without(whole, &away)
    }

    fn ran_alone(&self, machine: &Machine) -> Vec<Entry> {
        let station = self.reference.station_of(machine.equipment);
        let Some(station) = station.filter(|station| !station.machine_only) else {
            return Vec::new();
        };
        let mut people = self.present(station.id);
        // Time on a batch is time at work unless a break says otherwise.
        let on_it = self.times(machine.equipment).filter_map(|row| Some((row.user?, row)));
        let on_it = on_it.map(|(user, row)| (user, self.span(row.from, row.until)));
        people.extend(on_it.flat_map(|(user, span)| self.at_work(user, span)));
        let mut entries: Vec<Entry> = Vec::new();
        for (record, run) in self.spent(machine, |class, _| class == Class::Run) {
            for alone in without(run, &people) {
                match entries.last_mut() {
                    // Two records of one run.
                    Some(last) if alone.from.0 - last.until.0 < LEAST_US => {
                        last.until = alone.until;
                        last.goes_on = alone.until >= self.limit.until;
                        last.records.push(record);
                    },
                    _ => entries.push(Entry {
                        equipment: Some(machine.equipment),
                        stations: vec![station.id],
                        batches: self.batches_at(machine.equipment, alone),
                        records: vec![record],
                        ..self.entry(Kind::RanAlone, alone)
                    }),
                }
            }
        }
        entries.retain(|entry| entry.until.0 - entry.from.0 >= LEAST_US);
        entries
    }

    fn booked_while_down(&self, machine: &Machine) -> Vec<Entry> {
        let stood = |class, state| {
            matches!(class, Class::Unplanned | Class::Planned | Class::Idle)
                && state != MachineState::Setup
        };
        let mut entries = Vec::new();
        for (record, down) in self.spent(machine, stood) {
            let mut entry = self.entry(Kind::BookedWhileDown, down);
            (entry.equipment, entry.records) = (Some(machine.equipment), vec![record]);
            let mut booked: Option<Span> = None;
            for row in self.times(machine.equipment) {
                let both = self.span(row.from, row.until).and(down);
                let Some(user) = row.user.filter(|_| both.us() >= LEAST_DOWN_US) else { continue };
                booked = Some(booked.map_or(both, |known| Span {
                    from: known.from.min(both.from),
                    until: known.until.max(both.until),
                }));
                add(&mut entry.users, user);
                add(&mut entry.batches, row.number.clone());
                add(&mut entry.records, row.batch);
            }
            if let Some(booked) = booked {
                let goes_on = booked.until >= self.limit.until;
                entries.push(Entry { from: booked.from, until: booked.until, goes_on, ..entry });
            }
        }
        entries
    }

    fn several_batches(&self, equipment: EquipmentId) -> Vec<Entry> {
        let several = self.reference.machine(equipment).is_some_and(|it| it.concurrent_batches);
        let mut taken: Vec<&TimeRow> =
            self.times(equipment).filter(|row| row.user.is_none() && !several).collect();
        taken.sort_by_key(|row| (row.from, row.batch));
        let mut entries = Vec::new();
        for (place, row) in taken.iter().enumerate() {
            for other in taken.iter().skip(place + 1).filter(|other| other.batch != row.batch) {
                let own = self.span(row.from, row.until);
                let both = own.and(self.span(other.from, other.until));
                if both.us() >= LEAST_US {
                    entries.push(Entry {
                        equipment: Some(equipment),
                        batches: vec![row.number.clone(), other.number.clone()],
                        records: vec![row.batch, other.batch],
                        ..self.entry(Kind::SeveralBatches, both)
                    });
                }
            }
        }
        entries
    }

    fn two_stations(&self) -> Vec<Entry> {
        let mut people: BTreeMap<UserId, Vec<&LaborRow>> = BTreeMap::new();
        for row in self.rows.labor.iter().filter(|row| row.entry_type == "shift") {
            people.entry(row.user).or_default().push(row);
        }
        let mut entries = Vec::new();
        for (user, rows) in people {
            for (place, row) in rows.iter().enumerate() {
                let elsewhere = |other: &&&LaborRow| other.station != row.station;
                for other in rows.iter().skip(place + 1).filter(elsewhere) {
                    let own = self.span(row.from, row.until);
                    let both = own.and(self.span(other.from, other.until));
                    if both.us() >= LEAST_US {
                        entries.push(Entry {
                            users: vec![user],
                            stations: [row.station, other.station].into_iter().flatten().collect(),
                            records: vec![row.record, other.record],
                            ..self.entry(Kind::TwoStations, both)
                        });
                    }
                }
            }
        }
        entries
    }

    /// What a machine's records say that it spent as wanted, by when it began.
    fn spent(
        &self,
        machine: &Machine,
        wanted: impl Fn(Class, MachineState) -> bool,
    ) -> Vec<(RecordId, Span)> {
        let open = machine.seen_until.map_or(self.limit.until, |at| at.min(self.limit.until));
        let fits = machine
            .intervals
            .iter()
            .filter(|interval| wanted(interval.class(Reasons::Recorded), interval.state));
        let mut all: Vec<(RecordId, Span)> = fits
            .map(|interval| {
                let until = interval.until.unwrap_or(open);
                (interval.record, Span { from: interval.from, until }.and(self.limit))
            })
            .filter(|(_, span)| span.us() > 0)
            .collect();
        all.sort_by_key(|(record, span)| (span.from, *record));
        all
    }

    fn times(&self, equipment: EquipmentId) -> impl Iterator<Item = &TimeRow> {
        self.rows.times.iter().filter(move |row| row.equipment == equipment)
    }

    fn batches_at(&self, equipment: EquipmentId, span: Span) -> Vec<String> {
        let mut numbers = Vec::new();
        for row in self.times(equipment).filter(|row| row.user.is_none()) {
            if self.span(row.from, row.until).and(span).us() > 0 {
                add(&mut numbers, row.number.clone());
            }
        }
        numbers
    }
}

/// A break or a meal: clocked in, and not at work.
fn is_away(row: &LaborRow) -> bool {
    matches!(row.entry_type.as_str(), "break" | "meal" | "lunch")
}

fn add<T: PartialEq>(to: &mut Vec<T>, more: T) {
    if !to.contains(&more) {
        to.push(more);
    }
}

#[cfg(test)]
mod tests;
