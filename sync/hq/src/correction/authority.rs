//! What leads and supervisors say of the hours of others at a terminal counts with the authority that
//! headquarters knows them to have: the terminal decides by the roles that it was told, and a log can claim
//! any of them.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use kart_core::{
    fact::{Body, Fact},
    reference::Role,
};
use tokio_postgres::Error;
use uuid::Uuid;

use crate::{names::Names, project::Writer, quarantine::Held};

/// The rank that a fact claims for whoever edits the hours of somebody else.
fn claimed(fact: &Fact) -> Option<u8> {
    match &fact.fact {
        Body::LaborAmended(amended) => Some(amended.rank),
        Body::LaborAdded(added) => Some(added.rank),
        Body::LaborDeclined(_) => Some(0),
        _ => None,
    }
}

/// Why it does not count, where it does not.
fn objection(fact: &Fact, role: Option<Role>) -> Option<&'static str> {
    let rank = claimed(fact)?;
    let of = match &fact.fact {
        Body::LaborAmended(amended) => Some(amended.user),
        Body::LaborAdded(added) => Some(added.user),
        _ => None,
    };
    if of.is_some() && fact.by == of {
        return Some("nobody puts their own hours right");
    }
    match role.filter(|role| role.leads()) {
        None => Some("whoever put these hours right is neither lead nor supervisor here"),
        Some(role) => (rank > role.rank())
            .then_some("whoever put these hours right has a lower role here than the fact says"),
    }
}

/// Those of `facts` that put hours right by nobody who may.
pub(super) async fn unfounded(
    tx: &Transaction<'_>,
    writer: &Writer,
    facts: &[Fact],
    names: &Names,
) -> Result<Vec<Held>, Error> {
    let edits = facts.iter().filter(|fact| claimed(fact).is_some());
    let edits: Vec<Fact> = edits.map(|fact| names.fact(fact.clone())).collect();
    if edits.is_empty() {
        return Ok(vec![]);
    }
    let people: Vec<Uuid> = edits.iter().filter_map(|fact| fact.by).map(|by| by.0).collect();
    let statement =
        tx.prepare_cached("SELECT user_id, role FROM edge.people WHERE user_id = ANY($1)").await?;
    let mut roles = BTreeMap::new();
    for row in tx.query(&statement, &[&people]).await? {
        let role: &str = row.try_get(1)?;
        roles.insert(row.try_get::<_, Uuid>(0)?, Role::of(role));
    }
    let objected = edits.iter().filter_map(|fact| {
        let role = fact.by.and_then(|by| roles.get(&by.0).copied().flatten());
        Some(writer.hold(fact, "refused", objection(fact, role)?))
    });
    Ok(objected.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kart_core::{
        fact::{Draft, correction::Amendment, labor::LaborAmended},
        id::{RecordId, UserId},
        time::{Boot, Stamp},
    };

    #[test]
    fn nobody_becomes_a_supervisor_by_writing_so_into_a_log() {
        let amended = |rank| {
            let (entry, user) = (RecordId(Uuid::nil()), UserId(Uuid::nil()));
            let (before, after) = (Amendment::default(), Amendment::default());
            let body = LaborAmended { entry, user, rank, reason: None, before, after };
            let draft = Draft {
                at: Stamp::default(),
                boot: Boot::default(),
                by: None,
                key: None,
                body: Body::LaborAmended(body),
                texts: vec![],
            };
            draft.seal(1)
        };
        assert_eq!(objection(&amended(3), Some(Role::Supervisor)), None);
        assert_eq!(objection(&amended(2), Some(Role::Lead)), None);
        assert!(objection(&amended(3), Some(Role::Lead)).is_some());
        assert!(objection(&amended(1), Some(Role::Technician)).is_some());
        assert!(objection(&amended(1), Some(Role::Operator)).is_some());
        assert!(objection(&amended(1), None).is_some());
    }
}
