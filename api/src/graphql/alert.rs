//! Alerts: listed, watched, and switched on or off.

use async_graphql::{
    Context, Enum, ID, InputObject, Object, SimpleObject, Subscription,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::alert;
use futures_util::{Stream, StreamExt};

use super::{
    context::{RequestContext, in_input},
    cursors::{self, Arguments, List},
    date_time::Moment,
    money::Money,
    owner::Owner,
    tier::Tier,
};
use crate::{
    billing::{self, alert::SetAlert},
    error::Error,
    global_id::Noun,
    input,
};

/// The queries of alerts.
#[derive(Default)]
pub(super) struct AlertQuery(pub(super) Owner);

/// A page of alerts.
pub(super) type AlertConnection = List<Alert, AlertConnectionName, AlertEdgeName>;

/// Names the connection in the schema.
pub(super) struct AlertConnectionName;

impl ConnectionNameType for AlertConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "AlertConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct AlertEdgeName;

impl EdgeNameType for AlertEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "AlertEdge".to_owned()
    }
}

#[Object]
impl AlertQuery {
    /// The alerts, newest first. Old ones are deleted after the time that the server is set to.
    async fn alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n alerts, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns alerts after this cursor, which are older.")] after: Option<String>,
        #[graphql(desc = "Returns the last n alerts, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Returns alerts before this cursor, which are newer.")] before: Option<String>,
    ) -> Result<AlertConnection, Error> {
        let window = Arguments { first, after, last, before }.window()?;
        let page = billing::alert::page(ctx.app()?, self.0.id(ctx)?, window).await?;
        Ok(cursors::connection(page, |alert| alert.id, Alert))
    }

    /// Which alerts are on, one setting for each kind.
    async fn alert_settings(&self, ctx: &Context<'_>) -> Result<Vec<AlertSetting>, Error> {
        let settings = billing::alert::settings(ctx.app()?, self.0.id(ctx)?).await?;
        Ok(settings.into_iter().map(AlertSetting::from).collect())
    }
}

/// The mutation of alert settings.
#[derive(Default)]
pub(super) struct AlertMutation;

#[Object]
impl AlertMutation {
    /// Switches a kind of alerts on or off for the viewer. A threshold counts from now on: if fewer credits are available already,
    /// the next alert follows once the threshold was reached again and the credits fell below it.
    async fn set_alert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The kind of alerts, and the threshold of LOW_BALANCE.")] input: SetAlertInput,
    ) -> Result<AlertSetting, Error> {
        let SetAlertInput { kind, enabled, below } = input;
        let change = SetAlert { kind: kind.into(), enabled, below: below.map(Into::into) };
        let set = billing::alert::set(ctx.app()?, ctx.viewer()?.user_id, change).await;
        set.map(AlertSetting::from).map_err(in_input)
    }
}

/// The subscription to alerts.
#[derive(Default)]
pub(super) struct AlertSubscription;

#[Subscription]
impl AlertSubscription {
    /// Streams the viewer's alerts: every alert after `afterId`, oldest first, then each new one. A client that reconnects with
    /// the id of the last alert it received misses none, and receives none twice.
    async fn alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The id of the last alert that the client received; `alert_0` stands before the first. Without it, only new \
            alerts are sent."
        )]
        after_id: Option<ID>,
    ) -> Result<impl Stream<Item = Result<Alert, Error>> + use<>, Error> {
        let after = after_id.map(|id| input::id(Noun::Alert, &id)).transpose()?;
        let alerts = billing::alert::watch(ctx.app()?.clone(), ctx.viewer()?.user_id, after);
        Ok(alerts.map(|alert| alert.map(Alert)))
    }
}

/// The reason of an alert.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "alert::Kind")]
pub(super) enum AlertKind {
    /// The available credits fell below the threshold. Off by default, since each user has another threshold; never sent while
    /// exports are unlimited.
    LowBalance,
    /// A canceled plan ends within three days. On by default.
    ExpiringPlan,
    /// The payment of a renewal failed, or that of a credit pack that took days. On by default.
    PaymentFailed,
}

/// A message to a user about the account. It is sent once, and also mailed where the server sends mail and the user has verified
/// the email address.
pub(super) struct Alert(pub(super) alert::Model);

/// A message to a user about the account. It is sent once, and also mailed where the server sends mail and the user has verified
/// the email address.
#[Object]
impl Alert {
    /// The id of the alert.
    pub(super) async fn id(&self) -> ID {
        Noun::Alert.id(self.0.id).into()
    }

    /// The reason of the alert.
    async fn kind(&self) -> AlertKind {
        self.0.kind.into()
    }

    /// The threshold of `LOW_BALANCE`; null for other kinds.
    async fn below(&self) -> Option<i64> {
        self.0.below
    }

    /// The credits that were available after the change that fell below the threshold; null for kinds other than `LOW_BALANCE`.
    async fn available(&self) -> Option<i64> {
        self.0.available
    }

    /// The version of the balance that fell below the threshold; null for kinds other than `LOW_BALANCE`.
    async fn balance_version(&self) -> Option<i64> {
        self.0.version
    }

    /// The tier of the plan that ends, or whose payment failed; null for credit packs and `LOW_BALANCE`.
    async fn tier(&self) -> Option<Tier> {
        self.0.tier.map(Tier::from)
    }

    /// When the plan ends; null for kinds other than `EXPIRING_PLAN`.
    async fn ends_at(&self) -> Option<Moment> {
        self.0.ends_at.map(Moment)
    }

    /// The amount of a payment that failed; null for other kinds, or if it is not known.
    async fn amount(&self) -> Option<Money> {
        Some(Money::new(self.0.amount?, self.0.currency.as_deref()?))
    }

    /// When the alert was sent.
    async fn created_at(&self) -> Moment {
        self.0.created_at.into()
    }
}

/// The setting of a kind of alerts.
#[derive(SimpleObject)]
pub(super) struct AlertSetting {
    /// The kind of alerts.
    kind: AlertKind,
    /// True if such alerts are on.
    enabled: bool,
    /// The threshold of `LOW_BALANCE`, also while it is off; null if none was set, and for other kinds.
    below: Option<i64>,
}

impl From<billing::alert::Setting> for AlertSetting {
    fn from(setting: billing::alert::Setting) -> Self {
        Self { kind: setting.kind.into(), enabled: setting.enabled, below: setting.below }
    }
}

/// The input of `setAlert`.
#[derive(InputObject)]
pub(super) struct SetAlertInput {
    /// The kind of alerts.
    kind: AlertKind,
    /// False switches such alerts off.
    #[graphql(default = true)]
    enabled: bool,
    /// The threshold, 1 to 1000000 credits: an alert is sent when fewer are available. Required to switch `LOW_BALANCE` on; other
    /// kinds have none.
    below: Option<i32>,
}
