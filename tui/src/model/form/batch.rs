//! What can be done to a batch between its beginning and its end.

use kart_api::Batch;
use kart_core::{
    command::{Continue, Second},
    id::{EquipmentId, ReasonId, RecordId, UserId},
    reference::Reference,
};

use super::{Asks, Question, SecondFields, Sending, Who, complete::proposed, question, reasons};
use crate::model::{Choice, Entry, TextField};

/// What is done to one batch of a machine.
#[derive(Clone, Debug)]
pub struct BatchForm {
    /// On this machine.
    pub machine: EquipmentId,
    /// Which batch.
    pub batch: RecordId,
    /// Who.
    pub who: Who,
    /// What is being done.
    pub doing: Doing,
    /// The choice in the menu.
    pub menu: Choice<Deed>,
    /// Good parts.
    pub good: TextField,
    /// Scrapped parts.
    pub scrap: TextField,
    /// Parts put aside to be worked on again.
    pub rework: TextField,
    /// What is to be said about a batch that is given up.
    pub comment: TextField,
    /// Why parts were scrapped, or the batch given up.
    pub reasons: Choice<ReasonId>,
    /// Who could work on it.
    pub people: Choice<UserId>,
    /// Which machines could.
    pub machines: Choice<EquipmentId>,
    /// What the other machine asks.
    pub questions: Vec<Question>,
    /// Who else agrees, once that was asked for.
    pub second: Option<SecondFields>,
    /// The field in focus.
    pub focus: BatchField,
    /// How far the command is.
    pub sending: Sending,
}

/// What is being done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doing {
    /// Nothing yet.
    Choosing,
    /// Something of the menu.
    Deed(Deed),
}

/// What can be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    Complete,
    Pause,
    Resume,
    Tell,
    People,
    Machines,
    Continue,
    Abort,
}

/// The fields of [`BatchForm`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchField {
    List,
    Good,
    Scrap,
    Rework,
    Comment,
    Question(usize),
    Badge,
    Why,
}

impl BatchForm {
    /// The menu of a batch.
    pub fn new(machine: EquipmentId, batch: &Batch, who: Who) -> Self {
        let mut form = Self {
            machine,
            batch: batch.id,
            who,
            doing: Doing::Choosing,
            menu: Choice::new(Vec::new()),
            good: TextField::whole(),
            scrap: TextField::whole(),
            rework: TextField::whole(),
            comment: TextField::long(),
            reasons: Choice::new(Vec::new()),
            people: Choice::new(Vec::new()),
            machines: Choice::new(Vec::new()),
            questions: Vec::new(),
            second: None,
            focus: BatchField::List,
            sending: Sending::No,
        };
        form.follow(batch);
        form
    }

    /// Follows the batch while the menu is open.
    pub fn follow(&mut self, batch: &Batch) {
        let rests = batch.paused_us.is_some();
        let pause = if rests { Deed::Resume } else { Deed::Pause };
        let mut deeds = vec![Deed::Complete, pause, Deed::Tell, Deed::People];
        if !rests {
            deeds.push(Deed::Machines);
        }
        deeds.extend([Deed::Continue, Deed::Abort]);
        self.menu.list(deeds.into_iter().map(Entry::of).collect());
        if self.menu.chosen.is_none() {
            self.menu.step(0);
        }
        let (good, scrap) = proposed(batch);
        if matches!(self.doing, Doing::Deed(Deed::Abort | Deed::Continue)) {
            self.good.offer(&good.to_string());
            self.scrap.offer(&scrap.to_string());
        }
    }

    /// Begins to do something of the menu.
    pub fn begin(&mut self, deed: Deed, batch: &Batch, reference: &Reference) {
        self.doing = Doing::Deed(deed);
        self.sending = Sending::No;
        (self.good, self.scrap, self.rework) =
            (TextField::whole(), TextField::whole(), TextField::whole());
        self.second = None;
        self.focus = BatchField::List;
        match deed {
            Deed::Tell => {
                self.reasons = Choice::new(reasons(&reference.scrap_groups, None, None));
                self.focus = BatchField::Good;
            },
            Deed::Abort => {
                self.reasons = Choice::new(reasons(&reference.scrap_groups, None, None));
                self.focus = BatchField::Good;
            },
            Deed::Machines => {
                self.machines = Choice::new(machines(batch, self.machine, reference, false));
                self.machines.step(0);
            },
            Deed::Continue => {
                self.machines = Choice::new(machines(batch, self.machine, reference, true));
                self.machines.step(0);
                self.ask(reference);
            },
            Deed::People => self.people.step(0),
            Deed::Complete | Deed::Pause | Deed::Resume => {},
        }
        self.follow(batch);
    }

