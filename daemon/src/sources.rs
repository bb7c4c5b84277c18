//! The sources: one task for each line and each broker, and how another map takes the place of the
//! one in force while the recorder and the store go on.
//!
//! Everything that was read by the old map stands before the new one in the recorder's queue, and
//! everything read by the new one behind it, because what has changed is stopped before and
//! started after. A source that reads the same as before is not touched.

use kart_api::{
    View,
    commissioning::{MapAnswer, MapChange, MapRequest},
};
use kart_core::{engine::remap::Moves, fact::FactText, map::Map};
use kart_store::raw::Labels;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config::{
        Config,
        as_read::AsRead,
        change::{Change, broker_name, line_name},
    },
    ingest::{
        self, Intake, Reading,
        modbus::{
            PACE,
            look::{Look, WAITING},
        },
        mqtt::topic::BrokerPlan,
    },
    publish, replay,
    supervise::{Fallen, Supervisor},
};

/// Requests for another map that may wait.
pub const MAPS: usize = 4;

/// Somebody wants another map, or wants to know what it would change.
#[derive(Debug)]
pub struct Asked {
    /// The map.
    pub request: MapRequest,
    /// What became of it.
    pub reply: oneshot::Sender<MapAnswer>,
}

/// Another map on its way to the recorder.
#[derive(Debug)]
pub struct Remap {
    /// The map.
    pub map: Arc<Map>,
    /// Codes of its machines, in the same order.
    pub codes: Arc<Vec<String>>,
    /// What begins anew.
    pub moves: Moves,
    /// Who applied it.
    pub who: Option<FactText>,
    /// How it reads its signals, as it is kept.
    pub as_read: String,
    /// What its signals mean, for the ring of raw readings.
    pub labels: Labels,
    /// Devices and brokers whose links are as they were.
    pub devices: BTreeSet<String>,
    /// Fired once it is recorded; dropped when it could not be.
    pub saved: oneshot::Sender<()>,
}

/// What is read now.
#[derive(Debug)]
pub struct InForce {
    /// The configuration.
    pub config: Arc<Config>,
    /// Where a device's line takes requests to look at registers.
    pub looks: BTreeMap<String, mpsc::Sender<Look>>,
}

impl InForce {
    /// A configuration of which nothing runs yet.
    pub fn new(config: Arc<Config>) -> Self {
        Self { config, looks: BTreeMap::new() }
    }
}

/// Runs the sources.
#[derive(Debug)]
pub struct Sources {
    supervisor: Supervisor,
    intake: Intake,
    clock: Clock,
    view: watch::Receiver<Arc<View>>,
    in_force: watch::Sender<Arc<InForce>>,
    running: BTreeMap<String, Running>,
    looks: BTreeMap<String, mpsc::Sender<Look>>,
}

/// The tasks of one line or broker.
#[derive(Debug)]
struct Running {
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Sources {
    /// Starts what the configuration in force asks for.
    pub fn start(
        supervisor: Supervisor,
        intake: Intake,
        clock: Clock,
        view: watch::Receiver<Arc<View>>,
        in_force: watch::Sender<Arc<InForce>>,
    ) -> Self {
        let (running, looks) = (BTreeMap::new(), BTreeMap::new());
        let mut sources = Self { supervisor, intake, clock, view, in_force, running, looks };
        let config = Arc::clone(&sources.in_force.borrow().config);
        sources.go_on_by(config);
        sources
    }

    /// Puts other maps in force until `stop`.
    pub async fn run(
        mut self,
        mut asked: mpsc::Receiver<Asked>,
        stop: CancellationToken,
    ) -> Result<(), Fallen> {
        loop {
            let Asked { request, reply } = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Some(asked) = asked.recv() => asked,
            };
            // Nobody waits any more: what was given up is not done later.
            if reply.is_closed() {
                continue;
            }
            let answer = match self.read(&request) {
                Err(faults) => MapAnswer::Refused(faults),
                Ok((_, change)) if request.who.is_none() => {
                    MapAnswer::Preview(Box::new(change.said))
                },
                Ok((config, change)) => match self.apply(request, config, change).await {
                    Ok(change) => MapAnswer::Applied(Box::new(change)),
                    Err(reason) => MapAnswer::Refused(vec![reason]),
                },
            };
            // Whoever asked may have gone; the map is in force all the same.
            reply.send(answer).unwrap_or_default();
        }
    }

