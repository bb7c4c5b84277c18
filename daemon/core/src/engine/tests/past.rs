//! A replay that is accepted: what it takes, and that its facts mean the same in any order.

use super::*;
use crate::{
    command::Acceptance,
    fact::replay::{Carried, Event},
    id::{ReasonId, SiteId, UserId},
    record::{Record, Tenant, Touch, touches},
    replay::{Change, Place},
    row::{Cell, Row},
};
use MachineState as S;

/// Runs, stands from 2 to 3 s, runs, stands from 5 to 7 s, runs.
fn stopped_twice() -> (Bench, [RecordId; 2]) {
    let mut bench = Bench::new();
    for (millis, runs) in
        [(100, true), (2_000, false), (3_000, true), (5_000, false), (7_000, true)]
    {
        bench.sample(millis, 0, "status", Value::Bit(runs));
        bench.sample(millis + 600, 0, "status", Value::Bit(runs));
    }
    let mut stops = bench.engine.plant.stops.iter().collect::<Vec<_>>();
    stops.sort_by_key(|(_, stop)| stop.from.at.wall_us);
    let stops = [*stops[0].0, *stops[1].0];
    (bench, stops)
}

fn acceptance(bench: &Bench, [first, second]: [RecordId; 2]) -> Acceptance {
    let at = |millis| stamp(millis).wall_us;
    let equipment = bench.equipment(0);
    let one = Event {
        station: None,
        state: S::Stopped,
        from: at(2_000),
        until: at(7_000),
        rule: "otherwise".into(),
        map: "m2".into(),
        batch: None,
        detail: crate::fact::machine::Detail::default(),
    };
    let explained = Carried {
        stop: first,
        seq: 1,
        at: at(3_500),
        by: None,
        reason: ReasonId(Uuid::nil()),
        label: "Jam".into(),
        group_type: "unplanned".into(),
        rank: 0,
    };
    let change = |record, now: Option<Event>| Change {
        equipment,
        record: Some(record),
        before: None,
        now,
        instead: None,
        explained: None,
    };
    let gone = Change { instead: Some(Place::Change(1)), ..change(first, None) };
    let merged = Change { explained: Some(explained), ..change(second, Some(one)) };
    Acceptance {
        by: bench.reference.people[1].id,
        reason: "the door bounced".into(),
        map: "m2".into(),
        from: at(0),
        until: at(8_000),
        as_of: bench.engine.plant.head,
        changes: vec![gone, merged],
    }
}

/// What is in the tables of the two stops, whatever order the facts came in.
fn rows(bench: &Bench, stops: [RecordId; 2], order: &[usize]) -> Vec<Row> {
    let (organization, site) = ("o".to_owned(), SiteId(Uuid::nil()));
    let tenant = Tenant { organization, site };
    let origin = bench.engine.plant.origin;
    let mut all = Vec::new();
    for id in stops {
        let mut record: Option<Record> = None;
        for fact in order.iter().map(|place| &bench.facts[*place]) {
            if touches(origin, fact, &tenant).contains(&Touch::Record(id)) {
                let mut state = record.or_else(|| Record::empty_for(fact)).unwrap();
                assert!(state.apply(id, origin, fact));
                record = Some(state);
            }
        }
        all.extend(record.unwrap().rows(id, &tenant));
    }
    all
}

fn cell<'r>(rows: &'r [Row], (table, id): (&str, RecordId), column: &str) -> &'r Cell {
    let of = |row: &&Row| row.table.name == table && row.cells[0] == Cell::Uuid(id.0);
    let row = rows.iter().find(of).unwrap();
    &row.cells[row.table.columns.iter().position(|name| *name == column).unwrap()]
}

