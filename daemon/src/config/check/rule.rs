//! Rules for the state of a machine.

use kart_core::{
    machine::MachineState,
    packml,
    rule::{Condition, Rule, Test},
    signal::Value,
};

use super::{Check, HOUR_MS, habits::code_value, machine::micros, raw};
use crate::ingest::mqtt::payload::LONGEST_WORD;

impl Check<'_, '_> {
    pub(super) fn rules(&mut self, at: &str, raw: &raw::Machine) -> Vec<Rule> {
        if raw.rule.is_empty() && raw.status.is_none() {
            let message = "a rule or a status is missing: without one it is never seen to stop";
            self.fault(at, message);
        }
        let names = raw.rule.iter().map(|rule| rule.name.as_str()).enumerate();
        self.distinct(names.map(|(n, name)| (format!("{at}.rule[{n}].name"), name)));
        let known = self.faults.len();
        let all = raw.rule.iter().enumerate();
        let mut rules: Vec<Rule> =
            all.map(|(n, rule)| self.rule(&format!("{at}.rule[{n}]"), raw, rule)).collect();
        if self.faults.len() == known {
            self.unreachable(at, &rules);
        }
        // A rule may take the place of an entry of the table.
        rules.extend(self.status(&format!("{at}.status"), raw));
        rules
    }

    /// A rule decides nothing when an earlier one holds whenever it does.
    fn unreachable(&mut self, at: &str, rules: &[Rule]) {
        for (n, rule) in rules.iter().enumerate() {
            let covers = |earlier: &&Rule| earlier.when.iter().all(|c| rule.when.contains(c));
            if let Some(earlier) = rules.iter().take(n).find(covers) {
                let message = format!("never decides: {:?} holds whenever it does", earlier.name);
                self.fault(&format!("{at}.rule[{n}]"), message);
            }
        }
    }

    fn rule(&mut self, at: &str, machine: &raw::Machine, raw: &raw::Rule) -> Rule {
        self.name(&format!("{at}.name"), &raw.name);
        self.state(&format!("{at}.state"), raw.state);
        self.within(&format!("{at}.hold_ms"), raw.hold_ms, 0, HOUR_MS);
        if raw.when.is_empty() {
            let message = "a condition is needed; what holds when no rule does is `otherwise`";
            self.fault(&format!("{at}.when"), message);
        }
        let conditions = raw.when.iter().enumerate();
        let when = conditions
            .filter_map(|(n, raw)| self.condition(&format!("{at}.when[{n}]"), machine, raw))
            .collect();
        Rule { name: raw.name.clone(), when, state: raw.state, hold_us: micros(raw.hold_ms) }
    }

    fn condition(
        &mut self,
        at: &str,
        machine: &raw::Machine,
        raw: &raw::Condition,
    ) -> Option<Condition> {
        let test = self.test(at, machine, raw)?;
        self.within(&format!("{at}.on_delay_ms"), raw.on_delay_ms, 0, HOUR_MS);
        self.within(&format!("{at}.off_delay_ms"), raw.off_delay_ms, 0, HOUR_MS);
        self.positive(&format!("{at}.hysteresis"), raw.hysteresis);
        if raw.hysteresis.is_some() && !matches!(test, Test::AtLeast(_) | Test::Below(_)) {
            self.fault(&format!("{at}.hysteresis"), "only with `at_least` or `below`");
        }
        if machine.signal.iter().any(|signal| signal.name == raw.signal) {
            return Some(Condition {
                on_us: micros(raw.on_delay_ms),
                off_us: micros(raw.off_delay_ms),
                band: raw.hysteresis.unwrap_or_default(),
                ..Condition::new(raw.signal.clone(), test)
            });
        }
        let message = format!("this machine has no signal {:?}", raw.signal);
        self.fault(&format!("{at}.signal"), message);
        None
    }

