//! Jobs at the terminal: begun, completed along the flow, sent elsewhere, worked on again, scrapped;
//! also while headquarters is away, and when it decides otherwise.

use std::time::Duration;

use kart_api::Answer;
use kart_core::command::Command;
use kart_core::id::StationId;
use kart_tests::screen::{ENTER, ESCAPE, Screen};
use kart_tests::wait::wait_for;
use kart_tests::world::terminal::Terminal;
use uuid::Uuid;

use crate::headquarters::device::key;
use crate::office::{Office, ask, seen};
use crate::turn::turn;

const LIMIT: Duration = Duration::from_secs(30);

fn station(code: &str) -> Uuid {
    key("ops_stations", code)
}

/// Headquarters whose flow is the test's, and a terminal where Ada is clocked in.
async fn floor() -> (Office, Terminal, Screen) {
    let office = Office::demo().await;
    let sql = async |statement: &str| office.headquarters.sql(statement, &[]).await.unwrap();
    sql("DELETE FROM ops_station_connections").await;
    sql("UPDATE ops_stations SET allow_concurrent_jobs = true").await;
    sql("INSERT INTO ops_stations (site_id, code, name)
         SELECT site_id, 'ST-41', 'Deburring' FROM ops_stations WHERE code = 'ST-21'")
    .await;
    let terminal = office.terminal("T-07", |config| config).await;
    let badge = "1001".to_owned();
    let clock_in = Command::ClockIn { badge, station: StationId(station("ST-21")) };
    assert!(matches!(ask(&terminal, clock_in, None).await, Answer::Saved(_)));
    let screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["Here: Ada Brandt"]).await.unwrap();
    (office, terminal, screen)
}

impl Office {
    /// A job at the first station, as the terminal has it.
    async fn posts(&self, terminal: &Terminal, number: &str) -> Uuid {
        let post = "SELECT post_ops_job('cedar-works', $1, $2, NULL, $3, 10)";
        let (first, product) = (station("ST-21"), key("ops_products", "BR/BR-40"));
        let rows = self.headquarters.sql(post, &[&first, &product, &number]).await.unwrap();
        let job: Uuid = rows[0].get(0);
        seen(terminal, "the job", |view| view.jobs.iter().find(|it| it.id.0 == job).map(drop))
            .await;
        job
    }

    /// Where the flow leads from the first station.
    async fn leads(&self, terminal: &Terminal, to: &str) {
        let edge = "INSERT INTO ops_station_connections
                        (site_id, from_station_id, to_station_id, connection_type)
                    SELECT f.site_id, f.id, t.id, 'feeds_into' FROM ops_stations f, ops_stations t
                    WHERE f.code = 'ST-21' AND t.code = $1 AND f.site_id = t.site_id RETURNING to_station_id";
        let rows = self.headquarters.sql(edge, &[&to]).await.unwrap();
        let to = StationId(rows[0].get(0));
        let from = StationId(station("ST-21"));
        seen(terminal, "the edge", |view| {
            view.reference.as_ref()?.onward(from).contains(&to).then_some(())
        })
        .await;
    }

    /// Waits until a statement about the job gives this text.
    async fn becomes(&self, job: Uuid, statement: &str, wanted: &str) {
        wait_for(wanted, LIMIT, async || {
            let rows = self.headquarters.sql(statement, &[&job]).await.unwrap();
            let told: Option<String> = rows.first().and_then(|row| row.get(0));
            if told.as_deref() == Some(wanted) { Ok(()) } else { Err(format!("{told:?}")) }
        })
        .await;
    }
}

/// State, station, good and scrapped parts.
const STANDS: &str = "SELECT concat_ws(' ', j.state, t.code, j.good_parts, j.scrap_parts)
                      FROM ops_jobs j JOIN ops_stations t ON t.id = j.current_station_id WHERE j.id = $1";

/// Opens a job by its number, as a scanner types it.
async fn scan(screen: &mut Screen, number: &str) {
    screen.shows(&[number]).await.unwrap();
    screen.press(&format!("{number}{ENTER}")).unwrap();
    screen.shows(&[&format!("Job {number}"), "Who"]).await.unwrap();
}

