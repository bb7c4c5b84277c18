//! The forms an operator fills in. What was typed stays when the daemon goes away.

use kart_api::Present;
use kart_core::{
    id::{EquipmentId, ProductId, ReasonId, RecordId, StationId, UserId},
    machine::MachineState,
    reference::{ReasonGroup, Reference},
    time::Micros,
};

use super::field::{Choice, Entry, TextField};
use crate::words::Sentence;

/// How far a form's command is.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Sending {
    /// Being filled in.
    #[default]
    No,
    /// On its way under this key.
    Saving(String),
    /// Nothing was recorded, and why.
    Refused(Sentence),
}

/// Who acts.
pub type Who = Choice<UserId>;

impl Who {
    /// The people who are clocked in, with `last` or the only one chosen.
    pub(super) fn of(people: Vec<Present>, last: Option<UserId>) -> Self {
        let entry = |present: Present| Entry {
            key: present.user,
            label: present.name,
            detail: String::new(),
        };
        let mut who = Self { entries: people.into_iter().map(entry).collect(), chosen: None };
        if let Some(last) = last {
            who.choose(last);
        } else if who.entries.len() == 1 {
            who.chosen = Some(0);
        }
        who
    }

    /// The name of the chosen person; not safe to draw.
    pub fn name(&self) -> Option<&str> {
        self.entries.get(self.chosen?).map(|entry| entry.label.as_str())
    }

    /// Follows who is clocked in while the form is open; whoever was chosen stays so while there.
    pub fn follow(&mut self, now: Self) {
        let chosen = self.key();
        *self = now;
        if let Some(chosen) = chosen.filter(|user| self.has(*user)) {
            self.choose(chosen);
        }
    }

    /// Whether this person could be chosen.
    pub fn has(&self, user: UserId) -> bool {
        self.entries.iter().any(|entry| entry.key == user)
    }
}

/// A badge typed by hand.
#[derive(Clone, Debug, Default)]
pub struct BadgeForm {
    /// What was typed.
    pub badge: TextField,
}

/// Clock in or out.
#[derive(Clone, Debug)]
pub struct PunchForm {
    /// What the reader read.
    pub badge: String,
    /// Whose it is.
    pub user: UserId,
    /// Their name; not safe to draw.
    pub name: String,
    /// In or out.
    pub punch: Punch,
    /// Their PIN, where they have one.
    pub pin: Option<TextField>,
    /// How far the command is.
    pub sending: Sending,
}

impl PunchForm {
    /// Stations to choose from.
    pub fn stations(&self) -> usize {
        match &self.punch {
            Punch::In(stations) => stations.entries.len(),
            Punch::Out { .. } => 0,
        }
    }
}

/// In or out.
#[derive(Clone, PartialEq, Debug)]
pub enum Punch {
    /// At one of these stations.
    In(Choice<StationId>),
    /// With the entry that ends.
    Out {
        /// Clocked in since then.
        since_us: Micros,
    },
}

/// Start a batch.
#[derive(Clone, Debug)]
pub struct StartForm {
    /// On this machine.
    pub machine: EquipmentId,
    /// Who.
    pub who: Who,
    /// All products.
    pub products: Vec<Entry<ProductId>>,
    /// What narrows them down.
    pub filter: TextField,
    /// Those that are left.
    pub found: Choice<ProductId>,
    /// Parts to make.
    pub target: TextField,
    /// Batch number.
    pub number: TextField,
    /// External work order.
    pub work_order: TextField,
    /// A batch of another terminal that the number is of, which can be joined instead.
    pub join: Option<(RecordId, String)>,
    /// The field in focus.
    pub focus: StartField,
    /// How far the command is.
    pub sending: Sending,
}

/// The fields of [`StartForm`] in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartField {
    Product,
    Target,
    Number,
    WorkOrder,
}

impl StartForm {
    /// An empty form.
    pub fn new(machine: EquipmentId, who: Who, reference: &Reference) -> Self {
        let products = reference.families.iter().flat_map(|family| {
            family.products.iter().map(|product| Entry {
                key: product.id,
                label: product.name.clone(),
                detail: product.code.clone(),
            })
        });
        let mut form = Self {
            machine,
            who,
            products: products.collect(),
            filter: TextField::default(),
            found: Choice::new(Vec::new()),
            target: TextField::whole(),
            number: TextField::default(),
            work_order: TextField::default(),
            join: None,
            focus: StartField::Product,
            sending: Sending::No,
        };
        form.narrow(reference);
        form
    }

    /// Lists the products that fit what was typed, and offers the target of the first.
    pub fn narrow(&mut self, reference: &Reference) {
        let wanted = self.filter.text().to_lowercase();
        let fits = |entry: &&Entry<ProductId>| {
            let text = format!("{} {}", entry.detail, entry.label).to_lowercase();
            wanted.split_whitespace().all(|word| text.contains(word))
        };
        let kept = self.found.key();
        self.found = Choice::new(self.products.iter().filter(fits).cloned().collect());
        if let Some(kept) = kept.filter(|_| wanted.is_empty()) {
            self.found.choose(kept);
        }
        if self.found.chosen.is_none() {
            self.found.step(0);
        }
        self.offer_target(reference);
    }

    /// Fills in the usual target of the chosen product, or of the machine.
    pub fn offer_target(&mut self, reference: &Reference) {
        let product = self.found.key().and_then(|product| reference.product(product));
        let machine = reference.machine(self.machine);
        let usual = product
            .and_then(|product| product.default_quantity)
            .or_else(|| machine.and_then(|machine| machine.default_target));
        self.target.offer(&usual.map(|usual| usual.to_string()).unwrap_or_default());
    }

