//! Customers and Checkout Sessions to be created. Each is stored with the operation that makes the call, so that the same
//! request can be sent again after a crash: hence the serde forms.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionInvoiceCreation, CreateCheckoutSessionInvoiceCreationInvoiceData,
    CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData, CreateCheckoutSessionPaymentIntentData,
    CreateCheckoutSessionPaymentIntentDataSetupFutureUsage, CreateCheckoutSessionSetupIntentData,
    CreateCheckoutSessionSubscriptionData, CreateCheckoutSessionSubscriptionDataBillingMode,
    CreateCheckoutSessionSubscriptionDataBillingModeFlexible,
    CreateCheckoutSessionSubscriptionDataBillingModeFlexibleProrationDiscounts,
    CreateCheckoutSessionSubscriptionDataBillingModeType, ProductData,
};
use stripe_core::customer::CreateCustomer;
use stripe_shared::CheckoutSessionMode;
use stripe_types::Currency;

use super::{SessionOptions, payment_method};

/// The name, in the metadata of a customer and of a session, of the idempotency key of the call that created it. It finds
/// the object of a call whose reply was lost.
pub(super) const OPERATION: &str = "operation";

/// A customer to be created, one for each of our users. At Stripe it carries `user_id` as metadata, and the idempotency
/// key of the call as `operation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCustomer {
    /// Our user.
    pub user_id: i64,
    /// The email address for receipts; `None` where Stripe does not accept the address.
    pub email: Option<String>,
    /// The name on receipts; may be empty.
    pub name: String,
}

impl NewCustomer {
    /// `operation` is the idempotency key of the operation, which may make this call under another one.
    pub(super) fn request(&self, operation: &str) -> CreateCustomer {
        let metadata = metadata([("user_id", &self.user_id), (OPERATION, &operation)]);
        let request = CreateCustomer::new().metadata(metadata);
        let request = match &self.email {
            Some(email) => request.email(email),
            None => request,
        };
        // Stripe refuses an empty name instead of treating it as none.
        if self.name.is_empty() { request } else { request.name(&self.name) }
    }
}

/// A Checkout Session to be created. At Stripe it carries as metadata `user_id` with `tier`, or with `purchase_type` and, for a
/// pack, `credits`; what it leads to, a subscription or a payment, carries the same. The session alone carries the
/// idempotency key of the call as `operation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSession {
    /// Our user.
    pub user_id: i64,
    /// The user's Stripe customer, `cus_...`.
    pub customer: String,
    /// The item to sell.
    pub item: Item,
    /// The URL that Stripe redirects to after the payment; Stripe replaces `{CHECKOUT_SESSION_ID}`.
    pub success_url: String,
    /// The URL that Stripe redirects to if checkout is canceled.
    pub cancel_url: String,
    /// The options.
    #[serde(default, skip_serializing_if = "SessionOptions::is_default")]
    pub options: SessionOptions,
}

/// The item that a session sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Item {
    /// A subscription to a tier.
    Plan {
        /// The tier, as our metadata spells it.
        tier: String,
        /// The price at Stripe, `price_...`.
        price: String,
    },
    /// A pack of credits, paid once.
    Pack {
        /// The credits.
        credits: i64,
        /// The price of the whole pack, in US cents.
        amount: i64,
        /// The name on Stripe's page and receipt.
        name: String,
        /// Saves the card, so that it can be charged without the customer.
        #[serde(default, skip_serializing_if = "is_false")]
        save_card: bool,
    },
    /// Nothing: the session saves a card, so that it can be charged without the customer.
    Card,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// The `purchase_type` in the metadata of the invoice of an automatic top-up.
pub(super) const AUTO_TOP_UP: &str = "auto_top_up";

/// The `purchase_type` in the metadata of a session that saves a card and sells nothing.
pub(super) const CARD: &str = "card";

impl NewSession {
    /// `ui_mode` is left out because its values were renamed, and `payment_method_types` because it was removed: Stripe
    /// offers what the account has enabled. Stripe documentation: "Dynamic payment methods".
    pub(super) fn request(&self, key: &str) -> CreateCheckoutSession {
        let request = CreateCheckoutSession::new()
            .client_reference_id(self.user_id.to_string())
            .customer(&self.customer)
            .success_url(&self.success_url)
            .cancel_url(&self.cancel_url);
        let mut metadata = self.metadata();
        let request = match &self.item {
            Item::Plan { price, .. } => sell_plan(self.options.add_to(request), price, metadata.clone()),
            Item::Pack { amount, name, save_card, .. } => {
                let price = inline_price(*amount, name);
                sell_pack(self.options.add_to(request), price, metadata.clone(), *save_card)
            }
            Item::Card => save_card(self.options.add_address_to(request), metadata.clone()),
        };
        metadata.insert(OPERATION.to_owned(), key.to_owned());
        request.metadata(metadata)
    }

