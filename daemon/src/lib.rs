//! The daemon beside the machines: reads signals, takes commands, records facts, serves the
//! screen and reconciles with headquarters. `daemon/docs/architecture.md` tells where everything
//! is and why.

pub mod cli;
pub mod config;
pub mod wiring;
mod boot;
pub mod life;
pub mod supervise;
pub mod clock;
pub mod telemetry;
pub mod trace;
pub mod ingest;
pub mod recorder;
pub mod replay;
pub mod sources;
pub mod pin;
mod publish;
mod purge;
pub mod readers;
mod room;
pub mod secret;
mod whole;
pub mod viewer;
pub mod serve;
pub mod uplink;
