//! Finds and lists users.

use std::collections::HashMap;

use entity::user;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, Func, LikeExpr},
};

use crate::page::{Page, Window};

/// Finds several users at once, by id.
///
/// # Errors
/// A failed statement.
pub async fn by_ids(db: &impl ConnectionTrait, ids: &[i64]) -> Result<HashMap<i64, user::Model>, DbErr> {
    let users = user::Entity::find().filter(user::Column::Id.is_in(ids.iter().copied())).all(db).await?;
    Ok(users.into_iter().map(|user| (user.id, user)).collect())
}

/// Reads one page of all users, newest first, keyed by id; with `search` only those whose email or username contains it,
/// without case.
///
/// # Errors
/// A failed statement.
pub async fn page(db: &impl ConnectionTrait, search: Option<&str>, window: Window) -> Result<Page<user::Model>, DbErr> {
    let mut query = user::Entity::find();
    if let Some(search) = search {
        let like = || LikeExpr::new(format!("%{}%", escape(&search.to_lowercase()))).escape('\\');
        let has = |column: user::Column| Expr::expr(Func::lower(Expr::col(column))).like(like());
        query = query.filter(Condition::any().add(has(user::Column::Email)).add(has(user::Column::Username)));
    }
    let mut cursor = query.cursor_by(user::Column::Id);
    cursor.desc();
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.all(db).await?, &window))
}

/// Escapes a searched text, so that it is not read as a pattern.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
