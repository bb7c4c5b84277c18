//! What is held about a person, and how it is forgotten: the name becomes a pseudonym, the texts a
//! person wrote go with the salts of their hashes, and so does what arrives later from a terminal
//! that was away. Facts stay, and every chain still verifies.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use deadpool_postgres::{Object, Transaction};
use kart_core::{
    fact::Fact,
    id::{Origin, SiteId, TerminalId, UserId},
    record::Tenant,
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    cli::say,
    database::{Database, Role, begin, enter, from_bigint},
    project::{self, Writer},
};

mod export;

/// How the name of somebody who was erased begins; the rest is of their key.
pub(crate) const NOBODY: &str = "Person ";
/// Facts looked through at a time.
const PAGE: i64 = 20_000;
/// Facts whose texts are taken out of rows at a time.
const UNTOLD: usize = 500;

/// A person's record: to hand out, or to forget.
#[derive(Subcommand)]
pub(crate) enum PersonCommand {
    /// Print everything that is held about a person, as JSON.
    Export(PersonArgs),
    /// Replace the name by a pseudonym and erase the texts the person wrote, here and at terminals.
    Erase(PersonArgs),
}

/// Who is meant.
#[derive(Args)]
pub(crate) struct PersonArgs {
    #[arg(long)]
    organization: String,
    /// Badge or key.
    #[arg(long)]
    person: String,
}

/// A fact by its log and number.
pub(crate) type Named = (Uuid, String, i64);

/// A fact that is about the person, with the person's own ones marked.
struct Found {
    named: Named,
    line: String,
    is_own: bool,
}

/// Carries a command out.
pub(crate) async fn run(database: &Database, command: PersonCommand) -> anyhow::Result<()> {
    let mut client = database.client().await?;
    match command {
        PersonCommand::Export(asked) => {
            let tx = long(&mut client).await?;
            let person = find(&tx, &asked.organization, &asked.person).await?;
            let record = export::record(&tx, &asked.organization, person).await?;
            say(&serde_json::to_string_pretty(&record)?)
        },
        PersonCommand::Erase(asked) => erase(&mut client, &asked).await,
    }
}

/// Looking through all facts of an organisation takes its time, and so may a push that is waited for.
async fn long(client: &mut Object) -> Result<Transaction<'_>, tokio_postgres::Error> {
    let tx = begin(client, Role::SiteAdmin).await?;
    tx.batch_execute("SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '60s'")
        .await?;
    Ok(tx)
}

/// From the first commit on, pushes erase what they bring; those that began before it are waited
/// for; what they and all others brought goes in the third.
async fn erase(client: &mut Object, asked: &PersonArgs) -> anyhow::Result<()> {
    let organization = &asked.organization;
    let tx = long(client).await?;
    let person = find(&tx, organization, &asked.person).await?;
    tx.execute(
        "INSERT INTO edge.forgotten (organization_id, user_id) VALUES ($1, $2)
         ON CONFLICT DO NOTHING",
        &[organization, &person],
    )
    .await?;
    tx.commit().await?;
    let tx = long(client).await?;
    for site in sites(&tx, organization).await? {
        enter(&tx, organization, site).await?;
        tx.execute("SELECT FROM edge.terminals ORDER BY terminal_id FOR SHARE", &[]).await?;
    }
    tx.commit().await?;
    let tx = long(client).await?;
    let facts = facts(&tx, organization, person).await?;
    let own: Vec<Named> =
        facts.into_iter().filter(|fact| fact.is_own).map(|fact| fact.named).collect();
    let texts = erase_texts(&tx, organization, &own).await?;
    let pseudonym = pseudonymise(&tx, organization, person).await?;
    tx.commit().await?;
    say(&format!("{person} is {pseudonym} from now on; {texts} texts erased"))
}

