//! Counters: two readings and the time between them become parts, or a reason why not.

use kart_planted::{Bug, planted};
use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// What a counter counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CounterKind {
    /// Good parts.
    Good,
    /// Scrapped parts.
    Scrap,
    /// All parts, good or not.
    Total,
}

impl CounterKind {
    /// The word used in the log and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Scrap => "scrap",
            Self::Total => "total",
        }
    }
}

/// How two readings were judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The first reading ever, or since the map moved the counter: the base, nothing booked.
    Base,
    /// It rose.
    Increase,
    /// It rose while nobody watched it: booked, but not known when.
    Gap,
    /// It passed its highest value and began again at zero.
    Wrap,
    /// It was set back; what it shows now is a lower bound of what was made.
    Reset,
    /// It was set back and then restored to where it had been.
    Restored,
    /// It rose faster than the machine can work, or went round or was set back while the clock
    /// cannot tell which: nothing booked, the base stays. A rise is held until the counter comes
    /// back to what can be, or somebody accepts or drops it.
    Held,
}

impl Verdict {
    /// The word used in the log and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Increase => "increase",
            Self::Gap => "gap",
            Self::Wrap => "wrap",
            Self::Reset => "reset",
            Self::Restored => "restored",
            Self::Held => "held",
        }
    }
}

/// What is known of a counter beforehand.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CounterShape {
    /// Where it stands at zero again: it shows one less at most. `None` never begins again.
    pub wraps_at: Option<i64>,
    /// The most parts per second the machine can make, slack included.
    pub max_per_s: f64,
}

/// The last reading that was judged, kept in the log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Base {
    /// Raised by one at each reset.
    pub epoch: u32,
    /// The reading, unwrapped within the epoch.
    pub unwrapped: i64,
    /// When it was taken.
    pub at: Moment,
    /// Epoch and unwrapped reading before the last reset, while that could still be restored.
    pub before_reset: Option<(u32, i64, Moment)>,
    /// What the epoch has booked since its reset.
    pub since_reset: i64,
    /// The burst of readings that this one belongs to.
    pub burst: Option<Burst>,
    /// The highest epoch ever used: a restored counter goes back, a later reset goes on.
    pub last_epoch: u32,
    /// A rise that is not believed, and waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// A reading that cannot have been made since the base.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// The lowest such reading, unwrapped as the base is.
    pub unwrapped: i64,
    /// When it was taken.
    pub at: Moment,
}

/// Two readings as the counter showed them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Readings {
    /// The one before.
    pub before: i64,
    /// The one judged.
    pub now: i64,
}

/// A burst lasts no longer than this, so that a machine's long rest does not excuse a wrong reading
/// later on.
const BURST_US: i64 = 5_000_000;

/// Readings that arrive together, as a broker delivers what it kept during an outage. They are
/// judged by the time since the reading before all of them, because the parts were made then.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Burst {
    /// When its first reading came.
    pub began: Moment,
    /// The reading before, and when it was taken.
    pub before: (i64, Moment),
}

impl Burst {
    fn lasts(&self, now: &Moment) -> bool {
        now.since(&self.began) < BURST_US
    }
}

/// A judgement: what to book and what the new base is.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement {
    /// How the readings were judged.
    pub verdict: Verdict,
    /// The epoch of `raw_from` and `raw_to`.
    pub epoch: u32,
    /// Unwrapped reading before.
    pub raw_from: i64,
    /// Unwrapped reading now.
    pub raw_to: i64,
    /// Parts to book.
    pub quantity: i64,
    /// Both readings as shown, where the positions booked do not say.
    pub raw: Option<Readings>,
}

impl Judgement {
    /// A base: nothing booked.
    fn base(epoch: u32, at: i64) -> Self {
        let verdict = Verdict::Base;
        Self { verdict, epoch, raw_from: at, raw_to: at, quantity: 0, raw: None }
    }
}

/// Parts that may be made in `micros` microseconds: rate times time, plus two for the rounding of
/// the reading instants.
fn plausible(shape: CounterShape, micros: i64) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "an upper bound, not a count")]
    let parts = shape.max_per_s * (micros as f64) / 1e6;
    #[expect(clippy::cast_possible_truncation, reason = "saturating float to integer")]
    let whole = parts as i64;
    whole.saturating_add(2)
}

