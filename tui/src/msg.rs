//! Everything that can happen to the screen.

use crossterm::event::KeyEvent;
use kart_api::{Answer, LiveEvent};

use crate::model::Seen;

/// One thing that happened.
#[derive(Clone, PartialEq, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// A terminal pasted a text.
    Pasted(String),
    /// The window has this many columns and rows.
    Resized(u16, u16),
    /// A second passed.
    Tick,
    /// The daemon told its state or a change of it.
    Live(LiveEvent),
    /// The daemon cannot be reached, or stopped answering.
    Lost(Lost),
    /// A command came to its end, or could not reach the daemon yet.
    Command {
        /// The key it was sent with.
        key: String,
        /// What became of it.
        outcome: Outcome,
    },
    /// The daemon answered what a screen wants to show.
    Seen(Box<Seen>),
    /// What people chose to read cannot be kept, and why.
    NotKept(String),
    /// The program was asked to end from outside.
    Terminate,
}

/// Why the daemon is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lost {
    /// Nobody answers at the socket.
    NoAnswer,
    /// It answered with an error.
    Fault(String),
    /// It speaks another version of the contract.
    Foreign,
}

/// What became of a command.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// The daemon decided.
    Answered(Answer),
    /// The daemon is away; the same key is being repeated.
    Away,
    /// The daemon could not read it; repeating would not help.
    Broken(String),
}
