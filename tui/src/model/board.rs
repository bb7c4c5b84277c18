//! The board of a shift: hours, reasons and batches of one machine at a time, and what is behind them.

use kart_api::board::{Machine, Shift};
use kart_core::{
    id::RecordId,
    kpi::{Evidence, Hour, Person, Progress, Reading, Span},
    time::Micros,
};

use super::Seen;
use crate::keys::Cmd;

/// The earliest shift that can be looked back to.
const MOST_BACK: u8 = 30;

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Section {
    /// What was due and made, hour by hour.
    #[default]
    Hours,
    /// What stops cost, by reason.
    Costs,
    /// Batches with their pace.
    Batches,
}

impl Section {
    /// All of them, in their order on the screen.
    pub const ALL: [Self; 3] = [Self::Hours, Self::Costs, Self::Batches];

    /// The name in the Fluent files.
    pub fn label(self) -> &'static str {
        match self {
            Self::Hours => "board-hours",
            Self::Costs => "board-costs",
            Self::Batches => "board-batches",
        }
    }
}

/// The screen.
#[derive(Clone, Debug, Default)]
pub struct BoardScreen {
    /// What the daemon told last.
    pub shift: Option<Box<Shift>>,
    /// Why it did not answer, since its last answer.
    pub lost: Option<String>,
    /// So many shifts before this one.
    pub back: u8,
    /// The machine that is shown, by its place.
    pub machine: usize,
    /// Its code, until the first answer says where it stands.
    pub code: Option<String>,
    /// What is looked at.
    pub section: Section,
    /// The line that is chosen, by its place in the section.
    pub row: usize,
    /// Lines scrolled in what is behind it, where that is shown.
    pub opened: Option<usize>,
}

