//! Starting a batch, and putting one into a queue.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use kart_api::{Order, View};
use kart_core::{
    calendar::Interval,
    command::{Command, Refusal, StartDetail},
    fact::queue::{Ask, Enqueue, Place, Queue},
    id::{EquipmentId, ProductId, RecordId},
    time::Micros,
};

use crate::{
    effect::Effect,
    keys::Cmd,
    model::{
        Asks, Model, Screen, SecondFields, Sending, StartField, StartForm, Tone, next_on, told,
    },
    update::{refuse, send},
    words::{Sentence, refusal},
};

/// A time of day that is further back than this is one of tomorrow.
const BACK_US: i64 = 16 * 3_600 * 1_000_000;

/// Opens the form for the selected machine, where a batch can be started.
pub(super) fn open(model: &mut Model) {
    open_with(model, None, None);
}

/// Opens the form with an entry of the queue taken, or to put a new one into a queue.
pub(super) fn open_with(model: &mut Model, entry: Option<RecordId>, into: Option<Queue>) {
    match form(model, entry, into) {
        Ok(form) => model.screens.push(Screen::Start(Box::new(form))),
        Err(why) => model.say(Tone::Wrong, why),
    }
}

fn form(
    model: &Model,
    entry: Option<RecordId>,
    into: Option<Queue>,
) -> Result<StartForm, Sentence> {
    let machine = model.machine().ok_or_else(|| Sentence::new("no-machine"))?;
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    let reference = reference.ok_or_else(|| refusal(&Refusal::NoSite))?;
    let several = reference.machine(machine.id).is_some_and(|machine| machine.concurrent_batches);
    let ours = machine.batch.as_ref().filter(|batch| batch.terminal.is_none());
    if let Some(batch) = ours.filter(|_| !several && into.is_none()) {
        let (number, machine) = (batch.number.clone(), machine.code.clone());
        return Err(refusal(&Refusal::BatchRunning { number, machine }));
    }
    let who = model.who();
    if who.entries.is_empty() {
        return Err(Sentence::new("badge-first"));
    }
    let orders = model.view.as_ref().map(|view| orders(view, machine.id)).unwrap_or_default();
    let mut form = StartForm::new(machine.id, who, (reference, orders), into);
    if let Some(entry) = entry {
        form.take(entry, reference);
        form.focus = StartField::Next;
    }
    // What is open there is most likely what is meant.
    if let Some(batch) = machine.batch.as_ref().filter(|b| b.terminal.is_some() && into.is_none()) {
        form.number.offer(&batch.number);
        form.join = Some((batch.id, batch.number.clone()));
        form.focus = StartField::Product;
        form.sending = Sending::Refused(Sentence::new("join-offer").with("number", &batch.number));
    }
    Ok(form)
}

fn orders(view: &View, machine: EquipmentId) -> Vec<Order> {
    next_on(view, machine).into_iter().cloned().collect()
}

/// Follows the queue while the form is open.
pub(super) fn follow(form: &mut StartForm, view: &View) {
    let Some(reference) = &view.reference else { return };
    form.list(orders(view, form.machine), reference);
}

/// A letter typed at the queue looks for another product. `true` when it was used up.
pub(super) fn other_product(model: &mut Model, key: KeyEvent) -> bool {
    let Some(Screen::Start(form)) = model.screens.last_mut() else { return false };
    let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let letter = matches!(key.code, KeyCode::Char(typed) if typed.is_alphabetic());
    if form.focus != StartField::Next || !letter || !plain {
        return false;
    }
    form.focus = StartField::Product;
    form.taken = None;
    form.filter.key(key);
    narrow(model);
    true
}

/// Lists the products that fit, after the filter or the site's data changed.
pub(super) fn narrow(model: &mut Model) {
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    if let (Some(Screen::Start(form)), Some(reference)) = (model.screens.last_mut(), reference)
        && form.focus == StartField::Product
    {
        form.taken = None;
        form.narrow(reference);
    }
}

/// Moves within the form.
pub(super) fn navigate(model: &mut Model, cmd: Cmd) {
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    let Some(Screen::Start(form)) = model.screens.last_mut() else { return };
    match (form.focus, cmd) {
        (_, Cmd::Next) => form.step(1),
        (_, Cmd::Previous) => form.step(-1),
        (StartField::Next, _) => drop(form.next.obey(cmd)),
        (StartField::Product, Cmd::Up | Cmd::Down | Cmd::PageUp | Cmd::PageDown) => {
            form.found.obey(cmd);
        },
        (StartField::Question(_), Cmd::Left | Cmd::Right | Cmd::Pick(_)) => {
            if let Some(asked) = form.question_mut() {
                asked.obey(cmd);
            }
        },
        (_, Cmd::Up) => form.step(-1),
        (_, Cmd::Down) => form.step(1),
        _ => {},
    }
    if let Some(reference) = reference.filter(|_| form.taken.is_none()) {
        form.offer_target(reference);
    }
    form.sending = Sending::No;
}

