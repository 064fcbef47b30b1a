//! Exports.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Union};
use entity::{Tier, credit_account, user::Role};

use super::{
    balance::Balance,
    context::Asked,
    ledger::LedgerEntry,
    plan::{CreditQuote, Plan},
};
use crate::{
    app::App,
    billing::{
        export::{self, Charged},
        payment,
    },
    error::Error,
    plan,
};

/// Charges exports.
#[derive(Default)]
pub(super) struct ExportMutation;

#[Object]
impl ExportMutation {
    /// Charges the export of a PatchBook, once for each idempotency key, before it runs.
    async fn charge_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is exported.")] input: ChargeExportInput,
    ) -> Result<ChargeExportResult, Error> {
        let (app, viewer) = (ctx.app()?, ctx.viewer()?);
        let charged = export::charge(app, viewer.user_id, &input.run_id, &input.idempotency_key).await?;
        Ok(ChargeExportResult::new(app, charged))
    }

    /// Gives the credits of a failed export back, once. Needs the role service.
    async fn refund_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which charge, and why.")] input: RefundExportInput,
    ) -> Result<LedgerEntry, Error> {
        let actor = ctx.viewer_as(Role::Service)?.user_id;
        export::refund(ctx.app()?, actor, &input.charge_id, &input.reason).await.map(LedgerEntry)
    }
}

/// What became of a wish to export.
#[derive(Union)]
pub(super) enum ChargeExportResult {
    /// It is paid.
    ExportCharge(ExportCharge),
    /// The credits do not suffice.
    InsufficientCredits(InsufficientCredits),
}

impl ChargeExportResult {
    fn new(app: &App, charged: Charged) -> Self {
        match charged {
            Charged::Charge { entry, replayed, ticket, account } => Self::ExportCharge(ExportCharge {
                id: entry.id.into(),
                run_id: entry.reference.unwrap_or_default(),
                credits: -entry.credits_delta,
                replayed,
                ticket,
                balance: Balance::new(app, &account),
            }),
            Charged::Refused { required, account, subscribed } => {
                Self::InsufficientCredits(InsufficientCredits::new(required, &account, subscribed))
            }
        }
    }
}

/// A paid export.
#[derive(SimpleObject)]
pub(super) struct ExportCharge {
    /// The charge's id, which is also the id of its ledger entry.
    id: ID,
    /// What is exported.
    run_id: String,
    /// What it cost, in credits; 0 while exports are unlimited.
    credits: i64,
    /// Whether it had been charged before, with the same key.
    replayed: bool,
    /// Short-lived proof of payment for the export service; null once the credits were given back.
    ticket: Option<String>,
    /// The balance now.
    balance: Balance,
}

/// The credits do not suffice: here is what would mend it.
#[derive(SimpleObject)]
pub(super) struct InsufficientCredits {
    /// For people.
    message: String,
    /// Credits that the export costs.
    required: i64,
    /// Credits there are.
    available: i64,
    /// Credits that lack.
    shortfall: i64,
    /// Packs that would suffice, the smallest first.
    packs: Vec<CreditQuote>,
    /// Plans above the present one whose first month would suffice, the smallest first.
    plans: Vec<Plan>,
}

impl InsufficientCredits {
    fn new(required: i64, account: &credit_account::Model, subscribed: Tier) -> Self {
        let shortfall = required - account.balance;
        let enough = |plan: &&plan::Plan| {
            plan.tier > subscribed && plan.monthly_credits.is_none_or(|credits| credits >= shortfall)
        };
        Self {
            message: format!("This export costs {required} credits, and you have {}.", account.balance),
            required,
            available: account.balance,
            shortfall,
            packs: payment::packs_for(shortfall).into_iter().map(CreditQuote::from).collect(),
            plans: plan::PLANS.iter().filter(enough).map(Plan::from).collect(),
        }
    }
}

/// An export to pay for.
#[derive(InputObject)]
pub(super) struct ChargeExportInput {
    /// What is exported: 1 to 255 bytes.
    run_id: String,
    /// 1 to 255 bytes of your own, fresh for each intention. The same key again charges nothing more.
    idempotency_key: String,
}

/// An export that failed.
#[derive(InputObject)]
pub(super) struct RefundExportInput {
    /// The id of its charge.
    charge_id: ID,
    /// Why it failed; the user sees it in the ledger.
    reason: String,
}