/// Judges the first reading after the map moved the counter: whatever it showed before was another
/// register. The epoch is a new one, so that no position is taken for one of before.
pub fn begin_anew(base: Option<&Base>, raw: i64) -> Judgement {
    Judgement::base(base.map_or(0, |base| base.last_epoch + 1), raw)
}

/// Judges the reading `raw` at `now` against `base`. Returns `None` when nothing has changed.
pub fn judge(
    shape: CounterShape,
    base: Option<&Base>,
    raw: i64,
    now: &Moment,
) -> Option<Judgement> {
    let Some(base) = base else { return Some(Judgement::base(0, raw)) };
    let span = shape.wraps_at;
    let before = span.map_or(base.unwrapped, |span| base.unwrapped.rem_euclid(span));
    let told = Some(Readings { before, now: raw });
    if raw == before {
        // What was held was none: the counter is back.
        let back = Judgement { raw: told, ..Judgement::base(base.epoch, base.unwrapped) };
        return base.held.as_ref().map(|_| back);
    }
    let limit = plausible(shape, now.passed(&base.at));
    let booked = |verdict, epoch, raw_from, quantity| Judgement {
        verdict,
        epoch,
        raw_from,
        raw_to: raw_from + quantity,
        quantity,
        raw: matches!(verdict, Verdict::Held | Verdict::Reset | Verdict::Restored)
            .then_some(told)
            .flatten(),
    };
    let held = || booked(Verdict::Held, base.epoch, base.unwrapped, 0);
    // Nothing that begins again there can show it.
    if span.is_some_and(|span| raw >= span) {
        return Some(held());
    }
    if let Some((epoch, unwrapped, at)) = &base.before_reset {
        // The old value came back: what was booked since the reset is part of the difference.
        let restored = raw - span.map_or(*unwrapped, |span| unwrapped.rem_euclid(span));
        let more = restored - base.since_reset;
        if (0..=plausible(shape, now.passed(at))).contains(&restored)
            && more >= 0
            && raw - before > limit
        {
            return Some(booked(Verdict::Restored, *epoch, unwrapped + base.since_reset, more));
        }
    }
    let rise = raw - before;
    if rise > 0 {
        let can = base.can_have_risen(shape, rise, now) || planted(Bug::RateUnlimited);
        let rose = || booked(Verdict::Increase, base.epoch, base.unwrapped, rise);
        return Some(if can { rose() } else { held() });
    }
    let wrapped = span.map(|span| rise + span);
    let wrapped = wrapped.filter(|_| !planted(Bug::DeltaWithoutModulo));
    // Only time tells a round from a reset, and there is none: held, unless it is far from a round.
    if now.contradicts(&base.at) && wrapped.zip(span).is_some_and(|(rise, span)| rise < span / 2) {
        return Some(held());
    }
    Some(match wrapped.filter(|rise| *rise <= limit) {
        Some(rise) => booked(Verdict::Wrap, base.epoch, base.unwrapped, rise),
        None if raw <= limit => booked(Verdict::Reset, base.last_epoch + 1, 0, raw),
        // Set to something that cannot have been made since: a new base, nothing booked.
        None => booked(Verdict::Reset, base.last_epoch + 1, raw, 0),
    })
}

/// What a person's word makes of a reading that is held: accepted, its parts are booked; dropped, it
/// is the new base. `None` when none is held.
pub fn settle(base: &Base, accept: bool) -> Option<Judgement> {
    let held = base.held.as_ref()?;
    let rise = held.unwrapped - base.unwrapped;
    Some(match accept {
        true => Judgement {
            verdict: Verdict::Increase,
            epoch: base.epoch,
            raw_from: base.unwrapped,
            raw_to: held.unwrapped,
            quantity: rise,
            raw: None,
        },
        false => Judgement {
            raw: Some(Readings { before: base.unwrapped, now: held.unwrapped }),
            ..Judgement::base(base.epoch, held.unwrapped)
        },
    })
}

