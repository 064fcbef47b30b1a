//! Reads the ledger.

use async_graphql::{
    Context, Enum, ID, Object,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::{ledger_entry, user::Role};

use super::{
    context::RequestContext,
    cursors::{self, Arguments, List},
    date_time::Moment,
    entry_kind::{EntryFact, LedgerEntryKind, ReversalCause},
    money::Money,
    owner::Owner,
    payment::Payment,
    tier::Tier,
};
use crate::{error::Error, global_id::Noun, ledger};

/// The query of a ledger.
#[derive(Default)]
pub(super) struct LedgerQuery(pub(super) Owner);

/// A page of entries.
pub(super) type LedgerEntryConnection = List<LedgerEntry, LedgerConnectionName, LedgerEdgeName>;

/// Names the connection in the schema.
pub(super) struct LedgerConnectionName;

impl ConnectionNameType for LedgerConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "LedgerEntryConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct LedgerEdgeName;

impl EdgeNameType for LedgerEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "LedgerEntryEdge".to_owned()
    }
}

#[Object]
impl LedgerQuery {
    /// All changes to the balance, newest first.
    async fn ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n entries, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns entries after this cursor, which are older.")] after: Option<String>,
        #[graphql(desc = "Returns the last n entries, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Returns entries before this cursor, which are newer.")] before: Option<String>,
        #[graphql(desc = "Returns only entries with this reason.")] change_type: Option<ChangeType>,
    ) -> Result<LedgerEntryConnection, Error> {
        let (db, user_id) = (ctx.app()?.database.read(), self.0.id(ctx)?);
        let window = Arguments { first, after, last, before }.window()?;
        let page = ledger::page(db, user_id, change_type.map(Into::into), window).await?;
        Ok(cursors::connection(page, |entry| entry.version, LedgerEntry))
    }
}

/// The reason for a change to a balance.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "ledger_entry::ChangeType")]
pub(super) enum ChangeType {
    /// A credit pack was purchased.
    Purchase,
    /// Credits were spent on an export.
    Spend,
    /// Credits were granted by a plan, the referral program or an operator. A delta of 0 marks the start or the end of
    /// unlimited exports.
    Grant,
    /// Credits were returned for a failed export, or removed because a payment was refunded.
    Refund,
    /// Credits were held for an export, or a hold was extended. The delta is 0: see `heldDelta`.
    Hold,
    /// A hold ended without a charge. The delta is 0: see `heldDelta`.
    Release,
}

/// A change to a balance. Entries are never modified or deleted.
#[derive(Clone)]
pub(super) struct LedgerEntry(pub(super) ledger_entry::Model);

/// A change to a balance. Entries are never modified or deleted.
#[Object]
impl LedgerEntry {
    /// The id of the entry.
    pub(super) async fn id(&self) -> ID {
        Noun::Entry.id(self.0.id).into()
    }

    /// The balance's version after this change.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// The reason for the change.
    async fn change_type(&self) -> ChangeType {
        self.0.change_type.into()
    }

    /// The kind of fact that caused the change.
    async fn kind(&self, ctx: &Context<'_>) -> Result<LedgerEntryKind, Error> {
        EntryFact::new(&self.0).kind(ctx).await
    }

    /// The credits added; negative if credits were removed.
    async fn credits_delta(&self) -> i64 {
        self.0.credits_delta
    }

    /// The credits that were held; negative if a hold ended. They are part of the balance.
    async fn held_delta(&self) -> i64 {
        self.0.held_delta
    }

    /// The balance after this change, in credits.
    async fn balance_after(&self) -> i64 {
        self.0.balance_after
    }

    /// The run, payment or subscription period that caused the change.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// The note that a person or another application left, as in `reason`; null for all other entries. To explain an entry,
    /// use `kind`.
    async fn notes(&self) -> Option<&str> {
        self.0.notes.as_deref()
    }

    /// When the change was recorded.
    async fn created_at(&self) -> Moment {
        self.0.created_at.into()
    }

    /// The id of the hold that this change began, extended or ended; null for all other entries.
    async fn hold_id(&self) -> Option<ID> {
        EntryFact::new(&self.0).hold().map(|hold| Noun::Hold.id(hold).into())
    }

    /// The run of an export that was reserved, charged or refunded; null for all other entries.
    async fn run_id(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        EntryFact::new(&self.0).run_id(ctx).await
    }

    /// The tier of the plan that granted the credits, or whose payment was returned; null for all other entries.
    async fn tier(&self, ctx: &Context<'_>) -> Result<Option<Tier>, Error> {
        EntryFact::new(&self.0).tier(ctx).await
    }

    /// The end of the plan's billing period that the credits belong to; null for all other entries.
    async fn period_end(&self, ctx: &Context<'_>) -> Result<Option<Moment>, Error> {
        Ok(EntryFact::new(&self.0).period(ctx).await?.map(|period| period.end.into()))
    }

    /// The money that all invoices of that period have paid for it so far, returned or not; null for all other entries. Of its
    /// credits, a reversal removes the same share that `reversalAmount` is of this money.
    async fn period_paid(&self, ctx: &Context<'_>) -> Result<Option<Money>, Error> {
        let period = EntryFact::new(&self.0).period(ctx).await?;
        Ok(period.and_then(|period| Some(Money::new(period.paid, period.currency.as_deref()?))))
    }

    /// The id of the invoice whose payment granted a plan's credits, or was returned; null for all other entries.
    async fn invoice_id(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        Ok(EntryFact::new(&self.0).invoice(ctx).await?.map(ID::from))
    }

    /// The cause of a reversal or restoration, or of the end of unlimited exports by returned money; null for all other entries.
    async fn reversal_cause(&self, ctx: &Context<'_>) -> Result<Option<ReversalCause>, Error> {
        Ok(EntryFact::new(&self.0).cause(ctx).await?.map(Into::into))
    }

    /// The money of a reversal or restoration that was returned, or kept after all; for the end of unlimited exports, all money
    /// of the period that was returned. Null for all other entries, and where only the credits of a refunded period have
    /// changed.
    async fn reversal_amount(&self, ctx: &Context<'_>) -> Result<Option<Money>, Error> {
        EntryFact::new(&self.0).amount(ctx).await
    }

    /// The reason that was given for a manual change or for the refund of an export; null for all other entries.
    async fn reason(&self) -> Option<&str> {
        EntryFact::new(&self.0).reason()
    }

    /// The id of the user who made this entry by hand. Null for all other entries, and unless the viewer has the role `admin`.
    async fn actor_id(&self, ctx: &Context<'_>) -> Result<Option<ID>, Error> {
        if ctx.viewer_as(Role::Admin).is_err() {
            return Ok(None);
        }
        Ok(ctx.loaders()?.actor(self.0.id).await?.map(|actor| Noun::User.id(actor).into()))
    }

    /// The purchase of the credit pack that caused the change, if any.
    async fn payment(&self, ctx: &Context<'_>) -> Result<Option<Payment>, Error> {
        let Some(reference) = self.0.payment_reference() else { return Ok(None) };
        Ok(ctx.loaders()?.payment(reference).await?.map(Payment))
    }
}
