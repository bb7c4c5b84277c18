//! The floor on which a day is lived: site, map, controller, clock, and what a person sees and presses.

use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::{Timestamp, ToSpan as _, civil, tz::TimeZone};
use kart_api::Client;
use kart_tests::child::Child;
use kart_tests::clock::TestClock;
use kart_tests::modbus::ModbusServer;
use kart_tests::operator::Operator;
use kart_tests::programs::{program, repository};
use kart_tests::screen::{ENTER, ESCAPE, Screen};
use kart_tests::wait::wait_for;
use kart_tests::world::{headquarters::Headquarters, terminal::Terminal};

use crate::office::viewed;
use crate::ugly::{LIMIT, cryptography, shows, state};

/// The press of the day, the one beside it, and the one that stands in for it.
pub(super) const PRESS: Press = Press { code: "EQ-211", register: 100 };
const NEIGHBOUR: Press = Press { code: "EQ-212", register: 110 };
pub(super) const SUBSTITUTE: Press = Press { code: "EQ-214", register: 120 };
/// What every counter shows when the day begins.
const BASE: u32 = 61_000;
/// The fault word while the infeed is jammed.
pub(super) const JAM: u16 = 0x14;
pub(super) const DOWN: &str = "\u{1b}[B";
pub(super) const F3: &str = "\u{1b}OR";
pub(super) const F8: &str = "\u{1b}[19~";

/// What a controller says of itself.
#[derive(Clone, Copy)]
pub(super) enum Mode {
    /// Nothing moves.
    Automatic = 1,
    /// It makes parts, and says so: time may pass in great steps without a stop.
    InCycle = 2,
}

#[derive(Clone, Copy)]
pub(super) struct Press {
    pub(super) code: &'static str,
    register: u16,
}

/// A press as its controller tells of it.
struct Told {
    press: Press,
    mode: Mode,
    fault: u16,
    good: u32,
}

/// Everything that takes part in the day.
pub(super) struct Day {
    midnight: civil::Date,
    clock: TestClock,
    plc: ModbusServer,
    told: Vec<Told>,
    pub(super) screen: Screen,
    pub(super) client: Client,
    pub(super) terminal: Terminal,
    pub(super) headquarters: Headquarters,
    _folder: tempfile::TempDir,
}

impl Day {
    /// The night before: everything is switched on and known, nothing runs, and one person is there. Somebody opens a
    /// screen in the morning.
    pub(super) async fn after_the_night(evening: &str, morning: &str) -> Self {
        cryptography();
        let folder = tempfile::tempdir().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let midnight = Timestamp::now().to_zoned(zone).date() + 2.days();
        let mut clock = TestClock::start(moment(midnight - 1.day(), evening)).unwrap();
        let site = site(folder.path());
        let headquarters = Headquarters::start_in(&site, clock.environment()).await.unwrap();
        queued(&headquarters).await;
        let presses = [PRESS, NEIGHBOUR, SUBSTITUTE];
        let told = presses.map(|press| Told { press, mode: Mode::Automatic, fault: 0, good: BASE });
        let mut plc = ModbusServer::start().await.unwrap();
        for told in &told {
            plc.set_holding(told.press.register, &told.registers()).await.unwrap();
        }
        let url = headquarters.url();
        let mut terminal = Terminal::prepare(|data| Ok(configuration(data, &plc, &url))).unwrap();
        terminal.enroll(&headquarters.enrollment_code("T-07").await.unwrap()).await.unwrap();
        let environment = clock.environment();
        let named: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        terminal.set_environment(&named);
        terminal.start().await.unwrap();
        let client = terminal.client().unwrap();
        for press in presses {
            shows(&client, press.code, "good", BASE.into()).await;
            state(&client, press.code, "stopped").await;
        }
        Operator::new(client.clone(), "1002").clock_in("ST-21").await.unwrap();
        clock.set(moment(midnight, morning)).unwrap();
        viewed(&client, "stops that wait", |view| (view.stops.len() == 3).then_some(())).await;
        let screen = Screen::open(&terminal.socket()).unwrap();
        let ready = ["Recording", "Headquarters connected", "EQ-214", "Here: Jurij Nowak"];
        screen.shows(&ready).await.unwrap();
        let told = told.into();
        Self { midnight, clock, plc, told, screen, client, terminal, headquarters, _folder: folder }
    }

