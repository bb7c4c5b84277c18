//! Records of hours: what is recorded of a person in a pay period, and what comes of it.
//!
//! Whoever asks has shown a badge, and the PIN where there is one; the records of others are for leads and
//! supervisors. What other terminals recorded is not known here.

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::tz::TimeZone;
use kart_api::{
    Pin, Request,
    labor::{Entry, Line, Open, Opened, Record, Wish, Worked},
};
use kart_core::{
    calendar::{Calendar, Interval},
    command::{Command, Refusal},
    fact::{correction::Amendment, labor::Inside},
    hours::{self, Counted, Hours, Rules, Shift, Spent},
    id::UserId,
    kpi::Span,
    reference::Reference,
    time::Micros,
};
use kart_store::{LaborEntry, PunchLine};
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

use super::Desk;

/// Whose, and of which pay period.
#[derive(Deserialize)]
pub(super) struct Asked {
    user: Uuid,
    #[serde(default)]
    back: u8,
    #[serde(default)]
    ticket: Option<Pin>,
}

/// Lets somebody look.
pub(super) async fn open(State(desk): State<Desk>, Json(open): Json<Open>) -> Json<Opened> {
    Json(match desk.gate.open_record(&open).await {
        Ok((ticket, others)) => Opened::Ticket { ticket, others },
        Err(refusal) => Opened::Refused(refusal),
    })
}

/// The record.
pub(super) async fn labor(State(desk): State<Desk>, Query(asked): Query<Asked>) -> Response {
    let view = Arc::clone(&desk.view.borrow());
    let Some(reference) = &view.reference else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the site is not known yet").into_response();
    };
    let (user, back) = (UserId(asked.user), asked.back);
    let opens = asked.ticket.and_then(|ticket| desk.gate.ticket(&ticket));
    if !opens.is_some_and(|opens| opens.opens(user)) {
        let why = "show the badge again: nobody may look at this record now";
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let zone = TimeZone::get(&reference.site.time_zone).unwrap_or(TimeZone::UTC);
    let period = reference.hours.period;
    let now = desk.clock.stamp().wall_us;
    let Some(span) = period.back(&zone, now, back) else {
        return (StatusCode::BAD_REQUEST, "there is no such pay period").into_response();
    };
    let asked = desk.readers.ask(move |reader| {
        let acked = reader.acknowledged()?.0;
        Ok((reader.labor(user, span)?, reader.jobs(user, whole(span, now))?, acked))
    });
    let (entries, jobs, acked) = match asked.await {
        Ok(read) => read,
        Err(error) => {
            return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response();
        },
    };
    let book = Book::of(reference, &entries, &jobs);
    let worked: Vec<Option<Worked>> = entries.iter().map(|entry| book.worked(entry)).collect();
    let (spent, views) = book.sums(&entries, &worked, span);
    let told = entries.into_iter().zip(worked);
    let entries = told.map(|(told, worked)| entry(told, worked, acked)).collect();
    Json(Record { user, back, period, span, entries, spent, views }).into_response()
}

/// Jobs of shifts that touch the period, wherever these begin and end.
fn whole(span: Span, now: Micros) -> Span {
    const DAY_US: i64 = 86_400_000_000;
    let until = Micros(span.until.0.saturating_add(DAY_US)).min(now);
    Span { from: Micros(span.from.0.saturating_sub(DAY_US)), until }
}

/// Whether the entry that somebody wants to put right is this terminal's and stands as it was shown.
pub(super) async fn stands(desk: &Desk, request: &Request) -> Result<(), Refusal> {
    let Command::AmendLabor(amend) = &request.command else { return Ok(()) };
    let (entry, key) = (amend.entry, request.key.clone());
    let read = desk.readers.ask(move |reader| {
        let again = reader.by_key(&key)?.is_some();
        Ok((again, reader.labor_entry(entry)?))
    });
    let reason =
        |error: kart_store::StoreError| Refusal::NotRecording { reason: error.to_string() };
    let (again, known) = read.await.map_err(reason)?;
    // What was asked before gets the same answer.
    if again {
        return Ok(());
    }
    let known = known.ok_or(Refusal::OtherTerminal)?;
    if known.user != amend.user {
        return Err(Refusal::NoSuchEntry);
    }
    let after = &amend.after;
    let now = Amendment {
        from: after.from.and(Some(known.from)),
        until: after.until.and(known.until),
        station: after.station.and(known.station),
        void: after.void.and(Some(known.source == "void")),
        ..Amendment::default()
    };
    match () {
        () if now == *after => Err(Refusal::NothingChanged),
        () if now == amend.before => Ok(()),
        () => Err(Refusal::OtherwiseByNow),
    }
}

/// What is known of somebody's hours besides one entry.
pub(super) struct Book<'a> {
    zone: TimeZone,
    calendar: Option<Calendar>,
    hours: &'a Hours,
    entries: &'a [LaborEntry],
    jobs: &'a [Interval],
}

impl<'a> Book<'a> {
    pub(super) fn of(
        reference: &'a Reference,
        entries: &'a [LaborEntry],
        jobs: &'a [Interval],
    ) -> Self {
        let zone = TimeZone::get(&reference.site.time_zone).unwrap_or(TimeZone::UTC);
        Self { zone, calendar: reference.calendar(), hours: &reference.hours, entries, jobs }
    }

