//! What comes out of the keyboard of a terminal, sense or none, and how the terminal is left.

use kart_tests::{
    screen::{ENTER, ESCAPE, Screen},
    wait::wait_for,
    world::{World, WorldOptions},
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
    // What it said last may still be on its way.
    wait_for("the terminal as it was", LIMIT, async || is_put_back(&screen.told())).await;
}

/// Presses keys, each when the one before has led to what it leads to, and says how many there were.
async fn pressed(screen: &mut Screen, what: &str, keys: &[(&str, &str)], budget: usize) {
    for (key, leads_to) in keys {
        screen.press(key).unwrap();
        screen.shows(&[leads_to]).await.unwrap();
    }
    #[expect(clippy::print_stderr, reason = "a figure of the run")]
    {
        eprintln!("{what}: {} keys of {budget}", keys.len());
    }
    assert!(keys.len() <= budget, "{what}: {keys:?}");
}

/// A press that makes parts and no scrap, somebody who can come, and a batch in the queue.
async fn floor() -> (World, Screen) {
    let options = WorldOptions {
        presses: 1,
        packers: 0,
        headquarters: false,
        stops: false,
        seed: seed("keyboard::what_is_done_often", 3),
        ..WorldOptions::default()
    };
    let world = World::start(&options).await.unwrap();
    let screen = Screen::open(&world.terminal.socket()).unwrap();
    screen.shows(&["Recording", "EQ-211", "RUNNING", "Nobody is clocked in"]).await.unwrap();
    (world, screen)
}

#[tokio::test]
async fn what_is_done_often_takes_few_keys() {
    let _turn = turn().await;
    let (mut world, mut screen) = floor().await;
    // The badge reader types; the person presses one key.
    screen.press("1001\r").unwrap();
    screen.shows(&["Ada Brandt — clock in to ST-21?"]).await.unwrap();
    let clock_in = [(ENTER, "SAVED  Ada Brandt clocked in")];
    pressed(&mut screen, "clock in by badge", &clock_in, 1).await;

    for (key, leads_to) in [
        ("o", "Nothing is queued"),
        ("n", "Put a batch into the queue"),
        ("BR-40", "Bracket 40 mm"),
        (ENTER, "Target"),
        (ENTER, "is to be queued"),
        (ESCAPE, "Next: "),
    ] {
        screen.press(key).unwrap();
        screen.shows(&[leads_to]).await.unwrap();
    }
    let next = [("s", "Next in the queue"), (ENTER, "SAVED  Batch of")];
    pressed(&mut screen, "start the next batch", &next, 2).await;

    world.go().await.unwrap();
    world.plant.stop("EQ-211", "fault").await.unwrap();
    screen.shows(&["Why did it stop?", "1 Part jammed in the die"]).await.unwrap();
    let explain = [("1", "►"), (ENTER, "SAVED  Stop of EQ-211 explained")];
    pressed(&mut screen, "explain a stop", &explain, 2).await;

    world.plant.run("EQ-211").await.unwrap();
    screen.shows(&["RUNNING"]).await.unwrap();
    let totals = world.rest().await.unwrap();
    assert_eq!(totals["EQ-211"].scrap, 0, "the seed is one of good parts only");
    let complete = [("c", "the machine counted"), (ENTER, "Scrap parts"), (ENTER, "completed")];
    pressed(&mut screen, "complete with the machine's count", &complete, 3).await;
}
