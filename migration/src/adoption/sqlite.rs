//! Adoption in SQLite.
//!
//! SQLite can add neither NOT NULL nor a foreign key to an existing column. Recreating the table would, but dropping the
//! old one deletes its rows, which cascades through the foreign keys of other tables, and foreign keys can be disabled
//! only outside of a transaction. So triggers take the place of the constraints, and other tables stay untouched.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};

use super::{
    Addition, Connection,
    column::Column,
    mark::{Change, mark},
    refuse, rows,
    shape::{Kind, LEDGER, RequiredColumn, Shape},
};

pub(super) const LEDGER_GUARDS: [Addition; 2] = [
    Addition {
        make: "CREATE TRIGGER credits_ledger_complete BEFORE INSERT ON credits_ledger WHEN NEW.user_id IS NULL OR \
               NEW.version IS NULL OR NEW.change_type IS NULL OR NEW.credits_delta IS NULL OR NEW.balance_after IS NULL \
               OR NEW.source IS NULL OR NEW.created_at IS NULL BEGIN SELECT RAISE(ABORT, \
               'NOT NULL constraint failed: credits_ledger is written by the gateway, which gives each entry a version, \
               a balance and a source'); END",
        unmake: "DROP TRIGGER credits_ledger_complete",
    },
    Addition {
        make: "CREATE TRIGGER credits_ledger_user BEFORE INSERT ON credits_ledger \
               WHEN NOT EXISTS (SELECT 1 FROM users WHERE id = NEW.user_id) \
               BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: credits_ledger.user_id'); END",
        unmake: "DROP TRIGGER credits_ledger_user",
    },
];

/// SQLite cannot add a column with the current time as its default, and an application that does not write `created_at`
/// continues to add users. So a trigger sets it after each insert.
pub(super) const USERS_GUARDS: [Addition; 3] = [
    Addition {
        make: "CREATE TRIGGER users_complete BEFORE INSERT ON users WHEN NEW.email IS NULL OR NEW.username IS NULL OR \
               NEW.role IS NULL BEGIN SELECT RAISE(ABORT, \
               'NOT NULL constraint failed: users need an email, a username and a role'); END",
        unmake: "DROP TRIGGER users_complete",
    },
    Addition {
        make: "CREATE TRIGGER users_dated AFTER INSERT ON users WHEN NEW.created_at IS NULL BEGIN \
               UPDATE users SET created_at = strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now') WHERE id = NEW.id; END",
        unmake: "DROP TRIGGER users_dated",
    },
    Addition {
        make: "CREATE TRIGGER users_stay_complete BEFORE UPDATE OF email, username, role, created_at ON users \
               WHEN NEW.email IS NULL OR NEW.username IS NULL OR NEW.role IS NULL OR NEW.created_at IS NULL \
               BEGIN SELECT RAISE(ABORT, \
               'NOT NULL constraint failed: users need an email, a username, a role and created_at'); END",
        unmake: "DROP TRIGGER users_stay_complete",
    },
];

/// Checks for the account instead of using ON CONFLICT, which an application's INSERT OR REPLACE would override.
pub(super) const OPENINGS: [Addition; 1] = [Addition {
    make: "CREATE TRIGGER users_open_account AFTER INSERT ON users BEGIN \
           INSERT INTO credit_accounts (user_id, balance, version, updated_at) \
           SELECT NEW.id, 0, 0, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now') \
           WHERE NOT EXISTS (SELECT 1 FROM credit_accounts WHERE user_id = NEW.id); END",
    unmake: "DROP TRIGGER users_open_account",
}];

/// Numbers each account's entries by creation time and id, the only record of their order in old rows. Times are compared
/// as times, whatever form each has, and as text where they differ by less than a millisecond.
const NUMBER: &str = "UPDATE credits_ledger SET version = old.version, balance_after = old.balance, \
     source = 'legacy:' || old.id FROM (SELECT id, ROW_NUMBER() OVER account AS version, \
     SUM(credits_delta) OVER account AS balance FROM credits_ledger WINDOW account AS \
     (PARTITION BY user_id ORDER BY julianday(created_at, 'auto'), created_at, id ROWS UNBOUNDED PRECEDING)) AS old \
     WHERE old.id = credits_ledger.id";

/// Adds the missing columns. Existing columns stay as they are, because SQLite does not enforce their types.
pub(super) async fn alter(db: &Connection<'_>, shape: &Shape, columns: &[Column]) -> Result<(), DbErr> {
    let table = shape.table;
    for (wanted, column) in shape.present(columns) {
        check(table, wanted, column)?;
    }
    for wanted in shape.missing(columns) {
        let definition = match wanted.kind {
            Kind::Id | Kind::Integer => "bigint",
            Kind::Time => "timestamp_with_timezone_text",
            Kind::Text if wanted.name == "role" => "text NOT NULL DEFAULT 'user'",
            Kind::Text => "text",
        };
        mark(db, table, Change::Added(wanted.name), None).await?;
        db.execute_unprepared(&format!("ALTER TABLE {table} ADD COLUMN {} {definition}", wanted.name)).await?;
    }
    if table == LEDGER.table {
        db.execute_unprepared(NUMBER).await?;
        rows::check_balances(db).await?;
    }
    Ok(())
}

fn check(table: &str, wanted: &RequiredColumn, column: &Column) -> Result<(), DbErr> {
    let (name, data_type) = (wanted.name, &column.data_type);
    if wanted.kind == Kind::Integer && !data_type.to_ascii_uppercase().contains("INT") {
        return refuse(format!("{table}.{name} is {data_type}, and must be an integer"));
    }
    // A required password is accepted: only users of another issuer have none, and sign-up works.
    if wanted.nullable && !column.nullable && name != "password_hash" {
        return refuse(format!(
            "{table}.{name} must have a value in each new row, and the gateway has none at times: let it be NULL"
        ));
    }
    Ok(())
}
