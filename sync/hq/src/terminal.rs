//! What a person does to enrolled terminals, and what headquarters knows of them.

use anyhow::Context as _;
use clap::Subcommand;
use deadpool_postgres::Transaction;
use serde_json::{Value, json};
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::{
    cli::{SiteArgs, say},
    database::{Database, Role, begin},
    enroll,
    quarantine::command::is_alarming,
    site::Place,
};

/// How the column of facts that wait is called.
const WAITING: &str = "waiting facts";

/// Enrolled terminals.
#[derive(Subcommand)]
pub(crate) enum TerminalCommand {
    /// As `kart-hq terminals`.
    List(SiteArgs),
    /// Lock a terminal out, from its next request on. What it has sent stays.
    Revoke {
        #[command(flatten)]
        site: SiteArgs,
        /// Code of the terminal at the site.
        #[arg(long)]
        terminal: String,
    },
    /// Print a one-time code with which another device takes over: open batches, people clocked in
    /// and counters come with it. The old device is locked out when the code is redeemed.
    Adopt {
        #[command(flatten)]
        site: SiteArgs,
        /// Code of the terminal at the site.
        #[arg(long)]
        terminal: String,
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=43_200))]
        valid_minutes: u32,
    },
    /// Set the key of a terminal an end. `kartd rotate-key` there replaces it; for 30 days after
    /// the end the old key is good for nothing but that.
    RotateKey {
        #[command(flatten)]
        site: SiteArgs,
        /// Code of the terminal at the site.
        #[arg(long)]
        terminal: String,
        /// The key ends in so many days; 0 ends it now.
        #[arg(long, default_value_t = 30)]
        within_days: u32,
    },
}

/// Runs one of the commands.
pub(crate) async fn run(database: &Database, command: TerminalCommand) -> anyhow::Result<()> {
    match command {
        TerminalCommand::List(site) => list(database, &site.place()).await,
        TerminalCommand::Revoke { site, terminal } => {
            let id = revoke(database, &site.place(), &terminal).await?;
            say(&format!("terminal {terminal} ({id}) is revoked"))
        },
        TerminalCommand::Adopt { site, terminal, valid_minutes } => {
            say(&adopt(database, &site.place(), &terminal, valid_minutes).await?)
        },
        TerminalCommand::RotateKey { site, terminal, within_days } => {
            let until = limit_key(database, &site.place(), &terminal, within_days).await?;
            say(&format!("the key of terminal {terminal} ends at {until}"))
        },
    }
}

/// One line a terminal, fields parted by tabs, with a line that names them first.
pub(crate) async fn list(database: &Database, site: &Place<'_>) -> anyhow::Result<()> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    site.enter(&tx).await?;
    site.require(&tx).await?;
    let rows = tx
        .query(
            "SELECT t.code, t.status, coalesce(t.last_seen_at::text, 'never'),
                    coalesce((s.status ->> 'backlog')::bigint,
                             greatest(t.last_seq - t.watermark, 0))::text,
                    t.version, round(t.clock_off_us / 1e6, 1)::text, t.incarnation, t.address,
                    (SELECT count(*) FROM edge.copies c
                     WHERE c.organization_id = t.organization_id
                       AND c.terminal_id = t.terminal_id AND c.nonce <> t.nonce
                       AND c.last_seen_at > now() - interval '1 day')::text,
                    w.waiting || ' since ' || date_trunc('second', w.since) || ': ' || w.code,
                    s.status -> 'machines' ->> 'refused',
                    s.status -> 'machines' ->> 'room', t.terminal_id::text,
                    w.waiting, t.watermark
             FROM edge.terminals t
             LEFT JOIN edge.terminal_status s USING (organization_id, terminal_id)
             LEFT JOIN LATERAL (
                 SELECT count(*) AS waiting, min(q.created_at) AS since,
                        (array_agg(q.code ORDER BY q.created_at, q.seq))[1] AS code
                 FROM edge.quarantine q
                 WHERE q.resolved_at IS NULL AND q.organization_id = t.organization_id
                   AND q.terminal_id = t.terminal_id AND q.incarnation = t.incarnation) w ON true
             WHERE t.organization_id = $1 AND t.site_id = $2
             ORDER BY t.code, t.status <> 'active', t.enrolled_at DESC",
            &[&site.organization, &site.id()],
        )
        .await?;
    let names = [
        "code",
        "status",
        "last seen",
        "backlog",
        "version",
        "clock off, s",
        "incarnation",
        "address",
        "copies",
        WAITING,
        "refused site data",
        "room on disk",
        "id",
    ];
    say(&names.join("\t"))?;
    for row in &rows {
        let alarms = is_alarming(row.try_get(names.len())?, row.try_get(names.len() + 1)?);
        let mut fields = Vec::new();
        for (column, name) in names.iter().enumerate() {
            let told: Option<String> = row.try_get(column)?;
            let alarm = if *name == WAITING && alarms { "ALARM " } else { "" };
            fields.push(format!("{alarm}{}", told.as_deref().unwrap_or("-")));
        }
        say(&fields.join("\t"))?;
    }
    Ok(())
}

