//! Errors of use cases, by what the caller can do next. Only this module turns errors into codes.

mod rule;

use std::{fmt, time::Duration};

use sea_orm::{DbErr, SqlErr, sqlx};

use crate::{
    ledger,
    stripe::{self, Cause},
};

pub use rule::Rule;

/// The reason for which a use case failed. Outcomes that a page has to handle are results, not errors.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No token where one is needed, or one that is not valid.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// A login with a wrong email or password. The message does not show which of them is wrong.
    #[error("The email or the password is wrong.")]
    WrongCredentials,
    /// The caller's role is not sufficient. The message names the roles that are.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Arguments are not valid.
    #[error("{0}")]
    BadInput(BadInput),
    /// The object does not exist, or belongs to another user.
    #[error("There is no such {0}.")]
    NotFound(&'static str),
    /// Another request of the same user is in progress. Retrying in a moment may succeed.
    #[error("Another request of yours is in progress. Retry in a moment.")]
    Conflict,
    /// Another user has this value, which must be unique.
    #[error("{}", .0.message)]
    AlreadyExists(InputProblem),
    /// The key was already used for another request.
    #[error("This idempotency key was already used for a different request. Use a new key.")]
    KeyReused,
    /// The caller sends too many requests. A retry may succeed after this time.
    #[error("Too many requests. Retry in {} s.", seconds(.0))]
    RateLimited(Duration),
    /// The operation exceeded its time limit. Its calls to Stripe go on.
    #[error("The operation timed out. Retry with the same idempotency key; it will not be applied twice.")]
    TooSlow,
    /// The gateway runs without Stripe.
    #[error("Payments are disabled on this server.")]
    StripeDisabled,
    /// The gateway runs without a mail server.
    #[error("Mail is not configured on this server.")]
    MailDisabled,
    /// Stripe cannot be reached, or its response was lost. A retry is safe.
    #[error("Stripe did not respond. Retry; nothing will be applied twice.")]
    StripeUnavailable,
    /// The user opened too many checkouts. Another one is possible after this time.
    #[error("You opened too many checkouts in the last 24 hours. Retry in {}.", hours(.0))]
    TooManyCheckouts(Duration),
    /// Stripe refused the call permanently. The message says what to do.
    #[error("{}", refusal_message(.0))]
    StripeRefused(stripe::Refusal),
    /// The database cannot be reached, or is too busy. A retry with the same key is safe.
    #[error("The service is busy. Retry; nothing will be applied twice.")]
    Unavailable(#[source] DbErr),
    /// An object at Stripe cannot be read, now or later. The message is for the log only.
    #[error("{0}")]
    Unreadable(String),
    /// An internal error. The message is for the log only.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// The code that clients go by.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated(_) => "UNAUTHENTICATED",
            Self::WrongCredentials => "WRONG_CREDENTIALS",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::BadInput(_) => "BAD_USER_INPUT",
            Self::NotFound(_) => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::AlreadyExists(_) => "ALREADY_EXISTS",
            Self::KeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::RateLimited(_) | Self::TooManyCheckouts(_) => "RATE_LIMITED",
            Self::TooSlow => "TIMEOUT",
            Self::StripeDisabled => "STRIPE_DISABLED",
            Self::MailDisabled => "MAIL_DISABLED",
            Self::StripeUnavailable => "STRIPE_UNAVAILABLE",
            Self::StripeRefused(refusal) => refusal_code(refusal),
            Self::Unavailable(_) => "UNAVAILABLE",
            Self::Unreadable(_) | Self::Internal(_) => "INTERNAL",
        }
    }

    /// The whole seconds after which a retry may succeed, if known.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited(wait) | Self::TooManyCheckouts(wait) => Some(seconds(wait)),
            _ => None,
        }
    }

    /// An invalid request, without a field to name.
    pub fn bad_input(rule: Rule, message: impl Into<String>) -> Self {
        Self::BadInput(BadInput { problems: vec![InputProblem { field: None, rule, message: message.into() }] })
    }

    /// One invalid argument. `field` is its name.
    pub fn bad_field(field: &str, rule: Rule, message: impl Into<String>) -> Self {
        let problem = InputProblem { field: Some(field.to_owned()), rule, message: message.into() };
        Self::BadInput(BadInput { problems: vec![problem] })
    }

    /// Adds the name of the argument that contains the fields: `email` becomes `input.email`.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        let problems = match &mut self {
            Self::BadInput(input) => input.problems.as_mut_slice(),
            Self::AlreadyExists(problem) => std::slice::from_mut(problem),
            _ => &mut [],
        };
        for field in problems.iter_mut().filter_map(|problem| problem.field.as_mut()) {
            *field = format!("{parent}.{field}");
        }
        self
    }
}

