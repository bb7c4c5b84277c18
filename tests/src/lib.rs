//! The harness: real servers and real programs, each in a temporary folder, each stopped when its guard is dropped.
//! It replaces nothing with an imitation and holds no expectations of its own; those stand in `tests/suite`.

pub mod wait;
pub mod clock;
pub mod child;
pub mod dialogue;
pub mod programs;
pub mod postgres;
pub mod proxy;
pub mod broker;
pub mod edge;
pub mod modbus;
pub mod world;
pub mod operator;
pub mod screen;
pub mod measure;
