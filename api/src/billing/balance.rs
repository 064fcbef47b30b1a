//! Balances: read and watched.

use std::collections::VecDeque;

use entity::{credit_account, ledger_entry};
use futures_util::{Stream, stream};

use crate::{
    app::App,
    error::Error,
    feed::{Subject, Watcher},
    ledger::{self, Changes},
};

/// A watcher further behind than this is sent the current state instead of every change.
const MAX_CATCH_UP: i64 = 256;

/// One change of a balance, or the current state.
#[derive(Clone, Debug)]
pub struct Change {
    /// The account after the change, but with its current unlimited state.
    pub account: credit_account::Model,
    /// The ledger entry; `None` for the current state.
    pub entry: Option<ledger_entry::Model>,
}

/// A user's account.
///
/// # Errors
/// [`Error::NotFound`]; the database's.
pub async fn balance(app: &App, user_id: i64) -> Result<credit_account::Model, Error> {
    ledger::account(app.database.read(), user_id).await?.ok_or(Error::NotFound("user"))
}

/// Watches a user's balance: first the current state, or every change after `after`; then each change.
///
/// Changes are read from the ledger, and a hint only shows when to read: a lost hint loses no change. The backlog of a slow
/// watcher stays in the database.
pub fn watch(app: App, user_id: i64, after: Option<i64>) -> impl Stream<Item = Result<Change, Error>> + Send + 'static {
    let watcher = app.feed.watch(user_id, Subject::Balance);
    let cursor = Cursor { app, user_id, watcher, seen: after, has_read: false, ready: VecDeque::new() };
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
    /// True after the first read: a later change is hinted at.
    has_read: bool,
    ready: VecDeque<Change>,
}

impl Cursor {
    async fn next(&mut self) -> Result<Change, Error> {
        loop {
            if let Some(change) = self.ready.pop_front() {
                if self.ready.is_empty() {
                    // An idle watcher would keep the room.
                    self.ready = VecDeque::new();
                }
                self.seen = Some(change.account.version);
                return Ok(change);
            }
            if self.has_read {
                let seen = self.seen.unwrap_or_default();
                self.watcher.beyond(|hint| hint.ledger <= seen).await;
            }
            // Boxed: every watcher would carry the state of the read.
            Box::pin(self.read()).await?;
            self.has_read = true;
        }
    }

    /// Takes the changes since, if they are known in this process, or reads them.
    async fn read(&mut self) -> Result<(), Error> {
        let Some(seen) = self.seen.filter(|seen| *seen >= 0) else {
            return self.read_present().await;
        };
        if self.take_known(seen) {
            return Ok(());
        }
        let _turn = self.watcher.reading().await;
        // Another watcher may have read them meanwhile.
        if self.take_known(seen) {
            return Ok(());
        }
        // The account is read first: its entries up to its version exist then.
        let account = balance(&self.app, self.user_id).await?;
        if !(0..=MAX_CATCH_UP).contains(&(account.version - seen)) {
            self.ready.push_back(Change { account, entry: None });
            return Ok(());
        }
        if account.version == seen {
            return Ok(());
        }
        let entries = ledger::entries_after(self.app.database.read(), self.user_id, seen, account.version).await?;
        self.extend(&account, &entries);
        self.watcher.share(Changes { account, after: seen, entries });
        Ok(())
    }

    /// Takes the changes since, if they are known in this process.
    fn take_known(&mut self, seen: i64) -> bool {
        let Some(changes) = self.watcher.changes() else { return false };
        let until = self.watcher.newest().ledger.max(seen + 1);
        let Some(entries) = changes.since(seen, until) else { return false };
        self.extend(&changes.account, entries);
        true
    }

    /// Adds the newest changes of an account.
    fn extend(&mut self, account: &credit_account::Model, entries: &[ledger_entry::Model]) {
        let mut held = account.held - entries.iter().map(|entry| entry.held_delta).sum::<i64>();
        for entry in entries {
            held += entry.held_delta;
            self.ready.push_back(at(account, held, entry.clone()));
        }
    }

    async fn read_present(&mut self) -> Result<(), Error> {
        let account = balance(&self.app, self.user_id).await?;
        self.ready.push_back(Change { account, entry: None });
        Ok(())
    }
}

/// The account after `entry`, with the credits held then.
fn at(account: &credit_account::Model, held: i64, entry: ledger_entry::Model) -> Change {
    let account = credit_account::Model {
        balance: entry.balance_after,
        held,
        version: entry.version,
        updated_at: entry.created_at,
        ..account.clone()
    };
    Change { account, entry: Some(entry) }
}
