//! The composition root: every channel and every task is made here, once.
//!
//! ```text
//!  sources ──mpsc──► recorder ──► store (thread) ──watch head──┐
//!  screens ──mpsc──►    │  ▲                                   │
//!                  watch│  └─watch reference──┐                ▼
//!                       ▼                     │             uplink ⇄ headquarters
//!                    viewer ──watch──► serve  └────────────────┘
//! ```
//!
//! Bounded `mpsc` runs forward only; answers travel by `oneshot`, state by `watch`.

use anyhow::Context as _;
use kart_api::{HqLink, Recording, View};
use kart_core::{
    engine::{Engine, Observed},
    fact::Fact,
    id::{EquipmentId, Incarnation, Origin, SiteId, TerminalId, reference_id},
    plant::Plant,
    record::Tenant,
    reference::Reference,
    signal::Quality,
};
use kart_store::{Store, StoreOptions};
use kart_sync::{Device, Headquarters, Remote, Tuning};
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};
use tokio::sync::{mpsc, watch};

use crate::{
    clock::Clock,
    config::{self, Config},
    ingest,
    readers::Readers,
    recorder::{Inputs, Recorder, Shown},
    serve::{self, Desk},
    supervise::{Fallen, Supervisor},
    telemetry,
    uplink::{HqState, Uplink},
    viewer::Viewer,
};

/// Readings that may wait for the recorder.
const READINGS: usize = 256;

/// Commands that may wait for the recorder.
const CALLS: usize = 64;

/// All of a stop takes no longer than this.
const STOP_PATIENCE: Duration = Duration::from_secs(4);

/// Runs the daemon until a signal asks it to stop, or until a task falls.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let metrics = telemetry::metrics()?;
    let clock = Clock::open().context("cannot read the kernel's boot id")?;
    let (supervisor, mut fallen) = Supervisor::new();
    // Taking the socket first: a second daemon ends here, before it touches the data.
    let listener = serve::bind(&config.terminal.socket).await?;
    let device = Device::open(&config.terminal.data_dir)?;
    let store = open_store(&config, &device)?;
    let readers = Readers::open(&store)?;
    let reference = watch::channel(first_reference(&config, &store).await?).0;
    let engine = engine(&config, &store, &clock).await?;
    let plant_saved = engine.plant.head;
    let first = Shown {
        engine: Arc::new(engine),
        links: Arc::new(BTreeMap::new()),
        recording: Recording::Yes,
        commands: 0,
    };
    let shown = watch::channel(first).0;
    let hq = watch::channel(hq_state(&config, &readers).await?).0;
    let view = watch::channel(Arc::new(empty_view(&config))).0;
    let (intake, readings) = mpsc::channel(READINGS);
    let (calls, waiting_calls) = mpsc::channel(CALLS);
    let map = Arc::new(config.map.clone());

    let recorder = Recorder {
        store: store.clone(),
        readers: readers.clone(),
        clock: clock.clone(),
        shown: shown.clone(),
        map: Arc::clone(&map),
        plant_saved,
    };
    let mut seeded = reference.subscribe();
    seeded.mark_changed();
    let inputs = Inputs { readings, calls: waiting_calls, reference: seeded };
    supervisor.run("recorder", recorder.run(inputs, supervisor.stop()));
    let viewer = Viewer {
        map,
        machine_codes: config.machine_codes.clone(),
        code: config.terminal.code.clone(),
        station: config.terminal.station,
        clock: clock.clone(),
        readers: readers.clone(),
        shown: shown.subscribe(),
        hq: hq.subscribe(),
        head: store.head(),
        view: view.clone(),
    };
    supervisor.run("viewer", viewer.run(supervisor.stop()));
    let desk = Desk {
        view: view.subscribe(),
        calls,
        head: store.head(),
        metrics: metrics.clone(),
        stop: supervisor.stop(),
    };
    supervisor.run("serve", serve::run(listener, desk));
    supervisor.run("upkeep", upkeep(metrics, supervisor.stop()));
    sources(&config, &supervisor, &intake, &clock);
    drop(intake);
    if let Some(remote) = &config.headquarters {
        let uplink = Uplink {
            store: store.clone(),
            readers,
            clock,
            state: hq,
            reference,
            shown: shown.subscribe(),
            site: (config.site.organization.clone(), config.site.code.clone()),
        };
        let headquarters = headquarters(remote)?;
        supervisor.run("uplink", follow(uplink, device, headquarters, supervisor.clone()));
    }
    tracing::info!(socket = %config.terminal.socket.display(), "recording");
    notify(&[sd_notify::NotifyState::Ready]);
    let outcome = wait(&mut fallen).await;
    notify(&[sd_notify::NotifyState::Stopping]);
    finish(&supervisor, &store, &config.terminal.socket).await;
    outcome
}

