//! Why the daemon said no, as a sentence.

use kart_core::command::Refusal;

use super::Sentence;

/// The sentence for a refusal: one message per code.
pub fn refusal(refusal: &Refusal) -> Sentence {
    match refusal {
        Refusal::UnknownBadge { badge } => {
            Sentence::new("refusal-unknown-badge").with("badge", badge)
        },
        Refusal::Inactive { name } => Sentence::new("refusal-inactive").with("name", name),
        Refusal::AlreadyClockedIn { name } => {
            Sentence::new("refusal-already-clocked-in").with("name", name)
        },
        Refusal::NotClockedIn { name } => {
            Sentence::new("refusal-not-clocked-in").with("name", name)
        },
        Refusal::MachineOnly { station } => {
            Sentence::new("refusal-machine-only").with("station", station)
        },
        Refusal::BatchRunning { number, machine } => {
            Sentence::new("refusal-batch-running").with("number", number).with("machine", machine)
        },
        Refusal::OpenElsewhere { number, machine, terminal, .. } => {
            Sentence::new("refusal-open-elsewhere")
                .with("number", number)
                .with("machine", machine)
                .with("terminal", terminal)
        },
        Refusal::AlreadyOnBatch { name } => {
            Sentence::new("refusal-already-on-batch").with("name", name)
        },
        Refusal::NoSuchBatch => Sentence::new("refusal-no-such-batch"),
        Refusal::NoSuchStop => Sentence::new("refusal-no-such-stop"),
        Refusal::Unknown { what } => Sentence::new("refusal-unknown").with("what", what),
        Refusal::BadValue { field, problem } => {
            Sentence::new("refusal-bad-value").with("field", field).with("problem", problem)
        },
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
    }
}
