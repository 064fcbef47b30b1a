//! `stripe_schedules`: what is going to become of subscriptions, as Stripe last described it.

use sea_orm::entity::prelude::*;

/// One schedule.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stripe_schedules")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `sub_sched_...`, unique.
    pub stripe_schedule_id: String,
    /// Steers nothing any more. Final.
    pub ended: bool,
    /// Its phases: when each begins, and the prices that it sells.
    pub phases: Json,
    /// Second (Unix time, at Stripe) in which the state above was told by an event.
    pub observed_at: i64,
    /// Second (Unix time, by our clock) in which we last asked for it.
    pub asked_at: i64,
}

/// A schedule is found by its id, which its subscription's row holds.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
