//! A program that takes a line on its standard input and gives a line in answer.

use std::io::Write as _;
use std::process::{ChildStdin, Command};
use std::time::Duration;

use serde_json::Value;

use crate::child::Child;

/// Longer than any answer takes, so that whoever waits for it learns of a program that hangs.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Dialogue {
    pub process: Child,
    input: ChildStdin,
    heard: usize,
}

impl Dialogue {
    /// Starts the program and waits for the line that it begins with.
    pub async fn start(command: &mut Command) -> anyhow::Result<(Self, Value)> {
        let (process, input) = Child::with_input(command)?;
        let mut dialogue = Self { process, input, heard: 0 };
        let first = dialogue.hear().await?;
        Ok((dialogue, first))
    }

    /// Says a command and waits for the answer; one with `error` in it is an error.
    pub async fn ask(&mut self, command: &Value) -> anyhow::Result<Value> {
        writeln!(self.input, "{command}")?;
        let answer = self.hear().await?;
        anyhow::ensure!(answer.get("error").is_none(), "{command}: {answer}");
        Ok(answer)
    }

    async fn hear(&mut self) -> anyhow::Result<Value> {
        let path = self.process.stdout_path();
        let heard = self.heard;
        let mut line = String::new();
        self.process
            .ready("the next line", LIMIT, async || {
                let text = std::fs::read_to_string(&path).map_err(|fault| fault.to_string())?;
                let complete = text.rfind('\n').and_then(|end| text.get(..end));
                let next = complete.unwrap_or_default().lines().nth(heard);
                line = next.ok_or_else(|| format!("{heard} lines"))?.to_owned();
                Ok::<_, String>(())
            })
            .await?;
        self.heard += 1;
        Ok(serde_json::from_str(&line)?)
    }
}
