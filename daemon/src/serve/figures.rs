//! Key figures of this terminal's machines: of the shift that is worked now, or of another time.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use kart_api::{View, figures};
use kart_core::{
    id::EquipmentId,
    kpi::{self, Reasons, Span},
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
}

/// Figures of all machines.
pub(super) async fn figures(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Response {
    let view = Arc::clone(&desk.view.borrow());
    let Some(reference) = &view.reference else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the site is not known yet").into_response();
    };
    let now = desk.clock.stamp().wall_us;
    let (name, span) = match asked {
        Asked { from: Some(from), until: Some(until) } if from < until => {
            (None, Span { from, until })
        },
        Asked { from: None, until: None } => this_shift(&view, reference, now),
        _ => return (StatusCode::BAD_REQUEST, "from must be before until").into_response(),
    };
    let limit = Span { from: span.from, until: span.until.min(now).max(span.from) };
    let mut rows = match desk.readers.ask(move |reader| reader.figures(limit)).await {
        Ok(rows) => rows,
        Err(error) => {
            return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response();
        },
    };
    let in_force = Arc::clone(&desk.in_force.borrow());
    let machines = &in_force.config.map.machines;
    let counters = |map: &MachineMap| -> Vec<_> {
        map.counters.iter().map(|counter| (map.equipment, counter.kind)).collect()
    };
    rows.counters = machines.iter().flat_map(counters).collect();
    let window = kpi::asked(reference, span, now, Reasons::Recorded);
    let ids: Vec<EquipmentId> = machines.iter().map(|map| map.equipment).collect();
    let told = rows.machines(reference, &ids).into_iter().map(|machine| figures::Machine {
        equipment: machine.equipment,
        code: reference.machine(machine.equipment).map(|it| it.code.clone()).unwrap_or_default(),
        figures: kpi::figures(&window, std::slice::from_ref(&machine)),
    });
    Json(figures::Shift { span, name, machines: told.collect() }).into_response()
}

/// The shift that is worked now; between shifts and without a calendar the local day.
fn this_shift(view: &View, reference: &Reference, now: Micros) -> (Option<String>, Span) {
    if let Some(shift) = &view.terminal.shift {
        return (Some(shift.name.clone()), Span { from: shift.at.from, until: shift.at.until });
    }
    let zone = TimeZone::get(&reference.site.time_zone).unwrap_or(TimeZone::UTC);
    let today = Timestamp::from_microsecond(now.0).ok().and_then(|at| {
        let from = at.to_zoned(zone).start_of_day().ok()?;
        let until = from.tomorrow().ok()?;
        let micros = |at: &jiff::Zoned| Micros(at.timestamp().as_microsecond());
        Some(Span { from: micros(&from), until: micros(&until) })
    });
    (None, today.unwrap_or(Span { from: now, until: now }))
}
