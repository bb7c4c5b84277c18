use super::*;
use crate::counter::Width;

fn press(seed: u64) -> Machine {
    stopping(seed, Stops::Often)
}

fn stopping(seed: u64, stops: Stops) -> Machine {
    let rhythm = Rhythm {
        cycle: Duration::from_millis(250),
        jitter: 0.1,
        scrap_share: 0.05,
        stops,
        compression: 1.0,
    };
    let counters = (Counter::new(Width::Bits16, 65_500), Counter::new(Width::Bits16, 65_530));
    Machine::new(rhythm, seed, counters)
}

fn shift(machine: &mut Machine, seconds: u64) -> Vec<(Micros, Event)> {
    machine.wake(0);
    (1..=seconds * 100)
        .map(|tick| tick * 10_000)
        .flat_map(|now| machine.advance(now).into_iter().map(move |event| (now, event)))
        .collect()
}

#[test]
fn a_seed_tells_the_whole_day() {
    let one = shift(&mut press(1), 120);
    assert_eq!(one, shift(&mut press(1), 120));
    assert_ne!(one, shift(&mut press(2), 120));
}

#[test]
fn events_add_up_to_the_counters() {
    let mut machine = press(3);
    let events = shift(&mut machine, 300);
    let parts = |wanted: bool| {
        events
            .iter()
            .filter(|(_, event)| matches!(event, Event::Part { good, .. } if *good == wanted))
            .count() as u64
    };
    assert_eq!(machine.good.made, parts(true));
    assert_eq!(machine.scrap.made, parts(false));
    assert!(parts(true) > 400 && parts(false) > 10, "{} {}", parts(true), parts(false));
    for counter in [&machine.good, &machine.scrap] {
        assert_eq!(counter.raw + counter.rollovers * 65_536, counter.start + counter.made);
        assert_eq!(counter.rollovers, 1);
    }
    let begun = events.iter().filter(|(_, e)| matches!(e, Event::StopBegin { .. })).count();
    assert_eq!(machine.stops.len(), begun);
    assert!(begun > 5);
}

#[test]
fn stops_last_two_to_eight_seconds_and_make_no_parts() {
    let mut machine = press(4);
    let events = shift(&mut machine, 300);
    for stop in machine.stops.iter().filter(|stop| stop.to.is_some()) {
        let to = stop.to.unwrap();
        assert!((2_000_000..=8_010_000).contains(&(to - stop.from)), "{stop:?}");
        let inside = |t: Micros| t > stop.from && t < to;
        assert!(!events.iter().any(|(t, e)| inside(*t) && matches!(e, Event::Part { .. })));
    }
}

#[test]
fn a_calmed_machine_becomes_steady_and_stays_so() {
    let mut machine = press(5);
    shift(&mut machine, 60);
    machine.calm();
    let mut now = 60_000_000;
    while !machine.is_steady() {
        now += 10_000;
        assert!(!machine.advance(now).iter().any(|e| matches!(e, Event::Part { .. })));
    }
    assert!(machine.advance(now + 1_000_000_000).is_empty());
    assert_eq!(machine.status(), Status::Running);
}

#[test]
fn a_commanded_stop_lasts_until_the_command_to_run() {
    let mut machine = press(6);
    machine.wake(0);
    let cause = Cause::Fault { code: 17 };
    assert_eq!(machine.stop(10, cause), [Event::StopBegin { cause }]);
    assert!(machine.advance(3_600_000_000).is_empty());
    assert_eq!(machine.run(3_600_000_001), [Event::StopEnd { from: 10, cause }]);
    assert_eq!(machine.run(3_600_000_002), []);
    assert_eq!(machine.stops, [Stop { from: 10, to: Some(3_600_000_001), cause }]);
}

#[test]
fn on_a_floor_most_stops_are_short_and_some_last() {
    let mut machine = stopping(5, Stops::Seldom);
    shift(&mut machine, 3_600);
    let ended = machine.stops.iter().filter_map(|stop| Some((stop.to? - stop.from, stop.cause)));
    let (short, long): (Vec<_>, Vec<_>) = ended.partition(|(lasted, _)| *lasted <= 6_010_000);
    assert!(short.iter().all(|(_, cause)| matches!(cause, Cause::Fault { .. })), "{short:?}");
    assert!(long.iter().all(|(lasted, _)| (20_000_000..=60_010_000).contains(lasted)), "{long:?}");
    assert!((6..30).contains(&long.len()) && short.len() > 2 * long.len(), "{short:?} {long:?}");
}
