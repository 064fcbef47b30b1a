//! The only reader of the clock, and the only source of randomness.
//!
//! There are two times. Business time decides periods and entitlement; in development and in tests it follows the
//! sandbox, which can advance it by months. Wall time decides tokens, tickets, holds, signatures, limits and retries: clients and
//! the export service compare these with their own clocks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// The clock of both times.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Seconds by which business time is ahead of wall time.
    offset: Arc<AtomicI64>,
}

impl Clock {
    /// A clock whose business time is `offset` seconds ahead of wall time, also after `offset` changes.
    #[must_use]
    pub const fn following(offset: Arc<AtomicI64>) -> Self {
        Self { offset }
    }

    /// Wall time, in the microseconds that both databases can store.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn wall(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }

    /// Business time, in the microseconds that both databases can store.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.wall() + TimeDelta::seconds(self.offset.load(Ordering::Relaxed))
    }
}

/// A random time up to `most`.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn random_up_to(most: Duration) -> Duration {
    most.mul_f64(rand::random::<f64>())
}

/// 128 random bits as 32 hexadecimal digits: an idempotency key, a request id.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn random_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// 256 random bits: a key that signs.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub fn random_key() -> [u8; 32] {
    rand::random()
}
