//! Digits three rows high, to be read from two metres away.

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
}
