//! The model of the gateway, without databases, Stripe and clocks.

use entity::Tier;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::{
    account::{Account, Spent, Status},
    operation::{self, Answer, Operation},
    telling::{DAY, First, Period, Step, Telling, What},
};

/// Days of a period.
const MONTH: i64 = 30;

#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    pub(super) users: Vec<Account>,
    /// Every event so far.
    pub(super) told: Vec<Telling>,
    /// The events of the last step.
    pub(super) telling: Vec<Telling>,
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
        book.telling.clear();
        book.answer = Some(book.happens(operation));
        book
    }
}

impl Book {
    fn happens(&mut self, operation: &Operation) -> Answer {
        match *operation {
            Operation::SignUp { name } => self.signs_up(name),
            Operation::Charge { user, key, run } => self.charges(user, key, run),
            Operation::Grant { user, key, credits } => match self.users[user].grant(key, credits) {
                Some(version) => self.booked(user, version),
                None => Answer::Error("IDEMPOTENCY_KEY_REUSED"),
            },
            Operation::GiveBack { user, nth } => match self.charge_of(user, nth) {
                Some(charge) => {
                    let version = self.users[user].give_back(charge);
                    self.booked(user, version)
                }
                None => Answer::Error("NOT_FOUND"),
            },
            Operation::Plan { user, step, swapped } => {
                let events = self.events_of(user, step);
                self.tells(user, events, swapped)
            }
            Operation::Pack { user, credits, at_once } => {
                let number = self.thing();
                let pack = |paid| What::Pack { number, credits, paid };
                let events = if at_once { vec![pack(true)] } else { vec![pack(false), pack(true)] };
                self.tells(user, events, false)
            }
            Operation::Retell { nth, another } => self.retells(nth, another),
            Operation::Pass { days } => {
                self.today += days;
                let today = self.today;
                self.users.iter_mut().for_each(|user| user.settles(today));
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
            Spent::Refused => return Answer::Refused { available: account.balance() },
        };
        let ticket = !account.is_given_back(version);
        Answer::Charged { version, delta: account.entry(version).delta, replayed, ticket }
    }

    fn booked(&self, user: usize, version: i64) -> Answer {
        let entry = self.users[user].entry(version);
        Answer::Booked { version, delta: entry.delta, balance: entry.balance }
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
        let known = *self.users[user].living().unwrap();
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

    /// Events happen in the order in which they are named, and are told in this order or in the other.
    fn tells(&mut self, user: usize, events: Vec<What>, swapped: bool) -> Answer {
        let mut telling: Vec<_> = events.into_iter().map(|what| self.telling(user, what)).collect();
        for telling in &telling {
            self.users[user].becomes(telling);
        }
        if swapped {
            telling.reverse();
        }
        for telling in &telling {
            self.users[user].hears(telling, self.today);
        }
        self.told.extend(telling.iter().cloned());
        self.telling = telling;
        Answer::Settled(vec![true; self.telling.len()])
    }

    fn telling(&mut self, user: usize, what: What) -> Telling {
        let event = self.events;
        self.events += 1;
        Telling { event, first: event, at: self.today * DAY + i64::try_from(event).unwrap(), user, what }
    }

    fn retells(&mut self, nth: usize, another: bool) -> Answer {
        let mut telling = self.told[nth].clone();
        if another {
            telling.event = self.events;
            self.events += 1;
            self.users[telling.user].hears(&telling, self.today);
            self.told.push(telling.clone());
        }
        self.telling.push(telling);
        Answer::Settled(vec![another])
    }

    fn thing(&mut self) -> usize {
        self.things += 1;
        self.things
    }
}
