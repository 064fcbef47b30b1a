//! Steps whose account somebody else keeps locked or has just changed: a webhook for some milliseconds, a replica that froze
//! for as long as the server lets it. They wait aside, so that the next group does not wait for them.
//!
//! An account's steps wait together on one connection of the users' pool, and all waiting accounts together on a few.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sea_orm::{ConnAcquireErr, DbErr, sqlx::PgConnection};
use tokio::{sync::Semaphore, time::timeout};

use super::{OnCommit, Waiting, changes, fail, group::Resolution, is_of_one, postgres, publish};
use crate::database::{Database, failed};

/// The steps that wait.
#[derive(Clone)]
pub(super) struct Aside(Arc<AsideState>);

struct AsideState {
    database: Database,
    /// Connections that may wait at once.
    turns: Semaphore,
    /// The steps of each account that is waited for, in order of arrival.
    queues: Mutex<HashMap<i64, Vec<Waiting>>>,
    committed: OnCommit,
}

impl Aside {
    pub(super) fn new(database: Database, waiters: usize, committed: OnCommit) -> Self {
        let turns = Semaphore::new(waiters.max(1));
        Self(Arc::new(AsideState { database, turns, queues: Mutex::default(), committed }))
    }

    /// Takes a step whose account is locked.
    pub(super) fn add(&self, pending: Waiting) {
        let user_id = pending.request.user_id();
        let mut queues = self.0.queues();
        if let Some(queue) = queues.get_mut(&user_id) {
            queue.push(pending);
            return;
        }
        queues.insert(user_id, vec![pending]);
        drop(queues);
        tokio::spawn(self.clone().serve(user_id));
    }

    /// Commits an account's steps, until none wait.
    async fn serve(self, user_id: i64) {
        loop {
            let turn = timeout(self.0.database.acquire_timeout(), self.0.turns.acquire()).await;
            let Some(batch) = self.0.next(user_id) else { return };
            match turn {
                Ok(Ok(_turn)) => self.0.commit(user_id, batch).await,
                _ => fail(batch, &DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
            }
        }
    }
}

impl AsideState {
    fn queues(&self) -> MutexGuard<'_, HashMap<i64, Vec<Waiting>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An account's steps so far. Once there are none, it is waited for no more.
    fn next(&self, user_id: i64) -> Option<Vec<Waiting>> {
        let mut queues = self.queues();
        let batch = queues.get_mut(&user_id).map(std::mem::take).filter(|batch| !batch.is_empty());
        if batch.is_none() {
            queues.remove(&user_id);
        }
        batch
    }

    async fn commit(&self, user_id: i64, batch: Vec<Waiting>) {
        let mut connection = match self.database.write().get_postgres_connection_pool().acquire().await {
            Ok(connection) => connection,
            Err(error) => return fail(batch, &failed(error)),
        };
        let Err((error, batch)) = self.commit_on(&mut connection, user_id, batch).await else { return };
        if !is_of_one(&error) {
            return fail(batch, &error);
        }
        for pending in batch {
            if let Err((error, alone)) = self.commit_on(&mut connection, user_id, vec![pending]).await {
                fail(alone, &error);
            }
        }
    }

    async fn commit_on(
        &self,
        connection: &mut PgConnection,
        user_id: i64,
        batch: Vec<Waiting>,
    ) -> Result<(), (DbErr, Vec<Waiting>)> {
        let steps: Vec<_> = batch.iter().map(|pending| &pending.request).collect();
        let resolutions = match postgres::commit_locked(connection, user_id, &steps).await {
            Ok(resolutions) => resolutions,
            Err(error) => return Err((failed(error), batch)),
        };
        let changes = changes(&resolutions);
        for (pending, resolution) in batch.into_iter().zip(resolutions) {
            if let Resolution::Decided(outcome) = resolution {
                pending.answer(outcome);
            }
        }
        publish(changes, &self.committed);
        Ok(())
    }
}
