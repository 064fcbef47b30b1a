//! The model of the gateway, without databases, Stripe and clocks.

use entity::Tier;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::{
    account::{Account, Spent, Status},
    delivery::{DAY, Delivery, First, Period, Step, What},
    hold::{Action, Changed, Hold, Reserved},
    operation::{self, Answer, Operation},
};

/// Days of a period.
const MONTH: i64 = 30;

#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    pub(super) users: Vec<Account>,
    /// Every event so far.
    pub(super) delivered: Vec<Delivery>,
    /// The events of the last step.
    pub(super) delivery: Vec<Delivery>,
    /// The response to the last step.
    pub(super) answer: Option<Answer>,
    /// Days since the beginning.
    pub(super) today: i64,
    /// Events, subscriptions and packs so far: the next one's number.
    events: usize,
    things: usize,
}

impl ReferenceStateMachine for Book {
    type State = Self;
    type Transition = Operation;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(book: &Self) -> BoxedStrategy<Operation> {
        operation::next(book)
    }

    fn preconditions(book: &Self, operation: &Operation) -> bool {
        operation::possible(book, operation)
    }

    fn apply(mut book: Self, operation: &Operation) -> Self {
        book.delivery.clear();
        book.answer = Some(book.happens(operation));
        book
    }
}

impl Book {
    fn happens(&mut self, operation: &Operation) -> Answer {
        match *operation {
            Operation::SignUp { name } => self.signs_up(name),
            Operation::Charge { user, key, run } => self.charges(user, key, run),
            Operation::Reserve { user, key, run } => self.reserves(user, key, run),
            Operation::Change { user, nth, action } => self.changes(user, nth, action),
            Operation::RunOut { user, nth, due } => {
                if let Some(nth) = self.users[user].nth_hold(nth) {
                    self.users[user].run_out(nth);
                    if due {
                        self.users[user].expire(nth);
                    }
                }
                Answer::Done
            }
            Operation::Grant { user, key, credits } => match self.users[user].grant(key, credits) {
                Some(version) => self.posted(user, version),
                None => Answer::Error("IDEMPOTENCY_KEY_REUSED"),
            },
            Operation::Refund { user, nth } => match self.charge_of(user, nth) {
                Some(charge) => {
                    let version = self.users[user].refund(charge);
                    self.posted(user, version)
                }
                None => Answer::Error("NOT_FOUND"),
            },
            Operation::Plan { user, step, swapped } => {
                let events = self.events_of(user, step);
                self.delivers(user, events, swapped)
            }
            Operation::Pack { user, credits, at_once } => {
                let number = self.thing();
                let pack = |paid| What::Pack { number, credits, paid };
                let events = if at_once { vec![pack(true)] } else { vec![pack(false), pack(true)] };
                self.delivers(user, events, false)
            }
            Operation::Redeliver { nth, another } => self.redelivers(nth, another),
            Operation::Pass { days } => {
                self.today += days;
                let today = self.today;
                self.users.iter_mut().for_each(|user| user.updates_unlimited(today));
                Answer::Done
            }
        }
    }

    /// The version of one of a user's charges.
    pub(super) fn charge_of(&self, user: usize, nth: usize) -> Option<i64> {
        let charges = self.users[user].charges();
        (!charges.is_empty()).then(|| charges[nth % charges.len()])
    }

    fn signs_up(&mut self, name: u8) -> Answer {
        if self.users.iter().any(|user| user.name == name) {
            return Answer::Error("ALREADY_EXISTS");
        }
        self.users.push(Account::of(name));
        Answer::Done
    }

    fn charges(&mut self, user: usize, key: u8, run: u8) -> Answer {
        let account = &mut self.users[user];
        let (version, replayed) = match account.charge(key, run, self.today) {
            Spent::Fresh(version) => (version, false),
            Spent::Replayed(version) => (version, true),
            Spent::Reused => return Answer::Error("IDEMPOTENCY_KEY_REUSED"),
            Spent::Refused => return Answer::Refused { available: account.available() },
        };
        let ticket = !account.is_refunded(version);
        Answer::Charged { version, delta: account.entry(version).delta, replayed, ticket }
    }

