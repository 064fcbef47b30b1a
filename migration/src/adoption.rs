//! Adopts the tables of an existing Patch-Hive application.
//!
//! Rows, foreign columns, indexes, keys and triggers stay as they are, and so does every other table. Every
//! addition and alteration is recorded in `patch_hive_adopted`, from which [`release`] restores the old shape. Tables and
//! rows that the gateway cannot work with are refused with one sentence. All of it is one transaction, so that a refusal
//! changes nothing.
//!
//! Every statement works on the whole table, so that neither this program nor the database holds the rows in memory.

mod column;
mod mark;
mod postgres;
mod rows;
mod shape;
mod sqlite;
mod undo;

use sea_orm_migration::{
    SchemaManager, SchemaManagerConnection,
    sea_orm::{ConnectionTrait, DbBackend, DbErr},
};

use self::shape::{LEDGER, Shape, USERS};
use crate::accounts::tables;

type Connection<'a> = SchemaManagerConnection<'a>;

/// An addition to an adopted table: the statement that makes it, and the one that removes it.
struct Addition {
    make: &'static str,
    unmake: &'static str,
}

/// The name `users_auth_subject_key` is avoided, because an index of the application is likely to have it.
const USERS_INDEXES: [Addition; 2] = [
    Addition {
        make: "CREATE UNIQUE INDEX users_email_folded ON users (lower(email))",
        unmake: "DROP INDEX users_email_folded",
    },
    Addition {
        make: "CREATE UNIQUE INDEX users_auth_subject_once ON users (auth_subject)",
        unmake: "DROP INDEX users_auth_subject_once",
    },
];

const LEDGER_INDEXES: [Addition; 3] = [
    Addition {
        make: "CREATE UNIQUE INDEX credits_ledger_version ON credits_ledger (user_id, version)",
        unmake: "DROP INDEX credits_ledger_version",
    },
    Addition {
        make: "CREATE UNIQUE INDEX credits_ledger_source_key ON credits_ledger (source)",
        unmake: "DROP INDEX credits_ledger_source_key",
    },
    Addition {
        make: "CREATE INDEX credits_ledger_kind ON credits_ledger (user_id, change_type, version) \
               WHERE change_type <> 'Spend'",
        unmake: "DROP INDEX credits_ledger_kind",
    },
];

/// Opens an account for every user, with the balance and version of their newest entry.
const OPEN_ACCOUNTS: &str = "INSERT INTO credit_accounts (user_id, balance, version, updated_at) \
     SELECT u.id, COALESCE(l.balance_after, 0), COALESCE(l.version, 0), COALESCE(l.created_at, u.created_at) \
     FROM users u LEFT JOIN credits_ledger l ON l.user_id = u.id AND l.version = \
     (SELECT MAX(newest.version) FROM credits_ledger newest WHERE newest.user_id = u.id)";

/// Creates the missing tables of the first step, and adapts the existing ones.
pub(crate) async fn adopt(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    if manager.has_table("credit_accounts").await? {
        return refuse("a table credit_accounts exists, which the gateway creates itself: rename it first".to_owned());
    }
    let users = manager.has_table(USERS.table).await?;
    let ledger = manager.has_table(LEDGER.table).await?;
    manager.create_table(mark::table()).await?;
    if users {
        adopt_users(db).await?;
    } else {
        tables::create_users(manager).await?;
    }
    if ledger {
        adopt_ledger(db).await?;
    } else {
        tables::create_ledger(manager).await?;
    }
    if users {
        complete_users(db).await?;
    }
    manager.create_table(tables::credit_accounts()).await?;
    db.execute_unprepared(OPEN_ACCOUNTS).await?;
    if users {
        for opening in openings(db) {
            db.execute_unprepared(opening.make).await?;
        }
    }
    tables::protect_ledger(manager).await
}

/// Returns whether the tables of the first step were adopted rather than created.
pub(crate) async fn adopted(manager: &SchemaManager<'_>) -> Result<bool, DbErr> {
    manager.has_table(mark::TABLE).await
}

