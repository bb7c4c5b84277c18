//! A new life of a simulated terminal's log, as the store begins one.

use std::collections::BTreeMap;
use std::sync::Arc;

use kart_core::fact::life::Continued;
use kart_core::fact::{Hash, Prepared};
use kart_core::id::{Origin, TerminalId};
use kart_core::life::{Again, Succession, behind};
use kart_core::plant::Plant;
use kart_sync::NewLife;

use super::super::disk::{Aside, Image, Kept, Write};
use super::super::truth::Truth;
use super::Station;

impl Station {
    /// A new life of the log, as the store makes one: what the former one adds up to at
    /// headquarters, and what headquarters lacks of it once more.
    pub(in super::super) fn begin_life(&mut self, life: &NewLife, now_us: i64, truth: &mut Truth) {
        let former = self.origin();
        let renewed = &life.renewed;
        let origin = Origin { incarnation: renewed.incarnation.parse().unwrap(), ..former };
        let plant: Plant = serde_json::from_value(renewed.plant.clone()).unwrap();
        let continued = Continued {
            terminal: TerminalId(renewed.former_terminal),
            incarnation: renewed.former.parse().unwrap(),
            seq: renewed.end.seq,
            hash: renewed.end.hash.parse().unwrap(),
        };
        let now = self.clock.moment(now_us);
        let end = continued.clone();
        let (mut succession, begins) =
            Succession::begin(plant.clone(), origin, former, continued.clone(), &now);
        let mut prepared: Vec<Prepared> =
            begins.into_iter().map(|fact| Prepared::new(fact, vec![]).unwrap()).collect();
        let file = Arc::new(self.disk.seen.as_aside(former));
        let old = std::mem::take(&mut self.disk.seen.facts);
        self.issue_asides(&mut succession, &file, &end, &mut prepared, truth);
        succession.go_on_with(former);
        for kept in old.iter().filter(|kept| kept.fact.seq <= life.common) {
            truth.leave((former, kept.fact.seq), kept);
        }
        for kept in old.iter().filter(|kept| kept.fact.seq > life.common) {
            // What a life says of itself is not said again.
            if issue(&mut succession, (former, kept), origin, &mut prepared, truth) == 0 {
                truth.taken.insert((former, kept.fact.seq));
            }
        }
        let mut image = self.disk.seen.clone();
        (image.records, image.rows) = (BTreeMap::new(), BTreeMap::new());
        (image.acked, image.safe, image.sessions, image.cursor) = (0, 0, vec![], None);
        (image.purged, image.plant, image.continued) = (None, None, Some(continued));
        image.quarantine.clear();
        image.aside.push(file);
        (image.incarnation, image.inherited) = (Some(origin.incarnation), Some(plant));
        self.disk.put_back(image);
        self.incarnation = origin.incarnation;
        let mut hash = Hash::ZERO;
        let facts: Vec<Arc<Kept>> = (1..)
            .zip(prepared)
            .map(|(seq, prepared)| {
                let (fact, line, texts) = prepared.seal(seq);
                hash = hash.after(line.as_bytes());
                Arc::new(Kept { line, hash, fact, texts })
            })
            .collect();
        self.attempt(&facts, truth);
        let write = self.projected(facts.clone());
        self.disk.write(write);
        self.disk.failing = 0;
        self.disk.sync().ok();
        self.accept(&facts, truth);
    }

    /// What is left of the files when facts behind this one cannot be read any more: the terminal goes
    /// on there, and the damaged file lies beside it.
    pub(in super::super) fn salvaged(&mut self, kept: u64) -> Image {
        let old = self.disk.image();
        // Nothing of what is cut off stands in the rows either.
        (self.disk.seen.records, self.disk.seen.rows) = (BTreeMap::new(), BTreeMap::new());
        let facts: Vec<_> =
            old.facts.iter().filter(|fact| fact.fact.seq <= kept).cloned().collect();
        let mut image = Image { facts, ..old };
        let write = self.projected(image.facts.clone());
        (image.records, image.rows) = (BTreeMap::new(), BTreeMap::new());
        if let Write::Facts { records, rows, .. } = write {
            (image.records, image.rows) = (records, rows);
        }
        (image.acked, image.safe) = (image.acked.min(kept), image.safe.min(kept));
        image.sessions.clear();
        image.aside.push(Arc::new(image.as_aside(self.origin())));
        image
    }

    /// What headquarters has lost and only files of former lives still hold comes first.
    fn issue_asides(
        &self,
        succession: &mut Succession,
        file: &Arc<Aside>,
        end: &Continued,
        prepared: &mut Vec<Prepared>,
        truth: &mut Truth,
    ) {
        let all = &self.disk.seen.aside;
        let lives = behind(file.began(), end, |left| Aside::find(all, left, end));
        let mut again = Again::default();
        for file in lives.iter().map(|life| &life.file).chain([file]) {
            file.facts.iter().for_each(|kept| again.note(&kept.fact));
        }
        let origin = succession.plant().origin;
        for life in &lives {
            succession.go_on_with(life.of);
            for kept in Aside::rest(life, &again) {
                issue(succession, (life.of, kept), origin, prepared, truth);
            }
        }
    }
}

/// A fact of a former life comes again. Gives how many facts it becomes.
fn issue(
    succession: &mut Succession,
    (former, kept): (Origin, &Kept),
    origin: Origin,
    prepared: &mut Vec<Prepared>,
    truth: &mut Truth,
) -> usize {
    let again = succession.reissue(&kept.fact, kept.hash).unwrap();
    let count = again.len();
    for fact in again {
        let texts = if fact.former.is_some() { kept.texts.clone() } else { vec![] };
        if fact.former.is_some() {
            truth.renamed(former.record(kept.fact.seq), origin.record(fact.seq));
        }
        prepared.push(Prepared::new(fact, texts).unwrap());
    }
    count
}
