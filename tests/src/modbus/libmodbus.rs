//! Debian's libmodbus: a small C program, compiled once in a run, that serves fixed values or reads them as fast as it
//! can.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use tempfile::TempDir;

use crate::child::Child;
use crate::dialogue::Dialogue;
use crate::wait::{free_port, try_for};

const NEAR: &str = "near";
const FAR: &str = "far";
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/servers/modbus_server.c");

/// The compiled program.
#[derive(Debug)]
pub struct Libmodbus {
    program: PathBuf,
    _folder: TempDir,
}

/// What a holding register of it holds.
pub fn holding(address: u16) -> u16 {
    address.wrapping_mul(257)
}

/// What an input register of it holds.
pub fn input(address: u16) -> u16 {
    u16::MAX.wrapping_sub(holding(address))
}

impl Libmodbus {
    pub fn compile() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("kart-libmodbus-").tempdir()?;
        let program = folder.path().join("modbus_server");
        let mut compiler = Command::new("cc");
        compiler.args(["-O2", "-I/usr/include/modbus", SOURCE, "-lmodbus", "-o"]).arg(&program);
        let output = compiler.output().context("no C compiler")?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "Debian package libmodbus-dev: {said}");
        Ok(Self { program, _folder: folder })
    }

    /// A server on a port of its own.
    pub async fn serve_tcp(&self) -> anyhow::Result<(Dialogue, SocketAddr)> {
        let port = free_port().await?;
        let mut command = Command::new(&self.program);
        let (server, _) = Dialogue::start(command.arg("tcp").arg(port.to_string())).await?;
        Ok((server, (Ipv4Addr::LOCALHOST, port).into()))
    }

    /// A server on a serial port.
    pub async fn serve_rtu(&self, port: &Path, unit: u8) -> anyhow::Result<Dialogue> {
        let mut command = Command::new(&self.program);
        Ok(Dialogue::start(command.arg("rtu").arg(port).arg(unit.to_string())).await?.0)
    }

    /// How many reads of `count` holding registers a second a bare loop makes.
    pub async fn read_rate(
        &self,
        server: SocketAddr,
        count: u16,
        seconds: f64,
    ) -> anyhow::Result<f64> {
        let mut command = Command::new(&self.program);
        let words = [server.port().to_string(), count.to_string(), seconds.to_string()];
        let (_program, told) = Dialogue::start(command.arg("read").args(words)).await?;
        let number = |name: &str| told[name].as_f64().context("a number is missing");
        Ok(number("polls")? / number("seconds")?)
    }
}

/// Two serial ports that are each other's far end.
#[derive(Debug)]
pub struct SerialLine {
    /// Held open, so that the line does not end with its last user.
    _ends: [File; 2],
    _socat: Child,
    folder: TempDir,
}

impl SerialLine {
    pub async fn lay() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("kart-line-").tempdir()?;
        let end = |name: &str| format!("pty,rawer,link={}", folder.path().join(name).display());
        let socat = Child::spawn(Command::new("socat").args([end(NEAR), end(FAR)]))
            .context("Debian package socat")?;
        let open = |name: &str| {
            let path = folder.path().join(name);
            rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).map(File::from)
        };
        let ends = async || Ok::<_, Errno>([open(NEAR)?, open(FAR)?]);
        let ends = try_for("both ends of the line", Duration::from_secs(10), ends).await?;
        Ok(Self { _ends: ends, _socat: socat, folder })
    }

    pub fn near(&self) -> PathBuf {
        self.folder.path().join(NEAR)
    }

    pub fn far(&self) -> PathBuf {
        self.folder.path().join(FAR)
    }
}
