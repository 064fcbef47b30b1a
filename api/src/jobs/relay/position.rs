//! The relay's position in the ledger, by the numbers of entries.
//!
//! Numbers are assigned before commits, so an entry may become visible after later ones. So every range of numbers is read
//! twice: once to be quick, and again once all transactions have ended that were in progress when it was read first. Only then
//! can no entry of it be missing. (A posting transaction locks its account before it takes a number, so it has a
//! transaction id by then.) A SQLite file has one writer: its entries become visible in their order.

use entity::{
    event_relay::{ActiveModel, Entity, Model},
    ledger_entry,
};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    QuerySelect, Statement,
    sea_query::{LockBehavior, LockType},
};

use crate::ledger;

/// Maximum number of rows that are read at a time.
pub(super) const BATCH: u64 = 200;

/// The locked position.
pub(super) struct Position {
    stored: Model,
    row: Model,
}

/// The transactions of a PostgreSQL server.
struct Transactions {
    /// The id of this one, which is later than all that began to write before.
    own: i64,
    /// The oldest that is in progress.
    oldest: i64,
}

impl Position {
    /// Locks the position until the transaction ends. `None` while another transaction has the lock: this one's id may be older
    /// than that of an entry which the other one reads.
    pub(super) async fn lock(tx: &DatabaseTransaction) -> Result<Option<Self>, DbErr> {
        let row = Entity::find_by_id(1).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        Ok(row.one(tx).await?.map(|row| Self { stored: row.clone(), row }))
    }

    /// The newest entry when the relay started.
    pub(super) const fn started_after(&self) -> i64 {
        self.row.started_after
    }

    /// Reads the next entries, and those that may have become visible late.
    pub(super) async fn advance(&mut self, tx: &DatabaseTransaction) -> Result<Vec<ledger_entry::Model>, DbErr> {
        let transactions = Transactions::read(tx).await?;
        let mut entries = match &transactions {
            Some(transactions) => self.check(tx, transactions).await?,
            None => Vec::new(),
        };
        let new = ledger::entries_between(tx, self.row.seen, i64::MAX, BATCH).await?;
        if let Some(last) = new.last() {
            self.row.seen = last.id;
        }
        if transactions.is_none() {
            (self.row.safe, self.row.check_id) = (self.row.seen, self.row.seen);
        }
        entries.extend(new);
        Ok(entries)
    }

    /// Reads entries again whose transactions have all ended.
    async fn check(
        &mut self,
        tx: &DatabaseTransaction,
        transactions: &Transactions,
    ) -> Result<Vec<ledger_entry::Model>, DbErr> {
        let row = &mut self.row;
        // Ids of transactions only grow, so a later one is of a server from which this database was restored.
        if row.check_xid == 0 || row.check_xid > transactions.own {
            row.check_xid = transactions.own;
        }
        if transactions.oldest < row.check_xid {
            return Ok(Vec::new());
        }
        let entries = ledger::entries_between(tx, row.safe, row.check_id, BATCH).await?;
        match entries.last() {
            Some(last) if entries.len() as u64 == BATCH => row.safe = last.id,
            _ => {
                row.safe = row.check_id;
                row.check_id = row.seen;
                row.check_xid = transactions.own;
            }
        }
        Ok(entries)
    }

    /// Writes the position if it has changed.
    pub(super) async fn save(self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        if self.row == self.stored {
            return Ok(());
        }
        let row: ActiveModel = self.row.into_active_model().reset_all();
        row.update(tx).await?;
        Ok(())
    }
}

impl Transactions {
    /// Reads the transactions in progress; `None` for SQLite.
    async fn read(tx: &DatabaseTransaction) -> Result<Option<Self>, DbErr> {
        const READ: &str = "SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint), \
            CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)";
        if tx.get_database_backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let row = tx.query_one_raw(Statement::from_string(DbBackend::Postgres, READ)).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the current transaction".to_owned()))?;
        Ok(Some(Self { own: row.try_get_by_index(0)?, oldest: row.try_get_by_index(1)? }))
    }
}
