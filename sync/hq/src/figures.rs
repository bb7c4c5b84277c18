//! Key figures at headquarters: of machines, of a station, of a whole site, over any time. Rows are
//! read here, what they mean is said by the library that terminals use as well.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use kart_core::{
    id::EquipmentId,
    kpi::{self, Evidence, Figures, Kpi, Mode, Reasons, Span, Window},
    reference::Reference,
    time::Micros,
};
use serde::Serialize;

use crate::{
    cli::{SiteArgs, say, say_plain},
    clock::now_us,
    database::Database,
    site,
};

mod open;
pub(crate) mod rows;

pub(crate) use open::local;

/// What is asked.
#[derive(Args)]
pub(crate) struct FiguresArgs {
    #[command(flatten)]
    site: SiteArgs,
    /// Code of a station: its machines, each by itself and together.
    #[arg(long, conflicts_with = "equipment")]
    station: Option<String>,
    /// Code of a machine.
    #[arg(long)]
    equipment: Option<String>,
    /// From when: 2026-06-01, 2026-06-01T06:00 at the site, or with an offset. Without it, from the
    /// beginning of today there.
    #[arg(long)]
    from: Option<String>,
    /// Until when; without it, until now.
    #[arg(long)]
    to: Option<String>,
    /// The type of a reason as it was chosen, or as its group is now.
    #[arg(long = "as", value_enum, default_value_t = As::Recorded)]
    reasons: As,
    /// Another mode than the site's.
    #[arg(long, value_parser = ["standard", "strict", "teep"])]
    mode: Option<String>,
    /// As one JSON document.
    #[arg(long)]
    json: bool,
    /// What a figure was made of, by its name.
    #[arg(long, value_name = "FIGURE", value_parser = figure)]
    open: Option<Kpi>,
}

#[derive(Clone, Copy, ValueEnum)]
enum As {
    Recorded,
    Now,
}

fn figure(word: &str) -> Result<Kpi, String> {
    let words = || Kpi::ALL.map(Kpi::word).join(", ");
    Kpi::of(word).ok_or_else(|| format!("one of {}", words()))
}

/// One machine's figures.
#[derive(Serialize)]
struct OfMachine {
    equipment: EquipmentId,
    code: String,
    figures: Figures,
}

/// The whole answer.
#[derive(Serialize)]
struct Answer {
    organization: String,
    site: String,
    time_zone: String,
    planned: Vec<Span>,
    machines: Vec<OfMachine>,
    /// All of them, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    together: Option<Figures>,
}

/// Computes and prints.
pub(crate) async fn run(database: &Database, args: &FiguresArgs) -> anyhow::Result<()> {
    let place = args.site.place();
    let reference = site::read(database, &place).await?;
    let window = asked(args, &reference)?;
    let machines = chosen(args, &reference)?;
    let rows = rows::read(database, &place, &machines, &window).await?;
    let told = rows.machines(&reference, &machines);
    let open = |figures: Figures| Figures {
        evidence: match args.open {
            Some(kpi) => figures.behind(kpi).cloned().collect(),
            None => Vec::new(),
        },
        ..figures
    };
    let answer = Answer {
        organization: reference.organization.clone(),
        site: reference.site.code.clone(),
        time_zone: reference.site.time_zone.clone(),
        planned: window.planned.clone(),
        machines: told
            .iter()
            .map(|machine| OfMachine {
                equipment: machine.equipment,
                code: code(&reference, machine.equipment),
                figures: open(kpi::figures(&window, std::slice::from_ref(machine))),
            })
            .collect(),
        together: (told.len() > 1).then(|| open(kpi::figures(&window, &told))),
    };
    if args.json {
        return say(&serde_json::to_string_pretty(&answer)?);
    }
    print(&answer, &reference, args.open)
}

