//! What was recorded of a labor entry, and how its time was divided, as rows.

use uuid::Uuid;

use super::{Labor, Said};
use crate::{
    fact::{
        correction::Amendment,
        labor::{Inside, Punched},
    },
    id::{RecordId, UserId},
    record::{Assertion, Tenant, tables},
    row::{Cell, Row, Told},
    time::{Micros, Moment},
};

/// One line of what was recorded.
struct Line<'a> {
    by: &'a Assertion,
    user: Option<UserId>,
    kind: &'static str,
    from: Option<Micros>,
    until: Option<Micros>,
    /// The same two as they stood before.
    before: [Option<Micros>; 2],
    evidence: Option<&'static str>,
    /// Whether words may stand beside its fact.
    reasoned: bool,
}

impl Labor {
    /// Everything that was recorded, corrections of headquarters included.
    pub(super) fn punch_rows(
        &self,
        id: RecordId,
        (opened, from): (&Assertion, &Moment),
        tenant: &Tenant,
    ) -> Vec<Row> {
        let whose = self.opened.as_ref().map(|(_, (user, ..))| *user);
        let begin = Line {
            by: opened,
            user: whose,
            kind: self.inside.map_or("in", Inside::word),
            from: Some(from.at.wall_us),
            until: None,
            before: [None; 2],
            evidence: None,
            reasoned: false,
        };
        let told = self.told();
        // What nobody punched begins with whoever told of it.
        let added = told.iter().any(|(_, (_, said))| matches!(said, Said::Added { .. }));
        let begin = (!added).then_some(begin);
        let said = told.iter().map(|(by, (user, said))| self.line(by, *user, said, from));
        // What was put right at a terminal is said already.
        let of_hq = |(by, ..): &(&Assertion, &Amendment, Option<UserId>)| {
            !told.iter().any(|(said, _)| said == *by)
        };
        let corrections = self.corrections.all().filter(of_hq);
        let corrected = corrections.map(|(by, after, user)| corrected(by, after, user));
        let lines = begin.into_iter().chain(said).chain(corrected);
        lines.map(|line| line.row(id, whose, tenant)).collect()
    }

    fn line<'a>(
        &self,
        by: &'a Assertion,
        user: Option<UserId>,
        said: &Said,
        began: &Moment,
    ) -> Line<'a> {
        let (kind, from, until, evidence) = match said {
            Said::Ended(at) => {
                let kind = if self.inside.is_some() { "back" } else { "out" };
                (kind, None, Some(at.wall_after(began)), None)
            },
            Said::Undone(Punched::Began) => ("undone", None, None, Some("began")),
            Said::Undone(Punched::Ended) => ("undone", None, None, Some("ended")),
            Said::Missed { proposed, evidence } => {
                ("missing_out", None, *proposed, Some(evidence.word()))
            },
            Said::Told { until, as_proposed } => {
                let evidence = if *as_proposed { "as_proposed" } else { "otherwise" };
                ("told_out", None, Some(*until), Some(evidence))
            },
            Said::Confirmed { from, until } => ("confirmed", Some(*from), *until, None),
            Said::Asked { from, until, void } => ("asked", *from, *until, void.then_some("void")),
            Said::Amended { after, .. } => ("amended", after.from, after.until, voided(after)),
            Said::Added { until } => ("added", Some(began.at.wall_us), *until, None),
            Said::Declined => ("declined", None, None, None),
            Said::Split(_) => ("split", None, None, None),
        };
        let before = match said {
            Said::Amended { before, .. } => [before.from, before.until],
            _ => [None; 2],
        };
        let reasoned = matches!(
            said,
            Said::Told { .. }
                | Said::Asked { .. }
                | Said::Amended { .. }
                | Said::Added { .. }
                | Said::Declined
        );
        Line { by, user, kind, from, until, before, evidence, reasoned }
    }

    /// Who worked how much for what: from each saying to the next, at last to the end.
    pub(super) fn share_rows(
        &self,
        id: RecordId,
        user: UserId,
        end: Option<Micros>,
        tenant: &Tenant,
    ) -> Vec<Row> {
        let told = self.told();
        let splits: Vec<_> = told
            .iter()
            .filter_map(|(by, (_, said))| match said {
                Said::Split(shares) => Some((by, shares)),
                _ => None,
            })
            .collect();
        let mut rows = Vec::new();
        for (n, (by, shares)) in splits.iter().enumerate() {
            let from = Micros(by.wall_us);
            let next = splits.get(n + 1).map(|(by, _)| Micros(by.wall_us));
            let until = next.or(end).map(|until| until.max(from));
            for share in *shares {
                let name = format!("share/{}/{}/{}", by.origin.incarnation, by.seq, share.batch);
                rows.push(Row {
                    table: &tables::LABOR_SHARES,
                    cells: vec![
                        id.part(&name).into(),
                        tenant.site.0.into(),
                        id.0.into(),
                        user.0.into(),
                        share.batch.0.into(),
                        i64::from(share.percent).into(),
                        from.into(),
                        until.into(),
                    ],
                });
            }
        }
        rows
    }
}

fn corrected<'a>(by: &'a Assertion, after: &Amendment, user: Option<UserId>) -> Line<'a> {
    let (from, until, before) = (after.from, after.until, [None; 2]);
    let evidence = voided(after);
    Line { by, user, kind: "corrected", from, until, before, evidence, reasoned: false }
}

fn voided(after: &Amendment) -> Option<&'static str> {
    after.void.map(|void| if void { "void" } else { "not_void" })
}

impl Line<'_> {
    fn row(&self, id: RecordId, whose: Option<UserId>, tenant: &Tenant) -> Row {
        let Assertion { wall_us, origin, seq } = self.by;
        // The same place in the log of another terminal is another punch.
        let name = format!("punch/{}/{}/{seq}", origin.terminal.0, origin.incarnation);
        let user: Option<Uuid> = self.user.map(|user| user.0);
        let reason = Told { origin: *origin, seq: *seq, field: "reason" };
        Row {
            table: &tables::PUNCHES,
            cells: vec![
                id.part(&name).into(),
                tenant.site.0.into(),
                id.0.into(),
                whose.map(|user| user.0).into(),
                Cell::Word(self.kind),
                self.from.into(),
                self.until.into(),
                self.evidence.map_or(Cell::Null, Cell::Word),
                if self.reasoned { Cell::Told(reason) } else { Cell::Null },
                Micros(*wall_us).into(),
                user.into(),
                origin.terminal.0.into(),
                origin.incarnation.to_string().into(),
                i64::try_from(*seq).unwrap_or(i64::MAX).into(),
                self.before[0].into(),
                self.before[1].into(),
            ],
        }
    }
}
