//! Which of two states of a subscription is the later. Events come in any order, and several within one second.

use std::cmp::Ordering;

use entity::subscription::{Model, Status};
use serde_json::Value;

use super::{Described, Said};

/// Seconds that our clock may be from Stripe's.
pub(in crate::settle) const SKEW: i64 = 300;

/// What is known of an incoming state against the stored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::settle) enum Verdict {
    /// It is the later one.
    Later,
    /// It is older, or the same.
    Earlier,
    /// Both are of one second and nothing tells them apart: taken as later, to be asked again at Stripe.
    TiedLater,
    /// As above, taken as earlier.
    TiedEarlier,
}

impl Verdict {
    pub(in crate::settle) const fn later(self) -> bool {
        matches!(self, Self::Later | Self::TiedLater)
    }

    pub(in crate::settle) const fn tied(self) -> bool {
        matches!(self, Self::TiedLater | Self::TiedEarlier)
    }
}

/// Judges an incoming state. An end is final, whenever it is told; otherwise the later second wins, and within one second
/// what the event says of the state before it.
pub(super) fn judge(known: &Model, described: &Described, said: &Said) -> Verdict {
    if known.status.ended() {
        return ends_better(known, described, said);
    }
    if described.status.ended() {
        return Verdict::Later;
    }
    let (at, previous) = match said {
        Said::Event { at, previous, .. } => (*at, previous.as_ref()),
        Said::Reply { at } => (*at, None),
    };
    let asked = matches!(said, Said::Reply { .. });
    if at < known.observed_at || asked && at < known.asked_at {
        return Verdict::Earlier;
    }
    if same(known, described) {
        return if asked || at > known.observed_at { Verdict::Later } else { Verdict::Earlier };
    }
    if let Some(verdict) = heard_after_asking(known, at, previous).filter(|_| !asked) {
        return verdict;
    }
    if at > known.observed_at {
        return Verdict::Later;
    }
    if previous.is_some_and(|previous| follows(known, previous)) {
        return Verdict::Later;
    }
    let stored = (known.current_period_end, stage(known.status));
    if (described.period_end, stage(described.status)) >= stored { Verdict::TiedLater } else { Verdict::TiedEarlier }
}

/// Whether an end is told better than it is known. One that is only presumed tells less than a real one.
fn ends_better(known: &Model, described: &Described, said: &Said) -> Verdict {
    let later = if described.presumed { said.at() > known.observed_at } else { said.at() >= known.observed_at };
    if described.status.ended() && later { Verdict::Later } else { Verdict::Earlier }
}

/// An event of before we last asked tells nothing new, and one of about then may be older than the answer, since there are
/// two clocks. `None` when it is later.
fn heard_after_asking(known: &Model, at: i64, previous: Option<&Value>) -> Option<Verdict> {
    if known.asked_at == 0 || at > known.asked_at + SKEW {
        return None;
    }
    let follows = || previous.is_some_and(|previous| follows(known, previous));
    match at.cmp(&known.asked_at) {
        _ if at < known.asked_at - SKEW => Some(Verdict::Earlier),
        Ordering::Greater if follows() => None,
        Ordering::Equal if follows() => Some(Verdict::TiedLater),
        _ => Some(Verdict::TiedEarlier),
    }
}

fn same(known: &Model, described: &Described) -> bool {
    known.stripe_price_id == described.price
        && known.status == described.status
        && known.current_period_end == described.period_end
        && known.cancel_at_period_end == described.cancel_at_period_end
        && known.cancel_at == described.cancel_at
        && known.stripe_schedule_id == described.schedule
}

/// Whether what the event says of the state before it is just what is stored. It names only what changed, so at least
/// one of the fields that we keep has to be among them.
fn follows(known: &Model, previous: &Value) -> bool {
    let period_end = Some(known.current_period_end.timestamp());
    let stored = [
        ("/status", Value::from(spell(known.status))),
        ("/cancel_at_period_end", known.cancel_at_period_end.into()),
        ("/cancel_at", known.cancel_at.map(|at| at.timestamp()).into()),
        ("/schedule", known.stripe_schedule_id.as_deref().into()),
        ("/current_period_end", period_end.into()),
        ("/items/data/0/current_period_end", period_end.into()),
        ("/items/data/0/price/id", known.stripe_price_id.as_str().into()),
    ];
    let mut named = stored.iter().filter_map(|(path, value)| Some((previous.pointer(path)?, value))).peekable();
    named.peek().is_some() && named.all(|(before, stored)| before == stored)
}

/// How far a subscription is in its life.
const fn stage(status: Status) -> u8 {
    match status {
        Status::Incomplete => 0,
        Status::Trialing => 1,
        Status::Active => 2,
        Status::PastDue => 3,
        Status::Unpaid | Status::Paused => 4,
        Status::IncompleteExpired | Status::Canceled => 5,
    }
}

