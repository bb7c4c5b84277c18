//! The queues of a machine and its station.

use kart_core::fact::queue::Queue;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Scene, forms, framed};
use crate::{
    model::{OrderLine, OrdersScreen, PAGE},
    plain::fitted,
    theme,
    words::Sentence,
};

/// Draws what is next on one machine.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &OrdersScreen) {
    let Some(view) = &scene.model.view else { return };
    let code = scene.model.machine_by_id(shown.machine).map_or("?", |m| m.code.as_str());
    let title = scene.tell(&Sentence::new("orders-title").with("machine", code));
    let inside = framed(frame, area, &title);
    let last = inside.rows().next_back();
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        forms::who(frame, row, scene, &shown.who);
    }
    let lines = shown.lines(view);
    if lines.is_empty()
        && let Some(row) = rows.nth(1)
    {
        frame.render_widget(Span::styled(scene.say("no-orders"), theme::QUIET), row);
    }
    let at = lines.iter().position(|line| Some(line.order.queued.entry) == shown.chosen);
    let start = at.unwrap_or(0) / PAGE * PAGE;
    let mut queue = None;
    for (place, line) in lines.iter().enumerate().skip(start).take(PAGE) {
        if queue != Some(line.order.queued.queue) {
            queue = Some(line.order.queued.queue);
            let of_station = matches!(line.order.queued.queue, Queue::Station(_));
            let head = scene.say(if of_station { "orders-station" } else { "orders-machine" });
            if let Some(row) = rows.next() {
                frame.render_widget(Span::styled(head, theme::QUIET), row);
            }
        }
        let Some(row) = rows.next().filter(|row| Some(*row) != last) else { break };
        entry(frame, row, scene, (place, line), at == Some(place));
    }
    let more = lines.len().saturating_sub(start + PAGE);
    if let Some(row) = rows.next().filter(|row| more > 0 && Some(*row) != last) {
        let more = Sentence::new("more").count("count", i64::try_from(more).unwrap_or(i64::MAX));
        frame.render_widget(Span::styled(scene.tell(&more), theme::QUIET), row);
    }
    if let Some(row) = last {
        forms::sending(frame, row, scene, &shown.sending);
    }
}

fn entry(
    frame: &mut Frame<'_>,
    row: Rect,
    scene: Scene<'_>,
    (place, line): (usize, &OrderLine<'_>),
    chosen: bool,
) {
    let reference = scene.model.view.as_ref().and_then(|view| view.reference.as_ref());
    let queued = &line.order.queued;
    let product = queued.product.and_then(|id| reference?.product(id));
    let product = product.map(|product| product.name.clone()).unwrap_or_default();
    let number = queued.number.clone().unwrap_or_else(|| "–".to_owned());
    let target = queued.target.map(|target| scene.words.format().whole(target));
    let comes = queued.batch.map(|_| scene.say("order-continues"));
    let asked = line.order.asked.then(|| scene.say("order-asked"));
    let parts = [target, queued.work_order.clone(), comes, asked];
    let right = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let width = usize::from(row.width);
    let right = fitted(&right, width / 2);
    let mark = if chosen { "►" } else { " " };
    let left = format!("{mark} {} {number} {product}", place % PAGE + 1);
    let room = width.saturating_sub(Span::raw(&right).width() + 1);
    let left = fitted(&left, room);
    let gap =
        " ".repeat(width.saturating_sub(Span::raw(&left).width() + Span::raw(&right).width()));
    let (strong, quiet) = match chosen {
        true => (theme::CHOSEN, theme::CHOSEN),
        false if line.order.asked => (theme::SAVING, theme::SAVING),
        false => (theme::STRONG, theme::QUIET),
    };
    let spans = [(left, strong), (gap, quiet), (right, quiet)];
    let spans = spans.map(|(text, style)| Span::styled(text, style));
    frame.render_widget(Line::from(spans.to_vec()), row);
}
