//! Case 11: a terminal whose clock is wrong by two hours, until headquarters tells the time. Later somebody sets the
//! clock in the middle of a stop.
//!
//! Lengths are true throughout, nothing is lost, the person is told. From the moment headquarters is heard everything is
//! stamped by its time, and setting the clock moves nothing. All rows of that boot get corrected time, at both ends; what
//! was written when it was wrong is kept as it was.

use std::path::{Path, PathBuf};

use kart_api::{HqLink, Time};
use kart_tests::{
    child::Child,
    modbus::ModbusServer,
    operator::Operator,
    programs::repository,
    world::{gateway::Gateway, headquarters::Headquarters, terminal::Terminal},
};

use super::{
    SECOND, cryptography, device, machine, now, number, passes, shows, state, states, viewed,
};
use crate::{corrections::administer, turn::turn};

/// Debian's package libfaketime. The boot clock stays as it is, as it does when a person sets the time.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const PRESS: &str = "EQ-211";
const TWO_HOURS: i64 = 7_200 * SECOND;

fn configuration(data: &str, plc: &ModbusServer, url: &str) -> String {
    format!(
        "[terminal]\ncode = \"T-07\"\nstation = \"ST-21\"\ndata_dir = \"{data}\"\n\
         [site]\norganization = \"cedar-works\"\ncode = \"cedar\"\n[headquarters]\nurl = \"{url}\"\n{}\
         [[machine]]\ncode = \"{PRESS}\"\notherwise = \"stopped\"\nstale_after_ms = 5000\nsignal = [\n\
         {{ name = \"automatic\", device = \"plc\", address = 20, type = \"bit\", bit = 0, interval_ms = 100 }},\n\
         {{ name = \"good\", device = \"plc\", address = 21, type = \"u16\", interval_ms = 100 }},\n]\n\
         counter = [{{ signal = \"good\", kind = \"good\", max_per_s = 50.0 }}]\n\
         rule = [{{ name = \"automatic\", when = [{{ signal = \"automatic\", is = true }}], state = \"running\" }}]\n",
        device("plc", plc)
    )
}

/// As a length from the rows: within half a second of what it was.
fn is_about(length_us: i64, truth_us: i64) -> bool {
    (length_us - truth_us).abs() < SECOND / 2
}

