//! Jobs: what people do to them, shown at once and decided at headquarters.

use super::*;
use crate::{
    command::JobAsk,
    fact::labor::Inside,
    id::StationId,
    job::State,
    reference::{Connection, Job, Station, Visit},
};

const JOB: RecordId = RecordId(Uuid::from_u128(17));
const OTHER: RecordId = RecordId(Uuid::from_u128(18));

fn visit(station: StationId, posted: i64) -> Visit {
    Visit {
        station,
        entry: 1,
        good: 0,
        scrap: 0,
        posted: Some(Micros(posted)),
        started: None,
        started_by: None,
        completed: None,
        completed_by: None,
        touch_us: None,
    }
}

fn job(id: RecordId, station: StationId) -> Job {
    Job {
        id,
        number: format!("J-{}", id.0.as_u128()),
        state: "pending".into(),
        product: None,
        station,
        work_order: None,
        target: Some(10),
        good: 0,
        scrap: 0,
        posted: Some(Micros(0)),
        started: None,
        due: None,
        visits: vec![visit(station, 0)],
    }
}

/// A bench with two jobs at the first station, which leads to so many others; Anna and Ben are here.
fn bench(onward: usize) -> (Bench, Vec<StationId>) {
    let mut bench = Bench::new();
    let mut reference = (*bench.reference).clone();
    let first = reference.stations[0].id;
    let mut stations = vec![first];
    for n in 0..3 {
        let id = StationId(Uuid::from_u128(300 + n));
        let code = format!("ST-3{n}");
        let machines = vec![];
        reference.stations.push(Station { id, code, machines, ..reference.stations[0].clone() });
        stations.push(id);
    }
    for to in stations[1..].iter().take(onward) {
        reference.station_connections.push(Connection {
            from: first,
            to: *to,
            connection_type: "feeds_into".into(),
            label: None,
        });
    }
    reference.work.jobs = vec![job(JOB, first), job(OTHER, first)];
    bench.reference = Arc::new(reference);
    bench.engine.set_reference(Arc::clone(&bench.reference));
    for badge in ["1001", "1002"] {
        bench.command(1, &Command::ClockIn { badge: badge.into(), station: first }).unwrap();
    }
    (bench, stations)
}

fn people(bench: &Bench) -> [crate::id::UserId; 2] {
    [0, 1].map(|n| bench.reference.people[n].id)
}

fn standing(bench: &Bench) -> (State, StationId, bool) {
    let here = bench.engine.plant.job(&bench.reference, JOB).unwrap();
    (here.state, here.job.station, here.asked)
}

fn asked(by: crate::id::UserId, job: RecordId, ask: JobAsk) -> Command {
    Command::Job { by, job, ask }
}

fn complete(by: crate::id::UserId, next: Option<StationId>) -> Command {
    asked(by, JOB, JobAsk::Complete { good: 9, scrap: 1, next })
}

#[test]
fn where_a_job_goes_follows_from_the_flow() {
    for (onward, next, state, at) in [
        (0, None, State::Completed, 0),
        (1, None, State::Pending, 1),
        (2, None, State::Queued, 0),
        (2, Some(2), State::Pending, 2),
    ] {
        let (mut bench, stations) = bench(onward);
        let [anna, _] = people(&bench);
        let refused = bench.command(2, &complete(anna, None)).unwrap_err();
        assert!(matches!(refused, Refusal::JobIs { state: State::Pending, .. }), "{refused}");
        bench.command(3, &asked(anna, JOB, JobAsk::Start)).unwrap();
        assert_eq!(standing(&bench), (State::InProgress, stations[0], true));
        let next = next.map(|next: usize| stations[next]);
        bench.command(4, &complete(anna, next)).unwrap();
        assert_eq!(standing(&bench), (state, stations[at], true));
        assert_eq!(bench.replayed(), bench.engine.plant);
    }
    let (mut bench, stations) = bench(1);
    let [anna, _] = people(&bench);
    bench.command(2, &asked(anna, JOB, JobAsk::Start)).unwrap();
    let astray = bench.command(3, &complete(anna, Some(stations[3]))).unwrap_err();
    assert!(matches!(astray, Refusal::BadValue { .. }), "{astray}");
}

#[test]
fn against_the_flow_needs_a_why_and_coming_back_is_another_entry() {
    let (mut bench, stations) = bench(2);
    let [anna, _] = people(&bench);
    let moved = |to: usize, why: Option<&str>| {
        asked(anna, JOB, JobAsk::Move { to: stations[to], why: why.map(Into::into) })
    };
    assert_eq!(bench.command(2, &moved(1, None)), Err(Refusal::WhyNeeded));
    bench.command(3, &moved(3, Some("saw is down"))).unwrap();
    bench.command(4, &moved(0, Some("burrs"))).unwrap();
    let here = bench.engine.plant.job(&bench.reference, JOB).unwrap();
    assert_eq!((here.entry(), here.job.visits.len()), (2, 3));
    // Where the flow leaves the choice nobody asks why.
    bench.command(5, &asked(anna, JOB, JobAsk::Start)).unwrap();
    bench.command(6, &complete(anna, None)).unwrap();
    bench.command(7, &moved(2, None)).unwrap();
    assert_eq!(standing(&bench), (State::Pending, stations[2], true));
}

