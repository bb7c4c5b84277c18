//! `kart-hq`: the gateway between terminals and the central database.
//!
//! A fact is accepted when it lies in the inbox, as the bytes that came. What it means is folded
//! by the same pure code as on the terminal and written under row-level security, by a role that
//! owns nothing. The gateway keeps nothing in memory between two requests: run as many as you like.

mod auth;
pub mod cli;
mod clock;
mod config;
mod database;
mod enroll;
mod hello;
mod migrate;
mod openapi;
mod problem;
mod project;
mod pull;
mod push;
mod quarantine;
mod server;
mod site;
mod status;
mod terminal;
mod token;
mod upsert;
