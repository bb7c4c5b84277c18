//! Turns what is known into what a screen shows: one [`View`] after each change, ten a second at
//! most.

use kart_api::{Damage, HqLink, Machine, Sync, Terminal, Time, View};
use kart_core::{clock::Doubt, fact::Fact, reference::Reference};
use kart_store::{Head, Reader, StoreError};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, readers::Readers, recorder::Shown, uplink::HqState};

mod batch;
mod floor;
mod job;
mod labor;
mod machine;
mod open;
mod receipt;
mod stop;

use labor::{people, undoable, unended};
use machine::{link_of, machine};
use receipt::{SHIFT_US, receipt, receipts, waits};
use stop::{review, stops};

/// Least time between two views.
const REST: Duration = Duration::from_millis(100);

/// A view at least this often, so that a screen can tell a quiet plant from a dead daemon.
const PULSE: Duration = Duration::from_secs(2);

/// What headquarters has acknowledged comes back as rows a little later, microseconds.
const ROUND_US: i64 = 3_000_000;

/// Up to which fact headquarters has not only heard what was asked, but had the time to answer.
#[derive(Default)]
struct Heard {
    answered: u64,
    acked: u64,
    since_us: i64,
}

impl Heard {
    fn by(&mut self, acked: u64, now_us: i64) -> u64 {
        if now_us.saturating_sub(self.since_us) >= ROUND_US {
            *self = Self { answered: self.acked, acked, since_us: now_us };
        }
        self.answered
    }
}

/// Makes views.
pub struct Viewer {
    /// Code of the terminal.
    pub code: String,
    /// The station it stands at.
    pub station: Option<kart_core::id::StationId>,
    /// What the configuration says of screens.
    pub habits: kart_api::Habits,
    /// The time.
    pub clock: Clock,
    /// For receipts.
    pub readers: Readers,
    /// What the recorder shows.
    pub shown: watch::Receiver<Shown>,
    /// What is known of headquarters.
    pub hq: watch::Receiver<HqState>,
    /// Where the log stands.
    pub head: watch::Receiver<Head>,
    /// Where views go.
    pub view: watch::Sender<Arc<View>>,
}

