//! `alerts`: the alerts that users received. Old ones are deleted.

use sea_orm::entity::prelude::*;

use crate::Tier;

/// The reason of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// The available credits fell below the user's threshold.
    #[sea_orm(string_value = "low_balance")]
    LowBalance,
    /// A canceled plan ends soon.
    #[sea_orm(string_value = "expiring_plan")]
    ExpiringPlan,
    /// The payment of a renewal or of a credit pack failed.
    #[sea_orm(string_value = "payment_failed")]
    PaymentFailed,
}

/// One alert. The numbers of a user's alerts grow in the order in which they are committed, as they are added under the lock of
/// the user's account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alerts")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user who is alerted.
    pub user_id: i64,
    /// The reason.
    pub kind: Kind,
    /// The fact that the alert is about. Unique together with user and kind.
    pub subject: String,
    /// The account's version of the ledger entry that crossed the threshold.
    pub version: Option<i64>,
    /// The threshold.
    pub below: Option<i64>,
    /// The available credits after that entry.
    pub available: Option<i64>,
    /// The available credits before that entry; null if exports were unlimited before.
    pub previous: Option<i64>,
    /// The tier of the plan that ends, or whose payment failed.
    pub tier: Option<Tier>,
    /// When the plan ends, in business time.
    pub ends_at: Option<DateTimeUtc>,
    /// The amount to be paid, in minor units of the currency.
    pub amount: Option<i64>,
    /// ISO 4217, lower case, as Stripe spells it.
    pub currency: Option<String>,
    /// When the alert was added, in business time.
    pub created_at: DateTimeUtc,
}

/// An alert has no relations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
