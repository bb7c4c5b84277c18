//! The ground truth: everything that happened in the plant, one JSON line each, written before it shows.

use crate::machine::{Event, Micros};
use serde::Serialize;
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// An append-only file, or nothing at all for a plant that only keeps totals.
#[derive(Debug)]
pub(crate) struct Truth {
    file: Option<File>,
}

#[derive(Serialize)]
struct Line<'a> {
    t: Micros,
    machine: &'a str,
    #[serde(flatten)]
    event: &'a Event,
}

impl Truth {
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let open = |path| OpenOptions::new().append(true).create(true).open(path);
        Ok(Self { file: path.map(open).transpose()? })
    }

    pub(crate) fn tell(&mut self, t: Micros, machine: &str, event: &Event) -> io::Result<()> {
        self.append(&Line { t, machine, event })
    }

    /// First and last line of a run.
    pub(crate) fn tell_all(&mut self, t: Micros, event: &str, machines: &Value) -> io::Result<()> {
        self.append(&serde_json::json!({ "t": t, "event": event, "machines": machines }))
    }

    /// One write per line, unbuffered: the line is with the kernel before the registers change.
    fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        file.write_all(&bytes)
    }
}
