//! Holds: credits that are reserved while an export runs.

use async_graphql::{
    Context, Enum, ID, InputObject, Object, SimpleObject, Union,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::{credit_account, user::Role};

use super::{
    balance::Balance,
    context::{RequestContext, in_input},
    cursors::{self, Arguments, List},
    date_time::Moment,
    export::{ExportCharge, InsufficientCredits},
    owner::Owner,
};
use crate::{
    billing::hold::{self, ChangeResult, ReserveExport, ReserveResult},
    error::Error,
    global_id::Noun,
    input,
    ledger::{self, HoldEnding},
};

/// The query of a user's holds.
#[derive(Default)]
pub(super) struct HoldsQuery(pub(super) Owner);

/// A page of holds.
pub(super) type HoldConnection = List<Hold, HoldConnectionName, HoldEdgeName>;

/// Names the connection in the schema.
pub(super) struct HoldConnectionName;

impl ConnectionNameType for HoldConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "HoldConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct HoldEdgeName;

impl EdgeNameType for HoldEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "HoldEdge".to_owned()
    }
}

#[Object]
impl HoldsQuery {
    /// The open holds, newest first. Their credits are the `held` ones of the balance.
    async fn holds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n holds, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns holds after this cursor, which are older.")] after: Option<String>,
        #[graphql(desc = "Returns the last n holds, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Returns holds before this cursor, which are newer.")] before: Option<String>,
    ) -> Result<HoldConnection, Error> {
        let window = Arguments { first, after, last, before }.window()?;
        let page = hold::open(ctx.app()?, self.0.id(ctx)?, window).await?;
        Ok(cursors::connection(page, |hold| hold.id, Hold::from))
    }
}

/// The query of a single hold.
#[derive(Default)]
pub(super) struct HoldQuery;

#[Object]
impl HoldQuery {
    /// A hold of the viewer, open or ended; with the role `service` or `admin`, a hold of any user. Null if there is none.
    async fn hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the hold, or the `jti` of its ticket.")] id: ID,
    ) -> Result<Option<Hold>, Error> {
        let viewer = ctx.viewer()?;
        let owner = ctx.viewer_as(Role::Service).is_err().then_some(viewer.user_id);
        match input::id(Noun::Hold, &id) {
            Ok(id) => Ok(hold::by_id(ctx.app()?, id, owner).await?.map(Hold::from)),
            Err(_) => Ok(None),
        }
    }
}

/// The mutations of holds.
#[derive(Default)]
pub(super) struct HoldMutation;

#[Object]
impl HoldMutation {
    /// Holds the credits of an export that is about to run, once per idempotency key. Held credits cannot be spent otherwise.
    /// The hold ends when it is captured, which charges the export, when it is released, or when it expires. Its price stays
    /// the same until then. A key names one export, whether it is reserved or charged.
    async fn reserve_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The export to reserve.")] input: ReserveExportInput,
    ) -> Result<ReserveExportResult, Error> {
        let ReserveExportInput { run_id, idempotency_key, ttl } = input;
        let export = ReserveExport { run: &run_id, key: &idempotency_key, ttl: ttl.map(Into::into) };
        let reserved = hold::reserve(ctx.app()?, ctx.viewer()?.user_id, export).await;
        reserved.map(ReserveExportResult::from).map_err(in_input)
    }

    /// Charges a reserved export, in full or in part, and ends its hold. Succeeds even if a refunded payment has meanwhile
    /// reduced the credits below what is held. A repeated capture of the same credits returns the same charge. For the owner of the
    /// hold and the role `service`.
    async fn capture_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The hold, and the credits to charge.")] input: CaptureHoldInput,
    ) -> Result<CaptureHoldResult, Error> {
        let credits = input.credits.map(Into::into);
        let changed = hold::capture(ctx.app()?, owner(ctx)?, &input.hold_id, credits).await.map_err(in_input)?;
        CaptureHoldResult::new(ctx, changed).await
    }

    /// Lets a hold last longer. For the owner of the hold and the role `service`.
    async fn extend_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The hold, and the time for which it is to last.")] input: ExtendHoldInput,
    ) -> Result<ExtendHoldResult, Error> {
        let ttl = input.ttl.map(Into::into);
        let changed = hold::extend(ctx.app()?, owner(ctx)?, &input.hold_id, ttl).await.map_err(in_input)?;
        Ok(match changed {
            ChangeResult::Changed { hold, account } => ExtendHoldResult::Hold(Hold { hold, account }),
            ChangeResult::Ended(hold) => ExtendHoldResult::HoldEnded(HoldEnded::new(hold)?),
        })
    }

    /// Releases the credits of an export that failed or is not wanted anymore, and ends its hold. Releasing a hold again returns
    /// the same. For the owner of the hold and the role `service`.
    async fn release_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The hold to release.")] input: ReleaseHoldInput,
    ) -> Result<ReleaseHoldResult, Error> {
        let changed = hold::release(ctx.app()?, owner(ctx)?, &input.hold_id).await.map_err(in_input)?;
        Ok(match changed {
            ChangeResult::Changed { hold, account } => ReleaseHoldResult::Hold(Hold { hold, account }),
            ChangeResult::Ended(hold) => ReleaseHoldResult::HoldEnded(HoldEnded::new(hold)?),
        })
    }
}

