//! The local interface: HTTP over a Unix socket. No TCP port is opened.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
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

use crate::{
    clock::Clock,
    ingest::mqtt::browse,
    pin::Gate,
    readers::Readers,
    recorder::{Call, Shown},
    sources::{Asked, InForce},
    trace::Traces,
};

mod board;
mod commissioning;
mod export;
mod figures;
mod known;
mod labor;
mod live;
mod notes;
mod openapi;
mod past;

/// Largest body of a command, bytes.
const MOST_BODY: usize = 64 * 1024;

/// Largest configuration file, bytes.
const MOST_MAP: usize = 8 * 1024 * 1024;

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
    /// What is read now.
    pub in_force: watch::Receiver<Arc<InForce>>,
    /// Where questions about topics go.
    pub topics: mpsc::Sender<browse::Asked>,
    /// The last values of each signal.
    pub traces: Arc<Traces>,
    /// What the recorder shows.
    pub shown: watch::Receiver<Shown>,
    /// Where other maps go.
    pub maps: mpsc::Sender<Asked>,
    /// What the log became.
    pub readers: Readers,
    /// The time.
    pub clock: Clock,
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
    let app = router(desk).into_make_service_with_connect_info::<commissioning::Peer>();
    axum::serve(listener, app).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

fn router(desk: Desk) -> Router {
    Router::new()
        .route("/v1/snapshot", get(snapshot))
        .route("/v1/live", get(live::stream))
        .route("/v1/commands", post(command))
        .route("/v1/figures", get(figures::figures))
        .route("/v1/board", get(board::board))
        .route("/v1/ledger", get(board::ledger))
        .route("/v1/export", get(export::export))
        .route("/v1/labor", get(labor::labor))
        .route("/v1/labor/open", post(labor::open))
        .route("/v1/notes", get(notes::notes))
        .route("/v1/sources", get(commissioning::sources))
        .route("/v1/registers", post(commissioning::registers))
        .route("/v1/topics", post(commissioning::topics))
        .route("/v1/trace", post(commissioning::trace))
        .route("/v1/rules", post(commissioning::rules))
        .route("/v1/map", post(commissioning::map).layer(DefaultBodyLimit::max(MOST_MAP)))
        .route("/v1/replay", post(past::accept).layer(DefaultBodyLimit::max(MOST_MAP)))
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi::document))
        .layer(DefaultBodyLimit::max(MOST_BODY))
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
    if matches!(request.command, kart_core::command::Command::AcceptReplay(_)) {
        return (StatusCode::FORBIDDEN, "a replay is accepted at /v1/replay").into_response();
    }
    let admitted = match desk.gate.admit(&request).await {
        Ok(()) => labor::stands(&desk, &request).await,
        refused => refused,
    };
    if let Err(refusal) = admitted {
        return Json(Answer::Refused(refusal)).into_response();
    }
    pass_on(&desk, request).await
}

/// Has the recorder decide.
async fn pass_on(desk: &Desk, request: Request) -> Response {
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
