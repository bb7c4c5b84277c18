//! What stands between terminals and headquarters: a plain TCP balancer over one or more gateways, and all that a
//! network, a captive portal or a broken middle box does to a connection. It knows nothing of HTTP.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{interval, timeout};

const CHUNK: usize = 16 * 1024;
/// A slow line passes so many bytes each time.
const SIP: usize = 512;
const BETWEEN_SIPS: Duration = Duration::from_millis(20);
/// How long a connection that says nothing is kept, at most; shorter than anybody's patience.
const SILENCE: Duration = Duration::from_secs(20);
const REPLAY_LIMIT: Duration = Duration::from_secs(10);

/// What happens to what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Everything passes.
    Calm,
    /// The connection ends before anything has passed.
    CutBefore,
    /// It ends in the middle of what the terminal sends.
    CutInside,
    /// It ends in the middle of the answer.
    CutAfter,
    /// The gateway does what it was asked to; nobody hears of it.
    LostAnswer,
    /// It stays open, and nothing passes in either direction.
    HalfOpen,
    /// A few bytes at a time.
    Slow,
    /// What the terminal has sent is sent again by somebody else, once it has ended.
    Replay,
    /// One byte is another one on the way there.
    CorruptRequest,
    /// One byte is another one on the way back.
    CorruptAnswer,
}

impl Fault {
    /// Every one that is not calm.
    pub const ALL: [Self; 9] = [
        Self::CutBefore,
        Self::CutInside,
        Self::CutAfter,
        Self::LostAnswer,
        Self::HalfOpen,
        Self::Slow,
        Self::Replay,
        Self::CorruptRequest,
        Self::CorruptAnswer,
    ];
}

/// How connections are treated from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// All of them alike.
    Steady(Fault),
    /// One in so many connections has one of [`Fault::ALL`].
    Storm { one_in: u32 },
}

/// Listens on loopback and passes on what comes. Everything ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    targets: Mutex<Vec<SocketAddr>>,
    next: AtomicUsize,
    weather: watch::Sender<Weather>,
    /// Raised to end every connection.
    cuts: watch::Sender<u64>,
    dice: Mutex<StdRng>,
    /// How often each of [`Fault::ALL`] was done to a connection.
    done: [AtomicUsize; Fault::ALL.len()],
}

impl Proxy {
    /// In front of these gateways, each in turn; one that does not answer is passed over.
    pub async fn start(targets: &[SocketAddr], seed: u64) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            targets: Mutex::new(targets.to_vec()),
            next: AtomicUsize::new(0),
            weather: watch::Sender::new(Weather::Steady(Fault::Calm)),
            cuts: watch::Sender::new(0),
            dice: Mutex::new(StdRng::seed_from_u64(seed)),
            done: Default::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Where terminals reach it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Other gateways, for connections from now on.
    pub fn aim(&self, targets: &[SocketAddr]) {
        *self.shared.targets.lock().unwrap_or_else(PoisonError::into_inner) = targets.to_vec();
    }

    /// For connections from now on; see [`Proxy::cut`] for those that are there.
    pub fn weather(&self, weather: Weather) {
        self.shared.weather.send_replace(weather);
    }