async fn start(screen: &mut Screen, number: &str) {
    scan(screen, number).await;
    screen.press("s").unwrap();
    screen.shows(&[&format!("Job {number} started by Ada Brandt"), "in progress"]).await.unwrap();
}

#[tokio::test]
async fn a_job_is_completed_along_the_flow() {
    let _turn = turn().await;
    let (office, terminal, mut screen) = floor().await;
    screen.press("j").unwrap();
    screen.shows(&["No job stands here"]).await.unwrap();

    // The end of the flow. The number that is offered is right.
    let last = office.posts(&terminal, "J-10").await;
    start(&mut screen, "J-10").await;
    screen.shows(&["After this station it is completed", "worked"]).await.unwrap();
    office
        .becomes(
            last,
            "SELECT entry_type || (end_ts IS NULL) FROM ops_labor_entries WHERE job_id = $1",
            "jobtrue",
        )
        .await;
    screen.press("c").unwrap();
    screen.shows(&["complete", "10"]).await.unwrap();
    screen.press(&format!("{ENTER}{ENTER}")).unwrap();
    screen.shows(&["Job J-10 completed here: 10 good, 0 scrap"]).await.unwrap();
    office.becomes(last, STANDS, "completed ST-21 10 0").await;
    office
        .becomes(
            last,
            "SELECT u.display_name || (l.end_ts IS NULL) FROM ops_labor_entries l
        JOIN users u ON u.id = l.user_id WHERE l.job_id = $1",
            "Ada Brandtfalse",
        )
        .await;

    // One station follows: it goes there, which is said beforehand.
    office.leads(&terminal, "ST-31").await;
    let next = office.posts(&terminal, "J-11").await;
    start(&mut screen, "J-11").await;
    screen.shows(&["After this station it goes to ST-31"]).await.unwrap();
    screen.press(&format!("c8{ENTER}2{ENTER}")).unwrap();
    screen.shows(&["8 good, 2 scrap"]).await.unwrap();
    office.becomes(next, STANDS, "pending ST-31 8 2").await;
    screen.shows(&["J-11", "to be started ST-31"]).await.unwrap();

    // Several: one is chosen, at once or later.
    office.leads(&terminal, "ST-41").await;
    let [chosen, waits] =
        [office.posts(&terminal, "J-12").await, office.posts(&terminal, "J-13").await];
    start(&mut screen, "J-12").await;
    screen.press(&format!("c{ENTER}{ENTER}")).unwrap();
    screen.shows(&["Without a choice it waits here", "Deburring"]).await.unwrap();
    screen.press(&format!("2{ENTER}")).unwrap();
    screen.shows(&["SAVED"]).await.unwrap();
    office.becomes(chosen, "SELECT state FROM ops_jobs WHERE id = $1", "pending").await;
    start(&mut screen, "J-13").await;
    screen.press(&format!("c{ENTER}{ENTER}{ENTER}")).unwrap();
    office.becomes(waits, STANDS, "queued ST-21 10 0").await;
    scan(&mut screen, "J-13").await;
    screen.press("m").unwrap();
    let offered = screen.shows(&["Where to?", " ST-31 "]).await.unwrap();
    let line = offered.lines().find(|line| line.contains(" ST-31 ")).unwrap();
    let digit = line.trim_matches(|it: char| !it.is_ascii_digit()).chars().next().unwrap();
    screen.press(&format!("{digit}{ENTER}{ENTER}")).unwrap();
    screen.shows(&["Job J-13 goes to ST-31"]).await.unwrap();
    office.becomes(waits, STANDS, "pending ST-31 10 0").await;
    let stays = "SELECT state || current_station_id FROM ops_jobs WHERE id = $1";
    office.becomes(waits, stays, &format!("pending{}", station("ST-31"))).await;
}

