//! Case 9: a batch goes on on another machine, because the first one cannot.
//!
//! A machine that is declared to stand in is enough; another one takes a second badge and a why. The part on the first
//! machine ends with the counts that a person confirmed, the part on the other one begins with its own rate and has its
//! own stops, and both carry the number of the batch. A machine of another terminal is asked for by its queue: while
//! nothing connects the two that is a claim, and the other terminal sees it when the link is back.

use kart_api::View;
use kart_core::{
    command::{Command, Continue, Refusal, Second},
    id::{EquipmentId, RecordId},
};
use kart_tests::{modbus::ModbusServer, world::terminal::Terminal};

use super::floor::{Floor, clock_in, day, saved, start};
use super::{device, machine, shows, state};
use crate::headquarters::device::{key, user};
use crate::office::{ask, refusal, seen};
use crate::turn::turn;

/// The press that breaks, the one that stands in, and what is not meant to.
const PRESSES: [(&str, u16); 2] = [("EQ-211", 20), ("EQ-212", 30)];
const PACKER: &str = "EQ-311";

fn map(plc: &ModbusServer) -> String {
    let one = |(code, at): (&str, u16)| {
        let read = "device = \"plc\", interval_ms = 50, address =";
        format!(
            "[[machine]]\ncode = \"{code}\"\notherwise = \"stopped\"\nstale_after_ms = 86400000\n\
             signal = [\n{{ name = \"automatic\", {read} {at}, type = \"bit\", bit = 0 }},\n\
             {{ name = \"good\", {read} {}, type = \"u16\" }},\n]\n\
             counter = [{{ signal = \"good\", kind = \"good\", max_per_s = 500.0 }}]\n\
             rule = [{{ name = \"automatic\", when = [{{ signal = \"automatic\", is = true }}], state = \"running\" }}]\n",
            at + 1
        )
    };
    device("plc", plc) + &PRESSES.map(one).concat()
}

/// EQ-212 may stand in for EQ-211, at half its speed; the packer is another terminal's.
fn site(demo: &str) -> String {
    let press = "code = \"EQ-211\"\nname = \"Press 63 t\"\n";
    let other = "code = \"EQ-212\"\nname = \"Press 80 t\"\nideal_cycle_s = 0.25\n";
    assert!(demo.contains(press) && demo.contains(other));
    let demo = demo.replace(press, &format!("{press}compatible = [\"EQ-212\"]\n"));
    let demo = demo.replace(other, &other.replace("0.25", "0.5"));
    let (before, packer) = demo.split_once("code = \"EQ-311\"\nname").unwrap();
    let packer = packer.replacen("\"T-07\"", "\"T-09\"", 1);
    format!("{before}code = \"EQ-311\"\nname{packer}")
}

fn elsewhere(batch: RecordId, code: &str, good: i64, second: Option<(&str, &str)>) -> Command {
    Command::ContinueBatch(Box::new(Continue {
        by: user("1001"),
        batch,
        equipment: EquipmentId(key("oee_equipment", code)),
        good,
        scrap: 0,
        answers: vec![],
        second: second.map(|(badge, why)| Second { badge: badge.into(), why: why.into() }),
    }))
}

async fn stops(plc: &mut ModbusServer, floor: &mut Floor, terminal: &Terminal, at: u16, good: u16) {
    let client = terminal.client().unwrap();
    let code = PRESSES.iter().find(|(_, place)| *place == at).unwrap().0;
    plc.set_holding(at, &[0, good]).await.unwrap();
    shows(&client, code, "good", good.into()).await;
    state(&client, code, "stopped").await;
    floor.clock.pass(std::time::Duration::from_secs(300)).unwrap();
}

const PARTS: &str = "SELECT concat_ws(' ', q.code, d.batch_number, d.status, d.good_parts, d.target_quantity,
        (SELECT count(*) FROM oee_event_batch_links l JOIN oee_machine_events s ON s.id = l.event_id
         WHERE l.batch_event_id = e.id AND s.event_type = 'downtime' AND s.equipment_id = e.equipment_id),
        (SELECT string_agg(u.display_name, ', ') FROM oee_batch_operators o
         JOIN users u ON u.id = o.user_id WHERE o.batch_id = d.id))
    FROM oee_batch_details d JOIN oee_machine_events e ON e.id = d.event_id
    JOIN oee_equipment q ON q.id = e.equipment_id ORDER BY e.start_ts";

