//! A log that was put back to an older state cannot go on: a new life begins, which takes over
//! what the former one adds up to at headquarters.

use kart_wire::{Aside, Common, Point, Renew, Renewed, code};
use std::time::Duration;
use tokio::time::sleep;

use crate::{Device, Failure, Gateway, Link, Terminal};

/// Headquarters compares so many places at a time.
const MOST_POINTS: u64 = 64;

/// Headquarters reads a long life over several requests, and wants a second between them.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What is handed over at once, to be kept aside.
const ASIDE_FACTS: usize = 500;
const ASIDE_BYTES: usize = 128 * 1024;

/// What a terminal needs to begin a new life of its log.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct NewLife {
    /// Up to here headquarters has what stands in this log; what follows it has not.
    pub common: u64,
    /// What the new life goes on with.
    pub renewed: Renewed,
}

/// Whether a session came to nothing because the life of the log is over.
pub(crate) fn is_over(failure: &Failure) -> bool {
    matches!(failure, Failure::Forked(_)) || says(failure, code::ROLLED_BACK)
}

/// Whether headquarters answered with this word.
fn says(failure: &Failure, code: &str) -> bool {
    failure.problem().is_some_and(|problem| problem.code == code)
}

/// Whether a session came to nothing because headquarters does not know the life of the log.
pub(crate) fn is_unknown(failure: &Failure) -> bool {
    says(failure, code::OTHER_INCARNATION)
}

/// Headquarters was put back to before it granted the life of this log: it is shown what it
/// answered then, and takes the life for granted again. The log goes on as it is. `refusal` stays
/// when there is nothing to show.
pub(crate) async fn remind<T: Terminal, G: Gateway>(
    terminal: &T,
    device: &Device,
    headquarters: &G,
    token: &str,
    refusal: Failure,
) -> Result<(), Failure> {
    let Some(granted) = terminal.granted().await? else { return Err(refusal) };
    let request = Renew {
        former: granted.former.clone(),
        incarnation: device.incarnation.clone(),
        nonce: device.nonce.clone(),
        granted: Some(granted),
    };
    let renewed = ask(terminal, headquarters, token, &request).await;
    let renewed = outcome_of(renewed, refusal)?;
    if renewed.incarnation != device.incarnation {
        return Err(Failure::Nonsense("another life than the one shown".to_owned()));
    }
    tracing::warn!(
        former = renewed.former,
        "headquarters was put back to before the life of this log, which goes on"
    );
    Ok(())
}

/// A gateway that cannot read what it is shown has said before what is the matter.
fn outcome_of(renewed: Result<Renewed, Failure>, refusal: Failure) -> Result<Renewed, Failure> {
    match renewed {
        Err(failure) if says(&failure, code::MALFORMED) => Err(refusal),
        renewed => renewed,
    }
}

/// Begins a new life in place of one that ends at `last`. Asked for again after a lost answer, a
/// life that nothing was written to is left behind. One that is `unknown` at headquarters is shown
/// with its grant.
pub(crate) async fn renew<T: Terminal, G: Gateway>(
    terminal: &T,
    device: &Device,
    headquarters: &G,
    token: &str,
    (last, unknown): (u64, bool),
) -> Result<(), Failure> {
    let common = common(terminal, device, headquarters, token, last).await?;
    let granted = if unknown { terminal.granted().await? } else { None };
    let incarnation = terminal.next_incarnation()?;
    let request = Renew {
        former: device.incarnation.clone(),
        incarnation: incarnation.clone(),
        nonce: device.nonce.clone(),
        granted,
    };
    let renewed = ask(terminal, headquarters, token, &request).await?;
    if renewed.incarnation != incarnation {
        return Err(Failure::Nonsense("another life than the one asked for".to_owned()));
    }
    if let Some(granted) = request.granted {
        let (former, former_end) = (granted.former, granted.end.seq);
        tracing::warn!(
            former,
            former_end,
            held = renewed.former,
            held_end = renewed.end.seq,
            "headquarters was put back; what it held beyond its end now of lives before this one \
             is lost"
        );
    }
    tracing::warn!(common, last, former_end = renewed.end.seq, "a new life of the log begins");
    Ok(terminal.renew(NewLife { common, renewed }).await?)
}

