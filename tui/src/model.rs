//! Everything the screen knows. Plain data: `update` changes it, `view` reads it.

mod age;
mod board;
mod commissioning;
mod field;
mod figures;
mod floor;
mod form;
mod held;
mod ledger;
mod record;
mod registers;
mod screen;
mod station;
mod talk;
mod stops;
mod spoken;
mod topics;
mod watch;

pub use age::Age;
pub use board::{Behind, BoardScreen, Section};
pub use commissioning::{Commissioning, Plan, REGISTERS_MS, Tab};
pub use field::{Choice, TextField};
pub use field::{Entry, PAGE};
pub use figures::{COLUMNS, FURTHER, FiguresScreen};
pub use floor::{Grid, Standing, unexplained};
pub use form::{
    Act, BadgeForm, CompleteField, CompleteForm, ExplainForm, PinForm, PunchForm, Sending,
    SharesForm, StartField, StartForm, ToldForm, UndoForm, Who,
};
pub use form::{AmendField, AmendForm, CrewForm, JobDoing, JobField, JobForm, JobsScreen, Mending};
pub use form::{
    Asks, BatchField, BatchForm, Deed, Doing, OrderLine, OrdersScreen, Question, SecondFields,
    Subject, Why, next_on, proposed, told,
};
pub use held::HeldForm;
pub use ledger::LedgerScreen;
pub use record::RecordScreen;
pub use registers::{Likely, Registers};
pub use screen::Screen;
pub use spoken::Spoken;
pub use stops::{Cards, Group, Listed, SplitForm, StopsScreen, SweepScreen, listed};
pub use talk::{
    About, CallForm, CallItem, FollowForm, GiveForm, IncidentForm, LogScreen, NoteForm, TakeForm,
    Talk, TalkField,
};
pub use topics::Topics;
pub use watch::{Seen, Watch};

use kart_api::{Pin, Request, View};
use kart_core::{
    command::Command,
    id::{EquipmentId, StationId, UserId},
    reference::Reference,
    screen::Screen as Part,
    time::Micros,
};
use std::collections::VecDeque;

use crate::{
    clock::Now,
    keys::{Cmd, Place},
    msg::Lost,
    words::{Sentence, Zone},
};

/// The whole state of the screen.
#[derive(Debug)]
pub struct Model {
    /// The time of the message in work.
    pub now: Now,
    /// The connection to the daemon.
    pub daemon: Daemon,
    /// The last state it told, however old.
    pub view: Option<View>,
    /// When that state was made and when it came, to count ages from.
    pub anchor: Option<Anchor>,
    /// The site's time zone.
    pub zone: Zone,
    /// Columns and rows of the window.
    pub size: (u16, u16),
    /// What stands on the overview, the last on top.
    pub screens: Vec<Screen>,
    /// The station that keys act at, where the terminal serves several and one was chosen.
    pub chosen: Option<StationId>,
    /// The machine that keys act on.
    pub selected: Option<EquipmentId>,
    /// Stops that raised a card.
    pub cards: Cards,
    /// Digits that may turn out to be a badge.
    pub burst: Burst,
    /// Badges that were read while something else was being saved, oldest first.
    pub badges: VecDeque<String>,
    /// People who badged in at this screen, the last one last.
    pub badged: Vec<UserId>,
    /// When the last key was pressed, by our steady clock.
    pub key_us: i64,
    /// No key for so long that the screen has forgotten who was here.
    pub idle: bool,
    /// What the daemon is asked for again and again while a screen shows it.
    pub watching: Option<Watch>,
    /// Commands without an answer yet, oldest first.
    pub pending: Vec<Pending>,
    /// What happened last, in one sentence.
    pub notice: Option<Notice>,
    /// What stands in its place on the overview.
    pub hint: Option<String>,
    /// Where the keys of commands come from.
    pub mint: Mint,
    /// Asked to quit while something was not saved yet.
    pub leaving: bool,
    /// Which language is shown to whom.
    pub spoken: Spoken,
    /// The screen that is to open first has been opened.
    pub at_home: bool,
}

/// The connection to the daemon.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Daemon {
    /// No state has come yet.
    Connecting,
    /// It tells its state.
    Up,
    /// It was there and is gone, or never came.
    Lost {
        /// Since when.
        since_us: Micros,
        /// Why.
        why: Lost,
    },
}

/// One instant by the daemon's clock and by ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Anchor {
    /// The daemon's wall clock when it made the state.
    pub daemon_us: Micros,
    /// Our steady clock when the state came.
    pub mono_us: i64,
}

/// Digits in quick succession: a badge reader types like a very fast person.
#[derive(Clone, Debug, Default)]
pub struct Burst {
    /// What was typed.
    pub digits: String,
    /// When the last one came.
    pub mono_us: i64,
    /// What stood on the screen before the first one changed it.
    pub before: (Vec<Screen>, Option<EquipmentId>),
}

/// A command on its way.
#[derive(Clone, PartialEq, Debug)]
pub struct Pending {
    /// What was sent.
    pub request: Request,
    /// What it is, for people.
    pub what: Sentence,
    /// The daemon did not answer; it is being repeated.
    pub away: bool,
}

