//! Headquarters with a site, terminals that read no machine, and a person who runs the commands of `kart-hq`.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kart_api::{Answer, Client, Pin, Request, View};
use kart_core::command::{Command as Asked, Refusal};
use kart_tests::child::Child;
use kart_tests::programs::{program, repository};
use kart_tests::wait::wait_for;
use kart_tests::world::headquarters::Headquarters;
use kart_tests::world::layout::Layout;
use kart_tests::world::terminal::Terminal;
use uuid::Uuid;

pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Office {
    pub(crate) headquarters: Headquarters,
}

impl Office {
    pub(crate) async fn open(site: &Path) -> Self {
        // Fails only when a provider is installed already, and then there is one.
        rustls::crypto::ring::default_provider().install_default().ok();
        Self { headquarters: Headquarters::start(site).await.unwrap() }
    }

    pub(crate) async fn demo() -> Self {
        Self::open(&repository().join("config/demo/site.toml")).await
    }

    /// `kart-hq` with something to read: its exit status, and what it said.
    pub(crate) async fn said(&self, arguments: &[&str], input: &str) -> (i32, String) {
        let mut command = Command::new(program("kart-hq").unwrap());
        command.env("DATABASE_URL", self.headquarters.database()).args(arguments);
        let (mut child, mut keyboard) = Child::with_input(&mut command).unwrap();
        // A program that does not read is no fault.
        writeln!(keyboard, "{input}").ok();
        drop(keyboard);
        let status = child.end(LIMIT).await.unwrap();
        (status.code().unwrap(), format!("{}{}", child.stdout(), child.stderr()))
    }

    /// `kart-hq`, which must end well.
    pub(crate) async fn hq(&self, arguments: &[&str]) -> String {
        self.hq_reading(arguments, "").await
    }

    pub(crate) async fn hq_reading(&self, arguments: &[&str], input: &str) -> String {
        let (status, said) = self.said(arguments, input).await;
        assert_eq!(status, 0, "kart-hq {arguments:?}: {said}");
        said
    }

    /// A command about a person of the demo's site.
    pub(crate) async fn person(&self, what: [&str; 2], number: &str, more: &[&str]) {
        let site = ["--organization", "cedar-works", "--site", "cedar", "--number", number];
        self.hq(&[what.as_slice(), &site, more].concat()).await;
    }

    pub(crate) async fn set_pin(&self, number: &str, pin: &str) {
        let site = ["--organization", "cedar-works", "--site", "cedar", "--number", number];
        self.hq_reading(&[["pin", "set"].as_slice(), &site].concat(), pin).await;
    }

    /// An enrolled terminal whose daemon runs and has the site; `change` gets its configuration.
    pub(crate) async fn terminal(&self, code: &str, change: impl Fn(String) -> String) -> Terminal {
        let mut terminal = Terminal::prepare(|data| {
            let layout = Layout {
                data,
                machines: &[],
                interval: None,
                fastest: 10.0,
                broker: None,
                headquarters: Some(self.headquarters.url()),
                site: Path::new("unused"),
            };
            Ok(change(layout.configuration()?.replace("\"T-07\"", &format!("\"{code}\""))))
        })
        .unwrap();
        let enrollment = self.headquarters.enrollment_code(code).await.unwrap();
        terminal.enroll(&enrollment).await.unwrap();
        terminal.start().await.unwrap();
        seen(&terminal, "the site", |view| view.reference.as_ref().map(drop)).await;
        terminal
    }
}

/// Waits until the daemon's view is as wanted.
pub(crate) async fn seen<T>(
    terminal: &Terminal,
    what: &str,
    wanted: impl Fn(&View) -> Option<T>,
) -> T {
    viewed(&terminal.client().unwrap(), what, wanted).await
}

/// The same of a daemon that is reached already.
pub(crate) async fn viewed<T>(
    client: &Client,
    what: &str,
    wanted: impl Fn(&View) -> Option<T>,
) -> T {
    wait_for(what, LIMIT, async || {
        let view = client.snapshot().await.map_err(|fault| fault.to_string())?;
        wanted(&view).ok_or_else(|| format!("{:?} {:?}", view.sync, view.machines))
    })
    .await
}

pub(crate) fn request(command: Asked, pin: Option<&str>) -> Request {
    let pin = pin.map(|pin| Pin(pin.to_owned()));
    Request { key: Uuid::new_v4().to_string(), command, pin }
}

/// What the daemon answers.
pub(crate) async fn ask(terminal: &Terminal, command: Asked, pin: Option<&str>) -> Answer {
    terminal.client().unwrap().command(&request(command, pin)).await.unwrap()
}

pub(crate) fn refusal(answer: Answer) -> Refusal {
    match answer {
        Answer::Refused(refusal) => refusal,
        Answer::Saved(accepted) => panic!("this was to be refused: {accepted:?}"),
    }
}
