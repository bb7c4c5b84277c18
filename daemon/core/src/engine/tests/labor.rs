//! Breaks, moves, wrong badges and forgotten clock-outs.

use super::*;
use crate::{
    fact::labor::{Evidence, Inside, Share, Stood},
    id::{SiteId, UserId},
    record::{Record, Tenant, Touch, tables, touches},
    row::Cell,
};

const ANNA: &str = "1001";
const BEN: &str = "1002";

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn badge(badge: &str) -> String {
    badge.to_owned()
}

/// Anna at the presses with a batch running there.
fn working() -> (Bench, RecordId) {
    let mut bench = Bench::new();
    clock_in(&mut bench, 0, ANNA);
    let start = Command::StartBatch {
        by: bench.reference.people[0].id,
        equipment: bench.equipment(0),
        product: bench.reference.families[0].products[0].id,
        target: None,
        number: None,
        work_order: None,
        detail: Default::default(),
    };
    let batch = bench.command(1_000, &start).unwrap();
    (bench, batch)
}

fn clock_in(bench: &mut Bench, millis: i64, who: &str) -> RecordId {
    let station = bench.reference.stations[0].id;
    bench.command(millis, &Command::ClockIn { badge: badge(who), station }).unwrap()
}

fn on(bench: &Bench, batch: RecordId) -> usize {
    bench.engine.plant.batches[&batch].operators.len()
}

/// Somebody's time on a batch as the tables have it, in milliseconds; no end where it goes on.
fn worked(bench: &Bench, batch: RecordId, user: UserId) -> Vec<(i64, Option<i64>)> {
    let origin = bench.engine.plant.origin;
    let tenant = Tenant { organization: "o".into(), site: SiteId(Uuid::from_u128(99)) };
    let mut record: Option<Record> = None;
    for fact in &bench.facts {
        if touches(origin, fact, &tenant).contains(&Touch::Record(batch)) {
            let record = record.get_or_insert_with(|| Record::empty_for(fact).unwrap());
            assert!(record.apply(batch, origin, fact));
        }
    }
    let rows = record.unwrap().rows(batch, &tenant);
    let time = |cell: &Cell| match cell {
        Cell::Time(at) => Some((at.0 - stamp(0).wall_us.0) / 1_000),
        _ => None,
    };
    rows.iter()
        .filter(|row| *row.table == tables::BATCH_OPERATORS && row.cells[2] == Cell::Uuid(user.0))
        .map(|row| (time(&row.cells[3]).unwrap(), time(&row.cells[4])))
        .collect()
}

fn tell_out(bench: &Bench, who: &str, until: i64) -> Command {
    let user = bench.reference.person_by_badge(who).unwrap().id;
    let (entry, until) = (bench.engine.plant.labor[&user].entry, stamp(until).wall_us);
    Command::TellOut { badge: badge(who), entry, until, reason: Some("forgot".into()) }
}

