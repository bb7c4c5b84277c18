//! Registers: the block on the left, and the one under the cursor as every type on the right.

use kart_api::commissioning::{Device, Point, Table, TypeCell, TypeRow};
use kart_core::signal::Value;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::Scene;
use crate::{
    model::{Commissioning, Likely, Registers},
    plain::fitted,
    theme,
    words::Sentence,
};

/// Columns of the block.
const BLOCK: u16 = 22;
/// Columns of a type's name, and of one order.
const NAME: usize = 6;
const CELL: usize = 12;

/// Draws the block and the types.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &Commissioning) {
    let registers = &shown.registers;
    let Some(device) = shown.device() else {
        let id = if shown.sources.is_some() { "no-devices" } else { "connecting" };
        frame.render_widget(Span::styled(scene.say(id), theme::QUIET), area);
        return;
    };
    let rows = [Constraint::Length(2), Constraint::Fill(1)];
    let [head, body] = Layout::vertical(rows).areas(area);
    for (line, row) in heading(scene, device, registers).into_iter().zip(head.rows()) {
        frame.render_widget(line, row);
    }
    let columns = [Constraint::Length(BLOCK), Constraint::Length(1), Constraint::Fill(1)];
    let [left, _, right] = Layout::horizontal(columns).areas(body);
    block(frame, left, device, registers);
    types(frame, right, scene, device, registers);
}

fn heading(scene: Scene<'_>, device: &Device, registers: &Registers) -> [Line<'static>; 2] {
    let last = registers.start.saturating_add(registers.count - 1);
    let table = scene.say(&format!("table-{}", registers.table.word()));
    let what = Sentence::new("registers-what")
        .with("device", &device.name)
        .with("unit", device.unit.to_string())
        .with("line", &device.line)
        .with("table", table)
        .with("from", registers.start.to_string())
        .with("to", last.to_string());
    let what = Line::from(Span::styled(scene.tell(&what), theme::STRONG));
    let now = scene.model.daemon_now();
    let said = match (&registers.going, &registers.refused, &registers.block) {
        (Some(field), _, _) => {
            let typed = Sentence::new("registers-go").with("number", format!("{}_", field.raw()));
            Span::styled(scene.tell(&typed), theme::CHOSEN)
        },
        (None, Some(why), _) => Span::styled(
            scene.tell(&Sentence::new("registers-refused").with("reason", why)),
            theme::CARE,
        ),
        (None, None, Some(block)) => {
            let at = scene.model.zone.clock(block.at_us);
            let marked = registers.marked_us().unwrap_or(now);
            let read = Sentence::new("registers-read")
                .with("at", at)
                .with("since", scene.model.zone.clock(marked));
            Span::styled(scene.tell(&read), theme::QUIET)
        },
        (None, None, None) => Span::styled(scene.say("registers-reading"), theme::QUIET),
    };
    [what, Line::from(said)]
}

/// One register each line, those that have changed marked.
fn block(frame: &mut Frame<'_>, area: Rect, device: &Device, registers: &Registers) {
    let height = area.height.max(1);
    let at = registers.cursor.saturating_sub(registers.start);
    let first = registers.start + (at / height) * height;
    let last = registers.start.saturating_add(registers.count - 1);
    for (address, row) in (first..=last).zip(area.rows()) {
        let mapped = point_at(device, registers.table, address).is_some();
        let touched = registers.touched(address) != 0;
        let word = match registers.word(address) {
            Some(word) if registers.table.is_bits() => format!("{word:>12}"),
            Some(word) => format!("{word:04x} {word:>7}"),
            None => "–".to_owned(),
        };
        let text = format!("{}{address:>5} {word}", if mapped { "·" } else { " " });
        let style = match (address == registers.cursor, touched) {
            (true, _) => theme::CHOSEN,
            (false, true) => theme::CARE.add_modifier(Modifier::BOLD),
            (false, false) => Style::new(),
        };
        let mark = Span::styled(if touched { " ▲" } else { "  " }, theme::CARE);
        frame.render_widget(Line::from(vec![Span::styled(text, style), mark]), row);
    }
}

