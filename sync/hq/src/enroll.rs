//! How a terminal becomes known: a person issues a one-time code, the terminal redeems it.

use anyhow::Context as _;
use axum::{Json, extract::State};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use deadpool_postgres::Transaction;
use kart_core::id::Incarnation;
use kart_wire::{Enroll, Enrolled, Problem, code};
use ring::rand::{SecureRandom as _, SystemRandom};
use uuid::Uuid;

use crate::{
    auth::Digest,
    database::{Database, Role, begin, enter},
    limits::Stranger,
    problem::Refusal,
    server::{App, body::Brief},
    site,
};

/// Crockford's digits: none can be mistaken for another. 20 of them are 100 bits.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 20;
const GROUP: usize = 5;
const LONGEST_NONCE: usize = 128;

/// Issues a code for the terminal `terminal_code` of a site. Only its hash is stored.
pub(crate) async fn issue(
    database: &Database,
    site: &site::Place<'_>,
    terminal_code: &str,
    valid_minutes: u32,
) -> anyhow::Result<String> {
    let mut client = database.client().await?;
    let tx = begin(&mut client, Role::SiteAdmin).await?;
    site.enter(&tx).await?;
    site.require(&tx).await?;
    let code = store_code(&tx, site, terminal_code, valid_minutes, None).await?;
    tx.execute(
        "INSERT INTO edge.audit (organization_id, actor, action, detail)
         VALUES ($1, 'kart-hq enroll', 'code issued',
                 jsonb_build_object('site_id', $2::uuid, 'terminal_code', $3::text))",
        &[&site.organization, &site.id(), &terminal_code],
    )
    .await?;
    tx.commit().await?;
    Ok(code)
}

/// Makes a code, perhaps for a device that takes over from the terminal `takes_over`.
pub(crate) async fn store_code(
    tx: &Transaction<'_>,
    site: &site::Place<'_>,
    terminal_code: &str,
    valid_minutes: u32,
    takes_over: Option<Uuid>,
) -> anyhow::Result<String> {
    let length = terminal_code.chars().count();
    anyhow::ensure!((1..=50).contains(&length), "a terminal's code has 1 to 50 characters");
    let code = random_code()?;
    tx.execute(
        "INSERT INTO edge.enrollment_codes
             (organization_id, code_hash, site_id, terminal_code, expires_at, takes_over)
         VALUES ($1, $2, $3, $4, now() + make_interval(mins => $5), $6)",
        &[
            &site.organization,
            Digest::of(&normal(&code)).bytes(),
            &site.id(),
            &terminal_code,
            &i32::try_from(valid_minutes).context("--valid-minutes is too large")?,
            &takes_over,
        ],
    )
    .await?;
    Ok(code)
}

/// Registers a terminal for a one-time code.
#[utoipa::path(post, path = "/v1/enroll", request_body = Enroll,
    responses((status = 200, body = Enrolled), (status = "default", body = Problem)))]
pub(crate) async fn enroll(
    State(app): State<App>,
    stranger: Stranger,
    Brief(request): Brief<Enroll>,
) -> Result<Json<Enrolled>, Refusal> {
    stranger.claims(&app, normal(&request.code).as_bytes())?;
    tracing::Span::current().record("terminal", request.terminal.to_string());
    let public_key = BASE64_URL_SAFE_NO_PAD
        .decode(&request.public_key)
        .ok()
        .filter(|key| key.len() == ring::signature::ED25519_PUBLIC_KEY_LEN)
        .ok_or_else(|| Refusal::malformed("public_key is no Ed25519 key in base64url"))?;
    let incarnation = canonical_incarnation(&request.incarnation)?;
    if request.nonce.len() > LONGEST_NONCE || !request.nonce.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Refusal::malformed("nonce must be at most 128 visible characters"));
    }
    let mut client = app.database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let row = tx
        .query_one(
            "SELECT e.organization_id, e.site_id, e.terminal_code
             FROM edge.redeem_code($1, $2, $3, $4, $5) e",
            &[
                Digest::of(&normal(&request.code)).bytes(),
                &request.terminal,
                &incarnation,
                &public_key,
                &request.nonce,
            ],
        )
        .await
        .map_err(not_redeemed)?;
    let organization: String = row.try_get(0)?;
    enter(&tx, &organization, row.try_get(1)?).await?;
    let site = tx.query_one("SELECT code FROM edge.sites", &[]).await?;
    let enrolled =
        Enrolled { organization, site: site.try_get(0)?, terminal_code: row.try_get(2)? };
    tx.commit().await?;
    let Enrolled { organization, site, terminal_code } = &enrolled;
    tracing::info!(organization, site, terminal_code, "enrolled");
    Ok(Json(enrolled))
}

/// The one spelling of an incarnation that is stored and compared.
pub(crate) fn canonical_incarnation(text: &str) -> Result<String, Refusal> {
    match text.parse::<Incarnation>() {
        Ok(incarnation) if text.len() == 16 => Ok(incarnation.to_string()),
        _ => Err(Refusal::malformed("incarnation must be 16 hexadecimal digits")),
    }
}

fn not_redeemed(fault: tokio_postgres::Error) -> Refusal {
    let detail = match fault.code().map(tokio_postgres::error::SqlState::code) {
        Some("KE001") => "the code is unknown",
        Some("KE002") => "the code has expired",
        Some("KE003") => "the code was used before",
        Some("KE004") => "another active terminal has this code at the site; revoke it first",
        Some("KE005") => "this terminal is registered elsewhere",
        Some("KE006") => "another device has taken over already; replace that one with a new code",
        Some("KE007") => {
            "another device has taken over from this one; take over from that one \
             (`kart-hq terminal adopt`)"
        },
        _ => return fault.into(),
    };
    Refusal::forbidden(code::BAD_CODE, detail)
}

fn random_code() -> anyhow::Result<String> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random numbers"))?;
    let digits: Vec<char> =
        bytes.iter().map(|byte| char::from(DIGITS[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = digits.chunks(GROUP).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// The code as it is hashed, however a person has typed it.
fn normal(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_being_typed_by_a_person() {
        let code = random_code().unwrap();
        assert_eq!(code.len(), LENGTH + LENGTH / GROUP - 1);
        let typed = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(normal(&typed), normal(&code));
    }
}
