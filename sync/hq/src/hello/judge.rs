//! What a hello means: whether the log is the one that headquarters has, an older state of it, a
//! copy of it, or further than headquarters, which was then restored. Nothing is stored here.

use kart_core::fact::Hash;
use kart_planted::{Bug, planted};
use kart_wire::{FEED_PROTOCOL, code};

/// So many new lives within an hour are no restores: two installations take turns.
const MOST_LIVES: u32 = 5;

/// What a terminal says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Protocol it speaks.
    pub protocol: u32,
    /// Life of its log.
    pub incarnation: &'a str,
    /// Its installation.
    pub nonce: &'a str,
    /// Last fact on its disk, and the hash there.
    pub last: (u64, Hash),
    /// Last fact that it knows to be here, and the hash there.
    pub acked: (u64, Hash),
    /// First fact on its disk; 0 when it does not say.
    pub oldest: u64,
}

/// What headquarters knows of that terminal.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The life that goes on here.
    pub incarnation: &'a str,
    /// The enrolled installation.
    pub nonce: Option<&'a str>,
    /// Last fact here.
    pub watermark: u64,
    /// Hash here where the terminal's log ends, if this is not beyond the watermark.
    pub at_last: Option<Hash>,
    /// Hash here at what the terminal says was acknowledged, likewise.
    pub at_acked: Option<Hash>,
    /// The said life is one of this terminal that has ended.
    pub ended: bool,
    /// This device is to go on with the work of another one and has not begun.
    pub takes_over: bool,
    /// Lives that began within the last hour.
    pub lives: u32,
}

/// What follows from a hello.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The session begins.
    Welcome,
    /// The session begins; headquarters has lost the facts of this range, which come again.
    Restored(u64, u64),
    /// The log must end and a new life begin.
    RolledBack(String),
    /// As [`Self::RolledBack`], and the facts of this range are lost on both sides.
    Gap(u64, u64),
    /// Another installation uses the identity.
    Cloned(String),
    /// The log is not the registered one. A terminal shows what it was granted before a restore.
    OtherIncarnation,
    /// Both hold other facts at this place, for terminals that know no lives.
    Forked(u64),
    /// The terminal is too old.
    UpgradeRequired,
}

/// Judges a hello.
pub fn judge(said: &Said<'_>, known: &Known<'_>) -> Verdict {
    if said.protocol < 1 {
        return Verdict::UpgradeRequired;
    }
    let copy = known.nonce.is_some_and(|nonce| nonce != said.nonce);
    let other = said.incarnation != known.incarnation;
    if said.protocol < FEED_PROTOCOL {
        return match fork(said, known) {
            _ if other || copy => Verdict::OtherIncarnation,
            Some(seq) => Verdict::Forked(seq),
            None => held(said, known),
        };
    }
    if copy && !planted(Bug::CloneWelcomed) {
        return Verdict::Cloned(
            "another installation uses the identity of this terminal; enroll this one as a \
             terminal of its own, or let it take over"
                .to_owned(),
        );
    }
    match over(said, known, other) {
        None if other => Verdict::OtherIncarnation,
        None => held(said, known),
        Some(_) if known.lives >= MOST_LIVES => Verdict::Cloned(format!(
            "the log of this terminal was put back {} times within an hour: two installations \
             use its identity",
            known.lives
        )),
        Some(verdict) => verdict,
    }
}

/// Why the life of the log must end, if it must.
fn over(said: &Said<'_>, known: &Known<'_>, other: bool) -> Option<Verdict> {
    let (last, watermark) = (said.last.0, known.watermark);
    if planted(Bug::RolledBackWelcomed) {
        return None;
    }
    if other && !known.ended {
        return None;
    }
    if known.takes_over {
        return Some(Verdict::RolledBack("this terminal takes over from another one".to_owned()));
    }
    if other {
        let why = "this life of the log has ended; a later one is here";
        return Some(Verdict::RolledBack(why.to_owned()));
    }
    if let Some(seq) = fork(said, known) {
        return Some(Verdict::RolledBack(format!("fact {seq} is another one at headquarters")));
    }
    if last < watermark {
        return Some(Verdict::RolledBack(format!(
            "the log ends at {last}, headquarters holds {watermark}"
        )));
    }
    (said.oldest > watermark + 1).then(|| Verdict::Gap(watermark + 1, said.oldest - 1))
}

/// Where both have a fact and it is not the same one.
fn fork(said: &Said<'_>, known: &Known<'_>) -> Option<u64> {
    let pairs = [(said.acked, known.at_acked), (said.last, known.at_last)];
    let other = |((_, theirs), ours): &((u64, Hash), Option<Hash>)| {
        ours.is_some_and(|ours| ours != *theirs)
    };
    pairs.into_iter().find(other).map(|((seq, _), _)| seq)
}

fn held(said: &Said<'_>, known: &Known<'_>) -> Verdict {
    let acked = said.acked.0;
    match acked > known.watermark {
        true => Verdict::Restored(known.watermark + 1, acked),
        false => Verdict::Welcome,
    }
}

