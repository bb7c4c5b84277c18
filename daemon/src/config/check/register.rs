//! Signals from registers: which, and what they hold.

use kart_core::signal::SignalName;
use std::{sync::Arc, time::Duration};

use super::{Check, HOUR_MS, device::Device, raw, signal::Place};
use crate::ingest::modbus::{
    notation,
    order::Order,
    plan::{GroupPlan, Kind, Point, Table},
};

const LEAST_INTERVAL_MS: u64 = 50;
/// Registers of the longest word.
const LONGEST_TEXT: u16 = 32;

impl Check<'_, '_> {
    pub(super) fn register(
        &mut self,
        place: &Place<'_>,
        signal: &raw::Signal,
        device: &mut Device,
    ) {
        let at = place.at;
        let interval_ms = signal.interval_ms.unwrap_or_default();
        self.within(&format!("{at}.interval_ms"), interval_ms, LEAST_INTERVAL_MS, HOUR_MS);
        let phase_ms = signal.phase_ms.unwrap_or_default();
        self.within(&format!("{at}.phase_ms"), phase_ms, 0, interval_ms.saturating_sub(1));
        let table = signal.table.unwrap_or(Table::Holding);
        let kind = self.kind(at, signal, table);
        let address = self.register_address(at, signal, table, device.base);
        let (Some(address), Some(kind)) = (address, kind) else { return };
        let point = Point {
            machine: place.machine,
            signal: SignalName::from(&*signal.name),
            table,
            address,
            kind,
            order: signal.order.unwrap_or(Order::standard(kind.bytes())),
            scale: signal.scale,
            offset: signal.offset,
        };
        self.reachable(at, &point, device);
        let (interval, phase) =
            (Duration::from_millis(interval_ms), Duration::from_millis(phase_ms));
        let mut groups = device.plan.groups.iter_mut();
        match groups.find(|group| (group.interval, group.phase) == (interval, phase)) {
            Some(group) => group.points.push(Arc::new(point)),
            None => {
                let points = vec![Arc::new(point)];
                device.plan.groups.push(GroupPlan { interval, phase, points });
            },
        }
    }

    /// As it goes over the wire.
    fn register_address(
        &mut self,
        at: &str,
        signal: &raw::Signal,
        table: Table,
        base: u16,
    ) -> Option<u16> {
        let path = format!("{at}.address");
        let message = match &signal.address {
            Some(toml::Value::Integer(number)) => {
                let found = u16::try_from(*number - i64::from(base)).ok();
                if found.is_some() {
                    return found;
                }
                format!("{number} is not within {base} to {}", 65_535 + u32::from(base))
            },
            Some(toml::Value::String(text)) => match notation::parse(text) {
                Ok((named, address)) if named == table => return Some(address),
                Ok((named, _)) => format!("{text:?} is a {}; `table` says otherwise", named.word()),
                Err(fault) => format!("{text:?} is no address: {fault}"),
            },
            Some(_) => "a number, or a text such as \"40001\", is needed".to_owned(),
            None => format!("missing: the first register, counted from {base}"),
        };
        self.fault(&path, message);
        None
    }

    /// Whether a request can hold the point.
    fn reachable(&mut self, at: &str, point: &Point, device: &Device) {
        let path = format!("{at}.address");
        let limits = &device.plan.limits;
        let (from, width) = (u32::from(point.address), point.kind.width());
        if from + u32::from(width) > 65_536 {
            self.fault(&path, "the value would end behind register 65535");
        }
        if width > limits.max_registers && !point.table.is_bits() {
            let message = "the value is longer than max_registers of its device";
            self.fault(&path, message);
        }
        let inside = limits.holes.iter().any(|hole| {
            let ends = from + u32::from(width) > u32::from(hole.from) && from <= u32::from(hole.to);
            hole.table == point.table && ends
        });
        if inside {
            self.fault(&path, "the value lies in a hole of its device");
        }
    }

    fn kind(&mut self, at: &str, signal: &raw::Signal, table: Table) -> Option<Kind> {
        let Some(kind) = signal.kind else {
            let message =
                "missing: \"u16\", \"i16\", \"u32\", \"i32\", \"f32\", \"bit\" or another";
            self.fault(&format!("{at}.type"), message);
            return None;
        };
        self.fitting_keys(at, signal, kind, table);
        if table.is_bits() {
            if kind != raw::Kind::Bit {
                let message = format!("a {} is a \"bit\"", table.word());
                self.fault(&format!("{at}.type"), message);
            }
            return Some(Kind::Bit(0));
        }
        let whole = |bytes, signed| Some(Kind::Whole { bytes, signed });
        match kind {
            raw::Kind::U8 => self.byte(at, signal, false),
            raw::Kind::I8 => self.byte(at, signal, true),
            raw::Kind::U16 => whole(2, false),
            raw::Kind::I16 => whole(2, true),
            raw::Kind::U32 => whole(4, false),
            raw::Kind::I32 => whole(4, true),
            raw::Kind::U64 => whole(8, false),
            raw::Kind::I64 => whole(8, true),
            raw::Kind::F16 => Some(Kind::Float { bytes: 2 }),
            raw::Kind::F32 => Some(Kind::Float { bytes: 4 }),
            raw::Kind::F64 => Some(Kind::Float { bytes: 8 }),
            raw::Kind::Bcd16 => Some(Kind::Bcd { bytes: 2 }),
            raw::Kind::Bcd32 => Some(Kind::Bcd { bytes: 4 }),
            raw::Kind::Bcd64 => Some(Kind::Bcd { bytes: 8 }),
            raw::Kind::Bit => self.lowest(at, signal).map(Kind::Bit),
            raw::Kind::Bits => self.field(at, signal),
            raw::Kind::Text => self.text(at, signal),
        }
    }

