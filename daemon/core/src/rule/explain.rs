//! Why the rules say what they say, condition by condition. Pure; reads what the evaluation left in
//! the conditions' memory and decides nothing itself.

use serde::{Deserialize, Serialize};

use super::{Condition, Memory, Rule, Seen, Switch, Test, follow};
use crate::{machine::MachineState, signal::Value, time::Stamp};

/// A rule and what it says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RuleSeen {
    /// Its name in the map.
    pub name: String,
    /// The state it asks for.
    pub state: MachineState,
    /// How long it must hold first, microseconds.
    pub hold_us: i64,
    /// Whether it holds; `None` where nobody can tell.
    pub holds: Option<bool>,
    /// It is the first that does not fail: it decides, or nobody can tell because of it.
    pub decides: bool,
    /// Its conditions.
    pub conditions: Vec<ConditionSeen>,
}

/// A condition and what it says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ConditionSeen {
    /// Which signal.
    pub signal: String,
    /// What it must be.
    pub test: Test,
    /// What it is; `None` where it cannot be seen.
    pub value: Option<Value>,
    /// When that was read.
    pub at: Option<Stamp>,
    /// What the condition says, delays and band included; `None` where nobody can tell.
    pub holds: Option<bool>,
    /// When its signal turned to say so.
    pub since: Option<Stamp>,
    /// The signal says otherwise already; the condition follows in so many microseconds.
    pub turns_in_us: Option<i64>,
}

/// The rules in order, after `memory` was evaluated at `now_us` with the same `cycle_us` and `read`.
pub fn explain<'s>(
    rules: &[Rule],
    memory: &Memory,
    now_us: i64,
    cycle_us: i64,
    read: impl Fn(&str) -> Option<Seen<'s>>,
) -> Vec<RuleSeen> {
    let mut switches = memory.0.iter();
    let mut decided = false;
    let mut seen = Vec::with_capacity(rules.len());
    for rule in rules {
        let conditions = rule.when.iter().zip(switches.by_ref());
        let conditions: Vec<ConditionSeen> = conditions
            .map(|(condition, switch)| {
                of(condition, *switch, read(&condition.signal), now_us, cycle_us)
            })
            .collect();
        let fails = conditions.iter().any(|condition| condition.holds == Some(false));
        let blind = conditions.iter().any(|condition| condition.holds.is_none());
        let decides = !fails && !decided;
        decided |= decides;
        let (name, state, hold_us) = (rule.name.clone(), rule.state, rule.hold_us);
        let holds = if fails { Some(false) } else { (!blind).then_some(true) };
        seen.push(RuleSeen { name, state, hold_us, holds, decides, conditions });
    }
    seen
}

fn of(
    condition: &Condition,
    mut switch: Switch,
    seen: Option<Seen<'_>>,
    now_us: i64,
    cycle_us: i64,
) -> ConditionSeen {
    let due = seen.and_then(|seen| follow(condition, &mut switch, &seen, now_us, cycle_us));
    ConditionSeen {
        signal: condition.signal.clone(),
        test: condition.test.clone(),
        value: seen.map(|seen| seen.value.clone()),
        at: seen.map(|seen| seen.at),
        holds: switch.on,
        since: switch.on.map(|_| switch.turned),
        turns_in_us: due.map(|due| due.saturating_sub(now_us)),
    }
}
