//! Starting and completing a batch, and what every form shows: who acts, and how far its command is.

use kart_core::id::ReasonId;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{Scene, framed, question::question};
use crate::{
    model::{
        Asks, Choice, CompleteField, CompleteForm, Sending, StartField, StartForm, Who, proposed,
    },
    plain::{fitted, plain},
    theme,
    widget::{LABEL, field, list},
    words::Sentence,
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

/// Start a batch, or put one into a queue.
pub(super) fn start(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &StartForm) {
    let code = scene.model.machine_by_id(form.machine).map_or("?", |m| m.code.as_str());
    let title = if form.into.is_some() { "enqueue-title" } else { "start-title" };
    let title = scene.tell(&Sentence::new(title).with("machine", code));
    let inside = framed(frame, area, &title);
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        who(frame, row, scene, &form.who);
    }
    let top = chosen(frame, rows.next(), scene, form).unwrap_or(inside.bottom());
    let fields: Vec<StartField> = form.fields();
    let further = |field: &&StartField| !matches!(field, StartField::Next | StartField::Product);
    let fields: Vec<StartField> = fields.iter().filter(further).copied().collect();
    let count = u16::try_from(fields.len()).unwrap_or(u16::MAX);
    let room = inside.bottom().saturating_sub(top);
    let choosing = matches!(form.focus, StartField::Next | StartField::Product);
    // What is asked needs the room of the list once something was chosen.
    let height = match choosing {
        true => PRODUCTS.min(room.saturating_sub(5)),
        false => PRODUCTS.min(room.saturating_sub(count.saturating_add(1))),
    };
    let offered = Rect { y: top, height, ..inside };
    if form.focus == StartField::Next {
        list(frame, offered, &form.next, true);
    } else if form.found.entries.is_empty() {
        frame.render_widget(Span::styled(scene.say("no-product"), theme::CARE), offered);
    } else {
        list(frame, offered, &form.found, false);
    }
    let mut below = (offered.bottom()..inside.bottom()).map(|y| Rect { y, height: 1, ..inside });
    if height == PRODUCTS && room > PRODUCTS + count + 1 {
        below.next();
    }
    let last = below.next_back();
    let at = fields.iter().position(|field| *field == form.focus).unwrap_or(0);
    let shown = below.clone().count().max(1);
    let from = (at + 1).saturating_sub(shown);
    for (field, row) in fields.into_iter().skip(from).zip(below) {
        start_field(frame, row, scene, (form, field));
    }
    if let Some(row) = last {
        sending(frame, row, scene, &form.sending);
    }
}

/// What narrows the products down, or what is known of the entry; answers the row beneath.
fn chosen(
    frame: &mut Frame<'_>,
    row: Option<Rect>,
    scene: Scene<'_>,
    form: &StartForm,
) -> Option<u16> {
    let row = row?;
    if form.focus == StartField::Next {
        let width = usize::from(row.width);
        let text = fitted(&scene.say("start-next"), width);
        frame.render_widget(Span::styled(text, theme::QUIET), row);
    } else {
        let focus = form.focus == StartField::Product;
        field(frame, row, &scene.say("product"), &form.filter, focus);
    }
    Some(row.y + 1)
}

fn start_field(
    frame: &mut Frame<'_>,
    row: Rect,
    scene: Scene<'_>,
    (form, at): (&StartForm, StartField),
) {
    let focus = form.focus == at;
    let (label, text) = match at {
        StartField::Target => ("target", &form.target),
        StartField::Number => ("batch-number", &form.number),
        StartField::WorkOrder => ("work-order", &form.work_order),
        StartField::From => ("start-time", &form.from),
        StartField::Question(place) => {
            if let Some(asked) = form.questions.get(place) {
                question(frame, row, scene, asked, focus);
            }
            return;
        },
        StartField::Badge | StartField::Why => {
            let Some(second) = &form.second else { return };
            match at {
                StartField::Badge => ("second-badge", &second.badge),
                _ => ("second-why", &second.why),
            }
        },
        StartField::Next | StartField::Product => return,
    };
    field(frame, row, &scene.say(label), text, focus);
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
    let all = machine.into_iter().flat_map(kart_api::Machine::batches);
    let batch = all.into_iter().find(|batch| batch.id == form.batch);
    let expected = batch.map(proposed);
    let fields = [
        ("good", &form.good, CompleteField::Good, expected.map(|(good, _)| good)),
        ("scrap", &form.scrap, CompleteField::Scrap, expected.map(|(_, scrap)| scrap)),
    ];
    // The list of reasons takes the rows that say nothing new.
    let short = form.focus == CompleteField::Reason;
    for (label, text, at, counted) in fields {
        if let Some(row) = rows.next() {
            field(frame, row, &scene.say(label), text, form.focus == at);
        }
        if (!short || text.number() != counted)
            && let (Some(counted), Some(row)) = (counted, rows.next())
        {
            difference(frame, row, scene, counted, text.number());
        }
    }
    if let Some(row) = rows.next() {
        let focus = form.focus == CompleteField::Rework;
        field(frame, row, &scene.say("rework"), &form.rework, focus);
    }
    let asking = matches!(form.focus, CompleteField::Question(_));
    if form.asks_reason() && !asking {
        if let Some(row) = rows.next() {
            why_scrap(frame, row, scene, form);
            let top = row.y + 1;
            let height = inside.bottom().saturating_sub(top + 1);
            let reasons = shares(scene, form);
            list(frame, Rect { y: top, height, ..inside }, &reasons, true);
        }
    } else {
        rows.next();
        for (place, asked) in form.questions.iter().enumerate() {
            if let Some(row) = rows.next().filter(|row| Some(*row) != last) {
                let focus = form.focus == CompleteField::Question(place);
                question(frame, row, scene, asked, focus);
            }
        }
    }
    if let Some(row) = last {
        sending(frame, row, scene, &form.sending);
    }
}

/// The question why, and how many parts have no reason yet.
fn why_scrap(frame: &mut Frame<'_>, row: Rect, scene: Scene<'_>, form: &CompleteForm) {
    let focus = form.focus == CompleteField::Reason;
    let style = if focus { theme::STRONG } else { theme::QUIET };
    let left = form.unexplained();
    let mut text = scene.say("scrap-reason");
    if !form.split.is_empty() && left != 0 {
        text = format!("{text}  {}", scene.tell(&Sentence::new("scrap-left").count("count", left)));
    }
    frame.render_widget(Span::styled(fitted(&text, usize::from(row.width)), style), row);
}

/// The reasons, each with how many parts it was given.
fn shares(scene: Scene<'_>, form: &CompleteForm) -> Choice<ReasonId> {
    let mut reasons = form.reasons.clone();
    for entry in &mut reasons.entries {
        let given = form.given(entry.key);
        if given > 0 {
            entry.detail = scene.words.format().whole(given);
        }
    }
    reasons
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
