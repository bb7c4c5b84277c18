//! The operator terminal: a screen for one station, a short status in plain text, and tables taken out of
//! it.
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
pub mod kept;
pub mod run;
pub mod export;
pub mod status;

#[cfg(test)]
mod fixture;
