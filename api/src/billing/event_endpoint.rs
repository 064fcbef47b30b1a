//! The endpoints of other services that receive events.

use entity::{
    account_event::Type,
    admin_action::Kind as Action,
    event_endpoint::{ActiveModel, Entity, Model},
    event_relay, pending_event,
    work::Kind,
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait, QueryOrder, QuerySelect,
};

use super::admin_action::{self, Subject};
use crate::{
    app::App,
    error::{Error, Rule, both},
    events::{self, TargetError},
    global_id::Noun,
    input, ledger, work,
};

/// Maximum number of endpoints. Each has a worker of its own in every process.
pub const MAX_ENDPOINTS: usize = 16;

/// Maximum length of a description in bytes.
const MAX_DESCRIPTION: usize = 500;

/// An endpoint to register.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// The URL to send events to.
    pub url: String,
    /// The types to send, at least one.
    pub types: Vec<Type>,
    /// A note for people.
    pub description: Option<String>,
}

/// A change of an endpoint. Fields that are `None` stay as they are.
#[derive(Clone, Debug)]
pub struct EndpointChange {
    /// The endpoint.
    pub id: String,
    /// The URL to send events to.
    pub url: Option<String>,
    /// The types to send, at least one.
    pub types: Option<Vec<Type>>,
    /// A note for people; empty for none.
    pub description: Option<String>,
    /// Disables the endpoint, or enables it again.
    pub disabled: Option<bool>,
}

/// All endpoints, the oldest first.
///
/// # Errors
/// The database's.
pub async fn list(app: &App) -> Result<Vec<Model>, Error> {
    Ok(Entity::find().order_by_asc(entity::event_endpoint::Column::Id).all(app.database.read()).await?)
}

/// Registers an endpoint, which receives the events from now on. `actor` is the admin who does it.
///
/// # Errors
/// [`Error::BadInput`], also for one endpoint too many.
pub async fn create(app: &App, actor: i64, new: NewEndpoint) -> Result<Model, Error> {
    let types = types(&new.types);
    let description = new.description.as_deref().map_or(Ok(None), description);
    let (url, (types, description)) = both(url(app, &new.url).await, both(types, description))?;
    let now = app.clock.wall();
    let tx = app.database.begin().await?;
    lock_relay(&tx).await?;
    let count = Entity::find().count(&tx).await?;
    if count >= MAX_ENDPOINTS as u64 {
        let message = format!("There are {MAX_ENDPOINTS} endpoints already. Delete one first.");
        return Err(Error::bad_input(Rule::Limit(MAX_ENDPOINTS), message));
    }
    if count == 0 {
        start_relay(&tx).await?;
    }
    let row = ActiveModel {
        url: Set(url),
        types: Set(types),
        description: Set(description),
        secret: Set(events::new_secret()),
        created_at: Set(now),
        ..Default::default()
    };
    let endpoint = row.insert(&tx).await?;
    work::due(&tx, &app.clock, Kind::Relay, "").await?;
    record(&tx, app, actor, Action::CreateEventEndpoint, endpoint.id).await?;
    tx.commit().await?;
    app.work.wake();
    Ok(endpoint)
}

/// Changes an endpoint. What waits for a disabled one is sent when it is enabled again; events of the meantime are not.
///
/// # Errors
/// [`Error::BadInput`]; [`Error::NotFound`] when there is no such endpoint.
pub async fn update(app: &App, actor: i64, change: EndpointChange) -> Result<Model, Error> {
    let id = input::id(Noun::Endpoint, &change.id)?;
    let types = change.types.as_deref().map(types).transpose();
    let url = match &change.url {
        Some(text) => url(app, text).await.map(Some),
        None => Ok(None),
    };
    let description = change.description.as_deref().map(description).transpose();
    let (url, (types, description)) = both(url, both(types, description))?;
    let tx = app.database.begin().await?;
    let stored = Entity::find_by_id(id).lock_exclusive().one(&tx).await?.ok_or(Error::NotFound("endpoint"))?;
    let mut row = ActiveModel { id: Unchanged(id), url: Unchanged(stored.url.clone()), ..Default::default() };
    if let Some(url) = url {
        row.url = Set(url);
    }
    if let Some(types) = types {
        row.types = Set(types);
    }
    if let Some(description) = description {
        row.description = Set(description);
    }
    match change.disabled {
        Some(true) if stored.disabled_at.is_none() => row.disabled_at = Set(Some(app.clock.wall())),
        Some(false) => {
            row.disabled_at = Set(None);
            row.disabled_reason = Set(None);
        }
        _ => {}
    }
    let endpoint = row.update(&tx).await?;
    work::due(&tx, &app.clock, Kind::Delivery, &id.to_string()).await?;
    record(&tx, app, actor, Action::UpdateEventEndpoint, id).await?;
    tx.commit().await?;
    app.work.wake();
    Ok(endpoint)
}

/// Deletes an endpoint. What waits for it is not sent.
///
/// # Errors
/// [`Error::NotFound`] when there is no such endpoint.
pub async fn delete(app: &App, actor: i64, id: &str) -> Result<Model, Error> {
    let id = input::id(Noun::Endpoint, id)?;
    let tx = app.database.begin().await?;
    lock_relay(&tx).await?;
    let endpoint = Entity::find_by_id(id).one(&tx).await?.ok_or(Error::NotFound("endpoint"))?;
    Entity::delete_by_id(id).exec(&tx).await?;
    // The task deletes its deliveries.
    work::due(&tx, &app.clock, Kind::Delivery, &id.to_string()).await?;
    record(&tx, app, actor, Action::DeleteEventEndpoint, id).await?;
    tx.commit().await?;
    app.work.wake();
    Ok(endpoint)
}

async fn lock_relay(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    event_relay::Entity::find_by_id(1).lock_exclusive().one(tx).await?;
    Ok(())
}

/// Lets the relay start after the newest entry, so that a balance which is read afterwards and the events since have no gap between
/// them. Pending events are of a time when there were endpoints before.
async fn start_relay(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    let newest = ledger::boundary(tx).await?;
    pending_event::Entity::delete_many().exec(tx).await?;
    let row = event_relay::ActiveModel {
        id: Unchanged(1),
        started_after: Set(newest),
        seen: Set(newest),
        safe: Set(newest),
        check_id: Set(newest),
        check_xid: Set(0),
    };
    row.update(tx).await?;
    Ok(())
}

async fn record(tx: &DatabaseTransaction, app: &App, actor: i64, kind: Action, id: i64) -> Result<(), DbErr> {
    let subject = Subject { endpoint_id: Some(id), ..Subject::default() };
    admin_action::record_about(tx, app, actor, kind, subject).await
}

async fn url(app: &App, url: &str) -> Result<String, Error> {
    let checked = events::check(url, app.config.event_targets_special).await;
    checked.map_err(|error| {
        let rule = match error {
            TargetError::NotAUrl | TargetError::NotHttps | TargetError::HasExtras => Rule::Format("URL"),
            TargetError::Special => Rule::NotAllowed,
            TargetError::Unknown => Rule::UnknownHost,
        };
        Error::bad_field("url", rule, error.to_string())
    })
}

fn types(types: &[Type]) -> Result<String, Error> {
    if types.is_empty() {
        return Err(Error::bad_field("types", Rule::Required, "types must not be empty."));
    }
    let mut names: Vec<_> = types.iter().map(ActiveEnum::to_value).collect();
    names.sort();
    names.dedup();
    Ok(names.join(" "))
}

fn description(text: &str) -> Result<Option<String>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    input::line("description", text, MAX_DESCRIPTION).map(|text| Some(text.to_owned()))
}
