//! What headquarters knows reaches the people at the terminals: conflicts until they are settled, batches of the other
//! terminal, and the one batch that two of them began unseen.

use std::time::{Duration, Instant};

use kart_api::{Answer, Batch, View};
use kart_core::command::{Command, Refusal};
use kart_core::fact::Body;
use kart_core::fact::batch::BatchAborted;
use kart_core::id::{EquipmentId, ReasonId, RecordId};
use kart_tests::screen::{ENTER, Screen, TAB};
use kart_tests::wait::wait_for;
use kart_tests::world::layout::Layout;
use kart_tests::world::terminal::Terminal;
use kart_tests::world::{World, WorldOptions};

use super::{SITE, batch, complete, pass, product, push, said, station};
use crate::headquarters::device::{key, machine, user};
use crate::headquarters::{administer, demo_site, enroll};
use crate::office::{Office, ask, refusal, seen};
use crate::turn::turn;

/// A change at headquarters is at an idle terminal within this.
const SOON: Duration = Duration::from_secs(2);

fn open(terminal: &Terminal) -> Screen {
    Screen::open(&terminal.socket()).unwrap()
}

#[tokio::test]
async fn a_conflict_stands_on_both_screens_until_it_is_settled() {
    let _turn = turn().await;
    let office = Office::demo().await;
    let terminals = [office.terminal("T-07", |c| c).await, office.terminal("T-08", |c| c).await];
    let screens = [open(&terminals[0]), open(&terminals[1])];
    let (mut one, mut two) =
        (enroll(&office.headquarters, "T-21").await, enroll(&office.headquarters, "T-22").await);
    let begun = batch(&mut one, "B-1", ("EQ-211", "ST-21"), &["1001"]);
    one.append(Body::ClockedIn { user: user("1002"), station: station("ST-21") });
    complete(&mut one, begun, 30, 0);
    push(&one).await;
    pass(&mut two, 9);
    let reason = ReasonId(key("oee_abort_reasons", "Form/Q01"));
    two.append(Body::BatchAborted(BatchAborted {
        batch: begun,
        reason,
        good: 5,
        scrap: 1,
        comment: None,
    }));
    two.append(Body::ClockedIn { user: user("1002"), station: station("ST-31") });
    push(&two).await;

    let told = |view: &View| {
        let mut told: Vec<(String, String)> =
            view.conflicts.iter().map(|c| (c.kind.clone(), c.about.clone())).collect();
        told.sort();
        let ended = ("ended_again".to_owned(), "B-1".to_owned());
        (told == [ended, ("labor_overlap".to_owned(), "Jurij Nowak".to_owned())]).then_some(())
    };
    for (terminal, screen) in terminals.iter().zip(&screens) {
        seen(terminal, "both conflicts", told).await;
        let wanted = ["Batch B-1 was ended twice.", "Jurij Nowak is clocked in twice"];
        screen.shows(&wanted).await.unwrap();
    }
    let list = [&["conflicts", "list"], &SITE[..]].concat();
    for line in administer(&office.headquarters, &list).await.lines() {
        let id = line.split('\t').next().unwrap();
        let settle = ["conflicts", "settle", id, "--by", "1005", "--resolution", "asked them"];
        administer(&office.headquarters, &[&settle[..], &SITE[..]].concat()).await;
    }
    let settled = Instant::now();
    for (terminal, screen) in terminals.iter().zip(&screens) {
        seen(terminal, "no conflict", |view| view.conflicts.is_empty().then_some(())).await;
        screen.lacks(&["ended twice", "clocked in twice"]).await.unwrap();
    }
    assert!(settled.elapsed() < SOON, "{:?}", settled.elapsed());
}