impl Viewer {
    /// Runs until `stop`.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut lately = (None, Vec::new());
        let mut oldest = (0, None);
        let mut heard = Heard::default();
        let mut damage = self.readers.ask(Reader::damage).await?;
        loop {
            let shown = self.shown.borrow_and_update().clone();
            let hq = self.hq.borrow_and_update().clone();
            let head = self.head.borrow_and_update().seq;
            let held: Vec<u64> = hq.quarantined.iter().map(|held| held.seq).collect();
            let asked = Some((shown.commands, held.clone()));
            if lately.0 != asked {
                let since = self.clock.stamp().wall_us.0 - SHIFT_US;
                let look = move |reader: &Reader| receipts(reader, since, &held);
                lately = (asked, self.readers.ask(look).await?);
            }
            let waiting = hq.acked + 1;
            if head < waiting || hq.link == HqLink::Alone {
                oldest = (0, None);
            } else if oldest.0 != waiting {
                let at = self.readers.ask(move |reader| reader.recorded_at(waiting)).await?;
                oldest = (waiting, at);
            }
            if damage.is_some() {
                let acked = hq.acked;
                let look = move |reader: &Reader| Ok(reader.damage()?.filter(|it| it.seq > acked));
                damage = self.readers.ask(look).await?;
            }
            let wanted = open::wanted(&shown.engine.plant);
            let texts = match wanted.is_empty() {
                true => open::Texts::new(),
                false => self.readers.ask(move |reader| open::texts(reader, &wanted)).await?,
            };
            let mut view = self.look(
                &shown,
                &hq,
                heard.by(hq.acked, self.clock.stamp().mono_us),
                &lately.1,
                &texts,
            );
            view.sync.saved = head;
            view.sync.oldest_waiting_us = oldest.1;
            view.sync.damage = damage.as_ref().map(|found| Damage {
                at_us: found.at,
                problem: found.problem.clone(),
                file: found.file.clone(),
            });
            view.number = self.view.borrow().number + 1;
            self.view.send_replace(Arc::new(view));
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = sleep(REST) => {},
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Ok(()) = self.shown.changed() => {},
                Ok(()) = self.hq.changed() => {},
                Ok(()) = self.head.changed() => {},
                () = sleep(PULSE) => {},
            }
        }
    }

    fn look(
        &self,
        shown: &Shown,
        hq: &HqState,
        known: u64,
        lately: &[Fact],
        texts: &open::Texts,
    ) -> View {
        let plant = &shown.engine.plant;
        let reference = shown.engine.reference().map(|reference| (**reference).clone());
        let refused = hq.quarantined.iter().filter(|held| !waits(&held.code));
        let floor = floor::Floor::of(reference.as_ref(), plant, &self.code);
        let map = shown.engine.map();
        let machines = map.machines.iter().zip(shown.engine.watches()).enumerate();
        let moment = self.clock.moment();
        let waiting = plant.head.saturating_sub(hq.acked);
        let now_us = self.clock.stamp().wall_us;
        let calendar = reference.as_ref().and_then(Reference::calendar);
        View {
            number: 0,
            terminal: Terminal {
                contract: kart_api::VERSION,
                code: self.code.clone(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                station: self.station,
                now_us,
                shift: calendar.and_then(|calendar| calendar.shift_at(now_us)),
                time: self.time(hq),
                habits: self.habits.clone(),
            },
            machines: machines
                .map(|(index, (map, seen))| {
                    let link = link_of(index, &shown.links);
                    let code = shown.codes.get(index).cloned().unwrap_or_default();
                    let mut shown = machine(map, seen, plant, reference.as_ref(), link);
                    shown.batch = floor.batch(map.equipment, shown.batch);
                    Machine { code, ..shown }
                })
                .collect(),
            people: people(plant, reference.as_ref()),
            unended: unended(plant, reference.as_ref()),
            undoable: undoable(plant, reference.as_ref(), &moment),
            stops: stops(plant, reference.as_ref(), &moment),
            review: review(plant, reference.as_ref(), map, &moment),
            elsewhere: floor.elsewhere(map),
            orders: batch::orders(map, self.station, plant, reference.as_ref(), known),
            jobs: job::jobs(plant, reference.as_ref()),
            conflicts: floor.conflicts(),
            open: open::open(plant, reference.as_ref(), texts, shown.engine.card(waiting, &moment)),
            sync: Sync {
                recording: shown.recording.clone(),
                link: hq.link.clone(),
                saved: plant.head,
                acked: hq.acked,
                oldest_waiting_us: None,
                sending: hq.sending.saturating_sub(hq.acked),
                quarantined: u64::try_from(hq.quarantined.len()).unwrap_or_default(),
                refused: u64::try_from(refused.count()).unwrap_or_default(),
                reference_us: hq.reference_us,
                room: shown.room,
                damage: None,
            },
            receipts: lately.iter().map(|fact| receipt(fact, reference.as_ref(), hq)).collect(),
            reference,
        }
    }
}

impl Viewer {
    /// How far the time can be believed. By whole seconds, so that nothing changes in between.
    fn time(&self, hq: &HqState) -> Time {
        // A terminal that works alone has nobody to ask.
        let doubt = self.clock.doubt().filter(|_| hq.link != HqLink::Alone);
        match (doubt, self.clock.fast_us()) {
            (Some(Doubt::Never), _) => Time::Unconfirmed,
            (Some(Doubt::Since(since_us, within_us)), _) => {
                let seconds = within_us.saturating_add(999_999).div_euclid(1_000_000);
                Time::Adrift { since_us, within_us: seconds.saturating_mul(1_000_000) }
            },
            (None, Some(fast_us)) => {
                Time::Corrected((fast_us + 500_000).div_euclid(1_000_000) * 1_000_000)
            },
            (None, None) => Time::Believed,
        }
    }
}

fn name_of(user: kart_core::id::UserId, reference: Option<&Reference>) -> String {
    let person = reference.and_then(|reference| reference.person(user));
    person.map_or_else(|| user.to_string(), |person| person.name.clone())
}
