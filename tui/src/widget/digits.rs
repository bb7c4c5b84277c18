//! Digits to be read from two metres away: three rows high, or as high as there is room.

use ratatui::{style::Style, text::Line};

use crate::{model::Age, widget::aged};

/// Rows that big digits take.
pub const HEIGHT: u16 = 3;

/// Five rows of three dots for each digit, the highest bit on the left.
const FONT: [[u8; 6]; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111, 0],
    [0b010, 0b110, 0b010, 0b010, 0b111, 0],
    [0b111, 0b001, 0b111, 0b100, 0b111, 0],
    [0b111, 0b001, 0b111, 0b001, 0b111, 0],
    [0b101, 0b101, 0b111, 0b001, 0b001, 0],
    [0b111, 0b100, 0b111, 0b001, 0b111, 0],
    [0b111, 0b100, 0b111, 0b101, 0b111, 0],
    [0b111, 0b001, 0b001, 0b001, 0b001, 0],
    [0b111, 0b101, 0b111, 0b101, 0b111, 0],
    [0b111, 0b101, 0b111, 0b001, 0b111, 0],
];

/// The rows of a number; anything but digits leaves a narrow gap.
pub fn big(number: &str, age: Age, style: Style) -> [Line<'static>; 3] {
    let mut rows = [String::new(), String::new(), String::new()];
    for letter in number.chars() {
        let digit = letter.to_digit(10).and_then(|digit| usize::try_from(digit).ok());
        match digit.and_then(|digit| FONT.get(digit)) {
            Some(dots) => {
                for (row, pair) in rows.iter_mut().zip(dots.chunks(2)) {
                    row.push_str(&half_blocks(pair));
                }
            },
            None => rows.iter_mut().for_each(|row| row.push(' ')),
        }
    }
    rows.map(|row| Line::from(aged(&row, age, style)))
}

/// The rows of a number as large as fits into so many columns and rows; as it is typed where nothing
/// larger does.
pub fn huge(number: &str, columns: u16, rows: u16) -> Vec<String> {
    let (columns, rows) = (usize::from(columns), usize::from(rows));
    let digits: Vec<&[u8; 6]> = number
        .chars()
        .filter_map(|letter| FONT.get(usize::try_from(letter.to_digit(10)?).ok()?))
        .collect();
    // Three dots and a gap, each two columns wide, so that they are as wide as they are high.
    let fits = |scale: &usize| digits.len() * 8 * scale <= columns && 5 * scale <= rows;
    let Some(scale) = (1..=8).rev().find(fits).filter(|_| !digits.is_empty()) else {
        return vec![number.to_owned()];
    };
    let dot = |lit: bool| if lit { "█" } else { " " }.repeat(2 * scale);
    let row = |dots: usize| -> String {
        let bits = digits.iter().filter_map(|digit| digit.get(dots));
        bits.flat_map(|bits| [4, 2, 1, 0].map(|bit| dot(bits & bit > 0))).collect()
    };
    (0..5).flat_map(|dots| vec![row(dots); scale]).collect()
}

/// Two rows of dots as one row of characters, with a gap behind it.
fn half_blocks(pair: &[u8]) -> String {
    let (upper, lower) = (pair.first().unwrap_or(&0), pair.get(1).unwrap_or(&0));
    let column = |bit: u8| match (upper & bit > 0, lower & bit > 0) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    [column(4), column(2), column(1), ' '].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_look_like_digits() {
        let rows = big("407", Age::Fresh(0), Style::new()).map(|line| line.to_string());
        assert_eq!(rows, ["█ █ █▀█ ▀▀█ ", "▀▀█ █ █   █ ", "  ▀ ▀▀▀   ▀ "]);
    }

    #[test]
    fn a_number_is_as_large_as_there_is_room() {
        let rows = huge("1", 8, 5);
        assert_eq!(rows, ["  ██    ", "████    ", "  ██    ", "  ██    ", "██████  "]);
        let size = |columns, rows| {
            let told = huge("412", columns, rows);
            (told.len(), told[0].chars().count())
        };
        assert_eq!(size(80, 18), (15, 72));
        assert_eq!(size(80, 9), (5, 24));
        assert_eq!(huge("412", 23, 18), ["412"]);
        assert_eq!(huge("", 80, 18), [""]);
    }
}
