//! Trying a call again. async-stripe either keeps an idempotency key or retries, so this loop goes around it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use tokio::time::Instant;

use super::failure::{Attempt, Failure};
use crate::telemetry;

/// The pause before the second attempt; it doubles from attempt to attempt. Stripe's own libraries begin alike.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// How often a call is tried, and how it is paced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    attempts: u32,
    first_pause: Duration,
}

impl Retry {
    /// At least one attempt is made.
    pub(super) fn new(attempts: u32) -> Self {
        Self { attempts: attempts.max(1), first_pause: FIRST_PAUSE }
    }

    /// Tries until there is an answer, a final refusal, or no attempt left. `seed` spreads the pauses of calls that
    /// fail together, as a random number would.
    pub(super) async fn run<T, E, F>(&self, name: &'static str, seed: &str, call: impl Fn() -> F) -> Result<T, Failure>
    where
        E: Into<Attempt>,
        F: Future<Output = Result<T, E>>,
    {
        let (mut reached, mut unsure) = (false, false);
        let mut number = 1;
        loop {
            let started = Instant::now();
            let attempt: Attempt = match call().await {
                Ok(answer) => {
                    telemetry::stripe_call(name, "ok", started.elapsed());
                    return Ok(answer);
                }
                Err(error) => error.into(),
            };
            telemetry::stripe_call(name, attempt.failure.word(), started.elapsed());
            let again = attempt.again && number < self.attempts;
            tracing::warn!(call = name, attempt = number, again, failure = %attempt.failure, "a call to Stripe failed");
            reached |= !matches!(attempt.failure, Failure::Unreachable { .. });
            unsure |= matches!(attempt.failure, Failure::Unknown { .. });
            if !again {
                return Err(conclude(attempt.failure, reached, unsure));
            }
            tokio::time::sleep(self.pause(seed, number)).await;
            number += 1;
        }
    }

    /// The pause after attempt `number`: between half and the whole of the doubled time.
    fn pause(&self, seed: &str, number: u32) -> Duration {
        let doublings = number.saturating_sub(1).min(16);
        let whole = (self.first_pause * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
        let mut hasher = DefaultHasher::new();
        (seed, number).hash(&mut hasher);
        let share = u32::from(hasher.finish().to_le_bytes()[0]);
        whole / 2 + whole / 2 * share / 256
    }
}

/// That the last attempt found nobody, or a failing Stripe, does not undo what an earlier one may have done, or may still do.
fn conclude(last: Failure, reached: bool, unsure: bool) -> Failure {
    match last {
        Failure::Unreachable { message } if reached => Failure::Unknown { message },
        Failure::Broken { .. } if unsure => Failure::Unknown { message: last.to_string() },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn unknown() -> Attempt {
        Attempt { failure: Failure::Unknown { message: "timed out".to_owned() }, again: true }
    }

    fn unreachable() -> Attempt {
        Attempt { failure: Failure::Unreachable { message: "nobody there".to_owned() }, again: true }
    }

    fn refused() -> Attempt {
        let failure = Failure::Refused { status: 400, code: None, decline_code: None, message: String::new() };
        Attempt { failure, again: false }
    }

    /// What comes of three attempts that end as in `script`, and how many of those ends are left over.
    async fn outcome(script: Vec<Result<u8, Attempt>>) -> (Result<u8, Failure>, usize) {
        let script = RefCell::new(script.into_iter());
        let retry = Retry { attempts: 3, first_pause: Duration::from_millis(1) };
        let outcome = retry.run("test", "seed", async || script.borrow_mut().next().unwrap()).await;
        (outcome, script.into_inner().len())
    }

    #[tokio::test]
    async fn an_answer_ends_the_attempts() {
        assert_eq!(outcome(vec![Err(unknown()), Ok(7), Ok(8)]).await, (Ok(7), 1));
    }

    #[tokio::test]
    async fn a_refusal_ends_the_attempts() {
        assert_eq!(outcome(vec![Err(unknown()), Err(refused()), Ok(8)]).await, (Err(refused().failure), 1));
    }

    #[tokio::test]
    async fn attempts_run_out() {
        let script = vec![Err(unknown()), Err(unknown()), Err(unknown()), Ok(8)];
        assert_eq!(outcome(script).await, (Err(unknown().failure), 1));
    }

    #[tokio::test]
    async fn nothing_happened_only_if_no_attempt_got_through() {
        let script = vec![Err(unreachable()), Err(unreachable()), Err(unreachable())];
        assert_eq!(outcome(script).await.0, Err(unreachable().failure));
        let script = vec![Err(unknown()), Err(unreachable()), Err(unreachable())];
        assert_eq!(outcome(script).await.0, Err(Failure::Unknown { message: "nobody there".to_owned() }));
    }

    #[tokio::test]
    async fn a_key_is_spoilt_only_if_every_attempt_was_answered() {
        let broken = || Attempt { failure: Failure::Broken { status: 500, code: None }, again: true };
        let script = vec![Err(broken()), Err(broken()), Err(broken())];
        assert_eq!(outcome(script).await.0, Err(broken().failure));
        let script = vec![Err(unknown()), Err(broken()), Err(broken())];
        assert!(matches!(outcome(script).await.0, Err(Failure::Unknown { .. })));
    }

    #[test]
    fn pauses_double_spread_and_have_a_limit() {
        let retry = Retry::new(5);
        for (number, longest) in [(1, 500), (2, 1000), (3, 2000), (4, 4000), (5, 8000), (6, 8000), (u32::MAX, 8000)] {
            let longest = Duration::from_millis(longest);
            let pause = retry.pause("seed", number);
            assert!(longest / 2 <= pause && pause <= longest, "{number}: {pause:?}");
        }
        assert_ne!(retry.pause("one", 1), retry.pause("another", 1));
        assert_eq!(retry.pause("one", 1), retry.pause("one", 1));
    }
}
