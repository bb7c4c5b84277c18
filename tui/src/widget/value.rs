//! Values with their age. There is no other way to draw something that can age.

use kart_api::Signal;
use kart_core::machine::MachineState;
use ratatui::{style::Style, text::Span};

use crate::{
    model::Age,
    theme,
    words::{self, Words},
};

/// `text` in `style` while it is the present, struck through afterwards, `–` when never read.
pub fn aged(text: &str, age: Age, style: Style) -> Span<'static> {
    match age {
        Age::Never => Span::styled("–", theme::QUIET),
        Age::Fresh(_) => Span::styled(text.to_owned(), style),
        Age::Old(_) => Span::styled(text.to_owned(), theme::OLD),
    }
}

/// The age itself, in words: quiet while fresh, calling for care when old.
pub fn aging(age: Age, words: &Words) -> Span<'static> {
    let text = match age.micros() {
        None => words.say("never-read"),
        Some(us) => {
            let id = if age.is_old() { "age-old" } else { "age-fresh" };
            words.tell(&words::Sentence::new(id).with("age", words::age(us)))
        },
    };
    Span::styled(text, if age.is_old() { theme::CARE } else { theme::QUIET })
}

/// What stands before the age of a value that has only the time of its arrival.
pub fn by_arrival(signal: &Signal) -> &'static str {
    if signal.arrival { "~" } else { "" }
}

/// A state as shape, word and colour; it calls while nobody has acknowledged its stop.
pub fn badge(state: MachineState, age: Age, calls: bool, words: &Words) -> Span<'static> {
    let (shape, style, word) = theme::state(state);
    let style = if calls { style.add_modifier(theme::CALLS) } else { style };
    aged(&format!(" {shape} {} ", words.say(word).to_uppercase()), age, style)
}
