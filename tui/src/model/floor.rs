//! What can be said of a machine by looking at the whole state.

use kart_api::{DeviceLink, Machine, Stop, View};
use kart_core::{id::EquipmentId, machine::MachineState, time::Micros};

use super::{Age, Model};

/// A machine with the ages of what is known of it.
#[derive(Debug)]
pub struct Standing<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// Age of its counts.
    pub age: Age,
    /// Age of its state: that we do not know it is always the present, as long as the daemon says so.
    pub state_age: Age,
    /// Age of what people did: the daemon knows it without the machine.
    pub told: Age,
    /// How long it has been in its state.
    pub in_state_us: i64,
    /// The stop it is in, where it is in one.
    pub stop: Option<&'a Stop>,
    /// Stops of it that wait for a reason.
    pub unexplained: usize,
    /// Nobody at this screen has acknowledged one of them.
    pub calls: bool,
}

impl Standing<'_> {
    /// Whether its state calls: the stop that it is in waits for a reason, and nobody acknowledged it.
    pub fn calls(&self) -> bool {
        self.calls && self.stop.is_some_and(|stop| stop.reason.is_none())
    }
}

impl Model {
    /// How a machine stands now.
    pub fn standing<'a>(&self, view: &'a View, machine: &'a Machine) -> Standing<'a> {
        let now = self.daemon_now();
        let of_it = || view.stops.iter().filter(|stop| stop.machine == machine.id);
        let age = Age::of(machine.seen_us, now, machine.stale_us, self.cut_off(machine));
        let told = Age::told(view.terminal.now_us, now, self.is_live());
        let unknown = machine.state == MachineState::Unknown;
        Standing {
            machine,
            age,
            state_age: if unknown { told } else { age },
            told,
            in_state_us: now.0.saturating_sub(machine.state_since_us.0).max(0),
            stop: of_it().find(|stop| stop.until_us.is_none()),
            unexplained: of_it().filter(|stop| stop.reason.is_none()).count(),
            calls: of_it()
                .any(|stop| stop.reason.is_none() && !self.cards.known.contains(&stop.id)),
        }
    }

    /// The age of a value of this machine that was read at `at`.
    pub fn age(&self, machine: &Machine, at: Option<Micros>) -> Age {
        Age::of(at, self.daemon_now(), machine.stale_us, self.cut_off(machine))
    }

    /// How the machines are laid out, with room for what stands below them.
    pub fn grid(&self, view: &View) -> Grid {
        let (width, height) = self.size;
        let below = view.conflicts.len().saturating_add(view.elsewhere.len()).min(Grid::BELOW);
        let height = height.saturating_sub(u16::try_from(below).unwrap_or_default());
        Grid::of((width, height), self.machines().len())
    }

    fn cut_off(&self, machine: &Machine) -> bool {
        !self.is_live() || matches!(machine.link, DeviceLink::Down { .. })
    }
}

/// Stops that wait for a reason: those of `first` before the others, newest first.
pub fn unexplained(view: &View, first: Option<EquipmentId>) -> Vec<&Stop> {
    let mut stops: Vec<&Stop> = view.stops.iter().filter(|stop| stop.reason.is_none()).collect();
    stops.sort_by_key(|stop| (Some(stop.machine) != first, std::cmp::Reverse(stop.from_us)));
    stops
}

/// How machines are laid out in a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grid {
    /// Machines beside each other; 0 means one line per machine.
    pub columns: usize,
    /// People, stops and receipts stand beside the machines.
    pub sidebar: bool,
}

impl Grid {
    /// Columns a card needs.
    pub const CARD_WIDTH: u16 = 40;
    /// Rows a card needs.
    pub const CARD_HEIGHT: u16 = 9;
    /// Columns of the sidebar.
    pub const SIDEBAR: u16 = 38;
    /// Rows that what comes from elsewhere takes at most.
    pub const BELOW: usize = 4;
    /// Rows that banner, notice and footer take.
    pub const FRAME: u16 = 6;

    /// The layout of `machines` machines in a window of this size.
    pub fn of((width, height): (u16, u16), machines: usize) -> Self {
        let sidebar = width >= 2 * Self::CARD_WIDTH + Self::SIDEBAR;
        let width = if sidebar { width - Self::SIDEBAR } else { width };
        let height = height.saturating_sub(Self::FRAME);
        let fit = |room: u16, card: u16| usize::from(room.checked_div(card).unwrap_or(0));
        let (wide, high) = (fit(width, Self::CARD_WIDTH), fit(height, Self::CARD_HEIGHT));
        if machines > wide * high {
            return Self { columns: 0, sidebar };
        }
        let columns = (1..=wide).find(|columns| machines <= columns * high).unwrap_or(1);
        // Two machines read better beside each other than one above the other.
        let columns = columns.max(2).min(wide.max(1)).min(machines.max(1));
        Self { columns, sidebar }
    }
}
