//! `auto_top_ups`: automatic top-ups as each user has set them, and the card that is saved for them.

use sea_orm::entity::prelude::*;

/// The reason for which automatic top-ups are paused, until the user resumes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Pause {
    /// The bank requires the customer to confirm a payment.
    #[sea_orm(string_value = "action_required")]
    ActionRequired,
    /// Several payments in a row were declined.
    #[sea_orm(string_value = "declined")]
    Declined,
    /// A payment is disputed.
    #[sea_orm(string_value = "disputed")]
    Disputed,
    /// The saved card was removed at Stripe.
    #[sea_orm(string_value = "no_card")]
    NoCard,
    /// A payment was refunded, in part or in full.
    #[sea_orm(string_value = "refunded")]
    Refunded,
    /// Stripe refused a top-up for another reason, which an operator has to look into.
    #[sea_orm(string_value = "refused")]
    Refused,
}

/// One user's automatic top-ups. The holder of the account's row lock may change them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "auto_top_ups")]
pub struct Model {
    /// The user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// Credits are added when fewer than these are available. Null until the user sets it.
    pub below: Option<i64>,
    /// The credits of a top-up; several times as many where that is needed to reach `below`.
    pub credits: Option<i64>,
    /// The most that is charged in a calendar month (UTC), in US cents.
    pub monthly_cap: Option<i64>,
    /// True if the user has enabled them.
    pub enabled: bool,
    /// The reason of a pause.
    pub pause: Option<Pause>,
    /// When the pause began, in business time.
    pub paused_at: Option<DateTimeUtc>,
    /// The payments that were declined since the last one that succeeded.
    pub declines: i32,
    /// No top-up begins before this time, in business time: after a declined payment, and once the cap is reached.
    pub not_before: Option<DateTimeUtc>,
    /// The saved card, `pm_...`.
    pub payment_method: Option<String>,
    /// The card's brand, as Stripe spells it.
    pub card_brand: Option<String>,
    /// The last four digits of the card.
    pub card_last4: Option<String>,
    /// The month in which the card expires, 1 to 12.
    pub card_expiry_month: Option<i32>,
    /// The year in which the card expires.
    pub card_expiry_year: Option<i32>,
    /// When the card was entered at Stripe.
    pub card_created_at: Option<DateTimeUtc>,
    /// Grows with each change of this row or of a top-up.
    pub version: i64,
    /// When this row last changed, in business time.
    pub updated_at: DateTimeUtc,
}

impl Model {
    /// True while top-ups may begin.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.enabled && self.pause.is_none()
    }
}

/// The relations are loaded explicitly.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
