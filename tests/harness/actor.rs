//! A user of the gateway.

use patch_hive::global_id::GlobalId;
use serde_json::{Value, json};

use super::{Socket, TestApp};

/// A visitor or a user.
#[derive(Clone)]
pub(crate) struct Actor {
    app: TestApp,
    token: Option<String>,
}

/// The number in an id, which is the id of the object's row.
pub(crate) fn row(id: &Value) -> i64 {
    let parsed = id.as_str().and_then(GlobalId::parse);
    parsed.unwrap_or_else(|| panic!("not an id: {id}")).row
}

/// The page to which checkouts return.
const SUCCESS: &str = "https://patchhive.example/account?payment=success&session={CHECKOUT_SESSION_ID}";
const CANCEL: &str = "https://patchhive.example/account?payment=canceled";

/// A card that pays.
pub(crate) const GOOD_CARD: &str = "4242424242424242";

impl Actor {
    pub(crate) const fn new(app: TestApp, token: Option<String>) -> Self {
        Self { app, token }
    }

    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// Sends a document, and returns the whole response.
    pub(crate) async fn asks(&self, document: &str) -> Value {
        self.asks_with(document, json!({})).await
    }

    /// Sends a document with variables, and returns the whole response.
    pub(crate) async fn asks_with(&self, document: &str, variables: Value) -> Value {
        let mut request = self.app.http().post(self.app.url("/graphql"));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let body = json!({ "query": document, "variables": variables });
        request.json(&body).send().await.unwrap().json().await.unwrap()
    }