impl Verdict {
    /// The code and the sentence of a refusal; `None` when the session begins.
    pub fn refusal(&self) -> Option<(&'static str, String)> {
        Some(match self {
            Self::Welcome | Self::Restored(..) => return None,
            Self::RolledBack(why) => (code::ROLLED_BACK, why.clone()),
            Self::Gap(from, to) => {
                let lost =
                    format!("facts {from} to {to} were lost at headquarters and purged here");
                (code::ROLLED_BACK, lost)
            },
            Self::Cloned(why) => (code::CLONED, why.clone()),
            Self::OtherIncarnation => (
                code::OTHER_INCARNATION,
                "the log is not the one that was enrolled; enroll the terminal again".to_owned(),
            ),
            Self::Forked(seq) => {
                (code::FORKED, format!("fact {seq} is another one at headquarters"))
            },
            Self::UpgradeRequired => {
                let newest = kart_wire::PROTOCOL;
                (code::UPGRADE_REQUIRED, format!("headquarters speaks protocol {newest}"))
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAME: Hash = Hash([1; 32]);
    const OTHER: Hash = Hash([2; 32]);

    fn said(last: u64, acked: u64) -> Said<'static> {
        let (last, acked) = ((last, SAME), (acked, SAME));
        Said { protocol: 2, incarnation: "a", nonce: "n", last, acked, oldest: 1 }
    }

    fn known(watermark: u64, said: &Said<'_>) -> Known<'static> {
        Known {
            incarnation: "a",
            nonce: Some("n"),
            watermark,
            at_last: (said.last.0 <= watermark).then_some(SAME),
            at_acked: (said.acked.0 <= watermark).then_some(SAME),
            ended: false,
            takes_over: false,
            lives: 0,
        }
    }

    fn code(said: &Said<'_>, known: &Known<'_>) -> &'static str {
        judge(said, known).refusal().map_or("welcome", |(code, _)| code)
    }

    #[test]
    fn who_is_further_tells_who_was_put_back() {
        let ahead = said(9, 5);
        assert_eq!(judge(&ahead, &known(5, &ahead)), Verdict::Welcome);
        assert_eq!(judge(&ahead, &known(3, &ahead)), Verdict::Restored(4, 5));
        let behind = said(4, 4);
        assert_eq!(code(&behind, &known(5, &behind)), code::ROLLED_BACK);
        let empty = said(0, 0);
        assert_eq!(judge(&empty, &known(0, &empty)), Verdict::Welcome);
    }

    #[test]
    fn another_fact_in_the_same_place_ends_the_life() {
        let here = said(5, 5);
        let forked = Known { at_last: Some(OTHER), ..known(5, &here) };
        assert_eq!(code(&here, &forked), code::ROLLED_BACK);
        let old = Said { protocol: 1, ..here };
        assert_eq!(code(&old, &forked), code::FORKED);
    }

    #[test]
    fn a_log_that_was_continued_elsewhere_is_over() {
        let here = said(5, 5);
        let renewed = Known { incarnation: "b", ended: true, ..known(9, &here) };
        assert_eq!(code(&here, &renewed), code::ROLLED_BACK);
        let unknown = Known { ended: false, ..renewed };
        assert_eq!(code(&here, &unknown), code::OTHER_INCARNATION);
        let old = Said { protocol: 1, ..here };
        assert_eq!(code(&old, &renewed), code::OTHER_INCARNATION);
        assert_eq!(code(&here, &Known { lives: 5, ..renewed }), code::CLONED);
    }

    #[test]
    fn another_installation_is_fenced_whatever_its_log_says() {
        let here = said(5, 5);
        let copy = Said { nonce: "m", ..here };
        assert_eq!(code(&copy, &known(5, &here)), code::CLONED);
        let old = Said { protocol: 1, ..copy };
        assert_eq!(code(&old, &known(5, &here)), code::OTHER_INCARNATION);
        let unnamed = Known { nonce: None, ..known(5, &here) };
        assert_eq!(code(&copy, &unnamed), "welcome");
    }

    #[test]
    fn what_both_have_lost_is_named() {
        let purged = Said { oldest: 8, ..said(9, 7) };
        assert_eq!(judge(&purged, &known(5, &purged)), Verdict::Gap(6, 7));
        assert_eq!(judge(&purged, &known(7, &purged)), Verdict::Welcome);
        let silent = Said { oldest: 0, ..purged };
        assert_eq!(judge(&silent, &known(5, &silent)), Verdict::Restored(6, 7));
    }

    #[test]
    fn a_device_that_takes_over_begins_with_a_new_life() {
        let here = said(3, 0);
        let known = Known { takes_over: true, ..known(0, &here) };
        assert_eq!(code(&here, &known), code::ROLLED_BACK);
        // Headquarters was put back to before that life.
        let begun = Known { incarnation: "b", ..known };
        assert_eq!(code(&here, &begun), code::OTHER_INCARNATION);
    }
}
