//! What each message changes, and what it wants done. Pure: the time comes in with the message.

mod badge;
mod batch;
mod board;
mod commissioning;
mod complete;
mod explain;
mod figures;
mod floor;
mod held;
mod hours;
mod job;
mod labor;
mod live;
mod orders;
mod start;
mod talk;
mod stops;

pub(crate) use batch::of as batch_of;
pub(crate) use job::of as job_of;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use kart_core::{command::Command, screen::Screen as Part};

use crate::{
    clock::Now,
    effect::Effect,
    keys::{self, Cmd, Place},
    model::{Model, Screen, Sending, Tone},
    msg::Msg,
    words::Sentence,
};

/// Takes one message in.
pub fn update(model: &mut Model, msg: Msg, now: Now) -> Vec<Effect> {
    let mut effects = told(model, msg, now);
    badge::next(model);
    explain::raise(model);
    effects.extend(watch(model));
    effects
}

/// The next question to the daemon, where it is another one than before.
fn watch(model: &mut Model) -> Option<Effect> {
    let wanted = model.wanted();
    if wanted == model.watching {
        return None;
    }
    model.watching.clone_from(&wanted);
    Some(Effect::Watch(wanted))
}

fn told(model: &mut Model, msg: Msg, now: Now) -> Vec<Effect> {
    model.now = now;
    if matches!(msg, Msg::Key(_)) {
        model.key_us = now.mono_us;
        model.idle = false;
    }
    match msg {
        Msg::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Msg::Key(key) => on_key(model, key),
        Msg::Pasted(text) => {
            paste(model, &text);
            Vec::new()
        },
        Msg::Resized(columns, rows) => {
            model.size = (columns, rows);
            Vec::new()
        },
        Msg::Tick => {
            model.notice.take_if(|notice| notice.until_us < now.mono_us);
            badge::tick(model);
            labor::tick(model);
            Vec::new()
        },
        Msg::Live(event) => live::told(model, event),
        Msg::Lost(why) => {
            live::lost(model, why);
            Vec::new()
        },
        Msg::Command { key, outcome } => {
            live::answered(model, &key, outcome);
            // A badge on its way keeps its digits; what it leads back to is the screen as it is now.
            model.burst.before.0.clone_from(&model.screens);
            Vec::new()
        },
        Msg::Seen(seen) => {
            model.told(*seen);
            Vec::new()
        },
        Msg::NotKept(why) => {
            model.say(Tone::Wrong, Sentence::new("language-not-kept").with("reason", why));
            Vec::new()
        },
        Msg::Terminate => vec![Effect::Quit],
    }
}

fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if badge::listen(model, key) {
        return Vec::new();
    }
    let saving = model.is_saving();
    if !saving && keys::is_typing(&key) {
        let field = model.screens.last_mut().and_then(Screen::text_field);
        if let Some(changed) = field.map(|field| field.key(key)) {
            if changed {
                typed(model);
            }
            return Vec::new();
        }
    }
    if !saving && explain::look_for(model, key) {
        return Vec::new();
    }
    if !saving && start::other_product(model, key) {
        return Vec::new();
    }
    let Some(cmd) = keys::command(model.place(), &key) else { return Vec::new() };
    if cmd != Cmd::Quit {
        model.leaving = false;
    }
    if saving && !matches!(cmd, Cmd::Back | Cmd::Help | Cmd::Quit) {
        return Vec::new();
    }
    obey(model, cmd)
}