/// One sentence about what just happened.
#[derive(Clone, PartialEq, Debug)]
pub struct Notice {
    /// What to say.
    pub sentence: Sentence,
    /// How to say it.
    pub tone: Tone,
    /// Shown until then, by our steady clock.
    pub until_us: i64,
}

/// How something is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// It is on disk.
    Saved,
    /// For information.
    Plain,
    /// Something is wrong.
    Wrong,
}

/// Where the keys of commands come from.
#[derive(Clone, Debug)]
pub enum Mint {
    /// A fresh UUID each time.
    Random,
    /// `key-1`, `key-2` …, for tests and replays.
    Counting(u32),
}

impl Model {
    /// A screen that has not heard from the daemon yet.
    pub fn new(now: Now, mint: Mint) -> Self {
        Self {
            now,
            daemon: Daemon::Connecting,
            view: None,
            anchor: None,
            zone: Zone::default(),
            size: (80, 24),
            screens: Vec::new(),
            chosen: None,
            selected: None,
            cards: Cards::default(),
            burst: Burst::default(),
            badges: VecDeque::new(),
            badged: Vec::new(),
            key_us: now.mono_us,
            idle: false,
            watching: None,
            pending: Vec::new(),
            notice: None,
            hint: None,
            mint,
            leaving: false,
            spoken: Spoken::new("en"),
            at_home: false,
        }
    }

    /// The daemon's wall clock now, as far as we know; ours before it told its own.
    pub fn daemon_now(&self) -> Micros {
        match self.anchor {
            Some(anchor) => {
                let passed = self.now.mono_us.saturating_sub(anchor.mono_us).max(0);
                Micros(anchor.daemon_us.0.saturating_add(passed))
            },
            None => self.now.wall_us,
        }
    }

    /// Whether the daemon tells its state right now.
    pub fn is_live(&self) -> bool {
        self.daemon == Daemon::Up
    }

    /// What is known of the site.
    pub fn reference(&self) -> Option<&Reference> {
        self.view.as_ref()?.reference.as_ref()
    }

    /// Whether what is on top waits for the answer to its command.
    pub fn is_saving(&self) -> bool {
        matches!(self.screens.last().and_then(Screen::sending), Some(Sending::Saving(_)))
    }

    /// The machine that keys act on.
    pub fn machine(&self) -> Option<&kart_api::Machine> {
        let machines = self.machines();
        let selected = machines.iter().find(|machine| Some(machine.id) == self.selected);
        selected.or_else(|| machines.first()).copied()
    }

    /// The machine with this key.
    pub fn machine_by_id(&self, id: EquipmentId) -> Option<&kart_api::Machine> {
        self.view.as_ref()?.machines.iter().find(|machine| machine.id == id)
    }

    /// Whether the organisation shows this screen. Before it is known, everything is.
    pub fn shows(&self, part: Part) -> bool {
        self.reference().is_none_or(|reference| reference.settings.shows(part))
    }

    /// Whether what a key asks for is on a screen that is shown.
    pub fn offers(&self, cmd: Cmd) -> bool {
        cmd.part(self.place()).is_none_or(|part| self.shows(part))
    }

    /// Whether a key does something on the screen that is shown.
    pub fn means(&self, cmd: Cmd) -> bool {
        match self.screens.last() {
            Some(Screen::Commissioning(shown)) => shown.tab.means(cmd),
            // Digits go to the PIN, and one station needs no choice.
            Some(Screen::Punch(form)) if matches!(cmd, Cmd::Pick(_)) => {
                form.acts.entries.len() > 1 && !(form.is_in() && form.pin.is_some())
            },
            None if matches!(cmd, Cmd::Next | Cmd::Previous) => self.stations().len() > 1,
            Some(Screen::Job(form)) => form.means(cmd, self.view.as_ref()),
            None if cmd == Cmd::Undo => {
                self.view.as_ref().is_some_and(|view| !view.undoable.is_empty())
            },
            _ => true,
        }
    }

    /// Where keys go.
    pub fn place(&self) -> Place {
        self.screens.last().map_or(Place::Overview, Screen::place)
    }

    /// Says one sentence for a few seconds.
    pub fn say(&mut self, tone: Tone, sentence: Sentence) {
        let seconds = if tone == Tone::Wrong { 15 } else { 8 };
        let until_us = self.now.mono_us.saturating_add(seconds * 1_000_000);
        self.notice = Some(Notice { sentence, tone, until_us });
    }

    /// Takes a command on its way: the request to send, under a fresh key.
    pub fn take(&mut self, command: Command, pin: Option<Pin>, what: Sentence) -> Request {
        let request = Request { key: self.mint.key(), command, pin };
        self.pending.push(Pending { request: request.clone(), what, away: false });
        request
    }

    /// Who would act: everybody clocked in, the one who badged in here last chosen; with nobody
    /// chosen when several could be meant.
    pub fn who(&self) -> Who {
        let (people, here) = self.crew();
        let present = |user: &&UserId| people.iter().any(|present| present.user == **user);
        let last = self.badged.iter().rev().find(present).copied();
        Who::among(people, here, last)
    }
}

impl Mint {
    /// A key that was never used.
    fn key(&mut self) -> String {
        match self {
            Self::Random => uuid::Uuid::new_v4().to_string(),
            Self::Counting(last) => {
                *last += 1;
                format!("key-{last}")
            },
        }
    }
}
