//! Deliveries of events to webhook endpoints: those that are pending, with the time of their next attempt, and the
//! outcomes of the latest attempts.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::store::delivery_fault::DeliveryEffect;

/// Milliseconds to wait after each failed attempt; the last one repeats.
const PAUSES_MS: [i64; 8] = [500, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 60_000];

const MAX_ATTEMPTS: usize = 30;

/// The time for which deliveries are collected before they are shuffled.
const GATHERING_MS: i64 = 400;

/// Maximum number of attempts whose outcomes are kept for the dashboard.
const MAX_LOGGED: usize = 200;

/// An event on its way to one endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) event: String,
    /// The key of the endpoint.
    pub(crate) endpoint: String,
    /// The fault of the next attempt.
    pub(crate) effect: Option<DeliveryEffect>,
    /// The second copy of a duplicated delivery, which does not change the count of pending webhooks.
    pub(crate) is_extra: bool,
    attempts: usize,
    /// Wall time of the next attempt, in milliseconds since 1970.
    next_at_ms: i64,
    /// Of several deliveries that are due, the one with the lowest rank comes first.
    rank: usize,
}

/// The outcome of an attempt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeliveryAttempt {
    pub(crate) event: String,
    pub(crate) url: String,
    /// Wall time of the attempt, in milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// An HTTP status, or the reason of the failure.
    pub(crate) outcome: String,
}

/// The next step for an endpoint.
#[derive(Debug)]
pub(crate) enum Next {
    /// Try this delivery.
    Send(u64, Delivery),
    /// Wait this many milliseconds, or until something changes.
    WaitMs(i64),
    /// Wait until something changes.
    Idle,
}

/// An event for an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Posting<'a> {
    pub(crate) event: &'a str,
    /// The key of the endpoint.
    pub(crate) endpoint: &'a str,
    /// The effect of a fault on the first attempt.
    pub(crate) effect: Option<DeliveryEffect>,
    /// The current wall time, in milliseconds since 1970.
    pub(crate) now_ms: i64,
    /// A random number, which decides the order of shuffled deliveries.
    pub(crate) rank: usize,
}

/// The pending deliveries, in the order of their events.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outbox {
    waiting: BTreeMap<u64, Delivery>,
    last_number: u64,
    log: VecDeque<DeliveryAttempt>,
}

impl Outbox {
    /// Queues an event for an endpoint.
    pub(crate) fn post(&mut self, posting: Posting<'_>) {
        let Posting { event, endpoint, effect, now_ms, rank } = posting;
        let mut delivery = Delivery {
            event: event.to_owned(),
            endpoint: endpoint.to_owned(),
            effect: None,
            is_extra: false,
            attempts: 0,
            next_at_ms: now_ms,
            rank: 0,
        };
        match effect {
            Some(DeliveryEffect::Never) => return,
            Some(DeliveryEffect::Late { millis }) => {
                delivery.next_at_ms += i64::try_from(millis).unwrap_or(i64::MAX / 2);
            }
            Some(DeliveryEffect::Shuffled) => {
                // All deliveries of about the same time become due together, so that their ranks decide the order.
                delivery.next_at_ms = (now_ms / GATHERING_MS + 2) * GATHERING_MS;
                delivery.rank = rank;
            }
            Some(DeliveryEffect::Twice) => self.add(delivery.clone()),
            damage => delivery.effect = damage,
        }
        delivery.is_extra = effect == Some(DeliveryEffect::Twice);
        self.add(delivery);
    }

    fn add(&mut self, delivery: Delivery) {
        self.last_number += 1;
        self.waiting.insert(self.last_number, delivery);
    }

    /// Makes all pending deliveries due now.
    pub(crate) fn hurry(&mut self) {
        for delivery in self.waiting.values_mut() {
            delivery.next_at_ms = 0;
        }
    }

    /// Drops the pending deliveries of an endpoint.
    pub(crate) fn forget(&mut self, endpoint: &str) {
        self.waiting.retain(|_, delivery| delivery.endpoint != endpoint);
    }

    /// Returns the oldest delivery that is due at an endpoint, so that events arrive in order as long as the endpoint
    /// responds.
    pub(crate) fn next(&self, endpoint: &str, now_ms: i64) -> Next {
        let mine = || self.waiting.iter().filter(|(_, delivery)| delivery.endpoint == endpoint);
        let due = mine().filter(|(_, delivery)| delivery.next_at_ms <= now_ms);
        if let Some((number, delivery)) = due.min_by_key(|(number, delivery)| (delivery.rank, **number)) {
            return Next::Send(*number, delivery.clone());
        }
        mine().map(|(_, delivery)| delivery.next_at_ms).min().map_or(Next::Idle, |at| Next::WaitMs(at - now_ms))
    }

