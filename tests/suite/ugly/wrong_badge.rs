//! Case 7: somebody's badge was read in place of another one's.
//!
//! For two minutes anybody at the station can take it back. Later either of the two says that it was not them, and a
//! supervisor decides. Both originals stay for ever. Whoever is clocked in at another terminal is not clocked out there
//! by it: that one person is at two places is shown to people, and decided by one.

use std::time::Duration;

use kart_api::View;
use kart_core::command::{Command, Refusal};
use kart_tests::{
    screen::{ENTER, ESCAPE, Screen},
    world::terminal::Terminal,
};

use super::floor::{Floor, SITE, clock_in, day, saved};
use crate::headquarters::device::user;
use crate::office::{ask, refusal, seen};
use crate::turn::turn;

const ENTRIES: &str = "SELECT concat_ws(' ', u.display_name, l.source, s.code,
        CASE WHEN l.end_ts IS NULL THEN 'open' WHEN l.end_ts > l.start_ts THEN 'took time'
             ELSE 'took none' END)
    FROM ops_labor_entries l JOIN users u ON u.id = l.user_id
    JOIN ops_stations s ON s.id = l.station_id ORDER BY l.start_ts";

const PUNCHES: &str = "SELECT concat_ws(' ', u.display_name, p.kind) FROM edge.punches p
    JOIN users u ON u.id = p.user_id ORDER BY p.recorded_ts, p.seq, p.kind";

async fn scan(screen: &mut Screen, badge: &str, name: &str) {
    screen.press(badge).unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&[&format!("{name} — clock in to ST-21?")]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", &format!("{name} clocked in")]).await.unwrap();
}

/// Taken for somebody else, and seen at once.
async fn at_once(floor: &mut Floor, terminal: &Terminal, screen: &mut Screen) {
    scan(screen, "1004", "Tomás Fischer").await;
    floor.clock.pass(Duration::from_secs(110)).unwrap();
    screen.press("u").unwrap();
    screen.shows(&["Take back a wrong badge", "1 Tomás Fischer clocked in at"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Taken back: badge of Tomás Fischer"]).await.unwrap();
    seen(terminal, "nobody", |view| view.people.is_empty().then_some(())).await;
}

/// Taken for somebody who works at another place, and seen when it is too late.
async fn too_late(floor: &mut Floor, terminal: &Terminal, screen: &mut Screen) {
    scan(screen, "1002", "Jurij Nowak").await;
    floor.clock.pass(Duration::from_secs(130)).unwrap();
    let gone = |view: &View| view.undoable.is_empty().then_some(());
    seen(terminal, "nothing to take back", gone).await;
    let of = |view: &View| view.people.first().map(|present| present.entry);
    let entry = seen(terminal, "the wrong entry", of).await;
    let undo = Command::UndoPunch { by: None, user: user("1002"), entry };
    assert_eq!(refusal(ask(terminal, undo, None).await), Refusal::CannotUndo);
    screen.shows(&["Here: Jurij Nowak"]).await.unwrap();
}

#[tokio::test]
async fn ugly_case_07_wrong_badge() {
    let _turn = turn().await;
    let mut floor = Floor::begin(&format!("{} 06:00", day(1)), str::to_owned).await;
    let terminal = floor.terminal("T-07", "").await;
    let packing = floor.terminal_at(("T-09", "ST-31"), "").await;
    let at_packing =
        Command::ClockIn { badge: "1002".into(), station: super::floor::station("ST-31") };
    let true_entry = saved(&packing, at_packing).await;
    packing.confirmed().await.unwrap();
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["Headquarters connected", "Nobody is clocked in"]).await.unwrap();
    floor.clock.pass(Duration::from_secs(60)).unwrap();
    at_once(&mut floor, &terminal, &mut screen).await;
    too_late(&mut floor, &terminal, &mut screen).await;
    terminal.confirmed().await.unwrap();

    // Nobody is clocked out elsewhere, and the contradiction is shown.
    let here = |view: &View| (view.people.len() == 1).then(|| view.people[0].entry);
    let wrong = seen(&terminal, "him here", here).await;
    assert_eq!(seen(&packing, "him there", here).await, true_entry);
    screen.shows(&["Jurij Nowak is clocked in twice at the same time."]).await.unwrap();
    floor
        .rows("SELECT kind FROM edge.conflicts WHERE resolved_at IS NULL", &["labor_overlap"])
        .await;
    let both = [
        "Jurij Nowak terminal ST-31 open",
        "Tomás Fischer void ST-21 took none",
        "Jurij Nowak terminal ST-21 open",
    ];
    floor.rows(ENTRIES, &both).await;

    // He says that it was not him; a supervisor decides.
    let not_me = Command::AskLabor {
        badge: "1002".into(),
        entry: wrong,
        from: None,
        until: None,
        void: true,
        reason: Some("not me: I was packing".into()),
    };
    saved(&terminal, not_me).await;
    terminal.confirmed().await.unwrap();
    let asked = "SELECT concat_ws(': ', evidence, reason) FROM edge.punches WHERE kind = 'asked'";
    floor.rows(asked, &["void: not me: I was packing"]).await;
    floor.rows(ENTRIES, &both).await;
    let record = wrong.0.to_string();
    let decide =
        ["correct", "labor", &record, "--by", "1005", "--reason", "badge of another", "--void"];
    floor.hq(&[&decide[..], &SITE[..]].concat()).await;
    let undone = [
        "Jurij Nowak terminal ST-31 open",
        "Tomás Fischer void ST-21 took none",
        "Jurij Nowak void ST-21 took none",
    ];
    floor.rows(ENTRIES, &undone).await;
    seen(&terminal, "nobody", |view| view.people.is_empty().then_some(())).await;
    screen.lacks(&["clocked in twice"]).await.unwrap();
    assert_eq!(seen(&packing, "him there", here).await, true_entry);
    let originals = [
        "Jurij Nowak in",
        "Tomás Fischer in",
        "Tomás Fischer undone",
        "Jurij Nowak in",
        "Jurij Nowak asked",
        "Jurij Nowak corrected",
    ];
    floor.rows(PUNCHES, &originals).await;
    saved(&terminal, clock_in("1004")).await;
    assert_eq!(
        user("1004"),
        seen(&terminal, "the right one", |view| Some(view.people.first()?.user)).await
    );
    screen.press(ESCAPE).unwrap();
}
