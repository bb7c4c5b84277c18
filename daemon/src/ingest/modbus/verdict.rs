//! What a line is asked for, and whether it can be done in time. Pure.
//!
//! It is refused only for what no device can help: characters, silences and rests that take longer
//! than there is time. How long a device thinks is assumed, and only told.

use kart_api::commissioning::{PollGroup, PollHole, PollLine, PollRequest};
use serde::Serialize;
use std::{fmt, time::Duration};

use super::{
    plan::{Address, DevicePlan, GroupPlan, Hole, LinePlan},
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
    /// What is never read.
    pub holes: Vec<String>,
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
    /// What the longest of them is expected to take, ms.
    pub longest_ms: f64,
    /// How long it waits at most until requests have ended that were there before it, ms: one of another
    /// group of its unit, and one of each other unit.
    pub waits_ms: f64,
}

impl GroupVerdict {
    /// Whether waiting alone can make it miss its next reading.
    pub fn is_late(&self) -> bool {
        self.waits_ms + self.expected_ms > self.interval_ms
    }
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
        let mut devices: Vec<DeviceVerdict> =
            line.devices.iter().map(|device| of_device(line, device)).collect();
        wait(&mut devices);
        let devices = devices;
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
        let holes = verdict.devices.iter().flat_map(|device| {
            let hole = |what: &String| PollHole { device: device.name.clone(), what: what.clone() };
            device.holes.iter().map(hole)
        });
        let holes = holes.collect();
        let groups = verdict.devices.into_iter().flat_map(|device| {
            let DeviceVerdict { name, unit, groups, .. } = device;
            groups.into_iter().map(move |group| PollGroup {
                device: name.clone(),
                unit,
                is_late: group.is_late(),
                interval_ms: group.interval_ms,
                phase_ms: group.phase_ms,
                expected_ms: group.expected_ms,
                waits_ms: group.waits_ms,
                requests: group.requests.into_iter().map(PollRequest::from).collect(),
            })
        });
        Self {
            groups: groups.collect(),
            holes,
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
    let holes = device.limits.holes.iter().map(Hole::to_string).collect();
    DeviceVerdict { name: device.name.clone(), unit: device.unit, groups, holes }
}

fn of_group(line: &LinePlan, device: &DevicePlan, group: &GroupPlan) -> GroupVerdict {
    let all = reads(&group.points, &device.limits);
    let least: Vec<Duration> = all.iter().map(|read| least(line, read)).collect();
    let answer = match line.address {
        Address::Tcp(_) => NETWORK_ANSWER,
        Address::RtuOverTcp(..) | Address::Serial(_) => SERIAL_ANSWER,
    };
    GroupVerdict {
        interval_ms: millis(group.interval),
        phase_ms: millis(group.phase),
        least_ms: least.iter().copied().map(millis).sum(),
        expected_ms: least.iter().map(|least| millis(*least + answer)).sum(),
        longest_ms: least.iter().max().map_or(0.0, |longest| millis(*longest + answer)),
        waits_ms: 0.0,
        requests: all.iter().map(|read| of_request(line, read)).collect(),
    }
}

/// Finds out how long each group waits for others: a request cannot be interrupted, and after each one
/// the next unit has its turn.
fn wait(devices: &mut [DeviceVerdict]) {
    let longest = |groups: &mut dyn Iterator<Item = &GroupVerdict>| {
        groups.map(|group| group.longest_ms).fold(0.0, f64::max)
    };
    let units: Vec<f64> = devices.iter().map(|device| longest(&mut device.groups.iter())).collect();
    for (n, device) in devices.iter_mut().enumerate() {
        let others: f64 =
            units.iter().enumerate().filter(|(other, _)| *other != n).map(|(_, ms)| ms).sum();
        let waits = |own: usize| {
            let groups = device.groups.iter().enumerate().filter(|(other, _)| *other != own);
            others + longest(&mut groups.map(|(_, group)| group))
        };
        let waits: Vec<f64> = (0..device.groups.len()).map(waits).collect();
        for (group, waits) in device.groups.iter_mut().zip(waits) {
            group.waits_ms = waits;
        }
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
        Address::RtuOverTcp(..) | Address::Serial(_) => 8 + 5 + read.bytes(),
    }
}

/// What a request takes however fast the device is: its characters there and back, and what is waited for
/// before it, pause and silence at once.
fn least(line: &LinePlan, read: &Read) -> Duration {
    let bytes = bytes(&line.address, read);
    let on_the_line = line.address.rate().map(|rate| rate.characters(bytes.into()));
    on_the_line.unwrap_or_default() + line.request_pause.max(line.address.silence())
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
                group.told(device, f)?;
            }
            for hole in &device.holes {
                writeln!(f, "  {} (unit {}): never {hole}", device.name, device.unit)?;
            }
        }
        if self.least_use <= 1.0 && self.expected_use > 0.8 {
            writeln!(f, "  tight: a slow device will be read less often than asked for")?;
        }
        Ok(())
    }
}

