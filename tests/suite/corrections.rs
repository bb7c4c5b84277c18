//! What headquarters corrects: it comes down to the terminal in seconds, both ends then hold the same rows, and only a
//! supervisor may. What headquarters forgets: the chains at both ends still verify.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use kart_api::View;
use kart_tests::child::Child;
use kart_tests::operator::Operator;
use kart_tests::programs::program;
use kart_tests::wait::wait_for;
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::{World, WorldOptions};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::chain::verified;
use crate::headquarters::device::user;
use crate::turn::turn;

mod forged;
mod forgotten;

const LIMIT: Duration = Duration::from_secs(30);
const STATION: &str = "ST-21";
const PRESS: &str = "EQ-211";
const PLACE: [&str; 4] = ["--organization", "cedar-works", "--site", "cedar"];

/// Runs `kart-hq` as the owner of the database: its exit code, what it says and what it complains of.
pub(crate) async fn said(
    headquarters: &Headquarters,
    arguments: &[&str],
) -> (Option<i32>, String, String) {
    let mut command = Command::new(program("kart-hq").unwrap());
    command.env("DATABASE_URL", headquarters.database()).args(arguments);
    let mut child = Child::spawn(&mut command).unwrap();
    let status = child.end(LIMIT).await.unwrap();
    (status.code(), child.stdout(), child.stderr())
}

/// The same where it is to succeed.
pub(crate) async fn administer(headquarters: &Headquarters, arguments: &[&str]) -> String {
    let (code, told, complaint) = said(headquarters, arguments).await;
    assert_eq!(code, Some(0), "{arguments:?}: {complaint}");
    told
}

/// A world in which somebody works on a batch and has explained a stop with words.
struct Shift {
    world: World,
    operator: Operator,
    http: reqwest::Client,
    key: String,
}

impl Shift {
    async fn begun() -> Self {
        let options =
            WorldOptions { presses: 1, packers: 0, stops: false, ..WorldOptions::default() };
        let mut world = World::start(&options).await.unwrap();
        let mut operator = Operator::new(world.client().unwrap(), "1001");
        operator.clock_in(STATION).await.unwrap();
        operator.start_batch(PRESS, "BR-40").await.unwrap();
        world.go().await.unwrap();
        world.plant.stop(PRESS, "fault").await.unwrap();
        operator.explain_next_stop().await.unwrap();
        world.plant.run(PRESS).await.unwrap();
        world.rest().await.unwrap();
        let headquarters = world.headquarters.as_ref().unwrap();
        let key = [&["api-key", "add"], &PLACE[..], &["--user", "1005"]].concat();
        let key = administer(headquarters, &key).await.trim().to_owned();
        let http = reqwest::Client::builder().timeout(LIMIT).build().unwrap();
        Self { world, operator, http, key }
    }

    fn headquarters(&self) -> &Headquarters {
        self.world.headquarters.as_ref().unwrap()
    }

