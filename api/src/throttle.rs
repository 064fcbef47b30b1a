//! How often one caller may ask: token buckets by user, by address and by email, each process for itself.
//!
//! A bucket holds what a rate allows at once, and is filled again over the time that the rate names. Buckets are kept in
//! memory; there are never more than [`MAX_BUCKETS`] of a kind, so that a flood from ever new addresses takes no more.

mod address;
mod buckets;
mod rate;

use std::hash::{DefaultHasher, Hash, Hasher};

pub use address::{Address, Proxies};
pub use buckets::MAX_BUCKETS;
pub use rate::Rate;

use self::buckets::Buckets;
use crate::{error::Error, telemetry};

/// The rates, each of which has its variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Operations of one user.
    pub user: Rate,
    /// Operations of one user that call Stripe, which counts the calls of all users together.
    pub stripe: Rate,
    /// Requests from one address, operations on its sockets among them.
    pub address: Rate,
    /// Sign-ups from one address.
    pub sign_up: Rate,
    /// Log-ins from one address.
    pub log_in: Rate,
    /// Log-ins with one email from one address.
    pub log_in_tries: Rate,
    /// Log-ins with one email, wherever they come from. Much wider: whoever uses it up keeps its owner out.
    pub log_in_email: Rate,
}

/// Counts what callers ask for. Without rates it counts nothing.
#[derive(Debug)]
pub struct Throttle(Option<Limits>);

#[derive(Debug)]
struct Limits {
    user: Buckets<i64>,
    stripe: Buckets<i64>,
    address: Buckets<Address>,
    sign_up: Buckets<Address>,
    log_in: Buckets<Address>,
    log_in_tries: Buckets<(u64, Address)>,
    log_in_email: Buckets<u64>,
}

impl Throttle {
    /// Limits by these rates; `None` limits nobody.
    #[must_use]
    pub fn new(rates: Option<Rates>) -> Self {
        Self(rates.map(|rates| Limits {
            user: Buckets::new(rates.user),
            stripe: Buckets::new(rates.stripe),
            address: Buckets::new(rates.address),
            sign_up: Buckets::new(rates.sign_up),
            log_in: Buckets::new(rates.log_in),
            log_in_tries: Buckets::new(rates.log_in_tries),
            log_in_email: Buckets::new(rates.log_in_email),
        }))
    }

    /// A request comes from there, or an operation on a socket.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn address(&self, address: Address) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |limits| refused("rate_address", limits.address.take(&address)))
    }

    /// A user asks for an operation.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn user(&self, user_id: i64) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |limits| refused("rate_user", limits.user.take(&user_id)))
    }

    /// A user asks for something that calls Stripe.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn stripe(&self, user_id: i64) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |limits| refused("rate_stripe", limits.stripe.take(&user_id)))
    }

    /// Somebody wants to sign up.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn sign_up(&self, address: Address) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |limits| refused("rate_sign_up", limits.sign_up.take(&address)))
    }

    /// Somebody wants to log in with an email, right or wrong.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn log_in(&self, address: Address, email: &str) -> Result<(), Error> {
        let Some(limits) = &self.0 else { return Ok(()) };
        refused("rate_log_in", limits.log_in.take(&address))?;
        // An email may be as long as a request; what it hashes to is not, and two that meet share a bucket.
        let mut hasher = DefaultHasher::new();
        email.trim().to_lowercase().hash(&mut hasher);
        let email = hasher.finish();
        // What one address tries too often takes nothing from the others.
        refused("rate_log_in_tries", limits.log_in_tries.take(&(email, address)))?;
        refused("rate_log_in_email", limits.log_in_email.take(&email))
    }
}

fn refused(reason: &'static str, taken: Result<(), std::time::Duration>) -> Result<(), Error> {
    taken.map_err(|wait| {
        telemetry::rejected(reason);
        Error::RateLimited(wait)
    })
}
