//! A Postgres cluster of its own for a test or the demo: in a temporary folder, on a Unix socket only.
//! Its users are trusted and it does not flush to disk; it is no model for a real one.

use std::fs::Permissions;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::Context;
use tempfile::TempDir;

const PROGRAMS: &str = "/usr/lib/postgresql";
/// Postgres refuses to run as root; this is the user whom Debian's package creates.
const USER: &str = "postgres";

#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    running: bool,
    /// Where it listens besides its socket.
    network: String,
}

/// A copy of a cluster's data, which goes with the cluster.
#[derive(Debug)]
pub struct Saved(PathBuf);

/// Whether a cluster could be started here.
pub fn installed() -> bool {
    programs().is_ok()
}

impl Cluster {
    /// Creates and starts one. Blocks for a second or two.
    pub fn start() -> anyhow::Result<Self> {
        let programs = programs()?;
        // A socket's path has little room, and that other user must be able to reach it: not in a TMPDIR of ours.
        let folder = tempfile::Builder::new().prefix("kart-postgres-").tempdir_in("/tmp")?;
        if rustix::process::geteuid().is_root() {
            let owner = user_id(USER)?;
            std::os::unix::fs::chown(folder.path(), Some(owner), None)?;
        }
        open_to_all(folder.path())?;
        let mut cluster =
            Self { folder, programs, running: false, network: "-c listen_addresses=''".to_owned() };
        let data = cluster.data();
        let mut initdb = cluster.command("initdb");
        initdb.arg("--pgdata").arg(&data);
        initdb.args([
            "--username",
            USER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
        ]);
        finish(initdb.arg("--no-sync"))?;
        cluster.start_again()?;
        Ok(cluster)
    }

    /// The connection string of a database, which is created if it is not there.
    pub fn database(&self, name: &str) -> anyhow::Result<String> {
        let fits =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        anyhow::ensure!(name.chars().all(fits), "{name} is no plain name of a database");
        let found =
            self.psql("postgres", &format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"))?;
        if found.is_empty() {
            self.psql("postgres", &format!("CREATE DATABASE {name}"))?;
        }
        Ok(self.url(name, USER))
    }

    /// The connection string of a database for some role.
    pub fn url(&self, database: &str, role: &str) -> String {
        format!(
            "postgresql:///{database}?host={}&port=5432&user={role}",
            self.folder.path().display()
        )
    }

    /// What `psql` answers, one row a line, fields parted by `|`.
    pub fn psql(&self, database: &str, statement: &str) -> anyhow::Result<String> {
        let mut psql = self.command("psql");
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set",
            "ON_ERROR_STOP=1",
        ]);
        psql.args(["--dbname", &self.url(database, USER), "--command", statement]);
        let output = finish(&mut psql)?;
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    /// Stops at once, as a power cut would: connections break, nothing is written.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let mut stop = self.pg_ctl("stop");
        finish(stop.args(["--mode", "immediate"]))?;
        self.running = false;
        Ok(())
    }

    /// Starts it after [`Cluster::stop`], with its data, at the same place.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        let socket = self.folder.path().display();
        let options =
            format!("-c unix_socket_directories='{socket}' -c fsync=off -p 5432 {}", self.network);
        let mut start = self.pg_ctl("start");
        start.arg("--log").arg(self.folder.path().join("log")).args(["--options", &options]);
        finish(&mut start).with_context(|| self.log())?;
        self.running = true;
        Ok(())
    }

    /// From now on it also listens at this address of the computer, and lets people in there over TLS only.
    pub fn speak_tls(
        &mut self,
        certificate: &Path,
        key: &Path,
        address: Ipv4Addr,
    ) -> anyhow::Result<()> {
        self.stop()?;
        let data = self.data();
        for (from, name) in [(certificate, "server.crt"), (key, "server.key")] {
            let to = data.join(name);
            std::fs::copy(from, &to)?;
            std::fs::set_permissions(&to, Permissions::from_mode(0o600))?;
            if rustix::process::geteuid().is_root() {
                std::os::unix::fs::chown(&to, Some(user_id(USER)?), None)?;
            }
        }
        let rules =
            "local all all trust\nhostssl all all 127.0.0.0/8 trust\nhost all all all reject\n";
        std::fs::write(data.join("pg_hba.conf"), rules)?;
        self.network = format!("-c listen_addresses={address} -c ssl=on");
        self.start_again()
    }

    /// The same without TLS.
    pub fn speak_plainly(&mut self, address: Ipv4Addr) -> anyhow::Result<()> {
        self.stop()?;
        self.network = format!("-c listen_addresses={address} -c ssl=off");
        self.start_again()
    }

    /// Copies all data aside, as a cold backup would, and goes on. Connections break.
    pub fn save(&mut self) -> anyhow::Result<Saved> {
        self.stop()?;
        let saved = Saved(self.folder.path().join("saved"));
        copy(&self.data(), &saved.0)?;
        self.start_again()?;
        Ok(saved)
    }

    /// Puts the data back to what was saved. Connections break.
    pub fn restore(&mut self, saved: &Saved) -> anyhow::Result<()> {
        self.stop()?;
        copy(&saved.0, &self.data())?;
        self.start_again()
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Where the server can write files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn pg_ctl(&self, action: &str) -> Command {
        let mut command = self.command("pg_ctl");
        command.arg(action).args(["--wait", "--silent", "--pgdata"]).arg(self.data());
        command
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("runuser");
            command.args(["--user", USER, "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        for (name, _value) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.running {
            // The folder goes in any case; there is nobody left to be told.
            self.stop().ok();
        }
    }
}

/// The newest installed version's folder of programs.
fn programs() -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir(PROGRAMS).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|version| folder_of(*version).join("postgres").is_file())
        .max();
    newest.map(folder_of).context("Postgres is not installed (Debian package postgresql)")
}

fn folder_of(version: u32) -> PathBuf {
    Path::new(PROGRAMS).join(version.to_string()).join("bin")
}

/// With the owner, on whom Postgres insists.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    finish(Command::new("cp").arg("--archive").arg(from).arg(to)).map(drop)
}

fn user_id(name: &str) -> anyhow::Result<u32> {
    let output = finish(Command::new("id").args(["--user", name]))?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn open_to_all(folder: &Path) -> std::io::Result<()> {
    std::fs::set_permissions(folder, Permissions::from_mode(0o755))
}

fn finish(command: &mut Command) -> anyhow::Result<Output> {
    let output = command
        .stdin(std::process::Stdio::null())
        .output()
        .with_context(|| format!("{command:?}"))?;
    anyhow::ensure!(
        output.status.success(),
        "{command:?} ended with {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}
