//! The verdict table: readings, seconds between them, and what is booked.

use super::*;
use crate::time::{Boot, Micros, Stamp};

fn moment(seconds: i64) -> Moment {
    let micros = seconds * 1_000_000;
    Moment { at: Stamp { wall_us: Micros(micros), mono_us: micros }, boot: Boot("b".into()) }
}

/// Runs readings `(second, raw)` through the judge; returns the verdicts and the sum booked.
fn run(width: Option<u32>, readings: &[(i64, i64)]) -> (Vec<Verdict>, i64) {
    let shape = CounterShape { width, max_per_s: 0.6 };
    let mut base: Option<Base> = None;
    let mut verdicts = Vec::new();
    let mut sum = 0;
    for (second, raw) in readings {
        let now = moment(*second);
        if let Some(judgement) = judge(shape, base.as_ref(), *raw, &now) {
            sum += judgement.quantity;
            verdicts.push(judgement.verdict);
            base = Some(Base::after(base.as_ref(), &judgement, &now));
        }
    }
    (verdicts, sum)
}

/// Width, readings, verdicts, sum booked.
type Case = (Option<u32>, &'static [(i64, i64)], &'static [Verdict], i64);

#[test]
fn the_verdict_table() {
    use Verdict as V;
    let cases: &[Case] = &[
        (None, &[(0, 8_812)], &[V::Base], 0),
        (None, &[(0, 1000), (8, 1004)], &[V::Base, V::Increase], 4),
        (Some(16), &[(0, 65_530), (30, 9)], &[V::Base, V::Wrap], 15),
        (Some(16), &[(0, 48_200), (30, 3)], &[V::Base, V::Reset], 3),
        (Some(16), &[(0, 1204), (5, 0), (10, 1209)], &[V::Base, V::Reset, V::Restored], 5),
        (Some(16), &[(0, 1204), (5, 2), (10, 1209)], &[V::Base, V::Reset, V::Restored], 5),
        (None, &[(0, 500), (5, 1400)], &[V::Base, V::Held], 0),
        (None, &[(0, 500), (1200, 900)], &[V::Base, V::Increase], 400),
        (None, &[(0, 7), (60, 7)], &[V::Base], 0),
        (Some(32), &[(0, 4_294_967_290), (30, 4)], &[V::Base, V::Wrap], 10),
    ];
    for (width, readings, verdicts, sum) in cases {
        assert_eq!(run(*width, readings), (verdicts.to_vec(), *sum), "{readings:?}");
    }
}

#[test]
fn a_held_reading_is_booked_once_it_can_have_been_made() {
    let (verdicts, sum) = run(None, &[(0, 500), (5, 560), (100, 560)]);
    assert_eq!((verdicts.last(), sum), (Some(&Verdict::Increase), 60));
}

#[test]
fn readings_keep_one_coordinate_across_a_wrap() {
    let shape = CounterShape { width: Some(16), max_per_s: 10.0 };
    let first = judge(shape, None, 65_530, &moment(0)).unwrap();
    let base = Base::after(None, &first, &moment(0));
    let wrap = judge(shape, Some(&base), 9, &moment(30)).unwrap();
    let base = Base::after(Some(&base), &wrap, &moment(30));
    let next = judge(shape, Some(&base), 12, &moment(31)).unwrap();
    assert_eq!((next.raw_from, next.raw_to, next.epoch), (65_545, 65_548, 0));
}

#[test]
fn what_a_broker_kept_during_an_outage_is_booked_though_it_comes_at_once() {
    use Verdict as V;
    // 0.6 a second: 36 parts and two may have been made in the minute, not more.
    let (verdicts, sum) = run(None, &[(0, 100), (60, 110), (60, 120), (60, 138), (60, 142)]);
    let increases = [V::Base, V::Increase, V::Increase, V::Increase, V::Held];
    assert_eq!((verdicts, sum), (increases.to_vec(), 38));
    // A rest of a minute excuses no wrong reading later on, and never a wrap.
    let (verdicts, sum) = run(None, &[(0, 100), (60, 101), (65, 110)]);
    assert_eq!((verdicts.last(), sum), (Some(&V::Held), 1));
    let (verdicts, _sum) = run(Some(16), &[(0, 100), (1_000_000, 101), (1_000_001, 0)]);
    assert_eq!(verdicts.last(), Some(&V::Reset));
}

#[test]
fn an_epoch_is_never_used_twice() {
    let shape = CounterShape { width: None, max_per_s: 0.6 };
    let mut base: Option<Base> = None;
    let mut epochs = Vec::new();
    for (second, raw) in [(0, 1204), (5, 2), (10, 1209), (15, 1)] {
        let now = moment(second);
        let judgement = judge(shape, base.as_ref(), raw, &now).unwrap();
        epochs.push(judgement.epoch);
        base = Some(Base::after(base.as_ref(), &judgement, &now));
    }
    assert_eq!(epochs, [0, 1, 0, 2]);
}

#[test]
fn a_round_waits_until_a_clock_that_was_set_back_has_caught_up() {
    let shape = CounterShape { width: Some(16), max_per_s: 1.0 };
    let later = |seconds| Moment { boot: Boot("c".into()), ..moment(seconds) };
    let first = judge(shape, None, 65_000, &moment(100_000)).unwrap();
    let base = Base::after(None, &first, &moment(100_000));
    // After a boot the clock stands an hour before the last reading, and the counter went round.
    let held = judge(shape, Some(&base), 700, &later(96_400)).unwrap();
    assert_eq!((held.verdict, held.quantity), (Verdict::Held, 0));
    assert_eq!(Base::after(Some(&base), &held, &later(96_400)), base);
    let round = judge(shape, Some(&base), 2_000, &later(105_000)).unwrap();
    assert_eq!((round.verdict, round.quantity), (Verdict::Wrap, 2_536));
    // What is far from a round was set back, whatever the clock says.
    let low = Base { unwrapped: 1_204, ..base };
    assert_eq!(judge(shape, Some(&low), 5, &later(96_400)).unwrap().verdict, Verdict::Reset);
}

#[test]
fn a_clock_that_has_just_caught_up_does_not_turn_a_round_into_a_reset() {
    let shape = CounterShape { width: Some(16), max_per_s: 1.0 };
    let first = judge(shape, None, 65_000, &moment(100_000)).unwrap();
    let base = Base::after(None, &first, &moment(100_000));
    // A boot that has lasted two hours; the wall clock says half a minute.
    let up = |seconds: i64| {
        let at = Stamp { mono_us: seconds * 1_000_000, ..moment(100_030).at };
        Moment { at, boot: Boot("c".into()) }
    };
    let round = judge(shape, Some(&base), 2_000, &up(7_200)).unwrap();
    assert_eq!((round.verdict, round.quantity), (Verdict::Wrap, 2_536));
    // With a boot of ten seconds no clock shows that so much can have been made.
    assert_eq!(judge(shape, Some(&base), 2_000, &up(10)).unwrap().verdict, Verdict::Reset);
}