/// Locks a terminal out, from its next request on. What it has sent stays.
async fn revoke(
    database: &Database,
    site: &Place<'_>,
    terminal_code: &str,
) -> anyhow::Result<Uuid> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    site.enter(&tx).await?;
    let revoked = tx
        .query_opt(
            "UPDATE edge.terminals SET status = 'revoked', revoked_at = now(), updated_at = now()
             WHERE organization_id = $1 AND site_id = $2 AND code = $3 AND status = 'active'
             RETURNING terminal_id",
            &[&site.organization, &site.id(), &terminal_code],
        )
        .await?;
    let Some(revoked) = revoked else {
        anyhow::bail!("the site {} has no active terminal {terminal_code}", site.code);
    };
    let terminal: Uuid = revoked.try_get(0)?;
    let detail = json!({ "terminal_id": terminal, "terminal_code": terminal_code });
    audit(&tx, site, "revoked", &detail).await?;
    tx.commit().await?;
    Ok(terminal)
}

/// A code for the device that takes over from the newest terminal of this code, whatever became
/// of that one.
async fn adopt(
    database: &Database,
    site: &Place<'_>,
    terminal_code: &str,
    valid_minutes: u32,
) -> anyhow::Result<String> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    site.enter(&tx).await?;
    let replaced = tx
        .query_opt(
            "SELECT terminal_id FROM edge.terminals
             WHERE organization_id = $1 AND site_id = $2 AND code = $3
             ORDER BY status = 'active' DESC, enrolled_at DESC LIMIT 1",
            &[&site.organization, &site.id(), &terminal_code],
        )
        .await?
        .with_context(|| format!("the site {} has no terminal {terminal_code}", site.code))?;
    let replaced: Uuid = replaced.try_get(0)?;
    let code = enroll::store_code(&tx, site, terminal_code, valid_minutes, Some(replaced)).await?;
    let detail = json!({ "terminal_id": replaced, "terminal_code": terminal_code });
    audit(&tx, site, "take-over code issued", &detail).await?;
    tx.commit().await?;
    Ok(code)
}

async fn limit_key(
    database: &Database,
    site: &Place<'_>,
    terminal_code: &str,
    within_days: u32,
) -> anyhow::Result<String> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    site.enter(&tx).await?;
    let days = i32::try_from(within_days).context("--within-days is too large")?;
    let row = tx
        .query_opt(
            "UPDATE edge.terminals SET key_valid_until = now() + make_interval(days => $4),
                 updated_at = now()
             WHERE organization_id = $1 AND site_id = $2 AND code = $3 AND status = 'active'
             RETURNING key_valid_until::text, terminal_id",
            &[&site.organization, &site.id(), &terminal_code, &days],
        )
        .await?;
    let Some(row) = row else {
        anyhow::bail!("the site {} has no active terminal {terminal_code}", site.code);
    };
    let (until, terminal): (String, Uuid) = (row.try_get(0)?, row.try_get(1)?);
    let detail = json!({ "terminal_id": terminal, "terminal_code": terminal_code, "until": until });
    audit(&tx, site, "key limited", &detail).await?;
    tx.commit().await?;
    Ok(until)
}

async fn audit(
    tx: &Transaction<'_>,
    site: &Place<'_>,
    action: &str,
    detail: &Value,
) -> Result<(), tokio_postgres::Error> {
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, 'kart-hq terminal', $2, $3)",
        &[&site.organization, &action, &Json(detail)],
    )
    .await?;
    Ok(())
}
