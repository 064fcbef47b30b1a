//! Charges and refunds of exports.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};
use entity::{credit_account, user::Role};

use super::{
    balance::Balance,
    context::{RequestContext, in_input},
    ledger::LedgerEntry,
    plan::{CreditQuote, Plan},
};
use crate::{
    app::App,
    billing::{
        admin_action::Author,
        export::{self, ExportResult, PastCharge, Shortage},
        payment,
    },
    error::Error,
    global_id::Noun,
    ledger::{Hold, HoldEnd, HoldEnding},
    plan,
};

/// The query of charges.
#[derive(Default)]
pub(super) struct ExportQuery;

#[Object]
impl ExportQuery {
    /// The viewer's charge of the export with this idempotency key, by `chargeExport` or by a capture of its hold. Null if nothing
    /// was charged.
    async fn export_charge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The idempotency key of the export.")] idempotency_key: String,
    ) -> Result<Option<ExportCharge>, Error> {
        match export::by_key(ctx.app()?, ctx.viewer()?.user_id, &idempotency_key).await? {
            Some(charge) => ExportCharge::past(ctx, charge).await.map(Some),
            None => Ok(None),
        }
    }
}

/// The mutations of exports.
#[derive(Default)]
pub(super) struct ExportMutation;

#[Object]
impl ExportMutation {
    /// Charges for the export of a PatchBook before it runs, once per idempotency key. Spends available credits only. For
    /// exports that take time, see `reserveExport`.
    async fn charge_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The export to charge for.")] input: ChargeExportInput,
    ) -> Result<ChargeExportResult, Error> {
        let (app, viewer) = (ctx.app()?, ctx.viewer()?);
        let charged = export::charge(app, viewer.user_id, &input.run_id, &input.idempotency_key).await;
        let charged = charged.map_err(in_input)?;
        Ok(ChargeExportResult::new(app, charged))
    }

    /// Returns the credits of a failed export, at most once. Requires the role `service`.
    async fn refund_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The charge to refund, and the reason.")] input: RefundExportInput,
    ) -> Result<LedgerEntry, Error> {
        let viewer = ctx.viewer_as(Role::Service)?;
        let author = Author { user_id: viewer.user_id, role: viewer.role };
        export::refund(ctx.app()?, author, &input.charge_id, &input.reason).await.map(LedgerEntry).map_err(in_input)
    }
}

/// The result of `chargeExport`.
#[derive(Union)]
pub(super) enum ChargeExportResult {
    /// The export is paid.
    ExportCharge(ExportCharge),
    /// The credits are insufficient.
    InsufficientCredits(InsufficientCredits),
}

impl ChargeExportResult {
    fn new(app: &App, charged: ExportResult) -> Self {
        match charged {
            ExportResult::Charge { entry, replayed, ticket, account } => Self::ExportCharge(ExportCharge {
                id: entry.id,
                run_id: entry.reference.unwrap_or_default(),
                credits: -entry.credits_delta,
                replayed,
                refunded: ticket.is_none(),
                ticket,
                balance: Balance::new(app, &account),
            }),
            ExportResult::Refused(shortage) => Self::InsufficientCredits(InsufficientCredits::new(&shortage)),
        }
    }
}

/// A charged export.
pub(super) struct ExportCharge {
    id: i64,
    run_id: String,
    credits: i64,
    replayed: bool,
    refunded: bool,
    ticket: Option<String>,
    balance: Balance,
}

/// A charged export.
#[Object]
impl ExportCharge {
    /// The id of the charge.
    pub(super) async fn id(&self) -> ID {
        Noun::Charge.id(self.id).into()
    }

    /// The id of the exported run.
    async fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The credits charged; 0 while exports are unlimited.
    async fn credits(&self) -> i64 {
        self.credits
    }

    /// True if the export was charged by an earlier request: with the same idempotency key, or by a capture of the same hold.
    async fn replayed(&self) -> bool {
        self.replayed
    }