#[test]
fn two_stops_become_one_and_it_does_not_matter_what_is_heard_first() {
    let (mut bench, stops) = stopped_twice();
    let command = Command::AcceptReplay(Box::new(acceptance(&bench, stops)));
    bench.command(9_000, &command).unwrap();
    assert_eq!(bench.replayed(), bench.engine.plant);
    assert_eq!(bench.engine.plant.stops.len(), 1);
    let stop = &bench.engine.plant.stops[&stops[1]];
    assert_eq!((stop.lasts(&moment(9_000)), stop.label()), (5_000_000, Some("Jam")));
    let forwards: Vec<usize> = (0..bench.facts.len()).collect();
    let backwards: Vec<usize> = forwards.iter().rev().copied().collect();
    let rows = rows(&bench, stops, &forwards);
    assert_eq!(super::past::rows(&bench, stops, &backwards), rows);
    let [first, second] = stops;
    let archived = |id| cell(&rows, ("oee_machine_events", id), "is_archived").clone();
    assert_eq!((archived(first), archived(second)), (Cell::Bool(true), Cell::Bool(false)));
    let state = |id, column| cell(&rows, ("machine_states", id), column).clone();
    assert_eq!(state(first, "duration_seconds"), Cell::Decimal("0.0000".into()));
    assert_eq!(state(first, "superseded_by"), Cell::Uuid(second.0));
    assert_eq!(state(second, "duration_seconds"), Cell::Decimal("5.0000".into()));
    assert_eq!(state(second, "map_version"), Cell::Text("m2".into()));
}

#[test]
fn only_a_supervisor_only_what_is_over_and_only_what_was_looked_at_last() {
    let (mut bench, stops) = stopped_twice();
    let good = acceptance(&bench, stops);
    let refused = |bench: &mut Bench, change: &dyn Fn(&mut Acceptance)| {
        let mut acceptance = good.clone();
        change(&mut acceptance);
        let command = Command::AcceptReplay(Box::new(acceptance));
        assert!(bench.command(9_000, &command).is_err());
    };
    let anna = bench.reference.people[0].id;
    let lasting = bench.engine.plant.interval(bench.equipment(0)).unwrap().record;
    refused(&mut bench, &|it| it.by = anna);
    refused(&mut bench, &|it| it.by = UserId(Uuid::nil()));
    refused(&mut bench, &|it| it.reason = " ".into());
    refused(&mut bench, &|it| it.changes.clear());
    refused(&mut bench, &|it| it.changes[0].record = Some(lasting));
    refused(&mut bench, &|it| it.as_of += 1);
    refused(&mut bench, &|it| {
        it.changes[1].now.as_mut().unwrap().until = stamp(10_000).wall_us;
    });
    assert_eq!(bench.replayed(), bench.engine.plant, "nothing was recorded");
    bench.command(9_000, &Command::AcceptReplay(Box::new(good.clone()))).unwrap();
    refused(&mut bench, &|_| {});
}

#[test]
fn what_was_explained_since_it_was_looked_at_is_not_left_behind() {
    let accept = |acceptance: &Acceptance| Command::AcceptReplay(Box::new(acceptance.clone()));
    let looked = |said_of: usize| {
        let (mut bench, stops) = stopped_twice();
        let looked = acceptance(&bench, stops);
        let reason = bench.reference.downtime_groups[0].reasons[0].id;
        let (by, stop, comment) = (None, stops[said_of], None);
        bench.command(8_500, &Command::ExplainStop { by, stop, reason, comment }).unwrap();
        (bench, looked)
    };
    // The first goes, and what is said of it must go with it.
    let (mut bench, first) = looked(0);
    let refused = bench.command(9_000, &accept(&first)).unwrap_err();
    assert!(matches!(&refused, Refusal::BadValue { field, .. } if field == "as_of"), "{refused:?}");
    assert_eq!(bench.replayed(), bench.engine.plant, "nothing was recorded");
    let again = Acceptance { as_of: bench.engine.plant.head, ..first };
    bench.command(9_100, &accept(&again)).unwrap();
    // The second stays, and what is said of it stays with it.
    let (mut bench, second) = looked(1);
    bench.command(9_000, &accept(&second)).unwrap();
}

