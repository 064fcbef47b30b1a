//! Alerts: set, listed, watched, and found where no request or webhook finds them.

mod expiring_plan;
mod low_balance;
mod watch;

use chrono::TimeDelta;
use entity::alert::{Kind, Model};

use crate::{
    alert::{self, Position},
    app::App,
    error::{Error, Rule},
    feed::Hint,
    ledger,
    page::{Page, Window},
    retry::retry,
};

pub use crate::alert::Setting;
pub use expiring_plan::alert_of_end;
pub use low_balance::{follow, follow_all, follow_users};
pub use watch::watch;

/// The largest threshold of `LOW_BALANCE`.
const MAX_BELOW: i64 = 1_000_000;

/// A change of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetAlert {
    /// The kind of alerts.
    pub kind: Kind,
    /// True to receive them.
    pub enabled: bool,
    /// The threshold, which `LOW_BALANCE` needs and other kinds do not have.
    pub below: Option<i64>,
}

impl SetAlert {
    fn checked(self) -> Result<Setting, Error> {
        let Self { kind, enabled, below } = self;
        let refused = |rule: Rule, message: &str| Err(Error::bad_field("below", rule, message));
        match (kind, below) {
            (Kind::LowBalance, None) if enabled => refused(Rule::Required, "LOW_BALANCE needs a threshold: set below."),
            (Kind::LowBalance, Some(below)) if !(1..=MAX_BELOW).contains(&below) => {
                refused(Rule::Range { min: 1, max: MAX_BELOW }, "below must be between 1 and 1,000,000 credits.")
            }
            (Kind::ExpiringPlan | Kind::PaymentFailed, Some(_)) => {
                refused(Rule::NotApplicable, "Only LOW_BALANCE has a threshold.")
            }
            _ => Ok(Setting { kind, enabled, below }),
        }
    }
}

/// Switches a kind of alerts on or off. A threshold counts from now on: an account that is below it already is alerted the next
/// time that its credits fall below it.
///
/// # Errors
/// [`Error::BadInput`]; the database's.
pub async fn set(app: &App, user_id: i64, change: SetAlert) -> Result<Setting, Error> {
    let setting = change.checked()?;
    let (setting, raised) = retry(|| write(app, user_id, setting)).await?;
    publish(app, user_id, raised);
    Ok(setting)
}

async fn write(app: &App, user_id: i64, setting: Setting) -> Result<(Setting, Option<i64>), Error> {
    let _turn = app.database.turn_of(user_id).await?;
    let tx = app.database.begin().await?;
    let account = ledger::lock(&tx, user_id).await?;
    let raised = match setting.kind {
        // The crossings so far are those of the threshold so far.
        Kind::LowBalance => low_balance::catch_up(&tx, app, &account).await?,
        Kind::ExpiringPlan | Kind::PaymentFailed => None,
    };
    let at = Position::of(&account, app.clock.now());
    let setting = alert::write(&tx, &app.clock, user_id, setting, at).await?;
    tx.commit().await?;
    Ok((setting, raised))
}

/// All settings of a user, one of each kind.
///
/// # Errors
/// The database's.
pub async fn settings(app: &App, user_id: i64) -> Result<Vec<Setting>, Error> {
    Ok(alert::settings(app.database.read(), user_id).await?)
}

/// One page of a user's alerts, newest first, keyed by their numbers.
///
/// # Errors
/// The database's.
pub async fn page(app: &App, user_id: i64, window: Window) -> Result<Page<Model>, Error> {
    Ok(alert::page(app.database.read(), user_id, window).await?)
}

/// Reads an alert of `owner`, or of any user if that is `None`.
///
/// # Errors
/// The database's.
pub async fn by_id(app: &App, id: i64, owner: Option<i64>) -> Result<Option<Model>, Error> {
    Ok(alert::by_id(app.database.read(), id, owner).await?)
}

/// Deletes the alerts that are older than the retention time, and returns their number.
///
/// # Errors
/// The database's.
pub async fn prune(app: &App) -> Result<u64, Error> {
    let before = app.clock.wall() - TimeDelta::from_std(app.config.alert_retention).unwrap_or(TimeDelta::MAX);
    Ok(alert::prune(&app.database, before).await?)
}

/// Publishes a new alert to the user's watchers, and lets its mail be sent. Called after the commit.
fn publish(app: &App, user_id: i64, raised: Option<i64>) {
    if let Some(alert) = raised {
        app.feed.publish(user_id, Hint { alert, ..Hint::default() });
        app.work.wake();
    }
}
