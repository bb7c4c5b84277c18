//! The kinds of background work: what each is called, how often it is due and what it does.

use std::time::Duration;

use clap::ValueEnum;
use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::{outliers, retention, sweep};
use crate::{
    database::{Database, Role, begin, enter},
    quarantine::{self, command::alarming},
    site::Place,
};

/// A kind of background work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Facts that wait are tried again.
    QuarantineRetry,
    /// Jobs that took unusually long or were unusually fast are flagged.
    OutlierFlags,
    /// What was kept long enough is erased.
    Retention,
    /// A slice of the inbox is hashed again; at the end of a round a part of the records is folded again
    /// and compared.
    ChecksumSweep,
    /// Partitions of the change feed are made and dropped.
    ChangePartitions,
}

/// How far one row of the schedule reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    Site,
    Organization,
    Everywhere,
}

/// Where a job is done.
pub(super) struct Where {
    pub(super) organization: String,
    /// All zeros: in all sites.
    pub(super) site: Uuid,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::QuarantineRetry,
        Self::OutlierFlags,
        Self::Retention,
        Self::ChecksumSweep,
        Self::ChangePartitions,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::QuarantineRetry => "quarantine_retry",
            Self::OutlierFlags => "outlier_flags",
            Self::Retention => "retention",
            Self::ChecksumSweep => "checksum_sweep",
            Self::ChangePartitions => "change_partitions",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    pub(super) fn reach(self) -> Reach {
        match self {
            Self::QuarantineRetry | Self::OutlierFlags | Self::ChecksumSweep => Reach::Site,
            Self::Retention => Reach::Organization,
            Self::ChangePartitions => Reach::Everywhere,
        }
    }

    /// Quarantine is tried when a row changes; this is for what changed without being noted.
    pub(super) fn every(self) -> Duration {
        let minutes = match self {
            Self::QuarantineRetry => 5,
            Self::OutlierFlags => 15,
            Self::ChecksumSweep => 10,
            Self::Retention => 6 * 60,
            Self::ChangePartitions => 12 * 60,
        };
        Duration::from_secs(minutes * 60)
    }

    /// Answers what was done, for people.
    pub(super) async fn run(self, database: &Database, place: &Where) -> anyhow::Result<String> {
        match self {
            Self::QuarantineRetry => quarantine_retry(database, place).await,
            Self::OutlierFlags => outliers::flag(database, place).await,
            Self::Retention => retention::apply(database, place).await,
            Self::ChecksumSweep => sweep::slice(database, place).await,
            Self::ChangePartitions => change_partitions(database).await,
        }
    }
}

async fn quarantine_retry(database: &Database, place: &Where) -> anyhow::Result<String> {
    let code = {
        let mut client = database.client().await?;
        let tx = begin(&mut client, Role::Worker).await?;
        code_of(&tx, place).await?
    };
    let site = Place::new(&place.organization, &code);
    let retried = quarantine::retry_site(database, &site, false).await?;
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::Worker).await?;
    enter(&tx, &place.organization, place.site).await?;
    for (terminal, (waiting, facts)) in alarming(&tx).await? {
        tracing::error!(
            organization = place.organization,
            site = code,
            terminal,
            waiting,
            facts,
            "ALARM: more than 1 % of a terminal's facts cannot be applied"
        );
    }
    Ok(format!("{} facts applied, {} still wait at {code}", retried.applied, retried.waiting))
}

async fn code_of(tx: &Transaction<'_>, place: &Where) -> Result<String, tokio_postgres::Error> {
    let row = tx
        .query_one(
            "SELECT code FROM edge.sites WHERE organization_id = $1 AND site_id = $2",
            &[&place.organization, &place.site],
        )
        .await?;
    row.try_get(0)
}

async fn change_partitions(database: &Database) -> anyhow::Result<String> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::Worker).await?;
    let row =
        tx.query_one("SELECT edge.make_change_partitions(), edge.drop_old_changes()", &[]).await?;
    let (made, dropped): (i32, i32) = (row.try_get(0)?, row.try_get(1)?);
    tx.commit().await?;
    Ok(format!("{made} partitions made, {dropped} dropped"))
}
