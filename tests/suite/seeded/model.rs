//! Is what the world takes for headquarters' tables what they are? The same facts about batches, queues
//! and jobs, thrown by dice, go to a real Postgres and into the world's headquarters: both must come to
//! the same entries, places, steps, stays and closings.

use std::path::Path;

use kart_core::fact::batch::{BatchAborted, Special};
use kart_core::fact::job::{
    JobAborted, JobCompleted, JobMoved, JobPosted, JobScrapped, JobStarted,
};
use kart_core::fact::queue::{Ask, Enqueue, Place, Queue, QueueAsked};
use kart_core::fact::{BatchStarted, Body, Fact};
use kart_core::id::{ProductId, ReasonId, RecordId, StationId};
use kart_core::record::Tenant;
use kart_hq::decisions::Writer;
use kart_tests::world::headquarters::Headquarters;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use super::centre::State;
use crate::headquarters::device::{Device, key, machine, user};
use crate::headquarters::{demo_site, enroll};

const PLACES: [(&str, [&str; 2]); 2] =
    [("ST-21", ["EQ-211", "EQ-212"]), ("ST-31", ["EQ-311", "EQ-311"])];
const PUSHES: usize = 60;

fn station(code: &str) -> StationId {
    StationId(key("ops_stations", code))
}

/// What facts have named so far, by anybody and pushed.
#[derive(Default)]
struct Named {
    batches: Vec<RecordId>,
    entries: Vec<(Queue, RecordId)>,
    jobs: Vec<RecordId>,
}

impl Named {
    fn note(&mut self, record: RecordId, body: &Body) {
        match body {
            Body::BatchStarted(_) => self.batches.push(record),
            Body::JobPosted(_) => self.jobs.push(record),
            Body::QueueAsked(QueueAsked { queue, ask: Ask::Enqueue(_) }) => {
                self.entries.push((*queue, record));
            },
            _ => {},
        }
    }

    /// Anything that could be told.
    fn any(&self, from: kart_core::time::Stamp, dice: &mut StdRng) -> Option<Body> {
        let (place, machines) = PLACES[dice.random_range(0..2)];
        let here = station(place);
        let product = ProductId(key("ops_products", "BR/BR-40"));
        let number = format!("B-{}", dice.random_range(0..4));
        let who = user(["1001", "1002", "1003"][dice.random_range(0..3)]);
        let some = |of: &[RecordId], dice: &mut StdRng| {
            let recent = of.len().saturating_sub(8)..of.len();
            (!of.is_empty()).then(|| of[dice.random_range(recent)])
        };
        let batch = some(&self.batches, dice);
        let job = some(&self.jobs, dice);
        let parts = dice.random_range(0..40);
        let reason = ReasonId(key("oee_abort_reasons", "Form/Q01"));
        Some(match dice.random_range(0..20) {
            0..=2 => Body::BatchStarted(BatchStarted {
                equipment: machine(machines[dice.random_range(0..2)]),
                station: Some(here),
                product,
                number,
                work_order: None,
                target: None,
                from,
                operators: (0..dice.random_range(0..2)).map(|_| who).collect(),
                lease: None,
                special: Special::default(),
            }),
            3 => Body::BatchJoined { batch: batch?, user: who },
            4..=5 => Body::BatchLeft { batch: batch?, user: who, at: None },
            6..=7 => completed(batch?, parts),
            8 => Body::BatchAborted(BatchAborted {
                batch: batch?,
                reason,
                good: parts,
                scrap: 0,
                comment: None,
            }),
            9..=13 => self.queue((here, machines[0]), (product, number, batch), dice)?,
            14 => Body::JobPosted(JobPosted {
                station: here,
                product,
                number: Some(number),
                work_order: None,
                target: None,
            }),
            15 => Body::JobStarted(JobStarted { job: job?, station: here, from }),
            16..=17 => {
                let next = dice.random_bool(0.2).then_some(here);
                Body::JobCompleted(JobCompleted {
                    job: job?,
                    station: here,
                    good: parts,
                    scrap: 1,
                    next,
                })
            },
            18 => Body::JobMoved(JobMoved {
                job: job?,
                from: Some(here),
                to: station("ST-31"),
                why: None,
            }),
            _ if dice.random_bool(0.5) => {
                Body::JobScrapped(JobScrapped { job: job?, station: here, scrap: 2, reason: None })
            },
            _ => Body::JobAborted(JobAborted { job: job?, reason }),
        })
    }

    fn queue(
        &self,
        (here, own): (StationId, &str),
        (product, number, batch): (ProductId, String, Option<RecordId>),
        dice: &mut StdRng,
    ) -> Option<Body> {
        let queue = match dice.random_bool(0.5) {
            true => Queue::Equipment(machine(own)),
            false => Queue::Station(here),
        };
        let own = self.entries.iter().filter(|(of, _)| *of == queue);
        let own: Vec<RecordId> = own.map(|(_, entry)| *entry).rev().take(6).collect();
        let mut one = || (!own.is_empty()).then(|| own[dice.random_range(0..own.len())]);
        let (entry, anchor) = (one(), one());
        let place = match (dice.random_range(0..3), anchor) {
            (0, _) => Place::Front,
            (1, Some(anchor)) => Place::After(anchor),
            _ => Place::End,
        };
        let ask = match dice.random_range(0..7) {
            0..=2 => Ask::Enqueue(Enqueue {
                product,
                number: dice.random_bool(0.6).then_some(number),
                work_order: None,
                target: None,
                batch: None,
                place,
            }),
            3..=4 => Ask::Move { entry: entry?, place },
            5 => Ask::Remove { entry: entry? },
            _ => Ask::Claim { entry: entry?, batch: batch? },
        };
        Some(Body::QueueAsked(QueueAsked { queue, ask }))
    }
}

