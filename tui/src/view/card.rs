//! One machine as a card: what it does, how many, of what, and how far.

use kart_api::{Batch, DeviceLink, Machine};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, BorderType},
};

use super::{Scene, news, pace};
use crate::{
    model::{Standing, next_on},
    plain::fitted,
    theme,
    widget::{HEIGHT, aged, aging, badge, bar, big},
    words::{Sentence, ticking},
};

/// Draws the card with `number` as the digit that selects it.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    scene: Scene<'_>,
    standing: &Standing<'_>,
    number: usize,
    selected: bool,
) {
    let inside = outline(frame, area, standing, number, selected);
    let mut rows = inside.rows();
    let width = usize::from(inside.width);
    if let Some(row) = rows.next() {
        state(frame, row, scene, standing);
    }
    let machine = standing.machine;
    let news = news::of_machine(scene, machine);
    // Room that is left over goes above and below the large digits first.
    let airy = inside.height >= if news.is_some() { 10 } else { 9 };
    if airy {
        rows.next();
    }
    let numbers = Rect { height: 0, ..inside };
    let first = rows.next().unwrap_or(numbers);
    rows.next();
    rows.next();
    let height = HEIGHT.min(inside.bottom().saturating_sub(first.y));
    parts(frame, Rect { height, ..first }, scene, standing);
    if airy {
        rows.next();
    }
    if let Some(row) = rows.next() {
        frame.render_widget(batch(scene, standing, width), row);
    }
    if let Some(row) = rows.next() {
        progress(frame, row, scene, standing);
    }
    if let Some(row) = rows.next() {
        link(frame, row, scene, standing);
    }
    if let Some(row) = rows.next()
        && let Some((text, style)) = &news
    {
        frame.render_widget(aged(&fitted(text, width), standing.told, *style), row);
    }
    for (signal, row) in machine.signals.iter().zip(rows) {
        frame.render_widget(super::machine::signal_line(scene, machine, signal, row.width), row);
    }
}

fn outline(
    frame: &mut Frame<'_>,
    area: Rect,
    standing: &Standing<'_>,
    number: usize,
    selected: bool,
) -> Rect {
    let (border, style) = if selected {
        (BorderType::Double, theme::CHOSEN_FRAME)
    } else {
        (BorderType::Plain, theme::FRAME)
    };
    let machine = standing.machine;
    let title = format!(" {number} {} · {}", machine.code, machine.name);
    let title = format!("{} ", fitted(&title, usize::from(area.width).saturating_sub(4)));
    let block = Block::bordered()
        .border_type(border)
        .border_style(style)
        .title(Span::styled(title, if selected { theme::STRONG } else { Style::new() }));
    let inside = block.inner(area);
    frame.render_widget(block, area);
    Rect { x: inside.x.saturating_add(1), width: inside.width.saturating_sub(2), ..inside }
}

/// State on the left, time in state on the right, the reason between them.
fn state(frame: &mut Frame<'_>, row: Rect, scene: Scene<'_>, standing: &Standing<'_>) {
    let badge = badge(standing.machine.state, standing.state_age, standing.calls(), scene.words);
    let time = ticking(standing.in_state_us);
    let used = badge.width() + time.len() + 2;
    let room = usize::from(row.width).saturating_sub(used);
    let reason = standing.stop.and_then(|stop| stop.reason.as_deref());
    let between = match (reason, standing.stop) {
        (Some(reason), _) => aged(&fitted(reason, room), standing.told, theme::QUIET),
        (None, Some(_)) => Span::styled(fitted(&scene.say("why"), room), theme::CARE),
        (None, None) => Span::default(),
    };
    let time = aged(&time, standing.state_age, theme::STRONG);
    frame.render_widget(Line::from(vec![badge, Span::raw(" "), between]), row);
    frame.render_widget(Line::from(time).right_aligned(), row);
}

/// Good parts in large digits, and beside them what they mean.
fn parts(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, standing: &Standing<'_>) {
    let machine = standing.machine;
    let age = standing.age;
    let format = scene.words.format();
    let target = machine.batch.as_ref().and_then(|batch| batch.target);
    let good = format.whole(machine.good);
    let shown = if scene.theme.ascii {
        let number = Line::from(aged(&good, age, theme::STRONG));
        [Line::default(), number, Line::default()]
    } else {
        big(&good, age, theme::STRONG)
    };
    let width = shown.iter().map(Line::width).max().unwrap_or(0);
    let width = u16::try_from(width).unwrap_or(0);
    for (line, row) in shown.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
    let scrap_style = if machine.scrap > 0 { theme::CARE } else { theme::QUIET };
    let scrap = Sentence::new("scrap-parts").with("count", format.whole(machine.scrap));
    let first = match target {
        Some(target) => Sentence::new("good-of").with("target", format.whole(target)),
        None => Sentence::new("good-parts"),
    };
    let to_go = target
        .filter(|target| *target > machine.good)
        .map(|target| Sentence::new("to-go").with("count", format.whole(target - machine.good)));
    let beside = [
        aged(&scene.tell(&first), age, theme::QUIET),
        aged(&scene.tell(&scrap), age, scrap_style),
        aged(&to_go.map_or(String::new(), |to_go| scene.tell(&to_go)), age, theme::QUIET),
    ];
    // A machine that was never read shows one dash, not four.
    let beside = if age.micros().is_none() { Default::default() } else { beside };
    let left = (width + 2).max(18);
    for (span, row) in beside.into_iter().zip(area.rows()) {
        let room = row.width.saturating_sub(left);
        frame.render_widget(span, Rect { x: row.x + left.min(row.width), width: room, ..row });
    }
}

