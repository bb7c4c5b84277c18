//! What the daemon tells: its state, its absence, and its answers.

use kart_api::{Answer, LiveEvent, VERSION, View};
use kart_core::command::{Accepted, Command, Refusal};

use crate::{
    effect::Effect,
    model::{Anchor, Daemon, Model, Pending, Screen, Sending, TextField, Tone},
    msg::{Lost, Outcome},
    update::{batch, complete, explain, go_home, job, labor, start, stops, talk},
    words::{Sentence, Zone, refusal},
};

/// A state or a change of it.
pub(super) fn told(model: &mut Model, event: LiveEvent) -> Vec<Effect> {
    match event {
        LiveEvent::Snapshot(view) if view.terminal.contract != VERSION => {
            lost(model, Lost::Foreign);
        },
        LiveEvent::Snapshot(view) => snapshot(model, *view),
        LiveEvent::Delta(delta) => {
            let terminal = delta.terminal.is_some();
            let stops = delta.stops.is_some();
            let follows = model.view.as_mut().is_some_and(|view| view.apply(*delta));
            if !follows {
                return vec![Effect::Resync];
            }
            if terminal {
                anchor(model);
            }
            follow(model, stops);
        },
    }
    Vec::new()
}

fn snapshot(model: &mut Model, view: View) {
    if matches!(model.daemon, Daemon::Lost { .. }) {
        model.say(Tone::Plain, Sentence::new("daemon-back"));
    }
    model.daemon = Daemon::Up;
    model.view = Some(view);
    anchor(model);
    follow(model, true);
}

fn anchor(model: &mut Model) {
    if let Some(view) = &model.view {
        let daemon_us = view.terminal.now_us;
        model.anchor = Some(Anchor { daemon_us, mono_us: model.now.mono_us });
    }
}

/// Everything on the screen that follows the state.
fn follow(model: &mut Model, stops: bool) {
    model.keep_station();
    let who = model.who();
    let Some(view) = &model.view else { return };
    if let Some(reference) = &view.reference
        && !model.zone.is(&reference.site.time_zone)
    {
        model.zone = Zone::named(&reference.site.time_zone);
    }
    // What an organisation hides goes from the screen at once.
    if let Some(reference) = &view.reference {
        let settings = &reference.settings;
        let shown = |screen: &Screen| screen.part().is_none_or(|part| settings.shows(part));
        let kept = model.screens.iter().take_while(|screen| shown(screen)).count();
        model.screens.truncate(kept);
    }
    for screen in &mut model.screens {
        // Supervisors are those of the site, whoever is clocked in.
        if !matches!(screen, Screen::Held(_))
            && let Some(acts) = screen.who_mut()
        {
            acts.follow(who.clone());
        }
        match screen {
            Screen::Start(form) => start::follow(form, view),
            Screen::Orders(shown) => shown.keep(view),
            Screen::Batch(form) => drop(batch::follow(form, view)),
            Screen::Talk(talk) => talk::refresh(talk, view),
            Screen::Complete(form) => {
                let machine = view.machines.iter().find(|machine| machine.id == form.machine);
                let all = machine.into_iter().flat_map(kart_api::Machine::batches);
                // The counts of the next batch are not those of the one in the form.
                if let Some(batch) = all.into_iter().find(|batch| batch.id == form.batch) {
                    form.offer(batch);
                }
            },
            Screen::Stops(list) if stops => list.follow(view, model.selected),
            _ => {},
        }
    }
    go_home(model);
}

/// The daemon is not there.
pub(super) fn lost(model: &mut Model, why: Lost) {
    let since_us = match model.daemon {
        Daemon::Lost { since_us, .. } => since_us,
        Daemon::Connecting | Daemon::Up => model.daemon_now(),
    };
    model.daemon = Daemon::Lost { since_us, why };
}

/// What became of a command.
pub(super) fn answered(model: &mut Model, key: &str, outcome: Outcome) {
    let Some(at) = model.pending.iter().position(|pending| pending.request.key == key) else {
        return;
    };
    if outcome == Outcome::Away {
        if let Some(pending) = model.pending.get_mut(at) {
            pending.away = true;
        }
        return;
    }
    let pending = model.pending.remove(at);
    let form = model.screens.iter().position(
        |screen| matches!(screen.sending(), Some(Sending::Saving(saving)) if saving == key),
    );
    match outcome {
        Outcome::Answered(Answer::Saved(accepted)) => {
            if let Some(form) = form
                && !model
                    .screens
                    .get_mut(form)
                    .is_some_and(|form| batch::stays(form) || job::stays(form))
            {
                model.screens.truncate(form);
            }
            saved(model, &pending, &accepted);
        },
        Outcome::Answered(Answer::Refused(why)) => {
            let screen = form.and_then(|form| model.screens.get_mut(form));
            match screen {
                Some(Screen::Punch(form)) if asks_pin(&why) => form.pin = Some(TextField::secret()),
                Some(Screen::Pin(form)) if asks_pin(&why) => {
                    form.old = Some(TextField::secret());
                    form.focus = 0;
                },
                _ => {},
            }
            let screen = form.and_then(|form| model.screens.get_mut(form));
            match screen {
                Some(Screen::Start(form)) => start::refused(form, &why),
                Some(Screen::Complete(form)) => complete::refused(form, &why),
                Some(Screen::Batch(form)) => batch::refused(form, &why),
                Some(Screen::Explain(form)) => explain::refused(form, &why),
                _ => {},
            }
            refused(model, form, pending, refusal(&why));
        },
        Outcome::Broken(text) => {
            let why = Sentence::new("refusal-broken").with("text", text);
            refused(model, form, pending, why);
        },
        Outcome::Away => {},
    }
}

/// Whether a PIN is to be typed, once more or for the first time.
fn asks_pin(why: &Refusal) -> bool {
    matches!(why, Refusal::PinNeeded { .. } | Refusal::PinWrong { .. })
}

fn saved(model: &mut Model, pending: &Pending, accepted: &Accepted) {
    let command = &pending.request.command;
    if says_why(command) {
        explain::explained(model, stops::of(command));
    }
    match command {
        Command::ClockIn { .. } | Command::EndLabor { .. } | Command::MoveTo { .. } => {
            if let Some(user) = accepted.user {
                model.badged.retain(|badged| *badged != user);
                model.badged.push(user);
            }
        },
        Command::ClockOut { .. } | Command::BeginLabor { .. } | Command::UndoPunch { .. } => {
            model.badged.retain(|badged| Some(*badged) != accepted.user);
        },
        Command::TellOut { .. } => labor::told(model),
        // What else there is follows the state that comes.
        _ => {},
    }
    if let (Command::ClockIn { .. }, Some(user)) = (&pending.request.command, accepted.user) {
        talk::take(model, user);
    }
    model.say(Tone::Saved, pending.what.clone());
}

/// Whether a command says why a machine stood.
fn says_why(command: &Command) -> bool {
    matches!(
        command,
        Command::ExplainStop { .. }
            | Command::ExplainStops { .. }
            | Command::ShareStops { .. }
            | Command::TellBlind { .. }
    )
}

fn refused(model: &mut Model, form: Option<usize>, pending: Pending, why: Sentence) {
    let waiting = form.and_then(|form| model.screens.get_mut(form)).and_then(Screen::sending_mut);
    match waiting {
        Some(sending) => *sending = Sending::Refused(why),
        // The form was left; the person must still learn that nothing was recorded.
        None => {
            let sentence =
                Sentence::new("refused-later").inner("what", pending.what).inner("why", why);
            model.say(Tone::Wrong, sentence);
        },
    }
}