    /// Removes a delivery that the endpoint accepted.
    pub(crate) fn delivered(&mut self, number: u64) {
        self.waiting.remove(&number);
    }

    /// Schedules the retry of a delivery that the endpoint did not accept, or drops it after too many attempts.
    pub(crate) fn failed(&mut self, number: u64, now_ms: i64) {
        let Some(delivery) = self.waiting.get_mut(&number) else {
            return;
        };
        let pause = PAUSES_MS[delivery.attempts.min(PAUSES_MS.len() - 1)];
        delivery.attempts += 1;
        delivery.next_at_ms = now_ms + pause;
        delivery.effect = None;
        if delivery.attempts >= MAX_ATTEMPTS {
            self.waiting.remove(&number);
        }
    }

    /// Records the outcome of an attempt.
    pub(crate) fn log(&mut self, logged: DeliveryAttempt) {
        self.log.push_back(logged);
        if self.log.len() > MAX_LOGGED {
            self.log.pop_front();
        }
    }

    /// Returns the outcomes of the latest attempts, oldest first.
    pub(crate) fn logged(&self) -> impl DoubleEndedIterator<Item = &DeliveryAttempt> {
        self.log.iter()
    }

    /// Returns `true` if nothing is due at these endpoints. A failed delivery that waits for its retry is not due.
    pub(crate) fn is_quiet(&self, endpoints: &[String], now_ms: i64) -> bool {
        let due = |delivery: &Delivery| delivery.next_at_ms <= now_ms && endpoints.contains(&delivery.endpoint);
        !self.waiting.values().any(due)
    }

    /// Returns `true` if these endpoints have no pending deliveries.
    pub(crate) fn is_settled(&self, endpoints: &[String]) -> bool {
        self.is_quiet(endpoints, i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(events: &[(&str, Option<DeliveryEffect>)]) -> Outbox {
        let mut outbox = Outbox::default();
        for (place, (event, effect)) in events.iter().enumerate() {
            outbox.post(Posting { event, endpoint: "0", effect: *effect, now_ms: 0, rank: 10 - place });
        }
        outbox
    }

    fn sent(next: Next) -> (u64, String) {
        match next {
            Next::Send(number, delivery) => (number, delivery.event),
            other => panic!("expected something to send, got {other:?}"),
        }
    }

    /// Returns the order in which all due events would be delivered at a moment.
    fn order(outbox: &mut Outbox, now_ms: i64) -> Vec<String> {
        let mut order = Vec::new();
        while let Next::Send(number, delivery) = outbox.next("0", now_ms) {
            outbox.delivered(number);
            order.push(delivery.event);
        }
        order
    }

    #[test]
    fn a_failing_event_steps_aside_and_comes_first_again_when_its_pause_is_over() {
        let mut outbox = outbox(&[("evt_1", None), ("evt_2", None)]);
        let (first, event) = sent(outbox.next("0", 0));
        assert_eq!(event, "evt_1");
        outbox.failed(first, 0);
        assert_eq!(sent(outbox.next("0", 10)).1, "evt_2");
        assert_eq!(sent(outbox.next("0", 500)).1, "evt_1");
    }

    #[test]
    fn attempts_have_an_end() {
        let mut outbox = outbox(&[("evt_1", None)]);
        for _ in 0..MAX_ATTEMPTS {
            let (number, _) = sent(outbox.next("0", i64::MAX));
            outbox.failed(number, 0);
        }
        assert!(outbox.is_settled(&["0".to_owned()]));
    }

    #[test]
    fn waiting_deliveries_can_be_sent_at_once_or_dropped() {
        let mut outbox = outbox(&[("evt_1", None)]);
        let (number, _) = sent(outbox.next("0", 0));
        outbox.failed(number, 0);
        outbox.hurry();
        assert_eq!(sent(outbox.next("0", 1)).1, "evt_1");
        outbox.forget("0");
        assert!(outbox.is_settled(&["0".to_owned()]));
    }

    #[test]
    fn delivery_faults_double_delay_shuffle_and_lose() {
        let late = DeliveryEffect::Late { millis: 5_000 };
        let mut outbox = outbox(&[
            ("late", Some(late)),
            ("twice", Some(DeliveryEffect::Twice)),
            ("lost", Some(DeliveryEffect::Never)),
            ("second", Some(DeliveryEffect::Shuffled)),
            ("first", Some(DeliveryEffect::Shuffled)),
        ]);
        assert_eq!(order(&mut outbox, 100), ["twice", "twice"]);
        assert_eq!(order(&mut outbox, 1_000), ["first", "second"]);
        assert_eq!(order(&mut outbox, 5_000), ["late"]);
    }
}
