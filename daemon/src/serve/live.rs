//! The live stream: one snapshot, then numbered deltas for as long as the screen listens.

use axum::{
    extract::State,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use kart_api::View;
use std::{convert::Infallible, sync::Arc, time::Duration};

use super::Desk;

/// One screen's stream. A slow screen skips states, never events: each delta leads from what it
/// got last to what is true now.
pub(super) async fn stream(State(desk): State<Desk>) -> impl IntoResponse {
    let events = stream::unfold((desk, None::<Arc<View>>), |(mut desk, sent)| async move {
        let event = next(&mut desk, sent).await?;
        Some((Ok::<_, Infallible>(event.0), (desk, Some(event.1))))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(10)))
}

async fn next(desk: &mut Desk, sent: Option<Arc<View>>) -> Option<(Event, Arc<View>)> {
    if sent.is_some() {
        tokio::select! {
            () = desk.stop.cancelled() => return None,
            changed = desk.view.changed() => changed.ok()?,
        }
    }
    let mut view = (**desk.view.borrow_and_update()).clone();
    let Some(sent) = sent else { return event("snapshot", view.number, &view.clone(), view) };
    view.number = sent.number + 1;
    match sent.delta(&view) {
        Some(delta) => event("delta", view.number, &delta, view),
        None => event("snapshot", view.number, &view.clone(), view),
    }
}

fn event(
    name: &str,
    number: u64,
    data: &impl serde::Serialize,
    view: View,
) -> Option<(Event, Arc<View>)> {
    let event = Event::default().event(name).id(number.to_string()).json_data(data).ok()?;
    Some((event, Arc::new(view)))
}
