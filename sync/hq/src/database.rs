//! Connections, and in whose name a transaction runs. Every transaction takes a role that owns
//! nothing; what it sees follows from the organisation and the site that are set in it.

use std::time::Duration;

use anyhow::Context as _;
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Transaction,
};
use tokio_postgres::NoTls;
use uuid::Uuid;

const MOST_CONNECTIONS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(5);

/// Neither a forgotten transaction nor a stuck statement may hold back the whole cluster.
const LIMITS: &str = "SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '10s'; \
                      SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// Transactions of programs.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    /// What a terminal's push and pull need.
    Gateway,
    /// What a site file and an enrollment need.
    SiteAdmin,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Gateway => "kart_gateway",
            Self::SiteAdmin => "kart_site_admin",
        }
    }
}

/// A pool of connections.
#[derive(Clone)]
pub(crate) struct Database {
    pool: Pool,
}

impl Database {
    pub(crate) fn new(mut config: tokio_postgres::Config) -> anyhow::Result<Self> {
        if config.get_application_name().is_none() {
            config.application_name("kart-hq");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, NoTls, recycling))
            .max_size(MOST_CONNECTIONS)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .runtime(Runtime::Tokio1)
            .build()?;
        Ok(Self { pool })
    }

    pub(crate) async fn client(&self) -> Result<Object, PoolError> {
        self.pool.get().await
    }

    /// Refuses a login that cannot take the role; says so when the login could do without it.
    pub(crate) async fn check_login(&self) -> anyhow::Result<()> {
        let client = self.client().await.context("cannot reach the database")?;
        let migrated = client.query_one("SELECT to_regnamespace('edge') IS NOT NULL", &[]).await?;
        anyhow::ensure!(
            migrated.try_get::<_, bool>(0)?,
            "the database has no schema edge; run `kart-hq migrate` first"
        );
        let row = client
            .query_one(
                "SELECT current_user::text,
                        -- From 16 on a member may lack the right to SET ROLE.
                        pg_has_role(current_user, 'kart_gateway',
                            CASE WHEN current_setting('server_version_num')::int >= 160000
                                 THEN 'SET' ELSE 'MEMBER' END),
                        r.rolsuper OR r.rolbypassrls OR EXISTS (
                            SELECT FROM pg_class c
                            WHERE c.relowner = r.oid
                              AND c.relnamespace IN ('public'::regnamespace, 'edge'::regnamespace))
                 FROM pg_roles r WHERE r.rolname = current_user",
                &[],
            )
            .await?;
        let (login, member, mighty): (String, bool, bool) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        anyhow::ensure!(
            member,
            "the database login {login} may not take the role kart_gateway; see `kart-hq migrate \
             --gateway-login`"
        );
        if mighty {
            tracing::warn!(
                login,
                "this login owns tables or stands above row-level security; every transaction \
                 gives that up with SET LOCAL ROLE kart_gateway, but a login of its own is safer"
            );
        }
        Ok(())
    }
}

/// Opens a transaction in the name of `role`, for no organisation yet.
pub(crate) async fn begin(
    client: &mut Object,
    role: Role,
) -> Result<Transaction<'_>, tokio_postgres::Error> {
    let tx = client.transaction().await?;
    tx.batch_execute(&format!("SET LOCAL ROLE {}; {LIMITS}", role.name())).await?;
    Ok(tx)
}

/// Decides whose rows the transaction sees.
pub(crate) async fn enter(
    tx: &Transaction<'_>,
    organization: &str,
    site: Uuid,
) -> Result<(), tokio_postgres::Error> {
    let statement = tx
        .prepare_cached(
            "SELECT set_config('edge.organization', $1, true), set_config('edge.site', $2, true)",
        )
        .await?;
    tx.execute(&statement, &[&organization, &site.to_string()]).await?;
    Ok(())
}

/// A number of the log as Postgres keeps it; no log ever gets that long.
pub(crate) fn to_bigint(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// The way back; the schema lets no negative one in.
pub(crate) fn from_bigint(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or_default()
}
