use super::*;
use crate::{
    counter::{CounterKind, Readings, Verdict},
    fact::{
        job::{JobPosted, JobStarted},
        machine::{CounterMoved, MapApplied},
        queue::{Ask, Queue, QueueAsked},
    },
    id::{EquipmentId, Incarnation, StationId, TerminalId, UserId},
    machine::MachineState,
    time::{Boot, Micros, Stamp},
};

const OLD: Origin = Origin { terminal: TerminalId(Uuid::nil()), incarnation: Incarnation(1) };
const NEW: Origin = Origin { terminal: TerminalId(Uuid::nil()), incarnation: Incarnation(2) };
const MACHINE: EquipmentId = EquipmentId(Uuid::from_u128(7));
const PERSON: UserId = UserId(Uuid::from_u128(8));
const STATION: StationId = StationId(Uuid::from_u128(9));

fn stamp(second: i64) -> Stamp {
    Stamp { wall_us: Micros(second * 1_000_000), mono_us: second * 1_000_000 }
}

fn fact(seq: u64, fact: Body) -> Fact {
    let at = stamp(i64::try_from(seq).unwrap());
    Fact { seq, at, boot: Boot("b".into()), by: None, key: None, former: None, fact }
}

fn counted(epoch: u32, raw_from: i64, raw_to: i64, verdict: Verdict) -> Body {
    Body::Counted(Counted {
        equipment: MACHINE,
        source: "good".into(),
        counter: CounterKind::Good,
        epoch,
        raw_from,
        raw_to,
        quantity: raw_to - raw_from,
        verdict,
        since: stamp(1),
        until: stamp(2),
        batch: None,
        map: String::new(),
        raw: None,
    })
}

fn state(state: MachineState, ends: Option<u64>) -> Body {
    Body::StateChanged {
        equipment: MACHINE,
        station: None,
        state,
        from: stamp(3),
        ends: ends.map(|seq| OLD.record(seq)),
        rule: "r".into(),
        map: "m".into(),
        batch: None,
        detail: crate::fact::machine::Detail::default(),
    }
}

/// The new life of a log of which headquarters holds `held`.
fn new_life(held: Vec<Body>) -> Succession {
    let mut plant = Plant::new(OLD);
    for (seq, body) in (1..).zip(held) {
        plant.apply(&fact(seq, body));
    }
    let continued = Continued {
        terminal: OLD.terminal,
        incarnation: OLD.incarnation,
        seq: plant.head,
        hash: Hash::ZERO,
    };
    let (new, begins) = Succession::begin(plant, NEW, OLD, continued, &Moment::default());
    assert_eq!(begins.iter().map(|fact| fact.seq).collect::<Vec<_>>(), [1, 2]);
    new
}

fn good(new: &Succession) -> i64 {
    new.plant().machines[&MACHINE].good
}

#[test]
fn parts_that_headquarters_has_are_not_counted_again() {
    let mut new = new_life(vec![
        counted(0, 100, 100, Verdict::Base),
        counted(0, 100, 120, Verdict::Increase),
    ]);
    assert_eq!(good(&new), 20);
    // The terminal was put back to 110 and has seen 115, then 130.
    for (seq, body) in
        [(2, counted(0, 110, 115, Verdict::Increase)), (3, counted(0, 115, 130, Verdict::Increase))]
    {
        let again = new.reissue(&fact(seq, body), Hash::ZERO).unwrap();
        assert_eq!(again[0].former.as_ref().unwrap().seq, seq);
    }
    assert_eq!(good(&new), 30);
    let base = &new.plant().machines[&MACHINE].counters["good"];
    assert_eq!((base.epoch, base.unwrapped), (0, 130));
}

#[test]
fn a_reset_is_counted_once_whoever_saw_it() {
    let seen = || counted(1, 0, 5, Verdict::Reset);
    let mut both = new_life(vec![counted(0, 9, 9, Verdict::Base), seen()]);
    both.reissue(&fact(2, counted(1, 0, 8, Verdict::Reset)), Hash::ZERO).unwrap();
    assert_eq!(good(&both), 8);
    let mut one = new_life(vec![counted(0, 9, 9, Verdict::Base)]);
    one.reissue(&fact(2, seen()), Hash::ZERO).unwrap();
    assert_eq!(good(&one), 5);
}

