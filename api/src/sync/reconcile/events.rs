//! Events that are not in the inbox.

use std::collections::HashSet;

use entity::event::{self, Status};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::Value;

use super::{Line, MAX_PAGES, owned, too_many_pages};
use crate::{
    app::App,
    error::Error,
    stripe::customer_in,
    sync::inbox::{Receipt, Refusal, receive},
};

/// Passes events of these types through the inbox, each as if it had been delivered.
pub(super) async fn compare(app: &App, types: &[&str], since: i64, line: &mut Line) -> Result<(), Error> {
    let stripe = app.payments()?.stripe.in_background();
    let mut after = None;
    for _ in 0..MAX_PAGES {
        let page = stripe.events(types, since, after.as_deref()).await?;
        let customers: Vec<_> = page.objects.iter().filter_map(|event| customer_in(&event["data"]["object"])).collect();
        let (ours, stored) = (owned::customers(app, customers).await?, stored(app, &page.objects).await?);
        // The oldest first, so that payments are applied before their refunds.
        for event in page.objects.iter().rev() {
            if customer_in(&event["data"]["object"]).is_none_or(|customer| ours.contains_key(&customer)) {
                take(app, event, &stored, line).await?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
    Err(too_many_pages())
}

async fn take(app: &App, event: &Value, stored: &HashSet<String>, line: &mut Line) -> Result<(), Error> {
    line.looked_at += 1;
    if event["id"].as_str().is_some_and(|id| stored.contains(id)) {
        return Ok(());
    }
    match receive(app, event.to_string().as_bytes()).await {
        // A waiting event has its look in the queue.
        Ok(Receipt::Applied | Receipt::Waiting) => {
            line.missing += 1;
            line.repaired += 1;
        }
        Ok(Receipt::Ignored | Receipt::Known) => {}
        Ok(Receipt::Failed) => {
            line.missing += 1;
            line.failed += 1;
        }
        Err(Refusal::Ours(error @ (Error::Unavailable(_) | Error::StripeUnavailable))) => return Err(error),
        Err(Refusal::Ours(error)) => {
            tracing::error!(event = %event["id"], %error, "an event that Stripe lists cannot be stored");
            line.missing += 1;
            line.failed += 1;
        }
        Err(Refusal::Unreadable(reason)) => {
            tracing::error!(event = %event["id"], reason, "an event that Stripe lists cannot be read");
            line.failed += 1;
        }
    }
    Ok(())
}

/// The ids of those events that are stored already. Those that failed or wait have their task in the queue.
async fn stored(app: &App, events: &[Value]) -> Result<HashSet<String>, Error> {
    let ids = events.iter().filter_map(|event| event["id"].as_str());
    let rows = event::Entity::find()
        .select_only()
        .column(event::Column::EventId)
        .filter(event::Column::EventId.is_in(ids))
        .filter(event::Column::Status.ne(Status::Received));
    Ok(rows.into_tuple::<String>().all(app.database.read()).await?.into_iter().collect())
}
