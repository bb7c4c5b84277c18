//! `kart export`: rows of this terminal as a table for spreadsheets and programs.
//!
//! Reads only. Times carry their offset, and a column names the zone. What people called things is made
//! harmless for the program that opens the file, and nothing else is changed.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use kart_api::{
    Client, Pin,
    export::{Cell, Page, Wanted},
    labor::{Open, Opened},
};
use kart_core::{
    command::Refusal,
    export::{Export, Kind},
    id::UserId,
    kpi::Span,
    reference::{Person, Reference},
    time::Micros,
};
use serde_json::{Map, Value};

mod secret;

/// What to take out.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Which table: stops, batches, labor, counts or states.
    #[arg(value_parser = ["stops", "batches", "labor", "counts", "states"])]
    table: String,
    /// From when, for example 2026-06-01 or 2026-06-01T06:00; the clock on the wall at the site.
    #[arg(long, value_name = "TIME")]
    from: String,
    /// Until when, its own moment not included. Without it, now.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// csv, or json: an object a line.
    #[arg(long, default_value = "csv", value_parser = ["csv", "json"])]
    format: String,
    /// What parts a number from its fraction in CSV: point, or comma; with a comma, a semicolon parts
    /// the columns.
    #[arg(long, default_value = "point", value_parser = ["point", "comma"])]
    decimal: String,
    /// Times by the clock at the site, or in UTC.
    #[arg(long, default_value = "site", value_parser = ["site", "utc"])]
    zone: String,
    /// Only rows of this person: the badge or the key; the name where only one has it.
    #[arg(long, value_name = "PERSON")]
    user: Option<String>,
    /// Whose badge asks for hours, where it is not the user that kartd runs as: their own, and for a lead
    /// or supervisor with a PIN everybody's. The PIN is read from standard input.
    #[arg(long, value_name = "BADGE")]
    badge: Option<String>,
    /// The site's view of hours that stands beside what was punched, by its name.
    #[arg(long, value_name = "NAME")]
    view: Option<String>,
    /// Only rows of the machine with this code.
    #[arg(long, value_name = "CODE")]
    equipment: Option<String>,
}

/// Which rows are kept: the column and what must stand in it.
type Only = Vec<(&'static str, String)>;

/// Takes the table out. What it was is said on standard error, so that the file holds rows alone.
pub async fn run(socket: &Path, args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(socket)?;
    let view = client.snapshot().await?;
    let reference = view.reference.as_ref().context("this terminal has no site data yet")?;
    let site = TimeZone::get(&reference.site.time_zone)
        .with_context(|| format!("the time zone {} is not known", reference.site.time_zone))?;
    let table = Export::of(&args.table).context("there is no such table")?;
    let from = instant(&args.from, &site)?;
    let until = args.to.as_deref().map(|to| instant(to, &site)).transpose()?;
    let span = Span { from, until: until.unwrap_or(view.terminal.now_us) };
    if span.until <= span.from {
        anyhow::bail!("the begin is not before the end");
    }
    let mut only: Only = Vec::new();
    let user = args.user.as_deref().map(|wanted| person(reference, table, wanted)).transpose()?;
    let ticket = match &args.badge {
        Some(badge) => Some(ticket(&client, badge, user).await?),
        None => None,
    };
    let wanted = Wanted { of: table, span, user, view: args.view.clone(), ticket };
    if let Some(code) = &args.equipment {
        table
            .columns()
            .iter()
            .find(|it| it.name == "equipment")
            .with_context(|| format!("{} is of no machine", args.table))?;
        let known = reference.machines.iter().any(|machine| machine.code == *code);
        anyhow::ensure!(known, "there is no machine {code}");
        only.push(("equipment", code.clone()));
    }
    let zone = if args.zone == "utc" { TimeZone::UTC } else { site };
    let mut written = Written::new(io::stdout().lock(), args, zone);
    let mut after = None;
    loop {
        let page = client.export(&wanted, after.as_deref()).await?;
        written.page(&page, &only)?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let said = written.end()?;
    writeln!(io::stderr(), "{said}")?;
    Ok(ExitCode::SUCCESS)
}

/// The one person that is meant. A name that several have is nobody's.
fn person(reference: &Reference, table: Export, wanted: &str) -> anyhow::Result<UserId> {
    let of_people = table.columns().iter().any(|column| column.kind == Kind::User);
    anyhow::ensure!(of_people, "{} are of no person", table.word());
    let people = || reference.people.iter();
    let exact = |person: &&Person| {
        let known = [&person.badge, &person.number, &person.email];
        !wanted.is_empty()
            && (known.contains(&&wanted.to_owned()) || person.id.to_string() == wanted)
    };
    if let Some(person) = people().find(exact) {
        return Ok(person.id);
    }
    let named: Vec<&Person> = people().filter(|person| person.name == wanted).collect();
    match named[..] {
        [person] => Ok(person.id),
        [] => anyhow::bail!("nobody here is {wanted}"),
        _ => {
            let one = |person: &&Person| match person.badge.as_str() {
                "" => person.id.to_string(),
                badge => format!("badge {badge}"),
            };
            let all: Vec<String> = named.iter().map(one).collect();
            anyhow::bail!("{wanted} are several: {}; say which one", all.join(", "))
        },
    }
}

/// Shows a badge, and the PIN where one is needed.
async fn ticket(client: &Client, badge: &str, user: Option<UserId>) -> anyhow::Result<Pin> {
    let mut open = Open { badge: badge.to_owned(), pin: None, user };
    let mut opened = client.open_labor(&open).await?;
    // Whose hours are wanted is everybody's where nobody is named: that needs the PIN as well.
    if matches!(opened, Opened::Refused(Refusal::PinNeeded { .. })) {
        open.pin = Some(Pin(secret::read()?));
        opened = client.open_labor(&open).await?;
    }
    match opened {
        Opened::Ticket { ticket, .. } => Ok(ticket),
        Opened::Refused(refusal) => anyhow::bail!("{refusal}"),
    }
}

/// An instant as people write it; without an offset by the clock on the wall at the site.
fn instant(text: &str, zone: &TimeZone) -> anyhow::Result<Micros> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Micros(at.as_microsecond()));
    }
    let local: DateTime = text
        .parse()
        .with_context(|| format!("{text:?} is no time such as 2026-06-01 or 2026-06-01T06:00"))?;
    // Neither is guessed in the nights when clocks are changed.
    let said = zone.to_ambiguous_zoned(local).unambiguous();
    let said = said.with_context(|| {
        format!("{text} was never or twice there: say the offset, as in {text}+01:00")
    })?;
    Ok(Micros(said.timestamp().as_microsecond()))
}

