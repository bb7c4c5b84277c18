//! The HTTP server: what every request goes through, and how the server starts and stops.

use std::{io::Write as _, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{
    Json, Router,
    error_handling::HandleErrorLayer,
    extract::Request,
    http::{Method, StatusCode, Uri},
    middleware::from_fn_with_state,
    response::{IntoResponse as _, Response},
    routing::get,
};
use axum_server::{Address, Handle, Server, tls_rustls::RustlsAcceptor};
use hyper_util::rt::TokioTimer;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{Semaphore, watch},
    time::timeout,
};
use tower::{BoxError, ServiceBuilder};
use tower_http::{catch_panic::CatchPanicLayer, trace::TraceLayer};

use crate::{
    config::Config,
    database::Database,
    feed::{self, Bell, Meters},
    limits::{self, Pace},
    openapi,
    problem::Refusal,
    work::{self, WorkArgs},
};

pub(crate) mod body;
mod certificate;
mod connection;

use connection::Places;

/// Beyond this many requests of one kind at a time, the next is sent away at once.
const MOST_AT_ONCE: usize = 512;
/// Whoever is unknown takes no places from those who are not.
const MOST_STRANGERS_AT_ONCE: usize = 256;
/// A push may need tens of megabytes while it is worked on.
const MOST_PUSHES_AT_ONCE: usize = 32;
/// Between the opening of a connection, or the last answer on it, and the whole head of a request.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// Longer than the longest pull waits.
const REQUEST_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) database: Database,
    /// Whose turn it is to push.
    pub(crate) pushes: Arc<Semaphore>,
    /// How fast each token is used.
    pub(crate) pace: Arc<Pace>,
    /// Rings when something has changed.
    pub(crate) bell: Bell,
    /// What is measured.
    pub(crate) meters: Meters,
    /// How long one request reads in a life that ends.
    pub(crate) replay_limit: Duration,
    /// Turns true when the server is asked to stop.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn serve(config: Config) -> anyhow::Result<()> {
    let database = Database::new(config.database)?;
    database.check_login().await?;
    feed::check(&database).await.context("the change feed; `kart-hq migrate` may help")?;
    let (bell, meters) = (Bell::default(), Meters::new(config.listen.ip().is_loopback())?);
    let ringing = (bell.clone(), database.clone(), meters.clone());
    let (stop, stopping) = watch::channel(false);
    let pushes = Arc::new(Semaphore::new(MOST_PUSHES_AT_ONCE));
    let pace = Arc::new(Pace::default());
    let replay_limit = config.replay_limit;
    let background = Box::pin(background(database.clone(), config.work, stopping.clone()));
    let router = router(App { database, pushes, pace, bell, meters, replay_limit, stopping })
        .into_make_service_with_connect_info::<SocketAddr>();
    let certified = match &config.tls {
        Some(tls) => {
            let read = certificate::read(tls).await;
            Some(read.context("tls.certificate and tls.key do not fit")?)
        },
        None => None,
    };
    let kept = certificate::keep(config.tls.as_ref(), certified.clone());
    let places = Places::new(config.most_connections);
    let listener = std::net::TcpListener::bind(config.listen)
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    listener.set_nonblocking(true)?;
    announce(&listener)?;
    let handle = Handle::new();
    let served = async {
        let server = axum_server::from_tcp(listener)?.handle(handle.clone());
        match certified {
            Some(certified) => {
                let acceptor = RustlsAcceptor::new(certified).acceptor(places);
                impatient(server.acceptor(acceptor)).serve(router).await
            },
            None => impatient(server.acceptor(places)).serve(router).await,
        }
    };
    let stopped = async {
        asked_to_stop().await?;
        tracing::info!("stopping");
        stop.send_replace(true);
        handle.graceful_shutdown(Some(STOP_LIMIT));
        anyhow::Ok(())
    };
    let served = async { served.await.context("the server failed") };
    let ended = async { tokio::try_join!(served, stopped, background) };
    tokio::select! {
        ended = ended => ended.map(drop),
        Err(fault) = kept => Err(fault).context("SIGHUP cannot be listened for"),
        never = ringing.0.run(&ringing.1, &ringing.2) => match never {},
    }
}

/// Works beside the server, where that is wanted, until it is to stop.
async fn background(
    database: Database,
    is_wanted: bool,
    stopping: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let working = async {
        match work::require_role(&database).await {
            Ok(()) => work::forever(&database, stopping.clone()).await,
            Err(fault) => tracing::warn!(fault = %format!("{fault:#}"), "no background work here"),
        }
    };
    if is_wanted {
        in_time(working, stopping.clone()).await;
    }
    Ok(())
}

/// What comes of `work`, or nothing where it was to stop and took longer than it may for that.
async fn in_time<T>(
    work: impl Future<Output = T>,
    mut stopping: watch::Receiver<bool>,
) -> Option<T> {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        done = &mut work => return Some(done),
        // Whoever could ask has gone, too, which is no different.
        _ = stopping.wait_for(|stopping| *stopping) => {},
    }
    timeout(STOP_LIMIT, work).await.ok()
}

/// `kart-hq work`, until it has done what was asked for or SIGTERM.
pub(crate) async fn work(database: &Database, asked: WorkArgs) -> anyhow::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let asked_to = async {
        asked_to_stop().await?;
        stop.send_replace(true);
        std::future::pending::<anyhow::Result<()>>().await
    };
    let work = in_time(work::run(database, asked, stopping.clone()), stopping);
    tokio::select! {
        done = work => done.unwrap_or(Ok(())),
        fault = asked_to => fault,
    }
}

/// Hangs up on whoever does not say what they want. Only HTTP/1: to find out which version is spoken
/// would mean to wait without a limit.
fn impatient<A: Address, Acceptor>(server: Server<A, Acceptor>) -> Server<A, Acceptor> {
    let mut server = server.http1_only();
    server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT);
    server
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
    let limits = |most| {
        ServiceBuilder::new()
            .layer(HandleErrorLayer::new(overloaded))
            .load_shed()
            .concurrency_limit(most)
            .timeout(REQUEST_LIMIT)
    };
    // As many as there are connections.
    let patience =
        ServiceBuilder::new().layer(HandleErrorLayer::new(overloaded)).timeout(REQUEST_LIMIT);
    let (router, document) = openapi::router()
        .layer(limits(MOST_AT_ONCE))
        .merge(openapi::strangers().layer(limits(MOST_STRANGERS_AT_ONCE)))
        .merge(openapi::waiting().layer(patience))
        .split_for_parts();
    let document = Json(document);
    router
        .route("/openapi.json", get(async move || document))
        .route("/health", get(feed::health))
        .route("/metrics", get(feed::metrics))
        .method_not_allowed_fallback(nowhere)
        .fallback(nowhere)
        .layer(from_fn_with_state(app.clone(), limits::pace))
        .layer(CatchPanicLayer::custom(|_panic| panicked()))
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request| {
            let (method, path) = (request.method().as_str(), request.uri().path());
            tracing::info_span!("request", method, path, terminal = tracing::field::Empty)
        }))
        .with_state(app)
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
