//! Users, and how they come in.

use async_graphql::{
    Context, ID, InputObject, Object, SimpleObject,
    connection::{ConnectionNameType, EdgeNameType},
};
use chrono::{DateTime, Utc};
use entity::user::{self, Role};

use super::{
    balance::Balance,
    context::Asked,
    cursors::{self, Arguments, List},
    subscription::PlanSubscription,
    tier::Tier,
};
use crate::{accounts, app::App, billing, error::Error, input};

/// Asks who calls.
#[derive(Default)]
pub(super) struct AccountQuery;

#[Object]
impl AccountQuery {
    /// Who calls; null without a token.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<User>, Error> {
        let Some(viewer) = ctx.viewer_or_anonymous() else { return Ok(None) };
        find(ctx.app()?, viewer.user_id).await
    }
}

/// Asks for anybody.
#[derive(Default)]
pub(super) struct AdminQuery;

/// A page of users.
pub(super) type UserConnection = List<User, UserConnectionName, UserEdgeName>;

/// Names the connection.
pub(super) struct UserConnectionName;

impl ConnectionNameType for UserConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "UserConnection".to_owned()
    }
}

/// Names its edges.
pub(super) struct UserEdgeName;

impl EdgeNameType for UserEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "UserEdge".to_owned()
    }
}

#[Object]
impl AdminQuery {
    /// Any user; null when there is none. Needs the role admin.
    async fn user(&self, ctx: &Context<'_>, #[graphql(desc = "The user's id.")] id: ID) -> Result<Option<User>, Error> {
        ctx.viewer_as(Role::Admin)?;
        match input::id("user", &id) {
            Ok(id) => find(ctx.app()?, id).await,
            Err(_) => Ok(None),
        }
    }

    /// All users, newest first. Needs the role admin.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many of the newest users, at most 100; 20 without it.")] first: Option<i32>,
        #[graphql(desc = "Only users after this cursor, that is older ones.")] after: Option<String>,
        #[graphql(desc = "Only users whose email or username has this somewhere, without case.")] search: Option<
            String,
        >,
    ) -> Result<UserConnection, Error> {
        ctx.viewer_as(Role::Admin)?;
        let window = Arguments { first, after, ..Arguments::default() }.window()?;
        let search = search.as_deref().map(|text| input::line("search", text, input::MAX_KEY_BYTES)).transpose()?;
        let page = accounts::page(ctx.app()?.database.read(), search, window).await?;
        Ok(cursors::connection(page, |user| user.id, User))
    }
}

async fn find(app: &App, id: i64) -> Result<Option<User>, Error> {
    Ok(accounts::by_ids(app.database.read(), &[id]).await?.remove(&id).map(User))
}

/// Lets users in.
#[derive(Default)]
pub(super) struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Makes a user with an empty balance, and logs in.
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who it is.")] input: SignUpInput,
    ) -> Result<Session, Error> {
        ctx.app()?.throttle.sign_up(ctx.address())?;
        let new = accounts::SignUp {
            email: input.email,
            username: input.username,
            display_name: input.display_name,
            password: input.password,
            address: ctx.address(),
        };
        Ok(accounts::sign_up(ctx.app()?, new).await?.into())
    }

    /// Logs in. An unknown email and a wrong password answer alike.
    async fn log_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who it is.")] input: LogInInput,
    ) -> Result<Session, Error> {
        let asked = accounts::LogIn { email: input.email, password: input.password, address: ctx.address() };
        Ok(accounts::log_in(ctx.app()?, asked).await?.into())
    }
}

/// Somebody who has just logged in.
#[derive(SimpleObject)]
pub(super) struct Session {
    /// Send it as `Authorization: Bearer <token>`, over a websocket in the payload of `connection_init`.
    token: String,
    /// When the token ends.
    expires_at: DateTime<Utc>,
    /// Who it is.
    user: User,
}

impl From<accounts::Session> for Session {
    fn from(session: accounts::Session) -> Self {
        Self { token: session.token, expires_at: session.expires_at, user: User(session.user) }
    }
}

/// A user.
pub(super) struct User(pub(super) user::Model);

/// A user.
#[Object]
impl User {
    /// The user's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The user's email, in lower case.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// The name that others see.
    async fn username(&self) -> &str {
        &self.0.username
    }

    /// A longer name, where the user gave one.
    async fn display_name(&self) -> Option<&str> {
        self.0.display_name.as_deref()
    }

    /// When the user came.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// What the user may spend now.
    async fn balance(&self, ctx: &Context<'_>) -> Result<Balance, Error> {
        Ok(Balance::new(ctx.app()?, &ctx.loaders()?.account(self.0.id).await?))
    }

    /// The user's tier now; FREE without a subscription that is active or in its trial.
    async fn tier(&self, ctx: &Context<'_>) -> Result<Tier, Error> {
        let living = ctx.loaders()?.subscription(self.0.id).await?;
        Ok(billing::subscription::tier(living.as_ref()).into())
    }

    /// The user's living subscription, past due included; null when none lives.
    async fn subscription(&self, ctx: &Context<'_>) -> Result<Option<PlanSubscription>, Error> {
        Ok(ctx.loaders()?.subscription(self.0.id).await?.map(PlanSubscription))
    }
}

/// A new user.
#[derive(InputObject)]
pub(super) struct SignUpInput {
    /// Unique; compared without case.
    email: String,
    /// The name that others see: 1 to 100 bytes.
    username: String,
    /// A longer name: 1 to 100 bytes.
    display_name: Option<String>,
    /// 8 to 72 bytes.
    #[graphql(secret)]
    password: String,
}

/// A user who comes back.
#[derive(InputObject)]
pub(super) struct LogInInput {
    /// As it was given at sign-up; compared without case.
    email: String,
    /// As it was given at sign-up.
    #[graphql(secret)]
    password: String,
}
