//! Who is asking: the terminal behind a token, looked up at each request, so that a revocation
//! takes effect with the next one.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{header::AUTHORIZATION, request::Parts},
};
use deadpool_postgres::Transaction;
use kart_wire::code;
use ring::digest;
use uuid::Uuid;

use crate::{
    admin::Supervisor,
    database::{Role, begin},
    limits::Stranger,
    problem::Refusal,
    server::App,
};

/// Where a request came from: the terminal itself, or what stands before us.
#[derive(Clone, Copy)]
pub(crate) struct Peer(Option<SocketAddr>);

impl Peer {
    pub(crate) fn text(self) -> Option<String> {
        self.0.map(|address| address.to_string())
    }

    pub(crate) fn ip(self) -> Option<IpAddr> {
        self.0.map(|address| address.ip())
    }
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0)))
    }
}

/// SHA-256 of a secret; the secret itself is never stored.
#[derive(Clone)]
pub(crate) struct Digest(Vec<u8>);

impl Digest {
    pub(crate) fn of(secret: &str) -> Self {
        Self(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec())
    }

    pub(crate) fn bytes(&self) -> &Vec<u8> {
        &self.0
    }
}

/// The token of a request.
pub(crate) struct Bearer(Digest);

/// Whose a token may be.
#[derive(Clone, Copy)]
pub(crate) enum Bears {
    /// A terminal's.
    Token,
    /// A supervisor's program's.
    Key,
}

impl Bearer {
    /// What is kept of it.
    pub(crate) fn digest(&self) -> &Digest {
        &self.0
    }

    /// Lets pass whoever is known, and says so to the next request: nobody else has a body read. What
    /// the request does looks the token up once more, in its own transaction.
    pub(crate) async fn admit(
        &self,
        parts: &mut Parts,
        app: &App,
        bears: Bears,
    ) -> Result<(), Refusal> {
        if app.pace.knows(&self.0) {
            return Ok(());
        }
        Stranger::from_request_parts(parts, app).await?;
        let mut client = app.database.client().await?;
        let tx = begin(&mut client, Role::Gateway).await?;
        match bears {
            Bears::Token => drop(authenticate(&tx, self).await?),
            Bears::Key => drop(Supervisor::behind(&tx, self).await?),
        }
        tx.rollback().await?;
        app.pace.know(&self.0);
        Ok(())
    }

    /// As the request names it.
    pub(crate) fn named(parts: &Parts) -> Result<Self, Refusal> {
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .filter(|token| !token.is_empty());
        match token {
            Some(token) => Ok(Self(Digest::of(token))),
            None => Err(Refusal::unauthorized("this request needs a token")),
        }
    }
}

/// The token of a terminal of ours.
impl FromRequestParts<App> for Bearer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let bearer = Self::named(parts)?;
        bearer.admit(parts, app, Bears::Token).await?;
        Ok(bearer)
    }
}

/// A terminal that has proved itself.
pub struct Terminal {
    /// Its owner.
    pub organization: String,
    /// Its site.
    pub site: Uuid,
    /// Itself.
    pub id: Uuid,
    /// Life of its log.
    pub incarnation: String,
}

/// Recognises the terminal and enters its organisation and site: never those a body names.
pub(crate) async fn authenticate(
    tx: &Transaction<'_>,
    bearer: &Bearer,
) -> Result<Terminal, Refusal> {
    let statement = tx
        .prepare_cached(
            "SELECT a.organization_id, a.site_id, a.terminal_id, a.incarnation, a.status,
                    set_config('edge.organization', a.organization_id, true),
                    set_config('edge.site', a.site_id::text, true)
             FROM edge.authenticate($1) a",
        )
        .await?;
    let Some(row) = tx.query_opt(&statement, &[bearer.0.bytes()]).await? else {
        return Err(Refusal::unauthorized("the token is unknown or has expired"));
    };
    let terminal = Terminal {
        organization: row.try_get(0)?,
        site: row.try_get(1)?,
        id: row.try_get(2)?,
        incarnation: row.try_get(3)?,
    };
    tracing::Span::current().record("terminal", terminal.id.to_string());
    require_active(row.try_get(4)?)?;
    Ok(terminal)
}

/// A terminal that was revoked or retired gets nothing.
pub(crate) fn require_active(status: &str) -> Result<(), Refusal> {
    match status {
        "active" => Ok(()),
        status => Err(Refusal::forbidden(code::REVOKED, format!("this terminal is {status}"))),
    }
}
