//! A scripted broker on a socket. A real one is tried in the end-to-end tests.

use super::*;
use crate::ingest::LinkChange;
use crate::ingest::mqtt::{
    filter::Filter,
    payload::Place,
    topic::{Dating, Subscription},
};
use kart_core::{
    signal::{Quality, Value},
    time::Micros,
};
use payload::Format;
use std::collections::BTreeMap;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use topic::{TopicPlan, TopicSignal};

const FAST: Pace = Pace {
    first_delay: Duration::from_millis(5),
    most_delay: Duration::from_millis(20),
    settled: Duration::from_secs(10),
    answer: Duration::from_secs(2),
    again: Duration::from_millis(100),
};

mod again;
mod dated;

/// A test that waits longer waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);

/// The broker's end of one connection.
struct Session(TcpStream);

impl Session {
    /// Accepts a client that must subscribe at once.
    async fn open(listener: &TcpListener, session_present: bool) -> Self {
        let mut session = Self::answer(listener, &[u8::from(session_present), 0]).await;
        let (kind, body) = session.packet().await.unwrap();
        assert_eq!(kind, 0x82, "not a subscription");
        assert_eq!(body[2..], *b"\0\x04cell\x01");
        session.0.write_all(&[0x90, 3, body[0], body[1], 1]).await.unwrap();
        session
    }

    /// Accepts a client and answers with this CONNACK.
    async fn answer(listener: &TcpListener, connack: &[u8]) -> Self {
        let mut session = Self(listener.accept().await.unwrap().0);
        let (kind, body) = session.packet().await.unwrap();
        assert_eq!((kind, &body[..7]), (0x10, &b"\0\x04MQTT\x04"[..]));
        assert_eq!(body[7], 0xc0, "a user, a password, and a session that is kept");
        assert!(body.ends_with(b"\0\x07kartd-t\0\x02me\0\x06secret"), "{body:?}");
        session.0.write_all(&[&[0x20, 2], connack].concat()).await.unwrap();
        session
    }

    /// The next packet: first byte and body; `None` when the client has gone.
    async fn packet(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = self.0.read_u8().await.ok()?;
        let mut length = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.0.read_u8().await.ok()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.ok()?;
        Some((kind, body))
    }

    /// Sends at QoS 1; `flags` adds DUP (8) and RETAIN (1).
    async fn publish(&mut self, flags: u8, id: u8, payload: &str) {
        let length = u8::try_from(8 + payload.len()).unwrap();
        let head = [0x32 | flags, length, 0, 4, b'c', b'e', b'l', b'l', 0, id];
        self.0.write_all(&[&head, payload.as_bytes()].concat()).await.unwrap();
    }

    /// Sends what nobody wants: it is left and acknowledged.
    async fn strange(&mut self) {
        self.0.write_all(b"\x32\x08\0\x03old\0\x091").await.unwrap();
        let (kind, body) = self.packet().await.unwrap();
        assert_eq!((kind, &body[2..]), (0xa2, &b"\0\x03old"[..]));
        assert_eq!(self.acknowledged().await, 9);
    }

    /// The packet id of the next acknowledgement.
    async fn acknowledged(&mut self) -> u8 {
        let (kind, body) = self.packet().await.unwrap();
        assert_eq!((kind, body.len()), (0x40, 2));
        body[1]
    }
}

/// The engine's end.
struct Engine(mpsc::Receiver<Reading>);

impl Engine {
    async fn link(&mut self) -> LinkChange {
        match self.0.recv().await {
            Some(Reading::Link { change, .. }) => change,
            other => panic!("{other:?}"),
        }
    }

