//! A simulated terminal as synchronisation sees it: everything is answered from the disk.

use std::sync::Arc;

use kart_core::id::{Incarnation, RecordId};
use kart_core::reference::{Alias, Reference};
use kart_sync::{Fault, Fed, Link, NewLife, Page, Position, Terminal, Told};
use kart_wire::{Point, Quarantined, Renewed, ScopeSum, Status, TextLine};
use rand::Rng;
use uuid::Uuid;

use super::centre::sums;
use super::checks;
use super::disk::Write;
use super::station::Station;
use super::world::{Post, World};

pub(super) struct Port {
    pub(super) world: Arc<World>,
    pub(super) post: Arc<Post>,
}

impl Port {
    /// One transaction beside the log.
    fn write(&self, station: &mut Station, write: Write) -> Result<(), Fault> {
        station.disk.write(write);
        if station.disk.sync().is_ok() {
            return Ok(());
        }
        station.disk.roll_back();
        Err(Fault("the disk refuses".to_owned()))
    }
}

impl Terminal for Port {
    async fn position(&self) -> Result<Position, Fault> {
        let now_us = self.world.now_us();
        let station = self.post.station();
        let image = &station.disk.seen;
        let (last, head_hash) = image.head();
        let acked_hash = image.hash_at(image.acked).map(|hash| hash.to_string());
        Ok(Position {
            last,
            head_hash: head_hash.to_string(),
            acked: image.acked,
            acked_hash: acked_hash.unwrap_or_default(),
            sessions: image.sessions.clone(),
            wall_us: station.clock.stamp(now_us).wall_us.0,
            oldest: image.facts.first().map_or(0, |kept| kept.fact.seq),
        })
    }

    async fn hash_at(&self, seq: u64) -> Result<Option<String>, Fault> {
        Ok(self.post.station().disk.seen.hash_at(seq).map(|hash| hash.to_string()))
    }

    async fn page(&self, after: u64, facts: usize, _: usize) -> Result<Option<Page>, Fault> {
        let station = self.post.station();
        let image = &station.disk.seen;
        let Some(prev_hash) = image.hash_at(after) else { return Ok(None) };
        // Small pages, so that a backlog takes several.
        let rest = image.after(after).iter().take(facts.min(40));
        let kept: Vec<_> = rest.collect();
        if kept.is_empty() {
            return Ok(None);
        }
        let texts = kept.iter().flat_map(|kept| {
            kept.texts.iter().map(|text| TextLine {
                seq: kept.fact.seq,
                field: text.field.clone(),
                salt: text.salt.clone(),
                text: text.text.clone(),
            })
        });
        Ok(Some(Page {
            from: after + 1,
            prev_hash: prev_hash.to_string(),
            lines: kept.iter().map(|kept| kept.line.clone()).collect(),
            texts: texts.collect(),
        }))
    }

    async fn acknowledged(&self, told: Told) -> Result<(), Fault> {
        let mut station = self.post.station();
        checks::acknowledged(&self.world, &station, &told);
        let Told { session, watermark, safe, quarantined } = told;
        self.write(&mut station, Write::Told { session, acked: watermark, safe, quarantined })
    }

    async fn quarantined(&self, all: Vec<Quarantined>) -> Result<(), Fault> {
        let mut station = self.post.station();
        self.write(&mut station, Write::Quarantine(all))
    }

    async fn feed_cursor(&self) -> Result<Option<String>, Fault> {
        Ok(self.post.station().disk.seen.cursor.as_ref().map(|(_, cursor)| cursor.clone()))
    }

