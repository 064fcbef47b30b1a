//! One subscription a user, also when two were paid all the same: by two pages at once, or made on Stripe's dashboard. The
//! newer is ended and refunded; what a user has lived with is never touched.

use std::{cmp::Reverse, collections::HashSet};

use chrono::TimeDelta;
use entity::{operation::Kind, subscription::Status};
use sea_orm::ActiveEnum;

use super::{
    operation::{self, Duplicate, Request},
    subscription::{all_living, refresh},
};
use crate::{app::App, error::Error, stripe::Subscription, work::Next};

/// How many duplicates of one user are undone in one sweep.
const AT_ONCE: usize = 10;

/// How long after its making a subscription's first period has begun at the latest.
const MOMENT: TimeDelta = TimeDelta::days(1);

/// Ends what a user has beside the one subscription that counts.
///
/// # Errors
/// Those of Stripe and of the database: it is tried again.
pub async fn end_for(app: &App, user_id: i64) -> Result<Next, Error> {
    let ended = end_of(app, user_id).await?;
    if ended > 0 {
        tracing::info!(user = user_id, ended, "second subscriptions were ended");
    }
    Ok(Next::Done)
}

/// Ends what one user has too many of, one by one: each time by what Stripe says then.
async fn end_of(app: &App, user_id: i64) -> Result<usize, Error> {
    for ended in 0..AT_ONCE {
        // Read first: whatever is decided after is decided once.
        let last = operation::last(app, user_id, Kind::Duplicate).await?.map(|last| last.id);
        let decided = operation::objects(app, user_id, Kind::Duplicate).await?;
        let living = living_at_stripe(app, user_id, &decided).await?;
        let Some((kept, extra)) = choose(&living, &decided) else { return Ok(ended) };
        let duplicate = Duplicate { subscription: extra.id.clone(), kept: kept.id.clone() };
        if !is_in_first_period(extra) {
            let why = "a second subscription that was renewed beside another is left to the operator";
            operation::leave(app, user_id, Request::Duplicate(duplicate), (last, why)).await?;
            continue;
        }
        tracing::warn!(user = user_id, ended = extra.id, kept = kept.id, "two subscriptions: the newer is undone");
        match operation::follow(app, user_id, Request::Duplicate(duplicate), last).await {
            // Its money cannot be given back, which the operation tells. It has ended all the same.
            Err(Error::StripeRefused(_)) => refresh(app, &extra.id).await.map(|_| ())?,
            done => done.map(|_| ())?,
        }
    }
    Ok(AT_ONCE)
}

/// The user's living subscriptions as they are now, since events may be late. Stripe is not asked where there is nothing to
/// decide.
async fn living_at_stripe(app: &App, user_id: i64, decided: &HashSet<String>) -> Result<Vec<Subscription>, Error> {
    let rows = all_living(app.database.read(), &[user_id]).await?;
    let mut living = Vec::new();
    if rows.iter().filter(|(_, row)| !decided.contains(&row.stripe_subscription_id)).count() < 2 {
        return Ok(living);
    }
    for (_, row) in rows {
        let now = refresh(app, &row.stripe_subscription_id).await?;
        if standing(&now).is_some() {
            living.push(now);
        }
    }
    Ok(living)
}

/// The subscription that stays and another one to undo, of which nothing was decided before.
///
/// One that entitles stays before one that lacks a payment, that before one which was never paid, and of equals the oldest.
/// As long as none was ever paid, whichever is paid first will stay.
fn choose<'a>(living: &'a [Subscription], decided: &HashSet<String>) -> Option<(&'a Subscription, &'a Subscription)> {
    let rank = |subscription: &&Subscription| {
        (standing(subscription), Reverse((subscription.created, subscription.id.clone())))
    };
    let kept = living.iter().max_by_key(rank).filter(|kept| standing(kept) > Some(0))?;
    let undecided = living.iter().filter(|other| other.id != kept.id && !decided.contains(&other.id));
    undecided.min_by_key(rank).map(|extra| (kept, extra))
}

/// How firmly a subscription stands; `None` once it has ended.
fn standing(subscription: &Subscription) -> Option<u8> {
    match Status::try_from_value(&subscription.status).ok()? {
        Status::Active | Status::Trialing => Some(2),
        Status::PastDue | Status::Unpaid | Status::Paused => Some(1),
        Status::Incomplete => Some(0),
        Status::Canceled | Status::IncompleteExpired => None,
    }
}

/// Whether nobody can have lived with it yet.
fn is_in_first_period(subscription: &Subscription) -> bool {
    subscription.current_period_start < subscription.created + MOMENT
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn subscription(id: &str, status: &str, made: i64) -> Subscription {
        let made = DateTime::from_timestamp(made, 0).unwrap();
        Subscription {
            id: id.to_owned(),
            customer: "cus_1".to_owned(),
            status: status.to_owned(),
            price: None,
            prices: Vec::new(),
            periods: Vec::new(),
            items: Vec::new(),
            created: made,
            current_period_start: made,
            current_period_end: made + TimeDelta::days(30),
            cancel_at_period_end: false,
            cancel_at: None,
            canceled_at: None,
            ended_at: None,
            collection_method: None,
            latest_invoice: None,
            pending_update: false,
            schedule: None,
            livemode: false,
            metadata: std::collections::BTreeMap::new(),
        }
    }

    /// Which stays and which goes, of subscriptions that were made one second after the other.
    fn chosen(statuses: &[&str]) -> Option<(String, String)> {
        let made = |(second, status): (i64, &&str)| subscription(&format!("sub_{second}"), status, second);
        let living: Vec<_> = (0..).zip(statuses).map(made).collect();
        let chosen = choose(&living, &HashSet::new());
        chosen.map(|(kept, extra)| (kept.id.clone(), extra.id.clone()))
    }

    fn pair(kept: &str, extra: &str) -> (String, String) {
        (kept.to_owned(), extra.to_owned())
    }

    #[test]
    fn of_equals_the_oldest_stays_and_the_newest_goes_first() {
        assert_eq!(chosen(&["active", "active", "active"]), Some(pair("sub_0", "sub_2")));
        assert_eq!(chosen(&["active", "trialing"]), Some(pair("sub_0", "sub_1")));
        let twins = [subscription("sub_b", "active", 1), subscription("sub_a", "active", 1)];
        let (kept, extra) = choose(&twins, &HashSet::new()).unwrap();
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
    fn what_was_decided_is_not_decided_again() {
        let living = [subscription("sub_a", "active", 1), subscription("sub_b", "active", 2)];
        assert!(choose(&living, &HashSet::from(["sub_b".to_owned()])).is_none());
    }

    #[test]
    fn a_later_period_is_one_that_somebody_has_lived_with() {
        let mut renewed = subscription("sub_a", "active", 0);
        assert!(is_in_first_period(&renewed));
        renewed.current_period_start += TimeDelta::days(30);
        assert!(!is_in_first_period(&renewed));
    }
}
