//! Another map for a terminal that runs: what goes on, what begins anew, and what is refused.

use kart_core::fact::Body;
use kart_core::id::RecordId;
use kart_tests::operator::Confirmed;
use kart_tests::world::{World, WorldOptions};
use toml::{Table, Value};

use super::*;
use crate::office::seen;
use crate::turn::seed;

/// The bodies of all facts of one kind.
fn facts(terminal: &Terminal, kind: &str) -> Vec<Body> {
    let log = terminal.facts().unwrap();
    let mut lines = log.prepare("SELECT line FROM facts WHERE line LIKE ?1 ORDER BY seq").unwrap();
    let lines = lines.query_map([format!("%\"{kind}\"%")], |row| row.get::<_, String>(0)).unwrap();
    let fact = |line: String| serde_json::from_str::<kart_core::fact::Fact>(&line).unwrap().fact;
    lines.map(|line| fact(line.unwrap())).collect()
}

fn machine(file: &mut Table, n: usize) -> &mut Table {
    file["machine"].as_array_mut().unwrap()[n].as_table_mut().unwrap()
}

fn set_in(list: &mut Table, name: &str, key: &str, value: &Value) {
    for entry in list[name].as_array_mut().unwrap() {
        entry.as_table_mut().unwrap().insert(key.to_owned(), value.clone());
    }
}

/// Three maps in a row, no counter begun anew, and the stop ended by the last map; gives that map.
fn the_log_says_so(terminal: &Terminal, stop: RecordId) -> String {
    let applied = facts(terminal, "map_applied");
    let chain: Vec<(&str, &str)> = applied
        .iter()
        .filter_map(|body| match body {
            Body::MapApplied(applied) => Some((&*applied.from, &*applied.to)),
            _ => None,
        })
        .collect();
    assert_eq!(chain.len(), 3);
    assert!(chain.windows(2).all(|pair| pair[0].1 == pair[1].0), "{chain:?}");
    let bases = facts(terminal, "counted");
    let bases = bases.iter().filter(
        |body| matches!(body, Body::Counted(c) if c.verdict == kart_core::counter::Verdict::Base),
    );
    assert_eq!(bases.count(), 4, "two presses, good and scrap, once each");
    let states = facts(terminal, "state_changed");
    let ended = states.iter().find_map(|body| match body {
        Body::StateChanged { ends: Some(ends), map, rule, .. } if *ends == stop => {
            Some((&**map, &**rule))
        },
        _ => None,
    });
    assert_eq!(ended, Some((chain[2].1, "running")), "what follows has the new map");
    chain[2].1.to_owned()
}

#[tokio::test]
async fn another_map_loses_no_part_and_ends_no_stop() {
    let _turn = turn().await;
    let options = WorldOptions {
        presses: 2,
        packers: 0,
        headquarters: false,
        stops: false,
        seed: seed("commissioning::another_map", 3),
        ..WorldOptions::default()
    };
    let mut world = World::start(&options).await.unwrap();
    let client = world.client().unwrap();
    world.go().await.unwrap();
    world.terminal.shown("parts", |machine| (machine.good > 3).then_some(())).await.unwrap();
    // The second press stands still while its map is changed three times.
    world.plant.stop("EQ-212", "fault").await.unwrap();
    let stop = seen(&world.terminal, "the stop", |view| view.stops.first().map(|stop| stop.id));
    let stop = stop.await;
    let before = std::fs::read_to_string(world.terminal.config()).unwrap();
    let mut file: Table = before.parse().unwrap();
    for (round, interval) in [100, 150, 250].into_iter().enumerate() {
        let good = world.terminal.shown("its parts", |machine| Some(machine.good)).await.unwrap();
        // The first press is read as before; of the second one, rules and rhythm are others.
        set_in(machine(&mut file, 1), "signal", "interval_ms", &Value::Integer(interval));
        set_in(machine(&mut file, 1), "rule", "hold_ms", &Value::Integer(interval * 2));
        if round == 2 {
            set_in(machine(&mut file, 0), "signal", "interval_ms", &Value::Integer(interval));
        }
        let (output, path) = apply(&world.terminal, &toml::to_string(&file).unwrap(), &[]);
        let text = said(&output);
        assert!(output.status.success() && text.contains("in force: map "), "{text}");
        assert_eq!(text.contains("go on as they are: modbus"), round < 2, "{text}");
        assert!(!text.contains("counters that begin anew"), "{text}");
        let now = std::fs::read_to_string(world.terminal.config()).unwrap();
        assert_eq!(now, std::fs::read_to_string(path).unwrap());
        let more = |machine: &kart_api::Machine| (machine.good > good + 3).then_some(());
        world.terminal.shown("more parts", more).await.unwrap();
    }
    let view = client.snapshot().await.unwrap();
    assert_eq!(
        view.stops.iter().map(|open| (open.id, open.until_us)).collect::<Vec<_>>(),
        [(stop, None)]
    );
    world.plant.run("EQ-212").await.unwrap();
    let totals = world.rest().await.unwrap();
    let accounts = world.accounts(&totals, &Confirmed::default()).await.unwrap();
    for parts in &accounts.parts {
        assert_eq!(Some(parts.sqlite), i64::try_from(parts.plant).ok(), "{parts:?}");
    }

    let to = the_log_says_so(&world.terminal, stop);
    // A restart has the same map.
    world.terminal.stop().await.unwrap();
    world.terminal.start().await.unwrap();
    let started = facts(&world.terminal, "started");
    assert!(matches!(started.last(), Some(Body::Started { map, .. }) if *map == to), "{started:?}");
}

