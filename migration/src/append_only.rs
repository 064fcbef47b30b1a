//! Tables whose rows are never changed or removed. The database enforces this, so that no later mistake in the program can
//! break it.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

/// Makes a table append-only. The database's error ends with the advice.
pub(crate) async fn protect(manager: &SchemaManager<'_>, table: &str, advice: &str) -> Result<(), DbErr> {
    for protection in protections(manager.get_database_backend(), table, advice) {
        manager.get_connection().execute_unprepared(&protection.create).await?;
    }
    Ok(())
}

/// Removes the protection of a table.
pub(crate) async fn unprotect(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    for protection in protections(manager.get_database_backend(), table, "").iter().rev() {
        manager.get_connection().execute_unprepared(&protection.drop).await?;
    }
    Ok(())
}

/// A protection of a table, as the statements that add and remove it.
struct Protection {
    create: String,
    drop: String,
}

fn protections(backend: DbBackend, table: &str, advice: &str) -> [Protection; 2] {
    let error = format!("'{table} is append-only: {advice}'");
    if backend == DbBackend::Postgres {
        return [
            Protection {
                create: format!(
                    "CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ \
                     BEGIN RAISE EXCEPTION {error}; END $$"
                ),
                drop: format!("DROP FUNCTION {table}_is_append_only"),
            },
            Protection {
                create: format!(
                    "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} \
                     FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
                ),
                drop: format!("DROP TRIGGER {table}_append_only ON {table}"),
            },
        ];
    }
    ["update", "delete"].map(|change| Protection {
        create: format!(
            "CREATE TRIGGER {table}_no_{change} BEFORE {} ON {table} BEGIN SELECT RAISE(ABORT, {error}); END",
            change.to_uppercase()
        ),
        drop: format!("DROP TRIGGER {table}_no_{change}"),
    })
}