/// Stops in order: sources and screens first, then what is queued, then the file.
async fn finish(supervisor: &Supervisor, store: &Store, socket: &Path) {
    if !supervisor.end(STOP_PATIENCE).await {
        tracing::error!("some tasks did not stop in time");
    }
    if let Err(error) = store.close().await {
        tracing::error!(%error, "the store did not close in order");
    }
    drop(std::fs::remove_file(socket));
}

fn open_store(config: &Config, device: &Device) -> anyhow::Result<Store> {
    let (organization, site) = (&config.site.organization, &config.site.code);
    let incarnation: Incarnation = device.incarnation.parse()?;
    let options = StoreOptions {
        folder: config.terminal.data_dir.clone(),
        new_origin: Origin { terminal: TerminalId(device.terminal), incarnation },
        tenant: Tenant {
            organization: organization.clone(),
            site: SiteId(reference_id(organization, site, "oee_sites", site)),
        },
    };
    let store = Store::open(options)?;
    anyhow::ensure!(
        store.origin() == Origin { terminal: TerminalId(device.terminal), incarnation },
        "facts.db and identity.json in {} belong to different terminals; put back the ones that \
         belong together",
        config.terminal.data_dir.display()
    );
    Ok(store)
}

/// The engine as of the last fact, with this start recorded.
async fn engine(config: &Config, store: &Store, clock: &Clock) -> anyhow::Result<Engine> {
    let reader = store.reader()?;
    let mut plant = match reader.plant()? {
        Some((_, state)) => serde_json::from_str(&state)?,
        None => Plant::new(store.origin()),
    };
    reader.facts_after(plant.head, |fact: &Fact| plant.apply(fact))?;
    let new = plant.head == 0;
    let alive = reader.alive()?;
    // The later of the two: a fact is a sign of life as well.
    let alive = [alive, (!new).then(|| plant.head_at.clone())].into_iter().flatten();
    let alive = alive.max_by_key(|moment| moment.at.wall_us);
    let map = Arc::new(config.map.clone());
    let mut engine = Engine::new(plant, Arc::clone(&map), config.terminal.code.clone());
    let now = clock.moment();
    if new {
        engine.begin_log(&now);
    }
    let expected = Some(engine.plant.head + u64::from(!new));
    engine.start(env!("CARGO_PKG_VERSION"), alive.as_ref(), &now);
    for signal in reader.signals()? {
        let here =
            |id: EquipmentId| map.machines.iter().position(|machine| machine.equipment == id);
        if let Some(index) = here(signal.equipment).filter(|_| signal.at.boot == now.boot) {
            let quality = Quality::Good;
            let observed = Observed { value: signal.value, quality, at: signal.at.at };
            engine.recall(index, signal.name, observed);
        }
    }
    let append = kart_store::Append {
        drafts: engine.take_drafts(),
        expected: expected.map(|seq| seq.max(1)),
        signals: vec![],
        alive: Some(now),
    };
    store.append(append).await?;
    Ok(engine)
}

