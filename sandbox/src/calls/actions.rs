//! Actions that tests, the dashboard and the control interface share. Stripe would not perform most of them on request.

use crate::{
    billing::{
        cancellation::{self, Ending},
        dunning,
        renewal::DRAFT_SECONDS,
        time,
    },
    resources::{
        card::Card,
        dispute::{self, Outcome, Stage},
        event, invoice, payment_method, refund, schedule,
        subscription::{has_ended, period_end},
    },
    store::{
        Store,
        decline::INCORRECT_NUMBER,
        kind::Kind,
        problem::{Answer, Problem},
        timers::Timer,
        work::{Cause, Work, text},
    },
};

/// Advances time to the end of a subscription's period and past the hour in which its invoice is a draft. Returns the
/// subscription.
pub(crate) async fn renew(store: &Store, id: &str) -> Answer {
    let subscription = store.read(Cause::default(), |work| alive(work, id))?;
    let end = period_end(&subscription);
    time::advance_to(store, end + DRAFT_SECONDS).await;
    store.read(Cause::default(), |work| work.state.named(Kind::Subscription, id))
}

/// Returns a subscription that has not ended.
fn alive(work: &Work<'_>, id: &str) -> Answer {
    let subscription = work.state.named(Kind::Subscription, id)?;
    if has_ended(&subscription) {
        return Err(Problem::not_now("This subscription has ended."));
    }
    Ok(subscription)
}

/// Changes the card or bank account of a subscription.
pub(crate) fn change_card(work: &mut Work<'_>, id: &str, number: &str) -> Answer {
    let subscription = alive(work, id)?;
    let card = Card::find(number).ok_or_else(|| Problem::declined(INCORRECT_NUMBER))?;
    let method = card.save(work, &subscription["customer"]);
    let change = work.change(Kind::Subscription, id, |subscription| {
        subscription["default_payment_method"] = method.into();
    });
    event::emit_change(work, "customer.subscription.updated", &change);
    Ok(change.after)
}

/// Schedules the end of a subscription, or withdraws it. Its schedule is released first, as a customer who cancels in
/// the portal expects.
pub(crate) fn announce_end(work: &mut Work<'_>, id: &str, ending: &Ending) -> Answer {
    let subscription = alive(work, id)?;
    if let Some(schedule) = subscription["schedule"].as_str() {
        schedule::release(work, schedule);
    }
    if let Ending::At(at) = ending {
        work.state.timers.add(*at, Timer::Cancellation(id.to_owned()));
    }
    let now = work.now;
    let change = work.change(Kind::Subscription, id, |subscription| {
        cancellation::announce(subscription, ending, now);
    });
    if change.before != change.after {
        event::emit_change(work, "customer.subscription.updated", &change);
    }
    Ok(change.after)
}

/// Makes the next payments of a subscription fail, regardless of its card.
pub(crate) fn fail_next_payments(work: &mut Work<'_>, id: &str, times: u32) -> Answer {
    let subscription = alive(work, id)?;
    work.state.failing.insert(id.to_owned(), times);
    Ok(subscription)
}

/// Tries to collect the latest invoice of a subscription now. Returns the invoice.
pub(crate) fn retry_payment(work: &mut Work<'_>, id: &str) -> Answer {
    let subscription = work.state.named(Kind::Subscription, id)?;
    let invoice = text(&subscription, "latest_invoice");
    if work.get(Kind::Invoice, &invoice)["status"] != "open" {
        return Err(Problem::not_now("The latest invoice of this subscription is not open."));
    }
    if invoice::is_processing(work.state, &invoice) {
        return Err(Problem::not_now("A payment of this invoice is still in processing."));
    }
    dunning::attempt_on_request(work, &invoice, None);
    Ok(work.get(Kind::Invoice, &invoice))
}

/// Refunds a payment intent or a charge: `amount`, or all that is left.
pub(crate) fn refund(work: &mut Work<'_>, payment: &str, amount: Option<i64>) -> Answer {
    let order = refund::Order {
        charge: refund::charge_of(work, "payment", payment)?,
        amount,
        reason: Some("requested_by_customer".to_owned()),
        metadata: serde_json::Map::new(),
    };
    refund::give_back(work, &order)
}

/// Disputes a payment intent or a charge.
pub(crate) fn dispute(work: &mut Work<'_>, payment: &str, stage: Stage, amount: Option<i64>) -> Answer {
    let charge = refund::charge_of(work, "payment", payment)?;
    dispute::open(work, &charge, stage, amount)
}

/// Continues a dispute.
pub(crate) fn proceed(work: &mut Work<'_>, dispute: &str, outcome: Outcome) -> Answer {
    dispute::proceed(work, dispute, outcome)
}

/// Removes a saved payment method from its customer.
pub(crate) fn detach(work: &mut Work<'_>, id: &str) -> Answer {
    work.state.named(Kind::PaymentMethod, id)?;
    Ok(payment_method::detach(work, id))
}

/// Moves an object to another account, so that calls no longer find it. The objects of a customer move with the customer.
pub(crate) fn disown(work: &mut Work<'_>, id: &str) -> Result<(), Problem> {
    let kind = Kind::of(id).unwrap_or(Kind::Customer);
    work.state.named(kind, id)?;
    work.state.disown(id);
    Ok(())
}

/// Delivers an event to every endpoint once more. An event that was never delivered counts as delivered once the
/// endpoints accept it.
pub(crate) fn deliver_again(work: &mut Work<'_>, id: &str) -> Result<(), Problem> {
    let event = work.state.named(Kind::Event, id)?;
    let posted = event::post(work, &event);
    work.change(Kind::Event, id, |event| event["pending_webhooks"] = posted.into());
    Ok(())
}
