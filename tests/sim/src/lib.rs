//! A simulated plant at the level of its field protocols, with a ground truth of everything that happened.
//!
//! Presses speak Modbus TCP, packers speak MQTT 3.1.1. The plant knows nothing of the product that watches
//! it: no crate of ours is used here, so that agreement between the two means something.

pub mod control;
mod counter;
mod floor;
mod machine;
mod mbap;
mod misbehaviour;
mod modbus;
mod packer;
mod plant;
mod registers;
mod rtu;
mod truth;

pub use counter::Width;
pub use floor::{MachineTotals, Totals};
pub use machine::{Cause, Micros, Raw, Rhythm, Stop, Stops};
pub use mbap::{BadFrame, Framing, Request};
pub use misbehaviour::{Fault, Kind, Step};
pub use modbus::Traffic;
pub use packer::Broker;
pub use plant::{Address, Plant, PlantConfig, PressConfig};