#[test]
fn the_parts_of_a_stop_go_where_it_goes() {
    let (mut bench, [first, second]) = stopped_twice();
    bench.clock_in(8_100, "1002");
    let by = bench.person(1);
    let us = |bench: &Bench, id| {
        let stop = bench.engine.plant.stops.get(&id)?;
        Some((stop.from.at.wall_us, stop.until.as_ref().unwrap().at.wall_us))
    };
    let split = |bench: &mut Bench, millis, stop, at| {
        let split = Command::SplitStop { by, stop, at };
        let part = bench.command(millis, &split).unwrap();
        let mut both = bench.engine.plant.stops[&stop].replaced.clone();
        both.remove(&part);
        [part, both.into_iter().next().unwrap()]
    };
    let (from, _) = us(&bench, second).unwrap();
    let border = Micros(from.0 + 1_000_000);
    let [one, other] = split(&mut bench, 8_200, second, border);
    let reason = bench.reference.downtime_groups[0].reasons[0].id;
    let explain = Command::ExplainStop { by: Some(by), stop: other, reason, comment: None };
    bench.command(8_300, &explain).unwrap();
    let accept = |bench: &Bench, until| {
        let mut accepted = acceptance(bench, [first, second]);
        accepted.changes[1].now.as_mut().unwrap().until = until;
        Command::AcceptReplay(Box::new(accepted))
    };
    let wider = accept(&bench, stamp(7_500).wall_us);
    bench.command(9_000, &wider).unwrap();
    let began = stamp(2_000).wall_us;
    assert_eq!(us(&bench, one), Some((began, border)));
    assert_eq!(us(&bench, other), Some((border, stamp(7_500).wall_us)));
    let forwards: Vec<usize> = (0..bench.facts.len()).collect();
    let backwards: Vec<usize> = forwards.iter().rev().copied().collect();
    let kept = rows(&bench, [one, other], &forwards);
    assert_eq!(rows(&bench, [one, other], &backwards), kept);
    let of = |rows: &[Row], id, column| cell(rows, ("oee_machine_events", id), column).clone();
    assert_eq!(of(&kept, one, "start_ts"), Cell::Time(began));
    assert_eq!(of(&kept, other, "end_ts"), Cell::Time(stamp(7_500).wall_us));
    // A border outside drops the part; what was said of it is kept.
    let narrower = accept(&bench, Micros(border.0 - 1));
    bench.command(9_100, &narrower).unwrap();
    assert_eq!(us(&bench, one), Some((began, Micros(border.0 - 1))));
    assert_eq!(us(&bench, other), None);
    assert_eq!(bench.replayed(), bench.engine.plant);
    let forwards: Vec<usize> = (0..bench.facts.len()).collect();
    let kept = rows(&bench, [one, other], &forwards);
    assert_eq!(of(&kept, other, "is_archived"), Cell::Bool(true));
    assert!(kept.iter().any(|row| row.table.name == "stop_explanations"));
}

#[test]
fn stops_that_were_made_one_are_not_otherwise_until_that_is_taken_back() {
    let (mut bench, stops) = stopped_twice();
    bench.clock_in(8_100, "1002");
    let by = bench.person(1);
    let merge = Command::MergeStops { by, stops: stops.to_vec() };
    let event = bench.command(8_200, &merge).unwrap();
    let accept = |bench: &Bench| Command::AcceptReplay(Box::new(acceptance(bench, stops)));
    let refused = bench.command(9_000, &accept(&bench)).unwrap_err();
    assert!(matches!(&refused, Refusal::BadValue { field, .. } if field == "changes"));
    let back = Command::TakeBackEvent { by: Some(by), event, comment: None };
    bench.command(9_100, &back).unwrap();
    bench.command(9_200, &accept(&bench)).unwrap();
}

#[test]
fn what_was_said_of_a_stop_before_a_replay_is_said_of_it_after() {
    let (mut bench, stops) = stopped_twice();
    bench.clock_in(8_100, "1002");
    let by = bench.person(1);
    let looked = acceptance(&bench, stops);
    bench.command(9_000, &Command::AcceptReplay(Box::new(looked))).unwrap();
    let stop = stops[1];
    let at = Micros(bench.engine.plant.stops[&stop].from.at.wall_us.0 + 1_000_000);
    let part = bench.command(9_100, &Command::SplitStop { by, stop, at }).unwrap();
    assert_eq!(bench.engine.plant.stops[&part].label(), Some("Jam"), "the reason goes along");
    let back = Command::TakeBackEvent { by: Some(by), event: part, comment: None };
    bench.command(9_200, &back).unwrap();
    let comment = Some("it was the film".to_owned());
    let withdraw = Command::WithdrawExplanation { by: Some(by), stop, comment };
    bench.command(9_300, &withdraw).unwrap();
    assert_eq!(bench.engine.plant.stops[&stop].label(), None);
    assert_eq!(bench.replayed(), bench.engine.plant);
}