#[tokio::test]
async fn a_counter_that_moved_begins_anew_and_its_neighbours_do_not() {
    let _turn = turn().await;
    let mut server = ModbusServer::start().await.unwrap();
    server.set_holding(104, &[1]).await.unwrap();
    server.set_holding(110, &[500]).await.unwrap();
    server.set_holding(120, &[40_000]).await.unwrap();
    let terminal = start(&press(&server, "address = 110, type = \"u16\"")).await;
    let made = async |server: &mut ModbusServer, address, raw: u16, good: i64| {
        server.set_holding(address, &[raw]).await.unwrap();
        let shown = |machine: &kart_api::Machine| (machine.good == good).then_some(());
        terminal.shown(&format!("{good} parts"), shown).await.unwrap();
    };
    terminal.shown("a count", |machine| machine.signals[1].value.clone()).await.unwrap();
    made(&mut server, 110, 503, 3).await;
    let other = configuration(&terminal.data(), &press(&server, "address = 120, type = \"u16\""));

    let (output, _) = apply(&terminal, &other, &["--preview"]);
    let text = said(&output);
    assert!(
        output.status.success() && text.contains("counters that begin anew: EQ-211 good"),
        "{text}"
    );
    assert_eq!(facts(&terminal, "map_applied").len(), 0, "a preview changes nothing");

    let (output, _) = apply(&terminal, &other, &[]);
    assert!(output.status.success(), "{}", said(&output));
    let base = wait_for("its base", LIMIT, async || {
        let counted = facts(&terminal, "counted");
        match counted.last() {
            Some(Body::Counted(counted)) if counted.epoch == 1 => Ok(counted.clone()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_eq!((base.verdict.word(), base.raw_to, base.quantity), ("base", 40_000, 0));
    let applied = facts(&terminal, "map_applied");
    assert!(
        matches!(&applied[..], [Body::MapApplied(a)] if a.moved.len() == 1 && a.moved[0].last == Some(503)
        && a.who.is_some()),
        "{applied:?}"
    );
    made(&mut server, 120, 40_002, 5).await;
    let running = |machine: &kart_api::Machine| (machine.state.word() == "running").then_some(());
    terminal.shown("running", running).await.unwrap();
    assert_eq!(facts(&terminal, "state_changed").len(), 2, "unknown, running, and no more");
}

#[tokio::test]
async fn a_counter_that_a_hand_edit_and_a_restart_moved_begins_anew() {
    let _turn = turn().await;
    let mut server = ModbusServer::start().await.unwrap();
    server.set_holding(104, &[1]).await.unwrap();
    server.set_holding(110, &[500]).await.unwrap();
    server.set_holding(120, &[40_000]).await.unwrap();
    // So fast that no pace of this test is doubted.
    let fast = "kind = \"good\", max_per_s = 1000.0 }";
    let map = press(&server, "address = 110, type = \"u16\"").replace("kind = \"good\" }", fast);
    let mut terminal = start(&map).await;
    let good = async |terminal: &Terminal, good: i64| {
        let shown = |machine: &kart_api::Machine| (machine.good == good).then_some(());
        terminal.shown(&format!("{good} parts"), shown).await.unwrap();
    };
    terminal.shown("a count", |machine| machine.signals[1].value.clone()).await.unwrap();
    server.set_holding(110, &[503]).await.unwrap();
    good(&terminal, 3).await;
    // The same map once more: nothing has moved, and what was made meanwhile is counted.
    terminal.stop().await.unwrap();
    server.set_holding(110, &[504]).await.unwrap();
    terminal.start().await.unwrap();
    good(&terminal, 4).await;
    assert_eq!(facts(&terminal, "map_applied").len(), 0);

    terminal.stop().await.unwrap();
    let before = std::fs::read_to_string(terminal.config()).unwrap();
    std::fs::write(terminal.config(), before.replace("address = 110", "address = 120")).unwrap();
    for starts in 0..2 {
        terminal.start().await.unwrap();
        server.set_holding(120, &[40_002 + starts]).await.unwrap();
        let shown = |machine: &kart_api::Machine| {
            let counted = machine.signals[1].value.as_ref()?.count()?;
            (counted == i64::from(40_002 + starts)).then_some(())
        };
        terminal.shown("the other register", shown).await.unwrap();
        terminal.stop().await.unwrap();
    }
    let applied = facts(&terminal, "map_applied");
    assert!(
        matches!(&applied[..], [Body::MapApplied(a)] if a.who.is_none() && a.from != a.to
            && a.moved.len() == 1 && a.moved[0].last == Some(504)),
        "once, by nobody: {applied:?}"
    );
    let counted = facts(&terminal, "counted").into_iter().filter_map(|body| match body {
        Body::Counted(counted) => Some((counted.verdict.word(), counted.epoch, counted.quantity)),
        _ => None,
    });
    let counted: Vec<(&str, u32, i64)> = counted.collect();
    assert!(counted.iter().all(|(verdict, ..)| *verdict != "held"), "{counted:?}");
    assert!(counted.contains(&("base", 1, 0)), "{counted:?}");
    assert!(counted.iter().all(|(_, _, quantity)| *quantity < 10), "{counted:?}");
}

#[tokio::test]
async fn a_faulty_map_is_refused_with_its_places_and_nothing_changes() {
    let _turn = turn().await;
    let mut server = ModbusServer::start().await.unwrap();
    server.set_holding(104, &[1, 0, 0, 0, 0, 0, 7]).await.unwrap();
    let terminal = start(&press(&server, "address = 110, type = \"u16\"")).await;
    terminal
        .shown("running", |machine| (machine.state.word() == "running").then_some(()))
        .await
        .unwrap();
    let before = std::fs::read_to_string(terminal.config()).unwrap();
    let faulty = before.replace("address = 110, type = \"u16\"", "address = 141, type = \"u19\"");
    let unsaid = before.replace("signal = \"runs\", is", "signal = \"walks\", is");
    let elsewhere = before.replace("code = \"T-07\"", "code = \"T-08\"");
    let slow = before
        .replace("interval_ms = 100 },", "interval_ms = 50 },")
        .replace("name = \"plc\"", "name = \"plc\"\nrequest_pause_ms = 60");
    for (text, wanted) in [
        (faulty, "machine[0].signal[1].type"),
        (unsaid, "next.toml:"),
        (
            elsewhere,
            "terminal: differs from what is in force; only a restart of kartd can change this",
        ),
        (slow, "this cannot be read in time"),
        ("machine =".to_owned(), "next.toml:1"),
    ] {
        let (output, _) = apply(&terminal, &text, &[]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(wanted) && text.contains("refused; nothing has changed"), "{text}");
    }
    assert_eq!(std::fs::read_to_string(terminal.config()).unwrap(), before);
    assert_eq!(facts(&terminal, "map_applied").len(), 0);
    assert_eq!(facts(&terminal, "state_changed").len(), 2);

    // The same on the screen, before anybody applies it.
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["RUNNING"]).await.unwrap();
    screen.press("k5g").unwrap();
    let file = terminal.data().join("next.toml");
    screen.press(&format!("{}{ENTER}", file.display())).unwrap();
    screen.shows(&["would be refused:", "next.toml:1"]).await.unwrap();
    std::fs::write(&file, before.replace("= 110", "= 112")).unwrap();
    screen
        .shows(&["counters that begin anew: EQ-211 good", "holding registers 104 to 112"])
        .await
        .unwrap();
}
