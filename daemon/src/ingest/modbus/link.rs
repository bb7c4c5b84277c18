//! One connection: connect, ask, and believe only an answer that fits the question.
//!
//! It does not retry and has no memory. After any [`LinkFault`] the caller drops the connection,
//! because an answer that comes late would otherwise pass for the answer to the next question.
//! Only the four reading functions are ever sent.

use rustix::net::sockopt;
use serial2_tokio::{CharSize, SerialPort, Settings, StopBits};
use std::{fmt, io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, error::Elapsed, sleep_until, timeout, timeout_at},
};
use tokio_modbus::{
    Request, Response, Slave,
    client::{Client as _, Context, tcp},
    slave::SlaveContext as _,
};

use super::{
    plan::{Address, Parity, Rate, SerialPlan, Table},
    read::Read,
    rtu,
};

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
    /// Another number of values than asked for.
    #[error("{wanted} values asked for, {got} answered")]
    Count {
        /// Asked for.
        wanted: u16,
        /// Answered.
        got: usize,
    },
    /// A frame of a serial line that is no answer.
    #[error(transparent)]
    Frame(#[from] rtu::Misfit),
    /// Something came that nobody had asked for.
    #[error("bytes came that nobody had asked for")]
    Unasked,
}

/// What an answer was made of.
pub type Words = Result<Vec<u16>, u8>;

/// How a connection is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Opening {
    /// Longest time to connect.
    pub timeout: Duration,
    /// Rest before the first request.
    pub pause: Duration,
    /// On lines without transaction numbers: nothing may have come for so long. After a fault
    /// that is how late an answer is still waited for, to be thrown away.
    pub quiet: Duration,
}

/// An open connection.
pub struct Link {
    wire: Wire,
    /// Rest between an answer and the next request.
    pause: Duration,
    /// No request before this.
    free: Instant,
    /// When the line last carried something.
    heard: Instant,
}

