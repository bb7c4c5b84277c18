//! What a technician looks at while a machine is being mapped, and the way to another map.
//!
//! Looking is for everybody who may open the socket. Another map is for those who could write the
//! configuration file anyway: the user this daemon runs as, and root.

use axum::{
    Json,
    body::Bytes,
    extract::{ConnectInfo, State, connect_info::Connected},
    http::StatusCode,
    response::{IntoResponse, Response},
    serve::IncomingStream,
};
use kart_api::commissioning::{
    Block, BlockAnswer, BlockQuery, Device, MapAnswer, MapRequest, Point, Sources, Table,
    TopicAnswer, TopicQuery, Trace, TraceQuery,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    net::{UnixListener, unix::UCred},
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::Desk;
use crate::{
    config::{Config, change},
    ingest::{
        modbus::{
            look::{self, Look, Unread},
            plan::{self, DevicePlan, LinePlan},
            survey::survey,
        },
        mqtt::browse,
    },
    sources::Asked,
};

/// How long a line may take to get to a request.
const LINE_PATIENCE: Duration = Duration::from_secs(4);

/// How long another map may take: sources stop and the disk is written.
const MAP_PATIENCE: Duration = Duration::from_secs(20);

/// Who is at the other end of the socket, as the kernel says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(Option<UCred>);

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Self(stream.io().peer_cred().ok())
    }
}

impl Peer {
    /// The user, where it may put another map in force.
    pub(super) fn master(self) -> Option<u32> {
        let user = self.0.map(|peer| peer.uid())?;
        (user == 0 || user == rustix::process::geteuid().as_raw()).then_some(user)
    }
}

/// What is read, and what each line is asked for.
pub(super) async fn sources(State(desk): State<Desk>) -> Json<Sources> {
    let config = Arc::clone(&desk.in_force.borrow().config);
    let devices = config.lines.iter().flat_map(|line| line.devices.iter().map(move |d| (line, d)));
    let brokers = config.brokers.iter();
    Json(Sources {
        map: config.map.fingerprint.clone(),
        devices: devices.map(|(line, device)| shown(&config, line, device)).collect(),
        brokers: brokers
            .map(|broker| (broker.name.clone(), broker.filters().into_iter().collect()))
            .collect(),
        plan: change::plan(&config),
    })
}

fn shown(config: &Config, line: &LinePlan, device: &DevicePlan) -> Device {
    let point = |point: &Arc<plan::Point>| {
        let code = config.machine_codes.get(point.machine).cloned().unwrap_or_default();
        Point {
            signal: format!("{code} {}", point.signal),
            table: told(point.table),
            address: point.address,
            width: point.kind.width(),
        }
    };
    Device {
        name: device.name.clone(),
        line: line.address.to_string(),
        unit: device.unit,
        most: look::most(device, plan::Table::Holding),
        points: device.groups.iter().flat_map(|group| &group.points).map(point).collect(),
    }
}

fn told(table: plan::Table) -> Table {
    match table {
        plan::Table::Coil => Table::Coil,
        plan::Table::Discrete => Table::Discrete,
        plan::Table::Holding => Table::Holding,
        plan::Table::Input => Table::Input,
    }
}

fn asked(table: Table) -> plan::Table {
    match table {
        Table::Coil => plan::Table::Coil,
        Table::Discrete => plan::Table::Discrete,
        Table::Holding => plan::Table::Holding,
        Table::Input => plan::Table::Input,
    }
}

/// Reads a block once.
pub(super) async fn registers(State(desk): State<Desk>, body: Bytes) -> Response {
    let query: BlockQuery = match serde_json::from_slice(&body) {
        Ok(query) => query,
        Err(error) => return not_understood(&error),
    };
    let answer = match block(&desk, query.clone()).await {
        Ok(block) => BlockAnswer::Read(block),
        Err(Unread { why, fewer: true }) => BlockAnswer::Fewer(query, why),
        Err(Unread { why, fewer: false }) => BlockAnswer::Refused(why),
    };
    Json(answer).into_response()
}

