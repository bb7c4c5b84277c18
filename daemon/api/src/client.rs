//! A client of the local interface, used by the terminal, the tests and the demo.

use futures_util::{Stream, StreamExt};
use kart_core::{
    engine::explain::Explanation,
    id::UserId,
    kpi::{Reasons, Span},
};
use std::{
    path::{Path, PathBuf},
    pin::Pin,
    time::Duration,
};

use crate::{
    Answer, Delta, Health, Request, View, board,
    commissioning::{
        BlockAnswer, BlockQuery, MapAnswer, MapRequest, Sources, TopicAnswer, TopicQuery, Trace,
        TraceQuery,
    },
    export, figures, labor, ledger, notes,
};

/// One daemon, reached through its socket.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    socket: PathBuf,
}

/// Why the daemon could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers at the socket, or the connection broke.
    #[error("no answer from the daemon at {socket}")]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// What the transport said.
        source: reqwest::Error,
    },
    /// The daemon answered with an error.
    #[error("the daemon answered {status}: {body}")]
    Status {
        /// HTTP status.
        status: u16,
        /// Text of the answer.
        body: String,
    },
    /// The daemon's answer is not of this contract: daemon and terminal differ in version.
    #[error("the daemon speaks another version of the contract")]
    Contract(#[source] serde_json::Error),
}

/// A live stream: one snapshot, then deltas, until the daemon goes away.
pub struct Live {
    bytes: Pin<Box<dyn Stream<Item = reqwest::Result<Vec<u8>>> + Send>>,
    buffer: Vec<u8>,
    client: Client,
}

/// What comes over a live stream.
#[derive(Clone, PartialEq, Debug)]
pub enum LiveEvent {
    /// A whole state.
    Snapshot(Box<View>),
    /// A change.
    Delta(Box<Delta>),
}

