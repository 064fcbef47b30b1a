//! The Stripe customer of a user: created once, committed before anything is sold, and replaced if Stripe no longer has it.

use std::collections::HashMap;

use entity::{customer, operation::Kind, user};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use super::{
    operation::{self, Call, Operation},
    subscription,
};
use crate::{
    app::App,
    error::Error,
    stripe::{Cause, CustomerState, Failure, NewCustomer},
    sync::{self, Fact},
};

impl Operation for NewCustomer {
    const KIND: Kind = Kind::Customer;

    /// The customer's id, `cus_...`.
    type Reply = String;

    async fn call(&self, call: &Call<'_>) -> Result<Option<String>, Failure> {
        match call.stripe.create_customer(call.key(), call.key(), self).await {
            Err(Failure::Refused(refusal)) if refusal.cause() == Cause::Email && self.email.is_some() => {
                tracing::warn!(
                    user_id = self.user_id,
                    "Stripe does not accept the user's email address; it is left out"
                );
                let without = Self { email: None, ..self.clone() };
                call.stripe.create_customer(&call.key_of("without-email"), call.key(), &without).await.map(Some)
            }
            created => created.map(Some),
        }
    }

    /// Finds the customer by what the call wrote, and never by the email address: several installations may share one
    /// Stripe account.
    async fn look_up(&self, call: &Call<'_>) -> Result<Option<String>, Failure> {
        call.stripe.customer_made_by(call.key(), call.created_at()).await
    }

    fn object(customer: &String) -> &str {
        customer
    }

    fn facts(customer: &String, user_id: i64) -> Vec<Fact> {
        vec![Fact::Customer { user_id, customer: customer.clone() }]
    }

    async fn existing(tx: &DatabaseTransaction, user_id: i64) -> Result<Option<String>, Error> {
        Ok(sync::customer_of(tx, user_id).await?)
    }
}

/// The customers at Stripe (`cus_...`) of several users, by the users' ids. One that was deleted there stays until it is
/// replaced.
///
/// # Errors
/// The database's.
pub async fn by_users(db: &impl ConnectionTrait, users: &[i64]) -> Result<HashMap<i64, String>, DbErr> {
    let customers = customer::Entity::find().filter(customer::Column::UserId.is_in(users.iter().copied()));
    Ok(customers.all(db).await?.into_iter().map(|row| (row.user_id, row.stripe_customer_id)).collect())
}

/// The user's `cus_...`, created now if there is none.
pub(super) async fn ensure(app: &App, user_id: i64) -> Result<String, Error> {
    if let Some(known) = sync::customer_of(app.database.read(), user_id).await? {
        return Ok(known);
    }
    let user = user::Entity::find_by_id(user_id).one(app.database.read()).await?.ok_or(Error::NotFound("user"))?;
    let name = user.display_name.unwrap_or(user.username);
    operation::run(app, user_id, NewCustomer { user_id, email: Some(user.email), name }).await?;
    sync::customer_of(app.database.read(), user_id)
        .await?
        .ok_or_else(|| Error::Internal("the new customer was not stored".to_owned()))
}

/// Does something with the user's customer. If Stripe refuses because it no longer has the customer, another is
/// created, and the work is done again with that one.
///
/// # Errors
/// Those of `work`; [`Error::StripeRefused`] where the missing customer has a subscription, which another customer would not
/// have.
pub(super) async fn with<T, F>(app: &App, user_id: i64, work: impl Fn(String) -> F + Send + Sync) -> Result<T, Error>
where
    T: Send,
    F: Future<Output = Result<T, Error>> + Send,
{
    let customer = ensure(app, user_id).await?;
    match work(customer.clone()).await {
        Err(Error::StripeRefused(_)) if is_gone(app, user_id, &customer).await? => {
            work(ensure(app, user_id).await?).await
        }
        done => done,
    }
}

/// Checks at Stripe that a customer still exists. A customer that was deleted, or that belongs to another account or mode and
/// has no subscription, is replaced.
async fn is_gone(app: &App, user_id: i64, customer: &str) -> Result<bool, Error> {
    match app.payments()?.stripe.customer_state(customer).await? {
        CustomerState::Exists => return Ok(false),
        CustomerState::Deleted => {}
        CustomerState::Unknown if subscription::current(app, user_id).await?.is_some() => {
            tracing::error!(user_id, customer, "{OTHER_ACCOUNT}");
            return Ok(false);
        }
        CustomerState::Unknown => {
            tracing::warn!(user_id, customer, "Stripe does not have this customer; another is created");
        }
    }
    sync::learn(app, Fact::CustomerDeleted(customer.to_owned())).await?;
    Ok(true)
}

/// The message for an operator whose key does not match the rows.
const OTHER_ACCOUNT: &str = "STRIPE_SECRET_KEY belongs to another account or mode than the stored subscriptions: Stripe does \
    not have the customer of a subscription. Use the key that they were created with, or another database.";

/// Reads from Stripe the customer of one current subscription and logs an error where Stripe does not have it: then the secret
/// key belongs to another account or mode than the stored rows. To be called once at the start.
pub async fn warn_of_other_account(app: &App) {
    let checked = async {
        let Some(customer) = subscription::any_subscriber(app).await? else { return Ok(()) };
        if app.payments()?.stripe.customer_state(&customer).await? == CustomerState::Unknown {
            tracing::error!(customer, "{OTHER_ACCOUNT}");
        }
        Ok::<_, Error>(())
    };
    if let Err(error) = checked.await {
        tracing::info!(%error, "the stored customers could not be compared with Stripe's");
    }
}