#[tokio::test]
async fn headquarters_of_the_world_keeps_queues_jobs_and_closings_as_postgres_does() {
    let seed = crate::turn::seed("seeded::model", 7);
    let mut dice = StdRng::seed_from_u64(seed);
    let headquarters = Headquarters::start(&demo_site()).await.unwrap();
    let mut devices = [enroll(&headquarters, "T-07").await, enroll(&headquarters, "T-08").await];
    let mut model = State::of(&read(&demo_site()));
    let mut named = Named::default();
    let mut heard = [0; 2];
    for push in 0..PUSHES {
        let which = dice.random_range(0..2);
        let device = &mut devices[which];
        let before = heard[which];
        let mut opened = vec![];
        for _ in 0..dice.random_range(1..6) {
            let from = Device::stamp(device.lines.len() as u64 + 1);
            let Some(body) = named.any(from, &mut dice) else { continue };
            let seq = device.append(body.clone());
            opened.push((device.origin().record(seq), body));
        }
        if device.lines.len() == before {
            continue;
        }
        heard[which] = device.lines.len();
        let pushed = device.push(before + 1).await.unwrap();
        let waiting: Vec<u64> = pushed.quarantined.iter().map(|held| held.seq).collect();
        let organization = "cedar-works".to_owned();
        let tenant = Tenant { organization, site: model.reference.site.id };
        let facts: Vec<Fact> = device.lines[before..]
            .iter()
            .map(|line| Fact::parse(line.as_bytes()).unwrap())
            .collect();
        assert_eq!(
            model.take_in(&Writer { origin: device.origin(), tenant }, &facts),
            waiting,
            "push {push}: {:?}",
            pushed.quarantined
        );
        for (record, body) in &opened {
            named.note(*record, body);
        }
        if push % 10 == 9 {
            same(&headquarters, &model, push).await;
        }
    }
    same(&headquarters, &model, PUSHES).await;
    let used = model.office.slots.values().filter(|slot| slot.batch.is_some()).count();
    let figures =
        (model.office.slots.len(), used, model.office.jobs.len(), model.office.resolved.len());
    assert!(figures.0 > 10 && figures.1 > 1 && figures.2 > 3 && figures.3 > 1, "{figures:?}");
}

fn read(path: &Path) -> kart_core::reference::Reference {
    let text = std::fs::read_to_string(path).unwrap();
    kart_core::site::parse("site.toml", &text).unwrap()
}

async fn same(headquarters: &Headquarters, model: &State, push: usize) {
    let office = &model.office;
    let select = "SELECT id, status, event_id, queue_position::float8::text FROM oee_batch_queue UNION ALL
                  SELECT id, status, event_id, queue_position::float8::text FROM ops_station_batch_queue
                  ORDER BY id";
    let rows = headquarters.sql(select, &[]).await.unwrap();
    let there: Vec<(Uuid, String, Option<Uuid>, f64)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get::<_, &str>(3).parse().unwrap()))
        .collect();
    let here = office.slots.iter();
    let here: Vec<_> =
        here.map(|(id, slot)| (id.0, slot.status.to_owned(), slot.batch, slot.at)).collect();
    assert_eq!(here, there, "entries after push {push}");

    let select = "SELECT j.id, j.job_number, j.state, j.current_station_id, j.good_parts, j.scrap_parts,
                      (SELECT count(*) FROM ops_job_station_history h WHERE h.job_id = j.id),
                      (SELECT coalesce(sum(h.entry_number), 0)::bigint FROM ops_job_station_history h
                       WHERE h.job_id = j.id AND h.completed_at IS NULL)
                  FROM ops_jobs j ORDER BY j.id";
    let rows = headquarters.sql(select, &[]).await.unwrap();
    let there: Vec<String> = rows
        .iter()
        .map(|row| {
            let (number, state): (&str, &str) = (row.get(1), row.get(2));
            let station: Uuid = row.get(3);
            let (good, scrap): (Option<i32>, i32) = (row.get(4), row.get(5));
            let (stays, open): (i64, i64) = (row.get(6), row.get(7));
            let good = good.unwrap_or_default();
            format!("{number} {state} {station} {good} {scrap} {stays} {open}")
        })
        .collect();
    let here: Vec<String> = office
        .jobs
        .values()
        .map(|job| {
            let open = job.entries.iter().filter(|entry| !entry.over);
            let open: usize = open.map(|entry| entry.number).sum();
            let (state, station, stays) = (job.state.word(), job.station, job.entries.len());
            format!("{} {state} {station} {} {} {stays} {open}", job.number, job.good, job.scrap)
        })
        .collect();
    assert_eq!(here, there, "jobs after push {push}");

    let select =
        "SELECT id, (extract(epoch FROM resolved_at) * 1000000)::bigint FROM oee_machine_events
                  WHERE event_type = 'batch' AND resolved ORDER BY id";
    let rows = headquarters.sql(select, &[]).await.unwrap();
    let there: Vec<(Uuid, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let here: Vec<_> = office.resolved.iter().map(|(id, at)| (id.0, at.0)).collect();
    assert_eq!(here, there, "resolved after push {push}");
}

fn completed(batch: RecordId, parts: i64) -> Body {
    Body::BatchCompleted {
        batch,
        good: parts,
        scrap: 0,
        scrap_reason: None,
        counted_good: parts,
        counted_scrap: 0,
        scrapped: vec![],
        rework: 0,
    }
}
