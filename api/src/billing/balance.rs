//! Balances: read and watched.

use std::collections::VecDeque;

use entity::{credit_account, ledger_entry};
use futures_util::{Stream, stream};

use crate::{app::App, error::Error, feed::Watcher, ledger};

/// A watcher further behind than this is sent the present state instead of every change.
const MAX_CATCH_UP: i64 = 256;

/// One change of a balance, or the present state.
#[derive(Clone, Debug)]
pub struct Change {
    /// The account after the change, but with its present unlimited state.
    pub account: credit_account::Model,
    /// The ledger entry; `None` for the present state.
    pub entry: Option<ledger_entry::Model>,
}

/// A user's account.
///
/// # Errors
/// [`Error::NotFound`]; the database's.
pub async fn balance(app: &App, user_id: i64) -> Result<credit_account::Model, Error> {
    ledger::account(app.database.read(), user_id).await?.ok_or(Error::NotFound("user"))
}

/// Watches a user's balance: first the present state, or every change after `after`; then each change.
///
/// Changes are read from the ledger, and a hint only says when to read: a lost hint loses no change. The backlog of a slow
/// watcher stays in the database.
pub fn watch(app: App, user_id: i64, after: Option<i64>) -> impl Stream<Item = Result<Change, Error>> + Send + 'static {
    let watcher = app.feed.watch(user_id);
    let cursor = Cursor { app, user_id, watcher, seen: after, ready: VecDeque::new() };
    stream::try_unfold(cursor, |mut cursor| async move {
        let change = cursor.next().await?;
        Ok(Some((change, cursor)))
    })
}

struct Cursor {
    app: App,
    user_id: i64,
    watcher: Watcher,
    /// The last version sent; `None` before the first.
    seen: Option<i64>,
    ready: VecDeque<Change>,
}

impl Cursor {
    async fn next(&mut self) -> Result<Change, Error> {
        loop {
            if let Some(change) = self.ready.pop_front() {
                self.seen = Some(change.account.version);
                return Ok(change);
            }
            self.read().await?;
            if self.ready.is_empty() {
                let seen = self.seen.unwrap_or_default();
                self.watcher.beyond(|hint| hint.ledger <= seen).await;
            }
        }
    }

    /// Reads the changes since then. The account is read first: entries up to its version exist by then.
    async fn read(&mut self) -> Result<(), Error> {
        let account = balance(&self.app, self.user_id).await?;
        let within = |seen: &i64| *seen >= 0 && (0..=MAX_CATCH_UP).contains(&(account.version - seen));
        let Some(seen) = self.seen.filter(within) else {
            self.ready.push_back(Change { account, entry: None });
            return Ok(());
        };
        if account.version > seen {
            let entries = ledger::changes(self.app.database.read(), self.user_id, seen, account.version).await?;
            self.ready.extend(entries.into_iter().map(|entry| at(&account, entry)));
        }
        Ok(())
    }
}

/// The account after `entry`.
fn at(account: &credit_account::Model, entry: ledger_entry::Model) -> Change {
    let account = credit_account::Model {
        balance: entry.balance_after,
        version: entry.version,
        updated_at: entry.created_at,
        ..account.clone()
    };
    Change { account, entry: Some(entry) }
}
