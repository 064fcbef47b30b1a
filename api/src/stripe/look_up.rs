//! Looks for the effect of an earlier call, and for the purchase behind a payment. Lists show a write at once; Stripe's
//! search may lag behind by more than a minute. Stripe documentation: "Search".

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Failure, InvoicePayment, Session, Stripe, create::OPERATION, id_of, known_id};

/// The state of a customer at Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerState {
    /// The customer exists.
    Exists,
    /// The customer was deleted.
    Deleted,
    /// No such customer exists under this key: it belongs to another account or mode.
    Unknown,
}

impl Stripe {
    /// Looks a customer up. Stripe keeps deleted customers permanently.
    ///
    /// # Errors
    /// [`Failure`], but none where the customer does not exist.
    pub async fn customer_state(&self, id: &str) -> Result<CustomerState, Failure> {
        let found = self.find("retrieve customer", &format!("/customers/{}", known_id(id)?), &json!({})).await?;
        Ok(match found {
            Some(customer) if customer["deleted"] == true => CustomerState::Deleted,
            Some(_) => CustomerState::Exists,
            None => CustomerState::Unknown,
        })
    }

    /// The customer that the call with this idempotency key created, among those created in a span of time, both ends
    /// included.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::Unknown`] also where there are too many customers to look through.
    pub async fn customer_made_by(
        &self,
        key: &str,
        created: RangeInclusive<DateTime<Utc>>,
    ) -> Result<Option<String>, Failure> {
        let customers = self.list_all("list customers", "/customers", &json!({ "created": bounds(&created) })).await?;
        Ok(customers.iter().find(|customer| customer["metadata"][OPERATION] == key).and_then(id_of))
    }

    /// The Checkout Sessions of a customer that were created in a span of time, both ends included, newest first.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::Unknown`] also where there are too many of them.
    pub async fn sessions(
        &self,
        customer: &str,
        created: RangeInclusive<DateTime<Utc>>,
    ) -> Result<Vec<Session>, Failure> {
        let query = json!({ "customer": known_id(customer)?, "created": bounds(&created) });
        let sessions = self.list_all("list sessions", "/checkout/sessions", &query).await?;
        Ok(sessions.iter().map(Session::from_value).collect::<Result<_, _>>()?)
    }

    /// The paid invoice that a payment intent has paid, if it has paid one.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn invoice_paid_by(&self, payment_intent: &str) -> Result<Option<InvoicePayment>, Failure> {
        let payment = json!({ "type": "payment_intent", "payment_intent": known_id(payment_intent)? });
        let query = json!({ "payment": payment, "status": "paid" });
        let listed = self.list("list invoice payments", "/invoice_payments", query, None).await?;
        Ok(listed.objects.first().map(InvoicePayment::from_value).transpose()?)
    }

    /// The Checkout Session that a payment intent has paid, if it has paid one.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn session_paid_by(&self, payment_intent: &str) -> Result<Option<Session>, Failure> {
        let query = json!({ "payment_intent": known_id(payment_intent)? });
        let listed = self.list("list sessions", "/checkout/sessions", query, None).await?;
        Ok(listed.objects.first().map(Session::from_value).transpose()?)
    }
}

pub(super) fn bounds(created: &RangeInclusive<DateTime<Utc>>) -> Value {
    json!({ "gte": created.start().timestamp(), "lte": created.end().timestamp() })
}