    /// Ends every connection.
    pub fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// How many connections had this fault.
    pub fn count(&self, fault: Fault) -> usize {
        let done = Fault::ALL.iter().zip(&self.shared.done);
        done.filter(|(one, _)| **one == fault).map(|(_, done)| done.load(Ordering::Relaxed)).sum()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    fn fault(&self) -> Fault {
        let fault = match *self.weather.borrow() {
            Weather::Steady(fault) => fault,
            Weather::Storm { one_in } => {
                let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
                if dice.random_ratio(1, one_in) {
                    Fault::ALL[dice.random_range(0..Fault::ALL.len())]
                } else {
                    Fault::Calm
                }
            },
        };
        for (one, done) in Fault::ALL.iter().zip(&self.done) {
            if *one == fault {
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
        fault
    }

    async fn connect(&self) -> Option<TcpStream> {
        let targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for offset in 0..targets.len() {
            let target = targets[(first + offset) % targets.len()];
            if let Ok(stream) = TcpStream::connect(target).await {
                return Some(stream);
            }
        }
        None
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((client, _)) = listener.accept() => {
                let shared = Arc::clone(&shared);
                let mut cuts = shared.cuts.subscribe();
                cuts.borrow_and_update();
                connections.spawn(async move {
                    tokio::select! {
                        () = serve(client, &shared) => {},
                        _ = cuts.changed() => {},
                    }
                });
            },
            Some(_) = connections.join_next() => {},
        }
    }
}

async fn serve(client: TcpStream, shared: &Shared) {
    let fault = shared.fault();
    if fault == Fault::CutBefore {
        return;
    }
    if fault == Fault::HalfOpen {
        return swallow(client).await;
    }
    let Some(server) = shared.connect().await else { return };
    // What cannot be set costs only time.
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut sent = Vec::new();
    tokio::select! {
        () = there(from_client, to_server, fault, &mut sent) => {},
        () = back(from_server, to_client, fault) => {},
    }
    if fault == Fault::Replay {
        // Whoever replays does not care what is answered.
        timeout(REPLAY_LIMIT, replay(shared, &sent)).await.ok();
    }
}

async fn swallow(mut client: TcpStream) {
    let mut chunk = vec![0; CHUNK];
    let read = async { while client.read(&mut chunk).await.is_ok_and(|read| read > 0) {} };
    // In the end it is cut, as every such connection is.
    timeout(SILENCE, read).await.ok();
}

async fn there(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fault: Fault, sent: &mut Vec<u8>) {
    let mut chunk = vec![0; CHUNK];
    loop {
        let Ok(read @ 1..) = from.read(&mut chunk).await else { return };
        let bytes = &mut chunk[..read];
        match fault {
            Fault::CutInside => {
                let half = bytes.len() / 2;
                to.write_all(&bytes[..half]).await.ok();
                return;
            },
            Fault::CorruptRequest => corrupt(bytes),
            Fault::Replay => sent.extend_from_slice(bytes),
            _ => {},
        }
        let passed = match fault {
            Fault::Slow => sip(&mut to, bytes).await,
            _ => to.write_all(bytes).await,
        };
        if passed.is_err() {
            return;
        }
    }
}

async fn back(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, fault: Fault) {
    let mut chunk = vec![0; CHUNK];
    loop {
        let Ok(read @ 1..) = from.read(&mut chunk).await else { return };
        let bytes = &mut chunk[..read];
        match fault {
            Fault::LostAnswer => return,
            Fault::CutAfter => {
                let half = bytes.len() / 2;
                to.write_all(&bytes[..half]).await.ok();
                return;
            },
            Fault::CorruptAnswer => corrupt(bytes),
            _ => {},
        }
        let passed = match fault {
            Fault::Slow => sip(&mut to, bytes).await,
            _ => to.write_all(bytes).await,
        };
        if passed.is_err() {
            return;
        }
    }
}

/// The last byte, which is of the body if there is one.
fn corrupt(bytes: &mut [u8]) {
    if let Some(last) = bytes.last_mut() {
        *last ^= 0x20;
    }
}

async fn sip(to: &mut OwnedWriteHalf, bytes: &[u8]) -> std::io::Result<()> {
    let mut ticks = interval(BETWEEN_SIPS);
    for piece in bytes.chunks(SIP) {
        ticks.tick().await;
        to.write_all(piece).await?;
    }
    Ok(())
}

async fn replay(shared: &Shared, sent: &[u8]) {
    let Some(mut server) = shared.connect().await else { return };
    if server.write_all(sent).await.is_ok() {
        // The answers are for nobody; the end of what is sent ends the connection.
        server.shutdown().await.ok();
        let mut rest = Vec::new();
        server.read_to_end(&mut rest).await.ok();
    }
}
