//! Fills in the defaults that depend on other values, and makes paths absolute.

use std::path::{Path, PathBuf};

use super::raw::{Counter, Device, File, Kind, Machine, Signal, Transport};
use crate::ingest::modbus::{
    notation,
    order::Order,
    plan::{Parity, Table},
};

/// A counter may run this much faster than the ideal cycle before it is doubted.
const SLACK: f64 = 1.2;
const INTERVAL_MS: u64 = 1000;
/// Messages often come only on a change, and from time to time all the same.
const STALE_MQTT_MS: u64 = 60_000;
const STALE_MODBUS_MS: u64 = 5000;

pub(super) fn complete(mut file: File, folder: &Path) -> File {
    let absolute = |path: &mut PathBuf| *path = folder.join(&*path);
    let terminal = &mut file.terminal;
    absolute(&mut terminal.data_dir);
    let socket = terminal.socket.get_or_insert_with(|| terminal.data_dir.join("kartd.sock"));
    absolute(socket);
    file.site.file.as_mut().map(absolute);
    file.headquarters.as_mut().and_then(|hq| hq.ca_file.as_mut()).map(absolute);
    for broker in &mut file.broker {
        broker.password_file.as_mut().map(absolute);
        broker.ca_file.as_mut().map(absolute);
        broker.cert_file.as_mut().map(absolute);
        broker.key_file.as_mut().map(absolute);
        broker.client_id.get_or_insert_with(|| format!("kartd-{}", file.terminal.code));
    }
    file.device.iter_mut().for_each(complete_device);
    for machine in &mut file.machine {
        complete_machine(machine, &file.device);
    }
    file
}

fn complete_device(device: &mut Device) {
    let port = device.address.starts_with('/');
    let usual = if port { Transport::Serial } else { Transport::Tcp };
    let transport = *device.transport.get_or_insert(usual);
    if transport == Transport::Serial {
        device.baud.get_or_insert(19_200);
    }
    if transport != Transport::Tcp && device.baud.is_some() {
        device.parity.get_or_insert(Parity::Even);
        device.stop_bits.get_or_insert(1);
    }
    device.order_16.get_or_insert(Order::standard(2));
    device.order.get_or_insert(Order::standard(4));
    device.order_64.get_or_insert(Order::standard(8));
}

fn complete_machine(machine: &mut Machine, devices: &[Device]) {
    for signal in &mut machine.signal {
        let device = devices.iter().find(|device| Some(&device.name) == signal.device.as_ref());
        complete_signal(signal, device);
    }
    for counter in &mut machine.counter {
        let signal = machine.signal.iter().find(|signal| signal.name == counter.signal);
        complete_counter(counter, signal, machine.ideal_cycle_s);
    }
    let slowest = machine.signal.iter().filter_map(|signal| signal.interval_ms).max();
    let heard = machine.signal.iter().any(|signal| signal.broker.is_some());
    machine.stale_after_ms.get_or_insert_with(|| {
        let least = if heard { STALE_MQTT_MS } else { STALE_MODBUS_MS };
        slowest.unwrap_or(0).saturating_mul(3).max(least)
    });
}

fn complete_signal(signal: &mut Signal, device: Option<&Device>) {
    if signal.device.is_some() {
        let named = signal.address.as_ref().and_then(toml::Value::as_str);
        let named = named.and_then(|text| notation::parse(text).ok()).map(|(table, _)| table);
        let table = *signal.table.get_or_insert(named.unwrap_or(Table::Holding));
        if table.is_bits() {
            signal.kind.get_or_insert(Kind::Bit);
        }
        signal.interval_ms.get_or_insert(INTERVAL_MS);
        signal.phase_ms.get_or_insert(0);
        let usual = match signal.kind {
            Some(Kind::U32 | Kind::I32 | Kind::F32 | Kind::Bcd32) => device.and_then(|d| d.order),
            Some(Kind::U64 | Kind::I64 | Kind::F64 | Kind::Bcd64) => {
                device.and_then(|d| d.order_64)
            },
            Some(Kind::U16 | Kind::I16 | Kind::F16 | Kind::Bcd16 | Kind::Text) => {
                device.and_then(|d| d.order_16)
            },
            // Said only where it says something, so that maps of before keep their fingerprint.
            Some(Kind::Bit | Kind::Bits | Kind::U8 | Kind::I8) if !table.is_bits() => {
                device.and_then(|d| d.order_16).filter(|order| *order != Order::standard(2))
            },
            _ => None,
        };
        signal.order = signal.order.or(usual);
    }
    if signal.broker.is_some() && signal.edge.is_none() {
        signal.format.get_or_insert_default();
    }
}

fn complete_counter(counter: &mut Counter, signal: Option<&Signal>, ideal_cycle_s: Option<f64>) {
    let (width, wraps_at) = match signal.and_then(|signal| signal.kind) {
        Some(Kind::U8) => (None, Some(256)),
        Some(Kind::U16) => (Some(16), None),
        Some(Kind::U32) => (Some(32), None),
        Some(Kind::Bits) => (None, signal.and_then(|signal| Some(1 << signal.bits?.min(16)))),
        Some(Kind::Bcd16) => (None, Some(10_000)),
        Some(Kind::Bcd32) => (None, Some(100_000_000)),
        _ => (Some(0), None),
    };
    // What is said in bits stays so, so that maps of before keep their fingerprint.
    match (counter.width, counter.wraps_at) {
        (None, None) => (counter.width, counter.wraps_at) = (width, wraps_at),
        (Some(bits), Some(at)) if (bits == 0 && at == 0) || Some(at) == 1_i64.checked_shl(bits) => {
            counter.wraps_at = None;
        },
        _ => {},
    }
    if let Some(cycle) = ideal_cycle_s.filter(|cycle| *cycle > 0.0) {
        counter.max_per_s.get_or_insert(SLACK / cycle);
    }
}
