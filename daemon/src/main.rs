//! `kartd`: the daemon beside the machines.

use std::{
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

/// Reading a large configuration takes many times the memory that is needed later; this one gives it back.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pages that are not in use are given back at once and not a second later: what 200 devices bring in a
/// second is much. The allocator takes this from the environment, and only before anything else runs.
const GIVE_BACK: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "0");

fn main() -> ExitCode {
    let runs = std::env::args_os().nth(1).is_some_and(|command| command == "run");
    if runs && std::env::var_os(GIVE_BACK.0).is_none() {
        // Where it cannot begin anew it goes on with more memory.
        drop(anew());
    }
    // reqwest panics without a provider, even over plain HTTP.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return ExitCode::FAILURE;
    }
    // Facts and names are for the service and its group, not for everybody on this computer.
    rustix::process::umask(rustix::fs::Mode::RWXO | rustix::fs::Mode::WGRP);
    kartd::cli::run()
}

/// This program in its own place, with the allocator as it should be; returns only when that fails.
fn anew() -> std::io::Error {
    let again = |program| {
        Command::new(program).args(std::env::args_os().skip(1)).env(GIVE_BACK.0, GIVE_BACK.1).exec()
    };
    std::env::current_exe().map_or_else(|error| error, again)
}
