//! A PIN read from standard input: at a terminal without showing it, else the first line.

use crossterm::{
    event::{Event, KeyCode, KeyModifiers, read as next},
    terminal::{disable_raw_mode, enable_raw_mode},
};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// Reads it.
pub(super) fn read() -> anyhow::Result<String> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        let mut line = String::new();
        stdin.lock().read_line(&mut line)?;
        return Ok(line.trim().to_owned());
    }
    write!(io::stderr(), "PIN: ")?;
    enable_raw_mode()?;
    let typed = typed();
    disable_raw_mode()?;
    writeln!(io::stderr())?;
    typed
}

fn typed() -> anyhow::Result<String> {
    let mut pin = String::new();
    loop {
        let Event::Key(key) = next()? else { continue };
        match key.code {
            KeyCode::Enter => return Ok(pin),
            KeyCode::Esc => anyhow::bail!("no PIN was typed"),
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                anyhow::bail!("no PIN was typed")
            },
            KeyCode::Backspace => drop(pin.pop()),
            KeyCode::Char(letter) => pin.push(letter),
            _ => {},
        }
    }
}
