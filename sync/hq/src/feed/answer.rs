//! What a terminal gets for a cursor, in one snapshot of the database: everything that changed
//! since, as it is now. Nothing is remembered here but the cursor that stands for the answer.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_postgres::{Object, Transaction};
use kart_core::down::TABLES;
use kart_wire::{Feed, FeedHead, FeedRow, Quarantined, Scope, ScopeSum, code};
use uuid::Uuid;

use super::{
    cursor::{Cursor, Known, Seal, Standing, judge},
    place::{Here, Place},
    rows::{self, Changed},
};
use crate::{
    auth::{Bearer, Terminal, authenticate},
    clock,
    database::{Role, begin, begin_snapshot, enter},
    problem::Refusal,
    push::head::require_session,
    quarantine,
};

const SCOPES: [Scope; 3] = [Scope::Org, Scope::Site, Scope::Terminal];
/// When more rows than this changed, reading whole scopes is less work.
const MOST_KEYS: i64 = 5_000;
/// An idle cursor is renewed now and then, or one day it would be too old.
const RENEW_US: i64 = 3_600_000_000;

/// What there is at a moment.
pub(super) enum Look {
    /// To be sent at once.
    Answer(FeedHead, Vec<FeedRow>),
    /// Nothing has changed; this is what to listen for, and what to say in the end.
    Idle { organization: String, scopes: BTreeSet<String>, head: FeedHead },
    /// The history of the database is another one now: look again.
    Again,
}

/// Looks once. The connection is given back before anything is waited for.
pub(super) async fn look(
    client: &mut Object,
    bearer: &Bearer,
    feed: &Feed,
) -> Result<Look, Refusal> {
    let tx = begin_snapshot(client).await?;
    let terminal = authenticate(&tx, bearer).await?;
    require_session(&tx, &terminal, feed.session).await?;
    let here = Here::read(&tx, &terminal).await?;
    let Some((epoch, floor)) = here.history else {
        tx.rollback().await?;
        begin_history(client, &terminal, None).await?;
        return Ok(Look::Again);
    };
    let place = Place::read(&tx, &terminal).await?;
    let seal = Seal::new(&here.key, terminal.id);
    let cursor = feed.cursor.as_deref().and_then(|text| seal.open(text));
    let standing = match &cursor {
        None => Standing::Void("there is none, or it was not sealed for this terminal"),
        Some(cursor) => {
            let minted = minted(&tx, &terminal, &seal, cursor.session).await?;
            judge(cursor, &Known { epoch, floor, minted })
        },
    };
    if standing == Standing::Restored {
        tx.rollback().await?;
        tracing::warn!("a cursor is newer than this database: it was restored; a new epoch begins");
        begin_history(client, &terminal, Some(epoch)).await?;
        return Ok(Look::Again);
    }
    if let (Standing::Void(why), Some(_)) = (standing, &feed.cursor) {
        tracing::info!(why, "the cursor stands for nothing; the scopes come whole");
    }
    let base = cursor.filter(|_| standing == Standing::Good);
    let (whole, sent, sums) = gather(&tx, &place, feed, base.as_ref()).await?;
    let mut head = FeedHead {
        cursor: feed.cursor.clone().unwrap_or_default(),
        whole: whole.into_iter().collect(),
        rows: sent.len(),
        applied_through: here.watermark,
        server_us: clock::now_us(),
        quarantined: quarantine::of(&tx, &terminal, 0, u64::MAX).await?,
        sums,
    };
    let line = base.as_ref().map_or_else(Uuid::new_v4, |base| base.line);
    let fresh = base.is_some_and(|base| clock::now_us().saturating_sub(base.at_us) < RENEW_US);
    let idle = head.whole.is_empty() && sent.is_empty() && head.sums.is_empty();
    if idle && fresh {
        tx.rollback().await?;
        let scopes = place.scopes().into_iter().collect();
        return Ok(Look::Idle { organization: terminal.organization, scopes, head });
    }
    let minted = minted(&tx, &terminal, &seal, feed.session).await?;
    let number = minted.map_or(0, |(number, _)| number) + 1;
    tx.rollback().await?;
    head.cursor = seal.close(&Cursor {
        session: feed.session,
        number,
        line,
        epoch,
        place: place.fingerprint(),
        at_us: clock::now_us(),
        snapshot: here.snapshot,
    });
    remember(client, &terminal, feed.session, &head.cursor).await?;
    Ok(Look::Answer(head, sent))
}

type Gathered = (BTreeSet<Scope>, Vec<FeedRow>, Vec<ScopeSum>);

/// The scopes that come whole, the rows to send, and the sums if they are wanted.
async fn gather(
    tx: &Transaction<'_>,
    place: &Place,
    feed: &Feed,
    base: Option<&Cursor>,
) -> Result<Gathered, Refusal> {
    let mut whole: BTreeSet<Scope> = feed.whole.iter().copied().collect();
    let changed = match base {
        Some(base) => {
            if base.place != place.fingerprint() {
                whole.insert(Scope::Terminal);
            }
            changed_since(tx, place, &base.snapshot).await?
        },
        None => None,
    };
    match &changed {
        Some(changed) => whole.extend(&changed.whole),
        None => whole.extend(SCOPES),
    }
    let mut sent = Vec::new();
    let mut sums = Vec::new();
    for scope in SCOPES {
        if !feed.sums && !whole.contains(&scope) {
            continue;
        }
        let all = rows::whole(tx, place, scope).await?;
        if feed.sums {
            sums.push(rows::sum(scope, all.iter()));
        }
        if whole.contains(&scope) {
            sent.extend(all);
        }
    }
    for (n, keys) in changed.map(|changed| changed.keys).unwrap_or_default() {
        if let Some(table) = TABLES.get(n)
            && !whole.contains(&rows::scope(table))
        {
            sent.extend(rows::keyed(tx, place, table, &keys).await?);
        }
    }
    Ok((whole, sent, sums))
}

