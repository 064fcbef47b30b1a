//! `credit_accounts`: the credits of each user.

use sea_orm::entity::prelude::*;

/// One user's account. The holder of its row lock may add to the ledger.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_accounts")]
pub struct Model {
    /// The owner.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// Credits: the sum of the ledger's deltas. Below zero only after a late refund or dispute.
    pub balance: i64,
    /// The credits of the balance that are held for exports: the sum of the open holds.
    pub held: i64,
    /// The version of the newest ledger entry, 0 without one.
    pub version: i64,
    /// The time until which exports are free; null when they are not.
    pub unlimited_until: Option<DateTimeUtc>,
    /// When the newest entry was posted.
    pub updated_at: DateTimeUtc,
}

/// An account's relations are loaded explicitly, in batches.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The credits that can be spent or held. Below zero if the balance fell below what is held.
    #[must_use]
    pub const fn available(&self) -> i64 {
        self.balance - self.held
    }
}
