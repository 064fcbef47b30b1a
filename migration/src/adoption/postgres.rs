//! Adoption in PostgreSQL.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr, Statement};

use super::{
    Addition, Connection,
    column::Column,
    mark::{Change, mark},
    refuse, rows,
    shape::{Kind, LEDGER, RequiredColumn, Shape},
};

/// An existing foreign key may delete the entries of a deleted user, or clear their user; this one prevents the deletion.
pub(super) const LEDGER_KEYS: [Addition; 1] = [Addition {
    make: "ALTER TABLE credits_ledger ADD CONSTRAINT credits_ledger_user FOREIGN KEY (user_id) REFERENCES users (id) \
           ON DELETE RESTRICT",
    unmake: "ALTER TABLE credits_ledger DROP CONSTRAINT credits_ledger_user",
}];

/// The application may have a role of its own that has no right to `credit_accounts`, and search other schemas: the
/// function runs with the role and the search path of its creator.
pub(super) const OPENINGS: [Addition; 2] = [
    Addition {
        make: "DO $do$ BEGIN EXECUTE format($make$ \
               CREATE FUNCTION users_open_account() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
               SET search_path = %I, pg_temp AS $$ BEGIN \
               INSERT INTO credit_accounts (user_id, balance, version, updated_at) VALUES (NEW.id, 0, 0, now()) \
               ON CONFLICT DO NOTHING; RETURN NULL; END $$ $make$, current_schema()); END $do$",
        unmake: "DROP FUNCTION users_open_account",
    },
    Addition {
        make: "CREATE TRIGGER users_open_account AFTER INSERT ON users \
               FOR EACH ROW EXECUTE FUNCTION users_open_account()",
        unmake: "DROP TRIGGER users_open_account ON users",
    },
];

/// Numbers each account's entries by creation time and id, the only record of their order in old rows.
const NUMBER: &str = "UPDATE credits_ledger SET version = old.version, balance_after = old.balance, \
     source = 'legacy:' || old.id FROM (SELECT id, ROW_NUMBER() OVER account AS version, \
     SUM(credits_delta) OVER account AS balance FROM credits_ledger WINDOW account AS \
     (PARTITION BY user_id ORDER BY created_at, id ROWS UNBOUNDED PRECEDING)) AS old WHERE old.id = credits_ledger.id";

/// The views that read a column. PostgreSQL does not change the type of such a column.
const VIEWS: &str = "SELECT DISTINCT r.ev_class::regclass::text AS name FROM pg_depend d \
     JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> d.refobjid \
     JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid \
     WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass \
     AND d.refobjid = $1::regclass AND a.attname = $2 ORDER BY 1";

/// A change of the type of an existing column.
struct Retyping {
    to: &'static str,
    using: &'static str,
    /// True where release restores the old type. A wider type may stay, but not a type of another kind.
    restored: bool,
}

/// Adds what is missing and alters what does not fit. Columns are filled before types are changed, because a
/// change of type rewrites the table and so frees the space that filling has used.
pub(super) async fn alter(db: &Connection<'_>, shape: &Shape, columns: &[Column]) -> Result<(), DbErr> {
    // Pending checks of deferred foreign keys would block ALTER TABLE.
    db.execute_unprepared("SET CONSTRAINTS ALL IMMEDIATE").await?;
    let table = shape.table;
    let mut clauses = Vec::new();
    for wanted in shape.missing(columns) {
        mark(db, table, Change::Added(wanted.name), None).await?;
        clauses.push(format!("ADD COLUMN {} {}", wanted.name, definition(wanted)));
    }
    run(db, table, &clauses).await?;
    if table == LEDGER.table {
        db.execute_unprepared(NUMBER).await?;
        rows::check_balances(db).await?;
    }
    let mut clauses = Vec::new();
    for (wanted, column) in shape.present(columns) {
        fit(db, table, wanted, column, &mut clauses).await?;
    }
    // A user's created_at is filled later, from the ledger.
    for wanted in shape.missing(columns).filter(|wanted| !wanted.nullable && wanted.name != "created_at") {
        clauses.push(format!("ALTER COLUMN {} SET NOT NULL", wanted.name));
    }
    run(db, table, &clauses).await?;
    renumber(db, table).await
}

async fn run(db: &Connection<'_>, table: &str, clauses: &[String]) -> Result<(), DbErr> {
    if !clauses.is_empty() {
        db.execute_unprepared(&format!("ALTER TABLE {table} {}", clauses.join(", "))).await?;
    }
    Ok(())
}

fn definition(wanted: &RequiredColumn) -> &'static str {
    match wanted.kind {
        Kind::Id | Kind::Integer => "bigint",
        Kind::Time => "timestamptz",
        Kind::Text if wanted.name == "role" => "text DEFAULT 'user'",
        Kind::Text => "text",
    }
}

