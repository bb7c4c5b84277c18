//! `kartd replay`: what would have been recorded under another map, and taking that for what was.

use anyhow::Context as _;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use kart_api::{Answer, Client, Request};
use kart_core::{
    command::{Acceptance, Command, Refusal},
    id::UserId,
    machine::MachineState,
    replay::{Change, Difference},
    time::Micros,
};
use std::{fmt::Write as _, path::PathBuf};

use crate::{
    config::Config,
    replay::{Compared, Machine, Missing, NoValue, NotCompared, compare},
};

/// At most so many events of a machine are named; `--json` names all.
const MOST_NAMED: usize = 200;

/// It is compared at most so often before it is given up.
const MOST_LOOKS: usize = 5;

#[derive(clap::Args)]
pub(super) struct Asked {
    /// The configuration file with the corrected map; all but its machines may be as it is.
    #[arg(long)]
    map: PathBuf,
    /// From when, for example 2026-11-22T06:00 in local time, or with an offset.
    #[arg(long, value_parser = instant)]
    from: Micros,
    /// Until when; now when it is not said.
    #[arg(long, value_parser = instant)]
    to: Option<Micros>,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
    /// Take it for what happened. The daemon must run.
    #[arg(long, requires = "by", requires = "reason")]
    accept: bool,
    /// Who says so: name or badge of a supervisor.
    #[arg(long)]
    by: Option<String>,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
}

fn instant(text: &str) -> Result<Micros, String> {
    let told: Result<Timestamp, _> = text.parse();
    let local = || {
        let at = text.parse::<DateTime>()?.to_zoned(TimeZone::system())?;
        Ok::<_, jiff::Error>(at.timestamp())
    };
    let at = told.or_else(|_| local()).map_err(|error| error.to_string())?;
    Ok(Micros(at.as_microsecond()))
}

/// Whether the map could be used, after saying what comes of it.
pub(super) fn run(asked: &Asked, config: &Config) -> anyhow::Result<bool> {
    let name = asked.map.display().to_string();
    let text =
        std::fs::read_to_string(&asked.map).with_context(|| format!("{name}: cannot be read"))?;
    let map = match Config::of(&name, &text, &config.file) {
        Ok(map) => map,
        Err(faults) => return super::say(&format!("{faults}\n")).map(|()| false),
    };
    anyhow::ensure!(
        map.site.id == config.site.id,
        "{name} is of another site, and its machines are others"
    );
    let now = crate::boot::clock(&config.terminal.data_dir)?.stamp().wall_us;
    let until = asked.to.unwrap_or(now).min(now);
    anyhow::ensure!(asked.from < until, "--from must be before --to, and not in the future");
    let compared = match compare(&config.terminal.data_dir, &map, (asked.from, until)) {
        Ok(compared) => compared,
        Err(NotCompared::OtherTime(extent)) => anyhow::bail!(
            "the raw readings that are left are from {} to {}",
            local(extent.from),
            local(extent.until)
        ),
        Err(other) => return Err(other.into()),
    };
    if asked.json {
        super::say(&(serde_json::to_string_pretty(&compared)? + "\n"))?;
    } else {
        super::say(&told(&compared, &config.map.fingerprint))?;
    }
    if asked.accept {
        let folder = &config.terminal.data_dir;
        let again = || compare(folder, &map, (asked.from, until));
        let accepted = super::runtime(1)?.block_on(accept_all(asked, config, compared, again))?;
        if !asked.json {
            super::say(&accepted)?;
        }
    }
    Ok(true)
}

/// As often as somebody explains a stop in between, it is compared again: what people said goes with it.
async fn accept_all(
    asked: &Asked,
    config: &Config,
    mut compared: Compared,
    again: impl Fn() -> Result<Compared, NotCompared>,
) -> anyhow::Result<String> {
    for _ in 0..MOST_LOOKS {
        match accept(asked, config, &compared).await? {
            Ok(accepted) => return Ok(accepted),
            Err(Refusal::BadValue { field, .. }) if field == "as_of" => compared = again()?,
            Err(refusal) => anyhow::bail!("not accepted: {refusal}"),
        }
    }
    anyhow::bail!("not accepted: what is compared with changes all the time; try again")
}

/// Sends what is otherwise to the daemon. Its key is made of what it says and since when: sent twice,
/// it is taken once, and the same taken back in between is taken again.
async fn accept(
    asked: &Asked,
    config: &Config,
    compared: &Compared,
) -> anyhow::Result<Result<String, Refusal>> {
    let changes = compared.changes();
    if changes.is_empty() {
        return Ok(Ok("nothing is otherwise; nothing to accept\n".to_owned()));
    }
    let client = Client::new(&config.terminal.socket)?;
    let by = person(&client, asked.by.as_deref().unwrap_or_default()).await?;
    let said = serde_json::to_vec(&(compared.as_of, &changes))?;
    let digest = ring::digest::digest(&ring::digest::SHA256, &said);
    let digits: String =
        digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let events = changes.len();
    let acceptance = Acceptance {
        by,
        reason: asked.reason.clone().unwrap_or_default(),
        map: compared.map.clone(),
        from: compared.from,
        until: compared.until,
        as_of: compared.as_of,
        changes,
    };
    let command = Command::AcceptReplay(Box::new(acceptance));
    let request = Request { key: format!("replay/{digits}"), command, pin: None };
    Ok(match client.replay(&request).await? {
        Answer::Saved(accepted) => {
            Ok(format!("accepted: {events} events are otherwise since fact {}\n", accepted.seq))
        },
        Answer::Refused(refusal) => Err(refusal),
    })
}

