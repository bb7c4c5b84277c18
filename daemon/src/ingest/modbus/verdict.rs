//! What a line is asked for, and whether it can be done in time. Pure.
//!
//! It is refused only for what no device can help: characters, silences and rests that take longer
//! than there is time. How long a device thinks is assumed, and only told.

use kart_api::commissioning::{PollGroup, PollLine, PollRequest};
use serde::Serialize;
use std::{fmt, time::Duration};

use super::{
    plan::{Address, DevicePlan, GroupPlan, LEAST_SILENCE, LinePlan},
    read::{Read, reads},
};

/// What a device usually takes to answer, on a network and on a serial line.
const NETWORK_ANSWER: Duration = Duration::from_millis(5);
const SERIAL_ANSWER: Duration = Duration::from_millis(10);

/// The polling of one line.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Verdict {
    /// Where it leads.
    pub line: String,
    /// Its units.
    pub devices: Vec<DeviceVerdict>,
    /// The share of time that the line is in use for certain.
    pub least_use: f64,
    /// The share of time that it is expected to be in use.
    pub expected_use: f64,
}

/// The polling of one unit.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DeviceVerdict {
    /// Its name in the configuration.
    pub name: String,
    /// Its number on the line.
    pub unit: u8,
    /// By interval and phase.
    pub groups: Vec<GroupVerdict>,
}

/// What is asked for at the same times.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct GroupVerdict {
    /// From one reading to the next, ms.
    pub interval_ms: f64,
    /// From the start of an interval to its reading, ms.
    pub phase_ms: f64,
    /// The fewest requests.
    pub requests: Vec<RequestVerdict>,
    /// What they take for certain, ms.
    pub least_ms: f64,
    /// What they are expected to take, ms.
    pub expected_ms: f64,
}

/// One request.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RequestVerdict {
    /// What is read.
    pub what: String,
    /// Signals it serves.
    pub signals: usize,
    /// Bytes there and back.
    pub bytes: u16,
    /// Places read along although nobody asked for them.
    pub read_along: u16,
}

impl Verdict {
    /// The verdict on `line`.
    pub fn of(line: &LinePlan) -> Self {
        let devices: Vec<DeviceVerdict> =
            line.devices.iter().map(|device| of_device(line, device)).collect();
        let groups = || devices.iter().flat_map(|device| &device.groups);
        Self {
            line: line.address.to_string(),
            least_use: groups().map(|group| group.least_ms / group.interval_ms).sum(),
            expected_use: groups().map(|group| group.expected_ms / group.interval_ms).sum(),
            devices,
        }
    }

    /// Why this cannot be done; `None` when it can.
    pub fn refusal(&self) -> Option<String> {
        let share = self.least_use * 100.0;
        (self.least_use > 1.0).then(|| {
            format!(
                "this cannot be read in time: {} would be in use {share:.0} % of the time; a \
                 longer interval_ms, fewer requests, a shorter pause or a faster line is needed",
                self.line
            )
        })
    }
}

impl From<Verdict> for PollLine {
    fn from(verdict: Verdict) -> Self {
        let groups = verdict.devices.into_iter().flat_map(|device| {
            let DeviceVerdict { name, unit, groups } = device;
            groups.into_iter().map(move |group| PollGroup {
                device: name.clone(),
                unit,
                interval_ms: group.interval_ms,
                expected_ms: group.expected_ms,
                requests: group.requests.into_iter().map(PollRequest::from).collect(),
            })
        });
        Self {
            groups: groups.collect(),
            line: verdict.line,
            least_use: verdict.least_use,
            expected_use: verdict.expected_use,
        }
    }
}

impl From<RequestVerdict> for PollRequest {
    fn from(request: RequestVerdict) -> Self {
        let RequestVerdict { what, signals, bytes, read_along } = request;
        Self { what, signals, bytes, read_along }
    }
}

fn of_device(line: &LinePlan, device: &DevicePlan) -> DeviceVerdict {
    let groups = device.groups.iter().map(|group| of_group(line, device, group)).collect();
    DeviceVerdict { name: device.name.clone(), unit: device.unit, groups }
}

fn of_group(line: &LinePlan, device: &DevicePlan, group: &GroupPlan) -> GroupVerdict {
    let all = reads(&group.points, &device.limits);
    let least: Duration = all.iter().map(|read| least(line, read)).sum();
    let answer = match line.address {
        Address::Tcp(_) => NETWORK_ANSWER,
        Address::RtuOverTcp(_) | Address::Serial(_) => SERIAL_ANSWER,
    };
    let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
    GroupVerdict {
        interval_ms: millis(group.interval),
        phase_ms: millis(group.phase),
        least_ms: millis(least),
        expected_ms: millis(least + answer.saturating_mul(count)),
        requests: all.iter().map(|read| of_request(line, read)).collect(),
    }
}

