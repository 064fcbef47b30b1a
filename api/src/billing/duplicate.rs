//! Keeps one subscription for each user, even if two were paid: on two pages at once, or created on Stripe's dashboard. The
//! newer one is ended and refunded, unless it was renewed.

mod undo;

use std::{cmp::Reverse, collections::HashSet};

use chrono::TimeDelta;
use entity::{operation::Kind, subscription::Status};

use super::{
    operation,
    subscription::{all_current, refresh},
};
use crate::{app::App, error::Error, stripe::Subscription, work::Next};

pub(super) use self::undo::Duplicate;

/// Maximum number of duplicates of one user that one task undoes.
const AT_ONCE: usize = 10;

/// The error of the operation of a duplicate that was renewed.
pub(super) const RENEWED: &str = "a duplicate subscription that was renewed is left to the operator";

/// The longest time between the creation of a subscription and the start of its first period.
const MOMENT: TimeDelta = TimeDelta::days(1);

/// Ends the duplicates of one user.
///
/// # Errors
/// Those of Stripe and of the database: it is retried.
pub async fn end_for(app: &App, user_id: i64) -> Result<Next, Error> {
    let ended = end_of(app, user_id).await?;
    if ended > 0 {
        tracing::info!(user_id, ended, "duplicate subscriptions were ended");
    }
    Ok(Next::Done)
}

/// Ends the duplicates one by one, and decides each from Stripe's current state.
async fn end_of(app: &App, user_id: i64) -> Result<usize, Error> {
    for ended in 0..AT_ONCE {
        // Read first, so that `follow` notices an operation of a concurrent task.
        let last = operation::last::<Duplicate>(app, user_id).await?.map(|last| last.id);
        let decided = operation::objects(app, user_id, Kind::Duplicate).await?;
        let current = current_at_stripe(app, user_id, &decided).await?;
        let Some(Choice { kept, extra }) = choose(&current, &decided) else { return Ok(ended) };
        let duplicate = Duplicate { subscription: extra.id.clone(), kept: kept.id.clone() };
        if !is_in_first_period(extra) {
            operation::leave_to_operator(app, user_id, &duplicate, last, RENEWED).await?;
            continue;
        }
        tracing::warn!(user_id, ended = extra.id, kept = kept.id, "ending the newer of two subscriptions");
        match operation::follow(app, user_id, duplicate, last).await {
            // Its money cannot be refunded, which the operation records. It has ended nevertheless.
            Err(Error::StripeRefused(_)) => refresh(app, &extra.id).await.map(|_| ())?,
            done => done.map(|_| ())?,
        }
    }
    Ok(AT_ONCE)
}

/// The user's current subscriptions, read from Stripe since events may be late. Stripe is not called where there is nothing to
/// decide.
async fn current_at_stripe(app: &App, user_id: i64, decided: &HashSet<String>) -> Result<Vec<Subscription>, Error> {
    let rows = all_current(app.database.read(), &[user_id]).await?;
    let mut current = Vec::new();
    if rows.iter().filter(|(_, row)| !decided.contains(&row.stripe_subscription_id)).count() < 2 {
        return Ok(current);
    }
    for (_, row) in rows {
        let now = refresh(app, &row.stripe_subscription_id).await?;
        if rank(&now).is_some() {
            current.push(now);
        }
    }
    Ok(current)
}

/// A decision between two subscriptions.
struct Choice<'a> {
    /// The subscription that stays.
    kept: &'a Subscription,
    /// The subscription to undo.
    extra: &'a Subscription,
}

/// Chooses the subscription that stays and another one to undo, about which nothing was decided before.
///
/// A subscription that entitles is kept before one that lacks a payment, that before one that was never paid, and of equals
/// the oldest. As long as none was paid, nothing is chosen: the one that is paid first is kept.
fn choose<'a>(current: &'a [Subscription], decided: &HashSet<String>) -> Option<Choice<'a>> {
    let order =
        |subscription: &&Subscription| (rank(subscription), Reverse((subscription.created, subscription.id.clone())));
    let kept = current.iter().max_by_key(order).filter(|kept| rank(kept) > Some(0))?;
    let undecided = current.iter().filter(|other| other.id != kept.id && !decided.contains(&other.id));
    undecided.min_by_key(order).map(|extra| Choice { kept, extra })
}