    /// Checks another map against itself and against the one in force.
    fn read(&self, request: &MapRequest) -> Result<(Config, Change), Vec<String>> {
        let old = Arc::clone(&self.in_force.borrow().config);
        let config = old
            .beside(&request.name, &request.text)
            .map_err(|faults| faults.0.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let change = Change::between(&old, &config);
        Ok((config, change))
    }

    /// Puts `config` in force. Its file is written before and takes the place of the old one after:
    /// a power cut in between leaves counters that begin anew, and never one that is judged by the
    /// readings of another register.
    async fn apply(
        &mut self,
        request: MapRequest,
        config: Config,
        change: Change,
    ) -> Result<MapChange, String> {
        let Change { moves, kept, said } = change;
        let old = Arc::clone(&self.in_force.borrow().config);
        let written = |error: io::Error| format!("{}: {error}", old.file.display());
        let fresh = Fresh::write(&old.file, &request.text).map_err(written)?;
        self.stop_all_but(&kept).await;
        if !self.record(&config, &kept, moves, request.who).await {
            self.go_on_by(old);
            return Err("the disk takes no facts; the map before stays in force".to_owned());
        }
        let placed = fresh.put_in_place();
        self.go_on_by(Arc::new(config));
        let (from, to) = (&said.from, &said.to);
        tracing::info!(from, to, "another map is in force");
        let until = |error| format!("{}; the map is in force until the next start", written(error));
        placed.map(|()| said).map_err(until)
    }

    fn go_on_by(&mut self, config: Arc<Config>) {
        self.run_what_is_missing(&config);
        self.in_force.send_replace(Arc::new(InForce { config, looks: self.looks.clone() }));
    }

    /// Has the recorder go on by the map of `config`; `false` when it could not be recorded.
    async fn record(
        &self,
        config: &Config,
        kept: &BTreeSet<String>,
        moves: Moves,
        who: Option<String>,
    ) -> bool {
        let (saved, recorded) = oneshot::channel();
        let who = who.filter(|who| !who.is_empty()).map(|who| FactText {
            field: "who".to_owned(),
            salt: uuid::Uuid::new_v4().simple().to_string(),
            text: Some(who),
        });
        let lines = config.lines.iter().filter(|line| kept.contains(&line_name(&line.address)));
        let devices = lines.flat_map(|line| line.devices.iter().map(|device| device.name.clone()));
        let brokers = config.brokers.iter().filter(|b| kept.contains(&broker_name(&b.name)));
        let remap = Remap {
            map: Arc::clone(&config.map),
            codes: Arc::new(config.machine_codes.clone()),
            moves,
            who,
            as_read: AsRead::of(config).text(),
            labels: replay::labels(config),
            devices: devices.chain(brokers.map(|broker| broker.name.clone())).collect(),
            saved,
        };
        self.intake.send(Reading::Map(Box::new(remap))).await.is_ok() && recorded.await.is_ok()
    }

    async fn stop_all_but(&mut self, kept: &BTreeSet<String>) {
        let ending: Vec<String> =
            self.running.keys().filter(|name| !kept.contains(*name)).cloned().collect();
        for name in ending {
            let Some(running) = self.running.remove(&name) else { continue };
            running.stop.cancel();
            for task in running.tasks {
                // A task that fell has told so itself.
                drop(task.await);
            }
        }
        self.looks.retain(|_, looks| !looks.is_closed());
    }

    /// One task per line and per broker, so that a dead one never stops another.
    fn run_what_is_missing(&mut self, config: &Config) {
        for line in &config.lines {
            let name = line_name(&line.address);
            if self.running.contains_key(&name) {
                continue;
            }
            let (looks, requests) = mpsc::channel(WAITING);
            let devices = line.devices.iter().map(|device| (device.name.clone(), looks.clone()));
            self.looks.extend(devices);
            let stop = self.supervisor.stop().child_token();
            let pace = (PACE, stop.clone());
            let (intake, clock) = (self.intake.clone(), self.clock.clone());
            let read =
                ingest::modbus::run_and_show(Arc::clone(line), intake, clock, Some(requests), pace);
            let tasks = vec![self.supervisor.run_until(name.clone(), stop.clone(), read)];
            self.running.insert(name, Running { stop, tasks });
        }
        for broker in &config.brokers {
            let name = broker_name(&broker.name);
            if !self.running.contains_key(&name) {
                let running = self.listen(&name, broker);
                self.running.insert(name, running);
            }
        }
    }

    fn listen(&self, name: &str, broker: &BrokerPlan) -> Running {
        let stop = self.supervisor.stop().child_token();
        let mut tasks = Vec::new();
        if !broker.machines().is_empty() {
            let (intake, clock) = (self.intake.clone(), self.clock.clone());
            let heard = ingest::mqtt::run(broker.clone(), intake, clock, stop.clone());
            tasks.push(self.supervisor.run_until(name, stop.clone(), heard));
        }
        if broker.publish.is_some() {
            let told = publish::run(broker.clone(), self.view.clone(), stop.clone());
            let name = format!("publish {}", broker.name);
            tasks.push(self.supervisor.run_until(name, stop.clone(), told));
        }
        Running { stop, tasks }
    }
}

/// A file that is on disk and not yet in its place. Dropped before that, it goes.
struct Fresh {
    file: PathBuf,
    place: PathBuf,
}

impl Fresh {
    fn write(place: &Path, text: &str) -> io::Result<Self> {
        let place = place.canonicalize()?;
        let mut file = place.clone().into_os_string();
        file.push(".new");
        let fresh = Self { file: file.into(), place };
        let mut file = std::fs::File::create(&fresh.file)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(std::fs::metadata(&fresh.place)?.permissions())?;
        file.sync_all()?;
        Ok(fresh)
    }

    /// After a power cut it is either the old file or this one.
    fn put_in_place(self) -> io::Result<()> {
        std::fs::rename(&self.file, &self.place)?;
        match self.place.parent() {
            Some(folder) => std::fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // Once it is in its place there is none.
        std::fs::remove_file(&self.file).unwrap_or_default();
    }
}
