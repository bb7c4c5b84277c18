//! Tables taken out of this terminal: rows with the codes and names that people know, a page at a time,
//! so that nobody else waits for a long one.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kart_api::export::{Cell, Page};
use kart_core::{
    export::{Export, Kind},
    id::{EquipmentId, ProductId, ReasonId, StationId, UserId},
    kpi::{Span, instant},
    reference::{Reason, ReasonGroup, Reference},
    row,
    time::Micros,
};
use kart_store::After;
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

use super::Desk;

/// Rows of a page.
const MOST: u32 = 2_000;

/// What is taken out.
#[derive(Deserialize)]
pub(super) struct Asked {
    of: Export,
    #[serde(with = "instant")]
    from: Micros,
    #[serde(with = "instant")]
    until: Micros,
    /// What the page before said.
    after: Option<String>,
}

/// A page of a table.
pub(super) async fn export(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Response {
    let Asked { of, from, until, after } = asked;
    let refused = |why: &str| (StatusCode::BAD_REQUEST, why.to_owned()).into_response();
    if until <= from {
        return refused("the begin is not before the end");
    }
    let after = match after.as_deref().map(|text| read(of, text)) {
        Some(None) => return refused("after: not the end of a page"),
        Some(after) => after,
        None => None,
    };
    let span = Span { from, until };
    let page = match desk.readers.ask(move |reader| reader.export(of, span, after, MOST)).await {
        Ok(page) => page,
        Err(error) => {
            return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response();
        },
    };
    let view = Arc::clone(&desk.view.borrow());
    let Some(reference) = &view.reference else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the site is not known yet").into_response();
    };
    Json(Page {
        time_zone: reference.site.time_zone.clone(),
        columns: of.columns().iter().map(|column| column.name.to_owned()).collect(),
        rows: page.rows.iter().map(|cells| told(of, cells, reference)).collect(),
        next: page.next.map(written),
    })
    .into_response()
}

fn written(after: After) -> String {
    match after {
        After::Row(at, id) => format!("{}_{id}", at.0),
        After::Place(at, place) => format!("{}_{place}", at.0),
    }
}

fn read(of: Export, text: &str) -> Option<After> {
    let (at, place) = text.split_once('_')?;
    let at = Micros(at.parse().ok()?);
    Some(match of {
        Export::Counts => After::Place(at, place.parse().ok()?),
        _ => After::Row(at, place.parse().ok()?),
    })
}

/// A row for people, with what is computed in its place.
fn told(of: Export, cells: &[row::Cell], reference: &Reference) -> Vec<Cell> {
    let mut cells_left = cells.iter();
    let mut times: Vec<Option<Micros>> = Vec::new();
    let mut row = Vec::with_capacity(of.columns().len());
    for column in of.columns() {
        if column.kind == Kind::Minutes {
            row.push(minutes(&times));
            continue;
        }
        let cell = cells_left.next().unwrap_or(&row::Cell::Null);
        if column.kind == Kind::Time {
            times.push(match cell {
                row::Cell::Time(at) => Some(*at),
                _ => None,
            });
        }
        row.push(named(column.kind, cell, reference));
    }
    row
}

/// Between the two times of a row, as far as they stand before it.
fn minutes(times: &[Option<Micros>]) -> Cell {
    match times {
        [Some(from), Some(until), ..] => {
            let us = until.0.saturating_sub(from.0);
            Cell::Minutes(thousandths(us))
        },
        _ => Cell::Nothing,
    }
}

#[expect(clippy::cast_precision_loss, reason = "no stop lasts for three centuries")]
fn thousandths(us: i64) -> f64 {
    (us / 1_000) as f64 / 60_000.0
}

fn named(kind: Kind, cell: &row::Cell, reference: &Reference) -> Cell {
    match cell {
        // What is read from a table tells no text that is elsewhere.
        row::Cell::Null | row::Cell::Told(_) => Cell::Nothing,
        row::Cell::Bool(flag) => Cell::Flag(*flag),
        row::Cell::Int(number) => Cell::Whole(*number),
        row::Cell::Time(at) => Cell::Time(*at),
        row::Cell::Text(text) | row::Cell::Decimal(text) => Cell::Text(text.clone()),
        row::Cell::Word(word) => Cell::Text((*word).to_owned()),
        row::Cell::Uuid(id) => {
            Cell::Text(name(kind, *id, reference).unwrap_or_else(|| id.to_string()))
        },
    }
}

/// What people call it; `None` where that is not known any more.
fn name(kind: Kind, id: Uuid, reference: &Reference) -> Option<String> {
    let code =
        |found: Option<(&ReasonGroup, &Reason)>| found.map(|(_, reason)| reason.code.clone());
    match kind {
        Kind::Equipment => Some(reference.machine(EquipmentId(id))?.code.clone()),
        Kind::Station => Some(reference.station(StationId(id))?.code.clone()),
        Kind::User => Some(reference.person(UserId(id))?.name.clone()),
        Kind::Product => Some(reference.product(ProductId(id))?.code.clone()),
        Kind::DowntimeReason => code(reference.downtime_reason(ReasonId(id))),
        Kind::ScrapReason => code(reference.scrap_reason(ReasonId(id))),
        Kind::Id | Kind::Time | Kind::Minutes | Kind::Text | Kind::Whole | Kind::Flag => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_page_is_read_as_it_is_written() {
        let id = Uuid::from_u128(77);
        for (of, after) in [
            (Export::Stops, After::Row(Micros(-5), id)),
            (Export::Counts, After::Place(Micros(1_780_000_000_000_000), 12)),
        ] {
            assert_eq!(read(of, &written(after)), Some(after));
        }
        for text in ["", "5", "_", "5_", "a_b", "5_12"] {
            assert_eq!(read(Export::Stops, text), None, "{text}");
        }
    }

    #[test]
    fn minutes_are_told_where_both_ends_are_known() {
        let at = |minute: i64| Some(Micros(minute * 60_000_000));
        assert_eq!(minutes(&[at(2), at(10)]), Cell::Minutes(8.0));
        assert_eq!(minutes(&[at(2), None]), Cell::Nothing);
    }
}
