//! Boards of this terminal's machines, and the minute ledger.

use axum::{
    extract::{Query, State},
    response::Response,
};
use kart_api::{board, ledger};
use kart_core::{
    kpi::{self, Reasons, Span},
    ledger as minutes,
};

use super::{
    Desk,
    known::{Asked, Known, told, unavailable},
};

/// The longest time that a board is told of: one has an hour in a line.
const MOST_US: i64 = 8 * 24 * 3_600_000_000;

/// Boards of all machines.
pub(super) async fn board(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Response {
    let known = match Known::of(&desk, &asked, refused).await {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    told(move || {
        let reference = known.view.reference.as_ref()?;
        let window = kpi::asked(reference, known.span, known.now, Reasons::Recorded);
        let hours = kpi::clock_hours(&reference.site.time_zone, known.span);
        let one = |machine: &kpi::Machine| {
            let aim = kpi::aim(reference, machine.equipment);
            let code = reference.machine(machine.equipment).map(|it| it.code.clone());
            board::Machine {
                code: code.unwrap_or_default(),
                board: kpi::board(&window, machine, aim, &hours),
            }
        };
        let machines = known.machines(reference).iter().map(one).collect();
        let Known { span, name, back, .. } = known;
        Some(board::Shift { span, name, back, machines })
    })
    .await
}

/// What cannot all be right.
pub(super) async fn ledger(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Response {
    let known = match Known::of(&desk, &asked, refused).await {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    let limit = known.limit;
    let booked = match desk.readers.ask(move |reader| reader.ledger(limit)).await {
        Ok(booked) => booked,
        Err(error) => return unavailable(&error.to_string()),
    };
    told(move || {
        let reference = known.view.reference.as_ref()?;
        let machines = known.machines(reference);
        let entries = minutes::entries(&booked, &machines, reference, limit);
        let Known { span, name, back, .. } = known;
        Some(ledger::Shift { span, name, back, entries })
    })
    .await
}

fn refused(span: Span) -> Option<String> {
    let long = span.until.0.saturating_sub(span.from.0) > MOST_US;
    (span.until <= span.from || long).then(|| "a board is told of eight days at most".to_owned())
}
