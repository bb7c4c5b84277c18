//! Calls for help.

use serde::{Deserialize, Serialize};

use super::Commitment;
use crate::id::{EquipmentId, RecordId, StationId};

/// Somebody called for help.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HelpCalled {
    /// To which station.
    pub station: Option<StationId>,
    /// To which machine.
    pub equipment: Option<EquipmentId>,
    /// Whose help.
    pub kind: Help,
    /// What the person wrote, committed to under the field `comment`.
    pub comment: Option<Commitment>,
}

/// Whose help is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Help {
    /// Who mends machines.
    Maintenance,
    /// Who brings what is made from.
    Material,
    /// Who says what is good.
    Quality,
    /// Who answers for the shift.
    Supervisor,
}

/// Somebody is here, or on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallAcknowledged {
    /// Which call.
    pub call: RecordId,
}

/// No help is needed any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallEnded {
    /// Which call.
    pub call: RecordId,
}

impl Help {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Maintenance, Self::Material, Self::Quality, Self::Supervisor];

    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::Material => "material",
            Self::Quality => "quality",
            Self::Supervisor => "supervisor",
        }
    }

    /// The help of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|help| help.word() == word)
    }
}
