//! What comes out of the keyboard of a terminal, sense or none, and how the terminal is left.

use kart_tests::{
    screen::{ENTER, ESCAPE, Screen},
    wait::wait_for,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom as _};
use rustix::process::Signal;

use crate::turn::{seed, turn};
use crate::ugly::{LIMIT, cryptography, terminal};

/// What a terminal sends beside letters: keys, the mouse, focus, pastes, halves of all these.
const SEQUENCES: [&str; 16] = [
    "\u{1b}[A",
    "\u{1b}[B",
    "\u{1b}[5~",
    "\u{1b}[6~",
    "\u{1b}OP",
    "\u{1b}[15~",
    "\u{1b}[Z",
    "\u{1b}[<0;10;5M",
    "\u{1b}[<64;79;23m",
    "\u{1b}[M !!",
    "\u{1b}[I",
    "\u{1b}[200~1001\r\nq\u{1b}[201~",
    "\u{1b}[",
    "\u{1b}]0;x\u{7}",
    "\u{1b}[1;5D",
    "\u{9b}",
];
const INPUTS: usize = 4_000;

/// The other screen, hidden cursor and marked pastes are undone, in this order or another.
fn is_put_back(told: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(told);
    for (set, undone) in [("?1049h", "?1049l"), ("?25l", "?25h"), ("?2004h", "?2004l")] {
        let last = |what: &str| text.rfind(&format!("\u{1b}[{what}"));
        if last(undone) < last(set) || last(undone).is_none() {
            return Err(format!("{set} is not undone"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_terminal_is_put_back_on_every_way_out() {
    let _turn = turn().await;
    cryptography();
    let mut terminal = terminal(&[], |_| String::new());
    terminal.start().await.unwrap();
    for way in ["q", "\u{3}", "TERM", "HUP"] {
        let mut screen = Screen::open(&terminal.socket()).unwrap();
        screen.shows(&["Recording"]).await.unwrap();
        match way {
            "TERM" => screen.signal(Signal::TERM).unwrap(),
            "HUP" => screen.signal(Signal::HUP).unwrap(),
            keys => screen.press(keys).unwrap(),
        }
        screen.end().await.unwrap();
        wait_for(&format!("the terminal as it was after {way:?}"), LIMIT, async || {
            is_put_back(&screen.told())
        })
        .await;
    }
}

#[tokio::test]
async fn whatever_a_keyboard_sends_the_screen_goes_on() {
    let _turn = turn().await;
    cryptography();
    let seed = seed("keyboard::whatever", 7);
    let mut random = StdRng::seed_from_u64(seed);
    let mut terminal = terminal(&[], |_| String::new());
    terminal.start().await.unwrap();
    let mut screen = Screen::open(&terminal.socket()).unwrap();
    screen.shows(&["Recording"]).await.unwrap();
    for _ in 0..INPUTS / 50 {
        let keys: String = (0..50)
            .map(|_| match random.random_range(0..10) {
                0..4 => (*SEQUENCES.choose(&mut random).unwrap()).to_owned(),
                // All but the ways out.
                4..8 => {
                    char::from(random.random_range(b' '..b'~')).to_string().replace(['q', 'Q'], "b")
                },
                8 => ENTER.to_owned(),
                _ => ESCAPE.to_owned(),
            })
            .collect();
        screen.press(&keys).unwrap();
    }
    // A half of a sequence may swallow what follows it, and so may a paste without an end.
    let ended = wait_for("the end of kart", LIMIT, async || {
        screen.press("\u{1b}[201~\u{3}").map_err(|fault| fault.to_string())?;
        screen.ended().map_err(|fault| fault.to_string())?.ok_or_else(|| screen.text())
    })
    .await;
    assert!(ended.success(), "{ended}");
    is_put_back(&screen.told()).unwrap();
}
