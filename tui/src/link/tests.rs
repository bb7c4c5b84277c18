//! A daemon small enough to misbehave on demand: it serves what a test tells it to, over a socket.

use std::path::{Path, PathBuf};

use kart_api::{Answer, Delta, View};
use kart_core::command::{Command, Refusal};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
};

use super::*;
use crate::fixture::view;

struct Daemon {
    listener: UnixListener,
    socket: PathBuf,
}

/// One request, and the connection to answer it on.
struct Asked {
    line: String,
    body: Vec<u8>,
    stream: BufReader<UnixStream>,
}

impl Daemon {
    fn start(name: &str) -> Self {
        let socket = std::env::temp_dir().join(format!("kart-{}-{name}.sock", std::process::id()));
        Self::at(&socket)
    }

    fn at(socket: &Path) -> Self {
        if socket.exists() {
            std::fs::remove_file(socket).unwrap();
        }
        Self { listener: UnixListener::bind(socket).unwrap(), socket: socket.into() }
    }

    async fn asked(&self) -> Asked {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        stream.read_line(&mut line).await.unwrap();
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await.unwrap();
            if header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        Asked { line: line.trim().into(), body, stream }
    }

    /// Waits for a request of the live stream and begins it with `view`.
    async fn live(&self, view: &View) -> BufReader<UnixStream> {
        let mut asked = self.asked().await;
        assert_eq!(asked.line, "GET /v1/live HTTP/1.1");
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        asked.stream.write_all(head.as_bytes()).await.unwrap();
        event(&mut asked.stream, "snapshot", &serde_json::to_string(view).unwrap()).await;
        asked.stream
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        std::fs::remove_file(&self.socket).ok();
    }
}

async fn event(stream: &mut BufReader<UnixStream>, name: &str, data: &str) {
    let text = format!(": ping\n\nevent: {name}\ndata: {data}\n\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

async fn reply(asked: &mut Asked, status: &str, body: &str) {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    asked.stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    asked.stream.flush().await.unwrap();
}

fn connect(socket: &Path) -> (Link, mpsc::Receiver<Msg>) {
    // Every test of this process may come first.
    rustls::crypto::ring::default_provider().install_default().ok();
    let (out, messages) = mpsc::channel(16);
    (start(Client::new(socket).unwrap(), out), messages)
}

async fn next(messages: &mut mpsc::Receiver<Msg>) -> Msg {
    timeout(Duration::from_secs(20), messages.recv()).await.expect("no message").unwrap()
}

#[test]
fn early_retries_come_within_a_second_and_never_at_once() {
    let mut pauses = Pauses::default();
    for _ in 0..30 {
        let pause = pauses.next();
        assert!(pause <= EARLY && pause >= Duration::from_millis(50), "{pause:?}");
    }
    assert!(pauses.next() > EARLY);
}

#[tokio::test]
async fn the_state_is_told_lost_and_told_again() {
    let daemon = Daemon::start("live");
    let (_link, mut messages) = connect(&daemon.socket);
    let mut stream = daemon.live(&view()).await;
    assert_eq!(next(&mut messages).await, Msg::Live(LiveEvent::Snapshot(Box::new(view()))));
    let mut changed = view();
    changed.number += 1;
    changed.sync.saved += 1;
    let delta: Delta = view().delta(&changed).unwrap();
    event(&mut stream, "delta", &serde_json::to_string(&delta).unwrap()).await;
    assert_eq!(next(&mut messages).await, Msg::Live(LiveEvent::Delta(Box::new(delta))));
    drop(stream);
    assert_eq!(next(&mut messages).await, Msg::Lost(Lost::NoAnswer));
    daemon.live(&changed).await;
    loop {
        match next(&mut messages).await {
            Msg::Lost(Lost::NoAnswer) => {},
            told => break assert_eq!(told, Msg::Live(LiveEvent::Snapshot(Box::new(changed)))),
        }
    }
}

#[tokio::test]
async fn a_gap_makes_a_new_connection() {
    let daemon = Daemon::start("gap");
    let (link, mut messages) = connect(&daemon.socket);
    let _stream = daemon.live(&view()).await;
    next(&mut messages).await;
    link.resync.send_modify(|wanted| *wanted += 1);
    let _again = daemon.live(&view()).await;
    assert_eq!(next(&mut messages).await, Msg::Live(LiveEvent::Snapshot(Box::new(view()))));
}

#[tokio::test]
async fn another_contract_is_noticed() {
    let daemon = Daemon::start("foreign");
    let (_link, mut messages) = connect(&daemon.socket);
    let mut foreign = view();
    foreign.terminal.contract += 1;
    let _stream = daemon.live(&foreign).await;
    assert_eq!(next(&mut messages).await, Msg::Lost(Lost::Foreign));
}

#[tokio::test]
async fn a_command_is_repeated_with_its_key_until_there_is_an_answer() {
    let daemon = Daemon::start("commands");
    let (link, mut messages) = connect(&daemon.socket);
    let _stream = daemon.live(&view()).await;
    next(&mut messages).await;
    let request = Request {
        key: "k-1".into(),
        command: Command::ClockOut { badge: "1001".into() },
        pin: None,
    };
    link.commands.send(request.clone()).await.unwrap();
    // The daemon dies with the command in its hands.
    let first = daemon.asked().await;
    assert_eq!(first.line, "POST /v1/commands HTTP/1.1");
    drop(first);
    let away = Msg::Command { key: "k-1".into(), outcome: Outcome::Away };
    assert_eq!(next(&mut messages).await, away);
    let mut second = daemon.asked().await;
    assert_eq!(serde_json::from_slice::<Request>(&second.body).unwrap(), request);
    let answer = Answer::Refused(Refusal::NoSite);
    reply(&mut second, "200 OK", &serde_json::to_string(&answer).unwrap()).await;
    let outcome = Outcome::Answered(answer);
    assert_eq!(next(&mut messages).await, Msg::Command { key: "k-1".into(), outcome });
}

#[tokio::test]
async fn a_command_the_daemon_cannot_read_is_not_repeated() {
    let daemon = Daemon::start("broken");
    let (link, mut messages) = connect(&daemon.socket);
    let _stream = daemon.live(&view()).await;
    next(&mut messages).await;
    let command = Command::ClockOut { badge: "1001".into() };
    link.commands.send(Request { key: "k-2".into(), command, pin: None }).await.unwrap();
    let mut asked = daemon.asked().await;
    reply(&mut asked, "422 Unprocessable Content", "odd").await;
    let outcome = Outcome::Broken("422 odd".into());
    assert_eq!(next(&mut messages).await, Msg::Command { key: "k-2".into(), outcome });
}
