//! The states of a batch, and what becomes of one when the last open entry on it closes.
//!
//! Nothing in here refuses anything: what happened on the floor happened. A step that the table
//! does not know is kept and shown to a supervisor.

mod flow;

pub use flow::{End, Instance, Outcome, outcomes};

/// Where a batch stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Asked for, not begun.
    Queued,
    /// People work on it, or a machine alone.
    Running,
    /// Begun, and everybody has left it.
    Paused,
    /// Completed.
    Done,
    /// Given up.
    Aborted,
}

/// What happens to a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It begins.
    Start,
    /// The last person leaves it.
    Pause,
    /// Somebody comes back to it.
    Resume,
    /// Something is added to it: parts, a person, a machine.
    Add,
    /// It is completed.
    Complete,
    /// It is given up.
    Abort,
}

impl State {
    /// The state after `step`; `None` when the step is none of this state.
    pub fn after(self, step: Step) -> Option<Self> {
        match (self, step) {
            (Self::Queued, Step::Start) | (Self::Running, Step::Add) => Some(Self::Running),
            (Self::Running, Step::Pause) | (Self::Paused, Step::Add) => Some(Self::Paused),
            (Self::Paused, Step::Resume) => Some(Self::Running),
            (Self::Running | Self::Paused, Step::Complete) => Some(Self::Done),
            (Self::Running | Self::Paused, Step::Abort) => Some(Self::Aborted),
            _ => None,
        }
    }
}

/// How somebody's entry on a batch closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closed {
    /// The person left, for a break or the night. The batch is not over.
    Left,
    /// The person completed the batch.
    Completed,
}

/// What becomes of the instance of the batch at this station: the one unresolved instance is to be
/// the one furthest down, except while people still work further up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// Nothing but the entry changes.
    Stays,
    /// It is resolved: the batch has gone on without it.
    ResolvedBehind,
    /// It is completed and waits, unresolved, to be routed.
    WaitsForRouting,
    /// It is resolved: the flow ends here.
    ResolvedAtEnd,
}

/// The documented cases of closing the last open entry at a station, in their order; while others
/// have open entries there nothing closes. What follows `Closed::Completed` alone is about what the
/// person completes; whoever only leaves, leaves the batch idle. `further_down` says that unresolved
/// instances stand at stations further down, `leads_on` that the station has outbound connections.
pub fn closing(closed: Closed, further_down: bool, leads_on: bool) -> Closing {
    match (closed, further_down, leads_on) {
        (_, true, _) => Closing::ResolvedBehind,
        (Closed::Left, ..) => Closing::Stays,
        (Closed::Completed, _, true) => Closing::WaitsForRouting,
        (Closed::Completed, ..) => Closing::ResolvedAtEnd,
    }
}

impl Closing {
    /// Whether `oee_machine_events.resolved` becomes true; `None` leaves it as it is.
    pub fn resolved(self) -> Option<bool> {
        match self {
            Self::Stays => None,
            Self::WaitsForRouting => Some(false),
            Self::ResolvedBehind | Self::ResolvedAtEnd => Some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_stands_further_down_is_resolved_here() {
        for leads_on in [false, true] {
            let closing = closing(Closed::Completed, true, leads_on);
            assert_eq!((closing, closing.resolved()), (Closing::ResolvedBehind, Some(true)));
        }
    }

    #[test]
    fn a_batch_whose_station_leads_on_waits_to_be_routed() {
        let closing = closing(Closed::Completed, false, true);
        assert_eq!((closing, closing.resolved()), (Closing::WaitsForRouting, Some(false)));
    }

    #[test]
    fn a_batch_at_the_end_of_the_flow_is_resolved() {
        let closing = closing(Closed::Completed, false, false);
        assert_eq!((closing, closing.resolved()), (Closing::ResolvedAtEnd, Some(true)));
    }

    #[test]
    fn whoever_goes_to_lunch_completes_nothing() {
        for leads_on in [false, true] {
            let left = |further_down| closing(Closed::Left, further_down, leads_on);
            assert_eq!(left(false), Closing::Stays);
            assert_eq!(left(true), Closing::ResolvedBehind);
        }
    }

    #[test]
    fn nothing_follows_an_end() {
        let steps =
            [Step::Start, Step::Pause, Step::Resume, Step::Add, Step::Complete, Step::Abort];
        for state in [State::Done, State::Aborted] {
            assert!(steps.iter().all(|step| state.after(*step).is_none()));
        }
    }

    #[test]
    fn a_batch_pauses_and_goes_on() {
        let steps = [Step::Start, Step::Pause, Step::Add, Step::Resume, Step::Complete];
        let end = steps.iter().try_fold(State::Queued, |state, step| state.after(*step));
        assert_eq!(end, Some(State::Done));
    }
}
