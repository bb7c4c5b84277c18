//! The screen's life: set the terminal up, take messages, draw when something changed, put the
//! terminal back. What a message means stands in `update`.

use std::{
    io::{self, IsTerminal},
    path::Path,
    time::Duration,
};

use anyhow::{Context, bail};
use crossterm::{
    event::{DisableBracketedPaste, EnableBracketedPaste, Event, EventStream},
    execute,
};
use futures_util::StreamExt;
use kart_api::{Client, Request};
use ratatui::DefaultTerminal;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior, interval, sleep_until},
};

use crate::{
    clock::{Clock, after},
    effect::Effect,
    kept::Kept,
    link::{self, Link},
    model::{Mint, Model, Spoken},
    msg::Msg,
    theme::Theme,
    update::update,
    view,
    words::{LANGUAGES, Words},
};

/// Drawings are at least this far apart, unless a person pressed a key.
const FRAME: Duration = Duration::from_millis(200);

/// The terminal as long as the screen lives. Put back on every way out; `ratatui` also puts it
/// back before a panic speaks.
struct Guard(DefaultTerminal);

impl Guard {
    fn new() -> anyhow::Result<Self> {
        if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
            bail!("kart needs a terminal; `kart status` prints plain text");
        }
        if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
            bail!("TERM is dumb: nothing can be drawn here; `kart status` prints plain text");
        }
        let guard = Self(ratatui::try_init().context("cannot set the terminal up")?);
        // `ratatui` puts the rest back before a panic speaks; this it knows nothing of.
        let speak = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            execute!(std::io::stdout(), DisableBracketedPaste).ok();
            speak(panic);
        }));
        execute!(std::io::stdout(), EnableBracketedPaste).context("cannot set the terminal up")?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        execute!(std::io::stdout(), DisableBracketedPaste).ok();
        ratatui::restore();
    }
}

/// Everything the loop listens to.
struct Inputs {
    keyboard: EventStream,
    channel: mpsc::Receiver<Msg>,
    second: Interval,
    terminate: Signal,
    hangup: Signal,
}

/// What woke the loop.
enum Woke {
    /// Something happened.
    Msg(Msg),
    /// A person did something: show it as soon as no further key waits. Drawing between the digits
    /// of a badge would make a reader look like a slow hand.
    Person(Msg),
    /// Nothing that concerns us.
    Nothing,
    /// It is time to draw.
    Draw,
}

/// Shows the screen until somebody leaves it.
pub async fn run(
    socket: &Path,
    words: &Words,
    theme: Theme,
    (kept, hint): (Kept, Option<String>),
) -> anyhow::Result<()> {
    let client = Client::new(socket)?;
    let clock = Clock::start();
    let mut model = Model::new(clock.now(), Mint::Random);
    model.spoken = Spoken::new(words.language()).read(&kept.read());
    model.hint = hint;
    let spoken = Languages::new();
    let mut guard = Guard::new()?;
    let size = guard.0.size()?;
    model.size = (size.width, size.height);
    let (out, channel) = mpsc::channel(64);
    let mut link = link::start(client, out);
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut inputs = Inputs {
        keyboard: EventStream::new(),
        channel,
        second,
        terminate: signal(SignalKind::terminate())?,
        hangup: signal(SignalKind::hangup())?,
    };
    let mut waiting: Vec<Request> = Vec::new();
    let mut draw_at = None;
    draw(&mut guard.0, &model, spoken.of(&model).unwrap_or(words), theme)?;
    loop {
        let woke = tokio::select! {
            woke = inputs.next(draw_at) => woke?,
            ended = link.tasks.join_next() => bail!("the connection task ended: {ended:?}"),
        };
        let (msg, due) = match woke {
            Woke::Msg(msg) => (msg, draw_at.unwrap_or_else(|| after(FRAME))),
            Woke::Person(msg) => (msg, after(Duration::ZERO)),
            Woke::Nothing => continue,
            Woke::Draw => {
                draw(&mut guard.0, &model, spoken.of(&model).unwrap_or(words), theme)?;
                draw_at = None;
                continue;
            },
        };
        draw_at = Some(due);
        let mut effects = update(&mut model, msg, clock.now());
        if let Some(Err(error)) = remember(&effects, &kept) {
            effects.extend(update(&mut model, Msg::NotKept(error.to_string()), clock.now()));
        }
        if perform(effects, &mut link, &mut waiting) {
            return Ok(());
        }
    }
}

impl Inputs {
    async fn next(&mut self, draw_at: Option<Instant>) -> anyhow::Result<Woke> {
        let woke = tokio::select! {
            biased;
            event = self.keyboard.next() => match event {
                Some(Ok(Event::Key(key))) => Woke::Person(Msg::Key(key)),
                Some(Ok(Event::Paste(text))) => Woke::Person(Msg::Pasted(text)),
                Some(Ok(Event::Resize(columns, rows))) => {
                    Woke::Person(Msg::Resized(columns, rows))
                },
                Some(Ok(_)) => Woke::Nothing,
                Some(Err(error)) => return Err(error).context("cannot read the keyboard"),
                None => Woke::Msg(Msg::Terminate),
            },
            () = async {
                match draw_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            } => Woke::Draw,
            msg = self.channel.recv() => msg.map_or(Woke::Nothing, Woke::Msg),
            _ = self.second.tick() => Woke::Msg(Msg::Tick),
            _ = self.terminate.recv() => Woke::Msg(Msg::Terminate),
            _ = self.hangup.recv() => Woke::Msg(Msg::Terminate),
        };
        Ok(woke)
    }
}

/// The words of every language, so that the next drawing can speak another.
struct Languages(Vec<Words>);

impl Languages {
    fn new() -> Self {
        Self(LANGUAGES.iter().map(|(language, _)| Words::new(language)).collect())
    }

    fn of(&self, model: &Model) -> Option<&Words> {
        let wanted = model.language();
        self.0.iter().find(|words| words.language() == wanted)
    }
}

/// Keeps what people chose to read, where that was asked for.
fn remember(effects: &[Effect], kept: &Kept) -> Option<io::Result<()>> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Remember(text) => Some(kept.write(text)),
        _ => None,
    })
}

/// Does what else was asked for; `true` means leave.
fn perform(effects: Vec<Effect>, link: &mut Link, waiting: &mut Vec<Request>) -> bool {
    let mut leave = false;
    for effect in effects {
        match effect {
            Effect::Send(request) => waiting.push(request),
            Effect::Watch(watch) => drop(link.watch.send_replace(watch)),
            Effect::Resync => link.resync.send_modify(|wanted| *wanted += 1),
            // Done already.
            Effect::Remember(_) => {},
            Effect::Quit => leave = true,
        }
    }
    // What does not fit stays here, in order, and is offered again with the next message.
    while let Ok(place) = link.commands.try_reserve() {
        if waiting.is_empty() {
            break;
        }
        place.send(waiting.remove(0));
    }
    leave
}

fn draw(
    terminal: &mut DefaultTerminal,
    model: &Model,
    words: &Words,
    theme: Theme,
) -> anyhow::Result<()> {
    terminal.draw(|frame| view::draw(frame, model, words, theme)).context("cannot draw")?;
    Ok(())
}
