//! Balances: read, watched and adjusted.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Subscription};
use entity::{credit_account, user::Role};
use futures_util::{Stream, StreamExt};

use super::{
    context::{PostedAt, RequestContext, in_input},
    date_time::Moment,
    ledger::LedgerEntry,
    owner::Owner,
};
use crate::{
    app::App,
    billing::{
        self,
        adjustment::{self, Adjustment},
    },
    error::Error,
    global_id::Noun,
};

/// The query of a balance.
#[derive(Default)]
pub(super) struct BalanceQuery(pub(super) Owner);

#[Object]
impl BalanceQuery {
    /// The current balance.
    async fn balance(&self, ctx: &Context<'_>) -> Result<Balance, Error> {
        let account = ctx.loaders()?.account(self.0.id(ctx)?).await?;
        Ok(Balance::new(ctx.app()?, &account))
    }
}

/// The mutations of balances, for operators.
#[derive(Default)]
pub(super) struct AdjustmentMutation;

#[Object]
impl AdjustmentMutation {
    /// Adds credits to a user's balance, or takes available credits from it, once for each idempotency key. Credits that are held
    /// cannot be taken, so taking never leads to a balance below zero. The balance of a closed account cannot be adjusted.
    /// Requires the role `admin`.
    async fn adjust_credits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user and the number of credits.")] input: AdjustCreditsInput,
    ) -> Result<LedgerEntry, Error> {
        let actor = ctx.viewer_as(Role::Admin)?.user_id;
        adjustment::adjust(ctx.app()?, actor, input.into()).await.map(LedgerEntry).map_err(in_input)
    }

    /// Adds credits to a user's balance, once for each idempotency key: the same as `adjustCredits`, but it never takes any.
    /// The balance of a closed account cannot be adjusted. Requires the role `admin`.
    async fn grant_credits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user and the number of credits.")] input: GrantCreditsInput,
    ) -> Result<LedgerEntry, Error> {
        let actor = ctx.viewer_as(Role::Admin)?.user_id;
        adjustment::grant(ctx.app()?, actor, input.into()).await.map(LedgerEntry).map_err(in_input)
    }
}

/// The subscription to balances.
#[derive(Default)]
pub(super) struct BalanceSubscription;

#[Subscription]
impl BalanceSubscription {
    /// Streams the viewer's balance: first a snapshot, or every change after `afterVersion`; then each change as it
    /// happens. A client that reconnects with the last version it received misses nothing.
    async fn balance_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The last version that the client received. If more than 256 changes followed, a snapshot is sent instead."
        )]
        after_version: Option<i32>,
    ) -> Result<impl Stream<Item = Result<BalanceChange, Error>> + use<>, Error> {
        let (app, viewer) = (ctx.app()?.clone(), ctx.viewer()?);
        let changes = billing::balance::watch(app.clone(), viewer.user_id, after_version.map(i64::from));
        let posted_at = ctx.data_opt::<PostedAt>().cloned().unwrap_or_default();
        Ok(changes.map(move |change| {
            let change = change?;
            posted_at.set(change.entry.as_ref().map(|entry| entry.created_at));
            Ok(BalanceChange::new(&app, change))
        }))
    }
}

/// A user's credit balance.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Balance {
    /// The id of the balance, of which a user has one.
    #[graphql(owned)]
    pub(super) id: ID,
    /// All credits, with those that are held. Negative only after the refund of a payment whose credits were already spent.
    credits: i64,
    /// The credits held for exports that are reserved and have not ended.
    held: i64,
    /// The credits that can be spent: those that are not held. Negative if a refunded payment has reduced the credits below
    /// what is held.
    available: i64,
    /// True if exports currently cost no credits.
    unlimited: bool,
    /// When unlimited exports end; null if exports cost credits.
    unlimited_until: Option<Moment>,
    /// The number of exports that the available credits pay for; null if exports are unlimited.
    exports_left: Option<i64>,
    /// The number of changes to this balance: 1, 2, 3 and so on without gaps; 0 before the first change.
    version: i64,
    /// When the balance last changed.
    updated_at: Moment,
}

impl Balance {
    pub(super) fn new(app: &App, account: &credit_account::Model) -> Self {
        let unlimited_until = account.unlimited_until.filter(|until| *until > app.clock.now());
        let endless = unlimited_until.is_some() || app.config.export_cost == 0;
        Self {
            id: Noun::Balance.id(account.user_id).into(),
            credits: account.balance,
            held: account.held,
            available: account.available(),
            unlimited: unlimited_until.is_some(),
            unlimited_until: unlimited_until.map(Moment),
            exports_left: (!endless).then(|| account.available().max(0) / app.config.export_cost),
            version: account.version,
            updated_at: account.updated_at.into(),
        }
    }
}

/// A change to a balance, or a snapshot of it.
#[derive(Clone, SimpleObject)]
pub(super) struct BalanceChange {
    /// The balance's version after the change.
    version: i64,
    /// The balance after the change.
    balance: Balance,
    /// The ledger entry of the change; null in a snapshot.
    entry: Option<LedgerEntry>,
    /// True if this is the current state rather than a change.
    snapshot: bool,
}

impl BalanceChange {
    fn new(app: &App, change: billing::balance::Change) -> Self {
        Self {
            version: change.account.version,
            balance: Balance::new(app, &change.account),
            snapshot: change.entry.is_none(),
            entry: change.entry.map(LedgerEntry),
        }
    }
}

/// The input of `adjustCredits`.
#[derive(InputObject)]
pub(super) struct AdjustCreditsInput {
    /// The id of the user.
    user_id: ID,
    /// The credits to add, or to take if negative: -100000 to 100000, and not 0. No more than are available can be taken.
    credits: i32,
    /// The reason, which the user sees in the ledger.
    reason: String,
    /// A key of your choice, 1 to 255 bytes. A retry with the same key returns the same entry and changes nothing.
    idempotency_key: String,
}

/// The input of `grantCredits`.
#[derive(InputObject)]
pub(super) struct GrantCreditsInput {
    /// The id of the user.
    user_id: ID,
    /// The credits to add: 1 to 100000.
    credits: i32,
    /// The reason, which the user sees in the ledger.
    reason: String,
    /// A key of your choice, 1 to 255 bytes. A retry with the same key returns the same entry and changes nothing.
    idempotency_key: String,
}

impl From<AdjustCreditsInput> for Adjustment {
    fn from(input: AdjustCreditsInput) -> Self {
        let AdjustCreditsInput { user_id, credits, reason, idempotency_key } = input;
        Self { user_id: user_id.0, credits: credits.into(), reason, idempotency_key }
    }
}

impl From<GrantCreditsInput> for Adjustment {
    fn from(input: GrantCreditsInput) -> Self {
        let GrantCreditsInput { user_id, credits, reason, idempotency_key } = input;
        Self { user_id: user_id.0, credits: credits.into(), reason, idempotency_key }
    }
}
