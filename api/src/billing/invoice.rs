//! A user's invoices, as Stripe has them now. They are read on request: their pages and documents have URLs that expire, and
//! the gateway stores of an invoice only what decides about credits, returned money among it.

mod returned;

use entity::{customer, former_customer};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    error::{Error, Rule},
    page::{Page, Window},
    stripe::{Cause, Failure, InvoiceDocument, InvoicePage, InvoiceStatus, Stripe},
};

pub use self::returned::ReturnedMoney;

/// Maximum number of calls for one customer, of which all but the first make up for drafts that are not listed.
const MAX_CALLS: usize = 5;

/// The place of an invoice in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The customer, `cus_...`.
    pub customer: String,
    /// The invoice, `in_...`.
    pub invoice: String,
}

/// An invoice of a user.
#[derive(Clone, Debug)]
pub struct UserInvoice {
    /// The invoice.
    pub document: InvoiceDocument,
    /// Its status.
    pub status: Status,
    /// The customer to whom it belongs.
    pub customer: String,
    /// The part of its payment that was returned.
    pub returned: ReturnedMoney,
}

/// The status of an invoice that is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It can be paid.
    Open,
    /// Paid.
    Paid,
    /// It was given up as a mistake.
    Void,
    /// It is no longer expected to be paid.
    Uncollectible,
}

impl Status {
    /// `None` for a draft, and for a status that Stripe has added since.
    const fn of(invoice: &InvoiceDocument) -> Option<Self> {
        match invoice.status {
            InvoiceStatus::Open => Some(Self::Open),
            InvoiceStatus::Paid => Some(Self::Paid),
            InvoiceStatus::Void => Some(Self::Void),
            InvoiceStatus::Uncollectible => Some(Self::Uncollectible),
            InvoiceStatus::Draft | InvoiceStatus::Other => None,
        }
    }
}

impl UserInvoice {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { customer: self.customer.clone(), invoice: self.document.id.clone() }
    }
}

/// The first invoices of a user after a place, newest first, without drafts. Those of a customer who was deleted at Stripe, and
/// replaced by another, come last. `admit` is called before Stripe is, and may refuse.
///
/// # Errors
/// [`Error::BadInput`] for a place in another list; those of `admit` and of Stripe.
pub async fn page(
    app: &App,
    user_id: i64,
    window: Window<Place>,
    admit: impl FnOnce() -> Result<(), Error>,
) -> Result<Page<UserInvoice>, Error> {
    let Window { after, limit, .. } = window;
    let mut page = Page { rows: Vec::new(), has_previous: after.is_some(), has_next: false };
    let mut customers = customers(app, user_id).await?;
    if let Some(place) = &after {
        let known = customers.iter().position(|customer| *customer == place.customer);
        customers.drain(..known.ok_or_else(elsewhere)?);
    }
    if customers.is_empty() || limit == 0 {
        return Ok(page);
    }
    admit()?;
    let stripe = &app.payments()?.stripe;
    let mut after = after.map(|place| place.invoice);
    for (number, customer) in customers.iter().enumerate() {
        let wanted = limit - page.rows.len() as u64;
        let found = list(stripe, customer, wanted, after.take()).await?;
        let row = |document: InvoiceDocument| {
            let status = Status::of(&document)?;
            Some(UserInvoice { document, status, customer: customer.clone(), returned: ReturnedMoney::default() })
        };
        page.rows.extend(found.invoices.into_iter().filter_map(row));
        if found.has_more || page.rows.len() as u64 == limit {
            page.has_next = found.has_more || number + 1 < customers.len();
            break;
        }
    }
    add_returned(app, user_id, &mut page.rows).await?;
    Ok(page)
}

/// Adds the returned money, which Stripe's invoices do not show.
async fn add_returned(app: &App, user_id: i64, invoices: &mut [UserInvoice]) -> Result<(), DbErr> {
    let ids: Vec<_> = invoices.iter().map(|invoice| invoice.document.id.as_str()).collect();
    let mut stored = returned::by_invoices(app.database.read(), user_id, &ids).await?;
    for invoice in invoices {
        invoice.returned = stored.remove(&invoice.document.id).unwrap_or_default();
    }
    Ok(())
}

fn elsewhere() -> Error {
    Error::bad_field("after", Rule::Format("CURSOR"), "after must be a cursor of this list.")
}

/// The customers (`cus_...`) that a user is or was at Stripe, the present one first.
async fn customers(app: &App, user_id: i64) -> Result<Vec<String>, DbErr> {
    let db = app.database.read();
    let present = customer::Entity::find().filter(customer::Column::UserId.eq(user_id)).one(db).await?;
    let former = former_customer::Entity::find()
        .filter(former_customer::Column::UserId.eq(user_id))
        .order_by_desc(former_customer::Column::Id)
        .all(db)
        .await?;
    let mut all: Vec<_> = present.into_iter().map(|row| row.stripe_customer_id).collect();
    for row in former {
        // Until another customer is created, a deleted one is in both tables.
        if !all.contains(&row.stripe_customer_id) {
            all.push(row.stripe_customer_id);
        }
    }
    Ok(all)
}

/// The invoices of a customer that follow another one, without drafts.
async fn list(stripe: &Stripe, customer: &str, limit: u64, mut after: Option<String>) -> Result<InvoicePage, Error> {
    let mut page = InvoicePage { invoices: Vec::new(), has_more: true };
    for _ in 0..MAX_CALLS {
        let wanted = limit - page.invoices.len() as u64;
        if wanted == 0 || !page.has_more {
            break;
        }
        let found = match stripe.invoice_documents(customer, wanted, after.as_deref()).await {
            Err(Failure::Refused(refusal)) if refusal.cause() == Cause::NoSuchCustomer => InvoicePage::default(),
            Err(Failure::Refused(refusal)) if refusal.cause() == Cause::NotFound => return Err(elsewhere()),
            found => found?,
        };
        after = found.invoices.last().map(|invoice| invoice.id.clone());
        page.has_more = found.has_more && after.is_some();
        page.invoices.extend(found.invoices.into_iter().filter(|invoice| Status::of(invoice).is_some()));
    }
    Ok(page)
}
