//! `work`: the tasks to do later, or again. Each row is one task, and is removed once the task is done.

use sea_orm::entity::prelude::*;

/// The kind of a task. The key of a row names its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// Applies a stored webhook event (`evt_...`) that could not be applied when it arrived.
    #[sea_orm(string_value = "event")]
    Event,
    /// Reads an object from Stripe: `subscription:sub_...`, `payment:pi_...`, `invoice:in_...`, `customer:cus_...`, or the card
    /// that a checkout has saved, `card:cs_...`.
    #[sea_orm(string_value = "look")]
    Look,
    /// Finishes an outgoing write: the number of its row in `stripe_operations`.
    #[sea_orm(string_value = "operation")]
    Operation,
    /// Ends the second subscription of a user (their number).
    #[sea_orm(string_value = "duplicate")]
    Duplicate,
    /// Voids the open invoices of a subscription (`sub_...`) that has ended.
    #[sea_orm(string_value = "open_invoice")]
    OpenInvoice,
    /// Ends the unlimited exports of a user (their number).
    #[sea_orm(string_value = "unlimited")]
    Unlimited,
    /// Ends a hold (its number) that expires.
    #[sea_orm(string_value = "hold")]
    Hold,
    /// Alerts the user of a subscription (its number) that ends soon.
    #[sea_orm(string_value = "alert")]
    Alert,
    /// Adds credits to the account of a user (their number) whose credits ran low.
    #[sea_orm(string_value = "top_up")]
    TopUp,
    /// Brings the Stripe customer of a user (their number) in line with the user's row.
    #[sea_orm(string_value = "customer")]
    Customer,
    /// Sends a mail: its kind and recipient.
    #[sea_orm(string_value = "mail")]
    Mail,
    /// Makes the events of other services from new ledger entries. A single task, which exists while there are endpoints.
    #[sea_orm(string_value = "relay")]
    Relay,
    /// Sends events to an endpoint (its number).
    #[sea_orm(string_value = "delivery")]
    Delivery,
    /// Compares our tables with Stripe. A single task.
    #[sea_orm(string_value = "reconcile")]
    Reconcile,
    /// Deletes rows older than their retention time. A single task.
    #[sea_orm(string_value = "prune")]
    Prune,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "work")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The kind.
    pub kind: Kind,
    /// The subject. Unique together with the kind; empty for a single task.
    pub key: String,
    /// When the task is due: in business time for [`Kind::Unlimited`] and [`Kind::Alert`], in wall time for all others.
    pub due_at: DateTimeUtc,
    /// Grows by one each time that the task is requested.
    pub generation: i64,
    /// Attempts since the task last succeeded.
    pub attempts: i32,
    /// When the lease of the worker that holds the task ends, in wall time.
    pub leased_until: Option<DateTimeUtc>,
    /// Grows by one with each lease. A worker whose lease was taken over changes nothing.
    pub lease: i64,
    /// The error of the last attempt.
    pub error: Option<String>,
    /// When the row was created, in wall time.
    pub created_at: DateTimeUtc,
}

/// A task has no relations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
