//! Batches from the queue to the end: claimed, asked about, paused, beside each other, continued.

use super::*;
use crate::{
    command::{Accepted, Answered, CompleteDetail, Continue, Second, StartDetail},
    fact::{
        batch::{Field, FieldValue},
        queue::{Ask, Enqueue, Place, Queue},
    },
    id::{FieldId, ReasonId},
    reference::{self, FieldType, Queued, Reason, ReasonGroup},
};

const ENTRY: RecordId = RecordId(Uuid::from_u128(90));
const DIE: Uuid = Uuid::from_u128(70);
const REMARK: Uuid = Uuid::from_u128(71);
const BURR: ReasonId = ReasonId(Uuid::from_u128(401));
const BENT: ReasonId = ReasonId(Uuid::from_u128(402));

fn asks(id: Uuid, label: &str, field_type: FieldType, asked_at: &str) -> reference::Field {
    reference::Field {
        id,
        code: label.into(),
        label: label.into(),
        field_type,
        options: vec![],
        asked_at: asked_at.into(),
        required: field_type == FieldType::Number,
    }
}

/// Anna is clocked in; one entry is queued on the first machine; the reference data is changed.
fn bench(change: impl FnOnce(&mut Reference)) -> Bench {
    let mut bench = Bench::new();
    let mut reference = (*bench.reference).clone();
    let reason = |id, name: &str| Reason { id, code: name.into(), name: name.into() };
    reference.scrap_groups = vec![ReasonGroup {
        id: Uuid::from_u128(40),
        name: "Quality".into(),
        group_type: String::new(),
        reasons: vec![reason(BURR, "Burr"), reason(BENT, "Bent")],
    }];
    reference.work.queued = vec![Queued {
        entry: ENTRY,
        queue: Queue::Equipment(reference.machines[0].id),
        product: Some(reference.families[0].products[0].id),
        number: Some("B-1043".into()),
        work_order: None,
        target: Some(300),
        batch: None,
    }];
    change(&mut reference);
    bench.reference = Arc::new(reference);
    bench.engine.set_reference(Arc::clone(&bench.reference));
    let station = bench.reference.stations[0].id;
    bench.command(1, &Command::ClockIn { badge: "1001".into(), station }).unwrap();
    bench
}

fn start(bench: &Bench, n: usize, detail: StartDetail) -> Command {
    Command::StartBatch {
        by: bench.reference.people[0].id,
        equipment: bench.equipment(n),
        product: bench.reference.families[0].products[0].id,
        target: None,
        number: None,
        work_order: None,
        detail,
    }
}

fn of(facts: &[Fact], kind: &str) -> usize {
    facts.iter().filter(|fact| fact.fact.kind() == kind).count()
}

/// What the last command is answered when it is asked once more.
fn again(bench: &Bench) -> Option<RecordId> {
    let key = format!("k{}", bench.key);
    let keyed: Vec<&Fact> = bench.facts.iter().filter(|f| f.key.as_ref() == Some(&key)).collect();
    let [fact] = keyed[..] else { panic!("{keyed:?}") };
    Accepted::of(fact, bench.engine.plant.origin).map(|accepted| accepted.record)
}

fn anna(bench: &Bench) -> crate::id::UserId {
    bench.reference.people[0].id
}

#[test]
fn an_entry_of_the_queue_is_claimed_with_the_start_and_never_offered_again() {
    let mut bench = bench(|_| {});
    let detail = || StartDetail { entry: Some(ENTRY), ..StartDetail::default() };
    let batch = bench.command(2, &start(&bench, 0, detail())).unwrap();
    let claims = bench.facts.iter().filter_map(|fact| match &fact.fact {
        Body::QueueAsked(asked) => Some(asked.ask.clone()),
        _ => None,
    });
    assert_eq!(claims.collect::<Vec<_>>(), [Ask::Claim { entry: ENTRY, batch }]);
    let queue = Queue::Equipment(bench.equipment(0));
    assert!(bench.engine.plant.queue(queue, &bench.reference.work.queued, 0).is_empty());
    bench.command(3, &Command::PauseBatch { by: anna(&bench), batch }).unwrap();
    let again = bench.command(4, &start(&bench, 0, detail()));
    assert_eq!(again, Err(Refusal::NotQueued));
}

