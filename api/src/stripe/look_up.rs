//! Looking for what an earlier call may have made. Lists show at once what was written; Stripe's search may lag behind by a
//! minute and more. Stripe documentation: "Search".

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use stripe::StripeRequest;
use stripe_checkout::checkout_session::ListCheckoutSession;
use stripe_core::customer::{ListCustomer, RetrieveCustomer, RetrieveCustomerReturned};
use stripe_types::{RangeBoundsTs, RangeQueryTs};

use super::{Failure, Session, Stripe, known_id, order::OPERATION};

/// As many as Stripe puts on one page.
const PAGE: i64 = 100;

/// How many pages are looked through.
const MAX_PAGES: usize = 100;

impl Stripe {
    /// Whether a customer was deleted: Stripe remembers that for good. One that it never knew was not: our key may be that of
    /// another account.
    ///
    /// # Errors
    /// [`Failure`], but none where there is no such customer.
    pub async fn customer_is_deleted(&self, id: &str) -> Result<bool, Failure> {
        let request = RetrieveCustomer::new(known_id(id)?);
        let call = |strategy| request.customize().request_strategy(strategy).send(&self.client);
        match self.read("retrieve customer", id, call).await {
            Ok(found) => Ok(matches!(found, RetrieveCustomerReturned::DeletedCustomer(_))),
            Err(Failure::Refused { status: 404, .. }) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// The customer that the call with this idempotency key made, among those created in a span of time, both ends
    /// included.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::Unknown`] also where there are too many customers to look through.
    pub async fn customer_made_by(
        &self,
        key: &str,
        created: RangeInclusive<DateTime<Utc>>,
    ) -> Result<Option<String>, Failure> {
        let mut request = ListCustomer::new().created(bounds(&created)).limit(PAGE);
        for _ in 0..MAX_PAGES {
            let call = |strategy| request.customize().request_strategy(strategy).send(&self.client);
            let page = self.read("list customers", key, call).await?;
            let made = |metadata: &std::collections::HashMap<String, String>| {
                metadata.get(OPERATION).is_some_and(|operation| operation == key)
            };
            if let Some(found) = page.data.iter().find(|customer| customer.metadata.as_ref().is_some_and(made)) {
                return Ok(Some(found.id.to_string()));
            }
            match page.data.last() {
                Some(last) if page.has_more => request = request.starting_after(last.id.as_str()),
                _ => return Ok(None),
            }
        }
        Err(too_many("customers"))
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
        let customer = known_id(customer)?;
        let mut request = ListCheckoutSession::new().customer(customer).created(bounds(&created)).limit(PAGE);
        let mut sessions = Vec::new();
        for _ in 0..MAX_PAGES {
            let call = |strategy| request.customize().request_strategy(strategy).send(&self.client);
            let page = self.read("list sessions", customer, call).await?;
            let last = page.data.last().map(|session| session.id.to_string());
            for session in page.data {
                sessions.push(session.try_into()?);
            }
            match last {
                Some(last) if page.has_more => request = request.starting_after(last),
                _ => return Ok(sessions),
            }
        }
        Err(too_many("sessions"))
    }
}

fn bounds(created: &RangeInclusive<DateTime<Utc>>) -> RangeQueryTs {
    RangeQueryTs::Bounds(RangeBoundsTs {
        gte: Some(created.start().timestamp()),
        lte: Some(created.end().timestamp()),
        ..RangeBoundsTs::default()
    })
}

fn too_many(what: &str) -> Failure {
    Failure::Unknown { message: format!("there are too many {what} to look through") }
}