/// Restores the old shape, and drops what the first step created.
pub(crate) async fn release(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    tables::unprotect_ledger(manager).await?;
    if mark::is_adopted(db, USERS.table).await? {
        for opening in openings(db).iter().rev() {
            db.execute_unprepared(opening.unmake).await?;
        }
    }
    tables::drop_table(manager, "credit_accounts").await?;
    for (shape, indexes) in [(&LEDGER, &LEDGER_INDEXES[..]), (&USERS, &USERS_INDEXES[..])] {
        if !mark::is_adopted(db, shape.table).await? {
            tables::drop_table(manager, shape.table).await?;
            continue;
        }
        for guard in guards(db, shape) {
            db.execute_unprepared(guard.unmake).await?;
        }
        for index in indexes {
            db.execute_unprepared(index.unmake).await?;
        }
        undo::undo(db, shape.table).await?;
    }
    tables::drop_table(manager, mark::TABLE).await
}

async fn adopt_users(db: &Connection<'_>) -> Result<(), DbErr> {
    let columns = begin(db, &USERS).await?;
    rows::check_users(db, &columns).await?;
    match db.get_database_backend() {
        DbBackend::Postgres => postgres::alter(db, &USERS, &columns).await?,
        _ => sqlite::alter(db, &USERS, &columns).await?,
    }
    for index in USERS_INDEXES {
        db.execute_unprepared(index.make).await?;
    }
    Ok(())
}

async fn adopt_ledger(db: &Connection<'_>) -> Result<(), DbErr> {
    let columns = begin(db, &LEDGER).await?;
    rows::check_ledger(db).await?;
    match db.get_database_backend() {
        DbBackend::Postgres => postgres::alter(db, &LEDGER, &columns).await?,
        _ => sqlite::alter(db, &LEDGER, &columns).await?,
    }
    for addition in LEDGER_INDEXES.iter().chain(guards(db, &LEDGER)) {
        db.execute_unprepared(addition.make).await?;
    }
    Ok(())
}

/// Fills in the creation time of old users: that of their first entry, or now.
async fn complete_users(db: &Connection<'_>) -> Result<(), DbErr> {
    if mark::is_added(db, "users", "created_at").await? {
        let now = match db.get_database_backend() {
            DbBackend::Postgres => "now()",
            _ => "strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')",
        };
        let fill = format!(
            "UPDATE users SET created_at = COALESCE((SELECT l.created_at FROM credits_ledger l \
             WHERE l.user_id = users.id AND l.version = 1), {now})"
        );
        db.execute_unprepared(&fill).await?;
        if db.get_database_backend() == DbBackend::Postgres {
            // The application does not write the column, and continues to add users.
            let alter = "ALTER TABLE users ALTER created_at SET NOT NULL, ALTER created_at SET DEFAULT now()";
            db.execute_unprepared(alter).await?;
        }
    }
    for guard in guards(db, &USERS) {
        db.execute_unprepared(guard.make).await?;
    }
    Ok(())
}

/// Keeps other writers out, and checks the columns.
async fn begin(db: &Connection<'_>, shape: &Shape) -> Result<Vec<column::Column>, DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", shape.table)).await?;
    }
    let columns = column::columns(db, shape.table).await?;
    shape.check(&columns)?;
    mark::mark(db, shape.table, mark::Change::Adopted, None).await?;
    Ok(columns)
}

/// Triggers in place of constraints, where the database cannot add those to a table with rows.
fn guards(db: &Connection<'_>, shape: &Shape) -> impl Iterator<Item = &'static Addition> + use<> {
    let guards: &[Addition] = match (db.get_database_backend(), shape.table) {
        (DbBackend::Postgres, "credits_ledger") => &postgres::LEDGER_KEYS,
        (DbBackend::Postgres, _) => &[],
        (_, "credits_ledger") => &sqlite::LEDGER_GUARDS,
        _ => &sqlite::USERS_GUARDS,
    };
    guards.iter()
}

/// Triggers that open the accounts of users whom the application adds; the gateway opens those of its own sign-ups.
fn openings(db: &Connection<'_>) -> &'static [Addition] {
    match db.get_database_backend() {
        DbBackend::Postgres => &postgres::OPENINGS,
        _ => &sqlite::OPENINGS,
    }
}

/// A refusal: one sentence for the operator. Nothing is changed then.
fn refuse<T>(sentence: String) -> Result<T, DbErr> {
    Err(DbErr::Custom(sentence))
}
