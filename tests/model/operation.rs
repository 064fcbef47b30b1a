//! The actions of the model, and their possible results.

use entity::Tier;
use proptest::{prelude::*, sample::select};

use super::{
    account::Status,
    book::Book,
    telling::{First, Step},
};

/// Names that users may take.
const NAMES: u8 = 4;

/// The tiers that are sold.
const TIERS: [Tier; 3] = [Tier::Core, Tier::Pro, Tier::Studio];

/// One thing that happens. Users are named by the order in which they came.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    SignUp {
        name: u8,
    },
    Grant {
        user: usize,
        key: u8,
        credits: i64,
    },
    Charge {
        user: usize,
        key: u8,
        run: u8,
    },
    /// The credits of one of the user's charges are given back.
    GiveBack {
        user: usize,
        nth: usize,
    },
    /// Something becomes of the user's plan, and Stripe's two events about it come in this order or in the other.
    Plan {
        user: usize,
        step: Step,
        swapped: bool,
    },
    /// A pack is paid, at once or some days after its checkout.
    Pack {
        user: usize,
        credits: i64,
        at_once: bool,
    },
    /// An earlier event comes again, or another that says the same.
    Retell {
        nth: usize,
        another: bool,
    },
    /// Days go by, and ended entitlements are looked for.
    Pass {
        days: i64,
    },
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    /// A charge, and whether there is a ticket for it.
    Charged {
        version: i64,
        delta: i64,
        replayed: bool,
        ticket: bool,
    },
    /// A grant, or credits given back.
    Booked {
        version: i64,
        delta: i64,
        balance: i64,
    },
    Refused {
        available: i64,
    },
    /// Each webhook was settled, or known before.
    Settled(Vec<bool>),
    Error(&'static str),
}

/// The actions that may happen next.
pub(super) fn next(book: &Book) -> BoxedStrategy<Operation> {
    let sign_up = (0..NAMES).prop_map(|name| Operation::SignUp { name });
    if book.users.is_empty() {
        return sign_up.boxed();
    }
    let users = 0..book.users.len();
    let charge = (users.clone(), 0..12_u8, 0..8_u8).prop_map(|(user, key, run)| Operation::Charge {
        user,
        key,
        run: u8::from(run == 0),
    });
    let grant = (users.clone(), 0..4_u8, 1..3_i64).prop_map(|(user, key, tens)| Operation::Grant {
        user,
        key,
        credits: tens * 10,
    });
    let give_back = (users.clone(), 0..8_usize).prop_map(|(user, nth)| Operation::GiveBack { user, nth });
    let pack = (users, 1..=1000_i64, any::<bool>()).prop_map(|(user, credits, at_once)| Operation::Pack {
        user,
        credits,
        at_once,
    });
    let retell =
        (0..book.told.len().max(1), any::<bool>()).prop_map(|(nth, another)| Operation::Retell { nth, another });
    let plan = (select(steps(book)), any::<bool>()).prop_map(|((user, step), swapped)| Operation::Plan {
        user,
        step,
        swapped,
    });
    let pass = (1..40_i64).prop_map(|days| Operation::Pass { days });
    prop_oneof![1 => sign_up, 8 => charge, 2 => grant, 3 => give_back, 1 => pack, 3 => retell, 8 => plan, 2 => pass]
        .boxed()
}

/// The possible changes of each user's plan.
fn steps(book: &Book) -> Vec<(usize, Step)> {
    let mut steps = Vec::new();
    for (user, account) in book.users.iter().enumerate() {
        let mut add = |step| steps.push((user, step));
        let Some(plan) = account.living() else {
            for tier in TIERS {
                add(Step::Begin { tier, first: First::Active });
                add(Step::Begin { tier, first: First::Incomplete });
            }
            continue;
        };
        add(Step::Renew);
        add(Step::End);
        add(if plan.status == Status::Active { Step::FallDue } else { Step::Recover });
        for tier in TIERS.into_iter().filter(|tier| *tier != plan.tier) {
            add(Step::Change { tier });
        }
    }
    steps
}

/// Returns whether the action may happen, also after earlier steps were removed.
pub(super) fn possible(book: &Book, operation: &Operation) -> bool {
    let there = |user: usize| user < book.users.len();
    match *operation {
        Operation::SignUp { .. } | Operation::Pass { .. } => true,
        Operation::Grant { user, .. }
        | Operation::Charge { user, .. }
        | Operation::GiveBack { user, .. }
        | Operation::Pack { user, .. } => there(user),
        Operation::Retell { nth, .. } => nth < book.told.len(),
        Operation::Plan { user, step, .. } => there(user) && steps(book).contains(&(user, step)),
    }
}
