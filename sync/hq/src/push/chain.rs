//! The chain of hashes: what comes continues what is stored, or nothing of it is stored.

use std::collections::BTreeMap;

use kart_core::{
    fact::{Body, Fact, Hash},
    id::Origin,
};
use kart_planted::{Bug, planted};
use kart_wire::code;
use serde::Deserialize;

use super::{envelope::Push, head::Head};
use crate::problem::Refusal;

/// A new fact in its place.
pub struct Link<'b> {
    /// Its number.
    pub seq: u64,
    /// The bytes that were hashed.
    pub line: &'b [u8],
    /// Head of the chain here.
    pub hash: Hash,
    /// `None`: this gateway is too old to read it.
    pub fact: Option<Fact>,
}

/// All that every line has, whatever version wrote it.
#[derive(Deserialize)]
struct Numbered {
    seq: u64,
}

/// The facts of `push` that are not stored yet. `stored` holds the hashes that are, from the one
/// before the first pushed fact on.
pub fn check<'b>(
    head: &Head,
    stored: &BTreeMap<u64, Hash>,
    push: &Push<'b>,
    origin: Origin,
) -> Result<Vec<Link<'b>>, Refusal> {
    let from = push.envelope.from;
    if from > head.watermark + 1 && !planted(Bug::WatermarkMaxSeen) {
        let detail = format!("facts {} to {} are missing", head.watermark + 1, from - 1);
        return Err(Refusal::conflict(code::GAP, detail).at(head.watermark));
    }
    let known = |seq| match seq {
        0 => Some(Hash::ZERO),
        seq if seq == head.watermark => Some(head.hash),
        seq => stored.get(&seq).copied(),
    };
    let mut hash: Hash = push.envelope.prev_hash.parse().map_err(Refusal::malformed)?;
    let before = known(from - 1).or(planted(Bug::WatermarkMaxSeen).then_some(hash));
    if before != Some(hash) && !planted(Bug::ChainNotContinued) {
        let detail = format!("prev_hash is not the hash of fact {} here", from - 1);
        return Err(Refusal::conflict(code::BROKEN_CHAIN, detail).at(head.watermark));
    }
    let mut links = Vec::new();
    for (seq, line) in (from..).zip(&push.lines) {
        hash = hash.after(line);
        if seq > head.watermark {
            links.push(Link { seq, line, hash, fact: read(seq, line, origin)? });
        } else if known(seq) != Some(hash) && !planted(Bug::RepeatedUnread) {
            let detail = format!("fact {seq} is stored here with other content");
            return Err(Refusal::conflict(code::FORKED, detail).at(head.watermark));
        }
    }
    Ok(links)
}

fn read(seq: u64, line: &[u8], origin: Origin) -> Result<Option<Fact>, Refusal> {
    let parsed = Fact::parse(line).ok();
    let numbered = match &parsed {
        Some(fact) => Some(fact.seq),
        None => serde_json::from_slice::<Numbered>(line).ok().map(|numbered| numbered.seq),
    };
    if let Some(numbered) = numbered.filter(|numbered| *numbered != seq) {
        return Err(Refusal::malformed(format!("line {numbered} stands in place {seq}")));
    }
    let Some(fact) = parsed else { return Ok(None) };
    match fact.fact {
        Body::Genesis { terminal, incarnation, .. }
            if (Origin { terminal, incarnation }) != origin =>
        {
            Err(Refusal::forbidden(code::FOREIGN, "the log was begun by another terminal"))
        },
        _ => Ok(Some(fact)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::id::{Incarnation, TerminalId};
    use kart_wire::PushEnvelope;
    use uuid::Uuid;

    const ORIGIN: Origin =
        Origin { terminal: TerminalId(Uuid::nil()), incarnation: Incarnation(7) };
    const LINES: [&[u8]; 3] = [b"{\"seq\":1}", b"{\"seq\":2}", b"unreadable"];

    fn hash(upto: usize) -> Hash {
        LINES[..upto].iter().fold(Hash::ZERO, |hash, line| hash.after(line))
    }

    fn push(from: u64, prev: Hash, lines: &[&'static [u8]]) -> Push<'static> {
        let envelope = PushEnvelope {
            session: Uuid::nil(),
            terminal: Uuid::nil(),
            incarnation: String::new(),
            from,
            facts: lines.len(),
            texts: 0,
            prev_hash: prev.to_string(),
        };
        Push { envelope, lines: lines.to_vec(), texts: vec![] }
    }

    /// A push onto the first two lines: numbers of new facts, or the code of the refusal.
    fn onto_two(push: &Push<'_>) -> Result<Vec<u64>, String> {
        let head = Head { watermark: 2, hash: hash(2), safe_seq: 0 };
        let stored = BTreeMap::from([(1, hash(1)), (2, hash(2))]);
        match check(&head, &stored, push, ORIGIN) {
            Ok(links) => Ok(links.iter().map(|link| link.seq).collect()),
            Err(refusal) => Err(refusal.code().to_owned()),
        }
    }

    #[test]
    fn what_continues_is_new_and_what_repeats_is_not() {
        assert_eq!(onto_two(&push(3, hash(2), &LINES[2..])), Ok(vec![3]));
        assert_eq!(onto_two(&push(1, hash(0), &LINES)), Ok(vec![3]));
        assert_eq!(onto_two(&push(1, hash(0), &LINES[..2])), Ok(vec![]));
        assert_eq!(onto_two(&push(2, hash(1), &LINES[1..])), Ok(vec![3]));
        assert_eq!(onto_two(&push(3, hash(2), &[])), Ok(vec![]));
    }

    #[test]
    fn what_does_not_continue_is_refused() {
        let refused = |code: &str| Err(code.to_owned());
        assert_eq!(onto_two(&push(4, hash(3), &[])), refused(code::GAP));
        assert_eq!(onto_two(&push(3, hash(1), &LINES[2..])), refused(code::BROKEN_CHAIN));
        assert_eq!(onto_two(&push(2, hash(2), &LINES[1..])), refused(code::BROKEN_CHAIN));
        assert_eq!(onto_two(&push(2, hash(1), &[b"{\"seq\": 2}"])), refused(code::FORKED));
        assert_eq!(onto_two(&push(3, hash(2), &[LINES[1]])), refused(code::MALFORMED));
    }
}
