//! All machines of the plant behind one lock: what happens, what is told, what is shown.
//!
//! The order is always: truth written, then registers and messages changed, all under the lock, so that a
//! reader of either side never sees more than the truth tells.

use crate::machine::{Cause, Event, Machine, Micros, Raw, Status, Stop};
use crate::packer::{Outbox, Topics};
use crate::registers::{self, Image};
use crate::truth::Truth;
use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// How a machine shows itself.
#[derive(Debug)]
pub(crate) enum Port {
    Modbus { unit: u8 },
    Mqtt { topics: Topics, outbox: Arc<Outbox> },
}

#[derive(Debug)]
pub(crate) struct Place {
    pub code: String,
    pub machine: Machine,
    pub port: Port,
    /// When it last told its state.
    pub state_told: Micros,
}

/// A packer tells its state this often although nothing has changed: whoever has just begun to
/// listen cannot know how old a retained message is.
const RESTATE: Micros = 2_000_000;

/// What a machine has really done since the plant started.
#[derive(Debug, Clone, Serialize)]
pub struct MachineTotals {
    pub good: u64,
    pub scrap: u64,
    pub raw: Raw,
    /// What the counters showed at the start.
    pub start: Raw,
    pub rollovers: Raw,
    pub resets: u64,
    pub state: &'static str,
    pub stops: Vec<Stop>,
}

pub type Totals = BTreeMap<String, MachineTotals>;

#[derive(Debug)]
pub(crate) struct Floor {
    places: Vec<Place>,
    truth: Truth,
}

impl Floor {
    pub(crate) fn new(places: Vec<Place>, truth: Truth, now: Micros) -> Result<Self> {
        let mut floor = Self { places, truth };
        for place in &floor.places {
            announce(place, now, Change::all());
        }
        floor.tell_totals(now, "start")?;
        Ok(floor)
    }

    pub(crate) fn advance(&mut self, now: Micros) -> io::Result<()> {
        for place in &mut self.places {
            let events = place.machine.advance(now);
            record(&mut self.truth, place, now, &events)?;
        }
        Ok(())
    }

    /// Lets one machine do what a command says.
    pub(crate) fn order(
        &mut self,
        code: &str,
        now: Micros,
        order: impl FnOnce(&mut Machine) -> Vec<Event>,
    ) -> Result<()> {
        let place = find(&mut self.places, code)?;
        let events = order(&mut place.machine);
        Ok(record(&mut self.truth, place, now, &events)?)
    }

    pub(crate) fn wake(&mut self, now: Micros) {
        self.each_quietly(now, |machine| machine.wake(now));
    }

    pub(crate) fn calm(&mut self, now: Micros) {
        self.each_quietly(now, Machine::calm);
    }

    pub(crate) fn freeze(&mut self, now: Micros) {
        self.each_quietly(now, Machine::freeze);
    }

    fn each_quietly(&mut self, now: Micros, change: impl Fn(&mut Machine)) {
        for place in &mut self.places {
            change(&mut place.machine);
            announce(place, now, Change { speed: true, ..Change::default() });
        }
    }

    pub(crate) fn is_steady(&self) -> bool {
        self.places.iter().all(|place| place.machine.is_steady())
    }

    pub(crate) fn image(&self, unit: u8) -> Option<Image> {
        let shows = |place: &&Place| matches!(place.port, Port::Modbus { unit: u } if u == unit);
        self.places.iter().find(shows).map(|place| registers::image(&place.machine))
    }

    pub(crate) fn port(&mut self, code: &str) -> Result<&Port> {
        Ok(&find(&mut self.places, code)?.port)
    }

    pub(crate) fn totals(&self) -> Totals {
        self.places.iter().map(|place| (place.code.clone(), totals(&place.machine))).collect()
    }

    pub(crate) fn tell_totals(&mut self, now: Micros, event: &str) -> Result<()> {
        let machines: Value = serde_json::to_value(self.totals())?;
        self.truth.tell_all(now, event, &machines).context("writing the truth")
    }
}

fn find<'a>(places: &'a mut [Place], code: &str) -> Result<&'a mut Place> {
    let found = places.iter_mut().find(|place| place.code == code);
    found.with_context(|| format!("there is no machine {code:?}"))
}

fn totals(machine: &Machine) -> MachineTotals {
    let both = |good, scrap| Raw { good, scrap };
    MachineTotals {
        good: machine.good.made,
        scrap: machine.scrap.made,
        raw: machine.raw(),
        start: both(machine.good.start, machine.scrap.start),
        rollovers: both(machine.good.rollovers, machine.scrap.rollovers),
        resets: machine.good.resets,
        state: state_word(machine.status()),
        stops: machine.stops.clone(),
    }
}

pub(crate) fn state_word(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Stopped(Cause::Setup) => "setup",
        Status::Stopped(_) => "stopped",
    }
}

fn record(truth: &mut Truth, place: &mut Place, now: Micros, events: &[Event]) -> io::Result<()> {
    for event in events {
        truth.tell(now, &place.code, event)?;
    }
    let mut change = Change::of(events);
    change.state |= now.saturating_sub(place.state_told) >= RESTATE;
    if change.state {
        place.state_told = now;
    }
    announce(place, now, change);
    Ok(())
}

/// Which of a machine's messages are due.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    state: bool,
    counts: bool,
    speed: bool,
}

impl Change {
    fn all() -> Self {
        Self { state: true, counts: true, speed: true }
    }

    fn of(events: &[Event]) -> Self {
        let state =
            events.iter().any(|e| matches!(e, Event::StopBegin { .. } | Event::StopEnd { .. }));
        let counts = events.iter().any(|e| matches!(e, Event::Part { .. } | Event::Reset { .. }));
        Self { state, counts, speed: state || counts }
    }
}

fn announce(place: &Place, now: Micros, change: Change) {
    let Port::Mqtt { topics, outbox } = &place.port else {
        return;
    };
    let machine = &place.machine;
    if change.counts {
        outbox.put(topics.counts(machine.raw(), now));
    }
    if change.state {
        outbox.put(topics.state(machine.status(), now));
    }
    if change.speed {
        outbox.put(topics.speed(machine.parts_per_minute()));
    }
}
