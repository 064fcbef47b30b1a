//! Calls on coupons (docs.stripe.com/api/coupons).

use serde_json::json;

use crate::{
    api::{call::Call, form::Params, metadata},
    resources::{coupon, event},
    store::{
        kind::Kind,
        problem::{Answer, Problem},
    },
};

/// `POST /v1/coupons`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let id = params.text("id")?.unwrap_or_else(|| call.work.new_id(Kind::Coupon));
    if call.work.state.find(Kind::Coupon, &id).is_some() {
        let message = "Coupon already exists.";
        return Err(Problem::invalid_parameter_with_code("id", "resource_already_exists", message));
    }
    let worth = worth(params)?;
    let (duration, months) = duration(params)?;
    let mut coupon = coupon::render(&id, &worth, call.work.now);
    coupon["duration"] = duration.into();
    coupon["duration_in_months"] = months.into();
    coupon["max_redemptions"] = params.integer("max_redemptions")?.into();
    coupon["metadata"] = metadata::of_new(params)?.into();
    coupon["name"] = params.text("name")?.into();
    coupon["redeem_by"] = params.integer("redeem_by")?.into();
    params.finish()?;
    call.work.put(Kind::Coupon, coupon.clone());
    event::emit(&mut call.work, "coupon.created", &coupon);
    Ok(coupon)
}

/// Reads the value of a coupon: a percentage, or an amount in a currency.
fn worth(params: &mut Params) -> Answer {
    let (percent, amount) = (params.text("percent_off")?, params.integer("amount_off")?);
    let currency = params.text("currency")?;
    match (percent, amount) {
        (Some(percent), None) => {
            let message = "`percent_off` must be greater than 0 and at most 100.";
            let percent = percent.parse::<f64>().ok();
            let percent = percent.filter(|percent| *percent > 0.0 && *percent <= 100.0);
            let percent = percent.ok_or_else(|| Problem::invalid_parameter("percent_off", message))?;
            Ok(json!({ "percent_off": percent }))
        }
        (None, Some(amount)) if amount > 0 => {
            let currency = currency.ok_or_else(|| Problem::missing_parameter("currency"))?;
            Ok(json!({ "amount_off": amount, "currency": currency.to_lowercase() }))
        }
        _ => {
            let message = "You must pass either `percent_off`, or `amount_off` and `currency`.";
            Err(Problem::invalid_parameter("percent_off", message))
        }
    }
}

fn duration(params: &mut Params) -> Result<(String, Option<i64>), Problem> {
    let duration = params.text("duration")?.unwrap_or_else(|| "once".to_owned());
    let months = params.integer("duration_in_months")?;
    let fits = match duration.as_str() {
        "once" | "forever" => months.is_none(),
        "repeating" => months.is_some_and(|months| months > 0),
        _ => false,
    };
    if fits {
        return Ok((duration, months));
    }
    let message = "`duration` must be `once`, `forever`, or `repeating` with `duration_in_months`.";
    Err(Problem::invalid_parameter("duration", message))
}

/// `DELETE /v1/coupons/{id}`: discounts that exist already stay.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let coupon = existing(call)?;
    call.params.finish()?;
    call.work.change(Kind::Coupon, &id, |coupon| coupon["deleted"] = true.into());
    event::emit(&mut call.work, "coupon.deleted", &coupon);
    Ok(json!({ "id": id, "object": "coupon", "deleted": true }))
}

/// `GET /v1/coupons/{id}`.
pub(crate) fn retrieve(call: &mut Call<'_>) -> Answer {
    call.params.finish()?;
    existing(call)
}

/// Returns the coupon that the path names. A deleted coupon is kept for its discounts, but calls do not find it.
fn existing(call: &Call<'_>) -> Answer {
    let coupon = call.work.state.named(Kind::Coupon, &call.id())?;
    if coupon["deleted"] == true {
        return Err(Problem::no_such(Kind::Coupon, &call.id()));
    }
    Ok(coupon)
}
