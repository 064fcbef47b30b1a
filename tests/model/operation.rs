//! The actions of the model, and their possible results.

use entity::Tier;
use proptest::{prelude::*, sample::select};

use super::{
    account::Status,
    book::Book,
    delivery::{First, Step},
    hold::{Action, State},
};

/// Names that users may take.
const NAMES: u8 = 4;

/// The tiers that are sold.
const TIERS: [Tier; 3] = [Tier::Core, Tier::Pro, Tier::Studio];

/// An action. Users are numbered in the order of their sign-up.
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
    Reserve {
        user: usize,
        key: u8,
        run: u8,
    },
    /// One of the user's holds is captured, extended or released, open or not.
    Change {
        user: usize,
        nth: usize,
        action: Action,
    },
    /// The time of one of the user's holds is over; if it is due, the queue ends it.
    RunOut {
        user: usize,
        nth: usize,
        due: bool,
    },
    /// One of the user's charges is refunded.
    Refund {
        user: usize,
        nth: usize,
    },
    /// The user's plan changes, and Stripe's events about it arrive in order or reversed.
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
    /// An earlier event arrives again, or another with the same content.
    Redeliver {
        nth: usize,
        another: bool,
    },
    /// Days go by, and ended entitlements are found.
    Pass {
        days: i64,
    },
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    /// A charge; `ticket` is true if it has one.
    Charged {
        version: i64,
        delta: i64,
        replayed: bool,
        ticket: bool,
    },
    /// A reservation: the version of the hold's first entry, and the state now.
    Reserved {
        version: i64,
        credits: i64,
        state: State,
    },
    /// A change of a hold, which may have been made before.
    Changed {
        state: State,
        replayed: bool,
    },
    /// A change of a hold that has ended otherwise.
    Ended(State),
    /// A grant or a refund.
    Posted {
        version: i64,
        delta: i64,
        balance: i64,
    },
    Refused {
        available: i64,
    },
    /// For each webhook: true if it was applied, false if it was known before.
    Received(Vec<bool>),
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
    let reserve = (users.clone(), 0..12_u8, 0..8_u8).prop_map(|(user, key, run)| Operation::Reserve {
        user,
        key,
        run: u8::from(run == 0),
    });
    let action = prop_oneof![
        2 => prop_oneof![Just(None), (0..5_i64).prop_map(Some)].prop_map(Action::Capture),
        1 => Just(Action::Extend),
        1 => Just(Action::Release),
    ];
    let on_hold =
        (users.clone(), 0..8_usize, action).prop_map(|(user, nth, action)| Operation::Change { user, nth, action });
    let run_out =
        (users.clone(), 0..8_usize, any::<bool>()).prop_map(|(user, nth, due)| Operation::RunOut { user, nth, due });
    let grant = (users.clone(), 0..4_u8, 1..3_i64).prop_map(|(user, key, tens)| Operation::Grant {
        user,
        key,
        credits: tens * 10,
    });
    let refund = (users.clone(), 0..8_usize).prop_map(|(user, nth)| Operation::Refund { user, nth });
    let pack = (users, 1..=1000_i64, any::<bool>()).prop_map(|(user, credits, at_once)| Operation::Pack {
        user,
        credits,
        at_once,
    });
    let redeliver = (0..book.delivered.len().max(1), any::<bool>())
        .prop_map(|(nth, another)| Operation::Redeliver { nth, another });
    let plan = (select(steps(book)), any::<bool>()).prop_map(|((user, step), swapped)| Operation::Plan {
        user,
        step,
        swapped,
    });
    let pass = (1..40_i64).prop_map(|days| Operation::Pass { days });
    prop_oneof![
        1 => sign_up,
        6 => charge,
        6 => reserve,
        6 => on_hold,
        2 => run_out,
        2 => grant,
        3 => refund,
        1 => pack,
        3 => redeliver,
        8 => plan,
        2 => pass,
    ]
    .boxed()
}

/// The possible changes of each user's plan.
fn steps(book: &Book) -> Vec<(usize, Step)> {
    let mut steps = Vec::new();
    for (user, account) in book.users.iter().enumerate() {
        let mut add = |step| steps.push((user, step));
        let Some(plan) = account.current() else {
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

/// Returns true if the action is possible, also after earlier steps were removed.
pub(super) fn possible(book: &Book, operation: &Operation) -> bool {
    let exists = |user: usize| user < book.users.len();
    match *operation {
        Operation::SignUp { .. } | Operation::Pass { .. } => true,
        Operation::Grant { user, .. }
        | Operation::Charge { user, .. }
        | Operation::Reserve { user, .. }
        | Operation::Change { user, .. }
        | Operation::RunOut { user, .. }
        | Operation::Refund { user, .. }
        | Operation::Pack { user, .. } => exists(user),
        Operation::Redeliver { nth, .. } => nth < book.delivered.len(),
        Operation::Plan { user, step, .. } => exists(user) && steps(book).contains(&(user, step)),
    }
}
