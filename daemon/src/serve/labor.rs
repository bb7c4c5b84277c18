//! One person's own record of a month, by the site's calendar.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, ToSpan as _, Zoned, tz::TimeZone};
use kart_api::labor::{Entry, Line, Record};
use kart_core::{id::UserId, kpi::Span, time::Micros};
use kart_store::{LaborEntry, PunchLine};
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

use super::Desk;

/// Whose, and of which month.
#[derive(Deserialize)]
pub(super) struct Asked {
    user: Uuid,
    #[serde(default)]
    back: u8,
}

/// The record.
pub(super) async fn labor(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Response {
    let view = Arc::clone(&desk.view.borrow());
    let Some(reference) = &view.reference else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the site is not known yet").into_response();
    };
    let zone = TimeZone::get(&reference.site.time_zone).unwrap_or(TimeZone::UTC);
    let Some(span) = month(zone, desk.clock.stamp().wall_us, asked.back) else {
        return (StatusCode::BAD_REQUEST, "there is no such month").into_response();
    };
    let (user, back) = (UserId(asked.user), asked.back);
    match desk.readers.ask(move |reader| reader.labor(user, span)).await {
        Ok(entries) => {
            let entries = entries.into_iter().map(entry).collect();
            Json(Record { user, back, span, entries }).into_response()
        },
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

fn entry(entry: LaborEntry) -> Entry {
    // What was confirmed is what stood there: another time needs another word.
    let confirmed = entry.lines.iter().any(|line| {
        line.kind == "confirmed" && line.from == Some(entry.from) && line.until == entry.until
    });
    let LaborEntry { id, kind, station, from, until, source, lines } = entry;
    let lines = lines.into_iter().map(line).collect();
    Entry { id, kind, station, from, until, source, confirmed, lines }
}

fn line(line: PunchLine) -> Line {
    let PunchLine { kind, from, until, evidence, reason, recorded, by } = line;
    Line { kind, from, until, evidence, reason, recorded, by }
}

/// The local month so many before that of `now`.
fn month(zone: TimeZone, now: Micros, back: u8) -> Option<Span> {
    let now = Timestamp::from_microsecond(now.0).ok()?.to_zoned(zone);
    let first = now.first_of_month().ok()?.start_of_day().ok()?;
    let from = first.checked_sub(i64::from(back).months()).ok()?.start_of_day().ok()?;
    let until = from.checked_add(1.month()).ok()?.start_of_day().ok()?;
    let micros = |at: &Zoned| Micros(at.timestamp().as_microsecond());
    Some(Span { from: micros(&from), until: micros(&until) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_that_of_the_site_and_an_hour_shorter_in_spring() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now = Micros("2026-04-30T22:30:00Z".parse::<Timestamp>().unwrap().as_microsecond());
        let march = month(zone.clone(), now, 2).unwrap();
        assert_eq!(march.from.rfc3339(), "2026-02-28T23:00:00Z");
        assert_eq!(march.until.0 - march.from.0, (31 * 24 - 1) * 3_600_000_000);
        assert_eq!(month(zone, now, 0).unwrap().from.rfc3339(), "2026-04-30T22:00:00Z");
    }
}
