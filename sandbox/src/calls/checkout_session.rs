//! Calls on checkout sessions (docs.stripe.com/api/checkout/sessions).

use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    api::{call::Call, form::Params, list, metadata},
    calls::subscription_data,
    resources::{
        checkout_session::{self, render},
        customer, discount, line_item, payment_method_type, setup_intent,
    },
    store::{
        calendar::DAY_SECONDS,
        kind::Kind,
        order::{BillingMode, Order},
        problem::{Answer, Problem},
        timers::Timer,
        work::{Work, text},
    },
};

const HALF_HOUR_SECONDS: i64 = 30 * 60;

/// Stripe's limit of a custom text.
const MAX_NOTICE_CHARS: usize = 1200;

/// The minimum charge in US dollars, in cents.
const LEAST_AMOUNT: i64 = 50;

/// Parameters that the session repeats and that have no other effect.
const SHOWN: [&str; 6] = [
    "billing_address_collection",
    "client_reference_id",
    "customer_email",
    "locale",
    "payment_method_collection",
    "submit_type",
];

/// Parameters of Stripe that are accepted without effect. Parameters that would change amounts or the page's flow, such
/// as `shipping_options`, are not listed: they are refused as unknown.
const WITHOUT_EFFECT: [&str; 11] = [
    "adaptive_pricing",
    "after_expiration",
    "allowed_payment_method_types",
    "branding_settings",
    "consent_collection",
    "customer_creation",
    "origin_context",
    "payment_method_options",
    "phone_number_collection",
    "saved_payment_method_options",
    "tax_id_collection",
];

/// `POST /v1/checkout/sessions`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let (work, params) = (&mut call.work, &mut call.params);
    let mode = mode(params)?;
    let success_url = url(params, "success_url")?.ok_or_else(|| Problem::missing_parameter("success_url"))?;
    let cancel_url = url(params, "cancel_url")?;
    let customer = params.text("customer")?;
    if let Some(id) = &customer {
        work.state.named_in("customer", Kind::Customer, id)?;
    }
    let mut order = order(work, params, &mode)?;
    let currency = if mode == "setup" { Some(params.required_text("currency")?) } else { None };
    let codes = promotion_codes(params, &order)?;
    read_tax(work, params, customer.as_deref(), &mut order)?;
    line_item::reckon(work, &mut order);
    if let (Some(id), "subscription") = (&customer, mode.as_str()) {
        customer::check_currency(work, id, &text(&order.lines[0], "currency"))?;
    }
    let expires_at = expiry(params, work.now)?;
    let metadata = metadata::of_new(params)?;
    let excluded = payment_method_type::excluded(params)?;
    let invoice_creation = invoice_creation(params, &mode)?;
    let notice = notice(params)?;
    let mut shown = Vec::new();
    for field in SHOWN {
        if let Some(value) = params.text(field)? {
            if field == "customer_email" {
                customer::check_email(field, &value)?;
            }
            shown.push((field, value));
        }
    }
    params.ignore(&WITHOUT_EFFECT);
    params.finish()?;

    let mut session = render(work, &mode, &order);
    session["customer"] = customer.into();
    session["success_url"] = success_url.into();
    session["cancel_url"] = cancel_url.into();
    session["expires_at"] = expires_at.into();
    session["metadata"] = metadata.into();
    session["excluded_payment_method_types"] = excluded;
    session["invoice_creation"] = invoice_creation;
    session["allow_promotion_codes"] = codes.into();
    session["custom_text"]["submit"] = notice;
    for (field, value) in shown {
        session[field] = value.into();
    }
    if mode == "setup" {
        session["currency"] = currency.into();
        let intent = setup_intent::create(work, &session["customer"], &order.description, &order.metadata);
        session["setup_intent"] = intent.into();
    }
    let id = work.put(Kind::Session, session.clone());
    work.state.orders.insert(id.clone(), order);
    work.state.timers.add(expires_at, Timer::SessionExpiry(id));
    Ok(session)
}

/// Takes `allow_promotion_codes` from a request. Stripe accepts it only without a discount.
fn promotion_codes(params: &mut Params, order: &Order) -> Result<Option<bool>, Problem> {
    let allowed = params.boolean("allow_promotion_codes")?;
    if allowed == Some(true) && order.coupon.is_some() {
        let message = "You may only specify one of these parameters: allow_promotion_codes, discounts.";
        return Err(Problem::invalid_parameter("allow_promotion_codes", message));
    }
    Ok(allowed)
}

