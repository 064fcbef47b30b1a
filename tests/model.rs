//! The gateway agrees with a model: random sequences of actions of users, operators and Stripe are applied to a small model
//! in Rust, to SQLite and to PostgreSQL, and all three respond alike after every step.

mod account;
mod book;
mod delivery;
mod hold;
mod machine;
mod operation;
mod period;

use proptest::test_runner::{Config, RngSeed, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use self::{book::Book, machine::Machine};
use crate::harness::rng::{Seed, lasting, lengthened};

/// Number of tested sequences.
const CASES: u32 = 8;

/// Number of tested sequences for each second of a lengthened run.
const CASES_A_SECOND: u32 = 2;

/// Steps of a sequence.
const STEPS: std::ops::Range<usize> = 1..50;

#[test]
fn a_model_and_both_databases_answer_alike() {
    let seed = Seed::of("model");
    let seconds = u32::try_from(lasting(0).as_secs()).unwrap_or(u32::MAX);
    let cases = if lengthened() { seconds.saturating_mul(CASES_A_SECOND).max(1) } else { CASES };
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed.0),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let sequences = Book::sequential_strategy(STEPS);
    let outcome = TestRunner::new(config.clone()).run(&sequences, |(book, operations, seen)| {
        Machine::test_sequential(config.clone(), book, operations, seen);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{seed:?}: {error}"));
}
