//! What is said at a broker, level by level, and the topic under the cursor.

use kart_api::commissioning::{Branch, TopicAnswer, TopicQuery, Topics as Heard};

use super::TextField;

/// The topic browser.
#[derive(Clone, Debug, Default)]
pub struct Topics {
    /// Which broker, counted from 0.
    pub broker: usize,
    /// What is listened to; empty for what the map listens to.
    pub filter: String,
    /// The filter that is being typed.
    pub typing: Option<TextField>,
    /// The level that is shown: empty, or ending with a slash.
    pub prefix: String,
    /// The chosen name of that level, counted from 0.
    pub cursor: usize,
    /// What was heard.
    pub heard: Option<Heard>,
    /// Why nothing can be heard.
    pub refused: Option<String>,
}

impl Topics {
    /// What is to be asked for.
    pub fn query(&self, broker: &str) -> TopicQuery {
        let (filter, prefix) = (self.filter.clone(), self.prefix.clone());
        TopicQuery { broker: broker.to_owned(), filter, prefix, topic: self.topic() }
    }

    /// Takes in what was heard.
    pub fn take(&mut self, answer: TopicAnswer) {
        match answer {
            TopicAnswer::Refused(why) => self.refused = Some(why),
            TopicAnswer::Heard(heard) => {
                self.refused = None;
                if heard.query.prefix == self.prefix && heard.query.filter == self.filter {
                    // Names come while one looks; the chosen one stays chosen.
                    let chosen = self.branch().map(|branch| branch.name.clone());
                    let at = heard.level.iter().position(|b| Some(&b.name) == chosen.as_ref());
                    self.cursor =
                        at.unwrap_or(self.cursor.min(heard.level.len().saturating_sub(1)));
                    self.heard = Some(*heard);
                }
            },
        }
    }

    /// The chosen name.
    pub fn branch(&self) -> Option<&Branch> {
        let heard = self.heard.as_ref().filter(|heard| heard.query.prefix == self.prefix)?;
        heard.level.get(self.cursor)
    }

    /// The chosen topic.
    fn topic(&self) -> Option<String> {
        let branch = self.branch().filter(|branch| branch.said.is_some())?;
        Some(format!("{}{}", self.prefix, branch.name))
    }

    /// Moves the cursor.
    pub fn step(&mut self, step: isize) {
        let last = self.heard.as_ref().map_or(0, |heard| heard.level.len().saturating_sub(1));
        self.cursor = self.cursor.saturating_add_signed(step).min(last);
    }

    /// One level down, where there is one.
    pub fn down(&mut self) {
        let Some(branch) = self.branch().filter(|branch| branch.beneath > 0) else { return };
        self.prefix = format!("{}{}/", self.prefix, branch.name);
        (self.cursor, self.heard) = (0, None);
    }

    /// One level up.
    pub fn up(&mut self) {
        let above = self.prefix.trim_end_matches('/');
        let end = above.rfind('/').map_or(0, |at| at + 1);
        if self.prefix.is_empty() {
            return;
        }
        self.prefix.truncate(end);
        (self.cursor, self.heard) = (0, None);
    }

    /// Listens to something else.
    pub fn listen(&mut self, filter: String) {
        let broker = self.broker;
        *self = Self { broker, filter, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::time::Micros;

    fn heard(topics: &Topics, names: &[(&str, usize)]) -> TopicAnswer {
        let level = names.iter().map(|(name, beneath)| Branch {
            name: (*name).to_owned(),
            beneath: *beneath,
            said: (*beneath == 0).then(|| "1".to_owned()),
            at_us: Micros(0),
        });
        TopicAnswer::Heard(Box::new(Heard {
            query: topics.query("hall"),
            lost: None,
            topics: 1,
            messages: 1,
            beyond: 0,
            level: level.collect(),
            chosen: None,
            captured: Vec::new(),
        }))
    }

    #[test]
    fn one_goes_down_and_up_again_and_the_chosen_name_stays_chosen() {
        let mut topics = Topics::default();
        topics.take(heard(&topics, &[("hall", 3)]));
        topics.down();
        assert_eq!(topics.prefix, "hall/");
        topics.take(heard(&topics, &[("good", 0), ("state", 0)]));
        topics.step(1);
        assert_eq!(topics.query("hall").topic.as_deref(), Some("hall/state"));
        topics.take(heard(&topics, &[("good", 0), ("speed", 0), ("state", 0)]));
        assert_eq!(topics.branch().map(|branch| branch.name.as_str()), Some("state"));
        topics.down();
        topics.up();
        assert_eq!((topics.prefix.as_str(), topics.branch()), ("", None));
        topics.up();
        topics.listen("a/#".into());
        assert_eq!((topics.filter.as_str(), topics.query("hall").topic), ("a/#", None));
    }
}
