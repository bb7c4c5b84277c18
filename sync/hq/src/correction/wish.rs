//! What a supervisor asks for, in the words of people: codes and badges where the fact has keys.

use clap::Args;
use deadpool_postgres::Transaction;
use kart_core::{
    fact::correction::{Amendment, Downtime},
    id::{ProductId, ReasonId, StationId, UserId},
    time::Micros,
};
use serde::Deserialize;
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Refusal;

/// What is otherwise than recorded; what is left out stands.
#[derive(Args, Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// Key of the labor entry, the stop or the batch: the `id` of its row.
    pub(crate) record: Uuid,
    /// Why, for the people concerned.
    #[arg(long)]
    pub(crate) reason: String,
    /// When it began, for example 2026-06-01T06:00:00Z.
    #[arg(long)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) from: Option<jiff::Timestamp>,
    /// When it ended.
    #[arg(long)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) until: Option<jiff::Timestamp>,
    /// Code or key of the station.
    #[arg(long)]
    pub(crate) station: Option<String>,
    /// Badge or key of the person whose labor it is.
    #[arg(long)]
    pub(crate) person: Option<String>,
    /// Code or key of the downtime reason; `group/code` where the code alone is not clear.
    #[arg(long)]
    pub(crate) reason_code: Option<String>,
    /// Good parts.
    #[arg(long)]
    pub(crate) good: Option<i64>,
    /// Scrapped parts.
    #[arg(long)]
    pub(crate) scrap: Option<i64>,
    /// Code or key of the product; `family/code` where the code alone is not clear.
    #[arg(long)]
    pub(crate) product: Option<String>,
    /// It never happened (true), or it did after all (false).
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub(crate) void: Option<bool>,
    /// Take back an end. It is refused, with what to do instead.
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    #[serde(default)]
    pub(crate) reopen: Option<bool>,
}

impl Wish {
    /// Finds what it names, among what the transaction may see.
    pub(super) async fn resolve(&self, tx: &Transaction<'_>) -> Result<Amendment, Refusal> {
        let micros = |time: Option<jiff::Timestamp>| time.map(|t| Micros(t.as_microsecond()));
        let key = |row: &Row| row.try_get::<_, Uuid>(0);
        let station = "SELECT id FROM ops_stations WHERE code = $1 OR id::text = lower($1)";
        let person = "SELECT user_id FROM edge.people
                      WHERE (is_active AND badge = $1) OR user_id::text = lower($1)";
        let product = "SELECT p.id FROM ops_products p
                       JOIN ops_product_families f ON f.id = p.family_id
                       WHERE $1 IN (p.product_code, f.family_code || '/' || p.product_code)
                          OR p.id::text = lower($1)";
        let station = one(tx, "station", station, self.station.as_deref()).await?;
        let person = one(tx, "person", person, self.person.as_deref()).await?;
        let product = one(tx, "product", product, self.product.as_deref()).await?;
        let downtime = self.downtime(tx).await?;
        Ok(Amendment {
            from: micros(self.from),
            until: micros(self.until),
            station: station.as_ref().map(key).transpose()?.map(StationId),
            user: person.as_ref().map(key).transpose()?.map(UserId),
            downtime,
            good: self.good,
            scrap: self.scrap,
            product: product.as_ref().map(key).transpose()?.map(ProductId),
            void: self.void,
        })
    }

    async fn downtime(&self, tx: &Transaction<'_>) -> Result<Option<Downtime>, Refusal> {
        let reason = "SELECT r.id, r.name, g.type FROM oee_downtime_reasons r
                      JOIN oee_downtime_groups g ON g.id = r.group_id
                      WHERE $1 IN (r.code, g.name || '/' || r.code) OR r.id::text = lower($1)";
        let Some(row) = one(tx, "downtime reason", reason, self.reason_code.as_deref()).await?
        else {
            return Ok(None);
        };
        Ok(Some(Downtime {
            reason: ReasonId(row.try_get(0)?),
            label: row.try_get(1)?,
            group_type: row.try_get(2)?,
        }))
    }
}

/// The one row that is meant.
async fn one(
    tx: &Transaction<'_>,
    what: &str,
    statement: &str,
    name: Option<&str>,
) -> Result<Option<Row>, Refusal> {
    let Some(name) = name else { return Ok(None) };
    let mut rows = tx.query(statement, &[&name]).await?;
    match (rows.pop(), rows.is_empty()) {
        (Some(row), true) => Ok(Some(row)),
        (None, _) => Err(Refusal::malformed(format!("there is no {what} {name}"))),
        (Some(_), false) => {
            Err(Refusal::malformed(format!("more than one {what} is called {name}")))
        },
    }
}
