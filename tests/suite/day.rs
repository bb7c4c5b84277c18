//! A day on a shop floor, minute by minute: real programs and real servers, three presses, one terminal in a
//! pseudo-terminal, and a clock that the test drives. What the day leaves in the central tables is compared at its end.

use crate::turn::turn;

mod early;
mod floor;
mod late;
mod rows;

use floor::Day;

#[tokio::test]
async fn a_day_on_the_floor() {
    let _turn = turn().await;
    let mut day = Day::after_the_night("21:50:00", "05:50:00").await;
    day.night().await;
    day.begins().await;
    day.stops().await;
    day.splits().await;
    day.reports().await;
    day.eats().await;
    day.takes_back_a_wrong_badge().await;
    day.completes_and_goes_on().await;
    day.moves_to_the_substitute().await;
    day.sweeps().await;
    day.hands_over().await;
    day.figures_at_headquarters().await;
    day.rows_at_headquarters().await;
}
