//! Devices, and the lines they share: those with one address are asked over one connection.

use std::{collections::BTreeMap, time::Duration};

use super::{Check, HOUR_MS, raw};
use crate::ingest::modbus::{
    order::Order,
    plan::{Address, DevicePlan, Hole, Limits, LinePlan, Parity, Rate, SerialPlan},
    verdict::Verdict,
};

/// A device while its points are gathered.
pub(super) struct Device {
    at: String,
    /// 0 or 1: what the first address is called.
    pub base: u16,
    /// As the file has it.
    place: String,
    /// Without devices.
    line: LinePlan,
    pub plan: DevicePlan,
}

impl Check<'_, '_> {
    pub(super) fn device(&mut self, at: &str, raw: &raw::Device) -> Device {
        self.name(&format!("{at}.name"), &raw.name);
        self.within(&format!("{at}.timeout_ms"), raw.timeout_ms, 10, 60_000);
        self.within(&format!("{at}.retry_ms"), raw.retry_ms, 1000, HOUR_MS);
        self.within(&format!("{at}.max_gap"), raw.max_gap.into(), 0, 124);
        self.within(&format!("{at}.max_registers"), raw.max_registers.into(), 1, 125);
        self.within(&format!("{at}.address_base"), raw.address_base.into(), 0, 1);
        self.within(&format!("{at}.connect_pause_ms"), raw.connect_pause_ms, 0, 60_000);
        self.within(&format!("{at}.request_pause_ms"), raw.request_pause_ms, 0, 60_000);
        let orders =
            [("order_16", raw.order_16, 2), ("order", raw.order, 4), ("order_64", raw.order_64, 8)];
        for (key, order, bytes) in orders {
            self.order_of(&format!("{at}.{key}"), order, bytes);
        }
        let holes = raw.hole.iter().enumerate();
        let holes = holes.filter_map(|(n, hole)| self.hole(&format!("{at}.hole[{n}]"), raw, hole));
        let limits = Limits {
            holes: holes.collect(),
            max_gap: raw.max_gap,
            max_registers: raw.max_registers,
            merge: raw.merge,
        };
        self.rate_keys(at, raw);
        let second = raw.second_address.as_ref();
        let line = LinePlan {
            address: self.line_address(&format!("{at}.address"), raw, &raw.address),
            second: second.map(|s| self.line_address(&format!("{at}.second_address"), raw, s)),
            connect_pause: Duration::from_millis(raw.connect_pause_ms),
            request_pause: Duration::from_millis(raw.request_pause_ms),
            devices: Vec::new(),
        };
        let plan = DevicePlan {
            name: raw.name.clone(),
            unit: raw.unit,
            timeout: Duration::from_millis(raw.timeout_ms),
            retry: Duration::from_millis(raw.retry_ms),
            limits,
            groups: Vec::new(),
        };
        let place = raw.address.clone();
        Device { at: at.to_owned(), base: raw.address_base.into(), place, line, plan }
    }

    pub(super) fn order_of(&mut self, path: &str, order: Option<Order>, bytes: u8) {
        if order.is_some_and(|order| order.bytes() != bytes) {
            self.fault(path, format!("{bytes} letters are needed: the value has {bytes} bytes"));
        }
    }

    fn hole(&mut self, at: &str, raw: &raw::Device, hole: &raw::Hole) -> Option<Hole> {
        let base = raw.address_base.into();
        let ends = hole.from.checked_sub(base).zip(hole.to.checked_sub(base));
        let hole = ends.map(|(from, to)| Hole { table: hole.table, from, to });
        let hole = hole.filter(|hole| hole.from <= hole.to);
        if hole.is_none() {
            self.fault(at, "`from` is the first address of the hole, `to` the last");
        }
        hole
    }

    fn line_address(&mut self, path: &str, raw: &raw::Device, address: &str) -> Address {
        let transport = raw.transport.unwrap_or_default();
        if transport != raw::Transport::Serial {
            self.address(path, address);
        } else if !address.starts_with('/') {
            let message = "a serial port is needed, for example \"/dev/serial/by-id/usb-…\"";
            self.fault(path, message);
        }
        let place = address.to_owned();
        match transport {
            raw::Transport::Tcp => Address::Tcp(place),
            raw::Transport::RtuOverTcp => {
                Address::RtuOverTcp(place, raw.baud.map(|baud| rate(raw, baud)))
            },
            raw::Transport::Serial => {
                let rate = rate(raw, raw.baud.unwrap_or_default());
                Address::Serial(SerialPlan { path: place, rate })
            },
        }
    }

    /// The keys that say how fast a serial line is.
    fn rate_keys(&mut self, at: &str, raw: &raw::Device) {
        let transport = raw.transport.unwrap_or_default();
        let unfit = match transport {
            raw::Transport::Tcp => Some("only for transport \"serial\" and \"rtu_over_tcp\""),
            raw::Transport::RtuOverTcp if raw.baud.is_none() => Some("only together with baud"),
            raw::Transport::RtuOverTcp | raw::Transport::Serial => None,
        };
        let keys = [
            ("baud", raw.baud.map(u64::from), 300, 4_000_000),
            ("parity", raw.parity.map(|_| 0), 0, 0),
            ("stop_bits", raw.stop_bits.map(u64::from), 1, 2),
        ];
        for (key, value, least, most) in keys {
            match (value, unfit) {
                (Some(_), Some(message)) => self.fault(&format!("{at}.{key}"), message),
                (Some(value), None) => self.within(&format!("{at}.{key}"), value, least, most),
                (None, _) => {},
            }
        }
    }

    /// Puts the devices that have points on their lines, and asks whether each line has time.
    pub(super) fn lines(&mut self, devices: BTreeMap<String, Device>) -> Vec<LinePlan> {
        let mut lines: Vec<(String, String, LinePlan)> = Vec::new();
        for device in devices.into_values() {
            let Device { at, place, line, plan, .. } = device;
            let found = lines.iter_mut().find(|(_, other, _)| *other == place);
            let (_, _, shared) = match found {
                Some(shared) => shared,
                None => lines.push_mut((at.clone(), place, line.clone())),
            };
            let devices = std::mem::take(&mut shared.devices);
            if *shared != line {
                let message = "another device has this address; transport, baud, parity, \
                               stop_bits, second_address and pauses must then be the same";
                self.fault(&format!("{at}.address"), message);
            }
            shared.devices = devices;
            if let Some(other) = shared.devices.iter().find(|other| other.unit == plan.unit) {
                let message = format!("device {:?} is this unit of this address", other.name);
                self.fault(&format!("{at}.unit"), message);
            }
            shared.devices.push(plan);
        }
        for (at, _, line) in &mut lines {
            line.devices.retain(|device| !device.groups.is_empty());
            if let Some(refusal) = Verdict::of(line).refusal() {
                self.fault(at, refusal);
            }
        }
        lines.into_iter().map(|(_, _, line)| line).filter(|line| !line.devices.is_empty()).collect()
    }
}

fn rate(raw: &raw::Device, baud: u32) -> Rate {
    let (parity, stop_bits) = (raw.parity.unwrap_or(Parity::Even), raw.stop_bits.unwrap_or(1));
    Rate { baud, parity, stop_bits }
}
