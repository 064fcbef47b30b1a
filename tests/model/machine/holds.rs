//! The actions of holds.

use chrono::DateTime;
use entity::{
    credit_hold,
    work::{self, Kind},
};
use patch_hive::{
    billing::hold::{self, ChangeResult, ReserveExport, ReserveResult},
    error::Error,
    ledger::{self, Hold, HoldEnding},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use super::Gateway;
use crate::model::{
    book::Book,
    hold::{Action, State},
    operation::Answer,
};

impl Gateway {
    pub(super) async fn reserves(&self, user: usize, key: u8, run: u8) -> Result<Answer, Error> {
        let (run, key) = (run.to_string(), key.to_string());
        let export = ReserveExport { run: &run, key: &key, ttl: None };
        Ok(match hold::reserve(self.app(), self.users[user], export).await? {
            ReserveResult::Hold { hold, .. } => {
                let version = self.version(user, hold.id).await;
                Answer::Reserved { version, credits: hold.credits, state: self.state(user, &hold).await }
            }
            ReserveResult::Refused(shortage) => Answer::Refused { available: shortage.account.available() },
        })
    }

    pub(super) async fn changes(
        &self,
        book: &Book,
        (user, nth): (usize, usize),
        action: Action,
    ) -> Result<Answer, Error> {
        let Some(id) = self.hold(book, user, nth).await else { return Err(Error::NotFound("hold")) };
        let (app, owner, id) = (self.app(), Some(self.users[user]), id.to_string());
        let changed = match action {
            Action::Capture(credits) => hold::capture(app, owner, &id, credits).await?,
            Action::Extend => hold::extend(app, owner, &id, Some(3600)).await?,
            Action::Release => hold::release(app, owner, &id).await?,
        };
        Ok(match changed {
            ChangeResult::Changed { hold, account } => {
                Answer::Changed { state: self.state(user, &hold).await, replayed: account.is_none() }
            }
            ChangeResult::Ended(hold) => Answer::Ended(self.state(user, &hold).await),
        })
    }

    /// Lets the time of a hold be over. If it is `due`, the queue ends it.
    pub(super) async fn runs_out(&self, book: &Book, (user, nth): (usize, usize), due: bool) -> Answer {
        let Some(id) = self.hold(book, user, nth).await else { return Answer::Done };
        let db = self.app().database.write();
        let over = Expr::value(DateTime::UNIX_EPOCH);
        let hold = credit_hold::Entity::update_many().col_expr(credit_hold::Column::ExpiresAt, over.clone());
        hold.filter(credit_hold::Column::Id.eq(id)).exec(db).await.unwrap();
        if due {
            let task = work::Entity::update_many().col_expr(work::Column::DueAt, over);
            let task = task.filter(work::Column::Kind.eq(Kind::Hold)).filter(work::Column::Key.eq(id.to_string()));
            task.exec(db).await.unwrap();
            self.works_off(Kind::Hold).await;
        }
        Answer::Done
    }

    /// The number of one of a user's holds.
    async fn hold(&self, book: &Book, user: usize, nth: usize) -> Option<i64> {
        let version = book.users[user].nth_hold(nth).map(|nth| book.users[user].holds[nth].version)?;
        Some(self.entry(user, version).await.id)
    }

    /// The version of an entry of a user.
    async fn version(&self, user: usize, id: i64) -> i64 {
        let owner = Some(self.users[user]);
        ledger::entry(self.app().database.read(), id, owner).await.unwrap().unwrap().version
    }

    async fn state(&self, user: usize, hold: &Hold) -> State {
        match &hold.end {
            None => State::Open,
            Some(end) => match end.ending {
                HoldEnding::Captured(credits) => {
                    State::Captured { version: self.version(user, end.entry_id).await, credits }
                }
                HoldEnding::Released => State::Released,
                HoldEnding::Expired => State::Expired,
            },
        }
    }
}
