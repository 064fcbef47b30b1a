//! The mail to a user whose automatic top-ups are paused. Like an alert, it goes to users whose email is known to be theirs.

use entity::auto_top_up::{self, Pause};
use sea_orm::EntityTrait;

use super::{alert_mail::may_receive, mail_link::by_id};
use crate::{app::App, error::Error, mail::Message, work::TOP_UPS_PAUSED};

/// The mail for a queued key. `None` if the key is of another kind of mail, or if top-ups are paused no longer.
pub(super) async fn message(app: &App, key: &str) -> Result<Option<Message>, Error> {
    let Some(id) = key.strip_prefix(TOP_UPS_PAUSED).and_then(|id| id.parse().ok()) else { return Ok(None) };
    let settings = auto_top_up::Entity::find_by_id(id).one(app.database.read()).await?;
    let Some(reason) = settings.filter(|settings| settings.enabled).and_then(|settings| settings.pause) else {
        return Ok(None);
    };
    let user = by_id(app, id).await?.filter(may_receive);
    let page = format!("{}/account", app.config.public_url.trim_end_matches('/'));
    Ok(user.map(|user| Message {
        to: user.email,
        subject: "Your Patch-Hive automatic top-up is paused",
        text: format!(
            "{} No credits are added automatically until you resume it on your account page:\n\n{page}\n",
            sentence(reason)
        ),
    }))
}

const fn sentence(reason: Pause) -> &'static str {
    match reason {
        Pause::ActionRequired => {
            "Your bank requires you to confirm the payment of an automatic top-up, so nothing was charged."
        }
        Pause::Declined => "Several payments of automatic top-ups were declined in a row.",
        Pause::Disputed => "A payment of yours is disputed.",
        Pause::NoCard => "The card for automatic top-ups was removed, so nothing was charged.",
        Pause::Refunded => "A payment of yours was refunded.",
        Pause::Refused => "An automatic top-up could not be charged. Contact support if it happens again.",
    }
}
