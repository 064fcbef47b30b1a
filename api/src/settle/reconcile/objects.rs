//! The things themselves, as Stripe has them now.

use std::collections::HashSet;

use serde_json::Value;

use super::{Fact, Line, PAGES, known};
use crate::{
    app::{App, Payments},
    error::Error,
    settle::{Outcome, Said, learn, subscription::SKEW},
    stripe::{Dispute, Invoice, Noun, PaymentStatus, Refund, Session, Subscription, Unreadable, id_of},
};

/// Looks at all of a noun that was made since a second, and at whatever of it is still open here.
pub(super) async fn look(
    app: &App,
    payments: &Payments,
    (noun, since): (Noun, i64),
    line: &mut Line,
) -> Result<(), Error> {
    let (mut after, mut seen) = (None, HashSet::new());
    for _ in 0..PAGES {
        let asked = app.clock.now().timestamp();
        let page = payments.stripe.listed(noun, since, after.as_deref()).await?;
        let ours = ours(app, page.objects).await?;
        seen.extend(ours.iter().filter_map(id_of));
        settle(app, noun, (ours, asked), line).await?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for id in known::open(app, noun).await?.into_iter().filter(|id| !seen.contains(id)) {
        let asked = app.clock.now().timestamp();
        let found = payments.stripe.looked_up(noun, &id).await?;
        settle(app, noun, (found.into_iter().collect(), asked), line).await?;
    }
    Ok(())
}

/// What belongs to a customer of ours, or to a payment of theirs.
async fn ours(app: &App, objects: Vec<Value>) -> Result<Vec<Value>, Error> {
    let customers = objects.iter().filter_map(|object| id_of(&object["customer"])).collect();
    let intents = objects.iter().filter_map(|object| id_of(&object["payment_intent"])).collect();
    let (customers, intents) = (known::ours(app, customers).await?, known::payments(app, intents).await?);
    let is_ours = |object: &Value| match id_of(&object["customer"]) {
        Some(customer) => customers.contains(&customer),
        None => id_of(&object["payment_intent"]).is_some_and(|intent| intents.contains(&intent)),
    };
    Ok(objects.into_iter().filter(is_ours).collect())
}

/// Applies what is not here yet as it is told, and looks again whether it is then. `asked` is when we asked, by our clock:
/// while an answer is under way more may happen, and be heard of.
async fn settle(app: &App, noun: Noun, (objects, asked): (Vec<Value>, i64), line: &mut Line) -> Result<(), Error> {
    line.looked_at += objects.len();
    let mut told = Vec::new();
    for object in objects {
        match read(noun, &object, asked) {
            Ok(fact) => told.push(fact),
            Err(error) => fail(line, &object["id"].to_string(), &error.to_string()),
        }
    }
    let mut applied = Vec::new();
    for fact in known::missing(app, told).await? {
        match learn(app, fact.clone()).await {
            Ok(Outcome::Applied(_)) => applied.push(fact),
            // A setup, a gift, a manual invoice: ours, and of no use here.
            Ok(Outcome::Ignored(_) | Outcome::Waits(_)) => {}
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => fail(line, &known::name(&fact), &error.to_string()),
        }
    }
    let count = applied.len();
    let left = known::missing(app, applied).await?;
    line.missing += count;
    line.mended += count - left.len();
    line.failed += left.len();
    for fact in left {
        tracing::error!(id = known::name(&fact), "what Stripe has is still not here");
    }
    Ok(())
}

fn fail(line: &mut Line, id: &str, reason: &str) {
    tracing::error!(id, reason, "what Stripe has cannot be settled");
    line.missing += 1;
    line.failed += 1;
}

/// What an object says that was asked for in this second of Unix time, by our clock.
fn read(noun: Noun, object: &Value, asked: i64) -> Result<Fact, Unreadable> {
    Ok(match noun {
        Noun::Subscription => {
            Fact::Subscription { subscription: Subscription::from_value(object)?, said: Said::Reply { at: asked } }
        }
        Noun::Session => {
            let session = Session::from_value(object)?;
            let failed = session.payment_status == PaymentStatus::Unpaid && is_over(&object["payment_intent"]);
            Fact::Session { session, failed }
        }
        Noun::Invoice => Fact::Invoice(Invoice::from_value(object)?),
        Noun::Refund => Fact::Refund(Refund::from_value(object)?),
        // Compared with the seconds of events, which are Stripe's: what it says was so then, however far our clock is ahead.
        Noun::Dispute => Fact::Dispute { dispute: Dispute::from_value(object)?, at: asked - SKEW, moved: None },
    })
}

/// Whether a completed checkout's payment, as it is listed, will never come. Stripe documentation: "The Payment Intents API".
fn is_over(payment_intent: &Value) -> bool {
    payment_intent["status"].as_str().is_some_and(|status| ["requires_payment_method", "canceled"].contains(&status))
}
