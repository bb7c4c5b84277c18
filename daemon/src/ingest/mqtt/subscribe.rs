//! What the broker was asked to deliver and what it answered. Pure.
//!
//! A connection without an answer brings nothing and looks like a quiet one, and so does a filter
//! that was refused. Time in which nobody read what the broker said is not held against it.

use rumqttc::{SubAck, SubscribeReasonCode};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};
use tokio::time::Instant;

/// Filters in one request.
const FILTERS: usize = 50;
/// Refused filters that are named to a person.
const NAMED: usize = 3;

/// The requests of one connection.
#[derive(Debug)]
pub(super) struct Subscribing {
    /// How long an answer may take.
    patience: Duration,
    /// After so long what was refused is asked for again.
    again: Duration,
    asked: usize,
    /// Requests that have not been sent yet, in their order.
    waiting: VecDeque<Vec<String>>,
    /// Requests without an answer, by their number.
    sent: BTreeMap<u16, Vec<String>>,
    refused: BTreeSet<String>,
    /// When the answers must have come.
    due: Option<Instant>,
    /// When what was refused is asked for again.
    next: Option<Instant>,
    late: bool,
}

impl Subscribing {
    pub(super) fn new(patience: Duration, again: Duration) -> Self {
        Self {
            patience,
            again,
            asked: 0,
            waiting: VecDeque::new(),
            sent: BTreeMap::new(),
            refused: BTreeSet::new(),
            due: None,
            next: None,
            late: false,
        }
    }

    /// A connection was made: gives the requests for `wanted`. The client sends what waited for the
    /// connection before first, if the session goes on.
    pub(super) fn begin(
        &mut self,
        wanted: &BTreeSet<String>,
        session_present: bool,
        now: Instant,
    ) -> Vec<Vec<String>> {
        self.lost();
        if !session_present {
            self.waiting.clear();
        }
        self.refused.clear();
        self.asked = wanted.len();
        let wanted: Vec<String> = wanted.iter().cloned().collect();
        self.ask(&wanted, now)
    }

    /// The requests for what was refused, when it is time to ask again.
    pub(super) fn once_more(&mut self, now: Instant) -> Vec<Vec<String>> {
        if self.next.is_none_or(|next| now < next) {
            return Vec::new();
        }
        let refused: Vec<String> = self.refused.iter().cloned().collect();
        self.ask(&refused, now)
    }

    fn ask(&mut self, filters: &[String], now: Instant) -> Vec<Vec<String>> {
        let requests: Vec<Vec<String>> = filters.chunks(FILTERS).map(<[_]>::to_vec).collect();
        self.waiting.extend(requests.iter().cloned());
        self.due = (!self.waiting.is_empty()).then(|| now + self.patience);
        self.next = None;
        requests
    }

    /// The client has sent a request and given it this number.
    pub(super) fn sent(&mut self, number: u16) {
        if let Some(request) = self.waiting.pop_front() {
            self.sent.insert(number, request);
        }
    }

    /// Takes an answer in; whether it was the last that was waited for.
    pub(super) fn answered(&mut self, answer: &SubAck, now: Instant) -> bool {
        let Some(request) = self.sent.remove(&answer.pkid) else { return false };
        for (place, filter) in request.into_iter().enumerate() {
            match answer.return_codes.get(place) {
                Some(SubscribeReasonCode::Success(_)) => self.refused.remove(&filter),
                Some(SubscribeReasonCode::Failure) | None => self.refused.insert(filter),
            };
        }
        let done = self.waiting.is_empty() && self.sent.is_empty();
        if done {
            (self.due, self.late) = (None, false);
            self.next = (!self.refused.is_empty()).then(|| now + self.again);
        }
        done
    }

    /// Another client: it sends nothing that the one before did not.
    pub(super) fn anew(&mut self) {
        self.lost();
        self.waiting.clear();
    }

    /// The connection is no more.
    pub(super) fn lost(&mut self) {
        self.sent.clear();
        (self.due, self.next) = (None, None);
    }

    /// For so long nobody has read what the broker said.
    pub(super) fn not_read(&mut self, time: Duration) {
        self.due = self.due.map(|due| due + time);
    }

