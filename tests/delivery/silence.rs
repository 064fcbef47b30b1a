//! Entries without any notification are delivered too.

use entity::ledger_entry::ChangeType;
use patch_hive::{
    clock::{self, Clock},
    ledger::{self, Posting, Unlimited},
};
use sea_orm::{DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait};

/// Posts a number of grants of one credit in one transaction, without a hint.
pub(super) async fn posts(database: &DatabaseConnection, user_id: i64, count: usize, notes: &str) {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = database.begin_with_options(options).await.unwrap();
    for _ in 0..count {
        let posting = Posting {
            user_id,
            change_type: ChangeType::Grant,
            delta: 1,
            unlimited: Unlimited::Keep,
            source: format!("manual:{user_id}:{}", clock::random_id()),
            reference: None,
            notes: Some(notes.to_owned()),
            now: Clock::default().now(),
        };
        ledger::post(&tx, posting).await.unwrap();
    }
    tx.commit().await.unwrap();
}
