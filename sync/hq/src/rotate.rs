//! A device replaces its key by a new one that the old one has signed.

use axum::{extract::State, http::StatusCode};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use kart_wire::{Problem, ROTATION, Rotate, Rotation};

use crate::{
    database::{Role, begin},
    limits::Stranger,
    problem::Refusal,
    server::{App, body::Brief},
    token::{CLOCK_WINDOW_S, Credential, not_issued, take_apart, unknown},
};

/// Replaces the key. A key that has ended is good for this alone, and not for long.
#[utoipa::path(post, path = "/v1/rotate", request_body = Rotate,
    responses((status = 204), (status = "default", body = Problem)))]
pub(crate) async fn rotate(
    State(app): State<App>,
    stranger: Stranger,
    Brief(request): Brief<Rotate>,
) -> Result<StatusCode, Refusal> {
    let unproved = take_apart::<Rotation>(&request.rotation)?;
    let claims = &unproved.claims.claims;
    stranger.claims(&app, claims.iss.as_bytes())?;
    tracing::Span::current().record("terminal", claims.iss.to_string());
    let new = BASE64_URL_SAFE_NO_PAD
        .decode(&unproved.claims.public_key)
        .ok()
        .filter(|key| key.len() == ring::signature::ED25519_PUBLIC_KEY_LEN)
        .ok_or_else(|| Refusal::malformed("public_key is no Ed25519 key in base64url"))?;
    let mut client = app.database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let credential = Credential::of(&tx, claims.iss).await?;
    unproved.prove(&credential)?;
    let off = unproved.recent(claims, ROTATION)?;
    if credential.expired && !credential.replaceable {
        let detail = "the key ended too long ago to be replaced; enroll the terminal again";
        return Err(Refusal::unauthorized(detail));
    }
    let row = tx
        .query_one(
            "SELECT edge.rotate_key($1, $2, $3, $4, now() + make_interval(secs => $5::bigint::int))",
            &[
                &claims.iss,
                &credential.key,
                &new,
                &claims.jti.to_string(),
                &off.saturating_add(CLOCK_WINDOW_S + 60),
            ],
        )
        .await
        .map_err(not_issued)?;
    if !row.try_get::<_, bool>(0)? {
        return Err(unknown());
    }
    tx.commit().await?;
    tracing::info!("the key was replaced");
    Ok(StatusCode::NO_CONTENT)
}
