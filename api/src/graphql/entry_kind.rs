//! The fact behind a ledger entry, read from its source and the rows that it names.

use async_graphql::{Context, Enum};
use entity::{
    ledger_entry::{self, ChangeType},
    reversal::{self, Cause},
};

use super::{context::RequestContext, money::Money, tier::Tier};
use crate::{billing::paid_period::PaidPeriod, error::Error, ledger::source::Source};

/// The kind of fact that a ledger entry records. More kinds may be added.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(super) enum LedgerEntryKind {
    /// An export was charged; `runId` is the run. A delta of 0 means that exports were unlimited. If it was reserved before,
    /// `holdId` is the hold that ended.
    Export,
    /// Credits were held for an export; `runId` is the run and `holdId` the hold.
    Hold,
    /// A hold was extended; see `runId` and `holdId`.
    HoldExtended,
    /// A hold was released; see `runId` and `holdId`.
    HoldReleased,
    /// A hold expired; see `runId` and `holdId`.
    HoldExpired,
    /// The credits of a failed export were returned; `runId` is the run and `reason` the cause.
    ExportRefund,
    /// A credit pack was paid; see `payment`.
    Pack,
    /// A period of a plan was paid; see `tier`, `periodEnd` and `invoiceId`. Its delta is 0 for a plan with unlimited
    /// exports.
    PlanPeriod,
    /// A change of the plan within a period was paid; see `tier`, `periodEnd` and `invoiceId`. A negative delta means that
    /// the invoice credited more than it billed.
    PlanChange,
    /// Credits were removed because a payment was refunded, disputed or credited; see `reversalCause` and
    /// `reversalAmount`. The payment is that of a pack (`payment`), or of a plan's period (`tier`, `periodEnd` and
    /// `invoiceId`).
    Reversal,
    /// Credits of a reversal were returned because the refund failed, the dispute ended or the credit note was voided; see
    /// the fields of a reversal.
    Restoration,
    /// Credits were added or taken by hand; `reason` explains it, and admins see `actorId`.
    Manual,
    /// Unlimited exports began, or their end changed.
    Unlimited,
    /// Unlimited exports ended. If more than a third of the money for the period was returned, the fields of a reversal name
    /// all of that money, and the period.
    UnlimitedEnded,
    /// Another fact, such as one recorded before this server kept the ledger; see `notes`.
    Other,
}

/// The cause of a reversal, or of the return of its credits.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "Cause")]
pub(super) enum ReversalCause {
    /// A refund; for a restoration, the refund failed.
    Refund,
    /// A dispute with the customer's bank; for a restoration, the dispute ended and the payment stands.
    Dispute,
    /// A credit note without a refund; for a restoration, it was voided.
    CreditNote,
}

/// The fact behind an entry.
pub(super) struct EntryFact<'a> {
    entry: &'a ledger_entry::Model,
    source: Source<'a>,
}

impl<'a> EntryFact<'a> {
    /// Reads the source of an entry.
    pub(super) fn new(entry: &'a ledger_entry::Model) -> Self {
        Self { entry, source: Source::parse(&entry.source) }
    }

    /// The kind of fact.
    pub(super) async fn kind(&self, ctx: &Context<'_>) -> Result<LedgerEntryKind, Error> {
        Ok(match self.source {
            Source::Export if self.entry.change_type == ChangeType::Hold => LedgerEntryKind::Hold,
            Source::Export | Source::Capture(_) => LedgerEntryKind::Export,
            Source::Extension(_) => LedgerEntryKind::HoldExtended,
            Source::Release(_) => LedgerEntryKind::HoldReleased,
            Source::Expired(_) => LedgerEntryKind::HoldExpired,
            Source::ExportRefund(_) => LedgerEntryKind::ExportRefund,
            Source::Payment => LedgerEntryKind::Pack,
            Source::Grant { invoice, .. } => {
                let period = self.period(ctx).await?;
                if period.is_some_and(|period| period.is_changed_by(invoice)) {
                    LedgerEntryKind::PlanChange
                } else {
                    LedgerEntryKind::PlanPeriod
                }
            }
            Source::Reversal if self.entry.credits_delta < 0 => LedgerEntryKind::Reversal,
            Source::Reversal => LedgerEntryKind::Restoration,
            Source::Unlimited => LedgerEntryKind::Unlimited,
            Source::UnlimitedEnd => LedgerEntryKind::UnlimitedEnded,
            Source::Manual => LedgerEntryKind::Manual,
            Source::Other => LedgerEntryKind::Other,
        })
    }

