//! The terminal's two SQLite files, and the only code that touches them.
//!
//! `facts.db` holds the log and everything that must be atomic with it. One thread owns the one
//! writing connection; everybody else reads. `reference.db` is a mirror that can be thrown away.

mod error;
mod open;
mod rows;
mod append;
mod writer;
mod read;
mod mirror;

pub use append::{Append, Signal};
pub use error::StoreError;
pub use mirror::Mirror;
pub use open::{StoreOptions, acceptable_sqlite};
pub use read::{Outgoing, Reader};
pub use writer::{Acknowledged, Head, QuarantinedFact, Store};
