//! What became of what people recorded.

use kart_api::{Receipt, Stage};
use kart_core::{
    fact::{Body, Fact, correction::CorrectionSeen, labor::LaborBegan},
    reference::Reference,
};
use kart_store::{QuarantinedFact, Reader, StoreError};
use std::collections::BTreeMap;

use super::name_of;
use crate::uplink::HqState;

/// Receipts shown at least, however old …
const RECEIPTS: usize = 30;

/// … at most …
const MOST_RECEIPTS: u32 = 200;

/// … and otherwise those of so long, in microseconds: a shift and its handover.
pub(super) const SHIFT_US: i64 = 10 * 3_600 * 1_000_000;

/// Facts shown beside them because headquarters holds them back.
const MOST_HELD: usize = 50;

/// What people recorded in the last shift, and what is held back, newest first.
pub(super) fn receipts(
    reader: &Reader,
    since_us: i64,
    held: &[u64],
) -> Result<Vec<Fact>, StoreError> {
    let mut facts = BTreeMap::new();
    for (place, fact) in reader.lately(MOST_RECEIPTS)?.into_iter().enumerate() {
        if place < RECEIPTS || fact.at.wall_us.0 >= since_us {
            facts.insert(fact.seq, fact);
        }
    }
    for seq in held.iter().rev().take(MOST_HELD) {
        if let Some(fact) = reader.fact(*seq)? {
            facts.insert(*seq, fact);
        }
    }
    Ok(facts.into_values().rev().collect())
}

/// Where a fact is, as far as this terminal was told.
pub(super) fn stage(seq: u64, hq: &HqState) -> Stage {
    match hq.quarantined.iter().find(|held| held.seq == seq) {
        Some(QuarantinedFact { code, detail, .. }) => {
            let (code, detail) = (code.clone(), detail.clone());
            match waits(&code) {
                true => Stage::Waiting { code, detail },
                false => Stage::Refused { code, detail },
            }
        },
        None if seq <= hq.acked => Stage::AtHeadquarters,
        None if seq <= hq.sending => Stage::Sending,
        None => Stage::Saved,
    }
}

/// Whether headquarters applies such a fact by itself as soon as it can. A word of a later version
/// is taken for one: the fact is there.
pub(super) fn waits(code: &str) -> bool {
    !matches!(code, "unreadable" | "bad_text" | "refused")
}

/// What headquarters made of a record, and why.
pub(super) fn corrected(seen: &CorrectionSeen, reference: Option<&Reference>) -> String {
    let after = &seen.corrected.after;
    let counts = [after.good, after.scrap].map(|n| n.map_or("–".to_owned(), |n| n.to_string()));
    let counted = after.good.or(after.scrap).map(|_| counts.join(" / "));
    let of = |r: &Reference| {
        let known = r.corrections.iter().find(|known| known.seen.correction == seen.correction);
        known.and_then(|known| known.reason.clone())
    };
    let downtime = after.downtime.as_ref().map(|downtime| downtime.label.clone());
    let parts = [downtime, counted, reference.and_then(of)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// The word of what was recorded: of an event that a person told of, what it is to others.
fn kind(body: &Body) -> String {
    match body {
        Body::EventTold(event) => format!("told_{}", event.told.word()),
        _ => body.kind().to_owned(),
    }
}

pub(super) fn receipt(fact: &Fact, reference: Option<&Reference>, hq: &HqState) -> Receipt {
    let machine = |id| reference.and_then(|r| r.machine(id)).map(|machine| machine.code.clone());
    let job = |id| {
        let known = reference.into_iter().flat_map(|reference| &reference.work.jobs);
        let mut of = known.filter(|job| job.id == id);
        of.next().map(|job| job.number.clone()).unwrap_or_default()
    };
    let about = match &fact.fact {
        Body::BatchStarted(started) => {
            let at = machine(started.equipment).unwrap_or_default();
            format!("{} {at}", started.number)
        },
        Body::BatchCompleted { good, scrap, .. } => format!("{good} / {scrap}"),
        Body::BatchProduced(told) => format!("{} / {}", told.good, told.scrap),
        Body::BatchAborted(aborted) => {
            let reason = reference.and_then(|reference| reference.scrap_reason(aborted.reason));
            reason.map(|(_, reason)| reason.name.clone()).unwrap_or_default()
        },
        Body::BatchFieldSet(set) => set.label.clone(),
        Body::StopExplained { label, .. } => label.clone(),
        Body::EventTold(told) => {
            let machines = told.equipment.iter().filter_map(|id| machine(*id));
            machines.collect::<Vec<_>>().join(", ")
        },
        Body::IncidentOpened(opened) => opened.label.clone(),
        Body::HelpCalled(called) => called.equipment.and_then(machine).unwrap_or_default(),
        Body::CorrectionSeen(seen) => corrected(seen, reference),
        Body::PunchUndone(undone) => name_of(undone.user, reference),
        Body::OutMissed(missed) => name_of(missed.user, reference),
        Body::JobStarted(started) => job(started.job),
        Body::JobCompleted(done) => {
            format!("{}  {} / {}", job(done.job), done.good, done.scrap).trim().to_owned()
        },
        Body::JobMoved(moved) => {
            let to = reference.and_then(|reference| reference.station(moved.to));
            let to = to.map(|to| to.code.clone()).unwrap_or_default();
            format!("{} {to}", job(moved.job)).trim().to_owned()
        },
        Body::JobScrapped(scrapped) => job(scrapped.job),
        Body::JobJoined(joined) => job(joined.job),
        Body::JobLeft(left) => job(left.job),
        Body::LaborBegan(LaborBegan { station, .. }) | Body::ClockedIn { station, .. } => {
            let station = reference.and_then(|reference| reference.station(*station));
            station.map(|station| station.code.clone()).unwrap_or_default()
        },
        _ => String::new(),
    };
    Receipt {
        seq: fact.seq,
        at_us: fact.at.wall_us,
        kind: kind(&fact.fact),
        name: fact.by.map(|user| name_of(user, reference)),
        about,
        stage: stage(fact.seq, hq),
    }
}

#[cfg(test)]
mod tests {
    use kart_api::HqLink;

    use super::*;

    #[test]
    fn a_fact_is_in_one_of_five_places() {
        let held = |seq, code: &str| QuarantinedFact {
            seq,
            code: code.to_owned(),
            detail: "why".to_owned(),
        };
        let hq = HqState {
            link: HqLink::Up,
            acked: 7,
            quarantined: vec![held(3, "unresolved_ref"), held(4, "bad_text"), held(5, "later")],
            reference_us: None,
            sending: 9,
            applied_through: 7,
        };
        let (code, detail) = ("unresolved_ref".to_owned(), "why".to_owned());
        assert_eq!(stage(3, &hq), Stage::Waiting { code, detail });
        assert!(matches!(stage(4, &hq), Stage::Refused { .. }));
        assert!(matches!(stage(5, &hq), Stage::Waiting { .. }));
        let places = [2, 7, 8, 9, 10].map(|seq| stage(seq, &hq));
        let [there, sent] = [Stage::AtHeadquarters, Stage::Sending];
        assert_eq!(places, [there.clone(), there, sent.clone(), sent, Stage::Saved]);
    }
}