/// The mirror's reference data; without headquarters, the site file's.
async fn first_reference(config: &Config, store: &Store) -> anyhow::Result<Option<Arc<Reference>>> {
    let (organization, site) = (&config.site.organization, &config.site.code);
    let ours = |reference: &Reference| {
        reference.organization == *organization && reference.site.code == *site
    };
    let mirrored = store.mirror().load().map(|(reference, _)| reference).filter(ours);
    let Some(path) = &config.site.file else { return Ok(mirrored.map(Arc::new)) };
    if config.headquarters.is_some() && mirrored.is_some() {
        return Ok(mirrored.map(Arc::new));
    }
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the site file {}", path.display()))?;
    let reference = kart_core::site::parse(&path.display().to_string(), &text)?;
    anyhow::ensure!(
        ours(&reference),
        "{} is the site {} of {}, this terminal is configured for {site} of {organization}",
        path.display(),
        reference.site.code,
        reference.organization
    );
    if config.headquarters.is_none() {
        store.save_reference(reference.clone(), None).await?;
    }
    Ok(Some(Arc::new(reference)))
}

async fn hq_state(config: &Config, readers: &Readers) -> anyhow::Result<HqState> {
    let read = readers.ask(|reader| Ok((reader.acknowledged()?, reader.quarantine()?)));
    let ((acked, _), quarantined) = read.await?;
    let alone = config.headquarters.is_none();
    let link = if alone { HqLink::Alone } else { HqLink::Connecting };
    Ok(HqState { link, acked, quarantined, reference_us: None })
}

fn empty_view(config: &Config) -> View {
    View {
        number: 0,
        terminal: kart_api::Terminal {
            contract: kart_api::VERSION,
            code: config.terminal.code.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            station: config.terminal.station,
            now_us: kart_core::time::Micros(0),
        },
        machines: vec![],
        people: vec![],
        stops: vec![],
        sync: kart_api::Sync {
            recording: Recording::Yes,
            link: HqLink::Connecting,
            saved: 0,
            acked: 0,
            oldest_waiting_us: None,
            quarantined: 0,
            reference_us: None,
        },
        receipts: vec![],
        reference: None,
    }
}

/// One task per device and per broker, so that a dead one never stops another.
fn sources(config: &Config, supervisor: &Supervisor, intake: &ingest::Intake, clock: &Clock) {
    for device in config.devices.clone() {
        let name = format!("modbus {}", device.name);
        let (intake, clock, stop) = (intake.clone(), clock.clone(), supervisor.stop());
        supervisor.run(name, ingest::modbus::run(device, intake, clock, stop));
    }
    for broker in config.brokers.clone() {
        let name = format!("mqtt {}", broker.name);
        let (intake, clock, stop) = (intake.clone(), clock.clone(), supervisor.stop());
        supervisor.run(name, ingest::mqtt::run(broker, intake, clock, stop));
    }
}

/// A client of the configured headquarters.
pub fn headquarters(remote: &config::Headquarters) -> anyhow::Result<Headquarters> {
    let ca_pem = remote.ca_file.as_ref().map(std::fs::read).transpose();
    let ca_pem = ca_pem.context("cannot read headquarters.ca_file")?;
    Ok(Headquarters::new(&Remote { url: remote.url.clone(), ca_pem })?)
}

/// Synchronises once the device is enrolled; until then says what is missing.
async fn follow(
    uplink: Uplink,
    device: Device,
    headquarters: Headquarters,
    supervisor: Supervisor,
) -> Result<(), kart_sync::IdentityError> {
    let stop = supervisor.stop();
    while device.enrolled()?.is_none() {
        let reason = "this terminal is not enrolled; run: kartd enroll CODE".to_owned();
        kart_sync::Terminal::link(&uplink, kart_sync::Link::Refused(reason));
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(2)) => {},
        }
    }
    kart_sync::run(&uplink, &device, &headquarters, Tuning::default(), stop).await;
    Ok(())
}

/// Keeps histograms bounded when nobody asks for metrics.
async fn upkeep(
    metrics: metrics_exporter_prometheus::PrometheusHandle,
    stop: tokio_util::sync::CancellationToken,
) -> Result<(), Fallen> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(5)) => metrics.run_upkeep(),
        }
    }
}

async fn wait(fallen: &mut mpsc::Receiver<Fallen>) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        Some(fallen) = fallen.recv() => Err(fallen.into()),
    }
}

/// Outside systemd there is nobody to tell.
fn notify(state: &[sd_notify::NotifyState<'_>]) {
    drop(sd_notify::notify(state));
}
