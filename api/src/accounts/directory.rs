//! Finds and lists users.

use std::collections::HashMap;

use entity::{checkout, customer, former_customer, invoice, payment, payment_intent, period, subscription, user};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Select,
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

/// A text by which users are searched.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// A part of the email or username, in any case, or the id of an object at Stripe.
    pub text: &'a str,
    /// The row of the user whose id the text is.
    pub user_id: Option<i64>,
}

/// Reads one page of all users, newest first, keyed by id; with `search` only those whose email or username contains it,
/// without case, who have this id, or to whom the object at Stripe with this id belongs.
///
/// # Errors
/// A failed statement.
pub async fn page(
    db: &impl ConnectionTrait,
    search: Option<Search<'_>>,
    window: Window,
) -> Result<Page<user::Model>, DbErr> {
    let mut query = user::Entity::find();
    if let Some(Search { text, user_id }) = search {
        let like = || LikeExpr::new(format!("%{}%", escape(&text.to_lowercase()))).escape('\\');
        let has = |column: user::Column| Expr::expr(Func::lower(Expr::col(column))).like(like());
        let named = Condition::any().add(has(user::Column::Email)).add(has(user::Column::Username));
        let mut owners = owners(db, text.trim()).await?;
        owners.extend(user_id);
        query = query.filter(named.add_option((!owners.is_empty()).then(|| user::Column::Id.is_in(owners))));
    }
    let mut cursor = query.cursor_by(user::Column::Id);
    cursor.desc();
    window.apply(&mut cursor);
    Ok(Page::cut(cursor.all(db).await?, &window))
}

/// The users to whom a stored object at Stripe belongs, by its id: one, or none for another text.
async fn owners(db: &impl ConnectionTrait, id: &str) -> Result<Vec<i64>, DbErr> {
    let Some((kind, _)) = id.split_once('_') else { return Ok(Vec::new()) };
    match kind {
        "cus" => {
            let present = customer::Entity::find().filter(customer::Column::StripeCustomerId.eq(id));
            let mut owners = users(db, present, customer::Column::UserId).await?;
            let former = former_customer::Entity::find().filter(former_customer::Column::StripeCustomerId.eq(id));
            owners.extend(users(db, former, former_customer::Column::UserId).await?);
            Ok(owners)
        }
        "sub" => {
            let present = subscription::Entity::find().inner_join(customer::Entity);
            let present = present.filter(subscription::Column::StripeSubscriptionId.eq(id));
            let mut owners = users(db, present, customer::Column::UserId).await?;
            let paid = period::Entity::find().filter(period::Column::StripeSubscriptionId.eq(id));
            owners.extend(users(db, paid, period::Column::UserId).await?);
            Ok(owners)
        }
        "in" => {
            let of_plan = invoice::Entity::find().filter(invoice::Column::StripeInvoiceId.eq(id));
            let mut owners = users(db, of_plan, invoice::Column::UserId).await?;
            let of_pack = payment::Entity::find().filter(payment::Column::StripeInvoiceId.eq(id));
            owners.extend(users(db, of_pack, payment::Column::UserId).await?);
            Ok(owners)
        }
        "pi" => {
            let paid = payment_intent::Entity::find().filter(payment_intent::Column::StripePaymentIntentId.eq(id));
            users(db, paid, payment_intent::Column::UserId).await
        }
        "cs" => {
            let opened = checkout::Entity::find().filter(checkout::Column::StripeCheckoutSessionId.eq(id));
            users(db, opened, checkout::Column::UserId).await
        }
        _ => Ok(Vec::new()),
    }
}

async fn users<E: EntityTrait>(
    db: &impl ConnectionTrait,
    rows: Select<E>,
    user: impl ColumnTrait,
) -> Result<Vec<i64>, DbErr> {
    rows.select_only().column(user).distinct().into_tuple().all(db).await
}

/// Escapes a searched text, so that it is not read as a pattern.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
