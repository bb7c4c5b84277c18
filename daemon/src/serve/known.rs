//! What figures, boards and ledgers are made of: which time is asked for, and the rows of it. What is made
//! of them stands beside their answers.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, Zoned, tz::TimeZone};
use kart_api::View;
use kart_core::{
    id::EquipmentId,
    kpi::{self, Machine, Rows, Span},
    reference::Reference,
    time::Micros,
};
use serde::Deserialize;
use std::sync::Arc;

use super::Desk;

/// Which time: this shift, one before it, or any other time.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(with = "kpi::instant::option", default)]
    from: Option<Micros>,
    #[serde(with = "kpi::instant::option", default)]
    until: Option<Micros>,
    /// So many shifts before this one.
    #[serde(default)]
    back: u8,
}

/// Where another shift is looked for: a roster may have free days.
const LOOK_BACK_US: i64 = 21 * 24 * 3_600_000_000;

/// What was read to answer.
pub(super) struct Known {
    pub(super) view: Arc<View>,
    pub(super) span: Span,
    pub(super) name: Option<String>,
    pub(super) back: u8,
    pub(super) now: Micros,
    /// What has happened of it.
    pub(super) limit: Span,
    machines: Vec<EquipmentId>,
    rows: Rows,
}

impl Known {
    /// What is known of the time that is asked for; no time that `refused` gives a reason against.
    pub(super) async fn of(
        desk: &Desk,
        asked: &Asked,
        refused: impl Fn(Span) -> Option<String>,
    ) -> Result<Self, Response> {
        let view = Arc::clone(&desk.view.borrow());
        let Some(reference) = &view.reference else {
            return Err(unavailable("the site is not known yet"));
        };
        let now = desk.clock.stamp().wall_us;
        let bad = |why: &str| (StatusCode::BAD_REQUEST, why.to_owned()).into_response();
        let (name, span) = match (asked.from, asked.until) {
            (Some(from), Some(until)) => (None, Span { from, until }),
            (None, None) => shift(&view, reference, now, asked.back)
                .ok_or_else(|| bad("there is no such shift in the last three weeks"))?,
            _ => return Err(bad("from and until go together")),
        };
        if let Some(why) = refused(span).filter(|_| asked.from.is_some()) {
            return Err(bad(&why));
        }
        let limit = Span { from: span.from, until: span.until.min(now).max(span.from) };
        let rows = desk.readers.ask(move |reader| reader.figures(limit)).await;
        let rows = rows.map_err(|error| unavailable(&error.to_string()))?;
        let maps = Arc::clone(&desk.in_force.borrow());
        let machines = maps.config.map.machines.iter().map(|map| map.equipment).collect();
        let back = asked.back;
        Ok(Self { span, name, back, now, limit, machines, rows, view: Arc::clone(&view) })
    }

    /// What the rows say of each machine.
    pub(super) fn machines(&self, reference: &Reference) -> Vec<Machine> {
        self.rows.machines(reference, &self.machines)
    }
}

/// The shift so many before the one that is worked now; without a calendar the local day.
fn shift(
    view: &View,
    reference: &Reference,
    now: Micros,
    back: u8,
) -> Option<(Option<String>, Span)> {
    let (name, span) = this_shift(view, reference, now);
    let Some(calendar) = reference.calendar().filter(|_| back > 0) else {
        return Some((name, earlier_day(reference, span, back)));
    };
    let from = Micros(span.from.0.saturating_sub(LOOK_BACK_US));
    // Between shifts this one is the day, and those that are over lie in it.
    let begin = if name.is_some() { span.from } else { now };
    let over = calendar.instances(from, begin).into_iter().filter(|shift| shift.at.from < begin);
    let nth = usize::from(back).saturating_sub(1);
    let shift = over.collect::<Vec<_>>().into_iter().rev().nth(nth)?;
    Some((Some(shift.name), Span { from: shift.at.from, until: shift.at.until }))
}

/// The shift that is worked now; between shifts and without a calendar the local day.
fn this_shift(view: &View, reference: &Reference, now: Micros) -> (Option<String>, Span) {
    if let Some(shift) = &view.terminal.shift {
        return (Some(shift.name.clone()), Span { from: shift.at.from, until: shift.at.until });
    }
    (None, day(&reference.site.time_zone, now).unwrap_or(Span { from: now, until: now }))
}

fn earlier_day(reference: &Reference, today: Span, back: u8) -> Span {
    let mut span = today;
    for _ in 0..back {
        let before = Micros(span.from.0.saturating_sub(1));
        match day(&reference.site.time_zone, before) {
            Some(day) => span = day,
            None => break,
        }
    }
    span
}

/// The day in `zone`; in some it does not begin at midnight once a year.
fn day(zone: &str, now: Micros) -> Option<Span> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let from = Timestamp::from_microsecond(now.0).ok()?.to_zoned(zone).start_of_day().ok()?;
    let until = from.tomorrow().and_then(|next| next.start_of_day()).ok()?;
    let micros = |at: &Zoned| Micros(at.timestamp().as_microsecond());
    Some(Span { from: micros(&from), until: micros(&until) })
}

/// Answers with what takes long to compute.
pub(super) async fn told<T: serde::Serialize + Send + 'static>(
    compute: impl FnOnce() -> Option<T> + Send + 'static,
) -> Response {
    match tokio::task::spawn_blocking(compute).await {
        Ok(Some(told)) => Json(told).into_response(),
        _ => unavailable("it was not finished"),
    }
}

/// There is no answer now, and why.
pub(super) fn unavailable(why: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, why.to_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_where_the_next_begins() {
        let zone = "America/Santiago";
        let at = |text: &str| Micros(text.parse::<Timestamp>().unwrap().as_microsecond());
        let short = day(zone, at("2026-09-06T15:00:00Z")).unwrap();
        let next = day(zone, at("2026-09-07T15:00:00Z")).unwrap();
        assert_eq!(short.until, next.from);
        assert_eq!(short.until.0 - short.from.0, 23 * 3_600_000_000, "begins at one");
    }
}
