//! Invoices: drafts, finalization and collection (docs.stripe.com, "How subscriptions work").

use serde_json::{Value, json};

use crate::{
    api::list,
    resources::{
        card,
        customer::{self, Balances},
        discount, event, invoice_line, invoice_payment,
        payment_intent::{self, Progress, Terms},
        payment_method::is_detached,
        tax::{self, Taxes},
    },
    store::{
        calendar::Period,
        decline,
        kind::Kind,
        state::State,
        work::{Change, Work, text},
    },
};

/// Fields that are null in a draft. Most of them stay null in the sandbox.
const UNUSED: [&str; 29] = [
    "account_tax_ids",
    "application",
    "automatically_finalizes_at",
    "custom_fields",
    "customer_account",
    "customer_address",
    "customer_shipping",
    "default_payment_method",
    "default_source",
    "description",
    "due_date",
    "effective_at",
    "ending_balance",
    "footer",
    "from_invoice",
    "hosted_invoice_url",
    "invoice_pdf",
    "last_finalization_error",
    "latest_revision",
    "next_payment_attempt",
    "number",
    "on_behalf_of",
    "receipt_number",
    "rendering",
    "shipping_cost",
    "shipping_details",
    "statement_descriptor",
    "test_clock",
    "webhooks_delivered_at",
];

/// The content of a new invoice.
pub(crate) struct Draft<'a> {
    pub(crate) id: String,
    /// The subscription; for an invoice without one, an object with its `customer`, `currency`, `metadata` and `discounts`.
    pub(crate) subscription: &'a Value,
    /// `subscription_create`, `subscription_cycle`, `subscription_update` or `manual`.
    pub(crate) reason: &'static str,
    /// The span in which items were collected. It is not the service period, which the lines contain.
    pub(crate) period: Period,
    pub(crate) lines: Vec<Value>,
}

/// Adds a draft. `change` may set fields before it is stored.
pub(crate) fn draft(work: &mut Work<'_>, draft: Draft<'_>, change: impl FnOnce(&mut Value)) {
    let subscription = text(draft.subscription, "id");
    let mut invoice = render(work, draft);
    change(&mut invoice);
    let used = discount::used(&invoice);
    invoice_line::keep(work, &mut invoice);
    work.put(Kind::Invoice, invoice.clone());
    discount::spend(work, &subscription, &used);
    event::emit(work, "invoice.created", &invoice);
}

/// Returns the lines that charge every item of the subscription for its current period.
pub(crate) fn period_lines(work: &Work<'_>, subscription: &Value) -> Vec<Value> {
    let items = subscription["items"]["data"].as_array().into_iter().flatten();
    items.map(|item| invoice_line::of_period(work, subscription, item)).collect()
}

/// Renders a draft, to be stored or to be shown as a preview.
pub(crate) fn render(work: &Work<'_>, mut draft: Draft<'_>) -> Value {
    for line in &mut draft.lines {
        line["invoice"] = draft.id.as_str().into();
    }
    let subtotal: i64 = draft.lines.iter().filter_map(|line| line["amount"].as_i64()).sum();
    let discounts = discount::apply(work, draft.subscription, &mut draft.lines);
    let off: i64 = discounts.iter().filter_map(|entry| entry["amount"].as_i64()).sum();
    let is_taxed = draft.subscription["automatic_tax"]["enabled"] == true;
    let taxes = if is_taxed { tax::add_to(work, &mut draft.lines) } else { Taxes::default() };
    let customer = work.get(Kind::Customer, &text(draft.subscription, "customer"));
    let mut invoice = skeleton(work, &draft, &customer);
    let total = subtotal - off + taxes.exclusive;
    let due = (total + customer["balance"].as_i64().unwrap_or_default()).max(0);
    invoice["amount_due"] = due.into();
    invoice["amount_remaining"] = due.into();
    invoice["discounts"] = draft.subscription["discounts"].clone();
    invoice["starting_balance"] = customer["balance"].as_i64().unwrap_or_default().into();
    invoice["subtotal"] = subtotal.into();
    invoice["subtotal_excluding_tax"] = (subtotal - taxes.inclusive).into();
    invoice["total"] = total.into();
    invoice["total_excluding_tax"] = (total - taxes.inclusive - taxes.exclusive).into();
    if is_taxed {
        invoice["automatic_tax"]["enabled"] = true.into();
        invoice["automatic_tax"]["liability"] = json!({ "type": "self" });
        invoice["automatic_tax"]["provider"] = "stripe".into();
        invoice["automatic_tax"]["status"] = "complete".into();
        invoice["total_taxes"] = tax::totals(taxes, total);
    }
    invoice["total_discount_amounts"] = discounts.into();
    invoice
}

