//! What could lock a terminal out, or wear headquarters down, and does not.

use kart_core::fact::Body;
use kart_wire::{Hello, PastSession, Pulled, Status, code};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_postgres::NoTls;

use super::device::Device;
use super::{LIMIT, batch, code_of, edited_site, enroll, enrolled, refusal};

/// The head of a request whose body never comes.
fn head(address: &str, path: &str, token: Option<&str>) -> String {
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n"));
    format!(
        "POST /v1/{path} HTTP/1.1\r\nhost: {address}\r\n{}content-length: 1000\r\n\r\n",
        token.unwrap_or_default()
    )
}

/// The status line of an answer, as far as the number.
async fn status(stream: &mut TcpStream, limit: std::time::Duration) -> String {
    let mut status = [0; 12];
    tokio::time::timeout(limit, stream.read_exact(&mut status)).await.unwrap().unwrap();
    String::from_utf8(status.to_vec()).unwrap()
}

#[tokio::test]
async fn who_is_unknown_is_answered_before_the_body_comes() {
    let (_headquarters, device) = enrolled().await;
    let address = device.url.trim_start_matches("http://");
    let wrong = format!("{}x", device.token);
    let terminals = ["hello", "push", "feed", "pull", "status", "common", "renew", "aside"];
    for path in terminals.into_iter().chain(["admin/corrections"]) {
        for token in [None, Some(wrong.as_str())] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(head(address, path, token).as_bytes()).await.unwrap();
            assert_eq!(status(&mut stream, LIMIT / 6).await, "HTTP/1.1 401", "{path}");
        }
    }
}

