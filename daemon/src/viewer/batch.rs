//! Batches that run here.

use kart_api::Batch;
use kart_core::{id::RecordId, plant, reference::Reference};

pub(super) fn batch(id: RecordId, batch: &plant::Batch, reference: Option<&Reference>) -> Batch {
    let product = reference.and_then(|reference| reference.product(batch.product));
    Batch {
        id,
        number: batch.number.clone(),
        product_code: product.map(|product| product.code.clone()).unwrap_or_default(),
        product_name: product.map(|product| product.name.clone()).unwrap_or_default(),
        work_order: batch.work_order.clone(),
        target: batch.target,
        started_us: batch.from.at.wall_us,
        operators: batch.operators.clone(),
        terminal: None,
    }
}
