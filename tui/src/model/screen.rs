//! What can stand on the overview.

use kart_api::Pin;
use kart_core::{id::EquipmentId, screen::Screen as Part};

use super::{
    AmendForm, BadgeForm, BatchField, BatchForm, BoardScreen, Commissioning, CompleteForm,
    CrewForm, ExplainForm, FiguresScreen, HeldForm, LedgerScreen, OrdersScreen, PinForm, PunchForm,
    RecordScreen, Sending, SharesForm, SplitForm, StartField, StartForm, StopsScreen, SweepScreen,
    Talk, TextField, ToldForm, UndoForm, Who,
};
use super::{JobDoing, JobForm, JobsScreen};
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
    /// What a badge is for.
    Punch(Box<PunchForm>),
    /// A punch that is taken back.
    Undo(Box<UndoForm>),
    /// When somebody left who did not clock out.
    Told(Box<ToldForm>),
    /// A PIN of one's own.
    Pin(Box<PinForm>),
    /// Somebody's own record.
    Record(Box<RecordScreen>),
    /// Hours that are put right.
    Amend(Box<AmendForm>),
    /// Whose record is to be seen.
    Crew(Box<CrewForm>),
    /// How somebody's time is divided.
    Shares(Box<SharesForm>),
    /// Start a batch.
    Start(Box<StartForm>),
    /// Complete a batch.
    Complete(Box<CompleteForm>),
    /// What is next on a machine.
    Orders(Box<OrdersScreen>),
    /// What is done to a batch.
    Batch(Box<BatchForm>),
    /// Jobs at these stations.
    Jobs(Box<JobsScreen>),
    /// One of them, and what is done to it.
    Job(Box<JobForm>),
    /// What a technician looks at while a machine is being mapped.
    Commissioning(Box<Commissioning>),
    /// Key figures of this shift.
    Figures(Box<FiguresScreen>),
    /// The board of a shift.
    Board(Box<BoardScreen>),
    /// What cannot all be right.
    Ledger(Box<LedgerScreen>),
    /// One machine, to be read from two metres away.
    Large {
        /// Which.
        id: EquipmentId,
    },
    /// Readings of counters that are held.
    Held(Box<HeldForm>),
    /// Which stop to explain.
    Stops(Box<StopsScreen>),
    /// When the second part of a stop began.
    Split(Box<SplitForm>),
    /// Stops that wait, alike ones together.
    Sweep(Box<SweepScreen>),
    /// Why it stopped.
    Explain(Box<ExplainForm>),
    /// What people tell each other.
    Talk(Box<Talk>),
}

impl Screen {
    /// Where its keys are listed.
    pub fn place(&self) -> Place {
        match self {
            Self::Machine { .. } => Place::Machine,
            Self::Receipts { .. } => Place::Receipts,
            Self::Help { .. } => Place::Help,
            Self::Badge(_) => Place::Badge,
            Self::Talk(talk) => talk.place(),
            Self::Punch(_) => Place::Punch,
            Self::Undo(_) => Place::Undo,
            Self::Told(_) => Place::Told,
            Self::Pin(_) => Place::Pin,
            Self::Record(_) => Place::Record,
            Self::Amend(_) => Place::Amend,
            Self::Crew(_) => Place::Crew,
            Self::Shares(_) => Place::Shares,
            Self::Start(_) => Place::Start,
            Self::Complete(_) => Place::Complete,
            Self::Orders(_) => Place::Orders,
            Self::Batch(_) => Place::Batch,
            Self::Jobs(_) => Place::Jobs,
            Self::Job(form) => match form.doing {
                JobDoing::Card => Place::Job,
                JobDoing::History => Place::JobHistory,
                _ => Place::JobForm,
            },
            Self::Commissioning(_) => Place::Commissioning,
            Self::Figures(_) => Place::Figures,
            Self::Board(_) => Place::Board,
            Self::Ledger(_) => Place::Ledger,
            Self::Large { .. } => Place::Large,
            Self::Held(_) => Place::Held,
            Self::Stops(_) => Place::Stops,
            Self::Explain(_) => Place::Explain,
            Self::Split(_) => Place::Split,
            Self::Sweep(_) => Place::Sweep,
        }
    }

