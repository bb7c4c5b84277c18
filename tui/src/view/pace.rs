//! How a batch comes along, so that it can be read from afar: a shape, a word and a colour.

use kart_core::{
    id::ProductId,
    kpi::{self, Pace, Span as Stretch},
};
use ratatui::text::Span;

use super::Scene;
use crate::{model::Standing, theme, words::Sentence};

/// The pace of the batch on a machine, by what its counter says; nothing while that is old.
pub(super) fn of(scene: Scene<'_>, standing: &Standing<'_>) -> Option<(Pace, f64)> {
    let machine = standing.machine;
    let runs = |batch: &&kart_api::Batch| batch.terminal.is_none() && batch.paused_us.is_none();
    let batch = machine.batch.as_ref().filter(runs)?;
    let reference = scene.model.view.as_ref()?.reference.as_ref()?;
    if standing.age.is_old() {
        return None;
    }
    let span = Stretch { from: batch.started_us, until: scene.model.daemon_now() };
    // Nothing is due of a batch that rests.
    let rests = batch.rests.iter().map(|(from, until)| Stretch { from: *from, until: *until });
    let runs = kpi::without(span, &rests.collect::<Vec<_>>());
    let mut products = reference.families.iter().flat_map(|family| &family.products);
    let same = |product: &&kart_core::reference::Product| {
        product.code == batch.product_code && product.name == batch.product_name
    };
    let product: Option<ProductId> = products.find(same).map(|product| product.id);
    Pace::of(machine.good, kpi::due(reference, machine.id, product, &runs)?)
}

/// A pace in words.
pub(super) fn told(scene: Scene<'_>, pace: Pace, share: f64) -> Span<'static> {
    let (shape, style, word) = theme::pace(pace);
    let told = Sentence::new(word).with("share", format!("{share:.0}"));
    Span::styled(format!("{shape} {}", scene.tell(&told)), style)
}

/// Whole parts as a number that can be divided.
pub(super) fn parts(whole: i64) -> f64 {
    // No machine makes two thousand million parts in an hour.
    i32::try_from(whole).map_or(f64::MAX, f64::from)
}
