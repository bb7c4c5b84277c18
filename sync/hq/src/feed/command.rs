//! `kart-hq feed`: how the change feed does.

use clap::Subcommand;

use super::health::{Health, LONG};
use crate::{
    cli::say,
    database::{Database, Role},
};

/// The change feed.
#[derive(Subcommand)]
pub(crate) enum FeedCommand {
    /// Who holds back the oldest snapshot of the database, and since when.
    Status,
}

pub(crate) async fn run(database: &Database, command: FeedCommand) -> anyhow::Result<()> {
    let FeedCommand::Status = command;
    let health = Health::read(database, Role::SiteAdmin).await?;
    say(&format!("{} changes noted", health.changes))?;
    let Some(held) = health.held_by else {
        return say("no other transaction is open");
    };
    let age = held.age();
    say(&format!("the oldest snapshot is {} s old, held by {held}", age.as_secs()))?;
    if age > LONG {
        say("no terminal waits for it, but vacuum does: end that transaction")?;
    }
    Ok(())
}
