//! Starting a batch, and putting one into a queue.

use kart_api::Order;
use kart_core::{
    command::Second,
    fact::queue::Queue,
    id::{EquipmentId, ProductId, RecordId},
    reference::Reference,
};

use super::{Asks, Question, Sending, Who};
use crate::model::{Choice, Entry, TextField};

/// Start a batch, or ask for one in a queue.
#[derive(Clone, Debug)]
pub struct StartForm {
    /// On this machine.
    pub machine: EquipmentId,
    /// It is to be put into this queue; otherwise it begins.
    pub into: Option<Queue>,
    /// Who.
    pub who: Who,
    /// What is next on the machine.
    pub next: Choice<RecordId>,
    /// The same, with everything that is known of it.
    pub orders: Vec<Order>,
    /// The entry that was taken.
    pub taken: Option<RecordId>,
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
    /// When it began, as a time of day; left empty it begins as it is saved.
    pub from: TextField,
    /// What is asked with it.
    pub questions: Vec<Question>,
    /// Who else agrees, once that was asked for.
    pub second: Option<SecondFields>,
    /// A batch of another terminal that the number is of, which can be joined instead.
    pub join: Option<(RecordId, String)>,
    /// The field in focus.
    pub focus: StartField,
    /// How far the command is.
    pub sending: Sending,
}

/// The badge of whoever else agrees, and why.
#[derive(Clone, Debug, Default)]
pub struct SecondFields {
    /// The badge; empty where the person who acts may agree.
    pub badge: TextField,
    /// Why.
    pub why: TextField,
}

impl SecondFields {
    /// As a command tells it.
    pub fn told(&self) -> Second {
        // A reader may send a sign before the number.
        let badge = self.badge.text().trim_start_matches(|sign: char| !sign.is_alphanumeric());
        Second { badge: badge.to_owned(), why: self.why.text().to_owned() }
    }
}

/// The fields of [`StartForm`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartField {
    Next,
    Product,
    Target,
    Number,
    WorkOrder,
    From,
    Question(usize),
    Badge,
    Why,
}

impl StartForm {
    /// An empty form.
    pub fn new(
        machine: EquipmentId,
        who: Who,
        (reference, orders): (&Reference, Vec<Order>),
        into: Option<Queue>,
    ) -> Self {
        let products = reference.families.iter().flat_map(|family| {
            family.products.iter().map(|product| Entry {
                key: product.id,
                label: product.name.clone(),
                detail: product.code.clone(),
            })
        });
        let questions = match into {
            Some(_) => Vec::new(),
            None => Question::all(reference, machine, "start"),
        };
        let mut form = Self {
            machine,
            into,
            who,
            next: Choice::new(Vec::new()),
            orders: Vec::new(),
            taken: None,
            products: products.collect(),
            filter: TextField::default(),
            found: Choice::new(Vec::new()),
            target: TextField::whole(),
            number: TextField::default(),
            work_order: TextField::default(),
            from: TextField::default(),
            questions,
            second: None,
            join: None,
            focus: StartField::Product,
            sending: Sending::No,
        };
        form.list(orders, reference);
        if !form.next.entries.is_empty() {
            form.next.step(0);
            form.focus = StartField::Next;
        }
        form.narrow(reference);
        form
    }

    /// Lists what is next on the machine.
    pub fn list(&mut self, orders: Vec<Order>, reference: &Reference) {
        if self.into.is_some() {
            return;
        }
        let name = |order: &Order| {
            let product = order.queued.product.and_then(|id| reference.product(id));
            product.map(|product| product.name.clone()).unwrap_or_default()
        };
        let entry = |order: &Order| {
            let number = order.queued.number.clone().unwrap_or_default();
            let label = format!("{number} {}", name(order)).trim().to_owned();
            let target = order.queued.target.map(|target| target.to_string());
            let parts = [target, order.queued.work_order.clone()];
            let detail = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
            Entry { key: order.queued.entry, label, detail }
        };
        let kept = self.next.key();
        self.next.list(orders.iter().map(entry).collect());
        self.orders = orders;
        if self.next.chosen.is_none() && kept.is_some() {
            self.next.step(0);
        }
        if self.next.entries.is_empty() && self.focus == StartField::Next {
            self.focus = StartField::Product;
        }
    }

    /// Takes an entry of the queue: what it says is filled in.
    pub fn take(&mut self, entry: RecordId, reference: &Reference) {
        let Some(order) = self.orders.iter().find(|order| order.queued.entry == entry) else {
            return;
        };
        let queued = order.queued.clone();
        self.next.choose(entry);
        if let Some(product) = queued.product {
            self.found = Choice::new(self.products.clone());
            self.found.choose(product);
        }
        self.offer_target(reference);
        if let Some(target) = queued.target {
            self.target.offer(&target.to_string());
        }
        self.number.offer(queued.number.as_deref().unwrap_or_default());
        self.work_order.offer(queued.work_order.as_deref().unwrap_or_default());
        self.taken = Some(entry);
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
        let entry = self.next.key().filter(|_| self.focus == StartField::Next);
        let order = entry.and_then(|id| self.orders.iter().find(|order| order.queued.entry == id));
        let product = order.map_or_else(|| self.found.key(), |order| order.queued.product);
        let product = product.and_then(|product| reference.product(product));
        let machine = reference.machine(self.machine);
        let usual = order
            .and_then(|order| order.queued.target)
            .or_else(|| product.and_then(|product| product.default_quantity))
            .or_else(|| machine.and_then(|machine| machine.default_target));
        self.target.offer(&usual.map(|usual| usual.to_string()).unwrap_or_default());
    }

    /// The text field in focus.
    pub fn field_mut(&mut self) -> Option<&mut TextField> {
        match self.focus {
            StartField::Next => None,
            StartField::Product => Some(&mut self.filter),
            StartField::Target => Some(&mut self.target),
            StartField::Number => Some(&mut self.number),
            StartField::WorkOrder => Some(&mut self.work_order),
            StartField::From => Some(&mut self.from),
            StartField::Question(at) => self.questions.get_mut(at)?.field_mut(),
            StartField::Badge => self.second.as_mut().map(|second| &mut second.badge),
            StartField::Why => self.second.as_mut().map(|second| &mut second.why),
        }
    }

    /// The question that Enter leads to, where there is one.
    pub fn next_question(&self) -> Option<usize> {
        match self.focus {
            StartField::Question(at) => Some(at + 1).filter(|next| *next < self.questions.len()),
            StartField::Badge | StartField::Why => None,
            _ => Some(0).filter(|_| !self.questions.is_empty()),
        }
    }
}

impl Asks for StartForm {
    type Field = StartField;

    fn fields(&self) -> Vec<Self::Field> {
        let mut all = Vec::new();
        if !self.next.entries.is_empty() {
            all.push(StartField::Next);
        }
        let usual =
            [StartField::Product, StartField::Target, StartField::Number, StartField::WorkOrder];
        all.extend(usual);
        if self.into.is_none() {
            all.push(StartField::From);
        }
        all.extend((0..self.questions.len()).map(StartField::Question));
        if self.second.is_some() {
            all.extend([StartField::Badge, StartField::Why]);
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
        StartField::Question(question)
    }
}