    /// The hold that the entry begins, changes or ends.
    pub(super) fn hold(&self) -> Option<i64> {
        match self.source {
            Source::Export if self.entry.change_type == ChangeType::Hold => Some(self.entry.id),
            Source::Capture(hold) | Source::Extension(hold) | Source::Release(hold) | Source::Expired(hold) => {
                Some(hold)
            }
            _ => None,
        }
    }

    /// The run of an export.
    pub(super) async fn run_id(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        match self.source {
            Source::Export | Source::Capture(_) | Source::Extension(_) | Source::Release(_) | Source::Expired(_) => {
                Ok(self.entry.reference.clone())
            }
            Source::ExportRefund(charge) => Ok(ctx.loaders()?.entry(charge).await?.and_then(|charge| charge.reference)),
            _ => Ok(None),
        }
    }

    /// The tier of the plan.
    pub(super) async fn tier(&self, ctx: &Context<'_>) -> Result<Option<Tier>, Error> {
        let Some(period) = self.period(ctx).await? else { return Ok(None) };
        let invoice = self.invoice(ctx).await?;
        Ok(Some(invoice.map_or(period.tier, |invoice| period.tier_of(&invoice)).into()))
    }

    /// The plan's period that was granted credits, or lost them.
    pub(super) async fn period(&self, ctx: &Context<'_>) -> Result<Option<PaidPeriod>, Error> {
        let reference = match self.source {
            Source::Grant { period, .. } => Some(period.to_owned()),
            // The name of a pack's payment is the id of one object at Stripe.
            Source::Reversal => self.entry.reference.clone().filter(|reference| reference.contains(':')),
            Source::UnlimitedEnd => self.reversal(ctx).await?.map(|reversal| reversal.reference),
            _ => None,
        };
        match reference {
            Some(reference) => ctx.loaders()?.period(&reference).await,
            None => Ok(None),
        }
    }

    /// The invoice at Stripe that granted the credits, or whose payment was returned.
    pub(super) async fn invoice(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        match self.source {
            Source::Grant { invoice, .. } => Ok(Some(invoice.to_owned())),
            _ => Ok(self.reversal(ctx).await?.and_then(|reversal| reversal.stripe_invoice_id)),
        }
    }

    /// The cause of a reversal.
    pub(super) async fn cause(&self, ctx: &Context<'_>) -> Result<Option<Cause>, Error> {
        Ok(self.reversal(ctx).await?.map(|reversal| reversal.cause))
    }

    /// The money that was returned, or kept after all.
    pub(super) async fn amount(&self, ctx: &Context<'_>) -> Result<Option<Money>, Error> {
        let reversal = self.reversal(ctx).await?;
        let money = reversal.and_then(|reversal| reversal.amount.zip(reversal.currency));
        Ok(money.map(|(amount, currency)| Money::new(amount, &currency)))
    }

    async fn reversal(&self, ctx: &Context<'_>) -> Result<Option<reversal::Model>, Error> {
        match self.source {
            Source::Reversal | Source::UnlimitedEnd => ctx.loaders()?.reversal(self.entry.id).await,
            _ => Ok(None),
        }
    }

    /// The reason that a person or service gave for the entry.
    pub(super) fn reason(&self) -> Option<&'a str> {
        match self.source {
            Source::Manual | Source::ExportRefund(_) => self.entry.notes.as_deref(),
            _ => None,
        }
    }
}
