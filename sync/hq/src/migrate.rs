//! Builds and raises the central database, and makes the login that the gateway uses.

use std::{num::NonZeroU32, path::Path};

use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::{
    digest, hmac, pbkdf2,
    rand::{SecureRandom as _, SystemRandom},
};
use tokio_postgres::Client;

use crate::database::Database;

mod embedded {
    refinery::embed_migrations!("../../migrations/hq");
}

/// Two migrating programs wait for each other; refinery itself takes no lock.
const LOCK: i64 = 0x6b61_7274_2d68_7100;

/// One file of migrations.
pub(crate) struct Migration {
    pub(crate) version: i32,
    pub(crate) name: String,
    pub(crate) sql: String,
    pub(crate) checksum: u64,
}

/// Every file, in order.
pub(crate) fn all() -> Vec<Migration> {
    let runner = embedded::migrations::runner();
    let mut all: Vec<Migration> = runner
        .get_migrations()
        .iter()
        .map(|one| Migration {
            version: one.version(),
            name: one.name().to_owned(),
            sql: one.sql().unwrap_or_default().to_owned(),
            checksum: one.checksum(),
        })
        .collect();
    all.sort_by_key(|one| one.version);
    all
}

pub(crate) async fn lock(client: &Client) -> Result<(), tokio_postgres::Error> {
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await.map(drop)
}

/// The lock goes with the connection in any case.
pub(crate) async fn unlock(client: &Client) {
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await.ok();
}

/// Applies what is missing, all or nothing. Returns the names of what was applied.
pub(crate) async fn migrate(database: &Database) -> anyhow::Result<Vec<String>> {
    let mut client = database.client().await.context("cannot reach the database")?;
    let client: &mut Client = &mut client;
    let adopted = "SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'refinery_schema_history'
                                  AND relnamespace = to_regnamespace('edge'))";
    let adopted: bool = client.query_one(adopted, &[]).await?.try_get(0)?;
    anyhow::ensure!(!adopted, "this database was adopted; run `kart-hq adopt` instead");
    lock(client).await?;
    let report = embedded::migrations::runner().set_grouped(true).run_async(client).await;
    unlock(client).await;
    let report = report.context("the database was left as it was")?;
    Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
}

/// Makes `login` a role that can log in and take the role of the gateway, and nothing more.
pub(crate) async fn gateway_login(
    database: &Database,
    login: &str,
    password_file: Option<&Path>,
) -> anyhow::Result<()> {
    let password = password_file.map(std::fs::read_to_string).transpose()?;
    let client = database.client().await?;
    let exists = client.query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&login]).await?;
    let text = if exists.is_some() {
        "format('GRANT kart_gateway, kart_worker TO %I', $1::text)"
    } else {
        "format('CREATE ROLE %I LOGIN NOINHERIT IN ROLE kart_gateway, kart_worker', $1::text)"
    };
    let row = client.query_one(&format!("SELECT {text}"), &[&login]).await?;
    client.batch_execute(row.try_get(0)?).await?;
    if let Some(password) = password {
        let verifier = scram_verifier(password.trim_end_matches(['\r', '\n']))?;
        let row = client
            .query_one(
                "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)",
                &[&login, &verifier],
            )
            .await?;
        client.batch_execute(row.try_get(0)?).await?;
    }
    Ok(())
}

/// What Postgres stores for a password (RFC 5802), so that the password itself is never sent and
/// never stands in a log.
fn scram_verifier(password: &str) -> anyhow::Result<String> {
    const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).expect("4096 is not zero");
    anyhow::ensure!(
        !password.is_empty() && password.bytes().all(|byte| byte.is_ascii_graphic()),
        "a password of the gateway's login is made of visible ASCII characters"
    );
    let mut salt = [0; 16];
    SystemRandom::new().fill(&mut salt).map_err(|_| anyhow::anyhow!("no random numbers"))?;
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
    pbkdf2::derive(algorithm, ITERATIONS, &salt, password.as_bytes(), &mut salted);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let client_key = hmac::sign(&key, b"Client Key");
    let stored = digest::digest(&digest::SHA256, client_key.as_ref());
    let server = hmac::sign(&key, b"Server Key");
    let [salt, stored, server] =
        [&salt[..], stored.as_ref(), server.as_ref()].map(|bytes| BASE64_STANDARD.encode(bytes));
    Ok(format!("SCRAM-SHA-256${ITERATIONS}:{salt}${stored}:{server}"))
}
