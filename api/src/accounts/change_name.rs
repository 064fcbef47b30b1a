//! Changes of names.

use entity::{user, work::Kind};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::sign_up;
use crate::{
    app::App,
    auth::Viewer,
    error::{DatabaseFault, Error, classify},
    work,
};

/// New names for the viewer.
#[derive(Clone, Debug)]
pub struct ChangeName {
    /// The name that others see.
    pub username: String,
    /// A longer name; `None` removes it.
    pub display_name: Option<String>,
}

/// Changes the viewer's names, by the rules of sign-up. The queue changes the name on receipts at Stripe. Users of another
/// issuer may change their names too: their tokens' claims are read only once.
///
/// # Errors
/// [`Error::BadInput`]; [`Error::AlreadyExists`] in an adopted database where usernames are unique.
pub async fn change_name(app: &App, viewer: Viewer, change: ChangeName) -> Result<user::Model, Error> {
    let names = sign_up::names(&change.username, change.display_name.as_deref())?;
    let tx = app.database.begin().await?;
    let updated = user::Entity::update_many()
        .set(names)
        .filter(user::Column::Id.eq(viewer.user_id))
        .filter(user::Column::ClosedAt.is_null())
        .exec(&tx)
        .await;
    match updated {
        Ok(_) => {}
        Err(error) if classify(&error) == DatabaseFault::Duplicate => return Err(sign_up::username_taken()),
        Err(error) => return Err(error.into()),
    }
    work::due(&tx, &app.clock, Kind::Customer, &viewer.user_id.to_string()).await?;
    tx.commit().await?;
    app.work.wake();
    let user = super::by_ids(app.database.read(), &[viewer.user_id]).await?.remove(&viewer.user_id);
    user.ok_or(Error::NotFound("user"))
}
