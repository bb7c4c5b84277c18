//! Case 11: a terminal whose clock is wrong by two hours, until somebody sets it in the middle of a shift.
//!
//! What holds is asked here: lengths are true, nothing is lost, and the person is told. Rows keep what the clock said when
//! they were written; nobody moves them afterwards.

use std::path::PathBuf;

use kart_api::HqLink;
use kart_tests::{
    modbus::ModbusServer,
    operator::Operator,
    programs::repository,
    wait::wait_for,
    world::{headquarters::Headquarters, terminal::Terminal},
};

use super::{
    LIMIT, SECOND, cryptography, device, machine, now, number, passes, shows, state, states, viewed,
};
use crate::turn::turn;

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

/// Starts the daemon with a clock that is fast; what the file says from now on is how fast it is.
async fn fast(terminal: &mut Terminal) -> PathBuf {
    let client = terminal.client().unwrap();
    let clock = terminal.data().join("clock");
    std::fs::write(&clock, "+7200").unwrap();
    terminal.set_environment(&[
        ("LD_PRELOAD", LIBRARY),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ]);
    terminal.start().await.unwrap();
    let fast = viewed(&client, "the wrong time", |view| {
        let off = view.terminal.now_us.0 - now().0;
        (off > TWO_HOURS / 2).then_some(off)
    })
    .await;
    assert!((fast - TWO_HOURS).abs() < 10 * SECOND, "{fast}");
    clock
}

#[tokio::test]
async fn ugly_case_11_terminal_clock_wrong_by_two_hours() {
    let _turn = turn().await;
    cryptography();
    let site = repository().join("config/demo/site.toml");
    let headquarters = Headquarters::start(&site).await.unwrap();
    let mut plc = ModbusServer::start().await.unwrap();
    plc.set_holding(20, &[1, 100]).await.unwrap();
    let url = headquarters.url();
    let mut terminal =
        Terminal::prepare(|data| Ok(configuration(&data.display().to_string(), &plc, &url)))
            .unwrap();
    terminal.enroll(&headquarters.enrollment_code("T-07").await.unwrap()).await.unwrap();
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    viewed(&client, "the site", |view| view.reference.as_ref().map(drop)).await;
    terminal.stop().await.unwrap();

    let clock = fast(&mut terminal).await;
    // Headquarters knows by how much, and can tell.
    let off = "SELECT coalesce(clock_off_us, 0) FROM edge.terminals";
    let known = async |wanted: i64| {
        wait_for("the offset at headquarters", LIMIT, async || {
            let off = headquarters.number(off).await.map_err(|fault| fault.to_string())?;
            ((off - wanted).abs() < 10 * SECOND).then_some(()).ok_or_else(|| off.to_string())
        })
        .await;
    };
    known(TWO_HOURS).await;

    let mut operator = Operator::new(client.clone(), "1001");
    operator.clock_in("ST-21").await.unwrap();
    let began = now();
    state(&client, PRESS, "running").await;
    plc.set_holding(20, &[1, 107]).await.unwrap();
    shows(&client, PRESS, "good", 107).await;
    plc.set_holding(20, &[0, 107]).await.unwrap();
    state(&client, PRESS, "stopped").await;
    let stopped = now();
    passes(stopped, SECOND).await;

    // Somebody sets the clock while the stop goes on.
    std::fs::write(&clock, "+0").unwrap();
    viewed(&client, "the right time", |view| {
        ((view.terminal.now_us.0 - now().0).abs() < 10 * SECOND).then_some(())
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
    let view = client.snapshot().await.unwrap();
    let press = machine(&view, PRESS).unwrap();
    assert_eq!((press.good, view.people.len()), (parts, 0));
    let booked = "SELECT sum(quantity)::bigint FROM edge.production_counts";
    assert_eq!(headquarters.number(booked).await.unwrap(), parts);
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
        "{there} oee_machine_events WHERE event_type = 'downtime'
                        AND start_ts > now() + interval '1 hour'"
    );
    let stop = headquarters.number(&stop).await.unwrap();
    assert!(is_about(stop, stood_us), "{stop} of {stood_us}");
}
