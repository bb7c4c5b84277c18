//! Connections, and in whose name a transaction runs. Every transaction takes a role that owns
//! nothing; what it sees follows from the organisation and the site that are set in it.

use std::time::Duration;

use anyhow::Context as _;
use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
    Transaction,
};
use rustls::{
    CertificateError,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_postgres::{IsolationLevel, NoTls, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use uuid::Uuid;

use crate::config::Server;

const MOST_CONNECTIONS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(5);

/// Neither a forgotten transaction nor a stuck statement may hold back the whole cluster.
const LIMITS: &str = "SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '10s'; \
                      SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// Statements name Kartorium's tables without a schema: in an adopted database the views of schema
/// edge stand for them.
const SEARCH_PATH: &str = "SELECT set_config('search_path', CASE WHEN EXISTS (
    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'edge' AND c.relname = 'oee_sites' AND c.relkind = 'v')
    THEN 'edge, public' ELSE 'public' END, false)";

/// How a statement names a table that is described with its schema.
pub(crate) fn relation(schema: &str, table: &str) -> String {
    match schema {
        "public" => table.to_owned(),
        schema => format!("{schema}.{table}"),
    }
}

/// Transactions of programs.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    /// What a terminal's push and pull need.
    Gateway,
    /// What a site file and an enrollment need.
    SiteAdmin,
    /// What background work needs.
    Worker,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Gateway => "kart_gateway",
            Self::SiteAdmin => "kart_site_admin",
            Self::Worker => "kart_worker",
        }
    }
}

/// A pool of connections.
#[derive(Clone)]
pub(crate) struct Database {
    pool: Pool,
}

impl Database {
    pub(crate) fn new(server: Server) -> anyhow::Result<Self> {
        let Server { address: mut config, ca_pem } = server;
        if config.get_application_name().is_none() {
            config.application_name("kart-hq");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match ca_pem {
            Some(pem) => {
                config.ssl_mode(SslMode::Require);
                Manager::from_config(config, verified(&pem)?, recycling)
            },
            None => Manager::from_config(config, NoTls, recycling),
        };
        let pool = Pool::builder(manager)
            .post_create(Hook::async_fn(|client, _| {
                Box::pin(async move {
                    client.batch_execute(SEARCH_PATH).await.map_err(HookError::Backend)
                })
            }))
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

/// TLS to a server whose certificate one of these authorities has signed, and to no other.
fn verified(ca_pem: &[u8]) -> anyhow::Result<MakeRustlsConnect> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem) {
        roots.add(certificate.context("database.ca_file")?).context("database.ca_file")?;
    }
    anyhow::ensure!(!roots.is_empty(), "database.ca_file holds no certificate");
    let config =
        rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// Why a server's certificate was not taken, for whoever has set `database.ca_file`.
pub(crate) fn distrust(fault: &anyhow::Error) -> Option<&'static str> {
    let refused = fault.chain().find_map(|cause| {
        // Its own source would pass over what it holds.
        let held = cause.downcast_ref::<std::io::Error>()?.get_ref()?;
        held.downcast_ref::<rustls::Error>()
    })?;
    let rustls::Error::InvalidCertificate(why) = refused else { return None };
    Some(match why {
        CertificateError::UnknownIssuer => {
            "no authority in database.ca_file has signed the database server's certificate"
        },
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the database server's certificate has expired"
        },
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the database server's certificate is for another name than database.url says"
        },
        _ => return None,
    })
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

/// Opens a transaction in the name of the gateway in which all statements see one snapshot, and all
/// changes of the feed that this snapshot can see are there.
pub(crate) async fn begin_snapshot(
    client: &mut Object,
) -> Result<Transaction<'_>, tokio_postgres::Error> {
    let tx = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    // Before the first look: no partition goes between the snapshot and the reading of it.
    let script = format!(
        "SET LOCAL ROLE {}; {LIMITS}; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; \
         LOCK TABLE edge.changes IN ACCESS SHARE MODE",
        Role::Gateway.name()
    );
    tx.batch_execute(&script).await?;
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
