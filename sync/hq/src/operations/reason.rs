//! Reasons that were retired while a terminal could not hear of it: what was explained by one stands, and is
//! marked.

use kart_core::{
    fact::Fact,
    id::{ReasonId, RecordId},
    record::conflict::Kind,
};
use tokio_postgres::Error;

use super::Office;

impl Office<'_> {
    /// Marks an explanation whose reason was in use no more when headquarters heard of it.
    pub(super) async fn was_in_use(
        &self,
        fact: &Fact,
        (stop, reason, label): (RecordId, ReasonId, &str),
    ) -> Result<(), Error> {
        let statement = self
            .tx
            .prepare_cached("SELECT FROM oee_downtime_reasons WHERE id = $1 AND NOT is_active")
            .await?;
        if self.tx.query_opt(&statement, &[&reason.0]).await?.is_none() {
            return Ok(());
        }
        let detail = format!("retired at entry: {label}");
        let (stop, reason) = (self.canonical(stop), Some(reason.0));
        self.note(self.conflict(fact, stop, reason, Kind::RetiredReason, &detail)).await
    }
}
