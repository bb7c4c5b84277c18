//! Notes, handovers, incidents and calls: who may, what it becomes, and what is open afterwards.

use super::*;
use crate::{
    fact::{call::Help, incident::Severity, note::Category},
    id::UserId,
};

impl Bench {
    pub(super) fn person(&self, n: usize) -> UserId {
        self.reference.people[n].id
    }

    pub(super) fn clock_in(&mut self, millis: i64, badge: &str) {
        let station = self.reference.stations[0].id;
        self.command(millis, &Command::ClockIn { badge: badge.into(), station }).unwrap();
    }

    fn note(&self, by: Option<UserId>, text: &str) -> Command {
        let (equipment, category) = (Some(self.equipment(0)), Category::Safety);
        let (station, batch, text) = (None, None, text.to_owned());
        Command::WriteNote { by, station, equipment, batch, category, text }
    }

    fn incident(&self, machines: Vec<EquipmentId>, comment: Option<&str>) -> Command {
        let (by, station, batches, reason) = (None, None, vec![], None);
        let (severity, comment) = (Severity::Major, comment.map(str::to_owned));
        Command::OpenIncident { by, station, machines, batches, reason, severity, comment }
    }

    fn call(&self) -> Command {
        let (by, station, comment) = (None, None, None);
        let equipment = Some(self.equipment(0));
        Command::CallHelp { by, station, equipment, kind: Help::Maintenance, comment }
    }
}

#[test]
fn a_note_needs_words_and_nobody() {
    let mut bench = Bench::new();
    assert!(matches!(
        bench.command(10, &bench.note(None, "  ")),
        Err(Refusal::BadValue { field, .. }) if field == "text"
    ));
    bench.command(20, &bench.note(None, "guard rattles")).unwrap();
    let Body::NoteWritten(written) = &bench.facts.last().unwrap().fact else {
        panic!("another fact");
    };
    // The station is that of the machine, the words stand beside the line.
    assert_eq!(written.station, Some(bench.reference.stations[0].id));
    assert!(written.text.is_some());
}

#[test]
fn a_handover_has_two_signatures_of_two_people() {
    let mut bench = Bench::new();
    let (anna, ben) = (bench.person(0), bench.person(1));
    let give = Command::GiveHandover { by: anna, station: None, waiting: 3, text: None };
    assert!(matches!(bench.command(10, &give), Err(Refusal::NotClockedIn { .. })));
    bench.clock_in(20, "1001");
    bench.command(25, &bench.incident(vec![bench.equipment(0)], Some("guard rattles"))).unwrap();
    let handover = bench.command(30, &give).unwrap();
    let card = bench.engine.plant.handovers[&handover].card.clone();
    assert_eq!((card.incidents, card.waiting, card.calls), (1, 3, 0));

    let own = bench.command(40, &Command::TakeHandover { by: anna, handover });
    assert!(matches!(own, Err(Refusal::OwnHandover { .. })), "{own:?}");
    bench.clock_in(50, "1002");
    bench.command(60, &Command::TakeHandover { by: ben, handover }).unwrap();
    assert!(bench.engine.plant.handovers.is_empty());
    let again = bench.command(70, &Command::TakeHandover { by: ben, handover });
    assert_eq!(again, Err(Refusal::NoSuchHandover));
}

#[test]
fn a_card_has_the_parts_of_each_batch_that_were_counted_and_told() {
    let mut bench = Bench::new();
    let by = bench.person(0);
    bench.clock_in(1, "1001");
    let start = |equipment| Command::StartBatch {
        by,
        equipment,
        product: bench.reference.families[0].products[0].id,
        target: None,
        number: None,
        work_order: None,
        detail: Default::default(),
    };
    let start = start(bench.equipment(0));
    bench.sample(5, 0, "good", Value::Whole(100));
    let rests = bench.command(10, &start).unwrap();
    bench.sample(1_000, 0, "good", Value::Whole(105));
    bench.command(1_010, &Command::PauseBatch { by, batch: rests }).unwrap();
    let runs = bench.command(1_020, &start).unwrap();
    bench.sample(2_000, 0, "good", Value::Whole(108));
    let (good, scrap, reason) = (4, 0, None);
    let told = Command::TellParts { by, batch: runs, good, scrap, reason, rework: 0 };
    bench.command(2_010, &told).unwrap();
    let card = bench.engine.card(0, &moment(2_020));
    let good = |id| card.batches.iter().find(|batch| batch.batch == id).unwrap().good;
    assert_eq!((good(rests), good(runs)), (5, 7));
}

#[test]
fn a_later_card_takes_the_place_of_one_that_nobody_signed() {
    let mut bench = Bench::new();
    let by = bench.person(0);
    bench.clock_in(10, "1001");
    let station = Some(bench.reference.stations[0].id);
    let give = |station| Command::GiveHandover { by, station, waiting: 0, text: None };
    bench.command(20, &give(station)).unwrap();
    let elsewhere = bench.command(30, &give(None)).unwrap();
    let later = bench.command(40, &give(station)).unwrap();
    let known: Vec<_> = bench.engine.plant.handovers.keys().copied().collect();
    assert_eq!(known.len(), 2, "one of each station");
    assert!(known.contains(&elsewhere) && known.contains(&later));
}