/// Combines two checks of one form, so that the problems of both are reported at once. An error of another kind comes first.
///
/// # Errors
/// Those of either check.
pub fn both<A, B>(one: Result<A, Error>, other: Result<B, Error>) -> Result<(A, B), Error> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(Error::BadInput(mut one)), Err(Error::BadInput(other))) => {
            one.problems.extend(other.problems);
            Err(Error::BadInput(one))
        }
        (Err(Error::BadInput(_)) | Ok(_), Err(error)) | (Err(error), _) => Err(error),
    }
}

/// The problems of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadInput {
    /// At least one.
    pub problems: Vec<InputProblem>,
}

/// A problem of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputProblem {
    /// The path of the argument, such as `input.email`. `None` if the problem concerns several.
    pub field: Option<String>,
    /// The rule that is violated.
    pub rule: Rule,
    /// A human-readable message.
    pub message: String,
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            let space = if number == 0 { "" } else { " " };
            write!(f, "{space}{}", problem.message)?;
        }
        Ok(())
    }
}

/// A wait in whole hours, rounded up.
fn hours(wait: &Duration) -> String {
    match seconds(wait).div_ceil(3600) {
        1 => "an hour".to_owned(),
        hours => format!("{hours} hours"),
    }
}

/// The code of a refusal, which depends on what the client can do about it.
fn refusal_code(refusal: &stripe::Refusal) -> &'static str {
    match refusal.cause() {
        Cause::Currency | Cause::Declined | Cause::Email | Cause::PaymentMethod | Cause::Url => "STRIPE_REFUSED",
        Cause::Access | Cause::NoSuchCustomer | Cause::NotFound => "STRIPE_MISCONFIGURED",
        Cause::AlreadyRefunded | Cause::NoUpcomingInvoice | Cause::Other => "INTERNAL",
    }
}

/// The message of a refusal: what happened, and what to do. Stripe's own message may contain ids and addresses, and is left
/// out.
fn refusal_message(refusal: &stripe::Refusal) -> String {
    let sentence = match refusal.cause() {
        Cause::Access => "This server's Stripe account cannot do this. Contact support.",
        Cause::Currency => "You have purchases in another currency. Contact support to switch currencies.",
        Cause::Declined => "The payment was declined. Update your payment method in the billing portal, then retry.",
        Cause::Email => "Stripe does not accept your email address. Contact support to change it.",
        Cause::NoSuchCustomer | Cause::NotFound => {
            "This server's Stripe account does not have your subscription or plan. Contact support."
        }
        Cause::PaymentMethod => {
            "Your payment method does not support immediate payment. Choose a card in the billing portal, then retry."
        }
        Cause::Url => "Stripe does not accept one of the URLs. Use a public https URL.",
        Cause::AlreadyRefunded | Cause::NoUpcomingInvoice | Cause::Other => {
            return refusal.to_string();
        }
    };
    sentence.to_owned()
}

/// A wait in whole seconds, rounded up, so that a retry after it succeeds.
fn seconds(wait: &Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

/// The kind of a database error, by what the caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseFault {
    /// A row with this unique key exists already.
    Duplicate,
    /// The statement can never succeed: its data are invalid, or violate a constraint.
    Rejected,
    /// A retry may succeed: a lost connection, a deadlock, a shutdown.
    Transient,
    /// The statement ran or waited too long. A later retry may succeed, an immediate one hardly.
    Timeout,
    /// An internal error.
    Bug,
}

/// Classifies a database error, by the portable kinds first and by SQLSTATE class after.
#[must_use]
pub fn classify(error: &DbErr) -> DatabaseFault {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => return DatabaseFault::Duplicate,
        Some(_) => return DatabaseFault::Rejected,
        None => {}
    }
    match error {
        DbErr::Conn(_) => DatabaseFault::Transient,
        DbErr::ConnectionAcquire(_) => DatabaseFault::Timeout,
        DbErr::Exec(inner) | DbErr::Query(inner) => match inner {
            sea_orm::RuntimeErr::SqlxError(inner) => classify_driver(inner),
            sea_orm::RuntimeErr::Internal(_) => DatabaseFault::Bug,
        },
        _ => DatabaseFault::Bug,
    }
}