/// A file that is being written.
struct Written<W: Write> {
    out: Out<W>,
    zone: TimeZone,
    decimal: char,
    head: bool,
    rows: u64,
}

enum Out<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Json(W),
}

impl<W: Write> Written<W> {
    fn new(to: W, args: &ExportArgs, zone: TimeZone) -> Self {
        let comma = args.decimal == "comma";
        let out = match args.format.as_str() {
            "json" => Out::Json(to),
            _ => {
                let delimiter = if comma { b';' } else { b',' };
                Out::Csv(Box::new(csv::WriterBuilder::new().delimiter(delimiter).from_writer(to)))
            },
        };
        Self { out, zone, decimal: if comma { ',' } else { '.' }, head: false, rows: 0 }
    }

    fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    fn page(&mut self, page: &Page, only: &[(&'static str, String)]) -> anyhow::Result<()> {
        let place = |name: &str| page.columns.iter().position(|column| column == name);
        let only: Vec<(Option<usize>, &String)> =
            only.iter().map(|(column, text)| (place(column), text)).collect();
        let kept = |row: &&Vec<Cell>| {
            only.iter().all(|(place, wanted)| {
                let cell = place.and_then(|place| row.get(place));
                matches!(cell, Some(Cell::Text(text)) if text == *wanted)
            })
        };
        let zone = self.zone_name().to_owned();
        if let Out::Csv(csv) = &mut self.out
            && !std::mem::replace(&mut self.head, true)
        {
            csv.write_record(page.columns.iter().map(String::as_str).chain(["time_zone"]))?;
        }
        for row in page.rows.iter().filter(kept) {
            self.rows += 1;
            match &mut self.out {
                Out::Csv(csv) => {
                    let cells = row.iter().map(|cell| text(cell, &self.zone, self.decimal));
                    csv.write_record(cells.chain([zone.clone()]))?;
                },
                Out::Json(out) => {
                    let values = row.iter().map(|cell| value(cell, &self.zone));
                    let mut object: Map<String, Value> =
                        page.columns.iter().cloned().zip(values).collect();
                    object.insert("time_zone".to_owned(), zone.clone().into());
                    writeln!(out, "{}", Value::Object(object))?;
                },
            }
        }
        Ok(())
    }

    /// Ends the file, and says what is in it.
    fn end(mut self) -> anyhow::Result<String> {
        let parted = match &mut self.out {
            Out::Csv(csv) => {
                csv.flush()?;
                match self.decimal {
                    ',' => ", columns parted by semicolons, decimal comma",
                    _ => ", columns parted by commas, decimal point",
                }
            },
            Out::Json(out) => {
                out.flush()?;
                ", decimal point"
            },
        };
        Ok(format!("{} rows, times in {} with their offset{parted}", self.rows, self.zone_name()))
    }
}

fn time(at: Micros, zone: &TimeZone) -> String {
    let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string()
}

fn text(cell: &Cell, zone: &TimeZone, decimal: char) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Text(text) => harmless(text),
        Cell::Whole(number) => number.to_string(),
        Cell::Minutes(minutes) => format!("{minutes:.4}").replace('.', &decimal.to_string()),
        Cell::Time(at) => time(*at, zone),
        Cell::Flag(flag) => flag.to_string(),
    }
}

fn value(cell: &Cell, zone: &TimeZone) -> Value {
    match cell {
        Cell::Nothing => Value::Null,
        Cell::Text(text) => text.as_str().into(),
        Cell::Whole(number) => (*number).into(),
        Cell::Minutes(minutes) => (*minutes).into(),
        Cell::Time(at) => time(*at, zone).into(),
        Cell::Flag(flag) => (*flag).into(),
    }
}

/// A text that a terminal obeys in nothing, and that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    let safe: String =
        text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect();
    match safe.chars().next() {
        Some('=' | '+' | '-' | '@') => format!("'{safe}"),
        _ => safe,
    }
}

#[cfg(test)]
mod tests;
