//! Shapes and colours. Grey and quiet when all is well, red only for what is wrong, and no colour
//! without a word and a shape. Sixteen colours suffice, and a terminal with ASCII only.

use kart_core::{kpi::Pace, machine::MachineState};
use ratatui::{
    buffer::Buffer,
    style::{Color, Modifier, Style},
};

mod palette;

pub use palette::Palette;

/// How to draw.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Theme {
    /// The terminal shows ASCII only.
    pub ascii: bool,
    /// Which colours.
    pub palette: Palette,
}

/// What stands out.
pub const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
/// What may be overlooked.
pub const QUIET: Style = Style::new().fg(Color::Gray);
/// Lines and frames.
pub const FRAME: Style = Style::new().fg(Color::DarkGray);
/// The frame of what keys act on.
pub const CHOSEN_FRAME: Style = Style::new().fg(Color::White).add_modifier(Modifier::BOLD);
/// The chosen line of a list, the field in focus.
pub const CHOSEN: Style = Style::new().fg(Color::Black).bg(Color::Gray);
/// A field that is not in focus.
pub const FIELD: Style = Style::new().add_modifier(Modifier::UNDERLINED);
/// The name of a key.
pub const KEY: Style = Style::new().fg(Color::Black).bg(Color::Gray);
/// Something works.
pub const WELL: Style = Style::new().fg(Color::Green);
/// Somebody should look.
pub const CARE: Style = Style::new().fg(Color::Yellow);
/// Something is wrong.
pub const WRONG: Style = Style::new().fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD);
/// It is on disk.
pub const SAVED: Style = Style::new().fg(Color::Black).bg(Color::Green);
/// It is on its way.
pub const SAVING: Style = Style::new().fg(Color::Black).bg(Color::Yellow);
/// A value that is not the present.
pub const OLD: Style =
    Style::new().fg(Color::DarkGray).add_modifier(Modifier::CROSSED_OUT.union(Modifier::DIM));

/// What calls until somebody acknowledges it: a stop without a reason, and nothing else on any screen.
pub const CALLS: Modifier = Modifier::SLOW_BLINK;

/// Shape, style and name in the Fluent files of a machine's state.
pub fn state(state: MachineState) -> (&'static str, Style, &'static str) {
    match state {
        MachineState::Running => ("►", WELL.add_modifier(Modifier::BOLD), "state-running"),
        MachineState::Stopped => ("■", WRONG, "state-stopped"),
        MachineState::Setup => {
            ("◆", Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD), "state-setup")
        },
        MachineState::PlannedStop => {
            ("▬", Style::new().fg(Color::LightBlue).add_modifier(Modifier::BOLD), "state-planned")
        },
        MachineState::Blocked => ("▲", SAVING, "state-blocked"),
        MachineState::Starved => ("▼", SAVING, "state-starved"),
        MachineState::Unknown => {
            ("?", Style::new().fg(Color::Black).bg(Color::Gray), "state-unknown")
        },
    }
}

/// The colour of a style for something that is filled: what stands out by its background has it in front.
pub fn filled(style: Style) -> Style {
    Style::new().fg(style.bg.or(style.fg).unwrap_or(Color::Gray))
}

/// Shape, style and name in the Fluent files of a batch's pace.
pub fn pace(pace: Pace) -> (&'static str, Style, &'static str) {
    match pace {
        Pace::Well => ("▲", WELL, "pace-well"),
        Pace::Near => ("►", CARE, "pace-near"),
        Pace::Behind => ("▼", WRONG, "pace-behind"),
    }
}

/// Characters we draw or names often have, and what stands for them in ASCII.
const ASCII: [(&str, &str); 16] = [
    ("▁", "_"),
    ("─━┄", "-"),
    ("═", "="),
    ("│║┃", "|"),
    ("┌┐└┘├┤┬┴┼╔╗╚╝╭╮╰╯", "+"),
    ("█■▀▄", "#"),
    ("░", "."),
    ("►→", ">"),
    ("←", "<"),
    ("◆●", "*"),
    ("○◌", "o"),
    ("✗", "x"),
    ("▬", "="),
    ("▲↑", "^"),
    ("↓▼", "v"),
    ("·…–—", "."),
];

/// Letters of the languages we speak and of their neighbours.
const LETTERS: [(&str, &str); 17] = [
    ("ÄÀÁÂÃÅĄ", "A"),
    ("äàáâãåą", "a"),
    ("ÇĆČ", "C"),
    ("çćč", "c"),
    ("ÈÉÊËĘĚ", "E"),
    ("èéêëęě", "e"),
    ("ÌÍÎÏ", "I"),
    ("ìíîï", "i"),
    ("ÑŃŇ", "N"),
    ("ñńň", "n"),
    ("ÖÒÓÔÕØ", "O"),
    ("öòóôõø", "o"),
    ("ÜÙÚÛŮ", "U"),
    ("üùúûů", "u"),
    ("ßŚŠśš", "s"),
    ("ŁłĽľ", "l"),
    ("ŹŻŽźżž", "z"),
];

/// What stands for a character in ASCII.
pub fn ascii(symbol: &str) -> &str {
    let first = symbol.chars().next().unwrap_or('?');
    let stands = ASCII.iter().chain(&LETTERS).find(|(letters, _)| letters.contains(first));
    match stands {
        _ if symbol.is_ascii() => symbol,
        Some((_, ascii)) => ascii,
        None if first == '±' => "+",
        None => "?",
    }
}

/// Replaces whatever an ASCII terminal cannot show, cell by cell.
fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let stands = ascii(cell.symbol()).to_owned();
            cell.set_symbol(&stands);
        }
    }
}

impl Theme {
    /// Makes what was drawn fit the terminal and whoever looks at it.
    pub fn apply(self, buffer: &mut Buffer) {
        if self.ascii {
            to_ascii(buffer);
        }
        // Few of these terminals blink, and some of them mean something else by it.
        if self.ascii || self.palette == Palette::Mono {
            buffer.content.iter_mut().for_each(|cell| cell.modifier.remove(CALLS));
        }
        match self.palette {
            Palette::Standard => {},
            Palette::Safe => buffer.content.iter_mut().for_each(palette::safe),
            Palette::Mono => buffer.content.iter_mut().for_each(palette::mono),
        }
    }
}