    fn test(&mut self, at: &str, machine: &raw::Machine, raw: &raw::Condition) -> Option<Test> {
        let given = [
            raw.is.is_some(),
            raw.not.is_some(),
            raw.at_least.is_some(),
            raw.below.is_some(),
            raw.rose_within_s.is_some(),
            raw.rose_within_cycles.is_some(),
        ];
        let one = given.iter().filter(|given| **given).count() == 1;
        let test = match raw {
            _ if !one => None,
            raw::Condition { is: Some(toml::Value::Array(list)), .. } => {
                let values = list.iter().enumerate().map(|(n, value)| {
                    self.value(&format!("{at}.is[{n}]"), machine, &raw.signal, value)
                });
                Some(Test::OneOf(values.collect::<Option<_>>()?))
            },
            raw::Condition { is: Some(value), .. } => {
                Some(Test::Is(self.value(&format!("{at}.is"), machine, &raw.signal, value)?))
            },
            raw::Condition { not: Some(value), .. } => {
                Some(Test::Not(self.value(&format!("{at}.not"), machine, &raw.signal, value)?))
            },
            raw::Condition { at_least: Some(limit), .. } if limit.is_finite() => {
                Some(Test::AtLeast(*limit))
            },
            raw::Condition { below: Some(limit), .. } if limit.is_finite() => {
                Some(Test::Below(*limit))
            },
            raw::Condition { rose_within_s: Some(seconds), .. } => {
                Some(self.rose(&format!("{at}.rose_within_s"), machine, raw, *seconds)?)
            },
            raw::Condition { rose_within_cycles: Some(cycles), .. } => {
                let path = format!("{at}.rose_within_cycles");
                let Some(cycle_s) = machine.ideal_cycle_s else {
                    self.fault(&path, "ideal_cycle_s of the machine is needed");
                    return None;
                };
                Some(self.rose(&path, machine, raw, cycles * cycle_s)?)
            },
            _ => None,
        };
        if test.is_none() {
            let message = "one of `is`, `not`, `at_least`, `below`, `rose_within_s` and \
                           `rose_within_cycles` is needed";
            self.fault(at, message);
        }
        test
    }

    /// A counter rose within so many seconds.
    fn rose(
        &mut self,
        path: &str,
        machine: &raw::Machine,
        raw: &raw::Condition,
        seconds: f64,
    ) -> Option<Test> {
        let counted = machine.counter.iter().any(|counter| counter.signal == raw.signal);
        if !counted {
            self.fault(path, format!("{:?} is no counter of this machine", raw.signal));
        }
        if machine.ideal_cycle_s.is_some_and(|cycle_s| seconds < cycle_s) {
            self.fault(path, "less than one ideal cycle: the machine would never run");
        }
        let within_us = self.seconds(path, Some(seconds))?;
        counted.then_some(Test::Rose(within_us))
    }

    /// The rules that a table of states stands for.
    fn status(&mut self, at: &str, machine: &raw::Machine) -> Vec<Rule> {
        let Some(status) = &machine.status else { return vec![] };
        if machine.signal.iter().all(|signal| signal.name != status.signal) {
            let message = format!("this machine has no signal {:?}", status.signal);
            self.fault(&format!("{at}.signal"), message);
        }
        if status.states.is_empty() && !status.packml {
            self.fault(at, "`states` is needed, or `packml = true`");
        }
        self.within(&format!("{at}.hold_ms"), status.hold_ms, 0, HOUR_MS);
        let rule = |value: Value, state: MachineState, name: String| Rule {
            name,
            when: vec![Condition::new(status.signal.clone(), Test::Is(value))],
            state,
            hold_us: micros(status.hold_ms),
        };
        let mut rules = Vec::new();
        for (code, state) in &status.states {
            self.state(&format!("{at}.states.{code}"), *state);
            rules.push(rule(code_value(code), *state, format!("{} {code}", status.signal)));
        }
        if status.packml {
            for (number, word, state) in packml::STATES {
                let values = packml::spellings(word).map(Value::Word);
                let values = std::iter::once(Value::Whole(number)).chain(values);
                let own =
                    |value: &Value| status.states.keys().any(|key| code_value(key).equals(value));
                let name = || format!("{} {word}", status.signal);
                let left = values.filter(|value| !own(value));
                rules.extend(left.map(|value| rule(value, state, name())));
            }
        }
        rules
    }

    /// A value that the signal can have.
    fn value(
        &mut self,
        path: &str,
        machine: &raw::Machine,
        name: &str,
        value: &toml::Value,
    ) -> Option<Value> {
        let value = match value {
            toml::Value::Boolean(bit) => Value::Bit(*bit),
            toml::Value::Integer(whole) => Value::Whole(*whole),
            toml::Value::Float(float) if float.is_finite() => Value::Measured(*float),
            toml::Value::String(word) if (1..=LONGEST_WORD).contains(&word.chars().count()) => {
                Value::Word(word.clone())
            },
            _ => {
                let message = "true, false, a number or a word of at most 64 characters is needed";
                self.fault(path, message);
                return None;
            },
        };
        let signal = machine.signal.iter().find(|signal| signal.name == name);
        let needed = match (signal.and_then(|signal| signal.kind), &value) {
            (None, _) | (Some(raw::Kind::Bit), Value::Bit(_) | Value::Whole(0 | 1)) => {
                return Some(value);
            },
            (Some(raw::Kind::Bit), _) => "a bit is true or false",
            (Some(raw::Kind::Text), Value::Word(_)) => return Some(value),
            (Some(raw::Kind::Text), _) => "a text is compared with a word",
            (Some(_), Value::Whole(_) | Value::Measured(_)) => return Some(value),
            (Some(_), Value::Bit(_) | Value::Word(_)) => "a register holds a number",
        };
        self.fault(path, needed);
        None
    }
}
