//! Jobs: the list of those at these stations, one of them, and what is done to it.

use kart_api::{Job, Visit};
use kart_core::{job::State, reference::Reference};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{
    Scene,
    forms::{sending, who},
    framed, scrolled,
};
use crate::{
    model::{JobDoing, JobField, JobForm, JobsScreen},
    plain::{fitted, plain},
    theme,
    update::job_of,
    widget::{field, list},
    words::{Sentence, lasting},
};

/// Rows of a list with the question above it: what digits reach.
const LIST: u16 = 10;

/// Draws the list.
pub(super) fn jobs(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &JobsScreen) {
    let Some(view) = &scene.model.view else { return };
    let inside = framed(frame, area, &scene.say("jobs-title"));
    let mut rows = inside.rows();
    if let Some(row) = rows.next() {
        field(frame, row, &scene.say("jobs-find"), &shown.find, true);
    }
    let lines = shown.lines(view);
    if lines.is_empty() {
        let text = if shown.find.text().is_empty() { "no-jobs" } else { "no-jobs-found" };
        if let Some(row) = rows.nth(1) {
            let text = fitted(&scene.say(text), usize::from(row.width));
            frame.render_widget(Span::styled(text, theme::QUIET), row);
        }
        return;
    }
    rows.next();
    let opens = shown.opens(view).map(|job| job.id);
    let at = lines.iter().position(|job| Some(job.id) == opens).unwrap_or(0);
    let each = 2;
    let fits = usize::from(inside.height.saturating_sub(2)) / each;
    let from = at / fits.max(1) * fits.max(1);
    for job in lines.iter().skip(from).take(fits) {
        let (Some(first), Some(second)) = (rows.next(), rows.next()) else { break };
        frame.render_widget(headline(scene, job, Some(job.id) == opens, first), first);
        let text = fitted(&format!("    {}", stands(scene, job)), usize::from(second.width));
        let style = if job.refused.is_some() { theme::CARE } else { theme::QUIET };
        frame.render_widget(Span::styled(text, style), second);
    }
}

