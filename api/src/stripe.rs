//! Stripe in our words: outgoing calls, webhook signatures and the reading of events. Nothing else of the gateway sees
//! async-stripe's types, and this module uses nothing else of the gateway.
//!
//! Guarantees:
//! - A write carries its operation's idempotency key in every attempt, so that it happens at most once while Stripe
//!   keeps the key, a day at least. Stripe documentation: "Idempotent requests".
//! - A [`Failure`] states what may be concluded. [`Failure::Unknown`] is not "no": only the same call under the same key,
//!   or a look at Stripe, shows the outcome. Under one key Stripe repeats its first answer, a 5xx included: after
//!   [`Failure::Broken`] only a look shows it, and a write that did not happen needs a new key.
//! - A call is over after `attempts` times the timeout and the pauses between, which are 8 seconds at most.
//! - A reply and an event about the same object become the same struct, whatever API version the event is rendered in.
//! - The log gets neither keys nor personal data from here.

mod create;
mod credit_note;
mod customer;
mod duplicate;
mod endpoint;
mod event;
mod failure;
mod history;
mod invoice;
mod invoice_document;
mod invoice_line;
mod invoice_payment;
mod json;
mod look_up;
mod object;
mod open_invoice;
mod pace;
mod payment_method;
mod plan_change;
mod portal;
mod portal_configuration;
mod preview;
mod price;
mod refund;
mod refusal;
mod retry;
mod schedule;
mod session;
mod session_options;
pub mod signature;
mod state;
mod subscription;
mod tax;
#[cfg(test)]
mod tests;
mod top_up;
mod transport;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use stripe::StripeRequest;
use stripe_billing::subscription::UpdateSubscription;
use stripe_checkout::checkout_session::ExpireCheckoutSession;

use self::{pace::Pace, retry::Retry, transport::Transport};

pub use self::create::{Item, NewCustomer, NewSession};
pub use self::customer::CustomerDetails;
pub use self::duplicate::{PaidInvoices, RefundState};
pub use self::endpoint::{API_VERSION, Endpoint};
pub use self::event::Event;
pub use self::failure::Failure;
pub use self::history::{ListPage, Noun, calls};
pub use self::invoice::{Invoice, InvoiceStatus};
pub use self::invoice_document::{DocumentLine, InvoiceDocument, InvoicePage};
pub use self::invoice_line::InvoiceLine;
pub use self::invoice_payment::InvoicePayment;
pub use self::look_up::CustomerState;
pub use self::object::{Period, Unreadable, customer_in, id_of, payment_of};
pub use self::payment_method::{PaymentMethod, is_delayed};
pub use self::plan_change::{AUTHENTICATION_REQUIRED, PriceChange};
pub use self::portal::PortalPart;
pub use self::portal_configuration::PortalConfiguration;
pub use self::price::{Price, Terms};
pub use self::refusal::{Cause, Refusal};
pub use self::schedule::{Discount, Phase, PhaseItem, Schedule};
pub use self::session::{
    PaymentIntentStatus, PaymentStatus, Session, SessionMode, SessionStatus, payment_intent_status,
};
pub use self::session_options::SessionOptions;
pub use self::signature::SignatureError;
pub use self::state::{Payer, PlanPrice, ReturnedAmounts, SubscriptionState};
pub use self::subscription::{CollectionMethod, Subscription, SubscriptionItem};
pub use self::tax::{TaxBehavior, TaxStatus};
pub use self::top_up::{Collection, NewTopUp, SavedCard, TopUpInvoice};

/// The settings of calls to Stripe.
#[derive(Clone)]
pub struct Settings {
    /// The secret key: `sk_test_...`, `sk_live_...`, or `rk_...` for a restricted one.
    pub secret_key: String,
    /// The base URL of the API, as in `https://api.stripe.com`.
    pub api_base: String,
    /// The timeout of one attempt, its reply included.
    pub timeout: Duration,
    /// Attempts of a call, the first included.
    pub attempts: u32,
    /// The number of calls a second that background work may make, calls of users included.
    pub calls_per_second: u32,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("api_base", &self.api_base)
            .field("timeout", &self.timeout)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// A client of Stripe's API. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stripe {
    transport: Transport,
    livemode: bool,
    retry: Retry,
    pace: Arc<Pace>,
    /// True where calls wait for room below Stripe's limits.
    background: bool,
    /// The amounts of prices, by price and currency.
    amounts: Arc<Mutex<Amounts>>,
}

/// Unit amounts by price and currency; `None` where a price is not sold in that currency.
type Amounts = HashMap<(String, String), Option<i64>>;

