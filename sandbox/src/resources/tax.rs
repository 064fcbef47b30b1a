//! Taxes as Stripe Tax computes them (docs.stripe.com/tax): inclusive ones are part of the amount, exclusive ones are added.

use serde_json::{Value, json};

use crate::store::{
    kind::Kind,
    settings::Tax,
    state::State,
    work::{Work, text},
};

/// The sums of the taxes of several lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taxes {
    pub(crate) inclusive: i64,
    pub(crate) exclusive: i64,
}

/// Returns `true` if a price includes its tax.
pub(crate) fn is_inclusive(state: &State, price: &Value) -> bool {
    match price["tax_behavior"].as_str() {
        Some("inclusive") => true,
        Some("exclusive") => false,
        _ => state.tax.inclusive,
    }
}

/// Returns the tax of an amount, rounded half away from zero.
pub(crate) fn on(tax: Tax, amount: i64, inclusive: bool) -> i64 {
    let percent = i64::from(tax.percent);
    let whole = if inclusive { 100 + percent } else { 100 };
    let rounded = (2 * amount.abs().saturating_mul(percent) + whole) / (2 * whole);
    rounded * amount.signum()
}

/// Adds the taxes of the lines of an invoice, after their discounts.
pub(crate) fn add_to(work: &Work<'_>, lines: &mut [Value]) -> Taxes {
    let mut taxes = Taxes::default();
    for line in lines {
        let off: i64 =
            line["discount_amounts"].as_array().into_iter().flatten().filter_map(|off| off["amount"].as_i64()).sum();
        let taxable = line["amount"].as_i64().unwrap_or_default() - off;
        let price = work.get(Kind::Price, &text(&line["pricing"]["price_details"], "price"));
        let inclusive = is_inclusive(work.state, &price);
        let amount = on(work.state.tax, taxable, inclusive);
        if inclusive {
            taxes.inclusive += amount;
        } else {
            taxes.exclusive += amount;
        }
        line["taxes"] = json!([render(amount, taxable, inclusive)]);
    }
    taxes
}

/// Renders the taxes of an invoice.
pub(crate) fn totals(taxes: Taxes, total: i64) -> Value {
    let entries = [(taxes.exclusive, false), (taxes.inclusive, true)];
    let taxable = total - taxes.exclusive;
    entries
        .into_iter()
        .filter(|(amount, _)| *amount != 0)
        .map(|(amount, inclusive)| render(amount, taxable, inclusive))
        .collect()
}

fn render(amount: i64, taxable: i64, inclusive: bool) -> Value {
    json!({
        "amount": amount,
        "tax_behavior": if inclusive { "inclusive" } else { "exclusive" },
        "tax_rate_details": null,
        "taxability_reason": "standard_rated",
        "taxable_amount": if inclusive { taxable - amount } else { taxable },
        "type": "tax_rate_details",
    })
}

/// Renders the settings of Stripe Tax (docs.stripe.com/api/tax/settings).
pub(crate) fn settings(tax: Tax) -> Value {
    let address = json!({
        "city": "San Francisco",
        "country": "US",
        "line1": "1 Market Street",
        "line2": null,
        "postal_code": "94105",
        "state": "CA",
    });
    let missing = json!({ "missing_fields": ["head_office"] });
    json!({
        "object": "tax.settings",
        "defaults": {
            "provider": "stripe",
            "tax_behavior": if tax.inclusive { "inclusive" } else { "exclusive" },
            "tax_code": "txcd_10000000",
        },
        "head_office": if tax.set_up { json!({ "address": address }) } else { Value::Null },
        "livemode": false,
        "status": if tax.set_up { "active" } else { "pending" },
        "status_details": {
            "active": if tax.set_up { json!({}) } else { Value::Null },
            "pending": if tax.set_up { Value::Null } else { missing },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_tax_is_added_and_an_inclusive_one_is_a_part() {
        let tax = Tax { percent: 20, inclusive: false, set_up: true };
        assert_eq!((on(tax, 500, false), on(tax, 600, true)), (100, 100));
        assert_eq!((on(tax, 499, false), on(tax, 499, true)), (100, 83));
        assert_eq!((on(tax, -499, false), on(tax, 0, true)), (-100, 0));
    }
}
