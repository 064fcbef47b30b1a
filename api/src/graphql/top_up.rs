//! Automatic top-ups: a saved card is charged for credits when an account runs low.

use async_graphql::{
    Context, Enum, ID, InputObject, Object, SimpleObject, Subscription, Union,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::{auto_top_up, top_up};
use futures_util::{Stream, StreamExt};

use super::{
    context::{RequestContext, in_input},
    cursors::{self, Arguments, List},
    date_time::Moment,
    money::Money,
    owner::Owner,
};
use crate::{
    billing::{
        checkout::Redirects,
        top_up::{self as billing, AutoTopUpState, SetAutoTopUp, SetResult},
    },
    error::Error,
    global_id::Noun,
    stripe,
};

/// The queries of automatic top-ups.
#[derive(Default)]
pub(super) struct TopUpQuery(pub(super) Owner);

/// A page of top-ups.
pub(super) type TopUpConnection = List<TopUp, TopUpConnectionName, TopUpEdgeName>;

/// Names the connection in the schema.
pub(super) struct TopUpConnectionName;

impl ConnectionNameType for TopUpConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "TopUpConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct TopUpEdgeName;

impl EdgeNameType for TopUpEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "TopUpEdge".to_owned()
    }
}

#[Object]
impl TopUpQuery {
    /// The automatic top-ups as they were set; null if they never were.
    async fn auto_top_up(&self, ctx: &Context<'_>) -> Result<Option<AutoTopUp>, Error> {
        Ok(AutoTopUp::of(billing::state(ctx.app()?, self.0.id(ctx)?).await?))
    }

    /// The card that is saved for automatic top-ups; null if none is.
    async fn saved_card(&self, ctx: &Context<'_>) -> Result<Option<SavedCard>, Error> {
        let state = billing::state(ctx.app()?, self.0.id(ctx)?).await?;
        Ok(state.settings.as_ref().and_then(SavedCard::of))
    }

    /// All automatic top-ups, newest first.
    async fn top_ups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n top-ups, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns top-ups after this cursor, which are older.")] after: Option<String>,
        #[graphql(desc = "Returns the last n top-ups, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Returns top-ups before this cursor, which are newer.")] before: Option<String>,
    ) -> Result<TopUpConnection, Error> {
        let window = Arguments { first, after, last, before }.window()?;
        let page = billing::page(ctx.app()?, self.0.id(ctx)?, window).await?;
        Ok(cursors::connection(page, |top_up| top_up.id, TopUp))
    }
}

/// The mutations of automatic top-ups.
#[derive(Default)]
pub(super) struct TopUpMutation;

#[Object]
impl TopUpMutation {
    /// Enables automatic top-ups, or changes their settings. Whenever fewer credits than `below` are available, the saved card is
    /// charged for `credits`, or for several times as many where that is needed to reach `below`, and never for more than
    /// `monthlyCap` in a calendar month. The credits are added once Stripe confirms the payment. Nothing is charged while
    /// exports are unlimited. A pause stays until `resumeAutoTopUp`.
    async fn set_auto_top_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The settings.")] input: SetAutoTopUpInput,
    ) -> Result<SetAutoTopUpResult, Error> {
        let SetAutoTopUpInput { below, credits, monthly_cap } = input;
        let wanted = SetAutoTopUp { below: below.into(), credits: credits.into(), monthly_cap: monthly_cap.into() };
        let set = billing::set(ctx.app()?, ctx.viewer_at_stripe()?.user_id, wanted).await.map_err(in_input)?;
        Ok(set.into())
    }

    /// Resumes automatic top-ups that are paused. A payment that waits for its confirmation is canceled.
    async fn resume_auto_top_up(&self, ctx: &Context<'_>) -> Result<SetAutoTopUpResult, Error> {
        Ok(billing::resume(ctx.app()?, ctx.viewer_at_stripe()?.user_id).await?.into())
    }

    /// Disables automatic top-ups, and ends a pause. A charge that was not attempted yet is withdrawn, and one that waits for its
    /// confirmation is canceled; a payment under way goes on. The card stays saved. Returns null if they were never set.
    async fn disable_auto_top_up(&self, ctx: &Context<'_>) -> Result<Option<AutoTopUp>, Error> {
        Ok(AutoTopUp::of(billing::disable(ctx.app()?, ctx.viewer()?.user_id).await?))
    }

    /// Opens a page of Stripe on which the viewer saves a card for automatic top-ups. Nothing is charged. The card replaces the
    /// one that was saved before.
    async fn start_card_setup(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to redirect afterwards.")] input: StartCardSetupInput,
    ) -> Result<CardSetup, Error> {
        let to = Redirects { success_url: input.success_url, cancel_url: input.cancel_url };
        let viewer = ctx.viewer_at_stripe()?;
        let session = billing::start_card_setup(ctx.app()?, viewer.user_id, to).await;
        session.map_err(in_input)?.try_into()
    }
}

