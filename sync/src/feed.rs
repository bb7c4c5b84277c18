//! The pull lane: rows that changed at headquarters, as they change.
//!
//! An answer is taken over whole or not at all, and one that does not fit what was asked is no
//! answer. From time to time both ends compare checksums; a scope that differs is asked for again.

use kart_wire::{Feed, FeedRow, Scope, ScopeSum};
use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    Failure, Fed, Gateway, Link, Terminal,
    pace::{SHORTEST_REST, patiently},
    session::Talk,
};

/// All scopes.
const SCOPES: [Scope; 3] = [Scope::Org, Scope::Site, Scope::Terminal];

/// How often checksums are compared.
const SUMS_EVERY: Duration = Duration::from_secs(600);

/// A scope that still differs after it was sent whole so often is a fault that sending does not mend.
const MOST_REPEATS: u32 = 3;

/// What to ask for besides changes.
struct Wish {
    whole: BTreeSet<Scope>,
    /// What came last could not be taken over: everything is asked for again.
    anew: bool,
    sums_at: Instant,
    repeats: u32,
    wait_ms: u64,
}

impl<T: Terminal, G: Gateway> Talk<'_, T, G> {
    /// Takes over what changes. Ends only with a failure.
    pub(crate) async fn feed(&self, wait: Duration) -> Result<Infallible, Failure> {
        let mut wish = Wish {
            whole: BTreeSet::new(),
            anew: false,
            sums_at: Instant::now(),
            repeats: 0,
            wait_ms: 0,
        };
        let mut rested = Instant::now();
        loop {
            // Changes that come closer together than this come together.
            sleep_until(rested).await;
            rested = Instant::now() + SHORTEST_REST;
            let asked = self.ask(&wish).await?;
            let sums_asked = asked.sums;
            // Asked before: what is acknowledged while the question is on its way says nothing.
            let acked = self.terminal.position().await?.acked;
            let fed = patiently(|| self.headquarters.feed(self.token, &asked)).await?;
            check(&asked, &fed)
                .map_err(|problem| Failure::Nonsense(format!("a feed: {problem}")))?;
            whole_log(acked, &fed)?;
            let (sums, quarantined) = (fed.head.sums.clone(), fed.head.quarantined.clone());
            if let Err(fault) = self.terminal.feed(self.session, asked.cursor, fed).await {
                // Facts go up all the same; the old rows stay in force and grow old.
                tracing::error!(%fault, "what headquarters sent was not taken over");
                if std::mem::replace(&mut wish.anew, true) {
                    sleep(wait).await;
                }
                continue;
            }
            wish.anew = false;
            wish.whole.clear();
            self.terminal.link(Link::ReferenceConfirmed);
            self.terminal.quarantined(quarantined).await?;
            if sums_asked {
                let differing = differing(&sums, &self.terminal.sums().await?);
                wish.compared(differing);
            }
            let quiet = wish.whole.is_empty();
            let millis = u64::try_from(wait.as_millis()).unwrap_or_default();
            wish.wait_ms = if quiet { millis } else { 0 };
        }
    }

    async fn ask(&self, wish: &Wish) -> Result<Feed, Failure> {
        let cursor = if wish.anew { None } else { self.terminal.feed_cursor().await? };
        let sums = Instant::now() >= wish.sums_at;
        Ok(Feed {
            session: self.session,
            cursor,
            whole: wish.whole.iter().copied().collect(),
            wait_ms: if sums || wish.anew { 0 } else { wish.wait_ms },
            sums,
        })
    }
}

impl Wish {
    /// Scopes that differ are asked for whole, but not for ever.
    fn compared(&mut self, differing: Vec<Difference>) {
        for Difference { scope, here, there } in &differing {
            tracing::error!(?scope, ?here, ?there, "the mirror differs from headquarters");
        }
        if differing.is_empty() {
            self.repeats = 0;
            self.sums_at = Instant::now() + SUMS_EVERY;
            return;
        }
        self.repeats += 1;
        if self.repeats >= MOST_REPEATS {
            tracing::error!("asking again does not mend it; compared again later");
            self.repeats = 0;
            self.sums_at = Instant::now() + SUMS_EVERY;
            return;
        }
        self.whole = differing.into_iter().map(|difference| difference.scope).collect();
    }
}

/// A scope whose checksums differ.
struct Difference {
    scope: Scope,
    here: Option<ScopeSum>,
    there: Option<ScopeSum>,
}

fn differing(there: &[ScopeSum], here: &[ScopeSum]) -> Vec<Difference> {
    let find = |sums: &[ScopeSum], scope| sums.iter().find(|sum| sum.scope == scope).cloned();
    let pairs = SCOPES.map(|scope| (scope, find(here, scope), find(there, scope)));
    let told = |sum: &Option<ScopeSum>| {
        let sum = sum.as_ref()?;
        Some((sum.rows, u64::from_str_radix(&sum.sum, 16).ok()))
    };
    let differing = pairs.into_iter().filter(|(_, here, there)| told(here) != told(there));
    differing.map(|(scope, here, there)| Difference { scope, here, there }).collect()
}

/// Nothing that was acknowledged is gone. Headquarters may be put back under a session that the older
/// state knows as well; a terminal that has nothing new to send would not hear of it.
fn whole_log(acked: u64, fed: &Fed) -> Result<(), Failure> {
    match fed.head.applied_through {
        holds if holds < acked => Err(Failure::Restored { said: acked, holds }),
        _ => Ok(()),
    }
}

/// Whether an answer fits what was asked; if not, why.
fn check(asked: &Feed, fed: &Fed) -> Result<(), String> {
    let whole: BTreeSet<Scope> = fed.head.whole.iter().copied().collect();
    if whole.len() != fed.head.whole.len() {
        return Err("a scope is whole twice".to_owned());
    }
    let wanted = if asked.cursor.is_none() { &SCOPES[..] } else { &asked.whole[..] };
    if let Some(missing) = wanted.iter().find(|scope| !whole.contains(scope)) {
        return Err(format!("{missing:?} was asked for whole"));
    }
    let mut seen = BTreeSet::new();
    for row in &fed.rows {
        if !seen.insert((row.scope, &row.table, &row.key)) {
            return Err(format!("{} {} comes twice", row.table, row.key));
        }
        check_row(row, whole.contains(&row.scope))?;
    }
    if asked.sums && fed.head.sums.len() != SCOPES.len() {
        return Err(format!("{} checksums", fed.head.sums.len()));
    }
    Ok(())
}

fn check_row(row: &FeedRow, whole: bool) -> Result<(), String> {
    let FeedRow { table, key, .. } = row;
    match &row.row {
        None if whole => Err(format!("{table} {key} is gone from a whole scope")),
        None => Ok(()),
        Some(text) => {
            let columns = serde_json::from_str::<BTreeMap<String, Option<String>>>(text);
            columns.map(drop).map_err(|fault| format!("{table} {key}: {fault}"))
        },
    }
}

#[cfg(test)]
mod tests;
