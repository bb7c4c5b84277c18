//! What a press shows on Modbus, and the answer to a read.
//!
//! | address | content |
//! |---|---|
//! | 100 | status word: bit 0 running, bit 1 fault or emergency stop, bit 2 setup, bit 3 planned stop |
//! | 101 | fault code, u16, 0 when there is none |
//! | 102, 103 | good parts, u32, high word first; a 16-bit counter leaves 102 at 0 |
//! | 104 | scrap parts, u16, rolls over at 65,536 |
//! | 105, 106 | speed in parts/min, f32, **low word first** |
//! | 107 | coolant temperature in 0.1 °C, i16 |
//!
//! Holding registers (function 3) and input registers (function 4) show the same. Coils (1) and discrete
//! inputs (2) 0 to 15 are the bits of the status word. Every other address is exception 2, every other
//! function exception 1: nothing can be written here.

use crate::machine::{Cause, Machine, Status};

/// Address of the status word, the first register of the map.
pub(crate) const FIRST: u16 = 100;
/// Number of registers in the map.
pub(crate) const COUNT: usize = 8;

pub(crate) type Image = [u16; COUNT];

const READ_COILS: u8 = 1;
const READ_DISCRETE_INPUTS: u8 = 2;
const READ_INPUT: u8 = 4;

/// Modbus exception codes that the plant gives of its own accord.
pub(crate) const ILLEGAL_FUNCTION: u8 = 1;
pub(crate) const ILLEGAL_ADDRESS: u8 = 2;
pub(crate) const ILLEGAL_VALUE: u8 = 3;
/// What a gateway says about a unit that does not answer.
pub(crate) const TARGET_FAILED: u8 = 11;

pub(crate) fn is_read(function: u8) -> bool {
    (READ_COILS..=READ_INPUT).contains(&function)
}

/// The register image of a machine, all words from one moment.
pub(crate) fn image(machine: &Machine) -> Image {
    let (status, fault_code) = match machine.status() {
        Status::Running => (0b0001, 0),
        Status::Stopped(Cause::Fault { code }) => (0b0010, code),
        Status::Stopped(Cause::Setup) => (0b0100, 0),
        Status::Stopped(Cause::PlannedStop) => (0b1000, 0),
    };
    let good = low_words(machine.good.raw);
    let scrap = low_words(machine.scrap.raw);
    let [s3, s2, s1, s0] = machine.parts_per_minute().to_be_bytes();
    [
        status,
        fault_code,
        good[0],
        good[1],
        scrap[1],
        u16::from_be_bytes([s1, s0]),
        u16::from_be_bytes([s3, s2]),
        u16::from_be_bytes(machine.temperature().to_be_bytes()),
    ]
}

/// The lower 32 bits as two words, high word first.
fn low_words(raw: u64) -> [u16; 2] {
    let [.., b3, b2, b1, b0] = raw.to_be_bytes();
    [u16::from_be_bytes([b3, b2]), u16::from_be_bytes([b1, b0])]
}

/// Answers a read from an image: the protocol data unit, or an exception code.
pub(crate) fn answer(function: u8, data: &[u8], image: &Image) -> Result<Vec<u8>, u8> {
    if !is_read(function) {
        return Err(ILLEGAL_FUNCTION);
    }
    let &[a0, a1, c0, c1] = data else {
        return Err(ILLEGAL_VALUE);
    };
    let address = u16::from_be_bytes([a0, a1]);
    let count = u16::from_be_bytes([c0, c1]);
    match function {
        READ_COILS | READ_DISCRETE_INPUTS => bits(function, address, count, image[0]),
        _ => words(function, address, count, image),
    }
}

fn words(function: u8, address: u16, count: u16, image: &Image) -> Result<Vec<u8>, u8> {
    if !(1..=125).contains(&count) {
        return Err(ILLEGAL_VALUE);
    }
    let start = usize::from(address.checked_sub(FIRST).ok_or(ILLEGAL_ADDRESS)?);
    let wanted = image.get(start..start + usize::from(count)).ok_or(ILLEGAL_ADDRESS)?;
    let bytes = u8::try_from(count * 2).map_err(|_| ILLEGAL_VALUE)?;
    let mut pdu = vec![function, bytes];
    pdu.extend(wanted.iter().flat_map(|word| word.to_be_bytes()));
    Ok(pdu)
}

fn bits(function: u8, address: u16, count: u16, status: u16) -> Result<Vec<u8>, u8> {
    if !(1..=2000).contains(&count) {
        return Err(ILLEGAL_VALUE);
    }
    if u32::from(address) + u32::from(count) > 16 {
        return Err(ILLEGAL_ADDRESS);
    }
    let wanted = (u32::from(status) >> address) & ((1 << count) - 1);
    let [.., high, low] = wanted.to_be_bytes();
    Ok(if count > 8 { vec![function, 2, low, high] } else { vec![function, 1, low] })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Image = [0b0101, 17, 0x0001, 0x0002, 3, 4, 5, 0xffce];

    #[test]
    fn registers_are_read_from_both_tables() {
        assert_eq!(answer(3, &[0, 102, 0, 2], &IMAGE), Ok(vec![3, 4, 0, 1, 0, 2]));
        assert_eq!(answer(4, &[0, 107, 0, 1], &IMAGE), Ok(vec![4, 2, 0xff, 0xce]));
    }

    #[test]
    fn status_bits_are_coils() {
        assert_eq!(answer(1, &[0, 0, 0, 4], &IMAGE), Ok(vec![1, 1, 0b0101]));
        assert_eq!(answer(2, &[0, 2, 0, 1], &IMAGE), Ok(vec![2, 1, 1]));
        assert_eq!(answer(1, &[0, 0, 0, 16], &IMAGE), Ok(vec![1, 2, 0b0101, 0]));
    }

    #[test]
    fn what_is_outside_the_map_is_an_exception() {
        assert_eq!(answer(3, &[0, 99, 0, 1], &IMAGE), Err(ILLEGAL_ADDRESS));
        assert_eq!(answer(3, &[0, 107, 0, 2], &IMAGE), Err(ILLEGAL_ADDRESS));
        assert_eq!(answer(1, &[0, 8, 0, 9], &IMAGE), Err(ILLEGAL_ADDRESS));
        assert_eq!(answer(3, &[0, 100, 0, 0], &IMAGE), Err(ILLEGAL_VALUE));
        assert_eq!(answer(3, &[0, 100], &IMAGE), Err(ILLEGAL_VALUE));
    }

    #[test]
    fn a_write_is_not_a_function_here() {
        for function in [5, 6, 15, 16, 22, 23] {
            assert_eq!(answer(function, &[0, 100, 0, 1], &IMAGE), Err(ILLEGAL_FUNCTION));
        }
    }
}
