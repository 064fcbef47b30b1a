//! The viewer's own account: names, email, a copy of the stored data, and its end.

use async_graphql::{
    Context, InputObject, Json, Object, SimpleObject,
    connection::{CursorType, OpaqueCursor},
};
use serde_json::{Map, Value};

use super::{
    account::Session,
    context::{RequestContext, in_input},
    cursors,
    date_time::Moment,
    mail_link::MailLink,
    user::User,
};
use crate::{accounts, error::Error};

/// The complexity of a page of an export, whose size is fixed.
pub(super) const EXPORT_COST: usize = 1000;

/// The query of the stored data.
#[derive(Default)]
pub(super) struct AccountExportQuery;

#[Object]
impl AccountExportQuery {
    /// Everything that is stored about the viewer, as rows of the database, in pages of at most 500 rows. Request pages until
    /// `nextCursor` is null. The ledger comes last, oldest entry first. Hashes of passwords are left out.
    async fn export_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `nextCursor` of the page before.")] after: Option<String>,
    ) -> Result<AccountExport, Error> {
        let viewer = ctx.viewer()?;
        let after = cursors::key("after", after)?;
        Ok(accounts::export_account(ctx.app()?, viewer.user_id, after).await?.into())
    }
}

/// A page of the data that is stored about a user.
#[derive(SimpleObject)]
pub(super) struct AccountExport {
    /// The rows.
    records: Vec<ExportRecord>,
    /// The value of `after` for the next page; null after the last row.
    next_cursor: Option<String>,
}

/// A row of the database.
#[derive(SimpleObject)]
pub(super) struct ExportRecord {
    /// The name of the table, such as `credits_ledger`.
    table: &'static str,
    /// The columns of the row by name. Times are in ISO 8601, amounts of money in minor units.
    row: Json<Map<String, Value>>,
}

impl From<accounts::ExportPage> for AccountExport {
    fn from(page: accounts::ExportPage) -> Self {
        let record = |accounts::ExportRecord { table, row }| ExportRecord { table, row: Json(row) };
        Self {
            records: page.records.into_iter().map(record).collect(),
            next_cursor: page.next.map(|next| OpaqueCursor(next).encode_cursor()),
        }
    }
}

/// The mutations of the viewer's own account.
#[derive(Default)]
pub(super) struct OwnAccountMutation;

#[Object]
impl OwnAccountMutation {
    /// Changes the viewer's names. The name on receipts follows.
    async fn change_name(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new names.")] input: ChangeNameInput,
    ) -> Result<User, Error> {
        let change = accounts::ChangeName { username: input.username, display_name: input.display_name };
        let viewer = ctx.viewer_at_stripe()?;
        accounts::change_name(ctx.app()?, viewer, change).await.map(User::new).map_err(in_input)
    }

    /// Mails a link to a new email address, which opens the page `/confirm-email#token=...`, and a notice to the current one.
    /// Nothing changes until the link is followed. The answer is the same if the address is another user's. Users of another
    /// issuer change their email there.
    async fn change_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new email address and the current password.")] input: ChangeEmailInput,
    ) -> Result<MailLink, Error> {
        let ChangeEmailInput { email, current_password } = input;
        let change = accounts::ChangeEmail { email, password: current_password, address: ctx.address() };
        let requested = accounts::request_email_change(ctx.app()?, ctx.viewer()?, change).await;
        requested.map(MailLink::to).map_err(in_input)
    }

    /// Changes an email address with the token of a link from `changeEmail`. No access token is needed. All tokens issued
    /// before become invalid, and open websockets are closed. Returns a new session.
    async fn confirm_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token of the link.")] input: ConfirmEmailInput,
    ) -> Result<Session, Error> {
        Ok(accounts::confirm_email(ctx.app()?, &input.token, ctx.address()).await.map_err(in_input)?.into())
    }

    /// Closes the viewer's account, which cannot be undone. The email address, names and password are removed, all tokens
    /// become invalid, and open websockets are closed. The subscription ends at once and is not refunded, and credits can no
    /// longer be used. Payments and the ledger are kept without the names. Signing up with the same email address creates
    /// another user.
    async fn close_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The proof that the viewer requests it.")] input: CloseAccountInput,
    ) -> Result<AccountClosed, Error> {
        let close = accounts::CloseAccount { password: input.current_password, address: ctx.address() };
        let closed_at = accounts::close_account(ctx.app()?, ctx.viewer()?, close).await.map_err(in_input)?;
        Ok(AccountClosed { closed_at: closed_at.into() })
    }
}

/// The end of an account.
#[derive(SimpleObject)]
pub(super) struct AccountClosed {
    /// When the account was closed.
    closed_at: Moment,
}

/// The input of `changeName`.
#[derive(InputObject)]
pub(super) struct ChangeNameInput {
    /// The user's public name, 1 to 100 bytes.
    username: String,
    /// A longer name, 1 to 100 bytes; null removes it.
    display_name: Option<String>,
}

/// The input of `changeEmail`.
#[derive(InputObject)]
pub(super) struct ChangeEmailInput {
    /// The new email address; case is ignored.
    email: String,
    /// The current password.
    #[graphql(secret)]
    current_password: String,
}

/// The input of `confirmEmail`.
#[derive(InputObject)]
pub(super) struct ConfirmEmailInput {
    /// The token of the link.
    #[graphql(secret)]
    token: String,
}

/// The input of `closeAccount`.
#[derive(InputObject)]
pub(super) struct CloseAccountInput {
    /// The current password. Users of another issuer have none: their token must have been issued within the last ten minutes.
    #[graphql(secret)]
    current_password: Option<String>,
}