#[tokio::test]
async fn strangers_who_send_nothing_keep_no_terminal_waiting() {
    const MOST: usize = 300;
    let (headquarters, mut device) = enrolled().await;
    let address = device.url.trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for n in 0..MOST {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let path = ["token", "enroll", "rotate"][n % 3];
        stream.write_all(head(&address, path, None).as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let asked = std::time::Instant::now();
    assert_eq!(device.push(1).await.unwrap().watermark, 1);
    assert!(asked.elapsed() < LIMIT / 6, "{:?} for a push", asked.elapsed());
    for stream in &mut slow {
        assert_eq!(status(stream, LIMIT / 2).await, "HTTP/1.1 503");
    }
    device.sign_in().await.unwrap();
    enroll(&headquarters, "T-08").await;
}

#[tokio::test]
async fn proofs_and_codes_have_a_pace() {
    let (headquarters, device) = enrolled().await;
    let other = enroll(&headquarters, "T-08").await;
    let assertion = device.assertion("somebody else", jiff::Timestamp::now().as_second());
    let code = serde_json::json!({
        "code": "AAAAA-BBBBB-CCCCC-DDDDD", "terminal": uuid::Uuid::new_v4(), "nonce": "n",
        "incarnation": "0123456789abcdef", "public_key": "A".repeat(43),
    });
    for (path, body) in [("token", serde_json::to_value(assertion).unwrap()), ("enroll", code)] {
        let mut answers = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let request = device.stranger(path).json(&body);
            answers.spawn(async move { request.send().await.unwrap() });
        }
        let answers = answers.join_all().await;
        let busy: Vec<_> = answers.iter().filter(|answer| answer.status() == 429).collect();
        // A hundred at once, of which enrolling has taken a few; more as time passes.
        assert!((40..=105).contains(&busy.len()), "{path}: {} of 200 had to wait", busy.len());
        assert!(busy.iter().all(|answer| answer.headers().contains_key("retry-after")));
    }
    // Neither another terminal nor the same one, where it is known, pays for it.
    let assertion = other.assertion(kart_wire::AUDIENCE, jiff::Timestamp::now().as_second());
    other.post::<kart_wire::Token>("token", &assertion).await.unwrap();
    assert_eq!(device.push(1).await.unwrap().watermark, 1);
    enroll(&headquarters, "T-09").await;
}

/// More than one address may ask at once without a token.
const FLOOD: usize = 5_000;

#[tokio::test]
async fn strangers_at_an_address_keep_no_terminal_from_its_next_session() {
    let (headquarters, mut device) = enrolled().await;
    let mut flood = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let device = Device::new(&headquarters.url());
        flood.spawn(async move {
            let mut last = 0;
            for _ in 0..FLOOD / 20 {
                last = device.stranger("token").body("[").send().await.unwrap().status().as_u16();
            }
            last
        });
    }
    let last = flood.join_all().await;
    assert!(last.contains(&429), "the address has had its share: {last:?}");
    let assertion = || device.assertion(kart_wire::AUDIENCE, jiff::Timestamp::now().as_second());
    // With the token that it had it is no stranger, and gets the next one.
    let answer = device.request("token").json(&assertion()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    device.token = answer.json::<kart_wire::Token>().await.unwrap().token;
    device.hello().await.unwrap();
    assert_eq!(device.push(1).await.unwrap().watermark, 1);
}

#[tokio::test]
async fn sessions_that_are_made_up_fill_no_audit() {
    let (headquarters, device) = enrolled().await;
    for n in 0..5 {
        let session = uuid::Uuid::new_v4();
        let sessions = vec![PastSession { session, watermark: n, cursor: None }];
        let hello = Hello { sessions, ..device.greeting() };
        device.post::<kart_wire::Welcome>("hello", &hello).await.unwrap();
    }
    let noted = "SELECT count(*) FROM edge.audit WHERE action = 'headquarters restored'";
    assert_eq!(headquarters.number(noted).await.unwrap(), 1);
}

#[tokio::test]
async fn a_nul_in_a_reason_keeps_nothing_else_waiting() {
    let (headquarters, mut device) = enrolled().await;
    device.lines.push(r#"{"seq":2,"fact":{"of_the\u0000future":{}}}"#.into());
    let unknown = device.append(batch("BR/BR-99"));
    let waiting = device.push(1).await.unwrap().quarantined;
    assert_eq!(waiting.iter().map(|one| one.seq).collect::<Vec<_>>(), [2, unknown]);

    let (_folder, file) = edited_site("code = \"BR-60\"", "code = \"BR-99\"");
    headquarters.apply_site(&file).await.unwrap();
    assert_eq!(headquarters.number("SELECT count(*) FROM oee_batch_details").await.unwrap(), 1);
    let Pulled::Snapshot { quarantined, .. } = device.pull(None, 0).await.unwrap() else {
        panic!("nothing was pulled before")
    };
    assert_eq!((quarantined.len(), quarantined[0].seq), (1, 2));
    let tried = "SELECT attempts FROM edge.quarantine WHERE seq = 2";
    assert!(headquarters.number(tried).await.unwrap() > 1);
}

#[tokio::test]
async fn a_clock_that_was_set_back_locks_nobody_out() {
    let (headquarters, mut device) = enrolled().await;
    let ahead = "UPDATE edge.sessions SET started_at = started_at + interval '1 day'";
    headquarters.sql(ahead, &[]).await.unwrap();
    device.hello().await.unwrap();
    assert_eq!(device.push(1).await.unwrap().watermark, 1);
}

#[tokio::test]
async fn a_terminal_enrolled_by_mistake_is_enrolled_again() {
    let (headquarters, mut device) = enrolled().await;
    let corrected = headquarters.enrollment_code("T-08").await.unwrap();
    assert_eq!(device.enroll(&corrected).await.unwrap().terminal_code, "T-08");
    assert_eq!(code_of(device.hello().await), refusal(401, code::UNAUTHORIZED));
    device.sign_in().await.unwrap();
    device.hello().await.unwrap();
    assert_eq!(device.push(1).await.unwrap().watermark, 1);
    enroll(&headquarters, "T-07").await;

    let late = headquarters.enrollment_code("T-09").await.unwrap();
    assert_eq!(code_of(device.enroll(&late).await), refusal(403, code::BAD_CODE));
}

#[tokio::test]
async fn two_terminals_may_open_one_record_at_once() {
    let (headquarters, mut device) = enrolled().await;
    let mut other = enroll(&headquarters, "T-08").await;
    let theirs = other.append(batch("BR/BR-40"));
    other.push(1).await.unwrap();
    device.push(1).await.unwrap();
    // Of another number: the same batch at the same station would become theirs.
    let mut second = batch("BR/BR-40");
    if let Body::BatchStarted(started) = &mut second {
        started.number = "B-2".into();
    }
    let ours = device.append(second);
    let open = format!(
        "BEGIN; INSERT INTO edge.records
             (organization_id, record_id, site_id, kind, fold_version, state)
         SELECT organization_id, '{}', site_id, kind, fold_version, state
         FROM edge.records WHERE record_id = '{}'",
        device.origin().record(ours),
        other.origin().record(theirs)
    );
    let (client, connection) =
        tokio_postgres::connect(headquarters.database(), NoTls).await.unwrap();
    let race = async {
        client.batch_execute(&open).await.unwrap();
        let (pushed, ()) = tokio::join!(device.push(2), async {
            kart_tests::wait::wait_for("the push to meet the other", LIMIT, async || {
                let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
                let waiting = headquarters.number(waits).await.unwrap();
                if waiting == 1 { Ok(()) } else { Err(waiting) }
            })
            .await;
            client.batch_execute("COMMIT").await.unwrap();
        });
        pushed.unwrap()
    };
    let pushed = tokio::select! {
        pushed = race => pushed,
        ended = connection => panic!("the connection ended: {ended:?}"),
    };
    assert_eq!((pushed.watermark, pushed.quarantined), (2, vec![]));
    assert!(headquarters.cluster.log().contains("records_pkey"), "they did meet");
}

#[tokio::test]
async fn a_long_name_of_a_text_is_a_bad_text() {
    let (headquarters, mut device) = enrolled().await;
    let field = "x".repeat(8 * 1024);
    device
        .lines
        .push(format!(r#"{{"seq":2,"fact":{{"of_the_future":{{"{field}":"promised"}}}}}}"#));
    let text = kart_wire::TextLine { seq: 2, field, salt: String::new(), text: None };
    let pushed = device.push_with(1, &[text]).await.unwrap();
    assert_eq!(pushed.watermark, 2);
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.fact_texts").await.unwrap(), 0);
}

#[tokio::test]
async fn one_terminal_in_a_hurry_is_told_to_wait_and_others_are_not() {
    let (headquarters, device) = enrolled().await;
    let other = enroll(&headquarters, "T-08").await;
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..600 {
        let request = device.request("hello").body("[");
        answers.spawn(async move { request.send().await.unwrap() });
    }
    let answers = answers.join_all().await;
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status().as_u16() == 429).collect();
    assert!(busy.len() > 100, "{} of 600 were told to wait", busy.len());
    assert!(busy.iter().all(|answer| answer.headers().contains_key("retry-after")));
    let status = Status { at_us: 0, backlog: 0, machines: serde_json::json!([]) };
    other.post::<Option<()>>("status", &status).await.unwrap();
}

#[tokio::test]
async fn a_deep_message_is_not_parsed() {
    let (_headquarters, device) = enrolled().await;
    let deep = format!("{{\"sessions\":{}", "[".repeat(100_000));
    let answer = device.request("hello").body(deep).send().await.unwrap();
    let said = (answer.status().as_u16(), answer.text().await.unwrap());
    assert!(said.0 == 400 && said.1.contains("nested too deep"), "{said:?}");
}

#[tokio::test]
async fn thousands_of_idle_connections_cost_little_and_are_hung_up_on() {
    const MOST: usize = 5_000;
    let (mut headquarters, mut device) = enrolled().await;
    let address = device.url.trim_start_matches("http://").to_owned();
    let before = headquarters.gateway().unwrap().resident_kib().unwrap();
    let mut idle = Vec::new();
    // Half of them say something and never end it.
    while idle.len() < MOST {
        let Ok(mut stream) = TcpStream::connect(&address).await else { break };
        if idle.len() % 2 == 0 {
            stream.write_all(b"POST /v1/push HTTP/1.1\r\nhost:").await.unwrap();
        }
        idle.push(stream);
    }
    let opened = idle.len();
    assert!(opened >= 500, "only {opened} connections could be opened here");
    let during = headquarters.gateway().unwrap().resident_kib().unwrap();
    device.sign_in().await.unwrap();
    device.hello().await.unwrap();
    assert_eq!(device.push(1).await.unwrap().watermark, 1, "a terminal is served meanwhile");
    let each = during.saturating_sub(before) / opened as u64;
    #[expect(clippy::print_stderr, reason = "the figure is what the test is for")]
    {
        eprintln!(
            "idle connections: {opened}, memory {before} KiB before, {during} KiB with them, {each} KiB each"
        );
    }
    assert!(each < 64, "{each} KiB for each connection");
    // The first one was opened first; whoever says nothing is hung up on.
    let mut rest = [0; 1024];
    let mut first = idle.swap_remove(0);
    let hung_up = async { while first.read(&mut rest).await.is_ok_and(|read| read > 0) {} };
    tokio::time::timeout(LIMIT, hung_up).await.unwrap();
}

#[tokio::test]
async fn beyond_the_places_a_connection_is_hung_up_on_at_once() {
    let headquarters =
        kart_tests::world::headquarters::Headquarters::start(&super::demo_site()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("headquarters.toml");
    let text = format!("most_connections = 4\n[database]\nurl = '{}'\n", headquarters.login());
    std::fs::write(&config, text).unwrap();
    let gateway = kart_tests::world::gateway::Gateway::start(&headquarters.login(), Some(&config))
        .await
        .unwrap();
    let mut places = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: hq\r\n\r\n").await.unwrap();
        let mut status = [0; 12];
        tokio::time::timeout(LIMIT, stream.read_exact(&mut status)).await.unwrap().unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
        places.push(stream);
    }
    let mut further = TcpStream::connect(gateway.address()).await.unwrap();
    let read = tokio::time::timeout(LIMIT / 6, further.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(read, Ok(0) | Err(_)), "it was served");
}
