//! Tables taken out of this terminal: rows with the codes and names that people know, a page at a time,
//! so that nobody else waits for a long one.

use axum::{
    Json,
    extract::{ConnectInfo, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kart_api::{
    Pin,
    export::{Cell, Page},
};
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

use super::{Desk, commissioning::Peer};
use crate::pin::Opens;

mod viewed;

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
    /// Only rows of this person.
    user: Option<Uuid>,
    /// The view that stands beside hours.
    view: Option<String>,
    /// Whose badge asks.
    ticket: Option<Pin>,
}

/// Whose hours may be taken out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Everybodys,
    Of(UserId),
}

/// A page of a table.
pub(super) async fn export(
    State(desk): State<Desk>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Query(asked): Query<Asked>,
) -> Response {
    let Asked { of, from, until, after, user, view: named, ticket } = asked;
    let refused = |why: &str| (StatusCode::BAD_REQUEST, why.to_owned()).into_response();
    let opens = ticket.and_then(|ticket| desk.gate.ticket(&ticket));
    let Some(whose) = whose(of, (peer, opens), user.map(UserId)) else {
        let why = "hours are for whoever shows a badge: their own, and for a lead or supervisor \
                   with a PIN everybody's";
        return (StatusCode::FORBIDDEN, why).into_response();
    };
    if until <= from {
        return refused("the begin is not before the end");
    }
    let after = match after.as_deref().map(|text| read(of, text)) {
        Some(None) => return refused("after: not the end of a page"),
        Some(after) => after,
        None => None,
    };
    let view = Arc::clone(&desk.view.borrow());
    let Some(reference) = &view.reference else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the site is not known yet").into_response();
    };
    let rules = reference.hours.views.iter();
    let rules = rules.clone().find(|rules| Some(&rules.name) == named.as_ref());
    if named.is_some() && (rules.is_none() || of != Export::Labor) {
        return refused("this site has no such view of hours");
    }
    let (span, with) = (Span { from, until }, rules.is_some());
    let asked = desk.readers.ask(move |reader| {
        let page = reader.export(of, span, after, MOST)?;
        let beside = if with { viewed::read(reader, &page.rows)? } else { Vec::new() };
        Ok((page, beside))
    });
    let (page, beside) = match asked.await {
        Ok(read) => read,
        Err(error) => {
            return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response();
        },
    };
    let mut columns: Vec<String> =
        of.columns().iter().map(|column| column.name.to_owned()).collect();
    columns.extend(rules.iter().flat_map(|_| viewed::COLUMNS).map(str::to_owned));
    let row = |(n, cells): (usize, &Vec<row::Cell>)| {
        let told = told(of, cells, reference).into_iter();
        let none = Vec::new();
        let around = beside.get(n).unwrap_or(&none);
        let viewed = rules.map(|rules| viewed::cells(reference, rules, cells, around));
        told.chain(viewed.into_iter().flatten()).collect()
    };
    let kept = page.rows.iter().enumerate().filter(|(_, cells)| whose.has(of, cells));
    Json(Page {
        time_zone: reference.site.time_zone.clone(),
        columns,
        rows: kept.map(row).collect(),
        next: page.next.map(written),
    })
    .into_response()
}

/// Whose rows are told; `None` where nobody's may be. Hours are for whoever could read the file anyway,
/// the user this daemon runs as and root, and for whoever has shown a badge.
fn whose(of: Export, (peer, opens): (Peer, Option<Opens>), user: Option<UserId>) -> Option<Whose> {
    let wanted = user.map_or(Whose::Everybodys, Whose::Of);
    match (of, opens) {
        (Export::Labor, Some(Opens::Own(own))) => {
            user.is_none_or(|user| user == own).then_some(Whose::Of(own))
        },
        (Export::Labor, None) if peer.master().is_none() => None,
        _ => Some(wanted),
    }
}

impl Whose {
    /// Whether this row is theirs.
    fn has(self, of: Export, cells: &[row::Cell]) -> bool {
        let Self::Of(user) = self else { return true };
        let read = of.columns().iter().filter(|column| column.kind != Kind::Minutes);
        let place = read.into_iter().position(|column| column.kind == Kind::User);
        place.and_then(|place| cells.get(place)) == Some(&row::Cell::Uuid(user.0))
    }
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
        Kind::Badge => Some(reference.person(UserId(id))?.badge.clone()),
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
