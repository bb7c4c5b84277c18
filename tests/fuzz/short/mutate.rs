//! Small changes to inputs that are nearly right. Deterministic for a seed.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

const LONGEST: usize = 4096;
/// Bytes that are the edge of something.
const EDGES: [u8; 12] = [0, 1, 0x7f, 0x80, 0xff, b'"', b'\\', b'{', b'[', b'+', b'#', b'/'];
const TOKENS: [&[u8]; 10] = [
    b"null",
    b"1e999",
    b"-9223372036854775808",
    b"18446744073709551615",
    b"\\ud800",
    b"\xf0\x9f\x98\x80",
    b"2026-02-30T25:00:00Z",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"{machine}",
    b"\r\n",
];

/// Makes one input after the other.
pub(crate) struct Mutator {
    dice: StdRng,
    pool: Vec<Vec<u8>>,
}

impl Mutator {
    pub(crate) fn new(seed: u64, pool: Vec<Vec<u8>>) -> Self {
        Self { dice: StdRng::seed_from_u64(seed), pool }
    }

    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut input = self.any().to_vec();
        for _ in 0..self.dice.random_range(1..=6) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn any(&mut self) -> &[u8] {
        let at = self.dice.random_range(0..self.pool.len());
        &self.pool[at]
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.dice.random_range(0..=input.len());
        let to = self.dice.random_range(at..=input.len().min(at + 16));
        match self.dice.random_range(0..8) {
            0 => drop(input.drain(at..to)),
            1 => input.truncate(at),
            2 => input.insert(at, EDGES[self.dice.random_range(0..EDGES.len())]),
            3 => {
                let token = TOKENS[self.dice.random_range(0..TOKENS.len())];
                input.splice(at..to, token.iter().copied());
            },
            4 => {
                let again: Vec<u8> = input[at..to].to_vec();
                input.splice(at..at, again);
            },
            5 => {
                let other = self.any().to_vec();
                let from = self.dice.random_range(0..=other.len());
                input.splice(at.., other[from..].iter().copied());
            },
            _ => {
                let bit = 1 << self.dice.random_range(0..8);
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= bit;
                }
            },
        }
    }
}
