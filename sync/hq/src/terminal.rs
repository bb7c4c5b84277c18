//! What a person does to an enrolled terminal.

use crate::{
    database::{Database, Role, begin, enter},
    site::Place,
};

/// Locks a terminal out, from its next request on. What it has sent stays.
pub(crate) async fn revoke(
    database: &Database,
    site: &Place<'_>,
    terminal_code: &str,
) -> anyhow::Result<uuid::Uuid> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    enter(&tx, site.organization, site.id()).await?;
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
    let terminal = revoked.try_get(0)?;
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, 'kart-hq terminal', 'revoked',
                 jsonb_build_object('terminal_id', $2::uuid, 'terminal_code', $3::text))",
        &[&site.organization, &terminal, &terminal_code],
    )
    .await?;
    tx.commit().await?;
    Ok(terminal)
}