fn of_request(line: &LinePlan, read: &Read) -> RequestVerdict {
    RequestVerdict {
        what: read.to_string(),
        signals: read.points.len(),
        bytes: bytes(&line.address, read),
        read_along: read.read_along(),
    }
}

/// There and back.
fn bytes(address: &Address, read: &Read) -> u16 {
    match address {
        Address::Tcp(_) => 12 + 9 + read.bytes(),
        Address::RtuOverTcp(_) | Address::Serial(_) => 8 + 5 + read.bytes(),
    }
}

/// What a request takes however fast the device is.
fn least(line: &LinePlan, read: &Read) -> Duration {
    line.request_pause
        + match &line.address {
            Address::Tcp(_) => Duration::ZERO,
            Address::RtuOverTcp(_) => LEAST_SILENCE,
            Address::Serial(serial) => {
                serial.characters(bytes(&line.address, read).into()) + serial.silence() * 2
            },
        }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = self.expected_use * 100.0;
        writeln!(f, "{}: in use {share:.1} % of the time", self.line)?;
        for device in &self.devices {
            for group in &device.groups {
                let GroupVerdict { interval_ms, phase_ms, requests, expected_ms, .. } = group;
                write!(f, "  {} (unit {}) every {interval_ms} ms", device.name, device.unit)?;
                if *phase_ms > 0.0 {
                    write!(f, ", {phase_ms} ms into it")?;
                }
                let s = if requests.len() == 1 { "" } else { "s" };
                writeln!(f, ": {} request{s}, about {expected_ms:.1} ms", requests.len())?;
                for request in requests {
                    let RequestVerdict { what, signals, bytes, read_along } = request;
                    let s = if *signals == 1 { "" } else { "s" };
                    write!(f, "    {what}: {signals} signal{s}, {bytes} bytes")?;
                    match read_along {
                        0 => writeln!(f)?,
                        n => writeln!(f, ", {n} read along")?,
                    }
                }
            }
        }
        if self.least_use <= 1.0 && self.expected_use > 0.8 {
            writeln!(f, "  tight: a slow device will be read less often than asked for")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::modbus::{
        order::Order,
        plan::{Kind, Limits, Parity, Point, SerialPlan, Table},
    };

    fn line(address: Address, registers: u16) -> LinePlan {
        let points = (0..registers).map(|n| Point {
            machine: 0,
            signal: format!("s{n}"),
            table: Table::Holding,
            address: 100 + 2 * n,
            kind: Kind::U16,
            order: Order::standard(2),
            scale: None,
            offset: None,
        });
        let limits = Limits { max_gap: 1, max_registers: 125, merge: true, holes: Vec::new() };
        let interval = Duration::from_millis(100);
        let group = GroupPlan { interval, phase: Duration::ZERO, points: points.collect() };
        let device = DevicePlan {
            name: "plc".into(),
            unit: 3,
            timeout: Duration::from_millis(100),
            retry: Duration::from_secs(30),
            limits,
            groups: vec![group],
        };
        LinePlan {
            address,
            second: None,
            connect_pause: Duration::ZERO,
            request_pause: Duration::ZERO,
            devices: vec![device],
        }
    }

    fn serial(baud: u32) -> Address {
        let (path, parity) = ("/dev/ttyS0".to_owned(), Parity::Even);
        Address::Serial(SerialPlan { path, baud, parity, stop_bits: 1 })
    }

    #[test]
    fn a_slow_line_is_refused_and_a_faster_one_is_not() {
        // 8 bytes there, 5 + 2 * 39 back: 91 characters of 11 bits, and two silences.
        let slow = Verdict::of(&line(serial(9600), 20));
        let least = slow.devices[0].groups[0].least_ms;
        assert!((least - (91.0 + 7.0) * 11.0 / 9.6).abs() < 0.001, "{least}");
        let refusal = slow.refusal().unwrap();
        assert!(refusal.contains("/dev/ttyS0 (9600 8E1) would be in use 112 %"), "{refusal}");
        assert_eq!(Verdict::of(&line(serial(19_200), 20)).refusal(), None);
        assert_eq!(Verdict::of(&line(serial(9600), 10)).refusal(), None);
        let network = line(Address::Tcp("h:502".into()), 20);
        assert_eq!(Verdict::of(&network).refusal(), None);
        let request_pause = Duration::from_millis(101);
        assert!(Verdict::of(&LinePlan { request_pause, ..network }).refusal().is_some());
    }

    #[test]
    fn it_can_be_read() {
        let told = Verdict::of(&line(Address::Tcp("h:502".into()), 3)).to_string();
        assert_eq!(
            told,
            "h:502: in use 5.0 % of the time\n  \
             plc (unit 3) every 100 ms: 1 request, about 5.0 ms\n    \
             holding registers 100 to 104: 3 signals, 31 bytes, 2 read along\n"
        );
    }
}
