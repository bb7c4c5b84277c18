//! Whole worlds take turns: two of them on two cores would only wait for each other.

use tokio::sync::{Mutex, MutexGuard};

static TURN: Mutex<()> = Mutex::const_new(());

/// Waits for its turn, which lasts as long as the guard.
pub(crate) async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// The seed of this run, from KART_SEED or the one given, printed so that a failure can be repeated.
pub(crate) fn seed(test: &str, usual: u64) -> u64 {
    let given = std::env::var("KART_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or(usual);
    #[expect(clippy::print_stderr, reason = "shown when the test fails")]
    {
        eprintln!("repeat with: KART_SEED={seed} cargo test -p kart-tests --test suite {test}");
    }
    seed
}
