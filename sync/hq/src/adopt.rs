//! `kart-hq adopt`: stands beside an existing Kartorium database instead of building one.
//!
//! First everything that is missing is named, all of it at once. Then schema edge, its triggers and
//! the roles are added, in one transaction. Row-level security of the public tables stays as it is
//! unless somebody asks for ours; without it, our roles reach those tables through views in schema
//! edge only. What is there is never altered, renamed or moved.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use tokio_postgres::{Client, Transaction};

use crate::{
    database::Database,
    migrate::{self, Migration},
};

mod needs;
mod views;

/// How to adopt.
#[derive(Args)]
pub(crate) struct AdoptArgs {
    /// Name what is missing and change nothing.
    #[arg(long)]
    check: bool,
    /// Only as far as this version, for a gateway that is older.
    #[arg(long, hide = true)]
    up_to: Option<i32>,
    /// Put our row-level security on the public tables, for everybody who uses them.
    #[arg(long)]
    rls: bool,
    /// Also make this login, which may do what the gateway needs and nothing else.
    #[arg(long)]
    gateway_login: Option<String>,
    /// File with the password of that login.
    #[arg(long, requires = "gateway_login")]
    gateway_password_file: Option<PathBuf>,
}

/// The tables themselves: an adopted database has them.
const TABLES: std::ops::RangeInclusive<i32> = 1..=5;
/// Grants on them, and whose rows.
const ROW_LEVEL_SECURITY: i32 = 9;
/// Where the grants of that file end.
const GRANTS_END: &str = "-- Whose rows";

/// Which migrations were run here; the names of the columns are those of the table in a database
/// of our own.
const HISTORY: &str = "CREATE TABLE IF NOT EXISTS edge.refinery_schema_history (
    version int4 PRIMARY KEY, name varchar(255), applied_on varchar(255), checksum varchar(255));
    COMMENT ON TABLE edge.refinery_schema_history IS 'which migrations this adopted database has'";

/// What must be the same before and after: that no table of theirs has another row-level security,
/// no column, and no function has come.
const THEIRS: &str = "
    SELECT coalesce(string_agg(theirs, E'\\n' ORDER BY theirs), '') FROM (
        SELECT format('table %s %s %s', c.relname, c.relrowsecurity, c.relforcerowsecurity) AS theirs
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        UNION ALL
        SELECT format('column %s.%s %s', c.relname, a.attname, a.atttypid::regtype)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        UNION ALL
        SELECT format('constraint %s.%s %s', c.relname, k.conname, k.contype)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE k.connamespace = 'public'::regnamespace
        UNION ALL
        SELECT format('function %s(%s) %s', p.proname, p.proargtypes, md5(p.prosrc))
        FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    ) everything";

/// The indexes and policies of their tables.
const INDEXES: &str = "
    SELECT coalesce(array_agg(oid), '{}') FROM (
        SELECT c.oid FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'i'
        UNION ALL
        SELECT p.oid FROM pg_policy p) known";

/// Ours would make their writes slower, and would bind whoever turns row-level security on.
const NEW_INDEXES: &str = "
    SELECT format('DROP INDEX public.%I', c.relname) FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'i' AND c.oid <> ALL($1)
    UNION ALL
    SELECT format('DROP POLICY %I ON public.%I', p.polname, c.relname)
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    WHERE c.relnamespace = 'public'::regnamespace AND p.oid <> ALL($1)";

/// Checks, and adopts unless something is missing. Says what was done.
pub(crate) async fn run(database: &Database, args: &AdoptArgs) -> anyhow::Result<String> {
    let mut client = database.client().await.context("cannot reach the database")?;
    let client: &mut Client = &mut client;
    migrate::lock(client).await?;
    let adopted = adopt(client, args).await;
    migrate::unlock(client).await;
    let said = adopted?;
    if let (Some(login), false) = (&args.gateway_login, args.check) {
        migrate::gateway_login(database, login, args.gateway_password_file.as_deref())
            .await
            .with_context(|| format!("the login {login} could not be made"))?;
    }
    Ok(said)
}

