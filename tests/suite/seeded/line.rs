//! The network between a terminal and headquarters, and headquarters' way of answering: requests
//! are delayed, lost before or after they were carried out, carried out twice, or arrive long
//! after their sender has given up; headquarters dies before and after a commit.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kart_planted::{Bug, planted};
use kart_sync::{Failure, Fed, Gateway, Page};
use kart_wire::{
    Assertion, Common, Feed, Found, Hello, Problem, Pull, Pulled, PushEnvelope, Pushed, Renew,
    Renewed, Status, Token, Welcome, code,
};
use rand::Rng;
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use super::centre::problem;
use super::checks;
use super::world::{Post, Recorded, World};

/// How long a terminal waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Line {
    pub(super) world: Arc<World>,
    pub(super) post: Arc<Post>,
}

fn no_answer() -> Failure {
    Failure::Nonsense("no answer".to_owned())
}

impl Line {
    /// The way there; `false` when the request does not arrive in time.
    async fn there(&self) -> Result<(), Failure> {
        let millis = self.world.dice().random_range(5..120);
        sleep(Duration::from_millis(millis)).await;
        if self.post.cut.load(Ordering::Relaxed) {
            return Err(no_answer());
        }
        Ok(())
    }

    /// The way back.
    async fn back<T>(&self, answer: T) -> Result<T, Failure> {
        self.there().await?;
        if self.world.wrong(self.world.profile.wrong()) {
            self.world.note("answer lost", format_args!(""));
            sleep(PATIENCE).await;
            return Err(no_answer());
        }
        Ok(answer)
    }

    fn lost(&self) -> bool {
        self.world.wrong(self.world.profile.wrong())
    }

    /// Who the token belongs to.
    fn bearer(token: &str) -> Result<Uuid, Failure> {
        token.parse().map_err(|_| Failure::Problem(problem(code::UNAUTHORIZED)))
    }

    async fn exchange<T>(
        &self,
        answer: impl Fn(&World) -> Result<T, Problem>,
    ) -> Result<T, Failure> {
        self.there().await?;
        if self.lost() {
            sleep(PATIENCE).await;
            return Err(no_answer());
        }
        let answered = answer(&self.world);
        self.back(answered).await?.map_err(Failure::Problem)
    }
}

/// Headquarters carries out a push. `None`: it died over it.
pub(super) fn carry_out(world: &World, recorded: &Recorded) -> Option<Result<Pushed, Problem>> {
    let decided = match world.centre().push(recorded.terminal, &recorded.body) {
        Ok(decided) => decided,
        Err(problem) => {
            world.note("push refused", format_args!("{}", problem.code));
            // Whatever a fact says: the log does not wait for it.
            if problem.code == code::UNAVAILABLE {
                world.fault("I22 no fact stops a log", format!("{}", recorded.terminal));
            }
            return Some(Err(problem));
        },
    };
    let crashes = world.profile.wrong() / 3;
    let answer = decided.answer;
    world.note("push", format_args!("{} {}", answer.watermark, decided.changes.held.len()));
    if planted(Bug::AckBeforeCommit) && world.wrong(crashes * 4) {
        return Some(Ok(answer));
    }
    if world.wrong(crashes) {
        world.note("died before commit", format_args!(""));
        if let (true, Some((id, watermark, hash))) =
            (planted(Bug::WatermarkOutside), decided.changes.head)
        {
            let mut centre = world.centre();
            let known = centre.state.terminals.get_mut(&id)?;
            (known.watermark, known.hash) = (watermark, hash);
        }
        return None;
    }
    checks::committing(world, recorded.terminal, &decided.changes);
    let mut centre = world.centre();
    centre.state.apply(decided.changes);
    centre.lend(recorded.terminal);
    drop(centre);
    checks::committed(world);
    world.truth().said.insert((answer.session, answer.watermark));
    world.committed.notify_waiters();
    if world.wrong(crashes) {
        world.note("died after commit", format_args!(""));
        return None;
    }
    Some(Ok(answer))
}

fn answer_feed(world: &World, id: Uuid, feed: &Feed) -> Result<Fed, Problem> {
    let now_us = world.now_us();
    let mut centre = world.centre();
    let (fed, rows) = centre.feed(id, feed, now_us)?;
    let commit = (centre.epoch, centre.state.last());
    drop(centre);
    world.bound(&fed.head.cursor, rows, commit);
    let (whole, rows) = (fed.head.whole.len(), fed.rows.len());
    world.note("feed", format_args!("{id} {whole} {rows}"));
    Ok(fed)
}

impl Gateway for Line {
    async fn token(&self, _: &Assertion) -> Result<Token, Failure> {
        let token = self.post.station().id.to_string();
        self.exchange(|_| Ok(Token { token: token.clone(), expires_in_s: 600 })).await
    }

