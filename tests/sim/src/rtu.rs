//! Frames of a serial line, cut and glued by hand, for the reason given in `mbap`.

use crate::mbap::{BadFrame, Framing, Request};

/// A read: unit, function, address, count, check sum. Nothing longer may be asked for here.
const READ: usize = 8;

/// Takes the first whole request off the front of `bytes`; `None` when more bytes are needed.
pub(crate) fn take_request(bytes: &mut Vec<u8>) -> Result<Option<Request>, BadFrame> {
    if bytes.len() < READ {
        return Ok(None);
    }
    let rest = bytes.split_off(READ);
    let frame = std::mem::replace(bytes, rest);
    let &[unit, function, a0, a1, c0, c1, s0, s1] = frame.as_slice() else {
        return Ok(None);
    };
    if sum(&frame[..READ - 2]) != [s0, s1] {
        return Err(BadFrame::Sum);
    }
    let data = vec![a0, a1, c0, c1];
    Ok(Some(Request { framing: Framing::Rtu, transaction: 0, unit, function, data }))
}

/// Wraps a protocol data unit.
pub(crate) fn wrap(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut frame = [&[unit], pdu].concat();
    let sum = sum(&frame);
    frame.extend(sum);
    frame
}

/// The standard's check sum, bit by bit, as it stands in a frame.
fn sum(bytes: &[u8]) -> [u8; 2] {
    let mut sum = u16::MAX;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            let odd = sum & 1 == 1;
            sum >>= 1;
            if odd {
                sum ^= 0xa001;
            }
        }
    }
    sum.to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard() {
        assert_eq!(wrap(2, &[7]), [2, 7, 0x41, 0x12]);
        let mut bytes = vec![0x11, 3, 0, 0x6b, 0, 3, 0x76, 0x87, 9];
        let request = take_request(&mut bytes).unwrap().unwrap();
        assert_eq!(
            (request.unit, request.function, &request.data[..]),
            (17, 3, &[0, 107, 0, 3][..])
        );
        assert_eq!((bytes.as_slice(), take_request(&mut bytes.clone())), (&[9][..], Ok(None)));
        let mut torn = vec![0x11, 3, 0, 0x6b, 0, 3, 0x76, 0x88];
        assert_eq!(take_request(&mut torn), Err(BadFrame::Sum));
    }
}
