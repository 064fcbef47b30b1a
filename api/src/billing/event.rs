//! The webhook inbox, as operators see it.

use chrono::{DateTime, Utc};
use entity::event::{self, Status, Summary};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    app::App,
    error::Error,
    input,
    page::{Page, Window},
    sync,
};

/// A position in the inbox: when an event was received, and its id. Several may be received within one microsecond.
pub type Place = (DateTime<Utc>, String);

/// A filter of events. Without any field it selects all of them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Their status.
    pub status: Option<Status>,
    /// Their type, such as `invoice.paid`.
    pub kind: Option<String>,
}

/// One page of the inbox, newest first.
///
/// # Errors
/// [`Error::BadInput`] for a type or a position that no event can have; the database's.
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
        // Redundant, but lets the index scan begin at the page.
        query = query.filter(event::Column::ReceivedAt.lte(*at));
    }
    let mut cursor = query.cursor_by((event::Column::ReceivedAt, event::Column::EventId));
    cursor.desc();
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.into_partial_model::<Summary>().all(app.database.read()).await?, &window))
}

/// Reads an event of the inbox. Text that cannot be the id of an event is that of a missing one.
///
/// # Errors
/// The database's.
pub async fn by_id(app: &App, id: &str) -> Result<Option<Summary>, Error> {
    if input::line("id", id, input::MAX_KEY_BYTES).is_err() {
        return Ok(None);
    }
    let event = event::Entity::find().filter(event::Column::EventId.eq(id));
    Ok(event.into_partial_model::<Summary>().one(app.database.read()).await?)
}

/// Processes a stored event again, whatever its status, at the request of `actor`, an admin. It runs to its end even if the caller stops waiting.
///
/// # Errors
/// [`Error::NotFound`] when there is no such event, or it was deleted after its retention time.
pub async fn replay(app: &App, actor: i64, id: String) -> Result<Summary, Error> {
    input::line("id", &id, input::MAX_KEY_BYTES)?;
    let app = app.clone();
    app.clone().finish(async move { sync::replay(&app, actor, &id).await }).await
}