#[tokio::test]
async fn ugly_case_09_batch_moved_to_a_substitute_machine() {
    let _turn = turn().await;
    let mut floor = Floor::begin(&format!("{} 12:00", day(1)), site).await;
    let mut plc = ModbusServer::start().await.unwrap();
    for (_, at) in PRESSES {
        plc.set_holding(at, &[1, 100]).await.unwrap();
    }
    let terminal = floor.terminal("T-07", &map(&plc)).await;
    let client = terminal.client().unwrap();
    for (code, _) in PRESSES {
        shows(&client, code, "good", 100).await;
        state(&client, code, "running").await;
    }
    saved(&terminal, clock_in("1001")).await;
    let first = saved(&terminal, start(user("1001"), "EQ-211", Some("B-1043"))).await;
    plc.set_holding(20, &[1, 120]).await.unwrap();
    shows(&client, "EQ-211", "good", 120).await;
    floor.clock.pass(std::time::Duration::from_secs(60)).unwrap();
    stops(&mut plc, &mut floor, &terminal, 20, 120).await;

    // Declared: no second badge is asked for.
    let second = saved(&terminal, elsewhere(first, "EQ-212", 20, None)).await;
    let moved = |view: &View| {
        let free = machine(view, "EQ-211")?.batch.is_none();
        let batch = machine(view, "EQ-212")?.batch.as_ref()?;
        (free && batch.id == second && batch.target == Some(40)).then(|| batch.clone())
    };
    let batch = seen(&terminal, "the batch on the other press", moved).await;
    assert_eq!(
        (batch.number.as_str(), batch.operators.as_slice()),
        ("B-1043", &[user("1001")][..])
    );
    plc.set_holding(30, &[1, 115]).await.unwrap();
    shows(&client, "EQ-212", "good", 115).await;
    stops(&mut plc, &mut floor, &terminal, 30, 115).await;
    plc.set_holding(30, &[1, 116]).await.unwrap();
    state(&client, "EQ-212", "running").await;
    terminal.confirmed().await.unwrap();
    let parts =
        ["EQ-211 B-1043 completed 20 60 1 Ada Brandt", "EQ-212 B-1043 running 40 1 Ada Brandt"];
    floor.rows(PARTS, &parts).await;
    let linked = "SELECT b.batch_number FROM edge.batch_starts s
        JOIN oee_batch_details b ON b.event_id = s.continues_event_id";
    floor.rows(linked, &["B-1043"]).await;

    to_another_terminal(&mut floor, &terminal, second).await;
}

/// The packer is read by T-09, which is away; it is not declared either.
async fn to_another_terminal(floor: &mut Floor, terminal: &Terminal, batch: RecordId) {
    let packing = floor.terminal_at(("T-09", "ST-31"), "").await;
    floor.headquarters.stop().await.unwrap();
    let alone = refusal(ask(terminal, elsewhere(batch, PACKER, 16, None), None).await);
    assert!(matches!(alone, Refusal::NotCompatible { .. }), "{alone:?}");
    let agreed = Some(("1003", "both presses are down"));
    saved(terminal, elsewhere(batch, PACKER, 16, agreed)).await;
    let unknown = packing.client().unwrap().snapshot().await.unwrap();
    assert!(unknown.orders.is_empty(), "nothing connects the two");
    floor.headquarters.start_again().await.unwrap();
    terminal.confirmed().await.unwrap();
    floor
        .rows(
            "SELECT concat_ws(' ', q.batch_number, s.code, q.status, q.target_quantity)
             FROM ops_station_batch_queue q JOIN ops_stations s ON s.id = q.station_id",
            &["B-1043 ST-31 queued 24"],
        )
        .await;
    let next = |view: &View| {
        let order = view.orders.first()?;
        (order.queued.number.as_deref() == Some("B-1043")).then_some(())
    };
    seen(&packing, "what it is asked for", next).await;
}
