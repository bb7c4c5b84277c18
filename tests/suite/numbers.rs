//! Numbers of batches: lent in blocks, used within the fact, never used twice, never waited for.

use std::collections::BTreeSet;
use std::time::Duration;

use kart_api::{Answer, Client};
use kart_core::command::Command;
use kart_core::fact::{BatchStarted, Body};
use kart_core::id::{EquipmentId, ProductId, StationId, UserId, reference_id};
use kart_core::number::Leased;
use kart_tests::wait::wait_for;
use kart_tests::world::terminal::Terminal;
use tokio_postgres::NoTls;

use crate::headquarters::device::{Device, machine};
use crate::headquarters::enrolled;
use crate::office::{Office, ask, request, seen};
use crate::turn::turn;

const LIMIT: Duration = Duration::from_secs(30);

fn key(table: &str, code: &str) -> uuid::Uuid {
    reference_id("cedar-works", "cedar", table, code)
}

/// Somebody who starts and completes batches.
struct Crew {
    client: Client,
    user: UserId,
}

impl Crew {
    async fn at(terminal: &Terminal, badge: &str) -> Self {
        let station = StationId(key("ops_stations", "ST-21"));
        let command = Command::ClockIn { badge: badge.into(), station };
        let Answer::Saved(accepted) = ask(terminal, command, None).await else { panic!("{badge}") };
        Self { client: terminal.client().unwrap(), user: accepted.user.unwrap() }
    }

    /// Batches on three machines at once.
    async fn batches_of_all(&self, on_each: [usize; 3]) {
        let [a, b, c] = on_each;
        tokio::join!(
            self.batches("EQ-211", a),
            self.batches("EQ-212", b),
            self.batches("EQ-311", c)
        );
    }

    async fn batches(&self, machine: &str, count: usize) {
        for _ in 0..count {
            self.batch(machine, None).await;
        }
    }

    async fn batch(&self, machine: &str, number: Option<&str>) {
        {
            let equipment = EquipmentId(key("oee_equipment", machine));
            let start = Command::StartBatch {
                by: self.user,
                equipment,
                product: ProductId(key("ops_products", "BR/BR-40")),
                target: None,
                number: number.map(str::to_owned),
                work_order: None,
                detail: Default::default(),
            };
            let started = self.client.command(&request(start, None)).await.unwrap();
            let Answer::Saved(started) = started else { panic!("{started:?}") };
            let (by, batch) = (self.user, started.record);
            let complete = Command::CompleteBatch {
                by,
                batch,
                good: 1,
                scrap: 0,
                scrap_reason: None,
                detail: Default::default(),
            };
            let answer = self.client.command(&request(complete, None)).await.unwrap();
            assert!(matches!(answer, Answer::Saved(_)), "{answer:?}");
        }
    }
}

async fn leased(terminal: &Terminal) {
    let leases =
        |view: &kart_api::View| (!view.reference.as_ref()?.leases.is_empty()).then_some(());
    seen(terminal, "a block of numbers", leases).await;
}

/// The numbers at headquarters, as people read them.
async fn numbers(office: &Office) -> Vec<String> {
    let rows = office
        .headquarters
        .sql("SELECT batch_number FROM oee_batch_details ORDER BY created_at, batch_number", &[])
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn is_leased(number: &str) -> bool {
    let digits = number.strip_prefix("CED-").unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit())
}

