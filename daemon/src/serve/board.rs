//! Boards of this terminal's machines and the minute ledger: of the shift that is worked now, of one
//! before it, or of another time.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kart_api::{View, board, ledger};
use kart_core::{
    id::EquipmentId,
    kpi::{self, Reasons, Rows, Span},
    ledger as minutes,
    map::MachineMap,
    reference::Reference,
    time::Micros,
};
use serde::Deserialize;
use std::sync::Arc;

use super::{
    Desk,
    figures::{day, this_shift},
};

/// Which time.
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

/// The longest time that a board is told of: one has an hour in a line.
const MOST_US: i64 = 8 * 24 * 3_600_000_000;

/// Where another one is looked for: a roster may have free days.
const LOOK_BACK_US: i64 = 21 * 24 * 3_600_000_000;

/// Boards of all machines.
pub(super) async fn board(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Response {
    let asked = match Known::of(&desk, &asked).await {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    told(move || {
        let Known { view, span, name, back, now, machines, rows, .. } = asked;
        let reference = view.reference.as_ref()?;
        let window = kpi::asked(reference, span, now, Reasons::Recorded);
        let hours = kpi::clock_hours(&reference.site.time_zone, span);
        let one = |machine: &kpi::Machine| {
            let aim = kpi::aim(reference, machine.equipment);
            let code = reference.machine(machine.equipment).map(|it| it.code.clone());
            board::Machine {
                code: code.unwrap_or_default(),
                board: kpi::board(&window, machine, aim, &hours),
            }
        };
        let machines = rows.machines(reference, &machines).iter().map(one).collect();
        Some(board::Shift { span, name, back, machines })
    })
    .await
}

/// What cannot all be right.
pub(super) async fn ledger(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Response {
    let known = match Known::of(&desk, &asked).await {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    let limit = known.limit;
    let booked = match desk.readers.ask(move |reader| reader.ledger(limit)).await {
        Ok(booked) => booked,
        Err(error) => return unavailable(&error.to_string()),
    };
    told(move || {
        let Known { view, span, name, back, machines, rows, .. } = known;
        let reference = view.reference.as_ref()?;
        let machines = rows.machines(reference, &machines);
        let entries = minutes::entries(&booked, &machines, reference, limit);
        Some(ledger::Shift { span, name, back, entries })
    })
    .await
}

/// What was read to answer.
struct Known {
    view: Arc<View>,
    span: Span,
    name: Option<String>,
    back: u8,
    now: Micros,
    /// What has happened of it.
    limit: Span,
    machines: Vec<EquipmentId>,
    rows: Rows,
}

impl Known {
    async fn of(desk: &Desk, asked: &Asked) -> Result<Self, Response> {
        let view = Arc::clone(&desk.view.borrow());
        let Some(reference) = &view.reference else {
            return Err(unavailable("the site is not known yet"));
        };
        let now = desk.clock.stamp().wall_us;
        let (name, span) = match (asked.from, asked.until) {
            (Some(from), Some(until)) => (None, Span { from, until }),
            (None, None) => shift(&view, reference, now, asked.back)
                .ok_or_else(|| refused("there is no such shift in the last three weeks"))?,
            _ => return Err(refused("from and until go together")),
        };
        if span.until <= span.from || span.until.0.saturating_sub(span.from.0) > MOST_US {
            return Err(refused("a board is told of eight days at most"));
        }
        let limit = Span { from: span.from, until: span.until.min(now).max(span.from) };
        let rows = desk.readers.ask(move |reader| reader.figures(limit)).await;
        let rows = rows.map_err(|error| unavailable(&error.to_string()))?;
        let ids = |maps: &[MachineMap]| maps.iter().map(|map| map.equipment).collect();
        let machines = ids(&desk.in_force.borrow().config.map.machines);
        let back = asked.back;
        Ok(Self { span, name, back, now, limit, machines, rows, view: Arc::clone(&view) })
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

/// Answers with what takes long to compute.
async fn told<T: serde::Serialize + Send + 'static>(
    compute: impl FnOnce() -> Option<T> + Send + 'static,
) -> Response {
    match tokio::task::spawn_blocking(compute).await {
        Ok(Some(told)) => Json(told).into_response(),
        _ => unavailable("the board was not finished"),
    }
}

fn unavailable(why: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, why.to_owned()).into_response()
}

fn refused(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, why.to_owned()).into_response()
}
