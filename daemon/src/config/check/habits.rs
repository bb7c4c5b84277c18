//! How a machine works: its pace, its stops, and what its signals name.

use kart_core::{
    deadband::Deadband,
    map::{Codes, Habits},
    signal::{SignalName, Value},
};
use std::collections::{BTreeMap, BTreeSet};

use super::{Check, HOUR_MS, machine::micros, raw};
use crate::ingest::mqtt::topic::Dating;

/// The longest stop that can go unasked, seconds.
const LONGEST_S: f64 = 3_600.0;

impl Check<'_, '_> {
    pub(super) fn habits(&mut self, at: &str, raw: &raw::Machine) -> Habits {
        let minimum = self.seconds(&format!("{at}.minimum_stop_s"), raw.minimum_stop_s);
        let micro = self.seconds(&format!("{at}.micro_stop_s"), raw.micro_stop_s);
        if let (Some(minimum), Some(micro)) = (minimum, micro)
            && micro <= minimum
        {
            let message = "must be more than minimum_stop_s: no stop could be a micro-stop";
            self.fault(&format!("{at}.micro_stop_s"), message);
        }
        let cycle = self.seconds(&format!("{at}.ideal_cycle_s"), raw.ideal_cycle_s);
        let heartbeat = raw.heartbeat.as_ref().map(|heartbeat| {
            let at = format!("{at}.heartbeat");
            self.known_signal(&at, raw, &heartbeat.signal);
            self.within(&format!("{at}.within_ms"), heartbeat.within_ms, 100, HOUR_MS);
            (SignalName::from(&*heartbeat.signal), micros(heartbeat.within_ms))
        });
        let fault = raw.fault.as_ref();
        let fault = fault.map(|fault| (&fault.signal, &fault.reasons, "fault.reasons"));
        let product = raw.product.as_ref();
        let product =
            product.map(|product| (&product.signal, &product.products, "product.products"));
        if raw.changes_per_minute == 1 || raw.changes_per_minute > 6_000 {
            let message = "2 to 6000 are possible, or 0 for any number";
            self.fault(&format!("{at}.changes_per_minute"), message);
        }
        let deadbands = self.deadbands(at, raw);
        let mut codes = |given: Option<(&String, &BTreeMap<String, String>, &str)>| {
            let (signal, table, key) = given?;
            self.codes(&format!("{at}.{key}"), raw, signal, table)
        };
        Habits {
            cycle_us: cycle.unwrap_or_default(),
            minimum_stop_us: minimum.unwrap_or_default(),
            micro_stop_us: micro.unwrap_or_default(),
            heartbeat,
            fault: codes(fault),
            product: codes(product),
            deadbands,
            changes_per_minute: raw.changes_per_minute,
            arrival: arrival(raw),
        }
    }

    fn deadbands(&mut self, at: &str, raw: &raw::Machine) -> BTreeMap<SignalName, Deadband> {
        let mut deadbands = BTreeMap::new();
        for (n, signal) in raw.signal.iter().enumerate() {
            let at = format!("{at}.signal[{n}]");
            let given = [signal.deadband, signal.deadband_percent];
            let banded = given.iter().any(Option::is_some);
            self.positive(&format!("{at}.deadband"), signal.deadband);
            self.positive(&format!("{at}.deadband_percent"), signal.deadband_percent);
            let restate_us = self.seconds(&format!("{at}.restate_s"), signal.restate_s);
            if signal.restate_s.is_some() && !banded {
                let message =
                    "only with deadband or deadband_percent: all else is reported as read";
                self.fault(&format!("{at}.restate_s"), message);
            }
            let counted = raw.counter.iter().any(|counter| counter.signal == signal.name);
            if banded && counted {
                let message = "a counter has none: every part counts";
                self.fault(&format!("{at}.deadband"), message);
            }
            let [absolute, percent] = given.map(Option::unwrap_or_default);
            let deadband =
                Deadband { absolute, percent, restate_us: restate_us.unwrap_or_default() };
            if banded {
                deadbands.insert(signal.name.clone(), deadband);
            }
        }
        deadbands
    }

    fn codes(
        &mut self,
        at: &str,
        machine: &raw::Machine,
        signal: &str,
        table: &BTreeMap<String, String>,
    ) -> Option<Codes> {
        self.known_signal(at, machine, signal);
        for (value, code) in table {
            self.name(&format!("{at}.{value}"), code);
        }
        let table = table.iter().map(|(value, code)| (code_value(value), code.clone())).collect();
        Some(Codes { signal: signal.to_owned(), table })
    }

    fn known_signal(&mut self, at: &str, machine: &raw::Machine, name: &str) {
        if machine.signal.iter().all(|signal| signal.name != name) {
            self.fault(at, format!("this machine has no signal {name:?}"));
        }
    }

    /// Seconds as microseconds.
    pub(super) fn seconds(&mut self, path: &str, seconds: Option<f64>) -> Option<i64> {
        let seconds = seconds?;
        if !(seconds > 0.0 && seconds <= LONGEST_S) {
            self.fault(path, format!("more than 0 and at most {LONGEST_S} seconds are possible"));
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
        Some((seconds * 1e6).round() as i64)
    }
}

/// A key of a table of codes: a whole number where it is one, otherwise a word.
pub(super) fn code_value(key: &str) -> Value {
    key.parse().map_or_else(|_| Value::Word(key.to_owned()), Value::Whole)
}

/// Signals from messages that get no time but that of their arrival.
fn arrival(raw: &raw::Machine) -> BTreeSet<SignalName> {
    let heard = raw.signal.iter().filter(|signal| signal.broker.is_some());
    let undated = heard.filter(|signal| signal.time.unwrap_or_default() == Dating::Arrival);
    undated.map(|signal| SignalName::from(&*signal.name)).collect()
}