#[tokio::test]
async fn a_job_is_sent_back_scrapped_and_its_history_told() {
    let _turn = turn().await;
    let (office, terminal, mut screen) = floor().await;
    office.leads(&terminal, "ST-31").await;
    let job = office.posts(&terminal, "J-20").await;
    screen.press("j").unwrap();
    start(&mut screen, "J-20").await;
    screen.press(&format!("c{ENTER}{ENTER}")).unwrap();
    office.becomes(job, STANDS, "pending ST-31 10 0").await;
    scan(&mut screen, "J-20").await;
    // Back to be worked on again, with a why.
    screen.press(&format!("w{ENTER}{ENTER}")).unwrap();
    screen.shows(&["Back to which station", "ST-21", "ay why"]).await.unwrap();
    screen.press(&format!("burrs{ENTER}")).unwrap();
    screen.shows(&["Job J-20 goes back to ST-21"]).await.unwrap();
    office
        .becomes(
            job,
            "SELECT max(entry_number)::text FROM ops_job_station_history WHERE job_id = $1",
            "2",
        )
        .await;
    screen.shows(&["visit 2", "to be started ST-21"]).await.unwrap();

    start(&mut screen, "J-20").await;
    screen.press("x").unwrap();
    screen.press(&format!("3{ENTER}1{ENTER}")).unwrap();
    screen.shows(&["Job J-20 scrapped"]).await.unwrap();
    office.becomes(job, "SELECT state || scrap_parts || (abort_reason_id IS NOT NULL) FROM ops_jobs WHERE id = $1", "scrapped3true").await;

    // Where a job has been is at hand with it.
    let other = office.posts(&terminal, "J-21").await;
    start(&mut screen, "J-21").await;
    screen.press(&format!("c{ENTER}{ENTER}")).unwrap();
    office.becomes(other, STANDS, "pending ST-31 10 0").await;
    seen(&terminal, "the visit", |view| {
        let job = view.jobs.iter().find(|job| job.id.0 == other)?;
        (job.visits.len() == 2 && !job.asked && job.visits[0].touch_us.is_some()).then_some(())
    })
    .await;
    scan(&mut screen, "J-21").await;
    screen.press("h").unwrap();
    screen
        .shows(&[
            "ST-31 visit 1 · still here",
            "ST-21 visit 1 · 10 good, 0 scrap",
            "Ada Brandt",
            "worked",
        ])
        .await
        .unwrap();
}

#[tokio::test]
async fn headquarters_decides_and_says_so() {
    let _turn = turn().await;
    let (mut office, terminal, mut screen) = floor().await;
    let [moved, kept] =
        [office.posts(&terminal, "J-30").await, office.posts(&terminal, "J-31").await];
    office.headquarters.stop().await.unwrap();
    screen.press("j").unwrap();
    start(&mut screen, "J-31").await;
    screen.shows(&["on its way"]).await.unwrap();
    screen.press(ESCAPE).unwrap();
    screen.shows(&["Jobs at these stations"]).await.unwrap();
    start(&mut screen, "J-30").await;
    // The office sends it elsewhere meanwhile.
    let away =
        "SELECT move_ops_job($1, (SELECT id FROM ops_stations WHERE code = 'ST-41'), NULL)::text";
    office.headquarters.sql(away, &[&moved]).await.unwrap();
    office.headquarters.start_again().await.unwrap();
    office.becomes(kept, "SELECT state FROM ops_jobs WHERE id = $1", "in_progress").await;
    screen.press(ESCAPE).unwrap();
    screen.shows(&["J-30", "not here any more", "the job stood elsewhere by then"]).await.unwrap();
    screen.shows(&["J-31", "in progress"]).await.unwrap();
    let conflict = "SELECT kind FROM edge.conflicts WHERE record_id = $1";
    office.becomes(moved, conflict, "moved_from_elsewhere").await;
    office.becomes(moved, "SELECT state FROM ops_jobs WHERE id = $1", "pending").await;

    // An organisation without jobs has no screen for them.
    office
        .headquarters
        .sql(
            "INSERT INTO organization_feature_flags (organization_id, flag, is_enabled)
         VALUES ('cedar-works', 'jobs', false)
         ON CONFLICT (organization_id, flag) DO UPDATE SET is_enabled = false",
            &[],
        )
        .await
        .unwrap();
    screen.lacks(&["Jobs at these stations"]).await.unwrap();
    screen.press("j").unwrap();
    screen.shows(&["Not used in this organisation"]).await.unwrap();
}
