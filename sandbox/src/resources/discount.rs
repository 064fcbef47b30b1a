//! Discounts: coupons as they apply to one subscription (docs.stripe.com/api/discounts).

use serde_json::{Value, json};

use crate::{
    api::form::Params,
    resources::coupon,
    store::{
        calendar,
        kind::Kind,
        problem::Problem,
        work::{Change, Work, text},
    },
};

/// Takes `discounts` from a request: the id of one coupon that exists.
pub(crate) fn read(work: &Work<'_>, params: &mut Params) -> Result<Option<String>, Problem> {
    let mut given = params.children("discounts")?;
    if given.len() > 1 {
        return Err(Problem::invalid_parameter("discounts", "You can only pass one discount."));
    }
    let Some(mut discount) = given.pop() else {
        return Ok(None);
    };
    let name = discount.name_of("coupon");
    let id = discount.required_text("coupon")?;
    discount.finish()?;
    work.state.named_in(&name, Kind::Coupon, &id)?;
    Ok(Some(id))
}

/// Adds a discount for a subscription that is being created, and returns its id.
pub(crate) fn add(work: &mut Work<'_>, coupon: &str, promotion_code: Option<&str>, subscription: &Value) -> String {
    let Change { after: coupon, .. } = work.change(Kind::Coupon, coupon, |coupon| {
        coupon["times_redeemed"] = (coupon["times_redeemed"].as_i64().unwrap_or_default() + 1).into();
    });
    let months = coupon["duration_in_months"].as_u64();
    let months = months.and_then(|months| u32::try_from(months).ok());
    let discount = json!({
        "id": work.new_id(Kind::Discount),
        "object": "discount",
        "checkout_session": null,
        "customer": subscription["customer"],
        "customer_account": null,
        "end": months.map(|months| calendar::end_of(work.now, &json!({ "interval": "month" }), months)),
        "invoice": null,
        "invoice_item": null,
        "promotion_code": promotion_code,
        "source": { "coupon": coupon["id"], "type": "coupon" },
        "start": work.now,
        "subscription": subscription["id"],
        "subscription_item": null,
    });
    work.put(Kind::Discount, discount)
}

/// Applies the subscription's discounts to the lines, and returns the amount of each. A discount applies to credits
/// too, so that no more is credited than was paid.
pub(crate) fn apply(work: &Work<'_>, subscription: &Value, lines: &mut [Value]) -> Vec<Value> {
    let ids = subscription["discounts"].as_array().into_iter().flatten();
    let discounts: Vec<Value> = ids
        .filter_map(Value::as_str)
        .map(|id| work.get(Kind::Discount, id))
        .filter(|discount| discount["end"].as_i64().is_none_or(|end| end > work.now))
        .collect();
    discounts
        .iter()
        .map(|discount| {
            let coupon = work.get(Kind::Coupon, &text(&discount["source"], "coupon"));
            json!({ "amount": apply_one(&coupon, discount, lines), "discount": discount["id"] })
        })
        .collect()
}

fn apply_one(coupon: &Value, discount: &Value, lines: &mut [Value]) -> i64 {
    let (mut total, mut left) = (0, coupon.clone());
    for line in lines {
        let off = coupon::off(&left, line["amount"].as_i64().unwrap_or_default());
        if let Some(amount) = left["amount_off"].as_i64() {
            left["amount_off"] = (amount - off).into();
        }
        total += off;
        if let Some(amounts) = line["discount_amounts"].as_array_mut() {
            amounts.push(json!({ "amount": off, "discount": discount["id"] }));
        }
        if let Some(ids) = line["discounts"].as_array_mut() {
            ids.push(discount["id"].clone());
        }
    }
    total
}

/// Removes discounts with the duration `once` from the subscription after the first invoice that they reduce.
pub(crate) fn spend(work: &mut Work<'_>, subscription: &str, invoice: &Value) {
    let used = invoice["total_discount_amounts"].as_array().into_iter().flatten();
    let once: Vec<Value> = used
        .filter(|entry| entry["amount"] != 0)
        .map(|entry| work.get(Kind::Discount, &text(entry, "discount")))
        .filter(|discount| work.get(Kind::Coupon, &text(&discount["source"], "coupon"))["duration"] == "once")
        .map(|discount| discount["id"].clone())
        .collect();
    if once.is_empty() {
        return;
    }
    work.change(Kind::Subscription, subscription, |subscription| {
        if let Some(ids) = subscription["discounts"].as_array_mut() {
            ids.retain(|id| !once.contains(id));
        }
    });
}