/// What is visible now and was not in `snapshot`: written by transactions that were running then or
/// had not begun. `None` when it is too much to go by keys.
async fn changed_since(
    tx: &Transaction<'_>,
    place: &Place,
    snapshot: &str,
) -> Result<Option<Changed>, Refusal> {
    let statement = tx
        .prepare_cached(
            "SELECT DISTINCT CASE WHEN c.tbl = '*' THEN c.scope ELSE '' END, c.tbl, c.pk
             FROM (SELECT scope, tbl, pk FROM edge.changes
                   WHERE organization_id = $1 AND scope = ANY ($2)
                     AND xid >= pg_snapshot_xmax($3::text::pg_snapshot)
                   UNION ALL
                   SELECT scope, tbl, pk FROM edge.changes
                   WHERE organization_id = $1 AND scope = ANY ($2)
                     AND xid = ANY (ARRAY(SELECT pg_snapshot_xip($3::text::pg_snapshot)))) c
             LIMIT $4",
        )
        .await?;
    let entries = tx
        .query(&statement, &[&place.organization, &place.scopes(), &snapshot, &(MOST_KEYS + 1)])
        .await?;
    if i64::try_from(entries.len()).is_ok_and(|count| count > MOST_KEYS) {
        return Ok(None);
    }
    let mut changed = Changed::default();
    for entry in &entries {
        changed.add(entry.try_get(0)?, entry.try_get(1)?, entry.try_get(2)?);
    }
    Ok(Some(changed))
}

/// Number and line of the last cursor of a session; `None` when the session is not known.
async fn minted(
    tx: &Transaction<'_>,
    terminal: &Terminal,
    seal: &Seal,
    session: Uuid,
) -> Result<Option<(u64, Uuid)>, Refusal> {
    let statement = tx
        .prepare_cached(
            "SELECT cursor FROM edge.sessions
             WHERE organization_id = $1 AND terminal_id = $2 AND session_id = $3",
        )
        .await?;
    let (organization, id) = (&terminal.organization, &terminal.id);
    let row = tx.query_opt(&statement, &[organization, id, &session]).await?;
    let Some(row) = row else { return Ok(None) };
    let text: Option<&str> = row.try_get(0)?;
    let last = text.and_then(|text| seal.open(text));
    Ok(Some(last.map_or((0, Uuid::nil()), |cursor| (cursor.number, cursor.line))))
}

/// Stores a cursor, for ever before it is given away. Not in the snapshot that was read: a push of
/// the same session may have moved the row since.
async fn remember(
    client: &mut Object,
    terminal: &Terminal,
    session: Uuid,
    cursor: &str,
) -> Result<(), Refusal> {
    let tx = begin(client, Role::Gateway).await?;
    enter(&tx, &terminal.organization, terminal.site).await?;
    let statement = tx
        .prepare_cached(
            "UPDATE edge.sessions SET cursor = $4
             WHERE organization_id = $1 AND terminal_id = $2 AND session_id = $3",
        )
        .await?;
    let (organization, id) = (&terminal.organization, &terminal.id);
    let stored = tx.execute(&statement, &[organization, id, &session, &cursor]).await?;
    if stored == 0 {
        let detail = "the session is forgotten; say hello";
        return Err(Refusal::conflict(code::STALE_SESSION, detail));
    }
    tx.commit().await?;
    Ok(())
}

/// Begins the first epoch of an organisation, or the one after `former`, or those of a cluster that
/// has taken over from another.
async fn begin_history(
    client: &mut Object,
    terminal: &Terminal,
    former: Option<Uuid>,
) -> Result<(), Refusal> {
    let tx = begin(client, Role::Gateway).await?;
    enter(&tx, &terminal.organization, terminal.site).await?;
    match former {
        Some(former) => {
            tx.execute(
                "UPDATE edge.feed_epochs SET epoch = gen_random_uuid(), began_at = now()
                 WHERE organization_id = $1 AND epoch = $2",
                &[&terminal.organization, &former],
            )
            .await?;
        },
        None => {
            tx.execute("SELECT edge.check_feed_history()", &[]).await?;
            tx.execute(
                "INSERT INTO edge.feed_epochs (organization_id) VALUES ($1) ON CONFLICT DO NOTHING",
                &[&terminal.organization],
            )
            .await?;
        },
    }
    tx.commit().await?;
    Ok(())
}

/// Whether the terminal would be told of other facts that wait.
pub(super) fn differs(told: &[Quarantined], now: &[Quarantined]) -> bool {
    let set = |all: &[Quarantined]| -> BTreeMap<u64, String> {
        all.iter().map(|one| (one.seq, one.code.clone())).collect()
    };
    set(told) != set(now)
}
