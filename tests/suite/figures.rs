//! Key figures of a small shift: the same at the terminal and at headquarters, and what the plant really did.

use std::time::Duration;

use jiff::Timestamp;
use kart_core::counter::{CounterKind, Verdict};
use kart_core::fact::{Body, Counted, Draft, Fact, machine::Detail};
use kart_core::id::SiteId;
use kart_core::kpi::{self, Figures, Kpi, Reasons, Span};
use kart_core::machine::MachineState;
use kart_core::record::Tenant;
use kart_core::reference::Reference;
use kart_core::time::Micros;
use kart_store::{Append, Reader, Store, StoreOptions};
use kart_tests::operator::Operator;
use kart_tests::screen::{ENTER, ESCAPE, Screen};
use kart_tests::wait::wait_for;
use kart_tests::world::plant::MachineTotals;
use kart_tests::world::{World, WorldOptions};
use serde_json::Value;
use tempfile::TempDir;

use crate::corrections::administer;
use crate::headquarters::device::{Device, key, machine};
use crate::headquarters::{demo_site, enrolled, state};
use crate::turn::{seed, turn};

const LIMIT: Duration = Duration::from_secs(30);
const MACHINE: &str = "EQ-211";
/// Seconds per part, as the demo's site says.
const CYCLE_S: f64 = 0.25;
/// A reader sees a stop begin or end this much too late, at most: its interval, and a busy computer.
const EDGE_S: f64 = 0.8;
/// How long the machine stands still.
const STOP_US: i64 = 4_000_000;

pub(crate) fn now() -> Micros {
    Micros(Timestamp::now().as_microsecond())
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a test")]
fn seconds(us: i64) -> f64 {
    us as f64 / 1e6
}

/// The machine stands still for a while, and runs again.
async fn stand_still(world: &mut World, cause: &str) {
    world.plant.stop(MACHINE, cause).await.unwrap();
    let began = now();
    let stops = |machine: &kart_api::Machine| {
        (machine.state.is_downtime() && now().0 - began.0 > STOP_US).then_some(())
    };
    world.terminal.shown("a stop that lasts", stops).await.unwrap();
}

async fn run_again(world: &mut World) {
    world.plant.run(MACHINE).await.unwrap();
    world
        .terminal
        .shown("a run", |machine| (!machine.state.is_downtime()).then_some(()))
        .await
        .unwrap();
}

/// `kart-hq figures`, as the owner of the database.
async fn asked(world: &World, span: Span, more: &[&str]) -> String {
    let headquarters = world.headquarters.as_ref().unwrap();
    let (from, until) = (span.from.rfc3339(), span.until.rfc3339());
    let place = ["figures", "--organization", "cedar-works", "--site", "cedar"];
    let machine = ["--equipment", MACHINE, "--from", &from, "--to", &until];
    administer(headquarters, &[&place[..], &machine, more].concat()).await
}

async fn there(world: &World, span: Span, more: &[&str]) -> Figures {
    let answer = asked(world, span, &[&["--json"], more].concat()).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    serde_json::from_value(answer["machines"][0]["figures"].clone()).unwrap()
}

async fn here(world: &World, span: Span) -> Figures {
    let shift = world.client().unwrap().figures(Some(span), Reasons::Recorded).await.unwrap();
    let machine = shift.machines.into_iter().find(|machine| machine.code == MACHINE);
    machine.unwrap().figures
}

/// What two of them differ in.
fn differences(one: &Figures, other: &Figures) -> Vec<String> {
    let differ = |kpi: &Kpi| {
        let (a, b) = (one.figures[kpi], other.figures[kpi]);
        let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-6,
            (a, b) => a.is_none() && b.is_none(),
        };
        let same = near(a.value, b.value) && a.missing == b.missing && near(a.coverage, b.coverage);
        (!same).then(|| format!("{kpi:?}: {a:?} and {b:?}"))
    };
    Kpi::ALL.iter().filter_map(differ).collect()
}

/// How long nothing is known of between two states, µs. An interval is as long as the boot clock says and the next
/// begins by the wall clock, so that holes are what the two clocks disagreed about in the facts.
async fn disagreement(world: &World, span: Span) -> i64 {
    let lost = format!(
        "SELECT coalesce(sum(greatest(wall - mono, 0)), 0) FROM (
             SELECT at, at - lag(at) OVER log AS wall, boot - lag(boot) OVER log AS mono FROM (
                 SELECT seq, (began ->> 'wall_us')::bigint AS at, (began ->> 'mono_us')::bigint AS boot FROM (
                     SELECT seq, convert_from(line, 'UTF8')::jsonb #> '{{fact,state_changed,from}}' AS began
                     FROM edge.inbox) facts
                 WHERE began IS NOT NULL) stamps
             WINDOW log AS (ORDER BY seq)) seams
         WHERE at > {} AND at < {}",
        span.from.0, span.until.0
    );
    world.headquarters.as_ref().unwrap().number(&lost).await.unwrap()
}