impl Client {
    /// A client for the daemon at `socket`. Nothing is connected yet. The caller has installed a
    /// rustls provider.
    pub fn new(socket: &Path) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .unix_socket(socket)
            .connect_timeout(Duration::from_secs(2))
            .build()
            .map_err(|source| ClientError::Unreachable { socket: socket.into(), source })?;
        Ok(Self { http, socket: socket.into() })
    }

    /// The state now.
    pub async fn snapshot(&self) -> Result<View, ClientError> {
        self.get("/v1/snapshot").await
    }

    /// Whether the daemon serves its purpose.
    pub async fn health(&self) -> Result<Health, ClientError> {
        self.get("/health").await
    }

    /// Asks for something. Repeat with the same key until there is an answer.
    pub async fn command(&self, request: &Request) -> Result<Answer, ClientError> {
        let post = self.http.post("http://kartd/v1/commands").json(request);
        self.json(post.timeout(Duration::from_secs(10))).await
    }

    /// What is read, and what each line is asked for.
    pub async fn sources(&self) -> Result<Sources, ClientError> {
        self.get("/v1/sources").await
    }

    /// Reads a block of registers once.
    pub async fn registers(&self, query: &BlockQuery) -> Result<BlockAnswer, ClientError> {
        let post = self.http.post("http://kartd/v1/registers").json(query);
        self.json(post.timeout(Duration::from_secs(10))).await
    }

    /// What is said at a broker.
    pub async fn topics(&self, query: &TopicQuery) -> Result<TopicAnswer, ClientError> {
        let post = self.http.post("http://kartd/v1/topics").json(query);
        self.json(post.timeout(Duration::from_secs(5))).await
    }

    /// The signals of a machine with their last values.
    pub async fn trace(&self, query: &TraceQuery) -> Result<Vec<Trace>, ClientError> {
        let post = self.http.post("http://kartd/v1/trace").json(query);
        self.json(post.timeout(Duration::from_secs(5))).await
    }

    /// Why a machine is taken for what it is.
    pub async fn rules(&self, machine: &str) -> Result<Explanation, ClientError> {
        let post = self.http.post("http://kartd/v1/rules").json(machine);
        self.json(post.timeout(Duration::from_secs(5))).await
    }

    /// Looks at another map, or puts it in force.
    pub async fn map(&self, request: &MapRequest) -> Result<MapAnswer, ClientError> {
        let post = self.http.post("http://kartd/v1/map").json(request);
        self.json(post.timeout(Duration::from_secs(30))).await
    }

    /// Figures of this shift, or of another stretch of time, by the types of reasons as they were
    /// chosen or as their groups are now.
    pub async fn figures(
        &self,
        span: Option<Span>,
        reasons: Reasons,
    ) -> Result<figures::Shift, ClientError> {
        let reasons = match reasons {
            Reasons::Recorded => "recorded",
            Reasons::Now => "now",
        };
        let span = span
            .map(|span| format!("&from={}&until={}", span.from.rfc3339(), span.until.rfc3339()));
        self.get(&format!("/v1/figures?as={reasons}{}", span.unwrap_or_default())).await
    }

    /// The board of the shift so many before this one.
    pub async fn board(&self, back: u8) -> Result<board::Shift, ClientError> {
        self.get(&format!("/v1/board?back={back}")).await
    }

    /// What cannot all be right of the shift so many before this one.
    pub async fn ledger(&self, back: u8) -> Result<ledger::Shift, ClientError> {
        self.get(&format!("/v1/ledger?back={back}")).await
    }

    /// A page of a table, behind the page that said `after`.
    pub async fn export(
        &self,
        wanted: &export::Wanted,
        after: Option<&str>,
    ) -> Result<export::Page, ClientError> {
        let export::Wanted { of, span, user, view, ticket } = wanted;
        let mut query = vec![
            ("of", of.word().to_owned()),
            ("from", span.from.rfc3339()),
            ("until", span.until.rfc3339()),
        ];
        query.extend(user.map(|user| ("user", user.to_string())));
        query.extend(view.iter().map(|view| ("view", view.clone())));
        query.extend(ticket.iter().map(|ticket| ("ticket", ticket.0.clone())));
        query.extend(after.map(|after| ("after", after.to_owned())));
        let get = self.http.get("http://kartd/v1/export").query(&query);
        self.json(get.timeout(Duration::from_secs(10))).await
    }

    /// Asks to see a record.
    pub async fn open_labor(&self, open: &labor::Open) -> Result<labor::Opened, ClientError> {
        let post = self.http.post("http://kartd/v1/labor/open").json(open);
        self.json(post.timeout(Duration::from_secs(10))).await
    }

    /// A person's record of the pay period so many before this one.
    pub async fn labor(
        &self,
        user: UserId,
        back: u8,
        ticket: &crate::Pin,
    ) -> Result<labor::Record, ClientError> {
        self.get(&format!("/v1/labor?user={user}&back={back}&ticket={}", ticket.0)).await
    }

    /// The shift log, newest first: what has all of these words in it.
    pub async fn notes(&self, words: &str) -> Result<Vec<notes::Note>, ClientError> {
        let url = "http://kartd/v1/notes";
        let get = self.http.get(url).query(&[("words", words)]);
        self.json(get.timeout(Duration::from_secs(5))).await
    }

    /// Takes what a replay came to for what happened. Repeat with the same key until there is an
    /// answer.
    pub async fn replay(&self, request: &Request) -> Result<Answer, ClientError> {
        let post = self.http.post("http://kartd/v1/replay").json(request);
        self.json(post.timeout(Duration::from_secs(30))).await
    }

    /// The state and its changes.
    pub async fn live(&self) -> Result<Live, ClientError> {
        let answer = self.http.get("http://kartd/v1/live").send().await;
        let answer = self.successful(answer).await?;
        let bytes = answer.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec()));
        Ok(Live { bytes: Box::pin(bytes), buffer: Vec::new(), client: self.clone() })
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let get = self.http.get(format!("http://kartd{path}"));
        self.json(get.timeout(Duration::from_secs(5))).await
    }

    async fn json<T: serde::de::DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, ClientError> {
        let answer = self.successful(request.send().await).await?;
        let body = answer.bytes().await.map_err(|source| self.unreachable(source))?;
        serde_json::from_slice(&body).map_err(ClientError::Contract)
    }

    async fn successful(
        &self,
        answer: reqwest::Result<reqwest::Response>,
    ) -> Result<reqwest::Response, ClientError> {
        let answer = answer.map_err(|source| self.unreachable(source))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let body = answer.text().await.unwrap_or_default();
        Err(ClientError::Status { status: status.as_u16(), body })
    }

    fn unreachable(&self, source: reqwest::Error) -> ClientError {
        ClientError::Unreachable { socket: self.socket.clone(), source }
    }
}

impl Live {
    /// The next event; `None` when the daemon ended the stream.
    pub async fn next(&mut self) -> Result<Option<LiveEvent>, ClientError> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                if let Some(event) = parse(&block)? {
                    return Ok(Some(event));
                }
                continue;
            }
            match self.bytes.next().await {
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                Some(Err(source)) => return Err(self.client.unreachable(source)),
                None => return Ok(None),
            }
        }
    }
}

/// One server-sent event; comments and unknown events give `None`.
fn parse(block: &[u8]) -> Result<Option<LiveEvent>, ClientError> {
    let text = String::from_utf8_lossy(block);
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let Some(data) = field("data:") else { return Ok(None) };
    match field("event:") {
        Some("snapshot") => {
            serde_json::from_str(data).map(|view| Some(LiveEvent::Snapshot(Box::new(view))))
        },
        Some("delta") => {
            serde_json::from_str(data).map(|delta| Some(LiveEvent::Delta(Box::new(delta))))
        },
        _ => Ok(None),
    }
    .map_err(ClientError::Contract)
}
