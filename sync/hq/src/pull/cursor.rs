//! Cursors of protocol 1: opaque, made for one terminal and one scope, and not to be invented by
//! anybody else. One that cannot be opened stands for nothing, and everything is sent again.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::hmac;
use uuid::Uuid;

/// Which document a terminal has: its SHA-256.
pub(super) type Content = [u8; 32];

/// Makes and opens the cursors of one terminal and one scope.
pub(super) struct Seal {
    key: hmac::Key,
    holder: Vec<u8>,
}

impl Seal {
    pub(super) fn new(key: &[u8], terminal: Uuid, scope: &str) -> Self {
        let holder = [terminal.as_bytes(), scope.as_bytes()].concat();
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), holder }
    }

    pub(super) fn close(&self, content: Content) -> String {
        let tag = hmac::sign(&self.key, &self.signed(&content));
        BASE64_URL_SAFE_NO_PAD.encode([&content, tag.as_ref()].concat())
    }

    pub(super) fn open(&self, cursor: &str) -> Option<Content> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (content, tag) = bytes.split_first_chunk()?;
        hmac::verify(&self.key, &self.signed(content), tag).ok()?;
        Some(*content)
    }

    fn signed(&self, content: &Content) -> Vec<u8> {
        [content, &self.holder[..]].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_holder() {
        let content = [7; 32];
        let (mine, yours) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let cursor = Seal::new(b"key", mine, "site").close(content);
        assert_eq!(Seal::new(b"key", mine, "site").open(&cursor), Some(content));
        assert_eq!(Seal::new(b"key", yours, "site").open(&cursor), None);
        assert_eq!(Seal::new(b"key", mine, "organization").open(&cursor), None);
        assert_eq!(Seal::new(b"other", mine, "site").open(&cursor), None);
        assert_eq!(Seal::new(b"key", mine, "site").open("AAAA"), None);
    }
}
