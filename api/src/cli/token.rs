//! `patch-hive token`

use std::time::Duration;

use clap::{Args, ValueEnum};
use entity::user::Role;

use super::{failure::Failure, output::say};
use crate::{
    accounts,
    auth::Tokens,
    clock::Clock,
    config::{DatabaseVariables, TokenVariables, span},
    server,
};

/// Make a token for a user
///
/// Prints a token for a user who is there already. With another role than the user's own it is how an operator, or the
/// export service, gets a token of theirs.
///
/// Example:
///
///     patch-hive token --email ops@patchhive.example --role admin --ttl 15m
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Token {
    /// Whose token
    #[arg(long)]
    email: String,
    /// What the token allows
    #[arg(long, value_enum, default_value = "user")]
    role: Allows,
    /// How long it lasts: a number and s, m, h or d
    #[arg(long, default_value = "1h", value_parser = span)]
    ttl: Duration,
    #[command(flatten)]
    database: DatabaseVariables,
    #[command(flatten)]
    tokens: TokenVariables,
}

#[derive(Clone, Copy, ValueEnum)]
enum Allows {
    /// What concerns the own account
    User,
    /// Also to give the credits of a failed export back
    Service,
    /// Also to look at any user, and to grant credits
    Admin,
}

impl Token {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let tokens = self.tokens.check().and_then(|settings| Tokens::new(&settings)).map_err(Failure::Settings)?;
        let settings = self.database.check().map_err(Failure::Settings)?;
        let database = server::look(&settings).await?;
        let role = match self.role {
            Allows::User => Role::User,
            Allows::Service => Role::Service,
            Allows::Admin => Role::Admin,
        };
        let asked = (role, Some(self.ttl), Clock::default().wall());
        let token = accounts::token(database.read(), &tokens, &self.email, asked).await?;
        database.close().await?;
        say(token);
        Ok(())
    }
}
