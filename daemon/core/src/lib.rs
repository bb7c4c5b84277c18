//! The vocabulary and the decisions of a shop-floor terminal, as pure functions.
//!
//! Nothing in here performs I/O, reads a clock or knows a runtime: inputs and the time come in,
//! facts and the next deadline go out. The terminal and headquarters share this crate, so that a
//! fact means the same rows at both ends.
//!
//! One word per thing:
//!
//! | word | meaning |
//! |---|---|
//! | *fact* | one line of the append-only log; never changed, never deleted |
//! | *incarnation* | the life of one fact log; a log never continues in another one |
//! | *record* | what several facts tell of: a batch, a stop, a labor entry |
//! | *row* | what a record looks like in one table |
//! | *equipment*, *machine* | a row of `oee_equipment` |
//! | *station* | a row of `ops_stations`: the place where work happens |
//! | *signal* | one named value read from a machine |
//! | *source* | the device a signal comes from |
//! | *unknown* | the state of a machine that we could not see |
//! | *roster*, *calendar* | which shifts are worked on which days, in local time; the same in instants |

#![deny(missing_docs)]

pub mod hours;
pub mod id;
pub mod time;
pub mod machine;
pub mod signal;
pub mod rule;
pub mod counter;
pub mod fact;
pub mod batch;
pub mod calendar;
pub mod clock;
pub mod job;
pub mod kpi;
pub mod ledger;
pub mod life;
pub mod local;
pub mod record;
pub mod room;
pub mod row;
pub mod reference;
pub mod screen;
pub mod number;
pub mod packml;
pub mod pin;
pub mod site;
pub mod down;
pub mod deadband;
pub mod document;
pub mod export;
pub mod command;
pub mod plant;
pub mod map;
pub mod engine;
pub mod replay;
pub mod outlier;
pub mod suggest;
