//! Case 1: a power cut in the middle of a batch.

use kart_api::{Answer, Blind, Client, View};
use kart_core::{
    command::{Command, Was},
    time::Micros,
};
use kart_tests::{modbus::ModbusServer, operator::Operator};

use super::{
    SECOND, Stretch, are_seamless, counted, device, key, machine, now, number, passes, shows,
    state, states, terminal, viewed,
};
use crate::turn::turn;
use rusqlite::Connection;

/// EQ-211 hangs on another circuit than the terminal, EQ-212 on the same one.
const PRESSES: [(&str, &str); 2] = [("EQ-211", "other"), ("EQ-212", "same")];

fn map() -> String {
    let one = |(code, device): (&str, &str)| {
        format!(
            "[[machine]]\ncode = \"{code}\"\notherwise = \"stopped\"\nstale_after_ms = 1000\nmicro_stop_s = 1.0\n\
             signal = [\n\
             {{ name = \"automatic\", device = \"{device}\", address = 20, type = \"bit\", bit = 0, interval_ms = 100 }},\n\
             {{ name = \"good\", device = \"{device}\", address = 21, type = \"u32\", interval_ms = 100 }},\n]\n\
             counter = [{{ signal = \"good\", kind = \"good\", width = 32, max_per_s = 200.0 }}]\n\
             rule = [{{ name = \"automatic\", when = [{{ signal = \"automatic\", is = true }}], state = \"running\" }}]\n"
        )
    };
    PRESSES.into_iter().map(one).collect()
}

fn registers(automatic: bool, good: u32) -> [u16; 3] {
    let [high, low] = [good >> 16, good & 0xffff].map(|half| u16::try_from(half).unwrap());
    [u16::from(automatic), high, low]
}

/// Nobody knows of the time between the last sign of life and the first good value, and all else is as it was.
fn blind(states: &[Stretch], last_sign: Micros, cut: Micros, power: Micros) -> usize {
    let unseen = |stretch: &&Stretch| {
        stretch.state == "unknown" && stretch.until.is_some_and(|until| until > cut.0)
    };
    let places: Vec<usize> = (0..states.len()).filter(|n| unseen(&&states[*n])).collect();
    assert_eq!(places.len(), 1, "{states:#?}");
    let unknown = &states[places[0]];
    assert!((last_sign.0..=cut.0).contains(&unknown.from), "{last_sign:?} {cut:?} {states:#?}");
    assert!(unknown.until.unwrap() >= power.0, "{power:?} {states:#?}");
    are_seamless(states);
    assert!(states.iter().all(|stretch| stretch.seconds.is_none_or(|seconds| seconds >= 0.0)));
    places[0]
}

fn nothing_is_invented(log: &Connection, cut: Micros, power: Micros) {
    // Blind is blind, and no stop was made of it. The last sign of life is the last that is on disk.
    let last =
        format!("SELECT max(until_ts) FROM edge_production_counts WHERE until_ts <= {}", cut.0);
    let last_sign = Micros(number(log, &last));
    for (code, _) in PRESSES {
        let states = states(log, code);
        let place = blind(&states, last_sign, cut, power);
        assert_eq!(states[place - 1].state, "running", "{states:#?}");
    }
    let downtimes = format!(
        "SELECT count(*) FROM oee_machine_events WHERE event_type = 'downtime' AND start_ts < {}",
        power.0
    );
    assert_eq!(number(log, &downtimes), 0);
}

