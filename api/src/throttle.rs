//! Rate limits of callers: token buckets by user, by address and by email, each process for itself.
//!
//! A bucket holds what a rate allows at once, and is filled again over the time that the rate names. Buckets are kept in
//! memory; there are never more than [`MAX_BUCKETS`] of a kind, so that a flood from ever new addresses takes no more.

mod address;
mod buckets;
mod pauses;
mod rate;
mod turns;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroU32,
};

pub use address::{Address, Proxies};
pub use buckets::MAX_BUCKETS;
pub use rate::Rate;
pub use turns::Turn;

use self::{buckets::Buckets, pauses::Pauses, turns::Turns};
use crate::{error::Error, telemetry};

/// The rates, each with its variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Operations of one user.
    pub user: Rate,
    /// Operations of one user that call Stripe, which counts the calls of all users together.
    pub stripe: Rate,
    /// Requests from one address, operations on its sockets among them.
    pub address: Rate,
    /// Webhooks from one address, valid or not.
    pub webhook: Rate,
    /// Sign-ups from one address.
    pub sign_up: Rate,
    /// Logins from one address.
    pub log_in: Rate,
    /// Logins with one email, from any address. Much wider, because using it up locks the email's owner out.
    pub log_in_email: Rate,
}

/// Logins and sign-ups that an address may send at once: a class of students behind one router. Each keeps a processor busy
/// for some 250 ms.
const PASSWORD_BURST: u32 = 30;

/// New documents that are remembered for one user, or for all callers without a token together.
const DOCUMENTS: Rate = Rate::per_minute(60);

/// Mails to one email, requested by anybody.
const MAIL_RATE: Rate = Rate::per_hour(5);

/// Limits the rates of callers. Without rates it limits only the documents that are remembered.
#[derive(Debug)]
pub struct Throttle {
    limits: Option<Limits>,
    /// Exists without rates, too, since a limiter in front of the gateway cannot see which documents are new.
    documents: Buckets<Option<i64>>,
    turns: Turns,
}

#[derive(Debug)]
struct Limits {
    user: Buckets<i64>,
    stripe: Buckets<i64>,
    address: Buckets<Address>,
    webhook: Buckets<Address>,
    sign_up: Buckets<Address>,
    log_in: Buckets<Address>,
    log_in_email: Buckets<u64>,
    attempts: Pauses<(u64, Address)>,
    mail: Buckets<u64>,
}

impl Throttle {
    /// Creates limits with these rates.
    #[must_use]
    pub fn new(rates: Option<Rates>) -> Self {
        let limits = rates.map(|rates| Limits {
            user: Buckets::new(rates.user),
            stripe: Buckets::new(rates.stripe),
            address: Buckets::new(rates.address),
            webhook: Buckets::new(rates.webhook),
            sign_up: Buckets::with_burst(rates.sign_up, PASSWORD_BURST),
            log_in: Buckets::with_burst(rates.log_in, PASSWORD_BURST),
            log_in_email: Buckets::new(rates.log_in_email),
            attempts: Pauses::new(),
            mail: Buckets::new(MAIL_RATE),
        });
        Self { turns: Turns::new(limits.is_some()), documents: Buckets::new(DOCUMENTS), limits }
    }

    /// Counts a request from an address, or an operation on one of its sockets.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn address(&self, address: Address) -> Result<(), Error> {
        self.limits.as_ref().map_or(Ok(()), |limits| refused("rate_address", limits.address.take(&address)))
    }

    /// Counts a webhook from an address.
    ///
    /// # Errors
    /// [`Error::RateLimited`]. Stripe sends a webhook again that was refused.
    pub fn webhook(&self, address: Address) -> Result<(), Error> {
        self.limits.as_ref().map_or(Ok(()), |limits| refused("rate_webhook", limits.webhook.take(&address)))
    }

    /// Counts an operation of a user.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn user(&self, user_id: i64) -> Result<(), Error> {
        self.limits.as_ref().map_or(Ok(()), |limits| refused("rate_user", limits.user.take(&user_id)))
    }

    /// Counts an operation of a user that calls Stripe.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn stripe(&self, user_id: i64) -> Result<(), Error> {
        self.limits.as_ref().map_or(Ok(()), |limits| refused("rate_stripe", limits.stripe.take(&user_id)))
    }

    /// Decides whether one more new document is remembered for a user, or for callers without a token. It counts as the
    /// number of average documents that have room in its place. Without this limit, anybody could push out the documents that
    /// others use.
    #[must_use]
    pub fn remembers_document(&self, user_id: Option<i64>, places: NonZeroU32) -> bool {
        self.documents.take_some(&user_id, places).is_ok()
    }

    /// Counts a sign-up.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn sign_up(&self, address: Address) -> Result<(), Error> {
        self.limits.as_ref().map_or(Ok(()), |limits| refused("rate_sign_up", limits.sign_up.take(&address)))
    }

    /// Counts a login with an email, right or wrong.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn log_in(&self, address: Address, email: &str) -> Result<(), Error> {
        let Some(limits) = &self.limits else { return Ok(()) };
        refused("rate_log_in", limits.log_in.take(&address))?;
        let email = digest(email);
        // Attempts of an address that has to pause take nothing from the other addresses.
        refused("log_in_pause", limits.attempts.check(&(email, address)))?;
        refused("rate_log_in_email", limits.log_in_email.take(&email))
    }

    /// Counts a request for a mail to an email, known or not. It counts like a sign-up from the address.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn mail(&self, address: Address, email: &str) -> Result<(), Error> {
        let Some(limits) = &self.limits else { return Ok(()) };
        refused("rate_sign_up", limits.sign_up.take(&address))?;
        refused("rate_mail", limits.mail.take(&digest(email)))
    }

    /// Waits for a turn to hash a password. Addresses take turns.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub async fn password_turn(&self, address: Address) -> Result<Turn, Error> {
        refused("password_turn", self.turns.wait(address).await)
    }

    /// Counts the check of a password, as wrong until [`Self::logged_in`].
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn begin_attempt(&self, address: Address, email: &str) -> Result<(), Error> {
        let Some(limits) = &self.limits else { return Ok(()) };
        refused("log_in_pause", limits.attempts.begin((digest(email), address)))
    }

    /// Ends the series of wrong passwords: the password was right.
    pub fn logged_in(&self, address: Address, email: &str) {
        if let Some(limits) = &self.limits {
            limits.attempts.succeeded(&(digest(email), address));
        }
    }
}

/// An email may be as long as a request. Its hash is not, and two emails with the same hash share their limits.
fn digest(email: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    email.trim().to_lowercase().hash(&mut hasher);
    hasher.finish()
}

fn refused<T>(reason: &'static str, taken: Result<T, std::time::Duration>) -> Result<T, Error> {
    taken.map_err(|wait| {
        telemetry::rejected(reason);
        Error::RateLimited(wait)
    })
}
