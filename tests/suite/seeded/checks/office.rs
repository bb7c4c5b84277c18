//! Queues, jobs and batches nobody works on any more: what was asked for is there once, both ends show
//! one order, no job takes a step it may not take, and what comes again comes once.

use std::collections::{BTreeMap, BTreeSet};

use kart_core::fact::queue::Ask;
use kart_core::fact::{Body, Fact};
use kart_core::id::{Origin, RecordId, TerminalId};
use kart_core::reference::{Columns, Rows, assemble};

use super::super::centre::{Place, State};
use super::super::station::Station;
use super::super::world::World;

/// Everything in the inbox, by the place where it lies.
pub(super) struct Inbox(BTreeMap<Place, Fact>);

impl Inbox {
    pub(super) fn of(state: &State) -> Self {
        let facts = state.inbox.iter();
        let facts =
            facts.filter_map(|(place, line)| Some((place.clone(), Fact::parse(&line.line).ok()?)));
        Self(facts.collect())
    }

    pub(super) fn facts(&self) -> impl Iterator<Item = (Origin, &Fact)> {
        self.0.iter().map(|((terminal, life, _), fact)| {
            let incarnation = life.parse().unwrap();
            (Origin { terminal: TerminalId(*terminal), incarnation }, fact)
        })
    }
}

/// All of it, at the end.
pub(super) fn at_rest(world: &World) {
    let centre = world.centre();
    let state = &centre.state;
    let inbox = Inbox::of(state);
    again_once(world, state, &inbox);
    posted(world, state, &inbox);
    jobs(world, state);
    let resolved = super::order::closings(state, &inbox);
    if let Some(what) = resolved {
        world.fault("I10 a batch is closed in any order of arrival", what);
    }
}

/// A fact that came again in a later life lies in the inbox once.
fn again_once(world: &World, state: &State, inbox: &Inbox) {
    let mut seen = BTreeSet::new();
    for (origin, fact) in inbox.facts() {
        for former in fact.former.iter().flat_map(kart_core::fact::life::Former::places) {
            let terminal = origin.terminal.0;
            let place = (terminal, former.incarnation.to_string(), former.seq);
            let here = state.inbox.get(&place).is_some_and(|line| line.hash == former.hash);
            if here || !seen.insert((place.clone(), former.hash.0)) {
                world.fault("I4 what comes again comes once", format!("{place:?}"));
            }
        }
    }
}

/// Entries and jobs are those that facts ask for, each once.
fn posted(world: &World, state: &State, inbox: &Inbox) {
    let waits = |origin: Origin, seq| {
        let place = (origin.terminal.0, origin.incarnation.to_string(), seq);
        state.quarantine.contains_key(&place)
    };
    let opens = |fact: &Fact| match &fact.fact {
        Body::QueueAsked(asked) => matches!(asked.ask, Ask::Enqueue(_)),
        Body::JobPosted(_) => true,
        _ => false,
    };
    let asked = inbox.facts().filter(|(origin, fact)| opens(fact) && !waits(*origin, fact.seq));
    let asked: BTreeSet<RecordId> = asked.map(|(origin, fact)| origin.record(fact.seq)).collect();
    let office = &state.office;
    let there: BTreeSet<RecordId> =
        office.slots.keys().chain(office.jobs.keys()).copied().collect();
    if asked != there {
        let wrong: Vec<_> = asked.symmetric_difference(&there).collect();
        world.fault("I4 entries and jobs are those asked for", format!("{wrong:?}"));
    }
    let truth = world.truth();
    let gone = super::rows::unbegun(state, &truth);
    let mut told = truth.posted.keys().filter(|id| !gone.contains(id));
    if let Some(lost) = told.find(|id| !there.contains(id)) {
        world.fault("I2 what was asked for is there", lost.to_string());
    }
    for (id, slot) in &office.slots {
        if (slot.status == "started") != slot.batch.is_some() {
            world.fault("I4 an entry is used up by a batch", format!("{id}: {slot:?}"));
        }
    }
    let mut taken = BTreeSet::new();
    let used = office.slots.values().filter_map(|slot| Some((slot.queue, slot.batch?)));
    if let Some((_, batch)) = used.into_iter().find(|used| !taken.insert(*used)) {
        world.fault("I4 a batch uses up one entry of a queue", batch.to_string());
    }
}

/// Jobs took only lawful steps, and their stays at a station are numbered without holes.
fn jobs(world: &World, state: &State) {
    if let Some(step) = state.office.unlawful.first() {
        world.fault("I4 a job takes lawful steps", step.clone());
    }
    let mut numbers = BTreeSet::new();
    for (id, job) in &state.office.jobs {
        if !numbers.insert(&job.number) {
            world.fault("I18 a number is one job's", format!("{id}: {}", job.number));
        }
        let mut last = BTreeMap::new();
        for entry in &job.entries {
            let before = last.insert(entry.station, entry.number).unwrap_or(0);
            if entry.number != before + 1 {
                world.fault("I4 stays are numbered without holes", format!("{id}: {entry:?}"));
            }
        }
    }
}

/// A terminal shows queues and jobs as headquarters has them, in the same order.
pub(super) fn shown(world: &World, station: &Station) {
    let centre = world.centre();
    let state = &centre.state;
    let line = |columns: &[(&str, &str)]| -> Columns {
        columns.iter().map(|(name, text)| ((*name).to_owned(), Some((*text).to_owned()))).collect()
    };
    let site = state.reference.site.id.to_string();
    let mut rows = Rows::from([
        (
            "public.oee_sites".to_owned(),
            vec![line(&[
                ("id", site.as_str()),
                ("code", "cedar"),
                ("name", "Cedar"),
                ("organization_id", "cedar-works"),
                ("availability_mode", "planned"),
            ])],
        ),
        ("edge.sites".to_owned(), vec![line(&[("version", "1"), ("time_zone", "Europe/Berlin")])]),
    ]);
    for ((_, table, _), row) in &station.disk.seen.mirror {
        if table.ends_with("_queue") || table == "public.ops_jobs" {
            let row: Columns = serde_json::from_str(row).unwrap();
            rows.entry(table.clone()).or_default().push(row);
        }
    }
    let reference = match assemble(&rows) {
        Ok(reference) => reference,
        Err(fault) => return world.fault("I10 queues can be read", fault.to_string()),
    };
    let shown = reference.work.queued.iter().map(|next| (next.queue, next.entry));
    let shown: Vec<_> = shown.collect();
    let told = state.told(station.id);
    if shown != told.0 {
        let what = format!("{}: {shown:?} instead of {:?}", station.number, told.0);
        world.fault("I10 a queue has one order", what);
    }
    let jobs: BTreeSet<RecordId> = reference.work.jobs.iter().map(|job| job.id).collect();
    if jobs != told.1 {
        world.fault("I10 jobs are shown where they stand", format!("{}", station.number));
    }
}
