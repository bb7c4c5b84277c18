//! The kinds of facts by their words.

use super::Body;

impl Body {
    /// The kind's word, as it stands in the line.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Genesis { .. } => "genesis",
            Self::Continued(_) => "continued",
            Self::Started { .. } => "started",
            Self::StateChanged { .. } => "state_changed",
            Self::MapApplied(_) => "map_applied",
            Self::Replayed(_) => "replayed",
            Self::Rederived(_) => "rederived",
            Self::ProductSeen(_) => "product_seen",
            Self::Counted(_) => "counted",
            Self::ClockedIn { .. } => "clocked_in",
            Self::ClockedOut { .. } => "clocked_out",
            Self::BatchStarted(_) => "batch_started",
            Self::BatchJoined { .. } => "batch_joined",
            Self::BatchLeft { .. } => "batch_left",
            Self::BatchCompleted { .. } => "batch_completed",
            Self::StopExplained { .. } => "stop_explained",
            Self::BatchProduced(_) => "batch_produced",
            Self::BatchAborted(_) => "batch_aborted",
            Self::BatchEquipmentAdded(_) => "batch_equipment_added",
            Self::BatchEquipmentRemoved(_) => "batch_equipment_removed",
            Self::BatchFieldSet(_) => "batch_field_set",
            Self::JobPosted(_) => "job_posted",
            Self::JobStarted(_) => "job_started",
            Self::JobCompleted(_) => "job_completed",
            Self::JobMoved(_) => "job_moved",
            Self::JobScrapped(_) => "job_scrapped",
            Self::JobAborted(_) => "job_aborted",
            Self::QueueAsked(_) => "queue_asked",
            Self::Corrected(_) => "corrected",
            Self::CorrectionSeen(_) => "correction_seen",
            Self::ClockCorrected(_) => "clock_corrected",
            Self::ClockStepped(_) => "clock_stepped",
        }
    }
}
