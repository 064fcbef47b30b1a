//! Mails about alerts: one for each, to users whose email is known to be theirs. Anyone can sign up with another person's email,
//! so a user who signed up here has to verify it first; another issuer is trusted with the emails of its users.

use entity::{
    Tier,
    alert::{Kind, Model},
    user,
};

use super::mail_link::by_id;
use crate::{alert, app::App, error::Error, mail::Message, plan::PLANS};

/// The mail for a queued key. `None` if the key is of another kind of mail, or if nobody should receive it.
pub(super) async fn message(app: &App, key: &str) -> Result<Option<Message>, Error> {
    let Some(id) = key.strip_prefix(alert::MAIL).and_then(|id| id.parse().ok()) else { return Ok(None) };
    let Some(row) = alert::by_id(app.database.read(), id, None).await? else { return Ok(None) };
    let user = by_id(app, row.user_id).await?.filter(may_receive);
    Ok(user.map(|user| compose(&row, user.email, &app.config.public_url)))
}

/// True for users whose email is known to be theirs.
pub(super) const fn may_receive(user: &user::Model) -> bool {
    user.closed_at.is_none() && (user.email_verified_at.is_some() || user.auth_subject.is_some())
}

fn compose(alert: &Model, to: String, public_url: &str) -> Message {
    let (subject, text) = match alert.kind {
        Kind::LowBalance => {
            let (available, below) = (alert.available.unwrap_or_default(), alert.below.unwrap_or_default());
            ("Your Patch-Hive credits are low", format!("{} available, fewer than {below}.", credits(available)))
        }
        Kind::ExpiringPlan => {
            let day = alert.ends_at.map_or_else(|| "soon".to_owned(), |at| at.format("on %-d %B %Y").to_string());
            (
                "Your Patch-Hive plan ends soon",
                format!("Your plan {} ends {day}. You keep your credits.", name(alert.tier)),
            )
        }
        Kind::PaymentFailed => {
            let text = if alert.tier.is_some() {
                let plan = name(alert.tier);
                format!("A payment for your plan {plan} failed or needs your confirmation. Pay it to keep the plan.")
            } else {
                "A payment for credits failed. You were not charged, and nothing was added.".to_owned()
            };
            ("A Patch-Hive payment failed", text)
        }
    };
    let page = format!("{}/account", public_url.trim_end_matches('/'));
    let text = format!("{text}\n\nYour account, where you also choose which alerts you receive:\n\n{page}\n");
    Message { to, subject, text }
}

fn credits(count: i64) -> String {
    if count == 1 { "1 credit is".to_owned() } else { format!("{count} credits are") }
}

fn name(tier: Option<Tier>) -> &'static str {
    PLANS.iter().find(|plan| Some(plan.tier) == tier).map_or("", |plan| plan.name)
}
