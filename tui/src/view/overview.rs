//! The station's machines: as cards where they fit, else one line each.

use kart_api::{Machine, View};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
};

use super::{Scene, card, news, pace, sidebar};
use crate::{
    model::{Grid, Standing},
    plain::fitted,
    theme,
    widget::{aged, aging, badge},
    words::ticking,
};

/// Draws all machines.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>) {
    let model = scene.model;
    let Some(view) = &model.view else { return };
    let area = news::draw(frame, area, scene, view);
    let machines = model.machines();
    if machines.is_empty() {
        let line = Line::from(Span::styled(scene.say("no-machines"), theme::QUIET));
        frame.render_widget(line.centered(), area.centered_vertically(Constraint::Length(1)));
        return;
    }
    let grid = model.grid(view);
    let side = if grid.sidebar { Grid::SIDEBAR } else { 0 };
    let [floor, side] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(side)]).areas(area);
    if grid.columns == 0 {
        list(frame, floor, scene, (view, &machines));
    } else {
        cards(frame, floor, scene, (view, &machines), grid.columns);
    }
    if grid.sidebar {
        sidebar::draw(frame, side, scene, view);
    }
}

/// Cards grow with the window, but not so far that a card becomes a desert.
const TALLEST: u16 = 16;

/// The state with the machines of it that are shown.
type Floor<'a> = (&'a View, &'a [&'a Machine]);

fn cards(
    frame: &mut Frame<'_>,
    area: Rect,
    scene: Scene<'_>,
    (view, machines): Floor<'_>,
    columns: usize,
) {
    let rows = machines.len().div_ceil(columns);
    let rows = u16::try_from(rows).unwrap_or(1).max(1);
    let height = (area.height / rows).min(TALLEST);
    let columns_u16 = u16::try_from(columns).unwrap_or(1).max(1);
    for (place, machine) in machines.iter().enumerate() {
        let row = u16::try_from(place / columns).unwrap_or(0);
        let column = u16::try_from(place % columns).unwrap_or(0);
        let left = area.width * column / columns_u16;
        let right = area.width * (column + 1) / columns_u16;
        let cell = Rect { x: area.x + left, y: area.y + row * height, width: right - left, height };
        let selected = scene.model.selected == Some(machine.id);
        let standing = scene.model.standing(view, machine);
        card::draw(frame, cell, scene, &standing, place + 1, selected);
    }
}

/// One line for each machine, with the selected one in sight.
fn list(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, (view, machines): Floor<'_>) {
    let rows = usize::from(area.height).max(1);
    let selected = machines.iter().position(|machine| Some(machine.id) == scene.model.selected);
    let start = selected.unwrap_or(0) / rows * rows;
    let shown = machines.iter().enumerate().skip(start);
    for ((place, machine), row) in shown.zip(area.rows()) {
        let standing = scene.model.standing(view, machine);
        let line = line(scene, &standing, place + 1, usize::from(area.width));
        if selected == Some(place) {
            frame.buffer_mut().set_style(row, theme::CHOSEN);
        }
        frame.render_widget(line, row);
    }
}

fn line(scene: Scene<'_>, standing: &Standing<'_>, number: usize, width: usize) -> Line<'static> {
    let Standing { machine, age, state_age, told, .. } = standing;
    let format = scene.words.format();
    let wide = width >= 70;
    let target = machine.batch.as_ref().and_then(|batch| batch.target);
    let parts = match target {
        Some(target) => format!("{}/{}", format.whole(machine.good), format.whole(target)),
        None => format.whole(machine.good),
    };
    let state = badge(machine.state, *state_age, standing.calls(), scene.words);
    let gap = " ".repeat(17usize.saturating_sub(state.width()));
    let mut spans = vec![
        Span::raw(format!("{number:>2} {:<9}", fitted(&machine.code, 8))),
        state,
        Span::raw(gap),
        aged(&format!("{:>9} ", ticking(standing.in_state_us)), *state_age, Style::new()),
        aged(&format!("{parts:>12} "), *age, theme::STRONG),
    ];
    if wide {
        let batch = machine.batch.as_ref().map_or("–", |batch| batch.number.as_str());
        spans.push(aged(&format!("{:<12}", fitted(batch, 11)), *told, Style::new()));
    }
    spans.push(aging(*age, scene.words));
    if width >= 100
        && let Some((told, share)) = pace::of(scene, standing)
    {
        spans.extend([Span::raw("  "), pace::told(scene, told, share)]);
    }
    Line::from(spans)
}