/// The environment in which the wall clock is as wrong as the file says, in seconds.
fn faked(clock: &Path) -> [(&'static str, &str); 4] {
    [
        ("LD_PRELOAD", LIBRARY),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ]
}

/// Starts the daemon with a clock that is fast; what the file says from now on is how fast it is.
async fn fast(terminal: &mut Terminal, by_us: i64) -> PathBuf {
    let clock = terminal.data().join("clock");
    std::fs::write(&clock, format!("{:+}", by_us / SECOND)).unwrap();
    terminal.set_environment(&faked(&clock));
    terminal.start().await.unwrap();
    clock
}

/// A terminal that is enrolled and has never run.
async fn enrolled(headquarters: &Headquarters, plc: &ModbusServer) -> Terminal {
    let url = headquarters.url();
    let configuration = |data: &Path| configuration(&data.display().to_string(), plc, &url);
    let terminal = Terminal::prepare(|data| Ok(configuration(data))).unwrap();
    terminal.enroll(&headquarters.enrollment_code("T-07").await.unwrap()).await.unwrap();
    terminal
}

/// Headquarters takes no proof of another month, and tells the time with its refusal.
#[tokio::test]
async fn a_clock_that_is_a_month_slow_keeps_nobody_out() {
    let _turn = turn().await;
    cryptography();
    let site = repository().join("config/demo/site.toml");
    let headquarters = Headquarters::start(&site).await.unwrap();
    let mut plc = ModbusServer::start().await.unwrap();
    plc.set_holding(20, &[1, 100]).await.unwrap();
    let mut terminal = enrolled(&headquarters, &plc).await;
    let (month, began) = (30 * 24 * 3_600 * SECOND, now());
    let clock = fast(&mut terminal, -month).await;
    let client = terminal.client().unwrap();
    viewed(&client, "the right time", |view| {
        let Time::Corrected(fast_us) = view.terminal.time else { return None };
        let right = (view.terminal.now_us.0 - now().0).abs() < 10 * SECOND;
        ((fast_us + month).abs() < 10 * SECOND && right).then_some(())
    })
    .await;
    viewed(&client, "headquarters", |view| (view.sync.link == HqLink::Up).then_some(())).await;
    shows(&client, PRESS, "good", 100).await;
    terminal.confirmed().await.unwrap();
    terminal.stop().await.unwrap();
    // A program beside the daemon goes by the same time.
    let mut replay = terminal.kartd("replay").unwrap();
    let from = jiff::Timestamp::from_microsecond(began.0).unwrap().to_string();
    replay.envs(faked(&clock)).arg("--map").arg(terminal.config()).args(["--from", &from]);
    let mut replay = Child::spawn(&mut replay).unwrap();
    let status = replay.end(std::time::Duration::from_secs(30)).await.unwrap();
    assert!(status.success(), "{}", replay.tail());
}

/// A clock that is years out lies outside of the time for which the certificate of headquarters is good.
#[tokio::test]
async fn a_clock_that_is_years_out_learns_the_time_over_tls() {
    let _turn = turn().await;
    cryptography();
    let folder = tempfile::tempdir().unwrap();
    let dir = crate::tls::authority(&folder.path().join("hq")).await;
    let headquarters =
        Headquarters::start(&repository().join("config/demo/site.toml")).await.unwrap();
    let login = headquarters.login();
    let config = crate::tls::configuration(folder.path(), &dir, &login);
    let gateway = Gateway::start(&login, Some(&config)).await.unwrap();
    let url = format!("https://localhost:{}\"\nca_file = \"{dir}/ca.pem", gateway.address().port());
    let mut plc = ModbusServer::start().await.unwrap();
    plc.set_holding(20, &[1, 100]).await.unwrap();
    let configuration = |data: &Path| configuration(&data.display().to_string(), &plc, &url);
    let mut terminal = Terminal::prepare(|data| Ok(configuration(data))).unwrap();
    terminal.enroll(&headquarters.enrollment_code("T-07").await.unwrap()).await.unwrap();
    for years in [30, -30] {
        let out = years * 365 * 24 * 3_600 * SECOND;
        fast(&mut terminal, out).await;
        let client = terminal.client().unwrap();
        viewed(&client, "the right time", |view| {
            let Time::Corrected(fast_us) = view.terminal.time else { return None };
            ((fast_us - out).abs() < 10 * SECOND).then_some(())
        })
        .await;
        viewed(&client, "headquarters", |view| (view.sync.link == HqLink::Up).then_some(())).await;
        terminal.confirmed().await.unwrap();
        terminal.stop().await.unwrap();
    }
}

async fn shows_two_hours_more(client: &kart_api::Client) {
    let off = viewed(client, "the wrong time", |view| {
        let off = view.terminal.now_us.0 - now().0;
        (off > TWO_HOURS / 2).then_some(off)
    })
    .await;
    assert!((off - TWO_HOURS).abs() < 10 * SECOND, "{off}");
}

#[tokio::test]
async fn ugly_case_11_terminal_clock_wrong_by_two_hours() {
    let _turn = turn().await;
    cryptography();
    let site = repository().join("config/demo/site.toml");
    let mut headquarters = Headquarters::start(&site).await.unwrap();
    let mut plc = ModbusServer::start().await.unwrap();
    plc.set_holding(20, &[1, 100]).await.unwrap();
    let mut terminal = enrolled(&headquarters, &plc).await;
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    viewed(&client, "the site", |view| view.reference.as_ref().map(drop)).await;
    terminal.stop().await.unwrap();
    headquarters.stop().await.unwrap();

    let clock = fast(&mut terminal, TWO_HOURS).await;
    shows_two_hours_more(&client).await;
    let unconfirmed = client.snapshot().await.unwrap().terminal.time;
    assert_eq!(unconfirmed, Time::Unconfirmed);
    let mut operator = Operator::new(client.clone(), "1001");
    operator.clock_in("ST-21").await.unwrap();
    let began = now();
    runs_and_stops(&client, &mut plc).await;

    headquarters.start_again().await.unwrap();
    viewed(&client, "the right time", |view| {
        let Time::Corrected(fast_us) = view.terminal.time else { return None };
        let right = (view.terminal.now_us.0 - now().0).abs() < 10 * SECOND;
        ((fast_us - TWO_HOURS).abs() < 10 * SECOND && right).then_some(())
    })
    .await;
    // Who is here began when they did, by the right time.
    let view = client.snapshot().await.unwrap();
    assert!((view.people[0].since_us.0 - began.0).abs() < 10 * SECOND, "{:?}", view.people);
    let off = "SELECT coalesce(clock_off_us, 0) FROM edge.terminals";
    let off = headquarters.number(off).await.unwrap();
    assert!((off - TWO_HOURS).abs() < 10 * SECOND, "headquarters sees which clock is wrong: {off}");

    plc.set_holding(20, &[0, 107]).await.unwrap();
    state(&client, PRESS, "stopped").await;
    let stopped = now();
    passes(stopped, SECOND).await;
    // Somebody sets the clock while the stop goes on, and nothing jumps.
    std::fs::write(&clock, "+0").unwrap();
    viewed(&client, "the clock that was set", |view| {
        (view.terminal.time == Time::Corrected(0)).then_some(())
    })
    .await;
    passes(stopped, 3 * SECOND).await;
    plc.set_holding(20, &[1, 112]).await.unwrap();
    state(&client, PRESS, "running").await;
    let (ran, parts) = (now(), 12);
    shows(&client, PRESS, "good", 112).await;
    operator.clock_out().await.unwrap();
    let ended = now();
    viewed(&client, "headquarters", |view| (view.sync.link == HqLink::Up).then_some(())).await;
    terminal.confirmed().await.unwrap();

    lengths(&terminal, &headquarters, ended.0 - began.0, ran.0 - stopped.0).await;
    stamps(&headquarters, stopped.0).await;
    corrected(&terminal, &headquarters, (began.0, ended.0)).await;
    let refold = ["refold", "--check", "--organization", "cedar-works", "--site", "cedar"];
    administer(&headquarters, &refold).await;
    let view = client.snapshot().await.unwrap();
    let press = machine(&view, PRESS).unwrap();
    assert_eq!((press.good, view.people.len()), (parts, 0));
    let booked = "SELECT sum(quantity)::bigint FROM edge.production_counts";
    assert_eq!(headquarters.number(booked).await.unwrap(), parts);
    // A restart of the program goes on by the same time.
    terminal.stop().await.unwrap();
    std::fs::write(&clock, "+7200").unwrap();
    terminal.start().await.unwrap();
    viewed(&client, "still the right time", |view| {
        let right = (view.terminal.now_us.0 - now().0).abs() < 10 * SECOND;
        (matches!(view.terminal.time, Time::Corrected(_)) && right).then_some(())
    })
    .await;
}

/// The press runs, makes seven parts, stops for a moment and runs on.
async fn runs_and_stops(client: &kart_api::Client, plc: &mut ModbusServer) {
    state(client, PRESS, "running").await;
    plc.set_holding(20, &[1, 107]).await.unwrap();
    shows(client, PRESS, "good", 107).await;
    plc.set_holding(20, &[0, 107]).await.unwrap();
    state(client, PRESS, "stopped").await;
    passes(now(), SECOND).await;
    plc.set_holding(20, &[1, 107]).await.unwrap();
    state(client, PRESS, "running").await;
}

/// What was stamped after headquarters was heard is right, and what became of the clock is written.
async fn stamps(headquarters: &Headquarters, stopped_us: i64) {
    let start =
        "SELECT (extract(epoch FROM max(start_ts)) * 1000000)::bigint FROM oee_machine_events
        WHERE event_type = 'downtime'";
    let start = headquarters.number(start).await.unwrap();
    assert!((start - stopped_us).abs() < 5 * SECOND, "{start} {stopped_us}");
    let records =
        "SELECT kind, by_us, right_ts IS NULL FROM edge.clock_records ORDER BY wall_ts DESC";
    let records = headquarters.sql(records, &[]).await.unwrap();
    let records: Vec<(String, i64, bool)> =
        records.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let [(first, corrected, false), (second, set, true)] = &records[..] else {
        panic!("{records:?}")
    };
    assert_eq!((first.as_str(), second.as_str()), ("corrected", "stepped"));
    for by_us in [corrected, set] {
        assert!((by_us + TWO_HOURS).abs() < 10 * SECOND, "{records:?}");
    }
}

/// Every row of that boot is where it belongs: none negative, no hole and no overlap. What was written stays.
async fn corrected(terminal: &Terminal, headquarters: &Headquarters, (began, ended): (i64, i64)) {
    let log = terminal.facts().unwrap();
    let within = (began - 20 * SECOND, ended + SECOND);
    let times = [
        ("oee_machine_events", "start_ts"),
        ("oee_machine_events", "end_ts"),
        ("ops_labor_entries", "start_ts"),
        ("edge.machine_states", "start_ts"),
        ("edge.punches", "recorded_ts"),
        ("edge.production_counts", "until_ts"),
    ];
    for (table, column) in times {
        let wrong = |time: &str| {
            format!(
                "SELECT count(*) FROM {} WHERE {time} > {}",
                if time == column { table.replace("edge.", "edge_") } else { table.to_owned() },
                within.1
            )
        };
        assert_eq!(number(&log, &wrong(column)), 0, "{table}.{column} at the terminal");
        let there = wrong(&format!("extract(epoch FROM {column}) * 1000000"));
        assert_eq!(headquarters.number(&there).await.unwrap(), 0, "{table}.{column}");
    }
    let gaps =
        "SELECT count(*) FROM (SELECT end_ts, lead(start_ts) OVER (ORDER BY start_ts) AS next
        FROM MACHINE_STATES WHERE superseded_by IS NULL) AS s WHERE abs(UNTIL - NEXT) > 1000000";
    let here = gaps.replace("MACHINE_STATES", "edge_machine_states");
    // The daemon was stopped and started in between; that is a state of its own, unknown.
    assert_eq!(number(&log, &here.replace("UNTIL", "end_ts").replace("NEXT", "next")), 0);
    let epoch = |column: &str| format!("extract(epoch FROM {column}) * 1000000");
    let there = gaps.replace("MACHINE_STATES", "edge.machine_states");
    let there = there.replace("UNTIL", &epoch("end_ts")).replace("NEXT", &epoch("next"));
    assert_eq!(headquarters.number(&there).await.unwrap(), 0);
    // Whoever came is there since they came.
    let came = number(&log, "SELECT start_ts FROM ops_labor_entries");
    assert!((came - began).abs() < 10 * SECOND, "{came} {began}");
    assert!(came >= within.0);
    let fast = format!(
        "SELECT count(*) FROM facts WHERE json_extract(line, '$.at.wall_us') > {}",
        ended + TWO_HOURS / 2
    );
    assert!(number(&log, &fast) > 3, "the facts stand as they were written");
}

/// However the clock went, lengths are what they were, at both ends.
async fn lengths(terminal: &Terminal, headquarters: &Headquarters, worked_us: i64, stood_us: i64) {
    let log = terminal.facts().unwrap();
    for stretch in states(&log, PRESS) {
        assert!(stretch.until.is_none_or(|until| until >= stretch.from), "{stretch:?}");
        assert!(
            stretch.seconds.is_none_or(|seconds| (0.0..60.0).contains(&seconds)),
            "{stretch:?}"
        );
    }
    let labor = "SELECT end_ts - start_ts FROM ops_labor_entries";
    let labor = number(&log, labor);
    assert!(is_about(labor, worked_us), "{labor} of {worked_us}");
    let there = "SELECT (extract(epoch FROM end_ts - start_ts) * 1000000)::bigint FROM ";
    let of_labor = headquarters.number(&format!("{there} ops_labor_entries")).await.unwrap();
    assert_eq!(of_labor, labor, "the same at headquarters");
    let stop = format!(
        "{there} oee_machine_events WHERE event_type = 'downtime' ORDER BY start_ts DESC LIMIT 1"
    );
    let stop = headquarters.number(&stop).await.unwrap();
    assert!(is_about(stop, stood_us), "{stop} of {stood_us}");
}
