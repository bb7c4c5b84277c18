//! People, badges and PINs by command, while everything runs.
//!
//! What is changed here reaches terminals with the feed. A site file does not undo it until it says
//! something new about the same person.

use anyhow::Context as _;
use clap::Subcommand;
use deadpool_postgres::Transaction;
use kart_core::{id::reference_id, pin, reference::Role};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::{
    cli::{SiteArgs, say, say_plain},
    database::{self, Database, begin},
    names::Names,
    privacy::forgotten,
    site::{self, Place},
};

mod ask;

/// Whom a command is about.
#[derive(clap::Args)]
pub(crate) struct Who {
    #[command(flatten)]
    site: SiteArgs,
    /// Personnel number.
    #[arg(long)]
    number: String,
}

#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Add a person to a site.
    Add {
        #[command(flatten)]
        who: Who,
        /// Name for people.
        #[arg(long)]
        name: String,
        /// What the badge reader reads.
        #[arg(long)]
        badge: Option<String>,
        #[arg(long, default_value = "operator", value_parser = role)]
        role: Role,
    },
    /// One line a person: number, name, role, badge, PIN, state, from where.
    List(SiteArgs),
    /// May not work here any more. The badge is refused with the reason.
    Deactivate(Who),
    /// May work here again.
    Activate(Who),
    /// What they may do: operator, lead, technician or supervisor.
    Role {
        #[command(flatten)]
        who: Who,
        #[arg(value_parser = role)]
        role: Role,
    },
}

#[derive(Subcommand)]
pub(crate) enum BadgeCommand {
    /// Give a person a badge.
    Set {
        #[command(flatten)]
        who: Who,
        /// What the badge reader reads.
        badge: String,
    },
    /// Take it away.
    Withdraw(Who),
}

#[derive(Subcommand)]
pub(crate) enum PinCommand {
    /// Give a person a PIN of 4 to 12 digits. It is asked for, or read from standard input.
    Set {
        #[command(flatten)]
        who: Who,
        /// File whose first line is the PIN.
        #[arg(long)]
        pin_file: Option<std::path::PathBuf>,
    },
    /// Take it away: the badge alone does again.
    Withdraw(Who),
}

fn role(word: &str) -> Result<Role, String> {
    Role::of(word).ok_or_else(|| "one of operator, lead, technician, supervisor".to_owned())
}

/// What is to become of a person's row.
enum Edit<'a> {
    Active(bool),
    Role(Role),
    Badge(Option<&'a str>),
    Pin(Option<&'a str>),
}

impl Edit<'_> {
    /// The word of the audit.
    fn word(&self) -> &'static str {
        match self {
            Self::Active(true) => "activated",
            Self::Active(false) => "deactivated",
            Self::Role(_) => "role set",
            Self::Badge(Some(_)) => "badge set",
            Self::Badge(None) => "badge withdrawn",
            Self::Pin(Some(_)) => "PIN set",
            Self::Pin(None) => "PIN withdrawn",
        }
    }
}

pub(crate) async fn user(database: &Database, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { who, name, badge, role } => {
            add(database, &who, &name, badge.as_deref(), role).await
        },
        UserCommand::List(site) => list(database, &site.place()).await,
        UserCommand::Deactivate(who) => edit(database, &who, &Edit::Active(false)).await,
        UserCommand::Activate(who) => edit(database, &who, &Edit::Active(true)).await,
        UserCommand::Role { who, role } => edit(database, &who, &Edit::Role(role)).await,
    }
}

pub(crate) async fn badge(database: &Database, command: BadgeCommand) -> anyhow::Result<()> {
    match command {
        BadgeCommand::Set { who, badge } => {
            anyhow::ensure!(fits(&badge), "a badge has 1 to 50 printable characters");
            edit(database, &who, &Edit::Badge(Some(badge.trim()))).await
        },
        BadgeCommand::Withdraw(who) => edit(database, &who, &Edit::Badge(None)).await,
    }
}

pub(crate) async fn pin(database: &Database, command: PinCommand) -> anyhow::Result<()> {
    match command {
        PinCommand::Set { who, pin_file } => {
            let hash = tokio::task::spawn_blocking(move || {
                let typed = ask::pin(pin_file.as_deref())?;
                let mut salt = [0; 16];
                let drawn = SystemRandom::new().fill(&mut salt);
                drawn.map_err(|_| anyhow::anyhow!("no random numbers"))?;
                anyhow::Ok(pin::hash(&typed, &salt)?)
            });
            edit(database, &who, &Edit::Pin(Some(&hash.await??))).await
        },
        PinCommand::Withdraw(who) => edit(database, &who, &Edit::Pin(None)).await,
    }
}

