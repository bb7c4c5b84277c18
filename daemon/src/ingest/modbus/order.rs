//! The order in which the bytes of a value stand on the wire. Pure.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest value, in bytes.
const LONGEST: usize = 8;

/// An order of bytes, written with one letter for each byte in the order of the wire; `A` is the
/// highest. `ABCD` is what the standard says, `CDAB` has the lower register first, `BADC` the
/// lower byte, `DCBA` both.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Order {
    /// How high the byte at each place of the wire is; 0 is the highest.
    ranks: [u8; LONGEST],
    bytes: u8,
}

/// Letters that are no order.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is no order of bytes; for example \"BA\", \"CDAB\" or \"GHEFCDAB\" is")]
pub struct NoOrder(String);

impl Order {
    /// The highest byte first, for a value of so many bytes.
    pub fn standard(bytes: u8) -> Self {
        Self { ranks: std::array::from_fn(|n| u8::try_from(n).unwrap_or(0)), bytes }
    }

    /// For values of how many bytes.
    pub fn bytes(self) -> u8 {
        self.bytes
    }

    /// The value whose bytes stand on the wire like this; `None` when they are not as many.
    pub fn join(self, wire: &[u8]) -> Option<u64> {
        if wire.len() != usize::from(self.bytes) {
            return None;
        }
        let mut sorted = [0; LONGEST];
        let first = LONGEST - wire.len();
        for (rank, byte) in self.ranks.iter().zip(wire) {
            *sorted.get_mut(first + usize::from(*rank))? = *byte;
        }
        Some(u64::from_be_bytes(sorted))
    }
}

impl TryFrom<String> for Order {
    type Error = NoOrder;

    fn try_from(letters: String) -> Result<Self, NoOrder> {
        let bytes = letters.len();
        let ranks = letters.bytes().map(|letter| usize::from(letter.wrapping_sub(b'A')));
        let ranks: Vec<usize> = ranks.collect();
        if !matches!(bytes, 2 | 4 | 8) || (0..bytes).any(|rank| !ranks.contains(&rank)) {
            return Err(NoOrder(letters));
        }
        let mut order = Self::standard(u8::try_from(bytes).unwrap_or(0));
        for (place, rank) in order.ranks.iter_mut().zip(ranks) {
            *place = u8::try_from(rank).unwrap_or(0);
        }
        Ok(order)
    }
}

impl From<Order> for String {
    fn from(order: Order) -> Self {
        order.to_string()
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rank in self.ranks.iter().take(usize::from(self.bytes)) {
            write!(f, "{}", char::from(b'A' + rank))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(letters: &str) -> Result<Order, NoOrder> {
        Order::try_from(letters.to_owned())
    }

    #[test]
    fn letters_say_where_each_byte_stands() {
        for (letters, wire) in [
            ("ABCD", [1, 2, 3, 4]),
            ("CDAB", [3, 4, 1, 2]),
            ("BADC", [2, 1, 4, 3]),
            ("DCBA", [4, 3, 2, 1]),
            ("BDAC", [2, 4, 1, 3]),
        ] {
            assert_eq!(order(letters).unwrap().join(&wire), Some(0x0102_0304), "{letters}");
            assert_eq!(order(letters).unwrap().to_string(), letters);
        }
        assert_eq!(
            order("GHEFCDAB").unwrap().join(&[7, 8, 5, 6, 3, 4, 1, 2]),
            Some(0x0102_0304_0506_0708)
        );
        assert_eq!(order("AB").unwrap(), Order::standard(2));
        assert_eq!(order("AB").unwrap().join(&[1, 2, 3]), None);
    }

    #[test]
    fn other_letters_are_refused() {
        for letters in ["", "A", "ABC", "AABB", "abcd", "ABCE", "ABCDEF", "ABCDEFGI", "ÄB"] {
            assert!(order(letters).is_err(), "{letters}");
        }
    }
}
