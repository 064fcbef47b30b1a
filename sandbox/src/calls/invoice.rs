//! Calls on invoices (docs.stripe.com/api/invoices).

use serde_json::{Value, json};

use crate::{
    api::{
        call::Call,
        form::{Hash, Params},
        list, metadata,
    },
    billing::{dunning, pending_update, proration, renewal::DRAFT_SECONDS},
    resources::{
        card::Card,
        event,
        invoice::{self, Draft},
        invoice_line,
        payment_intent::{self, Progress},
    },
    store::{
        calendar::{DAY_SECONDS, Period},
        decline::{ACTION_REQUIRED, AUTHENTICATION_REQUIRED},
        kind::Kind,
        problem::{Answer, Problem},
        timers::Timer,
        work::{Work, text},
    },
};

/// `GET /v1/invoices`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let filters = [
        ("customer", "/customer"),
        ("status", "/status"),
        ("collection_method", "/collection_method"),
        ("subscription", "/parent/subscription_details/subscription"),
    ];
    call.list(Kind::Invoice, &filters)
}

/// `GET /v1/invoices/{id}/lines`.
pub(crate) fn list_lines(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    call.work.state.named(Kind::Invoice, &id)?;
    let page =
        list::page_of(&mut call.params, &invoice_line::url(&id), invoice_line::of_invoice(call.work.state, &id))?;
    call.params.finish()?;
    Ok(page)
}

/// `POST /v1/invoices`: creates a draft with the pending items of the customer, or of one of their subscriptions.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let (work, params) = (&mut call.work, &mut call.params);
    let customer = params.required_text("customer")?;
    let customer = work.state.named_in("customer", Kind::Customer, &customer)?;
    let subscription = match params.text("subscription")? {
        None => Value::Null,
        Some(id) => work.state.named_in("subscription", Kind::Subscription, &id)?,
    };
    let currency = params.text("currency")?;
    let waiting = params.text("pending_invoice_items_behavior")?;
    let includes = waiting.map_or(!subscription.is_null(), |behavior| behavior == "include");
    let mut fields = Fields::read(params)?;
    let is_taxed = read_tax(work, params)?;
    let method = params.text("collection_method")?.unwrap_or_else(|| "charge_automatically".to_owned());
    let days = params.integer("days_until_due")?;
    if (method == "send_invoice") != days.is_some()
        || !["charge_automatically", "send_invoice"].contains(&method.as_str())
    {
        let message = "`collection_method` must be `charge_automatically`, or `send_invoice` with `days_until_due`.";
        return Err(Problem::invalid_parameter("collection_method", message));
    }
    params.finish()?;
    fields.attach(work, &customer["id"])?;
    let id = work.new_id(Kind::Invoice);
    let mut payer = if subscription.is_null() { payer(work, &customer, currency.as_deref()) } else { subscription };
    if is_taxed {
        payer["automatic_tax"] = json!({ "enabled": true });
    }
    let lines = if includes { proration::take_waiting(work, &payer, &id) } else { Vec::new() };
    let draft =
        Draft { id: id.clone(), subscription: &payer, reason: "manual", period: Period::moment(work.now), lines };
    let due = days.map(|days| work.now + days * DAY_SECONDS);
    invoice::draft(work, draft, |invoice| {
        invoice["collection_method"] = method.into();
        invoice["due_date"] = due.into();
        invoice["auto_advance"] = false.into();
        fields.set(invoice);
    });
    let invoice = work.get(Kind::Invoice, &id);
    if invoice["auto_advance"] == true {
        let at = work.now + DRAFT_SECONDS;
        work.change(Kind::Invoice, &id, |invoice| invoice["automatically_finalizes_at"] = at.into());
        work.state.timers.add(at, Timer::Finalization(id.clone()));
    }
    Ok(work.get(Kind::Invoice, &id))
}

/// Takes `automatic_tax` from a request.
fn read_tax(work: &Work<'_>, params: &mut Params) -> Result<bool, Problem> {
    let Some(mut tax) = params.child("automatic_tax")? else { return Ok(false) };
    let enabled = tax.boolean("enabled")?.unwrap_or_default();
    tax.ignore(&["liability"]);
    tax.finish()?;
    if enabled && !work.state.tax.set_up {
        let message = "Stripe Tax has not been activated on your account.";
        return Err(Problem::invalid_parameter_with_code("automatic_tax", "stripe_tax_inactive", message));
    }
    Ok(enabled)
}

/// Returns an object with the fields that an invoice without a subscription needs in its place.
fn payer(work: &Work<'_>, customer: &Value, currency: Option<&str>) -> Value {
    let mut items = work.state.all(Kind::InvoiceItem).rev();
    let item = items.find(|item| item["customer"] == customer["id"] && item["invoice"].is_null());
    let own = customer["currency"].as_str().or_else(|| item.and_then(|item| item["currency"].as_str()));
    json!({
        "id": null,
        "customer": customer["id"],
        "currency": currency.or(own).unwrap_or("usd"),
        "discounts": [],
        "metadata": {},
    })
}

/// The fields that can be set when an invoice is created, and updated later.
struct Fields {
    auto_advance: Option<bool>,
    texts: Vec<(&'static str, Value)>,
    metadata: Hash,
}

impl Fields {
    fn read(params: &mut Params) -> Result<Fields, Problem> {
        let mut texts = Vec::new();
        for field in ["default_payment_method", "description", "footer"] {
            if let Some(value) = params.unsettable(field)? {
                texts.push((field, if value.is_empty() { Value::Null } else { value.into() }));
            }
        }
        Ok(Fields { auto_advance: params.boolean("auto_advance")?, texts, metadata: metadata::read(params)? })
    }

