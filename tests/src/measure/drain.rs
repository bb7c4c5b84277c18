//! A backlog on its way to headquarters: facts per second from a terminal's SQLite into the domain tables, beside the same rows
//! copied into staging tables and merged. What the limit writes are all rows that the backlog became, inbox, records and change
//! feed included.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use kart_api::Request;
use kart_core::command::Command;
use kart_core::fact::{Body, Draft};
use kart_core::id::{EquipmentId, Incarnation, Origin, RecordId, SiteId, TerminalId, reference_id};
use kart_core::machine::MachineState;
use kart_core::plant::Plant;
use kart_core::record::Tenant;
use kart_core::time::{Boot, Micros, Stamp};
use kart_store::{Append, Store, StoreOptions};
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::{many::hundredth, part};
use crate::child::Child;
use crate::programs::repository;
use crate::wait::try_for;
use crate::world::headquarters::Headquarters;
use crate::world::layout::Layout;
use crate::world::terminal::Terminal;

const ORGANIZATION: &str = "cedar-works";
const SITE: &str = "cedar";
const TERMINAL: &str = "T-07";
const LIMIT: Duration = Duration::from_secs(3600);
/// So many facts are appended in one commit while the backlog is made.
const PAGE: usize = 1_000;
/// Facts are from so long ago until now: the terminal still keeps all of them.
const DAYS_US: i64 = 30 * 86_400 * 1_000_000;
/// Of so many facts one is a change of state, the others are counts.
const CHANGE_EVERY: u64 = 12;
/// Every table that a backlog of this kind becomes rows of.
const TABLES: [&str; 8] = [
    "edge.inbox",
    "edge.records",
    "edge.production_counts",
    "edge.machine_states",
    "public.oee_machine_events",
    "public.oee_machine_event_equipment",
    "public.ops_labor_entries",
    "edge.changes",
];

/// What a drained backlog took.
#[derive(Debug, Serialize)]
pub struct Drain {
    pub facts: u64,
    /// Seconds until they were made.
    pub made_s: f64,
    /// Size of the terminal's file of facts, in MiB.
    pub file_mib: f64,
    /// Facts per second from SQLite to the commit in Postgres.
    pub ours: f64,
    /// The same rows by COPY and merge.
    pub copy: f64,
    pub ratio: f64,
    /// While it drained.
    pub meanwhile: Meanwhile,
    /// Afterwards, all being at headquarters and still in the file.
    pub afterwards: Meanwhile,
}

/// How a terminal does with such a file.
#[derive(Debug, Serialize)]
pub struct Meanwhile {
    /// Seconds until the daemon answered.
    pub start_s: f64,
    /// The most that kartd kept in memory, in KiB.
    pub kartd_kib: u64,
    /// Commands that an operator gave, and what 99 of 100 of them took at most, in milliseconds.
    pub commands: usize,
    pub p99_ms: f64,
}

/// Drains a backlog of so many facts, and more if the terminal's file would not be that large.
pub async fn drain(facts: u64, least_mib: f64) -> anyhow::Result<Drain> {
    let site = repository().join("config/demo/site.toml");
    let mut headquarters = Headquarters::start(&site).await?;
    let mut terminal = Terminal::prepare(|data| {
        Layout {
            data,
            machines: &[],
            interval: None,
            fastest: 10.0,
            broker: None,
            headquarters: Some(headquarters.url()),
            site: &site,
        }
        .configuration()
    })?;
    terminal.enroll(&headquarters.enrollment_code(TERMINAL).await?).await?;
    terminal.start().await?;
    terminal.confirmed().await?;
    terminal.stop().await?;
    headquarters.stop().await?;
    let began = Instant::now();
    let last = filled(&terminal, facts, least_mib).await?;
    let made_s = began.elapsed().as_secs_f64();
    let file_mib = file_mib(&terminal)?;
    headquarters.start_again().await?;
    let watch = connect(headquarters.database()).await?;
    let from = watermark(&watch).await?;
    let since = Instant::now();
    let meanwhile = work(&mut terminal, async || {
        anyhow::ensure!(since.elapsed() < LIMIT, "the backlog does not drain");
        Ok(watermark(&watch).await? < last)
    });
    let meanwhile = meanwhile.await?;
    let taken = since.elapsed().as_secs_f64() - meanwhile.start_s;
    let drained = u64::try_from(last - from)?;
    terminal.stop().await?;
    let mut left = AFTERWARDS;
    let afterwards = work(&mut terminal, async || {
        left -= 1;
        Ok(left > 0)
    });
    let afterwards = afterwards.await?;
    terminal.stop().await?;
    let copy = copied(&headquarters, &site).await?;
    #[expect(clippy::cast_precision_loss, reason = "a speed")]
    let rate = |seconds: f64| drained as f64 / seconds;
    Ok(Drain {
        facts: drained,
        made_s,
        file_mib,
        ours: rate(taken),
        copy: rate(copy),
        ratio: copy / taken,
        meanwhile,
        afterwards,
    })
}

