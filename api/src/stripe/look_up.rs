//! Looking for the effect of an earlier call. Lists show at once what was written; Stripe's search may lag behind by a minute
//! and more. Stripe documentation: "Search".

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use stripe::StripeRequest;
use stripe_checkout::checkout_session::ListCheckoutSession;
use stripe_core::customer::{ListCustomer, RetrieveCustomer};
use stripe_types::{RangeBoundsTs, RangeQueryTs};

use super::{Failure, Session, Stripe, create::OPERATION, id_of, known_id};

/// As many as Stripe puts on one page.
const PAGE: i64 = 100;

/// Pages that are read at most.
const MAX_PAGES: usize = 100;

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
    /// Looks a customer up. Stripe remembers for good which ones were deleted.
    ///
    /// # Errors
    /// [`Failure`], but none where the customer does not exist.
    pub async fn customer_state(&self, id: &str) -> Result<CustomerState, Failure> {
        let request = RetrieveCustomer::new(known_id(id)?);
        match self.read("retrieve customer", request.build()).await {
            Ok(customer) if customer["deleted"] == true => Ok(CustomerState::Deleted),
            Ok(_) => Ok(CustomerState::Exists),
            Err(failure) if failure.is_not_found() => Ok(CustomerState::Unknown),
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
            let page = self.read_page("list customers", request.build()).await?;
            if let Some(found) = page.objects.iter().find(|customer| customer["metadata"][OPERATION] == key) {
                return Ok(id_of(found));
            }
            match page.next {
                Some(last) => request = request.starting_after(last),
                None => return Ok(None),
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
            let page = self.read_page("list sessions", request.build()).await?;
            for session in &page.objects {
                sessions.push(Session::from_value(session)?);
            }
            match page.next {
                Some(last) => request = request.starting_after(last),
                None => return Ok(sessions),
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
    Failure::unknown(format!("there are too many {what} to look through"))
}
