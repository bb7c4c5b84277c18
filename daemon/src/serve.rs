//! The local interface: HTTP over a Unix socket. No TCP port is opened.

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use kart_api::{Answer, Health, Request, View};
use kart_store::Head;
use metrics_exporter_prometheus::PrometheusHandle;
use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc, time::Duration};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::{mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{pin::Gate, recorder::Call};

mod live;
mod openapi;

/// Largest body of a command, bytes.
const MOST_BODY: usize = 64 * 1024;

/// How long a command may wait for the disk.
const PATIENCE: Duration = Duration::from_secs(8);

/// What the handlers need.
#[derive(Clone)]
pub struct Desk {
    /// The current view.
    pub view: watch::Receiver<Arc<View>>,
    /// Where commands go.
    pub calls: mpsc::Sender<Call>,
    /// Who is asked for a PIN.
    pub gate: Arc<Gate>,
    /// Where the log stands.
    pub head: watch::Receiver<Head>,
    /// The metrics of this process.
    pub metrics: PrometheusHandle,
    /// Ends live streams.
    pub stop: CancellationToken,
}

/// Takes the socket at `path`. An old socket file is removed only after nobody answered there.
pub async fn bind(path: &Path) -> io::Result<UnixListener> {
    if UnixStream::connect(path).await.is_ok() {
        let text = format!("another kartd answers at {}", path.display());
        return Err(io::Error::new(io::ErrorKind::AddrInUse, text));
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        Ok(()) | Err(_) => {},
    }
    let listener = UnixListener::bind(path)?;
    // The owner and the group of the operators; nobody else.
    fs::set_permissions(path, fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Serves until the desk's `stop`.
pub async fn run(listener: UnixListener, desk: Desk) -> io::Result<()> {
    let stop = desk.stop.clone();
    axum::serve(listener, router(desk))
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await
}

fn router(desk: Desk) -> Router {
    Router::new()
        .route("/v1/snapshot", get(snapshot))
        .route("/v1/live", get(live::stream))
        .route("/v1/commands", axum::routing::post(command))
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi::document))
        .layer(axum::extract::DefaultBodyLimit::max(MOST_BODY))
        .with_state(desk)
}

async fn snapshot(State(desk): State<Desk>) -> Json<View> {
    let view = Arc::clone(&desk.view.borrow());
    Json((*view).clone())
}

async fn command(State(desk): State<Desk>, body: axum::body::Bytes) -> Response {
    let request: Request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => {
            return (StatusCode::BAD_REQUEST, format!("not a command: {error}")).into_response();
        },
    };
    if request.key.is_empty() || request.key.len() > 64 {
        return (StatusCode::BAD_REQUEST, "key: must have 1 to 64 characters").into_response();
    }
    if let Err(refusal) = desk.gate.admit(&request).await {
        return Json(Answer::Refused(refusal)).into_response();
    }
    let (reply, answer) = oneshot::channel();
    let asked = timeout(PATIENCE, async {
        desk.calls.send(Call { request, reply }).await.ok()?;
        answer.await.ok()
    });
    match asked.await {
        Ok(Some(answer)) => Json::<Answer>(answer).into_response(),
        // Whether it was recorded is not known; the same key again finds out.
        Ok(None) => (StatusCode::SERVICE_UNAVAILABLE, "kartd is stopping").into_response(),
        Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the disk is slow; ask again with the same key")
                .into_response()
        },
    }
}

async fn health(State(desk): State<Desk>) -> Json<Health> {
    let view = Arc::clone(&desk.view.borrow());
    let head = *desk.head.borrow();
    Json(Health {
        contract: kart_api::VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        recording: view.sync.recording.clone(),
        head: head.seq,
        head_hash: head.hash.to_string(),
        acked: view.sync.acked,
    })
}

async fn metrics(State(desk): State<Desk>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], desk.metrics.render()).into_response()
}