/// Adds the clauses that alter one column, and records its old state.
async fn fit(
    db: &Connection<'_>,
    table: &str,
    wanted: &RequiredColumn,
    column: &Column,
    clauses: &mut Vec<String>,
) -> Result<(), DbErr> {
    let name = wanted.name;
    if let Some(Retyping { to, using, restored }) = retyping(table, wanted.kind, column)? {
        refuse_views(db, table, name).await?;
        if let Some(default) = column.default.as_ref().filter(|_| restored) {
            mark(db, table, Change::Defaulted(name), Some(default)).await?;
            clauses.push(format!("ALTER COLUMN {name} DROP DEFAULT"));
            clauses.push(format!("ALTER COLUMN {name} SET DEFAULT ({default}){using}"));
        }
        if restored {
            mark(db, table, Change::Retyped(name), Some(&column.data_type)).await?;
        }
        clauses.push(format!("ALTER COLUMN {name} TYPE {to} USING {name}{using}"));
    }
    if wanted.nullable && !column.nullable {
        mark(db, table, Change::Relaxed(name), None).await?;
        clauses.push(format!("ALTER COLUMN {name} DROP NOT NULL"));
    }
    if !wanted.nullable && column.nullable {
        mark(db, table, Change::Required(name), None).await?;
        clauses.push(format!("ALTER COLUMN {name} SET NOT NULL"));
    }
    Ok(())
}

/// The change to the type that the gateway reads; `None` where the column has it already.
fn retyping(table: &str, kind: Kind, column: &Column) -> Result<Option<Retyping>, DbErr> {
    let is = |prefix| column.data_type.starts_with(prefix);
    let (to, using, restored) = match kind {
        Kind::Id | Kind::Integer if is("bigint") => return Ok(None),
        Kind::Id | Kind::Integer if is("integer") || is("smallint") => ("bigint", "::bigint", false),
        Kind::Text if is("text") || is("citext") => return Ok(None),
        Kind::Text if is("character") => ("text", "::text", false),
        Kind::Text if column.enumeration => ("text", "::text", true),
        Kind::Time if is("timestamp") && column.data_type.ends_with("with time zone") => return Ok(None),
        // A time without a zone is taken as UTC: applications that store such times mean UTC, and nothing in the row
        // could indicate another zone.
        Kind::Time if is("timestamp") => ("timestamptz", " AT TIME ZONE 'UTC'", true),
        _ => {
            let wanted = match kind {
                Kind::Id | Kind::Integer => "an integer",
                Kind::Text => "text",
                Kind::Time => "a timestamp",
            };
            return refuse(format!("{table}.{} is {}, and must be {wanted}", column.name, column.data_type));
        }
    };
    Ok(Some(Retyping { to, using, restored }))
}

async fn refuse_views(db: &Connection<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    let values = [table.into(), column.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), VIEWS, values);
    let Some(view) = db.query_one_raw(statement).await? else { return Ok(()) };
    let view: String = view.try_get("", "name")?;
    refuse(format!(
        "the view {view} reads {table}.{column}, whose type has to change: drop it, and create it again afterwards"
    ))
}

/// Makes new rows continue the numbers of the old ones, also beyond 2,147,483,647 and where the application chose them.
async fn renumber(db: &Connection<'_>, table: &str) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let find = format!("SELECT pg_get_serial_sequence('{table}', 'id') AS name");
    let found = db.query_one_raw(Statement::from_string(backend, find)).await?;
    let sequence: Option<String> = found.map(|row| row.try_get("", "name")).transpose()?.flatten();
    let Some(sequence) = sequence else { return Ok(()) };
    db.execute_unprepared(&format!("ALTER SEQUENCE {sequence} AS bigint")).await?;
    let behind = format!(
        "SELECT setval('{sequence}', newest.id) FROM (SELECT MAX(id) AS id FROM {table}) AS newest, {sequence} AS s \
         WHERE newest.id > s.last_value"
    );
    db.execute_unprepared(&behind).await?;
    Ok(())
}

/// Reverts one alteration of a column.
pub(super) async fn restore(db: &Connection<'_>, table: &str, change: Change<'_>, was: &str) -> Result<(), DbErr> {
    let clause = match change {
        Change::Adopted | Change::Added(_) => return Ok(()),
        Change::Retyped(column) if was.starts_with("timestamp") => {
            format!(
                "ALTER COLUMN {column} DROP DEFAULT, ALTER COLUMN {column} TYPE {was} USING {column} AT TIME ZONE 'UTC'"
            )
        }
        Change::Retyped(column) => {
            format!("ALTER COLUMN {column} DROP DEFAULT, ALTER COLUMN {column} TYPE {was} USING {column}::{was}")
        }
        Change::Defaulted(column) => format!("ALTER COLUMN {column} SET DEFAULT {was}"),
        Change::Required(column) => format!("ALTER COLUMN {column} DROP NOT NULL"),
        Change::Relaxed(column) => {
            let find = format!("SELECT 1 FROM {table} WHERE {column} IS NULL LIMIT 1");
            let null = db.query_one_raw(Statement::from_string(db.get_database_backend(), find)).await?;
            // A row of the gateway has NULL here. The row stays, so the constraint cannot be restored.
            if null.is_some() {
                return Ok(());
            }
            format!("ALTER COLUMN {column} SET NOT NULL")
        }
    };
    run(db, table, &[clause]).await
}
