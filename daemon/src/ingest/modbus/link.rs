//! One connection to one unit: connect, ask, and believe only an answer that fits the question.
//!
//! It does not retry and has no memory. After any [`LinkFault`] the caller drops the connection,
//! because an answer that comes late would otherwise pass for the answer to the next question.
//! Only the two reading functions are ever sent.

use rustix::net::sockopt;
use std::{io, time::Duration};
use tokio::{
    net::TcpStream,
    time::{error::Elapsed, timeout},
};
use tokio_modbus::{
    ExceptionCode, Request, Response, Slave,
    client::{Client as _, Context, tcp},
};

use super::plan::{DevicePlan, Read, Table};

/// The connection cannot be used any longer.
#[derive(Debug, thiserror::Error)]
pub enum LinkFault {
    /// No connection.
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    /// No connection in time.
    #[error("no connection within {} ms", .0.as_millis())]
    ConnectTimeout(Duration),
    /// No answer in time.
    #[error("no answer within {} ms", .0.as_millis())]
    AnswerTimeout(Duration),
    /// Broken off, or not Modbus at all.
    #[error("connection broken: {0}")]
    Broken(#[source] io::Error),
    /// Another transaction, unit or function than asked for.
    #[error("the answer does not fit the question")]
    Mismatch,
    /// Another number of registers than asked for.
    #[error("{wanted} registers asked for, {got} answered")]
    Count {
        /// Asked for.
        wanted: u16,
        /// Answered.
        got: usize,
    },
}

/// An open connection.
pub struct Link {
    context: Context,
    timeout: Duration,
}

impl Link {
    /// Connects; sends nothing yet.
    pub async fn connect(plan: &DevicePlan) -> Result<Self, LinkFault> {
        let stream = timeout(plan.timeout, TcpStream::connect(&plan.address))
            .await
            .map_err(|_: Elapsed| LinkFault::ConnectTimeout(plan.timeout))?
            .map_err(LinkFault::Connect)?;
        stream.set_nodelay(true).map_err(LinkFault::Connect)?;
        keep_alive(&stream).map_err(LinkFault::Connect)?;
        let context = tcp::attach_slave(stream, Slave(plan.unit));
        Ok(Self { context, timeout: plan.timeout })
    }

    /// Asks for the registers of `read`: the words, or the exception the device answered with.
    pub async fn ask(&mut self, read: &Read) -> Result<Result<Vec<u16>, ExceptionCode>, LinkFault> {
        let request = match read.table {
            Table::Holding => Request::ReadHoldingRegisters(read.start, read.count),
            Table::Input => Request::ReadInputRegisters(read.start, read.count),
        };
        let answer = timeout(self.timeout, self.context.call(request))
            .await
            .map_err(|_: Elapsed| LinkFault::AnswerTimeout(self.timeout))?
            .map_err(|error| match error {
                tokio_modbus::Error::Transport(error) => LinkFault::Broken(error),
                tokio_modbus::Error::Protocol(_) => LinkFault::Mismatch,
            })?;
        let words = match (read.table, answer) {
            (_, Err(exception)) => return Ok(Err(exception)),
            (Table::Holding, Ok(Response::ReadHoldingRegisters(words)))
            | (Table::Input, Ok(Response::ReadInputRegisters(words))) => words,
            (_, Ok(_)) => return Err(LinkFault::Mismatch),
        };
        if words.len() != usize::from(read.count) {
            return Err(LinkFault::Count { wanted: read.count, got: words.len() });
        }
        Ok(Ok(words))
    }
}

/// A device that lost its power says nothing; the kernel then asks after it.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(10))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(5))?;
    sockopt::set_tcp_keepcnt(stream, 3)?;
    Ok(())
}
