//! The terminal's SQLite files, and the only code that touches them.
//!
//! `facts.db` holds the log and everything that must be atomic with it. One thread owns the one
//! writing connection; everybody else reads. `reference.db` is a mirror that can be thrown away,
//! `raw.db` a ring of raw readings that nothing depends on.

mod erase;
mod error;
mod export;
mod figures;
mod ledger;
mod notes;
mod open;
mod refold;
mod rows;
mod append;
mod clock;
mod writer;
mod life;
mod purge;
mod read;
mod mirror;
mod past;
mod labor;
mod room;
pub mod raw;

pub use append::{Append, Message, Signal};
pub use erase::Erasure;
pub use error::StoreError;
pub use export::{After, Page};
pub use labor::{LaborEntry, PunchLine};
pub use life::{Renewal, Salvaged, install, renew, resident, salvage};
pub use mirror::{Delivery, Mirror, MirrorRow, Mirrored, Sum, Written};
pub use notes::Note;
pub use open::{StoreOptions, acceptable_sqlite};
pub use purge::{Needed, Purged};
pub use read::{Damage, Outgoing, Reader};
pub use room::room;
pub use writer::{Acknowledged, Head, QuarantinedFact, Store};