    fn metadata(&self) -> HashMap<String, String> {
        match &self.item {
            Item::Plan { tier, .. } => metadata([("user_id", &self.user_id), ("tier", tier)]),
            Item::Pack { credits, save_card, .. } => {
                let mut pack =
                    metadata([("user_id", &self.user_id), ("credits", credits), ("purchase_type", &"one_time")]);
                if *save_card {
                    pack.insert("save_card".to_owned(), "true".to_owned());
                }
                pack
            }
            Item::Card => metadata([("user_id", &self.user_id), ("purchase_type", &CARD)]),
        }
    }
}

/// Metadata of a session does not flow to its subscription automatically.
fn sell_plan(request: CreateCheckoutSession, price: &str, metadata: HashMap<String, String>) -> CreateCheckoutSession {
    let mut line = CreateCheckoutSessionLineItems::new();
    line.price = Some(price.to_owned());
    line.quantity = Some(1);
    let mut subscription = CreateCheckoutSessionSubscriptionData::new();
    subscription.metadata = Some(metadata);
    subscription.billing_mode = Some(billing_mode());
    request
        .mode(CheckoutSessionMode::Subscription)
        .line_items([line])
        .subscription_data(subscription)
        .excluded_payment_method_types(payment_method::excluded())
}

/// Invoices of changes within a period show their discounts, instead of amounts without them. Stripe documentation: "Billing
/// mode".
fn billing_mode() -> CreateCheckoutSessionSubscriptionDataBillingMode {
    let mut flexible = CreateCheckoutSessionSubscriptionDataBillingModeFlexible::new();
    flexible.proration_discounts =
        Some(CreateCheckoutSessionSubscriptionDataBillingModeFlexibleProrationDiscounts::Itemized);
    let kind = CreateCheckoutSessionSubscriptionDataBillingModeType::Flexible;
    let mut mode = CreateCheckoutSessionSubscriptionDataBillingMode::new(kind);
    mode.flexible = Some(flexible);
    mode
}

fn sell_pack(
    request: CreateCheckoutSession,
    price: CreateCheckoutSessionLineItemsPriceData,
    metadata: HashMap<String, String>,
    save_card: bool,
) -> CreateCheckoutSession {
    let mut line = CreateCheckoutSessionLineItems::new();
    line.price_data = Some(price);
    line.quantity = Some(1);
    let mut payment = CreateCheckoutSessionPaymentIntentData::new();
    payment.metadata = Some(metadata.clone());
    payment.setup_future_usage =
        save_card.then_some(CreateCheckoutSessionPaymentIntentDataSetupFutureUsage::OffSession);
    // Without this, only subscriptions have invoices.
    let mut invoice = CreateCheckoutSessionInvoiceCreation::new(true);
    let mut data = CreateCheckoutSessionInvoiceCreationInvoiceData::new();
    data.metadata = Some(metadata);
    invoice.invoice_data = Some(data);
    let request = request.mode(CheckoutSessionMode::Payment).line_items([line]).payment_intent_data(payment);
    let request = request.invoice_creation(invoice);
    if save_card { request.excluded_payment_method_types(payment_method::excluded()) } else { request }
}

/// Stripe requires a currency here, by which it chooses the payment methods to offer.
fn save_card(request: CreateCheckoutSession, metadata: HashMap<String, String>) -> CreateCheckoutSession {
    let mut setup = CreateCheckoutSessionSetupIntentData::new();
    setup.metadata = Some(metadata);
    request
        .mode(CheckoutSessionMode::Setup)
        .currency(Currency::USD)
        .setup_intent_data(setup)
        .excluded_payment_method_types(payment_method::excluded())
}

/// A pack is one item at one price. With credits as the quantity, a minimum amount would not be possible.
fn inline_price(cents: i64, name: &str) -> CreateCheckoutSessionLineItemsPriceData {
    let mut price = CreateCheckoutSessionLineItemsPriceData::new(Currency::USD);
    price.unit_amount = Some(cents);
    price.product_data = Some(ProductData::new(name));
    price
}

fn metadata<const N: usize>(entries: [(&str, &dyn ToString); N]) -> HashMap<String, String> {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect()
}