    /// When the answers must have come.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Why the connection is given up, once an answer is late.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<String> {
        self.due.filter(|due| *due <= now)?;
        self.late = true;
        let seconds = self.patience.as_secs();
        Some(format!("the broker has not answered our subscriptions for {seconds} s"))
    }

    /// Whether the last connection, or this one, was given up because of an answer.
    pub(super) fn is_late(&self) -> bool {
        self.late
    }

    /// Whether nothing is waited for.
    pub(super) fn is_answered(&self) -> bool {
        self.waiting.is_empty() && self.sent.is_empty()
    }

    /// What the broker does not deliver.
    pub(super) fn refused(&self) -> &BTreeSet<String> {
        &self.refused
    }

    /// The same in words, for people.
    pub(super) fn refusal(&self) -> Option<String> {
        let named: Vec<&str> = self.refused.iter().take(NAMED).map(String::as_str).collect();
        let more = if self.refused.len() > NAMED { ", …" } else { "" };
        let (refused, asked, named) = (self.refused.len(), self.asked, named.join(", "));
        (refused > 0).then(|| {
            format!(
                "the broker refuses {refused} of {asked} topics: {named}{more} (are we allowed to \
                 listen to them there?)"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumqttc::QoS;

    const GOOD: SubscribeReasonCode = SubscribeReasonCode::Success(QoS::AtLeastOnce);

    fn second(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn wanted(count: usize) -> BTreeSet<String> {
        (0..count).map(|n| format!("t/{n:03}")).collect()
    }

    fn answer(pkid: u16, return_codes: Vec<SubscribeReasonCode>) -> SubAck {
        SubAck { pkid, return_codes }
    }

    #[test]
    fn all_answers_are_waited_for_and_what_is_refused_is_named_and_asked_for_again() {
        let now = Instant::now();
        let mut asks = Subscribing::new(second(10), second(60));
        assert_eq!(asks.begin(&wanted(52), false, now).len(), 2);
        asks.sent(1);
        assert!(!asks.answered(&answer(9, vec![GOOD]), now), "nobody asked");
        assert!(!asks.answered(&answer(1, vec![GOOD; 50]), now), "one has not been sent");
        asks.sent(2);
        assert!(!asks.is_answered());
        assert!(asks.answered(&answer(2, vec![SubscribeReasonCode::Failure, GOOD]), now));
        let reason = asks.refusal().unwrap();
        assert!(reason.contains("refuses 1 of 52 topics: t/050 ("), "{reason}");
        assert_eq!((asks.due(), asks.overdue(now + second(90))), (None, None));
        assert!(asks.once_more(now + second(59)).is_empty());
        assert_eq!(asks.once_more(now + second(60)), [vec!["t/050".to_owned()]]);
        asks.sent(3);
        assert!(asks.answered(&answer(3, vec![GOOD]), now) && asks.refusal().is_none());
    }

    #[test]
    fn an_answer_that_does_not_come_is_late_by_the_time_in_which_somebody_listened() {
        let now = Instant::now();
        let mut asks = Subscribing::new(second(10), second(60));
        asks.begin(&wanted(1), false, now);
        asks.sent(1);
        asks.not_read(second(5));
        assert_eq!(asks.overdue(now + second(14)), None);
        assert!(asks.overdue(now + second(15)).unwrap().contains("10 s") && asks.is_late());
        asks.begin(&wanted(1), false, now);
        assert!(asks.is_late(), "until there is an answer");
        asks.sent(1);
        assert!(asks.answered(&answer(1, vec![]), now) && !asks.is_late());
        assert_eq!(asks.refused().len(), 1, "what is not answered is not granted");
    }

    #[test]
    fn what_an_earlier_connection_could_not_send_goes_first_in_the_next() {
        let now = Instant::now();
        let mut asks = Subscribing::new(second(10), second(60));
        asks.begin(&wanted(1), false, now);
        asks.begin(&wanted(2), true, now);
        asks.sent(1);
        asks.sent(2);
        assert!(!asks.answered(&answer(1, vec![GOOD]), now));
        assert!(asks.answered(&answer(2, vec![GOOD; 2]), now));
        asks.begin(&wanted(1), true, now);
        asks.begin(&wanted(2), false, now);
        asks.sent(1);
        assert!(asks.answered(&answer(1, vec![GOOD; 2]), now), "the client dropped the first");
    }
}
