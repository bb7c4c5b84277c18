//! The present stays visible while a large backlog drains.

use std::time::Duration;

use kart_tests::measure::drain::backlog;
use kart_tests::wait::wait_for;

use super::Pair;
use crate::turn::turn;

const FACTS: u64 = 50_000;
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::test]
async fn the_live_lane_is_fresh_while_a_backlog_drains() {
    let _turn = turn().await;
    let Pair { mut terminal, mut headquarters } = Pair::start().await;
    terminal.confirmed().await.unwrap();
    terminal.stop().await.unwrap();
    headquarters.stop().await.unwrap();
    let last = backlog(&terminal, FACTS).await.unwrap();
    headquarters.start_again().await.unwrap();
    terminal.start().await.unwrap();
    let began = "SELECT (extract(epoch FROM now()) * 1000)::bigint";
    let began = headquarters.number(began).await.unwrap();
    let (mut oldest, mut during) = (0, 0);
    wait_for("the backlog at headquarters", LIMIT, async || {
        // The age of what is shown; before the first status of this start, since the start.
        let age = format!(
            "SELECT (extract(epoch FROM now()) * 1000 - greatest({began},
                 coalesce(max((status ->> 'at_us')::bigint) / 1000, 0)))::bigint
             FROM edge.terminal_status"
        );
        let age = headquarters.number(&age).await.map_err(|fault| fault.to_string())?;
        let held = "SELECT max(watermark) FROM edge.terminals WHERE code = 'T-07'";
        let held = headquarters.number(held).await.map_err(|fault| fault.to_string())?;
        oldest = oldest.max(age);
        during += 1;
        if held >= last { Ok(()) } else { Err(format!("{held} of {last}")) }
    })
    .await;
    #[expect(clippy::print_stderr, reason = "a figure")]
    {
        eprintln!(
            "{FACTS} facts drained, the live status at most {oldest} ms old in {during} looks"
        );
    }
    assert!(oldest <= 5_000, "{oldest} ms");
}
