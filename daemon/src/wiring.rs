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
use kart_core::{pin::Secret, reference::Reference, room::Room};
use kart_store::{Store, raw::Raw};
use kart_sync::{Device, Headquarters, Remote, Tuning};
use kart_wire::Enrolled;
use metrics_exporter_prometheus::PrometheusHandle;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
};
use tokio_util::sync::CancellationToken;

use crate::{
    boot,
    clock::Clock,
    config::{self, Config},
    ingest::mqtt::browse,
    life::{self, Rebirth},
    pin::{Gate, Watched},
    purge,
    readers::Readers,
    recorder::{Inputs, Recorder, Shown, refusals::Refusals},
    replay, room,
    serve::{self, Desk},
    sources::{InForce, MAPS, Sources},
    supervise::{Fallen, Supervisor},
    telemetry,
    trace::Traces,
    uplink::{HqState, Uplink},
    viewer::Viewer,
};

/// Readings that may wait for the recorder.
const READINGS: usize = 256;

/// Commands that may wait for the recorder.
const CALLS: usize = 64;

/// Tasks that were asked to stop may take this long …
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// … and the store this long after them: five seconds are never used up.
const CLOSE_PATIENCE: Duration = Duration::from_millis(1500);

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// A signal asked for it.
    Asked,
    /// The program must start anew: a new life of the log waits for that.
    StartAnew,
}

/// Runs the daemon until a signal asks it to stop, or until a task falls.
pub async fn run(config: Config) -> anyhow::Result<Ended> {
    let config = Arc::new(config);
    // Heard from the first moment on: whoever sees us answer may ask us to stop.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let metrics = telemetry::metrics()?;
    let (supervisor, mut fallen) = Supervisor::new();
    // Taking the socket first: a second daemon ends here, before it touches the data.
    let listener = serve::bind(&config.terminal.socket).await?;
    let device = life::device(&config.terminal.data_dir, &boot::tenant(&config))?;
    let rebirth = Rebirth::new(&config.terminal.data_dir);
    let terminal = Terminal::open(&config, &device).await?;
    let (intake, readings) = mpsc::channel(READINGS);
    let (calls, waiting) = mpsc::channel(CALLS);

    let inputs = Inputs { readings, calls: waiting, reference: terminal.reference.subscribe() };
    let (room, looked_at) = watch::channel(Room::default());
    let ring = replay::ring(&config, &terminal.clock)?;
    let recorder = terminal.recorder(ring, looked_at).await?;
    supervisor.run("recorder", recorder.run(inputs, supervisor.stop()));
    supervisor.run("viewer", terminal.viewer(&config).run(supervisor.stop()));
    let gate = Arc::new(terminal.gate(&config)?);
    supervisor.run("pins", Arc::clone(&gate).remember(supervisor.stop()));
    let in_force = watch::channel(Arc::new(InForce::new(Arc::clone(&config)))).0;
    let (maps, wanted_maps) = mpsc::channel(MAPS);
    let (topics, wanted_topics) = mpsc::channel(browse::WAITING);
    let (looked_at, clock) = (in_force.subscribe(), terminal.clock.clone());
    let browsing = browse::run(wanted_topics, looked_at, clock, supervisor.stop());
    supervisor.run("browse", browsing);
    let desk = Desk {
        in_force: in_force.subscribe(),
        maps,
        topics,
        traces: Arc::clone(&terminal.traces),
        shown: terminal.shown.subscribe(),
        view: terminal.view.subscribe(),
        calls,
        gate,
        readers: Readers::open(&terminal.store)?,
        clock: terminal.clock.clone(),
        head: terminal.store.head(),
        metrics: metrics.clone(),
        stop: supervisor.stop(),
    };
    supervisor.run("serve", serve::run(listener, desk));
    supervisor.run("upkeep", upkeep(metrics, supervisor.stop()));
    let (clock, view) = (terminal.clock.clone(), terminal.view.subscribe());
    let sources = Sources::start(supervisor.clone(), intake, clock, view, in_force);
    supervisor.run("sources", sources.run(wanted_maps, supervisor.stop()));
    let (store, keep_days) = (terminal.store.clone(), config.terminal.keep_days);
    supervisor.run("room", room::run(config.terminal.data_dir.clone(), room, supervisor.stop()));
    let purge = purge::run(store.clone(), terminal.clock.clone(), keep_days, supervisor.stop());
    supervisor.run("purge", purge);
    if let Some(remote) = &config.headquarters {
        let headquarters = headquarters(remote, &terminal.clock)?;
        let uplink = terminal.uplink(&config, rebirth.clone());
        let wanted = registration(&config);
        supervisor.run("uplink", follow(uplink, device, headquarters, wanted, supervisor.stop()));
    }
    tracing::info!(socket = %config.terminal.socket.display(), "recording");
    notify(&[sd_notify::NotifyState::Ready]);
    let outcome = tokio::select! {
        _ = terminate.recv() => Ok(Ended::Asked),
        _ = interrupt.recv() => Ok(Ended::Asked),
        () = rebirth.asked() => Ok(Ended::StartAnew),
        Some(fallen) = fallen.recv() => Err(fallen.into()),
    };
    if !matches!(outcome, Ok(Ended::StartAnew)) {
        notify(&[sd_notify::NotifyState::Stopping]);
    }
    finish(&supervisor, &store, &config.terminal.socket).await;
    outcome
}

