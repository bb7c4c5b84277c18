//! TOML documents whose faults are told together, each with file, line and key path.
//!
//! The parser stops at the first wrong value, so a faulty value is taken out of the document and
//! the document is read again, until it reads. What a removed table hid stays hidden.

use serde::{Serialize, de::DeserializeOwned};
use std::{cell::RefCell, collections::BTreeSet, fmt, ops::Range};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Nobody mends more than this many faults at once.
const MOST_FAULTS: usize = 100;

/// One thing that is wrong with a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Fault {
    /// Which file, as it was named.
    pub file: String,
    /// Line of the key or value, counted from 1; the enclosing table's line for a missing key.
    pub line: usize,
    /// Key path, for example `machine[0].signal[2].type`; empty for the whole document.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything that is wrong with a document; never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Faults(pub Vec<Fault>);

impl From<Vec<Fault>> for Faults {
    /// In the order a person meets them when reading the file.
    fn from(mut faults: Vec<Fault>) -> Self {
        faults.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        Self(faults)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Fault::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Faults {}

/// A document that is TOML; whether it says the right things is asked by [`Document::parse`].
pub struct Document<'t> {
    file: String,
    text: &'t str,
    /// Used up by what is read from it, because it takes many times the room of the text; read again where a fault
    /// is to be told.
    table: RefCell<Option<Spanned<DeTable<'t>>>>,
}

impl<'t> Document<'t> {
    /// Reads the TOML of `text`; `file` is what faults call it.
    pub fn read(file: &str, text: &'t str) -> Result<Self, Faults> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let document = Self::known(file, text);
        document.table.replace(Some(table));
        let faults: Vec<Fault> = errors
            .iter()
            .map(|e| document.fault_at(e.span().unwrap_or(0..0), String::new(), e.message()))
            .collect();
        if faults.is_empty() { Ok(document) } else { Err(faults.into()) }
    }

    /// A document that was read before.
    pub fn known(file: &str, text: &'t str) -> Self {
        Self { file: file.to_owned(), text, table: RefCell::default() }
    }

    fn tree(&self) -> Spanned<DeTable<'t>> {
        self.table.take().unwrap_or_else(|| DeTable::parse_recoverable(self.text).0)
    }

    /// Reads the document as a `T`. `T` denies unknown fields.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Faults> {
        let parser = toml::Deserializer::from(self.tree());
        serde_path_to_error::deserialize(parser).or_else(|_| self.parse_with_faults())
    }

    /// The same again, of a document in which something is wrong.
    fn parse_with_faults<T: DeserializeOwned>(&self) -> Result<T, Faults> {
        let mut table = self.tree();
        let mut faults: Vec<Fault> = Vec::new();
        let mut gone = BTreeSet::new();
        loop {
            let parser = toml::Deserializer::from(table.clone());
            let error = match serde_path_to_error::deserialize::<_, T>(parser) {
                Ok(value) if faults.is_empty() => return Ok(value),
                Ok(_) => return Err(faults.into()),
                Err(error) => error,
            };
            let span = error.inner().span().unwrap_or(0..0);
            let message = error.inner().message().to_owned();
            let missing = message.starts_with("missing field");
            let enclosing = match error.path().to_string().as_str() {
                "." => String::new(),
                path => path.to_owned(),
            };
            let named = self.named_path(&enclosing, &message, &span);
            // A key that is missing because it was taken out is no fault of its own.
            if !(missing && gone.contains(&original(&named, &gone))) {
                faults.push(self.fault_at(span, original(&named, &gone), &message));
            }
            let faulty = if missing { enclosing } else { named };
            let place = original(&faulty, &gone);
            if !remove(table.get_mut(), &segments(&faulty)) || faults.len() >= MOST_FAULTS {
                return Err(faults.into());
            }
            gone.insert(place);
        }
    }

    /// A fault found by a later check at the key path `path`.
    pub fn fault(&self, path: &str, message: impl Into<String>) -> Fault {
        let tree = self.tree();
        let mut span = tree.span();
        let mut value: Option<&Spanned<DeValue<'_>>> = None;
        for segment in segments(path) {
            let next = match (value.map(Spanned::get_ref), &segment) {
                (None, Segment::Key(key)) => tree.get_ref().get(key.as_str()),
                (Some(DeValue::Table(table)), Segment::Key(key)) => table.get(key.as_str()),
                (Some(DeValue::Array(array)), Segment::Index(n)) => array.get(*n),
                _ => None,
            };
            let Some(next) = next else { break };
            span = next.span();
            value = Some(next);
        }
        self.table.replace(Some(tree));
        self.fault_at(span, path.to_owned(), &message.into())
    }

    /// The path including the key that the message speaks of.
    fn named_path(&self, enclosing: &str, message: &str, span: &Range<usize>) -> String {
        let join = |key: &str| match enclosing {
            "" => key.to_owned(),
            _ => format!("{enclosing}.{key}"),
        };
        let quoted = message.split('`').nth(1).unwrap_or_default();
        if message.starts_with("missing field") {
            return join(quoted);
        }
        let unknown = message.starts_with("unknown field")
            && self.text.get(span.clone()).is_some_and(|key| key.contains(quoted))
            && segments(enclosing).last() != Some(&Segment::Key(quoted.to_owned()));
        if unknown { join(quoted) } else { enclosing.to_owned() }
    }

    fn fault_at(&self, span: Range<usize>, path: String, message: &str) -> Fault {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        Fault { file: self.file.clone(), line, path, message: message.to_owned() }
    }
}

/// One step of a key path.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Segment {
    Key(String),
    Index(usize),
}

fn segments(path: &str) -> Vec<Segment> {
    let mut all = Vec::new();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let mut pieces = part.split('[');
        all.extend(pieces.next().filter(|key| !key.is_empty()).map(|k| Segment::Key(k.to_owned())));
        for piece in pieces {
            all.extend(piece.trim_end_matches(']').parse().map(Segment::Index));
        }
    }
    all
}

/// `path` with the numbers that its array elements had before those in `gone` were taken out.
fn original(path: &str, gone: &BTreeSet<String>) -> String {
    let mut place = String::new();
    for segment in segments(path) {
        match segment {
            Segment::Key(key) if place.is_empty() => place = key,
            Segment::Key(key) => place = format!("{place}.{key}"),
            Segment::Index(n) => {
                let standing = (0..).filter(|i| !gone.contains(&format!("{place}[{i}]"))).nth(n);
                place = format!("{place}[{}]", standing.unwrap_or(n));
            },
        }
    }
    place
}

/// Takes out what `path` names; `false` when there is no such thing.
fn remove(table: &mut DeTable<'_>, path: &[Segment]) -> bool {
    let Some((Segment::Key(key), rest)) = path.split_first() else { return false };
    if rest.is_empty() {
        return table.remove(key.as_str()).is_some();
    }
    table.get_mut(key.as_str()).is_some_and(|value| remove_within(value.get_mut(), rest))
}

fn remove_within(value: &mut DeValue<'_>, path: &[Segment]) -> bool {
    match (value, path.split_first()) {
        (DeValue::Table(table), Some((Segment::Key(_), _))) => remove(table, path),
        (DeValue::Array(array), Some((Segment::Index(n), rest))) => {
            let Some(element) = array.get_mut(*n) else { return false };
            if rest.is_empty() {
                let kept = std::mem::replace(array, std::iter::empty().collect());
                let kept = kept.into_iter().enumerate().filter(|(i, _)| i != n);
                *array = kept.map(|(_, element)| element).collect();
                return true;
            }
            remove_within(element.get_mut(), rest)
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests;
