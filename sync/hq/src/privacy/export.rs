//! Everything that is held about one person, as one document.

use deadpool_postgres::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Found, facts, number, sites};
use crate::database::enter;

/// Rows that are a person's, site by site, by the name under which they are handed out.
const OF_SITE: [(&str, &str); 7] = [
    (
        "people",
        "SELECT site_id, number, badge, role, is_active, created_at, updated_at,
                pin_hash IS NOT NULL AS has_pin
         FROM edge.people WHERE user_id = $1",
    ),
    ("labor_entries", "SELECT * FROM ops_labor_entries WHERE user_id = $1"),
    ("punches", "SELECT * FROM edge.punches WHERE user_id = $1"),
    ("labor_shares", "SELECT * FROM edge.labor_shares WHERE user_id = $1"),
    ("batch_operators", "SELECT * FROM oee_batch_operators WHERE user_id = $1"),
    ("batch_time_entries", "SELECT * FROM oee_batch_time_entries WHERE user_id = $1"),
    (
        "corrections",
        "SELECT id, site_id, record_id, kind, before, after, reason, by_user, at
         FROM edge.corrections
         WHERE by_user = $1 OR after ->> 'user' = $1::text OR before ->> 'user' = $1::text
            OR record_id IN (SELECT id FROM ops_labor_entries WHERE user_id = $1)",
    ),
];

pub(super) async fn record(
    tx: &Transaction<'_>,
    organization: &str,
    person: Uuid,
) -> anyhow::Result<Value> {
    let mut all = serde_json::Map::new();
    for site in sites(tx, organization).await? {
        enter(tx, organization, site).await?;
        for (name, statement) in OF_SITE {
            let rows = rows(tx, statement, person).await?;
            let held = all.entry(name).or_insert_with(|| json!([]));
            if let Some(held) = held.as_array_mut() {
                held.extend(rows);
            }
        }
    }
    let account = "SELECT id, display_name, email, auth0_id, is_active, created_at, updated_at
                   FROM users WHERE id = $1";
    all.insert("users".to_owned(), rows(tx, account, person).await?.into());
    let mut told = Vec::new();
    for fact in facts(tx, organization, person).await? {
        told.push(with_texts(tx, organization, fact).await?);
    }
    all.insert("facts".to_owned(), told.into());
    Ok(json!({ "organization": organization, "person": person, "held": all }))
}

async fn rows(
    tx: &Transaction<'_>,
    statement: &str,
    person: Uuid,
) -> Result<Vec<Value>, tokio_postgres::Error> {
    let statement = format!("SELECT to_jsonb(q) FROM ({statement}) q");
    let rows = tx.query(&statement, &[&person]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// A fact as it was stored, with what the person wrote beside it.
async fn with_texts(
    tx: &Transaction<'_>,
    organization: &str,
    fact: Found,
) -> anyhow::Result<Value> {
    let (terminal, incarnation, seq) = &fact.named;
    let texts = tx
        .query(
            "SELECT field, text FROM edge.fact_texts
             WHERE organization_id = $1 AND terminal_id = $2 AND incarnation = $3 AND seq = $4",
            &[&organization, terminal, incarnation, seq],
        )
        .await?;
    let mut written = serde_json::Map::new();
    for row in &texts {
        // What others wrote about a person is theirs.
        let text: Option<String> = row.try_get(1)?;
        let text = text.filter(|_| fact.is_own);
        written.insert(row.try_get(0)?, json!(text));
    }
    let line: Value = serde_json::from_str(&fact.line)?;
    Ok(json!({
        "terminal": terminal, "log": incarnation, "seq": number(*seq), "fact": line,
        "texts": written,
    }))
}
