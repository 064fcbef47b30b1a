//! Tasks of the queue that need attention, for operators.

use async_graphql::{
    Context, Enum, ID, Object,
    connection::{ConnectionNameType, EdgeNameType},
};
use entity::{user::Role, work};

use super::{
    context::RequestContext,
    cursors::{self, Arguments, List},
    date_time::Moment,
    user::User,
};
use crate::{
    billing::task::{self, Place},
    error::Error,
    global_id::Noun,
    input,
};

/// The queries of tasks.
#[derive(Default)]
pub(super) struct TaskQuery;

/// A page of tasks.
pub(super) type TaskConnection = List<Task, TaskConnectionName, TaskEdgeName, Place>;

/// Names the connection in the schema.
pub(super) struct TaskConnectionName;

impl ConnectionNameType for TaskConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "TaskConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct TaskEdgeName;

impl EdgeNameType for TaskEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "TaskEdge".to_owned()
    }
}

#[Object]
impl TaskQuery {
    /// The background tasks whose last attempt failed, oldest first. They are retried automatically, with pauses of up to
    /// an hour. Requires the role `admin`.
    async fn failed_tasks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n tasks, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns tasks after this cursor, which are younger.")] after: Option<String>,
        #[graphql(desc = "Returns only tasks about this user.")] user_id: Option<ID>,
    ) -> Result<TaskConnection, Error> {
        ctx.viewer_as(Role::Admin)?;
        let window = Arguments { first, after, ..Arguments::default() }.window()?;
        let user_id = user_id.map(|id| input::id(Noun::User, &id)).transpose()?;
        let page = task::failed(ctx.app()?, user_id, window).await?;
        Ok(cursors::connection(page, |task| (task.created_at, task.id), Task))
    }

    /// The background tasks that have been due for more than a minute and that no worker does, longest overdue first. Any
    /// means that the workers are stopped or too slow. Requires the role `admin`.
    async fn overdue_tasks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n tasks, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns tasks after this cursor, which were due later.")] after: Option<String>,
    ) -> Result<TaskConnection, Error> {
        ctx.viewer_as(Role::Admin)?;
        let window = Arguments { first, after, ..Arguments::default() }.window()?;
        let page = task::overdue(ctx.app()?, window).await?;
        Ok(cursors::connection(page, |task| (task.due_at, task.id), Task))
    }
}

/// The kind of a background task.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "work::Kind")]
pub(super) enum TaskKind {
    /// Applies a webhook event; the subject is its id.
    Event,
    /// Reads an object from Stripe; the subject names it, such as `subscription:sub_...`.
    Look,
    /// Finishes a write to Stripe; the subject is the operation's number.
    Operation,
    /// Ends a second subscription; the subject is the user's number.
    Duplicate,
    /// Voids the open invoices of a subscription that has ended; the subject is its id.
    OpenInvoice,
    /// Ends unlimited exports; the subject is the user's number.
    Unlimited,
    /// Ends a hold that expires; the subject is the hold's number.
    Hold,
    /// Alerts the user of a plan that ends soon; the subject is the subscription's number.
    Alert,
    /// Adds credits to an account that runs low; the subject is the user's number.
    TopUp,
    /// Brings a Stripe customer in line with its user; the subject is the user's number.
    Customer,
    /// Sends a mail; the subject is its kind and recipient.
    Mail,
    /// Makes events for other services from new ledger entries.
    Relay,
    /// Sends events to an endpoint; the subject is the endpoint's number.
    Delivery,
    /// Compares the database with Stripe.
    Reconcile,
    /// Deletes old rows.
    Prune,
}

/// A background task.
pub(super) struct Task(work::Model);

/// A background task.
#[Object]
impl Task {
    /// The id of the task.
    async fn id(&self) -> ID {
        Noun::Task.id(self.0.id).into()
    }

    /// The kind of the task.
    async fn kind(&self) -> TaskKind {
        self.0.kind.into()
    }

    /// The subject of the task, such as the id of an event; empty for a task that exists once.
    async fn subject(&self) -> &str {
        &self.0.key
    }

    /// The user whom the task is about; null for a task about none, and where its subject is not stored.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>, Error> {
        let owner = ctx.loaders()?.task_owner((self.0.kind, self.0.key.clone())).await?;
        Ok(owner.map(User::new))
    }

    /// When the task was first requested.
    async fn created_at(&self) -> Moment {
        self.0.created_at.into()
    }

    /// When the task is, or was, due next.
    async fn due_at(&self) -> Moment {
        self.0.due_at.into()
    }

    /// The number of attempts since the task last succeeded.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// The error of the last attempt; null if it did not fail.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }
}
