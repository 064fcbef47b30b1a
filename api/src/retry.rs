//! Retries of database work after a deadlock, a lost connection or a failover.
//!
//! Only work that is identified by a source, an event or an idempotency key may be retried: a failed attempt may have been
//! committed, and then the next attempt finds its result.

use std::time::Duration;

use sea_orm::DbErr;

use crate::{
    clock,
    error::{DatabaseFault, Error, classify},
    ledger,
};

/// Maximum number of attempts.
const ATTEMPTS: u32 = 5;

/// The longest pause before the second attempt; it doubles with each. Pauses are random, so that transactions that
/// collided once do not collide again.
const PAUSE: Duration = Duration::from_millis(40);

/// An error that may be transient.
pub trait Retryable {
    /// Returns true if another attempt may succeed.
    fn is_transient(&self) -> bool;
}

/// Runs `work`, and retries transient failures.
///
/// # Errors
/// That of the last attempt.
pub async fn retry<T, E, F>(mut work: impl FnMut() -> F) -> Result<T, E>
where
    E: Retryable + std::fmt::Display,
    F: Future<Output = Result<T, E>>,
{
    let mut pause = PAUSE;
    for _ in 1..ATTEMPTS {
        match work().await {
            Err(error) if error.is_transient() => tracing::warn!(%error, "database work is retried"),
            done => return done,
        }
        tokio::time::sleep(clock::random_up_to(pause)).await;
        pause *= 2;
    }
    work().await
}

impl Retryable for DbErr {
    fn is_transient(&self) -> bool {
        classify(self) == DatabaseFault::Transient
    }
}

impl Retryable for ledger::Error {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_transient())
    }
}

impl Retryable for Error {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(error) if error.is_transient())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn lost() -> DbErr {
        DbErr::Conn(sea_orm::RuntimeErr::Internal("lost".to_owned()))
    }

    #[tokio::test]
    async fn transient_errors_are_retried_a_limited_number_of_times() {
        let attempts = Cell::new(0);
        let failed: Result<(), _> = retry(async || {
            attempts.set(attempts.get() + 1);
            Err(lost())
        })
        .await;
        assert_eq!((failed.is_err(), attempts.get()), (true, ATTEMPTS));

        attempts.set(0);
        let done = retry(async || {
            attempts.set(attempts.get() + 1);
            if attempts.get() < 3 { Err(lost()) } else { Ok(attempts.get()) }
        })
        .await;
        assert_eq!(done.ok(), Some(3));
    }

    #[tokio::test]
    async fn a_permanent_error_is_returned_at_once() {
        let attempts = Cell::new(0);
        let failed: Result<(), _> = retry(async || {
            attempts.set(attempts.get() + 1);
            Err(DbErr::RecordNotFound("odd".to_owned()))
        })
        .await;
        assert_eq!((failed.is_err(), attempts.get()), (true, 1));
    }
}
