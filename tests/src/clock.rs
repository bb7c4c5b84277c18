//! A clock that a test drives: programs that are given [`TestClock::environment`] take the time from it, all the same one.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kart_planted::clock::FILE;

/// Ahead of the computer's clock by what it was set to; it runs on by itself, and never goes back.
#[derive(Debug)]
pub struct TestClock {
    file: tempfile::NamedTempFile,
    ahead: SignedDuration,
}

impl TestClock {
    /// It is `begin` now.
    pub fn start(begin: Timestamp) -> anyhow::Result<Self> {
        let file = tempfile::NamedTempFile::new()?;
        let mut clock = Self { file, ahead: SignedDuration::ZERO };
        clock.set(begin)?;
        Ok(clock)
    }

    /// Now, as the programs see it.
    pub fn now(&self) -> Timestamp {
        Timestamp::now() + self.ahead
    }

    /// It is `now`, unless it is later already.
    pub fn set(&mut self, now: Timestamp) -> anyhow::Result<()> {
        self.ahead = self.ahead.max(now.duration_since(Timestamp::now()));
        self.write()
    }

    /// So much later than it would be.
    pub fn pass(&mut self, time: Duration) -> anyhow::Result<()> {
        self.ahead += SignedDuration::try_from(time)?;
        self.write()
    }

    /// What a program has to find in its environment.
    pub fn environment(&self) -> Vec<(String, String)> {
        vec![(FILE.to_owned(), self.path().display().to_string())]
    }

    fn path(&self) -> &Path {
        self.file.path()
    }

    /// In one piece and of one length, so that nobody reads half of it.
    fn write(&self) -> anyhow::Result<()> {
        let text = format!("{:020}", self.ahead.as_micros());
        Ok(std::os::unix::fs::FileExt::write_all_at(self.file.as_file(), text.as_bytes(), 0)?)
    }
}
