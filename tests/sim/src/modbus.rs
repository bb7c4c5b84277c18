//! The Modbus TCP side of the plant: one listener for all units and one for each press alone.
//!
//! Reads only. Every function code is counted before anything else happens to a request, so that an attempt
//! to write shows up even while the device plays dead.

use crate::floor::Floor;
use crate::mbap::{self, Request};
use crate::misbehaviour::{Fault, Step};
use crate::registers;
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How the line on standard error begins that tells of a request that is no read.
const NOT_A_READ: &str = "not a read: function";

/// What was ever asked of the plant.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Traffic {
    /// Requests by function code.
    pub functions: BTreeMap<u8, u64>,
    /// Requests that were not a read (functions 1 to 4).
    pub not_reads: u64,
    /// Connections accepted, by listener: 0 is the one for all units, else the unit.
    pub connections: BTreeMap<u8, u64>,
    /// Connections closed because of a frame that is not Modbus.
    pub bad_frames: u64,
}

#[derive(Debug)]
pub(crate) struct Bus {
    floor: Arc<Mutex<Floor>>,
    faults: watch::Sender<BTreeMap<u8, Fault>>,
    traffic: Mutex<Traffic>,
}

impl Bus {
    pub(crate) fn new(floor: Arc<Mutex<Floor>>) -> Self {
        Self { floor, faults: watch::Sender::default(), traffic: Mutex::default() }
    }

    pub(crate) fn misbehave(&self, unit: u8, fault: Fault) {
        self.faults.send_modify(|faults| {
            faults.insert(unit, fault);
        });
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, change: impl FnOnce(&mut Traffic)) {
        change(&mut self.traffic.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The steps that answer a request on a listener that serves `only` this unit, or all.
    fn answer(&self, request: &Request, only: Option<u8>) -> Vec<Step> {
        if !registers::is_read(request.function) {
            // On standard error beside the log, whose level is somebody else's choice.
            #[expect(clippy::print_stderr, reason = "whoever started the plant looks for it")]
            {
                eprintln!("{NOT_A_READ} {} to unit {}", request.function, request.unit);
            }
        }
        self.note(|traffic| {
            *traffic.functions.entry(request.function).or_default() += 1;
            traffic.not_reads += u64::from(!registers::is_read(request.function));
        });
        let shown = match only {
            Some(unit) if unit != request.unit => None,
            _ => self.floor.lock().unwrap_or_else(PoisonError::into_inner).image(request.unit),
        };
        let answer = match shown {
            Some(image) => registers::answer(request.function, &request.data, &image),
            None => Err(registers::TARGET_FAILED),
        };
        let pdu = answer.unwrap_or_else(|code| vec![request.function | 0x80, code]);
        match self.faults.borrow().get(&request.unit) {
            Some(fault) => fault.distort(request, &pdu),
            None => vec![Step::Send(request.wrap(&pdu))],
        }
    }

    fn is_dead(faults: &BTreeMap<u8, Fault>, only: Option<u8>) -> bool {
        only.and_then(|unit| faults.get(&unit)).is_some_and(Fault::is_dead)
    }
}

/// Serves one listener until it is dropped.
pub(crate) async fn listen(bus: Arc<Bus>, listener: TcpListener, only: Option<u8>) -> Result<()> {
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = listener.accept().await?;
        while connections.try_join_next().is_some() {}
        bus.note(|traffic| *traffic.connections.entry(only.unwrap_or(0)).or_default() += 1);
        let bus = Arc::clone(&bus);
        connections.spawn(async move {
            if let Err(fault) = serve(&bus, stream, only).await {
                tracing::debug!(%peer, %fault, "connection lost");
            }
        });
    }
}

async fn serve(bus: &Bus, mut stream: TcpStream, only: Option<u8>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut faults = bus.faults.subscribe();
    let mut bytes = Vec::with_capacity(mbap::LONGEST);
    loop {
        let request = tokio::select! {
            biased;
            died = faults.wait_for(|faults| Bus::is_dead(faults, only)) => {
                died?;
                return Ok(());
            },
            request = read_request(bus, &mut stream, &mut bytes) => request?,
        };
        let Some(request) = request else {
            return Ok(());
        };
        for step in bus.answer(&request, only) {
            if !step.take(&mut stream).await? {
                return Ok(());
            }
        }
    }
}

/// The next whole request; `None` at the end of the stream.
async fn read_request(
    bus: &Bus,
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
) -> Result<Option<Request>> {
    loop {
        match mbap::take_request(bytes) {
            Ok(Some(request)) => return Ok(Some(request)),
            Ok(None) => {},
            Err(fault) => {
                bus.note(|traffic| traffic.bad_frames += 1);
                return Err(fault.into());
            },
        }
        if stream.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    }
}
