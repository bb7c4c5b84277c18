//! Accepting a replay rewrites what reports say of the past. Like another map it is for those who
//! could write the files anyway: the user this daemon runs as, and root.

use axum::{
    body::Bytes,
    extract::{ConnectInfo, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kart_api::Request;
use kart_core::command::Command;

use super::{
    Desk,
    commissioning::{Peer, not_understood},
    pass_on,
};

/// Takes what a replay came to for what happened.
pub(super) async fn accept(
    State(desk): State<Desk>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Bytes,
) -> Response {
    if peer.master().is_none() {
        let why = "only root and the user that kartd runs as can accept a replay";
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let request: Request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return not_understood(&error),
    };
    let key = 1..=64;
    let replay = matches!(request.command, Command::AcceptReplay(_));
    if !replay || !key.contains(&request.key.len()) {
        return (StatusCode::BAD_REQUEST, "this is no replay, or it has no key").into_response();
    }
    pass_on(&desk, request).await
}
