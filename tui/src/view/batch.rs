//! The menu of a batch, and what it leads to but for starting and completing one.

use kart_api::{Batch, Machine};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    Scene,
    forms::{sending, who},
    framed,
    question::question,
};
use crate::{
    model::{Asks, BatchField, BatchForm, Deed, Doing},
    plain::fitted,
    theme,
    update::batch_of,
    widget::{field, lines, list},
    words::Sentence,
};

/// Rows of a list with the question above it: what digits reach.
const LIST: u16 = 10;

/// Draws the menu, or what is being done.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &BatchForm) {
    let found = scene.model.view.as_ref().and_then(|view| batch_of(form, view));
    let (number, code) =
        found.map_or(("?", "?"), |(machine, batch)| (batch.number.as_str(), machine.code.as_str()));
    let title = Sentence::new("batch-title").with("number", number).with("machine", code);
    let mut title = scene.tell(&title);
    if let Doing::Deed(deed) = form.doing {
        title = format!("{title} · {}", scene.say(word(deed)));
    }
    let inside = framed(frame, area, &title);
    let Some((machine, batch)) = found else {
        frame.render_widget(Span::raw(scene.say("refusal-no-such-batch")), inside);
        return;
    };
    let last = inside.rows().next_back();
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        who(frame, row, scene, &form.who);
    }
    if let Some(row) = rows.next() {
        let text = fitted(&stands(scene, machine, batch), usize::from(row.width));
        frame.render_widget(Span::styled(text, theme::QUIET), row);
    }
    let top = rows.next().map_or(inside.bottom(), |row| row.y + 1);
    let height = inside.bottom().saturating_sub(top + 1);
    let body = Rect { y: top.saturating_sub(1), height: height + 1, ..inside };
    match form.doing {
        Doing::Choosing => menu(frame, body, scene, form),
        Doing::Deed(deed) => doing(frame, body, scene, (form, deed, batch)),
    }
    if let Some(row) = last {
        sending(frame, row, scene, &form.sending);
    }
}

/// How the batch stands, in one line.
fn stands(scene: Scene<'_>, machine: &Machine, batch: &Batch) -> String {
    let format = scene.words.format();
    let (good, scrap) = crate::model::proposed(batch);
    let counts = Sentence::new("batch-stands")
        .with("good", format.whole(good))
        .with("scrap", format.whole(scrap))
        .with("target", batch.target.map_or("–".to_owned(), |target| format.whole(target)));
    let rests = batch.paused_us.map(|since| {
        let since = scene.model.zone.short(since, scene.model.daemon_now());
        scene.tell(&Sentence::new("batch-rests").with("since", since))
    });
    let provisional = batch.provisional.then(|| scene.say("batch-provisional"));
    let further = i64::try_from(machine.others.len()).unwrap_or(i64::MAX);
    let others =
        (further > 0).then(|| scene.tell(&Sentence::new("batch-others").count("count", further)));
    let parts = [Some(scene.tell(&counts)), rests, provisional, others];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn word(deed: Deed) -> &'static str {
    match deed {
        Deed::Complete => "deed-complete",
        Deed::Pause => "deed-pause",
        Deed::Resume => "deed-resume",
        Deed::Tell => "deed-tell",
        Deed::People => "deed-people",
        Deed::Machines => "deed-machines",
        Deed::Continue => "deed-continue",
        Deed::Abort => "deed-abort",
    }
}

fn menu(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &BatchForm) {
    lines(frame, area, &form.menu, true, |entry, width| {
        Line::styled(fitted(&scene.say(word(entry.key)), width), theme::STRONG)
    });
}

fn doing(
    frame: &mut Frame<'_>,
    area: Rect,
    scene: Scene<'_>,
    (form, deed, batch): (&BatchForm, Deed, &Batch),
) {
    let fields = form.fields();
    let mut top = area.y;
    for (place, at) in fields.iter().enumerate() {
        let left = area.bottom().saturating_sub(top);
        if *at == BatchField::List {
            let after = u16::try_from(fields.len() - place - 1).unwrap_or(u16::MAX);
            // What stands beneath a short list stands right beneath it.
            let wanted = match deed {
                Deed::Continue => u16::try_from(form.machines.entries.len() + 1).unwrap_or(LIST),
                _ => LIST,
            };
            let height = left.saturating_sub(after).min(LIST).min(wanted);
            let place = Rect { y: top, height, ..area };
            offered(frame, place, scene, (form, deed, batch));
            top = top.saturating_add(height);
        } else if left > 0 {
            one(frame, Rect { y: top, height: 1, ..area }, scene, (form, *at));
            top = top.saturating_add(1);
        }
    }
}

/// One field of what is being done.
fn one(frame: &mut Frame<'_>, row: Rect, scene: Scene<'_>, (form, at): (&BatchForm, BatchField)) {
    let focus = form.focus == at;
    let (label, text) = match at {
        BatchField::List => return,
        BatchField::Good => ("good", &form.good),
        BatchField::Scrap => ("scrap", &form.scrap),
        BatchField::Rework => ("rework", &form.rework),
        BatchField::Comment => ("comment", &form.comment),
        BatchField::Question(place) => {
            if let Some(asked) = form.questions.get(place) {
                question(frame, row, scene, asked, focus);
            }
            return;
        },
        BatchField::Badge | BatchField::Why => {
            let Some(second) = &form.second else { return };
            match at {
                BatchField::Badge => ("second-badge", &second.badge),
                _ => ("second-why", &second.why),
            }
        },
    };
    field(frame, row, &scene.say(label), text, focus);
}

/// What can be chosen, with the question above it.
fn offered(
    frame: &mut Frame<'_>,
    area: Rect,
    scene: Scene<'_>,
    (form, deed, batch): (&BatchForm, Deed, &Batch),
) {
    let head = match deed {
        Deed::People => "batch-people",
        Deed::Machines => "batch-machines",
        Deed::Continue => "batch-onward",
        Deed::Tell => "scrap-reason",
        _ => "abort-reason",
    };
    let focus = form.focus == BatchField::List;
    let style = if focus { theme::STRONG } else { theme::QUIET };
    let head = fitted(&scene.say(head), usize::from(area.width));
    frame.render_widget(Span::styled(head, style), Rect { height: area.height.min(1), ..area });
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    match deed {
        Deed::People => list(frame, rest, &form.people, true),
        Deed::Machines => marked(frame, rest, form, batch),
        Deed::Continue => list(frame, rest, &form.machines, true),
        _ => list(frame, rest, &form.reasons, true),
    }
}

/// The machines of the station, those on the batch marked.
fn marked(frame: &mut Frame<'_>, area: Rect, form: &BatchForm, batch: &Batch) {
    let mut machines = form.machines.clone();
    for entry in &mut machines.entries {
        let on = batch.further.contains(&entry.key);
        entry.detail = if on { "●".to_owned() } else { String::new() };
    }
    list(frame, area, &machines, true);
}

/// The batches that rest on a machine with no other on it, where there are any.
pub(super) fn resting(scene: Scene<'_>, machine: &Machine) -> Option<String> {
    let first = machine.others.first()?;
    let text = scene.tell(&Sentence::new("batch-resting").with("number", &first.number));
    let more = machine.others.len() - 1;
    Some(if more > 0 { format!("{text} +{more}") } else { text })
}