    /// How far its command is, where it is a form.
    pub fn sending(&self) -> Option<&Sending> {
        match self {
            Self::Talk(talk) => talk.sending(),
            Self::Punch(form) => Some(&form.sending),
            Self::Undo(form) => Some(&form.sending),
            Self::Told(form) => Some(&form.sending),
            Self::Pin(form) => Some(&form.sending),
            Self::Amend(form) => Some(&form.sending),
            Self::Shares(form) => Some(&form.sending),
            Self::Start(form) => Some(&form.sending),
            Self::Complete(form) => Some(&form.sending),
            Self::Orders(shown) => Some(&shown.sending),
            Self::Batch(form) => Some(&form.sending),
            Self::Job(form) => Some(&form.sending),
            Self::Explain(form) => Some(&form.sending),
            Self::Split(form) => Some(&form.sending),
            Self::Held(form) => Some(&form.sending),
            Self::Machine { .. }
            | Self::Jobs(_)
            | Self::Receipts { .. }
            | Self::Help { .. }
            | Self::Badge(_)
            | Self::Record(_)
            | Self::Crew(_)
            | Self::Commissioning(_)
            | Self::Figures(_)
            | Self::Board(_)
            | Self::Ledger(_)
            | Self::Large { .. }
            | Self::Stops(_)
            | Self::Sweep(_) => None,
        }
    }

    /// The same, to change.
    pub fn sending_mut(&mut self) -> Option<&mut Sending> {
        match self {
            Self::Talk(talk) => talk.sending_mut(),
            Self::Punch(form) => Some(&mut form.sending),
            Self::Undo(form) => Some(&mut form.sending),
            Self::Told(form) => Some(&mut form.sending),
            Self::Pin(form) => Some(&mut form.sending),
            Self::Amend(form) => Some(&mut form.sending),
            Self::Shares(form) => Some(&mut form.sending),
            Self::Start(form) => Some(&mut form.sending),
            Self::Complete(form) => Some(&mut form.sending),
            Self::Orders(shown) => Some(&mut shown.sending),
            Self::Batch(form) => Some(&mut form.sending),
            Self::Job(form) => Some(&mut form.sending),
            Self::Explain(form) => Some(&mut form.sending),
            Self::Split(form) => Some(&mut form.sending),
            Self::Held(form) => Some(&mut form.sending),
            Self::Machine { .. }
            | Self::Jobs(_)
            | Self::Receipts { .. }
            | Self::Help { .. }
            | Self::Badge(_)
            | Self::Record(_)
            | Self::Crew(_)
            | Self::Commissioning(_)
            | Self::Figures(_)
            | Self::Board(_)
            | Self::Ledger(_)
            | Self::Large { .. }
            | Self::Stops(_)
            | Self::Sweep(_) => None,
        }
    }

    /// Who acts, where it asks for that.
    pub fn who_mut(&mut self) -> Option<&mut Who> {
        match self {
            Self::Start(form) => Some(&mut form.who),
            Self::Complete(form) => Some(&mut form.who),
            Self::Orders(shown) => Some(&mut shown.who),
            Self::Batch(form) => Some(&mut form.who),
            Self::Job(form) => Some(&mut form.who),
            Self::Explain(form) => Some(&mut form.who),
            Self::Split(form) => Some(&mut form.who),
            Self::Held(form) => Some(&mut form.who),
            Self::Talk(talk) => talk.who_mut(),
            Self::Machine { .. }
            | Self::Jobs(_)
            | Self::Receipts { .. }
            | Self::Help { .. }
            | Self::Badge(_)
            | Self::Punch(_)
            | Self::Undo(_)
            | Self::Told(_)
            | Self::Pin(_)
            | Self::Record(_)
            | Self::Amend(_)
            | Self::Crew(_)
            | Self::Shares(_)
            | Self::Commissioning(_)
            | Self::Figures(_)
            | Self::Board(_)
            | Self::Ledger(_)
            | Self::Large { .. }
            | Self::Stops(_)
            | Self::Sweep(_) => None,
        }
    }

