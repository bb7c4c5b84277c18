//! What a terminal follows: which stations and machines are its own, and where it stands in the
//! snapshot that is read.

use deadpool_postgres::Transaction;
use ring::digest;
use uuid::Uuid;

use crate::{auth::Terminal, database::from_bigint, names::Names, problem::Refusal};

/// A terminal as the snapshot shows it.
pub(crate) struct Place {
    pub(crate) organization: String,
    pub(crate) site: Uuid,
    pub(crate) terminal: Uuid,
    pub(crate) incarnation: String,
    /// Those with a machine that it reads; all of the site when it reads none.
    pub(crate) stations: Vec<Uuid>,
    /// The machines of those stations, and the ones it reads.
    pub(crate) machines: Vec<Uuid>,
    /// What it calls rows that have other keys here.
    pub(crate) names: Names,
}

/// What the snapshot says besides rows.
pub(crate) struct Here {
    /// As Postgres writes it.
    pub(crate) snapshot: String,
    /// Seals the cursors of this site's terminals.
    pub(crate) key: Vec<u8>,
    /// Last fact of this terminal that is stored.
    pub(crate) watermark: u64,
    /// The history and its floor; `None` when the numbers are not this cluster's.
    pub(crate) history: Option<(Uuid, u64)>,
}

impl Here {
    pub(crate) async fn read(tx: &Transaction<'_>, terminal: &Terminal) -> Result<Self, Refusal> {
        let statement = tx
            .prepare_cached(
                "SELECT pg_current_snapshot()::text, s.cursor_key, t.watermark,
                        CASE WHEN e.system_identifier = c.system_identifier THEN e.epoch END,
                        coalesce(e.floor::text::bigint, 0)
                 FROM edge.terminals t
                 JOIN edge.sites s USING (organization_id, site_id)
                 CROSS JOIN pg_control_system() c
                 LEFT JOIN edge.feed_epochs e USING (organization_id)
                 WHERE t.organization_id = $1 AND t.terminal_id = $2",
            )
            .await?;
        let row = tx.query_one(&statement, &[&terminal.organization, &terminal.id]).await?;
        let floor = from_bigint(row.try_get(4)?);
        Ok(Self {
            snapshot: row.try_get(0)?,
            key: row.try_get(1)?,
            watermark: from_bigint(row.try_get(2)?),
            history: row.try_get::<_, Option<Uuid>>(3)?.map(|epoch| (epoch, floor)),
        })
    }
}

impl Place {
    pub(crate) async fn read(tx: &Transaction<'_>, terminal: &Terminal) -> Result<Self, Refusal> {
        let statement = tx
            .prepare_cached(
                "WITH own AS (
                     SELECT s.equipment_id FROM edge.sources s
                     JOIN edge.terminals t
                       ON t.organization_id = s.organization_id AND t.site_id = s.site_id
                      AND t.code = s.terminal_code
                     WHERE t.organization_id = $1 AND t.terminal_id = $2 AND s.source = '*'),
                 stations AS (
                     SELECT s.id FROM ops_stations s
                     WHERE s.site_id = $3
                       AND (NOT EXISTS (SELECT FROM own) OR EXISTS (
                           SELECT FROM ops_station_equipment se JOIN own USING (equipment_id)
                           WHERE se.station_id = s.id)))
                 SELECT ARRAY(SELECT id FROM stations ORDER BY id),
                        ARRAY(SELECT equipment_id FROM own
                              UNION SELECT se.equipment_id FROM ops_station_equipment se
                              JOIN stations s ON s.id = se.station_id
                              UNION SELECT e.id FROM oee_equipment e
                              WHERE e.site_id = $3 AND NOT EXISTS (SELECT FROM own)
                              ORDER BY 1)",
            )
            .await?;
        let row = tx
            .query_one(&statement, &[&terminal.organization, &terminal.id, &terminal.site])
            .await?;
        Ok(Self {
            organization: terminal.organization.clone(),
            site: terminal.site,
            terminal: terminal.id,
            incarnation: terminal.incarnation.clone(),
            stations: row.try_get(0)?,
            machines: row.try_get(1)?,
            names: Names::read(tx).await?,
        })
    }

    /// The scopes of `edge.changes` that concern it.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let mut scopes = vec![
            "org".to_owned(),
            format!("site:{}", self.site),
            format!("terminal:{}", self.terminal),
        ];
        scopes.extend(self.stations.iter().map(|id| format!("station:{id}")));
        scopes.extend(self.machines.iter().map(|id| format!("equipment:{id}")));
        scopes
    }

    /// Another one when it follows other stations or machines, or lives another life: what it has
    /// of its own scope is then no base for changes.
    pub(crate) fn fingerprint(&self) -> u64 {
        let told = format!("{}\n{}\n{}", self.site, self.incarnation, self.scopes().join("\n"));
        let hash = digest::digest(&digest::SHA256, told.as_bytes());
        let head = hash.as_ref().first_chunk::<8>();
        head.map_or(0, |head| u64::from_be_bytes(*head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_station_is_another_place() {
        let place = |stations: Vec<Uuid>, machines: Vec<Uuid>, incarnation: &str| {
            let place = Place {
                organization: "o".into(),
                site: Uuid::nil(),
                terminal: Uuid::nil(),
                incarnation: incarnation.into(),
                stations,
                machines,
                names: Names::default(),
            };
            place.fingerprint()
        };
        let id = Uuid::from_u128(1);
        let one = place(vec![id], vec![], "a");
        assert_eq!(one, place(vec![id], vec![], "a"));
        assert_ne!(one, place(vec![], vec![id], "a"));
        assert_ne!(one, place(vec![id], vec![], "b"));
        assert_ne!(one, place(vec![id, Uuid::from_u128(2)], vec![], "a"));
    }
}
