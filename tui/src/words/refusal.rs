//! Why the daemon said no, as a sentence.

use kart_core::{command::Refusal, job::State, reference::FieldType};

use super::{Sentence, age};

/// The sentence for a refusal: one message per code.
pub fn refusal(refusal: &Refusal) -> Sentence {
    let say = Sentence::new;
    match refusal {
        Refusal::UnknownBadge { badge } => say("refusal-unknown-badge").with("badge", badge),
        Refusal::Inactive { name } => Sentence::new("refusal-inactive").with("name", name),
        Refusal::AlreadyClockedIn { name } => {
            Sentence::new("refusal-already-clocked-in").with("name", name)
        },
        Refusal::NotClockedIn { name } => say("refusal-not-clocked-in").with("name", name),
        Refusal::MachineOnly { station } => say("refusal-machine-only").with("station", station),
        Refusal::BatchRunning { .. }
        | Refusal::OpenElsewhere { .. }
        | Refusal::AlreadyOnBatch { .. }
        | Refusal::NotOnBatch { .. }
        | Refusal::AlreadyPaused { .. }
        | Refusal::NotPaused { .. }
        | Refusal::NotQueued
        | Refusal::StartInFuture
        | Refusal::StartBeforeEnd { .. }
        | Refusal::StartTooEarly { .. }
        | Refusal::NotCompatible { .. }
        | Refusal::MayNotAgree { .. }
        | Refusal::WhyNeeded
        | Refusal::FieldMissing { .. }
        | Refusal::FieldWrong { .. }
        | Refusal::ScrapUneven { .. }
        | Refusal::NoSuchBatch => of_batch(refusal),
        Refusal::NoSuchJob
        | Refusal::JobIs { .. }
        | Refusal::JobRunning { .. }
        | Refusal::AlreadyOnJob { .. }
        | Refusal::NotOnJob { .. } => of_job(refusal),
        Refusal::NoSuchIncident => Sentence::new("refusal-no-such-incident"),
        Refusal::AlreadyTroubleshooting => Sentence::new("refusal-already-troubleshooting"),
        Refusal::NoSuchCall => Sentence::new("refusal-no-such-call"),
        Refusal::AlreadyCalled => Sentence::new("refusal-already-called"),
        Refusal::AlreadyAcknowledged => Sentence::new("refusal-already-acknowledged"),
        Refusal::NoSuchHandover => Sentence::new("refusal-no-such-handover"),
        Refusal::OwnHandover { name } => Sentence::new("refusal-own-handover").with("name", name),
        Refusal::NoSuchStop => Sentence::new("refusal-no-such-stop"),
        Refusal::StopLasts => Sentence::new("refusal-stop-lasts"),
        Refusal::HigherRank { label } => Sentence::new("refusal-higher-rank").with("reason", label),
        Refusal::SupervisorNeeded => Sentence::new("refusal-supervisor-needed"),
        Refusal::NotNeighbours => Sentence::new("refusal-not-neighbours"),
        Refusal::NothingToUndo => Sentence::new("refusal-nothing-to-undo"),
        Refusal::Unknown { what } => Sentence::new("refusal-unknown").with("what", what),
        Refusal::BadValue { field, problem } => {
            Sentence::new("refusal-bad-value").with("field", field).with("problem", problem)
        },
        Refusal::OtherReading { counter } => {
            Sentence::new("refusal-other-reading").with("counter", counter)
        },
        Refusal::DiskFull => Sentence::new("refusal-disk-full"),
        Refusal::NotRecording { reason } => {
            Sentence::new("refusal-not-recording").with("reason", reason)
        },
        Refusal::NoSite => Sentence::new("refusal-no-site"),
        Refusal::PinNeeded { name } => Sentence::new("refusal-pin-needed").with("name", name),
        Refusal::PinWrong { name, left } => {
            Sentence::new("refusal-pin-wrong").with("name", name).count("left", i64::from(*left))
        },
        Refusal::PinLocked { name, .. } => Sentence::new("refusal-pin-locked").with("name", name),
        Refusal::PinExpired => Sentence::new("refusal-pin-expired"),
        _ => of_labor(refusal),
    }
}

