//! The record of the changes that admins made. Each row is written in the transaction of its change.

use entity::{
    admin_action::{ActiveModel, Column, Entity, Kind, Model},
    ledger_entry,
    user::Role,
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use crate::{
    app::App,
    error::Error,
    page::{Page, Window},
};

/// The user who makes a change by hand.
#[derive(Clone, Copy, Debug)]
pub struct Author {
    /// The user.
    pub user_id: i64,
    /// The role in which the change is made.
    pub role: Role,
}

/// Records an action that posted an entry, if its author is an admin.
///
/// # Errors
/// The database's.
pub(super) async fn record(
    tx: &DatabaseTransaction,
    app: &App,
    author: Author,
    kind: Kind,
    entry: &ledger_entry::Model,
) -> Result<(), DbErr> {
    if author.role != Role::Admin {
        return Ok(());
    }
    let action = ActiveModel {
        actor_id: Set(author.user_id),
        kind: Set(kind),
        user_id: Set(Some(entry.user_id)),
        entry_id: Set(Some(entry.id)),
        event_id: Set(None),
        created_at: Set(app.clock.wall()),
        ..Default::default()
    };
    action.insert(tx).await?;
    Ok(())
}

/// The subject of an action that posts no entry.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the names of the columns")]
pub(super) struct Subject {
    /// The user whose account it is about.
    pub(super) user_id: Option<i64>,
    /// The endpoint for events.
    pub(super) endpoint_id: Option<i64>,
    /// The event for other services.
    pub(super) account_event_id: Option<i64>,
}

/// Records an action of an admin that posts no entry.
///
/// # Errors
/// The database's.
pub(super) async fn record_about(
    tx: &DatabaseTransaction,
    app: &App,
    actor: i64,
    kind: Kind,
    subject: Subject,
) -> Result<(), DbErr> {
    let action = ActiveModel {
        actor_id: Set(actor),
        kind: Set(kind),
        user_id: Set(subject.user_id),
        endpoint_id: Set(subject.endpoint_id),
        account_event_id: Set(subject.account_event_id),
        created_at: Set(app.clock.wall()),
        ..Default::default()
    };
    action.insert(tx).await?;
    Ok(())
}

/// One page of all actions, or of those about one user, newest first, keyed by id.
///
/// # Errors
/// The database's.
pub async fn page(app: &App, user_id: Option<i64>, window: Window) -> Result<Page<Model>, Error> {
    let mut query = Entity::find();
    if let Some(user_id) = user_id {
        query = query.filter(Column::UserId.eq(user_id));
    }
    let mut cursor = query.cursor_by(Column::Id);
    cursor.desc();
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.all(app.database.read()).await?, &window))
}
