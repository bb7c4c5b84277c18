//! `kart-hq`: the gateway between terminals and the central database.
//!
//! A fact is accepted when it lies in the inbox, as the bytes that came. What it means is folded
//! by the same pure code as on the terminal and written under row-level security, by a role that
//! owns nothing. The gateway keeps nothing in memory between two requests: run as many as you like.

mod admin;
mod adopt;
mod aside;
mod auth;
mod backup;
pub mod cli;
mod clock;
mod config;
mod correction;
mod database;
mod enroll;
mod feed;
mod figures;
mod hello;
mod ledger;
mod life;
mod limits;
mod migrate;
mod names;
mod numbers;
mod openapi;
mod people;
mod privacy;
mod operations;
mod problem;
mod project;
mod pull;
mod push;
mod quarantine;
mod reason;
mod refold;
mod rotate;
mod server;
mod site;
mod status;
mod terminal;
mod tls;
mod token;
mod upsert;
mod work;

/// What headquarters decides without looking at its database, for a simulated one that has none.
pub mod decisions {
    pub use crate::{
        auth::Terminal,
        correction::{backed::Backing, reach::parts, seal::CorrectionSeal},
        feed::cursor::{Cursor, Known as KnownCursor, Seal, Standing, judge as judge_cursor},
        hello::judge::{Known, Said, Verdict, judge},
        life::granted::{Shown, Standing as LifeStanding, shown},
        operations::lost::{ahead, beyond, words as lost_in_words},
        problem::Refusal,
        project::{Fold, Writer},
        push::{
            chain::{Link, check},
            check_sender,
            envelope::Push,
            head::{Head, check_session},
            texts::sort,
        },
        quarantine::Held,
    };
}
