//! The ways in which a press can answer wrongly.
//!
//! Every frame that a reader must refuse carries poison instead of registers: a reader that uses it all the
//! same shows a count that no truth knows.

use crate::mbap::{Framing, Request};
use serde::Deserialize;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

const POISON: u8 = 0xA5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No fault.
    Ok,
    /// Closes every connection.
    Dead,
    /// Accepts and reads, never answers.
    Silent,
    /// The right answer after `millis`, in order.
    Late,
    /// Exception `code`.
    Exception,
    /// Bytes that are no frame.
    Garbage,
    /// The number of another question, or a wrong check sum where there are no numbers.
    WrongTid,
    WrongUnit,
    WrongFunction,
    /// A well-formed frame with one register fewer than asked for.
    WrongLength,
    /// An MBAP length of 65,535.
    HugeLength,
    /// The right answer, byte by byte, `millis` between two bytes.
    Torn,
    /// The right answer twice in one piece.
    Glued,
    /// Noise and the right answer in one piece.
    Noise,
    /// Half of the right answer, then the connection closes.
    Half,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    pub millis: Option<u64>,
    pub code: Option<u8>,
}

/// What goes out on the wire, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Wait(Duration),
    Send(Vec<u8>),
    Close,
}

impl Step {
    /// Does it; `false` when that was the end of the connection.
    pub async fn take<S: AsyncWrite + Unpin>(self, stream: &mut S) -> io::Result<bool> {
        match self {
            Self::Wait(pause) => tokio::time::sleep(pause).await,
            Self::Send(bytes) => stream.write_all(&bytes).await?,
            Self::Close => return Ok(false),
        }
        Ok(true)
    }
}

impl Fault {
    pub fn is_dead(&self) -> bool {
        self.kind == Kind::Dead
    }

    /// Turns the right answer into what this fault makes of it.
    pub fn distort(&self, request: &Request, pdu: &[u8]) -> Vec<Step> {
        let function = request.function;
        let right = || request.wrap(pdu);
        match self.kind {
            Kind::Ok => vec![Step::Send(right())],
            Kind::Dead => vec![Step::Close],
            Kind::Silent => vec![],
            Kind::Late => vec![self.wait(1_500), Step::Send(right())],
            Kind::Exception => {
                let pdu = [function | 0x80, self.code.unwrap_or(4)];
                vec![Step::Send(request.wrap(&pdu))]
            },
            Kind::Garbage => vec![Step::Send(vec![POISON; 32])],
            Kind::WrongTid => {
                vec![Step::Send(misnumbered(request, &poisoned(pdu)))]
            },
            Kind::WrongUnit => {
                let other = Request { unit: request.unit.wrapping_add(1), ..request.clone() };
                vec![Step::Send(other.wrap(&poisoned(pdu)))]
            },
            Kind::WrongFunction => {
                let mut pdu = poisoned(pdu);
                pdu[0] = if function == 3 { 4 } else { 3 };
                vec![Step::Send(request.wrap(&pdu))]
            },
            Kind::WrongLength => {
                let mut pdu = poisoned(pdu);
                pdu.truncate(pdu.len().saturating_sub(2).max(2));
                if let [_, bytes, values @ ..] = pdu.as_mut_slice() {
                    *bytes = u8::try_from(values.len()).unwrap_or(0);
                }
                vec![Step::Send(request.wrap(&pdu))]
            },
            Kind::HugeLength => {
                let mut frame = request.wrap(&poisoned(pdu));
                let length = match request.framing {
                    Framing::Tcp => 4..6,
                    Framing::Rtu => 2..3,
                };
                frame[length].fill(0xff);
                vec![Step::Send(frame)]
            },
            Kind::Torn => {
                right().into_iter().flat_map(|b| [Step::Send(vec![b]), self.wait(2)]).collect()
            },
            Kind::Glued => vec![Step::Send(right().repeat(2))],
            Kind::Noise => vec![Step::Send([vec![POISON; 3], right()].concat())],
            Kind::Half => {
                let mut frame = right();
                frame.truncate(frame.len() / 2);
                vec![Step::Send(frame), Step::Close]
            },
        }
    }

    fn wait(&self, default: u64) -> Step {
        Step::Wait(Duration::from_millis(self.millis.unwrap_or(default)))
    }
}

/// The answer to another question, as far as a frame can say so.
fn misnumbered(request: &Request, pdu: &[u8]) -> Vec<u8> {
    let transaction = request.transaction.wrapping_add(1);
    let mut frame = Request { transaction, ..request.clone() }.wrap(pdu);
    if let (Framing::Rtu, Some(last)) = (request.framing, frame.last_mut()) {
        *last ^= 0x5a;
    }
    frame
}

/// The same shape with values nobody made.
fn poisoned(pdu: &[u8]) -> Vec<u8> {
    let mut pdu = pdu.to_vec();
    if let [_, _, values @ ..] = pdu.as_mut_slice() {
        values.fill(POISON);
    }
    pdu
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDU: [u8; 6] = [3, 4, 0, 1, 0, 2];

    fn distorted(kind: Kind) -> Vec<Step> {
        let framing = Framing::Tcp;
        let request =
            Request { framing, transaction: 9, unit: 1, function: 3, data: vec![0, 102, 0, 2] };
        Fault { kind, millis: None, code: None }.distort(&request, &PDU)
    }

    fn only_frame(kind: Kind) -> Vec<u8> {
        match distorted(kind).as_slice() {
            [Step::Send(frame)] => frame.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_right_answer_is_left_alone() {
        assert_eq!(only_frame(Kind::Ok), [0, 9, 0, 0, 0, 7, 1, 3, 4, 0, 1, 0, 2]);
    }

    #[test]
    fn a_refusable_frame_carries_no_real_value() {
        let values = |kind| only_frame(kind)[9..].to_vec();
        assert_eq!(&only_frame(Kind::WrongTid)[..2], [0, 10]);
        assert_eq!(only_frame(Kind::WrongUnit)[6], 2);
        assert_eq!(only_frame(Kind::WrongFunction)[7], 4);
        assert_eq!(&only_frame(Kind::WrongLength)[4..9], [0, 5, 1, 3, 2]);
        assert_eq!(&only_frame(Kind::HugeLength)[4..6], [0xff, 0xff]);
        for kind in [Kind::WrongTid, Kind::WrongUnit, Kind::WrongFunction, Kind::WrongLength] {
            assert!(values(kind).iter().all(|b| *b == POISON), "{kind:?}");
        }
    }

    #[test]
    fn a_torn_answer_is_still_the_right_one() {
        let sent: Vec<u8> = distorted(Kind::Torn)
            .into_iter()
            .flat_map(|step| if let Step::Send(bytes) = step { bytes } else { vec![] })
            .collect();
        assert_eq!(sent, only_frame(Kind::Ok));
    }

    #[test]
    fn an_exception_names_its_function() {
        assert_eq!(only_frame(Kind::Exception)[7..], [0x83, 4]);
    }
}
