//! Stops: each one of the plant was seen in its time and kind, and none was seen that was not there.

use serde::Serialize;
use uuid::Uuid;

use super::{Books, Difference};
use crate::world::plant::{Stop, Totals};

/// A stop shorter than this may pass between two readings or within the hold of a rule.
const SHORTEST: i64 = 1_000_000;
/// How much later than it happened a change is seen at most.
const SLACK: i64 = 1_500_000;

#[derive(Debug, Serialize)]
pub struct Stops {
    /// Long enough to be seen.
    pub plant: usize,
    /// Downtime events; more than stops where the daemon was away in the middle of one.
    pub sqlite: usize,
    pub postgres: Option<usize>,
    /// Stops without an event, and events without a stop.
    #[serde(flatten)]
    pub difference: Difference,
}

/// A stretch of one machine in one state, microseconds.
#[derive(Debug)]
struct Stretch {
    machine: String,
    state: String,
    from: i64,
    to: i64,
}

pub(super) async fn compare(
    books: &Books<'_>,
    totals: &Totals,
) -> anyhow::Result<(Stops, Difference)> {
    let real: Vec<Stretch> = totals
        .iter()
        .flat_map(|(machine, total)| total.stops.iter().map(move |stop| (machine, stop)))
        .map(|(machine, stop)| stretch(books, machine, stop))
        .collect();
    let edge = at_edge(books)?;
    let mut difference = judge(&real, &edge);
    let postgres = match at_headquarters(books).await? {
        None => None,
        Some(events) => {
            difference.add(judge(&real, &events));
            Some(events.len())
        },
    };
    let plant = real.iter().filter(|stop| stop.is_long()).count();
    Ok((Stops { plant, sqlite: edge.len(), postgres, difference }, difference))
}

/// What a reader can see of a stop: a packer does not tell a planned stop from another.
fn stretch(books: &Books<'_>, machine: &str, stop: &Stop) -> Stretch {
    let state = match stop.cause.as_str() {
        "setup" => "setup",
        "planned_stop" if !books.packers.contains(&machine) => "planned_stop",
        _ => "stopped",
    };
    let (from, to) = (stop.from, stop.to.unwrap_or(i64::MAX - SLACK));
    Stretch { machine: machine.to_owned(), state: state.to_owned(), from, to }
}

impl Stretch {
    fn is_long(&self) -> bool {
        self.to - self.from >= SHORTEST
    }

    fn is_of(&self, other: &Self) -> bool {
        self.machine == other.machine
            && self.state == other.state
            && self.from <= other.to + SLACK
            && other.from <= self.to + SLACK
    }
}

fn judge(real: &[Stretch], seen: &[Stretch]) -> Difference {
    let unseen = |stop: &&Stretch| stop.is_long() && !seen.iter().any(|event| event.is_of(stop));
    let invented = |event: &&Stretch| !real.iter().any(|stop| stop.is_of(event));
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Difference {
        lost: count(real.iter().filter(unseen).count()),
        doubled: count(seen.iter().filter(invented).count()),
    }
}

fn at_edge(books: &Books<'_>) -> anyhow::Result<Vec<Stretch>> {
    let mut select = books.edge.prepare(
        "SELECT e.equipment_id, s.state, e.start_ts, e.end_ts
         FROM oee_machine_events e JOIN edge_machine_states s ON s.id = e.id
         WHERE e.event_type = 'downtime'",
    )?;
    let events = select.query_map([], |row| {
        Ok(event(books, row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    Ok(events.collect::<Result<_, _>>()?)
}

async fn at_headquarters(books: &Books<'_>) -> anyhow::Result<Option<Vec<Stretch>>> {
    let Some(headquarters) = books.headquarters else { return Ok(None) };
    let rows = headquarters
        .sql(
            "SELECT e.equipment_id, s.state, (extract(epoch FROM e.start_ts) * 1000000)::bigint,
                    (extract(epoch FROM e.end_ts) * 1000000)::bigint
             FROM oee_machine_events e JOIN edge.machine_states s ON s.id = e.id
             WHERE e.event_type = 'downtime'",
            &[],
        )
        .await?;
    let events = rows
        .iter()
        .map(|row| event(books, row.get(0), row.get(1), row.get(2), row.get(3)))
        .collect();
    Ok(Some(events))
}

fn event(books: &Books<'_>, machine: Uuid, state: String, from: i64, to: Option<i64>) -> Stretch {
    Stretch { machine: books.code(machine), state, from, to: to.unwrap_or(i64::MAX - SLACK) }
}