/// Which of these people the organisation of the transaction has forgotten.
pub(crate) async fn forgotten(
    tx: &Transaction<'_>,
    people: &[Uuid],
) -> Result<BTreeSet<Uuid>, tokio_postgres::Error> {
    let statement = tx
        .prepare_cached(
            "SELECT user_id FROM edge.forgotten
             WHERE organization_id = current_setting('edge.organization') AND user_id = ANY($1)",
        )
        .await?;
    let rows = tx.query(&statement, &[&people]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Who a fact is by, whatever kind of fact it is: also one that this gateway is too old to read.
pub(crate) fn author(line: &[u8]) -> Option<Uuid> {
    #[derive(Deserialize)]
    struct Signed {
        by: Option<UserId>,
    }
    serde_json::from_slice::<Signed>(line).ok()?.by.map(|by| by.0)
}

/// The sites of an organisation.
async fn sites(
    tx: &Transaction<'_>,
    organization: &str,
) -> Result<Vec<Uuid>, tokio_postgres::Error> {
    enter(tx, organization, Uuid::nil()).await?;
    let rows = tx
        .query("SELECT site_id FROM edge.sites WHERE organization_id = $1", &[&organization])
        .await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

async fn find(tx: &Transaction<'_>, organization: &str, person: &str) -> anyhow::Result<Uuid> {
    let mut found = BTreeSet::new();
    for site in sites(tx, organization).await? {
        enter(tx, organization, site).await?;
        let rows = tx
            .query(
                "SELECT user_id FROM edge.people WHERE badge = $1 OR user_id::text = lower($1)",
                &[&person],
            )
            .await?;
        for row in &rows {
            found.insert(row.try_get::<_, Uuid>(0)?);
        }
    }
    let user = tx.query_opt("SELECT id FROM users WHERE id::text = lower($1)", &[&person]).await?;
    found.extend(user.map(|row| row.try_get::<_, Uuid>(0)).transpose()?);
    let first = found.pop_first();
    anyhow::ensure!(found.is_empty(), "more than one person has the badge {person}; name the key");
    first.with_context(|| format!("nobody of {organization} has the badge or key {person}"))
}

/// The person's key, and what terminals call somebody who was there before them.
async fn keys(
    tx: &Transaction<'_>,
    organization: &str,
    person: Uuid,
) -> Result<BTreeSet<Uuid>, tokio_postgres::Error> {
    let mut keys = BTreeSet::from([person]);
    for site in sites(tx, organization).await? {
        enter(tx, organization, site).await?;
        let named = "SELECT name FROM edge.reference_names WHERE id = $1";
        for row in tx.query(named, &[&person]).await? {
            keys.insert(row.try_get(0)?);
        }
    }
    Ok(keys)
}

/// The facts of the organisation that name the person.
async fn facts(
    tx: &Transaction<'_>,
    organization: &str,
    person: Uuid,
) -> anyhow::Result<Vec<Found>> {
    let keys = keys(tx, organization, person).await?;
    let words: Vec<String> = keys.iter().map(Uuid::to_string).collect();
    enter(tx, organization, Uuid::nil()).await?;
    let logs = tx
        .query(
            "SELECT terminal_id FROM edge.terminals WHERE organization_id = $1",
            &[&organization],
        )
        .await?;
    let mut found = Vec::new();
    for log in &logs {
        let terminal: Uuid = log.try_get(0)?;
        let mut after = (String::new(), 0_i64);
        loop {
            // The page is cut before it is searched, so that each statement is short.
            let rows = tx
                .query(
                    "SELECT incarnation, seq,
                            CASE WHEN EXISTS (SELECT FROM unnest($5::text[]) k
                                     WHERE position(convert_to(k, 'UTF8') in line) > 0)
                                 THEN convert_from(line, 'UTF8') END
                     FROM (SELECT incarnation, seq, line FROM edge.inbox
                           WHERE organization_id = $1 AND terminal_id = $2
                             AND (incarnation, seq) > ($3, $4)
                           ORDER BY incarnation, seq LIMIT $6) page
                     ORDER BY incarnation, seq",
                    &[&organization, &terminal, &after.0, &after.1, &words, &PAGE],
                )
                .await?;
            let Some(last) = rows.last() else { break };
            after = (last.try_get(0)?, last.try_get(1)?);
            for row in &rows {
                let Some(line) = row.try_get::<_, Option<String>>(2)? else { continue };
                let is_own = author(line.as_bytes()).is_some_and(|by| keys.contains(&by));
                let named = (terminal, row.try_get(0)?, row.try_get(1)?);
                found.push(Found { named, line, is_own });
            }
        }
    }
    Ok(found)
}

/// Erases the texts beside these facts, with their salts, and tells their terminals to do the same.
/// Answers how many there were.
pub(crate) async fn erase_texts(
    tx: &Transaction<'_>,
    organization: &str,
    facts: &[Named],
) -> Result<u64, tokio_postgres::Error> {
    let mut erased = 0;
    for site in sites(tx, organization).await? {
        enter(tx, organization, site).await?;
        let terminals: Vec<Uuid> = facts.iter().map(|fact| fact.0).collect();
        let incarnations: Vec<&str> = facts.iter().map(|fact| fact.1.as_str()).collect();
        let seqs: Vec<i64> = facts.iter().map(|fact| fact.2).collect();
        erased += tx
            .execute(
                "WITH meant AS (
                     SELECT DISTINCT m.* FROM unnest($2::uuid[], $3::text[], $4::bigint[])
                         AS m(terminal_id, incarnation, seq)
                     JOIN edge.terminals t ON t.terminal_id = m.terminal_id AND t.site_id = $5),
                 erased AS (
                     UPDATE edge.fact_texts x SET text = NULL, salt = NULL, erased_at = now()
                     FROM meant m
                     WHERE x.organization_id = $1 AND x.text IS NOT NULL
                       AND (x.terminal_id, x.incarnation, x.seq)
                           = (m.terminal_id, m.incarnation, m.seq)
                     RETURNING x.terminal_id, x.incarnation, x.seq, x.field),
                 corrections AS (
                     UPDATE edge.corrections c SET reason = NULL, updated_at = now()
                     FROM erased e
                     WHERE c.organization_id = $1
                       AND (c.writer_id, c.incarnation, c.seq)
                           = (e.terminal_id, e.incarnation, e.seq))
                 INSERT INTO edge.erasures
                     (organization_id, site_id, terminal_id, incarnation, seq, field)
                 SELECT $1, $5, e.terminal_id, e.incarnation, e.seq, e.field FROM erased e
                 ON CONFLICT DO NOTHING",
                &[&organization, &terminals, &incarnations, &seqs, &site],
            )
            .await?;
        untell(tx, organization, site, facts).await?;
    }
    Ok(erased)
}

/// Takes texts that are gone out of the rows that told them. Rows are the gateway's to write, whoever
/// has erased the texts.
async fn untell(
    tx: &Transaction<'_>,
    organization: &str,
    site: Uuid,
    facts: &[Named],
) -> Result<(), tokio_postgres::Error> {
    let lines = "SELECT i.terminal_id, i.incarnation, i.line
                 FROM unnest($2::uuid[], $3::text[], $4::bigint[])
                     AS m(terminal_id, incarnation, seq)
                 JOIN edge.inbox i USING (terminal_id, incarnation, seq)
                 JOIN edge.terminals t USING (terminal_id)
                 WHERE i.organization_id = $1 AND t.organization_id = $1 AND t.site_id = $5
                 ORDER BY 1, 2, i.seq";
    let role: String = tx.query_one("SELECT current_user::text", &[]).await?.try_get(0)?;
    tx.batch_execute("SET LOCAL ROLE kart_gateway").await?;
    for page in facts.chunks(UNTOLD) {
        let terminals: Vec<Uuid> = page.iter().map(|fact| fact.0).collect();
        let lives: Vec<&str> = page.iter().map(|fact| fact.1.as_str()).collect();
        let seqs: Vec<i64> = page.iter().map(|fact| fact.2).collect();
        let mut logs: BTreeMap<(Uuid, String), Vec<Fact>> = BTreeMap::new();
        for row in tx.query(lines, &[&organization, &terminals, &lives, &seqs, &site]).await? {
            // One that this gateway cannot read has become no rows.
            let Ok(fact) = Fact::parse(row.try_get(2)?) else { continue };
            logs.entry((row.try_get(0)?, row.try_get(1)?)).or_default().push(fact);
        }
        for ((terminal, life), facts) in logs {
            // The schema keeps the form.
            let Ok(incarnation) = life.parse() else { continue };
            let origin = Origin { terminal: TerminalId(terminal), incarnation };
            let tenant = Tenant { organization: organization.to_owned(), site: SiteId(site) };
            project::again(tx, &Writer { origin, tenant }, &facts).await?;
        }
    }
    tx.batch_execute(&format!("SET LOCAL ROLE {role}")).await
}

/// Takes name, account, badge and PIN away. What remains is a key that nobody's name belongs to.
pub(crate) async fn pseudonymise(
    tx: &Transaction<'_>,
    organization: &str,
    person: Uuid,
) -> Result<String, tokio_postgres::Error> {
    let key = person.simple().to_string();
    let pseudonym = format!("{NOBODY}{}", key.get(..8).unwrap_or(&key));
    for site in sites(tx, organization).await? {
        enter(tx, organization, site).await?;
        // The site as one document holds names too; it is made anew when it is next applied.
        tx.execute(
            "UPDATE edge.sites SET snapshot = NULL WHERE organization_id = $1 AND site_id = $2",
            &[&organization, &site],
        )
        .await?;
        tx.execute(
            "UPDATE edge.people
             SET badge = NULL, pin_hash = NULL, number = NULL, filed = NULL, is_active = false,
                 updated_at = now()
             WHERE organization_id = $1 AND user_id = $2",
            &[&organization, &person],
        )
        .await?;
    }
    tx.execute(
        "UPDATE users
         SET display_name = $3, email = NULL, auth0_id = NULL, is_active = false,
             updated_at = now()
         WHERE organization_id = $1 AND id = $2",
        &[&organization, &person, &pseudonym],
    )
    .await?;
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, 'kart-hq person', 'person erased', $2)",
        &[&organization, &json!({ "user_id": person })],
    )
    .await?;
    Ok(pseudonym)
}

/// A number of the log for people.
fn number(seq: i64) -> u64 {
    from_bigint(seq)
}
