//! Key figures of this terminal's machines: of the shift that is worked now, or of another time.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, Zoned, tz::TimeZone};
use kart_api::{View, figures};
use kart_core::{
    id::EquipmentId,
    kpi::{self, Reasons, Rows, Span, Window},
    map::MachineMap,
    reference::Reference,
    time::Micros,
};
use serde::Deserialize;
use std::sync::Arc;

use super::Desk;

/// Another time than this shift.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(with = "kpi::instant::option", default)]
    from: Option<Micros>,
    #[serde(with = "kpi::instant::option", default)]
    until: Option<Micros>,
    /// The types of reasons as they were chosen, or as their groups are now.
    #[serde(default, rename = "as")]
    reasons: Reasons,
}

/// Figures of all machines.
pub(super) async fn figures(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Response {
    let view = Arc::clone(&desk.view.borrow());
    let Some(reference) = &view.reference else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the site is not known yet").into_response();
    };
    let now = desk.clock.stamp().wall_us;
    let reasons = asked.reasons;
    let (name, span) = match asked {
        Asked { from: Some(from), until: Some(until), .. } => {
            let span = Span { from, until };
            if let Some(why) = span.refused() {
                return (StatusCode::BAD_REQUEST, why).into_response();
            }
            (None, span)
        },
        Asked { from: None, until: None, .. } => this_shift(&view, reference, now),
        _ => return (StatusCode::BAD_REQUEST, "from and until go together").into_response(),
    };
    let limit = Span { from: span.from, until: span.until.min(now).max(span.from) };
    let rows = match desk.readers.ask(move |reader| reader.figures(limit)).await {
        Ok(rows) => rows,
        Err(error) => {
            return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response();
        },
    };
    let in_force = Arc::clone(&desk.in_force.borrow());
    let told = move || {
        let reference = view.reference.as_ref()?;
        let window = kpi::asked(reference, span, now, reasons);
        Some(told(&rows, reference, &in_force.config.map.machines, &window))
    };
    match tokio::task::spawn_blocking(told).await {
        Ok(Some(machines)) => Json(figures::Shift { span, name, machines }).into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the figures were not finished").into_response(),
    }
}

/// What rows say of `machines`; takes long for a long time.
fn told(
    rows: &Rows,
    reference: &Reference,
    machines: &[MachineMap],
    window: &Window,
) -> Vec<figures::Machine> {
    let ids: Vec<EquipmentId> = machines.iter().map(|map| map.equipment).collect();
    let told = rows.machines(reference, &ids).into_iter().map(|machine| figures::Machine {
        equipment: machine.equipment,
        code: reference.machine(machine.equipment).map(|it| it.code.clone()).unwrap_or_default(),
        figures: kpi::figures(window, std::slice::from_ref(&machine)),
    });
    told.collect()
}

/// The shift that is worked now; between shifts and without a calendar the local day.
pub(super) fn this_shift(
    view: &View,
    reference: &Reference,
    now: Micros,
) -> (Option<String>, Span) {
    if let Some(shift) = &view.terminal.shift {
        return (Some(shift.name.clone()), Span { from: shift.at.from, until: shift.at.until });
    }
    (None, day(&reference.site.time_zone, now).unwrap_or(Span { from: now, until: now }))
}

/// The day in `zone`; in some it does not begin at midnight once a year.
pub(super) fn day(zone: &str, now: Micros) -> Option<Span> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let from = Timestamp::from_microsecond(now.0).ok()?.to_zoned(zone).start_of_day().ok()?;
    let until = from.tomorrow().and_then(|next| next.start_of_day()).ok()?;
    let micros = |at: &Zoned| Micros(at.timestamp().as_microsecond());
    Some(Span { from: micros(&from), until: micros(&until) })
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
