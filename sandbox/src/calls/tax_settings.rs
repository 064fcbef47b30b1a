//! Calls on the settings of Stripe Tax (docs.stripe.com/api/tax/settings).

use crate::{api::call::Call, resources::tax, store::problem::Answer};

/// `GET /v1/tax/settings`.
pub(crate) fn retrieve(call: &mut Call<'_>) -> Answer {
    call.params.finish()?;
    Ok(tax::settings(call.work.state.tax))
}
