//! Other colours for the same screen, cell by cell: for eyes that do not tell red from green, and for
//! terminals without colours. Words and shapes stay: no colour says anything alone.

use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};

/// Which colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Palette {
    /// Sixteen colours, red and green among them.
    #[default]
    Standard,
    /// Blue stands for green, so that red and what was green differ for everybody.
    Safe,
    /// None: bold, underlined and reversed.
    Mono,
}

impl Palette {
    /// Its words on the command line.
    pub const WORDS: [&str; 3] = ["standard", "safe", "mono"];

    /// The palette of a word.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "standard" => Some(Self::Standard),
            "safe" => Some(Self::Safe),
            "mono" => Some(Self::Mono),
            _ => None,
        }
    }
}

/// Blue for green; what was blue already steps aside.
pub(super) fn safe(cell: &mut Cell) {
    let other = |colour: Color| match colour {
        Color::Green | Color::LightGreen => Color::LightBlue,
        Color::Cyan | Color::LightBlue => Color::White,
        colour => colour,
    };
    (cell.fg, cell.bg) = (other(cell.fg), other(cell.bg));
}

/// No colours: what had a background is reversed, what called for care is bold.
pub(super) fn mono(cell: &mut Cell) {
    if cell.bg != Color::Reset {
        cell.modifier.insert(Modifier::REVERSED);
    }
    match cell.fg {
        Color::Yellow | Color::Red | Color::White => cell.modifier.insert(Modifier::BOLD),
        Color::DarkGray => cell.modifier.insert(Modifier::DIM),
        _ => {},
    }
    (cell.fg, cell.bg) = (Color::Reset, Color::Reset);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme;

    fn seen(style: ratatui::style::Style, by: fn(&mut Cell)) -> (Color, Color, Modifier) {
        let mut cell = Cell::default();
        cell.set_style(style);
        by(&mut cell);
        (cell.fg, cell.bg, cell.modifier)
    }

    #[test]
    fn red_and_green_are_never_both_there() {
        let styles = [theme::WELL, theme::WRONG, theme::CARE, theme::SAVED, theme::SAVING];
        for style in styles {
            let (fg, bg, _) = seen(style, safe);
            assert!(![fg, bg].contains(&Color::Green), "{style:?}");
        }
        let [well, care, wrong] = [theme::WELL, theme::CARE, theme::WRONG].map(|it| seen(it, safe));
        assert!(well != care && care != wrong && well != wrong);
    }

    #[test]
    fn without_colours_what_is_wrong_still_stands_out() {
        let [well, care, wrong] = [theme::WELL, theme::CARE, theme::WRONG].map(|it| seen(it, mono));
        assert!([well, care, wrong].iter().all(|(fg, bg, _)| [*fg, *bg] == [Color::Reset; 2]));
        assert!(wrong.2.contains(Modifier::REVERSED) && !care.2.contains(Modifier::REVERSED));
        assert!(care.2 != well.2);
    }

    #[test]
    fn every_palette_has_a_word() {
        let known = Palette::WORDS.map(Palette::of);
        assert_eq!(known, [Palette::Standard, Palette::Safe, Palette::Mono].map(Some));
        assert_eq!(Palette::of("loud"), None);
    }
}
