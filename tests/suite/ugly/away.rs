//! Case 3: headquarters is away for three days.
//!
//! Work goes on as ever. The screen counts what waits and since when, and how old the site data is. When
//! headquarters is back, the present is there within seconds; the backlog follows oldest first, and a break in the middle
//! of it costs nothing but time. Nothing is doubled, and nothing of a person is lost because a product was deleted
//! meanwhile: what names it waits and goes in when it is there again. Numbers that the terminal made by itself are found
//! for ever.

use std::time::{Duration, Instant};

use kart_api::View;
use kart_core::command::Command;
use kart_tests::{screen::Screen, world::terminal::Terminal};

use super::floor::{Floor, SITE, clock_in, clock_out, complete, day, saved, start};
use crate::headquarters::{administer, device::user};
use crate::office::seen;
use crate::turn::turn;

const PRESSES: [&str; 2] = ["EQ-211", "EQ-212"];
/// Batches of a shift on each press: of three days enough for many pages, and more than a block of numbers has.
const BATCHES: usize = 25;

/// Notes are the rows that there are most of.
async fn note(terminal: &Terminal) {
    let (by, station, equipment, batch) = (Some(user("1001")), None, None, None);
    let category = kart_core::fact::note::Category::General;
    let text = "tray emptied".to_owned();
    saved(terminal, Command::WriteNote { by, station, equipment, batch, category, text }).await;
}

/// One person's early shift with batches on both presses.
async fn shift(floor: &mut Floor, terminal: &Terminal, ahead: i64) {
    floor.at(&format!("{} 06:00", day(ahead)), &[terminal]).await;
    saved(terminal, clock_in("1001")).await;
    for _ in 0..BATCHES {
        for press in PRESSES {
            let batch = saved(terminal, start(user("1001"), press, None)).await;
            saved(terminal, complete(user("1001"), batch, 10)).await;
        }
        note(terminal).await;
        floor.clock.pass(Duration::from_secs(15 * 60)).unwrap();
    }
    floor.at(&format!("{} 14:00", day(ahead)), &[terminal]).await;
    saved(terminal, clock_out("1001")).await;
}

fn waiting(view: &View) -> u64 {
    view.sync.saved - view.sync.acked
}

/// The present is at headquarters while the past still arrives, and a break in the middle is none of its end.
async fn comes_back(floor: &mut Floor, terminal: &Terminal) {
    let behind = waiting(&terminal.client().unwrap().snapshot().await.unwrap());
    assert!(behind > 300, "{behind}");
    floor.headquarters.start_again().await.unwrap();
    let begun = Instant::now();
    let now = "SELECT ((status ->> 'at_us')::numeric / 1e6 > extract(epoch FROM to_timestamp($1)) - 60)::text";
    let wanted = floor.clock.now().as_second();
    let fresh = format!(
        "{} FROM edge.terminal_status",
        now.replace("to_timestamp($1)", &format!("to_timestamp({wanted})"))
    );
    floor.rows(&fresh, &["true"]).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // Gone again, as soon as a part is there.
    seen(terminal, "a part of it", |view| (waiting(view) < behind).then_some(())).await;
    floor.headquarters.kill().unwrap();
    floor.headquarters.start_again().await.unwrap();
    terminal.confirmed().await.unwrap();
}

const ONCE: &str = "SELECT concat_ws(' ', max(seq) - count(*), count(*) - count(DISTINCT hash))
    FROM edge.inbox";
const MADE: &str = "SELECT concat_ws(' ', count(*), count(DISTINCT batch_number), sum(good_parts))
    FROM oee_batch_details";

#[tokio::test]
async fn ugly_case_03_network_away_three_days() {
    let _turn = turn().await;
    let mut floor = Floor::begin(&format!("{} 05:50", day(1)), str::to_owned).await;
    let mut terminal = floor.terminal("T-07", "").await;
    let leases = |view: &View| (!view.reference.as_ref()?.leases.is_empty()).then_some(());
    seen(&terminal, "a block of numbers", leases).await;
    terminal.confirmed().await.unwrap();
    floor.headquarters.stop().await.unwrap();
    // Meanwhile somebody deletes the product there.
    let gone = "DELETE FROM ops_products WHERE product_code = 'BR-40' RETURNING to_jsonb(ops_products)::text";
    let gone: String = floor.headquarters.sql(gone, &[]).await.unwrap()[0].get(0);
    let screen = Screen::open(&terminal.socket()).unwrap();
    for ahead in 1..=3 {
        shift(&mut floor, &terminal, ahead).await;
    }
    floor.at(&format!("{} 06:05", day(4)), &[&terminal]).await;
    screen.shows(&["Headquarters away since", "waiting, oldest 3 d"]).await.unwrap();
    // It is switched off and on, too.
    terminal.kill().unwrap();
    terminal.start().await.unwrap();
    saved(&terminal, clock_in("1001")).await;
    comes_back(&mut floor, &terminal).await;

    // Everything of the person is there; what names the product waits for it.
    let labor = "SELECT concat_ws(' ', count(*), count(*) FILTER (WHERE end_ts IS NULL),
            round(sum(extract(epoch FROM end_ts - start_ts)) / 3600)) FROM ops_labor_entries";
    floor.rows(labor, &["4 1 24"]).await;
    floor.rows(MADE, &["0 0"]).await;
    let put = "INSERT INTO ops_products SELECT (jsonb_populate_record(NULL::ops_products, $1::text::jsonb)).* RETURNING id";
    floor.headquarters.sql(put, &[&gone]).await.unwrap();
    administer(&floor.headquarters, &[&["quarantine", "retry"], &SITE[..]].concat()).await;
    let batches = BATCHES * PRESSES.len() * 3;
    let made = format!("{batches} {batches} {}", batches * 10);
    floor.rows(MADE, &[&made]).await;
    floor.rows(ONCE, &["0 0"]).await;
    floor
        .rows("SELECT count(*)::text FROM edge.quarantine WHERE resolved_at IS NULL", &["0"])
        .await;
    // Those beyond the block are its own, and found as such.
    let own = "SELECT batch_number FROM oee_batch_details WHERE batch_number LIKE 'CED-T-07%'
        ORDER BY 1 LIMIT 1";
    let own: String = floor.headquarters.sql(own, &[]).await.unwrap()[0].get(0);
    let found = [&["number", "find"], &SITE[..], &[own.as_str()]].concat();
    let found = administer(&floor.headquarters, &found).await;
    assert!(found.starts_with(&format!("batch\t{own}\t")), "{found}");
}
