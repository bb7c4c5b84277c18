//! When a batch may have begun, and what takes a second person to agree.

use super::{Wish, stamp_at};
use crate::{
    command::{Refusal, Second},
    engine::{Engine, Words},
    fact::batch::Special,
    id::{EquipmentId, UserId},
    reference::{Reference, Role},
    time::{Micros, Moment, Stamp},
};

/// Where no calendar says how long a shift is.
const SHIFT_US: i64 = 8 * 3_600 * 1_000_000;

/// Longest reason for what is not as usual, in characters.
const WHY_LIMIT: usize = 500;

/// Somebody agreed, and why.
pub(super) struct Agreed {
    by: UserId,
    why: String,
}

impl Agreed {
    /// As a start tells it; the reason stands beside it.
    pub(super) fn special(self, salt: &str) -> (Special, Words) {
        let words = Words::as_given("special.why", salt, self.why);
        let why = words.commitment();
        (Special { approved_by: Some(self.by), why, ..Special::default() }, words)
    }
}

impl Engine {
    /// When the batch begins, and who had to agree to that.
    pub(super) fn beginning(
        &self,
        reference: &Reference,
        who: UserId,
        wish: &Wish<'_>,
        now: &Moment,
    ) -> Result<(Stamp, Option<Agreed>), Refusal> {
        let Some(from) = wish.detail.from else { return Ok((now.at, None)) };
        if from > now.at.wall_us {
            return Err(Refusal::StartInFuture);
        }
        self.after_the_last(reference, wish.equipment, from)?;
        let floor = shift_start(reference, now.at.wall_us);
        let refusal = Refusal::StartTooEarly { from_us: floor };
        let agreed = match from < floor {
            true => Some(agreement(reference, who, wish.detail.second.as_ref(), refusal)?),
            false => None,
        };
        Ok((stamp_at(from.0, now), agreed))
    }

    /// Where one batch at a time is the rule, none begins before the last one ended.
    fn after_the_last(
        &self,
        reference: &Reference,
        equipment: EquipmentId,
        from: Micros,
    ) -> Result<(), Refusal> {
        let machine = reference.machine(equipment).filter(|machine| !machine.concurrent_batches);
        let known = self.plant.machines.get(&equipment);
        let ended = known.and_then(|known| known.ended.as_ref()).map(|ended| ended.at.wall_us);
        match (machine, ended) {
            (Some(machine), Some(until_us)) if from < until_us => {
                Err(Refusal::StartBeforeEnd { machine: machine.code.clone(), until_us })
            },
            _ => Ok(()),
        }
    }
}

/// When the shift began that goes on, or the last one that did.
fn shift_start(reference: &Reference, now_us: Micros) -> Micros {
    let calendar = reference.calendar();
    let shift = calendar.and_then(|calendar| calendar.shift_at(now_us));
    shift.map_or(Micros(now_us.0.saturating_sub(SHIFT_US)), |shift| shift.at.from)
}

/// Whoever agrees: a lead or supervisor who acts, or who lends their badge to somebody else. Both
/// say why.
pub(super) fn agreement(
    reference: &Reference,
    who: UserId,
    second: Option<&Second>,
    refusal: Refusal,
) -> Result<Agreed, Refusal> {
    let may = |role: Role| matches!(role, Role::Lead | Role::Supervisor);
    let Some(second) = second else { return Err(refusal) };
    let badge = second.badge.trim();
    let by = match badge.is_empty() {
        true => reference.person(who),
        false => reference.person_by_badge(badge),
    };
    let unknown = || Refusal::UnknownBadge { badge: badge.chars().take(40).collect() };
    let person = by.filter(|person| person.active).ok_or_else(unknown)?;
    if !may(person.role) {
        // An own badge that does not do asks for another one.
        return Err(match badge.is_empty() {
            true => refusal,
            false => Refusal::MayNotAgree { name: person.name.clone() },
        });
    }
    let why = second.why.trim();
    if why.is_empty() {
        return Err(Refusal::WhyNeeded);
    }
    let why = why.chars().take(WHY_LIMIT).collect();
    Ok(Agreed { by: person.id, why })
}