fn asked(args: &FiguresArgs, reference: &Reference) -> anyhow::Result<Window> {
    let zone = TimeZone::get(&reference.site.time_zone)
        .with_context(|| format!("the time zone {} is not known", reference.site.time_zone))?;
    let now = Micros(now_us());
    let today = || -> anyhow::Result<Micros> {
        let midnight = Timestamp::from_microsecond(now.0)?.to_zoned(zone.clone()).start_of_day()?;
        Ok(Micros(midnight.timestamp().as_microsecond()))
    };
    let from = args.from.as_deref().map_or_else(today, |text| instant(text, &zone))?;
    let until = args.to.as_deref().map_or(Ok(now), |text| instant(text, &zone))?;
    let span = Span { from, until };
    if let Some(why) = span.refused() {
        anyhow::bail!(why);
    }
    let reasons = match args.reasons {
        As::Recorded => Reasons::Recorded,
        As::Now => Reasons::Now,
    };
    let window = kpi::asked(reference, span, now, reasons);
    let mode = args.mode.as_deref().and_then(Mode::of).unwrap_or(window.mode);
    Ok(Window { mode, ..window })
}

/// An instant as people write it; without an offset by the clock on the wall at the site.
pub(crate) fn instant(text: &str, zone: &TimeZone) -> anyhow::Result<Micros> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Micros(at.as_microsecond()));
    }
    let local: DateTime = text
        .parse()
        .with_context(|| format!("{text:?} is no time such as 2026-06-01 or 2026-06-01T06:00"))?;
    Ok(Micros(local.to_zoned(zone.clone())?.timestamp().as_microsecond()))
}

fn chosen(args: &FiguresArgs, reference: &Reference) -> anyhow::Result<Vec<EquipmentId>> {
    let site = &reference.site.code;
    if let Some(code) = &args.station {
        let station = reference.stations.iter().find(|station| station.code == *code);
        return Ok(station
            .with_context(|| format!("the site {site} has no station {code}"))?
            .machines
            .clone());
    }
    let named = |code: &String| {
        let machine = reference.machines.iter().find(|machine| machine.code == *code);
        machine.with_context(|| format!("the site {site} has no machine {code}"))
    };
    match &args.equipment {
        Some(code) => Ok(vec![named(code)?.id]),
        None => Ok(reference.machines.iter().map(|machine| machine.id).collect()),
    }
}

fn code(reference: &Reference, equipment: EquipmentId) -> String {
    let machine = reference.machine(equipment);
    machine.map_or_else(|| equipment.to_string(), |machine| machine.code.clone())
}

/// One line a figure, fields parted by tabs, with a line that names them first.
fn print(answer: &Answer, reference: &Reference, opened: Option<Kpi>) -> anyhow::Result<()> {
    let zone = TimeZone::get(&answer.time_zone).unwrap_or(TimeZone::UTC);
    let names = ["of", "figure", "value", "unit", "known", "unexplained", "ISO 22400"];
    say(&names.join("\t"))?;
    let machines = answer.machines.iter().map(|one| (one.code.as_str(), &one.figures));
    let together = answer.together.iter().map(|all| ("together", all));
    for (of, figures) in machines.chain(together) {
        for (kpi, figure) in &figures.figures {
            if opened.is_some_and(|opened| opened != *kpi) {
                continue;
            }
            say_plain(&format!("{of}\t{}", open::figure(*kpi, figure)))?;
        }
        if opened.is_some() && of != "together" {
            let told = |evidence: &Evidence| open::evidence(evidence, reference, &zone);
            for line in figures.evidence.iter().map(told) {
                say_plain(&format!("{of}\t{line}"))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_that_of_the_site_unless_it_says_otherwise() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let utc = |text: &str| instant(text, &zone).unwrap().rfc3339();
        assert_eq!(utc("2026-06-01"), "2026-05-31T22:00:00Z");
        assert_eq!(utc("2026-06-01T06:00"), "2026-06-01T04:00:00Z");
        assert_eq!(utc("2026-06-01T06:00:00Z"), "2026-06-01T06:00:00Z");
        assert!(instant("monday", &zone).is_err());
    }
}
