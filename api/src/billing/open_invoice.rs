//! Voids the open invoices of a plan that has ended. Stripe keeps them open, and a payment would buy nothing: the plan does not
//! come back with it.

use chrono::TimeDelta;
use entity::work::Kind;

use crate::{
    app::App,
    clock,
    error::Error,
    stripe::{Cause, Failure, Invoice},
    work::{self, Next},
};

/// The pause before an invoice that Stripe refused to void is tried again. A bank debit of it may be processing, which takes
/// days; once it has failed, the invoice can be voided.
const PAUSE: TimeDelta = TimeDelta::hours(6);

/// The time after which an invoice that Stripe refuses to void is left to the operator.
const PATIENCE: TimeDelta = TimeDelta::days(30);

/// Voids all open invoices of a subscription that has ended, as far as they bill a plan. An invoice is void after it, however
/// often it is voided, so each attempt has a key of its own.
///
/// # Errors
/// Those of Stripe and of the database: it is retried.
pub async fn void_all(app: &App, subscription: &str) -> Result<Next, Error> {
    let payments = app.payments()?;
    let stripe = payments.stripe.in_background();
    let is_of_plan = |price: &String| payments.prices.tier(price).is_some();
    let bills_a_plan =
        |invoice: &Invoice| invoice.lines.data.iter().filter_map(|line| line.price.as_ref()).any(is_of_plan);
    let mut is_refused = false;
    for invoice in stripe.open_invoices(subscription).await? {
        let Some(id) = invoice.id.as_deref().filter(|_| bills_a_plan(&invoice)) else { continue };
        match stripe.void_invoice(&clock::random_id(), id).await {
            Ok(()) => tracing::info!(subscription, invoice = id, "an open invoice of an ended plan was voided"),
            Err(Failure::Refused(refusal)) if refusal.cause() != Cause::Access => {
                tracing::warn!(subscription, invoice = id, %refusal, "an open invoice of an ended plan was not voided");
                is_refused = true;
            }
            Err(failure) => return Err(failure.into()),
        }
    }
    if !is_refused {
        return Ok(Next::Done);
    }
    let now = app.clock.wall();
    let requested = work::requested_at(app.database.read(), Kind::OpenInvoice, subscription).await?;
    if requested.is_some_and(|requested| requested + PATIENCE < now) {
        tracing::error!(subscription, "the open invoices of an ended plan are left to the operator");
        return Ok(Next::Done);
    }
    Ok(Next::At(now + PAUSE))
}
