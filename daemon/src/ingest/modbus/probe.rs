//! Who answers on a line. It asks every unit to be read, once, and nothing else.

use std::{ops::RangeInclusive, time::Duration};
use tokio::time::sleep;

use super::{
    exception::{self, Treatment},
    link::{Link, LinkFault, Opening},
    plan::{Address, Table},
    read::Read,
};

/// What a unit is asked for: any answer will do, and most devices have this.
const FIRST: Read = Read { table: Table::Holding, start: 0, count: 1, points: Vec::new() };
/// Rest between two connections: many devices take one client only, and free its place slowly.
const REST: Duration = Duration::from_millis(100);
/// A line that breaks so often in a row is not worth going on.
const MOST_FAULTS: u32 = 20;

/// What a unit that is there said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// The first holding register.
    Value(u16),
    /// An exception: it has no such register, but it is there.
    Exception(u8),
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(word) => write!(f, "answers; holding register 0 is {word}"),
            Self::Exception(code) => {
                write!(f, "answers; {} (exception {code:02X})", exception::meaning(*code))
            },
        }
    }
}

/// Asks every one of `units` and tells of those that answer.
pub async fn probe(
    address: &Address,
    units: RangeInclusive<u8>,
    timeout: Duration,
    mut tell: impl FnMut(u8, Found),
) -> Result<(), LinkFault> {
    // Connecting may take longer than an answer.
    let connecting = timeout.max(Duration::from_secs(3));
    let opening = Opening { timeout: connecting, pause: Duration::ZERO, quiet: Duration::ZERO };
    let again = Opening { quiet: timeout, ..opening };
    let mut open = Some(Link::connect(address, opening, Duration::ZERO).await?);
    let mut faults = 0;
    for unit in units {
        let mut link = match open.take() {
            Some(link) => link,
            None => {
                sleep(REST).await;
                Link::connect(address, again, Duration::ZERO).await?
            },
        };
        match link.ask(unit, timeout, &FIRST).await {
            Ok(answer) => {
                faults = 0;
                match answer {
                    Ok(words) => tell(unit, Found::Value(words.first().copied().unwrap_or(0))),
                    Err(code) if exception::treatment(code) == Treatment::Away => {},
                    Err(code) => tell(unit, Found::Exception(code)),
                }
                open = Some(link);
            },
            Err(LinkFault::AnswerTimeout(_)) => {},
            Err(fault) => {
                faults += 1;
                if faults == MOST_FAULTS {
                    return Err(fault);
                }
            },
        }
    }
    Ok(())
}