#[tokio::test]
async fn two_terminals_never_give_the_same_number() {
    let _turn = turn().await;
    let office = Office::demo().await;
    let terminals = tokio::join!(
        office.terminal("T-07", |config| config),
        office.terminal("T-08", |config| config)
    );
    leased(&terminals.0).await;
    leased(&terminals.1).await;
    let crews = tokio::join!(Crew::at(&terminals.0, "1001"), Crew::at(&terminals.1, "1002"));
    let half = [167, 167, 166];
    tokio::join!(crews.0.batches_of_all(half), crews.1.batches_of_all(half));
    tokio::try_join!(terminals.0.confirmed(), terminals.1.confirmed()).unwrap();
    let all = numbers(&office).await;
    assert_eq!(all.len(), 1_000);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 1_000, "each number once");
    let out_of_leases = all.iter().filter(|number| is_leased(number)).count();
    let noted = "SELECT count(*) FROM edge.numbers_issued WHERE NOT clash";
    let noted = office.headquarters.number(noted).await.unwrap();
    assert_eq!(usize::try_from(noted), Ok(out_of_leases));
    let blocks = office.headquarters.number("SELECT count(*) FROM edge.number_leases").await;
    let blocks = blocks.unwrap();
    assert!(blocks > 2, "blocks are filled up while they are used: {blocks}");
    let in_hand = "SELECT max(n) FROM (SELECT count(*) AS n FROM edge.number_leases l
        WHERE l.last_number > (SELECT coalesce(max(i.number), 0) FROM edge.numbers_issued i
                               WHERE i.terminal_id = l.terminal_id)
        GROUP BY l.terminal_id) hand";
    assert!(office.headquarters.number(in_hand).await.unwrap() <= 2);
    #[expect(clippy::print_stderr, reason = "a figure of the run")]
    {
        eprintln!(
            "1,000 batches: {out_of_leases} numbers out of {blocks} blocks, the rest fallback"
        );
    }
}

#[tokio::test]
async fn a_terminal_without_headquarters_goes_on_with_numbers_of_its_own() {
    let _turn = turn().await;
    let mut office = Office::demo().await;
    let mut terminal = office.terminal("T-07", |config| config).await;
    leased(&terminal).await;
    terminal.confirmed().await.unwrap();
    office.headquarters.stop().await.unwrap();
    Crew::at(&terminal, "1001").await.batches("EQ-211", 30).await;
    // What was used stands in the facts: a restart uses none of it again.
    terminal.kill().unwrap();
    terminal.start().await.unwrap();
    Crew::at(&terminal, "1002").await.batches("EQ-211", 30).await;
    office.headquarters.start_again().await.unwrap();
    terminal.confirmed().await.unwrap();
    let all = numbers(&office).await;
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 60);
    let (out_of_lease, own): (Vec<&String>, Vec<&String>) =
        all.iter().partition(|number| is_leased(number));
    assert_eq!(out_of_lease.len(), 50, "the whole block, in order");
    assert!(own.iter().all(|number| number.starts_with("CED-T-07")), "{own:?}");

    // Both forms are found, the leased one also without its zeros.
    let place = ["--organization", "cedar-works", "--site", "cedar"];
    let find = async |number: &str| {
        office.hq(&[["number", "find"].as_slice(), &place, &[number]].concat()).await
    };
    let found = find("CED-17").await;
    assert!(found.contains("batch\tCED-000017\t") && found.contains("lent to T-07"), "{found}");
    assert_eq!(find("CED-000017").await, found);
    let found = find(own[0]).await;
    assert!(found.starts_with(&format!("batch\t{}\t", own[0])), "{found}");
    assert_eq!(find("CED-999999").await, "");

    // Headquarters gives each of its own numbers an official one, and both are found.
    let given = "SELECT provisional, official FROM edge.official_numbers ORDER BY number";
    let given = office.headquarters.sql(given, &[]).await.unwrap();
    let given: Vec<(String, String)> = given.iter().map(|row| (row.get(0), row.get(1))).collect();
    let provisional: BTreeSet<&String> = given.iter().map(|(own, _)| own).collect();
    assert_eq!(provisional, own.iter().copied().collect(), "each once, and no other");
    let official: BTreeSet<&String> = given.iter().map(|(_, official)| official).collect();
    assert_eq!(official.len(), 10);
    assert!(official.iter().all(|number| is_leased(number) && !all.contains(number)), "{given:?}");
    for (own, official) in &given[..2] {
        let (by_own, by_official) = (find(own).await, find(official).await);
        for found in [&by_own, &by_official] {
            assert!(found.contains(&format!("official\t{official} is {own}\t")), "{found}");
            assert!(found.contains(&format!("batch\t{own}\t")), "{found}");
        }
    }
    let lent = "SELECT count(*) FROM edge.number_leases l JOIN edge.official_numbers o
                ON o.prefix = l.prefix AND o.number BETWEEN l.first_number AND l.last_number";
    assert_eq!(office.headquarters.number(lent).await.unwrap(), 0, "nobody else gets it");
}

