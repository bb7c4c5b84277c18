//! A fleet of real programs: eight terminals, the gateway, Postgres, and between them a line with every fault it can have.
//! Each of the three is killed again and again, and Postgres is put back to a copy of before. In the end nothing is
//! lost, nothing is doubled, and every mirror is headquarters' own, column by column.
//!
//! Three minutes by default; KART_FLEET_SECONDS says otherwise.

use std::time::{Duration, Instant};

use kart_api::{Answer, Request};
use kart_core::command::Command;
use kart_core::id::StationId;
use kart_tests::proxy::{Fault, Proxy, Weather};
use kart_tests::world::accounts::mirror::{Whose, differences};
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::layout::Layout;
use kart_tests::world::terminal::Terminal;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::headquarters::demo_site;
use crate::headquarters::device::key;
use crate::turn::{seed, turn};

const TERMINALS: usize = 8;
const USUAL_SECONDS: u64 = 180;
const BADGES: [&str; 4] = ["1001", "1002", "1003", "1005"];
/// How often each person does something.
const BEAT: Duration = Duration::from_millis(250);
/// From the end of the last fault to the last confirmation and the last equal mirror.
const CONVERGED: Duration = Duration::from_secs(60);

/// A terminal and whoever stands at it.
struct Place {
    terminal: Terminal,
    badge: &'static str,
    present: bool,
    /// Clock-ins that the screen has confirmed.
    confirmed: usize,
}

fn code(number: usize) -> String {
    format!("F-{number:02}")
}

async fn place(headquarters: &Headquarters, url: &str, number: usize) -> Place {
    let mut terminal = Terminal::prepare(|data| {
        let site = demo_site();
        let layout = Layout {
            data,
            machines: &[],
            interval: None,
            fastest: 1.0,
            broker: None,
            headquarters: Some(url.to_owned()),
            site: &site,
        };
        let mut file: toml::Table = layout.configuration()?.parse()?;
        file["terminal"].as_table_mut().unwrap().insert("code".into(), code(number).into());
        Ok(toml::to_string(&file)?)
    })
    .unwrap();
    let enrollment = headquarters.enrollment_code(&code(number)).await.unwrap();
    terminal.enroll(&enrollment).await.unwrap();
    terminal.start().await.unwrap();
    Place { terminal, badge: BADGES[number % BADGES.len()], present: false, confirmed: 0 }
}

impl Place {
    /// In or out, whichever it is; a daemon that is just killed does not answer, and nothing counts.
    async fn act(&mut self) {
        let station = StationId(key("ops_stations", "ST-21"));
        let command = match self.present {
            false => Command::ClockIn { badge: self.badge.into(), station },
            true => Command::ClockOut { badge: self.badge.into() },
        };
        let request = Request { key: Uuid::new_v4().to_string(), command, pin: None };
        let Ok(client) = self.terminal.client() else { return };
        if let Ok(Answer::Saved(_)) = client.command(&request).await {
            self.confirmed += usize::from(!self.present);
            self.present = !self.present;
        }
    }
}

/// What happens to the fleet, once in a while.
async fn disaster(
    dice: &mut StdRng,
    places: &mut [Place],
    headquarters: &mut Headquarters,
    proxy: &Proxy,
) {
    match dice.random_range(0..10) {
        0 => {
            headquarters.kill().unwrap();
            headquarters.start_again().await.unwrap();
        },
        1 => {
            headquarters.cluster.stop().unwrap();
            headquarters.cluster.start_again().unwrap();
        },
        2..5 => {
            let place = &mut places[dice.random_range(0..TERMINALS)];
            place.terminal.kill().unwrap();
            place.terminal.start().await.unwrap();
        },
        5..7 => proxy.cut(),
        _ => proxy.weather(match dice.random_range(0..3) {
            0 => Weather::Steady(Fault::Calm),
            _ => Weather::Storm { one_in: dice.random_range(2..6) },
        }),
    }
}

async fn waiting(places: &[Place]) -> Result<(), String> {
    for place in places {
        let client = place.terminal.client().map_err(|fault| fault.to_string())?;
        let health = client.health().await.map_err(|fault| fault.to_string())?;
        if health.acked != health.head {
            return Err(format!("{} of {} facts are confirmed", health.acked, health.head));
        }
    }
    Ok(())
}

/// What differs between the mirrors and headquarters.
async fn mirrors(headquarters: &Headquarters, places: &[Place]) -> Result<(), String> {
    for (number, place) in places.iter().enumerate() {
        let data = place.terminal.data();
        let (database, terminal) = (headquarters.database(), code(number));
        let whose = Whose { database, site: "cedar", terminal: &terminal, data: &data };
        let found = differences(whose).await.map_err(|fault| fault.to_string())?;
        if let Some(first) = found.first() {
            return Err(format!("{terminal}: {} differences, first {first}", found.len()));
        }
    }
    Ok(())
}

