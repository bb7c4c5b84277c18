//! Fills in the defaults that depend on other values, and makes paths absolute.

use std::path::{Path, PathBuf};

use super::raw::{Counter, File, Kind, Machine, Signal};

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
        broker.client_id.get_or_insert_with(|| format!("kartd-{}", file.terminal.code));
    }
    for machine in &mut file.machine {
        complete_machine(machine);
    }
    file
}

fn complete_machine(machine: &mut Machine) {
    for signal in &mut machine.signal {
        complete_signal(signal);
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

fn complete_signal(signal: &mut Signal) {
    if signal.device.is_some() {
        signal.table.get_or_insert(crate::ingest::modbus::plan::Table::Holding);
        signal.interval_ms.get_or_insert(INTERVAL_MS);
        if matches!(signal.kind, Some(Kind::U32 | Kind::I32 | Kind::F32)) {
            signal.word_order.get_or_insert_default();
        }
    }
    if signal.broker.is_some() {
        signal.format.get_or_insert_default();
    }
}

fn complete_counter(counter: &mut Counter, signal: Option<&Signal>, ideal_cycle_s: Option<f64>) {
    counter.width.get_or_insert(match signal.and_then(|signal| signal.kind) {
        Some(Kind::U16) => 16,
        Some(Kind::U32) => 32,
        Some(Kind::I16 | Kind::I32 | Kind::F32 | Kind::Bit) | None => 0,
    });
    if let Some(cycle) = ideal_cycle_s.filter(|cycle| *cycle > 0.0) {
        counter.max_per_s.get_or_insert(SLACK / cycle);
    }
}
