//! Charging the card of a top-up, as a durable operation of several calls. Each has a key of its own, which follows from that of
//! the operation, so that a repetition changes nothing. Before a top-up counts as failed, its invoice is made unpayable. The calls
//! before the payment may have taken hours, if Stripe could not be reached: what is not wanted any longer then is not paid.

use entity::operation::Kind;

use super::decision::is_wanted;
use crate::{
    billing::operation::{Call, Operation},
    stripe::{Collection, Failure, Invoice, NewTopUp, Refusal, TopUpInvoice},
    sync::{Fact, TopUpOutcome, TopUpReport},
};

impl Operation for NewTopUp {
    const KIND: Kind = Kind::TopUp;

    type Reply = TopUpReport;

    async fn call(&self, call: &Call<'_>) -> Result<Option<TopUpReport>, Failure> {
        let stripe = call.stripe;
        let id = match stripe.create_top_up(&call.key_of("invoice"), call.key(), self).await {
            Err(Failure::Refused(refusal)) if refusal.is_about_payment_method() => {
                return Ok(Some(report(self, None, TopUpOutcome::NoCard)));
            }
            created => created?,
        };
        stripe.add_top_up_item(&call.key_of("item"), &id, self).await?;
        let due = stripe.finalize_invoice(&call.key_of("finalize"), &id).await?;
        if due > self.amount {
            tracing::error!(top_up = self.top_up, due, amount = self.amount, "the invoice of a top-up costs too much");
            stripe.void_invoice(&call.key_of("void"), &id).await?;
            return Ok(Some(report(self, None, TopUpOutcome::Refused)));
        }
        let is_wanted = is_wanted(call.app, self).await.map_err(|error| Failure::unknown(error.to_string()))?;
        if !is_wanted && let Some(withdrawn) = withdraw(self, call, &id).await? {
            return Ok(Some(withdrawn));
        }
        let refusal = match stripe.pay_invoice(&call.key_of("pay"), &id).await {
            Err(Failure::Refused(refusal)) if !matches!(refusal.status, 401 | 403) => Some(refusal),
            paid => paid.map(|()| None)?,
        };
        conclude(self, call, &id, refusal.as_ref()).await.map(Some)
    }

    async fn look_up(&self, call: &Call<'_>) -> Result<Option<TopUpReport>, Failure> {
        let stripe = call.stripe;
        let found = stripe.top_up_made_by(&self.customer, call.key(), call.created_at()).await?;
        let Some(TopUpInvoice { invoice, collection }) = found else { return Ok(None) };
        let outcome = match collection {
            // Nothing is charged for a draft that is not finalized, and only this operation would.
            Collection::Draft => return Ok(None),
            Collection::Paid => TopUpOutcome::Paid,
            Collection::Processing => TopUpOutcome::Processing,
            Collection::ActionRequired => TopUpOutcome::ActionRequired,
            Collection::Void => TopUpOutcome::Abandoned,
            Collection::Open | Collection::Declined(_) => {
                let id = invoice.id.as_deref().unwrap_or_default();
                make_unpayable(call, &call.key_of("void-late"), id).await?;
                if let Collection::Declined(code) = collection {
                    TopUpOutcome::Declined(code)
                } else {
                    TopUpOutcome::Abandoned
                }
            }
        };
        Ok(Some(report(self, Some(invoice), outcome)))
    }

    fn object(report: &TopUpReport) -> &str {
        report.invoice.as_ref().and_then(|invoice| invoice.id.as_deref()).unwrap_or_default()
    }

    fn facts(report: &TopUpReport, _: i64) -> Vec<Fact> {
        vec![Fact::TopUp(Box::new(report.clone()))]
    }
}

fn report(new: &NewTopUp, invoice: Option<Invoice>, outcome: TopUpOutcome) -> TopUpReport {
    TopUpReport { user_id: new.user_id, top_up: new.top_up, invoice, outcome }
}

/// Ends a charge that is not wanted any longer. `None` if its payment succeeded or is under way.
async fn withdraw(new: &NewTopUp, call: &Call<'_>, id: &str) -> Result<Option<TopUpReport>, Failure> {
    let Some(TopUpInvoice { invoice, collection }) = call.stripe.top_up_invoice(id).await? else { return Ok(None) };
    let outcome = match collection {
        Collection::Open => TopUpOutcome::Abandoned,
        Collection::Declined(code) => TopUpOutcome::Declined(code),
        // An earlier attempt has voided it.
        Collection::Void => return Ok(Some(report(new, Some(invoice), TopUpOutcome::Abandoned))),
        _ => return Ok(None),
    };
    make_unpayable(call, &call.key_of("void"), id).await?;
    Ok(Some(report(new, Some(invoice), outcome)))
}

/// Reads the outcome of the payment. An invoice whose payment was declined is made unpayable first.
async fn conclude(
    new: &NewTopUp,
    call: &Call<'_>,
    id: &str,
    refusal: Option<&Refusal>,
) -> Result<TopUpReport, Failure> {
    let found = call.stripe.top_up_invoice(id).await?;
    let found = found.ok_or_else(|| Failure::unknown("the invoice of a top-up does not exist"))?;
    let code = refusal.and_then(Refusal::decline);
    let outcome = match (&found.collection, refusal) {
        (Collection::Paid, _) => TopUpOutcome::Paid,
        (Collection::Processing, _) => TopUpOutcome::Processing,
        (Collection::ActionRequired, _) => TopUpOutcome::ActionRequired,
        // An earlier attempt has voided it.
        (Collection::Void, _) => TopUpOutcome::Declined(code),
        (Collection::Declined(known), _) => {
            make_unpayable(call, &call.key_of("void"), id).await?;
            TopUpOutcome::Declined(code.or_else(|| known.clone()))
        }
        (Collection::Open, Some(refusal)) => {
            make_unpayable(call, &call.key_of("void"), id).await?;
            if refusal.is_about_payment_method() { TopUpOutcome::NoCard } else { TopUpOutcome::Declined(code) }
        }
        (Collection::Open | Collection::Draft, _) => {
            return Err(Failure::unknown("the invoice of a top-up was not attempted"));
        }
    };
    Ok(report(new, Some(found.invoice), outcome))
}

/// Voids an invoice. One that cannot be voided was paid meanwhile, or its payment is processing: the next attempt sees that.
async fn make_unpayable(call: &Call<'_>, key: &str, id: &str) -> Result<(), Failure> {
    match call.stripe.void_invoice(key, id).await {
        Err(Failure::Refused(refusal)) if !matches!(refusal.status, 401 | 403) => {
            Err(Failure::unknown(format!("the invoice of a top-up could not be voided: {refusal}")))
        }
        voided => voided,
    }
}