/// Every fact of every terminal is at headquarters once, as the bytes that the terminal has.
async fn nothing_lost_nothing_doubled(headquarters: &Headquarters, places: &[Place]) -> usize {
    let mut all = 0;
    for (number, place) in places.iter().enumerate() {
        let facts = place.terminal.facts().unwrap();
        let mut select = facts.prepare("SELECT line FROM facts ORDER BY seq").unwrap();
        let ours: Vec<String> =
            select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        let theirs = headquarters
            .sql(
                "SELECT convert_from(i.line, 'UTF8') FROM edge.inbox i JOIN edge.terminals t USING (terminal_id)
                 WHERE t.code = $1 ORDER BY i.incarnation, i.seq",
                &[&code(number)],
            )
            .await
            .unwrap();
        let theirs: Vec<String> = theirs.iter().map(|row| row.get(0)).collect();
        assert!(
            ours == theirs,
            "{}: {} facts, {} at headquarters",
            code(number),
            ours.len(),
            theirs.len()
        );
        all += ours.len();
    }
    let confirmed: usize = places.iter().map(|place| place.confirmed).sum();
    let entries = headquarters.number("SELECT count(*) FROM ops_labor_entries").await.unwrap();
    // A clock-in whose answer a kill has swallowed is recorded and was not confirmed.
    let recorded = headquarters
        .number("SELECT count(*) FROM edge.inbox WHERE kind = 'clocked_in'")
        .await
        .unwrap();
    assert_eq!(entries, recorded, "one row a clock-in");
    assert!(usize::try_from(recorded).unwrap() >= confirmed, "{confirmed} were confirmed");
    all
}

#[tokio::test]
async fn a_fleet_through_every_trouble_loses_and_doubles_nothing() {
    let _turn = turn().await;
    // Fails only when a provider is installed already, and then there is one.
    rustls::crypto::ring::default_provider().install_default().ok();
    let seed = seed("fleet::", 21);
    let seconds = std::env::var("KART_FLEET_SECONDS").ok().and_then(|text| text.parse().ok());
    let run = Duration::from_secs(seconds.unwrap_or(USUAL_SECONDS));
    let mut dice = StdRng::seed_from_u64(seed);
    let mut headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let gateway = headquarters.url().trim_start_matches("http://").parse().unwrap();
    let proxy = Proxy::start(&[gateway], seed).await.unwrap();
    let mut places = Vec::new();
    for number in 0..TERMINALS {
        places.push(place(&headquarters, &proxy.url(), number).await);
    }
    proxy.weather(Weather::Storm { one_in: 4 });
    let begin = Instant::now();
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut saved, mut restored, mut disasters) = (None, false, 0);
    while begin.elapsed() < run {
        beats.tick().await;
        for place in &mut places {
            place.act().await;
        }
        if dice.random_ratio(1, 8) {
            disasters += 1;
            disaster(&mut dice, &mut places, &mut headquarters, &proxy).await;
        }
        if saved.is_none() && begin.elapsed() > run / 3 {
            saved = Some(headquarters.cluster.save().unwrap());
        }
        if let (Some(saved), false) = (&saved, restored)
            && begin.elapsed() > run / 2
        {
            headquarters.cluster.restore(saved).unwrap();
            restored = true;
        }
    }
    proxy.weather(Weather::Steady(Fault::Calm));
    proxy.cut();
    let healed = Instant::now();
    kart_tests::wait::wait_for("every fact at headquarters", CONVERGED, async || {
        waiting(&places).await
    })
    .await;
    let left = CONVERGED.saturating_sub(healed.elapsed());
    kart_tests::wait::wait_for("equal mirrors", left, async || {
        mirrors(&headquarters, &places).await
    })
    .await;
    let converged = healed.elapsed();
    let facts = nothing_lost_nothing_doubled(&headquarters, &places).await;
    #[expect(clippy::print_stderr, reason = "the figures are what the test is for")]
    {
        let met: Vec<String> =
            Fault::ALL.iter().map(|fault| format!("{fault:?} {}", proxy.count(*fault))).collect();
        eprintln!(
            "fleet: {facts} facts of {TERMINALS} terminals, {disasters} disasters, one restore, {}; 0 lost, 0 doubled, \
             converged in {converged:.1?}",
            met.join(", ")
        );
    }
}
