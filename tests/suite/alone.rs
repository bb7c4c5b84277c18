//! The seeded world by itself.
#![cfg(test)]

mod seeded;
mod planted;
