//! How a correction is asked for: by a program with a supervisor's key, or on the command line.

use axum::{
    Json,
    extract::{Path, State},
};
use clap::{Args, ValueEnum};
use kart_core::fact::correction::{Amendment, Correctable};
use kart_wire::Problem;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Found, Made, Wish, find, make, shown};
use crate::{
    admin::{Key, Supervisor},
    cli::{SiteArgs, say},
    database::{Database, Role, begin},
    problem::Refusal,
    server::{App, body::Message},
};

/// How often a correction is tried that another transaction got in the way of.
const ATTEMPTS: u32 = 5;

/// A record as it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecordShown {
    record: Uuid,
    /// `labor`, `stop` or `batch`.
    kind: &'static str,
    /// The terminal whose record it is.
    terminal: Uuid,
    /// The fields that can be corrected.
    #[schema(value_type = Object)]
    fields: Value,
}

/// A correction that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct CorrectionMade {
    correction: Uuid,
    record: Uuid,
    kind: &'static str,
    /// The fields that were corrected, as they stood.
    #[schema(value_type = Object)]
    before: Value,
    /// The same fields now.
    #[schema(value_type = Object)]
    after: Value,
}

impl From<Found> for RecordShown {
    fn from(found: Found) -> Self {
        let standing = found.standing;
        Self {
            record: found.record.0,
            kind: standing.kind.word(),
            terminal: standing.owner.terminal.0,
            fields: shown(&standing.fields),
        }
    }
}

impl From<Made> for CorrectionMade {
    fn from(made: Made) -> Self {
        Self {
            correction: made.id,
            record: made.found.record.0,
            kind: made.found.standing.kind.word(),
            before: shown(&made.before),
            after: shown(&made.after),
        }
    }
}

/// How a labor entry, a stop or a batch stands.
#[utoipa::path(get, path = "/v1/admin/records/{id}",
    params(("id" = Uuid, Path, description = "key of the record")),
    responses((status = 200, body = RecordShown), (status = "default", body = Problem)))]
pub(crate) async fn record(
    State(app): State<App>,
    key: Key,
    id: Result<Path<Uuid>, axum::extract::rejection::PathRejection>,
) -> Result<Json<RecordShown>, Refusal> {
    let Path(id) = id.map_err(|fault| Refusal::malformed(fault.to_string()))?;
    let mut client = app.database.client().await?;
    let tx = begin(&mut client, Role::Gateway).await?;
    key.supervisor(&tx).await?;
    Ok(Json(find(&tx, id).await?.into()))
}

/// Corrects a labor entry, a stop or a batch.
#[utoipa::path(post, path = "/v1/admin/corrections", request_body = Wish,
    responses((status = 200, body = CorrectionMade), (status = "default", body = Problem)))]
pub(crate) async fn corrections(
    State(app): State<App>,
    key: Key,
    Message(wish): Message<Wish>,
) -> Result<Json<CorrectionMade>, Refusal> {
    let mut attempt = 1;
    loop {
        match correct(&app, &key, &wish).await {
            Err(refusal) if refusal.transient && attempt < ATTEMPTS => attempt += 1,
            answer => return answer.map(|made| Json(made.into())),
        }
    }
}

async fn correct(app: &App, key: &Key, wish: &Wish) -> Result<Made, Refusal> {
    let mut client = app.database.client().await?;
    let mut tx = begin(&mut client, Role::Gateway).await?;
    let supervisor = key.supervisor(&tx).await?;
    let made = make(&mut tx, &supervisor, wish).await?;
    tx.commit().await?;
    Ok(made)
}

/// What a person corrects on the command line.
#[derive(Args)]
pub(crate) struct CorrectArgs {
    /// What kind of record it is.
    kind: Kind,
    #[command(flatten)]
    site: SiteArgs,
    /// Badge or key of the supervisor who corrects.
    #[arg(long)]
    by: String,
    #[command(flatten)]
    wish: Wish,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Labor,
    Stop,
    Batch,
}

impl Kind {
    fn of(self) -> Correctable {
        match self {
            Self::Labor => Correctable::Labor,
            Self::Stop => Correctable::Stop,
            Self::Batch => Correctable::Batch,
        }
    }
}

/// `kart-hq correct`: prints what it was and what it is.
pub(crate) async fn run(database: &Database, asked: CorrectArgs) -> anyhow::Result<()> {
    let CorrectArgs { kind, site, by, wish } = asked;
    let in_words = |refusal: Refusal| anyhow::anyhow!("{}", refusal.problem().detail);
    let place = site.place();
    let mut client = database.client().await?;
    let mut tx = begin(&mut client, Role::Gateway).await?;
    place.enter(&tx).await?;
    place.require(&tx).await?;
    let supervisor = Supervisor::named(&tx, &place, &by).await?;
    let found = find(&tx, wish.record).await.map_err(in_words)?;
    let (is, asked) = (found.standing.kind, kind.of());
    anyhow::ensure!(is == asked, "{} is a {}, not a {}", wish.record, is.word(), asked.word());
    let made = make(&mut tx, &supervisor, &wish).await.map_err(in_words)?;
    tx.commit().await?;
    let line = |word: &str, amendment: &Amendment| format!("{word}\t{}", shown(amendment));
    say(&format!("correction {} of {} {}", made.id, is.word(), made.found.record))?;
    say(&line("before", &made.before))?;
    say(&line("after", &made.after))
}
