//! Takes facts off this disk that headquarters has in a backup and that are old enough: now and
//! then, in small steps, so that nobody who records waits for it. Nothing leaves before headquarters has
//! told the time: a clock that is years fast makes everything old.

use kart_store::{Purged, Store};
use std::{convert::Infallible, time::Duration};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// How often it is looked for something to purge.
const EVERY: Duration = Duration::from_secs(600);

/// Between two steps.
const PAUSE: Duration = Duration::from_millis(200);

const DAY_US: i64 = 86_400_000_000;

/// Runs until `stop`. Facts of the last `keep_days` days stay.
pub(crate) async fn run(
    store: Store,
    clock: Clock,
    keep_days: u16,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    loop {
        let purged = match clock.is_heard() {
            true => store.purge(clock.best(), i64::from(keep_days) * DAY_US).await,
            false => Ok(Purged { facts: 0, more: false }),
        };
        let pause = match purged {
            Ok(purged) => {
                metrics::counter!("kart_facts_purged_total").increment(purged.facts);
                if purged.more { PAUSE } else { EVERY }
            },
            Err(error) => {
                tracing::warn!(%error, "nothing was purged");
                EVERY
            },
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = sleep(pause) => {},
        }
    }
}