#[test]
fn a_first_reading_does_not_move_a_base_that_is_known() {
    let mut new = new_life(vec![counted(0, 100, 100, Verdict::Base)]);
    new.reissue(&fact(2, counted(0, 120, 120, Verdict::Base)), Hash::ZERO).unwrap();
    assert_eq!(new.plant().machines[&MACHINE].counters["good"].unwrapped, 100);
}

#[test]
fn parts_of_facts_that_both_sides_have_lost_are_counted_by_the_next_one() {
    let mut new = new_life(vec![counted(0, 100, 100, Verdict::Base)]);
    // Facts up to 150 were on the disk of headquarters alone, which was put back too.
    new.reissue(&fact(9, counted(0, 150, 150, Verdict::Held)), Hash::ZERO).unwrap();
    assert_eq!(good(&new), 0);
    new.reissue(&fact(10, counted(0, 150, 160, Verdict::Increase)), Hash::ZERO).unwrap();
    assert_eq!(good(&new), 60);
    let base = &new.plant().machines[&MACHINE].counters["good"];
    assert_eq!((base.epoch, base.unwrapped), (0, 160));
}

/// Somebody dropped a reading that was held: it went on from `base`, and counts on from `held`.
fn dropped(base: i64, held: i64) -> Body {
    let Body::Counted(base_at) = counted(0, held, held, Verdict::Base) else {
        panic!("another fact")
    };
    Body::Counted(Counted { raw: Some(Readings { before: base, now: held }), ..base_at })
}

fn held(base: i64, now: i64) -> Body {
    let Body::Counted(at) = counted(0, base, base, Verdict::Held) else { panic!("another fact") };
    Body::Counted(Counted { raw: Some(Readings { before: base, now }), ..at })
}

#[test]
fn what_somebody_dropped_is_not_counted_by_a_new_life() {
    // Headquarters knows of the reading that waits; that it was dropped is on the terminal alone.
    let mut new = new_life(vec![counted(0, 500, 500, Verdict::Base), held(500, 1_400)]);
    for (seq, body) in (3..).zip([dropped(500, 1_400), counted(0, 1_400, 1_404, Verdict::Increase)])
    {
        new.reissue(&fact(seq, body), Hash::ZERO).unwrap();
    }
    assert_eq!(good(&new), 4);
    let base = &new.plant().machines[&MACHINE].counters["good"];
    assert_eq!((base.epoch, base.unwrapped, base.held.is_some()), (0, 1_404, false));
}

#[test]
fn what_was_made_before_a_dropped_reading_is_counted_though_both_sides_have_lost_it() {
    let mut new = new_life(vec![counted(0, 500, 500, Verdict::Base)]);
    // That it rose to 520, and the reading that waited, are lost on both sides.
    let again = new.reissue(&fact(9, dropped(520, 1_400)), Hash::ZERO).unwrap();
    assert_eq!((again.len(), good(&new)), (2, 20));
    new.reissue(&fact(10, counted(0, 1_400, 1_404, Verdict::Increase)), Hash::ZERO).unwrap();
    assert_eq!(good(&new), 24);
    // Headquarters has counted beyond it already.
    new.reissue(&fact(11, dropped(520, 1_400)), Hash::ZERO).unwrap();
    let base = &new.plant().machines[&MACHINE].counters["good"];
    assert_eq!((base.unwrapped, good(&new)), (1_404, 24));
}

/// A map that reads the counter elsewhere; it stood at `last`.
fn moved(last: i64, epoch: u32) -> Body {
    Body::MapApplied(MapApplied {
        from: "m1".into(),
        to: "m2".into(),
        moved: vec![CounterMoved {
            equipment: MACHINE,
            source: "good".into(),
            last: Some(last),
            epoch: Some(epoch),
            counter: Some(CounterKind::Good),
        }],
        who: None,
    })
}

