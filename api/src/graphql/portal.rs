//! The customer portal.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::context::Asked;
use crate::{billing::portal, error::Error};

/// Opens the customer portal.
#[derive(Default)]
pub(super) struct PortalMutation;

#[Object]
impl PortalMutation {
    /// Opens Stripe's customer portal for the viewer: cards, invoices, and the subscription's end. Plans are changed by
    /// `changePlan` only.
    async fn open_billing_portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to go on.")] input: OpenBillingPortalInput,
    ) -> Result<BillingPortal, Error> {
        let url = portal::open(ctx.app()?, ctx.viewer_at_stripe()?.user_id, input.return_url).await?;
        Ok(BillingPortal { url })
    }
}

/// An open portal: send the user to its page.
#[derive(SimpleObject)]
pub(super) struct BillingPortal {
    /// Its page, for this user and for some minutes only.
    url: String,
}

/// The portal to open.
#[derive(InputObject)]
pub(super) struct OpenBillingPortalInput {
    /// Where to go on afterwards: https, or http on loopback.
    return_url: String,
}
