//! The amount that was credited for a pack: its invoice may have credit notes.

use crate::{
    error::Error,
    stripe::{Invoice, Session, Stripe},
    sync::{
        context::{ApplyError, Context, Outcome},
        payment,
    },
};

/// The amount that was credited for a pack.
pub(super) struct PackCredit {
    pub(super) customer: Option<String>,
    /// The checkout that sold the pack, unless nothing was credited.
    session: Option<Box<Session>>,
    /// The payment, `pi_...`.
    payment: String,
    /// The invoice, `in_...`.
    invoice: String,
    credited: i64,
}

impl PackCredit {
    /// Reads what was credited for the invoice of a pack. `None` where nothing was paid.
    pub(super) async fn read(stripe: &Stripe, id: &str, invoice: Invoice) -> Result<Option<Self>, Error> {
        let Some(payment) = invoice.payment_intents.into_iter().next() else { return Ok(None) };
        let (mut session, mut credited) = (None, 0);
        if invoice.credited != 0 {
            credited = stripe.credited(id).await?;
            session = stripe.session_paid_by(&payment).await?.map(Box::new);
        }
        Ok(Some(Self { customer: invoice.customer, session, payment, invoice: id.to_owned(), credited }))
    }

    /// Writes it, and the purchase before it, whose event may still be on its way.
    pub(super) async fn apply(&self, context: &Context<'_>, fence: i64) -> Result<Outcome, ApplyError> {
        if let Some(session) = &self.session {
            payment::apply(context, (**session).clone(), false).await?;
        }
        payment::apply_credit(context, &self.payment, &self.invoice, self.credited, fence).await
    }
}