    /// The field in focus.
    pub fn field_mut(&mut self) -> &mut TextField {
        match self.focus {
            StartField::Product => &mut self.filter,
            StartField::Target => &mut self.target,
            StartField::Number => &mut self.number,
            StartField::WorkOrder => &mut self.work_order,
        }
    }
}

impl StartField {
    /// The field after this one; after the last comes the first.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Product => Self::Target,
            Self::Target => Self::Number,
            Self::Number => Self::WorkOrder,
            Self::WorkOrder => Self::Product,
        }
    }

    /// The field before this one.
    #[must_use]
    pub fn previous(self) -> Self {
        self.next().next().next()
    }
}

/// Complete a batch.
#[derive(Clone, Debug)]
pub struct CompleteForm {
    /// On this machine.
    pub machine: EquipmentId,
    /// Which batch.
    pub batch: RecordId,
    /// Its number; not safe to draw.
    pub number: String,
    /// Who.
    pub who: Who,
    /// Good parts.
    pub good: TextField,
    /// Scrapped parts.
    pub scrap: TextField,
    /// Why parts were scrapped.
    pub reasons: Choice<ReasonId>,
    /// The field in focus.
    pub focus: CompleteField,
    /// How far the command is.
    pub sending: Sending,
}

/// The fields of [`CompleteForm`] in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompleteField {
    Good,
    Scrap,
    Reason,
}

impl CompleteForm {
    /// A form for the batch on a machine, with the machine's counts offered.
    pub fn new(
        machine: &kart_api::Machine,
        batch: &kart_api::Batch,
        who: Who,
        reference: Option<&Reference>,
    ) -> Self {
        let groups = reference.map(|reference| reference.scrap_groups.as_slice());
        let mut form = Self {
            machine: machine.id,
            batch: batch.id,
            number: batch.number.clone(),
            who,
            good: TextField::whole(),
            scrap: TextField::whole(),
            reasons: Choice::new(reasons(groups.unwrap_or_default(), None, None)),
            focus: CompleteField::Good,
            sending: Sending::No,
        };
        form.offer(machine);
        form
    }

    /// Offers the machine's counts; what somebody typed stays.
    pub fn offer(&mut self, machine: &kart_api::Machine) {
        self.good.offer(&machine.good.max(0).to_string());
        self.scrap.offer(&machine.scrap.max(0).to_string());
    }

    /// Whether parts were scrapped, so that a reason is asked for.
    pub fn asks_reason(&self) -> bool {
        self.scrap.number().is_some_and(|scrap| scrap > 0) && !self.reasons.entries.is_empty()
    }

    /// The text field in focus.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        match self.focus {
            CompleteField::Good => Some(&mut self.good),
            CompleteField::Scrap => Some(&mut self.scrap),
            CompleteField::Reason => None,
        }
    }

    /// Moves to the next field, past the reason when nothing was scrapped.
    pub fn next(&mut self) {
        self.focus = match self.focus {
            CompleteField::Good => CompleteField::Scrap,
            CompleteField::Scrap if self.asks_reason() => CompleteField::Reason,
            CompleteField::Scrap | CompleteField::Reason => CompleteField::Good,
        };
    }

    /// Moves to the field before.
    pub fn previous(&mut self) {
        self.focus = match self.focus {
            CompleteField::Good if self.asks_reason() => CompleteField::Reason,
            CompleteField::Good | CompleteField::Reason => CompleteField::Scrap,
            CompleteField::Scrap => CompleteField::Good,
        };
    }
}

/// Explain a stop.
#[derive(Clone, Debug)]
pub struct ExplainForm {
    /// Which stop.
    pub stop: RecordId,
    /// Of which machine.
    pub machine: EquipmentId,
    /// What the machine did.
    pub state: MachineState,
    /// When it began.
    pub from_us: Micros,
    /// Who, where known.
    pub who: Who,
    /// Why.
    pub reasons: Choice<ReasonId>,
    /// Free text.
    pub comment: TextField,
    /// The comment is in focus, not the reasons.
    pub commenting: bool,
    /// How far the command is.
    pub sending: Sending,
}

impl ExplainForm {
    /// A form with the reasons that suit the stop first.
    pub fn new(stop: &kart_api::Stop, who: Who, reference: &Reference) -> Self {
        Self {
            stop: stop.id,
            machine: stop.machine,
            state: stop.state,
            from_us: stop.from_us,
            who,
            reasons: Choice::new(reasons(
                &reference.downtime_groups,
                stop.state.group_type(),
                stop.proposed,
            )),
            comment: TextField::default(),
            commenting: false,
            sending: Sending::No,
        }
    }
}

/// All reasons in order: the proposed one, then groups of type `first` before the others.
fn reasons(
    groups: &[ReasonGroup],
    first: Option<&str>,
    proposed: Option<ReasonId>,
) -> Vec<Entry<ReasonId>> {
    let mut groups: Vec<&ReasonGroup> = groups.iter().collect();
    groups.sort_by_key(|group| Some(group.group_type.as_str()) != first);
    let entries = groups.into_iter().flat_map(|group| {
        group.reasons.iter().map(|reason| Entry {
            key: reason.id,
            label: reason.name.clone(),
            detail: group.name.clone(),
        })
    });
    let mut entries: Vec<Entry<ReasonId>> = entries.collect();
    entries.sort_by_key(|entry| Some(entry.key) != proposed);
    entries
}
