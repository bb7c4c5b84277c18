//! The chain of facts, checked by a program that shares no line of code with the product: it accepts what is in order
//! and finds what was altered.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kart_tests::child::Child;
use kart_tests::operator::Operator;
use kart_tests::programs::repository;
use kart_tests::world::{World, WorldOptions};
use rusqlite::{Connection, OpenFlags};

use crate::turn::turn;

const LIMIT: Duration = Duration::from_secs(30);
const STATION: &str = "ST-21";

/// What `tests/verify_chain.py` says, as an error when it ends with 1.
pub(crate) async fn verified(arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("/usr/bin/python3");
    command.arg(repository().join("tests/verify_chain.py")).args(arguments);
    let mut verifier = Child::spawn(&mut command).unwrap();
    let status = verifier.end(LIMIT).await.unwrap();
    match status.code() {
        Some(0) => Ok(verifier.stdout()),
        Some(1) => Err(verifier.stderr()),
        _ => panic!("{status}\n{}", verifier.tail()),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A copy of the log with something done to it that its constraints would allow anybody who can write the file.
fn altered(log: &Connection, folder: &Path, name: &str, statements: &str) -> PathBuf {
    let path = folder.join(format!("{name}.db"));
    log.execute("VACUUM INTO ?1", [text(&path)]).unwrap();
    let copy = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    copy.execute_batch(statements).unwrap();
    path
}

#[tokio::test]
async fn golden_vectors_are_in_order_and_an_altered_one_is_found() {
    let vectors = repository().join("daemon/core/vectors/chain-v1.json");
    let said = verified(&[text(&vectors)]).await.unwrap();
    assert!(said.contains(" facts and "), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("altered.json");
    let right = std::fs::read_to_string(&vectors).unwrap();
    for (from, to, sentence) in [
        ("\\\"quantity\\\":15", "\\\"quantity\\\":16", "the hash of fact 6 does not follow"),
        ("belt torn", "belt worn", "the commitment of text 'comment' of fact 9"),
        ("\"format\": 1", "\"format\": 2", "format 2"),
    ] {
        assert!(right.contains(from), "{from}");
        std::fs::write(&path, right.replacen(from, to, 1)).unwrap();
        let said = verified(&[text(&path)]).await.unwrap_err();
        assert!(said.contains(sentence), "{said}");
    }
}

/// A terminal that has recorded one small shift, at rest.
async fn recorded() -> World {
    let options = WorldOptions {
        presses: 1,
        packers: 0,
        headquarters: false,
        stops: false,
        ..WorldOptions::default()
    };
    let mut world = World::start(&options).await.unwrap();
    let mut operator = Operator::new(world.client().unwrap(), "1001");
    operator.clock_in(STATION).await.unwrap();
    operator.start_batch("EQ-211", "BR-40").await.unwrap();
    world.go().await.unwrap();
    world.plant.stop("EQ-211", "fault").await.unwrap();
    operator.explain_next_stop().await.unwrap();
    world.plant.run("EQ-211").await.unwrap();
    world.rest().await.unwrap();
    operator.complete_batch("EQ-211").await.unwrap();
    operator.clock_out().await.unwrap();
    world
}

#[tokio::test]
async fn a_log_of_a_real_terminal_is_in_order_and_an_altered_one_is_found() {
    let _turn = turn().await;
    let mut world = recorded().await;
    let head = world.client().unwrap().health().await.unwrap().head_hash;

    let file = world.terminal.data().join("facts.db");
    let said = verified(&["--db", text(&file), "--head", &head]).await.unwrap();
    assert!(said.contains("and 1 texts in order"), "one comment: {said}");
    world.terminal.stop().await.unwrap();
    let log = world.terminal.facts().unwrap();
    let count: i64 = log.query_row("SELECT max(seq) FROM facts", [], |row| row.get(0)).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let middle = count / 2;
    let cases = [
        (
            "edited",
            format!(
                "UPDATE facts SET line = replace(line, 'wall_us', 'wall_µs') WHERE seq = {middle}"
            ),
            format!("the hash of fact {middle} does not follow"),
        ),
        (
            "deleted",
            format!("DELETE FROM fact_texts; DELETE FROM facts WHERE seq = {middle}"),
            format!("fact {middle} is missing"),
        ),
        (
            "swapped",
            format!(
                "UPDATE facts SET seq = -1 WHERE seq = {middle};
                 UPDATE facts SET seq = {middle} WHERE seq = {middle} + 1;
                 UPDATE facts SET seq = {middle} + 1 WHERE seq = -1"
            ),
            format!("the hash of fact {middle} does not follow"),
        ),
        (
            "reworded",
            "UPDATE fact_texts SET text = text || ' by another'".to_owned(),
            "is not the one that its line commits to".to_owned(),
        ),
        ("cut", format!("DELETE FROM facts WHERE seq = {count}"), "the log ends with ".to_owned()),
    ];
    for (name, statements, sentence) in cases {
        let path = altered(&log, folder.path(), name, &statements);
        let said = verified(&["--db", text(&path), "--head", &head]).await;
        let said = said.expect_err(name);
        assert!(said.contains(&sentence), "{name}: {said}");
    }

    let erased = altered(&log, folder.path(), "erased", "UPDATE fact_texts SET text = NULL");
    let said = verified(&["--db", text(&erased)]).await.unwrap();
    assert!(said.contains("and 0 texts in order"), "an erased text leaves the chain whole: {said}");
}
