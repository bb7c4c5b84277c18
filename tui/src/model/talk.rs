//! What people tell each other: the shift log, handovers, incidents, calls for help.

use kart_api::notes::Note;
use kart_core::{
    fact::{call::Help, incident::Severity, note::Category},
    id::{EquipmentId, ReasonId, RecordId, StationId},
};

use super::{Choice, Model, Seen, Sending, TextField, Who};
use crate::keys::Place;

/// One of these screens.
#[derive(Clone, Debug)]
pub enum Talk {
    /// The shift log.
    Log(LogScreen),
    /// A note that is being written.
    Note(NoteForm),
    /// The card for the next crew.
    Give(GiveForm),
    /// The card of the crew before.
    Take(TakeForm),
    /// Incidents that are open.
    Incidents(Choice<RecordId>),
    /// An incident that is being reported.
    Incident(IncidentForm),
    /// What becomes of an incident.
    Follow(FollowForm),
    /// Calls for help.
    Call(CallForm),
}

/// The shift log.
#[derive(Clone, Debug, Default)]
pub struct LogScreen {
    /// Notes, newest first; `None` until the daemon has told.
    pub notes: Option<Vec<Note>>,
    /// Why the daemon did not answer, since its last answer.
    pub lost: Option<String>,
    /// What is looked for.
    pub words: TextField,
    /// It is being typed.
    pub searching: bool,
    /// Notes scrolled.
    pub scroll: usize,
}

/// What a note is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// The batch on a machine.
    Batch(EquipmentId, RecordId),
    /// A machine.
    Machine(EquipmentId),
    /// The station, where the terminal stands at one.
    Station(Option<StationId>),
}

/// The fields of the forms here, in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TalkField {
    /// What is written.
    Text,
    /// What kind it is.
    Kind,
    /// What it is about.
    About,
}

/// A note.
#[derive(Clone, Debug)]
pub struct NoteForm {
    /// Who, where known.
    pub who: Who,
    /// What it says.
    pub text: TextField,
    /// What kind of note.
    pub kinds: Choice<Category>,
    /// What it is about.
    pub about: Choice<About>,
    /// The field in focus.
    pub focus: TalkField,
    /// How far the command is.
    pub sending: Sending,
}

/// The card for the next crew: the card itself is what the screen knows.
#[derive(Clone, Debug)]
pub struct GiveForm {
    /// Who signs.
    pub who: Who,
    /// Of which station.
    pub station: Option<StationId>,
    /// What they add.
    pub text: TextField,
    /// How far the command is.
    pub sending: Sending,
}

/// The card of the crew before.
#[derive(Clone, Debug)]
pub struct TakeForm {
    /// Who signs.
    pub who: Who,
    /// Which card.
    pub handover: RecordId,
    /// When it came on the screen, by our steady clock.
    pub since_us: i64,
    /// How far the command is.
    pub sending: Sending,
}

/// An incident.
#[derive(Clone, Debug)]
pub struct IncidentForm {
    /// Who, where known.
    pub who: Who,
    /// The station, where the terminal stands at one.
    pub station: Option<StationId>,
    /// The machines, and whether each is concerned.
    pub machines: Vec<(EquipmentId, String, bool)>,
    /// The machine that a mark would go to.
    pub at: usize,
    /// What it is.
    pub reasons: Choice<ReasonId>,
    /// How bad it is.
    pub severity: Severity,
    /// What happened.
    pub comment: TextField,
    /// The field in focus.
    pub focus: TalkField,
    /// How far the command is.
    pub sending: Sending,
}

/// What becomes of an incident.
#[derive(Clone, Debug)]
pub struct FollowForm {
    /// Who, where known.
    pub who: Who,
    /// Which incident.
    pub incident: RecordId,
    /// What was found.
    pub notes: TextField,
    /// How far the command is.
    pub sending: Sending,
}

/// Calls for help: those that are open, and whom one can call.
#[derive(Clone, Debug)]
pub struct CallForm {
    /// Who, where known.
    pub who: Who,
    /// The machine that help is called to.
    pub machine: Option<EquipmentId>,
    /// Its code, or that of the station.
    pub place: String,
    /// The station.
    pub station: Option<StationId>,
    /// What can be done.
    pub choice: Choice<CallItem>,
    /// How far the command is.
    pub sending: Sending,
}

/// A line of the form of calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallItem {
    /// A call that has not ended.
    Open(RecordId),
    /// A call that one could make.
    New(Help),
}

