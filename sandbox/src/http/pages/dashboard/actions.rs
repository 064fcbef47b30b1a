//! The buttons of the dashboard.

use std::time::Duration;

use serde_json::json;

use crate::{
    billing::{cancellation::Ending, delayed_payment, time},
    calls::actions,
    http::pages::form_fields::Fields,
    resources::{
        dispute::{Outcome, Stage},
        refund,
    },
    store::{
        Store, calendar,
        kind::Kind,
        problem::{Answer, Problem},
        work::{Cause, Work},
    },
};

/// Performs the action of a form.
pub(super) async fn perform(store: &Store, fields: &Fields) -> Result<(), Problem> {
    let id = fields.get("id");
    match fields.get("action") {
        "advance" => advance(store, id).await,
        "renew" => actions::renew(store, id).await.map(drop),
        "deliver" => store.work(Cause::default(), |work| actions::deliver_again(work, id)),
        action => store.work(Cause::default(), |work| change(work, action, fields)).map(drop),
    }
}

async fn advance(store: &Store, span: &str) -> Result<(), Problem> {
    match span {
        "hour" => time::advance(store, Duration::from_hours(1)).await,
        "day" => time::advance(store, Duration::from_hours(24)).await,
        "month" => {
            let month = json!({ "interval": "month" });
            time::advance_to(store, calendar::end_of(store.clock.now(), &month, 1)).await
        }
        _ => return Err(unknown()),
    };
    Ok(())
}

fn unknown() -> Problem {
    Problem::not_now("The dashboard does not have this action.")
}

fn change(work: &mut Work<'_>, action: &str, fields: &Fields) -> Answer {
    let id = fields.get("id");
    match action {
        "fail" => actions::fail_next_payments(work, id, 1),
        "retry" => actions::retry_payment(work, id),
        "card" => actions::change_card(work, id, fields.get("number")),
        "cancel" => actions::announce_end(work, id, &Ending::AtPeriodEnd),
        "keep" => actions::announce_end(work, id, &Ending::Never),
        "refund" => actions::refund(work, id, None),
        "refund_half" => half(work, id),
        "refund_arrives" => refund::settle(work, id, true),
        "refund_fails" => refund::settle(work, id, false),
        "inquiry" => actions::dispute(work, id, Stage::Inquiry, None),
        "chargeback" => actions::dispute(work, id, Stage::Chargeback, None),
        "won" => actions::proceed(work, id, Outcome::Won),
        "lost" => actions::proceed(work, id, Outcome::Lost),
        "escalated" => actions::proceed(work, id, Outcome::Escalated),
        "warning_closed" => actions::proceed(work, id, Outcome::WarningClosed),
        "detach" => actions::detach(work, id),
        "succeeds" => delayed_payment::settle(work, id, true),
        "bounces" => delayed_payment::settle(work, id, false),
        _ => Err(unknown()),
    }
}

/// Refunds half of the amount of a charge that is not refunded yet.
fn half(work: &mut Work<'_>, id: &str) -> Answer {
    let charge = work.state.named(Kind::Charge, id)?;
    let number = |field: &str| charge[field].as_i64().unwrap_or_default();
    let left = number("amount_captured") - number("amount_refunded");
    actions::refund(work, id, Some((left / 2).max(1)))
}
