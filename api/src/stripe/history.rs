//! Lists of recent objects and events, page by page, for reconciliation.

use serde_json::{Value, json};

use super::{Failure, Stripe, known_id};

/// The kinds of objects that are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// Subscriptions that have not ended, regardless of their creation time.
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
pub struct ListPage {
    /// The objects.
    pub objects: Vec<Value>,
    /// The object after which the list continues, if it does.
    pub next: Option<String>,
}

/// The number of types of events that one call may request. Stripe documentation: "List all events".
const TYPES: usize = 20;

impl Noun {
    const fn path(self) -> &'static str {
        match self {
            Self::Subscription => "/subscriptions",
            Self::Session => "/checkout/sessions",
            Self::Invoice => "/invoices",
            Self::Refund => "/refunds",
            Self::Dispute => "/disputes",
        }
    }

    /// The name of the call that lists it.
    const fn listing(self) -> &'static str {
        match self {
            Self::Subscription => "list subscriptions",
            Self::Session => "list sessions",
            Self::Invoice => "list invoices",
            Self::Refund => "list refunds",
            Self::Dispute => "list disputes",
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

    /// The plural of the name.
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
}

impl Stripe {
    /// Lists objects that were created since a second of Unix time, after the object `after`.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn listed(&self, noun: Noun, since: i64, after: Option<&str>) -> Result<ListPage, Failure> {
        self.list(noun.listing(), noun.path(), noun.query(since), after).await
    }

    /// One session with its payment, as it would be listed; `None` when there is none.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn listed_session(&self, id: &str) -> Result<Option<Value>, Failure> {
        let Ok(id) = known_id(id) else { return Ok(None) };
        let path = format!("/checkout/sessions/{id}");
        self.find("retrieve session", &path, &json!({ "expand": ["payment_intent"] })).await
    }

    /// Lists events of some types since a second of Unix time, newest first, after the event `after`. Stripe keeps
    /// events for 30 days.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn events(&self, types: &[&str], since: i64, after: Option<&str>) -> Result<ListPage, Failure> {
        let query = json!({ "created": { "gte": since }, "types": types });
        self.list("list events", "/events", query, after).await
    }
}

/// The types of events in groups that one call may request.
pub fn calls<'a>(types: &'a [&'a str]) -> impl Iterator<Item = &'a [&'a str]> {
    types.chunks(TYPES)
}
