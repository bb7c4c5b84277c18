//! Several gateways in front of one database, behind a plain balancer: one of them dies under load, and nothing is lost
//! or doubled.

use std::time::{Duration, Instant};

use kart_core::fact::Body;
use kart_tests::measure::part;
use kart_tests::proxy::{Fault, Proxy, Weather};
use kart_tests::world::gateway::Gateway;
use kart_tests::world::headquarters::Headquarters;
use kart_wire::{AUDIENCE, Pushed, Token, Welcome};
use serde::de::DeserializeOwned;

use crate::headquarters::demo_site;
use crate::headquarters::device::{Device, machine};
use crate::turn::{seed, turn};

const FACTS: usize = 2_000;
const PAGE: usize = 100;
const TERMINALS: [&str; 4] = ["T-07", "T-08", "T-21", "T-22"];
const PATIENCE: Duration = Duration::from_secs(40);
const REQUEST_LIMIT: Duration = Duration::from_secs(3);

/// An answer of the contract; nothing when none came, or one that is not of the contract.
/// Each request comes on a connection of its own.
async fn ask<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Option<T> {
    let answer = request.header("connection", "close").timeout(REQUEST_LIMIT).send().await.ok()?;
    let status = answer.status();
    let body = answer.bytes().await.ok()?;
    if status.is_success() { serde_json::from_slice(&body).ok() } else { None }
}

async fn push(device: &Device, from: usize, until: usize) -> Option<Pushed> {
    let envelope = device.envelope(from, until + 1 - from);
    let mut body = serde_json::to_string(&envelope).unwrap() + "\n";
    for line in &device.lines[from - 1..until] {
        body.push_str(line);
        body.push('\n');
    }
    let mut compressor = zstd::bulk::Compressor::new(3).unwrap();
    compressor.include_checksum(true).unwrap();
    let body = compressor.compress(body.as_bytes()).unwrap();
    let pushed = device.request("push").header("content-encoding", "zstd").body(body);
    let pushed: Pushed = ask(pushed).await?;
    // What was never sent cannot be there.
    (pushed.watermark <= until as u64).then_some(pushed)
}

/// Says who it is and asks where it stands, as a terminal does after any failure.
async fn greet(device: &mut Device) -> Option<u64> {
    let assertion = device.assertion(AUDIENCE, jiff::Timestamp::now().as_second());
    device.token = ask::<Token>(device.request("token").json(&assertion)).await?.token;
    let welcome: Welcome = ask(device.request("hello").json(&device.greeting())).await?;
    device.session = welcome.session;
    Some(welcome.watermark)
}

/// Pushes all its facts through whatever is in between, from where headquarters says it stands.
async fn push_all(mut device: Device) -> Device {
    let begin = Instant::now();
    let mut from = 1;
    while from <= FACTS {
        assert!(begin.elapsed() < PATIENCE, "{} of {FACTS} facts came through", from - 1);
        let until = (from + PAGE - 1).min(FACTS);
        let watermark = match push(&device, from, until).await {
            Some(pushed) => Some(pushed.watermark),
            None => greet(&mut device).await,
        };
        from = watermark.map_or(from, |watermark| usize::try_from(watermark).unwrap() + 1);
    }
    device
}

/// One part more.
fn counted(number: u64) -> Body {
    part(machine("EQ-211"), i64::try_from(number).unwrap(), Device::stamp(number))
}

async fn load(headquarters: &Headquarters, proxy: &Proxy) -> Vec<Device> {
    let mut devices = Vec::new();
    for terminal in TERMINALS {
        let code = headquarters.enrollment_code(terminal).await.unwrap();
        let mut device = Device::new(&proxy.url());
        device.enroll(&code).await.unwrap();
        device.sign_in().await.unwrap();
        device.hello().await.unwrap();
        while device.lines.len() < FACTS {
            device.append(counted(device.lines.len() as u64));
        }
        devices.push(device);
    }
    devices
}

/// Every fact is there once, in order, as the bytes that the terminals have.
async fn all_there(headquarters: &Headquarters, devices: &[Device]) {
    for device in devices {
        let rows = headquarters
            .sql("SELECT line FROM edge.inbox WHERE terminal_id = $1 ORDER BY seq", &[&device.id])
            .await
            .unwrap();
        assert_eq!(rows.len(), FACTS);
        for (row, line) in rows.iter().zip(&device.lines) {
            assert_eq!(row.get::<_, Vec<u8>>(0), line.as_bytes());
        }
    }
    let counts = headquarters.number("SELECT count(*) FROM edge.production_counts").await.unwrap();
    assert_eq!(counts, i64::try_from((FACTS - 1) * devices.len()).unwrap(), "one row a part");
}

#[tokio::test]
async fn one_of_two_gateways_dies_under_load() {
    let _turn = turn().await;
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let mut first = Gateway::start(&headquarters.login(), None).await.unwrap();
    let second = Gateway::start(&headquarters.login(), None).await.unwrap();
    let proxy = Proxy::start(&[first.address(), second.address()], 1).await.unwrap();
    let devices = load(&headquarters, &proxy).await;
    let mut pushing = tokio::task::JoinSet::new();
    for device in devices {
        pushing.spawn(push_all(device));
    }
    kart_tests::wait::wait_for("a third of the facts", PATIENCE, async || {
        let stored = headquarters.number("SELECT count(*) FROM edge.inbox").await.unwrap();
        if stored > i64::try_from(FACTS * TERMINALS.len() / 3).unwrap() {
            Ok(())
        } else {
            Err(stored)
        }
    })
    .await;
    first.kill().unwrap();
    let devices = pushing.join_all().await;
    all_there(&headquarters, &devices).await;
}

#[tokio::test]
async fn every_fault_of_the_network_costs_time_only() {
    let _turn = turn().await;
    let seed = seed("balancer::every_fault", 7);
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let gateway = Gateway::start(&headquarters.login(), None).await.unwrap();
    let proxy = Proxy::start(&[gateway.address()], seed).await.unwrap();
    let devices = load(&headquarters, &proxy).await;
    proxy.weather(Weather::Storm { one_in: 3 });
    proxy.cut();
    let mut pushing = tokio::task::JoinSet::new();
    for device in devices {
        pushing.spawn(push_all(device));
    }
    let devices = pushing.join_all().await;
    all_there(&headquarters, &devices).await;
    let met = Fault::ALL.iter().filter(|fault| proxy.count(**fault) > 0).count();
    assert!(met >= 6, "only {met} faults were met");
}
