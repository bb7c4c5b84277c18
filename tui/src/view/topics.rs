//! The topics of a broker: one level of the tree, and the message under the cursor.

use kart_api::commissioning::{Branch, Topic, Topics as Heard};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
};

use super::Scene;
use crate::{
    model::{Commissioning, Topics},
    plain::fitted,
    theme,
    words::{Sentence, age},
};

/// Rows for the topic under the cursor.
const CHOSEN: u16 = 6;

/// Draws the level and the topic.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &Commissioning) {
    let topics = &shown.topics;
    let Some(broker) = shown.broker() else {
        let id = if shown.sources.is_some() { "no-brokers" } else { "connecting" };
        frame.render_widget(Span::styled(scene.say(id), theme::QUIET), area);
        return;
    };
    let rows = [Constraint::Length(2), Constraint::Fill(1), Constraint::Length(CHOSEN)];
    let [head, level, chosen] = Layout::vertical(rows).areas(area);
    for (line, row) in heading(scene, broker, topics).into_iter().zip(head.rows()) {
        frame.render_widget(line, row);
    }
    let Some(heard) = &topics.heard else { return };
    let height = usize::from(level.height.max(1));
    let from = topics.cursor / height * height;
    for ((place, branch), row) in heard.level.iter().enumerate().skip(from).zip(level.rows()) {
        let line = of_branch(scene, branch, place == topics.cursor, usize::from(row.width));
        frame.render_widget(line, row);
    }
    for (line, row) in
        of_chosen(scene, heard, usize::from(chosen.width)).into_iter().zip(chosen.rows())
    {
        frame.render_widget(line, row);
    }
}

fn heading(scene: Scene<'_>, broker: &str, topics: &Topics) -> [Line<'static>; 2] {
    let filter = match (&topics.typing, topics.filter.as_str()) {
        (Some(field), _) => format!("{}_", field.raw()),
        (None, "") => scene.say("topics-of-the-map"),
        (None, filter) => filter.to_owned(),
    };
    let what = Sentence::new("topics-what")
        .with("broker", broker)
        .with("filter", filter)
        .with("prefix", &topics.prefix);
    let style = if topics.typing.is_some() { theme::CHOSEN } else { theme::STRONG };
    let what = Line::from(Span::styled(scene.tell(&what), style));
    let lost = topics.heard.as_ref().and_then(|heard| heard.lost.as_ref());
    let said = match (topics.refused.as_ref().or(lost), &topics.heard) {
        (Some(why), _) => {
            Span::styled(scene.tell(&Sentence::new("topics-lost").with("reason", why)), theme::CARE)
        },
        (None, Some(heard)) => {
            let text = Sentence::new("topics-heard")
                .with("topics", heard.topics.to_string())
                .with("messages", heard.messages.to_string())
                .count("beyond", i64::try_from(heard.beyond).unwrap_or(i64::MAX));
            Span::styled(scene.tell(&text), theme::QUIET)
        },
        (None, None) => Span::styled(scene.say("topics-listening"), theme::QUIET),
    };
    [what, Line::from(said)]
}

fn of_branch(scene: Scene<'_>, branch: &Branch, chosen: bool, width: usize) -> Line<'static> {
    let old = age(scene.model.daemon_now().0.saturating_sub(branch.at_us.0).max(0));
    let name = match branch.beneath {
        0 => branch.name.clone(),
        beneath => format!("{}/ ({beneath})", branch.name),
    };
    let said = branch.said.as_deref().unwrap_or_default();
    let (left, middle) = (width * 2 / 5, width.saturating_sub(width * 2 / 5 + 12));
    let text = format!("{:<left$} {:<middle$} {old:>8}", fitted(&name, left), fitted(said, middle));
    Line::from(Span::styled(text, if chosen { theme::CHOSEN } else { Style::new() }))
}

/// The last message of the chosen topic, and what the map makes of it.
fn of_chosen(scene: Scene<'_>, heard: &Heard, width: usize) -> Vec<Line<'static>> {
    let Some(topic) = &heard.chosen else { return Vec::new() };
    let Topic { name, count, per_minute, retained, bytes, payload, .. } = topic;
    let rate = per_minute.map_or("–".to_owned(), |rate| format!("{rate:.1}"));
    let mut head = Sentence::new(if *retained { "topic-retained" } else { "topic-live" })
        .with("topic", name)
        .with("count", count.to_string());
    head = head.with("rate", rate).with("bytes", bytes.to_string());
    let mut lines =
        vec![Line::from(Span::styled(fitted(&scene.tell(&head), width), theme::STRONG))];
    let letters: Vec<char> =
        payload.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    lines.extend(letters.chunks(width.max(1)).take(3).map(|row| {
        let row: String = row.iter().collect();
        Line::from(fitted(&row, width))
    }));
    let captured = match heard.captured.as_slice() {
        [] => scene.say("topic-not-captured"),
        captured => {
            scene.tell(&Sentence::new("topic-captured").with("signals", captured.join(", ")))
        },
    };
    let style = if heard.captured.is_empty() { theme::QUIET } else { theme::WELL };
    lines.push(Line::from(Span::styled(fitted(&captured, width), style)));
    lines
}