/// Somebody who is active at the site, by badge or key: the key, and the word of the role.
pub(crate) async fn person(
    tx: &Transaction<'_>,
    place: &Place<'_>,
    badge_or_key: &str,
) -> anyhow::Result<(Uuid, String)> {
    let row = tx
        .query_opt(
            "SELECT user_id, role FROM edge.people
             WHERE is_active AND (badge = $1 OR user_id::text = lower($1))",
            &[&badge_or_key],
        )
        .await?
        .with_context(|| format!("nobody at {} has the badge or key {badge_or_key}", place.code))?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

fn fits(text: &str) -> bool {
    let text = text.trim();
    (1..=50).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

async fn add(
    database: &Database,
    who: &Who,
    name: &str,
    badge: Option<&str>,
    role: Role,
) -> anyhow::Result<()> {
    anyhow::ensure!(fits(&who.number), "a number has 1 to 50 printable characters");
    anyhow::ensure!((1..=255).contains(&name.trim().chars().count()), "a name is missing");
    anyhow::ensure!(badge.is_none_or(fits), "a badge has 1 to 50 printable characters");
    let place = who.site.place();
    let mut client = database.client().await.context("cannot reach the database")?;
    let tx = begin(&mut client, database::Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    site::lock(&tx, &place).await?;
    place.require(&tx).await?;
    let id = reference_id(place.organization, place.code, "users", &who.number);
    let known_as = Names::read(&tx).await?.id(id);
    anyhow::ensure!(
        forgotten(&tx, &[known_as]).await?.is_empty(),
        "{} was somebody who was erased; give another number",
        who.number
    );
    let known = tx.query_opt("SELECT FROM edge.people WHERE user_id = $1", &[&id]).await?;
    anyhow::ensure!(known.is_none(), "{} is known already", who.number);
    tx.execute(
        "INSERT INTO users (id, organization_id, display_name) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name, is_active = true,
             updated_at = now()",
        &[&id, &place.organization, &name.trim()],
    )
    .await?;
    tx.execute(
        "INSERT INTO edge.people (organization_id, site_id, user_id, number, badge, role)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[&place.organization, &place.id(), &id, &who.number, &badge.map(str::trim), &role.word()],
    )
    .await
    .map_err(taken)?;
    done(tx, &place, id, "added").await
}

async fn edit(database: &Database, who: &Who, edit: &Edit<'_>) -> anyhow::Result<()> {
    let place = who.site.place();
    let mut client = database.client().await.context("cannot reach the database")?;
    let tx = begin(&mut client, database::Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    site::lock(&tx, &place).await?;
    place.require(&tx).await?;
    let derived = reference_id(place.organization, place.code, "users", &who.number);
    let row = tx
        .query_opt(
            "SELECT user_id FROM edge.people WHERE number = $1 OR user_id = $2
             ORDER BY number = $1 DESC LIMIT 1",
            &[&who.number, &derived],
        )
        .await?;
    let row = row.with_context(|| format!("nobody here has the number {}", who.number))?;
    let id: Uuid = row.try_get(0)?;
    let set = |column: &str| {
        format!("UPDATE edge.people SET {column} = $2, updated_at = now() WHERE user_id = $1")
    };
    match edit {
        Edit::Active(active) => {
            tx.execute(&set("is_active"), &[&id, active]).await.map_err(taken)?;
            // An account with an address is not only this site's.
            let account = "UPDATE users SET is_active = $2, updated_at = now()
                           WHERE id = $1 AND coalesce(email, '') = ''";
            tx.execute(account, &[&id, active]).await?
        },
        Edit::Role(role) => tx.execute(&set("role"), &[&id, &role.word()]).await?,
        Edit::Badge(badge) => tx.execute(&set("badge"), &[&id, badge]).await.map_err(taken)?,
        Edit::Pin(hash) => tx.execute(&set("pin_hash"), &[&id, hash]).await?,
    };
    done(tx, &place, id, edit.word()).await
}

/// Two people cannot have one badge.
fn taken(fault: tokio_postgres::Error) -> anyhow::Error {
    match fault.code() {
        Some(&SqlState::UNIQUE_VIOLATION) => {
            anyhow::anyhow!("somebody who is active here has this badge or number already")
        },
        _ => fault.into(),
    }
}

/// Tells terminals, notes who did what, and ends the transaction.
async fn done(
    tx: Transaction<'_>,
    place: &Place<'_>,
    user: Uuid,
    what: &str,
) -> anyhow::Result<()> {
    let version = site::publish(&tx, place, true).await?;
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, 'kart-hq user', $2,
                 jsonb_build_object('site_id', $3::uuid, 'user_id', $4::uuid))",
        &[&place.organization, &what, &place.id(), &user],
    )
    .await?;
    tx.commit().await?;
    say(&format!("{what}, version {version}"))
}

async fn list(database: &Database, place: &Place<'_>) -> anyhow::Result<()> {
    let mut client = database.client().await.context("cannot reach the database")?;
    let tx = begin(&mut client, database::Role::SiteAdmin).await?;
    place.enter(&tx).await?;
    place.require(&tx).await?;
    let rows = tx
        .query(
            "SELECT concat_ws(E'\\t', coalesce(p.number, p.user_id::text), u.display_name, p.role,
                    coalesce(p.badge, '-'),
                    CASE WHEN p.pin_hash IS NULL THEN 'no PIN' ELSE 'PIN' END,
                    CASE WHEN p.is_active AND u.is_active THEN 'active' ELSE 'inactive' END,
                    CASE WHEN p.filed IS NULL THEN 'command' ELSE 'site file' END)
             FROM edge.people p JOIN users u ON u.id = p.user_id
             ORDER BY p.number, u.display_name",
            &[],
        )
        .await?;
    rows.iter().try_for_each(|row| say_plain(row.try_get(0)?))
}