/// From the queue or the product on to what is asked; from the last of it the batch is started.
pub(super) fn confirm(model: &mut Model) -> Vec<Effect> {
    if let Some(joined) = join(model) {
        return joined;
    }
    let reference = model.view.as_ref().and_then(|view| view.reference.as_ref());
    let Some(Screen::Start(form)) = model.screens.last_mut() else { return Vec::new() };
    if form.focus == StartField::Next
        && let (Some(entry), Some(reference)) = (form.next.key(), reference)
    {
        form.take(entry, reference);
    }
    if form.found.key().is_none() {
        form.focus = StartField::Product;
        return refuse(model, Sentence::new("choose-product"));
    }
    if form.focus == StartField::Product {
        form.focus = StartField::Target;
        return Vec::new();
    }
    let next = form.next_question();
    if let Some(at) = next {
        form.focus = StartField::Question(at);
        return Vec::new();
    }
    start(model)
}

/// Joins the batch of another terminal, where the number is still that one's.
fn join(model: &mut Model) -> Option<Vec<Effect>> {
    let Some(Screen::Start(form)) = model.screens.last() else { return None };
    let (batch, number) = form.join.clone()?;
    if form.number.filled().as_ref() != Some(&number) {
        return None;
    }
    let Some(by) = form.who.key() else {
        return Some(refuse(model, Sentence::new("choose-person")));
    };
    let what = Sentence::new("what-join").with("number", number);
    Some(send(model, Command::JoinBatch { by, batch }, what))
}

fn start(model: &mut Model) -> Vec<Effect> {
    let now = model.daemon_now();
    let code = |id| model.machine_by_id(id).map_or(String::new(), |machine| machine.code.clone());
    let Some(Screen::Start(form)) = model.screens.last() else { return Vec::new() };
    let machine = code(form.machine);
    let Some(by) = form.who.key() else {
        return refuse(model, Sentence::new("choose-person"));
    };
    let Some(product) = form.found.entry() else {
        return refuse(model, Sentence::new("choose-product"));
    };
    let target = form.target.number().filter(|target| *target > 0);
    if target.is_none() && form.target.filled().is_some() {
        return refuse(model, Sentence::new("bad-target"));
    }
    if let Some(queue) = form.into {
        let (product, label) = (product.key, product.label.clone());
        return enqueue(model, (by, queue), (product, target), &label);
    }
    let within = Interval { from: Micros(now.0.saturating_sub(BACK_US)), until: now };
    let from = match form.from.filled().map(|typed| model.zone.read(&typed, within)).transpose() {
        Err(why) if why.id == "refusal-out-outside" => {
            return refuse(model, Sentence::new("bad-start-time"));
        },
        Err(why) => return refuse(model, why),
        Ok(from) => from,
    };
    let what = Sentence::new("what-start").with("product", &product.label).with("machine", machine);
    let command = Command::StartBatch {
        by,
        equipment: form.machine,
        product: product.key,
        target,
        number: form.number.filled(),
        work_order: form.work_order.filled(),
        detail: detail(form, from),
    };
    send(model, command, what)
}

fn detail(form: &StartForm, from: Option<Micros>) -> StartDetail {
    let second = form.second.as_ref().map(SecondFields::told);
    StartDetail { entry: form.taken, from, answers: told(&form.questions), second }
}

fn enqueue(
    model: &mut Model,
    (by, queue): (kart_core::id::UserId, Queue),
    (product, target): (ProductId, Option<i64>),
    label: &str,
) -> Vec<Effect> {
    let Some(Screen::Start(form)) = model.screens.last() else { return Vec::new() };
    let ask = Ask::Enqueue(Enqueue {
        product,
        number: form.number.filled(),
        work_order: form.work_order.filled(),
        target,
        batch: None,
        place: Place::End,
    });
    let what = Sentence::new("what-enqueue").with("product", label);
    send(model, Command::AskQueue { by, queue, ask }, what)
}

/// A refusal that a further field answers: it is opened.
pub(super) fn refused(form: &mut StartForm, why: &Refusal) {
    match why {
        Refusal::OpenElsewhere { batch, number, .. } => form.join = Some((*batch, number.clone())),
        Refusal::StartTooEarly { .. } if form.second.is_none() => {
            form.second = Some(SecondFields::default());
            form.focus = StartField::Badge;
        },
        Refusal::WhyNeeded => form.focus = StartField::Why,
        Refusal::MayNotAgree { .. } => form.focus = StartField::Badge,
        Refusal::StartInFuture | Refusal::StartBeforeEnd { .. } => form.focus = StartField::From,
        Refusal::FieldMissing { label } | Refusal::FieldWrong { label, .. } => {
            form.go_to(label);
        },
        _ => {},
    }
}
