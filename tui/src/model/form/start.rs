//! Starting a batch.

use kart_core::{
    id::{EquipmentId, ProductId, RecordId},
    reference::Reference,
};

use super::{Sending, Who};
use crate::model::{Choice, Entry, TextField};

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