fn spell(status: Status) -> String {
    use sea_orm::ActiveEnum;
    status.to_value()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use entity::Tier;
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn known(status: Status, observed_at: i64) -> Model {
        Model {
            id: 1,
            customer_id: 1,
            stripe_subscription_id: "sub".to_owned(),
            stripe_price_id: "price".to_owned(),
            tier: Tier::Core,
            scheduled_tier: None,
            status,
            current_period_start: at(0),
            current_period_end: at(1000),
            cancel_at_period_end: false,
            cancel_at: None,
            stripe_schedule_id: None,
            version: 1,
            observed_at,
            asked_at: 0,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn described(status: Status, cancel_at_period_end: bool) -> Described {
        Described {
            customer_id: 1,
            id: "sub".to_owned(),
            created_at: 0,
            price: "price".to_owned(),
            tier: Tier::Core,
            status,
            presumed: false,
            period_start: at(0),
            period_end: at(1000),
            cancel_at_period_end,
            cancel_at: None,
            schedule: None,
        }
    }

    fn event(at: i64, previous: Option<Value>) -> Said {
        Said::Event { created: false, at, previous, key: None }
    }

    #[test]
    fn the_later_second_wins() {
        let state = described(Status::PastDue, false);
        assert_eq!(judge(&known(Status::Active, 10), &state, &event(11, None)), Verdict::Later);
        assert_eq!(judge(&known(Status::Active, 10), &state, &event(9, None)), Verdict::Earlier);
    }

    #[test]
    fn an_end_is_final_whenever_it_is_told() {
        let (ended, active) = (described(Status::Canceled, false), described(Status::Active, false));
        assert_eq!(judge(&known(Status::Active, 10), &ended, &event(5, None)), Verdict::Later);
        assert_eq!(judge(&known(Status::Canceled, 5), &active, &event(10, None)), Verdict::Earlier);
        assert_eq!(judge(&known(Status::Canceled, 5), &active, &Said::Reply { at: 10 }), Verdict::Earlier);
    }

    #[test]
    fn an_end_that_is_presumed_gives_way_to_a_real_one() {
        let real = described(Status::Canceled, false);
        let presumed = Described { presumed: true, ..real.clone() };
        assert_eq!(judge(&known(Status::Canceled, 10), &real, &event(10, None)), Verdict::Later);
        assert_eq!(judge(&known(Status::Canceled, 10), &real, &event(9, None)), Verdict::Earlier);
        assert_eq!(judge(&known(Status::Canceled, 10), &presumed, &event(10, None)), Verdict::Earlier);
        assert_eq!(judge(&known(Status::Canceled, 10), &presumed, &event(11, None)), Verdict::Later);
    }

    #[test]
    fn within_one_second_the_event_that_follows_the_stored_state_is_the_later() {
        let state = described(Status::Active, true);
        let follows = event(10, Some(json!({ "cancel_at_period_end": false, "metadata": {} })));
        assert_eq!(judge(&known(Status::Active, 10), &state, &follows), Verdict::Later);
    }

    #[test]
    fn within_one_second_the_later_stage_is_taken_and_asked_for() {
        let (active, incomplete) = (described(Status::Active, false), described(Status::Incomplete, false));
        assert_eq!(judge(&known(Status::Incomplete, 10), &active, &event(10, None)), Verdict::TiedLater);
        assert_eq!(judge(&known(Status::Active, 10), &incomplete, &event(10, None)), Verdict::TiedEarlier);
    }

    #[test]
    fn the_same_state_again_is_no_tie() {
        let state = described(Status::Active, false);
        assert_eq!(judge(&known(Status::Active, 10), &state, &event(10, None)), Verdict::Earlier);
    }

    #[test]
    fn what_was_asked_for_is_not_overwritten_by_what_may_be_older() {
        let asked = Model { asked_at: 1000, ..known(Status::Active, 10) };
        let (older, later) = (described(Status::PastDue, false), described(Status::Active, true));
        assert_eq!(judge(&asked, &older, &event(999 - SKEW, None)), Verdict::Earlier);
        assert_eq!(judge(&asked, &older, &event(999, None)), Verdict::TiedEarlier);
        assert_eq!(judge(&asked, &older, &event(1001, None)), Verdict::TiedEarlier);
        assert_eq!(judge(&asked, &older, &event(1001 + SKEW, None)), Verdict::Later);
        let follows = json!({ "cancel_at_period_end": false });
        assert_eq!(judge(&asked, &later, &event(999, Some(follows.clone()))), Verdict::TiedEarlier);
        assert_eq!(judge(&asked, &later, &event(1000, Some(follows.clone()))), Verdict::TiedLater);
        assert_eq!(judge(&asked, &later, &event(1001, Some(follows))), Verdict::Later);
    }

    #[test]
    fn a_reply_is_newer_than_what_was_stored_before_we_asked() {
        let state = described(Status::Active, true);
        assert_eq!(judge(&known(Status::Active, 10), &state, &Said::Reply { at: 11 }), Verdict::Later);
        assert_eq!(judge(&known(Status::Active, 10), &state, &Said::Reply { at: 10 }), Verdict::TiedLater);
        assert_eq!(judge(&known(Status::Active, 10), &state, &Said::Reply { at: 9 }), Verdict::Earlier);
    }
}
