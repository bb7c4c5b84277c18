//! A disk that a test fills: a file says how many thousandths of it are free.

/// The environment variable that names the file.
pub const FILE: &str = "KART_TEST_DISK";

/// Thousandths of the disk that are free, where a test says so.
#[cfg(feature = "on")]
pub fn free() -> Option<u64> {
    std::fs::read_to_string(std::env::var_os(FILE)?).ok()?.trim().parse().ok()
}

/// Thousandths of the disk that are free, where a test says so: never.
#[cfg(not(feature = "on"))]
pub const fn free() -> Option<u64> {
    None
}
