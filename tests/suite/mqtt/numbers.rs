//! A broker that gives its numbers out again at once, as some do: a script on a socket.

use std::net::Ipv4Addr;

use kart_tests::world::terminal::Terminal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{COUNTING, LIMIT, configuration};
use crate::turn::turn;

const SUBSCRIBE: u8 = 0x82;
const PUBACK: u8 = 0x40;
const PINGREQ: u8 = 0xc0;
/// Delivered once more.
const AGAIN: u8 = 8;

/// The broker's end of one connection, over which it keeps our session.
struct Session(TcpStream);

impl Session {
    async fn open(listener: &TcpListener) -> Self {
        let mut session = Self(timeout(LIMIT, listener.accept()).await.unwrap().unwrap().0);
        assert_eq!(session.packet().await.0, 0x10, "no CONNECT");
        session.0.write_all(&[0x20, 2, 1, 0]).await.unwrap();
        session.until(SUBSCRIBE).await;
        session
    }

    async fn packet(&mut self) -> (u8, Vec<u8>) {
        let read = async {
            let (kind, length) = (self.0.read_u8().await?, self.0.read_u8().await?);
            assert!(length < 0x80, "a long packet");
            let mut body = vec![0; usize::from(length)];
            self.0.read_exact(&mut body).await.map(|_| (kind, body))
        };
        timeout(LIMIT, read).await.unwrap().unwrap()
    }

    /// Answers what comes, up to the first of a kind; gives its body.
    async fn until(&mut self, wanted: u8) -> Vec<u8> {
        loop {
            let (kind, body) = self.packet().await;
            match kind {
                SUBSCRIBE => {
                    // A filter: two bytes of length, the topic, the QoS.
                    let (mut rest, mut answer) = (&body[2..], vec![body[0], body[1]]);
                    while let [high, low, tail @ ..] = rest {
                        rest = &tail[usize::from(u16::from_be_bytes([*high, *low])) + 1..];
                        answer.push(1);
                    }
                    let head = [0x90, u8::try_from(answer.len()).unwrap()];
                    self.0.write_all(&[&head[..], &answer].concat()).await.unwrap();
                },
                PINGREQ => self.0.write_all(&[0xd0, 0]).await.unwrap(),
                _ => {},
            }
            if kind == wanted {
                return body;
            }
        }
    }

    /// Delivers at QoS 1 and waits for the acknowledgement.
    async fn deliver(&mut self, flags: u8, number: u8, word: &str) {
        let topic = "press/state";
        let body = [&[0, u8::try_from(topic.len()).unwrap()], topic.as_bytes(), &[0, number]];
        let body = [&body.concat(), word.as_bytes()].concat();
        let head = [0x32 | flags, u8::try_from(body.len()).unwrap()];
        self.0.write_all(&[&head[..], &body].concat()).await.unwrap();
        assert_eq!(self.until(PUBACK).await, [0, number]);
    }
}

/// A message under a number that was free, cut off on its way, and worded as the one before under that number: it is
/// news, because the broker has been heard since it was told of the other.
#[tokio::test]
async fn a_number_that_is_free_again_is_not_taken_for_the_message_before() {
    let _turn = turn().await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let machine = format!("stale_after_ms = 600000\n{COUNTING}");
    let mut terminal =
        Terminal::prepare(|data| Ok(configuration(data, &address, "keep_alive_s = 2", &machine)))
            .unwrap();
    terminal.start().await.unwrap();
    let state = async |state: &str| {
        let shown = |machine: &kart_api::Machine| (machine.state.word() == state).then_some(());
        terminal.shown(state, shown).await.unwrap();
    };
    let mut session = Session::open(&listener).await;
    session.deliver(0, 1, "run").await;
    session.deliver(0, 2, "stop").await;
    session.until(PINGREQ).await;
    // The answer is there before the line is cut: what comes after it is acknowledged.
    session.deliver(0, 3, "stop").await;
    state("stopped").await;
    drop(session);
    let mut session = Session::open(&listener).await;
    session.deliver(AGAIN, 3, "stop").await;
    session.deliver(AGAIN, 1, "run").await;
    state("running").await;
    // Nor is anything kept of it when the broker is heard again.
    session.until(PINGREQ).await;
    session.deliver(0, 4, "run").await;
    let kept = "SELECT group_concat(packet, ' ') FROM messages";
    let kept = terminal.facts().unwrap().query_row(kept, [], |row| row.get::<_, String>(0));
    assert_eq!(kept.unwrap(), "4", "the numbers under which something may come again");
}
