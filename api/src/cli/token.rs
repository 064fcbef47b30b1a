//! `patch-hive token`

use std::time::Duration;

use clap::{Args, ValueEnum};
use entity::user::Role;

use super::{failure::Failure, output::say};
use crate::{
    accounts::{self, TokenRequest},
    auth::{MAX_ADMIN_TTL, Tokens},
    clock::Clock,
    config::{DatabaseVariables, Problems, Setting, TokenVariables},
    server,
};

/// Issue a token for a user
///
/// Prints a token for an existing user. With `--role service` or `--role admin` the user is given that role first, until
/// `patch-hive revoke` revokes it. A token with the role admin lasts at most 24 hours.
///
/// Example:
///
///     patch-hive token --email ops@patchhive.example --role admin --ttl 15m
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Token {
    /// Email of the user
    #[arg(long)]
    email: String,
    /// Role of the token
    #[arg(long, value_enum, default_value = "user")]
    role: Allows,
    /// Lifetime of the token
    #[arg(long, default_value = "1h")]
    ttl: Setting<Duration>,
    #[command(flatten)]
    database: DatabaseVariables,
    #[command(flatten)]
    tokens: TokenVariables,
}

#[derive(Clone, Copy, ValueEnum)]
enum Allows {
    /// Access to the user's own account
    User,
    /// Also refund failed exports
    Service,
    /// Also read every user and grant credits
    Admin,
}

impl Token {
    pub(super) async fn run(self, mut problems: Problems) -> Result<(), Failure> {
        let ttl = self.ttl.take(&mut problems);
        if matches!(self.role, Allows::Admin) && ttl > MAX_ADMIN_TTL {
            return Err(Failure::Settings("--ttl must be 24h or less for an admin".to_owned()));
        }
        let tokens = self.tokens.take(&mut problems);
        let settings = self.database.check(problems)?;
        let tokens = Tokens::new(&tokens).map_err(Failure::Settings)?;
        let database = server::look(&settings).await?;
        let role = match self.role {
            Allows::User => Role::User,
            Allows::Service => Role::Service,
            Allows::Admin => Role::Admin,
        };
        let request = TokenRequest { role, ttl: Some(ttl), now: Clock::default().wall() };
        let token = accounts::token(database.write(), &tokens, &self.email, request).await?;
        database.close().await?;
        say(token);
        Ok(())
    }
}
