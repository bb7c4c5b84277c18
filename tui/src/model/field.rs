//! What forms are made of: a line of text, and a choice from a list.

use crossterm::event::{Event, KeyEvent};
use tui_input::{Input, backend::crossterm::EventHandler};

use crate::keys::Cmd;

/// A line of text.
#[derive(Clone, Debug, Default)]
pub struct TextField {
    input: Input,
    /// Somebody typed here: what is in it is theirs.
    pub touched: bool,
    digits_only: bool,
    secret: bool,
    long: bool,
}

/// Longest text a field takes.
const LIMIT: usize = 80;

/// Longest text a field for free text takes, which is as much as a terminal records.
const LONG: usize = 500;

impl TextField {
    /// A field for whole numbers.
    pub fn whole() -> Self {
        Self { digits_only: true, ..Self::default() }
    }

    /// A field for free text.
    pub fn long() -> Self {
        Self { long: true, ..Self::default() }
    }

    /// A field for a PIN: digits that are not shown.
    pub fn secret() -> Self {
        // Somebody's, from the first digit on.
        Self { digits_only: true, touched: true, secret: true, ..Self::default() }
    }

    /// Fills the field in for the person, unless they typed already.
    pub fn offer(&mut self, text: &str) {
        if !self.touched && self.input.value() != text {
            self.input = Input::new(text.to_owned());
        }
    }

    /// A key for this field. `true` when the text changed.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        if let crossterm::event::KeyCode::Char(letter) = key.code {
            let most = if self.long { LONG } else { LIMIT };
            let full = self.input.value().chars().count() >= most;
            let wrong = self.digits_only && !letter.is_ascii_digit();
            if full || wrong || letter.is_control() {
                return false;
            }
            // The number that was offered is replaced, not continued.
            if self.digits_only && !self.touched {
                self.input.reset();
            }
        }
        let changed = self.input.handle_event(&Event::Key(key)).is_some_and(|change| change.value);
        self.touched |= changed;
        changed
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.input.value().trim()
    }

    /// The text as typed, for drawing.
    pub fn raw(&self) -> String {
        let typed = self.input.value();
        if self.secret { "*".repeat(typed.chars().count()) } else { typed.to_owned() }
    }

    /// The text, where there is any.
    pub fn filled(&self) -> Option<String> {
        Some(self.text().to_owned()).filter(|text| !text.is_empty())
    }

    /// The number in it; `None` when there is none that fits.
    pub fn number(&self) -> Option<i64> {
        self.text().parse().ok()
    }

    /// Characters before the cursor.
    pub fn cursor(&self) -> usize {
        self.input.cursor()
    }
}

/// A choice from a list whose entries are known by their keys.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice<K> {
    /// The entries.
    pub entries: Vec<Entry<K>>,
    /// The chosen one.
    pub chosen: Option<usize>,
}

/// One entry.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry<K> {
    /// What it stands for.
    pub key: K,
    /// What it is called; not safe to draw.
    pub label: String,
    /// What stands beside it in small; not safe to draw.
    pub detail: String,
}

/// Entries that digits can reach at once.
pub const PAGE: usize = 9;

impl<K> Entry<K> {
    /// An entry whose words come from elsewhere.
    pub fn of(key: K) -> Self {
        Self { key, label: String::new(), detail: String::new() }
    }
}

impl<K: Copy + PartialEq> Choice<K> {
    /// A choice with nothing chosen.
    pub fn new(entries: Vec<Entry<K>>) -> Self {
        Self { entries, chosen: None }
    }

    /// A choice of entries whose words come from elsewhere.
    pub fn of(keys: impl IntoIterator<Item = K>) -> Self {
        Self::new(keys.into_iter().map(Entry::of).collect())
    }

    /// Lists what is there now. What was chosen stays so while it is there; nothing else takes its
    /// place, for a key may be on its way.
    pub fn list(&mut self, entries: Vec<Entry<K>>) {
        let kept = self.key();
        *self = Self::new(entries);
        if let Some(kept) = kept {
            self.choose(kept);
        }
    }

    /// The chosen entry.
    pub fn entry(&self) -> Option<&Entry<K>> {
        self.entries.get(self.chosen?)
    }

    /// The key of the chosen entry.
    pub fn key(&self) -> Option<K> {
        self.entry().map(|entry| entry.key)
    }

    /// Obeys a key that moves or picks; `true` when a digit picked an entry.
    pub fn obey(&mut self, cmd: Cmd) -> bool {
        let page = isize::try_from(PAGE).unwrap_or(1);
        match cmd {
            Cmd::Up => self.step(-1),
            Cmd::Down => self.step(1),
            Cmd::PageUp => self.step(-page),
            Cmd::PageDown => self.step(page),
            Cmd::Pick(number) => return self.pick(number),
            _ => {},
        }
        false
    }

    /// Moves by `step` and stops at the ends; the first move from nowhere takes the first entry.
    pub fn step(&mut self, step: isize) {
        let Some(last) = self.entries.len().checked_sub(1) else { return };
        self.chosen = Some(match self.chosen {
            None => 0,
            Some(at) => at.saturating_add_signed(step).min(last),
        });
    }

    /// Moves by `step` and goes round.
    pub fn turn(&mut self) {
        let count = self.entries.len();
        if count > 0 {
            self.chosen = Some(self.chosen.map_or(0, |at| (at + 1) % count));
        }
    }

    /// Chooses the `number`-th of the page in sight; `false` when there is none.
    pub fn pick(&mut self, number: usize) -> bool {
        let at = self.page_start() + number - 1;
        let there = number <= PAGE && at < self.entries.len();
        if there {
            self.chosen = Some(at);
        }
        there
    }

    /// The first entry of the page in sight.
    pub fn page_start(&self) -> usize {
        self.chosen.unwrap_or(0) / PAGE * PAGE
    }

    /// Chooses the entry with this key, if it is there.
    pub fn choose(&mut self, key: K) {
        self.chosen = self.entries.iter().position(|entry| entry.key == key);
    }
}
