//! The inbox of webhooks, as operators see it.

use chrono::{DateTime, Utc};
use entity::event::{self, Status, Summary};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    app::App,
    error::Error,
    input,
    page::{Page, Window},
    settle,
};

/// A place in the inbox: when an event came, and its id. Several may come within one microsecond.
pub type Place = (DateTime<Utc>, String);

/// Which events are asked for. Nothing stands for all of them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What became of them.
    pub status: Option<Status>,
    /// Stripe's name of what happened, such as `invoice.paid`.
    pub kind: Option<String>,
}

/// One page of the inbox, the event that came last first.
///
/// # Errors
/// [`Error::BadInput`] for a type or a place that no event can have; what the database says.
pub async fn page(app: &App, filter: &Filter, window: Window<Place>) -> Result<Page<Summary>, Error> {
    let mut query = event::Entity::find();
    if let Some(status) = filter.status {
        query = query.filter(event::Column::Status.eq(status));
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(event::Column::Kind.eq(input::line("type", kind, input::MAX_KEY_BYTES)?));
    }
    if let Some((at, id)) = &window.after {
        input::line("after", id, input::MAX_KEY_BYTES)?;
        // Said once more, and plainly, so that the index is entered where the page begins.
        query = query.filter(event::Column::ReceivedAt.lte(*at));
    }
    let mut cursor = query.cursor_by((event::Column::ReceivedAt, event::Column::EventId));
    cursor.desc();
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.into_partial_model::<Summary>().all(app.database.read()).await?, &window))
}

/// Tries a stored event now, whatever became of it before. It runs to its end also when the caller gives up waiting.
///
/// # Errors
/// [`Error::NotFound`] when there is no such event; [`Error::BadInput`] when its payload was pruned.
pub async fn replay(app: &App, id: String) -> Result<Summary, Error> {
    input::line("id", &id, input::MAX_KEY_BYTES)?;
    let app = app.clone();
    app.clone().finish(async move { settle::replay(&app, &id).await }).await
}