    async fn hello(&self, token: &str, hello: &Hello) -> Result<Welcome, Failure> {
        let id = Self::bearer(token)?;
        self.exchange(|world| {
            let welcomed = world.centre().hello(id, hello, world.now_us());
            match &welcomed {
                Ok(welcome) => {
                    let mut truth = world.truth();
                    truth.said.insert((welcome.session, welcome.watermark));
                    drop(truth);
                    world.note(
                        "hello",
                        format_args!("{id} {} {}", hello.last_seq, welcome.watermark),
                    );
                },
                Err(problem) => world.note("hello refused", format_args!("{id} {}", problem.code)),
            }
            world.committed.notify_waiters();
            welcomed
        })
        .await
    }

    async fn push(
        &self,
        token: &str,
        envelope: &PushEnvelope,
        page: &Page,
    ) -> Result<Pushed, Failure> {
        let recorded =
            Recorded { terminal: Self::bearer(token)?, body: Arc::new(body(envelope, page)) };
        self.there().await?;
        if self.lost() {
            // Half of what is lost only comes late.
            if self.world.dice().random_bool(0.5) {
                self.world.late.lock().unwrap().push(recorded);
            }
            sleep(PATIENCE).await;
            return Err(no_answer());
        }
        self.world.recorded.lock().unwrap().push(recorded.clone());
        let mut answer = carry_out(&self.world, &recorded);
        if self.lost() {
            self.world.note("carried out twice", format_args!(""));
            answer = carry_out(&self.world, &recorded);
        }
        let Some(answer) = answer else {
            sleep(PATIENCE).await;
            return Err(no_answer());
        };
        let answer = self.back(answer).await?.map_err(Failure::Problem)?;
        Ok(self.crossed(envelope, page, answer))
    }

    async fn pull(&self, _: &str, _: &Pull) -> Result<Pulled, Failure> {
        Err(Failure::Problem(problem(code::MALFORMED)))
    }

    async fn feed(&self, token: &str, feed: &Feed) -> Result<Fed, Failure> {
        let id = Self::bearer(token)?;
        self.there().await?;
        if self.lost() {
            sleep(PATIENCE).await;
            return Err(no_answer());
        }
        let until = Instant::now() + Duration::from_millis(feed.wait_ms);
        let mut asked = self.world.centre().asked(id, feed);
        loop {
            let committed = self.world.committed.notified();
            if self.world.centre().epoch != asked.0 {
                asked = self.world.centre().asked(id, feed);
            }
            if self.world.centre().news(id, feed, asked.1) {
                break;
            }
            if timeout_at(until, committed).await.is_err() {
                break;
            }
        }
        let fed = answer_feed(&self.world, id, feed);
        self.back(fed).await?.map_err(Failure::Problem)
    }

    async fn common(&self, token: &str, common: &Common) -> Result<Found, Failure> {
        let id = Self::bearer(token)?;
        self.exchange(|world| world.centre().common(id, common)).await
    }

    async fn renew(&self, token: &str, renew: &Renew) -> Result<Renewed, Failure> {
        let id = Self::bearer(token)?;
        self.exchange(|world| {
            let renewed = world.centre().renew(id, renew);
            let ended = renewed.as_ref().map_or(0, |renewed| renewed.end.seq);
            world.note("renew", format_args!("{id} {} {ended}", renew.incarnation));
            renewed
        })
        .await
    }

    async fn status(&self, _: &str, _: &Status) -> Result<(), Failure> {
        self.exchange(|_| Ok(())).await
    }
}

impl Line {
    /// Now and then another answer than the one that is due comes back: one from an earlier
    /// session, or one whose number was turned on the way.
    fn crossed(&self, envelope: &PushEnvelope, page: &Page, answer: Pushed) -> Pushed {
        let mut answers = self.world.answers.lock().unwrap();
        let known = answers.entry(envelope.terminal).or_default();
        known.push(answer.clone());
        let last = envelope.from + page.lines.len() as u64 - 1;
        let fits = |old: &&Pushed| {
            old.session != answer.session && (envelope.from..=last).contains(&old.watermark)
        };
        if let Some(old) = known.iter().rfind(fits)
            && self.world.wrong(500)
        {
            self.world.note("answer crossed", format_args!("{}", old.watermark));
            return old.clone();
        }
        if answer.watermark > envelope.from && self.world.wrong(self.world.profile.wrong()) {
            self.world.note("answer turned", format_args!(""));
            return Pushed { watermark: answer.watermark - 1, ..answer };
        }
        answer
    }
}

/// A push as the client of the contract writes it, before compression.
pub(super) fn body(envelope: &PushEnvelope, page: &Page) -> Vec<u8> {
    let mut lines = vec![serde_json::to_string(envelope).unwrap()];
    lines.extend(page.lines.iter().cloned());
    lines.extend(page.texts.iter().map(|text| serde_json::to_string(text).unwrap()));
    (lines.join("\n") + "\n").into_bytes()
}