/// The subscription to automatic top-ups.
#[derive(Default)]
pub(super) struct TopUpSubscription;

#[Subscription]
impl TopUpSubscription {
    /// Sends the viewer's automatic top-ups: first their current state, then each change.
    async fn auto_top_up_changed(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<AutoTopUpChange, Error>> + use<>, Error> {
        let changes = billing::watch(ctx.app()?.clone(), ctx.viewer()?.user_id);
        Ok(changes.map(|state| state.map(AutoTopUpChange::from)))
    }
}

/// The reason for which automatic top-ups are paused.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "auto_top_up::Pause")]
pub(super) enum AutoTopUpPauseReason {
    /// The bank requires the user to confirm a payment, on the page `TopUp.invoiceUrl`.
    ActionRequired,
    /// Three payments in a row were declined.
    Declined,
    /// A payment of the user is disputed.
    Disputed,
    /// The saved card was removed at Stripe.
    NoCard,
    /// A payment of the user was refunded, in part or in full, or credited by a note.
    Refunded,
    /// Stripe refused a top-up for another reason. Support can find out more.
    Refused,
}

/// A pause of automatic top-ups.
#[derive(SimpleObject)]
pub(super) struct AutoTopUpPause {
    /// The reason.
    reason: AutoTopUpPauseReason,
    /// When the pause began.
    since: Moment,
}

/// The automatic top-ups of a user.
#[derive(SimpleObject)]
pub(super) struct AutoTopUp {
    /// True if they are enabled. They may be paused nevertheless.
    enabled: bool,
    /// Credits are added when fewer than these are available.
    below: i64,
    /// The credits of a top-up.
    credits: i64,
    /// The most that is charged in a calendar month (UTC).
    monthly_cap: Money,
    /// The amount that was charged, or is being charged, in the current calendar month (UTC). Refunds do not lower it.
    charged_this_month: Money,
    /// The pause; null if there is none.
    pause: Option<AutoTopUpPause>,
    /// The number of payments that were declined since the last one that succeeded.
    declines: i32,
    /// The earliest time of the next top-up; null if nothing delays it. A declined payment and a reached cap do.
    not_before: Option<Moment>,
    /// Increases with each change of the settings, the saved card or a top-up.
    version: i64,
}

impl AutoTopUp {
    fn of(state: AutoTopUpState) -> Option<Self> {
        let settings = state.settings?;
        let pause = settings.pause.zip(settings.paused_at);
        Some(Self {
            enabled: settings.enabled,
            below: settings.below?,
            credits: settings.credits?,
            monthly_cap: Money::usd(settings.monthly_cap?),
            charged_this_month: Money::usd(state.charged),
            pause: pause.map(|(reason, since)| AutoTopUpPause { reason: reason.into(), since: since.into() }),
            declines: settings.declines,
            not_before: settings.not_before.map(Moment),
            version: settings.version,
        })
    }
}

/// A card that is saved for automatic top-ups, as it was when it was saved.
#[derive(SimpleObject)]
pub(super) struct SavedCard {
    /// The brand of the card, such as visa.
    brand: Option<String>,
    /// The last four digits of the number.
    last4: Option<String>,
    /// The month in which the card expires, 1 to 12.
    expiry_month: Option<i32>,
    /// The year in which the card expires.
    expiry_year: Option<i32>,
}

impl SavedCard {
    fn of(settings: &auto_top_up::Model) -> Option<Self> {
        settings.payment_method.as_ref()?;
        Some(Self {
            brand: settings.card_brand.clone(),
            last4: settings.card_last4.clone(),
            expiry_month: settings.card_expiry_month,
            expiry_year: settings.card_expiry_year,
        })
    }
}

/// The state of a top-up.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "top_up::State")]
pub(super) enum TopUpState {
    /// The card is being charged.
    Pending,
    /// The bank has not decided about the payment yet.
    Processing,
    /// The payment waits until the user confirms it, on the page `invoiceUrl`.
    ActionRequired,
    /// Paid; the credits were added.
    Paid,
    /// Nothing was charged.
    Failed,
}

/// An automatic top-up.
pub(super) struct TopUp(top_up::Model);

/// An automatic top-up.
#[Object]
impl TopUp {
    /// The id of the top-up.
    async fn id(&self) -> ID {
        Noun::TopUp.id(self.0.id).into()
    }