fn classify_driver(error: &sqlx::Error) -> DatabaseFault {
    let sqlx::Error::Database(error) = error else {
        return match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => DatabaseFault::Transient,
            sqlx::Error::PoolTimedOut => DatabaseFault::Timeout,
            _ => DatabaseFault::Bug,
        };
    };
    let code = error.code().unwrap_or_default();
    match code.as_ref() {
        // SQLite's primary codes for busy and locked with their extended forms; PostgreSQL's timeouts of locks and statements.
        "5" | "6" | "261" | "262" | "517" | "773" | "55P03" | "57014" => DatabaseFault::Timeout,
        // PostgreSQL's classes: connection, transaction rollback, resources, lock not available, shutdown.
        code if ["08", "40", "53", "55", "57"].iter().any(|class| code.starts_with(class)) => DatabaseFault::Transient,
        // A server that is read-only for now: a standby, or a primary that is about to become one.
        // The same in SQLite, with its extended forms, and a full disk.
        "25006" | "8" | "264" | "520" | "776" | "1032" | "1288" | "1544" | "13" => DatabaseFault::Transient,
        // PostgreSQL's data exceptions and constraint violations.
        code if code.len() == 5 && (code.starts_with("22") || code.starts_with("23")) => DatabaseFault::Rejected,
        _ => DatabaseFault::Bug,
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match classify(&error) {
            DatabaseFault::Transient | DatabaseFault::Timeout => Self::Unavailable(error),
            _ => Self::Internal(format!("database: {error}")),
        }
    }
}

impl From<ledger::Error> for Error {
    fn from(error: ledger::Error) -> Self {
        match error {
            ledger::Error::SourceReused => Self::KeyReused,
            ledger::Error::UnknownAccount => Self::NotFound("user"),
            ledger::Error::OutOfRange => {
                Self::bad_field("credits", Rule::BALANCE, "A balance cannot exceed 2,147,483,647 credits.")
            }
            ledger::Error::TooManyHolds => {
                let most = ledger::MAX_OPEN_HOLDS;
                let message =
                    format!("You have {most} open reservations. Capture or release some, or wait until they expire.");
                Self::bad_input(Rule::Limit(usize::from(most)), message)
            }
            ledger::Error::Database(error) => error.into(),
        }
    }
}

impl From<stripe::Unreadable> for Error {
    fn from(error: stripe::Unreadable) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<stripe::Failure> for Error {
    fn from(failure: stripe::Failure) -> Self {
        match failure {
            stripe::Failure::Unknown { .. } | stripe::Failure::Broken { .. } | stripe::Failure::Unreachable { .. } => {
                Self::StripeUnavailable
            }
            stripe::Failure::Refused(refusal) => Self::StripeRefused(refusal),
            stripe::Failure::Unreadable(error) => error.into(),
            stripe::Failure::Settings(_) => Self::Internal(failure.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_refusal_of_stripe_has_a_code_and_never_repeats_what_stripe_wrote() {
        let error = |status, code: &str| {
            let message = "cus_secret ada@example.com".to_owned();
            let code = (!code.is_empty()).then(|| code.to_owned());
            Error::from(stripe::Failure::from(stripe::Refusal {
                status,
                code,
                param: None,
                decline_code: None,
                message,
            }))
        };
        for (status, code, expected) in [
            (401, "", "STRIPE_MISCONFIGURED"),
            (403, "", "STRIPE_MISCONFIGURED"),
            (401, "api_key_expired", "STRIPE_MISCONFIGURED"),
            (404, "resource_missing", "STRIPE_MISCONFIGURED"),
            (402, "card_declined", "STRIPE_REFUSED"),
            (402, "authentication_required", "STRIPE_REFUSED"),
            (400, "billing_invalid_mandate", "STRIPE_REFUSED"),
            (400, "email_invalid", "STRIPE_REFUSED"),
            (400, "a_code_of_next_year", "INTERNAL"),
        ] {
            let error = error(status, code);
            assert_eq!(error.code(), expected, "{status} {code}");
            let message = error.to_string();
            assert!(expected == "INTERNAL" || !message.contains("ada@"), "{status} {code}: {message}");
        }
    }

    #[test]
    fn only_an_object_that_cannot_be_read_is_unreadable() {
        let unreadable = stripe::Invoice::from_value(&json!([])).unwrap_err();
        let error = Error::from(stripe::Failure::from(unreadable));
        assert!(matches!(error, Error::Unreadable(_)), "{error:?}");
        assert_eq!(error.code(), "INTERNAL");
        for error in [stripe::Failure::Settings(String::new()).into(), Error::from(DbErr::Custom(String::new()))] {
            assert!(matches!(error, Error::Internal(_)), "{error:?}");
        }
    }
}
