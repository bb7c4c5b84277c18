//! What a source really gave, before anything was made of it, and how it is called in the ring of raw
//! readings: in words that a later map can be held against.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::modbus::{plan::Table, read::Read};

/// What a block is of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockOf {
    /// The registers of one answer.
    Registers(Registers),
    /// The bytes of one message.
    Message {
        /// Host and port of the broker.
        broker: String,
        /// The topic.
        topic: String,
    },
}

/// Places of a table that were read together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Registers {
    /// Host and port, or the path of the serial line.
    pub place: String,
    /// The unit.
    pub unit: u8,
    /// Which table.
    pub table: Table,
    /// The first place.
    pub start: u16,
    /// How many.
    pub count: u16,
}

impl BlockOf {
    /// What a request to a unit brings.
    pub fn registers(place: &str, unit: u8, read: &Read) -> Self {
        let Read { table, start, count, .. } = *read;
        Self::Registers(Registers { place: place.to_owned(), unit, table, start, count })
    }

    /// As the ring calls it.
    pub fn text(&self) -> Arc<str> {
        serde_json::to_string(self).unwrap_or_default().into()
    }

    /// What the ring calls so; `None` for what this version does not know.
    pub fn of(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Words of an answer as bytes: two for a register, one for a place of a table of bits.
pub fn bytes(table: Table, words: &[u16]) -> Vec<u8> {
    match table.is_bits() {
        true => words.iter().map(|word| u8::from(*word != 0)).collect(),
        false => words.iter().flat_map(|word| word.to_be_bytes()).collect(),
    }
}

/// The words again.
pub fn words(table: Table, bytes: &[u8]) -> Vec<u16> {
    match table.is_bits() {
        true => bytes.iter().map(|byte| u16::from(*byte)).collect(),
        false => bytes.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_names_come_back() {
        for table in [Table::Holding, Table::Coil] {
            let was = [0, 1, 1, 0];
            assert_eq!(words(table, &bytes(table, &was)), was);
        }
        let registers = [0x1234, 0xfffe];
        assert_eq!(words(Table::Input, &bytes(Table::Input, &registers)), registers);
        let read = Read { table: Table::Input, start: 7, count: 3, points: vec![] };
        let of = BlockOf::registers("192.0.2.7:502", 4, &read);
        assert_eq!(BlockOf::of(&of.text()), Some(of));
        assert_eq!(BlockOf::of("{\"pigeon\":{}}"), None);
    }
}