#[test]
fn what_a_station_asks_is_answered_with_the_start_and_a_text_stands_beside() {
    let fields = vec![
        asks(DIE, "Die no.", FieldType::Number, "start"),
        asks(REMARK, "Remark", FieldType::Text, "start"),
        asks(Uuid::from_u128(72), "At the end", FieldType::Number, "complete"),
    ];
    let mut bench = bench(|reference| reference.stations[0].fields = fields);
    let station = bench.reference.stations[0].id;
    let answered = |field, value: &str| Answered {
        field: Field::Station { station, field: FieldId(field) },
        value: Some(value.into()),
    };
    let with = |answers| StartDetail { answers, ..StartDetail::default() };
    let missing = Refusal::FieldMissing { label: "Die no.".into() };
    assert_eq!(bench.command(2, &start(&bench, 0, with(vec![]))), Err(missing));
    let wrong = with(vec![answered(DIE, "four")]);
    let refused = Refusal::FieldWrong { label: "Die no.".into(), takes: FieldType::Number };
    assert_eq!(bench.command(3, &start(&bench, 0, wrong)), Err(refused));
    assert_eq!(of(&bench.facts, "batch_started"), 0);
    let fine = with(vec![answered(DIE, "4,5"), answered(REMARK, "old die")]);
    let batch = bench.command(4, &start(&bench, 0, fine)).unwrap();
    let told = bench.facts.iter().filter_map(|fact| match &fact.fact {
        Body::BatchFieldSet(set) => Some((set.label.as_str(), set.value.clone())),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told[0], ("Die no.", Some(FieldValue::Plain("4.5".into()))));
    assert!(matches!(&told[1], ("Remark", Some(FieldValue::Text(_)))), "{told:?}");
    let complete = Command::CompleteBatch {
        by: anna(&bench),
        batch,
        good: 1,
        scrap: 0,
        scrap_reason: None,
        detail: CompleteDetail::default(),
    };
    let missing = Refusal::FieldMissing { label: "At the end".into() };
    assert_eq!(bench.command(5, &complete), Err(missing));
}

#[test]
fn a_batch_that_rests_leaves_its_machine_and_its_counts_stay_with_it() {
    let mut bench = bench(|_| {});
    let (machine, by) = (bench.equipment(0), anna(&bench));
    bench.sample(5, 0, "good", Value::Whole(100));
    let first = bench.command(10, &start(&bench, 0, StartDetail::default())).unwrap();
    bench.sample(1_000, 0, "good", Value::Whole(105));
    bench.command(1_010, &Command::PauseBatch { by, batch: first }).unwrap();
    assert_eq!(bench.engine.plant.counted(first), (5, 0));
    let from = Some(moment(500).at.wall_us);
    let over = bench.command(1_011, &start(&bench, 0, StartDetail { from, ..Default::default() }));
    let until_us = moment(1_010).at.wall_us;
    let machine_code = "EQ-211".to_owned();
    assert_eq!(over, Err(Refusal::StartBeforeEnd { machine: machine_code, until_us }));
    assert!(bench.engine.plant.batches[&first].operators.is_empty());
    let again = bench.command(1_011, &Command::PauseBatch { by, batch: first });
    assert!(matches!(again, Err(Refusal::AlreadyPaused { .. })), "{again:?}");
    let urgent = bench.command(1_020, &start(&bench, 0, StartDetail::default())).unwrap();
    bench.sample(2_000, 0, "good", Value::Whole(108));
    assert_eq!(bench.engine.plant.counted(urgent), (3, 0));
    let taken = bench.command(2_001, &Command::ResumeBatch { by, batch: first });
    assert!(matches!(taken, Err(Refusal::BatchRunning { .. })), "{taken:?}");
    let reason = BURR;
    let abort = Command::AbortBatch { by, batch: urgent, reason, good: 3, scrap: 0, comment: None };
    bench.command(2_010, &abort).unwrap();
    bench.command(2_020, &Command::ResumeBatch { by, batch: first }).unwrap();
    bench.sample(3_000, 0, "good", Value::Whole(109));
    assert_eq!(bench.engine.plant.counted(first), (6, 0));
    assert_eq!(bench.engine.plant.batches[&first].operators, [by]);
    let rest = (moment(1_010).at.wall_us, moment(2_020).at.wall_us);
    assert_eq!(bench.engine.plant.batches[&first].rests, [rest]);
    assert_eq!(bench.engine.plant.machines[&machine].batch, Some(first));
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn where_several_run_at_a_time_the_counter_counts_for_the_first() {
    let mut bench = bench(|reference| reference.machines[0].concurrent_batches = true);
    let by = anna(&bench);
    bench.sample(5, 0, "good", Value::Whole(100));
    let [first, second] =
        [10, 20].map(|at| bench.command(at, &start(&bench, 0, StartDetail::default())).unwrap());
    bench.sample(1_000, 0, "good", Value::Whole(104));
    assert_eq!(
        (bench.engine.plant.counted(first), bench.engine.plant.counted(second)),
        ((4, 0), (0, 0))
    );
    let told =
        Command::TellParts { by, batch: second, good: 7, scrap: 2, reason: Some(BENT), rework: 1 };
    bench.command(1_010, &told).unwrap();
    let batch = &bench.engine.plant.batches[&second];
    assert_eq!((batch.good, batch.scrap, batch.rework, batch.scrapped[&BENT]), (7, 2, 1, 2));
    let detail = CompleteDetail::default();
    let complete =
        Command::CompleteBatch { by, batch: first, good: 4, scrap: 0, scrap_reason: None, detail };
    bench.command(1_020, &complete).unwrap();
    bench.sample(2_000, 0, "good", Value::Whole(106));
    assert_eq!(bench.engine.plant.counted(second), (2, 0));
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn scrap_by_reason_adds_up_or_is_refused() {
    let mut bench = bench(|_| {});
    let batch = bench.command(2, &start(&bench, 0, StartDetail::default())).unwrap();
    let by = anna(&bench);
    let complete = |scrapped: Vec<(ReasonId, i64)>| Command::CompleteBatch {
        by,
        batch,
        good: 494,
        scrap: 3,
        scrap_reason: None,
        detail: CompleteDetail { scrapped, rework: 2, answers: vec![] },
    };
    let uneven = bench.command(3, &complete(vec![(BURR, 1), (BENT, 1)]));
    assert_eq!(uneven, Err(Refusal::ScrapUneven { scrap: 3, split: 2 }));
    let twice = bench.command(4, &complete(vec![(BURR, 1), (BURR, 2)]));
    assert!(matches!(twice, Err(Refusal::BadValue { .. })), "{twice:?}");
    bench.command(5, &complete(vec![(BURR, 1), (BENT, 2)])).unwrap();
    let Body::BatchCompleted { scrapped, scrap_reason, rework, .. } =
        &bench.facts.last().unwrap().fact
    else {
        panic!("not completed");
    };
    assert_eq!((*scrap_reason, *rework), (Some(BENT), 2));
    assert_eq!(scrapped[0].label, "Burr");
}

#[test]
fn a_start_lies_neither_ahead_nor_before_the_last_end_nor_before_the_shift() {
    let mut bench = bench(|_| {});
    let hour = 3_600_000;
    let from = |millis: i64, second| StartDetail {
        from: Some(moment(millis).at.wall_us),
        second,
        ..StartDetail::default()
    };
    let now = 20 * hour;
    let ahead = bench.command(now, &start(&bench, 0, from(now + 1_000, None)));
    assert_eq!(ahead, Err(Refusal::StartInFuture));
    let early = bench.command(now, &start(&bench, 0, from(now - 9 * hour, None)));
    assert!(matches!(early, Err(Refusal::StartTooEarly { .. })), "{early:?}");
    let second = |badge: &str, why: &str| Some(Second { badge: badge.into(), why: why.into() });
    let own = bench.command(now, &start(&bench, 0, from(now - 9 * hour, second("", "late"))));
    assert!(matches!(own, Err(Refusal::StartTooEarly { .. })), "{own:?}");
    let asked = from(now - 9 * hour, second("1001", "late"));
    let anna = bench.command(now, &start(&bench, 0, asked));
    assert!(matches!(anna, Err(Refusal::MayNotAgree { .. })), "{anna:?}");
    let silent = bench.command(now, &start(&bench, 0, from(now - 9 * hour, second("1002", " "))));
    assert_eq!(silent, Err(Refusal::WhyNeeded));
    let asked = from(now - 9 * hour, second("1002", "typed in late"));
    let batch = bench.command(now, &start(&bench, 0, asked)).unwrap();
    let Some(Body::BatchStarted(started)) = bench
        .facts
        .iter()
        .rev()
        .map(|f| &f.fact)
        .find(|body| matches!(body, Body::BatchStarted(_)))
    else {
        panic!("not started");
    };
    assert_eq!(started.from.wall_us, moment(now - 9 * hour).at.wall_us);
    assert_eq!(started.special.approved_by, Some(bench.reference.people[1].id));
    assert!(started.special.why.is_some());
    let by = bench.reference.people[0].id;
    let abort = Command::AbortBatch { by, batch, reason: BURR, good: 0, scrap: 0, comment: None };
    bench.command(now + 1_000, &abort).unwrap();
    let before = bench.command(now + 2_000, &start(&bench, 0, from(now - 1_000, None)));
    assert!(matches!(before, Err(Refusal::StartBeforeEnd { .. })), "{before:?}");
    bench.command(now + 2_000, &start(&bench, 0, from(now + 1_500, None))).unwrap();
}

#[test]
fn a_batch_goes_on_on_a_machine_that_stands_in_and_elsewhere_only_with_a_second_badge() {
    let mut bench = bench(|_| {});
    let (by, other) = (anna(&bench), bench.equipment(1));
    let batch = bench.command(2, &start(&bench, 0, StartDetail::default())).unwrap();
    let onward = |equipment, second| {
        let (good, scrap, answers) = (120, 1, vec![]);
        Command::ContinueBatch(Box::new(Continue {
            by,
            batch,
            equipment,
            good,
            scrap,
            answers,
            second,
        }))
    };
    let refused = bench.command(3, &onward(other, None));
    assert!(matches!(refused, Err(Refusal::NotCompatible { .. })), "{refused:?}");
    let second = Some(Second { badge: "1002".into(), why: "die broken".into() });
    let rest = bench.command(4, &onward(other, second)).unwrap();
    assert_eq!(again(&bench), Some(rest), "the key is that of the start");
    assert_ne!(rest, batch);
    let number = bench.engine.plant.batches[&rest].number.clone();
    assert_eq!(bench.engine.plant.batches[&rest].target, Some(380));
    assert_eq!(bench.engine.plant.batches[&rest].equipment, other);
    assert!(!bench.engine.plant.batches.contains_key(&batch));
    let started: Vec<_> = bench
        .facts
        .iter()
        .filter_map(|fact| match &fact.fact {
            Body::BatchStarted(started) => Some(started.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(started[1].special.continues, Some(batch));
    assert_eq!((started[1].number.clone(), number.clone()), (started[0].number.clone(), number));
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn what_goes_on_at_another_terminal_is_put_at_the_front_of_its_queue() {
    let mut bench = bench(|reference| {
        let mut far = reference.machines[0].clone();
        far.id = EquipmentId(Uuid::from_u128(214));
        far.code = "EQ-214".into();
        reference.machines[0].compatible = vec![far.id];
        let mut station = reference.stations[0].clone();
        station.id = crate::id::StationId(Uuid::from_u128(23));
        station.machines = vec![far.id];
        reference.machines.push(far);
        reference.stations.push(station);
    });
    let by = anna(&bench);
    let batch = bench.command(2, &start(&bench, 0, StartDetail::default())).unwrap();
    let equipment = EquipmentId(Uuid::from_u128(214));
    let wish =
        Continue { by, batch, equipment, good: 100, scrap: 0, answers: vec![], second: None };
    bench.command(3, &Command::ContinueBatch(Box::new(wish))).unwrap();
    assert_eq!(again(&bench), Some(batch));
    assert!(bench.engine.plant.batches.is_empty());
    let queue = Queue::Station(crate::id::StationId(Uuid::from_u128(23)));
    let queued = bench.engine.plant.queue(queue, &[], 0);
    assert_eq!(queued[0].queued.batch, Some(batch));
    assert_eq!(queued[0].queued.target, Some(400));
}

#[test]
fn a_queue_takes_wishes_about_what_is_in_it() {
    let mut bench = bench(|_| {});
    let (by, queue) = (anna(&bench), Queue::Equipment(bench.equipment(0)));
    let product = bench.reference.families[0].products[0].id;
    let ask = |ask| Command::AskQueue { by, queue, ask };
    let enqueue = |target| {
        let (number, work_order, batch, place) = (None, None, None, Place::Front);
        Ask::Enqueue(Enqueue { product, number, work_order, target, batch, place })
    };
    let new = bench.command(2, &ask(enqueue(Some(5)))).unwrap();
    let refused = bench.command(3, &ask(enqueue(Some(0))));
    assert!(matches!(refused, Err(Refusal::BadValue { .. })), "{refused:?}");
    let entries = |bench: &Bench| -> Vec<RecordId> {
        let all = bench.engine.plant.queue(queue, &bench.reference.work.queued, 0);
        all.into_iter().map(|entry| entry.queued.entry).collect()
    };
    assert_eq!(entries(&bench), [new, ENTRY]);
    bench.command(4, &ask(Ask::Move { entry: new, place: Place::After(ENTRY) })).unwrap();
    assert_eq!(entries(&bench), [ENTRY, new]);
    bench.command(5, &ask(Ask::Remove { entry: new })).unwrap();
    let gone = bench.command(6, &ask(Ask::Remove { entry: new }));
    assert_eq!(gone, Err(Refusal::NotQueued));
    let claim = bench.command(7, &ask(Ask::Claim { entry: ENTRY, batch: new }));
    assert!(matches!(claim, Err(Refusal::BadValue { .. })), "{claim:?}");
}

#[test]
fn leaving_a_batch_and_its_further_machines_are_answered_again_with_the_batch() {
    let mut bench = bench(|_| {});
    let (by, equipment) = (anna(&bench), bench.equipment(1));
    let batch = bench.command(2, &start(&bench, 0, StartDetail::default())).unwrap();
    let machine = |on| Command::BatchMachine { by, batch, equipment, on };
    for asked in [machine(true), machine(false), Command::LeaveBatch { by, batch, user: by }] {
        assert_eq!(bench.command(3, &asked), Ok(batch));
        assert_eq!(again(&bench), Some(batch));
    }
}

#[test]
fn a_batch_that_cannot_go_on_elsewhere_is_not_ended() {
    let equipment = EquipmentId(Uuid::from_u128(214));
    let mut bench = bench(|reference| {
        let mut far = reference.machines[0].clone();
        far.id = equipment;
        far.code = "EQ-214".into();
        reference.machines[0].compatible = vec![equipment];
        reference.machines.push(far);
    });
    let by = anna(&bench);
    let batch = bench.command(2, &start(&bench, 0, StartDetail::default())).unwrap();
    let (before, facts) = (bench.engine.plant.clone(), bench.facts.len());
    let wish =
        Continue { by, batch, equipment, good: 100, scrap: 0, answers: vec![], second: None };
    assert!(bench.command(3, &Command::ContinueBatch(Box::new(wish))).is_err());
    assert_eq!((&bench.engine.plant, bench.facts.len()), (&before, facts));
}
