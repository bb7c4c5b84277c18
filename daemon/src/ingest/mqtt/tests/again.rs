//! What a broker delivers once more, because nobody knows whether it was saved.

use super::*;

impl Engine {
    /// Whether the next value is of the first message of a session, and what to fire once it is saved.
    async fn delivered(&mut self) -> (bool, tokio::sync::oneshot::Sender<()>) {
        loop {
            if let Some(Reading::Samples { message: Some(message), saved, .. }) =
                self.0.recv().await
            {
                return (message.first, saved.unwrap());
            }
        }
    }
}

/// Messages tell when they were made.
fn timed(mut plan: BrokerPlan) -> BrokerPlan {
    let heard = plan.subscriptions.values_mut().flat_map(|heard| heard.topics.values_mut());
    for signal in heard.flat_map(|topic| &mut topic.signals) {
        signal.time = Some(Place::Pointer("/t".into()));
    }
    plan
}

fn made(count: u8) -> String {
    format!(r#"{{"good":{count},"t":{count}000}}"#)
}

#[tokio::test]
async fn what_was_not_saved_when_its_client_ended_is_not_overtaken() {
    with_plan(timed, async |listener, mut engine| {
        let mut session = Session::open(listener, true).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        let mut waiting = Vec::new();
        for number in 1..=3 {
            session.publish(0, number, &made(number)).await;
            waiting.push(engine.value().await.2);
        }
        drop(session);
        // One that finds nobody is the end of a client; the next connection is of another one.
        drop(listener.accept().await.unwrap());
        let mut session = Session::open(listener, true).await;
        drop(waiting);
        for number in 1..=3 {
            session.publish(8, number, &made(number)).await;
            let (value, _, saved) = engine.value().await;
            assert_eq!(value, Value::Whole(i64::from(number)));
            saved.send(()).unwrap();
            assert_eq!(session.acknowledged().await, number);
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_saved_when_its_client_ended_is_overtaken_by_what_came_after_it() {
    with_plan(timed, async |listener, mut engine| {
        let mut session = Session::open(listener, true).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        let mut waiting = Vec::new();
        for number in 1..=2 {
            session.publish(0, number, &made(number)).await;
            waiting.push(engine.value().await.2);
        }
        drop(session);
        drop(listener.accept().await.unwrap());
        let mut session = Session::open(listener, true).await;
        waiting.into_iter().for_each(|saved| saved.send(()).unwrap());
        session.publish(8, 1, &made(1)).await;
        assert_eq!(session.acknowledged().await, 1);
        session.publish(8, 2, &made(2)).await;
        let (value, _, saved) = engine.value().await;
        assert_eq!(value, Value::Whole(2));
        saved.send(()).unwrap();
        assert_eq!(session.acknowledged().await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_session_begins_with_the_first_message_that_was_saved() {
    with_broker(async |listener, mut engine| {
        let mut session = Session::open(listener, false).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        // What is no value has only its turn to wait for.
        session.publish(0, 1, r#"{"good":"#).await;
        session.publish(0, 2, r#"{"good":5}"#).await;
        assert_eq!(session.acknowledged().await, 1);
        let (first, saved) = engine.delivered().await;
        assert!(first);
        drop(saved);
        let mut session = Session::open(listener, true).await;
        session.publish(8, 2, r#"{"good":5}"#).await;
        let (first, saved) = engine.delivered().await;
        assert!(first, "nothing of the session is on disk");
        saved.send(()).unwrap();
        assert_eq!(session.acknowledged().await, 2);
        session.publish(0, 3, r#"{"good":6}"#).await;
        assert!(!engine.delivered().await.0);
    })
    .await;
}
