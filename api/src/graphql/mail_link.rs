//! Links sent by mail: to reset a password, and to verify an email address.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{
    account::Session,
    context::{RequestContext, in_input},
    user::User,
};
use crate::{accounts, error::Error};

/// Requests links, and takes their tokens.
#[derive(Default)]
pub(super) struct MailLinkMutation;

#[Object]
impl MailLinkMutation {
    /// Mails a link to choose a new password, if a user has this email address. The answer is the same if none has. The link
    /// opens the page `/reset-password#token=...`.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user who forgot the password.")] input: RequestPasswordResetInput,
    ) -> Result<MailLink, Error> {
        let requested = accounts::request_password_reset(ctx.app()?, &input.email, ctx.address()).await;
        requested.map(MailLink::to).map_err(in_input)
    }

    /// Sets a new password with the token of a link from `requestPasswordReset`. All tokens issued before become invalid.
    /// Returns a new session.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token of the link and the new password.")] input: ResetPasswordInput,
    ) -> Result<Session, Error> {
        let ResetPasswordInput { token, new_password } = input;
        Ok(accounts::reset_password(ctx.app()?, &token, new_password, ctx.address()).await.map_err(in_input)?.into())
    }

    /// Mails the viewer a link to verify the email address. The link opens the page `/verify-email#token=...`.
    async fn request_email_verification(&self, ctx: &Context<'_>) -> Result<MailLink, Error> {
        let email = accounts::request_email_verification(ctx.app()?, ctx.viewer()?, ctx.address()).await?;
        Ok(MailLink::to(email))
    }

    /// Verifies an email address with the token of a link from `requestEmailVerification`. No access token is needed.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token of the link.")] input: VerifyEmailInput,
    ) -> Result<User, Error> {
        accounts::verify_email(ctx.app()?, &input.token, ctx.address()).await.map(User::new).map_err(in_input)
    }
}

/// A link that was requested by mail.
#[derive(SimpleObject)]
pub(super) struct MailLink {
    /// The email address that the link is sent to, in lowercase.
    email: String,
}

impl MailLink {
    pub(super) const fn to(email: String) -> Self {
        Self { email }
    }
}

/// The input of `requestPasswordReset`.
#[derive(InputObject)]
pub(super) struct RequestPasswordResetInput {
    /// The user's email address; case is ignored.
    email: String,
}

/// The input of `resetPassword`.
#[derive(InputObject)]
pub(super) struct ResetPasswordInput {
    /// The token of the link.
    #[graphql(secret)]
    token: String,
    /// The new password, 8 to 72 bytes.
    #[graphql(secret)]
    new_password: String,
}

/// The input of `verifyEmail`.
#[derive(InputObject)]
pub(super) struct VerifyEmailInput {
    /// The token of the link.
    #[graphql(secret)]
    token: String,
}
