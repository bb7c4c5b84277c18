//! The pace of a terminal: how long it gathers facts between small pushes, and when it asks again
//! after headquarters has sent it away. What is asked is decided elsewhere.

use backon::{BackoffBuilder, ExponentialBuilder};
use std::{future::Future, time::Duration};
use tokio::time::sleep;

use kart_wire::code;

use crate::Failure;

/// A terminal that has little to say says it in a tenth of its time: the slower headquarters
/// answers, the more facts go in one push.
const REST: u32 = 10;
/// Commits closer together than this become one push.
pub(crate) const SHORTEST_REST: Duration = Duration::from_millis(200);
/// So old facts become before they are sent to a headquarters that has no time.
const LONGEST_REST: Duration = Duration::from_secs(5);

/// So often in a row a request may be sent away before the session ends over it.
const MOST_WAITS: usize = 6;
/// Longest pause between two of these.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long after a small push that took so long the next one begins. A fact that comes later than
/// that goes at once.
pub(crate) fn rest(took: Duration) -> Duration {
    took.saturating_mul(REST).clamp(SHORTEST_REST, LONGEST_REST)
}

/// Asks until headquarters has time for it: never before it said to come again, and not all
/// terminals at once. Whatever else goes wrong is for the caller.
pub(crate) async fn patiently<A, F>(ask: impl Fn() -> F) -> Result<A, Failure>
where
    F: Future<Output = Result<A, Failure>>,
{
    let mut waits = None;
    loop {
        let failure = match ask().await {
            Err(failure) => failure,
            answer => return answer,
        };
        // A headquarters that cannot work is told to the screen at once.
        let down = failure.problem().is_some_and(|problem| problem.code == code::UNAVAILABLE);
        let Some(after) = failure.after().filter(|_| !down) else { return Err(failure) };
        let Some(wait) = waits.get_or_insert_with(|| pauses(after).build()).next() else {
            return Err(failure);
        };
        tracing::debug!(%failure, ?wait, "asked to come again");
        sleep(wait.max(after)).await;
    }
}

fn pauses(first: Duration) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(first)
        .with_max_delay(LONGEST_WAIT.max(first))
        .with_jitter()
        .with_max_times(MOST_WAITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_answered_at_once_waits_a_moment_and_nobody_waits_for_ever() {
        assert_eq!(rest(Duration::ZERO), SHORTEST_REST);
        assert_eq!(rest(Duration::from_millis(100)), Duration::from_secs(1));
        assert_eq!(rest(Duration::from_secs(30)), LONGEST_REST);
    }
}