    /// Asks headquarters for a correction with a supervisor's key.
    async fn correct(&self, wish: Value) -> (u16, Value) {
        let url = format!("{}/v1/admin/corrections", self.headquarters().url());
        let asked = self.http.post(url).bearer_auth(&self.key).json(&wish);
        let answer = asked.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn record(&self, id: Uuid) -> (u16, Value) {
        let url = format!("{}/v1/admin/records/{id}", self.headquarters().url());
        let answer = self.http.get(url).bearer_auth(&self.key).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn view<T>(&self, what: &str, wanted: impl Fn(&View) -> Option<T>) -> T {
        let client = self.world.client().unwrap();
        wait_for(what, LIMIT, async || {
            let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
            wanted(&view).ok_or_else(|| format!("{:?} {:?}", view.people, view.receipts))
        })
        .await
    }

    /// Waits until the correction with this reason is shown.
    async fn shown(&self, reason: &str) {
        let shown = |view: &View| {
            let mut receipts = view.receipts.iter();
            let found =
                receipts.find(|r| r.kind == "correction_seen" && r.about.contains(reason))?;
            (found.name.as_deref() == Some("Sabine Köhler")).then_some(())
        };
        self.view(reason, shown).await;
    }

    /// Both ends hold the same rows, column by column.
    async fn equal(&mut self) {
        let totals = self.world.rest().await.unwrap();
        let accounts = self.world.accounts(&totals, &self.operator.confirmed).await.unwrap();
        let differing: Vec<_> = accounts.rows.iter().filter(|rows| rows.differing > 0).collect();
        assert!(differing.is_empty(), "{differing:?}");
    }

    async fn number(&self, statement: &str) -> i64 {
        self.headquarters().number(statement).await.unwrap()
    }

    async fn text(&self, statement: &str) -> String {
        let rows = self.headquarters().sql(statement, &[]).await.unwrap();
        rows[0].get::<_, Option<String>>(0).unwrap_or_default()
    }

    async fn stop(&self) -> Uuid {
        let stop = "SELECT id::text FROM oee_machine_events WHERE event_type = 'downtime'
                    AND downtime_reason_id IS NOT NULL";
        self.text(stop).await.parse().unwrap()
    }
}

#[tokio::test]
async fn corrections_come_down_and_both_ends_hold_the_same_rows() {
    let _turn = turn().await;
    let mut shift = Shift::begun().await;
    let batch = shift.operator.confirmed.batches_started[0].0;
    let labor = shift.operator.confirmed.clocked_in[0].0;
    let stop = shift.stop().await;

    // A stop: the reason of a supervisor beats the operator's.
    let began = Instant::now();
    let wish = json!({ "record": stop, "reason": "seen on the camera", "reason_code": "F02" });
    let (status, made) = shift.correct(wish).await;
    assert_eq!((status, made["kind"].as_str()), (200, Some("stop")), "{made}");
    assert_eq!(made["after"]["downtime"]["label"], "Hydraulic pressure too low");
    assert_ne!(made["before"]["downtime"]["label"], made["after"]["downtime"]["label"]);
    shift.shown("Hydraulic pressure too low: seen on the camera").await;
    #[expect(clippy::print_stderr, reason = "a measured figure")]
    {
        eprintln!("a correction was on the screen after {} ms", began.elapsed().as_millis());
    }

    // A batch that goes on.
    let wish = json!({ "record": batch, "reason": "counted by hand", "good": 7, "scrap": 2 });
    assert_eq!(shift.correct(wish).await.0, 200);
    shift.shown("7 / 2: counted by hand").await;

    // The labor of somebody who forgot to clock out.
    let (status, before) = shift.record(labor).await;
    assert_eq!((status, before["kind"].as_str()), (200, Some("labor")), "{before}");
    let from: jiff::Timestamp = before["fields"]["from"].as_str().unwrap().parse().unwrap();
    let until = from + Duration::from_secs(1);
    let wish = json!({ "record": labor, "reason": "went home ill", "until": until.to_string() });
    assert_eq!(shift.correct(wish).await.0, 200);
    shift.view("nobody here", |view| view.people.is_empty().then_some(())).await;
    shift.shown("went home ill").await;
    shift.equal().await;

    let taken = "SELECT count(*) FROM edge.quarantine WHERE resolved_at IS NULL";
    assert_eq!(shift.number(taken).await, 0, "what the terminal answers is understood");
    let label = format!("SELECT reason_label FROM oee_machine_events WHERE id = '{stop}'");
    assert_eq!(shift.text(&label).await, "Hydraulic pressure too low");
    let hours = "SELECT count(*) FROM ops_labor_entries WHERE end_ts - start_ts = interval '1 s'";
    assert_eq!(shift.number(hours).await, 1);
    let parts = "SELECT count(*) FROM oee_batch_details
                 WHERE (good_parts, scrap_parts, status) = (7, 2, 'running')";
    assert_eq!(shift.number(parts).await, 1);

    // A log replayed adds up to the same, and the command line says what it does.
    shift.world.kill_daemon().await.unwrap();
    shift.view("still nobody here", |view| view.people.is_empty().then_some(())).await;
    let stop = stop.to_string();
    let void = [&["correct", "stop", &stop], &PLACE[..]].concat();
    let void = [&void[..], &["--by", "1005", "--reason", "a test of the lamp", "--void"]].concat();
    let told = administer(shift.headquarters(), &void).await;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[1..], ["before\t{\"void\":false}", "after\t{\"void\":true}"], "{told}");
    shift.shown("a test of the lamp").await;
    let archived = "SELECT count(*) FROM oee_machine_events WHERE is_archived";
    assert_eq!(shift.number(archived).await, 1);
    shift.equal().await;
    let audited = "SELECT count(*) FROM edge.audit WHERE action = 'corrected'";
    assert_eq!(shift.number(audited).await, 4);
}

#[tokio::test]
async fn only_a_supervisor_corrects_and_only_what_can_be() {
    let _turn = turn().await;
    let shift = Shift::begun().await;
    let labor = shift.operator.confirmed.clocked_in[0].0;
    let refused = [
        json!({ "record": Uuid::new_v4(), "reason": "x", "void": true }),
        json!({ "record": labor, "reason": " ", "void": true }),
        json!({ "record": labor, "reason": "x" }),
        json!({ "record": labor, "reason": "x", "good": 1 }),
        json!({ "record": labor, "reason": "x", "void": false }),
        json!({ "record": labor, "reason": "x", "person": "9999" }),
        json!({ "record": labor, "reason": "x", "until": "2020-01-01T00:00:00Z" }),
        json!({ "record": labor, "reason": "x", "until": "2120-01-01T00:00:00Z" }),
        json!({ "record": labor, "reason": "x", "void": true, "surprise": 1 }),
    ];
    for wish in refused {
        let (status, problem) = shift.correct(wish.clone()).await;
        assert_eq!((status, problem["code"].as_str()), (400, Some("malformed")), "{wish}");
    }
    let by_operator = [&["api-key", "add"], &PLACE[..], &["--user", "1001"]].concat();
    let (code, _, complaint) = said(shift.headquarters(), &by_operator).await;
    assert_eq!(code, Some(1));
    assert!(complaint.contains("1001 is operator at cedar, not supervisor"), "{complaint}");

    // A supervisor who is one no more, and a key that was revoked.
    let demoted = "UPDATE edge.people SET role = 'lead' WHERE badge = '1005'";
    shift.headquarters().sql(demoted, &[]).await.unwrap();
    assert_eq!(shift.record(labor).await.0, 403);
    let again = "UPDATE edge.people SET role = 'supervisor' WHERE badge = '1005'";
    shift.headquarters().sql(again, &[]).await.unwrap();
    assert_eq!(shift.record(labor).await.0, 200);
    let key = shift.text("SELECT key_id::text FROM edge.api_keys").await;
    let revoke = [&["api-key", "revoke"], &PLACE[..], &["--key", &key]].concat();
    administer(shift.headquarters(), &revoke).await;
    assert_eq!(shift.record(labor).await.0, 401);
    assert_eq!(shift.number("SELECT count(*) FROM edge.corrections").await, 0);
    let begun = "SELECT count(*) FROM edge.terminals WHERE code = 'HQ'";
    assert_eq!(shift.number(begun).await, 0, "nothing of what was refused is stored");
}

#[tokio::test]
async fn what_a_restored_headquarters_has_lost_comes_back_and_nothing_else() {
    let _turn = turn().await;
    let mut shift = Shift::begun().await;
    let batch = shift.operator.confirmed.batches_started[0].0;
    shift.operator.complete_batch(PRESS).await.unwrap();
    // Its log has begun when it is saved, and goes on where it was after the restore.
    let wish = json!({ "record": batch, "reason": "a first look", "good": 5 });
    assert_eq!(shift.correct(wish).await.0, 200);
    shift.shown("5 / –: a first look").await;
    shift.world.settled().await.unwrap();
    let saved = shift.world.headquarters.as_mut().unwrap().cluster.save().unwrap();
    let wish = json!({ "record": batch, "reason": "counted by hand", "good": 7, "scrap": 2 });
    assert_eq!(shift.correct(wish).await.0, 200);
    shift.shown("7 / 2: counted by hand").await;
    shift.world.settled().await.unwrap();
    shift.world.headquarters.as_mut().unwrap().cluster.restore(&saved).unwrap();
    assert_eq!(shift.number("SELECT count(*) FROM edge.corrections").await, 1);
    let back = "SELECT count(*) FROM edge.corrections WHERE after = '{\"good\": 7, \"scrap\": 2}'";
    wait_for("the correction to come back", LIMIT * 2, async || match shift.number(back).await {
        1 => Ok(()),
        _ => Err("not yet"),
    })
    .await;
    shift.equal().await;
    let parts = "SELECT count(*) FROM oee_batch_details WHERE (good_parts, scrap_parts) = (7, 2)";
    assert_eq!(shift.number(parts).await, 1);
    assert_eq!(shift.number("SELECT count(*) FROM edge.quarantine").await, 0);

    // The log of headquarters goes on, and what it says comes down as before.
    let wish = json!({ "record": batch, "reason": "counted again", "good": 8 });
    assert_eq!(shift.correct(wish).await.0, 200);
    shift.shown("8 / –: counted again").await;
    shift.equal().await;
    let check = [&["refold", "--check"], &PLACE[..]].concat();
    administer(shift.headquarters(), &check).await;
}

/// The logs that headquarters holds, each as a file of the form that a terminal has.
async fn logs(headquarters: &Headquarters, folder: &Path) -> Vec<String> {
    let logs = "SELECT DISTINCT terminal_id::text, incarnation FROM edge.inbox";
    let mut files = Vec::new();
    for log in headquarters.sql(logs, &[]).await.unwrap() {
        let (terminal, incarnation): (String, String) = (log.get(0), log.get(1));
        let path = folder.join(format!("{terminal}-{incarnation}.db"));
        let flags = rusqlite::OpenFlags::default();
        let file = rusqlite::Connection::open_with_flags(&path, flags).unwrap();
        let tables = "CREATE TABLE facts (seq INTEGER, line TEXT, hash BLOB);
                      CREATE TABLE fact_texts (seq INTEGER, field TEXT, salt TEXT, text TEXT);
                      CREATE TABLE purged (seq INTEGER, hash BLOB);";
        file.execute_batch(tables).unwrap();
        let of = format!("WHERE terminal_id = '{terminal}' AND incarnation = '{incarnation}'");
        let lines = format!("SELECT seq, convert_from(line, 'UTF8'), hash FROM edge.inbox {of}");
        for row in headquarters.sql(&lines, &[]).await.unwrap() {
            let fact: (i64, String, Vec<u8>) = (row.get(0), row.get(1), row.get(2));
            file.execute("INSERT INTO facts VALUES (?1, ?2, ?3)", fact).unwrap();
        }
        let texts =
            format!("SELECT seq, field, coalesce(salt, ''), text FROM edge.fact_texts {of}");
        for row in headquarters.sql(&texts, &[]).await.unwrap() {
            let text: (i64, String, String, Option<String>) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            file.execute("INSERT INTO fact_texts VALUES (?1, ?2, ?3, ?4)", text).unwrap();
        }
        files.push(path.display().to_string());
    }
    files
}