    /// It is `time` o'clock.
    pub(super) fn at(&mut self, time: &str) {
        self.clock.set(moment(self.midnight, time)).unwrap();
    }

    /// `time` o'clock of the day, for programs.
    pub(super) fn moment(&self, time: &str) -> Timestamp {
        moment(self.midnight, time)
    }

    fn press_of(&mut self, press: Press) -> &mut Told {
        self.told.iter_mut().find(|told| told.press.code == press.code).unwrap()
    }

    /// What the controller says from now on, when the terminal has read it.
    pub(super) async fn says(&mut self, press: Press, mode: Mode, fault: u16, made: u32) {
        let told = self.press_of(press);
        (told.mode, told.fault) = (mode, fault);
        told.good += made;
        let (good, registers) = (told.good, told.registers());
        self.plc.set_holding(press.register, &registers).await.unwrap();
        shows(&self.client, press.code, "good", good.into()).await;
        shows(&self.client, press.code, "mode", mode as i64).await;
        shows(&self.client, press.code, "fault", fault.into()).await;
    }

    /// A stroke at each of these times, and nothing else that the controller would say.
    pub(super) async fn strokes(&mut self, press: Press, times: &[&str]) {
        for time in times {
            self.at(time);
            self.says(press, Mode::Automatic, 0, 1).await;
        }
    }

    /// It makes parts until `time`; of what comes then it tells only strokes.
    pub(super) async fn runs_until(&mut self, press: Press, time: &str, parts: u32) {
        self.says(press, Mode::InCycle, 0, 0).await;
        self.at(time);
        self.says(press, Mode::Automatic, 0, parts).await;
    }

    pub(super) async fn is(&self, press: Press, wanted: &str) {
        state(&self.client, press.code, wanted).await;
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.screen.press(keys).unwrap();
    }

    /// Keys, then Enter.
    pub(super) fn enter(&mut self, keys: &str) {
        self.press(keys);
        self.press(ENTER);
    }

    pub(super) async fn sees(&self, wanted: &[&str]) -> String {
        self.screen.shows(wanted).await.unwrap()
    }

    /// Escape, until this is gone.
    pub(super) async fn leaves(&mut self, gone: &str) {
        self.press(ESCAPE);
        self.screen.lacks(&[gone]).await.unwrap();
    }

    /// Down to the line with these words.
    pub(super) async fn chooses(&mut self, words: &str) {
        let chosen = |text: &str| text.lines().any(|it| it.contains('►') && it.contains(words));
        for _ in 0..20 {
            let before = self.screen.text();
            if chosen(&before) {
                return;
            }
            self.press(DOWN);
            self.screen.becomes("the next line", |text| text != before).await.unwrap();
        }
        panic!("{words}\n{}", self.screen.text());
    }

    /// What a query finds at headquarters, once it finds what is expected.
    pub(super) async fn office(&self, statement: &str, wanted: &[&str]) {
        self.terminal.confirmed().await.unwrap();
        wait_for(statement, LIMIT, async || {
            let found = self.headquarters.sql(statement, &[]).await;
            let found = found.map_err(|fault| format!("{fault:#}"))?;
            let found: Vec<String> = found
                .iter()
                .map(|row| row.get::<_, Option<String>>(0).unwrap_or_default())
                .collect();
            if found == wanted { Ok(()) } else { Err(format!("{found:#?}")) }
        })
        .await;
    }

    /// `kart-hq`, as somebody at headquarters runs it at this hour.
    pub(super) async fn kart_hq(&self, arguments: &[&str]) -> String {
        let place = ["--organization", "cedar-works", "--site", "cedar"];
        let mut command = Command::new(program("kart-hq").unwrap());
        command.env("DATABASE_URL", self.headquarters.database()).args(arguments).args(place);
        command.envs(self.clock.environment());
        let mut child = Child::spawn(&mut command).unwrap();
        let status = child.end(LIMIT).await.unwrap();
        assert!(status.success(), "{arguments:?}: {}", child.tail());
        child.stdout()
    }
}

impl Told {
    fn registers(&self) -> [u16; 4] {
        let half = |half: u32| u16::try_from(half & 0xffff).unwrap();
        [self.mode as u16, self.fault, half(self.good >> 16), half(self.good)]
    }
}

