//! A day on a shop floor, minute by minute: real programs and real servers, one press, one terminal in a pseudo-terminal, and
//! a clock that the test drives. What the day leaves in the central tables is compared at its end.

use std::{path::Path, time::Duration};

use jiff::{Timestamp, ToSpan as _, civil, tz::TimeZone};
use kart_tests::{
    clock::TestClock,
    modbus::ModbusServer,
    programs::repository,
    screen::{ENTER, ESCAPE, Screen},
    wait::wait_for,
    world::{headquarters::Headquarters, terminal::Terminal},
};

use crate::turn::turn;
use crate::ugly::{cryptography, shows, state};

const LIMIT: Duration = Duration::from_secs(30);
const MACHINE: &str = "EQ-211";
/// What the controller says: nothing moves.
const AUTOMATIC: u16 = 1;
/// It makes parts, and says so: time may pass in great steps without a stop.
const IN_CYCLE: u16 = 2;
/// The fault word while the infeed is jammed.
const JAM: u16 = 0x14;

/// The site of the demo, with the day's cycle and the die that the station wants to know.
fn site(folder: &Path) -> std::path::PathBuf {
    let demo = std::fs::read_to_string(repository().join("config/demo/site.toml")).unwrap();
    let text = demo.replace("ideal_cycle_s = 0.25", "ideal_cycle_s = 2.0");
    let path = folder.join("site.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn configuration(data: &Path, plc: &ModbusServer, headquarters: &str) -> String {
    let read = "device = \"plc\", interval_ms = 50, address =";
    format!(
        "[terminal]\ncode = \"T-07\"\nstation = \"ST-21\"\ndata_dir = \"{}\"\n\
         [site]\norganization = \"cedar-works\"\ncode = \"cedar\"\n\
         [headquarters]\nurl = \"{headquarters}\"\n\
         [[device]]\nname = \"plc\"\naddress = \"{}\"\ntimeout_ms = 1000\n\
         [[machine]]\ncode = \"{MACHINE}\"\notherwise = \"stopped\"\nideal_cycle_s = 2.0\n\
         stale_after_ms = 86400000\nminimum_stop_s = 6.0\nmicro_stop_s = 60.0\n\
         fault = {{ signal = \"fault\", reasons = {{ 20 = \"F01\" }} }}\n\
         signal = [\n\
         {{ name = \"mode\", type = \"u16\", {read} 100 }},\n\
         {{ name = \"fault\", type = \"u16\", {read} 101 }},\n\
         {{ name = \"good\", type = \"u32\", {read} 102 }},\n]\n\
         counter = [{{ signal = \"good\", kind = \"good\", width = 32 }}]\n\
         rule = [\n\
         {{ name = \"in cycle\", when = [{{ signal = \"mode\", is = {IN_CYCLE} }}], state = \"running\" }},\n\
         {{ name = \"strokes\", when = [{{ signal = \"good\", rose_within_cycles = 3.0 }}], state = \"running\" }},\n]\n",
        data.display(),
        plc.address()
    )
}

/// Everything that takes part in the day.
struct Day {
    midnight: civil::Date,
    clock: TestClock,
    plc: ModbusServer,
    mode: u16,
    fault: u16,
    good: u32,
    screen: Screen,
    terminal: Terminal,
    headquarters: Headquarters,
    _folder: tempfile::TempDir,
}

impl Day {
    /// Tomorrow at `time` o'clock: everything is switched on and known, and nobody has come yet.
    async fn begin(time: &str) -> Self {
        cryptography();
        let folder = tempfile::tempdir().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let midnight = Timestamp::now().to_zoned(zone).date() + 1.day();
        let clock = TestClock::start(moment(midnight, time)).unwrap();
        let site = site(folder.path());
        let headquarters = Headquarters::start_in(&site, clock.environment()).await.unwrap();
        let mut plc = ModbusServer::start().await.unwrap();
        plc.set_holding(100, &[AUTOMATIC, 0, 0, 61_000]).await.unwrap();
        let url = headquarters.url();
        let mut terminal = Terminal::prepare(|data| Ok(configuration(data, &plc, &url))).unwrap();
        terminal.enroll(&headquarters.enrollment_code("T-07").await.unwrap()).await.unwrap();
        let environment = clock.environment();
        let named: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        terminal.set_environment(&named);
        terminal.start().await.unwrap();
        let client = terminal.client().unwrap();
        shows(&client, MACHINE, "good", 61_000).await;
        let screen = Screen::open(&terminal.socket()).unwrap();
        let ready = ["Recording", "Headquarters connected", MACHINE, "Nobody is clocked in"];
        screen.shows(&ready).await.unwrap();
        let (mode, fault, good) = (AUTOMATIC, 0, 61_000);
        Self {
            midnight,
            clock,
            plc,
            mode,
            fault,
            good,
            screen,
            terminal,
            headquarters,
            _folder: folder,
        }
    }

    /// It is `time` o'clock.
    fn at(&mut self, time: &str) {
        self.clock.set(moment(self.midnight, time)).unwrap();
    }

    /// What the controller says from now on, when the terminal has read it.
    async fn tells(&mut self) {
        let (high, low) = (self.good >> 16, self.good & 0xffff);
        let [high, low] = [high, low].map(|half| u16::try_from(half).unwrap());
        self.plc.set_holding(100, &[self.mode, self.fault, high, low]).await.unwrap();
        let client = self.terminal.client().unwrap();
        shows(&client, MACHINE, "good", self.good.into()).await;
        shows(&client, MACHINE, "mode", self.mode.into()).await;
        shows(&client, MACHINE, "fault", self.fault.into()).await;
    }

    /// Strokes, two seconds apart.
    async fn strokes(&mut self, count: u32) {
        for _ in 0..count {
            self.clock.pass(Duration::from_secs(2)).unwrap();
            self.good += 1;
            self.tells().await;
        }
    }

    async fn is(&self, wanted: &str) {
        state(&self.terminal.client().unwrap(), MACHINE, wanted).await;
    }

    fn press(&mut self, keys: &str) {
        self.screen.press(keys).unwrap();
    }

    async fn sees(&self, wanted: &[&str]) -> String {
        self.screen.shows(wanted).await.unwrap()
    }

    /// What a query finds at headquarters, once it finds so many rows; cells with blanks between them.
    async fn office(&self, rows: usize, statement: &str) -> Vec<String> {
        wait_for(statement, LIMIT, async || {
            let found = self.headquarters.sql(statement, &[]).await;
            let found = found.map_err(|fault| format!("{fault:#}"))?;
            let found: Vec<String> = found
                .iter()
                .map(|row| row.get::<_, Option<String>>(0).unwrap_or_default())
                .collect();
            if found.len() == rows { Ok(found) } else { Err(format!("{found:#?}")) }
        })
        .await
    }
}

fn moment(day: civil::Date, time: &str) -> Timestamp {
    let time: civil::Time = time.parse().unwrap();
    day.to_datetime(time).in_tz("Europe/Berlin").unwrap().timestamp()
}

impl Day {
    /// A badge before the reader.
    fn scan(&mut self, badge: &str) {
        self.press(badge);
        self.press(ENTER);
    }

    /// The controller says that parts are made; so many by `time`, when it says no more than that it is on.
    async fn runs_until(&mut self, time: &str, parts: u32) {
        self.mode = IN_CYCLE;
        self.tells().await;
        self.at(time);
        self.good += parts;
        self.mode = AUTOMATIC;
        self.tells().await;
    }

    /// A person comes early, and starts the first batch.
    async fn begins(&mut self) {
        self.scan("1001");
        self.sees(&["Ada Brandt", "clock in"]).await;
        self.press(ENTER);
        self.sees(&["SAVED", "Here: Ada Brandt"]).await;
        self.at("06:04:00");
        // The press stands since before anybody came; that can be said later.
        self.sees(&["Why did it stop?", "05:52 stopped"]).await;
        self.press(ESCAPE);
        self.sees(&["No batch."]).await;
        self.press("s");
        self.sees(&["Start a batch on EQ-211"]).await;
        self.press("BR-40");
        self.press(ENTER);
        self.press("500");
        self.press(ENTER);
        self.sees(&["SAVED", "good of 500"]).await;
        // Setup ends with the first good stroke.
        self.at("06:04:05");
        self.strokes(1).await;
        self.is("running").await;
    }

    /// A loss of speed, a short stop that nobody is asked of, and one that somebody is.
    async fn stops(&mut self) {
        self.runs_until("06:31:00", 100).await;
        self.strokes(2).await;
        self.at("06:31:08");
        self.strokes(2).await;
        self.runs_until("06:44:00", 100).await;
        self.strokes(1).await;
        self.at("06:44:36");
        self.is("stopped").await;
        self.strokes(1).await;
        self.is("running").await;
        self.runs_until("07:18:16", 100).await;
        self.strokes(2).await;
        self.fault = JAM;
        self.tells().await;
        self.at("07:19:24");
        self.is("stopped").await;
        // The card comes by itself, with what the fault word stands for first.
        self.sees(&["Why did it stop?", "07:18 stopped", "1 Part jammed in the die"]).await;
        self.at("07:21:00");
        self.press("1");
        self.press(ENTER);
        self.sees(&["SAVED", "Part jammed in the die"]).await;
        self.at("07:26:38");
        self.fault = 0;
        self.strokes(2).await;
        self.is("running").await;
    }

    /// A meal by badge; the batch goes on alone meanwhile.
    async fn eats(&mut self) {
        self.runs_until("09:30:00", 100).await;
        self.mode = IN_CYCLE;
        self.tells().await;
        self.scan("1001");
        self.sees(&["Ada Brandt", "Meal"]).await;
        self.press("3");
        self.press(ENTER);
        self.sees(&["Ada Brandt (Meal"]).await;
        self.at("10:01:00");
        self.scan("1001");
        self.sees(&["Ada Brandt", "back from"]).await;
        self.press(ENTER);
        self.screen.lacks(&["(Meal", "back from"]).await.unwrap();
    }
}

#[tokio::test]
async fn a_day_on_the_floor() {
    let _turn = turn().await;
    let mut day = Day::begin("05:52:11").await;
    day.begins().await;
    day.stops().await;
    day.eats().await;

    // A stop went from the stroke that did not come to the next one, whatever was looked when.
    let stops = day
        .office(
            2,
            "SELECT to_char(start_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI:SS') || ' ' ||
                    round(duration_minutes * 60) || ' ' || coalesce(reason_label, '-')
             FROM oee_machine_events WHERE event_type = 'downtime' AND end_ts IS NOT NULL
               AND start_ts > (SELECT min(start_ts) FROM oee_machine_events WHERE event_type = 'batch')
             ORDER BY start_ts",
        )
        .await;
    assert_eq!(stops, ["06:44:04 34 -", "07:18:22 498 Part jammed in the die"]);
    // Early by eight minutes stands as it was, and so does the meal; nothing is rounded.
    let labor = day
        .office(
            2,
            "SELECT concat_ws(' ', l.entry_type,
                    to_char(l.start_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI'),
                    to_char(l.end_ts AT TIME ZONE 'Europe/Berlin', 'HH24:MI'))
             FROM ops_labor_entries l WHERE l.entry_type = 'shift' OR l.end_ts IS NOT NULL
             ORDER BY l.start_ts",
        )
        .await;
    assert_eq!(labor, ["shift 05:52", "meal 09:30 10:01"]);
}
