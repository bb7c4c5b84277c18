//! Where a signal's values come from.

use kart_core::signal::SignalName;
use std::time::Duration;

use super::{Check, HOUR_MS, Sources, raw};
use crate::ingest::{
    modbus::plan::{DevicePlan, GroupPlan, Kind, Point},
    mqtt::topic::{BrokerPlan, TopicPlan, TopicSignal},
};

const LEAST_INTERVAL_MS: u64 = 50;
const LONGEST_TOPIC: usize = 1024;

/// A signal and where it stands in the file.
pub(super) struct Place<'s> {
    pub at: &'s str,
    pub machine: usize,
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
                    Some(broker) => self.topic(place, signal, broker),
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

    fn register(&mut self, place: &Place<'_>, signal: &raw::Signal, device: &mut DevicePlan) {
        let at = place.at;
        let interval_ms = signal.interval_ms.unwrap_or_default();
        self.within(&format!("{at}.interval_ms"), interval_ms, LEAST_INTERVAL_MS, HOUR_MS);
        let kind = self.kind(at, signal);
        if signal.address.is_none() {
            self.fault(&format!("{at}.address"), "missing: the first register, counted from 0");
        }
        let (Some(table), Some(address), Some(kind)) = (signal.table, signal.address, kind) else {
            return;
        };
        if u32::from(address) + u32::from(kind.width()) > 65_536 {
            let message = "the value would end behind register 65535";
            self.fault(&format!("{at}.address"), message);
        }
        let point = Point {
            machine: place.machine,
            signal: SignalName::from(&*signal.name),
            table,
            address,
            kind,
            order: signal.word_order.unwrap_or_default(),
            scale: signal.scale,
        };
        let interval = Duration::from_millis(interval_ms);
        match device.groups.iter_mut().find(|group| group.interval == interval) {
            Some(group) => group.points.push(point),
            None => device.groups.push(GroupPlan { interval, points: vec![point] }),
        }
    }

    fn kind(&mut self, at: &str, signal: &raw::Signal) -> Option<Kind> {
        let Some(kind) = signal.kind else {
            let message = "missing: \"u16\", \"i16\", \"u32\", \"i32\", \"f32\" or \"bit\"";
            self.fault(&format!("{at}.type"), message);
            return None;
        };
        let kind = match (kind, signal.bit) {
            (raw::Kind::Bit, Some(bit @ 0..=15)) => Kind::Bit(bit),
            (raw::Kind::Bit, _) => {
                let message = "0 to 15 is needed, counted from the lowest";
                self.fault(&format!("{at}.bit"), message);
                return None;
            },
            (raw::Kind::U16, _) => Kind::U16,
            (raw::Kind::I16, _) => Kind::I16,
            (raw::Kind::U32, _) => Kind::U32,
            (raw::Kind::I32, _) => Kind::I32,
            (raw::Kind::F32, _) => Kind::F32,
        };
        if signal.bit.is_some() && !matches!(kind, Kind::Bit(_)) {
            self.fault(&format!("{at}.bit"), "only for type \"bit\"");
        }
        if signal.word_order.is_some() && kind.width() == 1 {
            self.fault(&format!("{at}.word_order"), "only for a value of two registers");
        }
        match signal.scale {
            Some(_) if matches!(kind, Kind::Bit(_)) => {
                self.fault(&format!("{at}.scale"), "a bit cannot be scaled");
            },
            Some(scale) if !scale.is_normal() => {
                self.fault(&format!("{at}.scale"), "a number other than 0 is needed");
            },
            _ => {},
        }
        Some(kind)
    }

    fn topic(&mut self, place: &Place<'_>, signal: &raw::Signal, broker: &mut BrokerPlan) {
        let at = place.at;
        let Some(topic) = &signal.topic else {
            self.fault(&format!("{at}.topic"), "missing");
            return;
        };
        let odd = topic.contains(['+', '#', '\0']) || topic.is_empty();
        if odd || topic.len() > LONGEST_TOPIC {
            let message = "one exact topic is needed, without + and #";
            self.fault(&format!("{at}.topic"), message);
        }
        let format = signal.format.unwrap_or_default();
        for (key, pointer) in [("pointer", &signal.pointer), ("time_pointer", &signal.time_pointer)]
        {
            let Some(pointer) = pointer else { continue };
            let path = format!("{at}.{key}");
            if format == crate::ingest::mqtt::payload::Format::Plain {
                self.fault(&path, "only for format \"json\"");
            } else if !pointer.is_empty() && !pointer.starts_with('/') {
                self.fault(&path, "a JSON pointer begins with /, for example \"/good\"");
            }
        }
        let wanted = TopicSignal {
            machine: place.machine,
            signal: SignalName::from(&*signal.name),
            pointer: signal.pointer.clone().unwrap_or_default(),
            time_pointer: signal.time_pointer.clone(),
            whole: place.counted,
        };
        let fresh = TopicPlan { format, signals: Vec::new() };
        let plan = broker.topics.entry(topic.clone()).or_insert(fresh);
        if plan.format != format {
            self.fault(&format!("{at}.format"), "another signal of this topic has another format");
        }
        plan.signals.push(wanted);
    }
}

fn unknown(what: &str, name: &str) -> String {
    format!("there is no {what} {name:?}")
}

fn device_keys(signal: &raw::Signal) -> [(&'static str, bool); 7] {
    [
        ("table", signal.table.is_some()),
        ("address", signal.address.is_some()),
        ("type", signal.kind.is_some()),
        ("bit", signal.bit.is_some()),
        ("word_order", signal.word_order.is_some()),
        ("scale", signal.scale.is_some()),
        ("interval_ms", signal.interval_ms.is_some()),
    ]
}

fn broker_keys(signal: &raw::Signal) -> [(&'static str, bool); 4] {
    [
        ("topic", signal.topic.is_some()),
        ("format", signal.format.is_some()),
        ("pointer", signal.pointer.is_some()),
        ("time_pointer", signal.time_pointer.is_some()),
    ]
}
