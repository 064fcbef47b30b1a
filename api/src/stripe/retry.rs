//! Retries of one call: the same request under the same idempotency key, until there is an answer.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use tokio::time::Instant;

use super::failure::Failure;
use crate::telemetry;

/// The pause before the second attempt; it doubles from attempt to attempt. Stripe's own libraries begin with the same.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause between two attempts. Where Stripe's `Retry-After` is longer, the call fails at once instead of
/// keeping its user waiting.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// One attempt that failed.
#[derive(Debug)]
pub(super) struct Attempt {
    failure: Box<Failure>,
    /// True where another attempt may succeed.
    again: bool,
    /// The wait that Stripe requests before the next one.
    retry_after: Option<Duration>,
}

impl Attempt {
    /// A failure that another attempt cannot change.
    pub(super) fn last(failure: Failure) -> Self {
        Self { failure: Box::new(failure), again: false, retry_after: None }
    }

    /// A failure that may be transient.
    pub(super) fn again(failure: Failure) -> Self {
        Self { failure: Box::new(failure), again: true, retry_after: None }
    }

    /// The wait that Stripe requests of everybody.
    pub(super) const fn wait(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The same failure, with the wait that Stripe requests.
    pub(super) fn after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }
}

/// The number and the pace of the attempts of a call.
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

    /// Makes attempts until there is a reply, a final refusal, or no attempt left. `seed` spreads the pauses of calls that
    /// fail together, as a random number would.
    pub(super) async fn run<T, F>(&self, name: &'static str, seed: &str, call: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Attempt>>,
    {
        let (mut reached, mut unsure) = (false, false);
        let mut number = 1;
        loop {
            let started = Instant::now();
            let attempt = match call().await {
                Ok(answer) => {
                    telemetry::stripe_call(name, "ok", started.elapsed());
                    return Ok(answer);
                }
                Err(attempt) => attempt,
            };
            let elapsed = started.elapsed();
            telemetry::stripe_call(name, attempt.failure.word(), elapsed);
            let may_repeat = attempt.again && number < self.attempts;
            let pause = if may_repeat { self.pause(seed, number, attempt.retry_after) } else { None };
            let again = pause.is_some();
            let (failure, elapsed_ms) = (&attempt.failure, telemetry::milliseconds(elapsed));
            tracing::warn!(call = name, attempt = number, again, %failure, elapsed_ms, "a call to Stripe failed");
            reached |= !matches!(*attempt.failure, Failure::Unreachable { .. });
            unsure |= matches!(*attempt.failure, Failure::Unknown { .. });
            let Some(pause) = pause else { return Err(conclude(*attempt.failure, reached, unsure)) };
            tokio::time::sleep(pause).await;
            number += 1;
        }
    }

    /// The pause after attempt `number`: between half and the whole of the doubled time, or the wait that Stripe
    /// requests if that is longer. `None` where that is more than a caller can be kept waiting.
    fn pause(&self, seed: &str, number: u32, retry_after: Option<Duration>) -> Option<Duration> {
        let doublings = number.saturating_sub(1).min(16);
        let whole = (self.first_pause * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
        let mut hasher = DefaultHasher::new();
        (seed, number).hash(&mut hasher);
        let share = u32::from(hasher.finish().to_le_bytes()[0]);
        let pause = (whole / 2 + whole / 2 * share / 256).max(retry_after.unwrap_or_default());
        (pause <= LONGEST_PAUSE).then_some(pause)
    }
}

/// An unreachable or failing Stripe at the last attempt does not undo what an earlier attempt may have done, or may still do.
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
    use crate::stripe::Refusal;

    fn unknown() -> Attempt {
        Attempt::again(Failure::unknown("timed out"))
    }

    fn unreachable() -> Attempt {
        Attempt::again(Failure::Unreachable { message: "nobody there".to_owned() })
    }

    fn refused() -> Attempt {
        Attempt::last(Refusal::not_found("").into())
    }

    /// The outcome of three attempts that end as in `script`, and the number of ends left over.
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
        assert_eq!(outcome(vec![Err(unknown()), Err(refused()), Ok(8)]).await, (Err(*refused().failure), 1));
    }

    #[tokio::test]
    async fn attempts_run_out() {
        let script = vec![Err(unknown()), Err(unknown()), Err(unknown()), Ok(8)];
        assert_eq!(outcome(script).await, (Err(*unknown().failure), 1));
    }

    #[tokio::test]
    async fn nothing_happened_only_if_no_attempt_got_through() {
        let script = vec![Err(unreachable()), Err(unreachable()), Err(unreachable())];
        assert_eq!(outcome(script).await.0, Err(*unreachable().failure));
        let script = vec![Err(unknown()), Err(unreachable()), Err(unreachable())];
        assert_eq!(outcome(script).await.0, Err(Failure::Unknown { message: "nobody there".to_owned() }));
    }

    #[tokio::test]
    async fn a_key_is_spoilt_only_if_every_attempt_was_answered() {
        let broken = || Attempt::again(Failure::Broken { status: 500, code: None });
        let script = vec![Err(broken()), Err(broken()), Err(broken())];
        assert_eq!(outcome(script).await.0, Err(*broken().failure));
        let script = vec![Err(unknown()), Err(broken()), Err(broken())];
        assert!(matches!(outcome(script).await.0, Err(Failure::Unknown { .. })));
    }

    #[tokio::test]
    async fn a_longer_wait_than_a_caller_can_bear_ends_the_attempts() {
        let wait = |seconds| unknown().after(Some(Duration::from_secs(seconds)));
        assert_eq!(outcome(vec![Err(wait(0)), Ok(7)]).await, (Ok(7), 0));
        assert_eq!(outcome(vec![Err(wait(60)), Ok(7)]).await, (Err(*unknown().failure), 1));
    }

    #[test]
    fn the_wait_that_stripe_asks_for_is_kept() {
        let pause = |seconds| Retry::new(3).pause("seed", 1, Some(Duration::from_secs(seconds)));
        assert_eq!(pause(3), Some(Duration::from_secs(3)));
        assert_eq!(pause(0), Retry::new(3).pause("seed", 1, None));
        assert_eq!(pause(9), None);
    }

    #[test]
    fn pauses_double_spread_and_have_a_limit() {
        let retry = Retry::new(5);
        for (number, longest) in [(1, 500), (2, 1000), (3, 2000), (4, 4000), (5, 8000), (6, 8000), (u32::MAX, 8000)] {
            let longest = Duration::from_millis(longest);
            let pause = retry.pause("seed", number, None).unwrap();
            assert!(longest / 2 <= pause && pause <= longest, "{number}: {pause:?}");
        }
        assert_ne!(retry.pause("one", 1, None), retry.pause("another", 1, None));
        assert_eq!(retry.pause("one", 1, None), retry.pause("one", 1, None));
    }
}
