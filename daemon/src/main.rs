//! `kartd`: the daemon beside the machines.

use std::process::ExitCode;

fn main() -> ExitCode {
    // reqwest panics without a provider, even over plain HTTP.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return ExitCode::FAILURE;
    }
    kartd::cli::run()
}
