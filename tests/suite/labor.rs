//! People's own time at the terminal: breaks, wrong badges, a PIN of one's own, one's own record; up to
//! the rows at headquarters.

use kart_api::Answer;
use kart_core::command::{Command, Refusal};
use kart_core::id::{StationId, reference_id};
use kart_core::pin::Chosen;
use kart_tests::screen::{ENTER, ESCAPE, Screen};
use kart_tests::wait::wait_for;
use kart_tests::world::terminal::Terminal;

use crate::office::{LIMIT, Office, ask, refusal, seen};
use crate::turn::turn;

fn clock_in(badge: &str) -> Command {
    let station = StationId(reference_id("cedar-works", "cedar", "ops_stations", "ST-21"));
    Command::ClockIn { badge: badge.into(), station }
}

fn scan(screen: &mut Screen, badge: &str) {
    screen.press(badge).unwrap();
    screen.press(ENTER).unwrap();
}

/// Waits until a query at headquarters gives these lines.
async fn rows(office: &Office, statement: &str, wanted: &[&str]) {
    wait_for(statement, LIMIT, async || {
        let rows = office.headquarters.sql(statement, &[]).await.map_err(|e| e.to_string())?;
        let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        if rows == wanted { Ok(()) } else { Err(format!("{rows:?}")) }
    })
    .await;
}

const ENTRIES: &str = "SELECT concat_ws(' ', u.display_name, l.entry_type, l.source,
        CASE WHEN l.end_ts IS NULL THEN 'open' WHEN l.end_ts > l.start_ts THEN 'took time'
             ELSE 'took none' END)
    FROM ops_labor_entries l JOIN users u ON u.id = l.user_id ORDER BY l.start_ts";

const PUNCHES: &str = "SELECT concat_ws(' ', u.display_name, p.kind)
    FROM edge.punches p JOIN users u ON u.id = p.user_id ORDER BY p.seq, p.kind";

#[tokio::test]
async fn a_shift_with_a_meal_a_wrong_badge_and_a_look_at_ones_record() {
    let _turn = turn().await;
    let office = Office::demo().await;
    let terminal = office.terminal("T-07", |config| config).await;
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["Nobody is clocked in", "Headquarters connected"]).await.unwrap();

    scan(&mut screen, "1001");
    screen.shows(&["Ada Brandt — clock in to ST-21?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Here: Ada Brandt"]).await.unwrap();

    scan(&mut screen, "1001");
    screen.shows(&["Ada Brandt — clock out?", "2 Break", "3 Meal", "My record"]).await.unwrap();
    screen.press("3").unwrap();
    screen.shows(&["Ada Brandt — go to a meal?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Ada Brandt: meal", "Here: Ada Brandt (Meal"]).await.unwrap();
    scan(&mut screen, "1001");
    screen.shows(&["Ada Brandt — back from Meal?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Ada Brandt is back"]).await.unwrap();

    // Ugly case 7: the wrong badge, seen seconds later.
    scan(&mut screen, "1003");
    screen.shows(&["Mei-Lin Özdemir — clock in"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Mei-Lin Özdemir clocked in", "undo badge"]).await.unwrap();
    screen.press("u").unwrap();
    screen.shows(&["Take back a wrong badge", "1 Mei-Lin Özdemir clocked in at"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Taken back: badge of Mei-Lin Özdemir"]).await.unwrap();
    scan(&mut screen, "1002");
    screen.shows(&["Jurij Nowak — clock in"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Jurij Nowak clocked in"]).await.unwrap();

    scan(&mut screen, "1001");
    screen.shows(&["Ada Brandt — clock out?"]).await.unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Ada Brandt clocked out"]).await.unwrap();
    screen.press("y").unwrap();
    screen.shows(&["My record: whose badge?"]).await.unwrap();
    scan(&mut screen, "1001");
    let record =
        ["Record of Ada Brandt", "2 entries not confirmed", "Shift", "Meal", "clocked out"];
    screen.shows(&record).await.unwrap();
    screen.press("c").unwrap();
    screen.shows(&["SAVED", "Ada Brandt confirmed 2 entries", "all confirmed"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.lacks(&["Record of Ada Brandt"]).await.unwrap();

    let entries = [
        "Ada Brandt shift terminal took time",
        "Ada Brandt meal terminal took time",
        "Mei-Lin Özdemir shift void took none",
        "Jurij Nowak shift terminal open",
    ];
    rows(&office, ENTRIES, &entries).await;
    let punches = [
        "Ada Brandt in",
        "Ada Brandt meal",
        "Ada Brandt back",
        "Mei-Lin Özdemir in",
        "Mei-Lin Özdemir undone",
        "Jurij Nowak in",
        "Ada Brandt out",
        "Ada Brandt confirmed",
        "Ada Brandt confirmed",
    ];
    rows(&office, PUNCHES, &punches).await;
    rows(&office, "SELECT count(*)::text FROM edge.conflicts", &["0"]).await;
}

async fn set(terminal: &Terminal, badge: &str, pin: &str, old: Option<&str>) -> Answer {
    let command = Command::SetPin { badge: badge.into(), chosen: Chosen(pin.into()) };
    ask(terminal, command, old).await
}

#[tokio::test]
async fn a_pin_of_ones_own_holds_here_until_headquarters_gives_another() {
    let _turn = turn().await;
    let office = Office::demo().await;
    let mut terminal = office.terminal("T-07", |config| config).await;
    let bad = refusal(set(&terminal, "1001", "12", None).await);
    assert!(matches!(bad, Refusal::BadPin), "{bad:?}");
    let chosen = set(&terminal, "1001", "731944", None).await;
    assert!(matches!(chosen, Answer::Saved(_)), "{chosen:?}");
    let needed = refusal(ask(&terminal, clock_in("1001"), None).await);
    assert!(matches!(needed, Refusal::PinNeeded { .. }), "{needed:?}");

    terminal.kill().unwrap();
    terminal.start().await.unwrap();
    seen(&terminal, "the site", |view| view.reference.as_ref().map(drop)).await;
    let wrong = refusal(ask(&terminal, clock_in("1001"), Some("731945")).await);
    assert!(matches!(wrong, Refusal::PinWrong { left: 4, .. }), "{wrong:?}");
    // Another PIN needs the one before.
    let other = refusal(set(&terminal, "1001", "1111", None).await);
    assert!(matches!(other, Refusal::PinNeeded { .. }), "{other:?}");
    let right = ask(&terminal, clock_in("1001"), Some("731944")).await;
    assert!(matches!(right, Answer::Saved(_)), "{right:?}");
    ask(&terminal, Command::ClockOut { badge: "1001".into() }, None).await;
    for file in std::fs::read_dir(terminal.data()).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            let bytes = std::fs::read(file.path()).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("731944"), "{:?} holds the PIN", file.path());
        }
    }

    office.set_pin("1001", "482913").await;
    let given = |view: &kart_api::View| {
        view.reference.as_ref()?.person_by_badge("1001")?.has_pin.then_some(())
    };
    seen(&terminal, "the PIN of headquarters", given).await;
    let before = refusal(ask(&terminal, clock_in("1001"), Some("731944")).await);
    assert!(matches!(before, Refusal::PinWrong { .. }), "{before:?}");
    let right = ask(&terminal, clock_in("1001"), Some("482913")).await;
    assert!(matches!(right, Answer::Saved(_)), "{right:?}");
}
