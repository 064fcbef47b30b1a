//! Calls on invoices (docs.stripe.com/api/invoices).

use crate::{
    call::{Answer, Call},
    card::Card,
    dunning, invoice,
    kind::Kind,
    payment_intent, plan_change,
    problem::Problem,
    work::text,
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

/// `GET /v1/invoices/{id}/lines`, all on one page.
pub(crate) fn list_lines(call: &mut Call<'_>) -> Answer {
    call.params.ignore(&["limit"]);
    call.params.finish()?;
    let invoice = call.work.state.named(Kind::Invoice, &call.id())?;
    Ok(invoice["lines"].clone())
}

/// The invoice that the path names, which must have this status.
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
    let subscription = work.get(Kind::Subscription, &invoice::subscription_of(&invoice));
    invoice::finalize(work, &id, &text(&subscription, "default_payment_method"));
    Ok(work.get(Kind::Invoice, &id))
}

/// `POST /v1/invoices/{id}/pay`.
pub(crate) fn pay(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    let invoice = call.work.state.named(Kind::Invoice, &id)?;
    let method = call.params.text("payment_method")?;
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
    let method = method.map(|method| Card::attached(work, &method, &invoice["customer"])).transpose()?;
    if dunning::attempt_on_request(work, &id, method) {
        return Ok(work.get(Kind::Invoice, &id));
    }
    let decline = payment_intent::last_decline(work, &id);
    Err(Problem::declined(decline))
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
    let subscription = work.get(Kind::Subscription, &invoice::subscription_of(&invoice));
    // Voiding the invoice of a pending update is how Stripe's callers give the update up.
    if !subscription["pending_update"].is_null() && subscription["latest_invoice"] == invoice["id"] {
        plan_change::drop_pending(work, &text(&subscription, "id"));
    } else {
        invoice::give_up(work, &id, status);
    }
    Ok(work.get(Kind::Invoice, &id))
}
