//! The tables that the gateway needs, and the check that existing ones fit.

use sea_orm_migration::sea_orm::DbErr;

use super::{column::Column, refuse};

/// A table as the gateway uses it.
pub(super) struct Shape {
    pub(super) table: &'static str,
    pub(super) columns: &'static [RequiredColumn],
}

/// A column that the gateway uses.
pub(super) struct RequiredColumn {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) origin: Origin,
    /// True where the gateway may leave it NULL.
    pub(super) nullable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The number of the row.
    Id,
    Integer,
    Text,
    Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The application has it.
    Old,
    /// Some applications have it; it is added otherwise.
    Either,
    /// The gateway adds it; an existing column of that name would mean something else.
    New,
}

pub(super) const USERS: Shape = Shape {
    table: "users",
    columns: &[
        RequiredColumn::new("id", Kind::Id, Origin::Old),
        RequiredColumn::new("email", Kind::Text, Origin::Old),
        RequiredColumn::new("username", Kind::Text, Origin::Old),
        RequiredColumn::new("display_name", Kind::Text, Origin::Either).or_null(),
        RequiredColumn::new("password_hash", Kind::Text, Origin::Either).or_null(),
        RequiredColumn::new("auth_subject", Kind::Text, Origin::Either).or_null(),
        RequiredColumn::new("role", Kind::Text, Origin::Either),
        RequiredColumn::new("created_at", Kind::Time, Origin::Either),
    ],
};

pub(super) const LEDGER: Shape = Shape {
    table: "credits_ledger",
    columns: &[
        RequiredColumn::new("id", Kind::Id, Origin::Old),
        RequiredColumn::new("user_id", Kind::Integer, Origin::Old),
        RequiredColumn::new("change_type", Kind::Text, Origin::Old),
        RequiredColumn::new("credits_delta", Kind::Integer, Origin::Old),
        RequiredColumn::new("created_at", Kind::Time, Origin::Old),
        RequiredColumn::new("notes", Kind::Text, Origin::Either).or_null(),
        RequiredColumn::new("version", Kind::Integer, Origin::New),
        RequiredColumn::new("balance_after", Kind::Integer, Origin::New),
        RequiredColumn::new("source", Kind::Text, Origin::New),
        RequiredColumn::new("reference", Kind::Text, Origin::New).or_null(),
    ],
};

impl RequiredColumn {
    const fn new(name: &'static str, kind: Kind, origin: Origin) -> Self {
        Self { name, kind, origin, nullable: false }
    }

    const fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// The column of that name, if it exists.
    pub(super) fn among<'a>(&self, columns: &'a [Column]) -> Option<&'a Column> {
        columns.iter().find(|column| column.name == self.name)
    }
}

impl Shape {
    /// The columns that have to be added.
    pub(super) fn missing<'a>(&'a self, columns: &'a [Column]) -> impl Iterator<Item = &'a RequiredColumn> {
        self.columns.iter().filter(|wanted| wanted.among(columns).is_none())
    }

    /// The columns that exist already, each with its requirement.
    pub(super) fn present<'a>(
        &'a self,
        columns: &'a [Column],
    ) -> impl Iterator<Item = (&'a RequiredColumn, &'a Column)> {
        self.columns.iter().filter_map(|wanted| Some((wanted, wanted.among(columns)?)))
    }

    /// Refuses a table that the gateway could not write to, or that belongs to another application.
    pub(super) fn check(&self, columns: &[Column]) -> Result<(), DbErr> {
        let table = self.table;
        for wanted in self.columns {
            let name = wanted.name;
            match (wanted.origin, wanted.among(columns)) {
                (Origin::Old, None) => {
                    return refuse(format!("the table {table} has no column {name}: it is not Patch-Hive's"));
                }
                (Origin::New, Some(_)) => {
                    return refuse(format!(
                        "{table}.{name} exists, and the gateway needs that name: rename the column first"
                    ));
                }
                (_, Some(column)) if wanted.kind == Kind::Id && !column.numbers_rows => {
                    return refuse(format!(
                        "{table}.{name} must number new rows automatically: as SERIAL, BIGSERIAL or IDENTITY and the primary \
                         key in PostgreSQL, as INTEGER PRIMARY KEY in SQLite"
                    ));
                }
                _ => {}
            }
        }
        let foreign = |column: &&Column| self.columns.iter().all(|wanted| wanted.name != column.name);
        columns.iter().filter(foreign).find(|column| column.must_be_given()).map_or(Ok(()), |column| {
            refuse(format!(
                "{table}.{} must have a value in each new row, and the gateway has none: give the column a default, or \
                 let it be NULL",
                column.name
            ))
        })
    }
}
