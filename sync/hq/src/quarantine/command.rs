//! What a person does about facts that wait: looks at them, tries them again, or closes one that
//! nothing will ever apply.

use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use deadpool_postgres::Transaction;
use kart_core::fact::Fact;
use uuid::Uuid;

use super::{Retried, retry_site};
use crate::{
    auth::Terminal,
    cli::{SiteArgs, say},
    database::{Database, Role, begin, to_bigint},
    people::person,
    project::Writer,
    reason::{self, Fate},
    site::Place,
};

/// Above this share of a terminal's facts something is wrong with more than single facts.
const ALARM_PERCENT: i64 = 1;
/// A new terminal has few facts; one of them is no alarm.
const FEW: i64 = 100;

/// Whether too large a share of a terminal's facts waits.
pub(crate) fn is_alarming(waiting: i64, facts: i64) -> bool {
    facts >= FEW && waiting.saturating_mul(100) > facts.saturating_mul(ALARM_PERCENT)
}

/// Facts that are stored and could not be applied yet.
#[derive(Subcommand)]
pub(crate) enum QuarantineCommand {
    /// One line a fact: terminal, number, why, attempts, since when, details.
    List(SiteArgs),
    /// One fact: its line, why it waits and what for.
    Show(FactArgs),
    /// Try all of them again.
    Retry(SiteArgs),
    /// Close one that nothing will ever apply, or decide for all that name a reason whose row is gone. The
    /// facts themselves stay where they are.
    Resolve {
        #[command(flatten)]
        site: SiteArgs,
        /// Code of the terminal at the site.
        #[arg(long, required_unless_present = "reason")]
        terminal: Option<String>,
        /// Number of the fact.
        #[arg(long, required_unless_present = "reason")]
        seq: Option<u64>,
        /// Life of the log, where the terminal has had more than one.
        #[arg(long)]
        incarnation: Option<String>,
        /// Key of the reason of stops that all of them name.
        #[arg(long, conflicts_with_all = ["terminal", "seq", "incarnation"])]
        reason: Option<Uuid>,
        /// What was done about it.
        #[arg(long = "as")]
        outcome: Outcome,
        /// The reason that it counts as: code, `Group/code` or key.
        #[arg(long, required_if_eq("outcome", "re-map"))]
        to: Option<String>,
        /// Badge or key of the person who decides.
        #[arg(long)]
        by: String,
        /// Why, for whoever reads the audit.
        #[arg(long)]
        note: Option<String>,
    },
}

/// One fact at a site.
#[derive(Args)]
pub(crate) struct FactArgs {
    #[command(flatten)]
    site: SiteArgs,
    /// Code of the terminal at the site.
    #[arg(long)]
    terminal: String,
    /// Number of the fact.
    #[arg(long)]
    seq: u64,
    /// Life of the log, where the terminal has had more than one.
    #[arg(long)]
    incarnation: Option<String>,
}

/// How a fact that waits is closed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Outcome {
    /// A person has written what it says into the tables.
    AppliedByHand,
    /// It is not true, or nobody needs it.
    NeverToBeApplied,
    /// Of a reason: it is there again, out of use, by the name that people read.
    Keep,
    /// Of a reason: it counts as another one.
    ReMap,
}

impl Outcome {
    /// What stands in the row of a fact that was closed.
    pub(crate) const WORDS: [&str; 2] =
        [Self::AppliedByHand.words(), Self::NeverToBeApplied.words()];

    const fn words(self) -> &'static str {
        match self {
            Self::AppliedByHand => "applied by hand",
            Self::NeverToBeApplied => "never to be applied",
            Self::Keep => "kept",
            Self::ReMap => "re-mapped",
        }
    }
}

/// Carries a command out.
pub(crate) async fn run(database: &Database, command: QuarantineCommand) -> anyhow::Result<()> {
    match command {
        QuarantineCommand::List(site) => {
            super::list(database, &site.place()).await?.iter().try_for_each(|line| say(line))
        },
        QuarantineCommand::Retry(site) => {
            let Retried { applied, waiting } = retry_site(database, &site.place(), true).await?;
            say(&format!("{applied} facts applied, {waiting} still wait"))
        },
        QuarantineCommand::Show(fact) => {
            show(database, &fact).await?.iter().try_for_each(|line| say(line))
        },
        QuarantineCommand::Resolve {
            site,
            terminal,
            seq,
            incarnation,
            reason,
            outcome,
            to,
            by,
            note,
        } => {
            let said = (by.as_str(), note.as_deref());
            if let Some(reason) = reason {
                return decide(database, &site, (reason, outcome, to.as_deref()), said).await;
            }
            let (terminal, seq) = terminal.zip(seq).context("say which fact")?;
            let fact = FactArgs { site, terminal, seq, incarnation };
            resolve(database, &fact, outcome, said).await?;
            say(&format!("fact {} of {} is closed: {}", fact.seq, fact.terminal, outcome.words()))
        },
    }
}

/// One decision for all facts that wait for a reason.
async fn decide(
    database: &Database,
    site: &SiteArgs,
    (reason, outcome, to): (Uuid, Outcome, Option<&str>),
    said: (&str, Option<&str>),
) -> anyhow::Result<()> {
    let fate = match (outcome, to) {
        (Outcome::Keep, None) => Fate::Keep,
        (Outcome::ReMap, Some(other)) => Fate::CountsAs(other),
        _ => anyhow::bail!("a reason is kept, or re-mapped --to another one"),
    };
    let Retried { applied, waiting } =
        reason::decide(database, &site.place(), (reason, fate), said).await?;
    let words = outcome.words();
    say(&format!("reason {reason} is {words}: {applied} facts applied, {waiting} still wait"))
}

