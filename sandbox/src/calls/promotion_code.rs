//! Calls on promotion codes (`docs.stripe.com/api/promotion_codes`).

use crate::{
    api::{call::Call, form::Params, list::Query, metadata},
    resources::{
        event,
        promotion_code::{self, Terms},
    },
    store::{
        kind::Kind,
        problem::{Answer, Problem},
        work::{Work, text},
    },
};

/// `POST /v1/promotion_codes`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let (work, params) = (&mut call.work, &mut call.params);
    let mut terms = Terms { coupon: coupon(work, params)?, ..Terms::default() };
    terms.code = match params.text("code")? {
        Some(code) => code,
        None => work.random("", 8).to_uppercase(),
    };
    if !terms.code.chars().all(|char| char.is_ascii_alphanumeric() || char == '-') {
        let message =
            "Valid characters are lower case letters (a-z), upper case letters (A-Z), digits (0-9), and dashes (-).";
        return Err(Problem::invalid_parameter("code", message));
    }
    if promotion_code::with_letters(work.state, &terms.code).is_some() {
        let message = "An active promotion code with that code already exists.";
        return Err(Problem::invalid_parameter_with_code("code", "resource_already_exists", message));
    }
    terms.customer = params.text("customer")?;
    if let Some(customer) = &terms.customer {
        work.state.named_in("customer", Kind::Customer, customer)?;
    }
    terms.expires_at = params.integer("expires_at")?;
    terms.max_redemptions = params.integer("max_redemptions")?;
    if let Some(mut restrictions) = params.child("restrictions")? {
        terms.first_time_transaction = restrictions.boolean("first_time_transaction")?.unwrap_or_default();
        restrictions.finish()?;
    }
    let (active, metadata) = (params.boolean("active")?, metadata::of_new(params)?);
    params.finish()?;
    let mut code = promotion_code::render(&work.new_id(Kind::PromotionCode), &terms, work.now);
    code["active"] = active.unwrap_or(true).into();
    code["metadata"] = metadata.into();
    work.put(Kind::PromotionCode, code.clone());
    event::emit(work, "promotion_code.created", &code);
    Ok(code)
}

/// Takes the coupon from a request: `promotion[coupon]`, or `coupon` as before 2025-09-30.
fn coupon(work: &Work<'_>, params: &mut Params) -> Result<String, Problem> {
    let older = params.text("coupon")?;
    let (name, coupon) = match params.child("promotion")? {
        Some(mut promotion) => {
            promotion.ignore(&["type"]);
            let coupon = promotion.required_text("coupon")?;
            promotion.finish()?;
            ("promotion[coupon]", coupon)
        }
        None => ("coupon", older.ok_or_else(|| Problem::missing_parameter("promotion"))?),
    };
    Ok(text(&work.state.named_in(name, Kind::Coupon, &coupon)?, "id"))
}

/// `POST /v1/promotion_codes/{id}`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    call.work.state.named(Kind::PromotionCode, &id)?;
    let active = call.params.boolean("active")?;
    let metadata = metadata::read(&mut call.params)?;
    call.params.finish()?;
    let change = call.work.change(Kind::PromotionCode, &id, |code| {
        if let Some(active) = active {
            code["active"] = active.into();
        }
        metadata::apply_to(code, metadata);
    });
    if change.before != change.after {
        event::emit_change(&mut call.work, "promotion_code.updated", &change);
    }
    Ok(change.after)
}

/// `GET /v1/promotion_codes`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let active = params.boolean("active")?;
    let query = Query::read(params, &[("code", "/code"), ("coupon", "/promotion/coupon"), ("customer", "/customer")])?;
    params.finish()?;
    query.answer(call.work.state, Kind::PromotionCode, |code| active.is_none_or(|active| code["active"] == active))
}
