//! The time that a message tells, while ours is about to be corrected.

use super::*;

const HOUR: Duration = Duration::from_hours(1);

/// A value gets the time that its message tells.
fn dated(mut plan: BrokerPlan) -> BrokerPlan {
    let heard = plan.subscriptions.values_mut().flat_map(|heard| heard.topics.values_mut());
    for signal in heard.flat_map(|topic| &mut topic.signals) {
        signal.time = Some(Place::Pointer("/t".into()));
        signal.dating = Dating::Payload;
    }
    plan
}

#[tokio::test]
async fn a_told_time_is_judged_by_the_time_that_headquarters_has_told() {
    let clock = Clock::open().unwrap();
    let right = Micros(clock.stamp().wall_us.0 - 2 * i64::try_from(HOUR.as_micros()).unwrap());
    // Our clock is two hours fast. It is known, and not yet on disk.
    clock.hear(right, Duration::from_millis(20));
    with_clock(clock.clone(), dated, async |listener, mut engine| {
        let mut session = Session::open(listener, true).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        let said = format!(r#"{{"good":5,"t":{}}}"#, right.0 / 1000);
        session.publish(0, 1, &said).await;
        let Some(Reading::Samples { samples, .. }) = engine.0.recv().await else { panic!() };
        let age_us = clock.stamp().mono_us - samples[0].at.mono_us;
        assert!((0..60_000_000).contains(&age_us), "taken {age_us} µs ago");
    })
    .await;
}