    fn reserves(&mut self, user: usize, key: u8, run: u8) -> Answer {
        let account = &mut self.users[user];
        match account.reserve(key, run, self.today) {
            Reserved::Hold(Hold { version, credits, state, .. }) => Answer::Reserved { version, credits, state },
            Reserved::Reused => Answer::Error("IDEMPOTENCY_KEY_REUSED"),
            Reserved::Refused => Answer::Refused { available: account.available() },
        }
    }

    fn changes(&mut self, user: usize, nth: usize, action: Action) -> Answer {
        let account = &mut self.users[user];
        let Some(nth) = account.nth_hold(nth) else { return Answer::Error("NOT_FOUND") };
        match account.change(nth, action) {
            Changed::Done { state, replayed } => Answer::Changed { state, replayed },
            Changed::Ended(state) => Answer::Ended(state),
            Changed::Invalid => Answer::Error("BAD_USER_INPUT"),
        }
    }

    fn posted(&self, user: usize, version: i64) -> Answer {
        let entry = self.users[user].entry(version);
        Answer::Posted { version, delta: entry.delta, balance: entry.balance }
    }

    fn events_of(&mut self, user: usize, step: Step) -> Vec<What> {
        let state = |plan, status| What::Plan { plan, status, created: false, first: false };
        if let Step::Begin { tier, first } = step {
            let (start, end) = (self.today, self.today + MONTH);
            let plan = Period { subscription: self.thing(), tier, start, end };
            let active = |created| What::Plan { plan, status: Status::Active, created, first: true };
            let paid = What::Paid { plan, instead: None };
            return match first {
                First::Active => vec![active(true), paid],
                First::Incomplete => {
                    let incomplete = What::Plan { plan, status: Status::Incomplete, created: true, first: false };
                    vec![incomplete, active(false), paid]
                }
            };
        }
        let known = *self.users[user].current().unwrap();
        let at = |tier: Tier, end| Period { subscription: known.subscription, tier, start: end - MONTH, end };
        let plan = at(known.tier, known.end);
        match step {
            Step::Begin { .. } | Step::End => vec![state(plan, Status::Ended)],
            Step::FallDue => vec![state(plan, Status::PastDue)],
            Step::Recover => vec![state(plan, Status::Active)],
            Step::Renew => {
                let next = at(known.tier, known.end + MONTH);
                vec![state(next, Status::Active), What::Paid { plan: next, instead: None }]
            }
            Step::Change { tier } => {
                let changed = at(tier, known.end);
                vec![state(changed, Status::Active), What::Paid { plan: changed, instead: Some(known.tier) }]
            }
        }
    }

    /// Applies events at Stripe in their order, and delivers them in this order or in reverse.
    fn delivers(&mut self, user: usize, events: Vec<What>, swapped: bool) -> Answer {
        let mut delivery: Vec<_> = events.into_iter().map(|what| self.delivery(user, what)).collect();
        for delivery in &delivery {
            self.users[user].becomes(delivery);
        }
        if swapped {
            delivery.reverse();
        }
        for delivery in &delivery {
            self.users[user].receives(delivery, self.today);
        }
        self.delivered.extend(delivery.iter().cloned());
        self.delivery = delivery;
        Answer::Received(vec![true; self.delivery.len()])
    }

    fn delivery(&mut self, user: usize, what: What) -> Delivery {
        let event = self.events;
        self.events += 1;
        Delivery { event, first: event, at: self.today * DAY + i64::try_from(event).unwrap(), user, what }
    }

    fn redelivers(&mut self, nth: usize, another: bool) -> Answer {
        let mut delivery = self.delivered[nth].clone();
        if another {
            delivery.event = self.events;
            self.events += 1;
            self.users[delivery.user].receives(&delivery, self.today);
            self.delivered.push(delivery.clone());
        }
        self.delivery.push(delivery);
        Answer::Received(vec![another])
    }

    fn thing(&mut self) -> usize {
        self.things += 1;
        self.things
    }
}
