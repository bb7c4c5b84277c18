//! Case 6: the nights in which clocks are changed.
//!
//! A night shift is an hour shorter in spring and an hour longer in autumn, and so is what its people worked: lengths are
//! between instants. A time that clocks never showed is refused, with words that say so; one that they showed twice has to
//! be said which, and is shown with its number.

use kart_tests::{
    screen::{ENTER, ESCAPE, Screen},
    world::terminal::Terminal,
};

use super::floor::{Floor, clock_in, clock_out, saved};
use crate::turn::turn;

const HOURS: &str = "SELECT concat_ws(' ', u.display_name,
        to_char(l.start_ts AT TIME ZONE 'Europe/Berlin', 'MM-DD HH24:MI'),
        to_char(l.end_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI'),
        to_char(extract(epoch FROM l.end_ts - l.start_ts) / 3600, 'FM990.00'))
    FROM ops_labor_entries l JOIN users u ON u.id = l.user_id
    WHERE l.end_ts IS NOT NULL ORDER BY l.start_ts, u.display_name";

/// A night from ten to six: one person clocks out, the other one forgets it.
async fn night(floor: &mut Floor, terminal: &Terminal, [evening, morning]: [&str; 2]) {
    floor.at(&format!("{evening} 22:00"), &[terminal]).await;
    saved(terminal, clock_in("1001")).await;
    saved(terminal, clock_in("1002")).await;
    floor.at(&format!("{morning} 06:00"), &[terminal]).await;
    saved(terminal, clock_out("1001")).await;
    floor.at(&format!("{morning} 21:00"), &[terminal]).await;
    let missed = |view: &kart_api::View| view.people.first()?.missed.as_ref().map(drop);
    crate::office::seen(terminal, "who forgot it", missed).await;
}

async fn asked(screen: &mut Screen) {
    screen.press("1002").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["You did not clock out", "Left at"]).await.unwrap();
}

async fn says(screen: &mut Screen, time: &str, wanted: &[&str]) {
    screen.press(&"\u{7f}".repeat(12)).unwrap();
    screen.press(time).unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(wanted).await.unwrap();
}

/// The last time was one; why it is not the proposed one is asked yet.
async fn because(screen: &mut Screen) {
    screen.press("was sent home").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Jurij Nowak — clock in"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["clock in to"]).await.unwrap();
}

#[tokio::test]
async fn ugly_case_06_dst() {
    let _turn = turn().await;
    let mut floor = Floor::begin("2027-03-27 21:55", str::to_owned).await;
    let terminal = floor.terminal("T-07", "").await;
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["Headquarters connected"]).await.unwrap();

    night(&mut floor, &terminal, ["2027-03-27", "2027-03-28"]).await;
    asked(&mut screen).await;
    says(&mut screen, "02:30", &["02:30 was never shown by clocks in that night"]).await;
    says(&mut screen, "03:30", &["Why another time"]).await;
    because(&mut screen).await;
    let spring = ["Ada Brandt 03-27 22:00 06:00 7.00", "Jurij Nowak 03-27 22:00 03:30 4.50"];
    floor.rows(HOURS, &spring).await;

    night(&mut floor, &terminal, ["2027-10-30", "2027-10-31"]).await;
    asked(&mut screen).await;
    let twice = ["02:30 was twice in that night", "type 02:30 1 or 02:30 2"];
    says(&mut screen, "02:30", &twice).await;
    says(&mut screen, "02:30 2", &["Why another time"]).await;
    because(&mut screen).await;
    let autumn = ["Ada Brandt 10-30 22:00 06:00 9.00", "Jurij Nowak 10-30 22:00 02:30 5.50"];
    floor.rows(HOURS, &[spring, autumn].concat()).await;
    // The record tells which of the two it was.
    screen.press("y").unwrap();
    screen.shows(&["My record: whose badge?"]).await.unwrap();
    screen.press("1002").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Record of Jurij Nowak", "02:30:00 2"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
}
