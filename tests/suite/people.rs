//! Badges, PINs and roles that are set and withdrawn while everything runs, and what a terminal keeps of them.

use std::time::Instant;

use kart_api::Answer;
use kart_core::command::{Command, Refusal};
use kart_core::id::{StationId, reference_id};
use kart_tests::screen::{ENTER, Screen};
use kart_tests::wait::wait_for;
use kart_tests::world::terminal::Terminal;

use crate::office::{LIMIT, Office, ask, refusal, seen};
use crate::turn::turn;

fn clock_in(badge: &str) -> Command {
    let station = StationId(reference_id("cedar-works", "cedar", "ops_stations", "ST-21"));
    Command::ClockIn { badge: badge.into(), station }
}

/// Asks again and again until the answer is as wanted, and prints how long headquarters' word took.
async fn until(terminal: &Terminal, what: &str, badge: &str, wanted: fn(&Answer) -> bool) {
    let begun = Instant::now();
    wait_for(what, LIMIT, async || {
        let answer = ask(terminal, clock_in(badge), None).await;
        if wanted(&answer) { Ok(()) } else { Err(format!("{answer:?}")) }
    })
    .await;
    print(what, begun);
}

#[expect(clippy::print_stderr, reason = "a figure of the run")]
fn print(what: &str, begun: Instant) {
    eprintln!("{what}: at the terminal after {:.2} s", begun.elapsed().as_secs_f64());
}

async fn clock_out(terminal: &Terminal, badge: &str) {
    let answer = ask(terminal, Command::ClockOut { badge: badge.into() }, None).await;
    assert!(matches!(answer, Answer::Saved(_)), "{answer:?}");
}

#[tokio::test]
async fn what_is_set_at_headquarters_holds_at_the_terminal_in_seconds() {
    let _turn = turn().await;
    let office = Office::demo().await;
    let terminal = office.terminal("T-07", |config| config).await;

    let name = ["--name", "Nora Neu", "--badge", "2001"];
    office.person(["user", "add"], "2001", &name).await;
    until(&terminal, "somebody new", "2001", |a| matches!(a, Answer::Saved(_))).await;
    clock_out(&terminal, "2001").await;

    office.person(["badge", "set"], "2001", &["2002"]).await;
    until(&terminal, "another badge", "2002", |a| matches!(a, Answer::Saved(_))).await;
    clock_out(&terminal, "2002").await;
    let unknown = refusal(ask(&terminal, clock_in("2001"), None).await);
    assert!(matches!(unknown, Refusal::UnknownBadge { .. }), "{unknown:?}");

    office.set_pin("2001", "482913").await;
    let begun = Instant::now();
    pinned(&terminal, "2002").await;
    print("a PIN", begun);
    let needed = refusal(ask(&terminal, clock_in("2002"), None).await);
    assert!(matches!(needed, Refusal::PinNeeded { .. }), "{needed:?}");
    let wrong = refusal(ask(&terminal, clock_in("2002"), Some("482914")).await);
    assert!(matches!(wrong, Refusal::PinWrong { left: 4, .. }), "{wrong:?}");
    let right = ask(&terminal, clock_in("2002"), Some("482913")).await;
    assert!(matches!(right, Answer::Saved(_)), "{right:?}");
    clock_out(&terminal, "2002").await;
    nothing_to_guess_from(&office, &terminal).await;

    office.person(["pin", "withdraw"], "2001", &[]).await;
    until(&terminal, "no PIN any more", "2002", |a| matches!(a, Answer::Saved(_))).await;
    clock_out(&terminal, "2002").await;

    office.person(["user", "role"], "2001", &["supervisor"]).await;
    let supervisor = |view: &kart_api::View| {
        let person = view.reference.as_ref()?.person_by_badge("2002")?;
        (person.role == kart_core::reference::Role::Supervisor).then_some(())
    };
    seen(&terminal, "a supervisor", supervisor).await;
    office.person(["user", "deactivate"], "2001", &[]).await;
    let inactive = |a: &Answer| matches!(a, Answer::Refused(Refusal::Inactive { .. }));
    until(&terminal, "somebody who left", "2002", inactive).await;
    office.person(["badge", "withdraw"], "2001", &[]).await;
    let unknown = |a: &Answer| matches!(a, Answer::Refused(Refusal::UnknownBadge { .. }));
    until(&terminal, "a badge withdrawn", "2002", unknown).await;
    let listed = ["user", "list", "--organization", "cedar-works", "--site", "cedar"];
    let listed = office.hq(&listed).await;
    assert!(
        listed.contains("2001\tNora Neu\tsupervisor\t-\tno PIN\tinactive\tcommand"),
        "{listed}"
    );
}

/// Waits until the terminal knows that somebody has a PIN.
async fn pinned(terminal: &Terminal, badge: &str) {
    let has_pin = |view: &kart_api::View| {
        view.reference.as_ref()?.person_by_badge(badge)?.has_pin.then_some(())
    };
    seen(terminal, "the PIN", has_pin).await;
}