/// The figures by what the plant says that it did, and how far they may be off.
fn expected(
    totals: &MachineTotals,
    span: Span,
    confirmed: (i64, i64),
    unseen_us: i64,
) -> Vec<(Kpi, f64, f64)> {
    let lost = |cause: &str| -> f64 {
        let stops = totals.stops.iter().filter(|stop| stop.cause == cause);
        stops.map(|stop| seconds(stop.to.unwrap_or(span.until.0) - stop.from)).sum()
    };
    let (fault, setup) = (lost("fault"), lost("setup"));
    let whole = seconds(span.until.0 - span.from.0);
    let run = whole - fault - setup;
    let made = f64::from(u32::try_from(totals.good + totals.scrap).unwrap());
    let performance = 100.0 * made * CYCLE_S / run;
    let (good, scrap) = (
        f64::from(i32::try_from(confirmed.0).unwrap()),
        f64::from(i32::try_from(confirmed.1).unwrap()),
    );
    vec![
        (Kpi::Coverage, 100.0 - 100.0 * seconds(unseen_us) / whole, 1e-6),
        (Kpi::Unexplained, 0.0, 1e-6),
        (Kpi::Availability, 100.0 * run / (run + fault), 200.0 * EDGE_S / (run + fault)),
        (Kpi::Performance, performance, performance * 4.0 * EDGE_S / run),
        (Kpi::Quality, 100.0 * good / (good + scrap), 1e-6),
        (Kpi::Downtime, (fault + setup) / 60.0, 4.0 * EDGE_S / 60.0),
        (Kpi::Mttr, fault / 60.0, 2.0 * EDGE_S / 60.0),
        (Kpi::Mtbf, run / 3_600.0, 4.0 * EDGE_S / 3_600.0),
        (Kpi::SetupLoss, setup / 3_600.0, 2.0 * EDGE_S / 3_600.0),
    ]
}

/// A shift with a fault that somebody explains and a setup; its time, and what the plant did.
pub(crate) async fn worked(world: &mut World) -> (Span, MachineTotals, (i64, i64)) {
    let mut operator = Operator::new(world.client().unwrap(), "1001");
    operator.clock_in("ST-21").await.unwrap();
    operator.start_batch(MACHINE, "BR-40").await.unwrap();
    let from = now();
    world.go().await.unwrap();
    let made = |parts| move |machine: &kart_api::Machine| (machine.good >= parts).then_some(());
    world.terminal.shown("ten parts", made(10)).await.unwrap();
    stand_still(world, "fault").await;
    operator.explain_next_stop().await.unwrap();
    run_again(world).await;
    world.terminal.shown("twenty parts", made(20)).await.unwrap();
    stand_still(world, "setup").await;
    run_again(world).await;
    world.terminal.shown("thirty parts", made(30)).await.unwrap();
    let totals = world.rest().await.unwrap();
    operator.complete_batch(MACHINE).await.unwrap();
    world.settled().await.unwrap();
    let (_, good, scrap) = operator.confirmed.batches_completed[0];
    (Span { from, until: now() }, totals[MACHINE].clone(), (good, scrap))
}

