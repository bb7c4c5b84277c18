//! People.

use kart_core::{
    id::{StationId, UserId},
    time::Micros,
};
use serde::{Deserialize, Serialize};

/// A person who is clocked in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Present {
    /// Who.
    pub user: UserId,
    /// Name for people.
    pub name: String,
    /// Where.
    pub station: StationId,
    /// Since when.
    pub since_us: Micros,
}
