//! What the screen wants done. `update` returns it, the loop in `run` does it.

use kart_api::Request;

use crate::model::Watch;

/// One thing to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Send a command, and repeat it with its key until there is an answer.
    Send(Request),
    /// From now on ask for this again and again, or for nothing.
    Watch(Option<Watch>),
    /// Our copy of the state has a gap: ask for a new snapshot.
    Resync,
    /// Keep what people chose to read, as a file holds it.
    Remember(String),
    /// Leave.
    Quit,
}
