//! Headquarters beside us: a private Postgres and the gateway in front of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use tokio_postgres::{NoTls, Row, types::ToSql};

use crate::child::Child;
use crate::postgres::Cluster;
use crate::programs::{program, repository};
use crate::wait::free_port;
use crate::world::gateway::Gateway;

const ATTEMPTS: usize = 3;
const LIMIT: Duration = Duration::from_secs(30);
const DATABASE: &str = "kartorium";
/// The gateway logs in as somebody who owns nothing.
const LOGIN: &str = "kart_hq";
/// As the demo's site file says.
const ORGANIZATION: &str = "cedar-works";
const SITE: &str = "cedar";

#[derive(Debug)]
pub struct Headquarters {
    gateway: Option<Gateway>,
    listen: SocketAddr,
    owner: String,
    environment: Vec<(String, String)>,
    pub cluster: Cluster,
}

impl Headquarters {
    /// A new central database with this site, and the gateway.
    pub async fn start(site: &Path) -> anyhow::Result<Self> {
        Self::start_in(site, Vec::new()).await
    }

    /// The same, with what its gateways find in their environment.
    pub async fn start_in(site: &Path, environment: Vec<(String, String)>) -> anyhow::Result<Self> {
        let cluster = tokio::task::spawn_blocking(Cluster::start).await??;
        let owner = cluster.database(DATABASE)?;
        let listen = SocketAddr::from(([127, 0, 0, 1], free_port().await?));
        let mut headquarters = Self { gateway: None, listen, owner, environment, cluster };
        headquarters.administer(&["migrate", "--gateway-login", LOGIN]).await?;
        headquarters.apply_site(site).await?;
        headquarters.start_somewhere().await?;
        Ok(headquarters)
    }

    /// A central database that Kartorium has made, with other owners and without row-level security of its own; we
    /// have adopted it.
    pub async fn adopted(site: &Path) -> anyhow::Result<Self> {
        Self::adopted_with(site, "", &[]).await
    }

    /// The same, with what Kartorium has made in it before, as `adopter` is told.
    pub async fn adopted_with(
        site: &Path,
        before: &str,
        arguments: &[&str],
    ) -> anyhow::Result<Self> {
        let (cluster, owner) = tokio::task::spawn_blocking(foreign).await??;
        cluster.psql(DATABASE, &format!("SET ROLE kartorium_app; {before}"))?;
        let listen = SocketAddr::from(([127, 0, 0, 1], free_port().await?));
        let mut headquarters =
            Self { gateway: None, listen, owner, environment: Vec::new(), cluster };
        let adopt = [&["adopt", "--gateway-login", LOGIN], arguments].concat();
        headquarters.administer(&adopt).await?;
        headquarters.apply_site(site).await?;
        headquarters.start_somewhere().await?;
        Ok(headquarters)
    }

    /// The database, as gateways log in.
    pub fn login(&self) -> String {
        self.cluster.url(DATABASE, LOGIN)
    }

    /// Where terminals reach it.
    pub fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// The central database, as its owner reaches it.
    pub fn database(&self) -> &str {
        &self.owner
    }

    /// `kart-hq site apply`.
    pub async fn apply_site(&self, site: &Path) -> anyhow::Result<()> {
        self.administer(&["site", "apply", &site.display().to_string()]).await.map(drop)
    }

    /// A one-time code for a terminal.
    pub async fn enrollment_code(&self, terminal: &str) -> anyhow::Result<String> {
        self.enrollment_code_at(ORGANIZATION, SITE, terminal).await
    }

    /// A one-time code for a terminal of another site.
    pub async fn enrollment_code_at(
        &self,
        organization: &str,
        site: &str,
        terminal: &str,
    ) -> anyhow::Result<String> {
        let place = ["--organization", organization, "--site", site, "--terminal", terminal];
        let [a, b, c, d, e, f] = place;
        let said = self.administer(&["enroll", a, b, c, d, e, f]).await?;
        let code = said.lines().last().unwrap_or_default().trim();
        anyhow::ensure!(!code.is_empty(), "kart-hq enroll printed no code");
        Ok(code.to_owned())
    }

