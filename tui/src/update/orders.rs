//! The queues of a machine: what is next, and asking for it to be otherwise.

use kart_core::{
    command::{Command, Refusal},
    fact::queue::{Ask, Queue},
};

use super::start;
use crate::{
    effect::Effect,
    keys::Cmd,
    model::{Model, OrderLine, OrdersScreen, PAGE, Screen, Sending, Tone},
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// Opens the queues of the selected machine.
pub(super) fn open(model: &mut Model) {
    let Some(machine) = model.machine().map(|machine| machine.id) else {
        return model.say(Tone::Wrong, Sentence::new("no-machine"));
    };
    let who = model.who();
    let mut shown = OrdersScreen { machine, who, chosen: None, sending: Sending::No };
    match &model.view {
        Some(view) => shown.step(view, 0),
        None => return model.say(Tone::Wrong, refusal(&Refusal::NoSite)),
    }
    model.screens.push(Screen::Orders(Box::new(shown)));
}

/// Moves, starts an entry, or opens the form for a new one.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let page = isize::try_from(PAGE).unwrap_or(1);
    let Some(view) = &model.view else { return };
    let Some(Screen::Orders(shown)) = model.screens.last_mut() else { return };
    shown.sending = Sending::No;
    match cmd {
        Cmd::Up => shown.step(view, -1),
        Cmd::Down => shown.step(view, 1),
        Cmd::PageUp => shown.step(view, -page),
        Cmd::PageDown => shown.step(view, page),
        Cmd::Pick(number) => {
            let lines = shown.lines(view);
            let is_chosen = |line: &OrderLine<'_>| Some(line.order.queued.entry) == shown.chosen;
            let at = lines.iter().position(is_chosen).unwrap_or(0);
            if let Some(line) = lines.get(at / PAGE * PAGE + number - 1) {
                shown.chosen = Some(line.order.queued.entry);
            }
        },
        Cmd::Open => {
            if let Some(entry) = shown.chosen {
                model.selected = Some(shown.machine);
                start::open_with(model, Some(entry), None);
            }
        },
        Cmd::New => {
            let (machine, chosen) = (shown.machine, shown.chosen);
            let lines = shown.lines(view);
            let of = lines.iter().find(|line| Some(line.order.queued.entry) == chosen);
            let queue = of.map_or(Queue::Equipment(machine), |line| line.order.queued.queue);
            model.selected = Some(machine);
            start::open_with(model, None, Some(queue));
        },
        _ => {},
    }
}

/// Asks for the chosen entry to be elsewhere, or gone.
pub(super) fn ask(model: &mut Model, cmd: Cmd) -> Vec<Effect> {
    let Some(view) = &model.view else { return Vec::new() };
    let Some(Screen::Orders(shown)) = model.screens.last() else { return Vec::new() };
    let lines = shown.lines(view);
    let line = lines.iter().find(|line| Some(line.order.queued.entry) == shown.chosen);
    let Some(line) = line else { return Vec::new() };
    let number = line.order.queued.number.clone().unwrap_or_default();
    let (queue, ask, what) = match cmd {
        Cmd::Remove => {
            let entry = line.order.queued.entry;
            (line.order.queued.queue, Ask::Remove { entry }, "what-order-removed")
        },
        _ => match shown.moved(view, cmd == Cmd::Earlier) {
            Some((queue, entry, place)) => (queue, Ask::Move { entry, place }, "what-order-moved"),
            None => return Vec::new(),
        },
    };
    let Some(by) = shown.who.key() else {
        let nobody = shown.who.entries.is_empty();
        return refuse(model, Sentence::new(if nobody { "badge-first" } else { "choose-person" }));
    };
    let what = Sentence::new(what).with("number", number);
    send(model, Command::AskQueue { by, queue, ask }, what)
}
