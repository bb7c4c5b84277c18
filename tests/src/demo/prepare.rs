//! What must be there before a world can start: our programs, and servers that we did not write.

use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use kart_tests::programs::repository;
use kart_tests::{broker, postgres};
use tokio::process::Command;

use crate::tell;

const PACKAGES: [&str; 4] = ["kartd", "kart-tui", "kart-hq", "kart-sim"];

/// What can be started here.
pub(crate) struct Servers {
    pub postgres: bool,
    pub broker: bool,
}

/// Builds the programs in the profile that this one was built in.
pub(crate) async fn build() -> anyhow::Result<()> {
    tell("building the programs; the first time takes some minutes");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--bins", "--quiet"]).current_dir(repository());
    build.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    if std::env::current_exe()?.parent().is_some_and(|folder| folder.ends_with("release")) {
        build.arg("--release");
    }
    let status = build.kill_on_drop(true).status().await.context("cargo cannot be started")?;
    anyhow::ensure!(status.success(), "the programs cannot be built");
    Ok(())
}

/// Installs what is missing, where that is allowed and possible. Without it the demo is smaller.
pub(crate) async fn servers(install: bool) -> Servers {
    let mut missing = Vec::new();
    missing.extend((!postgres::installed()).then_some("postgresql"));
    missing.extend((!broker::installed()).then_some("mosquitto"));
    if install && !missing.is_empty() {
        tell(&format!("installing {}; --no-install forbids it", missing.join(" and ")));
        if let Err(fault) = packages(&missing).await {
            tell(&format!("{fault:#}"));
        }
    }
    let servers = Servers { postgres: postgres::installed(), broker: broker::installed() };
    if !servers.broker {
        tell("no mosquitto here: presses only. With it comes a packer: apt-get install mosquitto");
    }
    if !servers.postgres {
        tell(
            "no Postgres here: the terminal works alone. To add headquarters: apt-get install postgresql",
        );
    }
    servers
}

async fn packages(missing: &[&str]) -> anyhow::Result<()> {
    let script = repository().join("tests/packages");
    let mut install = Command::new(Path::new(&script));
    install.args(missing).stdout(Stdio::from(std::io::stderr())).kill_on_drop(true);
    let status = install.status().await.context("tests/packages cannot be started")?;
    anyhow::ensure!(status.success(), "the installation ended with {status}");
    Ok(())
}
