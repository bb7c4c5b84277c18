//! Who may ask for what a person decides: a supervisor's program, known by a key, or a supervisor
//! named on the command line by whoever may use the database anyway.

use anyhow::Context as _;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Subcommand;
use deadpool_postgres::Transaction;
use kart_core::{id::UserId, reference::Role as Rank};
use kart_wire::code;
use ring::rand::{SecureRandom as _, SystemRandom};
use uuid::Uuid;

use crate::{
    auth::{Bearer, Bears, Digest},
    cli::{SiteArgs, say},
    database::{Database, Role, begin, enter},
    people,
    problem::Refusal,
    server::App,
    site::Place,
};

/// So that a leaked one is recognised for what it is.
const PREFIX: &str = "kart_key_";

/// Keys with which a supervisor's programs speak to headquarters.
#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Print a new key. It is shown once; only its hash is stored.
    Add {
        #[command(flatten)]
        site: SiteArgs,
        /// Badge or key of the supervisor whose key it is.
        #[arg(long)]
        user: String,
    },
    /// One line a key: its id, whose, since when, and when it was revoked.
    List(SiteArgs),
    /// Lock a key out, from its next request on.
    Revoke {
        #[command(flatten)]
        site: SiteArgs,
        /// As `list` shows it.
        #[arg(long)]
        key: Uuid,
    },
}

/// A supervisor at a site.
pub(crate) struct Supervisor {
    pub(crate) organization: String,
    pub(crate) site: Uuid,
    pub(crate) user: UserId,
}

impl Supervisor {
    pub(crate) fn rank() -> u8 {
        Rank::Supervisor.rank()
    }

    /// Whose decisions a person's are; only a supervisor's are final.
    fn new(organization: String, site: Uuid, user: Uuid, role: &str) -> Option<Self> {
        let is_supervisor = role == Rank::Supervisor.word();
        is_supervisor.then_some(Self { organization, site, user: UserId(user) })
    }

    /// The person whom the command line names, by badge or key.
    pub(crate) async fn named(
        tx: &Transaction<'_>,
        place: &Place<'_>,
        person: &str,
    ) -> anyhow::Result<Self> {
        let (user, role) = people::person(tx, place, person).await?;
        Self::new(place.organization.to_owned(), place.id(), user, &role)
            .with_context(|| format!("{person} is {role} at {}, not supervisor", place.code))
    }
}

/// A request with a supervisor's key.
pub(crate) struct Key(Bearer);

impl FromRequestParts<App> for Key {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let key = Bearer::named(parts)?;
        key.admit(parts, app, Bears::Key).await?;
        Ok(Self(key))
    }
}

impl Key {
    /// Recognises the supervisor, as of this moment, and enters the organisation and site.
    pub(crate) async fn supervisor(&self, tx: &Transaction<'_>) -> Result<Supervisor, Refusal> {
        Supervisor::behind(tx, &self.0).await
    }
}

impl Supervisor {
    /// Who a key is of.
    pub(crate) async fn behind(tx: &Transaction<'_>, key: &Bearer) -> Result<Self, Refusal> {
        let statement = tx
            .prepare_cached(
                "SELECT organization_id, site_id, user_id, role FROM edge.authenticate_key($1)",
            )
            .await?;
        let row = tx
            .query_opt(&statement, &[key.digest().bytes()])
            .await?
            .ok_or_else(|| Refusal::unauthorized("the key is unknown or was revoked"))?;
        let (organization, site) = (row.try_get::<_, String>(0)?, row.try_get(1)?);
        enter(tx, &organization, site).await?;
        Self::new(organization, site, row.try_get(2)?, row.try_get(3)?).ok_or_else(|| {
            let detail = "whose key this is, is no supervisor any more";
            Refusal::new(StatusCode::FORBIDDEN, code::UNAUTHORIZED, detail)
        })
    }
}

/// Carries a command about keys out.
pub(crate) async fn run(database: &Database, command: KeyCommand) -> anyhow::Result<()> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    match command {
        KeyCommand::Add { site, user } => {
            let place = site.place();
            place.enter(&tx).await?;
            place.require(&tx).await?;
            let supervisor = Supervisor::named(&tx, &place, &user).await?;
            let key = random_key()?;
            let id = add(&tx, &supervisor, &key).await?;
            audit(&tx, place.organization, "key added", id).await?;
            tx.commit().await?;
            say(&key)
        },
        KeyCommand::List(site) => {
            let place = site.place();
            place.enter(&tx).await?;
            place.require(&tx).await?;
            list(&tx).await?.iter().try_for_each(|line| say(line))
        },
        KeyCommand::Revoke { site, key } => {
            let place = site.place();
            place.enter(&tx).await?;
            let revoked = tx
                .execute(
                    "UPDATE edge.api_keys SET revoked_at = now()
                     WHERE key_id = $1 AND revoked_at IS NULL",
                    &[&key],
                )
                .await?;
            anyhow::ensure!(revoked == 1, "the site {} has no such key in force", place.code);
            audit(&tx, place.organization, "key revoked", key).await?;
            tx.commit().await?;
            say(&format!("key {key} is revoked"))
        },
    }
}

async fn add(
    tx: &Transaction<'_>,
    supervisor: &Supervisor,
    key: &str,
) -> Result<Uuid, tokio_postgres::Error> {
    let Supervisor { organization, site, user } = supervisor;
    let row = tx
        .query_one(
            "INSERT INTO edge.api_keys (organization_id, site_id, user_id, key_hash)
             VALUES ($1, $2, $3, $4) RETURNING key_id",
            &[organization, site, &user.0, Digest::of(key).bytes()],
        )
        .await?;
    row.try_get(0)
}

async fn list(tx: &Transaction<'_>) -> anyhow::Result<Vec<String>> {
    let rows = tx
        .query(
            "SELECT k.key_id, coalesce(u.display_name, k.user_id::text), k.created_at, k.revoked_at
             FROM edge.api_keys k LEFT JOIN users u ON u.id = k.user_id
             ORDER BY k.created_at",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (id, name): (Uuid, String) = (row.try_get(0)?, row.try_get(1)?);
            let (since, revoked): (jiff::Timestamp, Option<jiff::Timestamp>) =
                (row.try_get(2)?, row.try_get(3)?);
            let revoked = revoked.map_or_else(String::new, |at| format!("revoked {at:.0}"));
            Ok(format!("{id}\t{name}\t{since:.0}\t{revoked}"))
        })
        .collect()
}

async fn audit(
    tx: &Transaction<'_>,
    organization: &str,
    action: &str,
    key: Uuid,
) -> Result<(), tokio_postgres::Error> {
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, 'kart-hq api-key', $2, jsonb_build_object('key_id', $3::uuid))",
        &[&organization, &action, &key],
    )
    .await?;
    Ok(())
}

fn random_key() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random numbers"))?;
    Ok(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}
