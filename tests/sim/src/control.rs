//! Commands to a running plant: one JSON object a line in, one JSON object a line out, in the same order.

use crate::machine::Cause;
use crate::misbehaviour::{Fault, Kind};
use crate::plant::Plant;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

const USUAL_PATIENCE: u64 = 30_000;

#[derive(Debug, Deserialize)]
#[serde(tag = "cmd", rename_all = "snake_case")]
pub enum Command {
    Go,
    Totals,
    Quiesce {
        timeout_ms: Option<u64>,
    },
    Fault {
        machine: String,
        kind: Kind,
        millis: Option<u64>,
        code: Option<u8>,
    },
    Stop {
        machine: String,
        #[serde(flatten)]
        cause: Cause,
    },
    Run {
        machine: String,
    },
    ResetCounter {
        machine: String,
    },
    Functions,
}

/// Carries out one line; whatever goes wrong is an answer too.
pub async fn answer(plant: &Plant, line: &str) -> Value {
    match obey(plant, line).await {
        Ok(Value::Object(mut answer)) => {
            answer.insert("ok".to_owned(), true.into());
            Value::Object(answer)
        },
        Ok(other) => other,
        Err(fault) => json!({ "ok": false, "error": format!("{fault:#}") }),
    }
}

async fn obey(plant: &Plant, line: &str) -> Result<Value> {
    match serde_json::from_str(line).context("not a command")? {
        Command::Go => plant.go(),
        Command::Totals => return Ok(json!({ "machines": plant.totals() })),
        Command::Quiesce { timeout_ms } => {
            let patience = Duration::from_millis(timeout_ms.unwrap_or(USUAL_PATIENCE));
            return Ok(json!({ "machines": plant.quiesce(patience).await? }));
        },
        Command::Fault { machine, kind, millis, code } => {
            plant.misbehave(&machine, Fault { kind, millis, code })?;
        },
        Command::Stop { machine, cause } => plant.halt(&machine, cause)?,
        Command::Run { machine } => plant.run(&machine)?,
        Command::ResetCounter { machine } => plant.reset_counter(&machine)?,
        Command::Functions => return Ok(serde_json::to_value(plant.functions())?),
    }
    Ok(json!({}))
}
