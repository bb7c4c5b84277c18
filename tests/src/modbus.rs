//! A Modbus TCP server that we did not write: Debian's python3-pymodbus, told on its standard input what to serve.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use anyhow::Context;

use crate::child::Child;
use crate::dialogue::Dialogue;
use crate::wait::free_port;

pub mod libmodbus;

/// Debian's own Python; one of a developer's would not find Debian's packages.
const PYTHON: &str = "/usr/bin/python3";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/servers/modbus_server.py");
const ATTEMPTS: usize = 3;

/// Serves the registers 0 to 999, all zero at the start, as any unit.
#[derive(Debug)]
pub struct ModbusServer {
    port: u16,
    server: Option<Dialogue>,
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
        self.start_showing(&serde_json::json!({})).await
    }

    /// As [`ModbusServer::start_again`], with these registers set before anybody can read them, as in a device that
    /// keeps its values: `{"set": [address, [values]]}`.
    pub async fn start_showing(&mut self, registers: &serde_json::Value) -> anyhow::Result<()> {
        let mut command = Command::new(PYTHON);
        command.arg(SCRIPT).arg(self.port.to_string()).arg(registers.to_string());
        self.server = Some(Dialogue::start(&mut command).await?.0);
        Ok(())
    }

    async fn command(&mut self, command: &serde_json::Value) -> anyhow::Result<()> {
        let server = self.server.as_mut().context("the Modbus server is stopped")?;
        server.ask(command).await.map(drop)
    }
}