/// How far the batch is, and at its end how it comes along, in one colour.
fn progress(frame: &mut Frame<'_>, row: Rect, scene: Scene<'_>, standing: &Standing<'_>) {
    let machine = standing.machine;
    let told = pace::of(scene, standing).map(|(told, share)| pace::told(scene, told, share));
    let style = told.as_ref().map_or(theme::QUIET, |told| theme::filled(told.style));
    let wide = told.as_ref().map_or(0, |told| u16::try_from(told.width() + 1).unwrap_or(0));
    if let Some(target) = machine.batch.as_ref().and_then(|batch| batch.target) {
        let width = row.width.saturating_sub(wide);
        frame.render_widget(bar(machine.good, target, width, standing.age, style), row);
    }
    if let Some(told) = told {
        frame.render_widget(Line::from(told).right_aligned(), row);
    }
}

fn batch(scene: Scene<'_>, standing: &Standing<'_>, width: usize) -> Line<'static> {
    match &standing.machine.batch {
        Some(Batch { number, product_name, .. }) => {
            let number = fitted(number, width / 2);
            let further = match standing.machine.others.len() {
                0 => String::new(),
                others => format!(" +{others}"),
            };
            let used = Span::raw(&number).width() + further.len() + 1;
            let room = width.saturating_sub(used);
            Line::from(vec![
                aged(&number, standing.told, theme::STRONG),
                Span::raw(" "),
                aged(&fitted(product_name, room), standing.told, Style::new()),
                aged(&further, standing.told, theme::QUIET),
            ])
        },
        None => {
            let resting = super::batch::resting(scene, standing.machine);
            let text = resting
                .or_else(|| waiting(scene, standing.machine))
                .unwrap_or_else(|| scene.say("no-batch-here"));
            Line::from(Span::styled(fitted(&text, width), theme::QUIET))
        },
    }
}

/// What the queue has for a machine without a batch.
fn waiting(scene: Scene<'_>, machine: &Machine) -> Option<String> {
    let view = scene.model.view.as_ref()?;
    let reference = view.reference.as_ref()?;
    let order = next_on(view, machine.id).into_iter().next()?;
    let product = order.queued.product.and_then(|id| reference.product(id));
    let named = [order.queued.number.clone(), product.map(|product| product.name.clone())];
    let named: Vec<String> = named.into_iter().flatten().collect();
    Some(scene.tell(&Sentence::new("next-here").with("batch", named.join(" "))))
}

/// How old all this is; why, where the device does not answer; and what waits for a reason.
fn link(frame: &mut Frame<'_>, row: Rect, scene: Scene<'_>, standing: &Standing<'_>) {
    let width = usize::from(row.width);
    let left = match &standing.machine.link {
        DeviceLink::Partly { since_us, reason } | DeviceLink::Down { since_us, reason } => {
            let now = scene.model.daemon_now();
            let partly = matches!(standing.machine.link, DeviceLink::Partly { .. });
            let sentence = Sentence::new(if partly { "device-partly" } else { "device-down" })
                .with("since", scene.model.zone.short(*since_us, now))
                .with("reason", reason);
            Span::styled(format!("▲ {}", scene.tell(&sentence)), theme::CARE)
        },
        DeviceLink::Starting => Span::styled(scene.say("device-starting"), theme::QUIET),
        DeviceLink::Up => aging(standing.age, scene.words),
    };
    let waiting = i64::try_from(standing.unexplained).unwrap_or(i64::MAX);
    // Why a device is away needs the whole line; that stops wait is said again when it is back.
    let away = matches!(standing.machine.link, DeviceLink::Down { .. });
    let right = if waiting > 0 && !away {
        scene.tell(&Sentence::new("stops-wait").count("count", waiting))
    } else {
        String::new()
    };
    let room = width.saturating_sub(Span::raw(&right).width() + 1);
    let left = Span::styled(fitted(&left.content, room), left.style);
    // One thing on a card calls: the stop that lasts, else those that are over.
    let over = standing.calls && standing.stop.is_none();
    let waits = if over { theme::CARE.add_modifier(theme::CALLS) } else { theme::CARE };
    frame.render_widget(Line::from(left), row);
    frame.render_widget(Line::from(Span::styled(right, waits)).right_aligned(), row);
}
