//! Case 14: a unit on a bus that answers late, half or not at all.

use kart_core::time::Micros;
use kart_tests::world::{
    layout::Layout,
    plant::{Machine, Plant},
    terminal::Terminal,
};

use super::{LIMIT, SECOND, are_seamless, cryptography, machine, now, site, states, viewed};
use crate::turn::turn;
use kart_tests::wait::wait_for;

/// Those that are ill, each in its own way, between two others.
const ILL: [(&str, &str); 3] = [("EQ-212", "late"), ("EQ-213", "half"), ("EQ-214", "silent")];

/// All presses behind the one address of the plant.
async fn bus() -> (Plant, Terminal, Vec<String>) {
    cryptography();
    let arguments = [
        "--hold",
        "--presses",
        "5",
        "--packers",
        "0",
        "--cycle-ms",
        "100",
        "--seed",
        "14",
        "--no-stops",
    ];
    let plant = Plant::start(&arguments.map(str::to_owned)).await.unwrap();
    let codes: Vec<String> = plant.machines.iter().map(|one| one.code().to_owned()).collect();
    let terminal = Terminal::prepare(|data| {
        let further: Vec<&str> = codes.iter().skip(2).map(String::as_str).collect();
        let site = site(data, &further);
        let layout = Layout {
            data,
            machines: &plant.machines,
            fastest: 30.0,
            interval: None,
            broker: None,
            headquarters: None,
            site: site.as_ref(),
        };
        let mut text = layout.configuration()?;
        for one in &plant.machines {
            if let Machine::Press { own, .. } = one {
                text = text.replace(&own.to_string(), &plant.modbus.to_string());
            }
        }
        Ok(text.replace("[[device]]", "[[device]]\ntimeout_ms = 200"))
    });
    (plant, terminal.unwrap(), codes)
}

#[tokio::test]
async fn ugly_case_14_plc_timeouts_and_half_answers() {
    let _turn = turn().await;
    let (mut plant, mut terminal, codes) = bus().await;
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    viewed(&client, "a first reading of every press", |view| {
        let read = |code: &String| {
            let mut signals = machine(view, code)?.signals.iter();
            let counters = ["good", "scrap"];
            signals
                .all(|one| !counters.contains(&one.name.as_str()) || one.value.is_some())
                .then_some(())
        };
        codes.iter().all(|code| read(code).is_some()).then_some(())
    })
    .await;
    plant.go().await.unwrap();
    viewed(&client, "parts of every press", |view| {
        let working = |code: &String| machine(view, code).is_some_and(|one| one.good > 2);
        codes.iter().all(working).then_some(())
    })
    .await;
    for (code, kind) in ILL {
        plant.fault(code, kind).await.unwrap();
    }
    for (code, kind) in ILL {
        let (seen, since) = viewed(&client, &format!("{kind}: no data"), |view| {
            let ill = machine(view, code)?;
            let unknown = ill.state.word() == "unknown";
            unknown.then_some((ill.seen_us, ill.state_since_us))
        })
        .await;
        // Since the last value that says something of the state; other signals are asked beside it.
        let later = seen.map(|seen| seen.0 - since.0);
        assert!(later.is_some_and(|us| us.abs() < SECOND / 5), "{kind}: {later:?}");
    }
    others_keep_their_rate(&client, &codes).await;
    let made = plant.totals().await.unwrap();
    let view = client.snapshot().await.unwrap();
    for code in &codes {
        let shown = machine(&view, code).unwrap().good;
        assert!(shown <= i64::try_from(made[code].good).unwrap(), "{code}: {shown}");
    }
    for (code, _) in ILL {
        plant.fault(code, "ok").await.unwrap();
    }
    for (code, kind) in ILL {
        viewed(&client, &format!("{kind}: over"), |view| {
            (machine(view, code)?.state.word() == "running").then_some(())
        })
        .await;
    }
    let totals = plant.quiesce().await.unwrap();
    viewed(&client, "all parts, and not one more", |view| {
        let same = |code: &String| {
            let made = i64::try_from(totals[code].good).ok();
            machine(view, code).map(|one| one.good) == made
        };
        codes.iter().all(same).then_some(())
    })
    .await;
    for (code, kind) in ILL {
        let states = states(&terminal.facts().unwrap(), code);
        assert!(states.iter().any(|one| one.state == "unknown"), "{kind}: {states:#?}");
        are_seamless(&states);
    }
}

/// Over some seconds no value of the others is older than a few of their intervals.
async fn others_keep_their_rate(client: &kart_api::Client, codes: &[String]) {
    let began = now();
    let mut oldest = 0;
    wait_for("three seconds beside the ill one", LIMIT, async || {
        let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
        let told = view.terminal.now_us;
        for code in codes.iter().filter(|code| ILL.iter().all(|(ill, _)| ill != code)) {
            let seen: Micros = machine(&view, code).and_then(|one| one.seen_us).ok_or("never")?;
            oldest = oldest.max(told.0 - seen.0);
        }
        (now().0 - began.0 > 3 * SECOND).then_some(()).ok_or_else(|| "not yet".to_owned())
    })
    .await;
    assert!(oldest < 5 * SECOND / 2, "a value of the others was {oldest} us old");
}
