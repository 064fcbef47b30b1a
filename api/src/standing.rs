//! Standing: a user's account and current subscription, read in one statement for all requests that wait.
//!
//! Every `balance`, `tier` and `subscription` field of every request is served from here. Requests that arrive while a
//! statement is running share the next one ([`crate::batch`]), so the database sees one statement at a time, for any number of
//! requests. Guarantees:
//! - the data are not older than the request: a statement begins after the last of its requests was made;
//! - account and subscription are of one moment;
//! - a statement that fails on a dead connection is sent once more on a new one;
//! - nothing is cached.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use entity::{
    credit_account,
    subscription::{self, Status},
};
use sea_orm::{
    ActiveEnum, ConnectionTrait, DbBackend, DbErr, FromQueryResult, Iden, Iterable, QueryResult, Statement,
    sqlx::{self, AssertSqlSafe, PgConnection, postgres::PgRow},
};
use tokio::time::timeout;

use crate::{
    batch::{Batches, Pending, Worker},
    database::{Database, Dedicated, failed, is_lost},
};

/// A user's credits and plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The account.
    pub account: credit_account::Model,
    /// The current subscription, paid or not; `None` if there is none.
    pub subscription: Option<subscription::Model>,
}

/// `None` for a user without an account.
type Answer = Result<Option<Arc<Standing>>, DbErr>;

/// Reads standings; cheap to clone. A process has one.
#[derive(Clone)]
pub struct Standings(Batches<i64, Answer>);

impl Standings {
    /// Starts the reader.
    #[must_use]
    pub fn start(database: &Database) -> Self {
        let sql = sql(database.backend());
        Self(match database.dedicated() {
            Some(connection) => Batches::start(Postgres { connection, sql: sql.into() }),
            None => Batches::start(Sqlite { database: database.clone(), sql }),
        })
    }

    /// Reads the standing of a user.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(&self, user_id: i64) -> Answer {
        self.0.ask(user_id).await.unwrap_or_else(|error| Err(DbErr::Custom(error.to_string())))
    }
}

fn sql(backend: DbBackend) -> String {
    let account = columns::<credit_account::Column>("a");
    let subscription = columns::<subscription::Column>("s");
    let ended = Status::iter().filter(|status| status.ended()).map(|status| format!("'{}'", status.to_value()));
    let ended = ended.collect::<Vec<_>>().join(", ");
    let users = match backend {
        DbBackend::Postgres => "= ANY ($1)",
        _ => "IN (SELECT value FROM json_each($1))",
    };
    format!(
        "SELECT {account}, {subscription} FROM credit_accounts a \
         LEFT JOIN stripe_customers c ON c.user_id = a.user_id \
         LEFT JOIN stripe_subscriptions s ON s.customer_id = c.id AND s.status NOT IN ({ended}) \
         WHERE a.user_id {users}"
    )
}

/// The columns of a table, each with the table's letter before its name. They are named: a prepared statement would not
/// survive that a newer replica adds one.
fn columns<C: Iterable + Iden>(table: &str) -> String {
    let column = |column: C| {
        let name = column.unquoted().to_owned();
        format!("{table}.{name} AS {table}_{name}")
    };
    C::iter().map(column).collect::<Vec<_>>().join(", ")
}

fn standing(row: &QueryResult) -> Result<Standing, DbErr> {
    Ok(Standing {
        account: credit_account::Model::from_query_result(row, "a_")?,
        subscription: Option::<subscription::Model>::from_query_result(row, "s_")?,
    })
}

fn answer(batch: Vec<Pending<i64, Answer>>, rows: Result<Vec<Standing>, DbErr>) {
    let found = rows.map(by_user);
    for pending in batch {
        let answer = match &found {
            Ok(found) => Ok(found.get(&pending.request).cloned()),
            Err(error) => Err(error.clone()),
        };
        pending.answer(answer);
    }
}

/// One standing for each user. Of two current subscriptions the one that gives its tier counts, or else the newer.
fn by_user(rows: Vec<Standing>) -> HashMap<i64, Arc<Standing>> {
    let rank = |standing: &Standing| standing.subscription.as_ref().map(|row| (row.status.entitled(), row.id));
    let mut found = HashMap::<i64, Arc<Standing>>::with_capacity(rows.len());
    for row in rows {
        let known = found.get(&row.account.user_id);
        if known.is_none_or(|known| rank(known) < rank(&row)) {
            found.insert(row.account.user_id, Arc::new(row));
        }
    }
    found
}

fn users(batch: &[Pending<i64, Answer>]) -> Vec<i64> {
    batch.iter().map(|pending| pending.request).collect::<HashSet<_>>().into_iter().collect()
}

struct Postgres {
    connection: Dedicated,
    sql: Arc<str>,
}

impl Worker for Postgres {
    type Request = i64;
    type Answer = Answer;

    async fn work(&mut self, batch: Vec<Pending<i64, Answer>>) {
        let rows = self.read(users(&batch)).await;
        answer(batch, rows);
    }
}

impl Postgres {
    async fn read(&mut self, users: Vec<i64>) -> Result<Vec<Standing>, DbErr> {
        loop {
            let mut taken = self.connection.take().await?;
            self.connection.count(1);
            let rows = fetch(&mut taken.connection, self.sql.clone(), &users);
            match timeout(self.connection.patience(), rows).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
                Ok(rows) => {
                    self.connection.give_back(taken);
                    return rows.into_iter().map(|row| standing(&QueryResult::from(row))).collect();
                }
                Err(error) => {
                    self.connection.record_failure();
                    let again = taken.reused && is_lost(&error) && !matches!(error, sqlx::Error::PoolTimedOut);
                    if !again {
                        return Err(failed(error));
                    }
                }
            }
        }
    }
}

async fn fetch(connection: &mut PgConnection, sql: Arc<str>, users: &[i64]) -> Result<Vec<PgRow>, sqlx::Error> {
    sqlx::query(AssertSqlSafe(sql)).bind(users).fetch_all(connection).await
}

struct Sqlite {
    database: Database,
    sql: String,
}

impl Worker for Sqlite {
    type Request = i64;
    type Answer = Answer;

    async fn work(&mut self, batch: Vec<Pending<i64, Answer>>) {
        let rows = self.read(&users(&batch)).await;
        answer(batch, rows);
    }
}

impl Sqlite {
    async fn read(&self, users: &[i64]) -> Result<Vec<Standing>, DbErr> {
        let users = format!("[{}]", users.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, &self.sql, [users.into()]);
        let rows = self.database.read().query_all_raw(statement).await?;
        rows.iter().map(standing).collect()
    }
}