/// Number, product, state.
fn headline(scene: Scene<'_>, job: &Job, chosen: bool, row: Rect) -> Line<'static> {
    let width = usize::from(row.width);
    let (state, style) = state(scene, job);
    let mark = if chosen { "►" } else { " " };
    let rework = (job.entry > 1).then(|| scene.tell(&rework(job.entry)));
    let right =
        [people(job), rework, Some(state)].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let right = fitted(&right, width * 2 / 3);
    let room = width.saturating_sub(Span::raw(&right).width() + 1);
    let left = fitted(&format!("{mark} {}  {}", job.number, job.product_name), room);
    let taken = Span::raw(&left).width() + Span::raw(&right).width();
    let gap = " ".repeat(width.saturating_sub(taken));
    let (strong, quiet) =
        if chosen { (theme::CHOSEN, theme::CHOSEN) } else { (theme::STRONG, style) };
    Line::from(vec![
        Span::styled(left, strong),
        Span::styled(gap, strong),
        Span::styled(right, quiet),
    ])
}

fn rework(entry: u32) -> Sentence {
    Sentence::new("job-entry").with("entry", entry.to_string())
}

/// Its state with a shape; what headquarters has not heard is on its way.
fn state(scene: Scene<'_>, job: &Job) -> (String, Style) {
    let (shape, word, style) = match job.state {
        Some(State::InProgress) => ("●", "job-in-progress", theme::WELL),
        Some(State::Pending) => ("○", "job-pending", theme::QUIET),
        Some(State::Queued) => ("◆", "job-queued", theme::CARE),
        Some(State::Completed) => ("■", "job-completed", theme::QUIET),
        Some(State::Scrapped) => ("✗", "job-scrapped", theme::QUIET),
        Some(State::Aborted) => ("✗", "job-aborted", theme::QUIET),
        None => ("?", "job-gone", theme::CARE),
    };
    let code = job.station.and_then(|at| reference(scene)?.station(at));
    let at = code.map(|station| plain(&station.code)).unwrap_or_default();
    let text = format!("{shape} {} {at}", scene.say(word)).trim_end().to_owned();
    match job.asked {
        true => (format!("{text} · {}", scene.say("job-asked")), theme::SAVING),
        false => (text, style),
    }
}

fn reference(scene: Scene<'_>) -> Option<&Reference> {
    scene.model.view.as_ref()?.reference.as_ref()
}

/// How it stands, in one line; first of all what headquarters did not follow.
fn stands(scene: Scene<'_>, job: &Job) -> String {
    if let Some(kind) = &job.refused {
        return scene.say(match kind.as_str() {
            "moved_from_elsewhere" => "job-refused-moved",
            _ => "job-refused-state",
        });
    }
    figures(scene, job)
}

/// Who works on it, where somebody does.
fn people(job: &Job) -> Option<String> {
    let names: Vec<&str> = job.people.iter().map(|person| person.name.as_str()).collect();
    (!names.is_empty()).then(|| plain(&names.join(", ")))
}

/// Parts and times.
fn figures(scene: Scene<'_>, job: &Job) -> String {
    let format = scene.words.format();
    let parts = Sentence::new("job-parts")
        .with("good", format.whole(job.good))
        .with("scrap", format.whole(job.scrap))
        .with("target", job.target.map_or("–".to_owned(), |target| format.whole(target)));
    let all = [Some(scene.tell(&parts)), touch(scene, job), dwell(scene, job)];
    all.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Time of people on it here, and what it should take.
fn touch(scene: Scene<'_>, job: &Job) -> Option<String> {
    let us = touched(scene, job);
    if us == 0 && job.people.is_empty() {
        return None;
    }
    let sentence = match job.standard_us {
        Some(standard) if us >= standard.saturating_mul(2) => "job-touch-twice",
        Some(standard) if us >= standard => "job-touch-over",
        _ => "job-touch",
    };
    let sentence = Sentence::new(sentence).with("time", lasting(us));
    let standard = job.standard_us.map_or("–".to_owned(), lasting);
    Some(scene.tell(&sentence.with("standard", standard)))
}

fn touched(scene: Scene<'_>, job: &Job) -> i64 {
    let now = scene.model.daemon_now().0;
    let going = job.people.iter().map(|person| now.saturating_sub(person.since_us.0).max(0));
    going.fold(job.worked_us, i64::saturating_add)
}

/// How long it has been here, whoever worked on it.
fn dwell(scene: Scene<'_>, job: &Job) -> Option<String> {
    let since = job.posted_us?.0;
    let us = scene.model.daemon_now().0.saturating_sub(since);
    job.state?;
    Some(scene.tell(&Sentence::new("job-dwell").with("time", lasting(us))))
}

/// Draws one job, or what is being done to it.
pub(super) fn job(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &JobForm) {
    let found = scene.model.view.as_ref().and_then(|view| job_of(form, view));
    let number = found.map_or("?", |job| job.number.as_str());
    let mut title = scene.tell(&Sentence::new("job-title").with("number", number));
    if let Some(word) = word(form.doing) {
        title = format!("{title} · {}", scene.say(word));
    }
    let inside = framed(frame, area, &title);
    let Some(job) = found else {
        let text = fitted(&scene.say("job-left"), usize::from(inside.width));
        frame.render_widget(Span::raw(text), inside);
        return;
    };
    let last = inside.rows().next_back();
    let mut rows = inside.rows();
    if form.doing == JobDoing::History {
        return scrolled(frame, inside, history(scene, job), form.scroll);
    }
    if let Some(row) = rows.next() {
        who(frame, row, scene, &form.who);
    }
    let top = rows.next().map_or(inside.bottom(), |row| row.y);
    let height = inside.bottom().saturating_sub(top).saturating_sub(1);
    let body = Rect { y: top, height, ..inside };
    match form.doing {
        JobDoing::Card => {
            for ((text, style), row) in card(scene, job).into_iter().zip(body.rows()) {
                let text = fitted(&text, usize::from(row.width));
                frame.render_widget(Span::styled(text, style), row);
            }
        },
        _ => fields(frame, body, scene, (form, job)),
    }
    if let Some(row) = last {
        sending(frame, row, scene, &form.sending);
    }
}

fn word(doing: JobDoing) -> Option<&'static str> {
    Some(match doing {
        JobDoing::Card => return None,
        JobDoing::Complete => "key-job-complete",
        JobDoing::Move => "key-job-move",
        JobDoing::Rework => "key-job-rework",
        JobDoing::Scrap => "key-job-scrap",
        JobDoing::History => "key-job-history",
    })
}

/// Everything about a job, a line each.
fn card(scene: Scene<'_>, job: &Job) -> Vec<(String, Style)> {
    let named = |id: &'static str, text: String| {
        (scene.tell(&Sentence::new(id).with("text", text)), Style::default())
    };
    let product = format!("{}  {}", job.product_code, job.product_name);
    let mut lines = vec![state(scene, job), (product.trim().to_owned(), theme::STRONG)];
    if job.refused.is_some() {
        lines.push((stands(scene, job), theme::CARE));
    }
    if job.entry > 1 {
        lines.push((scene.tell(&rework(job.entry)), theme::CARE));
    }
    lines.push((figures(scene, job), Style::default()));
    if let Some(people) = people(job) {
        lines.push(named("job-people", people));
    }
    if let Some(due) = job.due_us {
        let now = scene.model.daemon_now();
        lines.push(named("job-due", scene.model.zone.short(due, now)));
    }
    if let Some(order) = &job.work_order {
        lines.push(named("job-work-order", order.clone()));
    }
    if !job.batches.is_empty() {
        lines.push(named("job-batches", job.batches.join(", ")));
    }
    lines.push((String::new(), Style::default()));
    lines.push((next(scene, job), theme::STRONG));
    lines
}

