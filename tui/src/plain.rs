//! Text from outside, made safe to show. Names, reasons and device errors were typed by somebody
//! else: whatever in them steers a terminal or hides itself is made visible instead.
//!
//! It does not judge what a text means, and it changes nothing that is stored.

use ratatui::text::Span;

/// Nobody's name is longer; what is would push everything else off the screen.
const LIMIT: usize = 200;

/// Marks that may stand on one letter. Vietnamese needs two.
const MARKS: usize = 2;

/// `text` with control characters as pictures, direction overrides and hidden characters as `�`,
/// at most two marks on a letter, and at most 200 characters.
pub fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut marks = 0;
    for (place, letter) in text.chars().enumerate() {
        if place == LIMIT {
            safe.push('…');
            break;
        }
        let letter = visible(letter);
        if width(letter) > 0 {
            marks = 0;
        } else {
            marks += 1;
        }
        // A mark with no letter before it would land on whatever stands left of the text.
        if marks == 0 || (marks <= MARKS && !safe.is_empty()) {
            safe.push(letter);
        }
    }
    safe
}

/// How many columns a character takes.
fn width(letter: char) -> usize {
    let mut bytes = [0; 4];
    Span::raw(&*letter.encode_utf8(&mut bytes)).width()
}

fn visible(letter: char) -> char {
    match letter {
        '\0'..='\u{1f}' => {
            char::from_u32(0x2400 + u32::from(letter)).unwrap_or(char::REPLACEMENT_CHARACTER)
        },
        '\u{7f}' => '␡',
        '\u{80}'..='\u{9f}' => char::REPLACEMENT_CHARACTER,
        _ if is_hidden(letter) => char::REPLACEMENT_CHARACTER,
        _ => letter,
    }
}

/// Characters that turn the direction of text, take no room, or have no meaning everybody shares.
fn is_hidden(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{e0000}'..='\u{10ffff}')
}

/// `text`, safe and cut to `columns`, ending in `…` when something was cut.
pub fn fitted(text: &str, columns: usize) -> String {
    let safe = plain(text);
    if Span::raw(&safe).width() <= columns {
        return safe;
    }
    let mut cut = String::new();
    let mut used = 0;
    for letter in safe.chars() {
        used += width(letter);
        if used >= columns {
            break;
        }
        cut.push(letter);
    }
    if columns > 0 {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["Anna Fischer", "Łukasz Żółć", "Nguyễn Văn Đức", "José Ñúñez", "田中 太郎"]
        {
            assert_eq!(plain(name), name);
        }
    }

    #[test]
    fn escape_codes_become_visible() {
        assert_eq!(plain("\u{1b}[31mred\u{1b}[0m"), "␛[31mred␛[0m");
        assert_eq!(plain("a\r\nb\tc\u{7f}\u{9b}2J"), "a␍␊b␉c␡�2J");
        assert_eq!(plain("\u{1b}]0;owned\u{7}"), "␛]0;owned␇");
    }

    #[test]
    fn direction_and_hidden_characters_become_visible() {
        assert_eq!(plain("user\u{202e}gpj.exe"), "user�gpj.exe");
        assert_eq!(plain("\u{2066}a\u{2069}\u{200f}\u{61c}"), "�a���");
        assert_eq!(plain("zero\u{200b}width\u{feff}"), "zero�width�");
        assert_eq!(plain("tag\u{e0041}"), "tag�");
    }

    #[test]
    fn floods_of_marks_are_held_back() {
        let flood = format!("a{}b", "\u{301}".repeat(500));
        assert_eq!(plain(&flood).chars().filter(|c| *c == '\u{301}').count(), 2);
        assert!(plain("\u{301}\u{302}x").starts_with('x'));
    }

    #[test]
    fn nothing_safe_is_changed_a_second_time() {
        let odd = "\u{1b}[2J\u{202e}a\u{301}\u{301}\u{301}\u{0}";
        assert_eq!(plain(&plain(odd)), plain(odd));
    }

    #[test]
    fn long_texts_end() {
        assert_eq!(plain(&"x".repeat(100_000)).chars().count(), LIMIT + 1);
        assert_eq!(fitted("Housing left", 7), "Housin…");
        assert_eq!(fitted("Housing", 7), "Housing");
        assert_eq!(fitted("田中太郎", 5), "田中…");
        assert_eq!(fitted("abc", 0), "");
    }
}