#[tokio::test]
async fn terminal_headquarters_and_the_plant_agree() {
    let _turn = turn().await;
    let options = WorldOptions {
        presses: 1,
        packers: 0,
        stops: false,
        seed: seed("figures::terminal_headquarters_and_the_plant", 9),
        ..WorldOptions::default()
    };
    let mut world = World::start(&options).await.unwrap();
    let (span, totals, confirmed) = worked(&mut world).await;
    let at_the_terminal = here(&world, span).await;
    // Headquarters knows of this time as soon as the terminal has been heard of after it.
    wait_for("the same figures at headquarters", LIMIT, async || {
        let differ = differences(&at_the_terminal, &there(&world, span, &[]).await);
        if differ.is_empty() { Ok(()) } else { Err(differ.join("\n")) }
    })
    .await;

    assert_eq!(
        at_the_terminal.elements.produced,
        i64::try_from(totals.good + totals.scrap).unwrap()
    );
    assert_eq!((at_the_terminal.elements.failures, at_the_terminal.elements.gap), (1, 0));
    let unseen_us = disagreement(&world, span).await;
    assert!(unseen_us < 1_000_000, "{unseen_us} µs are more than two clocks differ in a test");
    for (kpi, wanted, tolerance) in expected(&totals, span, confirmed, unseen_us) {
        let told = at_the_terminal.value(kpi);
        let near = told.is_some_and(|told| (told - wanted).abs() <= tolerance);
        assert!(near, "{kpi:?} is {told:?}; the plant says {wanted} ± {tolerance}");
    }
    let [a, p, q] = [Kpi::Availability, Kpi::Performance, Kpi::Quality]
        .map(|kpi| at_the_terminal.value(kpi).unwrap() / 100.0);
    let oee = at_the_terminal.value(Kpi::Oee).unwrap();
    assert!((oee - 100.0 * a * p * q).abs() < 1e-9);

    let ages = Span { until: Micros(span.from.0 + 7_000 * 365 * 86_400_000_000), ..span };
    for refused in [ages, Span { until: span.from, ..span }] {
        let told = world
            .client()
            .unwrap()
            .figures(Some(refused), Reasons::Recorded)
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(told.contains("answered 400"), "{told}");
    }
    opens(&world, span).await;
    on_the_screen(&world).await;
}

/// Readings of a press that gets a counter of all parts while it works, and a stop too short to be asked about.
fn counter_added(device: &mut Device) {
    let reading = |device: &mut Device, counter: CounterKind, from: i64, to: i64| {
        let at = Device::stamp(device.lines.len() as u64 + 1);
        device.append(Body::Counted(Counted {
            equipment: machine(MACHINE),
            source: counter.word().to_owned(),
            counter,
            epoch: 0,
            raw_from: from,
            raw_to: to,
            quantity: to - from,
            verdict: if from == to { Verdict::Base } else { Verdict::Increase },
            since: at,
            until: at,
            batch: None,
            map: "m1".into(),
            raw: None,
        }));
    };
    let runs = device.append(state(device, MACHINE, MachineState::Running, None));
    reading(device, CounterKind::Good, 500, 500);
    (0..9).for_each(|n| reading(device, CounterKind::Good, 500 + 2 * n, 502 + 2 * n));
    reading(device, CounterKind::Total, 900, 900);
    for n in 0..4 {
        reading(device, CounterKind::Good, 518 + 2 * n, 520 + 2 * n);
        reading(device, CounterKind::Total, 900 + 3 * n, 903 + 3 * n);
    }
    let origin = device.origin();
    let stopped = state(device, MACHINE, MachineState::Stopped, Some(origin.record(runs)));
    let Body::StateChanged {
        equipment, station, state: stops, from, ends, rule, map, batch, ..
    } = stopped
    else {
        panic!("{stopped:?}")
    };
    let detail = Detail { micro_stop_us: 60_000_000, ..Detail::default() };
    let changed = |ends, state, detail| {
        let (rule, map) = (rule.clone(), map.clone());
        Body::StateChanged { equipment, station, state, from, ends, rule, map, batch, detail }
    };
    let stop = device.append(changed(ends, stops, detail));
    device.append(state(device, MACHINE, MachineState::Running, Some(origin.record(stop))));
    reading(device, CounterKind::Total, 912, 915);
}

/// The log of the device in an SQLite of its own, and the site that it belongs to. The file ends with the folder.
pub(crate) async fn stored(device: &Device) -> (TempDir, Reader, Reference) {
    let folder = tempfile::tempdir().unwrap();
    let site = SiteId(key("ops_sites", "cedar"));
    let tenant = Tenant { organization: "cedar-works".into(), site };
    let (path, new_origin) = (folder.path().to_owned(), device.origin());
    let store = Store::open(StoreOptions { folder: path, new_origin, tenant }).unwrap();
    let draft = |line: &String| {
        let Fact { at, boot, by, key, fact: body, .. } = Fact::parse(line.as_bytes()).unwrap();
        Draft { at, boot, by, key, body, texts: vec![] }
    };
    let drafts = device.lines.iter().map(draft).collect();
    store.append(Append { drafts, ..Append::default() }).await.unwrap();
    let text = std::fs::read_to_string(demo_site()).unwrap();
    (folder, store.reader().unwrap(), kart_core::site::parse("site.toml", &text).unwrap())
}

