//! What Stripe remembers of some days, listed page by page: for whoever wants to know what is missing here.

use serde_json::{Value, json};

use super::{Failure, Stripe, known_id};

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// Subscriptions that have not ended, whenever they were made.
    Subscription,
    /// Completed checkouts, with their payment.
    Session,
    /// Paid invoices, with their payments.
    Invoice,
    /// Refunds.
    Refund,
    /// Disputes.
    Dispute,
}

/// A part of a list, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The objects.
    pub objects: Vec<Value>,
    /// Behind which object the list goes on, if it does.
    pub next: Option<String>,
}

/// How many types of events one call may ask for. Stripe documentation: "List all events".
const TYPES: usize = 20;

impl Noun {
    const fn call(self) -> (&'static str, &'static str) {
        match self {
            Self::Subscription => ("list subscriptions", "/subscriptions"),
            Self::Session => ("list sessions", "/checkout/sessions"),
            Self::Invoice => ("list invoices", "/invoices"),
            Self::Refund => ("list refunds", "/refunds"),
            Self::Dispute => ("list disputes", "/disputes"),
        }
    }

    fn query(self, since: i64) -> Value {
        let created = json!({ "gte": since });
        match self {
            Self::Subscription => json!({}),
            Self::Session => json!({ "created": created, "status": "complete", "expand": ["data.payment_intent"] }),
            Self::Invoice => json!({ "created": created, "status": "paid", "expand": ["data.payments"] }),
            Self::Refund | Self::Dispute => json!({ "created": created }),
        }
    }

    /// What several are called.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Subscription => "subscriptions",
            Self::Session => "checkouts",
            Self::Invoice => "invoices",
            Self::Refund => "refunds",
            Self::Dispute => "disputes",
        }
    }

    const fn retrieval(self) -> &'static str {
        match self {
            Self::Subscription => "retrieve subscription",
            Self::Session => "retrieve session",
            Self::Invoice => "retrieve invoice",
            Self::Refund => "retrieve refund",
            Self::Dispute => "retrieve dispute",
        }
    }
}

impl Stripe {
    /// Lists what was made since a second of Unix time, from behind the object `after` on.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn listed(&self, noun: Noun, since: i64, after: Option<&str>) -> Result<Listed, Failure> {
        self.list(noun.call(), noun.query(since), after).await
    }

    /// One object, as it would be listed; `None` when there is none.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn looked_up(&self, noun: Noun, id: &str) -> Result<Option<Value>, Failure> {
        let Ok(id) = known_id(id) else { return Ok(None) };
        let query = match noun {
            Noun::Session => json!({ "expand": ["payment_intent"] }),
            Noun::Invoice => json!({ "expand": ["payments"] }),
            _ => json!({}),
        };
        self.find_with((noun.retrieval(), &format!("{}/{id}", noun.call().1)), &query).await
    }
}

/// Types of events in as many as one call may ask for.
pub fn calls<'a>(types: &'a [&'a str]) -> impl Iterator<Item = &'a [&'a str]> {
    types.chunks(TYPES)
}
