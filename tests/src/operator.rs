//! An operator who works by script through the local interface, and remembers what was confirmed.
//!
//! As the terminal does, it repeats a command with the same key until there is an answer, so that a daemon that is
//! killed in between neither loses nor doubles anything.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use kart_api::{Answer, Client, Machine, Request, View};
use kart_core::command::{Accepted, Command};
use kart_core::id::{RecordId, StationId, UserId};
use kart_core::reference::Reference;
use serde::Serialize;
use uuid::Uuid;

use crate::wait::try_for;

const LIMIT: Duration = Duration::from_secs(60);

pub struct Operator {
    client: Client,
    badge: String,
    user: Option<UserId>,
    pub confirmed: Confirmed,
}

/// What the daemon said it saved; each entry is the record.
#[derive(Debug, Default, Clone)]
pub struct Confirmed {
    pub clocked_in: Vec<RecordId>,
    pub clocked_out: Vec<RecordId>,
    pub batches_started: Vec<RecordId>,
    /// With the parts that the person confirmed, good and scrap.
    pub batches_completed: Vec<(RecordId, i64, i64)>,
    pub stops_explained: BTreeSet<RecordId>,
}

/// How many of each.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Punches {
    pub clocked_in: usize,
    pub clocked_out: usize,
    pub batches_started: usize,
    pub batches_completed: usize,
    pub stops_explained: usize,
}

impl Confirmed {
    pub fn punches(&self) -> Punches {
        Punches {
            clocked_in: self.clocked_in.len(),
            clocked_out: self.clocked_out.len(),
            batches_started: self.batches_started.len(),
            batches_completed: self.batches_completed.len(),
            stops_explained: self.stops_explained.len(),
        }
    }
}

impl Operator {
    pub fn new(client: Client, badge: &str) -> Self {
        Self { client, badge: badge.to_owned(), user: None, confirmed: Confirmed::default() }
    }

    pub async fn clock_in(&mut self, station: &str) -> anyhow::Result<()> {
        let (_view, reference) = self.look().await?;
        let station = station_of(&reference, station)?;
        let saved = self.saved(Command::ClockIn { badge: self.badge.clone(), station }).await?;
        self.user = saved.user;
        self.confirmed.clocked_in.push(saved.record);
        Ok(())
    }

    /// The person is clocked in already, at a terminal that is no more.
    pub fn goes_on(&mut self, user: UserId) {
        self.user = Some(user);
    }

    pub async fn clock_out(&mut self) -> anyhow::Result<()> {
        let saved = self.saved(Command::ClockOut { badge: self.badge.clone() }).await?;
        self.user = None;
        self.confirmed.clocked_out.push(saved.record);
        Ok(())
    }

    /// Starts a batch of the product with this code.
    pub async fn start_batch(&mut self, machine: &str, product: &str) -> anyhow::Result<()> {
        let (equipment, _batch, reference) = self.look_at(machine, |_machine| Some(())).await?;
        let mut products = reference.families.iter().flat_map(|family| &family.products);
        let product = products.find(|entry| entry.code == product).context("no such product")?.id;
        let command = Command::StartBatch {
            by: self.user.context("nobody is clocked in")?,
            equipment: equipment.id,
            product,
            target: None,
            number: None,
            work_order: Some("WO-2011".to_owned()),
            detail: Default::default(),
        };
        let saved = self.saved(command).await?;
        self.confirmed.batches_started.push(saved.record);
        // The screen follows what was saved; a person goes on when it shows the batch.
        let started = |machine: &Machine| machine.batch.clone().filter(|b| b.id == saved.record);
        self.look_at(machine, started).await.map(drop)
    }