async fn block(desk: &Desk, query: BlockQuery) -> Result<Block, Unread> {
    let in_force = Arc::clone(&desk.in_force.borrow());
    let mut devices = in_force.config.lines.iter().flat_map(|line| &line.devices);
    let device = devices.find(|device| device.name == query.device);
    let device = device.ok_or_else(|| format!("there is no device {:?}", query.device))?;
    let looks =
        in_force.looks.get(&device.name).ok_or_else(|| "this device is not read now".to_owned())?;
    let read = look::block(device, asked(query.table), query.start, query.count)?;
    let (reply, answer) = oneshot::channel();
    looks.try_send(Look { unit: device.unit, read, reply }).map_err(|full| match full {
        mpsc::error::TrySendError::Full(_) => "too many look at this line at once".to_owned(),
        mpsc::error::TrySendError::Closed(_) => "this device is not read any more".to_owned(),
    })?;
    let answer = timeout(LINE_PATIENCE, answer).await;
    let answer = answer.map_err(|_| "the line did not get to it".to_owned())?;
    let (words, at) = answer.map_err(|_| "the line was stopped".to_owned())??;
    let types = match query.table.is_bits() {
        true => Vec::new(),
        false => survey(&words, usize::from(query.at.saturating_sub(query.start))),
    };
    Ok(Block { query, words, at_us: at.wall_us, types })
}

/// Looks at another map, or puts it in force.
pub(super) async fn map(
    State(desk): State<Desk>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Bytes,
) -> Response {
    let mut request: MapRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return not_understood(&error),
    };
    if let Some(who) = &mut request.who {
        let Some(user) = peer.master() else {
            let why = "only root and the user that kartd runs as can put another map in force";
            return (StatusCode::FORBIDDEN, why).into_response();
        };
        *who = format!("{} (uid {user})", who.trim()).trim().to_owned();
    }
    let (reply, answer) = oneshot::channel();
    let asked = timeout(MAP_PATIENCE, async {
        desk.maps.send(Asked { request, reply }).await.ok()?;
        answer.await.ok()
    });
    match asked.await {
        Ok(Some(answer)) => Json::<MapAnswer>(answer).into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "kartd is stopping or slow").into_response(),
    }
}

/// What is said at a broker.
pub(super) async fn topics(State(desk): State<Desk>, body: Bytes) -> Response {
    let query: TopicQuery = match serde_json::from_slice(&body) {
        Ok(query) => query,
        Err(error) => return not_understood(&error),
    };
    let (reply, answer) = oneshot::channel();
    let asked = timeout(LINE_PATIENCE, async {
        desk.topics.send(browse::Asked { query, reply }).await.ok()?;
        answer.await.ok()
    });
    match asked.await {
        Ok(Some(answer)) => Json::<TopicAnswer>(answer).into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "kartd is stopping or slow").into_response(),
    }
}

/// The signals of a machine with their last values.
pub(super) async fn trace(State(desk): State<Desk>, body: Bytes) -> Response {
    let query: TraceQuery = match serde_json::from_slice(&body) {
        Ok(query) => query,
        Err(error) => return not_understood(&error),
    };
    let view = Arc::clone(&desk.view.borrow());
    let Some(machine) = view.machines.iter().find(|machine| machine.code == query.machine) else {
        return no_machine(&query.machine);
    };
    let signals = machine.signals.iter().map(|signal| Trace {
        points: desk.traces.of(machine.id, &signal.name, query.most),
        signal: signal.clone(),
    });
    Json(signals.collect::<Vec<Trace>>()).into_response()
}

/// Why a machine is taken for what it is.
pub(super) async fn rules(State(desk): State<Desk>, body: Bytes) -> Response {
    let code: String = match serde_json::from_slice(&body) {
        Ok(code) => code,
        Err(error) => return not_understood(&error),
    };
    let shown = desk.shown.borrow().clone();
    let index = shown.codes.iter().position(|machine| *machine == code);
    let told = index.and_then(|index| shown.engine.explain(index, &desk.clock.moment()));
    told.map_or_else(|| no_machine(&code), |told| Json(told).into_response())
}

fn no_machine(code: &str) -> Response {
    (StatusCode::NOT_FOUND, format!("there is no machine {code:?}")).into_response()
}

pub(super) fn not_understood(error: &serde_json::Error) -> Response {
    (StatusCode::BAD_REQUEST, format!("not understood: {error}")).into_response()
}
