//! The step that creates users, their accounts and the ledger, or adopts existing ones.

pub(crate) mod tables;

use sea_orm_migration::prelude::*;

use self::tables::{create_ledger, create_users, credit_accounts, drop_table, protect_ledger, unprotect_ledger};
use crate::adoption;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0001_accounts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.has_table("users").await? || manager.has_table("credits_ledger").await? {
            return adoption::adopt(manager).await;
        }
        create_users(manager).await?;
        manager.create_table(credit_accounts()).await?;
        create_ledger(manager).await?;
        protect_ledger(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if adoption::adopted(manager).await? {
            return adoption::release(manager).await;
        }
        unprotect_ledger(manager).await?;
        for table in ["credits_ledger", "credit_accounts", "users"] {
            drop_table(manager, table).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
