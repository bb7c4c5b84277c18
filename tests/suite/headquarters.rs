//! The gateway as a real program in front of a real Postgres: what it takes, what it refuses, and that nothing of what
//! it refuses is stored.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use kart_core::counter::{CounterKind, Verdict};
use kart_core::fact::{BatchStarted, Body, Counted, FactText};
use kart_core::id::{ProductId, ReasonId, RecordId, StationId};
use kart_core::machine::MachineState;
use kart_core::reference::Reference;
use kart_tests::child::Child;
use kart_tests::programs::{program, repository};
use kart_tests::world::headquarters::Headquarters;
use kart_wire::{AUDIENCE, Assertion, Pulled, PushEnvelope, Status, TextLine, Token, code};
use uuid::Uuid;

pub(crate) mod device;
mod limits;
mod lives;

use device::{Device, Refused, key, machine, user};

const DATABASE: &str = "kartorium";
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn demo_site() -> PathBuf {
    repository().join("config/demo/site.toml")
}

/// The demo's site file with `from` replaced, in a folder of its own.
fn edited_site(from: &str, to: &str) -> (tempfile::TempDir, PathBuf) {
    let text = std::fs::read_to_string(demo_site()).unwrap();
    assert!(text.contains(from), "the demo's site file has changed");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.toml");
    std::fs::write(&path, text.replace(from, to)).unwrap();
    (folder, path)
}

/// Headquarters with the demo's site and one enrolled terminal in a session.
pub(crate) async fn enrolled() -> (Headquarters, Device) {
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let device = enroll(&headquarters, "T-07").await;
    (headquarters, device)
}

pub(crate) async fn enroll(headquarters: &Headquarters, terminal: &str) -> Device {
    let code = headquarters.enrollment_code(terminal).await.unwrap();
    let mut device = Device::new(&headquarters.url());
    device.enroll(&code).await.unwrap();
    device.sign_in().await.unwrap();
    device.hello().await.unwrap();
    device
}

pub(crate) async fn administer(headquarters: &Headquarters, arguments: &[&str]) -> String {
    let mut command = Command::new(program("kart-hq").unwrap());
    command.env("DATABASE_URL", headquarters.cluster.url(DATABASE, "postgres")).args(arguments);
    let mut child = Child::spawn(&mut command).unwrap();
    assert!(child.end(LIMIT).await.unwrap().success(), "{}", child.tail());
    child.stdout()
}

/// What must not change when a push is refused.
async fn stored(headquarters: &Headquarters) -> [i64; 4] {
    [
        headquarters.number("SELECT count(*) FROM edge.inbox").await.unwrap(),
        headquarters.number("SELECT sum(watermark) FROM edge.terminals").await.unwrap(),
        headquarters.number("SELECT count(*) FROM edge.records").await.unwrap(),
        headquarters.number("SELECT count(*) FROM edge.fact_texts").await.unwrap(),
    ]
}