impl LogScreen {
    /// Takes in what was answered.
    pub fn take(&mut self, seen: Seen) {
        match seen {
            Seen::Notes(notes) => {
                (self.notes, self.lost) = (Some(notes), None);
                self.down(0);
            },
            Seen::Lost(why) => self.lost = Some(why),
            _ => {},
        }
    }

    /// Scrolls, but not past the last note.
    pub fn down(&mut self, by: usize) {
        let last = self.notes.as_ref().map_or(0, Vec::len).saturating_sub(1);
        self.scroll = self.scroll.saturating_add(by).min(last);
    }
}

impl Talk {
    /// Where its keys are listed.
    pub fn place(&self) -> Place {
        match self {
            Self::Log(_) => Place::Log,
            Self::Note(_) => Place::Note,
            Self::Give(_) => Place::Give,
            Self::Take(_) => Place::Take,
            Self::Incidents(_) => Place::Incidents,
            Self::Incident(_) => Place::Incident,
            Self::Follow(_) => Place::Follow,
            Self::Call(_) => Place::Call,
        }
    }

    /// How far its command is, where it is a form.
    pub fn sending(&self) -> Option<&Sending> {
        match self {
            Self::Log(_) | Self::Incidents(_) => None,
            Self::Note(form) => Some(&form.sending),
            Self::Give(form) => Some(&form.sending),
            Self::Take(form) => Some(&form.sending),
            Self::Incident(form) => Some(&form.sending),
            Self::Follow(form) => Some(&form.sending),
            Self::Call(form) => Some(&form.sending),
        }
    }

    /// The same, to change.
    pub fn sending_mut(&mut self) -> Option<&mut Sending> {
        match self {
            Self::Log(_) | Self::Incidents(_) => None,
            Self::Note(form) => Some(&mut form.sending),
            Self::Give(form) => Some(&mut form.sending),
            Self::Take(form) => Some(&mut form.sending),
            Self::Incident(form) => Some(&mut form.sending),
            Self::Follow(form) => Some(&mut form.sending),
            Self::Call(form) => Some(&mut form.sending),
        }
    }

    /// The text field that typing goes to.
    pub fn text_field(&mut self) -> Option<&mut TextField> {
        match self {
            Self::Log(shown) => shown.searching.then_some(&mut shown.words),
            Self::Note(form) => (form.focus == TalkField::Text).then_some(&mut form.text),
            Self::Give(form) => Some(&mut form.text),
            Self::Incident(form) => (form.focus == TalkField::Text).then_some(&mut form.comment),
            Self::Follow(form) => Some(&mut form.notes),
            Self::Take(_) | Self::Incidents(_) | Self::Call(_) => None,
        }
    }

    /// Who acts.
    pub fn who_mut(&mut self) -> Option<&mut Who> {
        match self {
            Self::Log(_) | Self::Incidents(_) => None,
            Self::Note(form) => Some(&mut form.who),
            Self::Give(form) => Some(&mut form.who),
            Self::Take(form) => Some(&mut form.who),
            Self::Incident(form) => Some(&mut form.who),
            Self::Follow(form) => Some(&mut form.who),
            Self::Call(form) => Some(&mut form.who),
        }
    }

    /// Whether somebody who is not clocked in can act here, by their badge.
    pub fn takes_anybody(&self) -> bool {
        matches!(self, Self::Note(_) | Self::Incident(_) | Self::Follow(_) | Self::Call(_))
    }
}

impl TalkField {
    /// The field after this one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Text => Self::Kind,
            Self::Kind => Self::About,
            Self::About => Self::Text,
        }
    }
}

impl IncidentForm {
    /// The machines that are concerned.
    pub fn marked(&self) -> Vec<EquipmentId> {
        self.machines.iter().filter(|(.., marked)| *marked).map(|(id, ..)| *id).collect()
    }

    /// The batches on them.
    pub fn batches(&self, model: &Model) -> Vec<RecordId> {
        let machines = self.marked().into_iter().filter_map(|id| model.machine_by_id(id));
        machines.filter_map(|machine| machine.batch.as_ref()).map(|batch| batch.id).collect()
    }

    /// The next severity; after the worst comes the mildest.
    pub fn grade(&mut self) {
        let at = Severity::ALL.iter().position(|one| *one == self.severity).unwrap_or_default();
        let next = Severity::ALL.get(at + 1).or_else(|| Severity::ALL.first());
        self.severity = next.copied().unwrap_or(self.severity);
    }
}