impl Stripe {
    /// Creates a client, without calling Stripe.
    ///
    /// # Errors
    /// [`Failure::Settings`] where the key is not a secret key, the base is not an http(s) URL, or a live key would
    /// travel unencrypted.
    pub fn new(settings: &Settings) -> Result<Self, Failure> {
        let livemode = livemode(&settings.secret_key)?;
        let api_base = api_base(&settings.api_base, livemode)?;
        let transport = Transport::new(settings, api_base)?;
        Ok(Self {
            transport,
            livemode,
            retry: Retry::new(settings.attempts),
            pace: Arc::new(Pace::new(settings.calls_per_second)),
            background: false,
            amounts: Arc::default(),
        })
    }

    /// The same client for background work: its calls wait while Stripe's limits are near, and so leave room for users.
    #[must_use]
    pub fn in_background(&self) -> Self {
        Self { background: true, ..self.clone() }
    }

    async fn paced(&self) {
        if self.background {
            self.pace.wait().await;
        } else {
            self.pace.count();
        }
    }

    /// True where the key moves real money. Events of the other mode are not ours.
    #[must_use]
    pub fn livemode(&self) -> bool {
        self.livemode
    }

    /// Creates a customer for an operation and returns its id. `operation` is the operation's key, which the customer carries
    /// as metadata; `key` is that of this call. Stripe documentation: "Create a customer".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_customer(&self, key: &str, operation: &str, new: &NewCustomer) -> Result<String, Failure> {
        let customer = self.write("create customer", key, new.request(operation).build()).await?;
        Ok(id_of(&customer).ok_or_else(|| Unreadable::missing("customer.id"))?)
    }

    /// Creates a Checkout Session. Stripe documentation: "Create a Checkout Session".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn create_session(&self, key: &str, new: &NewSession) -> Result<Session, Failure> {
        let request = new.request(key);
        let reply = self.write("create session", key, request.build()).await?;
        Ok(Session::from_value(&reply)?)
    }

    /// Makes a subscription end with its current period, or takes that back. Stripe documentation: "Cancel subscriptions".
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn set_cancel_at_period_end(&self, key: &str, subscription: &str, cancel: bool) -> Result<(), Failure> {
        let request = UpdateSubscription::new(known_id(subscription)?).cancel_at_period_end(cancel);
        self.write("update subscription", key, request.build()).await.map(drop)
    }

    /// Reads a subscription.
    ///
    /// # Errors
    /// [`Failure`]; one that does not exist is [`Failure::Refused`] with status 404.
    pub async fn subscription(&self, id: &str) -> Result<Subscription, Failure> {
        let path = format!("/subscriptions/{}", known_id(id)?);
        Ok(Subscription::from_value(&self.get("retrieve subscription", &path, &json!({})).await?)?)
    }

    /// Reads a Checkout Session.
    ///
    /// # Errors
    /// [`Failure`]; one that does not exist is [`Failure::Refused`] with status 404.
    pub async fn session(&self, id: &str) -> Result<Session, Failure> {
        let path = format!("/checkout/sessions/{}", known_id(id)?);
        Ok(Session::from_value(&self.get("retrieve session", &path, &json!({})).await?)?)
    }

    /// Closes an open Checkout Session, so that it can no longer be paid. Once it is closed, another call is refused with
    /// status 400: so it needs no idempotency key.
    ///
    /// # Errors
    /// [`Failure`]; one that is no longer open is [`Failure::Refused`].
    pub async fn expire_session(&self, id: &str) -> Result<(), Failure> {
        let request = ExpireCheckoutSession::new(known_id(id)?);
        self.read("expire session", request.build()).await.map(drop)
    }
}

/// The mode that a key belongs to; true for live. Stripe documentation: "API keys".
fn livemode(secret_key: &str) -> Result<bool, Failure> {
    let kind = secret_key.strip_prefix("sk_").or_else(|| secret_key.strip_prefix("rk_"));
    match kind {
        Some(rest) if rest.starts_with("live_") => Ok(true),
        Some(rest) if rest.starts_with("test_") => Ok(false),
        _ => Err(Failure::Settings("the secret key has to begin with sk_test_, sk_live_, rk_test_ or rk_live_".into())),
    }
}

/// The base URL as async-stripe needs it, which appends the path to it directly.
fn api_base(base: &str, livemode: bool) -> Result<String, Failure> {
    let url = url::Url::parse(base).map_err(|error| Failure::Settings(format!("the API's URL: {error}")))?;
    if !matches!(url.scheme(), "https" | "http") || url.query().is_some() || url.fragment().is_some() {
        return Err(Failure::Settings("the API's URL has to be http or https, without query and fragment".into()));
    }
    if livemode && url.scheme() != "https" {
        return Err(Failure::Settings("a live key requires https".into()));
    }
    let base = String::from(url);
    Ok(if base.ends_with('/') { base } else { base + "/" })
}

/// An id becomes part of the path. One that Stripe cannot have made must not lead the call elsewhere; it is answered
/// as Stripe answers one that does not exist.
fn known_id(id: &str) -> Result<&str, Failure> {
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(id);
    }
    Err(Refusal::not_found("an id has letters, digits and underscores only").into())
}
