//! Events that Stripe could not deliver.

use std::collections::HashSet;

use entity::event::{self, Status};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::Value;

use super::{Line, PAGES, known};
use crate::{
    app::App,
    error::Error,
    settle::inbox::{Receipt, Refusal, receive},
    stripe::id_of,
};

/// Brings events of these types that no endpoint took through the inbox, each as if it had been delivered.
pub(super) async fn look(app: &App, types: &[&str], since: i64, line: &mut Line) -> Result<(), Error> {
    let mut after = None;
    for _ in 0..PAGES {
        let page = app.payments()?.stripe.undelivered(types, since, after.as_deref()).await?;
        let customers: Vec<_> = page.objects.iter().filter_map(customer).collect();
        let (ours, done) = (known::ours(app, customers).await?, settled(app, &page.objects).await?);
        // The oldest first: what comes before its parent would only wait for it.
        for event in page.objects.iter().rev() {
            if customer(event).is_none_or(|customer| ours.contains(&customer)) {
                take(app, event, &done, line).await?;
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

async fn take(app: &App, event: &Value, done: &HashSet<String>, line: &mut Line) -> Result<(), Error> {
    line.looked_at += 1;
    if event["id"].as_str().is_some_and(|id| done.contains(id)) {
        return Ok(());
    }
    match receive(app, event.to_string().as_bytes()).await {
        Ok(Receipt::Applied) => {
            line.missing += 1;
            line.mended += 1;
        }
        // What waits may be somebody else's; and what is ignored or known is not missing.
        Ok(Receipt::Waiting | Receipt::Ignored | Receipt::Known) => {}
        Ok(Receipt::Failed) => {
            line.missing += 1;
            line.failed += 1;
        }
        Err(Refusal::Ours(error)) => return Err(error),
        Err(Refusal::Unreadable(reason)) => {
            tracing::error!(event = %event["id"], reason, "an event that Stripe lists cannot be read");
            line.failed += 1;
        }
    }
    Ok(())
}

/// Whom an event is about, where it says so.
fn customer(event: &Value) -> Option<String> {
    let object = &event["data"]["object"];
    if object["object"] == "customer" { id_of(object) } else { id_of(&object["customer"]) }
}

/// Which of these events were settled before.
async fn settled(app: &App, events: &[Value]) -> Result<HashSet<String>, Error> {
    let ids = events.iter().filter_map(|event| event["id"].as_str());
    let rows = event::Entity::find()
        .select_only()
        .column(event::Column::EventId)
        .filter(event::Column::EventId.is_in(ids))
        .filter(event::Column::Status.is_in([Status::Applied, Status::Ignored]));
    Ok(rows.into_tuple::<String>().all(app.database.read()).await?.into_iter().collect())
}