    /// The text field that typing goes to.
    pub fn text_field(&mut self) -> Option<&mut TextField> {
        match self {
            Self::Talk(talk) => talk.text_field(),
            Self::Badge(form) => Some(&mut form.badge),
            Self::Punch(form) => form.pin(),
            Self::Told(form) => Some(form.field_mut()),
            Self::Pin(form) => form.field_mut(),
            Self::Shares(form) => form.field_mut(),
            Self::Record(shown) => shown.pin.as_mut(),
            Self::Amend(form) => form.field_mut(),
            Self::Undo(_) | Self::Crew(_) => None,
            Self::Start(form) => form.field_mut(),
            Self::Complete(form) => form.field_mut(),
            Self::Batch(form) => form.field_mut(),
            Self::Jobs(shown) => Some(&mut shown.find),
            Self::Job(form) => form.field_mut(),
            Self::Orders(_) => None,
            Self::Commissioning(shown) => shown.field(),
            Self::Explain(form) => form.commenting.then_some(&mut form.comment),
            Self::Split(form) => Some(&mut form.at),
            Self::Machine { .. }
            | Self::Receipts { .. }
            | Self::Help { .. }
            | Self::Figures(_)
            | Self::Board(_)
            | Self::Ledger(_)
            | Self::Large { .. }
            | Self::Held(_)
            | Self::Stops(_)
            | Self::Sweep(_) => None,
        }
    }

    /// Whether a badge that is read now is typed into a field of its own.
    pub fn takes_badge(&self) -> bool {
        match self {
            Self::Badge(_) => true,
            Self::Start(form) => form.focus == StartField::Badge,
            Self::Batch(form) => form.focus == BatchField::Badge,
            _ => false,
        }
    }

    /// The screen that an organisation may hide; help goes with the place beneath it.
    pub fn part(&self) -> Option<Part> {
        match self {
            // An incident or a call is never hidden.
            Self::Talk(_) => None,
            Self::Machine { .. }
            | Self::Figures(_)
            | Self::Board(_)
            | Self::Ledger(_)
            | Self::Held(_) => Some(Part::Machine),
            Self::Receipts { .. } => Some(Part::Receipts),
            Self::Badge(_)
            | Self::Punch(_)
            | Self::Undo(_)
            | Self::Told(_)
            | Self::Pin(_)
            | Self::Amend(_)
            | Self::Crew(_)
            | Self::Shares(_)
            | Self::Record(_) => Some(Part::Labor),
            Self::Start(_) | Self::Complete(_) | Self::Orders(_) | Self::Batch(_) => {
                Some(Part::Batches)
            },
            Self::Stops(_) | Self::Explain(_) | Self::Split(_) | Self::Sweep(_) => {
                Some(Part::Stops)
            },
            Self::Jobs(_) | Self::Job(_) => Some(Part::Jobs),
            Self::Commissioning(_) => Some(Part::Commissioning),
            Self::Help { .. } | Self::Large { .. } => None,
        }
    }

    /// The PIN that was typed here.
    pub fn pin(&mut self) -> Option<Pin> {
        let typed = match self {
            Self::Punch(form) => form.pin.as_ref(),
            Self::Pin(form) => form.old.as_ref(),
            Self::Amend(form) => return form.ticket.clone(),
            Self::Record(shown) => return shown.ticket.clone(),
            _ => None,
        };
        typed.and_then(TextField::filled).map(Pin)
    }

    /// How far it is scrolled, where it can be.
    pub fn scroll_mut(&mut self) -> Option<&mut u16> {
        match self {
            Self::Machine { scroll, .. }
            | Self::Receipts { scroll }
            | Self::Help { scroll, .. } => Some(scroll),
            Self::Badge(_)
            | Self::Talk(_)
            | Self::Punch(_)
            | Self::Undo(_)
            | Self::Told(_)
            | Self::Pin(_)
            | Self::Record(_)
            | Self::Amend(_)
            | Self::Crew(_)
            | Self::Shares(_)
            | Self::Start(_)
            | Self::Complete(_)
            | Self::Orders(_)
            | Self::Batch(_)
            | Self::Jobs(_)
            | Self::Job(_)
            | Self::Stops(_)
            | Self::Split(_)
            | Self::Sweep(_)
            | Self::Commissioning(_)
            | Self::Figures(_)
            | Self::Board(_)
            | Self::Ledger(_)
            | Self::Large { .. }
            | Self::Held(_)
            | Self::Explain(_) => None,
        }
    }
}
