//! Key figures of this shift, and what one of them was made of.

use kart_api::figures::{Machine, Shift};
use kart_core::kpi::{Evidence, Kpi, Reasons};

use super::Seen;
use crate::keys::Cmd;

/// The figures that stand in a row, in their order.
pub const COLUMNS: [Kpi; 6] =
    [Kpi::Availability, Kpi::Performance, Kpi::Quality, Kpi::Oee, Kpi::Coverage, Kpi::Unexplained];

/// The figures beneath them, of the machine that is chosen.
pub const FURTHER: [Kpi; 15] = [
    Kpi::Downtime,
    Kpi::Mtbf,
    Kpi::Mttr,
    Kpi::Teep,
    Kpi::ScrapRate,
    Kpi::LaborEfficiency,
    Kpi::BreakdownLoss,
    Kpi::SetupLoss,
    Kpi::SmallStopLoss,
    Kpi::MicroStops,
    Kpi::SpeedLoss,
    Kpi::DefectLoss,
    Kpi::StartupLoss,
    Kpi::RateEfficiency,
    Kpi::OperationalEfficiency,
];

/// The screen.
#[derive(Clone, Debug, Default)]
pub struct FiguresScreen {
    /// What the daemon told last.
    pub shift: Option<Box<Shift>>,
    /// Why it did not answer, since its last answer.
    pub lost: Option<String>,
    /// The machine that is chosen, by its place.
    pub machine: usize,
    /// The figure that is chosen, by its place in [`COLUMNS`] and behind them in [`FURTHER`].
    pub column: usize,
    /// Types of reasons as they were chosen, or as their groups are now.
    pub reasons: Reasons,
    /// Lines scrolled in what is behind it, where that is shown.
    pub opened: Option<usize>,
}

impl FiguresScreen {
    /// Takes in what was answered.
    pub fn take(&mut self, seen: Seen) {
        match seen {
            Seen::Figures(shift) => {
                // One that was asked for before the other reasons were.
                if shift.machines.first().is_some_and(|it| it.figures.reasons != self.reasons) {
                    return;
                }
                self.lost = None;
                self.machine = self.machine.min(shift.machines.len().saturating_sub(1));
                self.shift = Some(shift);
            },
            Seen::Lost(why) => self.lost = Some(why),
            _ => {},
        }
    }

    /// The machine that is chosen.
    pub fn chosen(&self) -> Option<&Machine> {
        self.shift.as_ref()?.machines.get(self.machine)
    }

    /// The figure that is chosen.
    pub fn kpi(&self) -> Kpi {
        COLUMNS.into_iter().chain(FURTHER).nth(self.column).unwrap_or(Kpi::Availability)
    }

    /// What it was made of, the last first.
    pub fn behind(&self) -> Vec<&Evidence> {
        let figures = self.chosen().map(|machine| &machine.figures);
        let mut all: Vec<&Evidence> =
            figures.into_iter().flat_map(|figures| figures.behind(self.kpi())).collect();
        all.reverse();
        all
    }

    /// Shows the chosen machine's figure no more; `false` when it was not shown.
    pub fn close(&mut self) -> bool {
        self.opened.take().is_some()
    }

    /// Obeys a key.
    pub fn obey(&mut self, cmd: Cmd) {
        if cmd == Cmd::Reasons {
            self.reasons = match self.reasons {
                Reasons::Recorded => Reasons::Now,
                Reasons::Now => Reasons::Recorded,
            };
            return;
        }
        if let Some(scroll) = self.opened {
            let last = self.behind().len().saturating_sub(1);
            self.opened = Some(match cmd {
                Cmd::Up => scroll.saturating_sub(1),
                Cmd::Down => (scroll + 1).min(last),
                Cmd::PageUp => scroll.saturating_sub(10),
                Cmd::PageDown => (scroll + 10).min(last),
                _ => scroll,
            });
            return;
        }
        let machines = self.shift.as_ref().map_or(0, |shift| shift.machines.len());
        match cmd {
            Cmd::Up => self.machine = self.machine.saturating_sub(1),
            Cmd::Down => self.machine = (self.machine + 1).min(machines.saturating_sub(1)),
            Cmd::Left => self.column = self.column.saturating_sub(1),
            Cmd::Right => self.column = (self.column + 1).min(COLUMNS.len() + FURTHER.len() - 1),
            Cmd::Open if machines > 0 => self.opened = Some(0),
            _ => {},
        }
    }
}
