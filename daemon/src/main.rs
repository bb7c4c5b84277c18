//! `kartd`: the daemon beside the machines.

use std::process::ExitCode;

/// Reading a large configuration takes many times the memory that is needed later; this one gives it back.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // reqwest panics without a provider, even over plain HTTP.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return ExitCode::FAILURE;
    }
    // Facts and names are for the service and its group, not for everybody on this computer.
    rustix::process::umask(rustix::fs::Mode::RWXO | rustix::fs::Mode::WGRP);
    kartd::cli::run()
}
