//! Receipts: for each thing that a person recorded they see where it is, in five words that are true.

use kart_api::{Request, Stage};
use kart_core::id::reference_id;
use serde_json::json;
use uuid::Uuid;

use super::Pair;
use crate::turn::turn;

/// The key of a row of the demo's site.
fn key(table: &str, code: &str) -> Uuid {
    reference_id("cedar-works", "cedar", table, code)
}

async fn clock(pair: &Pair, action: &str, badge: &str) {
    let mut said = json!({ "badge": badge });
    if action == "clock_in" {
        said["station"] = json!(key("ops_stations", "ST-21"));
    }
    let request = json!({ "key": Uuid::new_v4(), "command": { action: said } });
    let request: Request = serde_json::from_value(request).unwrap();
    pair.terminal.client().unwrap().command(&request).await.unwrap();
}

/// Waits until the newest receipt is where it should be.
async fn newest(pair: &Pair, what: &str, wanted: impl Fn(&Stage) -> bool) {
    pair.view(what, |view| view.receipts.first().filter(|r| wanted(&r.stage)).map(drop)).await;
}

#[tokio::test]
async fn each_of_five_states_is_shown_when_it_is_so() {
    let _turn = turn().await;
    let mut pair = Pair::start().await;
    pair.headquarters.stop().await.unwrap();
    clock(&pair, "clock_in", "1001").await;
    newest(&pair, "saved", |stage| *stage == Stage::Saved).await;
    pair.headquarters.start_again().await.unwrap();
    newest(&pair, "at headquarters", |stage| *stage == Stage::AtHeadquarters).await;

    // Somebody took the request and says nothing.
    pair.headquarters.gateway().unwrap().freeze().unwrap();
    clock(&pair, "clock_out", "1001").await;
    newest(&pair, "on its way", |stage| *stage == Stage::Sending).await;
    let sending = pair.view("what is sent", |view| Some(view.sync.sending)).await;
    assert!(sending >= 1, "{sending}");
    pair.headquarters.gateway().unwrap().go_on().unwrap();
    newest(&pair, "at headquarters", |stage| *stage == Stage::AtHeadquarters).await;

    // While the terminal is alone, headquarters forgets a person.
    pair.headquarters.stop().await.unwrap();
    let user = key("users", "1002");
    pair.sql(&format!("DELETE FROM public.users WHERE id = '{user}'")).await;
    clock(&pair, "clock_in", "1002").await;
    newest(&pair, "saved", |stage| *stage == Stage::Saved).await;
    pair.headquarters.start_again().await.unwrap();
    let waits =
        |stage: &Stage| matches!(stage, Stage::Waiting { code, .. } if code == "unresolved_ref");
    newest(&pair, "waiting for the person", waits).await;
    let sync = pair.view("counts", |view| Some(view.sync.clone())).await;
    assert_eq!((sync.quarantined, sync.refused), (1, 0));

    pair.sql("UPDATE edge.quarantine SET code = 'refused' WHERE resolved_at IS NULL").await;
    newest(&pair, "refused", |stage| matches!(stage, Stage::Refused { .. })).await;
    pair.view("counts", |view| (view.sync.refused == 1).then_some(())).await;
    pair.sql("UPDATE edge.quarantine SET code = 'unresolved_ref' WHERE resolved_at IS NULL").await;
    newest(&pair, "waiting again", waits).await;

    let site = kart_tests::programs::repository().join("config/demo/site.toml");
    pair.headquarters.apply_site(&site).await.unwrap();
    newest(&pair, "applied by itself", |stage| *stage == Stage::AtHeadquarters).await;
}
