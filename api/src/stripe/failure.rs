//! Failures of a call, by what the caller may conclude from them.

use super::{object::Unreadable, refusal::Refusal};

/// The reason why a call has no answer. None of the displayed texts repeats what we sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Stripe refused the call: final, and nothing happened.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The outcome is unknown: the effect may have happened. Make the same call with the same idempotency key, or look.
    #[error("the outcome of the call to Stripe is unknown: {message}")]
    Unknown {
        /// The last error.
        message: String,
    },
    /// The idempotency key is spent: Stripe failed and repeats that answer as long as it keeps the key, or keeps it for
    /// another call. The effect may have happened; only another key brings another answer.
    #[error(
        "Stripe failed with status {status}{}",
        code.as_deref().map(|code| format!(", code {code}")).unwrap_or_default()
    )]
    Broken {
        /// The HTTP status: 5xx, or 400 for a key of another call.
        status: u16,
        /// Stripe's code for the error.
        code: Option<String>,
    },
    /// No attempt got as far as a connection: this call had no effect.
    #[error("Stripe cannot be reached: {message}")]
    Unreachable {
        /// The last error.
        message: String,
    },
    /// The reply came but cannot be read: the effect has happened.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The settings or the idempotency key cannot be used; no call was made.
    #[error("unusable settings for Stripe: {0}")]
    Settings(String),
}

impl Failure {
    /// The kind of failure in one word.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Unknown { .. } => "unknown",
            Self::Broken { .. } => "broken",
            Self::Unreachable { .. } => "unreachable",
            Self::Unreadable(_) => "unreadable",
            Self::Settings(_) => "settings",
        }
    }

    /// A failure that leaves the outcome unknown.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self::Unknown { message: message.into() }
    }

    /// True where the object that the call names does not exist.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(Refusal { status: 404, .. }))
    }
}