#[test]
fn a_counter_that_a_map_has_moved_begins_anew_whatever_headquarters_knows() {
    // Headquarters knows another map that moved the counter; the terminal was put back to before it.
    let mut new = new_life(vec![
        counted(0, 100, 100, Verdict::Base),
        moved(100, 0),
        counted(1, 7_000, 7_000, Verdict::Base),
    ]);
    let former = [
        moved(100, 0),
        counted(1, 900, 900, Verdict::Base),
        counted(1, 900, 950, Verdict::Increase),
        counted(2, 0, 4, Verdict::Reset),
    ];
    for (seq, body) in (2..).zip(former) {
        new.reissue(&fact(seq, body), Hash::ZERO).unwrap();
    }
    assert_eq!(good(&new), 54);
    let machine = &new.plant().machines[&MACHINE];
    let base = &machine.counters["good"];
    assert_eq!((base.epoch, base.unwrapped, machine.moved.len()), (3, 4, 0));
}

#[test]
fn where_a_counter_stood_when_a_map_moved_it_tells_what_both_sides_have_lost() {
    let mut new = new_life(vec![counted(0, 100, 100, Verdict::Base)]);
    // Facts up to 150 are lost on both sides.
    let again = new.reissue(&fact(9, moved(150, 0)), Hash::ZERO).unwrap();
    assert_eq!((again.len(), good(&new)), (2, 50));
    assert!(again[0].former.is_none() && again[1].former.is_some());
    for (seq, body) in (10..).zip([
        counted(1, 7_000, 7_000, Verdict::Base),
        counted(1, 7_000, 7_010, Verdict::Increase),
        // Nobody knows what it has counted since it was set back.
        moved(9_000, 7),
    ]) {
        new.reissue(&fact(seq, body), Hash::ZERO).unwrap();
    }
    assert_eq!(good(&new), 60);
}

#[test]
fn what_is_open_ends_and_what_is_new_gets_new_ids() {
    let mut new = new_life(vec![
        state(MachineState::Running, None),
        state(MachineState::Stopped, Some(1)),
        Body::ClockedIn { user: PERSON, station: STATION },
    ]);
    // The terminal was put back to fact 1.
    let again = new.reissue(&fact(2, state(MachineState::Unknown, Some(1))), Hash::ZERO).unwrap();
    let Body::StateChanged { ends, .. } = &again[0].fact else { panic!("{again:?}") };
    assert_eq!(*ends, Some(OLD.record(2)), "the interval that is open at headquarters");
    let next = new.reissue(&fact(3, state(MachineState::Running, Some(2))), Hash::ZERO).unwrap();
    let Body::StateChanged { ends, .. } = &next[0].fact else { panic!("{next:?}") };
    assert_eq!(*ends, Some(NEW.record(again[0].seq)));

    let clocked_in = Body::ClockedIn { user: PERSON, station: STATION };
    let again = new.reissue(&fact(4, clocked_in), Hash::ZERO).unwrap();
    assert_eq!(again[0].fact, Body::ClockedOut { user: PERSON, entry: OLD.record(3) });
    assert_eq!(again[0].former, None);
    let out = Body::ClockedOut { user: PERSON, entry: OLD.record(4) };
    let out = new.reissue(&fact(5, out), Hash::ZERO).unwrap();
    assert_eq!(out[0].fact, Body::ClockedOut { user: PERSON, entry: NEW.record(again[1].seq) });
    assert!(new.plant().labor.is_empty());
    assert_eq!(new.plant().head, 7);
}

/// A person says why the machine stood.
fn explained(stop: RecordId) -> Body {
    Body::StopExplained {
        stop,
        reason: crate::id::ReasonId(Uuid::from_u128(11)),
        label: "jam".into(),
        group_type: "technical".into(),
        rank: 1,
        comment: None,
        choice: None,
    }
}

fn withdrawn(stop: RecordId, seq: u64) -> Body {
    Body::ExplanationWithdrawn(ExplanationWithdrawn { stop, origin: OLD, seq, why: None })
}

#[test]
fn an_explanation_that_was_withdrawn_does_not_hold_again() {
    let mut new = new_life(vec![state(MachineState::Stopped, None)]);
    let stop = OLD.record(1);
    let again = new.reissue(&fact(5, explained(stop)), Hash::ZERO).unwrap();
    assert_eq!(new.plant().stops[&stop].label(), Some("jam"));
    let back = new.reissue(&fact(6, withdrawn(stop, 5)), Hash::ZERO).unwrap();
    let Body::ExplanationWithdrawn(back) = &back[0].fact else { panic!("{back:?}") };
    assert_eq!((back.origin, back.seq), (NEW, again[0].seq));
    assert_eq!(new.plant().stops[&stop].label(), None);
}