/// What the log of the device says once it stands in SQLite.
async fn through_sqlite(device: &Device, span: Span) -> Figures {
    let (_folder, reader, reference) = stored(device).await;
    let rows = reader.figures(span).unwrap();
    let window = kpi::asked(&reference, span, now(), Reasons::Recorded);
    kpi::figures(&window, &rows.machines(&reference, &[machine(MACHINE)]))
}

#[tokio::test]
async fn the_same_facts_give_the_same_figures_through_sqlite_and_postgres() {
    let _turn = turn().await;
    let (headquarters, mut device) = enrolled().await;
    counter_added(&mut device);
    device.push(1).await.unwrap();
    let at = |seq: u64| Device::stamp(seq).wall_us;
    // Before there was a counter of all parts, across its first reading, since, and where it says nothing.
    for (span, produced, micro_stops) in [
        (Span { from: at(2), until: at(13) }, 18, 0),
        (Span { from: at(2), until: at(40) }, 18 + 15, 1),
        (Span { from: at(14), until: at(40) }, 15, 1),
        (Span { from: at(14), until: at(15) }, 2, 0),
    ] {
        let (from, until) = (span.from.rfc3339(), span.until.rfc3339());
        let place = ["figures", "--organization", "cedar-works", "--site", "cedar", "--json"];
        let asked = ["--equipment", MACHINE, "--from", &from, "--to", &until];
        let answer = administer(&headquarters, &[&place[..], &asked].concat()).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let postgres: Figures =
            serde_json::from_value(answer["machines"][0]["figures"].clone()).unwrap();
        let sqlite = through_sqlite(&device, span).await;
        assert_eq!(differences(&sqlite, &postgres), Vec::<String>::new(), "{span:?}");
        assert_eq!(sqlite.elements, postgres.elements);
        let told = (sqlite.elements.produced, sqlite.elements.micro_stops);
        assert_eq!(told, (produced, micro_stops), "{span:?}");
        assert_ne!(sqlite.value(Kpi::Performance), Some(0.0));
    }
}

/// What is behind figures at headquarters, and what becomes of them when a reason moves to another group.
async fn opens(world: &World, span: Span) {
    let text = asked(world, span, &["--open", "availability"]).await;
    let stop = text.lines().find(|line| line.contains("Part jammed in the die"));
    let stop = stop.unwrap_or_else(|| panic!("{text}"));
    for wanted in ["stopped as unplanned", "(unplanned) by Ada Brandt", "rule ", "map "] {
        assert!(stop.contains(wanted), "{wanted}: {stop}");
    }
    assert!(text.contains("running as run"), "{text}");
    let opened = there(world, span, &["--open", "performance"]).await;
    let counted: i64 = opened.behind(Kpi::Performance).filter_map(parts).sum();
    assert_eq!(counted, opened.elements.produced, "what is opened is what was counted");

    let moved = "UPDATE oee_downtime_groups SET type = 'planned' WHERE name = 'Machine fault'
                 RETURNING id";
    let headquarters = world.headquarters.as_ref().unwrap();
    assert_eq!(headquarters.sql(moved, &[]).await.unwrap().len(), 1);
    let recorded = there(world, span, &[]).await;
    let as_now = there(world, span, &["--as", "now"]).await;
    assert!(recorded.value(Kpi::Availability).unwrap() < 99.0);
    assert_eq!(recorded.elements.failures, 1);
    assert!((as_now.value(Kpi::Availability).unwrap() - 100.0).abs() < 1e-9);
    assert_eq!((as_now.value(Kpi::Mtbf), as_now.elements.failures), (None, 0), "n/a, not 0");
    let strict = there(world, span, &["--as", "now", "--mode", "strict"]).await;
    assert!(strict.value(Kpi::Availability).unwrap() < 99.0);
}

fn parts(evidence: &kart_core::kpi::Evidence) -> Option<i64> {
    match evidence {
        kart_core::kpi::Evidence::Count { parts, .. } => Some(*parts),
        _ => None,
    }
}

async fn on_the_screen(world: &World) {
    let mut screen = Screen::open(&world.terminal.socket()).unwrap();
    screen.shows(&["Recording", MACHINE]).await.unwrap();
    screen.press("f").unwrap();
    screen.shows(&["Figures", "Available", MACHINE, "MTBF"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Availability of EQ-211", "Part jammed in the die, Ada Brandt"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.shows(&["Available", "MTBF"]).await.unwrap();
    screen.press("n").unwrap();
    screen.shows(&["as now"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["MTBF"]).await.unwrap();
    screen.press("q").unwrap();
    assert!(screen.end().await.unwrap().success());
}
