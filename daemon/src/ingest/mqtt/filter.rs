//! Topic filters: with `+` and `#`, and with levels that are captured to tell signals apart. Pure.
//!
//! `hall/{machine}/{signal}` is subscribed as `hall/+/+`, once for all signals that say so; what
//! stands in the two levels of a message's topic says which signal it is for.

/// A filter, taken apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Filter {
    /// As it is subscribed.
    pub text: String,
    /// Which levels are captured, counted from 0.
    pub captured: Vec<usize>,
}

/// What a level in braces stands for.
const MACHINE: &str = "{machine}";
const SIGNAL: &str = "{signal}";

impl Filter {
    /// Reads a pattern; gives the filter and, for this machine and signal, what the captured levels
    /// must be.
    pub fn read(
        pattern: &str,
        machine: &str,
        signal: &str,
    ) -> Result<(Self, Vec<String>), &'static str> {
        if pattern.is_empty() || pattern.contains('\0') {
            return Err("a topic is needed");
        }
        let mut levels = Vec::new();
        let mut captured = Vec::new();
        let mut key = Vec::new();
        let count = pattern.split('/').count();
        for (at, level) in pattern.split('/').enumerate() {
            let filled = match level {
                MACHINE => Some(machine),
                SIGNAL => Some(signal),
                _ => None,
            };
            match (level, filled) {
                (_, Some(filled)) if filled.contains(['/', '+', '#', '\0']) => {
                    return Err("what {machine} or {signal} stands for cannot be a topic level");
                },
                (_, Some(filled)) => {
                    captured.push(at);
                    key.push(filled.to_owned());
                    levels.push("+");
                },
                ("#", None) if at + 1 == count => levels.push("#"),
                ("+", None) => levels.push("+"),
                _ if level.contains(['+', '#']) => {
                    return Err("+ stands for a whole level, # for the last ones");
                },
                _ if level.contains(['{', '}']) => {
                    return Err("only {machine} and {signal} can stand for a level");
                },
                _ => levels.push(level),
            }
        }
        Ok((Self { text: levels.join("/"), captured }, key))
    }

    /// Whether it names one topic only.
    pub fn is_exact(&self) -> bool {
        !self.text.contains(['+', '#'])
    }

    /// The captured levels of a topic; `None` where the filter does not cover it.
    pub fn captures(&self, topic: &str) -> Option<Vec<String>> {
        let mut wanted = self.text.split('/');
        let mut levels = topic.split('/');
        // Wildcards at the front do not cover what brokers say of themselves.
        if topic.starts_with('$') && self.text.starts_with(['+', '#']) {
            return None;
        }
        loop {
            match (wanted.next(), levels.next()) {
                (Some("#"), _) | (None, None) => break,
                (Some("+"), Some(_)) => {},
                (Some(wanted), Some(level)) if wanted == level => {},
                _ => return None,
            }
        }
        let captured = self.captured.iter().filter_map(|at| topic.split('/').nth(*at));
        Some(captured.map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(pattern: &str) -> Filter {
        Filter::read(pattern, "EQ-1", "good").unwrap().0
    }

    #[test]
    fn the_table_of_filters() {
        let cases = [
            ("hall/7/state", "hall/7/state", true),
            ("hall/7/state", "hall/7", false),
            ("hall/7", "hall/7/state", false),
            ("hall/+/state", "hall/7/state", true),
            ("hall/+/state", "hall/7/8/state", false),
            ("hall/+", "hall/", true),
            ("hall/#", "hall", true),
            ("hall/#", "hall/7/state", true),
            ("#", "hall/7", true),
            ("#", "$SYS/uptime", false),
            ("+/uptime", "$SYS/uptime", false),
            ("$SYS/#", "$SYS/uptime", true),
            ("/a", "/a", true),
            ("/a", "a", false),
        ];
        for (pattern, topic, covered) in cases {
            assert_eq!(filter(pattern).captures(topic).is_some(), covered, "{pattern} {topic}");
        }
    }

    #[test]
    fn levels_are_captured() {
        let (filter, key) = Filter::read("hall/{machine}/+/{signal}", "EQ-1", "good").unwrap();
        assert_eq!(
            (filter.text.as_str(), &key[..]),
            ("hall/+/+/+", &["EQ-1".into(), "good".into()][..])
        );
        assert_eq!(filter.captures("hall/EQ-1/x/good"), Some(key));
        assert_eq!(filter.captures("hall/EQ-2/x/scrap"), Some(vec!["EQ-2".into(), "scrap".into()]));
    }

    #[test]
    fn what_is_no_filter_is_said() {
        for pattern in ["", "a/#/b", "a+/b", "a/b#", "a/{line}", "a\0b"] {
            assert!(Filter::read(pattern, "EQ-1", "good").is_err(), "{pattern:?}");
        }
        assert!(Filter::read("a/{signal}", "EQ-1", "x/y").is_err());
    }
}