    fn byte(&mut self, at: &str, signal: &raw::Signal, signed: bool) -> Option<Kind> {
        if signal.byte.is_none() {
            self.fault(&format!("{at}.byte"), "missing: which half of the register, high or low");
        }
        let high = signal.byte? == raw::Half::High;
        Some(Kind::Byte { high, signed })
    }

    fn lowest(&mut self, at: &str, signal: &raw::Signal) -> Option<u8> {
        let bit = signal.bit.filter(|bit| *bit < 16);
        if bit.is_none() {
            self.fault(&format!("{at}.bit"), "0 to 15 is needed, counted from the lowest");
        }
        bit
    }

    fn field(&mut self, at: &str, signal: &raw::Signal) -> Option<Kind> {
        let low = self.lowest(at, signal)?;
        let bits = signal.bits.filter(|bits| (1..=16 - low).contains(bits));
        if bits.is_none() {
            let message = format!("1 to {} is needed: how many, from `bit` on", 16 - low);
            self.fault(&format!("{at}.bits"), message);
        }
        Some(Kind::Field { low, bits: bits? })
    }

    fn text(&mut self, at: &str, signal: &raw::Signal) -> Option<Kind> {
        let registers = signal.registers.filter(|n| (1..=LONGEST_TEXT).contains(n));
        if registers.is_none() {
            let message = format!("1 to {LONGEST_TEXT} is needed: two characters in each");
            self.fault(&format!("{at}.registers"), message);
        }
        Some(Kind::Text { registers: registers? })
    }

    /// Keys that mean nothing here.
    fn fitting_keys(&mut self, at: &str, signal: &raw::Signal, kind: raw::Kind, table: Table) {
        use raw::Kind as K;
        let registers = !table.is_bits();
        let only = [
            ("byte", signal.byte.is_some(), matches!(kind, K::U8 | K::I8), "\"u8\" and \"i8\""),
            (
                "bit",
                signal.bit.is_some(),
                registers && matches!(kind, K::Bit | K::Bits),
                "\"bit\" and \"bits\" of registers",
            ),
            ("bits", signal.bits.is_some(), kind == K::Bits, "\"bits\""),
            ("registers", signal.registers.is_some(), kind == K::Text, "\"text\""),
        ];
        for (key, _, _, types) in only.iter().filter(|(_, set, fits, _)| *set && !fits) {
            self.fault(&format!("{at}.{key}"), format!("only for type {types}"));
        }
        let bytes = match kind {
            K::Bit | K::Bits | K::U8 | K::I8 | K::U16 | K::I16 | K::F16 | K::Bcd16 | K::Text => 2,
            K::U32 | K::I32 | K::F32 | K::Bcd32 => 4,
            K::U64 | K::I64 | K::F64 | K::Bcd64 => 8,
        };
        self.order_of(&format!("{at}.order"), signal.order, bytes);
        if signal.order.is_some() && kind == K::Bit && !registers {
            self.fault(&format!("{at}.order"), format!("a {} has no bytes", table.word()));
        }
        let no_number = matches!(kind, K::Bit | K::Text);
        for (key, factor) in [("scale", signal.scale), ("offset", signal.offset)] {
            match factor {
                Some(_) if no_number => {
                    let what = if kind == K::Bit { "a bit" } else { "text" };
                    self.fault(&format!("{at}.{key}"), format!("{what} cannot be scaled"));
                },
                Some(factor) if !factor.is_normal() => {
                    self.fault(&format!("{at}.{key}"), "a number other than 0 is needed");
                },
                _ => {},
            }
        }
    }
}

/// Keys of a signal that comes from registers.
pub(super) fn device_keys(signal: &raw::Signal) -> [(&'static str, bool); 12] {
    [
        ("table", signal.table.is_some()),
        ("address", signal.address.is_some()),
        ("type", signal.kind.is_some()),
        ("byte", signal.byte.is_some()),
        ("bit", signal.bit.is_some()),
        ("bits", signal.bits.is_some()),
        ("registers", signal.registers.is_some()),
        ("order", signal.order.is_some()),
        ("scale", signal.scale.is_some()),
        ("offset", signal.offset.is_some()),
        ("interval_ms", signal.interval_ms.is_some()),
        ("phase_ms", signal.phase_ms.is_some()),
    ]
}
