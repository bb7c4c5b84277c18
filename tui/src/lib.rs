//! The operator terminal: a screen for one station, and a short status in plain text.
//!
//! One direction: a message comes in ([`msg`]), [`update`] changes the [`model`] and returns
//! [`effect`]s, [`view`] draws the model. Nothing here decides what is recorded: the daemon does,
//! and the screen says "saved" only when the daemon said so.

pub mod clock;
pub mod plain;
pub mod words;
pub mod theme;
pub mod keys;
pub mod msg;
pub mod effect;
pub mod model;
pub mod update;
pub mod widget;
pub mod view;
pub mod link;
pub mod run;
pub mod status;

#[cfg(test)]
mod fixture;
