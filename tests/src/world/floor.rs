//! What makes of the demo's plant a floor on which a person can work a shift: a cycle that the eye can follow, short stops
//! that nobody is asked of, faults with a proposed reason, reasons for incidents, queues, and a card from the night.

use std::time::Duration;

use anyhow::Context as _;
use kart_core::command::Command;
use kart_core::fact::queue::{Ask, Enqueue, Place, Queue};
use toml::{Table, Value};

use super::World;
use crate::operator::Operator;
use crate::wait::try_for;

/// One part a second.
pub const CYCLE: Duration = Duration::from_secs(1);
/// Badges for whoever tries it.
pub const BADGES: &str =
    "Badges (then Enter): 1001 Ada, 1003 Mei-Lin (lead), 1005 Sabine (supervisor)";
/// A shorter stop is counted, and nobody is asked.
const MICRO_STOP_S: f64 = 10.0;
const LIMIT: Duration = Duration::from_secs(30);
/// What is to be made where, and how many.
const QUEUES: [(&str, &str, &str, i64); 5] = [
    ("EQ-211", "BR-40", "B-1042", 240),
    ("EQ-211", "BR-60", "B-1043", 120),
    ("EQ-212", "HG-12", "B-1050", 300),
    ("EQ-212", "BR-40", "B-1051", 180),
    ("EQ-311", "BX-100", "B-1060", 200),
];

/// A map with what a floor needs.
pub(super) fn map(configuration: &str) -> anyhow::Result<String> {
    let mut file: Table = configuration.parse()?;
    let fault: Table =
        "signal = 'fault_code'\n[reasons]\n17 = 'F01'\n23 = 'F02'\n42 = 'F03'\n101 = 'F04'"
            .parse()?;
    let machines = file.get_mut("machine").and_then(Value::as_array_mut).context("no machines")?;
    for machine in machines.iter_mut().filter_map(Value::as_table_mut) {
        let told = machine.get("signal").and_then(Value::as_array).context("no signals")?;
        let tells =
            |signal: &Value| signal.get("name").and_then(Value::as_str) == Some("fault_code");
        if told.iter().any(tells) {
            machine.insert("fault".to_owned(), Value::Table(fault.clone()));
        }
        machine.insert("micro_stop_s".to_owned(), Value::Float(MICRO_STOP_S));
    }
    Ok(toml::to_string(&file)?)
}

/// A site with what a floor needs.
pub(super) fn site(site: &str) -> anyhow::Result<String> {
    let mut file: Table = site.parse()?;
    let machines = file.get_mut("machine").and_then(Value::as_array_mut).context("no machines")?;
    for machine in machines.iter_mut().filter_map(Value::as_table_mut) {
        machine.insert("ideal_cycle_s".to_owned(), Value::Float(CYCLE.as_secs_f64()));
    }
    let further: Table = "
        [[incident_group]]
        name = 'Machine'
        reason = [{ code = 'I01', name = 'Guard loose' }, { code = 'I02', name = 'Oil leak' }, { code = 'I03', name = 'Strange noise' }]
        [[incident_group]]
        name = 'Safety'
        reason = [{ code = 'I11', name = 'Near miss' }, { code = 'I12', name = 'Somebody hurt' }]
        [[station_incident_group]]
        name = 'Place'
        reason = [{ code = 'P01', name = 'Floor slippery' }, { code = 'P02', name = 'Wrong material delivered' }]"
        .parse()?;
    file.extend(further);
    Ok(toml::to_string(&file)?)
}

impl World {
    /// The night has been here: it leaves batches to be made, and a card for whoever comes.
    pub async fn after_the_night(&self) -> anyhow::Result<()> {
        let mut night = Operator::new(self.client()?, "1002");
        night.clock_in("ST-21").await?;
        let by = night.user().context("nobody is clocked in")?;
        let view = self.client()?.snapshot().await?;
        let reference = view.reference.context("no site data")?;
        for (code, product, number, target) in QUEUES {
            let Some(machine) = view.machines.iter().find(|machine| machine.code == code) else {
                continue;
            };
            let mut products = reference.families.iter().flat_map(|family| &family.products);
            let product = products.find(|it| it.code == product).context("no such product")?.id;
            let entry = Enqueue {
                product,
                number: Some(number.to_owned()),
                work_order: None,
                target: Some(target),
                batch: None,
                place: Place::End,
            };
            let ask = Ask::Enqueue(entry);
            night.saves(Command::AskQueue { by, queue: Queue::Equipment(machine.id), ask }).await?;
        }
        let text = "Guide of EQ-212 is worn, a new one is ordered. Coil for EQ-211 stands ready.";
        let (station, text) = (view.terminal.station, Some(text.to_owned()));
        night.saves(Command::GiveHandover { by, station, waiting: 0, text }).await?;
        night.clock_out().await?;
        try_for("the queues", LIMIT, async || {
            let view = self.client().map_err(|fault| fault.to_string())?.snapshot().await;
            let view = view.map_err(|fault| fault.to_string())?;
            let settled =
                self.headquarters.is_none() || view.orders.iter().all(|order| !order.asked);
            settled.then_some(()).ok_or_else(|| format!("{:?}", view.orders))
        })
        .await
    }
}
