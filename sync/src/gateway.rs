//! What synchronisation needs from headquarters, whatever lies between.

use kart_wire::{
    Aside, Assertion, Common, Feed, FeedHead, FeedRow, Found, Hello, Kept, Pull, Pulled,
    PushEnvelope, Pushed, Renew, Renewed, Status, Token, Welcome,
};
use std::future::Future;

use crate::{Failure, Page};

/// The answer to a feed.
#[derive(Clone, PartialEq, Debug)]
pub struct Fed {
    /// Its first line.
    pub head: FeedHead,
    /// As many rows as it says.
    pub rows: Vec<FeedRow>,
}

/// Headquarters, as far as a session goes. Every call is one request of the contract.
pub trait Gateway: Send + Sync {
    /// A token for a signed assertion.
    fn token(&self, assertion: &Assertion) -> impl Future<Output = Result<Token, Failure>> + Send;

    /// Begins a session.
    fn hello(
        &self,
        token: &str,
        hello: &Hello,
    ) -> impl Future<Output = Result<Welcome, Failure>> + Send;

    /// Sends facts.
    fn push(
        &self,
        token: &str,
        envelope: &PushEnvelope,
        page: &Page,
    ) -> impl Future<Output = Result<Pushed, Failure>> + Send;

    /// Asks for the site as one document; protocol 1.
    fn pull(
        &self,
        token: &str,
        pull: &Pull,
    ) -> impl Future<Output = Result<Pulled, Failure>> + Send;

    /// Asks for changed rows.
    fn feed(&self, token: &str, feed: &Feed) -> impl Future<Output = Result<Fed, Failure>> + Send;

    /// Asks how far both logs are the same.
    fn common(
        &self,
        token: &str,
        common: &Common,
    ) -> impl Future<Output = Result<Found, Failure>> + Send;

    /// Begins a new life of the log.
    fn renew(
        &self,
        token: &str,
        renew: &Renew,
    ) -> impl Future<Output = Result<Renewed, Failure>> + Send;

    /// Hands over facts to be kept aside.
    fn aside(
        &self,
        _token: &str,
        aside: &Aside,
    ) -> impl Future<Output = Result<Kept, Failure>> + Send {
        std::future::ready(Err(Failure::Nonsense(format!("nobody keeps {} aside", aside.from))))
    }

    /// Says what the terminal shows now.
    fn status(
        &self,
        token: &str,
        status: &Status,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}
