//! The stream of events for other services, as admins pull it.

use entity::account_event::{Column, Entity, Model, Type};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use crate::{
    app::App,
    error::Error,
    page::{Page, Window},
};

/// One page of the events of some types, or of all if there are none, oldest first, keyed by number.
///
/// # Errors
/// The database's.
pub async fn page(app: &App, types: &[Type], window: Window) -> Result<Page<Model>, Error> {
    let (after, limit) = (window.after.unwrap_or(0), window.limit + 1);
    let rows = Entity::find().order_by_asc(Column::Id);
    let rows = if types.is_empty() {
        rows.filter(Column::Id.gt(after)).limit(limit)
    } else {
        rows.filter(Column::Id.is_in(ids(app, types, after, limit).await?))
    };
    Ok(Page::cut(rows.all(app.database.read()).await?, &window))
}

/// The first numbers of events of these types: by the index, as many of each type as there are of all.
async fn ids(app: &App, types: &[Type], after: i64, limit: u64) -> Result<Vec<i64>, DbErr> {
    let of = |(place, kind): (usize, &Type)| {
        // LIMIT applies to a union as a whole: hence the nested select.
        let kind = kind.to_value();
        format!(
            "SELECT * FROM (SELECT id FROM account_events WHERE type = '{kind}' AND id > $1 ORDER BY id LIMIT $2) AS t{place}"
        )
    };
    let each = types.iter().enumerate().map(of).collect::<Vec<_>>().join(" UNION ");
    let sql = format!("{each} ORDER BY id LIMIT $2");
    let db = app.database.read();
    let values = [after.into(), limit.cast_signed().into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}
