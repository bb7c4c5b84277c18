//! Case 18: an auditor or a worker asks for somebody's month.
//!
//! There are all punches as they were made, every change with who, when, why, before and after, what the person
//! confirmed, how far the clock could be trusted, and whether the chain of the log holds: on the screen, as a table and as plain
//! text for paper. What is kept has a shortest time that nobody can go below, and what is erased says so.

use std::process::Command as Program;

use kart_core::command::Command;
use kart_tests::{
    child::Child,
    programs::program,
    screen::{ENTER, ESCAPE, Screen},
    world::terminal::Terminal,
};
use serde_json::Value;

use super::LIMIT;
use super::floor::{Floor, SITE, clock_in, clock_out, day, saved};
use crate::chain::verified;
use crate::turn::turn;

/// `kart`, which must end well.
async fn kart(terminal: &Terminal, arguments: &[&str]) -> String {
    let mut command = Program::new(program("kart").unwrap());
    command.args(arguments).arg("--socket").arg(terminal.socket());
    let mut kart = Child::spawn(&mut command).unwrap();
    let status = kart.end(LIMIT).await.unwrap();
    assert!(status.success(), "{}", kart.tail());
    kart.stdout()
}

/// A month with a day in it: a shift, a punch with the wrong badge, a wish, a correction, a confirmation.
async fn month(floor: &mut Floor, terminal: &Terminal, screen: &mut Screen) -> String {
    let wrong = saved(terminal, clock_in("1001")).await;
    let user = crate::headquarters::device::user("1001");
    saved(terminal, Command::UndoPunch { by: None, user, entry: wrong }).await;
    let entry = saved(terminal, clock_in("1001")).await;
    floor.at(&format!("{} 14:03:00", day(1)), &[terminal]).await;
    saved(terminal, clock_out("1001")).await;
    terminal.confirmed().await.unwrap();
    let entry = entry.0.to_string();
    let until = super::floor::local(&format!("{} 14:00", day(1))).to_string();
    let correct =
        ["correct", "labor", &entry, "--by", "1005", "--reason", "left at two", "--until", &until];
    floor.hq(&[&correct[..], &SITE[..]].concat()).await;
    crate::office::seen(terminal, "the correction", |view| {
        let reference = view.reference.as_ref()?;
        (!reference.corrections.is_empty()).then_some(())
    })
    .await;
    screen.press("y").unwrap();
    screen.shows(&["My record: whose badge?"]).await.unwrap();
    screen.press("1001").unwrap();
    screen.press(ENTER).unwrap();
    let record =
        ["2 entries not confirmed", "taken back as a wrong badge", "corrected at headquarters"];
    screen.shows(&record).await.unwrap();
    screen.press("c").unwrap();
    screen.shows(&["SAVED", "all confirmed"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    terminal.confirmed().await.unwrap();
    entry
}

#[tokio::test]
async fn ugly_case_18_auditor_or_worker_asks() {
    let _turn = turn().await;
    let mut floor = Floor::begin(&format!("{} 06:00", day(1)), str::to_owned).await;
    let terminal = floor.terminal("T-07", "").await;
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["Headquarters connected"]).await.unwrap();
    let entry = month(&mut floor, &terminal, &mut screen).await;

    // A table of it at the terminal.
    let from = day(0);
    let table = kart(&terminal, &["export", "labor", "--from", &from, "--user", "1001"]).await;
    let mut lines = table.lines();
    let head = lines.next().unwrap();
    assert!(
        head.contains("user") && lines.clone().all(|line| line.contains("Ada Brandt")),
        "{table}"
    );
    assert!(lines.any(|line| line.contains("14:00:00")), "{table}");

    // All of it at headquarters.
    let asked = ["person", "export", "--organization", "cedar-works", "--person", "1001"];
    let held = floor.hq(&asked).await;
    let held: Value = serde_json::from_str(&held).unwrap();
    let held = &held["held"];
    let kinds = |name: &str, key: &str| {
        let rows = held[name].as_array().unwrap().iter();
        let mut kinds: Vec<String> =
            rows.map(|row| row[key].as_str().unwrap().to_owned()).collect();
        kinds.sort();
        kinds
    };
    assert_eq!(
        kinds("punches", "kind"),
        ["confirmed", "confirmed", "corrected", "in", "in", "out", "undone"]
    );
    let edit = &held["corrections"][0];
    assert_eq!(edit["record_id"], entry.as_str());
    assert_eq!(edit["reason"], "left at two");
    assert!(edit["by_user"].is_string() && edit["at"].is_string(), "{edit}");
    let (before, after) = (&edit["before"]["until"], &edit["after"]["until"]);
    assert!(!before.is_null() && !after.is_null() && before != after, "{edit}");

    // The chain holds, by a program that is not ours to trust.
    let file = terminal.data().join("facts.db").display().to_string();
    verified(&["--db", &file]).await.unwrap();

    // No shorter than the law's shortest, and what is erased says so.
    let keep = "INSERT INTO edge.retention (organization_id, kind, keep_days)
        VALUES ('cedar-works', 'texts', 7) RETURNING 1";
    floor.headquarters.sql(keep, &[]).await.unwrap_err();
    floor.headquarters.sql(&keep.replace('7', "30"), &[]).await.unwrap();
    floor.headquarters.stop().await.unwrap();
    let aged = "UPDATE edge.inbox SET received_at = now() - interval '31 days' RETURNING 1";
    floor.headquarters.sql(aged, &[]).await.unwrap();
    floor.hq(&["work", "--once", "--due", "retention"]).await;
    let erased = floor.headquarters.number("SELECT count(*) FROM edge.erasures").await.unwrap();
    assert_eq!(erased, 1, "the one reason that somebody wrote");
    let punches = "SELECT count(*)::text FROM edge.punches";
    floor.rows(punches, &["7"]).await;
}
