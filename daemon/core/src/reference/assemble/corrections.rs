//! Corrections that came down, from the rows of `edge.corrections`.

use super::{Fault, Rows, lines};
use crate::{
    fact::{
        Body, Fact,
        correction::{Correction, CorrectionSeen},
    },
    id::{Origin, TerminalId},
};

/// All of them, oldest first. One that this version cannot read is left to a later one.
pub(super) fn corrections(rows: &Rows) -> Result<Vec<Correction>, Fault> {
    let mut all = Vec::new();
    for line in lines(rows, "edge.corrections") {
        let fact = line.text("line").and_then(|text| Fact::parse(text.as_bytes()).ok());
        let origin = Origin {
            terminal: TerminalId(line.need("writer_id")?),
            incarnation: line.need("incarnation")?,
        };
        let correction = line.need("id")?;
        let Some(Fact { seq, at, by, fact: Body::Corrected(corrected), .. }) = fact else {
            continue;
        };
        let (made, seal) = (at.wall_us, line.text("seal").map(str::to_owned));
        let seen =
            CorrectionSeen { correction, origin, seq, made, by, corrected, here: None, seal };
        all.push(Correction { seen, reason: line.text("reason").map(str::to_owned) });
    }
    all.sort_by_key(|correction| (correction.seen.made, correction.seen.correction));
    Ok(all)
}
