//! `kartd probe`: who answers. It needs no configuration, and it only reads.

use clap::{Args, Subcommand};
use std::{cell::Cell, time::Duration};

use crate::ingest::modbus::{
    plan::{Address, Parity, Rate, SerialPlan},
    probe,
};

const USUAL_PORT: u16 = 502;

#[derive(Subcommand)]
pub(super) enum Probed {
    /// List the Modbus units that answer.
    Modbus(Modbus),
}

#[derive(Args)]
pub(super) struct Modbus {
    /// A host, with its port where that is not 502, or the path of a serial port.
    address: String,
    /// Frames of a serial line through a TCP connection.
    #[arg(long)]
    rtu: bool,
    /// The first unit that is asked.
    #[arg(long, default_value_t = 1)]
    from: u8,
    /// The last one.
    #[arg(long, default_value_t = 247)]
    to: u8,
    /// How long each may take to answer.
    #[arg(long, default_value_t = 300)]
    timeout_ms: u64,
    /// Bits per second of the serial port.
    #[arg(long, default_value_t = 19_200)]
    baud: u32,
    /// Its check bit: none, even or odd.
    #[arg(long, default_value = "even", value_parser = parity)]
    parity: Parity,
    /// Its stop bits.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    stop_bits: u8,
}

fn parity(word: &str) -> Result<Parity, &'static str> {
    match word {
        "none" => Ok(Parity::None),
        "even" => Ok(Parity::Even),
        "odd" => Ok(Parity::Odd),
        _ => Err("none, even or odd is needed"),
    }
}

impl Modbus {
    fn place(&self) -> Address {
        if self.address.starts_with('/') {
            let Self { baud, parity, stop_bits, .. } = *self;
            let path = self.address.clone();
            let rate = Rate { baud, parity, stop_bits };
            return Address::Serial(SerialPlan { path, rate });
        }
        let place = with_port(&self.address);
        if self.rtu { Address::RtuOverTcp(place, None) } else { Address::Tcp(place) }
    }
}

/// The colons of a bare IPv6 address name no port.
fn with_port(host: &str) -> String {
    let named = host.rsplit_once(':').is_some_and(|(before, port)| {
        port.parse::<u16>().is_ok() && (!before.contains(':') || before.ends_with(']'))
    });
    let bare = host.contains(':') && !host.ends_with(']');
    match (named, bare) {
        (true, _) => host.to_owned(),
        (false, true) => format!("[{host}]:{USUAL_PORT}"),
        (false, false) => format!("{host}:{USUAL_PORT}"),
    }
}

pub(super) fn run(Probed::Modbus(asked): &Probed) -> anyhow::Result<()> {
    anyhow::ensure!(asked.from <= asked.to, "--from is above --to");
    let address = asked.place();
    let timeout = Duration::from_millis(asked.timeout_ms.max(1));
    let found = Cell::new(0_u32);
    let tell = |unit, what| {
        found.set(found.get() + 1);
        // A reader that has gone away needs no list.
        drop(super::say(&format!("unit {unit}: {what}\n")));
    };
    let probing = probe::probe(&address, asked.from..=asked.to, timeout, tell);
    super::runtime(1)?.block_on(probing)?;
    let (from, to) = (asked.from, asked.to);
    super::say(&format!("{address}: {} of units {from} to {to} answer\n", found.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_added_where_none_is_named() {
        for (given, expected) in [
            ("192.0.2.1", "192.0.2.1:502"),
            ("192.0.2.1:5020", "192.0.2.1:5020"),
            ("plc.local", "plc.local:502"),
            ("[::1]", "[::1]:502"),
            ("[::1]:503", "[::1]:503"),
            ("fe80::1", "[fe80::1]:502"),
        ] {
            assert_eq!(with_port(given), expected);
        }
    }
}
