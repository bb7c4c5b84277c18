//! Frames of a serial line: a question, and whether bytes are its answer. Pure.
//!
//! Such a frame has no number of its own: an answer fits when unit, function, length and check sum
//! do and nothing stands behind it. That an answer is not a late one is the business of `link`.

use crc::{CRC_16_MODBUS, Crc};

use super::read::Read;

const CHECK: Crc<u16> = Crc::<u16>::new(&CRC_16_MODBUS);
/// Longest frame, by the standard. Whoever sends more without an answer in it is not heard out.
pub(super) const LONGEST: usize = 256;
/// Unit, function and check sum, with a length or an exception between them.
const EXCEPTION: usize = 5;
/// What stands at the high bit of the function in an exception.
const FAILED: u8 = 0x80;

/// What came back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The bytes of the values.
    Values(Vec<u8>),
    /// An exception.
    Exception(u8),
}

/// Why bytes cannot be the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Misfit {
    /// The check sum is another one.
    #[error("the check sum of the answer is wrong")]
    Check,
    /// More than one answer.
    #[error("bytes stand behind the answer")]
    Behind,
    /// So much, and no answer in it.
    #[error("noise on the line")]
    Noise,
}

/// The question for `read`.
pub(super) fn question(unit: u8, read: &Read) -> Vec<u8> {
    let [a, b] = read.start.to_be_bytes();
    let [c, d] = read.count.to_be_bytes();
    sealed(vec![unit, read.table.function(), a, b, c, d])
}

/// With its check sum, the lower byte first.
pub(super) fn sealed(mut frame: Vec<u8>) -> Vec<u8> {
    let sum = CHECK.checksum(&frame);
    frame.extend(sum.to_le_bytes());
    frame
}

/// The answer to `read` in `bytes`; `None` while more may come. Noise before it is passed over:
/// an answer with its check sum is no accident.
pub fn answer(unit: u8, read: &Read, bytes: &[u8]) -> Result<Option<Answer>, Misfit> {
    for start in 0..bytes.len() {
        let Some(rest) = bytes.get(start..) else { break };
        let Some(length) = length(unit, read, rest) else { continue };
        let Some((frame, behind)) = rest.split_at_checked(length) else { continue };
        match (opened(frame), behind) {
            (Some(answer), []) => return Ok(Some(answer)),
            (Some(_), _) => return Err(Misfit::Behind),
            (None, _) if start == 0 => return Err(Misfit::Check),
            (None, _) => {},
        }
    }
    if bytes.len() > LONGEST { Err(Misfit::Noise) } else { Ok(None) }
}

/// How long the answer is that begins like this; `None` when none does, or not yet.
fn length(unit: u8, read: &Read, bytes: &[u8]) -> Option<usize> {
    let function = read.table.function();
    match *bytes {
        [first, second, ..] if first == unit && second == function | FAILED => Some(EXCEPTION),
        [first, second, third, ..]
            if first == unit && second == function && u16::from(third) == read.bytes() =>
        {
            Some(EXCEPTION + usize::from(third))
        },
        _ => None,
    }
}

fn opened(frame: &[u8]) -> Option<Answer> {
    let (body, sum) = frame.split_last_chunk::<2>()?;
    if CHECK.checksum(body) != u16::from_le_bytes(*sum) {
        return None;
    }
    match body {
        [_, function, code] if function & FAILED != 0 => Some(Answer::Exception(*code)),
        [_, _, _, values @ ..] => Some(Answer::Values(values.to_vec())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::modbus::plan::Table;
    use proptest::prelude::*;

    fn two() -> Read {
        Read { table: Table::Holding, start: 107, count: 2, points: Vec::new() }
    }

    fn fitting() -> Vec<u8> {
        sealed(vec![17, 3, 4, 0xae, 0x41, 0x56, 0x52])
    }

    #[test]
    fn a_question_is_the_one_of_the_standard() {
        let three = Read { count: 3, ..two() };
        assert_eq!(question(17, &three), [0x11, 3, 0, 0x6b, 0, 3, 0x76, 0x87]);
    }

    #[test]
    fn only_the_answer_is_an_answer() {
        let fits = |bytes: &[u8]| answer(17, &two(), bytes);
        let right = Ok(Some(Answer::Values(vec![0xae, 0x41, 0x56, 0x52])));
        assert_eq!(fits(&fitting()), right);
        assert_eq!(fits(&[&[0, 0xff, 17], &fitting()[..]].concat()), right, "noise before it");
        assert_eq!(fits(&sealed(vec![17, 0x83, 2])), Ok(Some(Answer::Exception(2))));
        for end in 0..fitting().len() {
            assert_eq!(fits(&fitting()[..end]), Ok(None), "{end} bytes");
        }
        assert_eq!(fits(&fitting().repeat(2)), Err(Misfit::Behind));
        assert_eq!(fits(&[&fitting()[..], &[0]].concat()), Err(Misfit::Behind));
        let mut torn = fitting();
        torn[4] ^= 1;
        assert_eq!(fits(&torn), Err(Misfit::Check));
        for other in [vec![18, 3, 4, 1, 2, 3, 4], vec![17, 4, 4, 1, 2, 3, 4], vec![17, 3, 2, 1, 2]]
        {
            assert_eq!(fits(&sealed(other.clone())), Ok(None), "{other:?}");
        }
        assert_eq!(fits(&[0xa5; 300]), Err(Misfit::Noise));
    }

    #[test]
    fn bits_come_in_whole_bytes() {
        let coils = Read { table: Table::Coil, start: 0, count: 9, points: Vec::new() };
        let bytes = sealed(vec![1, 1, 2, 0xff, 1]);
        assert_eq!(answer(1, &coils, &bytes), Ok(Some(Answer::Values(vec![0xff, 1]))));
    }

    proptest! {
        #[test]
        fn one_wrong_bit_is_no_value(bit in 0_usize..72) {
            let mut bytes = fitting();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!matches!(answer(17, &two(), &bytes), Ok(Some(_))));
        }

        #[test]
        fn chance_is_no_answer(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(!matches!(answer(17, &two(), &bytes), Ok(Some(Answer::Values(_)))));
        }
    }
}
