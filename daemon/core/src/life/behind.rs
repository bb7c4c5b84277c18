//! What only files of former lives still hold: headquarters was put back to before a new life, and its end
//! of the one before lies before the place where that life left it behind.

use std::collections::BTreeSet;

use crate::{
    fact::{Fact, Hash, life::Continued},
    id::{Incarnation, Origin},
};

/// So many lives are looked back at.
const MOST_LIVES: usize = 32;

/// Facts of a former life that come again before those of the present one.
#[derive(Debug)]
pub struct Behind<F> {
    /// The file that holds them.
    pub file: F,
    /// The life.
    pub of: Origin,
    /// The fact before the first, and its hash.
    pub after: (u64, Hash),
    /// The last that can be among them.
    pub until: u64,
}

/// The lives from `end`, where headquarters stands, to the one that `began` as told, oldest first. `open`
/// finds the file of the life that somebody continued, and how that one began itself. Nothing where one
/// of them is not there.
pub fn behind<F>(
    began: Option<Continued>,
    end: &Continued,
    mut open: impl FnMut(&Continued) -> Option<(F, Option<Continued>)>,
) -> Vec<Behind<F>> {
    let mut lives = Vec::new();
    let mut before = began;
    while let Some(left) = before.take().filter(|_| lives.len() < MOST_LIVES) {
        let of = Origin { terminal: left.terminal, incarnation: left.incarnation };
        let held = of == Origin { terminal: end.terminal, incarnation: end.incarnation };
        if held && end.seq >= left.seq {
            return Vec::new();
        }
        let Some((file, began)) = open(&left) else { return Vec::new() };
        let after = if held { (end.seq, end.hash) } else { (0, Hash::ZERO) };
        lives.push(Behind { file, of, after, until: left.seq });
        if held {
            lives.reverse();
            return lives;
        }
        before = began;
    }
    Vec::new()
}

/// Facts that came again in later lives, by the places where they stood.
#[derive(Clone, Debug, Default)]
pub struct Again(BTreeSet<(Incarnation, u64, [u8; 32])>);

impl Again {
    /// Notes where a fact of a later life stood before.
    pub fn note(&mut self, fact: &Fact) {
        let places = fact.former.iter().flat_map(crate::fact::life::Former::places);
        self.0.extend(places.map(|place| (place.incarnation, place.seq, place.hash.0)));
    }

    /// Whether the fact that stands there came again.
    pub fn has(&self, of: Origin, seq: u64, hash: Hash) -> bool {
        self.0.contains(&(of.incarnation, seq, hash.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TerminalId;
    use uuid::Uuid;

    fn left(life: u64, seq: u64) -> Continued {
        let terminal = TerminalId(Uuid::nil());
        let hash = Hash([u8::try_from(seq).unwrap(); 32]);
        Continued { terminal, incarnation: Incarnation(life), seq, hash }
    }

    /// Life, the fact before the first, and the last, where the files of `lives` are there.
    fn found(began: Option<Continued>, end: &Continued, lives: &[u64]) -> Vec<(u64, u64, u64)> {
        let all = behind(began, end, |left| {
            let life = left.incarnation.0;
            let began = (life > 1).then(|| self::left(life - 1, 10 * (life - 1)));
            lives.contains(&life).then_some(((), began))
        });
        all.iter().map(|one| (one.of.incarnation.0, one.after.0, one.until)).collect()
    }

    #[test]
    fn what_headquarters_lacks_of_former_lives_is_found_in_their_files() {
        let third = || Some(left(2, 20));
        assert_eq!(found(third(), &left(2, 20), &[1, 2]), [], "it has all of it");
        assert_eq!(found(third(), &left(2, 25), &[1, 2]), [], "it went on there");
        assert_eq!(found(third(), &left(2, 15), &[1, 2]), [(2, 15, 20)]);
        assert_eq!(found(third(), &left(1, 7), &[1, 2]), [(1, 7, 10), (2, 0, 20)]);
        assert_eq!(found(third(), &left(1, 7), &[2]), [], "a file is gone");
        assert_eq!(found(third(), &left(9, 7), &[1, 2]), [], "it stands in another life");
        assert_eq!(found(None, &left(1, 7), &[1, 2]), [], "the first life");
    }
}
