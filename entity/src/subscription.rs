//! `stripe_subscriptions`: subscriptions as Stripe last described them.

use sea_orm::entity::prelude::*;

use crate::Tier;

/// The status of a subscription, spelled as Stripe spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// The first payment has not been made yet.
    #[sea_orm(string_value = "incomplete")]
    Incomplete,
    /// The first payment was never made. Final.
    #[sea_orm(string_value = "incomplete_expired")]
    IncompleteExpired,
    /// In a trial.
    #[sea_orm(string_value = "trialing")]
    Trialing,
    /// Paid.
    #[sea_orm(string_value = "active")]
    Active,
    /// A renewal's payment failed and is retried.
    #[sea_orm(string_value = "past_due")]
    PastDue,
    /// A renewal's payment failed for good; the subscription stays.
    #[sea_orm(string_value = "unpaid")]
    Unpaid,
    /// A trial ended without a payment method.
    #[sea_orm(string_value = "paused")]
    Paused,
    /// Ended. Final.
    #[sea_orm(string_value = "canceled")]
    Canceled,
}

impl Status {
    /// The final statuses.
    pub const ENDED: [Self; 2] = [Self::Canceled, Self::IncompleteExpired];

    /// Returns `true` if the status entitles the user to the plan's tier.
    #[must_use]
    pub const fn entitled(self) -> bool {
        matches!(self, Self::Active | Self::Trialing)
    }

    /// Returns `true` if the user still has the subscription, paid or not.
    #[must_use]
    pub const fn alive(self) -> bool {
        !self.ended()
    }

    /// Returns `true` if the status is final.
    #[must_use]
    pub const fn ended(self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }
}

/// One subscription.
#[expect(clippy::struct_excessive_bools, reason = "each is a column")]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_subscriptions")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The customer's row.
    pub customer_id: i64,
    /// `sub_...`, unique.
    pub stripe_subscription_id: String,
    /// The price that is paid; the tier is read from it.
    pub stripe_price_id: String,
    /// The tier of that price.
    pub tier: Tier,
    /// The tier from the period's end on, when a change is scheduled.
    pub scheduled_tier: Option<Tier>,
    /// The status.
    pub status: Status,
    /// Start of the period that is paid or being paid.
    pub current_period_start: DateTimeUtc,
    /// End of that period.
    pub current_period_end: DateTimeUtc,
    /// True where it ends with the period instead of renewing.
    pub cancel_at_period_end: bool,
    /// When the subscription will end, if an end is scheduled.
    pub cancel_at: Option<DateTimeUtc>,
    /// True while the payment of its renewal is processing, which takes days for a bank debit.
    pub payment_processing: bool,
    /// The price of a period, in minor units; null until a look has read it, or where Stripe has none.
    pub price: Option<i64>,
    /// The currency of the price and of the unpaid invoice: ISO 4217, lower case, as Stripe spells it.
    pub currency: Option<String>,
    /// The amount of the invoice that waits for its payment, in minor units; null without such an invoice.
    pub unpaid_amount: Option<i64>,
    /// When that invoice became due.
    pub unpaid_since: Option<DateTimeUtc>,
    /// When Stripe will try to collect it again; null where it will not.
    pub unpaid_retry_at: Option<DateTimeUtc>,
    /// Stripe's page where it can be paid.
    pub unpaid_url: Option<String>,
    /// True where its payment waits for the customer to confirm it at their bank.
    pub unpaid_unconfirmed: bool,
    /// True where it cost nothing and was undone, because the user had another one: its credits were reversed without a refund.
    pub undone: bool,
    /// Grows by one with each change of the row.
    pub version: i64,
    /// The fence of the look that wrote this state: no look that began earlier overwrites it.
    pub fence: i64,
    /// When the row was created.
    pub created_at: DateTimeUtc,
    /// When the row last changed.
    pub updated_at: DateTimeUtc,
}

impl Model {
    /// When it ends; `None` while it renews.
    #[must_use]
    pub fn ends_at(&self) -> Option<DateTimeUtc> {
        self.cancel_at.or_else(|| self.cancel_at_period_end.then_some(self.current_period_end))
    }

    /// Returns `true` if it ends with its period at the latest. Stripe shows that by the flag or by the date.
    #[must_use]
    pub fn ends_with_period(&self) -> bool {
        self.cancel_at_period_end || self.cancel_at.is_some_and(|at| at <= self.current_period_end)
    }
}

/// Relations of a subscription.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The customer who pays it.
    #[sea_orm(belongs_to = "super::customer::Entity", from = "Column::CustomerId", to = "super::customer::Column::Id")]
    Customer,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
