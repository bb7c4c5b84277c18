//! Key figures of this terminal's machines.

use axum::{
    extract::{Query, State},
    response::Response,
};
use kart_api::figures;
use kart_core::kpi::{self, Reasons, Span};
use serde::Deserialize;

use super::{
    Desk,
    known::{Asked, Known, told},
};

/// How they are computed.
#[derive(Deserialize)]
pub(super) struct How {
    /// The types of reasons as they were chosen, or as their groups are now.
    #[serde(default, rename = "as")]
    reasons: Reasons,
}

/// Figures of all machines.
pub(super) async fn figures(
    State(desk): State<Desk>,
    Query(asked): Query<Asked>,
    Query(how): Query<How>,
) -> Response {
    let known = match Known::of(&desk, &asked, Span::refused).await {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    told(move || {
        let reference = known.view.reference.as_ref()?;
        let window = kpi::asked(reference, known.span, known.now, how.reasons);
        let one = |machine: kpi::Machine| figures::Machine {
            equipment: machine.equipment,
            code: reference
                .machine(machine.equipment)
                .map_or_else(String::new, |it| it.code.clone()),
            figures: kpi::figures(&window, std::slice::from_ref(&machine)),
        };
        let machines = known.machines(reference).into_iter().map(one).collect();
        let Known { span, name, .. } = known;
        Some(figures::Shift { span, name, machines })
    })
    .await
}