#[tokio::test]
async fn a_number_that_two_records_have_is_marked_and_both_stand() {
    let office = Office::demo().await;
    let terminal = office.terminal("T-07", |config| config).await;
    leased(&terminal).await;
    Crew::at(&terminal, "1001").await.batches("EQ-211", 1).await;
    terminal.confirmed().await.unwrap();
    // As if a copied log had used the next number already.
    let copied = "UPDATE edge.numbers_issued SET number = 2, record_id = gen_random_uuid()";
    office.headquarters.sql(copied, &[]).await.unwrap();
    Crew::at(&terminal, "1002").await.batches("EQ-211", 1).await;
    terminal.confirmed().await.unwrap();
    let marked = "SELECT count(*) FROM edge.numbers_issued i JOIN oee_batch_details d
                  ON d.event_id = i.record_id WHERE i.clash AND d.batch_number = 'CED-000002'";
    assert_eq!(office.headquarters.number(marked).await.unwrap(), 1);
    let audited = "SELECT count(*) FROM edge.audit WHERE action = 'number clash'";
    assert_eq!(office.headquarters.number(audited).await.unwrap(), 1);
}

/// Lends to a terminal as a gateway does.
async fn lend(url: &str, terminal: uuid::Uuid) {
    let (mut client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let work = async {
        let tx = client.transaction().await.unwrap();
        let site = key("oee_sites", "cedar");
        tx.batch_execute(&format!(
            "SET LOCAL ROLE kart_gateway;
             SELECT set_config('edge.organization', 'cedar-works', true),
                    set_config('edge.site', '{site}', true);
             SELECT FROM edge.terminals WHERE terminal_id = '{terminal}' FOR UPDATE"
        ))
        .await
        .unwrap();
        tx.execute("SELECT edge.lend_numbers($1, 'batch')", &[&terminal]).await.unwrap();
        tx.commit().await.unwrap();
    };
    tokio::select! {
        () = work => {},
        ended = connection => panic!("the connection ended: {ended:?}"),
    }
}

#[tokio::test]
async fn gateways_that_lend_at_once_lend_different_numbers() {
    let office = Office::demo().await;
    let terminals: Vec<uuid::Uuid> = (0..8).map(|_| uuid::Uuid::new_v4()).collect();
    let site = key("oee_sites", "cedar");
    for (n, terminal) in terminals.iter().enumerate() {
        let insert = format!(
            "INSERT INTO edge.terminals (organization_id, terminal_id, site_id, code, incarnation, public_key)
             VALUES ('cedar-works', '{terminal}', '{site}', 'X-{n}', '00000000000000a{n}', sha256('{n}'))"
        );
        office.headquarters.sql(&insert, &[]).await.unwrap();
    }
    let url = office.headquarters.cluster.url("kartorium", "kart_hq");
    let mut lending = tokio::task::JoinSet::new();
    for terminal in terminals.iter().chain(&terminals) {
        let (url, terminal) = (url.clone(), *terminal);
        lending.spawn(async move { lend(&url, terminal).await });
    }
    let all = tokio::time::timeout(Duration::from_secs(30), lending.join_all()).await.unwrap();
    assert_eq!(all.len(), 16);
    let blocks = "SELECT count(*) FROM edge.number_leases";
    assert_eq!(office.headquarters.number(blocks).await.unwrap(), 8, "one each: none was used");
    let overlaps = "SELECT count(*) FROM edge.number_leases a JOIN edge.number_leases b
        ON a.first_number < b.first_number AND b.first_number <= a.last_number";
    assert_eq!(office.headquarters.number(overlaps).await.unwrap(), 0);
    // Another life has nothing in hand: what its former one holds is dead.
    let renewed = format!(
        "UPDATE edge.terminals SET incarnation = 'ffffffffffffffff' WHERE terminal_id = '{}'",
        terminals[0]
    );
    office.headquarters.sql(&renewed, &[]).await.unwrap();
    lend(&url, terminals[0]).await;
    let new = "SELECT first_number FROM edge.number_leases WHERE incarnation = 'ffffffffffffffff'";
    assert_eq!(office.headquarters.number(new).await.unwrap(), 8 * 50 + 1);
    let others = office.headquarters.number("SELECT next_number FROM organization_prefixes").await;
    assert_eq!(others.unwrap(), 9 * 50 + 1);
}

#[tokio::test]
async fn numbers_that_somebody_typed_are_not_given_again() {
    let _turn = turn().await;
    let office = Office::demo().await;
    let mut terminal = office.terminal("T-07", |config| config).await;
    leased(&terminal).await;
    let crew = Crew::at(&terminal, "1001").await;
    crew.batches("EQ-211", 1).await;
    for typed in ["CED-000003", "CED-4", "ORDER-7"] {
        crew.batch("EQ-211", Some(typed)).await;
    }
    crew.batches("EQ-211", 1).await;
    // What was typed stands in the facts: a restart forgets none of it.
    terminal.kill().unwrap();
    terminal.start().await.unwrap();
    crew.batches("EQ-211", 2).await;
    terminal.confirmed().await.unwrap();
    let mut all = numbers(&office).await;
    all.sort();
    let expected =
        ["CED-000001", "CED-000002", "CED-000003", "CED-000005", "CED-000006", "CED-4", "ORDER-7"];
    assert_eq!(all, expected);

    // A job gets its number at headquarters, in the same way.
    let prefix = "INSERT INTO organization_prefixes (organization_id, entity_type, prefix, padding)
                  VALUES ('cedar-works', 'job', 'J-', 3)";
    office.headquarters.sql(prefix, &[]).await.unwrap();
    let station = key("ops_stations", "ST-21");
    let product = key("ops_products", "BR/BR-40");
    let user = key("users", "1001");
    for typed in [Some("J-002"), None, None] {
        let post = "SELECT post_ops_job('cedar-works', $1, $2, $3, $4)";
        office.headquarters.sql(post, &[&station, &product, &user, &typed]).await.unwrap();
    }
    let jobs = "SELECT string_agg(job_number, ' ' ORDER BY job_number) FROM ops_jobs";
    let jobs: String = office.headquarters.sql(jobs, &[]).await.unwrap()[0].get(0);
    assert_eq!(jobs, "J-001 J-002 J-003");
}

#[tokio::test]
async fn what_somebody_typed_at_another_terminal_is_passed_over() {
    let _turn = turn().await;
    let office = Office::demo().await;
    let first = office.terminal("T-07", |config| config).await;
    leased(&first).await;
    let second = office.terminal("T-08", |config| config).await;
    leased(&second).await;
    let crews = tokio::join!(Crew::at(&first, "1001"), Crew::at(&second, "1002"));
    // Two of the block of the first, and one of a block that nobody has yet.
    for typed in ["CED-000002", "CED-3", "CED-000101"] {
        crews.1.batch("EQ-212", Some(typed)).await;
    }
    second.confirmed().await.unwrap();
    let heard = |view: &kart_api::View| {
        let leases = &view.reference.as_ref()?.leases;
        leases.iter().any(|lease| lease.taken == [2, 3].into()).then_some(())
    };
    seen(&first, "what was typed elsewhere", heard).await;
    crews.0.batches("EQ-211", 2).await;
    first.confirmed().await.unwrap();
    let all = numbers(&office).await;
    assert!(
        all.contains(&"CED-000001".to_owned()) && all.contains(&"CED-000004".to_owned()),
        "{all:?}"
    );
    // The block is lent with what was typed before.
    crews.0.batches("EQ-211", 30).await;
    first.confirmed().await.unwrap();
    let taken =
        "SELECT count(*) FROM edge.number_leases WHERE first_number = 101 AND taken = '{101}'";
    assert_eq!(office.headquarters.number(taken).await.unwrap(), 1);
    let clashes = "SELECT count(*) FROM edge.numbers_issued WHERE clash";
    assert_eq!(office.headquarters.number(clashes).await.unwrap(), 0);
}

#[tokio::test]
async fn a_push_that_waits_for_a_record_keeps_nobody_from_a_prefix() {
    let (headquarters, mut device) = enrolled().await;
    let prefix = "INSERT INTO organization_prefixes (organization_id, entity_type, prefix)
                  VALUES ('cedar-works', 'batch', 'ZZ')";
    headquarters.sql(prefix, &[]).await.unwrap();
    let station = StationId(key("ops_stations", "ST-21"));
    let user = UserId(key("users", "1001"));
    device.append(Body::ClockedIn { user, station });
    device.push(1).await.unwrap();
    let entry = device.origin().record(2);
    device.append(Body::ClockedOut { user, entry });
    let from = Device::stamp(device.lines.len() as u64 + 1);
    device.append(Body::BatchStarted(BatchStarted {
        equipment: machine("EQ-211"),
        station: Some(station),
        product: ProductId(key("ops_products", "BR/BR-40")),
        number: "ZZ-000003".into(),
        work_order: None,
        target: None,
        lease: None,
        special: Default::default(),
        from,
        operators: vec![],
    }));
    // Another push is at the record, and will want a number.
    let (mut other, connection) =
        tokio_postgres::connect(headquarters.database(), NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let tx = other.transaction().await.unwrap();
    let record = "SELECT FROM edge.records WHERE record_id = $1 FOR UPDATE";
    assert_eq!(tx.execute(record, &[&entry.0]).await.unwrap(), 1);
    let prefixes = async {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        wait_for("the push to wait", LIMIT, async || {
            match headquarters.number(waits).await.unwrap() {
                0 => Err("not yet"),
                _ => Ok(()),
            }
        })
        .await;
        let all = "SELECT FROM organization_prefixes FOR NO KEY UPDATE NOWAIT";
        let locked = tx.execute(all, &[]).await;
        tx.commit().await.ok();
        locked
    };
    let (pushed, locked) = tokio::join!(device.push(1), prefixes);
    assert!(locked.unwrap() > 0, "nobody who waits for a record holds a prefix");
    assert_eq!(pushed.unwrap().quarantined, []);
    let typed = "SELECT count(*) FROM edge.numbers_typed WHERE (prefix, number) = ('ZZ', 3)";
    assert_eq!(headquarters.number(typed).await.unwrap(), 1);
    connection.abort();
}

#[tokio::test]
async fn a_prefix_that_no_lease_has_stops_no_push() {
    let (headquarters, mut device) = enrolled().await;
    for (n, prefix) in ["C\0H", "C\nH", "C\u{1b}[2J", "CH"].into_iter().enumerate() {
        let lease = Some(Leased { prefix: prefix.to_owned(), number: 1 });
        device.append(Body::BatchStarted(BatchStarted {
            equipment: machine("EQ-211"),
            station: Some(StationId(key("ops_stations", "ST-21"))),
            product: ProductId(key("ops_products", "BR/BR-40")),
            number: format!("CH-{n}"),
            work_order: None,
            target: None,
            lease,
            special: Default::default(),
            from: Device::stamp(device.lines.len() as u64 + 1),
            operators: vec![],
        }));
    }
    let pushed = device.push(1).await.unwrap();
    assert_eq!(pushed.watermark, 5, "all of them are stored");
    let noted = "SELECT count(*) FROM edge.numbers_issued WHERE prefix = 'CH' AND NOT clash";
    assert_eq!(headquarters.number(noted).await.unwrap(), 1);
    assert_eq!(headquarters.number("SELECT count(*) FROM edge.numbers_issued").await.unwrap(), 1);
    let refused: Vec<&str> = pushed.quarantined.iter().map(|held| held.code.as_str()).collect();
    assert!(refused.iter().all(|code| *code == "refused"), "{refused:?}");
    let applied = headquarters.number("SELECT count(*) FROM oee_batch_details").await.unwrap();
    assert_eq!(usize::try_from(applied).unwrap() + refused.len(), 4);
}