    /// What the other machine asks when a batch begins there.
    pub fn ask(&mut self, reference: &Reference) {
        let machine = self.machines.key();
        let asked = machine.map(|machine| Question::all(reference, machine, "start"));
        self.questions = asked.unwrap_or_default();
    }

    /// The text field in focus.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        match self.focus {
            BatchField::List => None,
            BatchField::Good => Some(&mut self.good),
            BatchField::Scrap => Some(&mut self.scrap),
            BatchField::Rework => Some(&mut self.rework),
            BatchField::Comment => Some(&mut self.comment),
            BatchField::Question(at) => self.questions.get_mut(at)?.field_mut(),
            BatchField::Badge => self.second.as_mut().map(|second| &mut second.badge),
            BatchField::Why => self.second.as_mut().map(|second| &mut second.why),
        }
    }

    /// Whether scrapped parts are told of, so that a reason is asked for.
    pub fn asks_reason(&self) -> bool {
        self.scrap.number().is_some_and(|scrap| scrap > 0) && !self.reasons.entries.is_empty()
    }

    /// The field that Enter leads to; `None` at the last one.
    pub fn after(&self) -> Option<BatchField> {
        let all = self.fields();
        let at = all.iter().position(|field| *field == self.focus)?;
        let deed = self.doing;
        let rare = |field: &&BatchField| {
            !matches!(field, BatchField::Comment)
                && (deed != Doing::Deed(Deed::Tell) || **field != BatchField::Rework)
        };
        all.iter().skip(at + 1).find(rare).copied()
    }

    /// A batch that goes on on the chosen machine.
    pub fn onward(&self, by: UserId) -> Option<Continue> {
        Some(Continue {
            by,
            batch: self.batch,
            equipment: self.machines.key()?,
            good: self.good.number()?,
            scrap: self.scrap.number()?,
            answers: question::told(&self.questions),
            second: self
                .second
                .as_ref()
                .map(SecondFields::told)
                .filter(|second: &Second| !second.badge.is_empty() || !second.why.is_empty()),
        })
    }
}

impl Asks for BatchForm {
    type Field = BatchField;

    fn fields(&self) -> Vec<Self::Field> {
        use BatchField::{Badge, Comment, Good, List, Rework, Scrap, Why};
        let Doing::Deed(deed) = self.doing else { return vec![List] };
        let mut all = match deed {
            Deed::Tell => vec![Good, Scrap, Rework],
            Deed::Abort => vec![Good, Scrap, Comment, List],
            // The question comes first: a digit chooses a machine, and is no count.
            Deed::Continue => vec![List, Good, Scrap],
            _ => vec![List],
        };
        if deed == Deed::Tell && self.asks_reason() {
            all.push(List);
        }
        if deed == Deed::Continue {
            all.extend((0..self.questions.len()).map(BatchField::Question));
        }
        if self.second.is_some() {
            all.extend([Badge, Why]);
        }
        all
    }

    fn focus_mut(&mut self) -> &mut Self::Field {
        &mut self.focus
    }

    fn questions_mut(&mut self) -> &mut Vec<Question> {
        &mut self.questions
    }

    fn field_of(question: usize) -> Self::Field {
        BatchField::Question(question)
    }
}

/// Machines that a batch could run on besides its own: of its station, and for going on all of the
/// site, those first that are said to stand in for it.
fn machines(
    batch: &Batch,
    own: EquipmentId,
    reference: &Reference,
    onward: bool,
) -> Vec<Entry<EquipmentId>> {
    let compatible = reference.machine(own).map(|machine| machine.compatible.as_slice());
    let compatible = compatible.unwrap_or_default();
    let station = reference.station_of(own).map(|station| station.id);
    let here = |id| reference.station_of(id).map(|at| at.id) == station;
    let fits = |id: EquipmentId| onward || here(id) || batch.further.contains(&id);
    let mut all: Vec<Entry<EquipmentId>> = reference
        .machines
        .iter()
        .filter(|machine| machine.id != own && fits(machine.id))
        .map(|machine| {
            let at = reference.station_of(machine.id).map(|at| at.code.clone());
            let label = format!("{} {}", machine.code, machine.name);
            Entry { key: machine.id, label, detail: at.unwrap_or_default() }
        })
        .collect();
    all.sort_by_key(|entry| !compatible.contains(&entry.key));
    all
}