    /// Saves a test payment method for the customer, and refuses one that is not the customer's.
    fn attach(&mut self, work: &mut Work<'_>, customer: &Value) -> Result<(), Problem> {
        for (field, value) in &mut self.texts {
            if let ("default_payment_method", Some(named)) = (*field, value.as_str()) {
                *value = Card::attached(work, named, customer)?.into();
            }
        }
        Ok(())
    }

    fn set(self, invoice: &mut Value) {
        for (field, value) in self.texts {
            invoice[field] = value;
        }
        if let Some(auto_advance) = self.auto_advance {
            invoice["auto_advance"] = auto_advance.into();
        }
        metadata::apply_to(invoice, self.metadata);
    }
}

/// `POST /v1/invoices/{id}`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let invoice = call.work.state.named(Kind::Invoice, &id)?;
    let mut fields = Fields::read(&mut call.params)?;
    call.params.finish()?;
    fields.attach(&mut call.work, &invoice["customer"])?;
    let change = call.work.change(Kind::Invoice, &id, |invoice| fields.set(invoice));
    if change.before != change.after {
        event::emit_change(&mut call.work, "invoice.updated", &change);
    }
    Ok(change.after)
}

/// Returns the invoice that the path names, which must have this status.
fn in_status(call: &Call<'_>, status: &str) -> Answer {
    let invoice = call.work.state.named(Kind::Invoice, &call.id())?;
    if invoice["status"] == status {
        return Ok(invoice);
    }
    let message = format!("This invoice is {}, and not {status}.", text(&invoice, "status"));
    Err(Problem::not_now_with_code("invoice_not_editable", message))
}

/// `POST /v1/invoices/{id}/finalize`.
pub(crate) fn finalize(call: &mut Call<'_>) -> Answer {
    let invoice = in_status(call, "draft")?;
    call.params.ignore(&["auto_advance"]);
    call.params.finish()?;
    let (id, work) = (text(&invoice, "id"), &mut call.work);
    let customer = work.get(Kind::Customer, &text(&invoice, "customer"));
    if invoice["automatic_tax"]["enabled"] == true && customer["address"].is_null() {
        let message = "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.";
        return Err(Problem::not_now_with_code("customer_tax_location_invalid", message));
    }
    let method = invoice::payment_method(work, &invoice);
    invoice::finalize(work, &id, &method);
    if work.get(Kind::Invoice, &id)["amount_due"] == 0 {
        dunning::attempt(work, &id, false);
    }
    Ok(work.get(Kind::Invoice, &id))
}

/// `POST /v1/invoices/{id}/pay`.
pub(crate) fn pay(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let invoice = call.work.state.named(Kind::Invoice, &id)?;
    let method = call.params.text("payment_method")?;
    let out_of_band = call.params.boolean("paid_out_of_band")?.unwrap_or_default();
    call.params.ignore(&["off_session", "forgive"]);
    call.params.finish()?;
    match invoice["status"].as_str() {
        Some("open") => {}
        Some("paid") => {
            return Err(Problem::not_now_with_code("invoice_already_paid", "Invoice is already paid"));
        }
        _ => return Err(Problem::not_now("Only open invoices can be paid.")),
    }
    let work = &mut call.work;
    refuse_processing(work, &id)?;
    if out_of_band {
        invoice::mark_paid(work, &id);
        dunning::follow(work, &invoice, Progress::Paid);
        return Ok(work.get(Kind::Invoice, &id));
    }
    let method = method.map(|method| Card::attached(work, &method, &invoice["customer"])).transpose()?;
    if dunning::attempt_on_request(work, &id, method) == Progress::Failed {
        return Err(Problem::declined(match payment_intent::last_decline(work, &id) {
            AUTHENTICATION_REQUIRED => ACTION_REQUIRED,
            decline => decline,
        }));
    }
    Ok(work.get(Kind::Invoice, &id))
}

/// Refuses an invoice whose payment is in processing: it can be neither paid nor voided.
fn refuse_processing(work: &Work<'_>, id: &str) -> Result<(), Problem> {
    if invoice::is_processing(work.state, id) {
        return Err(Problem::not_now("A payment of this invoice is still in processing."));
    }
    Ok(())
}

/// `POST /v1/invoices/{id}/void`.
pub(crate) fn void(call: &mut Call<'_>) -> Answer {
    give_up(call, "void")
}

/// `POST /v1/invoices/{id}/mark_uncollectible`.
pub(crate) fn mark_uncollectible(call: &mut Call<'_>) -> Answer {
    give_up(call, "uncollectible")
}

fn give_up(call: &mut Call<'_>, status: &'static str) -> Answer {
    let invoice = in_status(call, "open")?;
    call.params.finish()?;
    let (id, work) = (text(&invoice, "id"), &mut call.work);
    refuse_processing(work, &id)?;
    let subscription = work.get(Kind::Subscription, &invoice::subscription_of(&invoice));
    // Voiding the invoice of a pending update withdraws the update.
    if !subscription["pending_update"].is_null() && subscription["latest_invoice"] == invoice["id"] {
        pending_update::withdraw(work, &text(&subscription, "id"));
    } else {
        invoice::give_up(work, &id, status);
    }
    Ok(work.get(Kind::Invoice, &id))
}
