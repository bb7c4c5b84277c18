//! Declarative rules: conditions on signals, in order, decide the state of a machine.

use serde::{Deserialize, Serialize};

use crate::{
    machine::MachineState,
    signal::{SignalName, Value},
};

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
}

/// What a signal's value is compared with.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Test {
    /// The same number, bit or word.
    Is(Value),
    /// Another number, bit or word.
    Not(Value),
    /// At least this number.
    AtLeast(f64),
    /// Below this number.
    Below(f64),
}

impl Test {
    fn holds(&self, value: &Value) -> bool {
        let number = value.number();
        match self {
            Self::Is(other) => same(value, other),
            Self::Not(other) => !same(value, other),
            Self::AtLeast(limit) => number.is_some_and(|n| n >= *limit),
            Self::Below(limit) => number.is_some_and(|n| n < *limit),
        }
    }
}

/// Equal as words, or equal as numbers: a bit that reads 1 is `true`.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Word(a), Value::Word(b)) => a == b,
        _ => matches!((a.number(), b.number()), (Some(a), Some(b)) if (a - b).abs() < f64::EPSILON),
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

/// Evaluates `rules` in order; `otherwise` decides when none holds. `read` gives the value of a
/// signal that can be seen now. A condition on an unseen signal ends the evaluation, because a
/// later rule may only decide when the earlier ones are known not to.
pub fn evaluate<'r>(
    rules: &'r [Rule],
    otherwise: MachineState,
    read: impl Fn(&str) -> Option<&'r Value>,
) -> Decision<'r> {
    for rule in rules {
        let mut all = true;
        for condition in &rule.when {
            match read(&condition.signal) {
                None => return Decision::Blind(&condition.signal),
                Some(value) => all &= condition.test.holds(value),
            }
        }
        if all {
            return Decision::State(rule.state, &rule.name, rule.hold_us);
        }
    }
    let hold = rules.iter().map(|rule| rule.hold_us).max().unwrap_or(0);
    Decision::State(otherwise, "otherwise", hold)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn rule(name: &str, signal: &str, test: Test, state: MachineState) -> Rule {
        let when = vec![Condition { signal: signal.into(), test }];
        Rule { name: name.into(), when, state, hold_us: 7 }
    }

    #[test]
    fn the_first_rule_that_holds_decides_and_blindness_is_said() {
        use MachineState as S;
        let rules = [
            rule("fault", "fault", Test::Not(Value::Whole(0)), S::Stopped),
            rule("setup", "mode", Test::Is(Value::Word("setup".into())), S::Setup),
            rule("fast", "speed", Test::AtLeast(1.5), S::Running),
        ];
        let decide = |values: &[(&str, Value)]| {
            let known: BTreeMap<String, Value> =
                values.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
            let known = Box::leak(Box::new(known));
            evaluate(&rules, S::PlannedStop, |name| known.get(name))
        };
        let fault = |n| ("fault", Value::Whole(n));
        let mode = |w: &str| ("mode", Value::Word(w.into()));
        assert_eq!(decide(&[fault(3)]), Decision::State(S::Stopped, "fault", 7));
        assert_eq!(decide(&[fault(0)]), Decision::Blind("mode"));
        assert_eq!(decide(&[fault(0), mode("setup")]), Decision::State(S::Setup, "setup", 7));
        let speed = |x| ("speed", Value::Measured(x));
        let auto = [fault(0), mode("auto"), speed(1.4)];
        assert_eq!(decide(&auto), Decision::State(S::PlannedStop, "otherwise", 7));
        let auto = [fault(0), mode("auto"), speed(1.5)];
        assert_eq!(decide(&auto), Decision::State(S::Running, "fast", 7));
        assert_eq!(decide(&[]), Decision::Blind("fault"));
    }

    #[test]
    fn a_set_bit_is_true_and_one() {
        assert!(Test::Is(Value::Bit(true)).holds(&Value::Whole(1)));
        assert!(!Test::Is(Value::Word("1".into())).holds(&Value::Whole(1)));
    }
}