/// The only user whose holds the caller may change: their own, or those of all for the export service. An admin corrects a balance
/// by other mutations, which are recorded.
fn owner(ctx: &Context<'_>) -> Result<Option<i64>, Error> {
    let viewer = ctx.viewer()?;
    Ok((viewer.role != Role::Service).then_some(viewer.user_id))
}

/// The state of a hold.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(super) enum HoldState {
    /// The credits are held.
    Open,
    /// The export was charged, in full or in part.
    Captured,
    /// The credits were released.
    Released,
    /// The hold expired, and the credits were released.
    Expired,
}

impl HoldState {
    const fn of(hold: &ledger::Hold) -> Self {
        match &hold.end {
            None => Self::Open,
            Some(end) => match end.ending {
                HoldEnding::Captured(_) => Self::Captured,
                HoldEnding::Released => Self::Released,
                HoldEnding::Expired => Self::Expired,
            },
        }
    }
}

/// Credits that are held for an export, or were.
pub(super) struct Hold {
    hold: ledger::Hold,
    /// The account, if the hold is the result of a change.
    account: Option<credit_account::Model>,
}

impl From<ledger::Hold> for Hold {
    fn from(hold: ledger::Hold) -> Self {
        Self { hold, account: None }
    }
}

/// Credits that are held for an export, or were.
#[Object]
impl Hold {
    /// The id of the hold.
    pub(super) async fn id(&self) -> ID {
        Noun::Hold.id(self.hold.id).into()
    }

    /// The id of the run to export.
    async fn run_id(&self) -> &str {
        &self.hold.run
    }

    /// The credits that the hold reserved; 0 if exports were unlimited then. They stay the same when the hold ends.
    async fn credits(&self) -> i64 {
        self.hold.credits
    }

    /// The state of the hold.
    async fn state(&self) -> HoldState {
        HoldState::of(&self.hold)
    }

    /// The credits that were charged; null unless the hold was captured.
    async fn captured_credits(&self) -> Option<i64> {
        match self.hold.end.as_ref()?.ending {
            HoldEnding::Captured(credits) => Some(credits),
            HoldEnding::Released | HoldEnding::Expired => None,
        }
    }

    /// When the credits were reserved.
    async fn created_at(&self) -> Moment {
        self.hold.created_at.into()
    }

    /// When the hold expires unless it is extended; null once it has ended. By the time of clocks, which the sandbox does not
    /// advance.
    async fn expires_at(&self) -> Option<Moment> {
        self.hold.expires_at.map(Moment)
    }

    /// When the hold ended; null while it is open.
    async fn ended_at(&self) -> Option<Moment> {
        self.hold.end.as_ref().map(|end| end.at.into())
    }

    /// A short-lived proof for the export service that the credits are held, with the hold to capture or release; null once the
    /// hold has ended or expired.
    async fn ticket(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        hold::ticket(ctx.app()?, &self.hold)
    }

    /// The current balance of the owner.
    async fn balance(&self, ctx: &Context<'_>) -> Result<Balance, Error> {
        let account = match &self.account {
            Some(account) => account.clone(),
            None => ctx.loaders()?.account(self.hold.user_id).await?,
        };
        Ok(Balance::new(ctx.app()?, &account))
    }
}