    /// True if the export failed after it was charged, and its credits were refunded.
    async fn refunded(&self) -> bool {
        self.refunded
    }

    /// A short-lived proof of payment for the export service; null if the charge was refunded, or captured a hold.
    async fn ticket(&self) -> Option<&str> {
        self.ticket.as_deref()
    }

    /// The current balance.
    async fn balance(&self) -> &Balance {
        &self.balance
    }
}

impl ExportCharge {
    /// A charge of an earlier request.
    pub(super) async fn past(ctx: &Context<'_>, charge: PastCharge) -> Result<Self, Error> {
        let PastCharge { entry, refunded, ticket } = charge;
        let balance = Balance::new(ctx.app()?, &ctx.loaders()?.account(entry.user_id).await?);
        let (id, credits, run_id) = (entry.id, -entry.credits_delta, entry.reference.unwrap_or_default());
        Ok(Self { id, run_id, credits, replayed: true, refunded, ticket, balance })
    }

    /// The charge that captured a hold, with the account after it; `None` if an earlier request captured it.
    pub(super) async fn captured(
        ctx: &Context<'_>,
        hold: Hold,
        account: Option<credit_account::Model>,
    ) -> Result<Self, Error> {
        let Some(HoldEnd { entry_id, ending: HoldEnding::Captured(credits), .. }) = hold.end else {
            return Err(Error::Internal(format!("hold {} was captured, and did not end so", hold.id)));
        };
        let (app, replayed) = (ctx.app()?, account.is_none());
        let account = match account {
            Some(account) => account,
            None => ctx.loaders()?.account(hold.user_id).await?,
        };
        let refunded = replayed && export::is_refunded(app, entry_id).await?;
        let (id, balance) = (entry_id, Balance::new(app, &account));
        Ok(Self { id, run_id: hold.run, credits, replayed, refunded, ticket: None, balance })
    }
}

/// The balance is too low for the export. Lists the credit packs and plans that would cover it.
#[derive(SimpleObject)]
pub(super) struct InsufficientCredits {
    /// A human-readable message.
    message: String,
    /// The credits that the export costs.
    required: i64,
    /// The credits available: those that are not held.
    available: i64,
    /// Credits missing.
    shortfall: i64,
    /// Credit packs that would cover the export, smallest first.
    packs: Vec<CreditQuote>,
    /// Higher plans whose monthly credits would cover the export, lowest first.
    plans: Vec<Plan>,
}

impl InsufficientCredits {
    pub(super) fn new(shortage: &Shortage) -> Self {
        let Shortage { required, ref account, subscribed } = *shortage;
        let available = account.available();
        let shortfall = required - available;
        let enough = |plan: &&plan::Plan| {
            plan.tier > subscribed && plan.monthly_credits.is_none_or(|credits| credits >= shortfall)
        };
        Self {
            message: if account.held == 0 {
                format!("This export costs {required} credits, and you have {available}.")
            } else {
                let held = account.held;
                format!("This export costs {required} credits, and {available} are available; {held} are held.")
            },
            required,
            available,
            shortfall,
            packs: payment::packs_for(shortfall).into_iter().map(CreditQuote::from).collect(),
            plans: plan::PLANS.iter().filter(enough).map(Plan::from).collect(),
        }
    }
}

/// The input of `chargeExport`.
#[derive(InputObject)]
pub(super) struct ChargeExportInput {
    /// The id of the exported run, 1 to 255 bytes.
    run_id: String,
    /// A unique key for this export, 1 to 255 bytes. Repeating the request with the same key does not charge again.
    idempotency_key: String,
}

/// The input of `refundExport`.
#[derive(InputObject)]
pub(super) struct RefundExportInput {
    /// The id of the charge or of its ledger entry, or the `jti` of its ticket.
    charge_id: ID,
    /// The reason for the failure, shown to the user in the ledger.
    reason: String,
}
