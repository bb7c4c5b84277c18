//! Cursors: a snapshot of the database, sealed for one terminal, so that nobody invents one or uses
//! somebody else's. One that cannot be used stands for nothing, and everything is sent again.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use kart_planted::{Bug, planted};
use ring::hmac;
use uuid::Uuid;

const FORMAT: u8 = 3;
const TAG: usize = 32;
const TEXT_AT: usize = 1 + 16 + 8 + 16 + 16 + 8 + 8;

/// What a terminal has: everything that was visible in a snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The session that minted it.
    pub session: Uuid,
    /// Counted within that session.
    pub number: u64,
    /// Drawn by lot where somebody asked without a cursor, and handed on from cursor to cursor.
    pub line: Uuid,
    /// The history that transaction numbers belong to.
    pub epoch: Uuid,
    /// Fingerprint of what the terminal follows.
    pub place: u64,
    /// Minted at, microseconds.
    pub at_us: i64,
    /// As Postgres writes it: `xmin:xmax:running,running`.
    pub snapshot: String,
}

/// Makes and opens the cursors of one terminal.
pub struct Seal {
    key: hmac::Key,
    terminal: Uuid,
}

impl Seal {
    /// For one terminal.
    pub fn new(key: &[u8], terminal: Uuid) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), terminal }
    }

    /// A cursor as text.
    pub fn close(&self, cursor: &Cursor) -> String {
        let mut bytes = vec![FORMAT];
        bytes.extend(cursor.session.as_bytes());
        bytes.extend(cursor.number.to_be_bytes());
        bytes.extend(cursor.line.as_bytes());
        bytes.extend(cursor.epoch.as_bytes());
        bytes.extend(cursor.place.to_be_bytes());
        bytes.extend(cursor.at_us.to_be_bytes());
        bytes.extend(cursor.snapshot.as_bytes());
        let tag = hmac::sign(&self.key, &self.signed(&bytes));
        bytes.extend(tag.as_ref());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor of a text that was sealed for this terminal.
    pub fn open(&self, text: &str) -> Option<Cursor> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (told, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        hmac::verify(&self.key, &self.signed(told), tag).ok()?;
        let (fixed, snapshot) = told.split_first_chunk::<TEXT_AT>()?;
        let (&[FORMAT], fixed) = fixed.split_first_chunk::<1>()? else { return None };
        let (session, fixed) = fixed.split_first_chunk::<16>()?;
        let (number, fixed) = fixed.split_first_chunk::<8>()?;
        let (line, fixed) = fixed.split_first_chunk::<16>()?;
        let (epoch, fixed) = fixed.split_first_chunk::<16>()?;
        let (place, fixed) = fixed.split_first_chunk::<8>()?;
        Some(Cursor {
            session: Uuid::from_bytes(*session),
            number: u64::from_be_bytes(*number),
            line: Uuid::from_bytes(*line),
            epoch: Uuid::from_bytes(*epoch),
            place: u64::from_be_bytes(*place),
            at_us: i64::from_be_bytes(fixed.try_into().ok()?),
            snapshot: String::from_utf8(snapshot.to_vec()).ok()?,
        })
    }

    fn signed(&self, told: &[u8]) -> Vec<u8> {
        if planted(Bug::CursorUnbound) {
            return told.to_vec();
        }
        [told, self.terminal.as_bytes()].concat()
    }
}

/// What headquarters knows about a cursor.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The history at this moment.
    pub epoch: Uuid,
    /// Entries of the feed up to this transaction are gone.
    pub floor: u64,
    /// Number and line of the last cursor that the cursor's session minted, as it is stored; `None`
    /// when no such session is known.
    pub minted: Option<(u64, Uuid)>,
}

/// What a cursor is good for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// What it did not see is sent.
    Good,
    /// It stands for nothing, and this is why.
    Void(&'static str),
    /// It was minted here, and here nobody knows: the database was put back to an earlier state.
    Restored,
}

/// Judges a cursor that this headquarters has sealed.
pub fn judge(cursor: &Cursor, known: &Known) -> Standing {
    let oldest = cursor.snapshot.split(':').next().and_then(|xmin| xmin.parse::<u64>().ok());
    match (known.minted, oldest) {
        _ if cursor.epoch != known.epoch => Standing::Void("it is of another history"),
        (None, _) => Standing::Void("its session is not known"),
        (Some((minted, _)), _) if cursor.number > minted => Standing::Restored,
        // Its number may have been given again since, in a history that does not know it.
        (Some((_, line)), _) if cursor.line != line => {
            Standing::Void("its session was asked without a cursor since")
        },
        (_, Some(oldest)) if oldest > known.floor => Standing::Good,
        _ => Standing::Void("it is too old"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        Cursor {
            session: Uuid::from_u128(7),
            number: 3,
            line: Uuid::from_u128(6),
            epoch: Uuid::from_u128(8),
            place: 9,
            at_us: -4,
            snapshot: "100:120:100,117".into(),
        }
    }

    #[test]
    fn a_cursor_belongs_to_its_terminal() {
        let (mine, yours) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let text = Seal::new(b"key", mine).close(&cursor());
        assert_eq!(Seal::new(b"key", mine).open(&text), Some(cursor()));
        assert_eq!(Seal::new(b"key", yours).open(&text), None);
        assert_eq!(Seal::new(b"other", mine).open(&text), None);
        let longer = format!("{text}AAAA");
        let forged = format!("AgEA{}", text.split_at(4).1);
        for nonsense in ["", "AAAA", &longer, &forged] {
            assert_eq!(Seal::new(b"key", mine).open(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_cursor_is_good_in_its_history_only() {
        let minted = |number| Some((number, Uuid::from_u128(6)));
        let known = Known { epoch: Uuid::from_u128(8), floor: 99, minted: minted(3) };
        assert_eq!(judge(&cursor(), &known), Standing::Good);
        assert_eq!(judge(&cursor(), &Known { minted: minted(4), ..known }), Standing::Good);
        assert_eq!(judge(&cursor(), &Known { minted: minted(2), ..known }), Standing::Restored);
        for void in [
            Known { minted: None, ..known },
            Known { minted: Some((4, Uuid::from_u128(7))), ..known },
            Known { floor: 100, ..known },
            Known { epoch: Uuid::nil(), ..known },
        ] {
            assert!(matches!(judge(&cursor(), &void), Standing::Void(_)), "{void:?}");
        }
    }
}
