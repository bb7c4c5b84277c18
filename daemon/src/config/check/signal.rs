//! Where a signal's values come from.

use super::{Check, Sources, broker::broker_keys, raw, register::device_keys};

/// A signal and where it stands in the file.
pub(super) struct Place<'s> {
    pub at: &'s str,
    pub machine: usize,
    pub code: &'s str,
    pub counted: bool,
}

impl Check<'_, '_> {
    /// Enters `signal` with the device or broker it comes from.
    pub(super) fn signal(
        &mut self,
        place: &Place<'_>,
        signal: &raw::Signal,
        sources: &mut Sources,
    ) {
        let at = place.at;
        self.name(&format!("{at}.name"), &signal.name);
        if signal.unit.chars().count() > 16 || signal.unit.chars().any(char::is_control) {
            self.fault(&format!("{at}.unit"), "at most 16 visible characters are possible");
        }
        match (&signal.device, &signal.broker) {
            (Some(name), None) => {
                self.foreign_keys(at, "broker", &broker_keys(signal));
                match sources.devices.get_mut(name) {
                    Some(device) => self.register(place, signal, device),
                    None => self.fault(&format!("{at}.device"), unknown("device", name)),
                }
            },
            (None, Some(name)) => {
                self.foreign_keys(at, "device", &device_keys(signal));
                match sources.brokers.get_mut(name) {
                    Some(broker) => self.heard(place, signal, broker),
                    None => self.fault(&format!("{at}.broker"), unknown("broker", name)),
                }
            },
            (None, None) => self.fault(at, "`device` or `broker` is missing"),
            (Some(_), Some(_)) => {
                self.fault(&format!("{at}.broker"), "a signal has a device or a broker, not both");
            },
        }
    }

    fn foreign_keys(&mut self, at: &str, owner: &str, keys: &[(&str, bool)]) {
        for (key, _) in keys.iter().filter(|(_, set)| *set) {
            self.fault(&format!("{at}.{key}"), format!("only for a signal of a {owner}"));
        }
    }
}

fn unknown(what: &str, name: &str) -> String {
    format!("there is no {what} {name:?}")
}
