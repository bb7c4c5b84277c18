//! Faults that are planted on purpose, to see whether the tests find them.
//!
//! Where one of them would be made stands `if planted(Bug::…)`. Without the feature `on`, which only
//! the tests ask for, that is a constant `false` and nothing of it is compiled. With it a test
//! plants a fault in its own thread, so that the tests beside it are spared, or in a program by the
//! environment variable `KART_PLANTED`.

#![deny(missing_docs)]

pub mod clock;
pub mod disk;

macro_rules! bugs {
    ($($(#[$doc:meta])* $name:ident)+) => {
        /// A fault that somebody could make.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Bug {
            $($(#[$doc])* $name,)+
        }

        impl Bug {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];
        }
    };
}

bugs! {
    /// The terminal says "saved" before its disk does.
    SavedBeforeCommit
    /// What was decided is kept although the disk refused it.
    BaseMovedBeforeCommit
    /// A sync that failed is tried again and believed.
    FailedSyncTriedAgain
    /// A command that comes twice is carried out twice.
    KeyNotLookedUp
    /// Headquarters answers a push before its transaction is committed.
    AckBeforeCommit
    /// Headquarters moves the watermark outside the transaction of the facts.
    WatermarkOutside
    /// Headquarters does not ask which session a push belongs to.
    AnySession
    /// A fact that cannot be applied leaves the watermark where it was.
    QuarantineWithoutWatermark
    /// One fact that cannot be applied takes all of its push back.
    BatchAborted
    /// A fact that comes again is passed over, whatever it says.
    RepeatedUnread
    /// The watermark is the highest number seen, whatever lies before it.
    WatermarkMaxSeen
    /// The hash before a push is believed.
    ChainNotContinued
    /// The log of another terminal is taken in.
    SenderFromBody
    /// A text is kept although its fact does not commit to it.
    TextUnchecked
    /// A fact does not wait for the one that opens its record.
    DependentsNotHeld
    /// A log that was put back is welcomed as if nothing had happened.
    RolledBackWelcomed
    /// A copy of a terminal is welcomed.
    CloneWelcomed
    /// A message is acknowledged to its broker before what follows from it is on the disk.
    PubackBeforeCommit
    /// Facts leave the disk once headquarters holds them, backed up or not.
    PurgeAtAck
    /// The answer to another session's push is believed.
    OtherSessionAccepted
    /// The hash in an answer is not compared with the log's.
    AckHashUnchecked
    /// What headquarters lost is not sent again.
    RestoreUnnoticed
    /// A cursor is good for every terminal.
    CursorUnbound
    /// Rows that are gone are not taken out of the mirror.
    NoTombstone
    /// Of a batch that two terminals began one of them hears of a correction.
    CorrectionToOneOnly
    /// Of the batches of a number only those that a push names are closed.
    OnlyTheTouchedClosed
    /// What goes between two entries of a queue goes to the place of the second.
    PlaceTwice
    /// A job takes any step that somebody tells.
    JobStepUnchecked
    /// A new life's records have the names of the former one's.
    RecordsWithoutLife
    /// A counter that passed its highest value is taken for one that was set back.
    DeltaWithoutModulo
    /// Whatever a counter shows is booked.
    RateUnlimited
    /// Durations are read from the wall clock.
    WallClockDurations
}

#[cfg(feature = "on")]
mod on {
    use super::Bug;
    use std::{cell::Cell, sync::OnceLock};

    thread_local! {
        static HERE: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants a fault in this thread, or takes it out again.
    pub fn plant(bug: Option<Bug>) {
        HERE.set(bug);
    }

    /// Whether the fault is planted.
    pub fn planted(bug: Bug) -> bool {
        static NAMED: OnceLock<Option<String>> = OnceLock::new();
        HERE.get() == Some(bug)
            || NAMED
                .get_or_init(|| std::env::var("KART_PLANTED").ok())
                .as_ref()
                .is_some_and(|named| *named == format!("{bug:?}"))
    }
}

#[cfg(feature = "on")]
pub use on::{plant, planted};

/// Whether the fault is planted: never.
#[cfg(not(feature = "on"))]
pub const fn planted(_: Bug) -> bool {
    false
}
