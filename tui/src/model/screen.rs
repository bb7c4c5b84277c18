//! What can stand on the overview.

use kart_api::Pin;
use kart_core::{
    id::{EquipmentId, RecordId},
    screen::Screen as Part,
};

use super::{
    BadgeForm, Choice, Commissioning, CompleteForm, ExplainForm, FiguresScreen, HeldForm,
    PunchForm, Sending, StartForm, TextField,
};
use crate::keys::Place;

/// One screen or form.
#[derive(Clone, Debug)]
pub enum Screen {
    /// Everything about one machine.
    Machine {
        /// Which.
        id: EquipmentId,
        /// Lines scrolled.
        scroll: u16,
    },
    /// What was recorded here lately.
    Receipts {
        /// Lines scrolled.
        scroll: u16,
    },
    /// The keys of the place beneath.
    Help {
        /// That place.
        of: Place,
        /// Lines scrolled.
        scroll: u16,
    },
    /// A badge typed by hand.
    Badge(BadgeForm),
    /// Clock in or out.
    Punch(Box<PunchForm>),
    /// Start a batch.
    Start(Box<StartForm>),
    /// Complete a batch.
    Complete(Box<CompleteForm>),
    /// What a technician looks at while a machine is being mapped.
    Commissioning(Box<Commissioning>),
    /// Key figures of this shift.
    Figures(Box<FiguresScreen>),
    /// Readings of counters that are held.
    Held(Box<HeldForm>),
    /// Which stop to explain.
    Stops(Choice<RecordId>),
    /// Why it stopped.
    Explain(Box<ExplainForm>),
}

impl Screen {
    /// Where its keys are listed.
    pub fn place(&self) -> Place {
        match self {
            Self::Machine { .. } => Place::Machine,
            Self::Receipts { .. } => Place::Receipts,
            Self::Help { .. } => Place::Help,
            Self::Badge(_) => Place::Badge,
            Self::Punch(_) => Place::Punch,
            Self::Start(_) => Place::Start,
            Self::Complete(_) => Place::Complete,
            Self::Commissioning(_) => Place::Commissioning,
            Self::Figures(_) => Place::Figures,
            Self::Held(_) => Place::Held,
            Self::Stops(_) => Place::Stops,
            Self::Explain(_) => Place::Explain,
        }
    }

    /// How far its command is, where it is a form.
    pub fn sending(&self) -> Option<&Sending> {
        match self {
            Self::Punch(form) => Some(&form.sending),
            Self::Start(form) => Some(&form.sending),
            Self::Complete(form) => Some(&form.sending),
            Self::Explain(form) => Some(&form.sending),
            Self::Held(form) => Some(&form.sending),
            Self::Machine { .. }
            | Self::Receipts { .. }
            | Self::Help { .. }
            | Self::Badge(_)
            | Self::Commissioning(_)
            | Self::Figures(_)
            | Self::Stops(_) => None,
        }
    }

    /// The same, to change.
    pub fn sending_mut(&mut self) -> Option<&mut Sending> {
        match self {
            Self::Punch(form) => Some(&mut form.sending),
            Self::Start(form) => Some(&mut form.sending),
            Self::Complete(form) => Some(&mut form.sending),
            Self::Explain(form) => Some(&mut form.sending),
            Self::Held(form) => Some(&mut form.sending),
            Self::Machine { .. }
            | Self::Receipts { .. }
            | Self::Help { .. }
            | Self::Badge(_)
            | Self::Commissioning(_)
            | Self::Figures(_)
            | Self::Stops(_) => None,
        }
    }

    /// The text field that typing goes to.
    pub fn text_field(&mut self) -> Option<&mut TextField> {
        match self {
            Self::Badge(form) => Some(&mut form.badge),
            Self::Punch(form) => form.pin.as_mut(),
            Self::Start(form) => Some(form.field_mut()),
            Self::Complete(form) => form.field_mut(),
            Self::Commissioning(shown) => shown.field(),
            Self::Explain(form) => form.commenting.then_some(&mut form.comment),
            Self::Machine { .. }
            | Self::Receipts { .. }
            | Self::Help { .. }
            | Self::Figures(_)
            | Self::Held(_)
            | Self::Stops(_) => None,
        }
    }

    /// The screen that an organisation may hide; help goes with the place beneath it.
    pub fn part(&self) -> Option<Part> {
        match self {
            Self::Machine { .. } | Self::Figures(_) | Self::Held(_) => Some(Part::Machine),
            Self::Receipts { .. } => Some(Part::Receipts),
            Self::Badge(_) | Self::Punch(_) => Some(Part::Labor),
            Self::Start(_) | Self::Complete(_) => Some(Part::Batches),
            Self::Stops(_) | Self::Explain(_) => Some(Part::Stops),
            Self::Commissioning(_) => Some(Part::Commissioning),
            Self::Help { .. } => None,
        }
    }

    /// The PIN that was typed here.
    pub fn pin(&mut self) -> Option<Pin> {
        let Self::Punch(form) = self else { return None };
        form.pin.as_ref().and_then(TextField::filled).map(Pin)
    }

    /// How far it is scrolled, where it can be.
    pub fn scroll_mut(&mut self) -> Option<&mut u16> {
        match self {
            Self::Machine { scroll, .. }
            | Self::Receipts { scroll }
            | Self::Help { scroll, .. } => Some(scroll),
            Self::Badge(_)
            | Self::Punch(_)
            | Self::Start(_)
            | Self::Complete(_)
            | Self::Stops(_)
            | Self::Commissioning(_)
            | Self::Figures(_)
            | Self::Held(_)
            | Self::Explain(_) => None,
        }
    }
}
