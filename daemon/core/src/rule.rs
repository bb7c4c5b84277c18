//! Declarative rules: conditions on signals, in order, decide the state of a machine.
//!
//! Pure: what was seen comes in, what is decided goes out. What a condition must remember (its
//! delays, its band, when it turned) is kept by the caller in a [`Memory`].

use serde::{Deserialize, Serialize};

use crate::{
    machine::MachineState,
    signal::{SignalName, Value},
    time::Stamp,
};

pub mod explain;

/// The first rule whose conditions all hold decides.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// Its name in the map; written into the fact.
    pub name: String,
    /// All must hold.
    pub when: Vec<Condition>,
    /// The state it decides for.
    pub state: MachineState,
    /// How long the conditions must hold first, in microseconds.
    pub hold_us: i64,
}

/// A test of one signal.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
    /// Which signal.
    pub signal: SignalName,
    /// What it must be.
    pub test: Test,
    /// The signal must pass this long before the condition holds, microseconds.
    pub on_us: i64,
    /// It must fail this long before the condition holds no more, microseconds.
    pub off_us: i64,
    /// Hysteresis: how far behind the limit a number must go back, in the signal's unit.
    pub band: f64,
}

impl Condition {
    /// A condition that follows its signal at once.
    pub fn new(signal: impl Into<SignalName>, test: Test) -> Self {
        Self { signal: signal.into(), test, on_us: 0, off_us: 0, band: 0.0 }
    }
}

/// What a signal's value is compared with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Test {
    /// The same number, bit or word.
    Is(Value),
    /// Another number, bit or word.
    Not(Value),
    /// One of these.
    OneOf(Vec<Value>),
    /// At least this number.
    AtLeast(f64),
    /// Below this number.
    Below(f64),
    /// The counter rose within so many microseconds.
    Rose(i64),
}

/// A signal that can be seen now.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Seen<'s> {
    /// Its value.
    pub value: &'s Value,
    /// When that was read.
    pub at: Stamp,
    /// When its count was seen to rise last, or since when it is watched and did not.
    pub rose: Option<Stroke>,
}

/// The last sign of a part.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Stroke {
    /// The reading that showed a part.
    Part(Stamp),
    /// None yet; watched since.
    Watched(Stamp),
}

impl Test {
    /// Whether `value` passes; `on` is what the condition said before, `band` its hysteresis.
    fn passes(&self, value: &Value, on: bool, band: f64) -> bool {
        let number = value.number();
        let band = if on { band } else { 0.0 };
        match self {
            Self::Is(other) => value.equals(other),
            Self::Not(other) => !value.equals(other),
            Self::OneOf(others) => others.iter().any(|other| value.equals(other)),
            Self::AtLeast(limit) => number.is_some_and(|n| n >= *limit - band),
            Self::Below(limit) => number.is_some_and(|n| n < *limit + band),
            Self::Rose(_) => false,
        }
    }
}

/// What the rules say.
#[derive(Clone, PartialEq, Debug)]
pub enum Decision<'r> {
    /// A rule decided.
    State(MachineState, &'r str, i64),
    /// This signal is needed and cannot be seen.
    Blind(&'r str),
}

/// A decision, and what time has to do with it.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome<'r> {
    /// What the rules say.
    pub decision: Decision<'r>,
    /// When the last condition turned that led to it.
    pub turned: Option<Stamp>,
    /// When a condition turns next without any input, by the boot clock.
    pub next_us: Option<i64>,
}

/// What the conditions of all rules remember, in their order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Memory(Vec<Switch>);

impl Memory {
    /// What each condition says, in the order of rules and conditions; `None` is not known.
    pub fn says(&self) -> impl Iterator<Item = Option<bool>> {
        self.0.iter().map(|switch| switch.on)
    }
}

/// What one condition remembers.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Switch {
    /// What it says; `None` while its signal cannot be seen.
    on: Option<bool>,
    /// When its signal turned to say so.
    turned: Stamp,
    /// Since when it says so: later by the delay.
    effective_us: i64,
    /// Since when its signal says otherwise, while the delay runs.
    turning: Option<Stamp>,
}