async fn adopt(client: &mut Client, args: &AdoptArgs) -> anyhow::Result<String> {
    let ours = "SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'refinery_schema_history'
                               AND relnamespace = 'public'::regnamespace)";
    let ours: bool = client.query_one(ours, &[]).await?.try_get(0)?;
    anyhow::ensure!(!ours, "kart-hq has built this database itself; see `kart-hq migrate`");
    let missing = needs::missing(client).await?;
    anyhow::ensure!(
        missing.is_empty(),
        "this database lacks what Kartorium Edge needs; nothing was changed:\n  {}",
        missing.join("\n  ")
    );
    if args.check {
        return Ok("the database has everything that is needed".to_owned());
    }
    let tx = client.transaction().await?;
    tx.batch_execute("SET LOCAL edge.adopted = 'on'").await?;
    let before: String = tx.query_one(THEIRS, &[]).await?.try_get(0)?;
    let indexes: Vec<u32> = tx.query_one(INDEXES, &[]).await?.try_get(0)?;
    views::take_down(&tx).await?;
    let applied = migrations(&tx, args).await?;
    if !args.rls {
        views::prepare(&tx).await?;
        tx.execute(views::KEEP_RULES, &[&indexes]).await?;
        for row in tx.query(NEW_INDEXES, &[&indexes]).await? {
            tx.batch_execute(row.try_get(0)?).await?;
        }
        let after: String = tx.query_one(THEIRS, &[]).await?.try_get(0)?;
        let changed = first(&before, &after);
        anyhow::ensure!(before == after, "refused to change what is theirs: {changed}");
        views::put_up(&tx).await?;
    }
    tx.commit().await?;
    Ok(match applied.as_slice() {
        [] => "the database was up to date".to_owned(),
        applied => format!("adopted; applied {}", applied.join(", ")),
    })
}

/// The first line in which two lists differ.
fn first<'t>(before: &'t str, after: &'t str) -> &'t str {
    let new = after.lines().find(|line| !before.lines().any(|known| known == *line));
    let gone = before.lines().find(|line| !after.lines().any(|left| left == *line));
    new.or(gone).unwrap_or_default()
}

/// Applies what is not applied yet.
async fn migrations(tx: &Transaction<'_>, args: &AdoptArgs) -> anyhow::Result<Vec<String>> {
    let known = "SELECT to_regnamespace('edge') IS NOT NULL
                 AND EXISTS (SELECT FROM pg_class WHERE relname = 'refinery_schema_history'
                             AND relnamespace = to_regnamespace('edge'))";
    let known: bool = tx.query_one(known, &[]).await?.try_get(0)?;
    let done: Vec<i32> = match known {
        true => {
            let rows = tx.query("SELECT version FROM edge.refinery_schema_history", &[]).await?;
            rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?
        },
        false => vec![],
    };
    let mut applied = Vec::new();
    for Migration { version, name, sql, checksum } in migrate::all() {
        let later = args.up_to.is_some_and(|last| version > last);
        if TABLES.contains(&version) || done.contains(&version) || later {
            continue;
        }
        let sql = match sql.split_once(GRANTS_END) {
            Some((grants, _)) if version == ROW_LEVEL_SECURITY && !args.rls => grants,
            _ => sql.as_str(),
        };
        // Whatever a migration makes without a schema is ours; but one of them speaks of their
        // tables alone, and some of ours have the same names.
        let path = if version == ROW_LEVEL_SECURITY { "public, edge" } else { "edge, public" };
        let script = format!("SET LOCAL search_path = {path}; {}", ours(sql));
        tx.batch_execute(&script).await.with_context(|| format!("V{version}__{name}"))?;
        applied.push((version, name, checksum.to_string()));
    }
    // Last, because a migration may look at every table of the schema.
    tx.batch_execute("SET LOCAL search_path = edge, public").await?;
    tx.batch_execute(HISTORY).await?;
    for (version, name, checksum) in &applied {
        tx.execute(
            "INSERT INTO edge.refinery_schema_history VALUES ($1, $2, now()::text, $3)",
            &[version, name, checksum],
        )
        .await?;
    }
    Ok(applied.iter().map(|(version, name, _)| format!("V{version}__{name}")).collect())
}

/// A migration whose functions go to schema edge: those of the same names may be theirs.
fn ours(sql: &str) -> String {
    const MADE: &str = "FUNCTION public.";
    let names = sql.split(MADE).skip(1).filter_map(|rest| rest.split('(').next());
    names.fold(sql.to_owned(), |sql, name| {
        sql.replace(&format!("public.{name}("), &format!("edge.{name}("))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grants_of_the_public_tables_can_be_told_apart() {
        let all = migrate::all();
        let file = all.iter().find(|one| one.version == ROW_LEVEL_SECURITY).unwrap();
        let (grants, policies) = file.sql.split_once(GRANTS_END).unwrap();
        assert!(grants.contains("GRANT SELECT") && !grants.contains("CREATE POLICY"));
        assert!(policies.contains("CREATE POLICY") && !policies.contains("GRANT SELECT"));
    }

    #[test]
    fn functions_go_to_the_schema_that_is_ours() {
        let sql = "CREATE FUNCTION public.may(a text) AS 'SELECT public.may(a) FROM public.t'";
        assert_eq!(
            ours(sql),
            "CREATE FUNCTION edge.may(a text) AS 'SELECT edge.may(a) FROM public.t'"
        );
    }

    #[test]
    fn what_differs_is_named() {
        assert_eq!(first("a\nb", "a\nb\nc"), "c");
        assert_eq!(first("a\nb", "a"), "b");
    }
}
