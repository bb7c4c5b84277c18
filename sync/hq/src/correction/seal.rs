//! What headquarters corrects bears a seal that only headquarters can make: a headquarters that was
//! put back to an older state knows by it the corrections that it made since and has lost.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use deadpool_postgres::Transaction;
use kart_core::fact::correction::CorrectionSeen;
use ring::hmac;
use tokio_postgres::Error;

/// Says what is signed, so that no other text of this key can be taken for a correction.
const PURPOSE: &str = "correction";

/// Makes and knows the seals of one site.
pub struct CorrectionSeal(hmac::Key);

impl CorrectionSeal {
    /// With the secret of a site.
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Of the site that the transaction has entered.
    pub(super) async fn read(tx: &Transaction<'_>) -> Result<Self, Error> {
        let statement = tx
            .prepare_cached(
                "SELECT cursor_key FROM edge.sites
                 WHERE organization_id = current_setting('edge.organization')
                   AND site_id = current_setting('edge.site')::uuid",
            )
            .await?;
        Ok(Self::new(tx.query_one(&statement, &[]).await?.try_get(0)?))
    }

    /// The seal of a correction.
    pub fn of(&self, seen: &CorrectionSeen) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, &told(seen)))
    }

    /// Whether headquarters has made this correction.
    pub fn holds(&self, seen: &CorrectionSeen) -> bool {
        let tag = seen.seal.as_ref().and_then(|seal| BASE64_URL_SAFE_NO_PAD.decode(seal).ok());
        tag.is_some_and(|tag| hmac::verify(&self.0, &told(seen), &tag).is_ok())
    }
}

/// All of it but what each terminal says for itself.
fn told(seen: &CorrectionSeen) -> Vec<u8> {
    let CorrectionSeen { correction, origin, seq, made, by, corrected, here: _, seal: _ } = seen;
    serde_json::to_vec(&(PURPOSE, correction, origin, seq, made, by, corrected)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::{
        fact::correction::{Amendment, Correctable, Corrected},
        id::{Incarnation, Origin, RecordId, TerminalId},
        time::Micros,
    };
    use uuid::Uuid;

    #[test]
    fn only_what_was_sealed_is_known_again() {
        let (seal, other) = (CorrectionSeal::new(b"ours"), CorrectionSeal::new(b"theirs"));
        let corrected = Corrected {
            record: RecordId(Uuid::from_u128(1)),
            kind: Correctable::Batch,
            rank: 4,
            reason: None,
            before: Amendment::default(),
            after: Amendment { good: Some(7), ..Amendment::default() },
        };
        let mut seen = CorrectionSeen {
            correction: Uuid::from_u128(2),
            origin: Origin { terminal: TerminalId(Uuid::nil()), incarnation: Incarnation(1) },
            seq: 3,
            made: Micros(4),
            by: None,
            corrected,
            here: None,
            seal: None,
        };
        assert!(!seal.holds(&seen));
        seen.seal = Some(seal.of(&seen));
        assert!(seal.holds(&seen) && !other.holds(&seen));
        seen.here = Some(RecordId(Uuid::from_u128(9)));
        assert!(seal.holds(&seen), "the name at a terminal is the terminal's word");
        seen.corrected.after.good = Some(8);
        assert!(!seal.holds(&seen));
    }
}