#[test]
fn whoever_told_when_they_left_has_the_time_of_the_next_day_too() {
    let (mut bench, batch) = working();
    let anna = bench.reference.people[0].id;
    let tell = tell_out(&bench, ANNA, 8 * HOUR);
    bench.command(24 * HOUR, &tell).unwrap();
    assert_eq!(on(&bench, batch), 0);
    clock_in(&mut bench, 24 * HOUR + MINUTE, ANNA);
    let first = (1_000, Some(8 * HOUR));
    assert_eq!(worked(&bench, batch, anna), [first, (24 * HOUR + MINUTE, None)]);
    bench.command(30 * HOUR, &Command::ClockOut { badge: badge(ANNA) }).unwrap();
    let second = (24 * HOUR + MINUTE, Some(30 * HOUR));
    assert_eq!(worked(&bench, batch, anna), [first, second]);
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn whoever_had_gone_before_a_batch_began_has_no_time_on_it() {
    let mut bench = Bench::new();
    let [anna, ben] = [0, 1].map(|n| bench.reference.people[n].id);
    clock_in(&mut bench, 0, ANNA);
    clock_in(&mut bench, 1_000, BEN);
    let start = Command::StartBatch {
        by: ben,
        equipment: bench.equipment(0),
        product: bench.reference.families[0].products[0].id,
        target: None,
        number: None,
        work_order: None,
        detail: Default::default(),
    };
    let begun = 65 * MINUTE;
    let batch = bench.command(begun, &start).unwrap();
    let tell = tell_out(&bench, ANNA, HOUR);
    bench.command(3 * HOUR, &tell).unwrap();
    assert_eq!(worked(&bench, batch, anna), [(begun, Some(begun))]);
    assert_eq!(worked(&bench, batch, ben), [(begun, None)]);
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn whoever_comes_after_their_badge_was_taken_back_has_their_time() {
    let (mut bench, batch) = working();
    let ben = bench.reference.people[1].id;
    let entry = clock_in(&mut bench, 10_000, BEN);
    bench.command(19_000, &Command::UndoPunch { by: None, user: ben, entry }).unwrap();
    assert_eq!(worked(&bench, batch, ben), [(10_000, Some(10_000))]);
    clock_in(&mut bench, HOUR, BEN);
    assert_eq!(worked(&bench, batch, ben), [(10_000, Some(10_000)), (HOUR, None)]);
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn nobody_comes_to_a_batch_that_rests_and_all_are_on_it_once_when_it_goes_on() {
    let (mut bench, batch) = working();
    let anna = bench.reference.people[0].id;
    bench.command(2_000, &Command::BeginLabor { badge: badge(ANNA), kind: Inside::Meal }).unwrap();
    clock_in(&mut bench, 3_000, BEN);
    let by = bench.reference.people[1].id;
    bench.command(4_000, &Command::PauseBatch { by, batch }).unwrap();
    bench.command(5_000, &Command::EndLabor { badge: badge(ANNA) }).unwrap();
    bench.command(6_000, &Command::ClockOut { badge: badge(BEN) }).unwrap();
    clock_in(&mut bench, 7_000, BEN);
    assert_eq!(on(&bench, batch), 0);
    bench.command(8_000, &Command::ResumeBatch { by: anna, batch }).unwrap();
    assert_eq!(bench.engine.plant.batches[&batch].operators.len(), 2);
    assert_eq!(worked(&bench, batch, anna), [(1_000, Some(2_000)), (8_000, None)]);
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn joining_twice_is_being_there_once() {
    let (mut bench, batch) = working();
    let user = bench.reference.people[0].id;
    let joined = crate::engine::Event::new(Body::BatchJoined { batch, user });
    bench.engine.draft(&moment(2_000), joined);
    assert_eq!(bench.engine.plant.batches[&batch].operators, [user]);
}

#[test]
fn a_meal_leaves_the_batch_and_takes_it_up_again() {
    let (mut bench, batch) = working();
    let meal = Command::BeginLabor { badge: badge(ANNA), kind: Inside::Meal };
    let back = Command::EndLabor { badge: badge(ANNA) };
    assert!(matches!(bench.command(2_000, &back), Err(Refusal::NotAway { .. })));
    let entry = bench.command(3_000, &meal).unwrap();
    assert_eq!(on(&bench, batch), 0, "it runs on unattended");
    assert!(matches!(bench.command(4_000, &meal), Err(Refusal::AlreadyAway { .. })));
    assert_eq!(bench.command(5_000, &back), Ok(entry));
    assert_eq!(on(&bench, batch), 1);
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn going_home_from_a_break_ends_both() {
    let (mut bench, _) = working();
    let pause = Command::BeginLabor { badge: badge(ANNA), kind: Inside::Break };
    bench.command(3_000, &pause).unwrap();
    bench.command(4_000, &Command::ClockOut { badge: badge(ANNA) }).unwrap();
    assert!(bench.engine.plant.labor.is_empty());
    let ended = |fact: &&Fact| matches!(fact.fact, Body::LaborEnded(_));
    assert_eq!(bench.facts.iter().filter(ended).count(), 1);
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn a_wrong_badge_is_taken_back_for_two_minutes_by_anybody() {
    let (mut bench, batch) = working();
    let ben = bench.reference.people[1].id;
    let entry = clock_in(&mut bench, 10_000, BEN);
    assert_eq!(on(&bench, batch), 2);
    let undo = Command::UndoPunch { by: None, user: ben, entry };
    let mut late = bench.clone();
    assert_eq!(late.command(131_000, &undo), Err(Refusal::CannotUndo));
    assert_eq!(bench.command(19_000, &undo), Ok(entry));
    assert!(!bench.engine.plant.labor.contains_key(&ben));
    assert_eq!(on(&bench, batch), 1);
    assert_eq!(bench.command(20_000, &undo), Err(Refusal::CannotUndo), "once");
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn whoever_was_clocked_out_with_the_wrong_badge_is_where_they_were() {
    let (mut bench, batch) = working();
    let anna = bench.reference.people[0].id;
    let before = bench.engine.plant.labor[&anna].clone();
    let entry = bench.command(5_000, &Command::ClockOut { badge: badge(ANNA) }).unwrap();
    assert_eq!(on(&bench, batch), 0);
    let undo = Command::UndoPunch { by: None, user: anna, entry };
    bench.command(9_000, &undo).unwrap();
    let after = &bench.engine.plant.labor[&anna];
    assert_eq!((after.entry, &after.since), (before.entry, &before.since));
    assert_eq!(on(&bench, batch), 1);
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn only_the_last_punch_of_a_person_can_be_taken_back() {
    let (mut bench, _) = working();
    let anna = bench.reference.people[0].id;
    let shift = bench.engine.plant.labor[&anna].entry;
    let meal = Command::BeginLabor { badge: badge(ANNA), kind: Inside::Meal };
    let entry = bench.command(3_000, &meal).unwrap();
    let undo = |entry| Command::UndoPunch { by: Some(anna), user: anna, entry };
    assert_eq!(bench.command(4_000, &undo(shift)), Err(Refusal::CannotUndo));
    bench.command(5_000, &undo(entry)).unwrap();
    assert!(bench.engine.plant.labor[&anna].away.is_none());
    assert_eq!(bench.replayed(), bench.engine.plant);
}

/// Lets time pass, a minute at a step, and says when somebody was missed.
fn missed(bench: &mut Bench, until: i64) -> Option<(i64, Option<Micros>, Evidence)> {
    for minute in 1..=until / MINUTE {
        bench.engine.on_time(&moment(minute * MINUTE));
        for body in bench.collect() {
            if let Body::OutMissed(missed) = body {
                return Some((minute, missed.proposed, missed.evidence));
            }
        }
    }
    None
}

#[test]
fn a_forgotten_clock_out_is_noted_and_closes_nothing() {
    let (mut bench, batch) = working();
    clock_in(&mut bench, 10_000, BEN);
    let anna = bench.reference.people[0].id;
    // Nobody says when shifts end: twelve hours, and two and a half more.
    let (minute, proposed, evidence) = missed(&mut bench, 16 * HOUR).unwrap();
    assert_eq!(minute, 14 * 60 + 30);
    assert_eq!(proposed, Some(stamp(1_000).wall_us), "the batch she started");
    assert_eq!(evidence, Evidence::TakenOver, "Ben came to it");
    assert!(bench.engine.plant.labor.contains_key(&anna));
    assert_eq!(on(&bench, batch), 2);
    // The next morning she is not held up, and what is open stays open.
    let morning = 24 * HOUR;
    let again = clock_in(&mut bench, morning, ANNA);
    assert_eq!(bench.engine.plant.labor[&anna].entry, again);
    let unended: Vec<RecordId> = bench.engine.plant.unended.keys().copied().collect();
    let [entry] = unended[..] else { panic!("{unended:?}") };
    let told = |until, reason: Option<&str>| Command::TellOut {
        badge: badge(ANNA),
        entry,
        until,
        reason: reason.map(str::to_owned),
    };
    let late = stamp(morning + 1_000).wall_us;
    let asked = told(late, Some("overtime"));
    assert!(matches!(bench.command(morning, &asked), Err(Refusal::OutOutside { .. })));
    let other = stamp(8 * HOUR).wall_us;
    assert_eq!(bench.command(morning, &told(other, None)), Err(Refusal::ReasonNeeded));
    assert_eq!(bench.command(morning, &told(proposed.unwrap(), None)), Ok(entry));
    assert!(bench.engine.plant.unended.is_empty());
    assert_eq!(on(&bench, batch), 2, "she is on it anew");
    assert_eq!(bench.command(morning, &told(other, Some("x"))), Err(Refusal::NoSuchEntry));
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn clocking_in_alone_tells_nothing_of_when_somebody_left() {
    let (mut bench, batch) = working();
    clock_in(&mut bench, 10_000, BEN);
    assert_eq!(on(&bench, batch), 2, "he came to it by clocking in");
    bench.command(20_000, &Command::ClockOut { badge: badge(ANNA) }).unwrap();
    let (_, proposed, evidence) = missed(&mut bench, 16 * HOUR).unwrap();
    assert_eq!((proposed, evidence), (None, Evidence::Nothing));
}

#[test]
fn by_a_calendar_it_is_two_hours_and_a_half_after_the_shift() {
    let (mut bench, _) = working();
    let mut reference = (*bench.reference).clone();
    let roster = "
[[shift]]
code = 'L'
name = 'Late'
start = '14:00'
end = '22:00'
[[shift_pattern]]
from = '1970-01-05'
weeks = [['L', 'L', 'L', 'L', 'L', 'L', 'L']]
";
    reference.roster = site::parse("site.toml", &format!("{SITE}{roster}")).unwrap().roster;
    bench.engine.set_reference(Arc::new(reference));
    // It is 14:46:40 in Berlin when she clocks in.
    let (minute, ..) = missed(&mut bench, 16 * HOUR).unwrap();
    assert_eq!(minute, 7 * 60 + 13 + 150 + 1, "22:00 and two and a half hours");
    // Whoever still records something is still there.
    let anna = bench.reference.people[0].id;
    assert!(bench.engine.plant.labor[&anna].missed.is_some());
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn time_is_divided_among_own_batches_in_hundredths() {
    let (mut bench, batch) = working();
    let split = |shares: &[(RecordId, u8)]| Command::SplitLabor {
        badge: badge(ANNA),
        shares: shares
            .iter()
            .map(|(batch, percent)| Share { batch: *batch, percent: *percent })
            .collect(),
    };
    let other = RecordId(Uuid::from_u128(5));
    for wrong in [&[][..], &[(batch, 99)], &[(batch, 50), (batch, 50)], &[(other, 100)]] {
        assert_eq!(bench.command(2_000, &split(wrong)), Err(Refusal::BadShares), "{wrong:?}");
    }
    bench.command(3_000, &split(&[(batch, 100)])).unwrap();
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn a_record_is_confirmed_and_a_correction_is_asked_for_with_a_word() {
    let (mut bench, _) = working();
    let anna = bench.reference.people[0].id;
    let entry = bench.engine.plant.labor[&anna].entry;
    let stood = Stood { entry, from: stamp(0).wall_us, until: None };
    let confirm = |entries| Command::ConfirmLabor { badge: badge(ANNA), entries };
    assert!(bench.command(2_000, &confirm(vec![])).is_err());
    bench.command(2_000, &confirm(vec![stood])).unwrap();
    let ask = |void, reason: Option<&str>| Command::AskLabor {
        badge: badge(ANNA),
        entry,
        from: None,
        until: None,
        void,
        reason: reason.map(str::to_owned),
    };
    assert_eq!(bench.command(3_000, &ask(true, None)), Err(Refusal::ReasonNeeded));
    bench.command(3_000, &ask(true, Some("not me"))).unwrap();
    assert_eq!(bench.replayed(), bench.engine.plant);
}