#[test]
fn an_explanation_that_headquarters_has_is_withdrawn_where_it_stands_there() {
    let stop = OLD.record(1);
    let mut new = new_life(vec![state(MachineState::Stopped, None), explained(stop)]);
    // Another stop is explained at a place of the same number.
    new.reissue(&fact(2, explained(OLD.record(9))), Hash::ZERO).unwrap();
    let back = new.reissue(&fact(3, withdrawn(stop, 2)), Hash::ZERO).unwrap();
    let Body::ExplanationWithdrawn(back) = &back[0].fact else { panic!("{back:?}") };
    assert_eq!((back.origin, back.seq), (OLD, 2));
    assert_eq!(new.plant().stops[&stop].label(), None);
}

#[test]
fn an_explanation_that_an_event_carries_is_withdrawn_from_it() {
    use crate::fact::{replay::Carried, stop::Told};
    let stop = OLD.record(1);
    let mut new = new_life(vec![state(MachineState::Stopped, None), explained(stop)]);
    let told = EventTold {
        told: Told::Part,
        equipment: vec![MACHINE],
        station: None,
        state: MachineState::Stopped,
        from: Micros(3_000_000),
        until: Some(Micros(4_000_000)),
        batches: vec![],
        of: vec![stop],
        explained: Some(Carried {
            stop,
            seq: 2,
            at: Micros(2_000_000),
            by: None,
            reason: crate::id::ReasonId(Uuid::from_u128(11)),
            label: "jam".into(),
            group_type: "technical".into(),
            rank: 1,
        }),
    };
    let again = new.reissue(&fact(7, Body::EventTold(told)), Hash::ZERO).unwrap();
    let part = NEW.record(again[0].seq);
    assert_eq!(new.plant().stops[&part].label(), Some("jam"));
    new.reissue(&fact(8, withdrawn(OLD.record(7), 2)), Hash::ZERO).unwrap();
    assert_eq!(new.plant().stops[&part].label(), None);
}

#[test]
fn an_incident_that_is_inherited_names_no_fact_of_the_new_life() {
    use crate::fact::incident::{IncidentOpened, Severity};
    let opened = || {
        Body::IncidentOpened(IncidentOpened {
            station: Some(STATION),
            machines: vec![],
            batches: vec![],
            reason: None,
            label: String::new(),
            severity: Severity::Major,
            comment: None,
        })
    };
    let mut new = new_life(vec![opened()]);
    let again = new.reissue(&fact(2, opened()), Hash::ZERO).unwrap();
    let incidents = &new.plant().incidents;
    assert_eq!(incidents[&OLD.record(1)].seq, 0);
    assert_eq!(incidents[&NEW.record(again[0].seq)].seq, again[0].seq);
}

#[test]
fn what_belongs_to_a_batch_that_both_sides_have_lost_counts_without_it() {
    let mut new = new_life(vec![counted(0, 100, 100, Verdict::Base)]);
    let lost = Origin { incarnation: Incarnation(9), ..OLD }.record(5);
    let Body::Counted(parts) = counted(0, 100, 120, Verdict::Increase) else {
        panic!("another fact")
    };
    let parts = Body::Counted(Counted { batch: Some(lost), ..parts });
    let again = new.reissue(&fact(7, parts), Hash::ZERO).unwrap();
    let Body::Counted(parts) = &again[0].fact else { panic!("{again:?}") };
    assert_eq!((parts.batch, parts.quantity), (None, 20));
    let Body::StateChanged { equipment, station, state, from, ends, rule, map, detail, .. } =
        state(MachineState::Running, None)
    else {
        panic!("another fact")
    };
    let batch = Some(lost);
    let runs =
        Body::StateChanged { equipment, station, state, from, ends, rule, map, batch, detail };
    let again = new.reissue(&fact(8, runs), Hash::ZERO).unwrap();
    let Body::StateChanged { batch, .. } = &again[0].fact else { panic!("{again:?}") };
    assert_eq!(*batch, None);
}

