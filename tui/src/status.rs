//! `kart status`: what the screen would show, in a few lines of plain text.

use std::{io::Write, path::Path, process::ExitCode};

use kart_api::{Client, HqLink, Recording, VERSION, View};
use kart_core::time::Micros;

use crate::{
    plain::plain,
    words::{Sentence, Words, Zone, age, ticking},
};

/// Prints the status; the exit code says whether facts are being recorded.
pub async fn print(socket: &Path, words: &Words) -> anyhow::Result<ExitCode> {
    let client = Client::new(socket)?;
    let (text, recording) = match client.snapshot().await {
        Ok(view) if view.terminal.contract == VERSION => {
            let recording = view.sync.recording == Recording::Yes;
            (lines(&view, words), recording)
        },
        Ok(_) | Err(kart_api::ClientError::Contract(_)) => (words.say("daemon-foreign"), false),
        Err(error) => {
            let sentence = Sentence::new("status-unreachable").with("error", error.to_string());
            (words.tell(&sentence), false)
        },
    };
    writeln!(std::io::stdout(), "{}", text.trim_end())?;
    Ok(if recording { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The status of one state.
pub fn lines(view: &View, words: &Words) -> String {
    let now = view.terminal.now_us;
    let zone = view.reference.as_ref().map(|site| Zone::named(&site.site.time_zone));
    let zone = zone.unwrap_or_default();
    let mut lines = vec![
        format!("{} {}", plain(&view.terminal.code), zone.full(now)),
        recording(view, words, &zone),
        headquarters(view, words, &zone),
    ];
    lines.extend(view.machines.iter().map(|machine| self::machine(machine, now, words)));
    lines.push(if view.people.is_empty() {
        words.say("nobody-here")
    } else {
        let names: Vec<String> = view.people.iter().map(|person| plain(&person.name)).collect();
        format!("{} {}", words.say("here"), names.join(" · "))
    });
    lines.join("\n")
}

fn recording(view: &View, words: &Words, zone: &Zone) -> String {
    let now = view.terminal.now_us;
    match &view.sync.recording {
        Recording::Yes => {
            let saved = words.format().count(view.sync.saved);
            let saved = words.tell(&Sentence::new("saved-here").with("count", saved));
            let mut parts = vec![words.say("recording")];
            parts.extend(view.sync.damage.as_ref().map(|damage| {
                let since = zone.short(damage.at_us, now);
                let sentence = Sentence::new("log-damaged").with("since", since);
                words.tell(&sentence.with("file", plain(&damage.file)))
            }));
            parts.push(saved);
            parts.join(" · ")
        },
        Recording::No { reason, since_us } => words.tell(
            &Sentence::new("not-recording")
                .with("form", zone.form(&view.terminal.code, *since_us))
                .with("since", zone.short(*since_us, now))
                .with("reason", reason),
        ),
    }
}

fn headquarters(view: &View, words: &Words, zone: &Zone) -> String {
    let now = view.terminal.now_us;
    let format = words.format();
    let (state, reason) = match &view.sync.link {
        HqLink::Alone => return words.say("hq-alone"),
        HqLink::Connecting => (words.say("hq-connecting"), None),
        HqLink::Preparing { progress } => (words.say("hq-preparing"), Some(progress)),
        HqLink::Up => (words.say("hq-up"), None),
        HqLink::Down { since_us, reason } => {
            let since = zone.short(*since_us, now);
            (words.tell(&Sentence::new("hq-down").with("since", since)), Some(reason))
        },
        HqLink::Refused { reason } => (words.say("hq-refused"), Some(reason)),
    };
    let waiting = view.sync.saved.saturating_sub(view.sync.acked);
    let mut parts = vec![
        state,
        words.tell(&Sentence::new("at-headquarters").with("count", format.count(view.sync.acked))),
        words.tell(&Sentence::new("waiting").with("count", format.count(waiting))),
    ];
    let held = view.sync.quarantined.saturating_sub(view.sync.refused);
    for (id, number) in [("held", held), ("refused-there", view.sync.refused)] {
        if number > 0 {
            parts.push(words.tell(&Sentence::new(id).with("count", format.count(number))));
        }
    }
    parts.extend(reason.map(|reason| plain(reason)));
    parts.join(" · ")
}

fn machine(machine: &kart_api::Machine, now: Micros, words: &Words) -> String {
    let format = words.format();
    let (_, _, state) = crate::theme::state(machine.state);
    let since = ticking(now.0.saturating_sub(machine.state_since_us.0));
    let target = machine.batch.as_ref().and_then(|batch| batch.target);
    let target = target.map_or(String::new(), |target| format!("/{}", format.whole(target)));
    let batch = machine.batch.as_ref().map_or("–", |batch| batch.number.as_str());
    let read = match machine.seen_us {
        Some(at) => age(now.0.saturating_sub(at.0)),
        None => words.say("never-read"),
    };
    format!(
        "{} {} {since} · {}{target} · {} · {} · {read}",
        plain(&machine.code),
        words.say(state),
        format.whole(machine.good),
        words.tell(&Sentence::new("scrap-parts").with("count", format.whole(machine.scrap))),
        plain(batch),
    )
}