/// The hold had ended before the request.
#[derive(SimpleObject)]
pub(super) struct HoldEnded {
    /// A human-readable message.
    message: &'static str,
    /// The state in which the hold ended.
    state: HoldState,
    /// When the hold ended.
    ended_at: Moment,
    /// The hold.
    hold: Hold,
}

impl HoldEnded {
    fn new(hold: ledger::Hold) -> Result<Self, Error> {
        let Some(end) = &hold.end else {
            return Err(Error::Internal(format!("hold {} is open, and its change was refused", hold.id)));
        };
        let message = match end.ending {
            HoldEnding::Captured(_) => "The hold was already captured.",
            HoldEnding::Released => "The hold was already released.",
            HoldEnding::Expired => "The hold has expired. Reserve the export again, with a new key.",
        };
        Ok(Self { message, state: HoldState::of(&hold), ended_at: end.at.into(), hold: hold.into() })
    }
}

/// The result of `reserveExport`.
#[derive(Union)]
pub(super) enum ReserveExportResult {
    /// The credits are held. If the key was used before, the hold may have ended since.
    Hold(Hold),
    /// The credits are insufficient.
    InsufficientCredits(InsufficientCredits),
}

impl From<ReserveResult> for ReserveExportResult {
    fn from(reserved: ReserveResult) -> Self {
        match reserved {
            ReserveResult::Hold { hold, account } => Self::Hold(Hold { hold, account: Some(account) }),
            ReserveResult::Refused(shortage) => Self::InsufficientCredits(InsufficientCredits::new(&shortage)),
        }
    }
}

/// The result of `captureHold`.
#[derive(Union)]
pub(super) enum CaptureHoldResult {
    /// The export is charged.
    ExportCharge(ExportCharge),
    /// The hold had ended before.
    HoldEnded(HoldEnded),
}

impl CaptureHoldResult {
    async fn new(ctx: &Context<'_>, changed: ChangeResult) -> Result<Self, Error> {
        match changed {
            ChangeResult::Changed { hold, account } => {
                ExportCharge::captured(ctx, hold, account).await.map(Self::ExportCharge)
            }
            ChangeResult::Ended(hold) => HoldEnded::new(hold).map(Self::HoldEnded),
        }
    }
}

/// The result of `extendHold`.
#[derive(Union)]
pub(super) enum ExtendHoldResult {
    /// The hold, which lasts at least as long as requested.
    Hold(Hold),
    /// The hold had ended before.
    HoldEnded(HoldEnded),
}

/// The result of `releaseHold`.
#[derive(Union)]
pub(super) enum ReleaseHoldResult {
    /// The hold, which is released.
    Hold(Hold),
    /// The hold was captured or had expired before.
    HoldEnded(HoldEnded),
}

/// The input of `reserveExport`.
#[derive(InputObject)]
pub(super) struct ReserveExportInput {
    /// The id of the run to export, 1 to 255 bytes.
    run_id: String,
    /// A unique key for this export, 1 to 255 bytes. Repeating the request with the same key returns the same hold.
    idempotency_key: String,
    /// The seconds after which the hold expires, 1 to 86400. Defaults to 900.
    ttl: Option<i32>,
}

/// The input of `captureHold`.
#[derive(InputObject)]
pub(super) struct CaptureHoldInput {
    /// The id of the hold, or the `jti` of its ticket.
    hold_id: ID,
    /// The credits to charge, from 1 to those held; the rest is released. Defaults to all.
    credits: Option<i32>,
}

/// The input of `extendHold`.
#[derive(InputObject)]
pub(super) struct ExtendHoldInput {
    /// The id of the hold, or the `jti` of its ticket.
    hold_id: ID,
    /// The seconds from now for which the hold lasts at least, 1 to 86400. Defaults to 900. The hold expires at the end of that
    /// minute, and lasts at most 24 hours with all its extensions.
    ttl: Option<i32>,
}

/// The input of `releaseHold`.
#[derive(InputObject)]
pub(super) struct ReleaseHoldInput {
    /// The id of the hold, or the `jti` of its ticket.
    hold_id: ID,
}
