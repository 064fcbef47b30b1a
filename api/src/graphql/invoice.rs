//! Invoices, as Stripe has them.

use async_graphql::{
    Context, Enum, ID, Object, SimpleObject,
    connection::{ConnectionNameType, EdgeNameType},
};

use super::{
    context::RequestContext,
    cursors::{self, Arguments, List},
    date_time::Moment,
    money::Money,
    owner::Owner,
};
use crate::{
    billing::invoice::{self, Place, Status, UserInvoice},
    error::Error,
};

/// The query of invoices.
#[derive(Default)]
pub(super) struct InvoiceQuery(pub(super) Owner);

/// A page of invoices.
pub(super) type InvoiceConnection = List<Invoice, InvoiceConnectionName, InvoiceEdgeName, Place>;

/// Names the connection in the schema.
pub(super) struct InvoiceConnectionName;

impl ConnectionNameType for InvoiceConnectionName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "InvoiceConnection".to_owned()
    }
}

/// Names the connection's edges in the schema.
pub(super) struct InvoiceEdgeName;

impl EdgeNameType for InvoiceEdgeName {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "InvoiceEdge".to_owned()
    }
}

#[Object]
impl InvoiceQuery {
    /// All invoices for plans and credit packs, newest first. Read from Stripe; null with an error if that fails.
    async fn invoices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Returns the first n invoices, at most 100. Defaults to 20.")] first: Option<i32>,
        #[graphql(desc = "Returns invoices after this cursor, which are older.")] after: Option<String>,
    ) -> Result<Option<InvoiceConnection>, Error> {
        let user_id = self.0.id(ctx)?;
        let window = Arguments { first, after, ..Arguments::default() }.window()?;
        let admit = || ctx.viewer_at_stripe().map(drop);
        let page = invoice::page(ctx.app()?, user_id, window, admit).await?;
        Ok(Some(cursors::connection(page, UserInvoice::place, Invoice)))
    }
}

/// The status of an invoice.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub(super) enum InvoiceStatus {
    /// It can be paid.
    Open,
    /// Paid.
    Paid,
    /// It was given up as a mistake: nothing is owed.
    Void,
    /// It is no longer expected to be paid.
    Uncollectible,
}

/// An invoice.
pub(super) struct Invoice(UserInvoice);

/// An invoice.
#[Object]
impl Invoice {
    /// The id of the invoice at Stripe.
    async fn id(&self) -> ID {
        self.0.document.id.clone().into()
    }

    /// The number on the invoice.
    async fn number(&self) -> Option<&str> {
        self.0.document.number.as_deref()
    }

    /// When the invoice was created.
    async fn created_at(&self) -> Moment {
        self.0.document.created.into()
    }

    /// The billing period; null for a credit pack.
    async fn period(&self) -> Option<InvoicePeriod> {
        self.0.document.period().map(|period| InvoicePeriod { start: period.start.into(), end: period.end.into() })
    }

    /// The credits in the pack; null for a plan.
    async fn credits(&self) -> Option<i64> {
        self.0.document.credits()
    }

    /// The lines of the invoice.
    async fn lines(&self) -> Vec<InvoiceLine> {
        let lines = self.0.document.lines.data.iter().map(|line| InvoiceLine {
            description: line.description.clone(),
            quantity: line.quantity,
            amount: self.money(line.amount),
        });
        lines.collect()
    }

    /// The total, taxes included.
    async fn total(&self) -> Money {
        self.money(self.0.document.total)
    }

    /// The taxes in the total.
    async fn tax(&self) -> Money {
        self.money(self.0.document.tax)
    }

    /// The amount that is still to be paid.
    async fn amount_due(&self) -> Money {
        self.money(self.0.document.amount_remaining)
    }

    /// The part of the payment that was refunded, or credited by a note. The status stays PAID.
    async fn refunded(&self) -> Money {
        self.money(self.0.returned.refunded)
    }

    /// The part of the payment that the customer's bank holds because of a dispute, or took for good.
    async fn disputed(&self) -> Money {
        self.money(self.0.returned.disputed)
    }

    /// The status of the invoice.
    async fn status(&self) -> InvoiceStatus {
        self.0.status.into()
    }

    /// The URL of Stripe's page of the invoice, where an open one can be paid. It expires.
    async fn page_url(&self) -> Option<&str> {
        self.0.document.hosted_url.as_deref()
    }

    /// The URL of the invoice as a PDF. It expires.
    async fn pdf_url(&self) -> Option<&str> {
        self.0.document.pdf_url.as_deref()
    }
}

impl Invoice {
    fn money(&self, amount: i64) -> Money {
        Money::new(amount, &self.0.document.currency)
    }
}

/// A billing period.
#[derive(SimpleObject)]
pub(super) struct InvoicePeriod {
    /// The start of the period.
    start: Moment,
    /// The end of the period.
    end: Moment,
}

/// A line of an invoice.
#[derive(SimpleObject)]
pub(super) struct InvoiceLine {
    /// The text of the line, in the language of the invoice.
    description: Option<String>,
    /// The quantity.
    quantity: Option<i64>,
    /// The amount, before discounts and taxes; negative where something unused is credited.
    amount: Money,
}