/// Asks for a new life for as long as headquarters says that it is at work on it: each question takes
/// it further. The same life is asked for, so that an answer that was lost costs nothing.
async fn ask<T: Terminal, G: Gateway>(
    terminal: &T,
    headquarters: &G,
    token: &str,
    request: &Renew,
) -> Result<Renewed, Failure> {
    loop {
        let renewed = headquarters.renew(token, request).await;
        let busy = renewed.as_ref().err().filter(|failure| says(failure, code::BUSY));
        let Some(problem) = busy.and_then(Failure::problem) else { return renewed };
        tracing::info!(detail = problem.detail, "headquarters prepares the new life");
        terminal.link(Link::Preparing(problem.detail.clone()));
        let after = busy.and_then(Failure::after).unwrap_or_default();
        sleep(after.max(ASK_AGAIN)).await;
    }
}

/// Whether headquarters has fenced this installation.
pub(crate) fn is_fenced(failure: &Failure) -> bool {
    says(failure, code::CLONED)
}

/// Hands over what a fenced installation has recorded since it became one, to be kept aside.
pub(crate) async fn hand_over<T: Terminal, G: Gateway>(
    terminal: &T,
    device: &Device,
    headquarters: &G,
    token: &str,
    last: u64,
) -> Result<(), Failure> {
    let aside = |from: u64, prev_hash: String, lines: Vec<String>| Aside {
        incarnation: device.incarnation.clone(),
        nonce: device.nonce.clone(),
        from,
        prev_hash,
        lines,
    };
    let nothing = aside(1, "0".repeat(64), vec![]);
    let kept = headquarters.aside(token, &nothing).await?.seq;
    let common = common(terminal, device, headquarters, token, last).await?;
    let mut after = kept.max(common);
    while let Some(page) = terminal.page(after, ASIDE_FACTS, ASIDE_BYTES).await? {
        let end = page.from + u64::try_from(page.lines.len()).unwrap_or_default() - 1;
        let facts = aside(page.from, page.prev_hash, page.lines);
        if headquarters.aside(token, &facts).await?.seq < end {
            return Err(Failure::Nonsense(format!("facts up to {end} were not kept aside")));
        }
        after = end;
    }
    Ok(())
}

/// Why the session ended: a gateway of the first protocol knows no lives, a person must act there.
pub(crate) fn outcome(over: Failure, renewed: Result<(), Failure>) -> Failure {
    match renewed {
        Err(failure) if says(&failure, code::MALFORMED) => over,
        Err(failure) => failure,
        Ok(()) => over,
    }
}

/// The last place where both logs are the same, by bisection in many parts at once.
async fn common<T: Terminal, G: Gateway>(
    terminal: &T,
    device: &Device,
    headquarters: &G,
    token: &str,
    last: u64,
) -> Result<u64, Failure> {
    let (mut same, mut end) = (0, last);
    while same < end {
        let mut points = Vec::new();
        for seq in places(same, end) {
            // What was purged cannot be compared any more.
            if let Some(hash) = terminal.hash_at(seq).await? {
                points.push(Point { seq, hash });
            }
        }
        let Some(first) = points.first().map(|point| point.seq) else { break };
        let asked: Vec<u64> = points.iter().map(|point| point.seq).collect();
        let common = Common { incarnation: device.incarnation.clone(), points };
        let found = headquarters.common(token, &common).await?.seq;
        if found != 0 && !asked.contains(&found) {
            return Err(Failure::Nonsense(format!("fact {found} was not asked for")));
        }
        let next = match found {
            0 => first,
            found => asked.iter().copied().find(|seq| *seq > found).unwrap_or(found + 1),
        };
        same = same.max(found);
        end = next - 1;
    }
    Ok(same)
}

/// Places after `same` up to `end`, evenly spread, the last one included.
fn places(same: u64, end: u64) -> Vec<u64> {
    let span = end - same;
    let count = span.min(MOST_POINTS);
    (1..=count)
        .map(|n| {
            let part = u128::from(span) * u128::from(n) / u128::from(count);
            same + u64::try_from(part).unwrap_or(span)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_and_reach_the_end() {
        assert_eq!(places(3, 5), [4, 5]);
        let many = places(0, 1_000_000);
        assert_eq!((many.len(), many[0], many[63]), (64, 15_625, 1_000_000));
    }
}