#[test]
fn what_belongs_to_a_batch_that_comes_again_goes_on_belonging_to_it() {
    let mut new = new_life(vec![counted(0, 100, 100, Verdict::Base)]);
    let started = crate::fact::BatchStarted {
        equipment: MACHINE,
        station: None,
        product: crate::id::ProductId(Uuid::from_u128(10)),
        number: "CH-1".into(),
        work_order: None,
        target: None,
        operators: vec![],
        from: stamp(5),
        lease: None,
        special: Default::default(),
    };
    let begun = new.reissue(&fact(6, Body::BatchStarted(started)), Hash::ZERO).unwrap();
    let Body::Counted(parts) = counted(0, 100, 120, Verdict::Increase) else {
        panic!("another fact")
    };
    let parts = Body::Counted(Counted { batch: Some(OLD.record(6)), ..parts });
    let again = new.reissue(&fact(7, parts), Hash::ZERO).unwrap();
    let Body::Counted(parts) = &again[0].fact else { panic!("{again:?}") };
    assert_eq!(parts.batch, Some(NEW.record(begun[0].seq)));
}

#[test]
fn a_name_that_was_given_out_twice_is_what_it_is_used_for() {
    let mut new = new_life(vec![]);
    let job = |seq| {
        let from = stamp(5);
        Body::JobStarted(JobStarted { job: OLD.record(seq), station: STATION, from })
    };
    let posted = Body::JobPosted(JobPosted {
        station: STATION,
        product: crate::id::ProductId(Uuid::from_u128(10)),
        number: None,
        work_order: None,
        target: None,
    });
    // The log was cut off before fact 5, which was a job that headquarters has told of.
    new.reissue(&fact(5, Body::ClockedIn { user: PERSON, station: STATION }), Hash::ZERO).unwrap();
    let old = new.reissue(&fact(6, job(5)), Hash::ZERO).unwrap();
    assert_eq!(old[0].fact, job(5), "nobody starts work on somebody's presence");
    let begun = new.reissue(&fact(7, posted), Hash::ZERO).unwrap();
    let again = new.reissue(&fact(8, job(7)), Hash::ZERO).unwrap();
    let Body::JobStarted(started) = &again[0].fact else { panic!("{again:?}") };
    assert_eq!(started.job, NEW.record(begun[0].seq));
    let taken = Body::QueueAsked(QueueAsked {
        queue: Queue::Station(STATION),
        ask: Ask::Remove { entry: OLD.record(7) },
    });
    let old = new.reissue(&fact(9, taken.clone()), Hash::ZERO).unwrap();
    assert_eq!(old[0].fact, taken, "a job is no entry of a queue");
}

#[test]
fn what_comes_again_twice_names_all_the_places_where_it_stood() {
    let started = || Body::Started { version: "1".into(), map: "m".into() };
    let mut second = new_life(vec![]);
    let again = second.reissue(&fact(2, started()), Hash([1; 32])).unwrap().remove(0);
    let (third, plant) = (Incarnation(3), Plant::new(OLD));
    let continued = Continued {
        terminal: OLD.terminal,
        incarnation: OLD.incarnation,
        seq: 0,
        hash: Hash::ZERO,
    };
    let origin = Origin { incarnation: third, ..OLD };
    let (mut third, _) = Succession::begin(plant, origin, NEW, continued, &Moment::default());
    let twice = third.reissue(&again, Hash([2; 32])).unwrap().remove(0);
    let former = twice.former.clone().unwrap();
    let places: Vec<_> =
        former.places().map(|place| (place.incarnation, place.seq, place.hash.0[0])).collect();
    assert_eq!(places, [(NEW.incarnation, again.seq, 2), (OLD.incarnation, 2, 1)]);
    let line = serde_json::to_string(&twice).unwrap();
    assert_eq!(Fact::parse(line.as_bytes()).unwrap(), twice);
    assert!(!serde_json::to_string(&again).unwrap().contains("earlier"));
}

#[test]
fn provenance_stands_in_the_line_and_only_there() {
    let mut new = new_life(vec![]);
    let started = Body::Started { version: "1".into(), map: "m".into() };
    let line = serde_json::to_string(&fact(2, started.clone())).unwrap();
    assert!(!line.contains("former"), "{line}");
    let again = new.reissue(&fact(2, started), Hash([1; 32])).unwrap();
    let line = serde_json::to_string(&again[0]).unwrap();
    assert!(line.contains(r#""former":{"incarnation":"0000000000000001","seq":2,"hash":"0101"#));
    assert_eq!(Fact::parse(line.as_bytes()).unwrap(), again[0]);
}
