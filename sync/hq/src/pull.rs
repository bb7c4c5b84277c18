//! What headquarters sends down: the reference data of the site, as a whole, when it has changed.

use std::time::Duration;

use axum::{Json, extract::State};
use deadpool_postgres::Transaction;
use kart_wire::{Problem, Pull, Pulled};
use tokio::time::{Instant, sleep};

use crate::{
    auth::{Bearer, Terminal, authenticate},
    database::{Role, begin},
    problem::Refusal,
    push::head::require_session,
    quarantine,
    server::{App, body::Message},
};

mod cursor;

use cursor::{Position, Seal};

const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Between two looks no connection is held.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Sends the reference data of the site when they are not those the cursor stands for.
#[utoipa::path(post, path = "/v1/pull", request_body = Pull,
    responses((status = 200, body = Pulled), (status = "default", body = Problem)))]
pub(crate) async fn pull(
    State(app): State<App>,
    bearer: Bearer,
    Message(pull): Message<Pull>,
) -> Result<Json<Pulled>, Refusal> {
    if pull.scope != "site" {
        return Err(Refusal::malformed("the scope must be site"));
    }
    let until = Instant::now() + Duration::from_millis(pull.wait_ms).min(LONGEST_WAIT);
    loop {
        let found = look(&app, &bearer, &pull).await?;
        if matches!(found, Pulled::Snapshot { .. }) {
            return Ok(Json(found));
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || *app.stopping.borrow() {
            return Ok(Json(found));
        }
        sleep(left.min(BETWEEN_LOOKS)).await;
    }
}

/// What there is for the terminal at this moment.
async fn look(app: &App, bearer: &Bearer, pull: &Pull) -> Result<Pulled, Refusal> {
    let mut client = app.database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let terminal = authenticate(&tx, bearer).await?;
    require_session(&tx, &terminal, pull.session).await?;
    let quarantined = quarantine::of(&tx, &terminal, 0, u64::MAX).await?;
    let seal = Seal::new(&cursor_key(&tx, &terminal).await?, terminal.id, &pull.scope);
    let known = pull.cursor.as_deref().and_then(|cursor| seal.open(cursor)).unwrap_or_default();
    let statement = tx
        .prepare_cached(
            "SELECT version, updated_at, snapshot FROM edge.sites
             WHERE organization_id = $1 AND site_id = $2 AND snapshot IS NOT NULL
               AND (version, updated_at) <> ($3, $4)",
        )
        .await?;
    let known_at = jiff::Timestamp::from_microsecond(known.updated_us).unwrap_or_default();
    let (organization, site) = (&terminal.organization, &terminal.site);
    let newer = tx.query_opt(&statement, &[organization, site, &known.version, &known_at]).await?;
    let Some(row) = newer else { return Ok(Pulled::Unchanged { quarantined }) };
    let updated_at: jiff::Timestamp = row.try_get(1)?;
    let position = Position { version: row.try_get(0)?, updated_us: updated_at.as_microsecond() };
    let cursor = seal.close(position);
    Ok(Pulled::Snapshot { cursor, snapshot: row.try_get(2)?, quarantined })
}

async fn cursor_key(tx: &Transaction<'_>, terminal: &Terminal) -> Result<Vec<u8>, Refusal> {
    let statement = tx
        .prepare_cached(
            "SELECT cursor_key FROM edge.sites WHERE organization_id = $1 AND site_id = $2",
        )
        .await?;
    let row = tx.query_one(&statement, &[&terminal.organization, &terminal.site]).await?;
    Ok(row.try_get(0)?)
}
