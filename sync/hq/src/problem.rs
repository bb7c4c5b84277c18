//! Why a request is not carried out, as the contract says it: every refusal is a `Problem`.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use deadpool_postgres::PoolError;
use kart_wire::{Problem, code};

/// Ends a request. Whatever its transaction did is undone with it.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    problem: Problem,
    /// When to come again, in seconds.
    after_s: Option<u16>,
    /// Another transaction was in the way: the same request may succeed at once.
    pub(crate) transient: bool,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self { status, problem: Problem::new(code, detail), after_s: None, transient: false }
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::MALFORMED, detail)
    }

    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code::UNAUTHORIZED, detail)
    }

    pub(crate) fn forbidden(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    pub(crate) fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, code::TOO_LARGE, detail)
    }

    pub(crate) fn unavailable() -> Self {
        let detail = "headquarters cannot work now; try again later";
        let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, detail);
        Self { after_s: Some(1), ..refusal }
    }

    /// One request too many of somebody who may come again.
    pub(crate) fn busy(wait: Duration) -> Self {
        let after_s = u16::try_from(wait.as_secs()).unwrap_or(u16::MAX).max(1);
        let detail = format!("too many requests; try again in {after_s} s");
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, code::BUSY, detail);
        Self { after_s: Some(after_s), ..refusal }
    }

    /// The request is right and too large for one go: asked again, it goes on where it stopped.
    pub(crate) fn unfinished(done: u64, of: u64) -> Self {
        let detail = format!("{done} of {of} facts of the former life are read; ask again");
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, code::BUSY, detail);
        Self { after_s: Some(1), ..refusal }
    }

    /// Nothing is wrong with the request but its pace.
    pub(crate) fn too_slow() -> Self {
        let detail = "the body came too slowly";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, detail)
    }

    #[must_use]
    pub(crate) fn at(mut self, watermark: u64) -> Self {
        self.problem.watermark = Some(watermark);
        self
    }

    /// With the time that it is here.
    #[must_use]
    pub(crate) fn at_us(mut self, server_us: i64) -> Self {
        self.problem.server_us = Some(server_us);
        self
    }

    /// What the terminal is told.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> &str {
        &self.problem.code
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Problem { code, detail, .. } = &self.problem;
        tracing::info!(status = self.status.as_u16(), code, detail, "refused");
        let mut response = (self.status, Json(self.problem)).into_response();
        if let Some(after_s) = self.after_s {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after_s));
        }
        response
    }
}

/// What the database says is for the log; a terminal only learns that it has to wait.
impl From<tokio_postgres::Error> for Refusal {
    fn from(fault: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let state = fault.code();
        let transient = state == Some(&SqlState::T_R_SERIALIZATION_FAILURE)
            || state == Some(&SqlState::T_R_DEADLOCK_DETECTED);
        tracing::error!(fault = %Chain(&fault), transient, "the database refused");
        Self { transient, ..Self::unavailable() }
    }
}

impl From<PoolError> for Refusal {
    fn from(fault: PoolError) -> Self {
        tracing::error!(fault = %Chain(&fault), "the database cannot be reached");
        Self::unavailable()
    }
}

/// A fault with everything that led to it.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(fault) = next {
            write!(f, ": {fault}")?;
            next = fault.source();
        }
        Ok(())
    }
}
