//! Headquarters and terminals on one clock that the test drives, for cases in which hours or days pass.

use std::process::Command;

use jiff::{Timestamp, ToSpan as _, civil, tz::TimeZone};
use kart_api::{Answer, View};
use kart_core::{
    command::Command as Asked,
    id::{EquipmentId, ProductId, RecordId, StationId, UserId},
};
use kart_tests::{
    child::Child,
    clock::TestClock,
    modbus::ModbusServer,
    programs::{program, repository},
    wait::wait_for,
    world::{headquarters::Headquarters, layout::enrolled, terminal::Terminal},
};
use tempfile::TempDir;

use super::{LIMIT, cryptography, device};
use crate::headquarters::device::key;
use crate::office::{ask, seen};

pub(super) const SITE: [&str; 4] = ["--organization", "cedar-works", "--site", "cedar"];

/// Where the day of a case takes place.
pub(super) struct Floor {
    pub(super) clock: TestClock,
    pub(super) headquarters: Headquarters,
    _folder: TempDir,
}

/// The moment that the clock on the wall at the site shows: `2027-03-27 22:00`.
pub(super) fn local(time: &str) -> Timestamp {
    let time: civil::DateTime = time.parse().unwrap();
    time.in_tz("Europe/Berlin").unwrap().timestamp()
}

/// Days from today at the site, as they are written.
pub(super) fn day(ahead: i64) -> String {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    (Timestamp::now().to_zoned(zone).date() + ahead.days()).to_string()
}

impl Floor {
    /// The demo's site, changed, at this moment.
    pub(super) async fn begin(time: &str, change: impl Fn(&str) -> String) -> Self {
        cryptography();
        let clock = TestClock::start(local(time)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let demo = std::fs::read_to_string(repository().join("config/demo/site.toml")).unwrap();
        std::fs::write(folder.path().join("site.toml"), change(&demo)).unwrap();
        let site = folder.path().join("site.toml");
        let headquarters = Headquarters::start_in(&site, clock.environment()).await.unwrap();
        Self { clock, headquarters, _folder: folder }
    }

    /// An enrolled terminal of ST-21 that works and knows its site; `rest` are its devices and machines.
    pub(super) async fn terminal(&self, code: &str, rest: &str) -> Terminal {
        self.terminal_at((code, "ST-21"), rest).await
    }

    /// The same of another station.
    pub(super) async fn terminal_at(&self, (code, station): (&str, &str), rest: &str) -> Terminal {
        let mut terminal = Terminal::prepare(|data| {
            let text = enrolled(data, &self.headquarters.url(), rest);
            Ok(text.replace("\"T-07\"", &format!("\"{code}\"\nstation = \"{station}\"")))
        })
        .unwrap();
        let invitation = self.headquarters.enrollment_code(code).await.unwrap();
        terminal.enroll(&invitation).await.unwrap();
        self.on_the_clock(&mut terminal);
        terminal.start().await.unwrap();
        seen(&terminal, "the site", |view| view.reference.as_ref().map(drop)).await;
        terminal
    }

    /// From its next start on a terminal takes the time from here.
    pub(super) fn on_the_clock(&self, terminal: &mut Terminal) {
        let environment = self.clock.environment();
        let named: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        terminal.set_environment(&named);
    }

    /// What `kart-hq` says, by the clock of the floor.
    pub(super) async fn hq(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(program("kart-hq").unwrap());
        command.env("DATABASE_URL", self.headquarters.database());
        command.envs(self.clock.environment()).args(arguments);
        let mut child = Child::spawn(&mut command).unwrap();
        let status = child.end(LIMIT).await.unwrap();
        assert!(status.success(), "kart-hq {arguments:?}: {}", child.tail());
        child.stdout()
    }

    /// It is this time at the site, and terminals know.
    pub(super) async fn at(&mut self, time: &str, terminals: &[&Terminal]) {
        let wanted = local(time);
        self.clock.set(wanted).unwrap();
        for terminal in terminals {
            let reached =
                |view: &View| (view.terminal.now_us.0 >= wanted.as_microsecond()).then_some(());
            seen(terminal, time, reached).await;
        }
    }

    /// Waits until a query at headquarters gives these lines.
    pub(super) async fn rows(&self, statement: &str, wanted: &[&str]) {
        wait_for(statement, LIMIT, async || {
            let rows = self.headquarters.sql(statement, &[]).await;
            let rows = rows.map_err(|fault| format!("{fault:#}"))?;
            let rows: Vec<String> = rows
                .iter()
                .map(|row| row.get::<_, Option<String>>(0).unwrap_or_default())
                .collect();
            if rows == wanted { Ok(()) } else { Err(format!("{rows:#?}")) }
        })
        .await;
    }
}

/// What is saved, or the test ends.
pub(super) async fn saved(terminal: &Terminal, command: Asked) -> RecordId {
    match ask(terminal, command.clone(), None).await {
        Answer::Saved(accepted) => accepted.record,
        Answer::Refused(refusal) => panic!("{command:?}: {refusal}"),
    }
}

pub(super) fn station(code: &str) -> StationId {
    StationId(key("ops_stations", code))
}

pub(super) fn clock_in(badge: &str) -> Asked {
    Asked::ClockIn { badge: badge.into(), station: station("ST-21") }
}

pub(super) fn clock_out(badge: &str) -> Asked {
    Asked::ClockOut { badge: badge.into() }
}

/// A batch of brackets.
pub(super) fn start(by: UserId, machine: &str, number: Option<&str>) -> Asked {
    Asked::StartBatch {
        by,
        equipment: EquipmentId(key("oee_equipment", machine)),
        product: ProductId(key("ops_products", "BR/BR-40")),
        target: Some(60),
        number: number.map(str::to_owned),
        work_order: None,
        detail: Default::default(),
    }
}

pub(super) fn complete(by: UserId, batch: RecordId, good: i64) -> Asked {
    let detail = Default::default();
    Asked::CompleteBatch { by, batch, good, scrap: 0, scrap_reason: None, detail }
}

pub(super) const PRESS: &str = "EQ-211";

/// A press that runs while bit 0 of register 20 is set, and counts in register 21.
pub(super) fn map(plc: &ModbusServer) -> String {
    let read = "device = \"plc\", interval_ms = 50, address =";
    format!(
        "{}[[machine]]\ncode = \"{PRESS}\"\notherwise = \"stopped\"\nstale_after_ms = 86400000\n\
         signal = [\n{{ name = \"automatic\", {read} 20, type = \"bit\", bit = 0 }},\n\
         {{ name = \"good\", {read} 21, type = \"u16\" }},\n]\n\
         counter = [{{ signal = \"good\", kind = \"good\", max_per_s = 500.0 }}]\n\
         rule = [{{ name = \"automatic\", when = [{{ signal = \"automatic\", is = true }}], state = \"running\" }}]\n",
        device("plc", plc)
    )
}
