//! The shift calendar: written at headquarters, the same at a terminal, also without network.

use std::{path::Path, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use kart_core::{
    calendar::{Calendar, ShiftInstance},
    time::Micros,
};
use kart_tests::{programs::repository, wait::wait_for, world::terminal::Terminal};
use tempfile::TempDir;

use crate::office::{LIMIT, Office, seen};

/// How soon a terminal shows what headquarters changed.
const SOON: Duration = Duration::from_secs(10);

/// Two shifts around the clock, so that it is one of them whenever this runs.
const SHIFTS: &str = "
[[shift]]
code = \"AM\"
name = \"First half\"
start = \"00:00\"
end = \"12:00\"
break = [{ name = \"Breakfast\", start = \"09:00\", end = \"09:15\" }]
[[shift]]
code = \"PM\"
name = \"Second half\"
start = \"12:00\"
end = \"00:00\"
[[shift_pattern]]
from = \"2025-12-29\"
weeks = [
  [\"AM PM\", \"AM PM\", \"AM PM\", \"AM PM\", \"AM PM\", \"AM PM\", \"AM PM\"],
  [\"PM AM\", \"PM AM\", \"PM AM\", \"PM AM\", \"PM AM\", \"PM AM\", \"PM AM\"],
]
crew = [{ name = \"Red\" }, { name = \"Green\", week = 2 }]
";

struct Sheet {
    _folder: TempDir,
    path: String,
}

/// The demo's site with another calendar.
fn sheet(calendar: &str) -> Sheet {
    let demo = std::fs::read_to_string(repository().join("config/demo/site.toml")).unwrap();
    let (plant, _) = demo.split_once("[[shift]]").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.toml");
    std::fs::write(&path, format!("{plant}{calendar}")).unwrap();
    Sheet { path: path.to_str().unwrap().to_owned(), _folder: folder }
}

/// An exception from yesterday to tomorrow: about now, whatever the time zone.
fn exception(more: &str) -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let (from, until) = (today.yesterday().unwrap(), today.tomorrow().unwrap());
    format!(
        "{SHIFTS}[[shift_exception]]\nname = \"x\"\nfrom = \"{from}\"\nuntil = \"{until}\"\n{more}\n"
    )
}

async fn export(office: &Office) -> String {
    let site = ["site", "export", "--organization", "cedar-works", "--site", "cedar"];
    office.hq(&site).await
}

/// What headquarters' own rows say of this moment.
async fn there(office: &Office, now: Micros) -> Option<ShiftInstance> {
    let reference = kart_core::site::parse("exported", &export(office).await).unwrap();
    let calendar: Calendar = reference.calendar()?;
    calendar.shift_at(now)
}

/// Waits for the shift that is wanted; answers it and when the terminal showed it.
async fn shown(
    terminal: &Terminal,
    what: &str,
    wanted: impl Fn(Option<&ShiftInstance>) -> bool,
) -> (Option<ShiftInstance>, Micros) {
    seen(terminal, what, |view| {
        let here = &view.terminal;
        wanted(here.shift.as_ref()).then(|| (here.shift.clone(), here.now_us))
    })
    .await
}

fn is_half(shift: Option<&ShiftInstance>) -> bool {
    shift.is_some_and(|shift| shift.name.ends_with("half"))
}

#[tokio::test]
async fn a_terminal_shows_the_shift_that_headquarters_says() {
    let office = Office::demo().await;
    let mut terminal = office.terminal("T-07", |text| text).await;
    let (shift, now) = shown(&terminal, "the demo's shift", |shift| shift.is_some()).await;
    assert_eq!(shift, there(&office, now).await, "the same at both ends");

    let began = std::time::Instant::now();
    office.hq(&["site", "apply", &sheet(SHIFTS).path]).await;
    let (shift, now) = shown(&terminal, "another calendar", is_half).await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(shift, there(&office, now).await);
    assert_eq!(shift.unwrap().crews, ["Green", "Red"]);

    for (what, more, half) in [
        ("closed", "closed = true", false),
        ("closed, and worked all the same", "closed = true\nextra = [\"PM\", \"AM\"]", true),
        ("closed again", "closed = true", false),
    ] {
        let began = std::time::Instant::now();
        office.hq(&["site", "apply", &sheet(&exception(more)).path]).await;
        let (shift, now) = shown(&terminal, what, |shift| is_half(shift) == half).await;
        assert!(began.elapsed() < SOON, "{what}: {:?}", began.elapsed());
        assert_eq!(shift, there(&office, now).await, "{what}");
    }
    office.hq(&["site", "apply", &sheet(SHIFTS).path]).await;
    shown(&terminal, "open again", is_half).await;

    // Without network it knows its shifts from its mirror.
    let Office { mut headquarters } = office;
    headquarters.stop().await.unwrap();
    terminal.kill().unwrap();
    terminal.start().await.unwrap();
    shown(&terminal, "the shift, alone", is_half).await;
}

#[tokio::test]
async fn a_calendar_is_exported_as_it_was_applied_and_goes_with_its_file() {
    let office = Office::demo().await;
    let calendar = exception("extra = [\"AM\"]\ncrew = \"Green\"");
    let said = office.hq(&["site", "apply", &sheet(&calendar).path]).await;
    assert!(said.contains(": 4 rows added, 0 changed, 0 switched off, 4 gone;"), "{said}");
    let exported = export(&office).await;
    let again = sheet("");
    std::fs::write(&again.path, &exported).unwrap();
    for same in [&sheet(&calendar), &again] {
        assert_eq!(office.said(&["site", "diff", &same.path], "").await, (0, String::new()));
    }
    assert_eq!(export(&office).await, exported);
    let other =
        calendar.replace("09:15", "09:30").replace("\"PM AM\", \"PM AM\"]", "\"PM\", \"\"]");
    let (status, said) = office.said(&["site", "diff", &sheet(&other).path], "").await;
    assert_eq!(status, 1, "{said}");
    let heads: Vec<&str> =
        said.lines().filter_map(|line| line.split_once(':')).map(|l| l.0).collect();
    assert_eq!(heads, ["~ edge.shift_patterns 2025-12-29", "~ edge.shifts AM"], "{said}");
    office.hq(&["site", "apply", &sheet("").path]).await;
    let left =
        "SELECT (SELECT count(*) FROM edge.shifts) + (SELECT count(*) FROM edge.shift_patterns)
                       + (SELECT count(*) FROM edge.shift_exceptions)";
    assert_eq!(office.headquarters.number(left).await.unwrap(), 0);
}

#[tokio::test]
async fn without_a_calendar_no_shift_is_invented() {
    let office = Office::open(Path::new(&sheet("").path)).await;
    let terminal = office.terminal("T-07", |text| text).await;
    let client = terminal.client().unwrap();
    wait_for("two views", LIMIT, async || {
        let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
        assert_eq!(view.terminal.shift, None);
        (view.number > 2).then_some(()).ok_or_else(|| view.number.to_string())
    })
    .await;
}
