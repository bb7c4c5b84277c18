//! Where the gateway listens and which database it stands in front of: from a TOML file, or from
//! `DATABASE_URL` alone. All faults of the file are told together.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use kart_core::document::{Document, Fault, Faults};
use serde::Deserialize;

/// Loopback, because without TLS nothing else is allowed.
pub(crate) const LISTEN: &str = "127.0.0.1:7400";
/// A few kilobytes each; the process also needs a file descriptor for each.
const MOST_CONNECTIONS: usize = 8192;
/// The terminal waits 30 seconds for an answer, and holds its own row meanwhile.
const REPLAY_LIMIT: Duration = Duration::from_secs(3);
const LONGEST_REPLAY_MS: u32 = 15_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<String>,
    most_connections: Option<u32>,
    replay_limit_ms: Option<u32>,
    tls: Option<TlsEntry>,
    database: Option<DatabaseEntry>,
    work: Option<WorkEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkEntry {
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsEntry {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DatabaseEntry {
    url: String,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

/// Checked settings.
pub(crate) struct Config {
    /// Address and port; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// Without it the gateway speaks plain HTTP, on loopback only.
    pub(crate) tls: Option<Tls>,
    /// Connections of terminals at a time; the next is hung up on.
    pub(crate) most_connections: usize,
    /// How long one request reads in a life of a log that ends.
    pub(crate) replay_limit: Duration,
    /// How to reach the database.
    pub(crate) database: Server,
    /// Whether background work is done beside the serving.
    pub(crate) work: bool,
}

/// A Postgres server.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: tokio_postgres::Config,
    /// PEM certificates of the authority whose certificate it must show; without them the
    /// connection is plain.
    pub(crate) ca_pem: Option<Vec<u8>>,
}

/// PEM files.
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// What the command line and the environment say.
pub(crate) struct Sources<'a> {
    /// `--config`.
    pub(crate) file: Option<&'a Path>,
    /// `DATABASE_URL`, used where the file names no database.
    pub(crate) database_url: Option<&'a str>,
    /// `--listen`, stronger than the file.
    pub(crate) listen: Option<SocketAddr>,
}

impl Config {
    pub(crate) fn read(sources: &Sources<'_>) -> anyhow::Result<Self> {
        let Some(path) = sources.file else {
            let url = sources
                .database_url
                .context("say which database: --config FILE or the variable DATABASE_URL")?;
            let config = Self {
                listen: sources.listen.map_or_else(|| LISTEN.parse(), Ok)?,
                tls: None,
                most_connections: MOST_CONNECTIONS,
                replay_limit: REPLAY_LIMIT,
                database: Server {
                    // Its fault is told without the text, which may hold a password.
                    address: url.parse().map_err(|_| anyhow::anyhow!("DATABASE_URL is no URL"))?,
                    ca_pem: None,
                },
                work: true,
            };
            anyhow::ensure!(config.is_private(), "{}", Self::NEEDS_TLS);
            return Ok(config);
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self::parse(path, &text, sources)?)
    }

    fn parse(path: &Path, text: &str, sources: &Sources<'_>) -> Result<Self, Faults> {
        let document = Document::read(&path.display().to_string(), text)?;
        let file: File = document.parse()?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut faults = Vec::new();
        let listen = sources
            .listen
            .map_or_else(|| file.listen.as_deref().unwrap_or(LISTEN).parse().map_err(|_| ()), Ok);
        if listen.is_err() {
            faults.push(document.fault("listen", "must be an address and a port, as [::1]:7400"));
        }
        let tls = file.tls.map(|entry| Tls {
            certificate: folder.join(entry.certificate),
            key: folder.join(entry.key),
        });
        for (key, file) in tls
            .iter()
            .flat_map(|tls| [("tls.certificate", &tls.certificate), ("tls.key", &tls.key)])
        {
            if let Err(fault) = std::fs::File::open(file) {
                faults.push(document.fault(key, format!("{}: {fault}", file.display())));
            }
        }
        let most_connections = match file.most_connections {
            Some(0) => {
                faults.push(document.fault("most_connections", "must be at least 1"));
                MOST_CONNECTIONS
            },
            Some(most) => usize::try_from(most).unwrap_or(MOST_CONNECTIONS),
            None => MOST_CONNECTIONS,
        };
        let replay_limit = file.replay_limit_ms.map(u64::from).map(Duration::from_millis);
        if file.replay_limit_ms.is_some_and(|limit| limit > LONGEST_REPLAY_MS) {
            let most = format!("must be at most {LONGEST_REPLAY_MS}");
            faults.push(document.fault("replay_limit_ms", most));
        }
        let replay_limit = replay_limit.unwrap_or(REPLAY_LIMIT);
        let work = file.work.is_none_or(|work| work.enabled);
        let database = database(&document, file.database, sources.database_url, folder);
        match (listen, database) {
            (Ok(listen), Ok(database)) if faults.is_empty() => {
                let config = Self { listen, tls, most_connections, replay_limit, database, work };
                match config.is_private() {
                    true => Ok(config),
                    false => Err(Faults(vec![document.fault("listen", Self::NEEDS_TLS)])),
                }
            },
            (_, database) => {
                faults.extend(database.err());
                Err(Faults(faults))
            },
        }
    }

    const NEEDS_TLS: &'static str =
        "an address that others can reach needs [tls] with certificate and key";

    fn is_private(&self) -> bool {
        self.listen.ip().is_loopback() || self.tls.is_some()
    }
}

fn database(
    document: &Document<'_>,
    entry: Option<DatabaseEntry>,
    from_environment: Option<&str>,
    folder: &Path,
) -> Result<Server, Fault> {
    let url =
        entry.as_ref().map(|entry| entry.url.as_str()).or(from_environment).ok_or_else(|| {
            document.fault("database", "missing; or set the variable DATABASE_URL")
        })?;
    let mut address: tokio_postgres::Config = url
        .parse()
        .map_err(|_| document.fault("database.url", "must be as postgresql://user@host/name"))?;
    let (password, authority) =
        entry.map(|entry| (entry.password_file, entry.ca_file)).unwrap_or_default();
    let read = |key: &str, file: &Path| {
        let path = folder.join(file);
        std::fs::read_to_string(&path)
            .map_err(|fault| document.fault(key, format!("{}: {fault}", path.display())))
    };
    if let Some(file) = password {
        let password = read("database.password_file", &file)?;
        address.password(password.trim_end_matches(['\r', '\n']));
    }
    let ca_pem = authority.map(|file| read("database.ca_file", &file)).transpose()?;
    Ok(Server { address, ca_pem: ca_pem.map(String::into_bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, Faults> {
        let sources = Sources { file: None, database_url: None, listen: None };
        Config::parse(Path::new("hq.toml"), text, &sources)
    }

    #[test]
    fn a_small_file_is_enough() {
        let config = parse("[database]\nurl = 'postgresql://kart@db/plant'\n").ok().unwrap();
        assert_eq!(config.listen.to_string(), LISTEN);
    }

    #[test]
    fn faults_name_line_and_key() {
        let text = "listen = 'here'\n[tls]\ncertificate = 'none.pem'\nkey = 'none.pem'\n\
                    [database]\nurl = 'x'\n";
        let faults = parse(text).err().unwrap().0;
        let places: Vec<(usize, &str)> =
            faults.iter().map(|fault| (fault.line, fault.path.as_str())).collect();
        let expected = [(1, "listen"), (3, "tls.certificate"), (4, "tls.key"), (6, "database.url")];
        assert_eq!(places, expected);
    }

    #[test]
    fn plain_http_stays_at_home() {
        let text = "listen = '0.0.0.0:7400'\n[database]\nurl = 'postgresql://db/plant'\n";
        assert_eq!(parse(text).err().unwrap().0[0].path, "listen");
    }
}