/// Takes `automatic_tax` and `customer_update` from a request. The tax of an existing customer needs an address: theirs,
/// or the one that is entered at checkout.
fn read_tax(work: &Work<'_>, params: &mut Params, customer: Option<&str>, order: &mut Order) -> Result<(), Problem> {
    if let Some(mut update) = params.child("customer_update")? {
        if customer.is_none() {
            let message = "`customer_update` can only be used with `customer`.";
            return Err(Problem::invalid_parameter("customer_update", message));
        }
        order.saves_address = update.text("address")?.is_some_and(|address| address == "auto");
        update.ignore(&["name", "shipping"]);
        update.finish()?;
    }
    if let Some(mut tax) = params.child("automatic_tax")? {
        order.automatic_tax = tax.boolean("enabled")?.unwrap_or_default();
        tax.ignore(&["liability"]);
        tax.finish()?;
    }
    if order.automatic_tax && !work.state.tax.set_up {
        let message = "Stripe Tax has not been activated on your account.";
        return Err(Problem::invalid_parameter_with_code("automatic_tax", "stripe_tax_inactive", message));
    }
    let has_address = customer.is_none_or(|id| !work.get(Kind::Customer, id)["address"].is_null());
    if order.automatic_tax && !has_address && !order.saves_address {
        let message = "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to save the address entered in Checkout to the Customer.";
        return Err(Problem::not_now_with_code("customer_tax_location_invalid", message));
    }
    Ok(())
}

/// Takes the text above the page's button from `custom_text`; null without it.
fn notice(params: &mut Params) -> Answer {
    let Some(mut custom) = params.child("custom_text")? else {
        return Ok(Value::Null);
    };
    let mut notice = Value::Null;
    if let Some(mut submit) = custom.child("submit")? {
        let message = submit.required_text("message")?;
        if message.chars().count() > MAX_NOTICE_CHARS {
            let message = format!("Custom text can have at most {MAX_NOTICE_CHARS} characters.");
            return Err(Problem::invalid_parameter(&submit.name_of("message"), message));
        }
        submit.finish()?;
        notice = json!({ "message": message });
    }
    custom.ignore(&["after_submit", "shipping_address", "terms_of_service_acceptance"]);
    custom.finish()?;
    Ok(notice)
}

/// Takes `invoice_creation` from a request; null without it.
fn invoice_creation(params: &mut Params, mode: &str) -> Answer {
    let Some(mut creation) = params.child("invoice_creation")? else {
        return Ok(Value::Null);
    };
    if mode != "payment" {
        let message = "You can only enable invoice creation when `mode` is set to `payment`.";
        return Err(Problem::invalid_parameter("invoice_creation", message));
    }
    let enabled =
        creation.boolean("enabled")?.ok_or_else(|| Problem::missing_parameter("invoice_creation[enabled]"))?;
    let mut data = json!({
        "account_tax_ids": null,
        "custom_fields": null,
        "description": null,
        "footer": null,
        "issuer": null,
        "metadata": {},
        "rendering_options": null,
    });
    if let Some(mut given) = creation.child("invoice_data")? {
        for field in ["description", "footer"] {
            data[field] = given.text(field)?.into();
        }
        data["metadata"] = metadata::of_new(&mut given)?.into();
        given.finish()?;
    }
    creation.finish()?;
    Ok(json!({ "enabled": enabled, "invoice_data": data }))
}

fn mode(params: &mut Params) -> Result<String, Problem> {
    let mode = params.required_text("mode")?;
    if !["payment", "setup", "subscription"].contains(&mode.as_str()) {
        let message = "Invalid mode: must be one of payment, setup, or subscription";
        return Err(Problem::invalid_parameter("mode", message));
    }
    if params.text("ui_mode")?.is_some_and(|ui_mode| ui_mode != "hosted_page") {
        return Err(Problem::invalid_parameter("ui_mode", "Invalid ui_mode: must be `hosted_page`."));
    }
    Ok(mode)
}

fn url(params: &mut Params, key: &str) -> Result<Option<String>, Problem> {
    let url = params.text(key)?;
    if url.as_deref().is_some_and(|url| Url::parse(url).is_err()) {
        return Err(Problem::invalid_parameter_with_code(key, "url_invalid", "Not a valid URL"));
    }
    Ok(url)
}

