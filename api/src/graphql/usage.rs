//! Usage: exports by time.

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::{context::RequestContext, date_time::Moment, owner::Owner};
use crate::{
    billing::usage::{self, Calendar, Range},
    error::Error,
};

/// The complexity of `usage`, whose list has no page.
pub(super) const USAGE_COST: usize = 1000;

/// The query of usage.
#[derive(Default)]
pub(super) struct UsageQuery(pub(super) Owner);

#[Object]
impl UsageQuery {
    /// Exports and the credits spent on them in each day or month of a range, oldest first, also where there are none. Those
    /// at the ends of the range are cut by it. Credits that were returned for failed
    /// exports are not deducted: the ledger lists them as REFUND.
    async fn usage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The start of the range, which belongs to it.")] from: Moment,
        #[graphql(desc = "The end of the range, which does not belong to it. A range has at most 366 days or months.")]
        to: Moment,
        #[graphql(desc = "The length of an interval.")] by: UsageInterval,
        #[graphql(
            desc = "The IANA time zone in which days and months begin, such as `Europe/Berlin`. A day has 23 or 25 hours where \
            clocks are changed. Defaults to UTC."
        )]
        time_zone: Option<String>,
    ) -> Result<Vec<Usage>, Error> {
        let (user_id, range) = (self.0.id(ctx)?, Range { from: from.0, to: to.0 });
        let calendar = Calendar::new(by.into(), time_zone.as_deref())?;
        let usage = usage::usage(ctx.app()?, user_id, range, calendar).await?;
        Ok(usage.into_iter().map(Into::into).collect())
    }
}

/// The length of an interval of usage.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "usage::Interval")]
pub(super) enum UsageInterval {
    /// A day.
    Day,
    /// A calendar month.
    Month,
}

/// Exports in an interval of time.
#[derive(SimpleObject)]
pub(super) struct Usage {
    /// The start of the interval.
    from: Moment,
    /// The end of the interval, which is the start of the next one.
    to: Moment,
    /// The number of exports.
    exports: i64,
    /// The credits spent on them. Exports are free while they are unlimited.
    credits: i64,
}

impl From<usage::Usage> for Usage {
    fn from(usage: usage::Usage) -> Self {
        let usage::Usage { range: Range { from, to }, exports, credits } = usage;
        Self { from: from.into(), to: to.into(), exports, credits }
    }
}