/// What the tasks share.
struct Terminal {
    store: Store,
    secret: Secret,
    readers: Readers,
    clock: Clock,
    traces: Arc<Traces>,
    reference: watch::Sender<Option<Arc<Reference>>>,
    shown: watch::Sender<Shown>,
    hq: watch::Sender<HqState>,
    view: watch::Sender<Arc<View>>,
}

impl Terminal {
    async fn open(config: &Config, device: &Device) -> anyhow::Result<Self> {
        let clock = Clock::open().context("cannot read the kernel's boot id")?;
        let store = boot::open_store(config, device, &clock)?;
        let secret = boot::secret(config, &store)?;
        let readers = Readers::open(&store)?;
        let reference = boot::first_reference(config, &store).await?;
        let mut engine = boot::engine(config, &store, &clock).await?;
        if let Some(reference) = &reference {
            engine.set_reference(Arc::clone(reference));
        }
        let shown = Shown {
            engine: Arc::new(engine),
            codes: Arc::new(config.machine_codes.clone()),
            links: Arc::new(BTreeMap::new()),
            recording: Recording::Yes,
            room: Room::default(),
            commands: 0,
        };
        let hq = boot::hq_state(config, &store, &readers).await?;
        Ok(Self {
            store,
            secret,
            readers,
            clock,
            traces: Arc::default(),
            reference: watch::channel(reference).0,
            shown: watch::channel(shown).0,
            hq: watch::channel(hq).0,
            view: watch::channel(Arc::new(empty_view(config))).0,
        })
    }

    async fn recorder(
        &self,
        raw: Option<Raw>,
        room: watch::Receiver<Room>,
    ) -> anyhow::Result<Recorder> {
        let messages = self.readers.ask(kart_store::Reader::messages).await?.into_iter();
        Ok(Recorder {
            store: self.store.clone(),
            readers: self.readers.clone(),
            clock: self.clock.clone(),
            shown: self.shown.clone(),
            traces: Arc::clone(&self.traces),
            plant_saved: self.shown.borrow().engine.plant.head,
            raw,
            room,
            messages: messages.collect(),
            refusals: Refusals::default(),
        })
    }

    fn gate(&self, config: &Config) -> std::io::Result<Gate> {
        let watched =
            Watched { reference: self.reference.subscribe(), headquarters: self.hq.subscribe() };
        let settings = &config.terminal;
        let (folder, days) = (&settings.data_dir, settings.pin_valid_days);
        Gate::open(folder, self.secret, days, watched, self.clock.clone())
    }

    fn viewer(&self, config: &Config) -> Viewer {
        Viewer {
            code: config.terminal.code.clone(),
            station: config.terminal.station,
            habits: habits(config),
            clock: self.clock.clone(),
            readers: self.readers.clone(),
            shown: self.shown.subscribe(),
            hq: self.hq.subscribe(),
            head: self.store.head(),
            view: self.view.clone(),
        }
    }

