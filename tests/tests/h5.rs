#![cfg(test)]
#[path = "../suite/turn.rs"]
mod turn;
#[path = "../suite/office.rs"]
mod office;
#[path = "../suite/people.rs"]
mod people;
#[path = "../suite/site.rs"]
mod site;
#[path = "../suite/numbers.rs"]
mod numbers;
