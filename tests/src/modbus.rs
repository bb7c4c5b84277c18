//! A Modbus TCP server that we did not write: Debian's python3-pymodbus, told on its standard input what to serve.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{ChildStdin, Command};
use std::time::Duration;

use anyhow::Context;

use crate::child::Child;
use crate::wait::free_port;

/// Debian's own Python; one of a developer's would not find Debian's packages.
const PYTHON: &str = "/usr/bin/python3";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/servers/modbus_server.py");
const LIMIT: Duration = Duration::from_secs(20);
const ATTEMPTS: usize = 3;

/// Serves the registers 0 to 999, all zero at the start, as any unit.
#[derive(Debug)]
pub struct ModbusServer {
    port: u16,
    server: Option<Running>,
}

#[derive(Debug)]
struct Running {
    process: Child,
    input: ChildStdin,
    answers: usize,
}

impl ModbusServer {
    pub async fn start() -> anyhow::Result<Self> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut server = Self { port: free_port().await?, server: None };
            match server.start_again().await {
                Ok(()) => return Ok(server),
                Err(fault) if attempt == ATTEMPTS => {
                    return Err(fault
                        .context("Debian packages python3-pymodbus and python3-serial-asyncio"));
                },
                Err(_taken) => {},
            }
        }
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Sets holding registers from `address` on; a reader sees all of them or none.
    pub async fn set_holding(&mut self, address: u16, values: &[u16]) -> anyhow::Result<()> {
        self.command(&serde_json::json!({ "set": [address, values] })).await
    }

    /// Sets input registers from `address` on; a reader sees all of them or none.
    pub async fn set_input(&mut self, address: u16, values: &[u16]) -> anyhow::Result<()> {
        self.command(&serde_json::json!({ "set_input": [address, values] })).await
    }

    /// The process, to freeze it for example.
    pub fn process(&mut self) -> anyhow::Result<&mut Child> {
        Ok(&mut self.server.as_mut().context("the Modbus server is stopped")?.process)
    }

    /// Gone at once: connections break, and new ones are refused.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.server.take().map_or(Ok(()), |mut server| server.process.kill().map(drop))
    }

    /// Starts it after [`ModbusServer::stop`] on the same port, with all registers at zero as after a power cut.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new(PYTHON);
        command.arg(SCRIPT).arg(self.port.to_string());
        let (process, input) = Child::with_input(&mut command)?;
        let mut running = Running { process, input, answers: 0 };
        running.answer().await?;
        self.server = Some(running);
        Ok(())
    }

    async fn command(&mut self, command: &serde_json::Value) -> anyhow::Result<()> {
        let running = self.server.as_mut().context("the Modbus server is stopped")?;
        writeln!(running.input, "{command}")?;
        let answer = running.answer().await?;
        anyhow::ensure!(!answer.contains("error"), "{command}: {answer}");
        Ok(())
    }
}

impl Running {
    async fn answer(&mut self) -> anyhow::Result<String> {
        let path = self.process.stdout_path();
        let seen = self.answers;
        let mut answer = String::new();
        self.process
            .ready("the Modbus server's answer", LIMIT, async || {
                let text = std::fs::read_to_string(&path).map_err(|fault| fault.to_string())?;
                let complete = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
                answer =
                    complete.lines().nth(seen).ok_or_else(|| format!("{seen} answers"))?.to_owned();
                Ok::<_, String>(())
            })
            .await?;
        self.answers += 1;
        Ok(answer)
    }
}
