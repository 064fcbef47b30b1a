//! Users, with the private data that they own.

use async_graphql::{Context, Enum, ID, MergedObject, Object};
use entity::user::{self, Role};

use super::{
    alert::AlertQuery, balance::BalanceQuery, context::RequestContext, date_time::Moment,
    entitlement::EntitlementQuery, hold::HoldsQuery, invoice::InvoiceQuery, ledger::LedgerQuery, owner::Owner,
    payment::PaymentQuery, payment_method::PaymentMethodQuery, subscription::SubscriptionQuery, top_up::TopUpQuery,
    usage::UsageQuery,
};
use crate::{accounts, app::App, error::Error, global_id::Noun};

/// A user.
#[derive(MergedObject)]
pub(super) struct User(
    Profile,
    BalanceQuery,
    SubscriptionQuery,
    LedgerQuery,
    PaymentQuery,
    TopUpQuery,
    InvoiceQuery,
    UsageQuery,
    EntitlementQuery,
    HoldsQuery,
    AlertQuery,
    PaymentMethodQuery,
);

impl User {
    pub(super) const fn new(user: user::Model) -> Self {
        let owner = Owner::User(user.id);
        Self(
            Profile(user),
            BalanceQuery(owner),
            SubscriptionQuery(owner),
            LedgerQuery(owner),
            PaymentQuery(owner),
            TopUpQuery(owner),
            InvoiceQuery(owner),
            UsageQuery(owner),
            EntitlementQuery(owner),
            HoldsQuery(owner),
            AlertQuery(owner),
            PaymentMethodQuery(owner),
        )
    }

    /// Finds a user by the id of the row.
    pub(super) async fn find(app: &App, id: i64) -> Result<Option<Self>, Error> {
        Ok(accounts::by_ids(app.database.read(), &[id]).await?.remove(&id).map(Self::new))
    }

    /// The id of the user, as the interface `Node` has it.
    pub(super) async fn id(&self, _: &Context<'_>) -> Result<ID, Error> {
        Ok(self.0.global_id())
    }
}

/// The rights of a user beyond their own account.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "Role")]
pub(super) enum UserRole {
    /// Only the own account.
    User,
    /// The export service, which captures and releases holds and refunds failed exports.
    Service,
    /// An operator, who reads all accounts and corrects balances.
    Admin,
}

/// A user's profile.
pub(super) struct Profile(user::Model);

impl Profile {
    fn global_id(&self) -> ID {
        Noun::User.id(self.0.id).into()
    }
}

#[Object]
impl Profile {
    /// The id of the user.
    async fn id(&self) -> ID {
        self.global_id()
    }

    /// The user's email address, in lowercase.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// True if the user has verified the email address with a mailed link.
    async fn email_verified(&self) -> bool {
        self.0.email_verified_at.is_some()
    }

    /// The user's public name.
    async fn username(&self) -> &str {
        &self.0.username
    }

    /// A longer name; null if the user has none.
    async fn display_name(&self) -> Option<&str> {
        self.0.display_name.as_deref()
    }

    /// The role of the user; for the viewer, the role that the token allows.
    async fn role(&self, ctx: &Context<'_>) -> UserRole {
        let viewer = ctx.viewer_or_anonymous().filter(|viewer| viewer.user_id == self.0.id);
        viewer.map_or(self.0.role, |viewer| viewer.role).into()
    }

    /// The id of the user's customer at Stripe, `cus_...`; null if there is none. Requires the role `admin`.
    async fn stripe_customer_id(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        ctx.viewer_as(Role::Admin)?;
        ctx.loaders()?.customer(self.0.id).await
    }

    /// When the account was created.
    async fn created_at(&self) -> Moment {
        self.0.created_at.into()
    }

    /// When the user closed the account; null while it is open.
    async fn closed_at(&self) -> Option<Moment> {
        self.0.closed_at.map(Moment)
    }
}
