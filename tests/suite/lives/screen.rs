//! What the people at a terminal see of all this: a new life looks like the one before, and what is going on is said.

use kart_api::View;
use kart_core::fact::{Body, Draft, Hash};
use kart_core::time::{Boot, Micros, Stamp};
use kart_tests::world::gateway::Gateway;
use serde_json::json;
use uuid::Uuid;

use super::*;

/// What people go on working with: who is here, what runs, how many parts, what waits for a reason.
fn floor(view: &View) -> Value {
    let machines = view.machines.iter().map(|machine| {
        json!({
            "code": machine.code,
            "state": machine.state,
            "good": machine.good,
            "scrap": machine.scrap,
            "batch": machine.batch,
        })
    });
    json!({
        "machines": machines.collect::<Vec<_>>(),
        "people": view.people,
        "stops": view.stops,
    })
}

async fn snapshot(world: &World) -> View {
    world.client().unwrap().snapshot().await.unwrap()
}

#[tokio::test]
async fn a_new_life_shows_what_the_one_before_showed() {
    let _turn = turn().await;
    let mut world = world().await;
    let former = incarnation(&world.terminal);
    let mut anna = Operator::new(world.client().unwrap(), "1001");
    anna.clock_in(STATION).await.unwrap();
    world.terminal.confirmed().await.unwrap();
    world.terminal.stop().await.unwrap();
    let saved = tempfile::tempdir().unwrap();
    copy(&world.terminal.data(), saved.path());
    world.terminal.start().await.unwrap();
    anna.start_batch(PRESS, PRODUCT).await.unwrap();
    let mut bert = Operator::new(world.client().unwrap(), "1002");
    bert.clock_in(STATION).await.unwrap();
    parts(&mut world, 6).await;
    world.rest().await.unwrap();
    // A start of its own tells of itself; that is not what is compared.
    world.terminal.stop().await.unwrap();
    world.terminal.start().await.unwrap();
    world.settled().await.unwrap();
    let before = snapshot(&world).await;

    world.terminal.stop().await.unwrap();
    put_back(&world.terminal, saved.path());
    world.terminal.start().await.unwrap();
    renewed(&world.terminal, &former).await;
    world.settled().await.unwrap();
    wait_for("the same screen", LIMIT, async || {
        let (before, after) = (floor(&before), floor(&snapshot(&world).await));
        if after == before { Ok(()) } else { Err(format!("{after:#}\ninstead of {before:#}")) }
    })
    .await;
    assert_eq!(before.people.len(), 2);
    let machine = before.machines.first().unwrap();
    assert!(machine.good >= 6 && machine.batch.is_some(), "{machine:?}");
}

#[tokio::test]
async fn a_damaged_log_is_said_until_headquarters_has_confirmed_what_follows() {
    let _turn = turn().await;
    let mut world = world().await;
    let former = incarnation(&world.terminal);
    parts(&mut world, 2).await;
    world.terminal.confirmed().await.unwrap();
    assert_eq!(snapshot(&world).await.sync.damage, None);
    world.terminal.stop().await.unwrap();
    world.headquarters.as_mut().unwrap().stop().await.unwrap();
    damage(&world.terminal);
    for _ in 0..2 {
        world.terminal.start().await.unwrap();
        let damage = wait_for("a screen that says so", LIMIT, async || {
            snapshot(&world).await.sync.damage.ok_or("nothing is said")
        });
        let damage = damage.await;
        assert_eq!(damage.file, format!("facts-{former}.db"));
        assert!(world.terminal.data().join(&damage.file).exists());
        world.terminal.stop().await.unwrap();
    }
    world.terminal.start().await.unwrap();
    world.headquarters.as_mut().unwrap().start_again().await.unwrap();
    renewed(&world.terminal, &former).await;
    wait_for("a screen that says no more", LIMIT, async || {
        match snapshot(&world).await.sync.damage {
            None => Ok(()),
            Some(damage) => Err(format!("{damage:?}")),
        }
    })
    .await;
}

/// Facts that this terminal has no more, as if it had been put back to before them.
async fn more_facts(world: &World, more: i64) {
    let headquarters = world.headquarters.as_ref().unwrap();
    let row = "SELECT terminal_id, incarnation, watermark, head_hash FROM edge.terminals";
    let row = headquarters.sql(row, &[]).await.unwrap().remove(0);
    let (id, life, watermark): (Uuid, String, i64) = (row.get(0), row.get(1), row.get(2));
    let mut hash = Hash(row.get::<_, &[u8]>(3).try_into().unwrap());
    let mut rows: (Vec<i64>, Vec<String>, Vec<Vec<u8>>) = Default::default();
    for seq in watermark + 1..=watermark + more {
        let at = Stamp { wall_us: Micros(1), mono_us: 1 };
        let body = Body::Started { version: "1".into(), map: "m".into() };
        let boot = Boot("b".into());
        let draft = Draft { at, boot, by: None, key: None, body, texts: vec![] };
        let line = draft.prepare().unwrap().seal(seq.try_into().unwrap()).1;
        hash = hash.after(line.as_bytes());
        rows.0.push(seq);
        rows.1.push(line);
        rows.2.push(hash.0.to_vec());
    }
    let insert = "INSERT INTO edge.inbox
             (organization_id, terminal_id, incarnation, seq, kind, line, hash)
         SELECT 'cedar-works', $1, $2, f.seq, 'started', convert_to(f.line, 'UTF8'), f.hash
         FROM unnest($3::bigint[], $4::text[], $5::bytea[]) AS f(seq, line, hash)";
    headquarters.sql(insert, &[&id, &life, &rows.0, &rows.1, &rows.2]).await.unwrap();
    let end = "UPDATE edge.terminals SET watermark = $2, head_hash = $3 WHERE terminal_id = $1";
    headquarters.sql(end, &[&id, &(watermark + more), &hash.0.as_slice()]).await.unwrap();
}

#[tokio::test]
async fn a_terminal_goes_on_asking_while_headquarters_reads_a_long_life() {
    let _turn = turn().await;
    let (mut world, former) = stopped().await;
    more_facts(&world, 7_000).await;
    let headquarters = world.headquarters.as_mut().unwrap();
    headquarters.stop().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("headquarters.toml");
    std::fs::write(&config, "replay_limit_ms = 0\n").unwrap();
    let listen = headquarters.url().trim_start_matches("http://").parse().unwrap();
    let gateway =
        Gateway::start_at(&headquarters.login(), Some(&config), listen, &[]).await.unwrap();

    world.terminal.start().await.unwrap();
    let client = world.client().unwrap();
    wait_for("a terminal that says what it waits for", LIMIT, async || {
        match link(&client).await? {
            HqLink::Preparing { progress } if progress.contains("facts of the former life") => {
                Ok(())
            },
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    renewed(&world.terminal, &former).await;
    let held = "SELECT watermark FROM edge.lives";
    assert!(number(&world, held).await > 7_000);
    assert_eq!(
        number(&world, "SELECT count(*) FROM edge.lives").await,
        1,
        "one life was asked for"
    );
    world.rest().await.unwrap();
    drop(gateway);
}
