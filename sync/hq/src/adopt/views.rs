//! The views through which our roles reach tables that are not ours.

use anyhow::Context as _;
use tokio_postgres::Transaction;

use super::needs::{self, Column, Tenant};

/// Puts the rights back on the tables, so that later migrations find them as they expect.
pub(super) async fn take_down(tx: &Transaction<'_>) -> anyhow::Result<()> {
    let there = "SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'take_views_down'
                                AND pronamespace = to_regnamespace('edge'))";
    if tx.query_one(there, &[]).await?.try_get(0)? {
        tx.batch_execute("SELECT edge.take_views_down()").await?;
    }
    Ok(())
}

/// Policies that a migration has just made for one of our roles, as conditions.
pub(super) const KEEP_RULES: &str = "
    INSERT INTO edge.view_rules
    SELECT c.relname, format('current_user = ANY (%L::name[]) AND (%s)',
                             ARRAY(SELECT rolname FROM pg_roles WHERE oid = ANY (p.polroles)),
                             pg_get_expr(p.polqual, p.polrelid))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    WHERE c.relnamespace = 'public'::regnamespace AND p.oid <> ALL($1)
      AND p.polpermissive AND p.polqual IS NOT NULL AND NOT 0 = ANY (p.polroles)
    ON CONFLICT DO NOTHING";

/// What views need in schema edge.
pub(super) async fn prepare(tx: &Transaction<'_>) -> anyhow::Result<()> {
    let script = include_str!("../../../../migrations/adopt/views.sql");
    tx.batch_execute(script).await.context("migrations/adopt/views.sql")
}

/// Makes the views and moves the rights to them. Nothing of ours keeps a right on a public table.
pub(super) async fn put_up(tx: &Transaction<'_>) -> anyhow::Result<()> {
    let columns = needs::columns();
    for table in needs::tables(&columns) {
        let of_table: Vec<&Column> =
            columns.iter().filter(|column| column.table == table).collect();
        let rules =
            tx.query("SELECT rule FROM edge.view_rules WHERE tbl = $1::text", &[&table]).await?;
        let rules: Vec<String> =
            rules.iter().map(|row| row.try_get(0)).collect::<Result<_, tokio_postgres::Error>>()?;
        let script = format!(
            "{}; {}; SELECT edge.move_rights('{table}')",
            view(table, &of_table, &rules),
            trigger(table, &of_table, &columns),
        );
        tx.batch_execute(&script).await.with_context(|| format!("the view of {table}"))?;
    }
    tx.batch_execute(OWN_FUNCTIONS).await?;
    let left = tx.query(LEFT_OVER, &[]).await?;
    let left: Vec<String> =
        left.iter().map(|row| row.try_get(0)).collect::<Result<_, tokio_postgres::Error>>()?;
    anyhow::ensure!(left.is_empty(), "no view stands for {}", left.join(", "));
    Ok(())
}

/// `xmax` tells a row that was added from one that was changed.
fn view(table: &str, columns: &[&Column], further: &[String]) -> String {
    let rules: Vec<String> = columns.iter().filter_map(|column| rule(column)).collect();
    let own = format!("({})", rules.join(" AND "));
    let further = further.iter().map(|rule| format!("({rule})"));
    let rules = std::iter::once(own).chain(further).collect::<Vec<_>>().join(" OR ");
    format!(
        "CREATE VIEW edge.{table} WITH (security_barrier) AS
         SELECT t.*, t.xmax FROM public.{table} t WHERE {rules} WITH CASCADED CHECK OPTION;
         COMMENT ON VIEW edge.{table} IS 'rows of public.{table} of one organisation and site'"
    )
}

fn rule(column: &Column) -> Option<String> {
    let Column { name, references, tenant, .. } = *column;
    Some(match tenant {
        Tenant::Nothing => return None,
        Tenant::Organization => {
            format!("t.{name} = nullif(current_setting('edge.organization', true), '')")
        },
        Tenant::Site => format!("t.{name} = nullif(current_setting('edge.site', true), '')::uuid"),
        Tenant::Parent => {
            format!("EXISTS (SELECT FROM edge.{} parent WHERE parent.id = t.{name})", references?)
        },
    })
}

/// Only for our roles; a program of theirs does not run it.
fn trigger(table: &str, columns: &[&Column], all: &[Column]) -> String {
    let viewed = |table: &str| all.iter().any(|column| column.table == table);
    let arguments: Vec<String> = columns
        .iter()
        .filter_map(|column| Some((column.name, column.references?)))
        .filter(|(_, references)| viewed(references))
        .map(|(name, references)| format!("'{name}', '{references}'"))
        .collect();
    format!(
        "CREATE OR REPLACE TRIGGER edge_own_references BEFORE INSERT OR UPDATE ON public.{table}
         FOR EACH ROW WHEN (current_user::text LIKE 'kart\\_%')
         EXECUTE FUNCTION edge.own_references({})",
        arguments.join(", ")
    )
}

/// Functions that run as whoever calls them find the views first.
const OWN_FUNCTIONS: &str = "
    DO $$
    DECLARE
        one regprocedure;
    BEGIN
        FOR one IN
            SELECT p.oid FROM pg_proc p
            WHERE p.pronamespace = 'edge'::regnamespace AND NOT p.prosecdef
              AND EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%public%')
        LOOP
            EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, edge, public', one);
        END LOOP;
    END
    $$";

/// Rights on public tables that a program could still use.
const LEFT_OVER: &str = "
    SELECT DISTINCT c.relname::text FROM pg_class c, pg_roles r
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
      AND r.rolname LIKE 'kart\\_%' AND NOT r.rolcanlogin AND r.rolname <> 'kart_edge_definer'
      AND (has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')
           OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE'))";
