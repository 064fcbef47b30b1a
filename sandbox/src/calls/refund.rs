//! Calls on refunds (docs.stripe.com/api/refunds).

use crate::{
    api::{call::Call, metadata},
    resources::{
        event,
        refund::{self, Order},
    },
    store::{
        kind::Kind,
        problem::{Answer, Problem},
    },
};

/// Parameters of Stripe that are accepted without effect.
const WITHOUT_EFFECT: [&str; 4] = ["currency", "instructions_email", "refund_application_fee", "reverse_transfer"];

/// `POST /v1/refunds`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let params = &mut call.params;
    let charge = match (params.text("payment_intent")?, params.text("charge")?) {
        (Some(intent), None) => refund::charge_of(&call.work, "payment_intent", &intent)?,
        (None, Some(charge)) => refund::charge_of(&call.work, "charge", &charge)?,
        (None, None) => {
            let message = "One of the following params should be provided for this request: payment_intent or charge.";
            return Err(Problem::malformed(message));
        }
        _ => {
            let message = "You may only specify one of these parameters: charge, payment_intent.";
            return Err(Problem::malformed(message));
        }
    };
    let order = Order {
        charge,
        amount: params.integer("amount")?,
        reason: params.text("reason")?,
        metadata: metadata::of_new(params)?,
    };
    params.ignore(&WITHOUT_EFFECT);
    params.finish()?;
    refund::give_back(&mut call.work, &order)
}

/// `POST /v1/refunds/{id}`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let id = call.id();
    call.work.state.named(Kind::Refund, &id)?;
    let metadata = metadata::read(&mut call.params)?;
    call.params.finish()?;
    let change = call.work.change(Kind::Refund, &id, |refund| metadata::apply_to(refund, metadata));
    if change.before != change.after {
        event::emit_change(&mut call.work, "refund.updated", &change);
    }
    Ok(change.after)
}

/// `GET /v1/refunds`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    call.list(Kind::Refund, &[("charge", "/charge"), ("payment_intent", "/payment_intent")])
}
