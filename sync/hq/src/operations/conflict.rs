//! `kart-hq conflicts`: what facts say that cannot all be true, for the supervisors of a site.

use clap::Subcommand;

use crate::{
    cli::{SiteArgs, say},
    database::{Database, Role, begin},
    people::person,
};

/// What can be done about them.
#[derive(Subcommand)]
pub(crate) enum ConflictsCommand {
    /// One line a conflict: id, when, kind, record, the other side, words.
    List {
        #[command(flatten)]
        site: SiteArgs,
        /// Also those that somebody has settled.
        #[arg(long)]
        all: bool,
    },
    /// Say that one is settled.
    Settle {
        #[command(flatten)]
        site: SiteArgs,
        /// Id of the conflict.
        id: uuid::Uuid,
        /// Badge or key of the person who says so.
        #[arg(long)]
        by: String,
        /// What was found or done.
        #[arg(long)]
        resolution: String,
    },
}

/// Does it.
pub(crate) async fn run(database: &Database, command: ConflictsCommand) -> anyhow::Result<()> {
    match command {
        ConflictsCommand::List { site, all } => {
            list(database, &site, all).await?.iter().try_for_each(|line| say(line))
        },
        ConflictsCommand::Settle { site, id, by, resolution } => {
            settle(database, &site, (id, &by, &resolution)).await?;
            say(&format!("conflict {id} is settled"))
        },
    }
}

async fn list(database: &Database, site: &SiteArgs, all: bool) -> anyhow::Result<Vec<String>> {
    let place = site.place();
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    place.require(&tx).await?;
    let rows = tx
        .query(
            "SELECT id, at, kind, record_id, other_id, detail, resolved_by FROM edge.conflicts
             WHERE $1 OR resolved_at IS NULL ORDER BY at, id",
            &[&all],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (id, at): (uuid::Uuid, jiff::Timestamp) = (row.try_get(0)?, row.try_get(1)?);
            let (kind, record): (String, uuid::Uuid) = (row.try_get(2)?, row.try_get(3)?);
            let other: Option<uuid::Uuid> = row.try_get(4)?;
            let other = other.map_or_else(|| "-".to_owned(), |other| other.to_string());
            let (detail, settled): (String, Option<String>) = (row.try_get(5)?, row.try_get(6)?);
            let settled = settled.map_or_else(String::new, |by| format!("\tsettled by {by}"));
            Ok(format!("{id}\t{at:.0}\t{kind}\t{record}\t{other}\t{detail}{settled}"))
        })
        .collect()
}

async fn settle(
    database: &Database,
    site: &SiteArgs,
    (id, by, resolution): (uuid::Uuid, &str, &str),
) -> anyhow::Result<()> {
    let place = site.place();
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    place.require(&tx).await?;
    let (by, _) = person(&tx, &place, by).await?;
    let settled = tx
        .execute(
            "UPDATE edge.conflicts SET resolved_at = now(), resolved_by = $2, resolution = $3,
                 updated_at = now() WHERE id = $1 AND resolved_at IS NULL",
            &[&id, &by.to_string(), &resolution],
        )
        .await?;
    anyhow::ensure!(settled == 1, "the site has no open conflict {id}");
    tx.commit().await?;
    Ok(())
}
