//! Why a machine is taken for what it is: its rules in order, and the one that decides.

use kart_core::{
    engine::explain::{Asks, Explanation},
    rule::{
        Test,
        explain::{ConditionSeen, RuleSeen},
    },
    signal::Value,
};
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{Scene, scrolled};
use crate::{
    model::Commissioning,
    plain::fitted,
    theme,
    words::{Sentence, age},
};

/// Draws the rules.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: Scene<'_>, shown: &Commissioning) {
    let Some(told) = &shown.rules else {
        frame.render_widget(Span::styled(scene.say("connecting"), theme::QUIET), area);
        return;
    };
    let mut lines = heading(scene, shown, told);
    for rule in &told.rules {
        lines.push(of_rule(scene, rule));
        lines.extend(rule.conditions.iter().map(|condition| of_condition(scene, condition)));
    }
    let decided = told.rules.iter().any(|rule| rule.decides);
    let otherwise = Sentence::new("rule-otherwise").with("state", scene.state(told.otherwise));
    let style = if decided { theme::QUIET } else { theme::CHOSEN };
    lines.push(Line::from(Span::styled(scene.tell(&otherwise), style)));
    scrolled(frame, area, lines, shown.scroll);
}

fn heading(scene: Scene<'_>, shown: &Commissioning, told: &Explanation) -> Vec<Line<'static>> {
    let (now, machine) = (scene.model.daemon_now(), shown.machine(scene.model));
    let recorded = match told.state {
        Some((is, since)) => Sentence::new("rules-recorded")
            .with("machine", machine)
            .with("state", scene.state(is))
            .with("since", scene.model.zone.short(since, now))
            .with("map", &told.map),
        None => Sentence::new("rules-nothing").with("machine", machine),
    };
    let asks = match &told.asks {
        Asks::State(is, rule) => {
            Sentence::new("rules-asks").with("state", scene.state(*is)).with("rule", rule)
        },
        Asks::Blind => Sentence::new("rules-blind"),
        Asks::NoHeartbeat => Sentence::new("rules-no-heartbeat"),
        Asks::Settling => Sentence::new("rules-settling"),
    };
    let mut lines = vec![
        Line::from(Span::styled(scene.tell(&recorded), theme::STRONG)),
        Line::from(scene.tell(&asks)),
    ];
    if let Some((is, left_us)) = told.pending {
        let pending = Sentence::new("rules-pending")
            .with("state", scene.state(is))
            .with("left", age(left_us));
        lines.push(Line::from(Span::styled(scene.tell(&pending), theme::CARE)));
    }
    lines
}

fn mark(holds: Option<bool>) -> (&'static str, Style) {
    match holds {
        Some(true) => ("●", theme::WELL),
        Some(false) => ("○", theme::QUIET),
        None => ("?", theme::CARE),
    }
}

fn of_rule(scene: Scene<'_>, rule: &RuleSeen) -> Line<'static> {
    let (sign, style) = mark(rule.holds);
    let text = format!("{} → {}", rule.name, scene.state(rule.state));
    let named = if rule.decides { theme::CHOSEN } else { theme::STRONG };
    let mut spans =
        vec![Span::styled(format!("{sign} "), style), Span::styled(fitted(&text, 50), named)];
    if rule.decides {
        let id = if rule.holds.is_some() { "rule-decides" } else { "rule-hides" };
        spans.push(Span::raw(format!("  {}", scene.say(id))));
    }
    Line::from(spans)
}

fn of_condition(scene: Scene<'_>, condition: &ConditionSeen) -> Line<'static> {
    let (sign, style) = mark(condition.holds);
    let now = scene.model.daemon_now();
    let old = |at: kart_core::time::Stamp| age(now.0.saturating_sub(at.wall_us.0).max(0));
    let value = match (&condition.value, condition.at) {
        (Some(value), Some(at)) => {
            let value = scene.words.format().value(value);
            Sentence::new("condition-value").with("value", value).with("age", old(at))
        },
        _ => Sentence::new("condition-not-seen"),
    };
    let mut text =
        format!("{} {}: {}", condition.signal, asked(scene, &condition.test), scene.tell(&value));
    if let Some(since) = condition.since {
        let since = Sentence::new("condition-since").with("age", old(since));
        text = format!("{text}, {}", scene.tell(&since));
    }
    let mut spans = vec![Span::styled(format!("    {sign} "), style), Span::raw(fitted(&text, 70))];
    if let Some(left_us) = condition.turns_in_us {
        let turns = Sentence::new("condition-turns").with("left", age(left_us.max(0)));
        spans.push(Span::styled(format!("  {}", scene.tell(&turns)), theme::CARE));
    }
    Line::from(spans)
}

/// What a signal must be, in signs that need no language.
fn asked(scene: Scene<'_>, test: &Test) -> String {
    let value = |value: &Value| scene.words.format().value(value);
    match test {
        Test::Is(other) => format!("= {}", value(other)),
        Test::Not(other) => format!("!= {}", value(other)),
        Test::OneOf(others) => {
            let others: Vec<String> = others.iter().map(value).collect();
            format!("= {}", others.join(" | "))
        },
        Test::AtLeast(limit) => format!(">= {limit}"),
        Test::Below(limit) => format!("< {limit}"),
        Test::Rose(within_us) => {
            scene.tell(&Sentence::new("condition-rose").with("within", age(*within_us)))
        },
    }
}
