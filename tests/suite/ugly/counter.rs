//! Case 2: what a counter shows, and what was made.

use kart_api::{Answer, Request};
use kart_core::command::Command;
use kart_tests::modbus::ModbusServer;

use super::{SECOND, counted, device, machine, now, passes, shows, state, terminal, viewed};
use crate::headquarters::device::user;
use crate::turn::turn;

/// Where the registers of the first machine are; those of the next are ten further.
const FIRST: u16 = 10;
const ALL: [&str; 10] = ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10"];

/// The readings, in order. Twenty times as fast as in the case: twelve parts a second instead of 0.6.
struct Readings([u32; 10]);

impl Readings {
    fn registers(&self) -> Vec<u16> {
        let block = |reading: &u32| {
            let half = |half: u32| u16::try_from(half).unwrap();
            let [high, low] = [reading >> 16, reading & 0xffff].map(half);
            let mut block = vec![0; 10];
            block[..3].copy_from_slice(&[high, low, low]);
            block
        };
        self.0.iter().flat_map(block).collect()
    }
}

/// Those with 16 bits are read where the low half stands again.
fn map(otherwise: &str) -> String {
    let one = |(n, code): (usize, &&str)| {
        let narrow = ["C2", "C3"].contains(code);
        let address = usize::from(FIRST) + 10 * n + if narrow { 2 } else { 0 };
        let kind = if narrow { "u16" } else { "u32" };
        let rate = if *code == "C6" { 400.0 } else { 12.0 };
        let stale = if *code == "C7" { 600_000 } else { 1_000 };
        format!(
            "[[machine]]\ncode = \"{code}\"\notherwise = \"{otherwise}\"\nstale_after_ms = {stale}\n\
             signal = [{{ name = \"good\", device = \"plc\", address = {address}, type = \"{kind}\", interval_ms = 100 }}]\n\
             counter = [{{ signal = \"good\", kind = \"good\", max_per_s = {rate:?} }}]\n\
             rule = [{{ name = \"never\", when = [{{ signal = \"good\", is = -1 }}], state = \"running\" }}]\n"
        )
    };
    ALL.iter().enumerate().map(one).collect()
}

#[tokio::test]
async fn ugly_case_02_plc_counter() {
    let _turn = turn().await;
    let mut plc = ModbusServer::start().await.unwrap();
    let mut readings = Readings([1_000, 65_530, 48_200, 1_204, 500, 500, 500, 8_812, 8_812, 300]);
    plc.set_holding(FIRST, &readings.registers()).await.unwrap();
    let at = device("plc", &plc);
    let mut terminal = terminal(&ALL, |_| format!("{at}{}", map("stopped")));
    terminal.start().await.unwrap();
    let client = terminal.client().unwrap();
    let all_shown = async |readings: &Readings| {
        for (code, reading) in ALL.iter().zip(readings.0) {
            shows(&client, code, "good", reading.into()).await;
        }
    };
    all_shown(&readings).await;
    passes(now(), 2 * SECOND).await;

    for (n, reading) in [(0, 1_004), (1, 9), (2, 3), (3, 0), (4, 1_400)] {
        readings.0[n] = reading;
    }
    plc.set_holding(FIRST, &readings.registers()).await.unwrap();
    all_shown(&readings).await;
    readings.0[3] = 1_209;
    plc.set_holding(FIRST, &readings.registers()).await.unwrap();
    all_shown(&readings).await;

    // No answer for so long that a machine is not seen any more, and bad values for another.
    plc.stop().unwrap();
    state(&client, "C6", "unknown").await;
    (readings.0[5], readings.0[6]) = (900, 503);
    let registers = serde_json::json!({ "set": [FIRST, readings.registers()] });
    plc.start_showing(&registers).await.unwrap();
    all_shown(&readings).await;

    terminal.kill().unwrap();
    readings.0[8] = 8_830;
    plc.set_holding(FIRST, &readings.registers()).await.unwrap();
    terminal.start().await.unwrap();
    all_shown(&readings).await;

    // Another map, the same register.
    terminal.stop().await.unwrap();
    let text = std::fs::read_to_string(terminal.config()).unwrap();
    let other = text.replace(&map("stopped"), &map("planned_stop"));
    assert_ne!(other, text);
    std::fs::write(terminal.config(), other).unwrap();
    readings.0[9] = 305;
    plc.set_holding(FIRST, &readings.registers()).await.unwrap();
    terminal.start().await.unwrap();
    all_shown(&readings).await;
    viewed(&client, "the sum", |view| (machine(view, "C10")?.good == 5).then_some(())).await;

    let log = terminal.facts().unwrap();
    let expected: [(&str, &[&[&str]], i64); 10] = [
        ("C1", &[&["base", "increase"]], 4),
        ("C2", &[&["base", "wrap"]], 15),
        ("C3", &[&["base", "reset"]], 3),
        ("C4", &[&["base", "reset", "restored"]], 5),
        ("C5", &[&["base", "held"]], 0),
        ("C6", &[&["base", "gap"]], 400),
        ("C7", &[&["base", "increase"], &["base", "gap"]], 3),
        ("C8", &[&["base"]], 0),
        ("C9", &[&["base", "increase"], &["base", "gap"]], 18),
        ("C10", &[&["base", "increase"], &["base", "gap"]], 5),
    ];
    for (code, verdicts, parts) in expected {
        let (found, booked) = counted(&log, code, "good");
        assert!(verdicts.iter().any(|wanted| *wanted == found), "{code}: {found:?}");
        assert_eq!(booked, parts, "{code}: {found:?}");
    }
    settled(&client).await;
    assert_eq!(counted(&log, "C5", "good").1, 900);
}

/// The reading that cannot be is shown until a supervisor says that its parts were made.
async fn settled(client: &kart_api::Client) {
    let held = viewed(client, "what is held", |view| {
        let machine = machine(view, "C5")?;
        Some((machine.id, machine.held.first()?.clone()))
    })
    .await;
    assert_eq!((held.1.source.as_str(), held.1.before, held.1.now), ("good", 500, 1_400));
    let command = |badge: &str| Command::SettleCount {
        by: user(badge),
        equipment: held.0,
        source: held.1.source.clone(),
        epoch: held.1.epoch,
        raw: kart_core::counter::Readings { before: held.1.before, now: held.1.now },
        accept: true,
    };
    let ask = async |badge: &str| {
        let request = Request { key: format!("held-{badge}"), command: command(badge), pin: None };
        client.command(&request).await.unwrap()
    };
    assert!(matches!(ask("1001").await, Answer::Refused(_)), "no supervisor");
    assert!(matches!(ask("1005").await, Answer::Saved(_)));
    viewed(client, "nothing held", |view| {
        let machine = machine(view, "C5")?;
        (machine.held.is_empty() && machine.good == 900).then_some(())
    })
    .await;
}
