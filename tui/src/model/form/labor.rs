//! Badges, and what they ask.

use kart_core::{
    id::{StationId, UserId},
    time::Micros,
};

use super::Sending;
use crate::model::{Choice, TextField};

/// A badge typed by hand.
#[derive(Clone, Debug, Default)]
pub struct BadgeForm {
    /// What was typed.
    pub badge: TextField,
}

/// Clock in or out.
#[derive(Clone, Debug)]
pub struct PunchForm {
    /// What the reader read.
    pub badge: String,
    /// Whose it is.
    pub user: UserId,
    /// Their name; not safe to draw.
    pub name: String,
    /// In or out.
    pub punch: Punch,
    /// Their PIN, where they have one.
    pub pin: Option<TextField>,
    /// How far the command is.
    pub sending: Sending,
}

impl PunchForm {
    /// Stations to choose from.
    pub fn stations(&self) -> usize {
        match &self.punch {
            Punch::In(stations) => stations.entries.len(),
            Punch::Out { .. } => 0,
        }
    }
}

/// In or out.
#[derive(Clone, PartialEq, Debug)]
pub enum Punch {
    /// At one of these stations.
    In(Choice<StationId>),
    /// With the entry that ends.
    Out {
        /// Clocked in since then.
        since_us: Micros,
    },
}
