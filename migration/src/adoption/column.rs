//! The columns of an existing table.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use super::Connection;

/// One column, as the database describes it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact, as the database reports it")]
pub(super) struct Column {
    pub(super) name: String,
    /// The type as the database spells it.
    pub(super) data_type: String,
    /// True for a PostgreSQL enumeration.
    pub(super) enumeration: bool,
    /// True where NULL is allowed.
    pub(super) nullable: bool,
    /// The default expression.
    pub(super) default: Option<String>,
    /// True where the column alone identifies a row, and the database numbers new rows.
    pub(super) numbers_rows: bool,
    /// True where the database computes the value, as of a generated or an identity column.
    pub(super) computed: bool,
}

impl Column {
    /// Returns `true` if an INSERT without this column fails.
    pub(super) const fn must_be_given(&self) -> bool {
        !self.nullable && !self.computed && self.default.is_none()
    }
}

const POSTGRES: &str = "SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS data_type, \
     t.typtype = 'e' AS enumeration, NOT a.attnotnull AS nullable, pg_get_expr(d.adbin, d.adrelid) AS default_value, \
     (d.adbin IS NOT NULL OR a.attidentity <> '') AND EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid \
     AND i.indisunique AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND i.indpred IS NULL) AS numbers_rows, \
     a.attidentity <> '' OR a.attgenerated <> '' AS computed \
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/// Only a column declared as INTEGER PRIMARY KEY is SQLite's row number; any other key is NULL unless a value is given.
const SQLITE: &str = "SELECT name, type AS data_type, FALSE AS enumeration, \"notnull\" = 0 AS nullable, \
     dflt_value AS default_value, pk = 1 AND upper(type) = 'INTEGER' \
     AND (SELECT COUNT(*) FROM pragma_table_xinfo($1) WHERE pk > 0) = 1 AS numbers_rows, \
     hidden > 1 OR (pk = 1 AND upper(type) = 'INTEGER') AS computed \
     FROM pragma_table_xinfo($1) ORDER BY cid";

/// Every column of a table, in the table's order.
pub(super) async fn columns(db: &Connection<'_>, table: &str) -> Result<Vec<Column>, DbErr> {
    let backend = db.get_database_backend();
    let sql = if backend == DbBackend::Postgres { POSTGRES } else { SQLITE };
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, [table.into()])).await?;
    rows.iter().map(read).collect()
}

fn read(row: &QueryResult) -> Result<Column, DbErr> {
    Ok(Column {
        name: row.try_get("", "name")?,
        data_type: row.try_get("", "data_type")?,
        enumeration: row.try_get("", "enumeration")?,
        nullable: row.try_get("", "nullable")?,
        default: row.try_get("", "default_value")?,
        numbers_rows: row.try_get("", "numbers_rows")?,
        computed: row.try_get("", "computed")?,
    })
}
