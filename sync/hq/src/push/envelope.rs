//! The body of a push, taken apart. What stands in the facts is not looked at here.

use std::collections::BTreeSet;

use kart_core::fact::LINE_LIMIT;
use kart_wire::{MOST_FACTS, PushEnvelope, TextLine};

use crate::problem::Refusal;

/// A fact has no more texts than this, on average.
const MOST_TEXTS: usize = MOST_FACTS * 4;

/// A push whose parts have the announced number and size.
pub struct Push<'b> {
    /// The first line.
    pub envelope: PushEnvelope,
    /// The bytes that were hashed, without the newline.
    pub lines: Vec<&'b [u8]>,
    /// The texts beside the facts.
    pub texts: Vec<TextLine>,
}

impl<'b> Push<'b> {
    /// Takes a body apart.
    pub fn parse(body: &'b [u8]) -> Result<Self, Refusal> {
        let mut lines = body.strip_suffix(b"\n").unwrap_or(body).split(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        let envelope: PushEnvelope = serde_json::from_slice(first)
            .map_err(|fault| Refusal::malformed(format!("the first line: {fault}")))?;
        if envelope.facts > MOST_FACTS || envelope.texts > MOST_TEXTS {
            return Err(Refusal::too_large(format!("a push has at most {MOST_FACTS} facts")));
        }
        let announced = envelope.facts + envelope.texts;
        let mut lines: Vec<&[u8]> = lines.take(announced + 1).collect();
        if lines.len() != announced {
            return Err(Refusal::malformed("there are not as many lines as announced"));
        }
        let texts = lines.split_off(envelope.facts);
        if lines.iter().chain(&texts).any(|line| line.len() > LINE_LIMIT) {
            return Err(Refusal::too_large(format!("a line has at most {LINE_LIMIT} bytes")));
        }
        if envelope.from == 0 {
            return Err(Refusal::malformed("facts are numbered from 1"));
        }
        let push = Self { texts: parse_texts(&texts)?, envelope, lines };
        push.check_texts()?;
        Ok(push)
    }

    /// Number of the last fact; one before `from` when there is none.
    pub fn to(&self) -> u64 {
        // `from` is at least 1 and a push is short.
        self.envelope.from.saturating_add(self.lines.len() as u64) - 1
    }

    fn check_texts(&self) -> Result<(), Refusal> {
        let mut seen = BTreeSet::new();
        for text in &self.texts {
            if !(self.envelope.from..=self.to()).contains(&text.seq) {
                return Err(Refusal::malformed("a text belongs to no fact of this push"));
            }
            if !seen.insert((text.seq, text.field.as_str())) {
                return Err(Refusal::malformed("a text comes twice"));
            }
        }
        Ok(())
    }
}

fn parse_texts(lines: &[&[u8]]) -> Result<Vec<TextLine>, Refusal> {
    let parse = |line: &&[u8]| serde_json::from_slice(line);
    let texts: Result<_, serde_json::Error> = lines.iter().map(parse).collect();
    texts.map_err(|fault| Refusal::malformed(format!("a text line: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_wire::code;

    fn body(facts: usize, lines: &[&str]) -> Vec<u8> {
        let envelope = format!(
            r#"{{"session":"{id}","terminal":"{id}","incarnation":"a","from":1,"facts":{facts},"texts":0,"prev_hash":""}}"#,
            id = uuid::Uuid::nil()
        );
        let mut all = vec![envelope.as_str()];
        all.extend(lines);
        all.join("\n").into_bytes()
    }

    #[test]
    fn bytes_of_lines_are_kept() {
        let body = body(2, &["{ \"seq\" :1}", "not json\r", ""]);
        let push = Push::parse(&body).ok().unwrap();
        assert_eq!(push.lines, [b"{ \"seq\" :1}".as_slice(), b"not json\r"]);
        assert_eq!(push.to(), 2);
    }

    #[test]
    fn what_was_not_announced_is_refused() {
        let refused = |body: &[u8]| Push::parse(body).err().unwrap().code().to_owned();
        assert_eq!(refused(&body(2, &["{}"])), code::MALFORMED);
        assert_eq!(refused(&body(1, &["{}", "{}"])), code::MALFORMED);
        assert_eq!(refused(&body(1, &[&"x".repeat(LINE_LIMIT + 1)])), code::TOO_LARGE);
        assert_eq!(refused(&body(1001, &[])), code::TOO_LARGE);
        assert_eq!(refused(b""), code::MALFORMED);
    }
}
