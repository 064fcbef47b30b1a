//! The periods of which prorations are shares.

use std::collections::{HashMap, hash_map::Entry};

use chrono::{DateTime, Utc};

use crate::{
    config::PriceIds,
    error::Error,
    stripe::{Invoice, Period, Stripe, Subscription},
};

/// Reads the whole period of each share that an invoice bills, and its price where the period is unknown. The invoice may
/// be one of a subscription that was read.
pub(super) async fn complete(
    stripe: &Stripe,
    prices: &PriceIds,
    invoice: &mut Invoice,
    known: Option<&Subscription>,
) -> Result<(), Error> {
    let mut read: HashMap<_, _> = known.map(|known| (known.id.clone(), Some(known.clone()))).into_iter().collect();
    for line in invoice.lines.data.iter_mut().filter(|line| line.is_share()) {
        let Some(price) = line.price.as_deref().filter(|price| prices.tier(price).is_some()) else { continue };
        if line.proration
            && let Some(id) = line.subscription.as_ref().or(invoice.subscription.as_ref())
        {
            let subscription = match read.entry(id.clone()) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(found(stripe, id).await?),
            };
            line.whole = subscription.as_ref().and_then(|found| whole(prices, found, line.period.end));
        }
        if line.whole.is_none() && line.unit_amount.is_none() {
            line.unit_amount = stripe.unit_amount(price, &invoice.currency).await?;
        }
    }
    Ok(())
}

async fn found(stripe: &Stripe, id: &str) -> Result<Option<Subscription>, Error> {
    match stripe.subscription(id).await {
        Ok(subscription) => Ok(Some(subscription)),
        Err(failure) if failure.is_not_found() => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

/// The period of our plan that ends at this time: the current one of the subscription, or a month that is over. `None` in a
/// trial. A first period that began late is a share of a month itself, so the longer of the two counts.
fn whole(prices: &PriceIds, subscription: &Subscription, end: DateTime<Utc>) -> Option<Period> {
    if subscription.trial_end.is_some_and(|trial_end| end <= trial_end) {
        return None;
    }
    let plans = subscription.items.iter().filter(|item| prices.tier(&item.price).is_some());
    let current = plans.map(|item| item.period).filter(|period| period.end == end);
    current.chain(subscription.month_until(end)).min_by_key(|period| period.start)
}

#[cfg(test)]
mod tests {
    use entity::Tier;
    use serde_json::json;

    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        format!("{text}T10:00:00Z").parse().unwrap()
    }

    /// The start of the whole period that ends at this time, of a subscription with these items and this anchor.
    fn start(items: &[(&str, &str, &str)], anchor: &str, trial_end: Option<&str>, end: &str) -> Option<DateTime<Utc>> {
        let item = |(price, start, end): &(&str, &str, &str)| {
            json!({
                "id": "si_1", "price": price, "current_period_start": time(start).timestamp(),
                "current_period_end": time(end).timestamp(),
            })
        };
        let subscription = Subscription::from_value(&json!({
            "id": "sub_1", "customer": "cus_1", "status": "active", "created": 1_700_000_000,
            "items": { "data": items.iter().map(item).collect::<Vec<_>>() }, "cancel_at_period_end": false,
            "billing_cycle_anchor": time(anchor).timestamp(),
            "trial_end": trial_end.map(|trial_end| time(trial_end).timestamp()),
        }))
        .unwrap();
        whole(&prices(), &subscription, time(end)).map(|period| period.start)
    }

    fn prices() -> PriceIds {
        let ids = [(Tier::Core, "core"), (Tier::Pro, "pro"), (Tier::Studio, "studio")];
        PriceIds::new(ids.map(|(tier, id)| (tier, vec![id.to_owned()])).to_vec()).unwrap()
    }

    const MARCH: (&str, &str, &str) = ("pro", "2026-02-28", "2026-03-31");

    #[test]
    fn a_period_is_the_current_one_or_an_earlier_month() {
        let of = |end| start(&[MARCH], "2025-12-31", None, end);
        assert_eq!(of("2026-03-31"), Some(time("2026-02-28")));
        assert_eq!(of("2026-02-28"), Some(time("2026-01-31")));
        assert_eq!(of("2026-03-30"), None);
    }

    #[test]
    fn a_period_may_be_longer_than_a_month_and_a_first_one_shorter() {
        assert_eq!(
            start(&[("pro", "2025-03-31", "2026-03-31")], "2024-03-31", None, "2026-03-31"),
            Some(time("2025-03-31"))
        );
        assert_eq!(
            start(&[("pro", "2026-03-20", "2026-03-31")], "2026-03-31", None, "2026-03-31"),
            Some(time("2026-02-28"))
        );
    }

    #[test]
    fn the_period_of_something_else_does_not_count() {
        let items = [("mug", "2025-03-31", "2026-03-31"), MARCH];
        assert_eq!(start(&items, "2025-12-31", None, "2026-03-31"), Some(time("2026-02-28")));
    }

    #[test]
    fn a_trial_has_no_period_that_is_paid() {
        let of = |end| start(&[MARCH], "2026-01-31", Some("2026-01-31"), end);
        assert_eq!(of("2026-01-31"), None);
        assert_eq!(of("2026-02-28"), Some(time("2026-01-31")));
    }
}
