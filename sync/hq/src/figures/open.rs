//! A figure and what it was made of, in words: one line each, fields parted by tabs.

use jiff::{Timestamp, tz::TimeZone};
use kart_core::{
    id::UserId,
    kpi::{Class, Evidence, Figure, Kpi, Unit},
    reference::Reference,
    time::Micros,
};

/// Figure, value, unit, share of time known, minutes unexplained, name of ISO 22400.
pub(super) fn figure(kpi: Kpi, figure: &Figure) -> String {
    let unit = match kpi.unit() {
        Unit::Percent => "%",
        Unit::Hours => "h",
        Unit::Minutes => "min",
        Unit::Number => "",
    };
    let value = match (figure.value, figure.missing) {
        (Some(value), _) => format!("{value:.2}\t{unit}"),
        (None, Some(missing)) => format!("n/a\t{}", missing.word()),
        (None, None) => "n/a\t".to_owned(),
    };
    let known = figure.coverage.map_or_else(|| "n/a".to_owned(), |known| format!("{known:.1} %"));
    let unexplained = figure.unexplained_minutes;
    let iso = kpi.iso22400().unwrap_or("-");
    format!("{}\t{value}\t{known}\t{unexplained:.1} min\t{iso}", kpi.word())
}

/// The word that a value has in JSON.
fn word<T: serde::Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().map(str::to_owned).unwrap_or_default()
}

pub(crate) fn local(at: Micros, zone: &TimeZone) -> String {
    let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn span(from: Micros, until: Option<Micros>, zone: &TimeZone) -> String {
    let until = until.map_or_else(|| "goes on".to_owned(), |until| local(until, zone));
    format!("{}\t{until}", local(from, zone))
}

fn minutes(us: i64) -> String {
    format!("{}:{:02} min", us / 60_000_000, us / 1_000_000 % 60)
}

fn person(by: Option<UserId>, reference: &Reference) -> String {
    let Some(by) = by else { return "-".to_owned() };
    reference.person(by).map_or_else(|| by.to_string(), |person| person.name.clone())
}

/// Kind, record, from, until, and what it contributed.
pub(super) fn evidence(evidence: &Evidence, reference: &Reference, zone: &TimeZone) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    match evidence {
        Evidence::Interval { interval, class, unexplained, counted_us, .. } => {
            let reason = match &interval.reason {
                Some(reason) => {
                    let (then, now) = (word(&reason.group_type), reason.now.map(|now| word(&now)));
                    let now = now.filter(|now| *now != then);
                    let now = now.map_or_else(String::new, |now| format!(", now {now}"));
                    let by = person(reason.by, reference);
                    format!("{} ({then}{now}) by {by}", reason.label)
                },
                None if *unexplained => "unexplained".to_owned(),
                None if interval.void => "void".to_owned(),
                None => "-".to_owned(),
            };
            let class = match class {
                Class::Unknown => "unknown".to_owned(),
                class => format!("{} as {}", interval.state, word(class)),
            };
            format!(
                "interval\t{}\t{}\t{}\t{class}\t{reason}\trule {}\tmap {}",
                interval.record,
                span(interval.from, interval.until, zone),
                minutes(*counted_us),
                text(&interval.rule),
                text(&interval.map),
            )
        },
        Evidence::Hole(hole) => format!(
            "nothing recorded\t-\t{}\t{}",
            span(hole.span.from, Some(hole.span.until), zone),
            minutes(hole.counted_us)
        ),
        Evidence::Count { count, parts, .. } => format!(
            "count\t{}\t{}\t{parts} parts\t{} {} to {} ({})\tmap {}",
            count.record,
            span(count.since, Some(count.until), zone),
            count.source,
            count.raw_from,
            count.raw_to,
            word(&count.verdict),
            text(&count.map),
        ),
        Evidence::Batch { batch, .. } => {
            let parts = |parts: Option<i64>| parts.map_or("-".to_owned(), |n| n.to_string());
            format!(
                "batch\t{}\t{}\t{} good, {} scrap\t{} {}\tby {}",
                batch.record,
                span(batch.from, batch.until, zone),
                parts(batch.good),
                parts(batch.scrap),
                word(&batch.status),
                batch.number,
                person(batch.by, reference),
            )
        },
        Evidence::Rate { product, cycle, .. } => {
            let product = product.and_then(|product| reference.product(product));
            let product = product.map_or("any product", |product| product.code.as_str());
            format!("rate\t-\t{} s a part\t{product}\t{}", cycle.cycle_s, word(&cycle.source))
        },
    }
}
