//! `top_ups`: charges of saved cards for credits that ran low.

use sea_orm::entity::prelude::*;

/// The state of a top-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// It was decided, and its charge is being made.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// The bank has not decided about the payment yet.
    #[sea_orm(string_value = "processing")]
    Processing,
    /// The payment waits until the customer confirms it.
    #[sea_orm(string_value = "action_required")]
    ActionRequired,
    /// Paid; the credits are posted.
    #[sea_orm(string_value = "paid")]
    Paid,
    /// Nothing was charged, and its invoice can no longer be paid.
    #[sea_orm(string_value = "failed")]
    Failed,
}

impl State {
    /// The states in which money may still arrive. A user has at most one top-up in any of them.
    pub const UNDER_WAY: [Self; 3] = [Self::Pending, Self::Processing, Self::ActionRequired];

    /// True while money may still arrive.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Pending | Self::Processing | Self::ActionRequired)
    }
}

/// One top-up. Its amount counts against the cap of its month unless it failed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "top_ups")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user.
    pub user_id: i64,
    /// The row of the operation that charges it.
    pub operation_id: Option<i64>,
    /// The version of the account by which it was decided.
    pub decided_version: i64,
    /// The credits that were available at that version.
    pub available: i64,
    /// The threshold of the user's settings at that time.
    pub below: i64,
    /// The credits to be added.
    pub credits: i64,
    /// The price, in US cents.
    pub amount: i64,
    /// The cap of the user's settings at that time, in US cents.
    pub cap: i64,
    /// The calendar month (UTC) against whose cap it counts, as in 2026-11.
    pub month: String,
    /// The state.
    pub state: State,
    /// The reason for which the payment was declined, as Stripe names it.
    pub decline_code: Option<String>,
    /// `in_...`, unique, once the invoice is known.
    pub stripe_invoice_id: Option<String>,
    /// The page of the invoice at Stripe.
    pub invoice_url: Option<String>,
    /// The row of the payment, once it is paid.
    pub payment_id: Option<i64>,
    /// When it was decided, in business time.
    pub created_at: DateTimeUtc,
    /// When it was paid or failed, in business time.
    pub ended_at: Option<DateTimeUtc>,
}

/// The relations are loaded explicitly.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
