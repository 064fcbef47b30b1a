//! The customer portal.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::context::{RequestContext, in_input};
use crate::{
    billing::portal::{self, PortalPart},
    error::Error,
};

/// The mutation of the customer portal.
#[derive(Default)]
pub(super) struct PortalMutation;

#[Object]
impl PortalMutation {
    /// Opens Stripe's customer portal for the viewer: payment methods, invoices and cancellation. Use `changePlan` to change
    /// plans.
    async fn open_billing_portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to redirect afterwards.")] input: OpenBillingPortalInput,
    ) -> Result<BillingPortal, Error> {
        let part = input.flow.map_or(PortalPart::Home, PortalPart::from);
        let user_id = ctx.viewer_at_stripe()?.user_id;
        let url = portal::open(ctx.app()?, user_id, input.return_url, part).await.map_err(in_input)?;
        Ok(BillingPortal { url })
    }
}

/// A single step in the portal.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(super) enum BillingPortalFlow {
    /// Changes the payment method, and returns to `returnUrl`.
    UpdatePaymentMethod,
}

impl From<BillingPortalFlow> for PortalPart {
    fn from(flow: BillingPortalFlow) -> Self {
        match flow {
            BillingPortalFlow::UpdatePaymentMethod => Self::PaymentMethod,
        }
    }
}

/// An open billing portal. Redirect the user to `url`.
#[derive(SimpleObject)]
pub(super) struct BillingPortal {
    /// The URL of the portal, valid for this user and for a few minutes.
    url: String,
}

/// The input of `openBillingPortal`.
#[derive(InputObject)]
pub(super) struct OpenBillingPortalInput {
    /// Where to redirect afterwards: an https URL, or http on loopback.
    return_url: String,
    /// The step to open; without it, the whole portal.
    flow: Option<BillingPortalFlow>,
}
