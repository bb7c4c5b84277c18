//! Case 13: the terminal's hardware is dead, and another box takes its place.
//!
//! With the code that headquarters gives it begins a second life with all that was open: the batch, the people, the
//! stop that nobody has explained, and the counters, so that what was made meanwhile is booked once. What only the dead
//! disk had is not made up. When the old box wakes up it is refused and says so, and says how much of it never
//! arrived; nothing that it writes comes into the tables. A box that is put back to an old image is noticed, goes on in a new
//! life and overwrites nothing.

use kart_api::{HqLink, View};
use kart_core::machine::MachineState;
use kart_tests::{modbus::ModbusServer, screen::Screen, world::terminal::Terminal};

use super::floor::{Floor, PRESS, SITE, clock_in, clock_out, complete, day, map, saved, start};
use super::{counted, machine, number, shows, state};
use crate::headquarters::{administer, device::user};
use crate::office::seen;
use crate::turn::turn;

/// Another box with the same configuration.
fn box_beside(first: &Terminal) -> Terminal {
    let text = std::fs::read_to_string(first.config()).unwrap();
    let data = first.data().display().to_string();
    Terminal::prepare(|folder| Ok(text.replace(&data, &folder.display().to_string()))).unwrap()
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// A shift with all kinds of things open; and what the box wrote at last never arrived.
async fn a_shift(floor: &mut Floor, plc: &mut ModbusServer, old: &mut Terminal) {
    let client = old.client().unwrap();
    shows(&client, PRESS, "good", 1_000).await;
    saved(old, clock_in("1001")).await;
    saved(old, start(user("1001"), PRESS, Some("B-7"))).await;
    plc.set_holding(20, &[1, 1_012]).await.unwrap();
    shows(&client, PRESS, "good", 1_012).await;
    plc.set_holding(20, &[0, 1_012]).await.unwrap();
    state(&client, PRESS, "stopped").await;
    floor.clock.pass(std::time::Duration::from_secs(600)).unwrap();
    plc.set_holding(20, &[1, 1_020]).await.unwrap();
    shows(&client, PRESS, "good", 1_020).await;
    state(&client, PRESS, "running").await;
    old.confirmed().await.unwrap();
    floor.headquarters.stop().await.unwrap();
    saved(old, clock_in("1002")).await;
    old.kill().unwrap();
    floor.headquarters.start_again().await.unwrap();
    // Nobody watches for a while.
    plc.set_holding(20, &[1, 1_050]).await.unwrap();
}

/// What was open comes back, as far as headquarters had it.
async fn everything_open(new: &Terminal) {
    let client = new.client().unwrap();
    shows(&client, PRESS, "good", 1_050).await;
    seen(new, "the site", |view| view.reference.as_ref().map(drop)).await;
    let back = |view: &View| {
        let press = machine(view, PRESS)?;
        let batch = press.batch.as_ref().filter(|batch| batch.number == "B-7")?;
        let whole = press.good == 50 && view.people.len() == 1 && view.stops.len() == 1;
        (whole && press.state == MachineState::Running).then_some(batch.id)
    };
    let batch = seen(new, "all that was open", back).await;
    let (verdicts, booked) = counted(&new.facts().unwrap(), PRESS, "good");
    assert_eq!((verdicts.last().unwrap().as_str(), booked), ("gap", 30), "since the old box died");
    saved(new, complete(user("1001"), batch, 50)).await;
    saved(new, clock_out("1001")).await;
}

const PARTS: &str =
    "SELECT sum(quantity)::text FROM edge.production_counts WHERE verdict <> 'base'";
const LABOR: &str = "SELECT concat_ws(' ', u.display_name, l.end_ts IS NOT NULL)
    FROM ops_labor_entries l JOIN users u ON u.id = l.user_id ORDER BY 1";

#[tokio::test]
async fn ugly_case_13_terminal_hardware_replaced() {
    let _turn = turn().await;
    let mut floor = Floor::begin(&format!("{} 08:00", day(1)), str::to_owned).await;
    let mut plc = ModbusServer::start().await.unwrap();
    plc.set_holding(20, &[1, 1_000]).await.unwrap();
    let mut old = floor.terminal("T-07", &map(&plc)).await;
    a_shift(&mut floor, &mut plc, &mut old).await;

    let adopt = [&["terminal", "adopt", "--terminal", "T-07"], &SITE[..]].concat();
    let code = administer(&floor.headquarters, &adopt).await;
    let mut new = box_beside(&old);
    new.enroll(code.trim()).await.unwrap();
    floor.on_the_clock(&mut new);
    new.start().await.unwrap();
    everything_open(&new).await;
    new.confirmed().await.unwrap();
    floor.rows(PARTS, &["50"]).await;
    floor.rows(LABOR, &["Ada Brandt t"]).await;

    // The old box wakes up: it is told, and so is whoever stands before it.
    old.start().await.unwrap();
    let refused = |view: &View| match &view.sync.link {
        HqLink::Refused { reason } => reason.contains("retired").then_some(()),
        _ => None,
    };
    seen(&old, "a refusal", refused).await;
    let health = old.client().unwrap().health().await.unwrap();
    assert!(health.head > health.acked, "{health:?}");
    let screen = Screen::open(&old.socket()).unwrap();
    screen.shows(&["HEADQUARTERS REFUSES THIS TERMINAL", "waiting"]).await.unwrap();
    saved(&old, clock_out("1002")).await;
    let epochs = "SELECT concat_ws(' ', code, status) FROM edge.terminals ORDER BY enrolled_at";
    floor.rows(epochs, &["T-07 retired", "T-07 active"]).await;
    floor.rows(LABOR, &["Ada Brandt t"]).await;
    old.stop().await.unwrap();

    an_old_image(&mut floor, &mut new).await;
}

/// The box is put back to before facts that headquarters has.
async fn an_old_image(floor: &mut Floor, new: &mut Terminal) {
    new.stop().await.unwrap();
    let image = tempfile::tempdir().unwrap();
    copy(&new.data(), image.path());
    new.start().await.unwrap();
    saved(new, clock_in("1004")).await;
    new.confirmed().await.unwrap();
    new.kill().unwrap();
    let head = "SELECT watermark FROM edge.terminals WHERE status = 'active'";
    let held = floor.headquarters.number(head).await.unwrap();
    std::fs::remove_dir_all(new.data()).unwrap();
    copy(image.path(), &new.data());
    let behind = number(&new.facts().unwrap(), "SELECT max(seq) FROM facts");
    assert!(behind < held, "{behind} is not behind {held}");
    new.start().await.unwrap();
    let here = |view: &View| {
        let one = view.people.first().filter(|_| view.people.len() == 1)?;
        (one.user == user("1004")).then_some(())
    };
    seen(new, "who came after the image", here).await;
    floor.rows(LABOR, &["Ada Brandt t", "Tomás Fischer f"]).await;
    let overwritten = "SELECT count(*)::text FROM (SELECT FROM edge.inbox
        GROUP BY terminal_id, incarnation, seq HAVING count(*) > 1) q";
    floor.rows(overwritten, &["0"]).await;
    let lives = "SELECT count(*)::text FROM edge.lives";
    floor.rows(lives, &["2"]).await;
}
