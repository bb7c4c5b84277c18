//! Modbus TCP frames, cut and glued by hand.
//!
//! A library would refuse to send a frame that is late, torn or wrong, and it would not tell us every
//! function code it was asked for. This module knows the frame only: no socket, no register.

use crate::rtu;

/// Length of the MBAP header: transaction, protocol, length, unit.
const HEADER: usize = 7;
/// Longest application data unit the specification allows.
pub(crate) const LONGEST: usize = 260;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub framing: Framing,
    /// 0 where frames have no number.
    pub transaction: u16,
    pub unit: u8,
    pub function: u8,
    /// What follows the function code.
    pub data: Vec<u8>,
}

/// How a request came, and how its answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Modbus TCP.
    Tcp,
    /// A serial line, or a TCP connection in place of one.
    Rtu,
}

impl Framing {
    /// Takes the first whole request off the front of `bytes`; `None` when more bytes are needed.
    pub fn take_request(self, bytes: &mut Vec<u8>) -> Result<Option<Request>, BadFrame> {
        match self {
            Self::Tcp => take_request(bytes),
            Self::Rtu => rtu::take_request(bytes),
        }
    }
}

impl Request {
    /// The frame of an answer.
    pub fn wrap(&self, pdu: &[u8]) -> Vec<u8> {
        match self.framing {
            Framing::Tcp => wrap(self.transaction, self.unit, pdu),
            Framing::Rtu => rtu::wrap(self.unit, pdu),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadFrame {
    Protocol(u16),
    Length(u16),
    Sum,
}

impl std::fmt::Display for BadFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Protocol(id) => write!(f, "protocol id {id} is not Modbus"),
            Self::Length(length) => write!(f, "length {length} is not possible"),
            Self::Sum => f.write_str("the check sum is wrong"),
        }
    }
}

impl std::error::Error for BadFrame {}

/// Takes the first whole request off the front of `bytes`; `None` when more bytes are needed.
pub(crate) fn take_request(bytes: &mut Vec<u8>) -> Result<Option<Request>, BadFrame> {
    let &[t0, t1, p0, p1, l0, l1, unit, ..] = bytes.as_slice() else {
        return Ok(None);
    };
    let protocol = u16::from_be_bytes([p0, p1]);
    if protocol != 0 {
        return Err(BadFrame::Protocol(protocol));
    }
    let length = u16::from_be_bytes([l0, l1]);
    let end = HEADER - 1 + usize::from(length);
    if length < 2 || end > LONGEST {
        return Err(BadFrame::Length(length));
    }
    if bytes.len() < end {
        return Ok(None);
    }
    let rest = bytes.split_off(end);
    let frame = std::mem::replace(bytes, rest);
    Ok(Some(Request {
        framing: Framing::Tcp,
        transaction: u16::from_be_bytes([t0, t1]),
        unit,
        function: frame[HEADER],
        data: frame[HEADER + 1..].to_vec(),
    }))
}

/// Wraps a protocol data unit. `pdu` is the function code and what follows it.
pub(crate) fn wrap(transaction: u16, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let length = u16::try_from(pdu.len() + 1).unwrap_or(u16::MAX);
    let mut frame = Vec::with_capacity(HEADER + pdu.len());
    frame.extend(transaction.to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(length.to_be_bytes());
    frame.push(unit);
    frame.extend(pdu);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_holding(transaction: u16) -> Vec<u8> {
        wrap(transaction, 1, &[3, 0, 100, 0, 8])
    }

    #[test]
    fn one_request_is_read_whole() {
        let mut bytes = read_holding(7);
        let request = take_request(&mut bytes).unwrap().unwrap();
        assert_eq!(
            request,
            Request {
                framing: Framing::Tcp,
                transaction: 7,
                unit: 1,
                function: 3,
                data: vec![0, 100, 0, 8],
            }
        );
        assert!(bytes.is_empty());
    }

    #[test]
    fn a_request_in_single_bytes_waits_for_its_end() {
        let whole = read_holding(7);
        let mut bytes = Vec::new();
        for byte in &whole[..whole.len() - 1] {
            bytes.push(*byte);
            assert_eq!(take_request(&mut bytes).unwrap(), None);
        }
        bytes.push(whole[whole.len() - 1]);
        assert!(take_request(&mut bytes).unwrap().is_some());
    }

    #[test]
    fn glued_requests_come_out_one_by_one() {
        let mut bytes = [read_holding(1), read_holding(2)].concat();
        assert_eq!(take_request(&mut bytes).unwrap().unwrap().transaction, 1);
        assert_eq!(take_request(&mut bytes).unwrap().unwrap().transaction, 2);
        assert_eq!(take_request(&mut bytes).unwrap(), None);
    }

    #[test]
    fn what_is_not_modbus_is_refused() {
        let mut foreign = b"GET / HTTP/1.1\r\n".to_vec();
        assert_eq!(take_request(&mut foreign), Err(BadFrame::Protocol(0x5420)));
        let mut endless = vec![0, 1, 0, 0, 0xff, 0xff, 1, 3];
        assert_eq!(take_request(&mut endless), Err(BadFrame::Length(0xffff)));
        let mut empty = vec![0, 1, 0, 0, 0, 1, 1, 3];
        assert_eq!(take_request(&mut empty), Err(BadFrame::Length(1)));
    }
}