/// So many commands are given when there is no backlog.
const AFTERWARDS: u32 = 300;
/// A busy operator.
const COMMAND_EVERY: Duration = Duration::from_millis(25);

/// An operator at a terminal that starts, for as long as there is more to come.
async fn work(
    terminal: &mut Terminal,
    mut more: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<Meanwhile> {
    let began = Instant::now();
    terminal.start().await?;
    let start_s = began.elapsed().as_secs_f64();
    let client = terminal.client()?;
    let (mut operator, mut kartd_kib) = (Operator::default(), 0);
    let mut ticks = interval(COMMAND_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while more().await? {
        ticks.tick().await;
        operator.once(&client).await?;
        kartd_kib = kartd_kib.max(terminal.resident_kib()?);
    }
    let commands = operator.took.len();
    Ok(Meanwhile { start_s, kartd_kib, commands, p99_ms: hundredth(&mut operator.took, 99) })
}

fn file_mib(terminal: &Terminal) -> anyhow::Result<f64> {
    let bytes = std::fs::metadata(terminal.data().join("facts.db"))?.len();
    #[expect(clippy::cast_precision_loss, reason = "a size")]
    Ok(bytes as f64 / 1_048_576.0)
}

async fn watermark(client: &Client) -> anyhow::Result<i64> {
    Ok(client.query_one(WATERMARK, &[]).await?.try_get(0)?)
}

const WATERMARK: &str = "SELECT max(watermark) FROM edge.terminals WHERE code = 'T-07'";

/// Somebody who comes and goes.
#[derive(Default)]
struct Operator {
    took: Vec<Duration>,
    inside: bool,
}

impl Operator {
    async fn once(&mut self, client: &kart_api::Client) -> anyhow::Result<()> {
        let badge = "1001".to_owned();
        let station = kart_core::id::StationId(key("ops_stations", "ST-21"));
        let command = match self.inside {
            true => serde_json::json!({ "clock_out": { "badge": badge } }),
            false => serde_json::json!({ "clock_in": { "badge": badge, "station": station } }),
        };
        let command: Command = serde_json::from_value(command)?;
        let request = Request { key: Uuid::new_v4().to_string(), command, pin: None };
        let asked = Instant::now();
        client.command(&request).await?;
        self.took.push(asked.elapsed());
        self.inside = !self.inside;
        Ok(())
    }
}

/// Appends facts of the last days through the store, and the plant that they add up to. Gives the last number.
pub async fn backlog(terminal: &Terminal, facts: u64) -> anyhow::Result<i64> {
    filled(terminal, facts, 0.0).await
}

/// The same, and further ones until the file is so large.
async fn filled(terminal: &Terminal, facts: u64, least_mib: f64) -> anyhow::Result<i64> {
    let site = SiteId(key("oee_sites", SITE));
    let identity = std::fs::read_to_string(terminal.data().join("identity.json"))?;
    let identity: serde_json::Value = serde_json::from_str(&identity)?;
    let said = |name: &str| identity[name].as_str().context("identity.json");
    let incarnation: Incarnation =
        said("incarnation")?.parse().map_err(|_| anyhow::anyhow!("an incarnation"))?;
    let origin = Origin { terminal: TerminalId(said("terminal")?.parse()?), incarnation };
    let store = Store::open(StoreOptions {
        folder: terminal.data(),
        new_origin: origin,
        tenant: Tenant { organization: ORGANIZATION.to_owned(), site },
    })?;
    let mut plant = Plant::new(origin);
    store.reader()?.facts_after(0, |fact| plant.apply(fact))?;
    let (first, until) = (plant.head, plant.head + facts);
    let begun_us = jiff::Timestamp::now().as_microsecond() - DAYS_US;
    let step_us = DAYS_US / i64::try_from(facts)?;
    let mut maker = Maker { origin, open: None, first, begun_us, step_us };
    while plant.head < until || file_mib(terminal)? < least_mib {
        let page: Vec<Draft> = (plant.head + 1..).take(PAGE).map(|seq| maker.draft(seq)).collect();
        let append = store.append(Append { drafts: page.clone(), ..Append::default() });
        // While the store writes.
        let apply = async {
            for (seq, draft) in (plant.head + 1..).zip(page) {
                plant.apply(&draft.seal(seq));
            }
        };
        tokio::join!(append, apply).0?;
    }
    store.save_plant(plant.head, serde_json::to_string(&plant)?).await?;
    store.close().await?;
    Ok(i64::try_from(plant.head)?)
}

/// A press that works and stops.
struct Maker {
    origin: Origin,
    open: Option<RecordId>,
    first: u64,
    begun_us: i64,
    step_us: i64,
}

impl Maker {
    fn draft(&mut self, seq: u64) -> Draft {
        let n = i64::try_from(seq).unwrap_or_default();
        let since_us = i64::try_from(seq - self.first).unwrap_or_default() * self.step_us;
        let wall_us = jiff::Timestamp::now().as_microsecond().min(self.begun_us + since_us);
        let at = Stamp { wall_us: Micros(wall_us), mono_us: since_us };
        let equipment = EquipmentId(key("oee_equipment", "EQ-211"));
        let body = if seq.is_multiple_of(CHANGE_EVERY) {
            let ends = self.open.replace(self.origin.record(seq));
            let running = seq.is_multiple_of(CHANGE_EVERY * 2);
            Body::StateChanged {
                equipment,
                station: None,
                state: if running { MachineState::Running } else { MachineState::Stopped },
                from: at,
                ends,
                rule: "cycle".to_owned(),
                map: "backlog".to_owned(),
                batch: None,
                detail: kart_core::fact::machine::Detail::default(),
            }
        } else {
            part(equipment, n, at)
        };
        let boot = Boot("0a1b2c3d".to_owned());
        Draft { at, boot, by: None, key: None, body, texts: Vec::new() }
    }
}

fn key(table: &str, code: &str) -> Uuid {
    reference_id(ORGANIZATION, SITE, table, code)
}

/// Seconds that COPY into staging and a merge take for all rows of `headquarters`, into a second database with the same schema,
/// keys and indexes.
async fn copied(headquarters: &Headquarters, site: &std::path::Path) -> anyhow::Result<f64> {
    let plain = headquarters.cluster.database("plain")?;
    for arguments in [vec!["migrate"], vec!["site", "apply", site.to_str().context("a path")?]] {
        let mut command = std::process::Command::new(crate::programs::program("kart-hq")?);
        command.env("DATABASE_URL", &plain).args(arguments);
        let mut child = Child::spawn(&mut command)?;
        anyhow::ensure!(child.end(LIMIT).await?.success(), "{}", child.tail());
    }
    let folder = headquarters.cluster.folder();
    let from = connect(headquarters.database()).await?;
    let into = connect(&plain).await?;
    let terminals = format!("{}/terminals", folder.display());
    from.batch_execute(&format!("COPY edge.terminals TO '{terminals}' (FORMAT binary)")).await?;
    into.batch_execute(&format!("COPY edge.terminals FROM '{terminals}' (FORMAT binary)")).await?;
    for table in TABLES {
        let file = format!("{}/{table}", folder.display());
        let parted = ["edge.inbox", "edge.changes"].contains(&table);
        let source = if parted { format!("(SELECT * FROM {table})") } else { table.to_owned() };
        from.batch_execute(&format!("COPY {source} TO '{file}' (FORMAT binary)")).await?;
        into.batch_execute(&format!(
            "ALTER TABLE {table} DISABLE TRIGGER USER; CREATE UNLOGGED TABLE staged_{} (LIKE {table})",
            table.replace('.', "_")
        ))
        .await?;
    }
    let began = Instant::now();
    for table in TABLES {
        let (file, staged) = (format!("{}/{table}", folder.display()), table.replace('.', "_"));
        into.batch_execute(&format!(
            "BEGIN; COPY staged_{staged} FROM '{file}' (FORMAT binary);
             INSERT INTO {table} SELECT * FROM staged_{staged} ON CONFLICT DO NOTHING; COMMIT"
        ))
        .await?;
    }
    Ok(began.elapsed().as_secs_f64())
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    try_for("a connection", Duration::from_secs(5), async || {
        client.simple_query("SELECT 1").await.map(drop).map_err(|fault| fault.to_string())
    })
    .await?;
    Ok(client)
}
