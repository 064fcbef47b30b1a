//! Notifications between replicas: `user:ledger:subscription`, separated by spaces. Unreadable ones are dropped: the backstop
//! compensates for them.

use super::Hint;

/// Bytes of a PostgreSQL notification, of which it takes fewer than 8000.
const MAX_BYTES: usize = 7900;

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification(String);

impl Notification {
    /// A notification without hints, which shows that the connection works.
    #[must_use]
    pub const fn beat() -> Self {
        Self(String::new())
    }

    /// Packs hints into as few notifications as they fit in.
    #[must_use]
    pub fn pack(hints: &[(i64, Hint)]) -> Vec<Self> {
        let mut notifications: Vec<Self> = Vec::new();
        for (user_id, hint) in hints {
            let text = format!("{user_id}:{}:{}", hint.ledger, hint.subscription);
            match notifications.last_mut() {
                Some(Self(notification)) if notification.len() + text.len() < MAX_BYTES => {
                    notification.push(' ');
                    notification.push_str(&text);
                }
                _ => notifications.push(Self(text)),
            }
        }
        notifications
    }

    /// The notification as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hints in a received notification.
    pub fn read(text: &str) -> impl Iterator<Item = (i64, Hint)> {
        text.split(' ').filter_map(|hint| {
            let mut numbers = hint.splitn(3, ':').map(|number| number.parse().ok());
            let (user_id, ledger, subscription) = (numbers.next()??, numbers.next()??, numbers.next()??);
            Some((user_id, Hint { ledger, subscription }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_come_out_as_they_went_in_however_many_there_are() {
        let hints: Vec<_> = (1..2000).map(|user| (user, Hint { ledger: user * 7, subscription: user % 3 })).collect();
        let notifications = Notification::pack(&hints);
        assert!(notifications.len() > 1 && notifications.iter().all(|notification| notification.as_str().len() < 8000));
        let read: Vec<_> =
            notifications.iter().flat_map(|notification| Notification::read(notification.as_str())).collect();
        assert_eq!(read, hints);
    }

    #[test]
    fn unreadable_notifications_are_dropped() {
        assert_eq!(Notification::read(Notification::beat().as_str()).count(), 0);
        let read: Vec<_> = Notification::read("odd 1:2 1:2:x 3:4:5 :: 99999999999999999999:1:1").collect();
        assert_eq!(read, [(3, Hint { ledger: 4, subscription: 5 })]);
    }
}