/// A station with two presses, each read by a terminal of its own.
async fn station_of_two() -> (World, Terminal) {
    let options = WorldOptions { presses: 2, packers: 0, stops: false, ..WorldOptions::default() };
    let world = World::start(&options).await.unwrap();
    let headquarters = world.headquarters.as_ref().unwrap();
    let site = std::fs::read_to_string(demo_site()).unwrap();
    let (before, after) = site.split_once("code = \"EQ-212\"").unwrap();
    let after = after.replacen("\"T-07\"", "\"T-08\"", 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.toml");
    std::fs::write(&path, format!("{before}code = \"EQ-212\"{after}")).unwrap();
    headquarters.apply_site(&path).await.unwrap();
    let mut second = Terminal::prepare(|data| {
        let layout = Layout {
            data,
            machines: &world.plant.machines[1..2],
            interval: None,
            fastest: 20.0,
            broker: None,
            headquarters: Some(headquarters.url()),
            site: &path,
        };
        Ok(layout.configuration()?.replace("\"T-07\"", "\"T-08\""))
    })
    .unwrap();
    second.enroll(&headquarters.enrollment_code("T-08").await.unwrap()).await.unwrap();
    second.start().await.unwrap();
    seen(&second, "the site", |view| view.reference.as_ref().map(drop)).await;
    (world, second)
}

/// The batch on a machine as a terminal shows it.
fn on(view: &View, code: &str) -> Option<Batch> {
    view.machines.iter().find(|machine| machine.code == code)?.batch.clone()
}

fn both_on_it(batch: &Batch) -> bool {
    let mut people = batch.operators.clone();
    people.sort();
    let mut wanted = [user("1001"), user("1002")];
    wanted.sort();
    people == wanted
}

async fn clock_in(terminal: &Terminal, badge: &str) {
    let command = Command::ClockIn { badge: badge.into(), station: station("ST-21") };
    saved(ask(terminal, command, None).await);
}

fn saved(answer: Answer) -> RecordId {
    match answer {
        Answer::Saved(accepted) => accepted.record,
        Answer::Refused(refusal) => panic!("{refusal}"),
    }
}

fn start(by: &str, equipment: EquipmentId, number: &str) -> Command {
    Command::StartBatch {
        by: user(by),
        equipment,
        product: product("BR/BR-40"),
        target: Some(60),
        number: Some(number.into()),
        work_order: None,
        detail: Default::default(),
    }
}

#[tokio::test]
async fn a_batch_of_the_other_terminal_is_shown_and_joined() {
    let _turn = turn().await;
    let (world, second) = station_of_two().await;
    let mut screens = [open(&world.terminal), open(&second)];
    clock_in(&world.terminal, "1001").await;
    clock_in(&second, "1002").await;
    let begun = saved(ask(&world.terminal, start("1001", machine("EQ-211"), "B-9"), None).await);
    screens[1].shows(&["EQ-211: batch B-9,", "started at T-07", "ago · Ada Brandt"]).await.unwrap();
    let answer = ask(&second, start("1002", machine("EQ-212"), "B-9"), None).await;
    let Refusal::OpenElsewhere { batch, terminal, .. } = refusal(answer) else {
        panic!("the other terminal has it open")
    };
    assert_eq!((batch, terminal.as_str()), (begun, "T-07"));

    // The same at the screen: it says so, and Enter joins.
    let [first, other] = &mut screens;
    other.press("s").unwrap();
    other.shows(&["Start a batch on EQ-212"]).await.unwrap();
    for key in [ENTER, TAB, "B-9", ENTER] {
        other.press(key).unwrap();
    }
    other
        .shows(&["Batch B-9 is open on EQ-211, started at T-07", "ago. Enter: join"])
        .await
        .unwrap();
    other.press(ENTER).unwrap();
    other.shows(&["SAVED", "Joined batch B-9", "Ada Brandt, Jurij Nowak"]).await.unwrap();
    first.shows(&["on it: Ada Brandt, Jurij Nowak"]).await.unwrap();
    let shown = |view: &View| on(view, "EQ-211").filter(both_on_it);
    assert_eq!(seen(&world.terminal, "two people on it", shown).await.id, begun);
    let again = ask(&second, Command::JoinBatch { by: user("1002"), batch: begun }, None).await;
    assert!(matches!(refusal(again), Refusal::AlreadyOnBatch { .. }));

    // Whoever goes home leaves it.
    saved(ask(&second, Command::ClockOut { badge: "1002".into() }, None).await);
    let alone = |view: &View| on(view, "EQ-211").filter(|batch| batch.operators.len() == 1);
    seen(&world.terminal, "one person on it", alone).await;
    let complete = Command::CompleteBatch {
        by: user("1001"),
        batch: begun,
        good: 0,
        scrap: 0,
        scrap_reason: None,
        detail: Default::default(),
    };
    saved(ask(&world.terminal, complete, None).await);
    screens[1].lacks(&["batch B-9"]).await.unwrap();
    let headquarters = world.headquarters.as_ref().unwrap();
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.conflicts").await.unwrap(), 0);
}

#[tokio::test]
async fn a_batch_that_both_began_unseen_is_one_on_both_screens_and_is_corrected_as_one() {
    let _turn = turn().await;
    let (mut world, second) = station_of_two().await;
    clock_in(&world.terminal, "1001").await;
    clock_in(&second, "1002").await;
    second.confirmed().await.unwrap();
    world.headquarters.as_mut().unwrap().stop().await.unwrap();
    let mine = saved(ask(&world.terminal, start("1001", machine("EQ-211"), "B-7"), None).await);
    let theirs = saved(ask(&second, start("1002", machine("EQ-212"), "B-7"), None).await);
    world.headquarters.as_mut().unwrap().start_again().await.unwrap();
    let screens = [open(&world.terminal), open(&second)];
    for (terminal, code, own) in [(&world.terminal, "EQ-211", mine), (&second, "EQ-212", theirs)] {
        let one =
            |view: &View| on(view, code).filter(both_on_it).filter(|_| view.elsewhere.is_empty());
        assert_eq!(seen(terminal, "one batch with two people", one).await.id, own);
    }
    for screen in &screens {
        screen.shows(&["on it: Ada Brandt, Jurij Nowak"]).await.unwrap();
    }
    let headquarters = world.headquarters.as_ref().unwrap();
    let alias = headquarters.sql("SELECT record_id FROM edge.record_aliases", &[]).await.unwrap();
    let alias = alias[0].get::<_, uuid::Uuid>(0).to_string();

    // By the name that did not stand: both terminals follow.
    let correct = |more: &[&str]| {
        let words =
            ["correct", "batch", &alias, "--by", "1005", "--reason", "went to the other line"];
        [&words[..], more, &SITE[..]].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let reopen = correct(&["--reopen"]);
    let reopen: Vec<&str> = reopen.iter().map(String::as_str).collect();
    let (code, _, complaint) = said(headquarters, &reopen).await;
    assert_eq!(code, Some(1));
    assert!(complaint.contains("an end cannot be taken back"), "{complaint}");
    let until = jiff::Timestamp::now().to_string();
    let end = correct(&["--until", &until]);
    let end: Vec<&str> = end.iter().map(String::as_str).collect();
    let (code, told, complaint) = said(headquarters, &end).await;
    assert_eq!(code, Some(0), "{complaint}");
    assert!(!told.contains(&alias), "the one that stands is named: {told}");
    for (terminal, code) in [(&world.terminal, "EQ-211"), (&second, "EQ-212")] {
        let over =
            |view: &View| (on(view, code).is_none() && view.elsewhere.is_empty()).then_some(());
        seen(terminal, "no batch", over).await;
    }
    world.terminal.confirmed().await.unwrap();
    second.confirmed().await.unwrap();
    let open =
        "SELECT count(*) FROM oee_machine_events WHERE event_type = 'batch' AND end_ts IS NULL";
    assert_eq!(headquarters.number(open).await.unwrap(), 0);

    // Also when it is over at both, each holds a correction in its own file.
    let count = correct(&["--good", "41"]);
    let count: Vec<&str> = count.iter().map(String::as_str).collect();
    assert_eq!(said(headquarters, &count).await.0, Some(0));
    for terminal in [&world.terminal, &second] {
        let own = "SELECT good_parts FROM oee_batch_details WHERE batch_number = 'B-7'";
        wait_for("the correction in the terminal's own file", SOON * 5, async || {
            let file = terminal.facts().unwrap();
            let parts: Option<i64> = file.query_row(own, [], |row| row.get(0)).unwrap();
            if parts == Some(41) { Ok(()) } else { Err(format!("{parts:?}")) }
        })
        .await;
        terminal.confirmed().await.unwrap();
    }
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.quarantine").await.unwrap(), 0);
    administer(headquarters, &[&["refold", "--check"], &SITE[..]].concat()).await;
}