    fn uplink(self, config: &Config, rebirth: Rebirth) -> Uplink {
        Uplink {
            store: self.store,
            readers: self.readers,
            clock: self.clock,
            state: self.hq,
            reference: self.reference,
            shown: self.shown.subscribe(),
            site: (config.site.organization.clone(), config.site.code.clone()),
            mirrored: AtomicBool::new(false),
            secret: self.secret,
            rebirth,
            refused: Mutex::default(),
        }
    }
}

/// Stops in order: sources and screens first, then what is queued, then the file.
async fn finish(supervisor: &Supervisor, store: &Store, socket: &Path) {
    if !supervisor.end(STOP_PATIENCE).await {
        tracing::error!("some tasks did not stop in time");
    }
    match tokio::time::timeout(CLOSE_PATIENCE, store.close()).await {
        Ok(Ok(())) => {},
        Ok(Err(error)) => tracing::error!(%error, "the store did not close in order"),
        // Nothing is lost: the next start reads the WAL.
        Err(_) => tracing::warn!("the store was still busy"),
    }
    drop(std::fs::remove_file(socket));
}

fn habits(config: &Config) -> kart_api::Habits {
    kart_api::Habits {
        idle_s: u32::from(config.terminal.idle_minutes) * 60,
        badge_prefix: config.terminal.badge_prefix.clone(),
    }
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
            shift: None,
            time: kart_api::Time::default(),
            habits: habits(config),
        },
        machines: vec![],
        people: vec![],
        unended: vec![],
        undoable: vec![],
        stops: vec![],
        review: kart_api::Review::default(),
        elsewhere: vec![],
        orders: vec![],
        jobs: vec![],
        conflicts: vec![],
        open: kart_api::Open::default(),
        sync: kart_api::Sync {
            recording: Recording::Yes,
            link: HqLink::Connecting,
            saved: 0,
            acked: 0,
            oldest_waiting_us: None,
            sending: 0,
            quarantined: 0,
            refused: 0,
            reference_us: None,
            room: Room::default(),
            damage: None,
        },
        receipts: vec![],
        reference: None,
    }
}

/// A client of the configured headquarters.
pub fn headquarters(remote: &config::Headquarters, clock: &Clock) -> anyhow::Result<Headquarters> {
    let ca_pem = remote.ca_file.as_deref().map(authorities).transpose()?;
    let remote = Remote { url: remote.url.clone(), ca_pem };
    Ok(Headquarters::by(&remote, Arc::new(clock.clone()))?)
}

fn authorities(file: &std::path::Path) -> anyhow::Result<Vec<u8>> {
    let path = file.display();
    let pem =
        std::fs::read(file).with_context(|| format!("headquarters.ca_file: cannot read {path}"))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = certificates.with_context(|| format!("headquarters.ca_file: {path} is damaged"))?;
    anyhow::ensure!(!found.is_empty(), "headquarters.ca_file: {path} holds no certificate");
    Ok(pem)
}

/// The registration this terminal must have, by its configuration.
pub fn registration(config: &Config) -> Enrolled {
    Enrolled {
        organization: config.site.organization.clone(),
        site: config.site.code.clone(),
        terminal_code: config.terminal.code.clone(),
    }
}

/// Synchronises once the device is enrolled as it should be; until then says what is missing.
async fn follow(
    uplink: Uplink,
    device: Device,
    headquarters: Headquarters,
    wanted: Enrolled,
    stop: CancellationToken,
) -> Result<(), kart_sync::IdentityError> {
    loop {
        let reason = match device.enrolled()? {
            Some(enrolled) if enrolled == wanted => break,
            Some(other) => format!(
                "enrolled as {} of site {} of {}, configured otherwise",
                other.terminal_code, other.site, other.organization
            ),
            None => "this terminal is not enrolled; run: kartd enroll CODE".to_owned(),
        };
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
async fn upkeep(metrics: PrometheusHandle, stop: CancellationToken) -> Result<(), Fallen> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(5)) => metrics.run_upkeep(),
        }
    }
}

/// Outside systemd there is nobody to tell.
fn notify(state: &[sd_notify::NotifyState<'_>]) {
    drop(sd_notify::notify(state));
}