/// Where the flow leads from here.
fn next(scene: Scene<'_>, job: &Job) -> String {
    let onward = job.station.zip(reference(scene)).map(|(at, known)| known.onward(at));
    let code = |id| Some(reference(scene)?.station(id)?.code.clone());
    let codes: Vec<String> = onward.unwrap_or_default().into_iter().filter_map(code).collect();
    let id = match (job.state, codes.len()) {
        (Some(State::Queued), _) => "job-next-queued",
        (_, 0) => "job-next-none",
        (_, 1) => "job-next-one",
        _ => "job-next-many",
    };
    scene.tell(&Sentence::new(id).with("stations", codes.join(", ")))
}

fn fields(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, (form, job): (&JobForm, &Job)) {
    let mut rows = area.rows();
    if form.doing != JobDoing::Rework
        && let Some(row) = rows.next()
    {
        let text = fitted(&next(scene, job), usize::from(row.width));
        frame.render_widget(Span::styled(text, theme::QUIET), row);
    }
    let mut top = rows.next().map_or(area.bottom(), |row| row.y);
    for at in form.fields() {
        let left = area.bottom().saturating_sub(top);
        let height =
            if at == JobField::List { left.saturating_sub(1).min(LIST) } else { left.min(1) };
        let place = Rect { y: top, height, ..area };
        let focus = form.focus == at;
        match at {
            JobField::Good => field(frame, place, &scene.say("good"), &form.good, focus),
            JobField::Scrap => field(frame, place, &scene.say("scrap"), &form.scrap, focus),
            JobField::Why => field(frame, place, &scene.say("job-why"), &form.why, focus),
            JobField::List => offered(frame, place, scene, form),
        }
        top = top.saturating_add(height);
    }
}

fn offered(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, form: &JobForm) {
    let head = match form.doing {
        JobDoing::Complete => "job-goes-to",
        JobDoing::Rework => "job-back-to",
        JobDoing::Scrap => "scrap-reason",
        _ => "job-moves-to",
    };
    let style = if form.focus == JobField::List { theme::STRONG } else { theme::QUIET };
    let head = fitted(&scene.say(head), usize::from(area.width));
    frame.render_widget(Span::styled(head, style), Rect { height: area.height.min(1), ..area });
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    match form.doing {
        JobDoing::Scrap => list(frame, rest, &form.reasons, true),
        _ => list(frame, rest, &form.stations, true),
    }
}

/// Where it has been, the last first.
fn history(scene: Scene<'_>, job: &Job) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for visit in job.visits.iter().rev() {
        let head = format!("{} {}", plain(&visit.station), scene.tell(&rework(visit.entry)));
        let parts = visit.completed_us.map(|_| {
            let parts = Sentence::new("job-made").with("good", visit.good.to_string());
            scene.tell(&parts.with("scrap", visit.scrap.to_string()))
        });
        let parts = parts.unwrap_or_else(|| scene.say("job-still-here"));
        lines.push(Line::styled(format!("{head} · {parts}"), theme::STRONG));
        for text in when(scene, visit) {
            lines.push(Line::styled(format!("    {text}"), theme::QUIET));
        }
    }
    if lines.is_empty() {
        lines.push(Line::styled(scene.say("job-no-history"), theme::QUIET));
    }
    lines
}

fn when(scene: Scene<'_>, visit: &Visit) -> [String; 2] {
    let now = scene.model.daemon_now();
    let at = |at| scene.model.zone.short(at, now);
    let by = |name: &Option<String>| name.clone().unwrap_or_default();
    let say = |id: &'static str, time: String, name: String| {
        let text = scene.tell(&Sentence::new(id).with("time", time).with("name", name));
        text.trim_end().to_owned()
    };
    let ended = visit.completed_us.unwrap_or(now);
    let stayed = visit.posted_us.map(|came| ended.0.saturating_sub(came.0).max(0));
    let steps = [
        visit.posted_us.map(|time| say("job-came", at(time), String::new())),
        visit.started_us.map(|time| say("job-began", at(time), by(&visit.started_by))),
        visit.completed_us.map(|time| say("job-done", at(time), by(&visit.completed_by))),
    ];
    let times = [
        visit.touch_us.map(|us| {
            scene.tell(&Sentence::new("job-touch").with("time", lasting(us)).with("standard", ""))
        }),
        stayed.map(|us| scene.tell(&Sentence::new("job-dwell").with("time", lasting(us)))),
    ];
    let line =
        |parts: &[Option<String>]| parts.iter().flatten().cloned().collect::<Vec<_>>().join(" · ");
    [line(&steps), line(&times)]
}
