//! What goes on at the stations of a terminal as headquarters knows it: batches that other terminals
//! began, which records are one batch, and what contradicts itself.
//!
//! What this terminal recorded itself does not stand here: that the plant knows, and sooner.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::Reference;
use crate::{
    fact::call::Help,
    id::{EquipmentId, Origin, ProductId, RecordId, StationId, TerminalId, UserId},
    time::Micros,
};

/// Open batches, other names of records, and conflicts.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Floor {
    /// Batches that are open at these stations, wherever they began, by when they began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<OpenBatch>,
    /// Two terminals began the same batch unseen: the record of the second, and the one that stands.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<RecordId, Alias>,
    /// What contradicts itself and nobody has settled, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// Calls for help at these stations that have not ended, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<OpenCall>,
}

/// A call for help as headquarters knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenCall {
    /// Its record.
    pub record: RecordId,
    /// To which station.
    pub station: Option<StationId>,
    /// To which machine.
    pub machine: Option<EquipmentId>,
    /// Whose help.
    pub kind: Help,
    /// Since when.
    pub from: Micros,
    /// Who acknowledged it.
    pub acknowledged: Option<UserId>,
    /// Where it was called.
    pub terminal: Option<TerminalId>,
}

impl OpenCall {
    /// Whether it was called at this terminal, which knows more of it than headquarters.
    pub fn ours(&self, origin: Origin) -> bool {
        self.terminal == Some(origin.terminal)
    }
}

/// What a record is that goes by another name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alias {
    /// The record that stands.
    pub stands: RecordId,
    /// Whose log began it; headquarters of before cannot say.
    pub terminal: Option<TerminalId>,
}

/// A batch that is open.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OpenBatch {
    /// Its record.
    pub record: RecordId,
    /// Batch number.
    pub number: String,
    /// What is made.
    pub product: Option<ProductId>,
    /// On which machine.
    pub machine: EquipmentId,
    /// At which station.
    pub station: Option<StationId>,
    /// Code of the terminal where it began; `None` when it was no terminal.
    pub terminal: Option<String>,
    /// When it began.
    pub from: Micros,
    /// The external work order.
    pub work_order: Option<String>,
    /// Parts to make.
    pub target: Option<i64>,
    /// People on it.
    pub operators: Vec<UserId>,
    /// The job that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<RecordId>,
}

/// Something that cannot all be true, as a supervisor has it before them (`edge.conflicts`).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Conflict {
    /// Key.
    pub id: Uuid,
    /// The word of its kind, see [`crate::record::conflict::Kind`].
    pub kind: String,
    /// What it is about.
    pub record: RecordId,
    /// The other side of it, where there is one.
    pub other: Option<RecordId>,
    /// Number of the batch, job or entry.
    pub about: Option<String>,
    /// Whose labor it is.
    pub user: Option<UserId>,
    /// The machines concerned.
    pub machines: Vec<EquipmentId>,
}

impl Floor {
    /// The name by which everybody calls a record.
    pub fn canonical(&self, record: RecordId) -> RecordId {
        self.aliases.get(&record).map_or(record, |alias| alias.stands)
    }

    /// The name of a record in the log of a terminal that has it by another one, also when that is
    /// over: `runs` says which records run there.
    pub fn name_at(
        &self,
        terminal: TerminalId,
        record: RecordId,
        runs: impl Fn(&RecordId) -> bool,
    ) -> Option<RecordId> {
        let own = |alias: &Alias, runs: bool| runs || alias.terminal == Some(terminal);
        self.aliases
            .iter()
            .filter(|(name, alias)| alias.stands == record && own(alias, runs(name)))
            .map(|(name, _)| *name)
            .max_by_key(|name| runs(name))
    }

    /// The open batch that a record is.
    pub fn batch(&self, record: RecordId) -> Option<&OpenBatch> {
        let record = self.canonical(record);
        self.batches.iter().find(|batch| batch.record == record)
    }

    /// Batches that began somewhere else than at the terminal `here`.
    pub fn elsewhere<'f>(&'f self, here: &'f str) -> impl Iterator<Item = &'f OpenBatch> {
        self.batches.iter().filter(move |batch| batch.terminal.as_deref() != Some(here))
    }
}

impl Reference {
    /// The batch of this number that another terminal has open at the station of a machine.
    pub fn open_elsewhere<'r>(
        &'r self,
        here: &'r str,
        machine: EquipmentId,
        number: &str,
    ) -> Option<&'r OpenBatch> {
        let station = self.station_of(machine).map(|station| station.id);
        let same = |batch: &&OpenBatch| {
            batch.number == number
                && (batch.machine == machine || batch.station.is_some() && batch.station == station)
        };
        self.work.floor.elsewhere(here).find(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(n: u128, terminal: &str) -> OpenBatch {
        OpenBatch {
            record: RecordId(Uuid::from_u128(n)),
            number: format!("B-{n}"),
            product: None,
            machine: EquipmentId(Uuid::from_u128(211)),
            station: None,
            terminal: Some(terminal.to_owned()),
            from: Micros(0),
            work_order: None,
            target: None,
            operators: vec![],
            job: None,
        }
    }

    #[test]
    fn what_began_here_is_not_elsewhere() {
        let floor = Floor { batches: vec![batch(1, "T-07"), batch(2, "T-08")], ..Floor::default() };
        let numbers: Vec<&str> = floor.elsewhere("T-07").map(|b| b.number.as_str()).collect();
        assert_eq!(numbers, ["B-2"]);
    }

    #[test]
    fn a_record_of_another_name_is_the_batch_that_stands() {
        let [mine, standing] = [9, 2].map(|n| RecordId(Uuid::from_u128(n)));
        let floor = Floor {
            batches: vec![batch(2, "T-08")],
            aliases: BTreeMap::from([(mine, Alias { stands: standing, terminal: None })]),
            conflicts: vec![],
            calls: vec![],
        };
        assert_eq!(floor.batch(mine).map(|batch| batch.record), Some(standing));
        assert_eq!(floor.batch(standing).map(|batch| batch.record), Some(standing));
    }

    #[test]
    fn a_terminal_has_its_own_name_for_a_batch_also_when_it_is_over() {
        let [over, running, others, stands] = [3, 4, 5, 9].map(|n| RecordId(Uuid::from_u128(n)));
        let [here, there] = [7, 8].map(|n| TerminalId(Uuid::from_u128(n)));
        let of = |terminal| Alias { stands, terminal };
        let aliases = [(over, of(Some(here))), (others, of(Some(there)))];
        let mut floor = Floor { aliases: aliases.into(), ..Floor::default() };
        let runs = |name: &RecordId| *name == running;
        assert_eq!(floor.name_at(here, stands, runs), Some(over));
        assert_eq!(floor.name_at(there, stands, runs), Some(others));
        assert_eq!(floor.name_at(TerminalId(Uuid::nil()), stands, runs), None);
        // One that runs goes first, whoever it is said to be of.
        floor.aliases.insert(running, of(None));
        assert_eq!(floor.name_at(here, stands, runs), Some(running));
    }
}