/// Why something was not done to a job.
fn of_job(refusal: &Refusal) -> Sentence {
    let say = Sentence::new;
    match refusal {
        Refusal::JobIs { number, state } => {
            let id = match state {
                State::Pending => "refusal-job-pending",
                State::InProgress => "refusal-job-in-progress",
                State::Queued => "refusal-job-queued",
                State::Completed => "refusal-job-completed",
                State::Scrapped => "refusal-job-scrapped",
                State::Aborted => "refusal-job-aborted",
            };
            say(id).with("number", number)
        },
        Refusal::JobRunning { number, station } => {
            say("refusal-job-running").with("number", number).with("station", station)
        },
        Refusal::AlreadyOnJob { name } => say("refusal-already-on-job").with("name", name),
        Refusal::NotOnJob { name } => say("refusal-not-on-job").with("name", name),
        _ => say("refusal-no-such-job"),
    }
}

/// The sentence for a refusal that is about people's own time.
fn of_labor(refusal: &Refusal) -> Sentence {
    let say = Sentence::new;
    match refusal {
        Refusal::AlreadyAway { name } => Sentence::new("refusal-already-away").with("name", name),
        Refusal::NotAway { name } => Sentence::new("refusal-not-away").with("name", name),
        Refusal::CannotUndo => Sentence::new("refusal-cannot-undo"),
        Refusal::NoSuchEntry => Sentence::new("refusal-no-such-entry"),
        Refusal::OutOutside { .. } => Sentence::new("refusal-out-impossible"),
        Refusal::ReasonNeeded => Sentence::new("refusal-reason-needed"),
        Refusal::OwnRecord { name } => say("refusal-own-record").with("name", name),
        Refusal::NothingChanged => say("refusal-nothing-changed"),
        Refusal::OtherwiseByNow => say("refusal-otherwise-by-now"),
        Refusal::OtherTerminal => say("refusal-other-terminal"),
        Refusal::PinMissing { name } => say("refusal-pin-missing").with("name", name),
        Refusal::OthersRecord { name } => say("refusal-others-record").with("name", name),
        Refusal::BadPin => Sentence::new("refusal-bad-pin"),
        _ => say("refusal-bad-shares"),
    }
}

/// The sentence for a refusal that is about a batch or a queue.
fn of_batch(refusal: &Refusal) -> Sentence {
    match refusal {
        Refusal::BatchRunning { number, machine } => {
            Sentence::new("refusal-batch-running").with("number", number).with("machine", machine)
        },
        Refusal::OpenElsewhere { number, machine, terminal, ago_us, .. } => {
            Sentence::new("refusal-open-elsewhere")
                .with("number", number)
                .with("machine", machine)
                .with("terminal", terminal)
                .with("age", age(*ago_us))
        },
        Refusal::AlreadyOnBatch { name } => {
            Sentence::new("refusal-already-on-batch").with("name", name)
        },
        Refusal::NotOnBatch { name } => Sentence::new("refusal-not-on-batch").with("name", name),
        Refusal::AlreadyPaused { number } => {
            Sentence::new("refusal-already-paused").with("number", number)
        },
        Refusal::NotPaused { number } => Sentence::new("refusal-not-paused").with("number", number),
        Refusal::NotQueued => Sentence::new("refusal-not-queued"),
        Refusal::StartInFuture => Sentence::new("refusal-start-in-future"),
        Refusal::StartBeforeEnd { machine, .. } => {
            Sentence::new("refusal-start-before-end").with("machine", machine)
        },
        Refusal::StartTooEarly { .. } => Sentence::new("refusal-start-too-early"),
        Refusal::NotCompatible { machine, instead } => Sentence::new("refusal-not-compatible")
            .with("machine", machine)
            .with("instead", instead),
        Refusal::MayNotAgree { name } => Sentence::new("refusal-may-not-agree").with("name", name),
        Refusal::WhyNeeded => Sentence::new("refusal-why-needed"),
        Refusal::FieldMissing { label } => {
            Sentence::new("refusal-field-missing").with("label", label)
        },
        Refusal::FieldWrong { label, takes } => {
            Sentence::new("refusal-field-wrong").with("label", label).inner("takes", wanted(*takes))
        },
        Refusal::ScrapUneven { scrap, split } => Sentence::new("refusal-scrap-uneven")
            .with("scrap", scrap.to_string())
            .with("split", split.to_string()),
        _ => Sentence::new("refusal-no-such-batch"),
    }
}

/// What a custom field takes.
pub fn wanted(field_type: FieldType) -> Sentence {
    Sentence::new(match field_type {
        FieldType::Text => "field-takes-text",
        FieldType::Number => "field-takes-number",
        FieldType::Boolean => "field-takes-boolean",
        FieldType::Date => "field-takes-date",
        FieldType::Select => "field-takes-select",
    })
}