    /// Sends a document that must succeed, and returns its only root field.
    pub(crate) async fn gets(&self, document: &str, variables: Value) -> Value {
        let mut answer = self.asks_with(document, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        let data = answer["data"].as_object_mut().unwrap();
        assert_eq!(data.len(), 1, "one field was requested");
        data.values_mut().next().unwrap().take()
    }

    /// Sends a document that must fail, and returns the error's code.
    pub(crate) async fn is_refused(&self, document: &str, variables: Value) -> String {
        let answer = self.asks_with(document, variables).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        code.as_str().unwrap_or_else(|| panic!("not refused: {answer}")).to_owned()
    }

    pub(crate) async fn balance(&self) -> Value {
        self.gets("{ balance { credits unlimited exportsLeft version } }", json!({})).await
    }

    /// The id of the user's row.
    pub(crate) async fn row(&self) -> i64 {
        row(&self.gets("{ viewer { id } }", json!({})).await["id"])
    }

    pub(crate) async fn credits(&self) -> i64 {
        self.balance().await["credits"].as_i64().unwrap()
    }

    pub(crate) async fn tier(&self) -> String {
        self.gets("{ tier }", json!({})).await.as_str().unwrap().to_owned()
    }

    pub(crate) async fn subscription(&self) -> Value {
        self.gets(
            "{ subscription { tier status currentPeriodStart currentPeriodEnd cancelAtPeriodEnd cancelAt scheduledTier \
             version } }",
            json!({}),
        )
        .await
    }

    pub(crate) async fn exports(&self, run: &str, key: &str) -> Value {
        self.gets(EXPORT, export(run, key)).await
    }

    pub(crate) async fn opens_checkout(&self, tier: &str) -> Value {
        self.gets(CHECKOUT, checkout(tier)).await
    }

    pub(crate) async fn opens_purchase(&self, credits: i64) -> Value {
        self.gets(PURCHASE, purchase(credits)).await
    }

    /// Subscribes and pays, and waits for the webhooks.
    pub(crate) async fn subscribes(&self, tier: &str) {
        let checkout = self.opens_checkout(tier).await;
        self.pays(&checkout, GOOD_CARD).await;
        self.app.settles().await;
    }

    /// Buys a pack and pays, and waits for the webhooks.
    pub(crate) async fn buys(&self, credits: i64) {
        let checkout = self.opens_purchase(credits).await;
        self.pays(&checkout, GOOD_CARD).await;
        self.app.settles().await;
    }

    /// Pays a checkout on its hosted page, as a browser would. Returns where the page leads.
    pub(crate) async fn pays(&self, checkout: &Value, card: &str) -> String {
        let response = self.submits_card(checkout, card).await;
        assert_eq!(response.status(), 303, "the page did not lead on");
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Sends the form of a checkout's hosted page.
    pub(crate) async fn submits_card(&self, checkout: &Value, card: &str) -> reqwest::Response {
        let url = checkout["url"].as_str().unwrap_or_else(|| panic!("no checkout: {checkout}"));
        self.app.http().post(url).form(&[("card_number", card)]).send().await.unwrap()
    }

    pub(crate) async fn cancels(&self) -> Value {
        self.gets(CANCELLATION, json!({})).await
    }

    pub(crate) async fn previews(&self, tier: &str) -> Value {
        self.gets(PREVIEW, json!({ "tier": tier })).await
    }

    pub(crate) async fn changes_plan(&self, tier: &str) -> Value {
        self.gets(PLAN_CHANGE, plan_change(tier)).await
    }

    pub(crate) async fn resumes(&self) -> Value {
        self.gets(RESUMPTION, json!({})).await
    }

    /// Opens a socket with this actor's token.
    pub(crate) async fn connects(&self) -> Socket {
        let payload = self.token.as_ref().map(|token| json!({ "authorization": format!("Bearer {token}") }));
        Socket::open(self.app.address(), payload).await
    }

    /// Watches the own balance.
    pub(crate) async fn watches_balance(&self, after: Option<i64>) -> Socket {
        let mut socket = self.connects().await;
        socket.subscribes("balance", WATCH_BALANCE, json!({ "after": after })).await;
        socket
    }
}

pub(crate) const EXPORT: &str = "mutation ($input: ChargeExportInput!) { chargeExport(input: $input) { __typename \
    ... on ExportCharge { id runId credits replayed refunded ticket balance { credits version unlimited } } \
    ... on InsufficientCredits { message required available shortfall packs { credits amount { amount currency } } \
    plans { tier } } } }";

pub(crate) const CHECKOUT: &str = "mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) { __typename \
    ... on Checkout { id url expiresAt amount { amount currency } } \
    ... on AlreadySubscribed { message subscription { tier status } } } }";

pub(crate) const PURCHASE: &str = "mutation ($input: PurchaseCreditsInput!) { purchaseCredits(input: $input) { id url expiresAt \
    amount { amount currency } } }";

pub(crate) const CANCELLATION: &str = "mutation { cancelSubscription { __typename ... on PlanSubscription { tier status \
    cancelAtPeriodEnd cancelAt currentPeriodEnd } ... on NoActiveSubscription { message plans { tier } } } }";

pub(crate) const PREVIEW: &str = "query ($tier: Tier!) { previewPlanChange(tier: $tier) { tier dueNow { amount currency } \
    creditsNow nextInvoice { amount currency } nextInvoiceAt effectiveAt refusal { __typename \
    ... on PaymentFailed { reason message declineCode invoiceUrl } \
    ... on PlanChangeUnavailable { reason message availableAt } } } }";

pub(crate) const PLAN_CHANGE: &str = "mutation ($input: ChangePlanInput!) { changePlan(input: $input) { __typename \
    ... on PlanSubscription { tier status cancelAtPeriodEnd scheduledTier } \
    ... on NoActiveSubscription { message plans { tier } } ... on PaymentFailed { reason message declineCode invoiceUrl } \
    ... on PlanChangeUnavailable { reason message availableAt } } }";

pub(crate) const RESUMPTION: &str = "mutation { resumeSubscription { __typename ... on PlanSubscription { tier status \
    cancelAtPeriodEnd scheduledTier } ... on NoActiveSubscription { message plans { tier } } } }";

pub(crate) const PORTAL: &str =
    "mutation ($input: OpenBillingPortalInput!) { openBillingPortal(input: $input) { url } }";

pub(crate) const WATCH_BALANCE: &str = "subscription ($after: Int) { balanceChanged(afterVersion: $after) { version snapshot \
    balance { credits unlimited } entry { changeType creditsDelta } } }";

pub(crate) fn export(run: &str, key: &str) -> Value {
    json!({ "input": { "runId": run, "idempotencyKey": key } })
}

pub(crate) fn checkout(tier: &str) -> Value {
    json!({ "input": { "tier": tier, "successUrl": SUCCESS, "cancelUrl": CANCEL } })
}

pub(crate) fn plan_change(tier: &str) -> Value {
    json!({ "input": { "tier": tier } })
}

pub(crate) fn portal(return_url: &str) -> Value {
    json!({ "input": { "returnUrl": return_url } })
}

pub(crate) fn purchase(credits: i64) -> Value {
    json!({ "input": { "credits": credits, "successUrl": SUCCESS, "cancelUrl": CANCEL } })
}