    /// What comes of an entry, where it is a shift that is over.
    fn worked(&self, entry: &LaborEntry) -> Option<Worked> {
        let shift = self.shift(entry)?;
        let off = shift.off_plan();
        let counted = self.hours.views.iter().map(|rules| rules.counted(&self.zone, &shift));
        let others = self.entries.iter().filter(|other| other.id != entry.id);
        let overlaps = others
            .filter(|other| other.kind == "shift" && other.source != "void")
            .filter_map(|other| Some(Interval { from: other.from, until: other.until? }))
            .any(|other| other.common(shift.at).is_some());
        Some(Worked {
            late_us: off.map(|(late, _)| late),
            early_us: off.map(|(_, early)| early),
            overlaps,
            spent: hours::spent(&shift, self.jobs),
            counted: counted.collect(),
        })
    }

    /// What a view makes of an entry, where it is a shift that is over.
    pub(super) fn counted(&self, entry: &LaborEntry, rules: &Rules) -> Option<Counted> {
        Some(rules.counted(&self.zone, &self.shift(entry)?))
    }

    fn shift(&self, entry: &LaborEntry) -> Option<Shift> {
        if entry.kind != "shift" || entry.source == "void" {
            return None;
        }
        let at = Interval { from: entry.from, until: entry.until? };
        let others = self.entries.iter().filter(|other| other.source != "void");
        // One that nobody ended is part of the shift that it began in, and of no later one.
        let ended = |other: &&LaborEntry| {
            other.until.is_some() || (at.from..=at.until).contains(&other.from)
        };
        let inside = others.filter(ended).filter_map(|other| {
            let kind = match other.kind.as_str() {
                "break" => Inside::Break,
                "meal" => Inside::Meal,
                "activity" => Inside::Activity,
                _ => return None,
            };
            let part = Interval { from: other.from, until: other.until.unwrap_or(at.until) };
            Some((kind, part.common(at)?))
        });
        let came_for = self.calendar.as_ref().and_then(|it| hours::came_for(it, entry.from));
        Some(Shift { at, inside: inside.collect(), planned: came_for.map(|shift| shift.at) })
    }

    /// Of the shifts that began in the period: a night shift belongs to the day on which it began.
    fn sums(
        &self,
        entries: &[LaborEntry],
        worked: &[Option<Worked>],
        span: Span,
    ) -> (Spent, Vec<(String, i64)>) {
        let mut spent = Spent::default();
        let mut views: Vec<(String, i64)> =
            self.hours.views.iter().map(|rules| (rules.name.clone(), 0)).collect();
        let begun = entries.iter().zip(worked);
        for (_, worked) in begun.filter(|(entry, _)| (span.from..span.until).contains(&entry.from))
        {
            let Some(worked) = worked else { continue };
            spent.add(&worked.spent);
            for ((_, sum), counted) in views.iter_mut().zip(&worked.counted) {
                *sum = sum.saturating_add(counted.counted_us);
            }
        }
        (spent, views)
    }
}

fn entry(entry: LaborEntry, worked: Option<Worked>, acked: u64) -> Entry {
    // What was confirmed is what stood there: another time needs another word.
    let confirmed = entry.lines.iter().any(|line| {
        let own = line.kind == "confirmed" && line.by == Some(entry.user);
        own && line.from == Some(entry.from) && line.until == entry.until
    });
    let (asked, sent) = (asked(&entry.lines), entry.seq <= acked);
    let LaborEntry { id, kind, station, from, until, source, lines, .. } = entry;
    let lines = lines.into_iter().map(line).collect();
    Entry { id, kind, station, from, until, source, confirmed, sent, asked, worked, lines }
}

/// What was asked for last, unless somebody who may has said something since.
fn asked(lines: &[PunchLine]) -> Option<Wish> {
    let answers = ["amended", "declined", "corrected"];
    let mut said = lines.iter().rev();
    let last = said.find(|line| line.kind == "asked" || answers.contains(&line.kind.as_str()))?;
    (last.kind == "asked").then(|| Wish {
        from: last.from,
        until: last.until,
        void: last.evidence.as_deref() == Some("void"),
    })
}

fn line(line: PunchLine) -> Line {
    let PunchLine { kind, from, until, before, evidence, reason, recorded, by } = line;
    Line { kind, from, until, before, evidence, reason, recorded, by }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: &str) -> PunchLine {
        PunchLine {
            kind: kind.into(),
            from: None,
            until: Some(Micros(7)),
            before: [None; 2],
            evidence: (kind == "asked").then(|| "void".into()),
            reason: None,
            recorded: Micros(0),
            by: None,
        }
    }

    #[test]
    fn a_wish_waits_until_somebody_who_may_has_said_something() {
        let wish = Some(Wish { from: None, until: Some(Micros(7)), void: true });
        let of = |kinds: &[&str]| asked(&kinds.iter().map(|kind| said(kind)).collect::<Vec<_>>());
        assert_eq!(of(&["in", "out"]), None);
        assert_eq!(of(&["in", "asked", "confirmed"]), wish);
        assert_eq!(of(&["in", "asked", "declined"]), None);
        assert_eq!(of(&["in", "asked", "amended", "asked"]), wish);
    }
}