impl GroupVerdict {
    fn told(&self, device: &DeviceVerdict, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interval_ms, phase_ms, requests, expected_ms, waits_ms, .. } = self;
        write!(f, "  {} (unit {}) every {interval_ms} ms", device.name, device.unit)?;
        if *phase_ms > 0.0 {
            write!(f, ", {phase_ms} ms into it")?;
        }
        let s = if requests.len() == 1 { "" } else { "s" };
        write!(f, ": {} request{s}, about {expected_ms:.1} ms", requests.len())?;
        if *waits_ms > 0.0 {
            write!(f, ", waits at most {waits_ms:.1} ms for others")?;
        }
        writeln!(f)?;
        if self.is_late() {
            writeln!(
                f,
                "    late at times, because others have longer requests: a smaller max_registers helps"
            )?;
        }
        for request in requests {
            let RequestVerdict { what, signals, bytes, read_along } = request;
            let s = if *signals == 1 { "" } else { "s" };
            write!(f, "    {what}: {signals} signal{s}, {bytes} bytes")?;
            match read_along {
                0 => writeln!(f)?,
                n => writeln!(f, ", {n} read along")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::modbus::{
        order::Order,
        plan::{Kind, Limits, Parity, Point, Rate, SerialPlan, Table},
    };
    use std::sync::Arc;

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
        let group =
            GroupPlan { interval, phase: Duration::ZERO, points: points.map(Arc::new).collect() };
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
        Address::Serial(SerialPlan { path: "/dev/ttyS0".to_owned(), rate: rate(baud) })
    }

    fn rate(baud: u32) -> Rate {
        Rate { baud, parity: Parity::Even, stop_bits: 1 }
    }

    #[test]
    fn a_slow_line_is_refused_and_a_faster_one_is_not() {
        // 8 bytes there, 5 + 2 * 39 back: 91 characters of 11 bits, and one silence.
        let slow = Verdict::of(&line(serial(9600), 20));
        let least = slow.devices[0].groups[0].least_ms;
        assert!((least - (91.0 + 3.5) * 11.0 / 9.6).abs() < 0.001, "{least}");
        let refusal = slow.refusal().unwrap();
        assert!(refusal.contains("/dev/ttyS0 (9600 8E1) would be in use 108 %"), "{refusal}");
        assert_eq!(Verdict::of(&line(serial(19_200), 20)).refusal(), None);
        assert_eq!(Verdict::of(&line(serial(9600), 10)).refusal(), None);
        let network = line(Address::Tcp("h:502".into()), 20);
        assert_eq!(Verdict::of(&network).refusal(), None);
        let request_pause = Duration::from_millis(101);
        assert!(Verdict::of(&LinePlan { request_pause, ..network }).refusal().is_some());
    }

    #[test]
    fn pause_and_silence_pass_at_the_same_time() {
        // 75 characters take 85.9 ms, the silence takes 4.
        let fits = line(serial(9600), 16);
        let with = |ms| {
            let request_pause = Duration::from_millis(ms);
            Verdict::of(&LinePlan { request_pause, ..fits.clone() })
        };
        let least_ms = |ms| with(ms).devices[0].groups[0].least_ms;
        assert!((least_ms(0) - least_ms(4)).abs() < 1e-9);
        assert_eq!((with(0).refusal(), with(14).refusal()), (None, None));
        assert!(with(15).refusal().is_some());
    }

    #[test]
    fn a_slow_line_behind_a_converter_is_refused_where_it_is_known() {
        let behind = |rate| Verdict::of(&line(Address::RtuOverTcp("h:4001".into(), rate), 20));
        assert_eq!(behind(None).refusal(), None);
        assert_eq!(behind(Some(rate(19_200))).refusal(), None);
        let refusal = behind(Some(rate(9600))).refusal().unwrap();
        assert!(refusal.contains("h:4001 (RTU, 9600 8E1) would be in use 108 %"), "{refusal}");
    }

    #[test]
    fn a_group_says_how_long_it_waits_for_others() {
        // 20 blocks of 125 registers once a minute beside one register each 200 ms.
        let mut plan = line(serial(9600), 0);
        let device = &mut plan.devices[0];
        let point = |n: u16| {
            let line = line(serial(9600), n + 1);
            Arc::clone(&line.devices[0].groups[0].points[usize::from(n)])
        };
        let blocks = (0..20 * 63).map(|n| {
            let address = 100 + n / 63 * 200 + n % 63 * 2;
            Arc::new(Point { address, ..Point::clone(&point(0)) })
        });
        let interval = Duration::from_millis(200);
        device.groups = vec![
            GroupPlan { interval, phase: Duration::from_millis(50), points: vec![point(0)] },
            GroupPlan { interval: interval * 300, phase: Duration::ZERO, points: blocks.collect() },
        ];
        device.limits.holes = vec![Hole { table: Table::Input, from: 7, to: 9 }];
        let verdict = Verdict::of(&plan);
        assert_eq!(verdict.refusal(), None);
        let [fast, slow] = &verdict.devices[0].groups[..] else { panic!("{verdict}") };
        assert_eq!((slow.requests.len(), slow.waits_ms), (20, fast.longest_ms));
        assert!(fast.is_late() && !slow.is_late(), "{verdict}");
        let longest = (8.0 + 255.0 + 3.5) * 11.0 / 9.6 + 10.0;
        assert!((fast.waits_ms - longest).abs() < 0.1, "{} not {longest}", fast.waits_ms);
        let told = verdict.to_string();
        let wanted = ", 50 ms into it: 1 request, about 31.2 ms, waits at most 315.4 ms for others\n    late";
        assert!(told.contains(wanted) && told.contains("never input registers 7 to 9"), "{told}");
        // Another unit has its turn as well.
        let other = DevicePlan {
            name: "other".into(),
            unit: 4,
            ..line(serial(9600), 1).devices[0].clone()
        };
        plan.devices.push(other);
        let both = Verdict::of(&plan);
        let own = both.devices[1].groups[0].longest_ms;
        assert!((both.devices[0].groups[0].waits_ms - longest - own).abs() < 0.1, "{both}");
        assert!((both.devices[1].groups[0].waits_ms - longest).abs() < 0.1, "{both}");
        let polled = PollLine::from(both);
        assert!(polled.groups[0].is_late && polled.groups[0].phase_ms > 49.0);
        assert_eq!(polled.holes[0].device, "plc");
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
