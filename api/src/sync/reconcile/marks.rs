//! The times up to which our tables contain everything from Stripe.

use chrono::{DateTime, Utc};
use entity::mark;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait, sea_query::OnConflict};

use crate::app::App;

#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// All events that were created before are in the inbox.
    Events,
    /// All objects were compared then.
    Objects,
}

impl Mark {
    const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Objects => "objects",
        }
    }
}

pub(super) async fn read(app: &App, mark: Mark) -> Result<Option<DateTime<Utc>>, DbErr> {
    Ok(mark::Entity::find_by_id(mark.name()).one(app.database.read()).await?.map(|mark| mark.at))
}

pub(super) async fn write(app: &App, mark: Mark, at: DateTime<Utc>) -> Result<(), DbErr> {
    let row = mark::ActiveModel { name: Set(mark.name().to_owned()), at: Set(at) };
    let replace = OnConflict::column(mark::Column::Name).update_column(mark::Column::At).to_owned();
    mark::Entity::insert(row).on_conflict(replace).exec_without_returning(app.database.write()).await?;
    Ok(())
}
