//! The states of a job, which of them may follow which, and where a job goes when a station is done
//! with it. `ops_job_may` and `complete_ops_job` say the same in SQL; a test compares them.

use kart_planted::{Bug, planted};
use serde::{Deserialize, Serialize};

use crate::{id::StationId, record::conflict::Kind};

/// A state of `ops_jobs`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// At a station, not begun.
    Pending,
    /// Being worked on.
    InProgress,
    /// Done at a station, and nobody has chosen the next one yet.
    Queued,
    /// At the end of the flow.
    Completed,
    /// Scrapped.
    Scrapped,
    /// Given up.
    Aborted,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::InProgress,
        Self::Queued,
        Self::Completed,
        Self::Scrapped,
        Self::Aborted,
    ];

    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Queued => "queued",
            Self::Completed => "completed",
            Self::Scrapped => "scrapped",
            Self::Aborted => "aborted",
        }
    }

    /// The state of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether a job in this state may get into `next`: the documented arrows, and that a job can
    /// be given up until it is over, which the documents name without drawing it.
    pub fn may_become(self, next: Self) -> bool {
        use State::{Aborted, Completed, InProgress, Pending, Queued, Scrapped};
        matches!(
            (self, next),
            (Pending, InProgress | Pending | Aborted)
                | (InProgress, Completed | Pending | Queued | Scrapped | Aborted)
                | (Queued, Pending | Aborted)
        )
    }
}

/// Where a job goes when a station is done with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advance {
    /// It is completed: no station follows.
    Ends,
    /// It is pending there.
    GoesTo(StationId),
    /// It is queued until somebody chooses.
    Waits,
}

/// What follows from the stations that `feeds_into` edges lead to, and from what a person chose.
pub fn advance(onward: &[StationId], chosen: Option<StationId>) -> Advance {
    match (chosen, onward) {
        (Some(station), _) => Advance::GoesTo(station),
        (None, [station]) => Advance::GoesTo(*station),
        (None, []) => Advance::Ends,
        (None, _) => Advance::Waits,
    }
}

/// How a job stands when a terminal tells of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// Where it is.
    pub station: Option<StationId>,
    /// When it came there, in microseconds.
    pub since_us: i64,
}

/// What a terminal tells of a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Work began at a station.
    Start(StationId),
    /// Work is done at a station.
    Complete(StationId),
    /// It was put somewhere else.
    Move {
        /// Where it was seen.
        from: Option<StationId>,
        /// When, in microseconds.
        at_us: i64,
    },
    /// It was scrapped at a station.
    Scrap(StationId),
    /// It was given up.
    Abort,
}

/// What becomes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Whether the job follows.
    pub follows: Follows,
    /// What a supervisor is to see.
    pub conflict: Option<Kind>,
}

/// Whether a job follows what was told of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Follows {
    /// It does.
    Yes,
    /// It does, as if it had been started before.
    AfterStart,
    /// Only the history of the station gets an entry.
    History,
}

/// Clocks of terminals are trusted that far, in microseconds. Of two moves that lie closer, the one
/// that reaches headquarters later is the later one.
const CONFIDENCE_US: i64 = 5_000_000;

/// Judges a step. It happened in any case: the question is what the job makes of it.
pub fn judge(job: Standing, step: Step) -> Verdict {
    let elsewhere = |station: StationId| job.station.is_some_and(|standing| standing != station);
    let may = |next| job.state.may_become(next) || planted(Bug::JobStepUnchecked);
    let lawful = |next: State| match may(next) {
        true => Verdict { follows: Follows::Yes, conflict: None },
        false => Verdict { follows: Follows::History, conflict: Some(Kind::IllegalTransition) },
    };
    let not_here = Verdict { follows: Follows::History, conflict: Some(Kind::MovedFromElsewhere) };
    match step {
        Step::Start(station) | Step::Complete(station) | Step::Scrap(station)
            if elsewhere(station) =>
        {
            not_here
        },
        Step::Start(_) => lawful(State::InProgress),
        // Nobody completes what was not begun: the start was forgotten.
        Step::Complete(_) if job.state == State::Pending => {
            Verdict { follows: Follows::AfterStart, conflict: Some(Kind::IllegalTransition) }
        },
        Step::Complete(_) => lawful(State::Completed),
        Step::Scrap(_) => lawful(State::Scrapped),
        Step::Abort => lawful(State::Aborted),
        Step::Move { from, at_us } => {
            let verdict = lawful(State::Pending);
            let overtaken = at_us < job.since_us.saturating_sub(CONFIDENCE_US);
            let seen_elsewhere = from != job.station;
            Verdict {
                follows: if overtaken { Follows::History } else { verdict.follows },
                conflict: verdict.conflict.or(seen_elsewhere.then_some(Kind::MovedFromElsewhere)),
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn station(n: u128) -> StationId {
        StationId(Uuid::from_u128(n))
    }

    fn standing(state: State) -> Standing {
        Standing { state, station: Some(station(1)), since_us: 100_000_000 }
    }

    #[test]
    fn a_job_advances_only_where_the_flow_leaves_no_choice() {
        let [a, b, c] = [1, 2, 3].map(station);
        assert_eq!(advance(&[], None), Advance::Ends);
        assert_eq!(advance(&[a], None), Advance::GoesTo(a));
        assert_eq!(advance(&[a, b], None), Advance::Waits);
        assert_eq!(advance(&[a, b], Some(c)), Advance::GoesTo(c));
    }

    #[test]
    fn what_is_over_goes_nowhere() {
        for over in [State::Completed, State::Scrapped, State::Aborted] {
            assert!(State::ALL.into_iter().all(|next| !over.may_become(next)));
            let verdict = judge(standing(over), Step::Start(station(1)));
            assert_eq!(verdict.conflict, Some(Kind::IllegalTransition));
            assert_eq!(verdict.follows, Follows::History);
        }
    }

    #[test]
    fn a_move_seen_from_elsewhere_is_followed_and_shown() {
        let step = Step::Move { from: Some(station(9)), at_us: 101_000_000 };
        let verdict = judge(standing(State::Pending), step);
        assert_eq!(verdict.follows, Follows::Yes);
        assert_eq!(verdict.conflict, Some(Kind::MovedFromElsewhere));
    }

    #[test]
    fn an_older_move_that_arrives_late_is_history() {
        let step = |at_us| Step::Move { from: Some(station(1)), at_us };
        assert_eq!(judge(standing(State::Pending), step(10)).follows, Follows::History);
        let close = judge(standing(State::Pending), step(98_000_000));
        assert_eq!(close.follows, Follows::Yes, "clocks are not trusted further");
    }

    #[test]
    fn completing_what_nobody_started_counts_and_is_shown() {
        let verdict = judge(standing(State::Pending), Step::Complete(station(1)));
        assert_eq!(verdict.follows, Follows::AfterStart);
        assert_eq!(verdict.conflict, Some(Kind::IllegalTransition));
    }

    #[test]
    fn words_are_their_states() {
        assert!(State::ALL.into_iter().all(|state| State::of(state.word()) == Some(state)));
    }
}