    /// The state of the top-up.
    async fn state(&self) -> TopUpState {
        self.0.state.into()
    }

    /// The credits.
    async fn credits(&self) -> i64 {
        self.0.credits
    }

    /// The price, with its taxes.
    async fn amount(&self) -> Money {
        Money::usd(self.0.amount)
    }

    /// The reason for which the payment was declined, as Stripe names it; null if it was not.
    async fn decline_code(&self) -> Option<&str> {
        self.0.decline_code.as_deref()
    }

    /// The page of the invoice at Stripe, where a payment that waits for its confirmation is confirmed. Null while there is none.
    async fn invoice_url(&self) -> Option<&str> {
        self.0.invoice_url.as_deref()
    }

    /// When the top-up began.
    async fn created_at(&self) -> Moment {
        self.0.created_at.into()
    }

    /// When the top-up was paid or failed; null while it is under way.
    async fn ended_at(&self) -> Option<Moment> {
        self.0.ended_at.map(Moment)
    }
}

/// The state of the viewer's automatic top-ups.
#[derive(SimpleObject)]
pub(super) struct AutoTopUpChange {
    /// The settings; null if they were never set.
    auto_top_up: Option<AutoTopUp>,
    /// The saved card; null if there is none.
    saved_card: Option<SavedCard>,
    /// The newest top-up; null if there is none.
    latest_top_up: Option<TopUp>,
}

impl From<AutoTopUpState> for AutoTopUpChange {
    fn from(mut state: AutoTopUpState) -> Self {
        let saved_card = state.settings.as_ref().and_then(SavedCard::of);
        let latest_top_up = state.latest.take().map(TopUp);
        Self { auto_top_up: AutoTopUp::of(state), saved_card, latest_top_up }
    }
}

/// The result of `setAutoTopUp` and `resumeAutoTopUp`.
#[derive(Union)]
pub(super) enum SetAutoTopUpResult {
    /// The settings.
    AutoTopUp(AutoTopUp),
    /// No card is saved.
    CardRequired(CardRequired),
}

/// Automatic top-ups need a saved card. Open `startCardSetup`, or buy a credit pack with `saveCard`.
#[derive(SimpleObject)]
pub(super) struct CardRequired {
    /// A human-readable message.
    message: String,
}

impl From<SetResult> for SetAutoTopUpResult {
    fn from(result: SetResult) -> Self {
        let set = match result {
            SetResult::Changed(state) => AutoTopUp::of(*state),
            SetResult::CardRequired => None,
        };
        let message = || "Save a card first: automatic top-ups charge it without you.".to_owned();
        set.map_or_else(|| Self::CardRequired(CardRequired { message: message() }), Self::AutoTopUp)
    }
}

/// An open page on which a card is saved. Redirect the user to `url`.
#[derive(SimpleObject)]
pub(super) struct CardSetup {
    /// The URL of the page.
    url: String,
    /// When the page expires.
    expires_at: Moment,
}

impl TryFrom<stripe::Session> for CardSetup {
    type Error = Error;

    fn try_from(session: stripe::Session) -> Result<Self, Error> {
        let url = session.url.ok_or_else(|| Error::Internal(format!("the checkout {} has no page", session.id)))?;
        Ok(Self { url, expires_at: session.expires_at.into() })
    }
}

/// The input of `setAutoTopUp`.
#[derive(InputObject)]
pub(super) struct SetAutoTopUpInput {
    /// Credits are added when fewer than these are available, 1 to 10000.
    below: i32,
    /// The credits of a top-up, 1 to 1000. They cost as much as a credit pack, taxes included.
    credits: i32,
    /// The most to charge in a calendar month (UTC), in US cents: 500 to 1000000, and at least the price of `credits`.
    monthly_cap: i32,
}

/// The input of `startCardSetup`.
#[derive(InputObject)]
pub(super) struct StartCardSetupInput {
    /// Where to redirect once the card is saved: an https URL, or http on loopback. Stripe replaces `{CHECKOUT_SESSION_ID}`.
    success_url: String,
    /// Where to redirect if the user cancels: an https URL, or http on loopback.
    cancel_url: String,
}