    /// The signals that have no value any more.
    async fn stale(&mut self) -> Vec<String> {
        match self.0.recv().await {
            Some(Reading::Stale(signals)) => signals.into_iter().map(|(_, name)| name).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// The next value, how far it can be trusted, and what to fire once it is saved.
    async fn value(&mut self) -> (Value, Quality, tokio::sync::oneshot::Sender<()>) {
        // A message that says nothing by this map is only kept for the ring.
        let mut reading = self.0.recv().await;
        while let Some(Reading::Samples { samples, blocks, .. }) = &reading
            && samples.is_empty()
        {
            assert_eq!(blocks.len(), 1);
            reading = self.0.recv().await;
        }
        match reading {
            Some(Reading::Samples { mut samples, saved, .. }) => {
                let sample = samples.remove(0);
                assert!(samples.is_empty());
                (sample.value, sample.quality, saved.unwrap())
            },
            other => panic!("{other:?}"),
        }
    }
}

async fn with_broker(test: impl AsyncFnOnce(&TcpListener, Engine)) {
    with_plan(|plan| plan, test).await;
}

async fn with_plan(
    change: impl FnOnce(BrokerPlan) -> BrokerPlan,
    test: impl AsyncFnOnce(&TcpListener, Engine),
) {
    with_clock(Clock::open().unwrap(), change, test).await;
}

async fn with_clock(
    clock: Clock,
    change: impl FnOnce(BrokerPlan) -> BrokerPlan,
    test: impl AsyncFnOnce(&TcpListener, Engine),
) {
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, "secret\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (signal, place) = ("good".into(), Place::Pointer("/good".into()));
    let dating = Dating::Arrival;
    let wanted = TopicSignal { machine: 0, signal, place, time: None, dating, whole: true };
    let cell = TopicPlan { format: Format::Json, separator: b',', signals: vec![wanted] };
    let filter = Filter { text: "cell".into(), captured: vec![] };
    let cell = Subscription { filter, topics: BTreeMap::from([(vec![], cell)]) };
    let plan = BrokerPlan {
        name: "cell".into(),
        host: "127.0.0.1".into(),
        port: listener.local_addr().unwrap().port(),
        client_id: "kartd-t".into(),
        user: Some("me".into()),
        password_file: Some(password_file),
        keep_alive: Duration::from_secs(30),
        max_packet_bytes: 1024,
        tls: None,
        expect_every: None,
        session_file: folder.path().join("session"),
        subscriptions: BTreeMap::from([("cell".into(), cell)]),
        sparkplug: None,
        publish: None,
    };
    let plan = change(plan);
    let (intake, readings) = mpsc::channel(16);
    tokio::select! {
        end = listen_for_ever(plan, intake, clock, FAST) => panic!("the source ended: {end:?}"),
        done = timeout(PATIENCE, test(&listener, Engine(readings))) => done.unwrap(),
    }
}

#[tokio::test]
async fn acknowledged_in_order_and_only_when_saved() {
    with_broker(async |listener, mut engine| {
        let mut session = Session::open(listener, false).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        session.publish(1, 1, r#"{"good":5}"#).await;
        session.publish(0, 2, r#"{"good":"#).await;
        session.publish(0, 3, r#"{"good":6.0}"#).await;
        let (value, quality, first) = engine.value().await;
        assert_eq!((value, quality), (Value::Whole(5), Quality::Old));
        let (value, quality, third) = engine.value().await;
        assert_eq!((value, quality), (Value::Whole(6), Quality::Good));
        third.send(()).unwrap();
        // The malformed one has nothing to wait for but its turn.
        tokio::task::yield_now().await;
        let nothing = session.0.try_read(&mut [0]).unwrap_err();
        assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
        first.send(()).unwrap();
        let order = [session.acknowledged().await, session.acknowledged().await];
        assert_eq!((order, session.acknowledged().await), ([1, 2], 3));
    })
    .await;
}

#[tokio::test]
async fn what_an_earlier_connection_brought_is_not_acknowledged_in_a_later_one() {
    with_broker(async |listener, mut engine| {
        let mut session = Session::open(listener, false).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        session.publish(0, 1, r#"{"good":5}"#).await;
        let (_, _, before) = engine.value().await;
        drop(session);
        let mut session = Session::open(listener, true).await;
        before.send(()).unwrap();
        session.publish(0, 7, r#"{"good":6}"#).await;
        engine.value().await.2.send(()).unwrap();
        assert_eq!(session.acknowledged().await, 7);
        session.publish(8, 1, r#"{"good":5}"#).await;
        let (value, _, again) = engine.value().await;
        again.send(()).unwrap();
        assert_eq!((value, session.acknowledged().await), (Value::Whole(5), 1));
    })
    .await;
}

#[tokio::test]
async fn what_could_not_be_saved_is_asked_for_again() {
    with_broker(async |listener, mut engine| {
        let mut session = Session::open(listener, false).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        session.publish(0, 1, r#"{"good":5}"#).await;
        drop(engine.value().await);
        assert_eq!(session.packet().await, None);
        let mut session = Session::open(listener, true).await;
        session.publish(8, 1, r#"{"good":5}"#).await;
        engine.value().await.2.send(()).unwrap();
        assert_eq!(session.acknowledged().await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_topic_of_an_earlier_configuration_is_left() {
    with_broker(async |listener, mut engine| {
        let mut session = Session::open(listener, true).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        session.strange().await;
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_a_link_that_is_down() {
    with_broker(async |listener, mut engine| {
        for _ in 0..3 {
            Session::answer(listener, &[0, 5]).await;
        }
        let reason =
            "the broker refuses us: user, password or client id is not authorised".to_owned();
        assert_eq!(engine.link().await, LinkChange::Down { reason });
        let _session = Session::open(listener, false).await;
        assert_eq!(engine.link().await, LinkChange::Up);
    })
    .await;
}

#[tokio::test]
async fn a_second_client_with_our_name_is_suspected() {
    with_broker(async |listener, mut engine| {
        let first = Session::open(listener, true).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        drop(first);
        for _ in 0..5 {
            drop(Session::open(listener, true).await);
        }
        let LinkChange::Down { reason } = engine.link().await else { panic!() };
        assert!(reason.contains("is the client id \"kartd-t\" used by another"), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn a_packet_beyond_the_limit_is_not_stored_and_does_not_block_for_ever() {
    with_broker(async |listener, mut engine| {
        for n in 0..3 {
            let mut session = Session::open(listener, true).await;
            if n == 0 {
                assert_eq!(engine.link().await, LinkChange::Up);
            } else {
                session.strange().await;
            }
            session.0.write_all(&[0x32, 0xff, 0xff, 0xff, 0x7f]).await.unwrap();
            assert_eq!(session.packet().await, None);
        }
        let mut stream = listener.accept().await.unwrap().0;
        let mut connect = [0; 12];
        stream.read_exact(&mut connect).await.unwrap();
        assert_eq!(connect[9], 0xc2, "a session that is not kept");
        stream.write_all(&[0x20, 2, 0, 0]).await.unwrap();
        let mut session = Session::open(listener, false).await;
        let reason = "the session was given up".to_owned();
        assert_eq!(engine.link().await, LinkChange::Down { reason });
        assert_eq!(engine.stale().await, ["good"]);
        assert_eq!(engine.link().await, LinkChange::Up);
        session.publish(0, 1, r#"{"good":5}"#).await;
        engine.value().await.2.send(()).unwrap();
        assert_eq!(session.acknowledged().await, 1);
    })
    .await;
}

/// A broker need not wait for acknowledgements; ours then wait for their turn.
#[tokio::test]
async fn a_flood_is_taken_and_acknowledged_to_the_last() {
    const MESSAGES: u16 = 5000;
    with_broker(async |listener, mut engine| {
        let mut session = Session::open(listener, true).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        let (mut from, mut to) = session.0.split();
        let flood = async {
            for id in 1..=MESSAGES {
                let [high, low] = id.to_be_bytes();
                let head = [0x32, 18, 0, 4, b'c', b'e', b'l', b'l', high, low];
                to.write_all(&[&head[..], br#"{"good":5}"#].concat()).await.unwrap();
            }
        };
        let save = async {
            for _ in 1..=MESSAGES {
                engine.value().await.2.send(()).unwrap();
            }
        };
        let acknowledged = async {
            for id in 1..=MESSAGES {
                let mut packet = [0; 4];
                from.read_exact(&mut packet).await.unwrap();
                let [high, low] = id.to_be_bytes();
                assert_eq!(packet, [0x40, 2, high, low]);
            }
        };
        tokio::join!(flood, save, acknowledged);
    })
    .await;
}

#[tokio::test]
async fn a_lost_session_is_a_gap() {
    with_broker(async |listener, mut engine| {
        let mut session = Session::open(listener, false).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        session.publish(0, 1, r#"{"good":5}"#).await;
        engine.value().await.2.send(()).unwrap();
        assert_eq!(session.acknowledged().await, 1);
        drop(session);
        let mut session = Session::open(listener, true).await;
        session.publish(0, 2, r#"{"good":6}"#).await;
        engine.value().await.2.send(()).unwrap();
        assert_eq!(session.acknowledged().await, 2);
        drop(session);
        let _session = Session::open(listener, false).await;
        assert_eq!(engine.stale().await, ["good"]);
    })
    .await;
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_passed_over_and_acknowledged() {
    with_broker(async |listener, mut engine| {
        let mut session = Session::open(listener, true).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        let mut great = vec![0x32, 0x88, 0x20, 0, 4, b'c', b'e', b'l', b'l', 0, 1];
        great.extend([b' '; 4096]);
        session.0.write_all(&great).await.unwrap();
        session.publish(0, 2, r#"{"good":6}"#).await;
        assert_eq!(session.acknowledged().await, 1);
        engine.value().await.2.send(()).unwrap();
        assert_eq!(session.acknowledged().await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_brings_nothing_is_made_anew_and_is_said() {
    let quiet = |plan| BrokerPlan { expect_every: Some(Duration::from_millis(200)), ..plan };
    with_plan(quiet, async |listener, mut engine| {
        let mut session = Session::open(listener, true).await;
        assert_eq!(engine.link().await, LinkChange::Up);
        assert_eq!(session.packet().await, None);
        let LinkChange::Down { reason } = engine.link().await else { panic!() };
        assert!(reason.contains("has brought no message"), "{reason}");
        let mut session = Session::open(listener, true).await;
        session.publish(0, 1, r#"{"good":6}"#).await;
        assert_eq!(engine.link().await, LinkChange::Up, "not before there is a message");
        engine.value().await.2.send(()).unwrap();
        assert_eq!(session.acknowledged().await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_subscription_without_an_answer_is_a_link_that_is_down() {
    with_plan(kept, async |listener, mut engine| {
        let mut session = Session::answer(listener, &[1, 0]).await;
        assert_eq!(session.packet().await.unwrap().0, 0x82);
        assert_eq!(session.packet().await, None, "it is given up");
        let LinkChange::Down { reason } = engine.link().await else { panic!() };
        assert!(reason.contains("has not answered our subscriptions"), "{reason}");
        let _session = Session::open(listener, true).await;
        assert_eq!(engine.link().await, LinkChange::Up);
    })
    .await;
}

#[tokio::test]
async fn a_refused_subscription_is_said_and_asked_for_again() {
    with_plan(kept, async |listener, mut engine| {
        let mut session = Session::answer(listener, &[1, 0]).await;
        let (kind, body) = session.packet().await.unwrap();
        assert_eq!(kind, 0x82);
        session.0.write_all(&[0x90, 3, body[0], body[1], 0x80]).await.unwrap();
        let LinkChange::Partly { reason } = engine.link().await else { panic!() };
        assert!(reason.contains("refuses 1 of 1 topics: cell"), "{reason}");
        // Asked again with what comes next, here answers to pings that nobody sent.
        let asked_again = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            let (mut from, mut to) = session.0.split();
            let mut head = [0; 4];
            tokio::select! {
                never = async { loop {
                    ticks.tick().await;
                    to.write_all(&[0xd0, 0]).await.unwrap();
                } } => never,
                read = from.read_exact(&mut head) => { read.unwrap(); },
            }
            head
        };
        let head = asked_again.await;
        assert_eq!(head[0], 0x82);
        let mut rest = vec![0; usize::from(head[1]) - 2];
        session.0.read_exact(&mut rest).await.unwrap();
        session.0.write_all(&[0x90, 3, head[2], head[3], 1]).await.unwrap();
        assert_eq!(engine.link().await, LinkChange::Up);
    })
    .await;
}

/// Of a session that an earlier run has left.
fn kept(plan: BrokerPlan) -> BrokerPlan {
    std::fs::write(&plan.session_file, "cell\n").unwrap();
    plan
}

#[tokio::test]
async fn what_an_earlier_run_subscribed_to_is_left() {
    let earlier = |plan: BrokerPlan| {
        std::fs::write(&plan.session_file, "cell\nhall/+/old\n").unwrap();
        plan
    };
    with_plan(earlier, async |listener, _engine| {
        let mut session = Session::answer(listener, &[1, 0]).await;
        let (kind, body) = session.packet().await.unwrap();
        assert_eq!((kind, &body[2..]), (0xa2, &b"\0\x0ahall/+/old"[..]));
        assert_eq!(session.packet().await.unwrap().0, 0x82);
    })
    .await;
}