/// A text goes into the field in focus, where there is one, and never further: what is pasted gives
/// no commands.
fn paste(model: &mut Model, text: &str) {
    let saving = model.is_saving();
    let Some(field) = model.screens.last_mut().and_then(Screen::text_field).filter(|_| !saving)
    else {
        return;
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut changed = false;
    for letter in line.chars() {
        changed |= field.key(KeyEvent::from(KeyCode::Char(letter)));
    }
    if changed {
        typed(model);
    }
}

/// A text field changed.
fn typed(model: &mut Model) {
    if let Some(sending) = model.screens.last_mut().and_then(Screen::sending_mut) {
        *sending = Sending::No;
    }
    start::narrow(model);
    if let Some(Screen::Jobs(shown)) = model.screens.last_mut() {
        job::narrow(shown);
    }
}

fn obey(model: &mut Model, cmd: Cmd) -> Vec<Effect> {
    if !model.offers(cmd) {
        model.say(Tone::Plain, Sentence::new("screen-hidden"));
        return Vec::new();
    }
    match cmd {
        Cmd::Quit => return quit(model),
        Cmd::Back
            if batch::leave(model)
                || job::leave(model)
                || commissioning::leave_field(model)
                || figures::close(model)
                || board::close(model)
                || talk::close(model) => {},
        Cmd::Back => back(model),
        Cmd::Help => model.screens.push(Screen::Help { of: model.place(), scroll: 0 }),
        Cmd::Badge => badge::open(model),
        Cmd::Undo => labor::open_undo(model),
        Cmd::Record => labor::ask_record(model),
        Cmd::Agree => return labor::agree(model),
        Cmd::Start => start::open(model),
        Cmd::Complete => complete::open(model),
        Cmd::Orders => orders::open(model),
        Cmd::Batch => batch::open(model),
        Cmd::Explain => explain::open(model),
        Cmd::Jobs => job::open(model),
        Cmd::Job(deed) => return job::deed(model, deed),
        Cmd::Receipts => model.screens.push(Screen::Receipts { scroll: 0 }),
        Cmd::Commission => commissioning::open(model),
        Cmd::Figures => figures::open(model),
        Cmd::Board => board::open(model),
        Cmd::Ledger => board::open_ledger(model),
        Cmd::Large => board::enlarge(model),
        Cmd::Language => return board::language(model),
        Cmd::Held => held::open(model),
        Cmd::Notes => talk::notes(model),
        Cmd::Hand => talk::hand(model),
        Cmd::Incident => talk::incident(model),
        Cmd::Call => talk::call(model),
        Cmd::Resolve => return talk::resolve(model),
        Cmd::Person => person(model),
        Cmd::Confirm => return confirm(model),
        Cmd::Open
        | Cmd::Up
        | Cmd::Down
        | Cmd::Left
        | Cmd::Right
        | Cmd::PageUp
        | Cmd::PageDown
        | Cmd::Next
        | Cmd::Previous
        | Cmd::Reasons
        | Cmd::Earlier
        | Cmd::Later
        | Cmd::New
        | Cmd::Remove
        | Cmd::Mark
        | Cmd::Go
        | Cmd::Device
        | Cmd::Table
        | Cmd::Twin
        | Cmd::Sweep
        | Cmd::Split
        | Cmd::Join
        | Cmd::Site
        | Cmd::Withdraw
        | Cmd::Yes
        | Cmd::Pick(_) => return move_or_act(model, cmd),
    }
    Vec::new()
}

/// The next person who could be meant; of a record, whose else.
fn person(model: &mut Model) {
    if model.place() == Place::Record {
        hours::crew(model);
    } else if let Some(who) = model.screens.last_mut().and_then(Screen::who_mut) {
        who.turn();
    }
}

/// A key that moves; at some places it does at once what it stands for.
fn move_or_act(model: &mut Model, cmd: Cmd) -> Vec<Effect> {
    match (model.place(), cmd) {
        (Place::Stops | Place::Sweep, _) => return stops::navigate(model, cmd),
        (Place::Orders, Cmd::Earlier | Cmd::Later | Cmd::Remove) => {
            return orders::ask(model, cmd);
        },
        _ => navigate(model, cmd),
    }
    Vec::new()
}

fn navigate(model: &mut Model, cmd: Cmd) {
    match model.place() {
        Place::Log
        | Place::Note
        | Place::Give
        | Place::Take
        | Place::Incidents
        | Place::Incident
        | Place::Follow
        | Place::Call => talk::navigate(model, cmd),
        Place::Overview | Place::Machine | Place::Receipts | Place::Help => {
            floor::navigate(model, cmd);
        },
        Place::Punch => badge::navigate(model, cmd),
        Place::Undo | Place::Told | Place::Pin | Place::Shares => labor::navigate(model, cmd),
        Place::Record => hours::on_record(model, cmd),
        Place::Amend | Place::Crew => hours::navigate(model, cmd),
        Place::Start => start::navigate(model, cmd),
        Place::Complete => complete::navigate(model, cmd),
        Place::Orders => orders::navigate(model, cmd),
        Place::Batch => batch::navigate(model, cmd),
        Place::Jobs | Place::Job | Place::JobForm | Place::JobHistory => job::navigate(model, cmd),
        Place::Explain => explain::navigate(model, cmd),
        Place::Commissioning => commissioning::navigate(model, cmd),
        Place::Figures => figures::navigate(model, cmd),
        Place::Board | Place::Ledger | Place::Large => board::navigate(model, cmd),
        Place::Held => held::navigate(model, cmd),
        Place::Badge | Place::Stops | Place::Split | Place::Sweep => {},
    }
}

fn confirm(model: &mut Model) -> Vec<Effect> {
    match model.place() {
        Place::Log
        | Place::Note
        | Place::Give
        | Place::Take
        | Place::Incidents
        | Place::Incident
        | Place::Follow
        | Place::Call => talk::confirm(model),
        Place::Badge => {
            badge::typed(model);
            Vec::new()
        },
        Place::Punch => badge::confirm(model),
        Place::Undo => labor::undo(model),
        Place::Told => labor::tell(model),
        Place::Pin => labor::choose_pin(model),
        Place::Shares => labor::divide(model),
        Place::Amend => hours::confirm(model),
        Place::Crew => {
            hours::choose(model);
            Vec::new()
        },
        Place::Record => {
            hours::enter(model);
            Vec::new()
        },
        Place::Start => start::confirm(model),
        Place::Complete => complete::confirm(model),
        Place::Batch => batch::confirm(model),
        Place::JobForm => job::confirm(model),
        Place::Explain => explain::confirm(model),
        Place::Split => stops::confirm_split(model),
        Place::Held => held::confirm(model),
        Place::Commissioning => {
            commissioning::confirm(model);
            Vec::new()
        },
        Place::Overview
        | Place::Machine
        | Place::Receipts
        | Place::Orders
        | Place::Jobs
        | Place::Job
        | Place::JobHistory
        | Place::Help
        | Place::Figures
        | Place::Board
        | Place::Ledger
        | Place::Large
        | Place::Stops
        | Place::Sweep => Vec::new(),
    }
}

fn back(model: &mut Model) {
    let left = model.screens.pop();
    if let Some(left) = &left {
        explain::acknowledge(&mut model.cards, left);
    }
    if let Some(Sending::Saving(_)) = left.as_ref().and_then(Screen::sending) {
        model.say(Tone::Plain, Sentence::new("still-saving"));
    }
}

fn quit(model: &mut Model) -> Vec<Effect> {
    if model.pending.is_empty() || model.leaving {
        return vec![Effect::Quit];
    }
    model.leaving = true;
    let unsaved = i64::try_from(model.pending.len()).unwrap_or(i64::MAX);
    model.say(Tone::Wrong, Sentence::new("quit-unsaved").count("count", unsaved));
    Vec::new()
}

/// Opens the screen that the organisation wants to be first.
fn go_home(model: &mut Model) {
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    let Some(settings) = reference.map(|reference| &reference.settings) else { return };
    let home = settings.home();
    if std::mem::replace(&mut model.at_home, true) || !model.screens.is_empty() {
        return;
    }
    match home {
        Some(Part::Machine) => floor::navigate(model, Cmd::Open),
        Some(Part::Labor) => badge::open(model),
        Some(Part::Batches) => start::open(model),
        Some(Part::Jobs) => job::open(model),
        Some(Part::Stops) => explain::open(model),
        Some(Part::Commissioning) => commissioning::open(model),
        Some(Part::Receipts) => model.screens.push(Screen::Receipts { scroll: 0 }),
        None => {},
    }
}

/// Sends the command of the form on top; the form waits for the answer.
fn send(model: &mut Model, command: Command, what: Sentence) -> Vec<Effect> {
    let pin = model.screens.last_mut().and_then(Screen::pin);
    let request = model.take(command, pin, what);
    if let Some(sending) = model.screens.last_mut().and_then(Screen::sending_mut) {
        *sending = Sending::Saving(request.key.clone());
    }
    vec![Effect::Send(request)]
}

/// Sends a command that no form waits for. While another about the same is on its way nothing is
/// sent: a key that is pressed twice asks once.
fn send_once(model: &mut Model, command: Command, what: Sentence) -> Vec<Effect> {
    let mut pending = model.pending.iter();
    if pending.any(|pending| is_about_the_same(&pending.request.command, &command)) {
        model.say(Tone::Plain, Sentence::new("still-saving"));
        return Vec::new();
    }
    let pin = model.screens.last_mut().and_then(Screen::pin);
    vec![Effect::Send(model.take(command, pin, what))]
}

/// Whether one of two commands has to be decided before the other makes sense.
fn is_about_the_same(one: &Command, other: &Command) -> bool {
    match (one, other) {
        (Command::ConfirmLabor { badge, .. }, Command::ConfirmLabor { badge: other, .. }) => {
            badge == other
        },
        _ => one == other || stops::of(one).iter().any(|stop| stops::of(other).contains(stop)),
    }
}

/// Nothing was sent, and why.
fn refuse(model: &mut Model, why: Sentence) -> Vec<Effect> {
    if let Some(sending) = model.screens.last_mut().and_then(Screen::sending_mut) {
        *sending = Sending::Refused(why);
    }
    Vec::new()
}

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;
