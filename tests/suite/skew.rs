//! Terminals and gateways of different releases: the first protocol, kept as it was released,
//! against today's programs, from either side.

use std::collections::BTreeSet;
use std::time::Duration;

use kart_core::fact::Body;
use kart_core::id::{StationId, UserId, reference_id};
use kart_tests::programs::repository;
use kart_tests::wait::wait_for;
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::layout::Layout;
use kart_tests::world::terminal::Terminal;
use kart_wire_v1::{Pulled, code};

mod old_gateway;
mod old_terminal;

use old_gateway::{OldGateway, document};
use old_terminal::OldTerminal;

const LIMIT: Duration = Duration::from_secs(30);

/// Every word that the first protocol has for a refusal.
const WORDS: [&str; 13] = [
    code::UNAUTHORIZED,
    code::REVOKED,
    code::FOREIGN,
    code::BAD_CODE,
    code::BROKEN_CHAIN,
    code::FORKED,
    code::GAP,
    code::STALE_SESSION,
    code::OTHER_INCARNATION,
    code::TOO_LARGE,
    code::MALFORMED,
    code::UPGRADE_REQUIRED,
    code::UNAVAILABLE,
];

fn key(table: &str, code: &str) -> uuid::Uuid {
    reference_id("cedar-works", "cedar", table, code)
}

fn clock_in(number: &str) -> Body {
    let station = StationId(key("ops_stations", "ST-21"));
    Body::ClockedIn { user: UserId(key("users", number)), station }
}

#[tokio::test]
async fn a_terminal_of_the_release_before_works_with_this_gateway() {
    let site = repository().join("config/demo/site.toml");
    let headquarters = Headquarters::start(&site).await.unwrap();
    let invitation = headquarters.enrollment_code("T-07").await.unwrap();
    let mut terminal = OldTerminal::new(&headquarters.url());
    assert_eq!(terminal.enroll(&invitation).await.terminal_code, "T-07");
    terminal.sign_in().await;
    assert_eq!(terminal.hello(0).await.unwrap().watermark, 0);
    terminal.append(clock_in("1001"));
    let pushed = terminal.push(1).await.unwrap();
    assert_eq!((pushed.watermark, pushed.quarantined), (2, vec![]));
    terminal.status().await.unwrap();
    let Pulled::Snapshot { snapshot, .. } = terminal.pull().await.unwrap() else {
        panic!("nothing was known before")
    };
    // All that an old terminal reads is there, and of the types it knows.
    let known = document(&snapshot);
    assert_eq!(known["site"]["code"], "cedar");
    assert!(known["version"].is_i64() && !known["machines"].as_array().unwrap().is_empty());
    let roles: BTreeSet<&str> =
        known["people"].as_array().unwrap().iter().map(|p| p["role"].as_str().unwrap()).collect();
    let words = BTreeSet::from(["operator", "lead", "technician", "supervisor"]);
    assert!(roles.is_subset(&words) && !roles.is_empty(), "{roles:?}");
    assert!(known["people"].as_array().unwrap().iter().all(|person| person["badge"].is_string()));
}

#[tokio::test]
async fn an_old_terminal_is_refused_in_words_it_knows() {
    let site = repository().join("config/demo/site.toml");
    let headquarters = Headquarters::start(&site).await.unwrap();
    let invitation = headquarters.enrollment_code("T-07").await.unwrap();
    let mut terminal = OldTerminal::new(&headquarters.url());
    terminal.enroll(&invitation).await;
    terminal.sign_in().await;
    terminal.hello(0).await.unwrap();
    terminal.append(clock_in("1001"));
    terminal.append(clock_in("1002"));
    assert_eq!(terminal.push(1).await.unwrap().watermark, 3);

    // Put back to an older state: it is told where headquarters stands, and sees by itself.
    let lines = terminal.lines.clone();
    terminal.lines.truncate(1);
    assert_eq!(terminal.hello(1).await.unwrap().watermark, 3);
    // And has written other facts since.
    terminal.append(clock_in("1002"));
    terminal.append(clock_in("1001"));
    let forked = terminal.hello(1).await.unwrap_err();
    assert_eq!(forked.code, code::FORKED);
    // A copy of it, elsewhere.
    terminal.lines = lines;
    terminal.nonce = "another".to_owned();
    let copied = terminal.hello(3).await.unwrap_err();
    assert!(WORDS.contains(&copied.code.as_str()), "{copied}");
    let stored = headquarters.number("SELECT count(*) FROM edge.inbox").await.unwrap();
    assert_eq!(stored, 3, "nothing of it was stored");
}

#[tokio::test]
async fn this_terminal_works_with_a_gateway_of_the_release_before() {
    let path = repository().join("config/demo/site.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let site = kart_core::site::parse("site.toml", &text).unwrap();
    let gateway = OldGateway::start(document(&serde_json::to_value(&site).unwrap())).await;
    let mut terminal = Terminal::prepare(|data| {
        Layout {
            data,
            machines: &[],
            fastest: 1.0,
            interval: None,
            broker: None,
            headquarters: Some(gateway.url()),
            site: &path,
        }
        .configuration()
    })
    .unwrap();
    terminal.enroll("any").await.unwrap();
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    wait_for("everything at the old gateway", LIMIT, async || {
        let health = client.health().await.map_err(|fault| fault.to_string())?;
        let (held, hash) = {
            let held = gateway.held();
            (held.lines.len() as u64, held.hash())
        };
        let all = health.head > 0 && health.head == held && health.acked == held;
        (all && health.head_hash == hash.to_string())
            .then_some(())
            .ok_or_else(|| format!("{held} of {}", health.head))
    })
    .await;
    wait_for("the site on the screen", LIMIT, async || {
        let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
        let known = format!("{view:?}").contains("ST-21");
        known.then_some(()).ok_or_else(|| "no station".to_owned())
    })
    .await;
    wait_for("a status", LIMIT, async || {
        (gateway.held().statuses > 0).then_some(()).ok_or("none yet")
    })
    .await;
    let unknown = gateway.held().unknown.clone();
    assert!(unknown.is_empty(), "it asks for nothing that the old gateway lacks: {unknown:?}");
    terminal.stop().await.unwrap();
}
