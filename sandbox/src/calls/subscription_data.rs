//! The `subscription_data` of a checkout session: parameters of the subscription that its payment creates.

use crate::{
    api::form::Params,
    store::{
        calendar::DAY_SECONDS,
        order::{BillingMode, Trial},
        problem::Problem,
    },
};

const MAX_TRIAL_DAYS: i64 = 730;

/// Takes `billing_mode`: flexible by default, with discounts included in the amounts of prorations.
pub(crate) fn billing_mode(data: &mut Params) -> Result<BillingMode, Problem> {
    let Some(mut mode) = data.child("billing_mode")? else {
        return Ok(BillingMode::default());
    };
    let kind = mode.required_text("type")?;
    let mut discounts = None;
    if let Some(mut flexible) = mode.child("flexible")? {
        discounts = flexible.text("proration_discounts")?;
        flexible.finish()?;
    }
    mode.finish()?;
    match (kind.as_str(), discounts.as_deref()) {
        ("classic", None) => Ok(BillingMode::Classic),
        ("flexible", None | Some("included")) => Ok(BillingMode::Included),
        ("flexible", Some("itemized")) => Ok(BillingMode::Itemized),
        _ => {
            let message =
                "Invalid billing mode: must be `classic`, or `flexible` with `included` or `itemized` discounts.";
            Err(Problem::invalid_parameter(&mode.name_of("type"), message))
        }
    }
}

/// Takes `trial_period_days` or `trial_end`.
pub(crate) fn trial(data: &mut Params, now: i64) -> Result<Option<Trial>, Problem> {
    let (days, end) = (data.integer("trial_period_days")?, data.integer("trial_end")?);
    let (name, trial) = match (days, end) {
        (None, None) => return Ok(None),
        (Some(days), None) => (data.name_of("trial_period_days"), Trial::Days(days)),
        (_, Some(end)) => (data.name_of("trial_end"), Trial::Until(end)),
    };
    // Stripe requires `trial_end` to be two days ahead, since the page may stay open for one.
    let fits = match trial {
        Trial::Days(days) => (1..=MAX_TRIAL_DAYS).contains(&days),
        Trial::Until(end) => (now + 2 * DAY_SECONDS..=now + MAX_TRIAL_DAYS * DAY_SECONDS).contains(&end),
    };
    if fits && (days.is_none() || end.is_none()) {
        return Ok(Some(trial));
    }
    let message =
        "A trial must last one day (two for `trial_end`) to two years. Pass either `trial_period_days` or `trial_end`.";
    Err(Problem::invalid_parameter(&name, message))
}
