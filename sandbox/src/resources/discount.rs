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

/// Returns the discounts of a subscription that reduce what it is charged now.
pub(crate) fn current(work: &Work<'_>, subscription: &Value) -> Vec<Value> {
    let ids = subscription["discounts"].as_array().into_iter().flatten();
    ids.filter_map(Value::as_str)
        .map(|id| work.get(Kind::Discount, id))
        .filter(|discount| discount["end"].as_i64().is_none_or(|end| end > work.now))
        .collect()
}

/// Returns the amounts that discounts take off an amount, one after the other.
pub(crate) fn off(work: &Work<'_>, discounts: &[Value], amount: i64) -> Vec<Off> {
    let mut left = amount;
    let take = |discount: &Value| {
        let amount = coupon::off(&coupon_of(work, discount), left);
        left -= amount;
        Off { discount: discount["id"].clone(), amount }
    };
    discounts.iter().map(take).collect()
}

/// An amount that a discount takes off.
pub(crate) struct Off {
    pub(crate) discount: Value,
    pub(crate) amount: i64,
}

impl Off {
    /// Reads the discounts of an invoice line.
    pub(crate) fn of_line(line: &Value) -> Vec<Off> {
        let entries = line["discount_amounts"].as_array().into_iter().flatten();
        let off =
            |entry: &Value| Off { discount: entry["discount"].clone(), amount: entry["amount"].as_i64().unwrap_or(0) };
        entries.map(off).collect()
    }

    pub(crate) fn render(&self) -> Value {
        json!({ "amount": self.amount, "discount": self.discount })
    }
}

fn coupon_of(work: &Work<'_>, discount: &Value) -> Value {
    work.get(Kind::Coupon, &text(&discount["source"], "coupon"))
}

/// Applies the subscription's discounts to the lines that can be discounted, and returns the amount of each discount of the
/// invoice. Credits are discounted too, so that no more is credited than was paid. Prorations contain their discounts
/// already.
pub(crate) fn apply(work: &Work<'_>, subscription: &Value, lines: &mut [Value]) -> Vec<Value> {
    let discounts = current(work, subscription);
    for discount in &discounts {
        apply_one(&coupon_of(work, discount), discount, lines);
    }
    let mut totals: Vec<Off> =
        discounts.iter().map(|discount| Off { discount: discount["id"].clone(), amount: 0 }).collect();
    for off in lines.iter().flat_map(Off::of_line) {
        match totals.iter_mut().find(|total| total.discount == off.discount) {
            Some(total) => total.amount += off.amount,
            None if off.amount != 0 => totals.push(off),
            None => {}
        }
    }
    totals.iter().map(Off::render).collect()
}

fn apply_one(coupon: &Value, discount: &Value, lines: &mut [Value]) {
    let mut left = coupon.clone();
    for line in lines.iter_mut().filter(|line| line["discountable"] == true) {
        let off = coupon::off(&left, line["amount"].as_i64().unwrap_or_default());
        if let Some(amount) = left["amount_off"].as_i64() {
            left["amount_off"] = (amount - off).into();
        }
        if let Some(amounts) = line["discount_amounts"].as_array_mut() {
            amounts.push(json!({ "amount": off, "discount": discount["id"] }));
        }
        if let Some(ids) = line["discounts"].as_array_mut() {
            ids.push(discount["id"].clone());
        }
    }
}

/// Returns the ids of the discounts that reduce an invoice. A proration may include them in its amount.
pub(crate) fn used(invoice: &Value) -> Vec<Value> {
    let totals = invoice["total_discount_amounts"].as_array().into_iter().flatten();
    let used = totals.filter(|total| total["amount"] != 0).map(|total| total["discount"].clone());
    let lines = invoice["lines"]["data"].as_array().into_iter().flatten();
    let prorations = lines.filter(|line| line["discountable"] != true);
    let included = prorations.flat_map(|line| line["discounts"].as_array().into_iter().flatten().cloned());
    used.chain(included).collect()
}

/// Removes discounts with the duration `once` from the subscription after the first invoice that they reduce.
pub(crate) fn spend(work: &mut Work<'_>, subscription: &str, used: &[Value]) {
    let once: Vec<Value> = used
        .iter()
        .map(|id| work.get(Kind::Discount, id.as_str().unwrap_or_default()))
        .filter(|discount| coupon_of(work, discount)["duration"] == "once")
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