async fn person(client: &Client, named: &str) -> anyhow::Result<UserId> {
    let reference = client.snapshot().await?.reference.context("there are no site data yet")?;
    let named = named.trim();
    let mut found = reference
        .people
        .iter()
        .filter(|p| p.name == named || (p.badge == named && !named.is_empty()));
    let person = found.next().with_context(|| format!("nobody here is called {named:?}"))?;
    anyhow::ensure!(found.next().is_none(), "{named:?} are several; say the badge");
    Ok(person.id)
}

fn told(compared: &Compared, in_force: &str) -> String {
    let Compared { map, from, until, readings, gaps, machines, .. } = compared;
    let mut text = format!(
        "map {map} over {readings} readings from {} to {}; in force is {in_force}\n",
        local(*from),
        local(*until)
    );
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    for (from, until) in gaps {
        line(format!(
            "no readings from {} to {}: what was recorded stays",
            local(*from),
            local(*until)
        ));
    }
    for Machine { code, difference, missing, no_value } in machines {
        for Missing { signal, from, until, because } in missing {
            let (from, until) = (local(*from), clock(*until));
            line(format!("{code}: {signal} cannot be derived from {from} to {until}: {because}"));
        }
        for NoValue { signal, times, because } in no_value {
            line(format!("{code}: {times} readings are no value for {signal}: {because}"));
        }
        if !missing.is_empty() {
            line(format!("{code}: what was recorded stays"));
            continue;
        }
        line(format!("{code}: {}", summary(difference)));
        for change in difference.changes.iter().take(MOST_NAMED) {
            line(format!("  {}", said(change)));
        }
        if let Some(more) = difference.changes.len().checked_sub(MOST_NAMED).filter(|n| *n > 0) {
            line(format!("  and {more} more; --json names them"));
        }
        for lost in &difference.not_carried {
            let (label, because) = (&lost.explained.label, &lost.because);
            let (from, until) = (local(lost.from), clock(lost.until));
            line(format!("  \"{label}\" of {from} to {until} is not carried over: {because}"));
        }
    }
    text
}

/// `14 stops become 9, running +6.0 min, good +120`.
fn summary(difference: &Difference) -> String {
    if difference.changes.is_empty() {
        return format!("{} events, all as recorded{}", difference.kept, parts(difference));
    }
    let (before, now) = difference.states.get(&MachineState::Stopped).copied().unwrap_or_default();
    let mut text = format!("{} stops become {}", before.times, now.times);
    for (state, (before, now)) in &difference.states {
        let micros = now.micros - before.micros;
        if micros != 0 {
            #[expect(clippy::cast_precision_loss, reason = "minutes for people")]
            let minutes = micros as f64 / 60e6;
            // Writing to a text cannot fail.
            write!(text, ", {state} {minutes:+.1} min").unwrap_or_default();
        }
    }
    text + &parts(difference)
}

fn parts(difference: &Difference) -> String {
    let changed = difference.parts.iter().map(|(kind, part)| (kind.word(), part.now - part.before));
    let changed = changed.filter(|(_, parts)| *parts != 0);
    changed
        .map(|(kind, parts)| format!(", {kind} {parts:+} (not part of what can be accepted)"))
        .collect()
}

fn said(change: &Change) -> String {
    let stretch = |(state, from, until): (MachineState, Micros, Micros)| {
        format!("{state} {} to {}", local(from), clock(until))
    };
    let now = change.now.as_ref().map(|event| (event.state, event.from, event.until));
    let mut text = match (change.before, now) {
        (Some(before), Some((_, from, until))) => {
            format!("{} becomes {} to {}", stretch(before), clock(from), clock(until))
        },
        (Some(before), None) => format!("{} never was", stretch(before)),
        (None, Some(now)) => format!("{} is new", stretch(now)),
        (None, None) => String::new(),
    };
    if let Some(explained) = &change.explained {
        write!(text, ", explained as \"{}\"", explained.label).unwrap_or_default();
    }
    text
}

fn zoned(at: Micros) -> jiff::Zoned {
    let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::system())
}

fn local(at: Micros) -> String {
    zoned(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn clock(at: Micros) -> String {
    zoned(at).strftime("%H:%M:%S").to_string()
}
