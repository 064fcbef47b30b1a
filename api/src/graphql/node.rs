//! Objects by their globally unique ids, as the GraphQL Global Object Identification specification has it.

use async_graphql::{Context, ID, Interface, Object};
use entity::user::Role;

use super::{
    alert::Alert, balance::Balance, context::RequestContext, event::WebhookEvent, export::ExportCharge, hold::Hold,
    ledger::LedgerEntry, payment::Payment, subscription::PlanSubscription, user::User,
};
use crate::{
    billing,
    error::Error,
    global_id::{GlobalId, Noun},
    ledger,
};

/// The query of objects by id.
#[derive(Default)]
pub(super) struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Finds an object by its globally unique id. Null if there is none, or if it belongs to another user and the viewer does
    /// not have the role `admin`.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the object.")] id: ID,
    ) -> Result<Option<Node>, Error> {
        let viewer = ctx.viewer()?;
        let owner = if viewer.role == Role::Admin { None } else { Some(viewer.user_id) };
        match GlobalId::parse(&id) {
            Some(id) => find(ctx, id, owner).await,
            None if owner.is_none() => {
                Ok(billing::event::by_id(ctx.app()?, &id).await?.map(|event| WebhookEvent(event).into()))
            }
            None => Ok(None),
        }
    }
}

/// An object with a globally unique id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The globally unique id of the object."))]
pub(super) enum Node {
    /// A user.
    User(User),
    /// A balance.
    Balance(Balance),
    /// A ledger entry.
    LedgerEntry(LedgerEntry),
    /// The charge of an export.
    ExportCharge(ExportCharge),
    /// A hold.
    Hold(Hold),
    /// A payment.
    Payment(Payment),
    /// A subscription.
    PlanSubscription(PlanSubscription),
    /// An alert.
    Alert(Alert),
    /// A webhook event.
    WebhookEvent(WebhookEvent),
}

/// Finds an object of `owner`, or of any user if that is `None`.
async fn find(ctx: &Context<'_>, id: GlobalId, owner: Option<i64>) -> Result<Option<Node>, Error> {
    let (app, row) = (ctx.app()?, id.row);
    Ok(match id.noun {
        Noun::User | Noun::Balance if owner.is_some_and(|owner| owner != row) => None,
        Noun::User => User::find(app, row).await?.map(Node::from),
        Noun::Balance => match ctx.loaders()?.account(row).await {
            Err(Error::NotFound(_)) => None,
            account => Some(Balance::new(app, &account?).into()),
        },
        Noun::Entry => ledger::entry(app.database.read(), row, owner).await?.map(|entry| LedgerEntry(entry).into()),
        Noun::Hold => billing::hold::by_id(app, row, owner).await?.map(|hold| Hold::from(hold).into()),
        Noun::Payment => billing::payment::by_id(app, row, owner).await?.map(|payment| Payment(payment).into()),
        Noun::Subscription => {
            let found = billing::subscription::by_id(app, row, owner).await?;
            found.map(|subscription| PlanSubscription(subscription).into())
        }
        Noun::Alert => billing::alert::by_id(app, row, owner).await?.map(|alert| Alert(alert).into()),
        Noun::Charge => match billing::export::by_id(app, row, owner).await? {
            Some(charge) => Some(ExportCharge::past(ctx, charge).await?.into()),
            None => None,
        },
        // These are read in lists.
        Noun::TopUp | Noun::Action | Noun::Operation | Noun::Task | Noun::Event | Noun::Endpoint | Noun::Delivery => {
            None
        }
    })
}
