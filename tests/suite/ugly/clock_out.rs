//! Case 5: people go home without clocking out.
//!
//! Nothing is closed. Some time after the end of their shift their entry is marked, with what tells when they left. Who
//! comes back the next morning is asked, and not held up; whoever confirms says so, whoever knows better says another time
//! and why. Until then hours are provisional, on the screen and in the rows.

use kart_api::View;
use kart_core::{
    command::Command,
    fact::{labor::Evidence, note::Category},
};
use kart_tests::{
    screen::{ENTER, ESCAPE, Screen},
    world::terminal::Terminal,
};

use super::floor::{Floor, clock_in, clock_out, complete, day, local, saved, start};
use crate::headquarters::device::user;
use crate::office::seen;
use crate::turn::turn;

const PRESS: &str = "EQ-211";

const ENTRIES: &str = "SELECT concat_ws(' ', u.display_name, l.source,
        to_char(l.start_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI'),
        coalesce(to_char(l.end_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI:SS'), 'open'))
    FROM ops_labor_entries l JOIN users u ON u.id = l.user_id ORDER BY u.display_name, l.start_ts";

const FOUND: &str = "SELECT concat_ws(' ', u.display_name, p.evidence,
        to_char(p.until_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI:SS'))
    FROM edge.punches p JOIN users u ON u.id = p.user_id WHERE p.kind = 'missing_out' ORDER BY 1";

fn scan(screen: &mut Screen, badge: &str) {
    screen.press(badge).unwrap();
    screen.press(ENTER).unwrap();
}

async fn note(terminal: &Terminal, badge: &str) {
    let (by, category) = (Some(user(badge)), Category::General);
    let (station, equipment, batch) = (None, None, None);
    let text = "tray emptied".to_owned();
    saved(terminal, Command::WriteNote { by, station, equipment, batch, category, text }).await;
}

/// The early shift: three people come, and none of them clocks out.
async fn shift(floor: &mut Floor, terminal: &Terminal) {
    for badge in ["1001", "1004", "1006"] {
        saved(terminal, clock_in(badge)).await;
    }
    let begun = saved(terminal, start(user("1001"), PRESS, Some("B-1043"))).await;
    floor.at(&format!("{} 13:50:00", day(1)), &[terminal]).await;
    note(terminal, "1006").await;
    floor.at(&format!("{} 14:01:40", day(1)), &[terminal]).await;
    note(terminal, "1001").await;
    // The next one takes the batch over, and goes home as one should.
    floor.at(&format!("{} 14:02:00", day(1)), &[terminal]).await;
    saved(terminal, clock_in("1002")).await;
    saved(terminal, complete(user("1002"), begun, 100)).await;
    floor.at(&format!("{} 16:29:00", day(1)), &[terminal]).await;
    seen(terminal, "nobody missed yet", |view| {
        view.people.iter().all(|present| present.missed.is_none()).then_some(())
    })
    .await;
    floor.at(&format!("{} 16:33:00", day(1)), &[terminal]).await;
    let missed = |view: &View| {
        let missed = view.people.iter().filter(|present| present.missed.is_some());
        (missed.count() == 3).then(|| view.people.clone())
    };
    let people = seen(terminal, "who forgot it", missed).await;
    let of = |badge: &str| {
        let present = people.iter().find(|present| present.user == user(badge)).unwrap();
        let missed = present.missed.clone().unwrap();
        (missed.proposed_us.map(|at| at.0 / 1_000_000), missed.evidence)
    };
    let at = |time: &str| Some(local(&format!("{} {time}", day(1))).as_second());
    assert_eq!(of("1004"), (at("14:00:00"), Evidence::ShiftEnd));
    assert_eq!(of("1001").1, Evidence::TakenOver);
    assert!((0..5).contains(&(of("1001").0.unwrap() - at("14:01:40").unwrap())));
    floor.at(&format!("{} 22:00:00", day(1)), &[terminal]).await;
    saved(terminal, clock_out("1002")).await;
    terminal.confirmed().await.unwrap();
}

/// The next morning at the screen.
async fn morning(screen: &mut Screen) {
    screen.shows(&["Ada Brandt", "clock-out missing"]).await.unwrap();
    // Not now: she works all the same.
    scan(screen, "1001");
    screen.shows(&["You did not clock out", "Ada Brandt: clocked in since"]).await.unwrap();
    screen.shows(&[" 14:01, your last entry; somebody else went on", "14:01:40"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.shows(&["Ada Brandt — clock in to ST-21?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Ada Brandt clocked in"]).await.unwrap();
    // Asked again, she says that it is so.
    scan(screen, "1001");
    screen.shows(&["You did not clock out"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Ada Brandt — clock out?"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["clock out?"]).await.unwrap();
    // He knows better, and says why.
    scan(screen, "1004");
    screen.shows(&["You did not clock out", "the end of the shift. Nothing else"]).await.unwrap();
    screen.press(&"\u{7f}".repeat(8)).unwrap();
    screen.press("14:20").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Why another time"]).await.unwrap();
    screen.press("drove a pallet out").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Tomás Fischer — clock in to"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["clock in to"]).await.unwrap();
}

#[tokio::test]
async fn ugly_case_05_operator_forgets_to_clock_out() {
    let _turn = turn().await;
    let mut floor = Floor::begin(&format!("{} 05:55", day(1)), str::to_owned).await;
    let mut terminal = floor.terminal("T-07", "").await;
    let text = std::fs::read_to_string(terminal.config()).unwrap();
    let text = text.replacen("[terminal]", "[terminal]\nforgotten_minutes = 150", 1);
    std::fs::write(terminal.config(), text).unwrap();
    terminal.stop().await.unwrap();
    terminal.start().await.unwrap();
    shift(&mut floor, &terminal).await;
    let found = [
        "Ada Brandt taken_over 14:01:40",
        "Eve \u{1b}[31m\u{7}Escape taken_over 13:50:00",
        "Tomás Fischer shift_end 14:00:00",
    ];
    floor.rows(FOUND, &found).await;
    let nothing_closed = [
        "Ada Brandt missing_out 05:55 open",
        "Eve \u{1b}[31m\u{7}Escape missing_out 05:55 open",
        "Jurij Nowak terminal 14:02 22:00:00",
        "Tomás Fischer missing_out 05:55 open",
    ];
    floor.rows(ENTRIES, &nothing_closed).await;

    floor.at(&format!("{} 05:58:00", day(2)), &[&terminal]).await;
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    morning(&mut screen).await;
    // The lead sees who is left in the list of everybody, and the hours of that one are provisional.
    screen.shows(&["Eve ␛[31m␇Escape", "clock-out missing"]).await.unwrap();
    screen.press("y").unwrap();
    screen.shows(&["My record: whose badge?"]).await.unwrap();
    scan(&mut screen, "1006");
    screen.shows(&["Record of Eve", "clock-out missing: provisional"]).await.unwrap();
    terminal.confirmed().await.unwrap();
    let told = [
        "Ada Brandt told 05:55 14:01:40",
        "Ada Brandt terminal 05:58 open",
        "Eve \u{1b}[31m\u{7}Escape missing_out 05:55 open",
        "Jurij Nowak terminal 14:02 22:00:00",
        "Tomás Fischer told 05:55 14:20:00",
    ];
    floor.rows(ENTRIES, &told).await;
    let why = "SELECT reason FROM edge.punches WHERE kind = 'told_out' AND reason IS NOT NULL";
    floor.rows(why, &["drove a pallet out"]).await;
}
