//! The owner of private data. The same fields exist at the root of queries, where they belong to the viewer, and in `User`.

use async_graphql::Context;

use super::context::RequestContext;
use crate::error::Error;

/// The user whose data a field returns.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Owner {
    /// The caller, who must have a token.
    #[default]
    Viewer,
    /// This user, whom the caller was allowed to read.
    User(i64),
}

impl Owner {
    /// The id of the user.
    pub(super) fn id(self, ctx: &Context<'_>) -> Result<i64, Error> {
        match self {
            Self::Viewer => Ok(ctx.viewer()?.user_id),
            Self::User(id) => Ok(id),
        }
    }
}
