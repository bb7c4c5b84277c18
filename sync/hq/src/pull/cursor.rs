//! Cursors: opaque, made for one terminal and one scope, and not to be invented by anybody else.
//! One that cannot be opened, for example after headquarters was restored, stands for nothing, and
//! everything is sent again.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::hmac;
use uuid::Uuid;

const POSITION: usize = 16;

/// Which reference data a terminal has; by default none. The time tells two histories with the same number apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Position {
    pub(crate) version: i64,
    pub(crate) updated_us: i64,
}

/// Makes and opens the cursors of one terminal and one scope.
pub(crate) struct Seal {
    key: hmac::Key,
    holder: Vec<u8>,
}

impl Seal {
    pub(crate) fn new(key: &[u8], terminal: Uuid, scope: &str) -> Self {
        let holder = [terminal.as_bytes(), scope.as_bytes()].concat();
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), holder }
    }

    pub(crate) fn close(&self, position: Position) -> String {
        let mut bytes =
            [position.version.to_be_bytes(), position.updated_us.to_be_bytes()].concat();
        let tag = hmac::sign(&self.key, &self.signed(&bytes));
        bytes.extend(tag.as_ref());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(crate) fn open(&self, cursor: &str) -> Option<Position> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (position, tag) = bytes.split_at_checked(POSITION)?;
        hmac::verify(&self.key, &self.signed(position), tag).ok()?;
        let (version, updated_us) = position.split_at(POSITION / 2);
        Some(Position {
            version: i64::from_be_bytes(version.try_into().ok()?),
            updated_us: i64::from_be_bytes(updated_us.try_into().ok()?),
        })
    }

    fn signed(&self, position: &[u8]) -> Vec<u8> {
        [position, &self.holder].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_holder() {
        let position = Position { version: 3, updated_us: -4 };
        let (mine, yours) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let cursor = Seal::new(b"key", mine, "site").close(position);
        assert_eq!(Seal::new(b"key", mine, "site").open(&cursor), Some(position));
        assert_eq!(Seal::new(b"key", yours, "site").open(&cursor), None);
        assert_eq!(Seal::new(b"key", mine, "organization").open(&cursor), None);
        assert_eq!(Seal::new(b"other", mine, "site").open(&cursor), None);
        assert_eq!(Seal::new(b"key", mine, "site").open("AAAA"), None);
    }
}
