//! People of a site file beside people by command.
//!
//! A file's word counts when it is a new one: what it said last stands in `filed`, and where it
//! says the same again, what commands changed since stays. People whom no file names are left
//! alone; people whom a file stopped naming are switched off. Who was erased is not named again.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use kart_core::reference::{Person, Reference};
use serde_json::{Value, json};
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::{names::Names, privacy::forgotten};

/// What is known of a person already.
struct Known {
    badge: String,
    role: String,
    active: bool,
    filed: Option<Value>,
}

/// One person as the rows should be.
pub(super) struct Wanted {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) email: Option<String>,
    pub(super) badge: Option<String>,
    pub(super) role: String,
    pub(super) active: bool,
    /// Whether the account is in use, which is not the site's to say of one with an address.
    pub(super) account: bool,
    filed: Value,
}

/// The people of the file as they should be, with the badges that pass to another one freed.
pub(super) async fn wanted(
    tx: &Transaction<'_>,
    reference: &Reference,
) -> Result<Vec<Wanted>, tokio_postgres::Error> {
    let mut known = BTreeMap::new();
    let rows = tx
        .query("SELECT user_id, coalesce(badge, ''), role, is_active, filed FROM edge.people", &[])
        .await?;
    for row in rows {
        let is = Known {
            badge: row.try_get(1)?,
            role: row.try_get(2)?,
            active: row.try_get(3)?,
            filed: row.try_get(4)?,
        };
        known.insert(row.try_get::<_, Uuid>(0)?, is);
    }
    let names = Names::read(tx).await?;
    let named: Vec<Uuid> = reference.people.iter().map(|person| names.id(person.id.0)).collect();
    let forgotten = forgotten(tx, &named).await?;
    let is_forgotten = |person: &&Person| forgotten.contains(&names.id(person.id.0));
    let people = reference.people.iter().filter(|person| !is_forgotten(person));
    let mut all: Vec<Wanted> = people.map(|person| want(person, known.get(&person.id.0))).collect();
    let ids: Vec<Uuid> = all.iter().map(|person| person.id).collect();
    let accounts = "SELECT id, is_active FROM users WHERE id = ANY($1) AND email <> ''";
    for row in tx.query(accounts, &[&ids]).await? {
        let id: Uuid = row.try_get(0)?;
        for person in all.iter_mut().filter(|person| person.id == id) {
            person.account = row.try_get(1)?;
        }
    }
    for key in &forgotten {
        tracing::warn!(%key, "the site file names somebody who was erased; they are passed over");
    }
    let given = |person: &&Wanted| {
        let before = known.get(&person.id).map(|known| known.badge.as_str());
        before.filter(|before| !before.is_empty()) != person.badge.as_deref()
    };
    let (ids, badges): (Vec<Uuid>, Vec<Option<&str>>) =
        all.iter().filter(given).map(|person| (person.id, person.badge.as_deref())).unzip();
    tx.execute(
        "UPDATE edge.people p SET badge = NULL, updated_at = now()
         FROM unnest($1::uuid[], $2::text[]) AS f(id, badge)
         WHERE p.badge = f.badge AND p.user_id <> f.id",
        &[&ids, &badges],
    )
    .await?;
    Ok(all)
}

fn want(person: &Person, known: Option<&Known>) -> Wanted {
    let role = person.role.word();
    let filed = json!({ "badge": person.badge, "role": role, "active": person.active });
    let says_new = |word: &str| {
        let before = known.and_then(|known| known.filed.as_ref());
        before.and_then(|before| before.get(word)) != filed.get(word)
    };
    let mut badge = person.badge.clone();
    let (mut role, mut active) = (role.to_owned(), person.active);
    if let Some(known) = known {
        // A file that names no badge takes none from somebody it did not know.
        if !says_new("badge") || (known.filed.is_none() && badge.is_empty()) {
            badge.clone_from(&known.badge);
        }
        if !says_new("role") {
            role.clone_from(&known.role);
        }
        if !says_new("active") {
            active = known.active;
        }
    }
    Wanted {
        id: person.id.0,
        name: person.name.clone(),
        number: person.number.clone(),
        email: Some(person.email.clone()).filter(|email| !email.is_empty()),
        badge: Some(badge).filter(|badge| !badge.is_empty()),
        role,
        active,
        account: active,
        filed,
    }
}

/// Remembers what the file said, and switches off whom it stopped naming. Their account is the
/// organisation's: its key is made of the site's code, so no other site uses it. One with an address
/// was there before, or is another site's too, and stays as it is.
pub(super) async fn file(
    tx: &Transaction<'_>,
    people: &[Wanted],
) -> Result<(), tokio_postgres::Error> {
    let ids: Vec<Uuid> = people.iter().map(|person| person.id).collect();
    let filed: Vec<Json<&Value>> = people.iter().map(|person| Json(&person.filed)).collect();
    tx.execute(
        "UPDATE edge.people p SET filed = f.filed
         FROM unnest($1::uuid[], $2::jsonb[]) AS f(id, filed)
         WHERE p.user_id = f.id AND p.filed IS DISTINCT FROM f.filed",
        &[&ids, &filed],
    )
    .await?;
    tx.execute(
        "WITH gone AS (
             UPDATE edge.people SET is_active = false, filed = NULL, updated_at = now()
             WHERE filed IS NOT NULL AND user_id <> ALL($1) RETURNING user_id)
         UPDATE users SET is_active = false, updated_at = now()
         WHERE id IN (SELECT user_id FROM gone) AND is_active
           AND coalesce(email, '') = ''",
        &[&ids],
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use kart_core::{id::UserId, reference::Role};

    use super::*;

    fn said(badge: &str, role: Role) -> Person {
        Person {
            id: UserId(Uuid::nil()),
            name: "Ada".into(),
            number: "1001".into(),
            email: String::new(),
            badge: badge.into(),
            role,
            active: true,
            has_pin: false,
            pin: None,
        }
    }

    fn known(badge: &str, filed: Option<Value>) -> Known {
        Known { badge: badge.into(), role: "lead".into(), active: false, filed }
    }

    #[test]
    fn a_file_that_says_the_same_again_undoes_nothing() {
        let filed = json!({ "badge": "1001", "role": "operator", "active": true });
        let wanted = want(&said("1001", Role::Operator), Some(&known("77", Some(filed.clone()))));
        assert_eq!((wanted.badge.as_deref(), wanted.active), (Some("77"), false));
        assert_eq!(wanted.role, "lead");
        let wanted = want(&said("1002", Role::Technician), Some(&known("77", Some(filed))));
        assert_eq!((wanted.badge.as_deref(), wanted.active), (Some("1002"), false));
        assert_eq!(wanted.role, "technician");
    }

    #[test]
    fn a_file_takes_over_somebody_by_command_with_the_badge_they_have() {
        let wanted = want(&said("", Role::Operator), Some(&known("77", None)));
        assert_eq!((wanted.badge.as_deref(), wanted.active), (Some("77"), true));
        assert_eq!(want(&said("", Role::Operator), None).badge, None);
    }
}
