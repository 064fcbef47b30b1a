//! The secrets of the gateway under test.

/// The secret that signs the tokens of this run.
pub(crate) const JWT_SECRET: &str = "a secret of the benchmark, which guards nothing at all";

/// The secret that signs the webhooks of this run.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_of_the_benchmark_which_guards_nothing";