fn moment(day: civil::Date, time: &str) -> Timestamp {
    let time: civil::Time = time.parse().unwrap();
    day.to_datetime(time).in_tz("Europe/Berlin").unwrap().timestamp()
}

/// The demo's site with the day's cycle, the die that the station wants to know, the substitute at the next station, and
/// reasons that the day needs.
fn site(folder: &Path) -> PathBuf {
    let demo = std::fs::read_to_string(repository().join("config/demo/site.toml")).unwrap();
    let found = "machines = [\"EQ-211\", \"EQ-212\"]\n";
    let die = "\n[[station.field]]\ncode = \"die\"\nlabel = \"Die no.\"\nasked_at = \"start\"\nrequired = true\n";
    assert!(demo.contains(found), "the stations of the demo");
    let text = demo
        .replace("ideal_cycle_s = 0.25", "ideal_cycle_s = 2.0")
        .replace("code = \"EQ-211\"\n", "code = \"EQ-211\"\ncompatible = [\"EQ-214\"]\n")
        .replace(found, &format!("{found}{die}"));
    let more = "
[[station]]
code = \"ST-23\"
name = \"Further press\"
machines = [\"EQ-214\"]

[[machine]]
code = \"EQ-214\"
name = \"Press 63 t, the older\"
ideal_cycle_s = 2.0
terminal = \"T-07\"

[[downtime_group]]
name = \"Waiting\"
type = \"unplanned\"

[[downtime_group.reason]]
code = \"W01\"
name = \"Waiting for maintenance\"

[[incident_group]]
name = \"Guards of the day\"

[[incident_group.reason]]
code = \"G01\"
name = \"Guard rattles\"
";
    let path = folder.join("site.toml");
    std::fs::write(&path, text + more).unwrap();
    path
}

/// What is to be made: B-1042, then B-1043.
async fn queued(headquarters: &Headquarters) {
    let insert = "INSERT INTO oee_batch_queue
            (site_id, equipment_id, product_id, batch_number, target_quantity, queue_position)
        SELECT q.site_id, q.id, p.id, 'B-' || n, 500, n
        FROM oee_equipment q, ops_products p, generate_series(1042, 1043) n
        WHERE q.code = 'EQ-211' AND p.product_code = 'BR-40' RETURNING batch_number";
    headquarters.sql(insert, &[]).await.unwrap();
}

fn configuration(data: &Path, plc: &ModbusServer, headquarters: &str) -> String {
    let machines: String = [PRESS, NEIGHBOUR, SUBSTITUTE].into_iter().map(machine).collect();
    format!(
        "[terminal]\ncode = \"T-07\"\nstation = \"ST-21\"\ndata_dir = \"{}\"\n\
         [site]\norganization = \"cedar-works\"\ncode = \"cedar\"\n\
         [headquarters]\nurl = \"{headquarters}\"\n\
         [[device]]\nname = \"plc\"\naddress = \"{}\"\ntimeout_ms = 1000\n{machines}",
        data.display(),
        plc.address()
    )
}

fn machine(press: Press) -> String {
    let read = |at: u16| {
        let address = press.register + at;
        format!("device = \"plc\", interval_ms = 50, address = {address}")
    };
    format!(
        "[[machine]]\ncode = \"{}\"\notherwise = \"stopped\"\nideal_cycle_s = 2.0\n\
         stale_after_ms = 86400000\nminimum_stop_s = 6.0\nmicro_stop_s = 60.0\n\
         fault = {{ signal = \"fault\", reasons = {{ {JAM} = \"F01\" }} }}\n\
         signal = [\n\
         {{ name = \"mode\", type = \"u16\", {} }},\n\
         {{ name = \"fault\", type = \"u16\", {} }},\n\
         {{ name = \"good\", type = \"u32\", {} }},\n]\n\
         counter = [{{ signal = \"good\", kind = \"good\", width = 32 }}]\n\
         rule = [\n\
         {{ name = \"in cycle\", when = [{{ signal = \"mode\", is = {} }}], state = \"running\" }},\n\
         {{ name = \"strokes\", when = [{{ signal = \"good\", rose_within_cycles = 3.0 }}], state = \"running\" }},\n]\n",
        press.code,
        read(0),
        read(1),
        read(2),
        Mode::InCycle as u16
    )
}