    /// The gateway stops, gracefully. Postgres goes on.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut gateway) = self.gateway.take() else { return Ok(()) };
        gateway.child().terminate()?;
        gateway.child().end(LIMIT).await.map(drop)
    }

    /// SIGKILL to the gateway.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.gateway.take().map_or(Ok(()), |mut gateway| gateway.kill())
    }

    /// Another program may take a port between the moment it is found free and the moment it is used.
    async fn start_somewhere(&mut self) -> anyhow::Result<()> {
        for _ in 1..ATTEMPTS {
            if self.start_again().await.is_ok() {
                return Ok(());
            }
            self.listen = SocketAddr::from(([127, 0, 0, 1], free_port().await?));
        }
        self.start_again().await
    }

    /// The gateway starts at the place where it was.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        self.start_with(None).await
    }

    /// The gateway goes on without background work, so that rows change only for those who ask.
    pub async fn leave_off_work(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        let config = tempfile::NamedTempFile::new()?;
        std::fs::write(config.path(), "[work]\nenabled = false\n")?;
        self.start_with(Some(config.path())).await
    }

    async fn start_with(&mut self, config: Option<&Path>) -> anyhow::Result<()> {
        let login = self.login();
        let started = Gateway::start_at(&login, config, self.listen, &self.environment);
        self.gateway = Some(started.await?);
        Ok(())
    }

    /// The gateway's process, to freeze it for example.
    pub fn gateway(&mut self) -> anyhow::Result<&mut Child> {
        Ok(self.gateway.as_mut().context("the gateway is stopped")?.child())
    }

    /// Asks the central database as its owner, who sees every row.
    pub async fn sql(
        &self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> anyhow::Result<Vec<Row>> {
        let (client, connection) = tokio_postgres::connect(&self.owner, NoTls).await?;
        tokio::select! {
            rows = client.query(statement, parameters) => Ok(rows?),
            ended = connection => anyhow::bail!("the connection ended: {ended:?}"),
        }
    }

    /// One number.
    pub async fn number(&self, statement: &str) -> anyhow::Result<i64> {
        let rows = self.sql(&format!("SELECT ({statement})::bigint"), &[]).await?;
        Ok(rows.first().context("a row")?.try_get::<_, Option<i64>>(0)?.unwrap_or_default())
    }

    /// What `kart-hq` says, run as the owner of the database.
    async fn administer(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(program("kart-hq")?);
        command.env("DATABASE_URL", &self.owner).args(arguments);
        let mut child = Child::spawn(&mut command)?;
        let status = child.end(LIMIT).await?;
        anyhow::ensure!(status.success(), "kart-hq {arguments:?}: {status}\n{}", child.tail());
        Ok(child.stdout())
    }
}

/// A cluster with a database of Kartorium's, and whom it lets adopt it.
pub fn foreign() -> anyhow::Result<(Cluster, String)> {
    let cluster = Cluster::start()?;
    cluster.database(DATABASE)?;
    let roles = format!(
        "CREATE ROLE kartorium_app LOGIN;
         CREATE ROLE adopter LOGIN CREATEROLE IN ROLE kartorium_app;
         ALTER DATABASE {DATABASE} OWNER TO kartorium_app"
    );
    cluster.psql(DATABASE, &roles)?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(repository().join("migrations/hq"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let is_theirs = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ["V1__", "V2__", "V3__", "V4__", "V5__"].iter().any(|version| name.starts_with(version))
    };
    for file in files.into_iter().filter(is_theirs) {
        let text = std::fs::read_to_string(file)?;
        cluster.psql(DATABASE, &format!("SET ROLE kartorium_app; {text}"))?;
    }
    let url = cluster.url(DATABASE, "adopter");
    Ok((cluster, url))
}