#[tokio::test]
async fn ugly_case_01_power_cut_mid_batch() {
    let _turn = turn().await;
    let (mut other, mut same) =
        (ModbusServer::start().await.unwrap(), ModbusServer::start().await.unwrap());
    other.set_holding(20, &registers(true, 61_190)).await.unwrap();
    same.set_holding(20, &registers(true, 61_190)).await.unwrap();
    let devices = device("other", &other) + &device("same", &same);
    let mut terminal = terminal(&[], |_| format!("{devices}{}", map()));
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    for (code, _) in PRESSES {
        state(&client, code, "running").await;
        shows(&client, code, "good", 61_190).await;
    }
    let mut operator = Operator::new(client.clone(), "1001");
    operator.clock_in("ST-21").await.unwrap();
    operator.start_batch("EQ-211", "BR-40").await.unwrap();
    operator.start_batch("EQ-212", "HG-12").await.unwrap();
    for server in [&mut other, &mut same] {
        server.set_holding(20, &registers(true, 61_210)).await.unwrap();
    }
    let begun = viewed(&client, "20 parts of each batch", |view| {
        let all = PRESSES.iter().all(|(code, _)| machine(view, code).is_some_and(|m| m.good == 20));
        all.then(|| view.clone())
    })
    .await;

    // The power goes: the terminal, and the PLC on the same circuit.
    terminal.kill().unwrap();
    same.stop().unwrap();
    let cut = now();
    passes(cut, 2 * SECOND).await;
    other.set_holding(20, &registers(true, 61_238)).await.unwrap();
    same.start_again().await.unwrap();
    let power = now();
    terminal.start().await.unwrap();
    shows(&client, "EQ-211", "good", 61_238).await;
    shows(&client, "EQ-212", "good", 0).await;
    same.set_holding(20, &registers(true, 3)).await.unwrap();
    let after = viewed(&client, "what was made since", |view| {
        let good = |code| machine(view, code).map(|machine| machine.good);
        (good("EQ-211") == Some(48) && good("EQ-212") == Some(23)).then(|| view.clone())
    })
    .await;
    for (code, _) in PRESSES {
        state(&client, code, "running").await;
    }

    // Nothing that was acknowledged is missing, and nobody ended anything.
    assert_eq!(after.people.len(), 1);
    for (code, _) in PRESSES {
        let number = |view| machine(view, code).and_then(|m| m.batch.clone()).unwrap().number;
        assert_eq!(number(&after), number(&begun), "{code}");
    }
    let log = terminal.facts().unwrap();
    let confirmed = operator.confirmed.punches();
    assert_eq!((confirmed.clocked_in, confirmed.batches_started), (1, 2));
    let open = "SELECT (SELECT count(*) FROM ops_labor_entries WHERE end_ts IS NULL) * 10
                       + (SELECT count(*) FROM oee_batch_details WHERE status = 'running')";
    assert_eq!(number(&log, open), 12);

    nothing_is_invented(&log, cut, power);
    counts(&log, cut, power);
    answered(&operator, &client, &log).await;
}

/// One question for each machine. Of one it is known that it ran; the other one's stays unknown.
async fn answered(operator: &Operator, client: &Client, log: &Connection) {
    let blinds = viewed(client, "a question of each machine", |view| {
        (view.review.blinds.len() == 2).then(|| view.review.blinds.clone())
    })
    .await;
    let long = |blind: &Blind| blind.until_us.0 - blind.from_us.0;
    assert!(blinds.iter().all(|blind| long(blind) >= SECOND), "{blinds:?}");
    let ran = Command::TellBlind { by: None, blind: blinds[0].id, was: Was::Running };
    let answer = operator.ask(ran).await.unwrap();
    assert!(matches!(answer, Answer::Saved(_)), "{answer:?}");
    let left = |view: &View| (view.review.blinds.len() == 1).then_some(());
    viewed(client, "the question that nobody answered", left).await;
    let told = "SELECT count(*) FROM edge_machine_states WHERE source = 'operator'
                AND state = 'running' AND end_ts > start_ts";
    assert_eq!(number(log, told), 1);
    let unseen = "SELECT count(*) FROM edge_machine_states u
        JOIN edge_machine_states t ON t.equipment_id = u.equipment_id AND t.start_ts = u.start_ts
        WHERE u.state = 'unknown' AND t.source = 'operator'";
    assert_eq!(number(log, unseen), 1, "it stays written that nobody saw it");
}

fn counts(log: &Connection, cut: Micros, power: Micros) {
    // (a) The parts of the gap are booked, and it is said that nobody knows when they were made.
    let (verdicts, booked) = counted(log, "EQ-211", "good");
    assert_eq!((verdicts.last().unwrap().as_str(), booked), ("gap", 48));
    let gap = "SELECT quantity, from_ts, until_ts FROM edge_production_counts
               WHERE verdict = 'gap' AND equipment_id = ?1";
    let gap: (i64, i64, i64) = log
        .query_row(gap, [key("oee_equipment", "EQ-211")], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(gap.0, 28);
    assert!(gap.1 <= cut.0 && gap.2 >= power.0, "{gap:?} {cut:?} {power:?}");
    // (b) What was made in the gap cannot be known: a lower bound.
    let (verdicts, booked) = counted(log, "EQ-212", "good");
    assert!(verdicts.contains(&"reset".to_owned()), "{verdicts:?}");
    assert_eq!(booked, 23);
}
