//! Corrections that a supervisor makes at headquarters: facts of a log of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use kart_core::fact::correction::{Amendment, Correctable, Corrected, Correction, CorrectionSeen};
use kart_core::fact::{Body, Draft, Fact};
use kart_core::id::{Incarnation, Origin, RecordId, TerminalId};
use kart_core::record::Tenant;
use kart_core::reference::Role;
use kart_core::time::{Boot, Micros, Stamp};
use kart_hq::decisions::{Backing, CorrectionSeal, Held, Writer};
use uuid::Uuid;

use super::super::{floor, station};
use super::{Centre, Changes, State, fold};

const LOG: Origin =
    Origin { terminal: TerminalId(Uuid::from_u128(0x4851)), incarnation: Incarnation(0x4851) };

fn seal() -> CorrectionSeal {
    CorrectionSeal::new(b"of this site")
}

impl Centre {
    /// A batch has so many good parts. Says whether that could be said of it.
    pub(in super::super) fn correct(&mut self, record: RecordId, good: i64, now_us: i64) -> bool {
        let made = Micros(station::EPOCH_US + now_us);
        let standing = self.state.records.get(&record.0).and_then(|record| record.stands());
        let Some(standing) = standing.filter(|standing| standing.kind == Correctable::Batch) else {
            return false;
        };
        let after = Amendment { good: Some(good), ..Amendment::default() };
        if standing.check(&after, made).is_err() {
            return false;
        }
        let (kind, rank) = (standing.kind, Role::Supervisor.rank());
        let before = standing.before(&after);
        let corrected = Corrected { record, kind, rank, reason: None, before, after };
        let draft = Draft {
            at: Stamp { wall_us: made, mono_us: 0 },
            boot: Boot::default(),
            by: None,
            key: None,
            body: Body::Corrected(corrected.clone()),
            texts: vec![],
        };
        let seq = self.state.log.0 + 1;
        let (fact, line, _) = draft.prepare().unwrap().seal(seq);
        let hash = self.state.log.1.after(line.as_bytes());
        let organization = floor::ORGANIZATION.to_owned();
        let writer = Writer { origin: LOG, tenant: Tenant { organization, site: self.site() } };
        let mut changes = Changes::default();
        fold::project(&self.state, &writer, &[fact], false, &mut changes).ok();
        if !changes.held.is_empty() {
            return false;
        }
        self.state.apply(changes);
        self.state.log = (seq, hash);
        // Made of the chain, so that a log that was put back repeats none.
        let correction = Uuid::new_v5(&LOG.terminal.0, &hash.0);
        let mut seen = CorrectionSeen {
            correction,
            origin: LOG,
            seq,
            made,
            by: None,
            corrected,
            here: None,
            seal: None,
        };
        seen.seal = Some(seal().of(&seen));
        let logs = kart_hq::decisions::parts(&self.state.records[&record.0]);
        let owners = logs.iter().map(|log| log.terminal.0).collect();
        let row = Arc::new(Correction { seen, reason: None });
        self.state.corrections.insert(correction, (owners, row));
        self.state.changed.push((self.state.tx, ("edge.corrections", correction)));
        true
    }
}

impl State {
    /// Why a fact may not count that claims a correction; every other one may. What headquarters has
    /// made and lost comes back.
    pub(super) fn objection(
        &self,
        writer: &Writer,
        fact: &Fact,
        changes: &mut Changes,
    ) -> Option<Held> {
        let seen = match &fact.fact {
            Body::CorrectionSeen(seen) => Some(seen),
            Body::Corrected(_) => None,
            _ => return None,
        };
        let made = seen.and_then(|seen| self.corrections.get(&seen.correction));
        let made = made.map(|(_, made)| (made.seen.correction, made.seen.corrected.clone()));
        let backing = Backing {
            own: writer.origin == LOG,
            made: &made.into_iter().collect(),
            names: &self.names(changes, fact, []),
            sealed: &seen.filter(|seen| seal().holds(seen)).map(|_| fact.seq).into_iter().collect(),
        };
        if let Some(seen) = backing.has_lost(fact) {
            let row = Arc::new(Correction { seen: seen.clone(), reason: None });
            changes.corrections.push((seen.correction, (vec![writer.origin.terminal.0], row)));
        }
        let (code, detail) = backing.objection(fact)?;
        Some(writer.hold(fact, code, detail))
    }

    /// Whoever has a part of a corrected record hears of its corrections.
    pub(super) fn spread(&self, changes: &mut Changes) {
        for (record, state) in &changes.records {
            let logs = kart_hq::decisions::parts(state);
            let of = |id: &RecordId| changes.aliases.get(id).or_else(|| self.aliases.get(id));
            let added = |id: &Uuid| changes.corrections.iter().any(|(added, _)| added == id);
            let known = self.corrections.iter().filter(|(id, _)| !added(id));
            let all =
                known.map(|(id, aimed)| (*id, aimed.clone())).chain(changes.corrections.clone());
            let about = all.filter(|(_, (_, made))| {
                let corrected = made.seen.corrected.record;
                of(&corrected).map_or(corrected, |alias| alias.stands).0 == *record
            });
            let mut wider = vec![];
            for (id, (mut owners, made)) in about {
                let before = owners.len();
                let further = logs.iter().map(|log| log.terminal.0);
                owners.extend(further.filter(|id| !owners.contains(id)).collect::<BTreeSet<_>>());
                if owners.len() > before {
                    wider.push((id, (owners, made)));
                }
            }
            changes.corrections.retain(|(id, _)| wider.iter().all(|(wide, _)| wide != id));
            changes.corrections.extend(wider);
        }
    }

    /// What headquarters said last about the good parts of a batch.
    pub(in super::super) fn corrected(&self, batch: RecordId) -> Option<i64> {
        let of = self.corrections.values().map(|(_, made)| &made.seen);
        let of = of.filter(|seen| self.canonical(seen.corrected.record) == batch);
        of.max_by_key(|seen| (seen.made, seen.seq))?.corrected.after.good
    }
}
