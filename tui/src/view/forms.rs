//! The forms: badge, clock in and out, start and complete a batch.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Scene, framed};
use crate::{
    model::{
        BadgeForm, CompleteField, CompleteForm, Punch, PunchForm, Sending, StartField, StartForm,
        Who,
    },
    plain::{fitted, plain},
    theme,
    widget::{LABEL, field, list},
    words::{Sentence, lasting},
};

/// Rows of the product list.
const PRODUCTS: u16 = 7;

/// Who acts, and how to change it.
pub(super) fn who(frame: &mut Frame<'_>, row: Rect, scene: Scene<'_>, who: &Who) {
    let column = usize::from(LABEL);
    let label = Span::raw(format!("{:<column$}", fitted(&scene.say("who"), column - 1)));
    let name = match who.name() {
        Some(name) => Span::styled(plain(name), theme::STRONG),
        None if who.entries.is_empty() => Span::styled(scene.say("who-nobody"), theme::QUIET),
        None => Span::styled(scene.say("choose-person"), theme::CARE),
    };
    frame.render_widget(Line::from(vec![label, name]), row);
}

/// How far the command is: nothing, on its way, or refused.
pub(super) fn sending(frame: &mut Frame<'_>, row: Rect, scene: Scene<'_>, sending: &Sending) {
    let width = usize::from(row.width);
    let (text, style) = match sending {
        Sending::No => return,
        Sending::Saving(key) => {
            let pending = scene.model.pending.iter().find(|pending| pending.request.key == *key);
            let away = pending.is_some_and(|pending| pending.away);
            (scene.say(if away { "saving-away" } else { "saving" }), theme::SAVING)
        },
        Sending::Refused(why) => (scene.tell(why), theme::WRONG),
    };
    frame.render_widget(Span::styled(fitted(&format!(" {text} "), width), style), row);
}

/// A badge typed by hand.
pub(super) fn badge(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &BadgeForm) {
    let inside = framed(frame, area, &scene.say("badge-title"));
    let mut rows = inside.rows().skip(1);
    if let Some(row) = rows.next() {
        frame.render_widget(Line::from(scene.say("badge-hint")), row);
    }
    if let Some(row) = rows.nth(1) {
        field(frame, row, &scene.say("badge"), &form.badge, true);
    }
}

/// Clock in or out.
pub(super) fn punch(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &PunchForm) {
    let now = scene.model.daemon_now();
    let title = match form.punch {
        Punch::In(_) => "punch-in-title",
        Punch::Out { .. } => "punch-out-title",
    };
    let inside = framed(frame, area, &scene.say(title));
    let last = inside.rows().next_back();
    let mut rows = inside.rows().skip(1);
    let question = match &form.punch {
        Punch::In(stations) => {
            let station = stations.chosen.and_then(|at| stations.entries.get(at));
            Sentence::new("punch-in")
                .with("name", &form.name)
                .with("station", station.map_or("?", |station| station.label.as_str()))
        },
        Punch::Out { since_us } => Sentence::new("punch-out")
            .with("name", &form.name)
            .with("worked", lasting(now.0.saturating_sub(since_us.0)))
            .with("since", scene.model.zone.short(*since_us, now)),
    };
    if let Some(row) = rows.next() {
        frame.render_widget(Span::styled(scene.tell(&question), theme::STRONG), row);
    }
    if let Some(row) = rows.next() {
        let text = match &form.punch {
            Punch::In(_) => {
                let clock = scene.model.zone.clock(now);
                scene.tell(&Sentence::new("punch-time").with("time", clock))
            },
            Punch::Out { since_us } => {
                let since = scene.model.zone.short(*since_us, now);
                scene.tell(&Sentence::new("punch-since").with("since", since))
            },
        };
        frame.render_widget(Span::styled(text, theme::QUIET), row);
    }
    if let Some(pin) = &form.pin
        && let Some(row) = rows.next()
    {
        field(frame, row, &scene.say("pin"), pin, true);
    }
    if let Punch::In(stations) = &form.punch
        && stations.entries.len() > 1
    {
        let top = rows.nth(1).map_or(inside.bottom(), |row| row.y);
        let height = inside.bottom().saturating_sub(top + 1);
        list(frame, Rect { y: top, height, ..inside }, stations, false);
    }
    if let Some(row) = last {
        sending(frame, row, scene, &form.sending);
    }
}

