//! A clock that a test drives: a file says by how much the present is ahead of the computer's clocks.
//!
//! Only decisions and stamps go by it. Timers and the time limits of networks stay on real time.

#[cfg(feature = "on")]
use std::{fs::File, os::unix::fs::FileExt, sync::OnceLock};

/// The environment variable that names the file; it holds microseconds, ten digits and more, as text.
pub const FILE: &str = "KART_TEST_CLOCK";

/// Microseconds by which the present is ahead of the computer's clocks; without the feature none.
#[cfg(feature = "on")]
pub fn ahead_us() -> i64 {
    static OPEN: OnceLock<Option<File>> = OnceLock::new();
    let file = OPEN.get_or_init(|| File::open(std::env::var_os(FILE)?).ok());
    let Some(file) = file else { return 0 };
    let mut bytes = [0; 20];
    let read = file.read_at(&mut bytes, 0).unwrap_or_default();
    let text = bytes.get(..read).and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or_default()
}

/// Microseconds by which the present is ahead of the computer's clocks: none.
#[cfg(not(feature = "on"))]
pub const fn ahead_us() -> i64 {
    0
}
