//! From the proof of a device key to a short-lived token.
//!
//! The proof is a compact JWS whose only algorithm is Ed25519; it can be used once. The clock of a
//! terminal may be wrong by days without shutting it out: what an assertion could be replayed in
//! is the time its `jti` is remembered for.

use axum::{Json, extract::State};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use deadpool_postgres::Transaction;
use kart_wire::{AUDIENCE, Assertion, Claims, Problem, Token};
use ring::{
    rand::{SecureRandom as _, SystemRandom},
    signature::{ED25519, UnparsedPublicKey},
};
use serde::{Deserialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    auth::{Digest, require_active},
    clock,
    database::{Role, begin},
    limits::Stranger,
    problem::Refusal,
    server::{App, body::Brief},
};

/// How far the terminal's clock may be off.
pub(crate) const CLOCK_WINDOW_S: i64 = 7 * 24 * 3600;
const TOKEN_LIVES_S: u32 = 600;

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// An assertion taken apart; nothing in it is proved yet.
pub(crate) struct Unproved<'a, C> {
    signed: &'a str,
    signature: Vec<u8>,
    pub(crate) claims: C,
}

/// The key of a terminal that may use it.
pub(crate) struct Credential {
    pub(crate) key: Vec<u8>,
    /// It gives no token any more …
    pub(crate) expired: bool,
    /// … but may still sign its successor.
    pub(crate) replaceable: bool,
    status: String,
}

impl Credential {
    pub(crate) async fn of(tx: &Transaction<'_>, terminal: Uuid) -> Result<Self, Refusal> {
        let row = tx
            .query_opt(
                "SELECT public_key, status, expired, replaceable
                 FROM edge.terminal_credential($1)",
                &[&terminal],
            )
            .await?
            .ok_or_else(unknown)?;
        Ok(Self {
            key: row.try_get(0)?,
            status: row.try_get(1)?,
            expired: row.try_get(2)?,
            replaceable: row.try_get(3)?,
        })
    }
}

impl<C> Unproved<'_, C> {
    /// Signed by that key, whose terminal may use it.
    pub(crate) fn prove(&self, credential: &Credential) -> Result<(), Refusal> {
        let key = UnparsedPublicKey::new(&ED25519, &credential.key);
        key.verify(self.signed.as_bytes(), &self.signature).map_err(|_| unknown())?;
        require_active(&credential.status)
    }

    /// Made for `audience`, now by a clock that is not far off. Gives how far, in seconds.
    pub(crate) fn recent(&self, claims: &Claims, audience: &str) -> Result<i64, Refusal> {
        if claims.aud != audience {
            return Err(Refusal::unauthorized("the assertion is made for somebody else"));
        }
        let off = claims.iat.saturating_sub(clock::now_s());
        if off.saturating_abs() > CLOCK_WINDOW_S {
            let detail = format!("the terminal's clock is off by {off} seconds; set it");
            // A terminal that knows the time from us comes again at once.
            return Err(Refusal::unauthorized(detail).at_us(clock::now_us()));
        }
        Ok(off)
    }
}

/// Exchanges a signed assertion for a token.
#[utoipa::path(post, path = "/v1/token", request_body = Assertion,
    responses((status = 200, body = Token), (status = "default", body = Problem)))]
pub(crate) async fn token(
    State(app): State<App>,
    stranger: Stranger,
    Brief(assertion): Brief<Assertion>,
) -> Result<Json<Token>, Refusal> {
    let unproved = take_apart::<Claims>(&assertion.assertion)?;
    let claims = &unproved.claims;
    stranger.claims(&app, claims.iss.as_bytes())?;
    tracing::Span::current().record("terminal", claims.iss.to_string());
    let mut client = app.database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let credential = Credential::of(&tx, claims.iss).await?;
    unproved.prove(&credential)?;
    let off = unproved.recent(claims, AUDIENCE)?;
    if credential.expired {
        let detail = "the key of this terminal has ended; run kartd rotate-key";
        return Err(Refusal::unauthorized(detail));
    }
    let token = random_token()?;
    let digest = Digest::of(&token);
    tx.execute(
        "SELECT edge.issue_token($1, $2, now() + make_interval(secs => $3::int), $4,
                                 now() + make_interval(secs => $5::bigint::int))",
        &[
            &claims.iss,
            digest.bytes(),
            &i32::try_from(TOKEN_LIVES_S).unwrap_or(i32::MAX),
            &claims.jti.to_string(),
            // Until its `iat` is outside of the window, and a little longer.
            &off.saturating_add(CLOCK_WINDOW_S + 60),
        ],
    )
    .await
    .map_err(not_issued)?;
    tx.commit().await?;
    app.pace.know(&digest);
    Ok(Json(Token { token, expires_in_s: u64::from(TOKEN_LIVES_S) }))
}

/// An unknown terminal and a wrong signature look alike from outside.
pub(crate) fn unknown() -> Refusal {
    Refusal::unauthorized("the assertion is not signed by a terminal of ours")
}

pub(crate) fn not_issued(fault: tokio_postgres::Error) -> Refusal {
    match fault.code().map(tokio_postgres::error::SqlState::code) {
        Some("KE010") => Refusal::unauthorized("the assertion was used before"),
        Some("KE011") => unknown(),
        _ => fault.into(),
    }
}

pub(crate) fn take_apart<C: DeserializeOwned>(assertion: &str) -> Result<Unproved<'_, C>, Refusal> {
    let malformed = || Refusal::malformed("the assertion is no compact JWS of this contract");
    let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
    let (signed, signature) = assertion.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| malformed())?;
    if header.alg != "EdDSA" {
        return Err(malformed());
    }
    let claims = serde_json::from_slice(&decode(claims)?).map_err(|_| malformed())?;
    Ok(Unproved { signed, signature: decode(signature)?, claims })
}

fn random_token() -> Result<String, Refusal> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Refusal::unavailable())?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assertion(header: &str) -> String {
        let claims = r#"{"iss":"6f1c2f0e-0a3c-4d52-9a39-0f6c0b7f2a11","aud":"a","iat":1,"jti":"6f1c2f0e-0a3c-4d52-9a39-0f6c0b7f2a12"}"#;
        [header, claims, "signature"].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".")
    }

    #[test]
    fn no_other_algorithm_is_taken() {
        assert!(take_apart::<Claims>(&assertion(r#"{"alg":"EdDSA"}"#)).is_ok());
        assert!(take_apart::<Claims>(&assertion(r#"{"alg":"none"}"#)).is_err());
        assert!(take_apart::<Claims>(&assertion(r#"{"alg":"HS256"}"#)).is_err());
        assert!(take_apart::<Claims>("a.b").is_err());
    }
}
