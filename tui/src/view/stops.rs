//! Lists of stops: those that wait, those explained lately, and alike ones together.

use kart_api::{Blind, Stop, View};
use kart_core::fact::stop::Told;
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{Scene, explain, forms, framed, sidebar};
use crate::{
    model::{Age, Listed, PAGE, SplitForm, StopsScreen, SweepScreen, listed},
    plain::fitted,
    theme,
    widget::{aged, field, lines},
    words::{Sentence, ticking},
};

/// The list of stops.
pub(super) fn stops(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, screen: &StopsScreen) {
    let inside = framed(frame, area, &scene.say("stops-title"));
    let Some(view) = &scene.model.view else { return };
    let choice = &screen.choice;
    lines(frame, inside, choice, true, |entry, width| {
        let mark = if screen.marked.contains(&entry.key) { "✓ " } else { "" };
        let width = width.saturating_sub(2 + Span::raw(mark).width());
        let mut line = match listed(view, entry.key) {
            Some(Listed::Stop(stop)) => reasoned(scene, view, stop, width),
            Some(Listed::Blind(it)) => blind(scene, it, width),
            None => Line::default(),
        };
        line.spans.insert(0, Span::raw(mark));
        line
    });
    let more = choice.entries.len().saturating_sub(choice.page_start() + PAGE);
    if let Some(row) = inside.rows().nth(PAGE)
        && more > 0
    {
        let more = Sentence::new("more").count("count", i64::try_from(more).unwrap_or(i64::MAX));
        frame.render_widget(Span::styled(scene.tell(&more), theme::QUIET), row);
    }
    let offered = view.review.offered;
    if let Some(row) = inside.rows().next_back()
        && offered.given > 0
    {
        let count = |number: u64| scene.words.format().count(number);
        let sentence = Sentence::new("suggestions-taken")
            .with("first", count(offered.first))
            .with("page", count(offered.page))
            .with("given", count(offered.given));
        let text = fitted(&scene.tell(&sentence), usize::from(row.width));
        frame.render_widget(Span::styled(text, theme::QUIET), row);
    }
}

/// A stop with its reason, and what a person made of it.
fn reasoned(scene: Scene<'_>, view: &View, stop: &Stop, width: usize) -> Line<'static> {
    let told = stop.told.map(|told| match told {
        Told::Part => scene.say("told-part"),
        Told::Merged => scene.say("told-merged"),
        Told::Shared => {
            let count = i64::try_from(stop.with.len() + 1).unwrap_or(i64::MAX);
            scene.tell(&Sentence::new("told-shared").count("count", count))
        },
        Told::Site => scene.say("told-site"),
        Told::Blind => scene.say("told-blind"),
    });
    let parts = [stop.reason.clone(), told].into_iter().flatten();
    let beside = parts.collect::<Vec<_>>().join(" · ");
    let beside = fitted(&beside, width / 2);
    let room = width.saturating_sub(Span::raw(&beside).width() + 1);
    let mut line = sidebar::stop(scene, view, stop, room);
    let age = Age::told(view.terminal.now_us, scene.model.daemon_now(), scene.model.is_live());
    let gap = room.saturating_sub(line.width()) + 1;
    line.spans.push(Span::raw(" ".repeat(gap)));
    line.spans.push(aged(&beside, age, Style::new()));
    line
}

/// A time that nobody saw.
pub(super) fn blind(scene: Scene<'_>, blind: &Blind, width: usize) -> Line<'static> {
    let now = scene.model.daemon_now();
    let machine = scene.model.machine_by_id(blind.machine);
    let lasted = ticking(blind.until_us.0.saturating_sub(blind.from_us.0));
    let sentence = Sentence::new("blind")
        .with("machine", machine.map_or("?", |machine| machine.code.as_str()))
        .with("from", scene.model.zone.short(blind.from_us, now))
        .with("lasted", lasted);
    Line::from(Span::styled(fitted(&scene.tell(&sentence), width), theme::CARE))
}

/// When the second part of a stop began.
pub(super) fn split(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &SplitForm) {
    let inside = framed(frame, area, &scene.say("split-title"));
    let mut rows = inside.rows();
    let width = usize::from(inside.width);
    let Some(view) = &scene.model.view else { return };
    if let (Some(row), Some(Listed::Stop(stop))) = (rows.next(), listed(view, form.stop)) {
        frame.render_widget(reasoned(scene, view, stop, width), row);
    }
    if let Some(row) = rows.next() {
        forms::who(frame, row, scene, &form.who);
    }
    if let Some(row) = rows.next() {
        field(frame, row, &scene.say("split-at"), &form.at, true);
    }
    if let Some(row) = rows.next() {
        let hint = Sentence::new("split-hint")
            .with("from", scene.model.zone.clock(form.from_us))
            .with("until", scene.model.zone.clock(form.until_us));
        let hint = fitted(&scene.tell(&hint), width);
        frame.render_widget(Span::styled(hint, theme::QUIET), row);
    }
    if let Some(row) = rows.next_back() {
        forms::sending(frame, row, scene, &form.sending);
    }
}

/// Stops that wait, alike ones together.
pub(super) fn sweep(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, screen: &SweepScreen) {
    let inside = framed(frame, area, &scene.say("sweep-title"));
    let reference = scene.model.view.as_ref().and_then(|view| view.reference.as_ref());
    let area = Rect { height: inside.height.saturating_sub(1), ..inside };
    lines(frame, area, &screen.choice, true, |entry, width| {
        let Some(group) = screen.groups.get(entry.key) else { return Line::default() };
        let code = scene.model.machine_by_id(group.machine).map(|machine| machine.code.clone());
        let suggested = group.offer.and_then(|offer| {
            let (_, reason) = reference?.downtime_reason(offer.reason)?;
            Some(format!("{} ({})", reason.name, scene.say(explain::word(offer.because))))
        });
        let lasted = explain::lasted(scene, group.state, group.lasted_us);
        let left = format!("{} × {} {lasted}", group.stops.len(), code.unwrap_or_default());
        let suggested = suggested.map_or_else(|| scene.say("nothing-suggested"), |it| it + " ?");
        let left = format!("{:<1$} ", fitted(&left, width / 2), width / 2);
        let room = width.saturating_sub(Span::raw(&left).width());
        Line::from(format!("{left}{}", fitted(&suggested, room)))
    });
    let hint = fitted(&scene.say("sweep-hint"), usize::from(inside.width));
    if let Some(row) = inside.rows().next_back() {
        frame.render_widget(Span::styled(hint, theme::QUIET), row);
    }
}
