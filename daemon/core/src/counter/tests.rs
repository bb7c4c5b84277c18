//! The verdict table: readings, seconds between them, and what is booked.

use super::*;
use crate::time::{Boot, Micros, Stamp};

fn moment(seconds: i64) -> Moment {
    let micros = seconds * 1_000_000;
    Moment { at: Stamp { wall_us: Micros(micros), mono_us: micros }, boot: Boot("b".into()) }
}

/// Runs readings `(second, raw)` through the judge; returns the verdicts and the sum booked.
fn run(wraps_at: Option<i64>, readings: &[(i64, i64)]) -> (Vec<Verdict>, i64) {
    let shape = CounterShape { wraps_at, max_per_s: 0.6 };
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

/// Where it begins again, readings, verdicts, sum booked.
type Case = (Option<i64>, &'static [(i64, i64)], &'static [Verdict], i64);

#[test]
fn the_verdict_table() {
    use Verdict as V;
    let cases: &[Case] = &[
        (None, &[(0, 8_812)], &[V::Base], 0),
        (None, &[(0, 1000), (8, 1004)], &[V::Base, V::Increase], 4),
        (Some(65_536), &[(0, 65_530), (30, 9)], &[V::Base, V::Wrap], 15),
        (Some(65_536), &[(0, 48_200), (30, 3)], &[V::Base, V::Reset], 3),
        (Some(65_536), &[(0, 1204), (5, 0), (10, 1209)], &[V::Base, V::Reset, V::Restored], 5),
        (Some(65_536), &[(0, 1204), (5, 2), (10, 1209)], &[V::Base, V::Reset, V::Restored], 5),
        (None, &[(0, 500), (5, 1400)], &[V::Base, V::Held], 0),
        (None, &[(0, 500), (1200, 900)], &[V::Base, V::Increase], 400),
        (None, &[(0, 7), (60, 7)], &[V::Base], 0),
        (Some(1 << 32), &[(0, 4_294_967_290), (30, 4)], &[V::Base, V::Wrap], 10),
    ];
    for (wraps_at, readings, verdicts, sum) in cases {
        assert_eq!(run(*wraps_at, readings), (verdicts.to_vec(), *sum), "{readings:?}");
    }
}

#[test]
fn waiting_makes_no_parts_of_a_reading_that_is_held() {
    use Verdict as V;
    // 900 parts take 25 minutes. It stays there, and goes on from there.
    let jump = &[(0, 500), (5, 1400), (3_000, 1400), (6_000, 1404)];
    assert_eq!(run(None, jump), (vec![V::Base, V::Held, V::Held, V::Held], 0));
    // It comes back to what can be, and whatever was shown in between was none.
    let back = &[(0, 500), (5, 1400), (10, 502), (3_000, 1400)];
    assert_eq!(run(None, back), (vec![V::Base, V::Held, V::Increase, V::Increase], 900));
    let same = &[(0, 500), (5, 1400), (10, 500), (12, 502)];
    assert_eq!(run(None, same), (vec![V::Base, V::Held, V::Base, V::Increase], 2));
    // The lowest reading that cannot be is the one that waits.
    let noise = &[(0, 500), (5, 60_000), (10, 1400), (6_000, 1401)];
    assert_eq!(run(None, noise), (vec![V::Base, V::Held, V::Held, V::Held], 0));
    // A reset ends it.
    let reset = &[(0, 500), (5, 1400), (10, 3), (12, 4)];
    assert_eq!(run(None, reset), (vec![V::Base, V::Held, V::Reset, V::Increase], 4));
}

#[test]
fn a_held_reading_is_accepted_or_dropped_and_what_follows_counts() {
    let shape = CounterShape { wraps_at: Some(10_000), max_per_s: 0.6 };
    let base = Base::after(None, &judge(shape, None, 500, &moment(0)).unwrap(), &moment(0));
    assert_eq!(settle(&base, true), None);
    let held = judge(shape, Some(&base), 1400, &moment(5)).unwrap();
    assert_eq!(held.raw, Some(Readings { before: 500, now: 1400 }));
    assert_eq!((held.raw_from, held.raw_to), (500, 500), "no position is shown");
    let base = Base::after(Some(&base), &held, &moment(5));
    for (accept, verdict, parts) in [(true, Verdict::Increase, 900), (false, Verdict::Base, 0)] {
        let settled = settle(&base, accept).unwrap();
        assert_eq!((settled.verdict, settled.quantity, settled.epoch), (verdict, parts, 0));
        let base = Base::after(Some(&base), &settled, &moment(5));
        assert_eq!((base.unwrapped, &base.held), (1400, &None));
        let next = judge(shape, Some(&base), 1403, &moment(65)).unwrap();
        assert_eq!((next.verdict, next.quantity), (Verdict::Increase, 3));
    }
}

#[test]
fn what_was_held_for_want_of_a_clock_is_booked_once_the_clock_is_right() {
    let shape = CounterShape { wraps_at: None, max_per_s: 1.0 };
    let base = Base::after(None, &judge(shape, None, 100, &moment(1_000)).unwrap(), &moment(1_000));
    // Half a minute after a boot; the wall clock has not been set yet and stands where it stopped.
    let up = |wall: i64, mono: i64| {
        let at = Stamp { mono_us: mono * 1_000_000, ..moment(wall).at };
        Moment { at, boot: Boot("c".into()) }
    };
    let held = judge(shape, Some(&base), 700, &up(1_001, 30)).unwrap();
    assert_eq!(held.verdict, Verdict::Held);
    let base = Base::after(Some(&base), &held, &up(1_001, 30));
    assert_eq!(judge(shape, Some(&base), 701, &up(1_012, 41)).unwrap().verdict, Verdict::Held);
    let booked = judge(shape, Some(&base), 702, &up(1_645, 42)).unwrap();
    assert_eq!((booked.verdict, booked.quantity), (Verdict::Increase, 602));
}

#[test]
fn counters_begin_again_where_their_type_does() {
    use Verdict as V;
    for (wraps_at, before) in [(256, 250), (10_000, 9_994), (100_000_000, 99_999_994)] {
        let shape = CounterShape { wraps_at: Some(wraps_at), max_per_s: 0.6 };
        let first = judge(shape, None, before, &moment(0)).unwrap();
        let base = Base::after(None, &first, &moment(0));
        let round = judge(shape, Some(&base), 3, &moment(30)).unwrap();
        assert_eq!((round.verdict, round.quantity), (V::Wrap, 9), "{wraps_at}");
        let reset = judge(shape, Some(&base), 100, &moment(30)).unwrap();
        assert_eq!(reset.verdict, V::Reset);
        assert_eq!(reset.raw, Some(Readings { before, now: 100 }));
    }
}

#[test]
fn readings_keep_one_coordinate_across_a_wrap() {
    let shape = CounterShape { wraps_at: Some(65_536), max_per_s: 10.0 };
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
    let (verdicts, _sum) = run(Some(65_536), &[(0, 100), (1_000_000, 101), (1_000_001, 0)]);
    assert_eq!(verdicts.last(), Some(&V::Reset));
}

#[test]
fn an_epoch_is_never_used_twice() {
    let shape = CounterShape { wraps_at: None, max_per_s: 0.6 };
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
    let shape = CounterShape { wraps_at: Some(65_536), max_per_s: 1.0 };
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
    let shape = CounterShape { wraps_at: Some(65_536), max_per_s: 1.0 };
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
