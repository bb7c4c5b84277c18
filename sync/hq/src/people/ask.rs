//! Where a PIN comes from: a file, a person who is asked, or whatever is piped in. Never from an
//! argument, which everybody on the machine can read.

use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::Path,
};

use anyhow::Context as _;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// The PIN, without what surrounds it.
pub(super) fn pin(file: Option<&Path>) -> anyhow::Result<String> {
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        return Ok(text.lines().next().unwrap_or_default().trim().to_owned());
    }
    if !std::io::stdin().is_terminal() {
        return line();
    }
    let typed = hidden("PIN: ")?;
    anyhow::ensure!(hidden("Again: ")? == typed, "the two are not the same");
    Ok(typed)
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// A line that does not appear on the screen.
fn hidden(prompt: &str) -> anyhow::Result<String> {
    write!(std::io::stderr(), "{prompt}")?;
    let before = tcgetattr(std::io::stdin())?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent)?;
    let typed = line();
    tcsetattr(std::io::stdin(), OptionalActions::Flush, &before)?;
    writeln!(std::io::stderr())?;
    typed
}