fn skeleton(work: &Work<'_>, draft: &Draft<'_>, customer: &Value) -> Value {
    let subscription = draft.subscription;
    let mut invoice = json!({
        "id": draft.id,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Patch-Hive sandbox",
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": false,
        "auto_advance": true,
        "automatic_tax":
            { "disabled_reason": null, "enabled": false, "liability": null, "provider": null, "status": null },
        "billing_reason": draft.reason,
        "collection_method": "charge_automatically",
        "created": work.now,
        "currency": subscription["currency"],
        "customer": customer["id"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "issuer": { "type": "self" },
        "lines": list::whole(&invoice_line::url(&draft.id), &draft.lines),
        "livemode": false,
        "metadata": {},
        "parent": parent(subscription),
        "payment_settings":
            { "default_mandate": null, "payment_method_options": null, "payment_method_types": null },
        "period_end": draft.period.end,
        "period_start": draft.period.start,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "status": "draft",
        "status_transitions":
            { "finalized_at": null, "marked_uncollectible_at": null, "paid_at": null, "voided_at": null },
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    });
    for field in UNUSED {
        invoice[field] = Value::Null;
    }
    invoice
}

fn parent(subscription: &Value) -> Value {
    if subscription["id"].is_null() {
        return Value::Null;
    }
    json!({
        "quote_details": null,
        "subscription_details": { "metadata": subscription["metadata"], "subscription": subscription["id"] },
        "type": "subscription_details",
    })
}

/// Finalizes a draft: it gets its number, the customer's balance is applied, and a payment intent is created for the rest.
pub(crate) fn finalize(work: &mut Work<'_>, id: &str, payment_method: &str) {
    let draft = work.get(Kind::Invoice, id);
    let balance = customer::use_balance(work, &draft);
    let invoice = open(work, id, balance);
    if invoice["amount_due"] != 0 {
        request_payment(work, &invoice, payment_method);
    }
    event::emit(work, "invoice.finalized", &invoice);
}

/// Finalizes a draft that a payment intent has already paid.
pub(crate) fn finalize_paid(work: &mut Work<'_>, id: &str, intent: &str) {
    let invoice = open(work, id, Balances::default());
    invoice_payment::open(work, &invoice, intent);
    event::emit(work, "invoice.finalized", &invoice);
    record(work, id, Progress::Paid, None);
}

/// Opens a draft, with the customer's balances before and after.
fn open(work: &mut Work<'_>, id: &str, Balances { starting, ending }: Balances) -> Value {
    let customer = text(&work.get(Kind::Invoice, id), "customer");
    let number = number(work, &customer);
    let (now, page) = (work.now, format!("{}/invoice/{id}", work.state.base_url));
    let Change { after: invoice, .. } = work.change(Kind::Invoice, id, |invoice| {
        invoice["invoice_pdf"] = format!("{page}/pdf").into();
        invoice["hosted_invoice_url"] = page.into();
        let due = (invoice["total"].as_i64().unwrap_or_default() + starting).max(0);
        invoice["amount_due"] = due.into();
        invoice["amount_remaining"] = due.into();
        invoice["status"] = "open".into();
        invoice["number"] = number.into();
        invoice["automatically_finalizes_at"] = Value::Null;
        invoice["effective_at"] = now.into();
        invoice["starting_balance"] = starting.into();
        invoice["ending_balance"] = ending.into();
        invoice["status_transitions"]["finalized_at"] = now.into();
        invoice["webhooks_delivered_at"] = now.into();
    });
    invoice
}

fn request_payment(work: &mut Work<'_>, invoice: &Value, payment_method: &str) {
    let description = match invoice["billing_reason"].as_str() {
        Some("subscription_create") => "Subscription creation",
        Some("manual") => "Payment for Invoice",
        _ => "Subscription update",
    };
    let terms = Terms {
        amount: invoice["amount_due"].as_i64().unwrap_or_default(),
        currency: &text(invoice, "currency"),
        customer: &invoice["customer"],
        description: description.into(),
        metadata: serde_json::Map::new(),
        payment_method,
    };
    let intent = payment_intent::create(work, &terms);
    invoice_payment::open(work, invoice, &intent);
}

/// Returns the next invoice number of a customer: the customer's prefix, and a sequence.
fn number(work: &mut Work<'_>, customer: &str) -> String {
    let Change { before, .. } = work.change(Kind::Customer, customer, |customer| {
        let next = customer["next_invoice_sequence"].as_i64().unwrap_or(1) + 1;
        customer["next_invoice_sequence"] = next.into();
    });
    let sequence = before["next_invoice_sequence"].as_i64().unwrap_or(1);
    format!("{}-{sequence:04}", text(&before, "invoice_prefix"))
}

/// An attempt to collect an invoice.
pub(crate) struct Attempt {
    /// `true` if the customer is on the page and can authenticate.
    pub(crate) present: bool,
    /// The payment method to charge.
    pub(crate) payment_method: String,
    /// The time of the next attempt if this one fails.
    pub(crate) next_at: Option<i64>,
}

/// Tries to collect an open invoice. An invoice with nothing due is paid without a payment.
pub(crate) fn collect(work: &mut Work<'_>, id: &str, attempt: &Attempt) -> Progress {
    let payment = invoice_payment::of_invoice(work.state, id).next_back().cloned();
    let progress = payment.as_ref().map_or(Progress::Paid, |payment| charge(work, id, payment, attempt));
    work.change(Kind::Invoice, id, |invoice| {
        invoice["attempted"] = true.into();
        if payment.is_some() {
            invoice["attempt_count"] = (invoice["attempt_count"].as_i64().unwrap_or_default() + 1).into();
        }
        invoice["next_payment_attempt"] = Value::Null;
    });
    record(work, id, progress, attempt.next_at);
    progress
}

/// Records the outcome of a payment in its invoice. `next_at` is the time of the next attempt after a failure.
pub(crate) fn record(work: &mut Work<'_>, id: &str, progress: Progress, next_at: Option<i64>) {
    match progress {
        Progress::Processing => {}
        Progress::Paid => {
            mark_paid(work, id);
            let invoice = work.get(Kind::Invoice, id);
            event::emit(work, "invoice.payment_succeeded", &invoice);
            let payment = invoice_payment::of_invoice(work.state, id).next_back().map(|payment| text(payment, "id"));
            if let Some(payment) = payment {
                invoice_payment::pay(work, &payment);
            }
        }
        Progress::Failed => {
            let Change { after: invoice, .. } = work.change(Kind::Invoice, id, |invoice| {
                invoice["next_payment_attempt"] = next_at.into();
            });
            event::emit(work, "invoice.payment_failed", &invoice);
            if payment_intent::last_decline(work, id) == decline::AUTHENTICATION_REQUIRED {
                event::emit(work, "invoice.payment_action_required", &invoice);
            }
        }
    }
}

/// Marks an open invoice as paid.
pub(crate) fn mark_paid(work: &mut Work<'_>, id: &str) {
    let now = work.now;
    let Change { after: invoice, .. } = work.change(Kind::Invoice, id, |invoice| {
        invoice["status"] = "paid".into();
        invoice["amount_paid"] = invoice["amount_due"].clone();
        invoice["amount_remaining"] = 0.into();
        invoice["auto_advance"] = false.into();
        invoice["next_payment_attempt"] = Value::Null;
        invoice["status_transitions"]["paid_at"] = now.into();
    });
    event::emit(work, "invoice.paid", &invoice);
}

fn charge(work: &mut Work<'_>, id: &str, payment: &Value, attempt: &Attempt) -> Progress {
    let intent = text(&payment["payment"], "payment_intent");
    payment_intent::set_method(work, &intent, &attempt.payment_method);
    if card::fails_on_request(work, &subscription_of(&work.get(Kind::Invoice, id))) {
        payment_intent::fail(work, &intent, decline::GENERIC);
        return Progress::Failed;
    }
    payment_intent::confirm(work, &intent, attempt.present)
}

/// Returns `true` while a payment of the invoice is in processing. Meanwhile it can neither be paid again nor voided.
pub(crate) fn is_processing(state: &State, id: &str) -> bool {
    let payment = invoice_payment::of_invoice(state, id).next_back();
    let intent = payment.map(|payment| text(&payment["payment"], "payment_intent")).unwrap_or_default();
    state.find(Kind::PaymentIntent, &intent).is_some_and(|intent| intent["status"] == "processing")
}

/// Returns the payment method that an invoice is charged to: its own, the subscription's or the customer's default. One
/// that was detached from the customer is not charged.
pub(crate) fn payment_method(work: &Work<'_>, invoice: &Value) -> String {
    let subscription = work.get(Kind::Subscription, &subscription_of(invoice));
    let customer = work.get(Kind::Customer, &text(invoice, "customer"));
    let defaults = [
        text(invoice, "default_payment_method"),
        text(&subscription, "default_payment_method"),
        text(&customer["invoice_settings"], "default_payment_method"),
    ];
    defaults.into_iter().find(|id| !id.is_empty() && !is_detached(work.state, id)).unwrap_or_default()
}

/// Returns the subscription that an invoice belongs to.
pub(crate) fn subscription_of(invoice: &Value) -> String {
    text(&invoice["parent"]["subscription_details"], "subscription")
}

/// Ends the collection of an open invoice, as `void` or `uncollectible`.
pub(crate) fn give_up(work: &mut Work<'_>, id: &str, status: &'static str) {
    let (now, (moment, kind)) = (
        work.now,
        match status {
            "void" => ("voided_at", "invoice.voided"),
            _ => ("marked_uncollectible_at", "invoice.marked_uncollectible"),
        },
    );
    let Change { before, after: invoice } = work.change(Kind::Invoice, id, |invoice| {
        invoice["status"] = status.into();
        invoice["auto_advance"] = false.into();
        invoice["next_payment_attempt"] = Value::Null;
        invoice["status_transitions"][moment] = now.into();
    });
    if before["status"] == "open" {
        event::emit(work, kind, &invoice);
    }
}
