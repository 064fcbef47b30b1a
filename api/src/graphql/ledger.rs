//! The ledger, read.

use async_graphql::{
    Context, Enum, ID, Object,
    connection::{ConnectionNameType, EdgeNameType},
};
use chrono::{DateTime, Utc};
use entity::{ledger_entry, user::Role};

use super::{
    context::Asked,
    cursors::{self, Arguments, List},
    payment::Payment,
};
use crate::{error::Error, ledger};

/// Asks for the ledger.
#[derive(Default)]
pub(super) struct LedgerQuery;

/// A page of entries.
pub(super) type LedgerEntryConnection = List<LedgerEntry, LedgerConnectionName, LedgerEdgeName>;

/// Names the connection.
pub(super) struct LedgerConnectionName;

impl ConnectionNameType for LedgerConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "LedgerEntryConnection".to_owned()
    }
}

/// Names its edges.
pub(super) struct LedgerEdgeName;

impl EdgeNameType for LedgerEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "LedgerEntryEdge".to_owned()
    }
}

#[Object]
impl LedgerQuery {
    /// Every change of the viewer's balance, newest first.
    async fn ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many of the newest entries, at most 100; 20 without it.")] first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor, that is older ones.")] after: Option<String>,
        #[graphql(desc = "How many of the oldest entries, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor, that is newer ones.")] before: Option<String>,
        #[graphql(desc = "Only entries of this kind.")] change_type: Option<ChangeType>,
    ) -> Result<LedgerEntryConnection, Error> {
        let (db, user_id) = (ctx.app()?.database.read(), ctx.viewer()?.user_id);
        let window = Arguments { first, after, last, before }.window()?;
        let page = ledger::page(db, user_id, change_type.map(Into::into), window).await?;
        Ok(cursors::connection(page, |entry| entry.version, LedgerEntry))
    }
}

/// Why a balance changed.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "ledger_entry::ChangeType")]
pub(super) enum ChangeType {
    /// A credit pack was paid.
    Purchase,
    /// An export.
    Spend,
    /// Credits of a plan, of the referral programme or of an operator; 0 marks a change of unlimited.
    Grant,
    /// Credits given back for a failed export, or taken back for refunded money.
    Refund,
}

/// One change of a balance. It is never changed and never removed.
#[derive(Clone)]
pub(super) struct LedgerEntry(pub(super) ledger_entry::Model);

/// One change of a balance. It is never changed and never removed.
#[Object]
impl LedgerEntry {
    /// The entry's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The balance's version after this change.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// Why the balance changed.
    async fn change_type(&self) -> ChangeType {
        self.0.change_type.into()
    }

    /// Credits added, negative when taken.
    async fn credits_delta(&self) -> i64 {
        self.0.credits_delta
    }

    /// The balance after this change, in credits.
    async fn balance_after(&self) -> i64 {
        self.0.balance_after
    }

    /// What it is about: a run, a payment, a subscription's period.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// A sentence for people.
    async fn notes(&self) -> Option<&str> {
        self.0.notes.as_deref()
    }

    /// When it was booked.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The id of the user who made this entry by hand. Null for all other entries, and unless the viewer has the role admin.
    async fn actor_id(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        if ctx.viewer_as(Role::Admin).is_err() {
            return Ok(None);
        }
        Ok(ctx.loaders()?.actor(self.0.id).await?.map(ID::from))
    }

    /// The credit pack that it is about, if it is about one.
    async fn payment(&self, ctx: &Context<'_>) -> Result<Option<Payment>, Error> {
        let Some(reference) = self.0.payment_reference() else { return Ok(None) };
        Ok(ctx.loaders()?.payment(reference).await?.map(Payment))
    }
}
