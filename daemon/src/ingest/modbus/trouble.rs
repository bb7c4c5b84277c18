//! What is wrong with some values of a unit that answers all the same: said once in the log, and
//! shown with the machines it concerns for as long as it lasts.

use kart_core::time::Stamp;
use std::collections::{BTreeMap, BTreeSet};
use tracing::{info, warn};

use super::plan::Point;
use crate::ingest::{LinkChange, Reading};

pub(super) struct Troubles {
    device: String,
    all: BTreeMap<String, (String, BTreeSet<usize>)>,
    changed: bool,
}

impl Troubles {
    pub(super) fn new(device: &str) -> Self {
        Self { device: device.to_owned(), all: BTreeMap::new(), changed: false }
    }

    pub(super) fn any(&self) -> bool {
        !self.all.is_empty()
    }

    /// `what` is wrong with these points; `key` names it until it is over.
    pub(super) fn say<'p>(
        &mut self,
        key: &str,
        what: &str,
        points: impl Iterator<Item = &'p Point>,
    ) {
        let machines = points.map(|point| point.machine).collect();
        let known = self.all.insert(key.to_owned(), (what.to_owned(), machines));
        if known.is_none_or(|(before, _)| before != what) {
            warn!(device = self.device, "{what}");
            self.changed = true;
        }
    }

    pub(super) fn over(&mut self, key: &str) {
        if self.all.remove(key).is_some() {
            info!(device = self.device, "{key}: good again");
            self.changed = true;
        }
    }

    /// The unit is asked anew: what is still wrong will be said again.
    pub(super) fn forget(&mut self) {
        self.changed |= !self.all.is_empty();
        self.all.clear();
    }

    /// What the screens are told, after a change.
    pub(super) fn told(&mut self, at: Stamp) -> Option<Reading> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let machines: BTreeSet<usize> =
            self.all.values().flat_map(|(_, machines)| machines.iter().copied()).collect();
        let change = match self.all.values().next() {
            None => LinkChange::Up,
            Some((what, _)) if self.all.len() == 1 => LinkChange::Partly { reason: what.clone() },
            Some((what, _)) => {
                LinkChange::Partly { reason: format!("{what}; and {} more", self.all.len() - 1) }
            },
        };
        // Beside the entry of its link: that one may be up.
        let device = format!("{} values", self.device);
        Some(Reading::Link { device, machines: machines.into_iter().collect(), change, at })
    }
}
