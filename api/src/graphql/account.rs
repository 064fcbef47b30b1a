//! Accounts: sign-up, login and passwords; and all users, for operators.

use async_graphql::{
    Context, ID, InputObject, Object, SimpleObject,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::user::Role;

use super::{
    context::{RequestContext, in_input},
    cursors::{self, Arguments, List},
    date_time::Moment,
    user::User,
};
use crate::{
    accounts,
    error::{Error, both},
    global_id::{GlobalId, Noun},
    input,
};

/// The query of the viewer.
#[derive(Default)]
pub(super) struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The authenticated user; null without a token.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<User>, Error> {
        let Some(viewer) = ctx.viewer_or_anonymous() else { return Ok(None) };
        User::find(ctx.app()?, viewer.user_id).await
    }
}

/// The queries of all users, for operators.
#[derive(Default)]
pub(super) struct AdminQuery;

/// A page of users.
pub(super) type UserConnection = List<User, UserConnectionName, UserEdgeName>;

/// Names the connection in the schema.
pub(super) struct UserConnectionName;

impl ConnectionNameType for UserConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "UserConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct UserEdgeName;

impl EdgeNameType for UserEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "UserEdge".to_owned()
    }
}

#[Object]
impl AdminQuery {
    /// Finds a user by id; null if there is none. Requires the role `admin`.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the user.")] id: ID,
    ) -> Result<Option<User>, Error> {
        ctx.viewer_as(Role::Admin)?;
        match input::id(Noun::User, &id) {
            Ok(id) => User::find(ctx.app()?, id).await,
            Err(_) => Ok(None),
        }
    }

    /// All users, newest first. Requires the role `admin`.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n users, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns users after this cursor, which are older.")] after: Option<String>,
        #[graphql(desc = "Returns only users whose email or username contains this text, ignoring case, or who have \
            this id, or own the customer, subscription, paid invoice, payment intent or checkout session with this id \
            at Stripe.")]
        search: Option<String>,
    ) -> Result<UserConnection, Error> {
        ctx.viewer_as(Role::Admin)?;
        let window = Arguments { first, after, ..Arguments::default() }.window();
        let search = search.as_deref().map(|text| input::line("search", text, input::MAX_KEY_BYTES)).transpose();
        let (window, search) = both(window, search)?;
        let id = search.and_then(|text| GlobalId::parse(text.trim())).filter(|id| id.noun == Noun::User);
        let search = search.map(|text| accounts::Search { text, user_id: id.map(|id| id.row) });
        let page = accounts::page(ctx.app()?.database.read(), search, window).await?;
        Ok(cursors::connection(page, |user| user.id, User::new))
    }
}

/// The mutations of sign-up, login, passwords and links.
#[derive(Default)]
pub(super) struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Creates a user with an empty balance and logs them in.
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new user.")] input: SignUpInput,
    ) -> Result<Session, Error> {
        ctx.app()?.throttle.sign_up(ctx.address())?;
        let new = accounts::SignUp {
            email: input.email,
            username: input.username,
            display_name: input.display_name,
            password: input.password,
            address: ctx.address(),
        };
        Ok(accounts::sign_up(ctx.app()?, new).await.map_err(in_input)?.into())
    }

    /// Logs a user in. An unknown email and a wrong password return the same error, `WRONG_CREDENTIALS`.
    async fn log_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's credentials.")] input: LogInInput,
    ) -> Result<Session, Error> {
        let credentials = accounts::LogIn { email: input.email, password: input.password, address: ctx.address() };
        Ok(accounts::log_in(ctx.app()?, credentials).await?.into())
    }

    /// Changes the viewer's password. All tokens issued before become invalid, including that of this request, and open
    /// websockets are closed. Returns a new session.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The current and the new password.")] input: ChangePasswordInput,
    ) -> Result<Session, Error> {
        let change = accounts::ChangePassword {
            current: input.current_password,
            new: input.new_password,
            address: ctx.address(),
        };
        Ok(accounts::change_password(ctx.app()?, ctx.viewer()?, change).await.map_err(in_input)?.into())
    }

    /// Invalidates the token of this request.
    async fn log_out(&self, ctx: &Context<'_>) -> Result<Revocation, Error> {
        let revoked_at = accounts::log_out(ctx.app()?, ctx.viewer()?).await?;
        Ok(Revocation { revoked_at: revoked_at.into() })
    }

    /// Invalidates all of the viewer's tokens and closes open websockets.
    async fn log_out_everywhere(&self, ctx: &Context<'_>) -> Result<Revocation, Error> {
        let revoked_at = accounts::log_out_everywhere(ctx.app()?, ctx.viewer()?.user_id).await?;
        Ok(Revocation { revoked_at: revoked_at.into() })
    }
}

/// A session of a user who has logged in.
#[derive(SimpleObject)]
pub(super) struct Session {
    /// The access token. Send it as `Authorization: Bearer <token>`; over a websocket, in the payload of
    /// `connection_init`.
    token: String,
    /// When the token expires.
    expires_at: Moment,
    /// The user.
    user: User,
}

impl From<accounts::Session> for Session {
    fn from(session: accounts::Session) -> Self {
        Self { token: session.token, expires_at: session.expires_at.into(), user: User::new(session.user) }
    }
}

/// The end of one or more tokens before they expire.
#[derive(SimpleObject)]
pub(super) struct Revocation {
    /// When the tokens were invalidated.
    revoked_at: Moment,
}

/// The input of `changePassword`.
#[derive(InputObject)]
pub(super) struct ChangePasswordInput {
    /// The current password.
    #[graphql(secret)]
    current_password: String,
    /// The new password, 8 to 72 bytes.
    #[graphql(secret)]
    new_password: String,
}

/// The input of `signUp`.
#[derive(InputObject)]
pub(super) struct SignUpInput {
    /// The user's email address. It must be unique; case is ignored.
    email: String,
    /// The user's public name, 1 to 100 bytes.
    username: String,
    /// A longer name, 1 to 100 bytes.
    display_name: Option<String>,
    /// The password, 8 to 72 bytes.
    #[graphql(secret)]
    password: String,
}

/// The input of `logIn`.
#[derive(InputObject)]
pub(super) struct LogInInput {
    /// The user's email address; case is ignored.
    email: String,
    /// The user's password.
    #[graphql(secret)]
    password: String,
}
