//! Notifications between replicas: the sender's id and `user:ledger:subscription:alert:top-up` for each hint, separated by
//! spaces. Unreadable hints are dropped: the backstop compensates for them.

use super::Hint;

/// Bytes of a PostgreSQL notification, of which it takes fewer than 8000.
const MAX_BYTES: usize = 7900;

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification(String);

impl Notification {
    /// A notification without hints, which shows that the sender is there and the connection works.
    #[must_use]
    pub fn beat(sender: &str) -> Self {
        Self(sender.to_owned())
    }

    /// Packs hints into as few notifications as they fit in.
    #[must_use]
    pub fn pack(sender: &str, hints: &[(i64, Hint)]) -> Vec<Self> {
        let mut notifications: Vec<Self> = Vec::new();
        for (user_id, hint) in hints {
            let Hint { ledger, subscription, alert, top_up } = hint;
            let text = format!(" {user_id}:{ledger}:{subscription}:{alert}:{top_up}");
            match notifications.last_mut() {
                Some(Self(notification)) if notification.len() + text.len() <= MAX_BYTES => {
                    notification.push_str(&text);
                }
                _ => notifications.push(Self(sender.to_owned() + &text)),
            }
        }
        notifications
    }

    /// The notification as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the sender's id and the hints of a received notification.
    pub fn read(text: &str) -> (&str, impl Iterator<Item = (i64, Hint)>) {
        let (sender, hints) = text.split_once(' ').unwrap_or((text, ""));
        let hints = hints.split(' ').filter_map(|hint| {
            let mut numbers = hint.splitn(5, ':').map(|number| number.parse().ok());
            let (user_id, ledger) = (numbers.next()??, numbers.next()??);
            let (subscription, alert, top_up) = (numbers.next()??, numbers.next()??, numbers.next()??);
            Some((user_id, Hint { ledger, subscription, alert, top_up }))
        });
        (sender, hints)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_come_out_as_they_went_in_however_many_there_are() {
        let hint = |user| Hint { ledger: user * 7, subscription: user % 3, alert: user * 2, top_up: user % 5 };
        let hints: Vec<_> = (1..2000).map(|user| (user, hint(user))).collect();
        let notifications = Notification::pack("me", &hints);
        assert!(notifications.len() > 1 && notifications.iter().all(|notification| notification.as_str().len() < 8000));
        let mut read = Vec::new();
        for notification in &notifications {
            let (sender, hints) = Notification::read(notification.as_str());
            assert_eq!(sender, "me");
            read.extend(hints);
        }
        assert_eq!(read, hints);
    }

    #[test]
    fn unreadable_hints_are_dropped() {
        let beat = Notification::beat("me");
        let (sender, hints) = Notification::read(beat.as_str());
        assert_eq!((sender, hints.count()), ("me", 0));
        let read: Vec<_> =
            Notification::read("me odd 1:2 1:2:x:4:5 1:2:3:4 3:4:5:6:7 :: 99999999999999999999:1:1:1:1").1.collect();
        assert_eq!(read, [(3, Hint { ledger: 4, subscription: 5, alert: 6, top_up: 7 })]);
    }
}