#[test]
fn a_note_is_withdrawn_by_whoever_wrote_it_or_leads() {
    let mut bench = Bench::new();
    let (anna, ben) = (bench.person(0), bench.person(1));
    let write = |by| Command::WriteNote {
        by,
        station: None,
        equipment: None,
        batch: None,
        category: Category::General,
        text: "the other press".into(),
    };
    let [own, nobodys] =
        [(10, Some(anna)), (20, None)].map(|(at, by)| bench.command(at, &write(by)).unwrap());
    let withdraw = |by, note| Command::WithdrawNote { by, note, comment: Some("wrong".into()) };
    let refused = bench.command(30, &withdraw(anna, nobodys));
    assert!(matches!(refused, Err(Refusal::MayNotAgree { .. })), "{refused:?}");
    bench.command(40, &withdraw(anna, own)).unwrap();
    assert_eq!(bench.command(50, &withdraw(anna, own)), Err(Refusal::NothingToUndo));
    bench.command(60, &withdraw(ben, nobodys)).unwrap();
    assert!(bench.engine.plant.notes.is_empty());
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn an_incident_is_open_until_it_is_resolved() {
    let mut bench = Bench::new();
    let nowhere = bench.command(10, &bench.incident(vec![], Some("oil on the floor")));
    assert!(matches!(nowhere, Err(Refusal::BadValue { .. })), "{nowhere:?}");
    let empty = bench.command(20, &bench.incident(vec![bench.equipment(1)], None));
    assert!(matches!(empty, Err(Refusal::BadValue { field, .. }) if field == "reason"));
    let both = vec![bench.equipment(1), bench.equipment(0), bench.equipment(1)];
    let incident = bench.command(30, &bench.incident(both, Some("guard rattles"))).unwrap();
    let open = &bench.engine.plant.incidents[&incident];
    assert_eq!(open.machines, [bench.equipment(1), bench.equipment(0)]);

    let start = Command::StartTroubleshooting { by: None, incident, notes: None };
    bench.command(40, &start).unwrap();
    assert_eq!(bench.command(50, &start), Err(Refusal::AlreadyTroubleshooting));
    let notes = Some("screw was loose".to_owned());
    let resolve = Command::ResolveIncident { by: None, incident, notes };
    bench.command(60, &resolve).unwrap();
    assert!(bench.engine.plant.incidents.is_empty());
    assert_eq!(bench.command(70, &resolve), Err(Refusal::NoSuchIncident));
}

#[test]
fn a_call_is_acknowledged_by_somebody_who_need_not_work_here() {
    let mut bench = Bench::new();
    let call = bench.command(10, &bench.call()).unwrap();
    assert_eq!(bench.command(20, &bench.call()), Err(Refusal::AlreadyCalled));
    let by = bench.person(1);
    bench.command(30, &Command::AcknowledgeCall { by, call }).unwrap();
    let twice = bench.command(40, &Command::AcknowledgeCall { by, call });
    assert_eq!(twice, Err(Refusal::AlreadyAcknowledged));
    bench.command(50, &Command::EndCall { by: None, call }).unwrap();
    assert_eq!(bench.command(60, &Command::EndCall { by: None, call }), Err(Refusal::NoSuchCall));
    // The same help can be called again.
    bench.command(70, &bench.call()).unwrap();
}

#[test]
fn a_call_of_another_terminal_is_answered_here_once() {
    let mut bench = Bench::new();
    let call = RecordId(Uuid::from_u128(77));
    let mut reference = (*bench.reference).clone();
    reference.work.floor.calls.push(crate::reference::OpenCall {
        record: call,
        station: Some(reference.stations[0].id),
        machine: None,
        kind: Help::Quality,
        from: Micros(0),
        acknowledged: None,
        terminal: Some(TerminalId(Uuid::from_u128(8))),
    });
    bench.engine.set_reference(Arc::new(reference));
    let by = bench.person(1);
    bench.command(10, &Command::AcknowledgeCall { by, call }).unwrap();
    let twice = bench.command(20, &Command::AcknowledgeCall { by, call });
    assert_eq!(twice, Err(Refusal::AlreadyAcknowledged));
    bench.command(30, &Command::EndCall { by: None, call }).unwrap();
    let gone = bench.command(40, &Command::EndCall { by: None, call });
    assert_eq!(gone, Err(Refusal::NoSuchCall));
    // What the facts say is what the engine knows.
    let mut replayed = Plant::new(bench.engine.plant.origin);
    bench.facts.iter().for_each(|fact| replayed.apply(fact));
    assert_eq!(replayed, bench.engine.plant);
}

#[test]
fn an_incident_names_each_machine_and_batch_once() {
    let mut bench = Bench::new();
    let mut twice = bench.incident(vec![bench.equipment(0); 2], Some("guard rattles"));
    let Command::OpenIncident { batches, .. } = &mut twice else { panic!("another command") };
    let batch = RecordId(uuid::Uuid::nil());
    *batches = vec![batch; 2];
    bench.command(10, &twice).unwrap();
    let Body::IncidentOpened(opened) = &bench.facts.last().unwrap().fact else {
        panic!("another fact");
    };
    assert_eq!(opened.machines, [bench.equipment(0)]);
    assert_eq!(opened.batches, [batch]);
}