/// Neither the PIN nor the hash that headquarters sent lies in any file of the terminal, or in what it printed.
async fn nothing_to_guess_from(office: &Office, terminal: &Terminal) {
    let rows = office
        .headquarters
        .sql("SELECT pin_hash FROM edge.people WHERE pin_hash IS NOT NULL", &[])
        .await
        .unwrap();
    let hash: String = rows[0].get(0);
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    let secret = hash.rsplit('$').next().unwrap();
    let mut looked_at = 0;
    for file in std::fs::read_dir(terminal.data()).unwrap().map(Result::unwrap) {
        if !file.file_type().unwrap().is_file() {
            continue;
        }
        let bytes = std::fs::read(file.path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(secret), "{:?} holds the hash", file.path());
        assert!(!text.contains("482913"), "{:?} holds the PIN", file.path());
        looked_at += 1;
    }
    assert!(looked_at >= 3, "the folder has {looked_at} files");
}

#[tokio::test]
async fn a_pin_that_nobody_confirmed_for_long_waits_for_a_supervisor() {
    let _turn = turn().await;
    let office = Office::demo().await;
    office.set_pin("1001", "482913").await;
    office.set_pin("1005", "135790").await;
    // No day at all: only what a supervisor vouches for holds.
    let config =
        |config: String| config.replacen("[terminal]", "[terminal]\npin_valid_days = 0", 1);
    let terminal = office.terminal("T-07", config).await;
    pinned(&terminal, "1001").await;
    pinned(&terminal, "1005").await;
    let expired = refusal(ask(&terminal, clock_in("1001"), Some("482913")).await);
    assert_eq!(expired, Refusal::PinExpired);
    let unlocked = ask(&terminal, clock_in("1005"), Some("135790")).await;
    assert!(matches!(unlocked, Answer::Saved(_)), "{unlocked:?}");
    let right = ask(&terminal, clock_in("1001"), Some("482913")).await;
    assert!(matches!(right, Answer::Saved(_)), "{right:?}");
}

#[tokio::test]
async fn pins_are_never_arguments_and_have_a_form() {
    let _turn = turn().await;
    let office = Office::demo().await;
    let of = ["--organization", "cedar-works", "--site", "cedar", "--number", "1001"];
    let set = [["pin", "set"].as_slice(), &of].concat();
    for wrong in ["123", "12a456", ""] {
        let (status, said) = office.said(&set, wrong).await;
        assert!(status == 1 && said.contains("4 to 12 digits"), "{wrong}: {said}");
    }
    let (status, _) = office.said(&[set.as_slice(), &["482913"]].concat(), "").await;
    assert_eq!(status, 2, "an argument is refused");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pin");
    std::fs::write(&file, "482913\n").unwrap();
    office.hq(&[set.as_slice(), &["--pin-file", file.to_str().unwrap()]].concat()).await;
    let nobody = ["--organization", "cedar-works", "--site", "cedar", "--number", "9999"];
    let (status, said) =
        office.said(&[["badge", "withdraw"].as_slice(), &nobody].concat(), "").await;
    assert!(status == 1 && said.contains("nobody here has the number 9999"), "{said}");
    let badge = [["badge", "set"].as_slice(), &of, &["1002"]].concat();
    let (status, said) = office.said(&badge, "").await;
    assert!(status == 1 && said.contains("has this badge"), "{said}");
}

#[tokio::test]
async fn the_organisation_decides_which_screens_there_are() {
    let _turn = turn().await;
    let office = Office::demo().await;
    office.set_pin("1001", "482913").await;
    let terminal = office.terminal("T-07", |config| config).await;
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["badge", "explain", "Headquarters connected"]).await.unwrap();
    // A PIN is typed after the badge, and does not appear.
    pinned(&terminal, "1001").await;
    screen.press("1001").unwrap();
    screen.press(ENTER).unwrap();
    screen.shows(&["Ada Brandt — clock in", "PIN"]).await.unwrap();
    screen.press("482913").unwrap();
    let shown = screen.shows(&["******"]).await.unwrap();
    assert!(!shown.contains("482913"), "{shown}");
    screen.press(ENTER).unwrap();
    screen.shows(&["SAVED", "Here: Ada Brandt"]).await.unwrap();

    let text =
        std::fs::read_to_string(kart_tests::programs::repository().join("config/demo/site.toml"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    let hidden = text.unwrap().replace(
        "default_home_page = \"overview\"",
        "default_home_page = \"receipts\"\nui_visibility = { labor = false }",
    );
    std::fs::write(&file, hidden).unwrap();
    let begun = Instant::now();
    office.headquarters.apply_site(&file).await.unwrap();
    screen.lacks(&[" badge "]).await.unwrap();
    print("a hidden screen (and the command)", begun);
    let first = Screen::open(&terminal.socket()).unwrap();
    first.shows(&["Recorded here"]).await.unwrap();
}
