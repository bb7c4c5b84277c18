//! The integration tests: one binary, one module for each part of what the programs promise.
// Lets the functions that tests share unwrap as the tests do; Clippy looks for this attribute.
#![cfg(test)]

mod turn;
mod servers;
mod headquarters;
mod registry;
mod chain;
mod shift;
mod day;
mod keyboard;
mod foreign;
mod modbus;
mod mqtt;
mod commissioning;
mod replay;
mod sparkplug;
mod kill;
mod trouble;
mod adopt;
mod balancer;
mod pace;
mod tenancy;
mod tls;
mod fleet;
mod measure;
mod mirror;
mod lives;
mod seeded;
mod skew;
mod feed;
mod operations;
mod functions;
mod office;
mod people;
mod site;
mod calendar;
mod figures;
mod board;
mod derivation;
mod ugly;
mod numbers;
mod corrections;
mod quarantine;
mod work;
mod planted;
