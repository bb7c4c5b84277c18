//! `kart-hq site`: apply, export and compare site files.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use kart_core::{reference::Reference, site};

use super::{Change, Manner, Place, apply, read};
use crate::{
    cli::{SiteArgs, say, say_plain},
    database::Database,
    quarantine::{self, Retried},
};

#[derive(Subcommand)]
pub(crate) enum SiteCommand {
    /// Load a site file; what it no longer names is switched off.
    Apply {
        file: PathBuf,
        /// Also delete what the file does not name, where no event names it.
        #[arg(long)]
        delete: bool,
    },
    /// Print the site file that the rows of a site amount to.
    Export(SiteArgs),
    /// Print what applying a file would do, a line a row. Ends with 0 when that is nothing, with 1
    /// when it is something, with 2 in trouble.
    Diff {
        file: PathBuf,
        /// As with apply.
        #[arg(long)]
        delete: bool,
    },
}

/// The file and the rows are not the same: no trouble, but an answer.
#[derive(Debug)]
pub(crate) struct Differs;

impl std::fmt::Display for Differs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the file and the rows differ")
    }
}

impl std::error::Error for Differs {}

pub(crate) async fn run(database: &Database, command: SiteCommand) -> anyhow::Result<()> {
    match command {
        SiteCommand::Apply { file, delete } => {
            let manner = Manner { delete, only_compare: false };
            load(database, &parse(&file)?, manner).await
        },
        SiteCommand::Export(site) => {
            let reference = read(database, &site.place()).await?;
            say(site::print(&reference)?.trim_end())
        },
        SiteCommand::Diff { file, delete } => {
            let manner = Manner { delete, only_compare: true };
            let changes = apply(database, &parse(&file)?, manner).await?.changes;
            changes.iter().try_for_each(|change| say_plain(&change.to_string()))?;
            if changes.is_empty() { Ok(()) } else { Err(Differs.into()) }
        },
    }
}

fn parse(file: &Path) -> anyhow::Result<Reference> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(site::parse(&file.display().to_string(), &text)?)
}

async fn load(database: &Database, reference: &Reference, manner: Manner) -> anyhow::Result<()> {
    let applied = apply(database, reference, manner).await?;
    let place = Place::new(&reference.organization, &reference.site.code);
    let Retried { applied: facts, waiting } = quarantine::retry_site(database, &place, false)
        .await
        .context("the site is applied, but facts that wait could not be tried again")?;
    let count = |kind: fn(&Change) -> bool| applied.changes.iter().filter(|c| kind(c)).count();
    say(&format!(
        "site {} of {}, version {}: {} rows added, {} changed, {} switched off, {} gone; \
         {facts} waiting facts applied, {waiting} still wait",
        place.code,
        place.organization,
        applied.version,
        count(|change| matches!(change, Change::Added(_))),
        count(|change| matches!(change, Change::Changed(_))),
        count(|change| matches!(change, Change::SwitchedOff(_))),
        count(|change| matches!(change, Change::Gone(_))),
    ))
}