/// The rank of a subscription by its status; `None` once it has ended.
fn rank(subscription: &Subscription) -> Option<u8> {
    match subscription.status {
        Status::Active | Status::Trialing => Some(2),
        Status::PastDue | Status::Unpaid | Status::Paused => Some(1),
        Status::Incomplete => Some(0),
        Status::Canceled | Status::IncompleteExpired => None,
    }
}

/// True where the subscription was never renewed.
fn is_in_first_period(subscription: &Subscription) -> bool {
    subscription.period.start < subscription.created + MOMENT
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use sea_orm::ActiveEnum;

    use super::*;
    use crate::stripe::Period;

    fn subscription(id: &str, status: &str, made: i64) -> Subscription {
        let made = DateTime::from_timestamp(made, 0).unwrap();
        Subscription {
            id: id.to_owned(),
            customer: "cus_1".to_owned(),
            status: Status::try_from_value(&status.to_owned()).unwrap(),
            items: Vec::new(),
            created: made,
            period: Period { start: made, end: made + TimeDelta::days(30) },
            anchor: None,
            trial_end: None,
            cancel_at_period_end: false,
            cancel_at: None,
            ended_at: None,
            currency: None,
            collection_method: None,
            pending_update: false,
            schedule: None,
        }
    }

    /// The kept and the extra one of subscriptions that were created one second after the other.
    fn chosen(statuses: &[&str]) -> Option<(String, String)> {
        let made = |(second, status): (i64, &&str)| subscription(&format!("sub_{second}"), status, second);
        let current: Vec<_> = (0..).zip(statuses).map(made).collect();
        let chosen = choose(&current, &HashSet::new());
        chosen.map(|Choice { kept, extra }| (kept.id.clone(), extra.id.clone()))
    }

    fn pair(kept: &str, extra: &str) -> (String, String) {
        (kept.to_owned(), extra.to_owned())
    }

    #[test]
    fn of_equals_the_oldest_stays_and_the_newest_goes_first() {
        assert_eq!(chosen(&["active", "active", "active"]), Some(pair("sub_0", "sub_2")));
        assert_eq!(chosen(&["active", "trialing"]), Some(pair("sub_0", "sub_1")));
        let twins = [subscription("sub_b", "active", 1), subscription("sub_a", "active", 1)];
        let Choice { kept, extra } = choose(&twins, &HashSet::new()).unwrap();
        assert_eq!((kept.id.as_str(), extra.id.as_str()), ("sub_a", "sub_b"));
    }

    #[test]
    fn one_that_entitles_stays_before_one_that_lacks_a_payment() {
        assert_eq!(chosen(&["past_due", "active"]), Some(pair("sub_1", "sub_0")));
        assert_eq!(chosen(&["incomplete", "past_due"]), Some(pair("sub_1", "sub_0")));
    }

    #[test]
    fn as_long_as_none_was_paid_none_goes() {
        assert_eq!(chosen(&["incomplete", "incomplete"]), None);
        assert_eq!(chosen(&["active"]), None);
        assert_eq!(chosen(&[]), None);
    }

    #[test]
    fn a_decision_is_not_made_again() {
        let current = [subscription("sub_a", "active", 1), subscription("sub_b", "active", 2)];
        assert!(choose(&current, &HashSet::from(["sub_b".to_owned()])).is_none());
    }

    #[test]
    fn a_later_period_is_one_that_somebody_has_lived_with() {
        let mut renewed = subscription("sub_a", "active", 0);
        assert!(is_in_first_period(&renewed));
        renewed.period.start += TimeDelta::days(30);
        assert!(!is_in_first_period(&renewed));
    }
}