enum Wire {
    Tcp(Context),
    Rtu { stream: Box<dyn Stream>, silence: Duration },
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Link {
    /// Frames of TCP over a stream that is open already.
    pub fn over<S>(stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin + 'static,
    {
        let now = Instant::now();
        Self { wire: Wire::Tcp(tcp::attach(stream)), pause: Duration::ZERO, free: now, heard: now }
    }

    /// Connects; sends nothing yet.
    pub async fn connect(
        address: &Address,
        opening: Opening,
        pause: Duration,
    ) -> Result<Self, LinkFault> {
        let wire = match address {
            Address::Tcp(place) => Wire::Tcp(tcp::attach(socket(place, opening.timeout).await?)),
            Address::RtuOverTcp(place, _) => {
                let stream = Box::new(socket(place, opening.timeout).await?);
                Wire::Rtu { stream, silence: address.silence() }
            },
            Address::Serial(plan) => {
                let port = open(plan).map_err(LinkFault::Connect)?;
                Wire::Rtu { stream: Box::new(port), silence: address.silence() }
            },
        };
        let now = Instant::now();
        let mut link = Self { wire, pause, free: now + opening.pause, heard: now };
        if let Wire::Rtu { stream, silence } = &mut link.wire {
            discard(stream, opening.quiet.max(*silence)).await?;
        }
        Ok(link)
    }

    /// Asks `unit` for `read`: the words, or the code of the exception it answered with. A place
    /// of a table of bits is a word that is 0 or 1.
    pub async fn ask(
        &mut self,
        unit: u8,
        limit: Duration,
        read: &Read,
    ) -> Result<Words, LinkFault> {
        let answer = match &mut self.wire {
            Wire::Tcp(context) => {
                sleep_until(self.free).await;
                context.set_slave(Slave(unit));
                over_tcp(context, limit, read).await
            },
            Wire::Rtu { stream, silence } => {
                listen(stream, self.free.max(self.heard + *silence)).await?;
                over_line(stream, unit, limit, read).await
            },
        };
        self.heard = Instant::now();
        self.free = self.heard + self.pause;
        answer
    }
}

async fn socket(place: &str, limit: Duration) -> Result<TcpStream, LinkFault> {
    let stream = timeout(limit, TcpStream::connect(place))
        .await
        .map_err(|_: Elapsed| LinkFault::ConnectTimeout(limit))?
        .map_err(LinkFault::Connect)?;
    stream.set_nodelay(true).map_err(LinkFault::Connect)?;
    keep_alive(&stream).map_err(LinkFault::Connect)?;
    Ok(stream)
}

/// A device that lost its power says nothing; the kernel then asks after it.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(10))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(5))?;
    sockopt::set_tcp_keepcnt(stream, 3)?;
    Ok(())
}

fn open(plan: &SerialPlan) -> io::Result<SerialPort> {
    let Rate { baud, parity, stop_bits } = plan.rate;
    let port = SerialPort::open(&plan.path, |mut settings: Settings| {
        settings.set_raw();
        settings.set_baud_rate(baud)?;
        settings.set_char_size(CharSize::Bits8);
        settings.set_parity(match parity {
            Parity::None => serial2_tokio::Parity::None,
            Parity::Even => serial2_tokio::Parity::Even,
            Parity::Odd => serial2_tokio::Parity::Odd,
        });
        settings.set_stop_bits(if stop_bits == 2 { StopBits::Two } else { StopBits::One });
        Ok(settings)
    })?;
    port.discard_buffers()?;
    Ok(port)
}

async fn over_tcp(context: &mut Context, limit: Duration, read: &Read) -> Result<Words, LinkFault> {
    let request = match read.table {
        Table::Coil => Request::ReadCoils(read.start, read.count),
        Table::Discrete => Request::ReadDiscreteInputs(read.start, read.count),
        Table::Holding => Request::ReadHoldingRegisters(read.start, read.count),
        Table::Input => Request::ReadInputRegisters(read.start, read.count),
    };
    let answer = timeout(limit, context.call(request))
        .await
        .map_err(|_: Elapsed| LinkFault::AnswerTimeout(limit))?
        .map_err(|error| match error {
            tokio_modbus::Error::Transport(error) => LinkFault::Broken(error),
            tokio_modbus::Error::Protocol(_) => LinkFault::Mismatch,
        })?;
    match (read.table, answer) {
        (_, Err(exception)) => Ok(Err(exception.into())),
        (Table::Coil, Ok(Response::ReadCoils(bits)))
        | (Table::Discrete, Ok(Response::ReadDiscreteInputs(bits))) => {
            if bits.len() != usize::from(read.bytes()) * 8 {
                return Err(LinkFault::Count { wanted: read.count, got: bits.len() });
            }
            let bits = bits.into_iter().take(usize::from(read.count));
            Ok(Ok(bits.map(u16::from).collect()))
        },
        (Table::Holding, Ok(Response::ReadHoldingRegisters(words)))
        | (Table::Input, Ok(Response::ReadInputRegisters(words))) => {
            if words.len() != usize::from(read.count) {
                return Err(LinkFault::Count { wanted: read.count, got: words.len() });
            }
            Ok(Ok(words))
        },
        (_, Ok(_)) => Err(LinkFault::Mismatch),
    }
}

async fn over_line(
    stream: &mut Box<dyn Stream>,
    unit: u8,
    limit: Duration,
    read: &Read,
) -> Result<Words, LinkFault> {
    let until = Instant::now() + limit;
    stream.write_all(&rtu::question(unit, read)).await.map_err(LinkFault::Broken)?;
    stream.flush().await.map_err(LinkFault::Broken)?;
    let mut bytes = Vec::with_capacity(rtu::LONGEST);
    loop {
        let more = timeout_at(until, stream.read_buf(&mut bytes)).await;
        match more.map_err(|_: Elapsed| overdue(limit, &bytes))? {
            Ok(0) => return Err(LinkFault::Broken(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => {},
            Err(error) => return Err(LinkFault::Broken(error)),
        }
        match rtu::answer(unit, read, &bytes)? {
            None => {},
            Some(rtu::Answer::Exception(code)) => return Ok(Err(code)),
            Some(rtu::Answer::Values(values)) => return Ok(Ok(words(read, &values))),
        }
    }
}

/// What came within the limit was not the answer.
fn overdue(limit: Duration, bytes: &[u8]) -> LinkFault {
    if bytes.is_empty() { LinkFault::AnswerTimeout(limit) } else { LinkFault::Mismatch }
}

fn words(read: &Read, values: &[u8]) -> Vec<u16> {
    if read.table.is_bits() {
        let bits = values.iter().flat_map(|byte| (0..8).map(move |bit| u16::from(byte >> bit & 1)));
        bits.take(usize::from(read.count)).collect()
    } else {
        let pairs = values.as_chunks::<2>().0;
        pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
    }
}

/// Waits until `until`; whatever comes meanwhile was not asked for.
async fn listen(stream: &mut Box<dyn Stream>, until: Instant) -> Result<(), LinkFault> {
    match timeout_at(until, stream.read_u8()).await {
        Err(_elapsed) => Ok(()),
        Ok(Ok(_)) => Err(LinkFault::Unasked),
        Ok(Err(error)) => Err(LinkFault::Broken(error)),
    }
}

/// Throws away what comes, until nothing has come for `quiet`.
async fn discard(stream: &mut Box<dyn Stream>, quiet: Duration) -> Result<(), LinkFault> {
    const MOST: usize = 64 * rtu::LONGEST;
    let mut bytes = [0; rtu::LONGEST];
    let mut thrown = 0;
    loop {
        match timeout(quiet, stream.read(&mut bytes)).await {
            Err(_elapsed) => return Ok(()),
            Ok(Ok(0)) => return Err(LinkFault::Broken(io::ErrorKind::UnexpectedEof.into())),
            Ok(Ok(n)) => thrown += n,
            Ok(Err(error)) => return Err(LinkFault::Broken(error)),
        }
        if thrown > MOST {
            return Err(rtu::Misfit::Noise.into());
        }
    }
}
