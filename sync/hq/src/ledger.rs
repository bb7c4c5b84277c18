//! The minute ledger at headquarters: what cannot all be right at a site, over any time. The rows of all
//! terminals are read here; what contradicts is said by the library that terminals use as well.

use anyhow::Context as _;
use clap::Args;
use deadpool_postgres::Transaction;
use jiff::{Timestamp, tz::TimeZone};
use kart_core::{
    id::{EquipmentId, RecordId, StationId, UserId},
    kpi::{self, Reasons, Span},
    ledger::{Entry, LaborRow, Rows, TimeRow, entries},
    reference::Reference,
    time::Micros,
};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use crate::{
    cli::{SiteArgs, say, say_plain},
    clock::now_us,
    database::{Database, begin_snapshot},
    figures::{instant, local, rows},
    site::{self, Place},
};

const LABOR: &str = "SELECT id, user_id, station_id, entry_type::text, start_ts, end_ts
    FROM ops_labor_entries
    WHERE start_ts < $2 AND coalesce(end_ts, 'infinity') > $1
    ORDER BY start_ts, id";

const TIMES: &str =
    "SELECT e.id, coalesce(d.batch_number, ''), coalesce(t.equipment_id, e.equipment_id),
        t.user_id, t.start_ts, t.end_ts
    FROM oee_batch_time_entries t JOIN oee_batch_details d ON d.id = t.batch_id
    JOIN oee_machine_events e ON e.id = d.event_id
    WHERE NOT e.is_archived AND t.start_ts < $2 AND coalesce(t.end_ts, 'infinity') > $1
    ORDER BY t.start_ts, t.id";

/// What is asked.
#[derive(Args)]
pub(crate) struct LedgerArgs {
    #[command(flatten)]
    site: SiteArgs,
    /// From when: 2026-06-01, 2026-06-01T06:00 at the site, or with an offset.
    #[arg(long)]
    from: String,
    /// Until when; without it, until now.
    #[arg(long)]
    to: Option<String>,
    /// As one JSON document.
    #[arg(long)]
    json: bool,
}

/// Reads and prints.
pub(crate) async fn run(database: &Database, args: &LedgerArgs) -> anyhow::Result<()> {
    let place = args.site.place();
    let reference = site::read(database, &place).await?;
    let zone = TimeZone::get(&reference.site.time_zone)
        .with_context(|| format!("the time zone {} is not known", reference.site.time_zone))?;
    let now = Micros(now_us());
    let until = args.to.as_deref().map_or(Ok(now), |text| instant(text, &zone))?;
    let span = Span { from: instant(&args.from, &zone)?, until: until.min(now) };
    if let Some(why) = span.refused() {
        anyhow::bail!(why);
    }
    let window = kpi::asked(&reference, span, now, Reasons::Recorded);
    let ids: Vec<EquipmentId> = reference.machines.iter().map(|machine| machine.id).collect();
    let machines = rows::read(database, &place, &ids, &window).await?.machines(&reference, &ids);
    let told = entries(&read(database, &place, span).await?, &machines, &reference, span);
    if args.json {
        return say(&serde_json::to_string_pretty(&told)?);
    }
    say(&["what", "from", "until", "machine", "stations", "people", "batches"].join("\t"))?;
    for entry in &told {
        say_plain(&line(entry, &reference, &zone))?;
    }
    Ok(())
}

/// Who was clocked in where, and who and which machine was on which batch.
async fn read(database: &Database, place: &Place<'_>, span: Span) -> anyhow::Result<Rows> {
    let from = Timestamp::from_microsecond(span.from.0)?;
    let until = Timestamp::from_microsecond(span.until.0)?;
    let mut client = database.client().await?;
    let tx = begin_snapshot(&mut client).await?;
    place.enter(&tx).await?;
    let asked: [&(dyn ToSql + Sync); 2] = [&from, &until];
    Ok(Rows {
        labor: each(&tx, LABOR, &asked, labor).await?,
        times: each(&tx, TIMES, &asked, time).await?,
    })
}

async fn each<T>(
    tx: &Transaction<'_>,
    select: &str,
    asked: &[&(dyn ToSql + Sync)],
    of: impl Fn(&Row) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    tx.query(select, asked).await?.iter().map(of).collect()
}

fn labor(row: &Row) -> anyhow::Result<LaborRow> {
    Ok(LaborRow {
        record: RecordId(row.try_get(0)?),
        user: UserId(row.try_get(1)?),
        station: row.try_get::<_, Option<Uuid>>(2)?.map(StationId),
        entry_type: row.try_get(3)?,
        from: at(row.try_get(4)?),
        until: row.try_get::<_, Option<Timestamp>>(5)?.map(at),
    })
}

fn time(row: &Row) -> anyhow::Result<TimeRow> {
    Ok(TimeRow {
        batch: RecordId(row.try_get(0)?),
        number: row.try_get(1)?,
        equipment: EquipmentId(row.try_get(2)?),
        user: row.try_get::<_, Option<Uuid>>(3)?.map(UserId),
        from: at(row.try_get(4)?),
        until: row.try_get::<_, Option<Timestamp>>(5)?.map(at),
    })
}

fn at(at: Timestamp) -> Micros {
    Micros(at.as_microsecond())
}

/// Kind, from, until, machine, stations, people, batches.
fn line(entry: &Entry, reference: &Reference, zone: &TimeZone) -> String {
    let until = match entry.goes_on {
        true => "goes on".to_owned(),
        false => local(entry.until, zone),
    };
    let machine = entry.equipment.and_then(|id| reference.machine(id));
    let machine = machine.map_or("-", |machine| machine.code.as_str());
    let station = |id: &StationId| reference.station(*id).map(|station| station.code.clone());
    let person = |id: &UserId| {
        let known = reference.person(*id).map(|person| person.name.clone());
        known.unwrap_or_else(|| id.to_string())
    };
    let all = |names: Vec<String>| if names.is_empty() { "-".to_owned() } else { names.join(", ") };
    [
        entry.kind.word().to_owned(),
        local(entry.from, zone),
        until,
        machine.to_owned(),
        all(entry.stations.iter().filter_map(station).collect()),
        all(entry.users.iter().map(person).collect()),
        all(entry.batches.clone()),
    ]
    .join("\t")
}
