//! How a call can fail, by what the caller may conclude from it.

use stripe::StripeError;
use stripe_shared::ApiErrorsType;

use super::object::Unreadable;

/// Why a call has no answer. None of the displayed texts repeats what we sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Stripe understood and said no: final, and nothing happened.
    #[error("Stripe refused the call with status {status}, code {}", code.as_deref().unwrap_or("none"))]
    Refused {
        /// The HTTP status, 4xx.
        status: u16,
        /// Stripe's code for the error. Stripe documentation: "Error codes".
        code: Option<String>,
        /// Why the issuer declined a card. Stripe documentation: "Decline codes".
        decline_code: Option<String>,
        /// Stripe's explanation. It may repeat what we sent, an email address for instance: not for the log.
        message: String,
    },
    /// Nobody knows: the effect may have happened. Make the same call with the same idempotency key, or look.
    #[error("the outcome of the call to Stripe is unknown: {message}")]
    Unknown {
        /// What went wrong last.
        message: String,
    },
    /// The key is spoilt: Stripe failed and repeats that answer as long as it keeps the key, or keeps it for another call.
    /// What the call was about may have been made; only another key brings another answer.
    #[error("Stripe failed with status {status}, code {}", code.as_deref().unwrap_or("none"))]
    Broken {
        /// The HTTP status: 5xx, or 400 for a key of another call.
        status: u16,
        /// Stripe's code for the error.
        code: Option<String>,
    },
    /// No attempt got as far as a connection: this call had no effect.
    #[error("Stripe cannot be reached: {message}")]
    Unreachable {
        /// What went wrong last.
        message: String,
    },
    /// The settings or the idempotency key cannot be used at all; no call was made.
    #[error("unusable settings for Stripe: {0}")]
    Settings(String),
}

impl Failure {
    /// The kind of failure in one word.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Unknown { .. } => "unknown",
            Self::Broken { .. } => "broken",
            Self::Unreachable { .. } => "unreachable",
            Self::Settings(_) => "settings",
        }
    }

    fn unknown(message: impl Into<String>) -> Self {
        Self::Unknown { message: message.into() }
    }
}

/// A reply that came but cannot be read: what it was about has happened.
impl From<Unreadable> for Failure {
    fn from(error: Unreadable) -> Self {
        Self::unknown(error.to_string())
    }
}

/// One attempt that failed.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) failure: Failure,
    /// Whether another attempt may do better.
    pub(super) again: bool,
}

/// How hyper-util words a failure to connect, TLS included. It is the only trace of the cause that async-stripe leaves,
/// and a test below holds it to that. Were it worded otherwise, the failure would count as unknown, which is safe.
const NOT_CONNECTED: &str = "client error (Connect)";

/// How async-stripe words an error status whose body is not Stripe's, such as a proxy's page.
const FOREIGN_ERROR: &str = "error deserializing Stripe error";

impl From<StripeError> for Attempt {
    fn from(error: StripeError) -> Self {
        match error {
            StripeError::Stripe(error, status) => refusal(&error, status),
            StripeError::Timeout => Self { failure: Failure::unknown("timed out"), again: true },
            StripeError::ClientError(cause) if cause == NOT_CONNECTED => {
                Self { failure: Failure::Unreachable { message: cause }, again: true }
            }
            StripeError::ClientError(cause) => Self { failure: Failure::unknown(cause), again: true },
            // A success whose reply cannot be read stays so however often it is asked for.
            StripeError::JSONDeserialize(cause) => {
                Self { again: cause == FOREIGN_ERROR, failure: Failure::unknown(cause) }
            }
            StripeError::ConfigError(cause) => Self { failure: Failure::Settings(cause), again: false },
        }
    }
}

/// What an error of Stripe's own means. 409, 424, 429 and 5xx pass. Stripe documentation: "Advanced error handling".
fn refusal(error: &stripe::ApiErrors, status: u16) -> Attempt {
    let code = error.code.as_ref().map(ToString::to_string);
    if error.type_ == ApiErrorsType::IdempotencyError && status == 400 {
        return Attempt { failure: Failure::Broken { status, code }, again: false };
    }
    if status >= 500 {
        return Attempt { failure: Failure::Broken { status, code }, again: true };
    }
    if matches!(status, 409 | 424 | 429) || status < 400 {
        let code = code.as_deref().unwrap_or("none");
        return Attempt { failure: Failure::unknown(format!("status {status}, code {code}")), again: true };
    }
    let failure = Failure::Refused {
        status,
        code,
        decline_code: error.decline_code.clone(),
        message: error.message.clone().unwrap_or_default(),
    };
    Attempt { failure, again: false }
}
