//! Waiting for a condition. The one place in the tests where time passes on purpose; nothing else may sleep.

use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Looks again and again until `look` answers `Ok`. `Err` is the state as it stands, in words.
///
/// # Panics
/// When `limit` has passed; the message ends with what was seen last.
pub async fn wait_for<T, S: Display>(
    what: &str,
    limit: Duration,
    look: impl AsyncFnMut() -> Result<T, S>,
) -> T {
    match try_for(what, limit, look).await {
        Ok(found) => found,
        #[expect(clippy::panic, reason = "a condition that never comes fails the test")]
        Err(late) => panic!("{late:#}"),
    }
}

/// Lets what goes on go on for so long: for what has to last, never for what has to come.
pub async fn lasts(length: Duration) {
    let began = Instant::now();
    let mut looks = interval(BETWEEN_LOOKS);
    while began.elapsed() < length {
        looks.tick().await;
    }
}

/// As [`wait_for`], for those who can act on the lateness.
pub async fn try_for<T, S: Display>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> Result<T, S>,
) -> anyhow::Result<T> {
    let mut last = None;
    let found = timeout(limit, async {
        let mut looks = interval(BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            match look().await {
                Ok(found) => return found,
                Err(status) => last = Some(status.to_string()),
            }
        }
    })
    .await;
    found.map_err(|_late| {
        let last = last.as_deref().unwrap_or("the first look did not come back");
        anyhow::anyhow!("waited {limit:?} in vain for {what}; last seen: {last}")
    })
}

/// A loopback port that is free now. Another process may take it first, so that a server which cannot bind to it asks
/// for a second one.
pub async fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port())
}

/// Whether somebody accepts connections there, in the form that [`wait_for`] takes.
pub async fn accepts(address: SocketAddr) -> Result<(), std::io::Error> {
    TcpStream::connect(address).await.map(drop)
}
