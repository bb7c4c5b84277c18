//! What background work has found and a person has to look into. An alarm stands until the work
//! finds it no more; nothing is mended here.

use deadpool_postgres::Transaction;

use super::kind::Where;
use crate::{
    cli::{SiteArgs, say_plain},
    database::{Database, Role, begin},
    quarantine::command::alarming,
};

/// What was found, as it stands in the table.
#[derive(Clone, Copy)]
pub(super) enum Finding {
    /// The inbox is not what was received.
    BrokenChain,
    /// Rows are not what the facts say.
    RowsDiffer,
}

impl Finding {
    fn word(self) -> &'static str {
        match self {
            Self::BrokenChain => "broken_chain",
            Self::RowsDiffer => "rows_differ",
        }
    }
}

/// Says it, or that it is still so.
pub(super) async fn raise(
    tx: &Transaction<'_>,
    at: &Where,
    finding: Finding,
    (subject, detail): (&str, &str),
) -> Result<(), tokio_postgres::Error> {
    tx.execute(
        "INSERT INTO edge.alarms (organization_id, site_id, kind, subject, detail)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organization_id, site_id, kind, subject) DO UPDATE
         SET detail = excluded.detail, last_at = now()",
        &[&at.organization, &at.site, &finding.word(), &subject, &detail],
    )
    .await?;
    Ok(())
}

/// What was not found again since `began`; of one subject only, where one is named.
pub(super) async fn clear(
    tx: &Transaction<'_>,
    at: &Where,
    finding: Finding,
    (subject, began): (Option<&str>, Option<&str>),
) -> Result<(), tokio_postgres::Error> {
    tx.execute(
        "DELETE FROM edge.alarms
         WHERE organization_id = $1 AND site_id = $2 AND kind = $3
           AND subject = coalesce($4, subject)
           AND last_at < coalesce($5::text::timestamptz, 'infinity')",
        &[&at.organization, &at.site, &finding.word(), &subject, &began],
    )
    .await?;
    Ok(())
}

/// `kart-hq alarms`: one line an alarm, for people.
pub(crate) async fn list(database: &Database, site: &SiteArgs) -> anyhow::Result<()> {
    let place = site.place();
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    place.require(&tx).await?;
    let found = tx
        .query(
            "SELECT concat_ws(E'\t', kind, subject, 'since ' || since::text,
                              'seen ' || last_at::text, detail)
             FROM edge.alarms ORDER BY since, kind, subject",
            &[],
        )
        .await?;
    for row in &found {
        say_plain(row.try_get(0)?)?;
    }
    let refused = tx
        .query(
            "SELECT concat_ws(E'\t', 'site_data_refused', t.code, s.status #>> '{machines,refused}')
             FROM edge.terminal_status s JOIN edge.terminals t USING (organization_id, terminal_id)
             WHERE t.site_id = $1 AND t.status = 'active' AND s.status #>> '{machines,refused}' <> ''
             ORDER BY t.code",
            &[&place.id()],
        )
        .await?;
    for row in &refused {
        say_plain(row.try_get(0)?)?;
    }
    for (terminal, (waiting, facts)) in alarming(&tx).await? {
        say_plain(&format!("quarantine\t{terminal}\t{waiting} of {facts} facts wait"))?;
    }
    Ok(())
}
