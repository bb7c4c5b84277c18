//! Machines: their signals and what counts.

use kart_core::{
    counter::CounterShape,
    id::{EquipmentId, StationId, reference_id},
    machine::MachineState,
    map::{CounterMap, MachineMap},
};

use super::{Check, HOUR_MS, MOST_SIGNALS, Sources, raw, signal::Place};

impl Check<'_, '_> {
    pub(super) fn machines(&mut self, file: &raw::File, sources: &mut Sources) -> Vec<MachineMap> {
        let codes = file.machine.iter().map(|machine| machine.code.as_str()).enumerate();
        self.distinct(codes.map(|(n, code)| (format!("machine[{n}].code"), code)));
        if file.machine.iter().map(|machine| machine.signal.len()).sum::<usize>() > MOST_SIGNALS {
            self.fault("", format!("more than {MOST_SIGNALS} signals"));
        }
        let (organization, site) = (&file.site.organization, &file.site.code);
        let id = |table: &str, code: &str| reference_id(organization, site, table, code);
        let station = file.terminal.station.as_ref();
        let station = station.map(|code| StationId(id("ops_stations", code)));
        let machines = file.machine.iter().enumerate();
        machines
            .map(|(n, raw)| {
                let equipment = EquipmentId(id("oee_equipment", &raw.code));
                self.machine(n, raw, sources, (equipment, station))
            })
            .collect()
    }

    fn machine(
        &mut self,
        index: usize,
        raw: &raw::Machine,
        sources: &mut Sources,
        (equipment, station): (EquipmentId, Option<StationId>),
    ) -> MachineMap {
        let at = format!("machine[{index}]");
        self.name(&format!("{at}.code"), &raw.code);
        self.positive(&format!("{at}.ideal_cycle_s"), raw.ideal_cycle_s);
        self.state(&format!("{at}.otherwise"), raw.otherwise);
        let names = raw.signal.iter().map(|signal| signal.name.as_str()).enumerate();
        self.distinct(names.map(|(n, name)| (format!("{at}.signal[{n}].name"), name)));
        for (n, signal) in raw.signal.iter().enumerate() {
            let counted = raw.counter.iter().any(|counter| counter.signal == signal.name);
            let at = format!("{at}.signal[{n}]");
            self.signal(
                &Place { at: &at, machine: index, code: &raw.code, counted },
                signal,
                sources,
            );
        }
        MachineMap {
            equipment,
            station,
            signals: raw.signal.iter().map(|s| (s.name.clone(), s.unit.clone())).collect(),
            counters: self.counters(&at, raw),
            rules: self.rules(&at, raw),
            otherwise: raw.otherwise,
            stale_us: self.stale_us(&at, raw),
            habits: self.habits(&at, raw),
        }
    }

    pub(super) fn positive(&mut self, path: &str, number: Option<f64>) {
        if number.is_some_and(|number| !number.is_normal() || number < 0.0) {
            self.fault(path, "a number above 0 is needed");
        }
    }

    /// `unknown` is not for rules: the terminal says it of what it cannot see.
    pub(super) fn state(&mut self, path: &str, state: MachineState) {
        if state == MachineState::Unknown {
            self.fault(path, "\"unknown\" is what the terminal says when it cannot see a machine");
        }
    }

    fn stale_us(&mut self, at: &str, raw: &raw::Machine) -> i64 {
        let path = format!("{at}.stale_after_ms");
        let stale_ms = raw.stale_after_ms.unwrap_or_default();
        let slowest = raw.signal.iter().filter_map(|signal| signal.interval_ms).max();
        let least = slowest.unwrap_or(0).saturating_mul(2).max(100);
        if stale_ms < least {
            let message = format!("{stale_ms} is less than {least}, twice the slowest interval_ms");
            self.fault(&path, message);
        }
        self.within(&path, stale_ms.max(least), 100, 24 * HOUR_MS);
        micros(stale_ms)
    }

    fn counters(&mut self, at: &str, raw: &raw::Machine) -> Vec<CounterMap> {
        let names = raw.counter.iter().map(|counter| counter.signal.as_str()).enumerate();
        self.distinct(names.map(|(n, name)| (format!("{at}.counter[{n}].signal"), name)));
        let counters = raw.counter.iter().enumerate();
        counters
            .filter_map(|(n, counter)| {
                let at = format!("{at}.counter[{n}]");
                self.counted_signal(&format!("{at}.signal"), raw, &counter.signal);
                let path = format!("{at}.max_per_s");
                self.positive(&path, counter.max_per_s);
                if counter.max_per_s.is_none() && raw.ideal_cycle_s.is_none() {
                    let message = "missing: parts per second, or ideal_cycle_s of the machine";
                    self.fault(&path, message);
                }
                let wraps_at = self.wraps_at(&at, counter);
                let shape = CounterShape { wraps_at, max_per_s: counter.max_per_s? };
                Some(CounterMap { signal: counter.signal.clone(), kind: counter.kind, shape })
            })
            .collect()
    }

    /// Where a counter begins again, in one of two words.
    fn wraps_at(&mut self, at: &str, counter: &raw::Counter) -> Option<i64> {
        let wraps_at = match (counter.width, counter.wraps_at) {
            (Some(_), Some(_)) => {
                self.fault(&format!("{at}.wraps_at"), "says something else than width");
                None
            },
            (Some(bits @ (16 | 32)), None) => Some(1 << bits),
            (None, Some(0)) | (None | Some(0), None) => None,
            (None, wraps_at) => wraps_at,
            (Some(_), None) => {
                let message = "16 or 32 is needed, or 0 for one that never begins again";
                self.fault(&format!("{at}.width"), message);
                None
            },
        };
        if wraps_at.is_some_and(|wraps_at| !(2..=1 << 62).contains(&wraps_at)) {
            let message = "2 to 2^62 is needed, or 0 for one that never begins again";
            self.fault(&format!("{at}.wraps_at"), message);
        }
        wraps_at
    }

    /// Counts are whole, so that none is lost in a fraction.
    fn counted_signal(&mut self, path: &str, machine: &raw::Machine, name: &str) {
        let Some(signal) = machine.signal.iter().find(|signal| signal.name == name) else {
            self.fault(path, format!("this machine has no signal {name:?}"));
            return;
        };
        let fractional = signal.kind.is_some_and(|kind| !kind.is_whole());
        if fractional || signal.scale.is_some() || signal.offset.is_some() {
            let message =
                format!("{name:?} is not whole: u16, u32, u64 and such without scale are");
            self.fault(path, message);
        }
    }
}

pub(super) fn micros(millis: u64) -> i64 {
    i64::try_from(millis.saturating_mul(1000)).unwrap_or(i64::MAX)
}
