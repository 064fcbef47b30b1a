//! The schema, one file for each noun. A resolver checks its caller, makes one call and maps the result; decisions are made in
//! `billing`, `accounts` and `ledger`.
#![expect(clippy::unused_async, reason = "async-graphql wants every resolver to be async")]

mod account;
mod account_event;
mod admin_action;
mod admission;
mod alert;
mod balance;
mod cache;
mod checkout;
mod context;
mod cursors;
mod date_time;
mod documents;
mod entitlement;
mod entry_kind;
mod errors;
mod event;
mod event_delivery;
mod event_endpoint;
mod executor;
mod export;
mod extension;
mod firewall;
mod hash;
mod hold;
mod invoice;
mod ledger;
mod legal_links;
mod lexer;
mod loaders;
mod mail_link;
mod money;
mod node;
mod observation;
mod own_account;
mod owner;
mod payment;
mod payment_method;
mod plan;
mod plan_change;
mod portal;
mod refused_operation;
mod subscription;
mod task;
mod tier;
mod top_up;
mod usage;
mod user;
mod validation;

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, SchemaBuilder};

use crate::app::App;

pub use context::{PostedAt, RequestId};
pub use documents::Documents;
pub use executor::{Executor, Operation};
pub use firewall::Rejection;

/// The queries of this API. Private data at the root, such as `balance`, are those of the viewer.
#[derive(MergedObject, Default)]
pub struct Query(
    account::AccountQuery,
    balance::BalanceQuery,
    subscription::SubscriptionQuery,
    ledger::LedgerQuery,
    payment::PaymentQuery,
    top_up::TopUpQuery,
    payment_method::PaymentMethodQuery,
    invoice::InvoiceQuery,
    usage::UsageQuery,
    hold::HoldsQuery,
    hold::HoldQuery,
    export::ExportQuery,
    alert::AlertQuery,
    plan::PlanQuery,
    plan_change::PlanChangeQuery,
    checkout::CheckoutQuery,
    legal_links::LegalLinksQuery,
    account::AdminQuery,
    own_account::AccountExportQuery,
    event::EventQuery,
    account_event::AccountEventQuery,
    event_endpoint::EventEndpointQuery,
    event_delivery::EventDeliveryQuery,
    admin_action::AdminActionQuery,
    refused_operation::RefusedOperationQuery,
    task::TaskQuery,
    node::NodeQuery,
);

/// The mutations of this API.
#[derive(MergedObject, Default)]
pub struct Mutation(
    account::AccountMutation,
    mail_link::MailLinkMutation,
    own_account::OwnAccountMutation,
    checkout::CheckoutMutation,
    payment::PaymentMutation,
    top_up::TopUpMutation,
    subscription::SubscriptionMutation,
    plan_change::PlanChangeMutation,
    portal::PortalMutation,
    export::ExportMutation,
    hold::HoldMutation,
    alert::AlertMutation,
    balance::AdjustmentMutation,
    event::EventMutation,
    event_endpoint::EventEndpointMutation,
    event_delivery::EventDeliveryMutation,
);

/// The subscriptions of this API.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    balance::BalanceSubscription,
    subscription::SubscriptionSubscription,
    alert::AlertSubscription,
    top_up::TopUpSubscription,
);

/// The gateway's schema.
type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema, for operations that were admitted.
fn schema(app: &App) -> Schema {
    let builder = builder().data(app.clone()).limit_recursive_depth(firewall::LEVELS);
    let builder = if app.config.introspection { builder } else { builder.disable_introspection() };
    builder.extension(extension::OperationExtensionFactory(app.clone())).finish()
}

/// The schema in GraphQL's schema language, from which clients generate their types.
#[must_use]
pub fn sdl() -> String {
    builder().finish().sdl_with_options(SDLExportOptions::new().include_specified_by())
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    // The library has no descriptions for connections.
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .override_output_type_description::<account::UserConnection>("A page of users, newest first.")
        .override_output_type_description::<event::WebhookEventConnection>("A page of webhook events, newest first.")
        .override_output_type_description::<account_event::EventConnection>("A page of events, oldest first.")
        .override_output_type_description::<event_delivery::EventDeliveryConnection>(
            "A page of deliveries, newest first.",
        )
        .override_output_type_description::<admin_action::AdminActionConnection>(
            "A page of admins' actions, newest first.",
        )
        .override_output_type_description::<refused_operation::RefusedOperationConnection>(
            "A page of refused operations, newest first.",
        )
        .override_output_type_description::<alert::AlertConnection>("A page of alerts, newest first.")
        .override_output_type_description::<task::TaskConnection>("A page of background tasks.")
        .override_output_type_description::<invoice::InvoiceConnection>("A page of invoices, newest first.")
        .override_output_type_description::<hold::HoldConnection>("A page of open holds, newest first.")
        .override_output_type_description::<ledger::LedgerEntryConnection>("A page of ledger entries, newest first.")
        .override_output_type_description::<payment::PaymentConnection>("A page of payments, newest first.")
        .override_output_type_description::<top_up::TopUpConnection>("A page of automatic top-ups, newest first.")
}