#[test]
fn what_headquarters_told_since_is_not_done_twice() {
    let (mut bench, stations) = bench(1);
    let [anna, _] = people(&bench);
    bench.command(2, &asked(anna, JOB, JobAsk::Start)).unwrap();
    bench.command(3, &complete(anna, None)).unwrap();
    // It came back: another visit, of which nothing was done yet.
    let mut reference = (*bench.reference).clone();
    let later = moment(9).at.wall_us;
    reference.work.jobs[0].posted = Some(later);
    reference.work.jobs[0].visits.push(Visit { entry: 2, ..visit(stations[0], later.0) });
    bench.reference = Arc::new(reference);
    bench.engine.set_reference(Arc::clone(&bench.reference));
    assert_eq!(standing(&bench), (State::Pending, stations[0], false));
    // It went elsewhere: nothing can be done to it here.
    let mut reference = (*bench.reference).clone();
    reference.work.jobs.clear();
    bench.engine.set_reference(Arc::new(reference));
    let start = asked(anna, JOB, JobAsk::Start);
    assert_eq!(bench.command(10, &start), Err(Refusal::NoSuchJob));
}

#[test]
fn a_station_takes_one_job_at_a_time_and_a_person_works_on_one() {
    let (mut bench, _) = bench(1);
    let [anna, ben] = people(&bench);
    bench.command(2, &asked(anna, JOB, JobAsk::Start)).unwrap();
    let second = asked(ben, OTHER, JobAsk::Start);
    assert!(matches!(bench.command(3, &second), Err(Refusal::JobRunning { .. })));
    bench.command(4, &asked(ben, JOB, JobAsk::Join)).unwrap();
    let again = bench.command(5, &asked(ben, JOB, JobAsk::Join));
    assert!(matches!(again, Err(Refusal::AlreadyOnJob { .. })));
    let mut reference = (*bench.reference).clone();
    reference.stations[0].concurrent_jobs = true;
    bench.engine.set_reference(Arc::new(reference));
    bench.command(6, &second).unwrap();
    let on: Vec<_> = bench.engine.plant.jobs.stints.values().map(|s| (s.user, s.job)).collect();
    assert_eq!(on, [(anna, JOB), (ben, OTHER)]);
    bench.command(7, &complete(anna, None)).unwrap();
    assert_eq!(bench.engine.plant.jobs.stints.len(), 1, "nobody works on what is done");
}

#[test]
fn time_on_a_job_ends_with_a_break_and_goes_on_after_it() {
    let (mut bench, _) = bench(1);
    let [anna, _] = people(&bench);
    bench.command(1_000, &asked(anna, JOB, JobAsk::Start)).unwrap();
    let badge = "1001".to_owned();
    let meal = Command::BeginLabor { badge: badge.clone(), kind: Inside::Meal };
    bench.command(61_000, &meal).unwrap();
    assert_eq!(bench.engine.plant.jobs.worked.get(&JOB), Some(&60_000_000));
    assert!(bench.engine.plant.jobs.stints.is_empty());
    bench.command(91_000, &Command::EndLabor { badge: badge.clone() }).unwrap();
    assert_eq!(bench.engine.plant.jobs.stints.len(), 1);
    bench.command(95_000, &Command::ClockOut { badge }).unwrap();
    assert!(bench.engine.plant.jobs.stints.is_empty());
    assert_eq!(bench.replayed(), bench.engine.plant);
}

#[test]
fn only_what_was_begun_is_scrapped_and_only_by_somebody_here() {
    let (mut bench, _) = bench(1);
    let [anna, _] = people(&bench);
    let scrap = asked(anna, JOB, JobAsk::Scrap { scrap: 3, reason: None });
    assert!(matches!(bench.command(2, &scrap), Err(Refusal::JobIs { .. })));
    bench.command(3, &asked(anna, JOB, JobAsk::Start)).unwrap();
    bench.command(4, &scrap).unwrap();
    assert_eq!(standing(&bench).0, State::Scrapped);
    bench.command(5, &Command::ClockOut { badge: "1001".into() }).unwrap();
    let start = asked(anna, OTHER, JobAsk::Start);
    assert!(matches!(bench.command(6, &start), Err(Refusal::NotClockedIn { .. })));
}
