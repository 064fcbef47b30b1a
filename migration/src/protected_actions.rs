//! The record of what admins did is append-only.

use sea_orm_migration::prelude::*;

use crate::append_only;

pub(crate) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        "m0014_protected_actions"
    }
}

const ACTIONS: &str = "admin_actions";

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        append_only::protect(manager, ACTIONS, "the record of what admins did is never changed").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        append_only::unprotect(manager, ACTIONS).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
