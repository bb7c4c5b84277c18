//! The live lane: what a terminal last said it sees. Overwritten, never counted.

use axum::{extract::State, http::StatusCode};
use kart_wire::{Problem, Status};
use tokio_postgres::types::Json;

use crate::{
    auth::{Bearer, authenticate},
    database::{Role, begin},
    problem::Refusal,
    server::{App, body::Message},
};

/// Remembers what the terminal shows now.
#[utoipa::path(post, path = "/v1/status", request_body = Status,
    responses((status = 204), (status = "default", body = Problem)))]
pub(crate) async fn status(
    State(app): State<App>,
    bearer: Bearer,
    Message(status): Message<Status>,
) -> Result<StatusCode, Refusal> {
    let mut client = app.database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    let terminal = authenticate(&tx, &bearer).await?;
    let statement = tx
        .prepare_cached(
            "INSERT INTO edge.terminal_status (organization_id, terminal_id, status)
             VALUES ($1, $2, $3)
             ON CONFLICT (organization_id, terminal_id) DO UPDATE
             SET at = excluded.at, status = excluded.status",
        )
        .await?;
    let stored =
        tx.execute(&statement, &[&terminal.organization, &terminal.id, &Json(&status)]).await;
    stored.map_err(|fault| match fault.code() {
        // A text with a NUL is JSON, but no text that Postgres can keep.
        Some(state) if state.code().starts_with("22") => {
            Refusal::malformed("the status cannot be stored")
        },
        _ => fault.into(),
    })?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
