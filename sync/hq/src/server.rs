//! The HTTP server: what every request goes through, and how the server starts and stops.

use std::{io::Write as _, time::Duration};

use anyhow::Context as _;
use axum::{
    Json, Router,
    error_handling::HandleErrorLayer,
    extract::{Request, State},
    http::{Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
    routing::get,
};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tower::{BoxError, ServiceBuilder};
use tower_http::{catch_panic::CatchPanicLayer, trace::TraceLayer};

use crate::{config::Config, database::Database, openapi, problem::Refusal};

pub(crate) mod body;

/// Beyond this many requests of one kind at a time, the next is sent away at once.
const MOST_AT_ONCE: usize = 512;
/// Longer than the longest pull waits.
const REQUEST_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) database: Database,
    /// Turns true when the server is asked to stop.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn serve(config: Config) -> anyhow::Result<()> {
    let database = Database::new(config.database)?;
    database.check_login().await?;
    let (stop, stopping) = watch::channel(false);
    let router = router(App { database, stopping }).into_make_service();
    let tls = match &config.tls {
        Some(tls) => Some(
            RustlsConfig::from_pem_file(&tls.certificate, &tls.key)
                .await
                .context("tls.certificate and tls.key do not fit")?,
        ),
        None => None,
    };
    let listener = std::net::TcpListener::bind(config.listen)
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    listener.set_nonblocking(true)?;
    announce(&listener)?;
    let handle = Handle::new();
    let served = async {
        match tls {
            Some(tls) => {
                let server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle.clone());
                server.serve(router).await
            },
            None => {
                let server = axum_server::from_tcp(listener)?.handle(handle.clone());
                server.serve(router).await
            },
        }
    };
    let stopped = async {
        asked_to_stop().await?;
        tracing::info!("stopping");
        stop.send_replace(true);
        handle.graceful_shutdown(Some(STOP_LIMIT));
        anyhow::Ok(())
    };
    tokio::try_join!(async { served.await.context("the server failed") }, stopped)?;
    Ok(())
}

/// A line for whoever started the program; logs go to the other stream.
fn announce(listener: &std::net::TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{{\"event\":\"listening\",\"address\":\"{address}\"}}")?;
    out.flush()?;
    tracing::info!(%address, "listening");
    Ok(())
}

async fn asked_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

fn router(app: App) -> Router {
    let (router, document) = openapi::router().split_for_parts();
    let document = Json(document);
    let limits = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(overloaded))
        .load_shed()
        .concurrency_limit(MOST_AT_ONCE)
        .timeout(REQUEST_LIMIT);
    router
        .route("/openapi.json", get(async move || document))
        .route("/health", get(health))
        .method_not_allowed_fallback(nowhere)
        .fallback(nowhere)
        .layer(limits)
        .layer(CatchPanicLayer::custom(|_panic| panicked()))
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request| {
            let (method, path) = (request.method().as_str(), request.uri().path());
            tracing::info_span!("request", method, path, terminal = tracing::field::Empty)
        }))
        .with_state(app)
}

async fn health(State(app): State<App>) -> Result<&'static str, Refusal> {
    app.database.client().await?.simple_query("SELECT 1").await?;
    Ok("ok")
}

async fn nowhere(method: Method, uri: Uri) -> Refusal {
    let detail = format!("there is no {method} {}", uri.path());
    Refusal::new(StatusCode::NOT_FOUND, kart_wire::code::MALFORMED, detail)
}

async fn overloaded(fault: BoxError) -> Refusal {
    tracing::warn!(fault, "gave a request up");
    Refusal::unavailable()
}

fn panicked() -> Response {
    tracing::error!("a handler panicked");
    Refusal::unavailable().into_response()
}
