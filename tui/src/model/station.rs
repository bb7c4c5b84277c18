//! Which of its stations the screen of a terminal acts at. A terminal that serves one has nothing to choose;
//! what waits for a reason or contradicts itself is shown of all of them.

use kart_api::{Machine, Present};
use kart_core::{id::StationId, reference::Station};

use super::Model;

impl Model {
    /// The stations whose machines are shown here, in their order.
    pub fn stations(&self) -> Vec<&Station> {
        let (Some(view), Some(reference)) = (&self.view, self.reference()) else { return vec![] };
        let mut all: Vec<&Station> = Vec::new();
        for station in view.machines.iter().filter_map(|machine| reference.station_of(machine.id)) {
            if !all.iter().any(|known| known.id == station.id) {
                all.push(station);
            }
        }
        all
    }

    /// The next of them; after the last come all together.
    pub fn turn_station(&mut self, by: isize) {
        let all: Vec<Option<StationId>> = std::iter::once(None)
            .chain(self.stations().iter().map(|station| Some(station.id)))
            .collect();
        let at = all.iter().position(|station| *station == self.chosen).unwrap_or(0);
        let count = isize::try_from(all.len()).unwrap_or(1).max(1);
        let next = (isize::try_from(at).unwrap_or(0) + by).rem_euclid(count);
        self.chosen = usize::try_from(next).ok().and_then(|next| all.get(next)).copied().flatten();
        self.keep_station();
    }

    /// Keeps to a station that is still served, and to a machine of it.
    pub fn keep_station(&mut self) {
        let all = self.stations();
        let served =
            |chosen: &StationId| all.len() > 1 && all.iter().any(|station| station.id == *chosen);
        self.chosen = self.chosen.filter(served);
        let machines = self.machines();
        if !machines.iter().any(|machine| Some(machine.id) == self.selected) {
            self.selected = machines.first().map(|machine| machine.id);
        }
    }

    /// The machines of the chosen station, else all.
    pub fn machines(&self) -> Vec<&Machine> {
        let machines = self.view.iter().flat_map(|view| &view.machines);
        let of_it = |machine: &&Machine| match (self.chosen, self.reference()) {
            (Some(chosen), Some(reference)) => {
                reference.station_of(machine.id).is_some_and(|station| station.id == chosen)
            },
            _ => true,
        };
        machines.filter(of_it).collect()
    }

    /// Whoever is clocked in: those of the chosen station first, and how many they are.
    pub fn crew(&self) -> (Vec<&Present>, usize) {
        let mut people: Vec<&Present> = self.view.iter().flat_map(|view| &view.people).collect();
        let there = |present: &&Present| self.chosen.is_none_or(|chosen| chosen == present.station);
        people.sort_by_key(|present| !there(present));
        let count = people.iter().filter(|present| there(present)).count();
        (people, count)
    }

    /// Where what is told belongs: to the chosen station, else to that of the terminal, else to that of
    /// the machine that keys act on.
    pub fn station(&self) -> Option<StationId> {
        let here = self.chosen.or_else(|| self.view.as_ref()?.terminal.station);
        here.or_else(|| Some(self.reference()?.station_of(self.machine()?.id)?.id))
    }
}