    async fn feed(&self, session: Uuid, base: Option<String>, fed: Fed) -> Result<(), Fault> {
        let mut station = self.post.station();
        let here = station.disk.seen.cursor.as_ref().map(|(_, cursor)| cursor);
        if base.is_some() && base.as_ref() != here {
            return Err(Fault("the rows have moved on".to_owned()));
        }
        let cursor = fed.head.cursor.clone();
        let moved = !fed.rows.is_empty() || !fed.head.whole.is_empty();
        self.write(&mut station, Write::Fed(session, Arc::new(fed)))?;
        checks::mirrored(&self.world, &station, &cursor);
        let reference = moved.then(|| reference(&self.world, &station)).flatten();
        if let (Some(engine), Some(reference)) = (station.engine.as_mut(), reference) {
            engine.set_reference(reference);
        }
        Ok(())
    }

    async fn sums(&self) -> Result<Vec<ScopeSum>, Fault> {
        Ok(sums(&self.post.station().disk.seen.mirror))
    }

    async fn cursor(&self) -> Result<Option<String>, Fault> {
        Err(Fault("no document is kept".to_owned()))
    }

    async fn reference(&self, _: serde_json::Value, _: String) -> Result<(), Fault> {
        Err(Fault("no document is kept".to_owned()))
    }

    async fn status(&self) -> Status {
        Status { at_us: 0, backlog: 0, machines: serde_json::Value::Null }
    }

    async fn renew(&self, life: NewLife) -> Result<(), Fault> {
        *self.post.granted.lock().unwrap() = Some(life);
        self.world.born.notify_one();
        // The program starts anew.
        std::future::pending().await
    }

    async fn granted(&self) -> Result<Option<Renewed>, Fault> {
        let station = self.post.station();
        let image = &station.disk.seen;
        let Some(continued) = &image.continued else { return Ok(None) };
        Ok(Some(Renewed {
            incarnation: station.incarnation.to_string(),
            former_terminal: continued.terminal.0,
            former: continued.incarnation.to_string(),
            end: Point { seq: continued.seq, hash: continued.hash.to_string() },
            plant: serde_json::Value::Null,
        }))
    }

    fn next_incarnation(&self) -> Result<String, Fault> {
        Ok(Incarnation(self.world.dice().random()).to_string())
    }

    fn link(&self, link: Link) {
        let mut refused = self.post.refused.lock().unwrap();
        match link {
            Link::Refused(why) => *refused = Some(why),
            Link::Up => *refused = None,
            _ => {},
        }
    }

    fn sending(&self, _: u64) {}

    async fn grown(&self, seq: u64) -> Result<(), Fault> {
        loop {
            let grown = self.post.grown.notified();
            if self.post.station().disk.seen.head().0 > seq {
                return Ok(());
            }
            grown.await;
        }
    }
}

/// The reference data as the mirror holds it.
pub(super) fn reference(world: &World, station: &Station) -> Option<Arc<Reference>> {
    let site = world.reference(version(station)?);
    let mut leases = Vec::new();
    let mut corrections = Vec::new();
    let mut work = site.work.clone();
    for ((_, table, _), row) in &station.disk.seen.mirror {
        match table.as_str() {
            "edge.number_leases" => leases.push(parsed(row)),
            "edge.corrections" => corrections.push(parsed(row)),
            "edge.record_aliases" => work.floor.aliases.extend([parsed::<(RecordId, Alias)>(row)]),
            _ => {},
        }
    }
    if leases.is_empty() && corrections.is_empty() && work.floor.aliases.is_empty() {
        return Some(site);
    }
    Some(Arc::new(Reference { leases, corrections, work, ..(*site).clone() }))
}

/// A row of one column.
fn parsed<T: serde::de::DeserializeOwned>(row: &str) -> T {
    let row: serde_json::Value = serde_json::from_str(row).unwrap();
    serde_json::from_str(row["row"].as_str().unwrap()).unwrap()
}

/// The version of the site that the mirror holds.
fn version(station: &Station) -> Option<i64> {
    let mut rows = station.disk.seen.mirror.iter();
    let (_, row) = rows.find(|((_, table, _), _)| table == "edge.sites")?;
    let row: serde_json::Value = serde_json::from_str(row).unwrap();
    row["version"].as_str()?.parse().ok()
}
