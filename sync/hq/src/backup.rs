//! What a backup reaches: only such facts may a terminal purge. Nothing is backed up here.

use clap::Subcommand;

use crate::{
    cli::{SiteArgs, say},
    database::{Database, Role, begin},
};

/// Backups of the central database, which are made by other means.
#[derive(Subcommand)]
pub(crate) enum BackupCommand {
    /// Say that a backup is complete and kept elsewhere. Terminals may then purge what it holds.
    Done {
        #[command(flatten)]
        site: SiteArgs,
        /// When the backup began, as Postgres reads a time. Facts of the five minutes before are
        /// not counted on: their transactions may have ended after that.
        #[arg(long)]
        began: String,
    },
}

/// Runs one of the commands.
pub(crate) async fn run(database: &Database, command: BackupCommand) -> anyhow::Result<()> {
    let BackupCommand::Done { site, began } = command;
    let place = site.place();
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    place.require(&tx).await?;
    let raised = tx
        .execute(
            "WITH held AS (
                 SELECT t.terminal_id, (
                     SELECT max(i.seq) FROM edge.inbox i
                     WHERE i.organization_id = t.organization_id AND i.terminal_id = t.terminal_id
                       AND i.incarnation = t.incarnation
                       AND i.received_at < least($3::text::timestamptz, now())
                                           - interval '5 minutes') AS seq
                 FROM edge.terminals t WHERE t.organization_id = $1 AND t.site_id = $2)
             UPDATE edge.terminals t SET safe_seq = held.seq, updated_at = now() FROM held
             WHERE t.organization_id = $1 AND t.terminal_id = held.terminal_id
               AND held.seq > t.safe_seq AND held.seq <= t.watermark",
            &[&place.organization, &place.id(), &began],
        )
        .await?;
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, 'kart-hq backup', 'backup done',
                 jsonb_build_object('site_id', $2::uuid, 'began', $3::text))",
        &[&place.organization, &place.id(), &began],
    )
    .await?;
    tx.commit().await?;
    say(&format!("{raised} terminals may purge more than before"))
}