impl Switch {
    /// Takes in what the signal says since `at`, and gives when the delay ends, while one runs.
    fn step(&mut self, passes: bool, at: Stamp, now_us: i64, delay_us: i64) -> Option<i64> {
        if self.on == Some(passes) {
            self.turning = None;
            return None;
        }
        let since = *self.turning.get_or_insert(at);
        let due_us = match self.on {
            Some(_) => since.mono_us.saturating_add(delay_us),
            None => since.mono_us,
        };
        if due_us > now_us {
            return Some(due_us);
        }
        *self = Self { on: Some(passes), turned: since, effective_us: due_us, turning: None };
        None
    }
}

/// Evaluates `rules` in order; `otherwise` decides when none holds. `read` gives what of a signal
/// can be seen now; `cycle_us` is the ideal cycle, by which the end of a run is put back to when
/// the next part should have come. A rule of which nobody can tell whether it holds ends the
/// evaluation, because a later one may only decide when the earlier ones are known not to.
pub fn evaluate<'r, 's>(
    rules: &'r [Rule],
    otherwise: MachineState,
    memory: &mut Memory,
    now_us: i64,
    cycle_us: i64,
    read: impl Fn(&str) -> Option<Seen<'s>>,
) -> Outcome<'r> {
    memory.0.resize(rules.iter().map(|rule| rule.when.len()).sum(), Switch::default());
    let mut switches = memory.0.iter_mut();
    let mut decision = None;
    let mut last: Option<(i64, Stamp)> = None;
    let mut next_us = None;
    for rule in rules {
        let (mut fails, mut blind) = (false, None);
        for condition in &rule.when {
            let Some(switch) = switches.next() else { break };
            let due = match read(&condition.signal) {
                Some(seen) => follow(condition, switch, &seen, now_us, cycle_us),
                None => {
                    *switch = Switch::default();
                    None
                },
            };
            next_us = [next_us, due].into_iter().flatten().min();
            match switch.on {
                Some(on) => fails |= !on,
                None => blind = blind.or(Some(&condition.signal)),
            }
            if decision.is_none() && switch.on.is_some() {
                last = last.max(Some((switch.effective_us, switch.turned)));
            }
        }
        if decision.is_none() && !fails {
            decision = Some(match blind {
                Some(signal) => Decision::Blind(signal),
                None => Decision::State(rule.state, &rule.name, rule.hold_us),
            });
        }
    }
    let hold = || rules.iter().map(|rule| rule.hold_us).max().unwrap_or(0);
    let decision = decision.unwrap_or_else(|| Decision::State(otherwise, "otherwise", hold()));
    Outcome { decision, turned: last.map(|(_, turned)| turned), next_us }
}

/// One condition takes in what its signal says. Gives when it turns next by itself.
fn follow(
    condition: &Condition,
    switch: &mut Switch,
    seen: &Seen<'_>,
    now_us: i64,
    cycle_us: i64,
) -> Option<i64> {
    let delay = |passes| if passes { condition.on_us } else { condition.off_us };
    let Test::Rose(within_us) = condition.test else {
        let passes =
            condition.test.passes(seen.value, switch.on.unwrap_or_default(), condition.band);
        return switch.step(passes, seen.at, now_us, delay(passes));
    };
    match seen.rose {
        Some(Stroke::Part(at)) if now_us.saturating_sub(at.mono_us) <= within_us => {
            let delayed = switch.step(true, at, now_us, condition.on_us);
            delayed.or(Some(at.mono_us.saturating_add(within_us).saturating_add(1)))
        },
        Some(Stroke::Part(at)) => {
            let missed = at.plus(cycle_us.clamp(0, within_us));
            // The delay runs from when the part was given up, not from when it was due.
            let delay = condition.off_us.saturating_add(within_us.saturating_sub(cycle_us).max(0));
            switch.step(false, missed, now_us, delay)
        },
        // Not watched for long enough to say that nothing comes.
        Some(Stroke::Watched(since)) => {
            let due = since.mono_us.saturating_add(within_us).saturating_add(1);
            if due > now_us {
                return Some(due);
            }
            switch.step(false, since, now_us, 0)
        },
        None => None,
    }
}

#[cfg(test)]
mod tests;
