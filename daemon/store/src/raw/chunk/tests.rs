use super::*;
use kart_core::time::Micros;

const WALL: i64 = 1_700_000_000_000_000;

fn heard(signal: usize, mono_us: i64, value: Option<Value>) -> Heard {
    let at = Stamp { wall_us: Micros(WALL + mono_us), mono_us };
    let said = value.map(Said::Value);
    Heard { signal, at, said, quality: Quality::Good, again: false, kept: None }
}

fn written(all: &[Heard]) -> (Vec<u8>, Vec<Heard>) {
    let mut writing = Writing::default();
    for heard in all {
        let slot = writing.slot(10 + i64::try_from(heard.signal).unwrap());
        assert_eq!(slot, heard.signal);
        writing.add(heard.clone());
    }
    writing.finish();
    assert_eq!(writing.readings, all.len() as u64);
    let body = Body::read(&writing.bytes, WALL).unwrap();
    (writing.bytes, body.heard)
}

/// Five minutes of a press that is asked once a second: a status, a counter and a temperature.
fn press() -> Vec<Heard> {
    let second = |n: i64| {
        let at = n * 1_000_000 + (n * 7919) % 3_000;
        let temperature = f64::from(i32::try_from(n / 20).unwrap()) * 0.5;
        [
            heard(0, at, Some(Value::Bit(n % 100 < 80))),
            heard(1, at, Some(Value::Whole(40_000 + n / 3))),
            heard(2, at, Some(Value::Measured(temperature))),
        ]
    };
    (0..300).flat_map(second).collect()
}

#[test]
fn every_reading_comes_back_at_its_time_within_the_jitter() {
    let all = press();
    let (bytes, back) = written(&all);
    assert_eq!(back.len(), all.len());
    let by_signal = |all: &[Heard], n| {
        all.iter().filter(|heard| heard.signal == n).cloned().collect::<Vec<_>>()
    };
    for signal in 0..3 {
        for (was, is) in by_signal(&all, signal).iter().zip(by_signal(&back, signal)) {
            assert_eq!((&was.said, was.quality), (&is.said, is.quality));
            assert!((was.at.mono_us - is.at.mono_us).abs() < 10_000, "{was:?} {is:?}");
        }
    }
    let each = bytes.len() * 100 / all.len();
    assert!(each < 150, "{each} hundredths of a byte a reading");
}

#[test]
fn when_a_signal_was_read_last_is_known_exactly() {
    // Read every second until the device dies, and again an hour later.
    let mut all: Vec<Heard> =
        (0..10).map(|n| heard(0, n * 1_000_000, Some(Value::Whole(5)))).collect();
    all.push(heard(0, 3_600_000_000, Some(Value::Whole(5))));
    let (_, back) = written(&all);
    assert_eq!(back, all);
}

#[test]
fn values_of_all_kinds_flags_and_ends_come_back() {
    let kept = Stamp { wall_us: Micros(WALL + 5), mono_us: 5 };
    let all = vec![
        heard(0, 10, Some(Value::Word("läuft".into()))),
        heard(1, 10, Some(Value::Whole(i64::MIN))),
        heard(1, 11, Some(Value::Whole(i64::MAX))),
        Heard { quality: Quality::Old, ..heard(2, 12, Some(Value::Bit(false))) },
        Heard { again: true, ..heard(2, 13, Some(Value::Bit(false))) },
        Heard { kept: Some(kept), ..heard(2, 14, Some(Value::Bit(false))) },
        heard(2, 15, None),
        heard(2, 16, Some(Value::Bit(false))),
        heard(3, 17, Some(Value::Measured(-0.25))),
    ];
    assert_eq!(written(&all).1, all);
}

#[test]
fn damaged_bytes_are_no_readings_and_no_fall() {
    let (bytes, _) = written(&press());
    for cut in 0..bytes.len() {
        // Whatever comes of it, it comes to an end.
        drop(Body::read(&bytes[..cut], WALL));
    }
    assert_eq!(Body::read(&[0x00, 0x02, 0x02, 0x00, 0x09], WALL), None);
}

fn bytes(signal: usize, mono_us: i64, bytes: &[u8]) -> Heard {
    Heard { said: Some(Said::Bytes(bytes.into())), ..heard(signal, mono_us, None) }
}

/// Forty registers of a press that is asked once a second: a status, a counter, a temperature that
/// is never quite the same for long, and what nobody uses.
fn registers(n: i64) -> Vec<u8> {
    let mut words = [0_u16; 40];
    words[0] = u16::from(n % 100 < 80);
    words[1] = u16::try_from(40_000 + n / 3).unwrap();
    words[12] = u16::try_from(500 + n / 20).unwrap();
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

#[test]
fn registers_cost_what_changes_in_them() {
    let all: Vec<Heard> = (0..300).map(|n| bytes(0, n * 1_000_000, &registers(n))).collect();
    let (changing, back) = written(&all);
    assert_eq!(back, all);
    // Three of its forty registers are signals: a reading of one of them costs what it did as a value.
    let each = changing.len() * 100 / (3 * all.len());
    assert!(each < 170, "{each} hundredths of a byte a reading");
    let still: Vec<Heard> = (0..300).map(|n| bytes(0, n * 1_000_000, &registers(0))).collect();
    let (quiet, _) = written(&still);
    assert!(quiet.len() < 100, "{} bytes for five minutes of nothing", quiet.len());
}

#[test]
fn bytes_come_back_whatever_they_were_before() {
    // All lists of up to five bytes that are 0 or 1, each after each.
    let lists: Vec<Vec<u8>> = (0..6_u32)
        .flat_map(|length| {
            let bit = |n: u32, at: u32| u8::try_from(n >> at & 1).unwrap();
            (0..1_u32 << length).map(move |n| (0..length).map(|at| bit(n, at)).collect())
        })
        .collect();
    let pairs = lists.iter().flat_map(|a| lists.iter().flat_map(move |b| [a, b]));
    let all: Vec<Heard> = (0_i64..).zip(pairs).map(|(n, of)| bytes(0, n * 1_000_000, of)).collect();
    assert_eq!(written(&all).1, all);
}
