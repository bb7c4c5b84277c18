//! Draws the model. Reads only: whatever a key changes is in the model already.

mod banner;
mod batch;
mod board;
mod card;
mod commissioning;
mod explain;
mod figures;
mod footer;
mod forms;
mod held;
mod job;
mod labor;
mod help;
mod hours;
mod large;
mod ledger;
mod line;
mod machine;
mod news;
mod orders;
mod overview;
mod pace;
mod plan;
mod question;
mod receipts;
mod registers;
mod rules;
mod sidebar;
mod stops;
mod talk;
mod topics;
mod traces;

use kart_core::machine::MachineState;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::{Block, BorderType, Clear},
};

use crate::{
    model::{Model, Screen},
    theme::{self, Theme},
    words::{Sentence, Words},
};

/// What a view reads.
#[derive(Clone, Copy, Debug)]
struct Scene<'a> {
    model: &'a Model,
    words: &'a Words,
    theme: Theme,
}

impl Scene<'_> {
    fn say(&self, id: &str) -> String {
        self.words.say(id)
    }

    fn tell(&self, sentence: &Sentence) -> String {
        self.words.tell(sentence)
    }

    fn state(&self, state: MachineState) -> String {
        self.say(theme::state(state).2)
    }
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, model: &Model, words: &Words, theme: Theme) {
    let scene = Scene { model, words, theme };
    let rows =
        [Constraint::Length(4), Constraint::Fill(1), Constraint::Length(1), Constraint::Length(1)];
    let [banner, body, notice, keys] = Layout::vertical(rows).areas(frame.area());
    banner::draw(frame, banner, scene);
    match model.screens.last() {
        None => overview::draw(frame, body, scene),
        Some(Screen::Machine { id, scroll }) => machine::draw(frame, body, scene, *id, *scroll),
        Some(Screen::Receipts { scroll }) => receipts::draw(frame, body, scene, *scroll),
        Some(Screen::Record(shown)) => hours::record(frame, body, scene, shown),
        Some(Screen::Jobs(shown)) => job::jobs(frame, body, scene, shown),
        Some(Screen::Job(form)) => job::job(frame, body, scene, form),
        Some(Screen::Figures(shown)) => figures::draw(frame, body, scene, shown),
        Some(Screen::Board(shown)) => board::draw(frame, body, scene, shown),
        Some(Screen::Ledger(shown)) => ledger::draw(frame, body, scene, shown),
        Some(Screen::Large { id }) => large::draw(frame, body, scene, *id),
        Some(Screen::Commissioning(shown)) => commissioning::draw(frame, body, scene, shown),
        Some(Screen::Talk(shown)) if talk::is_whole(shown) => talk::draw(frame, body, scene, shown),
        Some(screen) => {
            overview::draw(frame, body, scene);
            over(frame, body, scene, screen);
        },
    }
    footer::notice(frame, notice, scene);
    footer::keys(frame, keys, scene);
    theme.apply(frame.buffer_mut());
}

/// What stands in a box on the overview.
fn over(frame: &mut Frame<'_>, body: Rect, scene: Scene<'_>, screen: &Screen) {
    let rows = match screen {
        Screen::Badge(_) | Screen::Split(_) => 9,
        Screen::Punch(form) if form.acts.entries.len() > 1 => 16,
        Screen::Punch(_) | Screen::Pin(_) => 9,
        Screen::Told(_) | Screen::Undo(_) | Screen::Amend(_) => 12,
        Screen::Talk(shown) => talk::height(shown),
        _ => 18,
    };
    let area = body.centered(
        Constraint::Length(body.width.min(80)),
        Constraint::Length(body.height.min(rows)),
    );
    frame.render_widget(Clear, area);
    match screen {
        Screen::Help { of, scroll } => help::draw(frame, area, scene, *of, *scroll),
        Screen::Badge(form) => labor::badge(frame, area, scene, form),
        Screen::Punch(form) => labor::punch(frame, area, scene, form),
        Screen::Undo(form) => labor::undo(frame, area, scene, form),
        Screen::Told(form) => labor::told(frame, area, scene, form),
        Screen::Pin(form) => labor::pin(frame, area, scene, form),
        Screen::Shares(form) => labor::shares(frame, area, scene, form),
        Screen::Amend(form) => hours::amend(frame, area, scene, form),
        Screen::Crew(form) => hours::crew(frame, area, scene, form),
        Screen::Start(form) => forms::start(frame, area, scene, form),
        Screen::Complete(form) => forms::complete(frame, area, scene, form),
        Screen::Orders(shown) => orders::draw(frame, area, scene, shown),
        Screen::Batch(form) => batch::draw(frame, area, scene, form),
        Screen::Stops(list) => stops::stops(frame, area, scene, list),
        Screen::Split(form) => stops::split(frame, area, scene, form),
        Screen::Sweep(sweep) => stops::sweep(frame, area, scene, sweep),
        Screen::Explain(form) => explain::explain(frame, area, scene, form),
        Screen::Held(form) => held::draw(frame, area, scene, form),
        Screen::Talk(shown) => talk::draw(frame, area, scene, shown),
        Screen::Machine { .. }
        | Screen::Receipts { .. }
        | Screen::Record(_)
        | Screen::Jobs(_)
        | Screen::Job(_)
        | Screen::Figures(_)
        | Screen::Board(_)
        | Screen::Ledger(_)
        | Screen::Large { .. }
        | Screen::Commissioning(_) => {},
    }
}

/// A framed box with a title; returns its inside.
fn framed(frame: &mut Frame<'_>, area: Rect, title: &str) -> Rect {
    let block = Block::bordered()
        .border_type(BorderType::Double)
        .border_style(theme::CHOSEN_FRAME)
        .title_style(theme::STRONG)
        .title(format!(" {title} "));
    let inside = block.inner(area);
    frame.render_widget(block, area);
    Rect { x: inside.x.saturating_add(1), width: inside.width.saturating_sub(2), ..inside }
}

/// Draws lines from `scroll` on, and no further than until the last one shows.
fn scrolled(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>, scroll: u16) {
    let most = lines.len().saturating_sub(usize::from(area.height));
    let from = usize::from(scroll).min(most);
    for (line, row) in lines.into_iter().skip(from).zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

#[cfg(test)]
mod tests;