fn types(
    frame: &mut Frame<'_>,
    area: Rect,
    scene: Scene<'_>,
    device: &Device,
    registers: &Registers,
) {
    let mut lines = vec![bits(registers)];
    lines.extend(mapped(scene, device, registers));
    let rows = registers.block.as_ref().map(|block| block.types.as_slice()).unwrap_or_default();
    if !rows.is_empty() {
        let orders = ["ABCD", "CDAB", "BADC", "DCBA"]
            .map(|order| format!("  {order:<width$}", width = CELL - 2));
        let orders = format!("{:NAME$}{}", "", orders.concat());
        lines.push(Line::from(Span::styled(orders, theme::QUIET)));
    }
    lines.extend(rows.iter().map(|row| type_line(registers, row)));
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

/// The sixteen bits under the cursor, those that have changed marked.
fn bits(registers: &Registers) -> Line<'static> {
    let (word, touched) = (registers.word(registers.cursor), registers.touched(registers.cursor));
    let mut spans = vec![Span::styled(format!("{:NAME$}", "bits"), theme::QUIET)];
    let Some(word) = word else { return Line::from(spans) };
    if registers.table.is_bits() {
        spans.push(Span::styled(format!("  {word}"), theme::STRONG));
        return Line::from(spans);
    }
    for bit in (0..16).rev() {
        if bit % 4 == 3 {
            spans.push(Span::raw(" "));
        }
        let style = if touched >> bit & 1 == 1 { theme::SAVING } else { Style::new() };
        spans.push(Span::styled((word >> bit & 1).to_string(), style));
    }
    let changed: Vec<String> =
        (0..16).filter(|bit| touched >> bit & 1 == 1).map(|bit| bit.to_string()).collect();
    if !changed.is_empty() {
        spans.push(Span::styled(format!("  ▲ {}", changed.join(" ")), theme::CARE));
    }
    Line::from(spans)
}

/// The first point of the map that `address` is part of.
fn point_at(device: &Device, table: Table, address: u16) -> Option<&Point> {
    device.points.iter().find(|point| {
        let last = point.address.saturating_add(point.width.saturating_sub(1));
        point.table == table && (point.address..=last).contains(&address)
    })
}

/// What the map reads there already.
fn mapped(scene: Scene<'_>, device: &Device, registers: &Registers) -> Option<Line<'static>> {
    let point = point_at(device, registers.table, registers.cursor)?;
    let text = scene.tell(&Sentence::new("registers-mapped").with("signal", &point.signal));
    Some(Line::from(Span::styled(text, theme::QUIET)))
}

fn type_line(registers: &Registers, row: &TypeRow) -> Line<'static> {
    let mut spans = vec![Span::styled(format!("{:NAME$}", row.kind), theme::QUIET)];
    let narrow = row.cells.iter().any(|cell| cell.order.len() == 2);
    for cell in &row.cells {
        // Two bytes have two orders: as they are, and turned round beneath the one that does so.
        if narrow && cell.order == "BA" {
            spans.push(Span::raw(" ".repeat(CELL)));
        }
        let (mark, style) = match registers.likely(&row.kind, cell) {
            Likely::Smooth => ("●", theme::WELL.add_modifier(Modifier::BOLD)),
            Likely::Possible => (" ", theme::STRONG),
            Likely::Hardly => ("✗", theme::FRAME),
        };
        let text = format!("{mark} {:<width$}", value(cell), width = CELL - 2);
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

/// A value in the room of one cell.
fn value(cell: &TypeCell) -> String {
    let room = CELL - 3;
    let short = |number: f64| format!("{number:.2e}");
    let text = match &cell.value {
        None => "–".to_owned(),
        #[expect(clippy::cast_precision_loss, reason = "a number too long to be shown whole")]
        Some(Value::Whole(whole)) => {
            let text = whole.to_string();
            if text.len() > room { short(*whole as f64) } else { text }
        },
        Some(Value::Measured(number)) => {
            let text = number.to_string();
            let digits = format!("{number:.3}");
            match (text.len() <= room, digits.len() <= room && number.abs() >= 0.001) {
                (true, _) => text,
                (_, true) => digits,
                _ => short(*number),
            }
        },
        Some(other) => other.to_string(),
    };
    fitted(&text, room)
}