pub(crate) fn order(work: &Work<'_>, params: &mut Params, mode: &str) -> Result<Order, Problem> {
    let lines = if mode == "setup" { no_lines(params)? } else { line_item::read_all(work, params, mode)? };
    let coupon = discount::read(work, params)?;
    let total: i64 = lines.iter().filter_map(|line| line["amount_total"].as_i64()).sum();
    if mode == "payment" && total < LEAST_AMOUNT {
        let message = "The Checkout Session's total amount due must add up to at least $0.50 usd.";
        return Err(Problem::invalid_parameter_with_code("line_items", "amount_too_small", message));
    }
    let mut order = Order {
        lines,
        metadata: Map::new(),
        description: Value::Null,
        trial: None,
        coupon,
        promotion_code: None,
        automatic_tax: false,
        saves_address: false,
        billing_mode: BillingMode::default(),
        saves_method: false,
    };
    let name = match mode {
        "setup" => "setup_intent_data",
        "subscription" => "subscription_data",
        _ => "payment_intent_data",
    };
    if let Some(mut data) = params.child(name)? {
        order.metadata = metadata::of_new(&mut data)?;
        order.description = data.text("description")?.into();
        if mode == "subscription" {
            order.trial = subscription_data::trial(&mut data, work.now)?;
            order.billing_mode = subscription_data::billing_mode(&mut data)?;
            data.ignore(&["proration_behavior", "invoice_settings", "trial_settings"]);
        } else if mode == "payment" {
            order.saves_method = saves_method(&mut data)?;
            data.ignore(&["receipt_email", "statement_descriptor_suffix"]);
        }
        data.finish()?;
    }
    Ok(order)
}

/// A session that saves a payment method sells nothing.
fn no_lines(params: &mut Params) -> Result<Vec<Value>, Problem> {
    if params.children("line_items")?.is_empty() {
        return Ok(Vec::new());
    }
    Err(Problem::invalid_parameter("line_items", "You can not pass `line_items` in `setup` mode."))
}

/// Takes `setup_future_usage` from a request: `true` if the payment method is to be saved.
fn saves_method(data: &mut Params) -> Result<bool, Problem> {
    let usage = data.text("setup_future_usage")?;
    if usage.as_deref().is_some_and(|usage| !["off_session", "on_session"].contains(&usage)) {
        let name = data.name_of("setup_future_usage");
        return Err(Problem::invalid_parameter(
            &name,
            format!("Invalid {name}: must be one of off_session or on_session"),
        ));
    }
    Ok(usage.is_some())
}

fn expiry(params: &mut Params, now: i64) -> Result<i64, Problem> {
    let Some(at) = params.integer("expires_at")? else {
        return Ok(now + DAY_SECONDS);
    };
    // Slightly less than half an hour is accepted, since the caller's clock may be behind.
    if (now + HALF_HOUR_SECONDS - 60..=now + DAY_SECONDS).contains(&at) {
        return Ok(at);
    }
    let message =
        "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout Session creation.";
    Err(Problem::invalid_parameter("expires_at", message))
}

/// `GET /v1/checkout/sessions`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let filters = [
        ("customer", "/customer"),
        ("payment_intent", "/payment_intent"),
        ("status", "/status"),
        ("subscription", "/subscription"),
    ];
    call.list(Kind::Session, &filters)
}

/// `GET /v1/checkout/sessions/{id}/line_items`.
pub(crate) fn list_line_items(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    call.work.state.named(Kind::Session, &id)?;
    let lines = call.work.state.orders.get(&id).map_or(&[][..], |order| &order.lines);
    let page = list::page_of(&mut call.params, &checkout_session::line_items_url(&id), lines)?;
    call.params.finish()?;
    Ok(page)
}

/// `POST /v1/checkout/sessions/{id}/expire`.
pub(crate) fn expire(call: &mut Call<'_>) -> Answer {
    call.params.finish()?;
    let id = call.id();
    let session = call.work.state.named(Kind::Session, &id)?;
    if session["status"] != "open" {
        let status = text(&session, "status");
        let message =
            format!("Only Checkout Sessions with a status in [\"open\"] can be expired. This one is {status}.");
        return Err(Problem::not_now(message));
    }
    checkout_session::lapse(&mut call.work, &id);
    Ok(call.work.get(Kind::Session, &id))
}