/// A fact that waits.
struct Waiting {
    terminal: Terminal,
    line: Vec<u8>,
    code: String,
    detail: String,
}

async fn find(
    tx: &Transaction<'_>,
    place: &Place<'_>,
    asked: &FactArgs,
) -> anyhow::Result<Waiting> {
    let mut rows = tx
        .query(
            "SELECT q.terminal_id, q.incarnation, i.line, q.code, coalesce(q.detail, '')
             FROM edge.quarantine q
             JOIN edge.inbox i USING (organization_id, terminal_id, incarnation, seq)
             JOIN edge.terminals t USING (organization_id, terminal_id)
             WHERE q.resolved_at IS NULL AND t.site_id = $1 AND t.code = $2 AND q.seq = $3
               AND ($4::text IS NULL OR q.incarnation = $4)",
            &[&place.id(), &asked.terminal, &to_bigint(asked.seq), &asked.incarnation],
        )
        .await?;
    let row = rows.pop().with_context(|| {
        format!("no fact {} of terminal {} waits at {}", asked.seq, asked.terminal, place.code)
    })?;
    anyhow::ensure!(rows.is_empty(), "several logs have such a fact; name one with --incarnation");
    let terminal = Terminal {
        organization: place.organization.to_owned(),
        site: place.id(),
        id: row.try_get(0)?,
        incarnation: row.try_get(1)?,
    };
    Ok(Waiting { terminal, line: row.try_get(2)?, code: row.try_get(3)?, detail: row.try_get(4)? })
}

async fn show(database: &Database, asked: &FactArgs) -> anyhow::Result<Vec<String>> {
    let place = asked.site.place();
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    place.require(&tx).await?;
    let waiting = find(&tx, &place, asked).await?;
    let Waiting { terminal, line, code, detail } = &waiting;
    let mut lines = vec![
        format!("line\t{}", String::from_utf8_lossy(line)),
        format!("log\t{}", terminal.incarnation),
        format!("reason\t{code}: {detail}"),
    ];
    if let Ok(fact) = Fact::parse(line) {
        lines.extend(awaited(&tx, &waiting, &fact).await?);
    }
    Ok(lines)
}

/// The facts that open the records of this one and wait themselves; or the row that is missing.
async fn awaited(
    tx: &Transaction<'_>,
    waiting: &Waiting,
    fact: &Fact,
) -> anyhow::Result<Vec<String>> {
    let terminal = &waiting.terminal;
    let writer = Writer::of(terminal).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    let records: Vec<Uuid> = writer.records(fact);
    let rows = tx
        .query(
            "SELECT t.code, q.seq, q.code, coalesce(q.detail, '') FROM edge.quarantine q
             JOIN edge.terminals t USING (organization_id, terminal_id)
             WHERE q.resolved_at IS NULL AND q.record_ids && $1
               AND (q.terminal_id, q.incarnation, q.seq) <> ($2, $3::text, $4)
             ORDER BY q.created_at, q.seq",
            &[&records, &terminal.id, &terminal.incarnation, &to_bigint(fact.seq)],
        )
        .await?;
    if rows.is_empty() && waiting.code == "unresolved_ref" {
        return Ok(vec![format!("waits\tfor the row it names: {}", waiting.detail)]);
    }
    rows.iter()
        .map(|row| {
            let (code, seq): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            let (why, detail): (String, String) = (row.try_get(2)?, row.try_get(3)?);
            Ok(format!("waits\tfor fact {seq} of {code}, which waits too: {why}: {detail}"))
        })
        .collect()
}

async fn resolve(
    database: &Database,
    asked: &FactArgs,
    outcome: Outcome,
    (by, note): (&str, Option<&str>),
) -> anyhow::Result<()> {
    let closes = matches!(outcome, Outcome::AppliedByHand | Outcome::NeverToBeApplied);
    anyhow::ensure!(closes, "that is decided for a --reason");
    let place = asked.site.place();
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    place.require(&tx).await?;
    let (person, _) = person(&tx, &place, by).await?;
    let Waiting { terminal, code, .. } = find(&tx, &place, asked).await?;
    tx.execute(
        "UPDATE edge.quarantine SET resolved_at = now(), detail = $5
         WHERE organization_id = $1 AND terminal_id = $2 AND incarnation = $3 AND seq = $4",
        &[
            &terminal.organization,
            &terminal.id,
            &terminal.incarnation,
            &to_bigint(asked.seq),
            &outcome.words(),
        ],
    )
    .await?;
    let detail = serde_json::json!({
        "terminal_id": terminal.id, "incarnation": terminal.incarnation, "seq": asked.seq,
        "code": code, "outcome": outcome.words(), "note": note,
    });
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, $2, 'quarantine resolved', $3)",
        &[&terminal.organization, &format!("user {person}"), &detail],
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Terminals of which too large a share of the facts waits: code, how many wait, of how many.
pub(crate) async fn alarming(
    tx: &Transaction<'_>,
) -> Result<BTreeMap<String, (i64, i64)>, tokio_postgres::Error> {
    let statement = tx
        .prepare_cached(
            "SELECT t.code, count(*), t.watermark FROM edge.quarantine q
             JOIN edge.terminals t USING (organization_id, terminal_id, incarnation)
             WHERE q.resolved_at IS NULL
               -- The worker sees every organisation.
               AND q.organization_id = current_setting('edge.organization')
               AND t.site_id = current_setting('edge.site')::uuid
             GROUP BY t.code, t.watermark",
        )
        .await?;
    let mut alarming = BTreeMap::new();
    for row in tx.query(&statement, &[]).await? {
        let (waiting, facts) = (row.try_get(1)?, row.try_get(2)?);
        if is_alarming(waiting, facts) {
            alarming.insert(row.try_get(0)?, (waiting, facts));
        }
    }
    Ok(alarming)
}