fn code_of<T: std::fmt::Debug>(answer: Result<T, Refused>) -> (u16, String) {
    let (status, problem) = answer.expect_err("this is to be refused");
    (status, problem.code)
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn station(code: &str) -> StationId {
    StationId(key("ops_stations", code))
}

pub(crate) fn state(
    device: &Device,
    code: &str,
    state: MachineState,
    ends: Option<RecordId>,
) -> Body {
    Body::StateChanged {
        equipment: machine(code),
        station: Some(station("ST-21")),
        state,
        from: Device::stamp(device.lines.len() as u64 + 1),
        ends,
        rule: "cycle".into(),
        map: "m1".into(),
        batch: None,
        detail: kart_core::fact::machine::Detail::default(),
    }
}

fn batch(product: &str) -> Body {
    Body::BatchStarted(BatchStarted {
        equipment: machine("EQ-211"),
        station: Some(station("ST-21")),
        product: ProductId(key("ops_products", product)),
        number: "B-1".into(),
        work_order: None,
        target: Some(120),
        from: Device::stamp(3),
        operators: vec![user("1001")],
        lease: None,
        special: Default::default(),
    })
}

/// A small shift: clock in, batch, parts, a stop with its reason, the end of all of it.
pub(crate) fn shift(device: &mut Device) -> Vec<TextLine> {
    let origin = device.origin();
    let entry = device.append(Body::ClockedIn { user: user("1001"), station: station("ST-21") });
    let running = device.append(batch("BR/BR-40"));
    let batch = origin.record(running);
    device.append(Body::Counted(Counted {
        equipment: machine("EQ-211"),
        source: "good".into(),
        counter: CounterKind::Good,
        epoch: 0,
        raw_from: 65_530,
        raw_to: 65_540,
        quantity: 10,
        verdict: Verdict::Increase,
        since: Device::stamp(4),
        until: Device::stamp(5),
        batch: Some(batch),
        map: String::new(),
        raw: None,
    }));
    let stop = device.append(state(device, "EQ-211", MachineState::Stopped, None));
    let comment = FactText {
        field: "comment".into(),
        salt: "00112233445566778899aabbccddeeff".into(),
        text: Some("die cleaned".into()),
    };
    let explained = device.append(Body::StopExplained {
        stop: origin.record(stop),
        reason: ReasonId(key("oee_downtime_reasons", "Machine fault/F01")),
        label: "Part jammed in the die".into(),
        group_type: "unplanned".into(),
        rank: 1,
        comment: comment.commitment(),
        choice: None,
    });
    device.append(state(device, "EQ-211", MachineState::Running, Some(origin.record(stop))));
    device.append(Body::BatchCompleted {
        batch,
        good: 9,
        scrap: 1,
        scrap_reason: Some(ReasonId(key("oee_abort_reasons", "Form/Q01"))),
        counted_good: 10,
        counted_scrap: 0,
        scrapped: vec![],
        rework: 0,
    });
    device.append(Body::ClockedOut { user: user("1001"), entry: origin.record(entry) });
    let FactText { field, salt, text } = comment;
    vec![TextLine { seq: explained, field, salt, text }]
}

/// What the small shift is in the central tables.
async fn assert_shift(headquarters: &Headquarters) {
    let expected = [
        ("oee_machine_events WHERE event_type = 'batch' AND end_ts IS NOT NULL", 1),
        (
            "oee_machine_events WHERE event_type = 'downtime' AND reason_group_type = 'unplanned'
          AND round(duration_minutes * 60) = 2 AND organization_id = 'cedar-works'",
            1,
        ),
        ("oee_machine_event_equipment", 2),
        ("oee_batch_details WHERE good_parts = 9 AND scrap_parts = 1 AND status = 'completed'", 1),
        ("oee_batch_operators WHERE ended_at IS NOT NULL", 1),
        ("oee_batch_time_entries WHERE end_ts IS NOT NULL", 2),
        ("ops_labor_entries WHERE end_ts - start_ts = interval '7 seconds'", 1),
        ("edge.machine_states", 2),
        ("edge.production_counts WHERE quantity = 10", 1),
        ("edge.fact_texts WHERE text = 'die cleaned'", 1),
        ("edge.quarantine", 0),
    ];
    for (rows, count) in expected {
        let held = headquarters.number(&format!("SELECT count(*) FROM {rows}")).await.unwrap();
        assert_eq!(held, count, "{rows}");
    }
}

#[tokio::test]
async fn a_shift_arrives_exactly_once() {
    let (headquarters, mut device) = enrolled().await;
    let texts = shift(&mut device);
    let pushed = device.push_with(1, &texts).await.unwrap();
    assert_eq!(pushed.watermark, 9);
    assert_eq!(pushed.watermark_hash, device.hash(9).to_string());
    assert_eq!(pushed.quarantined, []);
    assert_shift(&headquarters).await;
    let lines = headquarters.sql("SELECT line FROM edge.inbox ORDER BY seq", &[]).await.unwrap();
    let lines: Vec<String> =
        lines.iter().map(|row| String::from_utf8(row.get::<_, Vec<u8>>(0)).unwrap()).collect();
    assert_eq!(lines, device.lines, "the bytes that came are the bytes that are stored");

    let before = stored(&headquarters).await;
    assert_eq!(
        device.push_with(1, &texts).await.unwrap(),
        pushed,
        "the answer was lost; the push comes again"
    );
    assert_eq!(device.push(7).await.unwrap().watermark, 9);
    assert_eq!(stored(&headquarters).await, before);
    assert_shift(&headquarters).await;

    let welcome = device.hello().await.unwrap();
    assert_eq!((welcome.watermark, welcome.watermark_hash), (9, device.hash(9).to_string()));
    let status =
        Status { at_us: 1, backlog: 0, machines: serde_json::json!({"EQ-211": "running"}) };
    device.post::<()>("status", &status).await.unwrap();
    let shown =
        "SELECT count(*) FROM edge.terminal_status WHERE status->'machines'->>'EQ-211' = 'running'";
    assert_eq!(headquarters.number(shown).await.unwrap(), 1);
}

#[tokio::test]
async fn what_does_not_continue_the_log_is_refused_whole() {
    let (headquarters, mut device) = enrolled().await;
    shift(&mut device);
    device.push(1).await.unwrap();
    let first_session = device.session;
    device.hello().await.unwrap();
    device.append(Body::Started { version: "1".into(), map: "m1".into() });
    let before = stored(&headquarters).await;
    let new = || device.lines[9..].iter().cloned();

    let broken = PushEnvelope { prev_hash: device.hash(8).to_string(), ..device.envelope(10, 1) };
    assert_eq!(code_of(device.push_lines(&broken, new()).await), refusal(409, code::BROKEN_CHAIN));
    let gap = PushEnvelope { from: 11, ..device.envelope(10, 1) };
    let (status, problem) = device.push_lines(&gap, new()).await.unwrap_err();
    assert_eq!((status, problem.code.as_str(), problem.watermark), (409, code::GAP, Some(9)));
    let other_past = device.lines[8].replace("clocked_out", "clocked_off");
    let fork = device.envelope(9, 2);
    let lines = [other_past].into_iter().chain(new());
    assert_eq!(code_of(device.push_lines(&fork, lines).await), refusal(409, code::FORKED));
    let stale = PushEnvelope { session: first_session, ..device.envelope(10, 1) };
    assert_eq!(code_of(device.push_lines(&stale, new()).await), refusal(409, code::STALE_SESSION));
    let foreign = PushEnvelope { terminal: Uuid::new_v4(), ..device.envelope(10, 1) };
    assert_eq!(code_of(device.push_lines(&foreign, new()).await), refusal(403, code::FOREIGN));
    let other_life = PushEnvelope { incarnation: "0".repeat(16), ..device.envelope(10, 1) };
    assert_eq!(
        code_of(device.push_lines(&other_life, new()).await),
        refusal(409, code::OTHER_INCARNATION)
    );
    let misplaced = device.lines[9].replace("\"seq\":10", "\"seq\":11");
    let misplaced = device.push_lines(&device.envelope(10, 1), [misplaced].into_iter()).await;
    assert_eq!(code_of(misplaced), refusal(400, code::MALFORMED));
    assert_eq!(stored(&headquarters).await, before);

    let mut copy = device.greeting();
    copy.nonce = "another device".into();
    assert_eq!(
        code_of(device.post::<()>("hello", &copy).await),
        refusal(409, code::OTHER_INCARNATION)
    );
    let mut forked = device.greeting();
    (forked.last_seq, forked.head_hash) = (9, device.hash(8).to_string());
    assert_eq!(code_of(device.post::<()>("hello", &forked).await), refusal(409, code::FORKED));
    assert_eq!(device.push(10).await.unwrap().watermark, 10, "the true log goes on");
}

#[tokio::test]
async fn what_is_too_large_is_refused_whole() {
    let (headquarters, device) = enrolled().await;
    let before = stored(&headquarters).await;
    let bomb = zstd::bulk::compress(&vec![b'x'; 64 * 1024 * 1024], 3).unwrap();
    assert!(bomb.len() < 64 * 1024);
    assert_eq!(code_of(device.push_body(bomb).await), refusal(413, code::TOO_LARGE));
    let noise: Vec<u8> = (0..kart_wire::MOST_WIRE_BYTES * 2).map(|_| rand::random()).collect();
    assert_eq!(code_of(device.push_body(noise).await), refusal(413, code::TOO_LARGE));
    let long = format!("{{\"seq\":1,\"x\":\"{}\"}}", "x".repeat(16 * 1024));
    let long = device.push_lines(&device.envelope(1, 1), [long].into_iter()).await;
    assert_eq!(code_of(long), refusal(413, code::TOO_LARGE));
    let many = device.push_lines(&device.envelope(1, 1001), (0..1001).map(|_| "{}".into())).await;
    assert_eq!(code_of(many), refusal(413, code::TOO_LARGE));
    assert_eq!(code_of(device.push_body(b"no zstd".to_vec()).await), refusal(400, code::MALFORMED));
    assert_eq!(stored(&headquarters).await, before);
    assert_eq!(device.push(1).await.unwrap().watermark, 1);
}

#[tokio::test]
async fn only_enrolled_terminals_come_in_and_only_until_they_are_revoked() {
    let (headquarters, mut device) = enrolled().await;
    let code = headquarters.enrollment_code("T-08").await.unwrap();
    let mut other = Device::new(&headquarters.url());
    assert_eq!(code_of(other.sign_in().await), refusal(401, code::UNAUTHORIZED));
    assert_eq!(
        code_of(other.enroll("00000-00000-00000-00000").await),
        refusal(403, code::BAD_CODE)
    );
    let enrolled = other.enroll(&code.to_lowercase().replace('-', " ")).await.unwrap();
    assert_eq!((enrolled.site.as_str(), enrolled.terminal_code.as_str()), ("cedar", "T-08"));
    assert_eq!(other.enroll(&code).await.unwrap(), enrolled, "its first answer may have been lost");
    let third = Device::new(&headquarters.url());
    assert_eq!(code_of(third.enroll(&code).await), refusal(403, code::BAD_CODE));

    let now = jiff::Timestamp::now().as_second();
    let once = device.assertion(AUDIENCE, now - 3 * 24 * 3600);
    device.post::<Token>("token", &once).await.expect("a clock may be off by days");
    assert_eq!(
        code_of(device.post::<Token>("token", &once).await),
        refusal(401, code::UNAUTHORIZED)
    );
    for wrong in
        [device.assertion("elsewhere", now), device.assertion(AUDIENCE, now - 30 * 24 * 3600)]
    {
        assert_eq!(
            code_of(device.post::<Token>("token", &wrong).await),
            refusal(401, code::UNAUTHORIZED)
        );
    }
    let far = device.assertion(AUDIENCE, now + 30 * 24 * 3600);
    let (_, problem) = device.post::<Token>("token", &far).await.unwrap_err();
    let told = problem.server_us.expect("headquarters says what time it is") / 1_000_000;
    assert!((told - now).abs() < 60, "{told} {now}");
    let mut forged = device.assertion(AUDIENCE, now).assertion;
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    let forged = device.post::<Token>("token", &Assertion { assertion: forged }).await;
    assert_eq!(code_of(forged), refusal(401, code::UNAUTHORIZED));
    other.sign_in().await.unwrap();
    other.token.push('x');
    assert_eq!(code_of(other.hello().await), refusal(401, code::UNAUTHORIZED));

    shift(&mut device);
    let before = stored(&headquarters).await;
    let site = ["--organization", "cedar-works", "--site", "cedar"];
    administer(
        &headquarters,
        &[&["terminal", "revoke"], &site[..], &["--terminal", "T-07"]].concat(),
    )
    .await;
    assert_eq!(code_of(device.push(1).await), refusal(403, code::REVOKED));
    assert_eq!(code_of(device.pull(None, 0).await), refusal(403, code::REVOKED));
    assert_eq!(code_of(device.hello().await), refusal(403, code::REVOKED));
    assert_eq!(code_of(device.sign_in().await), refusal(403, code::REVOKED));
    assert_eq!(stored(&headquarters).await, before);
}

#[tokio::test]
async fn a_fact_that_names_unknown_rows_waits_for_them() {
    let (headquarters, mut device) = enrolled().await;
    let origin = device.origin();
    let unknown = device.append(batch("BR/BR-99"));
    let follows =
        device.append(Body::BatchJoined { batch: origin.record(unknown), user: user("1002") });
    let stop = device.append(state(&device, "EQ-211", MachineState::Stopped, None));
    device.lines.push("{\"seq\":5,\"fact\":{\"of_the_future\":{}}}".into());
    let other_kind =
        device.append(Body::ClockedOut { user: user("1001"), entry: origin.record(stop) });
    device.append(state(&device, "EQ-211", MachineState::Running, Some(origin.record(stop))));
    let pushed = device.push(1).await.unwrap();
    assert_eq!(pushed.watermark, 7, "all of them are accepted");
    let waiting: Vec<(u64, &str)> =
        pushed.quarantined.iter().map(|one| (one.seq, one.code.as_str())).collect();
    let expected = [
        (unknown, "unresolved_ref"),
        (follows, "waits_for_record"),
        (5, "unreadable"),
        (other_kind, "refused"),
    ];
    assert_eq!(waiting, expected);
    let stops = "SELECT count(*) FROM oee_machine_events WHERE event_type = 'downtime' AND end_ts IS NOT NULL";
    assert_eq!(headquarters.number(stops).await.unwrap(), 1, "what can be applied is applied");
    assert_eq!(headquarters.number("SELECT count(*) FROM oee_batch_details").await.unwrap(), 0);
    let site = ["--organization", "cedar-works", "--site", "cedar"];
    let listed = administer(&headquarters, &[&["quarantine", "list"], &site[..]].concat()).await;
    assert_eq!(listed.lines().count(), 4, "{listed}");

    let (_folder, file) = edited_site("code = \"BR-60\"", "code = \"BR-99\"");
    headquarters.apply_site(&file).await.unwrap();
    assert_eq!(headquarters.number("SELECT count(*) FROM oee_batch_details").await.unwrap(), 1);
    assert_eq!(headquarters.number("SELECT count(*) FROM oee_batch_operators").await.unwrap(), 2);
    let Pulled::Snapshot { quarantined, .. } = device.pull(None, 0).await.unwrap() else {
        panic!("nothing was pulled before")
    };
    assert_eq!(quarantined.iter().map(|one| one.seq).collect::<Vec<_>>(), [5, other_kind]);
    let switched_off =
        "SELECT count(*) FROM ops_products WHERE product_code = 'BR-60' AND NOT is_active";
    assert_eq!(headquarters.number(switched_off).await.unwrap(), 1, "not deleted");
}

#[tokio::test]
async fn a_hello_applies_what_can_be_applied_by_now() {
    let (headquarters, mut device) = enrolled().await;
    device.append(batch("BR/BR-40"));
    let id = key("users", "1001");
    // As if the person had been created at headquarters a moment later.
    let rename = "UPDATE users SET id = $2 WHERE id = $1";
    let (cast, away) = (id, Uuid::new_v4());
    headquarters.sql(rename, &[&cast, &away]).await.unwrap();
    assert_eq!(device.push(1).await.unwrap().quarantined.len(), 1);
    headquarters.sql(rename, &[&away, &cast]).await.unwrap();
    device.hello().await.unwrap();
    assert_eq!(headquarters.number("SELECT count(*) FROM oee_batch_operators").await.unwrap(), 1);
    let open = "SELECT count(*) FROM edge.quarantine WHERE resolved_at IS NULL";
    assert_eq!(headquarters.number(open).await.unwrap(), 0);
}

#[tokio::test]
async fn a_text_is_kept_only_when_its_fact_commits_to_it() {
    let (headquarters, mut device) = enrolled().await;
    let mut texts = shift(&mut device);
    texts[0].text = Some("something else".into());
    let pushed = device.push_with(1, &texts).await.unwrap();
    assert_eq!(pushed.watermark, 9);
    assert_eq!(pushed.quarantined[0].code, "bad_text");
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.fact_texts").await.unwrap(), 0);
    let explained = "SELECT count(*) FROM oee_machine_events WHERE downtime_reason_id IS NOT NULL";
    assert_eq!(headquarters.number(explained).await.unwrap(), 1, "the reason itself counts");
}

#[tokio::test]
async fn the_site_comes_down_when_it_has_changed() {
    let (headquarters, device) = enrolled().await;
    let Pulled::Snapshot { cursor, snapshot, .. } = device.pull(None, 0).await.unwrap() else {
        panic!("a terminal without a cursor gets everything")
    };
    let reference: Reference = serde_json::from_value(snapshot).unwrap();
    let text = std::fs::read_to_string(demo_site()).unwrap();
    let mut file = kart_core::site::parse("site.toml", &text).unwrap();
    // Terminals are not told personnel numbers.
    file.people.iter_mut().for_each(|person| person.number.clear());
    assert_eq!(reference, Reference { version: 1, ..file });

    let unchanged = device.pull(Some(&cursor), 0).await.unwrap();
    assert!(matches!(unchanged, Pulled::Unchanged { .. }), "{unchanged:?}");
    headquarters.apply_site(&demo_site()).await.unwrap();
    let again = device.pull(Some(&cursor), 0).await.unwrap();
    assert!(matches!(again, Pulled::Unchanged { .. }), "the same file again is no change");
    let mut forged = cursor.clone();
    forged.replace_range(..1, if cursor.starts_with('A') { "B" } else { "A" });
    let forged = device.pull(Some(&forged), 0).await.unwrap();
    assert!(matches!(forged, Pulled::Snapshot { .. }), "an invented cursor stands for nothing");

    let (_folder, file) = edited_site("name = \"Press 63 t\"", "name = \"Press sixty-three\"");
    let (waited, applied) =
        tokio::join!(device.pull(Some(&cursor), 20_000), headquarters.apply_site(&file));
    applied.unwrap();
    let Pulled::Snapshot { snapshot, .. } = waited.unwrap() else { panic!("it was told in time") };
    let reference: Reference = serde_json::from_value(snapshot).unwrap();
    assert_eq!((reference.version, reference.machines[0].name.as_str()), (2, "Press sixty-three"));
}

#[tokio::test]
async fn it_describes_itself_and_stops_when_asked() {
    let (mut headquarters, device) = enrolled().await;
    assert_eq!(device.get("/health").await.0, 200);
    let (status, document) = device.get("/openapi.json").await;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(status, 200);
    for path in ["enroll", "token", "hello", "push", "pull", "status"] {
        assert!(document["paths"][format!("/v1/{path}")]["post"].is_object(), "{path}");
    }
    assert_eq!(device.get("/v1/elsewhere").await.0, 404);
    let malformed = device.post::<()>("hello", &serde_json::json!({"protocol": "one"})).await;
    assert_eq!(code_of(malformed), refusal(400, code::MALFORMED));

    let Pulled::Snapshot { cursor, .. } = device.pull(None, 0).await.unwrap() else { panic!() };
    let (pulled, stopped) = tokio::join!(device.pull(Some(&cursor), 30_000), async {
        // Its answer comes after the pull was read: what only lies in a socket at the end is nobody's.
        assert_eq!(device.get("/health").await.0, 200);
        headquarters.stop().await
    });
    stopped.unwrap();
    assert!(pulled.is_ok(), "whoever waits is answered: {pulled:?}");
}

#[tokio::test]
async fn an_outage_of_the_database_is_answered_with_words() {
    let (mut headquarters, mut device) = enrolled().await;
    shift(&mut device);
    headquarters.cluster.stop().unwrap();
    assert_eq!(code_of(device.push(1).await), refusal(503, code::UNAVAILABLE));
    assert_eq!(device.get("/health").await.0, 503);
    headquarters.cluster.start_again().unwrap();
    kart_tests::wait::wait_for("a push to be taken", LIMIT, async || {
        device.push(1).await.map(drop).map_err(|(status, problem)| format!("{status} {problem}"))
    })
    .await;
    assert_eq!(stored(&headquarters).await[0], 9);
}
