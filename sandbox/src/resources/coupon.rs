//! Coupons (docs.stripe.com/api/coupons).

use serde_json::{Value, json};

/// Renders a coupon for one invoice. `worth` has `percent_off`, or `amount_off` and `currency`.
pub(crate) fn render(id: &str, worth: &Value, now: i64) -> Value {
    json!({
        "id": id,
        "object": "coupon",
        "amount_off": worth["amount_off"],
        "created": now,
        "currency": worth["currency"],
        "duration": "once",
        "duration_in_months": null,
        "livemode": false,
        "max_redemptions": null,
        "metadata": {},
        "name": null,
        "percent_off": worth["percent_off"],
        "redeem_by": null,
        "times_redeemed": 0,
        "valid": true,
    })
}

/// Returns the discount of a coupon on an amount.
pub(crate) fn off(coupon: &Value, amount: i64) -> i64 {
    match (coupon["percent_off"].as_f64(), coupon["amount_off"].as_i64()) {
        (Some(percent), _) => {
            hundredths(percent).saturating_mul(amount).saturating_add(5_000 * amount.signum()) / 10_000
        }
        (None, Some(off)) => off.clamp(0, amount.max(0)),
        (None, None) => 0,
    }
}

/// Converts a percentage to hundredths of a percent: Stripe keeps two decimals.
fn hundredths(percent: f64) -> i64 {
    format!("{percent:.2}").replace('.', "").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_takes_its_share_and_an_amount_no_more_than_there_is() {
        assert_eq!(off(&json!({ "percent_off": 100.0 }), 499), 499);
        assert_eq!(off(&json!({ "percent_off": 33.33 }), 1000), 333);
        assert_eq!(off(&json!({ "percent_off": 50.0 }), -499), -250);
        assert_eq!(off(&json!({ "amount_off": 300 }), 499), 300);
        assert_eq!(off(&json!({ "amount_off": 300 }), 200), 200);
        assert_eq!(off(&json!({ "amount_off": 300 }), -200), 0);
    }
}