impl Base {
    /// Everything in it that says when.
    pub(crate) fn moments(&mut self) -> impl Iterator<Item = &mut Moment> {
        let reset = self.before_reset.iter_mut().map(|(_, _, at)| at);
        let burst = self.burst.iter_mut().flat_map(|burst| [&mut burst.began, &mut burst.before.1]);
        let held = self.held.iter_mut().map(|held| &mut held.at);
        std::iter::once(&mut self.at).chain(reset).chain(burst).chain(held)
    }

    /// The last reading that was believed and the one that is held, as a counter that begins again
    /// at `wraps_at` shows them.
    pub fn shown(&self, wraps_at: Option<i64>) -> Option<Readings> {
        let rise = self.held.as_ref()?.unwrapped - self.unwrapped;
        let before = wraps_at.map_or(self.unwrapped, |span| self.unwrapped.rem_euclid(span));
        Some(Readings { before, now: before + rise })
    }

    /// Whether so many more can have been made by `now`. Waiting makes no parts: what is held counts
    /// by the time until it was read, as the clocks know it today.
    fn can_have_risen(&self, shape: CounterShape, rise: i64, now: &Moment) -> bool {
        let passed = now.passed(&self.at);
        if let Some(held) = &self.held {
            let until = passed.saturating_sub(now.passed(&held.at)).max(0);
            let at_once = held.unwrapped - self.unwrapped;
            if rise >= at_once && at_once > plausible(shape, until) {
                return false;
            }
        }
        let burst = self.burst.as_ref().filter(|burst| burst.lasts(now));
        let in_burst = burst.map_or(0, |burst| {
            let (unwrapped, at) = &burst.before;
            plausible(shape, now.passed(at)) - (self.unwrapped - unwrapped)
        });
        rise <= plausible(shape, passed).max(in_burst)
    }

    /// The base while a rise is held: the lowest counts.
    fn holding(&self, judgement: &Judgement, now: &Moment) -> Self {
        let rise = judgement.raw.map_or(0, |raw| raw.now - raw.before);
        let unwrapped = self.unwrapped.saturating_add(rise);
        let lower = self.held.as_ref().is_none_or(|held| unwrapped < held.unwrapped);
        match rise > 0 && lower {
            true => Self { held: Some(Held { unwrapped, at: now.clone() }), ..self.clone() },
            false => self.clone(),
        }
    }

    /// The base when nothing is held any more: where it was, or where somebody put it.
    fn released(&self, judgement: &Judgement, now: &Moment) -> Self {
        let stays = judgement.raw_to == self.unwrapped;
        let at = if stays { self.at.clone() } else { now.clone() };
        Self { unwrapped: judgement.raw_to, at, burst: None, held: None, ..self.clone() }
    }

    /// The base after `judgement` was recorded; a held reading leaves it where it is.
    #[must_use]
    pub fn after(base: Option<&Self>, judgement: &Judgement, now: &Moment) -> Self {
        let fresh = |before_reset, since_reset| Self {
            epoch: judgement.epoch,
            unwrapped: judgement.raw_to,
            at: now.clone(),
            before_reset,
            since_reset,
            burst: None,
            last_epoch: base.map_or(0, |base| base.last_epoch).max(judgement.epoch),
            held: None,
        };
        let burst = |base: &Self| {
            let burst = base.burst.as_ref().filter(|burst| burst.lasts(now));
            let fresh = || Burst { began: now.clone(), before: (base.unwrapped, base.at.clone()) };
            Some(burst.cloned().unwrap_or_else(fresh))
        };
        match (base, judgement.verdict) {
            (Some(base), Verdict::Held) => base.holding(judgement, now),
            (Some(base), Verdict::Base) if base.held.is_some() && base.epoch == judgement.epoch => {
                base.released(judgement, now)
            },
            (Some(base), Verdict::Reset) => {
                fresh(Some((base.epoch, base.unwrapped, base.at.clone())), judgement.quantity)
            },
            (Some(base), Verdict::Increase | Verdict::Gap | Verdict::Wrap) => {
                let reset = base.before_reset.clone();
                let since_reset =
                    reset.as_ref().map_or(0, |_| base.since_reset + judgement.quantity);
                Self { burst: burst(base), ..fresh(reset, since_reset) }
            },
            _ => fresh(None, 0),
        }
    }
}

#[cfg(test)]
mod tests;
