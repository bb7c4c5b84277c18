//! A life that headquarters has granted and does not know any more, because it was put back to an
//! earlier state: whether it may go on as it is. Nothing is stored here.

use kart_wire::Renew;
use uuid::Uuid;

/// What goes on here.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Whose log it is.
    pub terminal: Uuid,
    /// Its life.
    pub incarnation: &'a str,
    /// Last fact here.
    pub watermark: u64,
    /// Hash there, hexadecimal.
    pub hash: &'a str,
}

/// What follows from the grant that a terminal shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// It shows none.
    Nothing,
    /// The life that it wants to begin follows what stands here, as it did before: nothing but the
    /// grant itself was lost.
    GoesOn,
    /// What stands here is less than that life began with, or is another one.
    Unconnected,
    /// The life that it wants to end is the one that was granted. The facts of the range, of the
    /// life that stands here, are lost.
    Ends(Option<(u64, u64)>),
}

/// Judges what a request shows of an earlier grant.
pub fn shown(request: &Renew, here: &Standing<'_>) -> Shown {
    let Some(granted) = &request.granted else { return Shown::Nothing };
    let end = &granted.end;
    let follows = granted.former == here.incarnation && granted.former_terminal == here.terminal;
    if granted.incarnation == request.former {
        let lost = follows && here.watermark < end.seq;
        return Shown::Ends(lost.then_some((here.watermark + 1, end.seq)));
    }
    let whole = here.watermark == end.seq && here.hash == end.hash;
    match granted.incarnation == request.incarnation && follows && whole {
        true => Shown::GoesOn,
        false => Shown::Unconnected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_wire::{Point, Renewed};

    const HERE: Standing<'_> =
        Standing { terminal: Uuid::nil(), incarnation: "a", watermark: 7, hash: "h7" };

    fn granted(former: &str, seq: u64) -> Renewed {
        Renewed {
            incarnation: "b".into(),
            former_terminal: Uuid::nil(),
            former: former.into(),
            end: Point { seq, hash: format!("h{seq}") },
            plant: serde_json::Value::Null,
        }
    }

    fn of(former: &str, incarnation: &str, granted: Renewed) -> Shown {
        let (former, incarnation) = (former.into(), incarnation.into());
        let granted = Some(granted);
        shown(&Renew { former, incarnation, nonce: "n".into(), granted }, &HERE)
    }

    #[test]
    fn a_life_goes_on_where_nothing_but_its_grant_was_lost() {
        let begins = |granted| of("a", "b", granted);
        assert_eq!(begins(granted("a", 7)), Shown::GoesOn);
        assert_eq!(begins(granted("a", 9)), Shown::Unconnected, "facts are lost");
        assert_eq!(begins(granted("a", 6)), Shown::Unconnected, "it went on here");
        assert_eq!(begins(granted("c", 7)), Shown::Unconnected, "a life between is lost");
        let other = Point { seq: 7, hash: "another".into() };
        assert_eq!(begins(Renewed { end: other, ..granted("a", 7) }), Shown::Unconnected);
        let former_terminal = Uuid::from_u128(1);
        assert_eq!(begins(Renewed { former_terminal, ..granted("a", 7) }), Shown::Unconnected);
        assert_eq!(of("a", "c", granted("a", 7)), Shown::Unconnected, "a grant of another life");
    }

    #[test]
    fn a_life_that_nobody_knows_ends_and_what_is_lost_is_named() {
        let ends = |granted| of("b", "c", granted);
        assert_eq!(ends(granted("a", 9)), Shown::Ends(Some((8, 9))));
        assert_eq!(ends(granted("a", 6)), Shown::Ends(None), "it went on here");
        assert_eq!(ends(granted("x", 9)), Shown::Ends(None), "nobody knows how much of it");
        let silent =
            Renew { former: "b".into(), incarnation: "c".into(), nonce: "n".into(), granted: None };
        assert_eq!(shown(&silent, &HERE), Shown::Nothing);
    }
}
