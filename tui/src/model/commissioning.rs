//! What a technician looks at while a machine is being mapped.

use kart_api::commissioning::{Device, MapAnswer, Sources, Table, Trace, TraceQuery};
use kart_core::engine::explain::Explanation;

use super::{Model, Registers, Seen, TextField, Topics, Watch};
use crate::keys::Cmd;

/// Values of a signal that a line of the screen has room for.
const POINTS: usize = 60;

/// How often registers are read while they are shown.
pub const REGISTERS_MS: u64 = 500;

/// The screens of commissioning, one at a time.
#[derive(Clone, Debug, Default)]
pub struct Commissioning {
    /// Which one.
    pub tab: Tab,
    /// What is read, and where; `None` until the daemon has told.
    pub sources: Option<Sources>,
    /// Why the daemon did not answer, since its last answer.
    pub lost: Option<String>,
    /// Registers.
    pub registers: Registers,
    /// What is said at a broker.
    pub topics: Topics,
    /// The machine whose signals and rules are shown; empty for the one that is selected.
    pub code: String,
    /// Its signals.
    pub traces: Vec<Trace>,
    /// Its rules.
    pub rules: Option<Explanation>,
    /// Lines scrolled of these two.
    pub scroll: u16,
    /// The poll plan, and that of another map.
    pub plan: Plan,
}

/// One of the screens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tab {
    /// Registers in every type.
    #[default]
    Registers,
    /// What is said at a broker.
    Topics,
    /// The signals of a machine.
    Signals,
    /// Why a machine is taken for what it is.
    Rules,
    /// What each line is asked for.
    Plan,
}

/// The poll plan.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Lines scrolled.
    pub scroll: u16,
    /// The path of a file that is being typed.
    pub typing: Option<TextField>,
    /// The file with another map.
    pub file: Option<String>,
    /// What that map would change.
    pub preview: Option<MapAnswer>,
}

impl Tab {
    /// All of them, in their order on the screen.
    pub const ALL: [Self; 5] =
        [Self::Registers, Self::Topics, Self::Signals, Self::Rules, Self::Plan];

    /// The name in the Fluent files.
    pub fn label(self) -> &'static str {
        match self {
            Self::Registers => "tab-registers",
            Self::Topics => "tab-topics",
            Self::Signals => "tab-signals",
            Self::Rules => "tab-rules",
            Self::Plan => "tab-plan",
        }
    }

    /// Whether a key does something here.
    pub fn means(self, cmd: Cmd) -> bool {
        match cmd {
            Cmd::Mark | Cmd::Table => self == Self::Registers,
            Cmd::Go => matches!(self, Self::Registers | Self::Topics | Self::Plan),
            Cmd::Device => self != Self::Plan,
            _ => true,
        }
    }
}

impl Commissioning {
    /// The device that registers are read from.
    pub fn device(&self) -> Option<&Device> {
        self.sources.as_ref()?.devices.get(self.registers.device)
    }

    /// The broker that is listened to.
    pub fn broker(&self) -> Option<&str> {
        let brokers = &self.sources.as_ref()?.brokers;
        brokers.get(self.topics.broker).map(|(name, _)| name.as_str())
    }

    /// The next broker.
    pub fn next_broker(&mut self) {
        let brokers = self.sources.as_ref().map_or(1, |sources| sources.brokers.len().max(1));
        self.topics = Topics { broker: (self.topics.broker + 1) % brokers, ..Topics::default() };
    }

    /// Code of the machine that is shown, with its name.
    pub fn machine(&self, model: &Model) -> String {
        let machines = model.view.as_ref().map(|view| view.machines.as_slice());
        let mut machines = machines.unwrap_or_default().iter();
        let named = machines.find(|machine| machine.code == self.code);
        named.map_or_else(|| self.code.clone(), |named| format!("{} {}", self.code, named.name))
    }

    /// Shows another machine.
    pub fn show(&mut self, code: String) {
        (self.code, self.scroll) = (code, 0);
        (self.traces, self.rules) = (Vec::new(), None);
    }

    /// What must be asked for to show this.
    pub fn watch(&self) -> Watch {
        match self.tab {
            _ if self.sources.is_none() => Watch::Sources,
            Tab::Registers => match self.device() {
                Some(device) => Watch::Registers(self.registers.query(&device.name)),
                None => Watch::Sources,
            },
            Tab::Topics => match self.broker() {
                Some(broker) => Watch::Topics(self.topics.query(broker)),
                None => Watch::Sources,
            },
            Tab::Signals => Watch::Signals(TraceQuery { machine: self.code.clone(), most: POINTS }),
            Tab::Rules => Watch::Rules(self.code.clone()),
            Tab::Plan => match &self.plan.file {
                Some(file) => Watch::Map(file.clone()),
                None => Watch::Sources,
            },
        }
    }

    /// Takes in what was answered.
    pub fn take(&mut self, seen: Seen) {
        self.lost = None;
        match seen {
            Seen::Sources(sources) => {
                // Another map may have moved the devices.
                let before = self.device().map(|device| device.name.clone());
                let at = sources.devices.iter().position(|d| Some(&d.name) == before.as_ref());
                self.registers.device = at.unwrap_or(0);
                if self.sources.is_none() {
                    self.first(&sources);
                }
                self.sources = Some(sources);
            },
            Seen::Registers(answer) => self.registers.take(answer),
            Seen::Topics(answer) => self.topics.take(answer),
            Seen::Signals(traces) => self.traces = traces,
            Seen::Rules(told) => self.rules = Some(*told),
            Seen::Map(answer) => self.plan.preview = Some(answer),
            Seen::Figures(_)
            | Seen::Board(_)
            | Seen::Ledger(_)
            | Seen::Notes(_)
            | Seen::Opened(_)
            | Seen::Record(_) => {},
            Seen::Lost(why) => self.lost = Some(why),
        }
    }

    /// Begins where the map reads already.
    fn first(&mut self, sources: &Sources) {
        let Some(device) = sources.devices.get(self.registers.device) else { return };
        self.registers.most = self.registers.most.min(device.most).max(1);
        let point =
            device.points.iter().min_by_key(|point| (point.table != Table::Holding, point.address));
        if let Some(point) = point {
            self.registers.table = point.table;
            self.registers.go(point.address);
        }
    }

    /// The next device.
    pub fn next_device(&mut self) {
        let Some(sources) = &self.sources else { return };
        self.registers.device = (self.registers.device + 1) % sources.devices.len().max(1);
        let sources = sources.clone();
        self.registers.forget();
        self.first(&sources);
    }

    /// The next table of the device.
    pub fn next_table(&mut self) {
        let at = Table::ALL.iter().position(|table| *table == self.registers.table);
        let next = at.map_or(0, |at| (at + 1) % Table::ALL.len());
        self.registers.table = Table::ALL.get(next).copied().unwrap_or_default();
        self.registers.forget();
    }

    /// What is typed here, while something is.
    fn typed(&mut self) -> Option<&mut Option<TextField>> {
        match self.tab {
            Tab::Registers => Some(&mut self.registers.going),
            Tab::Topics => Some(&mut self.topics.typing),
            Tab::Signals | Tab::Rules => None,
            Tab::Plan => Some(&mut self.plan.typing),
        }
    }

    /// The text field that typing goes to.
    pub fn field(&mut self) -> Option<&mut TextField> {
        self.typed()?.as_mut()
    }

    /// Leaves the text field; `false` when there is none.
    pub fn leave_field(&mut self) -> bool {
        self.typed().is_some_and(|typed| typed.take().is_some())
    }
}
