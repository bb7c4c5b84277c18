//! Headquarters' own log of a site: the same lines, hashes and tables as the logs of terminals.

use deadpool_postgres::Transaction;
use kart_core::{
    fact::{Body, Draft, FORMAT, Fact, FactText, Hash},
    id::{Incarnation, Origin, TerminalId, UserId},
    time::{Boot, Micros, Stamp},
};
use kart_wire::TextLine;
use ring::rand::{SecureRandom as _, SystemRandom};
use uuid::Uuid;

use crate::{
    admin::Supervisor,
    auth::Terminal,
    database::{from_bigint, to_bigint},
    names::Names,
    problem::Refusal,
    push::{self, chain::Link, head::hash_from, texts},
};

/// The log and its end. Whoever holds it is the only one to write.
pub(super) struct Log {
    writer: Terminal,
    watermark: u64,
    hash: Hash,
    /// Terminals read its lines.
    names: Names,
}

/// A fact that was appended.
pub(super) struct Written {
    /// Made of the chain, so that a log that was put back to an older state repeats none.
    pub(super) id: Uuid,
    pub(super) seq: u64,
    pub(super) line: String,
    /// With the first fact of the log, when it is new.
    pub(super) facts: Vec<Fact>,
}

impl Log {
    pub(super) async fn lock(
        tx: &Transaction<'_>,
        supervisor: &Supervisor,
    ) -> Result<Self, Refusal> {
        let mut bytes = [0; 8];
        SystemRandom::new().fill(&mut bytes).map_err(|_| Refusal::unavailable())?;
        let fresh = Incarnation(u64::from_be_bytes(bytes)).to_string();
        let row = tx
            .query_one("SELECT terminal_id, incarnation FROM edge.headquarters_log($1)", &[&fresh])
            .await?;
        let writer = Terminal {
            organization: supervisor.organization.clone(),
            site: supervisor.site,
            id: row.try_get(0)?,
            incarnation: row.try_get(1)?,
        };
        let end = tx
            .query_one(
                "SELECT watermark, head_hash FROM edge.terminals
                 WHERE organization_id = $1 AND terminal_id = $2 FOR NO KEY UPDATE",
                &[&writer.organization, &writer.id],
            )
            .await?;
        let watermark = from_bigint(end.try_get(0)?);
        let names = Names::read(tx).await?;
        Ok(Self { writer, watermark, hash: hash_from(&end, 1)?, names })
    }

    /// In whose name facts of this log become rows.
    pub(super) fn writer(&self) -> &Terminal {
        &self.writer
    }

    /// Puts one fact at the end, after the first of all where there is none yet.
    pub(super) async fn append(
        &mut self,
        tx: &Transaction<'_>,
        body: Body,
        by: Option<UserId>,
        texts: Vec<FactText>,
        now_us: i64,
    ) -> Result<Written, Refusal> {
        let mut facts = Vec::new();
        if self.watermark == 0 {
            let incarnation: Incarnation =
                self.writer.incarnation.parse().map_err(|_| Refusal::unavailable())?;
            let origin = Origin { terminal: TerminalId(self.writer.id), incarnation };
            let genesis = Body::Genesis {
                format: FORMAT,
                terminal: origin.terminal,
                incarnation: origin.incarnation,
            };
            facts.push(self.put(tx, (genesis, None, vec![]), now_us).await?.0);
        }
        let (fact, line) = self.put(tx, (body, by, texts), now_us).await?;
        facts.push(fact);
        tx.execute(
            "UPDATE edge.terminals SET watermark = $3, head_hash = $4, updated_at = now()
             WHERE organization_id = $1 AND terminal_id = $2",
            &[
                &self.writer.organization,
                &self.writer.id,
                &to_bigint(self.watermark),
                &self.hash.0.as_slice(),
            ],
        )
        .await?;
        let id = Uuid::new_v5(&self.writer.id, &self.hash.0);
        Ok(Written { id, seq: self.watermark, line, facts })
    }

    async fn put(
        &mut self,
        tx: &Transaction<'_>,
        (body, by, texts): (Body, Option<UserId>, Vec<FactText>),
        now_us: i64,
    ) -> Result<(Fact, String), Refusal> {
        let seq = self.watermark + 1;
        let draft = Draft {
            // Headquarters is many computers: durations in its log are of no meaning.
            at: Stamp { wall_us: Micros(now_us), mono_us: 0 },
            boot: Boot::default(),
            by: by.map(|by| UserId(self.names.name(by.0))),
            key: None,
            body: self.names.told(body),
            texts,
        };
        let prepared = draft.prepare().map_err(|_| Refusal::unavailable())?;
        let (fact, line, texts) = prepared.seal(seq);
        let hash = self.hash.after(line.as_bytes());
        let links = [Link { seq, line: line.as_bytes(), hash, fact: Some(fact.clone()) }];
        push::insert(tx, &self.writer, &links).await?;
        let texts: Vec<TextLine> = texts
            .into_iter()
            .map(|FactText { field, salt, text }| TextLine { seq, field, salt, text })
            .collect();
        texts::store(tx, &self.writer, &links, &texts).await?;
        (self.watermark, self.hash) = (seq, hash);
        Ok((fact, line))
    }
}