/// Start a batch.
pub(super) fn start(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &StartForm) {
    let code = scene.model.machine_by_id(form.machine).map_or("?", |m| m.code.as_str());
    let title = scene.tell(&Sentence::new("start-title").with("machine", code));
    let inside = framed(frame, area, &title);
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        who(frame, row, scene, &form.who);
    }
    let is = |field: StartField| form.focus == field;
    if let Some(row) = rows.next() {
        field(frame, row, &scene.say("product"), &form.filter, is(StartField::Product));
    }
    let top = rows.next().map_or(inside.bottom(), |row| row.y);
    let room = inside.bottom().saturating_sub(top);
    let products = Rect { y: top, height: PRODUCTS.min(room.saturating_sub(5)), ..inside };
    if form.found.entries.is_empty() {
        frame.render_widget(Span::styled(scene.say("no-product"), theme::CARE), products);
    } else {
        list(frame, products, &form.found, false);
    }
    let mut below = (products.bottom()..inside.bottom()).map(|y| Rect { y, height: 1, ..inside });
    if products.height == PRODUCTS && room > PRODUCTS + 5 {
        below.next();
    }
    let fields = [
        ("target", &form.target, StartField::Target),
        ("batch-number", &form.number, StartField::Number),
        ("work-order", &form.work_order, StartField::WorkOrder),
    ];
    for ((label, text, at), row) in fields.into_iter().zip(&mut below) {
        field(frame, row, &scene.say(label), text, is(at));
    }
    if let Some(row) = below.next_back() {
        sending(frame, row, scene, &form.sending);
    }
}

/// Complete a batch.
pub(super) fn complete(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &CompleteForm) {
    let machine = scene.model.machine_by_id(form.machine);
    let title = Sentence::new("complete-title")
        .with("number", &form.number)
        .with("machine", machine.map_or("?", |machine| machine.code.as_str()));
    let inside = framed(frame, area, &scene.tell(&title));
    let last = inside.rows().next_back();
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        who(frame, row, scene, &form.who);
    }
    let fields = [
        ("good", &form.good, CompleteField::Good, machine.map(|m| m.good)),
        ("scrap", &form.scrap, CompleteField::Scrap, machine.map(|m| m.scrap)),
    ];
    for (label, text, at, counted) in fields {
        if let Some(row) = rows.next() {
            field(frame, row, &scene.say(label), text, form.focus == at);
        }
        if let (Some(row), Some(counted)) = (rows.next(), counted) {
            difference(frame, row, scene, counted, text.number());
        }
    }
    rows.next();
    if form.asks_reason()
        && let Some(row) = rows.next()
    {
        let style = if form.focus == CompleteField::Reason { theme::STRONG } else { theme::QUIET };
        frame.render_widget(Span::styled(scene.say("scrap-reason"), style), row);
        let top = row.y + 1;
        let height = inside.bottom().saturating_sub(top + 1);
        list(frame, Rect { y: top, height, ..inside }, &form.reasons, true);
    }
    if let Some(row) = last {
        sending(frame, row, scene, &form.sending);
    }
}

/// What the machine counted, and how far the person is from it.
fn difference(
    frame: &mut Frame<'_>,
    row: Rect,
    scene: Scene<'_>,
    counted: i64,
    typed: Option<i64>,
) {
    let format = scene.words.format();
    let difference = typed.map(|typed| typed.saturating_sub(counted));
    let (sentence, style) = match difference {
        None | Some(0) => {
            (Sentence::new("counted").with("count", format.whole(counted)), theme::QUIET)
        },
        Some(difference) => {
            let sentence = Sentence::new("counted-difference")
                .with("count", format.whole(counted))
                .with("difference", format.signed(difference));
            (sentence, theme::CARE)
        },
    };
    let text = format!("{:1$}{2}", "", usize::from(LABEL), scene.tell(&sentence));
    frame.render_widget(Span::styled(fitted(&text, usize::from(row.width)), style), row);
}