/// One thing behind a line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Behind<'a> {
    /// A record.
    Evidence(&'a Evidence),
    /// What a counter showed.
    Reading(&'a Reading),
    /// A person's time on a batch.
    Person(&'a Person),
}

impl BoardScreen {
    /// Takes in what was answered.
    pub fn take(&mut self, seen: Seen) {
        match seen {
            // One that was asked for before another shift was chosen.
            Seen::Board(shift) if shift.back != self.back => {},
            Seen::Board(shift) => {
                self.lost = None;
                let place = |code| shift.machines.iter().position(|it| it.code == code);
                if let Some(place) = self.code.take().and_then(place) {
                    self.machine = place;
                }
                let first = self.shift.as_ref().is_none_or(|known| known.span != shift.span);
                self.machine = self.machine.min(shift.machines.len().saturating_sub(1));
                self.shift = Some(shift);
                if first && self.section == Section::Hours {
                    self.row = self.running_hour();
                }
                self.row = self.row.min(self.rows().saturating_sub(1));
            },
            Seen::Lost(why) => self.lost = Some(why),
            _ => {},
        }
    }

    /// The machine that is shown.
    pub fn chosen(&self) -> Option<&Machine> {
        self.shift.as_ref()?.machines.get(self.machine)
    }

    /// The hour that is chosen.
    pub fn hour(&self) -> Option<&Hour> {
        self.chosen()?.board.hours.get(self.row)
    }

    /// The batch that is chosen.
    pub fn batch(&self) -> Option<&Progress> {
        self.chosen()?.board.batches.get(self.row)
    }

    /// How many lines the section has.
    pub fn rows(&self) -> usize {
        let board = self.chosen().map(|machine| &machine.board);
        board.map_or(0, |board| match self.section {
            Section::Hours => board.hours.len(),
            Section::Costs => board.costs.len(),
            Section::Batches => board.batches.len(),
        })
    }

    /// The last hour of which something has happened.
    fn running_hour(&self) -> usize {
        let hours = self.chosen().map(|machine| machine.board.hours.as_slice());
        let begun = |hour: &Hour| hour.due.unwrap_or(0) > 0 || hour.run_us + hour.unknown_us > 0;
        hours.unwrap_or_default().iter().rposition(begun).unwrap_or(0)
    }

    /// What is behind the chosen line, in order of time.
    pub fn behind(&self) -> Vec<Behind<'_>> {
        let Some(board) = self.chosen().map(|machine| &machine.board) else { return Vec::new() };
        let evidence = board.evidence.iter();
        match self.section {
            Section::Hours => {
                let Some(hour) = board.hours.get(self.row) else { return Vec::new() };
                let span = Span { from: hour.from, until: hour.until };
                let inside = evidence.filter(|evidence| touches(evidence, span));
                let readings = hour.readings.iter().map(Behind::Reading);
                inside.map(Behind::Evidence).chain(readings).collect()
            },
            Section::Costs => {
                let records: &[RecordId] =
                    board.costs.get(self.row).map_or(&[], |cost| &cost.records);
                let of = |evidence: &&Evidence| match evidence {
                    Evidence::Interval { interval, .. } => records.contains(&interval.record),
                    _ => false,
                };
                evidence.filter(of).map(Behind::Evidence).collect()
            },
            Section::Batches => {
                let Some(progress) = board.batches.get(self.row) else { return Vec::new() };
                evidence
                    .filter_map(|evidence| match evidence {
                        Evidence::Batch { batch, .. } if batch.record == progress.record => {
                            Some((evidence, batch))
                        },
                        _ => None,
                    })
                    .flat_map(|(evidence, batch)| {
                        let people = batch.people.iter().map(Behind::Person);
                        std::iter::once(Behind::Evidence(evidence)).chain(people)
                    })
                    .collect()
            },
        }
    }

    /// Shows what is behind a line no more; `false` when it was not shown.
    pub fn close(&mut self) -> bool {
        self.opened.take().is_some()
    }

    /// Obeys a key.
    pub fn obey(&mut self, cmd: Cmd) {
        if let Some(scroll) = self.opened {
            let last = self.behind().len().saturating_sub(1);
            self.opened = Some(stepped(scroll, last, cmd));
            return;
        }
        match cmd {
            Cmd::Left => self.show(self.machine.saturating_sub(1)),
            Cmd::Right => self.show(self.machine.saturating_add(1)),
            Cmd::Pick(number) => self.show(number - 1),
            Cmd::Next => self.turn(1),
            Cmd::Previous => self.turn(Section::ALL.len() - 1),
            Cmd::Earlier if self.back < MOST_BACK => self.look_back(self.back + 1),
            Cmd::Later => self.look_back(self.back.saturating_sub(1)),
            Cmd::Open if self.rows() > 0 => self.opened = Some(0),
            _ => self.row = stepped(self.row, self.rows().saturating_sub(1), cmd),
        }
    }

    fn show(&mut self, machine: usize) {
        let machines = self.shift.as_ref().map_or(0, |shift| shift.machines.len());
        if machine < machines {
            self.machine = machine;
            self.row = self.row.min(self.rows().saturating_sub(1));
        }
    }

    fn turn(&mut self, by: usize) {
        let at = Section::ALL.iter().position(|section| *section == self.section).unwrap_or(0);
        if let Some(section) = Section::ALL.get((at + by) % Section::ALL.len()) {
            self.section = *section;
            self.row = if self.section == Section::Hours { self.running_hour() } else { 0 };
        }
    }

    fn look_back(&mut self, back: u8) {
        if back != self.back {
            (self.back, self.row, self.shift) = (back, 0, None);
        }
    }
}

/// Whether something of a record lies in a stretch of time.
fn touches(evidence: &Evidence, span: Span) -> bool {
    let meets = |from: Micros, until: Option<Micros>| {
        from < span.until && until.is_none_or(|until| until > span.from)
    };
    match evidence {
        Evidence::Interval { interval, .. } => meets(interval.from, interval.until),
        Evidence::Hole(hole) => meets(hole.span.from, Some(hole.span.until)),
        Evidence::Batch { batch, .. } => meets(batch.from, batch.until),
        Evidence::Count { .. } | Evidence::Rate { .. } => false,
    }
}

/// The place that a key leads to in a list whose last is `last`.
pub(super) fn stepped(at: usize, last: usize, cmd: Cmd) -> usize {
    match cmd {
        Cmd::Up => at.saturating_sub(1),
        Cmd::Down => (at + 1).min(last),
        Cmd::PageUp => at.saturating_sub(10),
        Cmd::PageDown => (at + 10).min(last),
        _ => at.min(last),
    }
}