    /// Completes the batch on a machine with what the machine has counted.
    pub async fn complete_batch(&mut self, machine: &str) -> anyhow::Result<()> {
        let (machine, batch, reference) =
            self.look_at(machine, |machine| Some(machine.batch.as_ref()?.id)).await?;
        let (good, scrap) = (machine.good, machine.scrap);
        let mut reasons = reference.scrap_groups.iter().flat_map(|group| &group.reasons);
        let scrap_reason = reasons.next().map(|reason| reason.id).filter(|_| scrap > 0);
        let by = self.user.context("nobody is clocked in")?;
        let saved = self
            .saved(Command::CompleteBatch {
                by,
                batch,
                good,
                scrap,
                scrap_reason,
                detail: Default::default(),
            })
            .await?;
        self.confirmed.batches_completed.push((saved.record, good, scrap));
        Ok(())
    }

    /// As soon as one is shown, [`Operator::explain_stops`].
    pub async fn explain_next_stop(&mut self) -> anyhow::Result<()> {
        try_for("a stop on the screen", LIMIT, async || {
            let view = self.client.snapshot().await.map_err(|fault| fault.to_string())?;
            let waits = view.stops.iter().any(|stop| stop.reason.is_none());
            waits.then_some(()).ok_or_else(|| format!("{:?}", view.stops))
        })
        .await?;
        self.explain_stops().await
    }

    /// Explains every stop that waits for it, each with a reason that fits its state.
    pub async fn explain_stops(&mut self) -> anyhow::Result<()> {
        let (view, reference) = self.look().await?;
        for stop in view.stops.iter().filter(|stop| stop.reason.is_none()) {
            let wanted = stop.state.group_type();
            let groups = reference.downtime_groups.iter();
            let fitting = groups.filter(|group| Some(group.group_type.as_str()) == wanted);
            let reason = fitting.flat_map(|group| &group.reasons).next().context("no reason")?;
            let command = Command::ExplainStop {
                by: self.user,
                stop: stop.id,
                reason: reason.id,
                comment: Some(format!("seen by hand: {}", reason.name)),
            };
            self.saved(command).await?;
            self.confirmed.stops_explained.insert(stop.id);
        }
        Ok(())
    }

    /// Who it is, while they are clocked in.
    pub fn user(&self) -> Option<UserId> {
        self.user
    }

    /// Any command, which must be saved.
    pub async fn saves(&self, command: Command) -> anyhow::Result<()> {
        self.saved(command).await.map(drop)
    }

    /// Asks with one key until there is an answer, over any number of restarts of the daemon.
    pub async fn ask(&self, command: Command) -> anyhow::Result<Answer> {
        let request = Request { key: Uuid::new_v4().to_string(), command, pin: None };
        try_for("an answer to a command", LIMIT, async || self.client.command(&request).await).await
    }

    async fn saved(&self, command: Command) -> anyhow::Result<Accepted> {
        let said = format!("{command:?}");
        match self.ask(command).await? {
            Answer::Saved(accepted) => Ok(accepted),
            Answer::Refused(refusal) => anyhow::bail!("{said} was refused: {refusal}"),
        }
    }

    /// Waits until a machine is shown with what is looked for.
    async fn look_at<T>(
        &self,
        code: &str,
        wanted: impl Fn(&Machine) -> Option<T>,
    ) -> anyhow::Result<(Machine, T, Reference)> {
        try_for(&format!("{code} on the screen"), LIMIT, async || {
            let (view, reference) = self.look().await.map_err(|fault| fault.to_string())?;
            let machine = view.machines.into_iter().find(|machine| machine.code == code);
            let machine = machine.ok_or_else(|| format!("there is no machine {code}"))?;
            let found = wanted(&machine).ok_or_else(|| format!("{machine:?}"))?;
            Ok::<_, String>((machine, found, reference))
        })
        .await
    }

    async fn look(&self) -> anyhow::Result<(View, Reference)> {
        try_for("the site on the screen", LIMIT, async || {
            let view = self.client.snapshot().await.map_err(|fault| fault.to_string())?;
            let reference = view.reference.clone().ok_or("no site yet")?;
            Ok::<_, String>((view, reference))
        })
        .await
    }
}

fn station_of(reference: &Reference, code: &str) -> anyhow::Result<StationId> {
    let station = reference.stations.iter().find(|station| station.code == code);
    Ok(station.with_context(|| format!("there is no station {code}"))?.id)
}
